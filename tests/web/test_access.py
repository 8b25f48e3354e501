"""Who may look at the console."""

from base64 import b64encode

import pytest
from fastapi import APIRouter, FastAPI
from sqlalchemy import Engine
from starlette.testclient import TestClient

from carealert.adapters.db.board.reader import SqlBoard
from carealert.web.app import create_app
from carealert.web.options import WebOptions
from tests.support.board_data import NOW
from tests.support.web_app import ZONE, app_on, local_client

GUARDED = ("/", "/feeds", "/parts/now", "/api/v1/incidents", "/api/openapi.json", "/metrics", "/no")
OPEN = ("/-/healthy", "/-/ready", "/static/console.css", "/assets/htmx/htmx.min.js")
PASSWORD = "correct horse: battery"


def _basic(user: str, password: str) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{user}:{password}".encode()).decode()}


@pytest.fixture(scope="module")
def unguarded_app(full_board: Engine) -> FastAPI:
    return app_on(full_board)


@pytest.fixture(scope="module")
def guarded_app(full_board: Engine) -> FastAPI:
    return app_on(full_board, WebOptions(ZONE, console_password=PASSWORD))


@pytest.fixture(scope="module")
def guarded(guarded_app: FastAPI) -> TestClient:
    return local_client(guarded_app, client="203.0.113.9", host="board.example.org")


@pytest.mark.parametrize("path", GUARDED)
def test_without_a_password_only_this_machine_is_served(unguarded_app: FastAPI, path: str) -> None:
    assert local_client(unguarded_app).get(path).status_code in (200, 404)
    refused = local_client(unguarded_app, client="203.0.113.9").get(path)
    assert refused.status_code == 403
    assert "CAREALERT_CONSOLE_PASSWORD" in refused.text


@pytest.mark.parametrize(
    ("client", "host", "status"),
    [
        ("127.0.0.1", "localhost", 200),
        ("127.9.9.9", "127.0.0.1:8000", 200),
        ("::1", "[::1]:8000", 200),
        ("::ffff:127.0.0.1", "[::1]", 200),
        ("10.0.0.1", "localhost", 403),
        ("testclient", "localhost", 403),
        ("127.0.0.1", "evil.example.org", 403),  # a foreign name that points here
        ("127.0.0.1", "localhost.evil.example.org", 403),
    ],
)
def test_this_machine_is_known_by_address_and_name(
    unguarded_app: FastAPI, client: str, host: str, status: int
) -> None:
    browser = local_client(unguarded_app, client=client, host=host)
    assert browser.get("/").status_code == status


@pytest.mark.parametrize("header", ["X-Forwarded-For", "Forwarded", "X-Real-IP"])
def test_a_proxy_on_this_machine_does_not_open_the_console(
    unguarded_app: FastAPI, header: str
) -> None:
    browser = local_client(unguarded_app)
    assert browser.get("/", headers={header: "127.0.0.1"}).status_code == 403


@pytest.mark.parametrize("path", GUARDED)
def test_with_a_password_everybody_must_know_it(guarded: TestClient, path: str) -> None:
    refused = guarded.get(path)
    assert refused.status_code == 401
    assert refused.headers["www-authenticate"].startswith("Basic ")
    assert guarded.get(path, headers=_basic("anybody", PASSWORD)).status_code in (200, 404)


@pytest.mark.parametrize(
    "authorization",
    [
        *(
            _basic("x", wrong)["Authorization"]
            for wrong in ("", "wrong", PASSWORD + "x", PASSWORD[:-1])
        ),
        "Bearer " + PASSWORD,
        "Basic !!!",
        "Basic " + b64encode(b"no colon").decode(),
        "Basic " + b64encode(b"x:\xff\xfe").decode(),
        "Basic",
        "",
    ],
)
def test_a_wrong_password_is_refused_from_this_machine_too(
    guarded_app: FastAPI, authorization: str
) -> None:
    answer = local_client(guarded_app).get("/", headers={"Authorization": authorization})
    assert answer.status_code == 401


@pytest.mark.parametrize("path", OPEN)
def test_probes_and_assets_are_open(guarded: TestClient, path: str) -> None:
    assert guarded.get(path).status_code == 200


def test_hooks_are_not_guarded_but_nothing_beside_them_is(sqlite_engine: Engine) -> None:
    hooks = APIRouter()

    @hooks.post("/hooks/twilio/inbound")
    def inbound() -> str:
        return "heard"

    @hooks.get("/hooksother")
    def other() -> str:
        return "seen"

    app = create_app(SqlBoard(sqlite_engine), (hooks,), WebOptions(ZONE), lambda: NOW)
    far = local_client(app, client="203.0.113.9", host="board.example.org")
    assert far.post("/hooks/twilio/inbound").status_code == 200
    assert far.get("/hooksother").status_code == 403
    assert far.get("/hooks/../feeds").status_code == 403


def test_the_password_is_in_no_repr() -> None:
    assert PASSWORD not in repr(WebOptions(ZONE, console_password=PASSWORD))


@pytest.mark.parametrize("path", [*GUARDED, *OPEN])
def test_every_answer_has_the_security_headers(unguarded_app: FastAPI, path: str) -> None:
    app = unguarded_app
    for browser in (local_client(app), local_client(app, client="203.0.113.9")):
        headers = browser.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"
        assert headers["x-frame-options"] == "DENY"


def test_pages_are_never_kept_and_hashed_assets_are(console: TestClient) -> None:
    assert console.get("/").headers["cache-control"] == "no-store"
    assert console.get("/api/v1/incidents").headers["cache-control"] == "no-store"
    assert "immutable" in console.get("/static/console.css?v=abc").headers["cache-control"]
    assert console.get("/static/console.css").headers["cache-control"] == "no-cache"
