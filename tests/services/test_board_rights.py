"""The board shows each actor what their role and areas let them see; on both databases."""

from datetime import timedelta

import pytest
from sqlalchemy import Engine, update

from carealert.adapters.db import tables
from carealert.adapters.db.board.reader import SqlBoard
from carealert.domain.access import Actor, Right, Role
from carealert.domain.notices import SubjectState
from carealert.services.board import BoardFor
from tests.support.board_data import CYCLONE, NOW, fill

#: The part: an upazila by what is stated, and one home found there by its position.
PART = "BD10780066"
STATED, LOCATED, BELOW = "R-001", "R-002", "R-003"
MINE = {STATED, LOCATED, BELOW}
ELSEWHERE = "R-004"  # stated elsewhere, though its position lies in the part


@pytest.fixture
def board(engine: Engine) -> SqlBoard:
    fill(engine)
    who, place, area = tables.resident, tables.facility, tables.area
    with engine.begin() as connection:
        for ref, code in ((STATED, PART), (BELOW, "BD10780097"), (ELSEWHERE, "BD10040028")):
            connection.execute(update(who).where(who.c.ref == ref).values(area_code=code))
        near = who.c.ref.in_((LOCATED, ELSEWHERE))
        connection.execute(update(who).where(near).values(located_code=PART))
        connection.execute(update(area).where(area.c.code == "BD10780097").values(parent_code=PART))
        connection.execute(update(place).where(place.c.ref == "F-01").values(area_code=PART))
        connection.execute(
            update(place).where(place.c.ref == "F-02").values(area_code="BD10040028")
        )
        for n, (kind, ref) in enumerate(
            [("resident", STATED), ("resident", ELSEWHERE), ("facility", "F-01"), ("hold", "1")]
        ):
            connection.execute(
                tables.task.insert().values(
                    incident=CYCLONE,
                    kind=kind,
                    ref=ref,
                    what=f"a task of a test {n}",
                    created_at=NOW - timedelta(minutes=n),
                )
            )
    return SqlBoard(engine)


def of(board: SqlBoard, role: Role, *areas: str) -> BoardFor:
    return BoardFor(board, Actor("A", role, frozenset(areas)))


def test_people_are_those_of_the_actor_s_areas_and_so_are_their_counts(board: SqlBoard) -> None:
    whole = of(board, Role.OFFICER).subjects(CYCLONE, None, 1)
    part = of(board, Role.OFFICER, PART).subjects(CYCLONE, None, 1)
    assert {row.ref for row in part.rows} == MINE
    assert (part.total, part.pages) == (3, 1)
    assert whole.total > 40
    states = [of(board, Role.OFFICER, PART).subjects(CYCLONE, state, 1) for state in SubjectState]
    assert sum(page.total for page in states) == 3
    assert {row.ref for page in states for row in page.rows} == MINE
    assert of(board, Role.OFFICER, "BD404").subjects(CYCLONE, None, 1).total == 0


def test_tasks_are_those_of_the_actor_s_areas(board: SqlBoard) -> None:
    seen = {(row.kind, row.ref) for row in of(board, Role.SOCIAL, PART).tasks(NOW)}
    assert {("resident", STATED), ("facility", "F-01")} <= seen
    assert {ref for kind, ref in seen if kind == "resident"} <= MINE
    assert {ref for kind, ref in seen if kind != "resident"} == {"F-01"}
    every = {(row.kind, row.ref) for row in of(board, Role.SOCIAL).tasks(NOW)}
    assert {("resident", ELSEWHERE), ("hold", "1")} <= every


def test_facilities_are_those_of_the_actor_s_areas(board: SqlBoard) -> None:
    assert [row.ref for row in of(board, Role.HEALTH, PART).facilities(NOW)] == ["F-01"]
    assert len(of(board, Role.HEALTH).facilities(NOW)) == 8


def test_who_may_not_read_the_register_sees_nobody_s_task(board: SqlBoard) -> None:
    for role in (Role.OFFICER, Role.AUDITOR):
        named = {
            row.kind
            for view in (of(board, role).now(NOW), of(board, role).incident(CYCLONE, NOW))
            if view is not None
            for row in view.tasks
        }
        assert ("resident" in named) is (Right.READ_REGISTER in _rights(role))
        assert "facility" in named


def test_the_journal_s_lines_are_for_who_may_read_it(board: SqlBoard) -> None:
    assert of(board, Role.OFFICER).feeds(NOW).journal
    assert of(board, Role.HEALTH).feeds(NOW).journal == ()
    assert of(board, Role.OFFICER, PART).feeds(NOW).journal == ()
    assert of(board, Role.HEALTH).feeds(NOW).pulse.feeds


def _rights(role: Role) -> set[Right]:
    return {right for right in Right if Actor("A", role).may(right)}
