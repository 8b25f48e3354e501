"""One person: found without being shown, shown with a reason, and forgotten for good."""

from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import Engine, func, select

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import About, DeliveryStatus, RecipientKind, SubjectState, Wording
from carealert.domain.people import Caregiver, CareLink, Phone, Resident
from carealert.domain.rules import SubjectKind
from carealert.services import persons
from carealert.services.persons import NobodyHasRef
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import StillSending
from carealert.services.registering import import_facilities, import_people
from tests.support.actors import ADMIN
from tests.support.builders import a_draft, a_notice, a_recipient
from tests.support.delivery import (
    a_timer,
    accepted,
    add,
    claim,
    close,
    only,
    rows,
    send_all,
    start_timers,
    store_warning,
)
from tests.support.register import AMINA, BARE, CLINIC, KARIM, LINKS, NOW, RAHIMA

CARERS = [(RAHIMA, LINKS[:1]), (KARIM, LINKS[1:])]
PRIVATE = ("Zztest", "Amina", "+12025550142", "2025550142", "Nani")


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    db = SqlDatabase(engine, sealer)
    import_people(db, ADMIN, [AMINA, BARE], CARERS, NOW)
    import_facilities(db, ADMIN, [CLINIC], NOW)
    return db


def test_a_person_is_found_by_the_beginning_of_the_ref(db: SqlDatabase) -> None:
    assert persons.find_by_ref(db, ADMIN, "R-1").hits == (("resident", "R-1"),)
    assert {ref for _, ref in persons.find_by_ref(db, ADMIN, "C-").hits} == {"C-1", "C-2"}
    assert persons.find_by_ref(db, ADMIN, "X").hits == ()


def test_a_whole_phone_finds_everybody_told_on_it_and_a_part_nobody(db: SqlDatabase) -> None:
    assert persons.find_by_phone(db, ADMIN, "+12025550142").hits == (("resident", "R-1"),)
    assert persons.find_by_phone(db, ADMIN, "+12025550150").hits == (("facility_manager", "F-1"),)
    assert persons.find_by_phone(db, ADMIN, "+1202555014").hits == ()


@pytest.mark.parametrize("text", ["amina", "KHATUN amina", "Amína Zz"])
def test_a_name_finds_by_the_beginnings_of_its_words(db: SqlDatabase, text: str) -> None:
    found = persons.find_by_name(db, ADMIN, text)
    assert found.hits == (("resident", "R-1"),)
    assert found.looked_at == 3, "everybody with a name was looked at, and it is said"


def test_a_name_that_is_none_finds_nobody(db: SqlDatabase) -> None:
    assert persons.find_by_name(db, ADMIN, "hatun").hits == ()
    assert persons.find_by_name(db, ADMIN, "  -").hits == ()


