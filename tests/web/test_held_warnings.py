"""The first screen on both databases: what waits for an officer's word, what nobody mapped."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine

from carealert.adapters.db.board.reader import SqlBoard
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.hazards import Hazard
from carealert.domain.warnings import Category, HazardWarning, MsgType
from carealert.services.watching import IncidentSummary, Phase
from tests.support.board_data import NOW
from tests.support.builders import a_warning, an_info, hours, minutes
from tests.support.documents import a_document
from tests.support.html import Page
from tests.support.web_app import app_on, local_client

SENT = NOW - minutes(30)
FLOOD = an_info(
    hazard=Hazard.FLOOD, event="Flood", effective=None, onset=NOW, expires=NOW + hours(9)
)
TEST = replace(
    FLOOD,
    hazard=Hazard.TEST_MESSAGE,
    event="Simulacro +12025550123",
    hazard_if_real=Hazard.FLOOD,
    language="es",
)


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return SqlDatabase(engine, sealer)


def store(db: SqlDatabase, *warnings: HazardWarning) -> list[int]:
    with db.engine.begin() as connection:
        document = a_document(connection)
    with db.transaction() as stores:
        saved = [stores.warnings.save(one, document, NOW - minutes(5)) for one in warnings]
    return [one.id for one in saved if one is not None]


def held(db: SqlDatabase, deadline: float) -> int:
    (number,) = store(db, a_warning(TEST, identifier="t", sent=SENT))
    with db.transaction() as stores:
        stores.holds.open(
            number, "it reads as a test: event 'simulacro'", NOW, NOW + minutes(deadline)
        )
    return number


def shown(db: SqlDatabase) -> str:
    answer = local_client(app_on(db.engine)).get("/")
    assert answer.status_code == 200
    Page(answer.text)
    return " ".join(answer.text.split())


def only(db: SqlDatabase) -> IncidentSummary:
    (one,) = SqlBoard(db.engine).now(NOW).incidents
    return one


@pytest.mark.parametrize(("deadline", "words"), [(5, "Decide by"), (-1, "Overdue since")])
def test_a_held_warning_stands_first_with_its_reason_and_deadline(
    db: SqlDatabase, deadline: float, words: str
) -> None:
    number = held(db, deadline)
    page = shown(db)
    assert "1 warning held: real by status, a test by text" in page
    assert "it reads as a test: event &#39;simulacro&#39;" in page
    assert f"carealert warnings release {number} --by NAME" in page
    assert words in page.partition('id="held-h"')[2]
    section = page.partition('id="held-h"')[2].partition("</section>")[0]
    assert ('<li class="bad">' in section) is (deadline < 0)
    assert 'lang="es"' in section
    assert "12025550123" not in section


def test_nothing_held_is_not_spoken_of(db: SqlDatabase) -> None:
    store(db, a_warning(FLOOD, sent=SENT))
    assert "held: real by status" not in shown(db)
    assert "no table of hazards knows" not in shown(db)


def test_what_a_later_message_replaced_is_not_held_on_the_board(db: SqlDatabase) -> None:
    held(db, 5)
    assert len(SqlBoard(db.engine).now(NOW).held) == 1
    store(db, a_warning(FLOOD, identifier="t", sent=SENT + minutes(1)))
    assert SqlBoard(db.engine).now(NOW).held == ()


def test_events_that_nobody_mapped_are_listed_the_most_frequent_first(db: SqlDatabase) -> None:
    by_category = replace(
        FLOOD,
        event="Zorb",
        language=None,
        categories=(Category.FIRE,),
        evidence=("category Fire",),
        hazard=Hazard.WILDFIRE,
    )
    by_nothing = replace(FLOOD, event="Blax", hazard=Hazard.OTHER, categories=())
    mapped = replace(FLOOD, evidence=("event 'flood'",))
    store(
        db,
        a_warning(by_nothing, mapped, identifier="1", sent=SENT),
        a_warning(by_category, by_category, identifier="2", sent=SENT),
    )
    found = SqlBoard(db.engine).now(NOW).unmapped
    assert [(one.event, one.language, one.category, one.hazard, one.times) for one in found] == [
        ("Zorb", None, "Fire", "wildfire", 2),
        ("Blax", "en", None, "other", 1),
    ]
    assert found[0].last_at == NOW - minutes(5)
    assert "“Zorb”</span> taken as wildfire by its category Fire" in shown(db)


@pytest.mark.parametrize(
    "changes",
    [
        {"headline": "Flood Advisory No. 5 (FINAL)"},
        {"parameters": (("VTEC", "/O.CAN.KTAE.FL.W.0012.260526T0000Z-260527T0000Z/"),)},
        {"hazard": Hazard.NO_WARNING},
    ],
)
def test_what_its_source_marks_as_the_end_is_shown_as_ended(
    db: SqlDatabase, changes: dict[str, Any]
) -> None:
    store(db, a_warning(replace(FLOOD, **changes), sent=SENT, msg_type=MsgType.UPDATE))
    assert only(db).phase is Phase.ENDED


def test_a_test_in_a_real_incident_is_not_what_it_is_shown_by(db: SqlDatabase) -> None:
    mild, worse = replace(FLOOD, severity=None), replace(TEST, hazard_if_real=Hazard.FLOOD)
    store(
        db,
        a_warning(mild, identifier="a", incidents=("x",), sent=SENT),
        a_warning(worse, identifier="b", incidents=("x",), sent=SENT + minutes(1)),
    )
    assert (only(db).hazard, only(db).phase) == ("flood", Phase.ACTIVE)
