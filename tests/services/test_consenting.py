"""Consent: each change is a record, counts at once, and a file never revives what was withdrawn."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.consents import (
    ConsentRecord,
    ConsentStatus,
    Delegation,
    Medium,
    changes,
    effective,
    newest,
)
from carealert.domain.people import Consent, Purpose, Resident
from carealert.services import consenting
from carealert.services.ports.consents import PersonKind
from tests.support.actors import ADMIN
from tests.support.builders import NOW, a_consent, a_resident, hours
from tests.support.delivery import a_told, add, caregivers, only, send_all

DAY = timedelta(days=1)
P1, P2, P6 = Purpose.ALERT_ME, Purpose.ALERT_CARER, Purpose.STATISTICS
RESIDENT = PersonKind.RESIDENT


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return SqlDatabase(engine, sealer)


def put(db: SqlDatabase, consent: Consent, late: timedelta = timedelta()) -> Sequence[str]:
    """A register file states this consent of R; whom it could not overrule."""
    with db.transaction() as stores:
        stores.people.put_residents([a_resident(ref="R", consent=consent)])
        return stores.consents.take_over(RESIDENT, ["R"], NOW + late)


def resident(db: SqlDatabase) -> Resident:
    with db.reading() as stores:
        (one,) = stores.people.residents(["R"])
    return one


def record(purpose: Purpose, status: ConsentStatus = ConsentStatus.GIVEN) -> ConsentRecord:
    return ConsentRecord(
        purpose, status, NOW, Medium.PAPER, "Rahima", Delegation.PARENT, "bn", "2026-1"
    )


def test_a_file_is_recorded_once_and_says_what_it_said(db: SqlDatabase) -> None:
    stated = Consent(frozenset({P1, P6}), "her daughter", NOW + 9 * DAY)
    assert put(db, stated) == []
    assert put(db, stated, DAY) == []
    history = consenting.history(db, ADMIN, RESIDENT, "R")
    assert [(one.purpose, one.status, one.expires) for one in history] == [
        (P1, ConsentStatus.GIVEN, NOW + 9 * DAY),
        (P6, ConsentStatus.GIVEN, NOW + 9 * DAY),
    ]
    assert {one.medium for one in history} == {Medium.IMPORT}
    assert {one.giver for one in history} == {"her daughter"}
    assert resident(db).consent == stated


def test_what_is_given_holds_for_a_year_and_keeps_every_detail(db: SqlDatabase) -> None:
    put(db, Consent(frozenset()))
    consenting.give(db, ADMIN, RESIDENT, "R", [record(P1)], NOW)
    (kept,) = consenting.history(db, ADMIN, RESIDENT, "R")
    assert kept == replace(record(P1), expires=NOW + consenting.GOOD_FOR)
    consent = resident(db).consent
    assert consent.allows(P1, NOW + consenting.GOOD_FOR - timedelta(seconds=1))
    assert not consent.allows(P1, NOW + consenting.GOOD_FOR)
    assert not consent.allows(P6, NOW)


def test_what_was_withdrawn_counts_at_once_and_no_file_revives_it(db: SqlDatabase) -> None:
    put(db, a_consent())
    consenting.withdraw(db, ADMIN, RESIDENT, "R", [P1], Medium.SMS, NOW + hours(1))
    assert not resident(db).consent.allows(P1, NOW)
    assert resident(db).consent.allows(P6, NOW)
    again = a_consent(expires=NOW + 99 * DAY)
    assert put(db, again, DAY) == ["R"]
    assert not resident(db).consent.allows(P1, NOW + DAY)
    assert resident(db).consent.allows(P6, NOW + 98 * DAY)
    consenting.give(
        db, ADMIN, RESIDENT, "R", [replace(record(P1), at=NOW + 2 * DAY)], NOW + 2 * DAY
    )
    assert resident(db).consent.allows(P1, NOW + 2 * DAY)


def test_a_purpose_that_a_file_leaves_out_is_withdrawn(db: SqlDatabase) -> None:
    put(db, a_consent(P1, P6))
    put(db, a_consent(P6), DAY)
    assert (
        newest(consenting.history(db, ADMIN, RESIDENT, "R"))[P1].status is ConsentStatus.WITHDRAWN
    )
    assert not resident(db).consent.allows(P1, NOW + DAY)


def test_nothing_is_sent_after_a_withdrawal(engine: Engine, sealer: Sealer) -> None:
    db = caregivers(engine, sealer, 1)
    add(db, a_told(0))
    consenting.withdraw(db, ADMIN, PersonKind.CAREGIVER, "c0", [P2], Medium.VERBAL, NOW)
    assert send_all(db) == []
    assert only(engine).state == "cancelled"


def test_a_stranger_is_refused_and_nothing_is_written(db: SqlDatabase) -> None:
    put(db, a_consent())
    with pytest.raises(consenting.NotInRegister, match="No caregiver has the ref 'R'"):
        consenting.give(db, ADMIN, PersonKind.CAREGIVER, "R", [record(P2)], NOW)
    assert consenting.history(db, ADMIN, PersonKind.CAREGIVER, "R") == ()
    with db.reading() as stores:
        assert stores.journal.recent() == []


def test_consents_that_run_out_are_listed_first_end_first(db: SqlDatabase) -> None:
    put(db, a_consent(P1, P6, expires=NOW + 20 * DAY))
    consenting.give(db, ADMIN, RESIDENT, "R", [replace(record(P6), expires=NOW + 10 * DAY)], NOW)
    found = consenting.expiring(db, ADMIN, NOW, 30 * DAY)
    assert found == [(RESIDENT, "R", frozenset({P1, P6}), NOW + 10 * DAY)]
    assert consenting.expiring(db, ADMIN, NOW, 9 * DAY) == []
    consenting.withdraw(db, ADMIN, RESIDENT, "R", [P1, P6], Medium.SMS, NOW + hours(1))
    assert consenting.expiring(db, ADMIN, NOW, 30 * DAY) == []


_events = st.lists(
    st.tuples(st.sampled_from(list(ConsentStatus)), st.sampled_from([P1, P2, P6])), max_size=8
)
_stated = st.frozensets(st.sampled_from([P1, P2, P6]))


@settings(max_examples=150, deadline=None)
@given(_events, _stated)
def test_no_file_gives_what_a_person_took_back(
    events: list[tuple[ConsentStatus, Purpose]], stated: frozenset[Purpose]
) -> None:
    ledger = [
        ConsentRecord(purpose, status, NOW + number * DAY, Medium.SMS)
        for number, (status, purpose) in enumerate(events)
    ]
    before = newest(ledger)
    ledger += changes(before, Consent(stated), NOW + 99 * DAY)
    after = effective(ledger)
    refused = {purpose for purpose, one in before.items() if one.status is not ConsentStatus.GIVEN}
    assert after.purposes == stated - refused
    assert changes(newest(ledger), Consent(stated), NOW + 100 * DAY) == []