def test_a_search_is_bounded_and_says_that_there_is_more(
    db: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(persons, "MOST_FOUND", 2)
    found = persons.find_by_name(db, ADMIN, "zztest")
    assert (len(found.hits), found.more) == (2, True)
    monkeypatch.setattr(persons, "MOST_NAMES", 1)
    assert persons.find_by_name(db, ADMIN, "zztest").looked_at == 1
    assert persons.find_by_ref(db, ADMIN, "").more


def test_everything_that_is_held_is_shown(db: SqlDatabase) -> None:
    add(db, _to_amina())
    send_all(db)
    with db.transaction() as stores:
        stores.people.suppress("+12025550142", NOW, "reply")
    (held,) = persons.held_of(db, ADMIN, "R-1")
    assert (held.kind, held.person, held.stopped) == (PersonKind.RESIDENT, AMINA, True)
    assert set(held.links) == set(LINKS[:2])
    assert {record.purpose for record in held.consents} == AMINA.consent.purposes
    assert held.last_sent is not None
    assert (held.last_sent.at, held.last_sent.state) == (NOW, "sent")
    (carer,) = persons.held_of(db, ADMIN, "C-2")
    assert (carer.person, carer.links, carer.last_sent) == (KARIM, LINKS[1:], None)
    with pytest.raises(NobodyHasRef, match="people find"):
        persons.held_of(db, ADMIN, "R-404")


def test_who_reveals_somebody_stands_in_the_journal(db: SqlDatabase) -> None:
    before = len(rows(db.engine, tables.journal))
    assert persons.reveal(db, ADMIN, "R-1", "the ambulance asks", NOW) == persons.held_of(
        db, ADMIN, "R-1"
    )
    line = rows(db.engine, tables.journal)[-1]
    assert len(rows(db.engine, tables.journal)) == before + 1
    assert (line.event, line.subject) == ("revealed", "resident:R-1")
    assert line.details == {"reason": "the ambulance asks", "by": "test"}
    with pytest.raises(NobodyHasRef):
        persons.reveal(db, ADMIN, "R-404", "why", NOW)
    assert len(rows(db.engine, tables.journal)) == before + 1


# --- forgetting


def _to_amina(**changes: Any) -> Any:
    recipient = a_recipient(kind=RecipientKind.RESIDENT, ref="R-1", phone=AMINA.phone)
    draft = a_draft(recipient=recipient, about=(About("R-1", "Nani"),), about_self=True)
    return a_notice(replace(draft, **changes), "CareAlert: Amina, go upstairs")


def _to_rahima(*about: str, **changes: Any) -> Any:
    recipient = a_recipient(ref="C-1", phone=RAHIMA.phone)
    draft = a_draft(
        recipient=recipient,
        about=tuple(About(ref, "Nani") for ref in about),
        wording=Wording.NEUTRAL,
    )
    return a_notice(replace(draft, **changes), "CareAlert: take Nani upstairs")


def everything(db: SqlDatabase) -> str:
    """Every value of every table but the journal, opened where it is sealed."""
    found = []
    for table in tables.metadata.sorted_tables:
        if table.name in ("journal", "suppression", "alembic_version"):
            continue
        for row in rows(db.engine, table):
            for name, value in row._mapping.items():
                if name.endswith("_sealed") and value is not None:
                    found.append(db.sealer.open(bytes(value)))
                else:
                    found.append(repr(value))
    return "\n".join(found)


def counts(db: SqlDatabase) -> dict[str, int]:
    with db.engine.connect() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in tables.metadata.sorted_tables
        }


def an_event(db: SqlDatabase) -> None:
    """Amina and her carers were told, answered and followed up."""
    add(db, _to_amina(), _to_rahima("R-1", "R-2"))
    desk = a_recipient(kind=RecipientKind.CITY_DESK, ref="desk", phone=RAHIMA.phone)
    add(db, a_notice(a_draft(recipient=desk, about=(About("R-1", "Nani"),)), "R-1 is silent"))
    for claimed in claim(db):
        close(db, accepted(claimed))
    with db.transaction() as stores:
        stores.replies.keep("SM-in", "+12025550142", "2 help Nani Amina", NOW)
        stores.replies.keep("SM-carer", "+12025550143", "1", NOW)
        kinds = SubjectKind.RESIDENT
        stores.escalations.set_state("i", kinds, "R-1", SubjectState.WAITING, NOW)
        stores.escalations.add_task("i", kinds, "R-1", "asked for help", NOW)
    start_timers(db.engine, a_timer("R-1"))
    with db.engine.begin() as connection:
        warning = store_warning(connection, incident="another")
        decided = {"warning_id": warning, "incident": "i", "rules_version": "1", "decided_at": NOW}
        connection.execute(tables.decision.insert().values(id=7, **decided))
        row = {"decision_id": 7, "kind": "resident", "ref": "R-1", "rule": "r"}
        connection.execute(tables.match.insert().values(**row, info=0, reasons=["dialysis"]))
        refused = {**row, "reason": "no_consent"}
        connection.execute(tables.not_sent.insert().values(**refused, detail="none"))
        refused |= {"kind": "caregiver", "ref": "C-1", "detail": "shares a phone with R-1"}
        connection.execute(tables.not_sent.insert().values(**refused))


def test_nothing_that_leads_to_a_forgotten_resident_is_left_and_counts_are(
    db: SqlDatabase,
) -> None:
    an_event(db)
    before = counts(db)
    assert all(private in everything(db) for private in (*PRIVATE[1:4], "R-1"))
    notice_ids = {row.id for row in rows(db.engine, tables.notice)}
    done = persons.forget(db, ADMIN, PersonKind.RESIDENT, "R-1", "asked on paper", NOW)
    left = everything(db)
    for private in (*PRIVATE[1:], "R-1", "SM-in"):
        assert private not in left, private
    assert (done.own_notices, done.notices_about, done.messages) == (1, 3, 1)
    after = counts(db)
    gone = {"resident": 1, "care_link": 2}
    assert after == {
        name: many - gone.get(name, 0) + (name == "journal") for name, many in before.items()
    }
    kept = {row.id for row in rows(db.engine, tables.notice)}
    assert len(notice_ids & kept) == 2, "what was sent to others keeps its id"
    theirs = [row for row in rows(db.engine, tables.notice) if row.recipient_kind == "resident"]
    assert theirs[0].recipient_ref.startswith("gone-")
    assert theirs[0].recipient_ref in theirs[0].idempotency_key
    assert theirs[0].about == [theirs[0].recipient_ref], "one token for one person"
    assert theirs[0].delivery_status is not None, "what became of it still counts"


