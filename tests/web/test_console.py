"""The officers' pages: what they show, what they never show, how they hold together."""

import gzip
import re

import pytest
from sqlalchemy import Engine, select
from starlette.testclient import TestClient

from carealert.adapters.db import tables
from carealert.adapters.db.unknown_areas import SqlUnknownAreas
from carealert.web.assets import folder_of
from carealert.web.options import WebOptions
from tests.support.board_data import CYCLONE, EXERCISE, FLOOD, HEAT, NOW, SECRETS, ask_for_help
from tests.support.html import Page
from tests.support.web_app import ZONE, app_on, local_client

PAGES = (
    "/",
    f"/incidents/{CYCLONE}",
    f"/incidents/{CYCLONE}?state=needs_help",
    f"/incidents/{CYCLONE}?page=2",
    f"/incidents/{HEAT}",
    f"/incidents/{EXERCISE}",
    f"/incidents/{FLOOD}",
    "/facilities",
    "/tasks",
    "/feeds",
    "/api/docs",
)
EVERYWHERE = (
    *PAGES,
    "/parts/now",
    f"/parts/incidents/{CYCLONE}",
    "/parts/facilities",
    "/parts/tasks",
    "/parts/feeds",
    "/api/v1/incidents",
    f"/api/v1/incidents/{CYCLONE}",
    f"/api/v1/incidents/{CYCLONE}/subjects",
    f"/api/v1/incidents/{CYCLONE}/subjects?page=2",
    "/api/v1/facilities",
    "/api/v1/map.geojson",
    "/api/v1/places.geojson",
    "/metrics",
    "/-/ready",
)


@pytest.mark.parametrize("path", ["/", "/facilities", "/tasks", "/feeds", "/api/docs"])
def test_pages_of_a_new_installation_say_what_to_do(empty_console: TestClient, path: str) -> None:
    answer = empty_console.get(path)
    assert answer.status_code == 200
    Page(answer.text)


def test_an_empty_board_says_that_no_feed_is_polled(empty_console: TestClient) -> None:
    words = _words(empty_console.get("/").text)
    assert "No feed is polled: no warning can arrive by itself" in words
    assert "No warning touches anybody registered here." in words
    assert "Nothing waits for the desk." in words


@pytest.mark.parametrize("path", EVERYWHERE)
def test_no_answer_holds_a_name_a_phone_or_a_need(console: TestClient, path: str) -> None:
    answer = console.get(path)
    assert answer.status_code == 200
    found = [secret for secret in SECRETS if secret in answer.text]
    assert not found


def test_the_scan_for_secrets_can_find_one(full_board: Engine) -> None:
    with full_board.connect() as connection:
        rows = connection.execute(tables.resident.select()).mappings().all()
        reasons = connection.execute(tables.match.select()).mappings().all()
    stored = str([dict(row) for row in (*rows, *reasons)])
    assert "Amina" in stored
    assert "power_dependent_breathing; age 84" in stored


def test_the_first_screen_shows_what_an_officer_needs(console: TestClient) -> None:
    words = _words(console.get("/").text)
    for sentence in (
        "Feeds heard 2 of 3: Regional cyclone centre silent for 47 min",
        "Great danger signal 10: severe cyclone to cross the Barguna coast tonight",
        "Starts 18:12, until tomorrow 18:12",
        "48 people matched",
        "Told 43 of 45 recipients, delivered to 42, answered by 28",
        "could not be delivered to 2",
        "See the 2 who asked for help",
        "F-01 · facility Nobody answered for the facility, 2 min ago.",
        "Asked 11 min ago; open 10 h ago",
        "1 document could not be read",
        "Exercises: nobody is told EXERCISE: surge drill at Kalapara EXERCISE",
        "Would have been told: 0 people, 0 facilities",
        "2 warnings that touch nobody registered here",
        "Times are those of Asia/Dhaka",
    ):
        assert sentence in words


