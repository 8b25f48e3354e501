"""What was kept long enough is erased, nothing younger, and counts stay; on both databases."""

from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, select, update

from carealert.adapters.db import tables
from carealert.adapters.db.engine import open_engine
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.access import Actor, Role
from carealert.domain.consents import ConsentRecord, ConsentStatus, Medium
from carealert.domain.people import Purpose
from carealert.domain.retention import Keep, agrees_to_nothing_since
from carealert.services import consenting, retention
from carealert.services.access import NotAllowed
from carealert.services.answering import receive_reply
from carealert.services.ports.consents import PersonKind
from carealert.services.retention import Erased
from tests.support.actors import ADMIN
from tests.support.builders import NOW, a_caregiver, a_link, a_phone
from tests.support.delivery import (
    StubComposer,
    a_timer,
    a_told,
    add,
    caregivers,
    claim,
    rows,
    send_all,
    start_timers,
)

DAY = timedelta(days=1)
KEEP = Keep()
LATER = NOW + 90 * DAY
CARER, RESIDENT = PersonKind.CAREGIVER, PersonKind.RESIDENT


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return caregivers(engine, sealer, 3)


def text_of(db: SqlDatabase, row: object) -> str:
    return db.sealer.open(row.text_sealed)  # type: ignore[attr-defined]


def test_a_text_becomes_a_hash_after_its_time_and_stays_one(db: SqlDatabase) -> None:
    add(db, a_told(0, body="CareAlert: a private text"))
    send_all(db)
    before = LATER - timedelta(seconds=1)
    assert retention.due(db, KEEP, before) == retention.erase(db, KEEP, before) == Erased()
    assert retention.due(db, KEEP, LATER) == Erased(texts=1)
    assert retention.erase(db, KEEP, LATER) == Erased(texts=1)
    (row,) = rows(db.engine, tables.notice)
    assert text_of(db, row).startswith("erased, sha256 ")
    assert (row.template, row.state, row.segments, row.erased_at) == (
        "care_alert",
        "sent",
        1,
        LATER,
    )
    assert retention.erase(db, KEEP, LATER + DAY) == Erased()
    assert text_of(db, rows(db.engine, tables.notice)[0]) == text_of(db, row)


def test_what_waits_or_is_waited_for_keeps_its_text(db: SqlDatabase) -> None:
    add(db, a_told(0), a_told(1))
    claim(db, limit=1)
    assert retention.erase(db, KEEP, LATER) == Erased()
    start_timers(db.engine, a_timer("r0"))
    with db.engine.begin() as connection:
        connection.execute(update(tables.notice).values(state="sent"))
        incident = connection.scalar(select(tables.notice.c.incident).limit(1))
        states = [{"incident": incident, "kind": "resident", "ref": "r0", "state": "waiting"}]
        connection.execute(tables.subject.insert(), [{**one, "since": LATER} for one in states])
    assert retention.erase(db, KEEP, LATER) == Erased()


def test_an_answer_leaves_what_was_understood(db: SqlDatabase) -> None:
    add(db, a_told(0))
    send_all(db)
    receive_reply(db, StubComposer(), "SM-1", a_phone(0).number, "1 we are safe", None, NOW)
    (before,) = rows(db.engine, tables.inbound)
    assert retention.erase(db, KEEP, LATER).answers == 1
    (row,) = rows(db.engine, tables.inbound)
    assert (row.meaning, row.notice_id) == (before.meaning, before.notice_id)
    assert db.sealer.open(row.body_sealed) == ""
    assert row.phone_hash != before.phone_hash
    again = receive_reply(db, StubComposer(), "SM-1", a_phone(0).number, "1", None, LATER)
    assert again.meaning == "repeated"


def agree(db: SqlDatabase, kind: PersonKind, ref: str, *records: ConsentRecord) -> None:
    with db.transaction() as stores:
        stores.consents.add(kind, {ref: records})


def record(status: ConsentStatus, at: int, purpose: Purpose = Purpose.ALERT_CARER) -> ConsentRecord:
    return ConsentRecord(purpose, status, NOW + at * DAY, Medium.PAPER)


def withdrawn(at: int) -> list[ConsentRecord]:
    return [record(ConsentStatus.WITHDRAWN, at, purpose) for purpose in Purpose]


def test_who_agrees_to_nothing_is_forgotten_after_a_month(db: SqlDatabase) -> None:
    agree(db, CARER, "c0", *withdrawn(1))
    agree(db, CARER, "c1", *withdrawn(1), record(ConsentStatus.GIVEN, 20))
    assert retention.erase(db, KEEP, NOW + 30 * DAY) == Erased()
    assert retention.due(db, KEEP, NOW + 31 * DAY) == Erased(people=1)
    assert retention.erase(db, KEEP, NOW + 31 * DAY) == Erased(people=1)
    with db.reading() as stores:
        assert stores.people.caregiver_refs() == frozenset({"c1", "c2"})
        line = stores.journal.recent(1)[0]
    assert (line.event, line.subject) == ("retention", "register")
    assert line.details == {"texts": "0", "answers": "0", "people": "1"}