def test_the_journal_says_that_somebody_was_forgotten_and_not_who(db: SqlDatabase) -> None:
    persons.forget(db, ADMIN, PersonKind.RESIDENT, "R-1", "asked on paper", NOW)
    line = rows(db.engine, tables.journal)[-1]
    assert (line.event, line.subject) == ("forgotten", "register")
    assert line.details == {"kind": "resident", "reason": "asked on paper", "by": "test"}


def test_a_forgotten_caregiver_leaves_the_residents_as_they_are(db: SqlDatabase) -> None:
    an_event(db)
    persons.forget(db, ADMIN, PersonKind.CAREGIVER, "C-1", "asked", NOW)
    left = everything(db)
    for private in ("Rahima Begum", "C-1", "SM-carer", "take Nani upstairs"):
        assert private not in left, private
    assert "Amina" in left
    with db.reading() as stores:
        assert stores.people.resident_refs() == {"R-1", "R-2"}
        assert [who.ref for who, _ in stores.people.caregivers_of(["R-1"])["R-1"]] == ["C-2"]
    assert only(db.engine, tables.subject).ref == "R-1"
    assert only(db.engine, tables.task).closed_at is None


def test_what_waited_for_the_forgotten_is_not_sent_and_what_waits_for_others_is(
    db: SqlDatabase,
) -> None:
    add(db, _to_amina(), _to_rahima("R-1"), _to_rahima("R-1", "R-2", rule="both"))
    persons.forget(db, ADMIN, PersonKind.RESIDENT, "R-1", "asked", NOW)
    sent = send_all(db)
    assert [(one.recipient_ref, one.text.body) for one in sent] == [
        ("C-1", "CareAlert: take Nani upstairs")
    ], "the other resident's carer must still hear of them"
    states = sorted((row.state, row.error_code) for row in rows(db.engine, tables.notice))
    assert states[:2] == [("cancelled", "forgotten")] * 2


def test_silence_of_a_forgotten_caregiver_is_certain_at_once(db: SqlDatabase) -> None:
    add(db, _to_rahima("R-1"))
    start_timers(db.engine, a_timer("R-1"))
    later = only(db.engine, tables.escalation_timer).due_at
    persons.forget(db, ADMIN, PersonKind.CAREGIVER, "C-1", "asked", NOW)
    assert only(db.engine, tables.escalation_timer).due_at == NOW < later


def test_nobody_waits_for_a_forgotten_resident(db: SqlDatabase) -> None:
    an_event(db)
    persons.forget(db, ADMIN, PersonKind.RESIDENT, "R-1", "asked", NOW)
    assert only(db.engine, tables.subject).state == "stood_down"
    assert only(db.engine, tables.escalation_timer).state == "stopped"
    assert only(db.engine, tables.task).closed_at == NOW


def test_a_message_at_the_gateways_door_stops_the_forgetting_and_changes_nothing(
    db: SqlDatabase,
) -> None:
    add(db, _to_amina())
    claimed = claim(db)
    before = everything(db)
    with pytest.raises(StillSending, match="Try again"):
        persons.forget(db, ADMIN, PersonKind.RESIDENT, "R-1", "asked", NOW)
    assert everything(db) == before
    close(db, accepted(claimed[0]))
    persons.forget(db, ADMIN, PersonKind.RESIDENT, "R-1", "asked", NOW)


def test_a_result_that_comes_after_the_forgetting_harms_nothing(db: SqlDatabase) -> None:
    add(db, _to_amina())
    claimed = claim(db)
    close(db, accepted(claimed[0]))
    persons.forget(db, ADMIN, PersonKind.RESIDENT, "R-1", "asked", NOW)
    before = everything(db)
    close(db, accepted(claimed[0]))
    with db.transaction() as stores:
        reference = f"{claimed[0].id}.1"
        stores.outbox.receipt(reference, "SM-late", DeliveryStatus.DELIVERED, None, NOW)
    assert everything(db) == before