def test_a_gateway_that_refuses_is_the_first_thing_on_the_screen(filled: Engine) -> None:
    line = {"at": NOW, "event": "sender_stopped", "subject": "channel:w", "details": {}}
    with filled.begin() as connection:
        connection.execute(tables.journal.insert(), [line])
    page = Page(local_client(app_on(filled)).get("/").text)
    first = next(one for one in page.all("li") if one.attributes.get("class") == "bad")
    assert "no message goes out" in first.text


def test_an_exercise_and_a_cancel_wear_their_badge(console: TestClient) -> None:
    assert "EXERCISE" in _words(console.get(f"/incidents/{EXERCISE}").text)
    assert "CANCELLED" in _words(console.get(f"/incidents/{FLOOD}").text)


def test_people_can_be_filtered_without_javascript(console: TestClient) -> None:
    page = console.get(f"/incidents/{CYCLONE}?state=with_desk").text
    refs = [one.text.strip()[:5] for one in Page(page).all("th") if one.text.startswith("R-")]
    assert refs == ["R-003", "R-004", "R-005"]
    assert console.get(f"/incidents/{CYCLONE}?state=nonsense").status_code == 422


def test_an_unknown_incident_is_a_page_not_a_trace(console: TestClient) -> None:
    answer = console.get("/incidents/%3Cscript%3E")
    assert answer.status_code == 404
    assert "There is no such incident" in answer.text
    assert "<script>" not in answer.text


def test_a_text_from_outside_is_shown_and_never_run(filled: Engine) -> None:
    evil = "<script>alert(1)</script><img src=x onerror=alert(2)>"
    with filled.begin() as connection:
        connection.execute(tables.facility.update().values(name=evil))
        connection.execute(tables.task.update().values(what=tables.task.c.what + evil))
        body = {
            "infos": [
                {
                    "event": evil,
                    "headline": evil,
                    "hazard": evil,
                    "language": '"x',
                    "areas": [{"area_desc": evil}],
                    "web": "javascript:alert(3)",
                }
            ]
        }
        connection.execute(tables.warning.update().values(body=body))
    console = local_client(app_on(filled))
    for path in ("/", f"/incidents/{CYCLONE}", "/facilities", "/tasks"):
        page = Page(console.get(path).text)
        assert all(one.attributes.get("src") for one in page.all("script"))
        assert not page.all("img")
        assert not [address for address in page.addresses() if "javascript" in address]


@pytest.mark.parametrize("path", PAGES)
def test_every_link_answers(console: TestClient, path: str) -> None:
    addresses = set(Page(console.get(path).text).addresses())
    assert addresses
    for address in addresses:
        if not address.startswith("#"):
            assert console.get(address.partition("#")[0]).status_code in (200, 204), address


@pytest.mark.parametrize("path", PAGES)
def test_nothing_is_loaded_from_elsewhere_and_nothing_is_inline(
    console: TestClient, path: str
) -> None:
    page = Page(console.get(path).text)
    for address in page.addresses():
        assert re.match(r"/(?!/)|#", address), address
    for one in page.elements:
        assert "style" not in one.attributes
        assert not [key for key in one.attributes if key.startswith("on")]
    assert not page.all("style")
    assert all(one.attributes.get("src") for one in page.all("script"))


@pytest.mark.parametrize("path", PAGES)
def test_pages_are_built_for_screen_readers(console: TestClient, path: str) -> None:
    page = Page(console.get(path).text)
    ids = [one.attributes["id"] for one in page.elements if "id" in one.attributes]
    assert len(ids) == len(set(ids))
    assert [one.attributes.get("lang") for one in page.all("html")] == ["en"]
    assert len(page.all("h1")) == 1
    assert len(page.all("main")) == 1
    for table in page.all("table"):
        assert table.children[0] == "caption"
    assert all(one.attributes.get("scope") for one in page.all("th"))
    for one in page.all("svg"):
        described = one.attributes.get("role") == "img" and one.attributes.get("aria-label")
        assert described or one.attributes.get("aria-hidden") == "true"
    for one in page.elements:
        for reference in (one.attributes.get("aria-labelledby") or "").split():
            assert reference in ids
    for one in (*page.all("a"), *page.all("button"), *page.all("caption")):
        assert one.text.strip()


