"""What is kept for a time only: ended when its time is over, never before, and only once."""

import json
import tempfile
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, update

from carealert.adapters.db import tables
from carealert.adapters.db.engine import open_engine
from carealert.adapters.db.retention import scrub
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.access import Actor, Role
from carealert.domain.consents import ConsentRecord, ConsentStatus, Medium
from carealert.domain.notices import Notice, RecipientKind, SubjectState
from carealert.domain.people import Purpose
from carealert.domain.retention import Fate, Kept
from carealert.domain.rules import SubjectKind
from carealert.services import retention
from carealert.services.access import NotAllowed
from carealert.services.ports.consents import PersonKind
from carealert.services.registering import import_people
from carealert.services.retention import Keeping
from tests.support.actors import ADMIN
from tests.support.builders import (
    NOW,
    a_caregiver,
    a_consent,
    a_draft,
    a_link,
    a_notice,
    a_phone,
    a_recipient,
    a_resident,
)
from tests.support.delivery import a_timer, a_told, add, rows, send_all, start_timers, store_warning

DAY = timedelta(days=1)
KEEPING = Keeping(
    {Kept.TEXTS: 90 * DAY, Kept.ANSWERS: 90 * DAY, Kept.CONTACTS: 30 * DAY}, timedelta(hours=12)
)
LATER = NOW + 91 * DAY


def nothing_to_scrub() -> bool:
    return True


def run(db: SqlDatabase, now: Any = LATER) -> retention.Done:
    return retention.keep_to(db, ADMIN, KEEPING, nothing_to_scrub, now)


def register(db: SqlDatabase, many: int = 2) -> None:
    """Residents r0… with phones of their own, each with a caregiver c0…; all agree to all."""
    homes = [
        a_resident(ref=f"r{n}", name=f"Zz Amina {n}", notes="Zznote", phone=a_phone(100 + n))
        for n in range(many)
    ]
    carers = [
        (
            a_caregiver(ref=f"c{n}", name=f"Zz Karim {n}", phone=a_phone(n)),
            [a_link(f"c{n}", f"r{n}")],
        )
        for n in range(many)
    ]
    import_people(db, ADMIN, homes, carers, NOW)


def withdraw(db: SqlDatabase, kind: PersonKind, ref: str, at: Any = NOW) -> None:
    records = [ConsentRecord(one, ConsentStatus.WITHDRAWN, at, Medium.VERBAL) for one in Purpose]
    with db.transaction() as stores:
        stores.consents.add(kind, {ref: records})


def answer(db: SqlDatabase, key: str, number: int = 0, at: Any = NOW, notice: Any = None) -> None:
    with db.transaction() as stores:
        stores.replies.keep(key, a_phone(number).number, f"Zzanswer {key}", at)
        stores.replies.understood(key, "safe", notice)


def told_resident(number: int) -> Notice:
    recipient = a_recipient(
        kind=RecipientKind.RESIDENT, ref=f"r{number}", phone=a_phone(100 + number)
    )
    return a_notice(a_draft(recipient=recipient, rule="own"), f"Zztext to r{number}")


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    db = SqlDatabase(engine, sealer)
    register(db)
    return db


def text_of(db: SqlDatabase, row: Any) -> str:
    return db.sealer.open(bytes(row.text_sealed))


# --- texts and answers


def test_an_old_text_becomes_its_template_and_a_keyed_hash(db: SqlDatabase) -> None:
    add(db, a_told(0, body="Zztext one"), a_told(1, body="Zztext two"))
    send_all(db)
    before = {row.id: row for row in rows(db.engine)}
    done = run(db)
    assert (done.texts, done.answers, done.erased, done.stripped) == (2, 0, 0, 0)
    hashes = set()
    for row in rows(db.engine):
        was = before[row.id]
        assert text_of(db, row) == ""
        assert len(row.facts["parameters"]) == 64
        hashes.add(row.facts["parameters"])
        assert (row.facts["hazard"], row.facts["event"], row.facts["places"]) == (
            was.facts["hazard"],
            "",
            {},
        )
        kept = was._asdict() | {
            "facts": row.facts,
            "text_sealed": row.text_sealed,
            "erased_at": LATER,
        }
        assert row._asdict() == kept, "template, counts, states and times stay"
    assert len(hashes) == 2
    other = Sealer(b"the secret of another office")
    with_other = SqlDatabase(db.engine, other).sealer.digest("x")
    assert with_other != db.sealer.digest("x"), "nobody without the key can try texts out"