def test_messages_from_a_phone_that_others_use_too_stay(db: SqlDatabase) -> None:
    shared = replace(RAHIMA, phone=AMINA.phone)
    import_people(db, ADMIN, [], [(shared, LINKS[:1])], NOW)
    with db.transaction() as stores:
        stores.replies.keep("SM-in", "+12025550142", "1", NOW)
    assert persons.forget(db, ADMIN, PersonKind.RESIDENT, "R-1", "asked", NOW).messages == 0
    assert only(db.engine, tables.inbound).provider_id == "SM-in"


def test_a_stop_outlives_the_forgetting(db: SqlDatabase) -> None:
    with db.transaction() as stores:
        stores.people.suppress("+12025550142", NOW, "reply")
    persons.forget(db, ADMIN, PersonKind.RESIDENT, "R-1", "asked", NOW)
    with db.reading() as stores:
        assert stores.people.suppressed() == {"+12025550142"}


def test_consents_of_the_forgotten_count_and_name_nobody(db: SqlDatabase) -> None:
    persons.forget(db, ADMIN, PersonKind.RESIDENT, "R-1", "asked", NOW)
    left = [row for row in rows(db.engine, tables.consent) if row.person_kind == "resident"]
    assert len(left) == len(AMINA.consent.purposes)
    assert {row.giver_sealed for row in left} == {None}
    assert len({row.person_ref for row in left}) == 1


def test_a_resident_and_a_caregiver_of_one_ref_are_two_people(db: SqlDatabase) -> None:
    twin = replace(KARIM, ref="R-1", phone=Phone("+12025550149", KARIM.phone.sharing))  # type: ignore[union-attr]
    import_people(db, ADMIN, [], [(twin, ())], NOW)
    add(db, _to_amina())
    assert len(persons.held_of(db, ADMIN, "R-1")) == 2
    persons.forget(db, ADMIN, PersonKind.CAREGIVER, "R-1", "asked", NOW)
    (held,) = persons.held_of(db, ADMIN, "R-1")
    assert held.person == AMINA
    assert only(db.engine, tables.notice).recipient_ref == "R-1"
    with pytest.raises(NobodyHasRef):
        persons.forget(db, ADMIN, PersonKind.CAREGIVER, "R-1", "asked", NOW)


# --- export


class Taken:
    """Where an export goes in a test."""

    def __init__(self) -> None:
        self.people: list[Resident] = []
        self.carers: list[tuple[Caregiver, tuple[CareLink, ...]]] = []
        self.places: list[Any] = []

    def residents(self, people: Any) -> None:
        self.people += people

    def caregivers(self, people: Any) -> None:
        self.carers += [(who, tuple(links)) for who, links in people]

    def facilities(self, places: Any) -> None:
        self.places += places


def test_an_export_holds_everybody_and_stands_in_the_journal(db: SqlDatabase) -> None:
    taken = Taken()
    assert persons.export(db, ADMIN, taken, "yearly check", NOW) == {
        "residents": 2,
        "caregivers": 2,
        "facilities": 1,
    }
    assert taken.people == [AMINA, BARE]
    assert taken.carers == CARERS
    assert taken.places == [CLINIC]
    line = rows(db.engine, tables.journal)[-1]
    assert (line.event, line.details["reason"], line.details["residents"]) == (
        "exported",
        "yearly check",
        "2",
    )


def test_an_export_imported_again_changes_nothing(db: SqlDatabase) -> None:
    taken = Taken()
    persons.export(db, ADMIN, taken, "check", NOW)
    before = everything(db)
    report = import_people(db, ADMIN, taken.people, taken.carers, NOW)
    assert {noun: (one.added, one.changed) for noun, one in report.counts.items()} == {
        "residents": (0, 0),
        "caregivers": (0, 0),
    }
    assert everything(db) == before


def test_somebody_of_whom_nothing_else_is_known_is_forgotten_too(db: SqlDatabase) -> None:
    persons.forget(db, ADMIN, PersonKind.RESIDENT, "R-2", "asked", NOW)
    assert persons.find_by_ref(db, ADMIN, "R-2").hits == ()
