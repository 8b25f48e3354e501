"""Imports: whole or nothing, twice is once, and a dry run keeps nothing."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import box
from sqlalchemy import Engine, delete, select

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import journal
from carealert.adapters.sealing import Sealer
from carealert.domain.consents import ConsentRecord, ConsentStatus, Medium
from carealert.domain.facilities import ContinuityStatus, StatusReport
from carealert.domain.people import CareLink, CareRole, Consent, Need, Purpose
from carealert.services import consenting
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import ImportCounts, PlaceArea, UnknownResidents
from carealert.services.registering import (
    count_needs,
    import_areas,
    import_facilities,
    import_people,
    list_areas,
    list_facilities,
    try_people,
)
from tests.support.actors import ADMIN
from tests.support.register import (
    AMINA,
    BARE,
    CLINIC,
    KARIM,
    LINKS,
    NOW,
    RAHIMA,
    resident_at,
)
from tests.support.register_db import REGISTER, RegisterDatabase

CARERS = [(RAHIMA, LINKS[:1]), (KARIM, LINKS[1:])]
AREA = PlaceArea("P-code", "BD10040009", 3, "BD1004", {"en": "Amtali"}, None)


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> RegisterDatabase:
    return RegisterDatabase(engine, sealer)


def test_an_import_counts_and_is_written_in_the_journal_without_anything_personal(
    db: RegisterDatabase,
) -> None:
    report = import_people(db, ADMIN, [AMINA, BARE], CARERS, NOW)
    assert report.counts == {
        "residents": ImportCounts(2, 0, 0),
        "caregivers": ImportCounts(2, 0, 0),
    }
    (row,) = db.rows(journal)["journal"]
    assert row.event == "people_imported"
    assert row.at == NOW
    counts = {name: value for name, value in row.details.items() if name != "by"}
    assert all(value.isdigit() for value in counts.values())
    assert row.details["by"] == "test"
    assert row.details["residents_added"] == "2"


def test_importing_twice_equals_once(db: RegisterDatabase) -> None:
    for _ in range(2):
        people = import_people(db, ADMIN, [AMINA, BARE], CARERS, NOW)
        places = import_facilities(db, ADMIN, [CLINIC], NOW)
        areas = import_areas(db, ADMIN, [AREA], NOW)
        state = db.rows(*REGISTER)
        if people.counts["residents"].added:
            first = state
    assert state == first
    counts = [*people.counts.values(), *places.counts.values(), *areas.counts.values()]
    assert [(one.added, one.changed) for one in counts] == [(0, 0)] * 4


def test_a_dry_run_says_the_same_and_keeps_nothing(db: RegisterDatabase) -> None:
    before = db.rows(*REGISTER, journal)
    tried = import_people(db, ADMIN, [AMINA, BARE], CARERS, NOW, dry_run=True)
    assert import_facilities(db, ADMIN, [CLINIC], NOW, dry_run=True).counts["facilities"].added == 1
    assert import_areas(db, ADMIN, [AREA], NOW, dry_run=True).counts["areas"].added == 1
    assert db.rows(*REGISTER, journal) == before
    done = import_people(db, ADMIN, [AMINA, BARE], CARERS, NOW)
    assert tried == replace(done, dry_run=True)


def test_an_unknown_resident_stops_the_whole_import(db: RegisterDatabase) -> None:
    stray = (RAHIMA, (CareLink("C-1", "R-404", None, CareRole.PRIMARY),))
    before = db.rows(*REGISTER, journal)
    with pytest.raises(UnknownResidents, match="R-404"):
        import_people(db, ADMIN, [AMINA], [stray], NOW)
    assert db.rows(*REGISTER, journal) == before


def test_caregivers_may_come_after_their_residents(db: RegisterDatabase) -> None:
    import_people(db, ADMIN, [AMINA, BARE], [], NOW)
    assert import_people(db, ADMIN, [], CARERS, NOW).counts["caregivers"].added == 2


def test_nobody_whom_no_warning_or_message_reaches_goes_unsaid(db: RegisterDatabase) -> None:
    phoneless = replace(RAHIMA, phone=None)
    people = [BARE, AMINA, resident_at("R-3", 90.0, 22.0)]
    report = import_people(
        db,
        ADMIN,
        people,
        [(phoneless, (CareLink("C-1", "R-3", None, CareRole.PRIMARY),)), (KARIM, ())],
        NOW,
    )
    assert report.notes == (
        "1 has neither a position nor an area: no warning finds them.",
        "Areas that are not known yet: BD10040009. Import them with 'areas import'.",
        "2 residents have no phone and no caregiver with one: only a visit finds them.",
        "1 caregivers care for nobody: they are never told anything.",
    )
    import_areas(db, ADMIN, [replace(AREA, parent_code=None)], NOW)
    assert import_people(db, ADMIN, [AMINA], [], NOW).notes == ()
    mute = replace(CLINIC, manager=None, deputy=None)
    assert "no manager" in import_facilities(db, ADMIN, [mute], NOW).notes[0]
    assert "BD1004" in import_areas(db, ADMIN, [AREA], NOW).notes[0]


def test_needs_are_counted_in_the_order_of_the_vocabulary(db: RegisterDatabase) -> None:
    import_people(db, ADMIN, [AMINA, replace(BARE, needs=frozenset({Need.DIALYSIS}))], [], NOW)
    counted = count_needs(db, ADMIN)
    assert list(counted) == list(Need)
    assert {need for need, many in counted.items() if many} == {Need.DIALYSIS, Need.MOBILITY}
    assert counted[Need.DIALYSIS] == 2


def test_a_report_past_its_time_counts_as_unknown(db: RegisterDatabase) -> None:
    import_facilities(db, ADMIN, [CLINIC], NOW)
    assert list_facilities(db, ADMIN, NOW)[0].status is ContinuityStatus.UNKNOWN
    until = NOW + timedelta(hours=2)
    with db.transaction() as stores:
        stores.facilities.report(StatusReport("F-1", ContinuityStatus.LIMITED, NOW, until, "sms"))
    assert list_facilities(db, ADMIN, NOW)[0].status is ContinuityStatus.LIMITED
    (late,) = list_facilities(db, ADMIN, until)
    assert late.status is ContinuityStatus.UNKNOWN
    assert late.reported_at == NOW


def test_areas_are_listed_from_the_top(db: RegisterDatabase) -> None:
    top = replace(AREA, code="BD1004", level=2, parent_code=None)
    import_areas(db, ADMIN, [AREA, top], NOW)
    assert [one.code for one in list_areas(db, ADMIN)] == ["BD1004", "BD10040009"]


refs = st.lists(st.sampled_from([f"R-{n}" for n in range(6)]), unique=True)
places = st.tuples(st.none() | st.floats(-180, 180), st.floats(-90, 90))


@st.composite
def registers(draw: st.DrawFn):  # type: ignore[no-untyped-def]
    residents = [
        resident_at(
            ref,
            lon,
            lat if lon is not None else None,
            needs=draw(st.frozensets(st.sampled_from(Need), max_size=3)),
            notes=draw(st.none() | st.text(st.characters(exclude_characters="\x00"), max_size=9)),
        )
        for ref in draw(refs)
        for lon, lat in [draw(places)]
    ]
    known = [one.ref for one in residents]
    carers = []
    for number in range(draw(st.integers(0, 3))):
        who = replace(RAHIMA, ref=f"C-{number}", paid=draw(st.none() | st.booleans()))
        homes = draw(st.lists(st.sampled_from(known), unique=True)) if known else []
        role = draw(st.sampled_from(CareRole))
        carers.append((who, [CareLink(who.ref, home, None, role) for home in homes]))
    return residents, carers


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(registers())
def test_any_register_imported_twice_or_tried_equals_once(
    sqlite_engine: Engine,
    sealer: Sealer,
    register,  # type: ignore[no-untyped-def]
) -> None:
    residents, carers = register
    db = RegisterDatabase(sqlite_engine, sealer)
    with sqlite_engine.begin() as connection:
        for table in reversed(REGISTER):
            connection.execute(delete(table))
    import_people(db, ADMIN, residents, carers, NOW)
    once = db.rows(*REGISTER)
    import_people(db, ADMIN, list(reversed(residents)), list(reversed(carers)), NOW)
    import_people(db, ADMIN, residents, carers, NOW, dry_run=True)
    assert db.rows(*REGISTER) == once
    with db.reading() as stores:
        found = stores.people.residents(one.ref for one in residents)
    assert found == sorted(residents, key=lambda one: one.ref)


def test_a_failed_import_leaves_no_journal_line(db: RegisterDatabase) -> None:
    stray = (RAHIMA, (CareLink("C-1", "R-404", None, CareRole.PRIMARY),))
    with pytest.raises(UnknownResidents):
        import_people(db, ADMIN, [], [stray], NOW)
    with db.engine.connect() as connection:
        assert connection.execute(select(journal)).first() is None


def test_what_is_withdrawn_while_a_file_is_read_stays_withdrawn(
    engine: Engine, sealer: Sealer
) -> None:
    db = SqlDatabase(engine, sealer)
    import_people(db, ADMIN, [AMINA], [], NOW)
    later = NOW + timedelta(minutes=1)

    def meanwhile(what: str, _part: float) -> None:
        if what == "looking for duplicates":
            consenting.withdraw(
                db, ADMIN, PersonKind.RESIDENT, "R-1", [Purpose.ALERT_ME], Medium.SMS, later
            )

    report = import_people(db, ADMIN, [replace(AMINA, notes="new")], [], NOW, step=meanwhile)
    assert any("what the files say they agreed to" in note for note in report.notes)
    with db.reading() as stores:
        (one,) = stores.people.residents(["R-1"])
    assert one.notes == "new"
    assert not one.consent.allows(Purpose.ALERT_ME, later)


def test_a_consent_given_while_a_file_is_read_is_not_overwritten(
    engine: Engine, sealer: Sealer
) -> None:
    """Somebody registers the same person by hand in that moment: the ledger keeps both."""
    db = SqlDatabase(engine, sealer)
    told: list[str] = []

    def meanwhile(what: str, _part: float) -> None:
        told.append(what)
        if told == ["looking for duplicates"]:
            with db.transaction() as stores:
                stores.people.put_residents([replace(AMINA, consent=Consent(frozenset()))])
            record = ConsentRecord(Purpose.ALERT_ME, ConsentStatus.REFUSED, NOW, Medium.VERBAL)
            with db.transaction() as stores:
                stores.consents.add(PersonKind.RESIDENT, {"R-1": [record]})

    import_people(db, ADMIN, [AMINA], [], NOW, step=meanwhile)
    with db.reading() as stores:
        (one,) = stores.people.residents(["R-1"])
    assert one.name == AMINA.name
    assert not one.consent.allows(Purpose.ALERT_ME, NOW)


def test_rows_beyond_a_batch_are_written_too_and_written_alike(
    engine: Engine, sealer: Sealer
) -> None:
    """Few rows go in by INSERT and many by COPY, where there is one."""
    db = SqlDatabase(engine, sealer)
    people = [replace(AMINA, ref=f"R-{n:04}") for n in range(2300)]
    carers = [
        (
            replace(KARIM, ref=f"C-{n:04}"),
            (CareLink(f"C-{n:04}", f"R-{n:04}", None, CareRole.RELAY),),
        )
        for n in range(250)
    ]
    assert import_people(db, ADMIN, people, carers, NOW).counts["residents"].added == 2300
    with db.reading() as stores:
        assert stores.people.residents(one.ref for one in people) == people
        assert stores.people.caregivers(who.ref for who, _ in carers) == [
            (who, list(links)) for who, links in carers
        ]
    changed = [replace(one, notes="moved", lat=10.0) for one in people[:300]]
    report = import_people(db, ADMIN, [*changed, *people[300:]], carers, NOW)
    assert report.counts["residents"] == ImportCounts(0, 300, 2000)
    with db.reading() as stores:
        assert stores.people.residents(["R-0000"]) == [changed[0]]
        assert len(stores.people.inside(box(90, 9, 91, 11))) == 300


def test_progress_is_told_from_the_reading_to_the_writing(db: RegisterDatabase) -> None:
    told: list[tuple[str, float]] = []
    import_people(db, ADMIN, [AMINA, BARE], CARERS, NOW, step=lambda *one: told.append(one))
    assert [what for what, _ in told][-1] == "writing"
    assert {what for what, _ in told} == {"looking for duplicates", "comparing", "writing"}
    assert all(0 <= part <= 1 for _, part in told)


def test_residents_whose_rows_are_wrong_are_no_strangers_in_a_trial(db: RegisterDatabase) -> None:
    carers = [(RAHIMA, LINKS[:1])]
    before = db.rows(*REGISTER, journal)
    report, unknown = try_people(db, ADMIN, [BARE], carers, known={"R-1"})
    assert (list(unknown), report.counts["caregivers"].added) == ([], 1)
    assert try_people(db, ADMIN, [BARE], carers)[1] == ["R-1"]
    assert db.rows(*REGISTER, journal) == before