def test_a_text_of_the_last_day_stays(db: SqlDatabase) -> None:
    add(db, a_told(0, body="Zztext one"))
    send_all(db)
    before = rows(db.engine)
    assert run(db, NOW + 90 * DAY).texts == 0
    assert rows(db.engine) == before
    assert run(db, NOW + 90 * DAY + timedelta(seconds=1)).texts == 1


def test_an_old_answer_loses_its_text_and_keeps_its_meaning(db: SqlDatabase) -> None:
    answer(db, "SM-1")
    answer(db, "SM-2", at=NOW + 2 * DAY)
    assert run(db).answers == 1
    old, young = rows(db.engine, tables.inbound)
    assert (old.provider_id, old.meaning, old.received_at) == ("SM-1", "safe", NOW)
    assert db.sealer.open(bytes(old.body_sealed)) == ""
    assert db.sealer.open(bytes(young.body_sealed)) == "Zzanswer SM-2"
    assert (old.erased_at, young.erased_at) == (LATER, None)
    assert run(db).answers == 0


@pytest.mark.parametrize("what", ["pending", "waiting", "long warning", "onset ahead"])
def test_nothing_of_an_open_incident_is_touched(db: SqlDatabase, what: str) -> None:
    add(db, a_told(0, body="Zztext one"))
    (claimed,) = send_all(db)
    answer(db, "SM-1", notice=claimed.id)
    withdraw(db, PersonKind.CAREGIVER, "c0")
    if what == "pending":
        add(db, a_told(1, step=1, due_at=LATER + DAY), now=LATER)
    elif what == "waiting":
        start_timers(db.engine, a_timer("r0"))
        with db.transaction() as stores:
            waits = SubjectState.WAITING
            stores.escalations.set_state("incident-1", SubjectKind.RESIDENT, "r0", waits, NOW)
    else:
        info = {"expires": (LATER + DAY).isoformat()}
        if what == "onset ahead":
            info = {"onset": (LATER - timedelta(hours=11)).isoformat()}
        with db.engine.begin() as connection:
            key = store_warning(connection)
            connection.execute(
                update(tables.warning)
                .where(tables.warning.c.id == key)
                .values(body={"infos": [info]})
            )
    watched = (tables.notice, tables.inbound, tables.caregiver, tables.consent)
    before = [rows(db.engine, table) for table in watched]
    found = retention.due(db, ADMIN, KEEPING, LATER)
    assert (found.count, found.held_texts, found.held_answers) == (0, 1, 1)
    assert [(one.ref, one.held) for one in found.people] == [("c0", True)]
    done = run(db)
    assert (done.texts, done.answers, done.erased, done.held) == (0, 0, 0, 3)
    assert [rows(db.engine, table) for table in watched] == before


def test_whoever_was_told_long_ago_is_told_of_a_later_warning_anew(db: SqlDatabase) -> None:
    add(db, a_told(0))
    send_all(db)
    with db.reading() as stores:
        assert stores.outbox.history("incident-1", 1).told
    run(db)
    with db.reading() as stores:
        assert stores.outbox.history("incident-1", 1).told == {}


# --- people


def test_who_withdrew_everything_is_forgotten_a_month_later(db: SqlDatabase) -> None:
    add(db, a_told(0, body="Zztext one"))
    send_all(db)
    answer(db, "SM-1")
    withdraw(db, PersonKind.CAREGIVER, "c0")
    assert run(db, NOW + 29 * DAY).erased == 0
    found = retention.due(db, ADMIN, KEEPING, NOW + 31 * DAY)
    assert [(one.ref, one.verdict.fate) for one in found.people] == [("c0", Fate.ERASE)]
    done = run(db, NOW + 31 * DAY)
    assert (done.erased, done.nobody_left) == (1, 1)
    with db.reading() as stores:
        assert stores.people.caregiver_refs() == {"c1"}
        assert stores.people.resident_refs() == {"r0", "r1"}
        assert stores.people.owners_of(a_phone(0).number) == []
    (row,) = rows(db.engine)
    assert row.recipient_ref.startswith("gone-")
    assert len(rows(db.engine, tables.inbound)) == 1


def test_whose_phone_said_stop_is_forgotten_a_month_later_and_the_stop_stays(
    db: SqlDatabase,
) -> None:
    consent = a_consent(Purpose.ALERT_CARER)
    carer = a_caregiver(ref="c9", phone=a_phone(9), consent=consent), [a_link("c9", "r0")]
    import_people(db, ADMIN, [], [carer], NOW)
    with db.transaction() as stores:
        stores.people.suppress(a_phone(9).number, NOW, "reply")
        stores.people.suppress(a_phone(1).number, NOW, "reply")
    assert run(db, NOW + 29 * DAY).erased == 0
    assert run(db, NOW + 31 * DAY).erased == 1
    with db.reading() as stores:
        assert stores.people.caregiver_refs() == {"c0", "c1"}, "c1 agrees to P3 to P6 still"
        assert a_phone(9).number in stores.people.suppressed()


