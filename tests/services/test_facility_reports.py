"""Single services: reported by telephone, listed with their hours, looked for; and readiness."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine, select, update

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import journal, notice
from carealert.adapters.sealing import Sealer
from carealert.domain.access import Actor, Role
from carealert.domain.facilities import (
    ContinuityStatus,
    Cost,
    Facility,
    FacilityType,
    StatusReport,
)
from carealert.domain.notices import RecipientKind
from carealert.domain.readiness import Item, Readiness, State
from carealert.services.access import NotAllowed
from carealert.services.facility_lines import FacilityLine, Wanted, facility_line
from carealert.services.ports.registry import PlaceArea
from carealert.services.readiness import list_readiness
from carealert.services.registering import import_areas, import_facilities
from carealert.services.reporting import CannotReport, NoFacilityHasRef, report_status
from tests.support.builders import a_draft, a_notice, a_recipient
from tests.support.delivery import add, send_all
from tests.support.register import CLINIC, NOW

ADMIN = Actor("Boss", Role.ADMIN)
HOURS = timedelta(hours=12)
OPEN, CLOSED = ContinuityStatus.OPEN, ContinuityStatus.CLOSED
BLOCK = Facility(
    ref="F-7",
    name="Care Block",
    type=FacilityType.CARE_BLOCK,
    services=("laundry", "day_care", "training"),
    lat=None,
    lon=None,
    area_code="BD20",
    opening_hours="ask at the gate",
    service_hours=(("laundry", "Mo-Fr 08:00-12:00"), ("day_care", "24/7")),
    cost=Cost.FREE,
    languages=("bn-BD", "en"),
    ramp=True,
)
#: A Tuesday, noon in Dhaka.
LOCAL = NOW.astimezone(ZoneInfo("Asia/Dhaka"))


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    db = SqlDatabase(engine, sealer)
    import_areas(db, ADMIN, [PlaceArea("P-code", "BD20", 1, None, {"en": "Sylhet"}, None)], NOW)
    import_facilities(db, ADMIN, [BLOCK, CLINIC], NOW)
    return db


def line_of(db: SqlDatabase, now: datetime = LOCAL) -> FacilityLine:
    with db.reading() as stores:
        report = stores.facilities.latest_reports().get("F-7")
        return facility_line(BLOCK, report, stores.facilities.service_reports().get("F-7", {}), now)


def statuses(db: SqlDatabase, now: datetime = LOCAL) -> list[ContinuityStatus]:
    return [one.status for one in line_of(db, now).services]


def say(
    db: SqlDatabase, status: ContinuityStatus, service: str | None = None, who: Actor = ADMIN
) -> ContinuityStatus:
    done = report_status(db, who, "F-7", status, NOW, service=service, valid_for=HOURS)
    return done.counts_as


def test_a_closed_laundry_closes_neither_the_children_s_room_nor_the_block(db: SqlDatabase) -> None:
    assert say(db, OPEN) is OPEN
    assert say(db, CLOSED, "laundry") is CLOSED
    assert line_of(db).status is OPEN
    assert statuses(db) == [CLOSED, OPEN, OPEN]
    assert set(statuses(db, LOCAL + HOURS)) == {ContinuityStatus.UNKNOWN}, "both have run out"


def test_a_closed_block_closes_everything_and_says_so(db: SqlDatabase) -> None:
    say(db, CLOSED)
    assert say(db, OPEN, "day_care") is CLOSED
    assert set(statuses(db)) == {CLOSED}
    assert say(db, ContinuityStatus.LIMITED) is ContinuityStatus.LIMITED
    assert statuses(db) == [ContinuityStatus.LIMITED, OPEN, ContinuityStatus.LIMITED]


def test_a_report_is_written_in_the_journal_with_who_and_until_when(db: SqlDatabase) -> None:
    say(db, CLOSED, "laundry")
    with db.engine.connect() as connection:
        row = connection.execute(select(journal).order_by(journal.c.id.desc()).limit(1)).one()
    assert (row.event, row.subject) == ("facility_reported", "facility:F-7")
    assert row.details == {
        "by": "Boss",
        "status": "closed",
        "service": "laundry",
        "valid_until": (NOW + HOURS).isoformat(),
    }
    with db.reading() as stores:
        (kept,) = stores.facilities.service_reports()["F-7"].values()
    assert kept == StatusReport("F-7", CLOSED, NOW, NOW + HOURS, "officer", "laundry")


def test_what_cannot_be_is_refused_and_nothing_is_kept(db: SqlDatabase) -> None:
    with pytest.raises(CannotReport, match="laundry, day_care, training"):
        say(db, OPEN, "sauna")
    with pytest.raises(NoFacilityHasRef, match="F-404"):
        report_status(db, ADMIN, "F-404", OPEN, NOW, valid_for=HOURS)
    for hours in (timedelta(0), -HOURS, timedelta(days=32)):
        with pytest.raises(CannotReport, match="744"):
            report_status(db, ADMIN, "F-7", OPEN, NOW, valid_for=hours)
    bare = replace(BLOCK, services=(), service_hours=())
    import_facilities(db, ADMIN, [bare], NOW)
    with pytest.raises(CannotReport, match="states no services"):
        say(db, OPEN, "laundry")
    with db.reading() as stores:
        assert not stores.facilities.latest_reports()
        assert not stores.facilities.service_reports()


def test_who_reports_has_the_right_and_reaches_the_facility(db: SqlDatabase) -> None:
    with pytest.raises(NotAllowed):
        say(db, OPEN, who=Actor("A", Role.AUDITOR))
    own = Actor("M", Role.FACILITY, facilities=frozenset({"F-7"}))
    assert say(db, OPEN, who=own) is OPEN
    other = replace(own, facilities=frozenset({"F-1"}))
    elsewhere = Actor("O", Role.OFFICER, frozenset({"BD30"}))
    for who in (other, elsewhere):
        with pytest.raises(NoFacilityHasRef):
            say(db, CLOSED, who=who)
        assert "F-7" not in [one.ref for one in list_readiness(db, who, LOCAL)]
    assert say(db, CLOSED, who=replace(elsewhere, areas=frozenset({"BD20"}))) is CLOSED


def test_hours_are_those_of_the_service_and_count_on_the_office_s_clock(db: SqlDatabase) -> None:
    laundry, care, training = line_of(db, LOCAL.replace(hour=11)).services
    assert (laundry.open_by_hours, care.open_by_hours, training.open_by_hours) == (True, True, None)
    assert (laundry.hours, training.hours) == ("Mo-Fr 08:00-12:00", "ask at the gate")
    assert line_of(db).services[0].open_by_hours is False, "noon in Dhaka, six in the morning UTC"


@pytest.mark.parametrize(
    ("wanted", "fits"),
    [
        (Wanted(), True),
        (Wanted(type=FacilityType.CARE_BLOCK), True),
        (Wanted(type=FacilityType.CLINIC), False),
        (Wanted(service="Laundry"), True),
        (Wanted(service="meals"), False),
        (Wanted(status=OPEN), True),
        (Wanted(service="laundry", status=CLOSED), True),
        (Wanted(service="laundry", status=OPEN), False),
        (Wanted(service="day_care", status=OPEN), True),
        (Wanted(cost=Cost.FREE), True),
        (Wanted(cost=Cost.PAID), False),
        (Wanted(language="BN"), True),
        (Wanted(language="b"), False),
        (Wanted(language="bn-BD", ramp=True, cost=Cost.FREE), True),
        (Wanted(language="rkt"), False),
    ],
)
def test_a_facility_is_looked_for_by_what_it_states(
    wanted: Wanted, fits: bool, sqlite_engine: Engine, sealer: Sealer
) -> None:
    db = SqlDatabase(sqlite_engine, sealer)
    import_facilities(db, ADMIN, [BLOCK], NOW)
    say(db, OPEN)
    say(db, CLOSED, "laundry")
    assert wanted.fits(line_of(db)) is fits


def test_what_is_not_stated_is_no_match() -> None:
    bare = replace(BLOCK, cost=None, languages=(), ramp=None)
    line = facility_line(bare, None, {}, LOCAL)
    for wanted in (Wanted(cost=Cost.FREE), Wanted(language="bn"), Wanted(ramp=True)):
        assert not wanted.fits(line)


# --- readiness


def ready(db: SqlDatabase, ref: str) -> Readiness:
    (one,) = list_readiness(db, ADMIN, LOCAL, ref)
    return one.readiness


def state(db: SqlDatabase, ref: str, item: Item) -> State:
    return next(one.state for one in ready(db, ref).reasons if one.item is item)


def test_the_least_ready_comes_first(db: SqlDatabase) -> None:
    lines = list_readiness(db, ADMIN, LOCAL)
    assert [one.ref for one in lines] == ["F-7", "F-1"]
    assert lines[0].readiness.score < lines[1].readiness.score
    with pytest.raises(NoFacilityHasRef):
        list_readiness(db, ADMIN, LOCAL, "F-404")


def test_a_report_of_the_whole_counts_and_one_that_knows_nothing_does_not(db: SqlDatabase) -> None:
    assert state(db, "F-7", Item.HEARD) is State.MISSING
    say(db, CLOSED, "laundry")
    say(db, ContinuityStatus.UNKNOWN)
    assert state(db, "F-7", Item.HEARD) is State.MISSING
    say(db, CLOSED)
    assert state(db, "F-7", Item.HEARD) is State.GOOD, "closed is an answer"


def test_a_phone_that_said_stop_reaches_nobody(db: SqlDatabase) -> None:
    assert state(db, "F-1", Item.MANAGER) is State.GOOD
    before = ready(db, "F-1").score
    with db.transaction() as stores:
        stores.people.suppress("+12025550150", NOW, "reply")
    assert state(db, "F-1", Item.MANAGER) is State.LACKING
    assert state(db, "F-1", Item.DEPUTY) is State.GOOD
    assert ready(db, "F-1").score == before - 8


def test_a_phone_whose_last_message_did_not_arrive_is_to_be_looked_at(db: SqlDatabase) -> None:
    assert CLINIC.manager is not None
    recipient = a_recipient(
        kind=RecipientKind.FACILITY_MANAGER, ref="F-1", phone=CLINIC.manager.phone
    )
    add(db, a_notice(a_draft(recipient=recipient), "CareAlert: is your service open?"))
    send_all(db)
    assert state(db, "F-1", Item.MANAGER) is State.GOOD
    for status, stands in (("undelivered", State.LACKING), ("delivered", State.GOOD)):
        with db.engine.begin() as connection:
            connection.execute(update(notice).values(delivery_status=status))
        assert state(db, "F-1", Item.MANAGER) is stands
