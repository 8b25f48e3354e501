"""What the console's account may not see is answered with 403, and noted once."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from carealert.adapters.db import migrating
from carealert.adapters.db.board.reader import SqlBoard
from carealert.bootstrap import App
from carealert.domain.access import Actor, Role
from carealert.services import journal
from carealert.services.access import NotAllowed
from carealert.services.board import BoardFor
from carealert.settings import load
from carealert.web import build
from carealert.web.app import create_app
from carealert.web.options import WebOptions
from tests.support.actors import ADMIN
from tests.support.board_data import CYCLONE, NOW
from tests.support.web_app import ZONE, local_client

PEOPLE = f"/api/v1/incidents/{CYCLONE}/subjects"


def test_a_refusal_is_told_before_it_is_answered(full_board: Engine) -> None:
    told: list[NotAllowed] = []
    board = BoardFor(SqlBoard(full_board), Actor("A", Role.AUDITOR))
    app = create_app(board, (), WebOptions(ZONE), lambda: NOW, on_refusal=told.append)
    console = local_client(app)
    for path in (PEOPLE, "/tasks", "/parts/tasks", f"/incidents/{CYCLONE}"):
        answer = console.get(path)
        assert answer.status_code == 403
        assert "R-0" not in answer.text
    assert [refusal.what for refusal in told] == ["read_register"] * 4
    assert console.get("/feeds").status_code == 200
    assert "R-0" not in console.get("/").text


def test_the_api_of_a_part_has_that_part_alone(full_board: Engine) -> None:
    part = Actor("A", Role.OFFICER, frozenset({"BD404"}))
    app = create_app(BoardFor(SqlBoard(full_board), part), (), WebOptions(ZONE), lambda: NOW)
    console = local_client(app)
    assert console.get(PEOPLE).json()["rows"] == []
    assert console.get("/api/v1/facilities").json() == []
    for path in ("/", "/api/v1/incidents", f"/api/v1/incidents/{CYCLONE}", "/api/v1/map.geojson"):
        assert console.get(path).status_code == 403


def test_the_journal_has_a_line_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    url = f"sqlite:///{tmp_path / 'office.db'}"
    app = App(load(database_url=url, secret_key="a secret of a test, long enough"))
    migrating.upgrade(app.engine)
    monkeypatch.setattr(build, "CONSOLE", Actor("console", Role.COUNCIL))
    assert local_client(build.build_web(app, now=lambda: NOW)).get("/tasks").status_code == 403
    (line,) = journal.lines(app.db, ADMIN, 5, "refused")
    assert line.subject == "officer:console"
    assert dict(line.details) == {"what": "read_register", "role": "council"}
    app.engine.dispose()