def test_a_resident_whom_a_caregiver_is_told_about_keeps_what_that_needs(db: SqlDatabase) -> None:
    add(db, told_resident(0), a_told(0, body="Zztext of a carer"))
    send_all(db)
    answer(db, "SM-1", number=100)
    withdraw(db, PersonKind.RESIDENT, "r0")
    now = NOW + 31 * DAY
    (due,) = retention.due(db, ADMIN, KEEPING, now).people
    assert (due.ref, due.verdict.fate, due.verdict.kept_by) == ("r0", Fate.STRIP, ("c0",))
    assert (run(db, now).stripped, run(db, now).stripped) == (1, 0)
    with db.reading() as stores:
        (home,) = stores.people.residents(["r0"])
        assert stores.people.owners_of(a_phone(100).number) == []
    assert (home.name, home.phone, home.notes, home.consent.giver) == (None, None, None, None)
    was = a_resident(ref="r0")
    assert (home.label, home.lat, home.needs, home.area_code) == (
        was.label,
        was.lat,
        was.needs,
        was.area_code,
    )
    own, carers = sorted(rows(db.engine), key=lambda row: row.rule)
    assert (own.recipient_ref, text_of(db, own)) == ("r0", "")
    assert db.sealer.open(bytes(own.phone_sealed)) == ""
    assert text_of(db, carers) == "Zztext of a carer"
    (heard,) = rows(db.engine, tables.inbound)
    assert db.sealer.open(bytes(heard.body_sealed)) == ""
    withdraw(db, PersonKind.CAREGIVER, "c0", now)
    assert run(db, now + 31 * DAY).erased == 2, "then neither has a ground"


def test_who_was_forgotten_is_not_due_for_ever(db: SqlDatabase) -> None:
    withdraw(db, PersonKind.CAREGIVER, "c0")
    run(db, NOW + 31 * DAY)
    assert retention.overdue(db, KEEPING, NOW + 800 * DAY).count == 0