def test_a_resident_stays_while_somebody_is_told_about_them(db: SqlDatabase) -> None:
    agree(db, RESIDENT, "r0", *withdrawn(1))
    assert retention.erase(db, KEEP, LATER) == Erased()
    agree(db, CARER, "c0", *withdrawn(2))
    later = NOW + 60 * DAY
    assert retention.erase(db, KEEP, later).people == 1  # the caregiver first
    assert retention.erase(db, KEEP, later).people == 1
    with db.reading() as stores:
        assert "r0" not in stores.people.resident_refs()


def test_who_is_being_written_to_is_found_by_the_next_run(db: SqlDatabase) -> None:
    agree(db, CARER, "c0", *withdrawn(1))
    add(db, a_told(0), now=NOW + 40 * DAY)
    with db.engine.begin() as connection:
        connection.execute(update(tables.notice).values(state="unknown"))
    assert retention.erase(db, KEEP, NOW + 40 * DAY) == Erased()
    with db.engine.begin() as connection:
        connection.execute(update(tables.notice).values(state="sent"))
    assert retention.erase(db, KEEP, NOW + 41 * DAY) == Erased(people=1)


def test_codes_that_nobody_sent_back_go(db: SqlDatabase) -> None:
    receive_reply(db, StubComposer(), "SM-1", a_phone(0).number, "DELETE", None, NOW)
    retention.erase(db, KEEP, NOW + timedelta(hours=23))
    assert len(rows(db.engine, tables.erasure)) == 1
    retention.erase(db, KEEP, NOW + timedelta(hours=24))
    assert rows(db.engine, tables.erasure) == []


def test_many_rows_go_in_small_steps(db: SqlDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "_BATCH", 2)
    with db.transaction() as stores:
        more = [a_caregiver(ref=f"c{n}", phone=a_phone(n)) for n in range(3, 7)]
        stores.people.put_caregivers(more, [a_link(f"c{n}", "r0") for n in range(3, 7)])
    add(db, *(a_told(n) for n in range(7)))
    send_all(db)
    assert retention.erase(db, KEEP, LATER).texts == 7
    assert {bool(row.erased_at) for row in rows(db.engine, tables.notice)} == {True}


def test_it_is_of_the_whole_city(db: SqlDatabase) -> None:
    part = Actor("part", Role.SOCIAL, frozenset({"BD1"}))
    for do in (retention.show_due, retention.erase_now):
        with pytest.raises(NotAllowed, match="whole city"):
            do(db, part, KEEP, LATER)
        assert do(db, ADMIN, KEEP, LATER) == Erased()


def test_an_erased_text_is_not_in_the_files_of_the_database(tmp_path: Path) -> None:
    """Sealed as it is, nobody with the key may find it there either: the bytes are looked for."""
    file = tmp_path / "office.db"
    engine = open_engine(f"sqlite:///{file}")
    tables.metadata.create_all(engine)
    db = caregivers(engine, Sealer(b"the secret of a test"), 3)
    add(db, *(a_told(n, body=f"CareAlert: text {n}") for n in range(3)))
    send_all(db)
    sealed = [bytes(row.text_sealed) for row in rows(engine, tables.notice)]
    engine.dispose()
    assert all(one in file.read_bytes() for one in sealed)
    retention.erase(db, KEEP, LATER)
    left = b"".join(path.read_bytes() for path in tmp_path.iterdir())
    assert not any(one in left for one in sealed)
    engine.dispose()


@pytest.mark.parametrize(
    ("records", "since"),
    [
        ([], None),
        ([record(ConsentStatus.REFUSED, 1)], None),
        ([record(ConsentStatus.GIVEN, 1)], None),
        ([record(ConsentStatus.GIVEN, 1), record(ConsentStatus.WITHDRAWN, 3)], 3),
        ([record(ConsentStatus.WITHDRAWN, 1), record(ConsentStatus.GIVEN, 3)], None),
        (
            [
                record(ConsentStatus.WITHDRAWN, 1),
                record(ConsentStatus.WITHDRAWN, 4, Purpose.ALERT_ME),
            ],
            4,
        ),
        (
            [
                ConsentRecord(
                    Purpose.ALERT_ME,
                    ConsentStatus.GIVEN,
                    NOW,
                    Medium.PAPER,
                    expires=NOW + 5 * DAY,
                )
            ],
            5,
        ),
    ],
)
def test_since_when_nothing_is_agreed_to(records: list[ConsentRecord], since: int | None) -> None:
    wanted = None if since is None else NOW + since * DAY
    assert agrees_to_nothing_since(records, NOW + 10 * DAY) == wanted


def test_withdrawing_by_an_officer_starts_the_time(db: SqlDatabase) -> None:
    purposes = list(Purpose)
    consenting.withdraw(db, ADMIN, CARER, "c0", purposes, Medium.VERBAL, NOW + 10 * DAY)
    assert retention.due(db, KEEP, NOW + 39 * DAY) == Erased()
    assert retention.due(db, KEEP, NOW + 40 * DAY) == Erased(people=1)