def test_texts_of_others_carry_their_language(console: TestClient) -> None:
    page = Page(console.get(f"/incidents/{CYCLONE}").text)
    bangla = [one for one in page.elements if one.attributes.get("lang") == "bn"]
    assert any("মহাবিপদ সংকেত" in one.text for one in bangla)


def test_a_status_is_a_shape_and_a_word(console: TestClient) -> None:
    page = Page(console.get("/facilities").text)
    states = [one for one in page.all("span") if "status" in (one.attributes.get("class") or "")]
    assert len(states) == 8
    for one in states:
        assert "svg" in one.children
        assert one.text.strip()


def test_a_bar_says_its_numbers(console: TestClient) -> None:
    bars = [one for one in Page(console.get("/").text).all("svg") if "role" in one.attributes]
    assert bars[0].attributes["aria-label"] == (
        "48 people matched: 2 asked for help, 3 with the city desk, 17 no answer yet, 26 safe"
    )


def test_a_page_that_did_not_change_is_left_alone(filled: Engine) -> None:
    console = local_client(app_on(filled))
    source = _source(console.get("/").text)
    assert console.get(source).status_code == 204
    ask_for_help(filled, "R-040")
    changed = console.get(source)
    assert changed.status_code == 200
    assert "See the 3 who asked for help" in _words(changed.text)
    assert _source(changed.text) != source
    assert console.get(_source(changed.text)).status_code == 204


def test_the_first_screen_is_light(console: TestClient) -> None:
    static, htmx = folder_of("/static"), folder_of("/assets/htmx")
    parts = {
        "html": console.get("/").content,
        "css": (static / "console.css").read_bytes(),
        "js": (static / "refresh.js").read_bytes(),
        "htmx": (htmx / "htmx.min.js").read_bytes(),
    }
    weights = {name: len(gzip.compress(content)) for name, content in parts.items()}
    assert sum(weights.values()) <= 60_000, weights


def test_a_demo_says_so_on_every_page_and_links_the_phones(
    full_board: Engine, console: TestClient
) -> None:
    options = WebOptions(ZONE, demo=True, phones_url="http://127.0.0.1:8001/")
    demo = local_client(app_on(full_board, options))
    for path in PAGES:
        page = Page(demo.get(path).text)
        link = next(one for one in page.all("a") if one.attributes.get("id") == "phones-link")
        assert link.attributes["href"] == "http://127.0.0.1:8001/"
        assert "DEMO" in page.all("aside")[0].text
    assert "DEMO" not in console.get("/").text


def test_a_board_that_cannot_be_read_is_said_in_a_sentence(filled: Engine) -> None:
    tables.task.drop(filled)
    console = local_client(app_on(filled))
    for path in ("/", "/tasks", "/api/v1/incidents"):
        answer = console.get(path)
        assert answer.status_code == 503
        assert "carealert doctor" in answer.text


def _words(html: str) -> str:
    return " ".join("".join(one.text for one in Page(html).elements if not one.inside).split())


def _source(html: str) -> str:
    board = next(one for one in Page(html).elements if one.attributes.get("id") == "board")
    return str(board.attributes["hx-get"])


def test_areas_that_nobody_could_place_are_on_the_first_screen(filled: Engine) -> None:
    client = local_client(app_on(filled))
    assert "the register lacks" not in _words(client.get("/").text)
    with filled.begin() as connection:
        warning = connection.scalar(select(tables.warning.c.id).limit(1))
        unknown = [("UGC", "<b>TXZ123"), ("", "Atlantis")]
        SqlUnknownAreas(connection).note("met@example.org", unknown, warning or 0, NOW)
    words = _words(client.get("/").text)
    assert "Warnings named areas that the register lacks" in words
    assert "UGC <b>TXZ123" in words
    assert "“Atlantis”" in words