def test_who_agreed_again_since_the_list_was_made_stays(
    db: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    withdraw(db, PersonKind.CAREGIVER, "c0")
    withdraw(db, PersonKind.CAREGIVER, "c1")
    now = NOW + 31 * DAY
    end, again = (
        retention._end_person,
        ConsentRecord(Purpose.ALERT_CARER, ConsentStatus.GIVEN, now, Medium.SMS, expires=LATER),
    )

    def agree_meanwhile(stores: Any, one: Any, *rest: Any) -> Any:
        done = end(stores, one, *rest)
        stores.consents.add(PersonKind.CAREGIVER, {"c1": [again]})
        return done

    monkeypatch.setattr(retention, "_end_person", agree_meanwhile)
    assert run(db, now).erased == 1
    with db.reading() as stores:
        assert stores.people.caregiver_refs() == {"c1"}


def test_who_agrees_again_stays(db: SqlDatabase) -> None:
    withdraw(db, PersonKind.CAREGIVER, "c0")
    again = ConsentRecord(
        Purpose.ALERT_CARER, ConsentStatus.GIVEN, NOW + 20 * DAY, Medium.SMS, expires=LATER + DAY
    )
    with db.transaction() as stores:
        stores.consents.add(PersonKind.CAREGIVER, {"c0": [again]})
    assert run(db).erased == 0


# --- runs


def test_a_run_leaves_one_line_of_counts(db: SqlDatabase) -> None:
    add(db, a_told(0))
    send_all(db)
    withdraw(db, PersonKind.CAREGIVER, "c1")
    before = len(rows(db.engine, tables.journal))
    run(db)
    (line,) = rows(db.engine, tables.journal)[before:]
    assert (line.event, line.subject) == ("retention", "register")
    assert line.details == {
        "by": "test",
        "texts": "1",
        "answers": "0",
        "erased": "1",
        "stripped": "0",
        "held": "0",
        "nobody_left": "1",
    }


def test_the_night_has_one_run_and_a_missed_one_is_made_up_for(db: SqlDatabase) -> None:
    zone = ZoneInfo("Asia/Dhaka")  # UTC+6

    def tick(now: Any) -> Any:
        return retention.nightly(db, KEEPING, nothing_to_scrub, zone, now)

    assert tick(NOW) is not None
    assert tick(NOW + timedelta(hours=13)) is None
    assert tick(NOW + timedelta(hours=14)) is not None
    assert tick(NOW + timedelta(hours=15)) is None
    assert tick(NOW + 5 * DAY) is not None


def test_a_run_that_broke_off_is_taken_up(db: SqlDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    add(db, *(a_told(n, rule=f"rule-{n}") for n in range(5)))
    send_all(db)
    monkeypatch.setattr(retention, "BATCH", 2)

    def broken(*_: Any) -> Any:
        raise OSError("power cut")

    with monkeypatch.context() as patch:
        patch.setattr(retention, "end_contacts", broken)
        patch.setattr(retention, "end_answers", broken)
        with pytest.raises(OSError, match="power cut"):
            retention.nightly(db, KEEPING, nothing_to_scrub, ZoneInfo("UTC"), LATER)
    assert all("parameters" in row.facts for row in rows(db.engine))
    done = retention.nightly(db, KEEPING, nothing_to_scrub, ZoneInfo("UTC"), LATER)
    assert done is not None, "a night that was not finished is not done"
    assert done.texts == 0


def test_what_is_two_days_late_is_overdue(db: SqlDatabase) -> None:
    add(db, a_told(0))
    send_all(db)
    assert retention.overdue(db, KEEPING, NOW + 92 * DAY).count == 0
    assert retention.overdue(db, KEEPING, NOW + 92 * DAY + timedelta(hours=1)).count == 1


def test_an_officer_of_a_part_of_the_city_does_not_run_it(db: SqlDatabase) -> None:
    of_a_part = Actor("A", Role.ADMIN, frozenset({"BD1004"}))
    with pytest.raises(NotAllowed):
        retention.keep_to(db, of_a_part, KEEPING, nothing_to_scrub, NOW)
    with pytest.raises(NotAllowed):
        retention.due(db, of_a_part, KEEPING, NOW)


# --- files


def test_deleted_text_is_in_neither_the_file_nor_the_log(
    sqlite_engine: Engine, sealer: Sealer
) -> None:
    db = SqlDatabase(sqlite_engine, sealer)
    register(db)
    facts = replace(a_draft().facts, event="Zzmarker storm")
    add(db, *(a_told(n % 2, rule=f"rule-{n}", facts=facts, body="Zz" * 200) for n in range(40)))
    send_all(db)
    for n in range(40):
        answer(db, f"SM-{n}")
    withdraw(db, PersonKind.CAREGIVER, "c0")
    sealed = [bytes(row.text_sealed) for row in rows(sqlite_engine)]
    sealed += [bytes(row.body_sealed) for row in rows(sqlite_engine, tables.inbound)]
    sealed += [
        bytes(r.phone_sealed) for r in rows(sqlite_engine, tables.caregiver) if r.ref == "c0"
    ]
    path = Path(str(sqlite_engine.url.database))

    def found() -> int:
        held = b"".join(
            file.read_bytes() for file in path.parent.glob(f"{path.name}*") if file.is_file()
        )
        return sum(one in held for one in [*sealed, b"Zzmarker"])

    assert found() == len(sealed) + 1, "else the search is blind"
    done = retention.keep_to(db, ADMIN, KEEPING, lambda: scrub(sqlite_engine), LATER)
    assert (done.texts, done.erased, done.scrubbed) == (40, 1, True)
    assert found() == 0


def test_who_reads_meanwhile_delays_the_emptying_of_the_log(
    sqlite_engine: Engine, sealer: Sealer
) -> None:
    db = SqlDatabase(sqlite_engine, sealer)
    register(db)
    with db.reading() as stores:
        stores.people.counts()
        withdraw(db, PersonKind.CAREGIVER, "c0")
        assert not scrub(sqlite_engine)
    assert scrub(sqlite_engine)


# --- any history, any order

KINDS = ("texts", "answers", "contacts")


def _world(engine: Engine, sealer: Sealer, events: list[tuple[str, int, int]]) -> SqlDatabase:
    db = SqlDatabase(engine, sealer)
    register(db)
    for number, (what, who, day) in enumerate(events):
        at = NOW + day * DAY
        if what == "told":
            add(db, a_told(who, incident=f"i{number}", due_at=at, expires_at=at + DAY), now=at)
            send_all(db, at)
        elif what == "told resident":
            draft = replace(told_resident(who).draft, incident=f"i{number}", due_at=at)
            add(db, a_notice(replace(draft, expires_at=at + DAY), "Zztext"), now=at)
            send_all(db, at)
        elif what == "answer":
            answer(db, f"SM-{number}", who, at)
        elif what == "stop":
            with db.transaction() as stores:
                stores.people.suppress(a_phone(who).number, at, "reply")
        else:
            kind = PersonKind.RESIDENT if what == "resident" else PersonKind.CAREGIVER
            with db.reading() as stores:
                is_there = stores.retention.person(kind, f"{kind[0]}{who}")
            if is_there:
                withdraw(db, kind, f"{kind[0]}{who}", at)
    return db


def _state(db: SqlDatabase) -> dict[str, list[Any]]:
    """Every row, with what is random (tokens, seals, ids that follow from them) made equal."""
    found = {}
    for table in tables.metadata.sorted_tables:
        if table.name == "journal":
            continue
        seen = []
        for row in rows(db.engine, table):
            values = {}
            for name, value in row._mapping.items():
                if name.endswith("_sealed") and value is not None:
                    values[name] = db.sealer.open(bytes(value))
                elif name in ("phone_hash", "id", "notice_id", "idempotency_key", "provider_id"):
                    continue
                else:
                    shown = json.dumps(value, default=str, sort_keys=True)
                    values[name] = "gone" if "gone-" in shown else shown
            seen.append(sorted(values.items(), key=str))
        found[table.name] = sorted(seen, key=str)
    return found


def _part(db: SqlDatabase, which: str, now: Any) -> None:
    if which == "texts":
        retention.end_texts(db, KEEPING, now)
    elif which == "answers":
        retention.end_answers(db, KEEPING, now)
    else:
        retention.end_contacts(db, KEEPING, now)


ALL_OF_IT = [
    *(("told", n, 0) for n in (0, 1)),
    *(("told resident", n, 1) for n in (0, 1)),
    *(("answer", n, 2) for n in (0, 1)),
    *(("resident", n, 3) for n in (0, 1)),
    ("caregiver", 0, 4),
]


def test_each_order_of_the_three_leaves_the_same_rows(sealer: Sealer, tmp_path: Path) -> None:
    """r0 and c0 are forgotten, r1 stays for c1; texts were reduced before that, or after."""
    states = []
    for number, parts in enumerate(permutations(KINDS)):
        engine = open_engine(f"sqlite:///{tmp_path / str(number)}.db")
        tables.metadata.create_all(engine)
        db = _world(engine, sealer, ALL_OF_IT)
        for part in parts:
            _part(db, part, NOW + 130 * DAY)
        states.append(_state(db))
        refs = {row.ref for row in rows(engine, tables.resident)}
        assert refs == {"r1"}
        engine.dispose()
    assert all(state == states[0] for state in states)


EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["told", "told resident", "answer", "stop", "resident", "caregiver"]),
        st.integers(0, 1),
        st.integers(0, 120),
    ),
    max_size=8,
).map(lambda events: sorted(events, key=lambda event: event[2]))


