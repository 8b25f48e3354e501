"""The read API that other systems script against: additive changes only."""

from sqlalchemy import Engine
from starlette.testclient import TestClient

from carealert.adapters.db import tables
from carealert.adapters.db.board.reader import SqlBoard
from carealert.web.app import create_app
from carealert.web.options import WebOptions
from tests.support.board_data import CYCLONE, HEAT, NOW
from tests.support.html import Page
from tests.support.web_app import ZONE, local_client

INCIDENT_KEYS = {
    "id", "phase", "status", "msg_type", "hazard", "event", "headline", "language",
    "sender_name", "severity", "urgency", "certainty", "areas", "sent", "onset", "expires",
    "ends_at", "planned", "people", "messages", "facilities", "not_sent", "open_tasks",
}  # fmt: skip


def test_incidents_keep_their_keys(console: TestClient) -> None:
    incidents = console.get("/api/v1/incidents").json()
    assert [one["id"] for one in incidents][:2] == [CYCLONE, HEAT]
    first = incidents[0]
    assert set(first) >= INCIDENT_KEYS
    assert first["people"]["needs_help"] == 2
    assert first["facilities"]["no_response"] == 1
    assert first["sent"].endswith(("Z", "+00:00"))


def test_one_incident_has_its_story_and_its_people_in_pages(console: TestClient) -> None:
    view = console.get(f"/api/v1/incidents/{CYCLONE}").json()
    assert set(view) >= {"summary", "texts", "timeline", "reach", "rules", "facilities", "tasks"}
    page = console.get(f"/api/v1/incidents/{CYCLONE}/subjects?state=waiting").json()
    assert (page["total"], page["page"], page["pages"]) == (17, 1, 1)
    assert set(page["rows"][0]) >= {"kind", "ref", "state", "since", "messages", "reasons"}


def test_what_is_not_there_is_404_in_a_sentence(console: TestClient) -> None:
    answer = console.get("/api/v1/incidents/none")
    assert answer.status_code == 404
    assert answer.json() == {"detail": "There is no incident none."}


def test_facilities_and_the_map_agree(console: TestClient) -> None:
    rows = {row["ref"]: row["status"] for row in console.get("/api/v1/facilities").json()}
    answer = console.get("/api/v1/map.geojson")
    assert answer.headers["content-type"] == "application/geo+json"
    drawn = [one["properties"] for one in answer.json()["features"]]
    assert rows == {one["ref"]: one["status"] for one in drawn if one["kind"] == "facility"}
    assert {one["incident"] for one in drawn if one["kind"] == "warned"} == {CYCLONE, HEAT}


def test_the_docs_page_lists_every_path_without_loading_anything_foreign(
    console: TestClient,
) -> None:
    spec = console.get("/api/openapi.json").json()
    page = console.get("/api/docs").text
    assert all(path in page for path in spec["paths"])
    assert all(path.startswith("/api/v1/") for path in spec["paths"])
    assert not Page(page).all("script")
    assert console.get("/docs").status_code == console.get("/redoc").status_code == 404


def test_healthy_and_ready_are_told_apart(filled: Engine) -> None:
    problems = ["The migrations are not current: run 'carealert db upgrade'."]
    app = create_app(
        SqlBoard(filled), (), WebOptions(ZONE), lambda: NOW, lambda: problems[0] or None
    )
    console = local_client(app)
    assert console.get("/-/healthy").status_code == 200
    answer = console.get("/-/ready")
    assert (answer.status_code, answer.text.strip()) == (503, problems[0])
    problems[0] = ""
    assert console.get("/-/ready").status_code == 200


def test_ready_says_so_when_the_database_does_not_answer(filled: Engine) -> None:
    filled.dispose()
    broken = SqlBoard(_broken(filled))
    console = local_client(create_app(broken, (), WebOptions(ZONE), lambda: NOW))
    assert console.get("/-/healthy").status_code == 200
    assert console.get("/-/ready").status_code == 503


def test_metrics_count_without_naming_anybody(console: TestClient) -> None:
    lines = console.get("/metrics").text.splitlines()
    values = dict(line.rsplit(" ", 1) for line in lines if not line.startswith("#"))
    assert values['carealert_feed_heard{feed="Regional cyclone centre"}'] == "0.0"
    assert values['carealert_feed_age_seconds{feed="Regional cyclone centre"}'] == "2820.0"
    assert values['carealert_people{state="needs_help"}'] == "2.0"
    assert values['carealert_notices{state="failed"}'] == "2.0"
    assert values["carealert_active_incidents"] == "4.0"
    assert values["carealert_open_tasks"] == "6.0"
    assert not [line for line in lines if "R-0" in line]


def test_a_feed_s_name_cannot_break_the_metrics(filled: Engine) -> None:
    with filled.begin() as connection:
        connection.execute(
            tables.feed.update()
            .where(tables.feed.c.name == "National met service")
            .values(name='a"b\\c\nd')
        )
    app = create_app(SqlBoard(filled), (), WebOptions(ZONE), lambda: NOW)
    text = local_client(app).get("/metrics").text
    assert r'carealert_feed_heard{feed="a\"b\\c\nd"} 1' in text


def _broken(engine: Engine) -> Engine:
    from sqlalchemy import create_engine

    assert engine.url.database
    return create_engine(f"sqlite:///{engine.url.database}/not/a/file")