@settings(max_examples=8, deadline=None)
@given(
    EVENTS,
    st.permutations(KINDS),
    st.lists(st.sampled_from(KINDS), max_size=3),
    st.integers(0, 170),
)
def test_any_order_of_runs_gives_the_same_rows_and_touches_nothing_younger(
    sqlite_template: Path,
    sealer: Sealer,
    events: list[tuple[str, int, int]],
    order: list[str],
    more: list[str],
    day: int,
) -> None:
    now = NOW + day * DAY
    events = [event for event in events if event[2] <= day]
    with tempfile.TemporaryDirectory() as folder:
        states = []
        for number, parts in enumerate([KINDS, (*more, *order, *KINDS)]):
            path = Path(folder, f"{number}.db")
            path.write_bytes(sqlite_template.read_bytes())
            engine = open_engine(f"sqlite:///{path}")
            db = _world(engine, sealer, events)
            ages = {
                row.id: (row, bytes(row.text_sealed))
                for row in rows(engine)
                if row.created_at >= now - 30 * DAY
            }
            for part in parts:
                _part(db, part, now)
            states.append(_state(db))
            after = {row.id: row for row in rows(engine)}
            assert all(
                after[key].facts == was.facts and bytes(after[key].text_sealed) == text
                for key, (was, text) in ages.items()
                if key in after  # whoever is forgotten takes texts to and about them along
                and after[key].phone_hash == was.phone_hash
                and after[key].about == was.about
            )
            with db.reading() as stores:
                held = stores.retention.texts(now - 90 * DAY)
            assert not held, "every text whose time is over is gone"
            engine.dispose()
    assert states[0] == states[1]
