"""Overdue answers, on a real store: reminders, the desk, and nothing twice."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import notice, task
from carealert.adapters.sealing import Sealer
from carealert.domain.hazards import Hazard
from carealert.domain.notices import Notice, NoticeDraft, SubjectState
from carealert.domain.rules import RuleSet, SubjectKind
from carealert.services import following_up
from carealert.services.following_up import FollowUpResult, follow_up
from carealert.services.ports.text import Composer
from tests.services.test_alerting import OFFICE, RULES, alerted, register, states
from tests.support.builders import (
    NOW,
    a_caregiver,
    a_phone,
    a_resident,
    a_rule,
    a_warning,
    an_info,
    minutes,
    rules_of,
)
from tests.support.fakes import BrokenComposer, PlainComposer


@pytest.fixture
def db(sqlite_engine: Engine, sealer: Sealer) -> SqlDatabase:
    """Four people who have one caregiver, all told of one warning; a facility too."""
    return told_four(SqlDatabase(sqlite_engine, sealer))


def told_four(db: SqlDatabase) -> SqlDatabase:
    carer = a_caregiver(ref="c1", phone=a_phone(11))
    register(db, *((a_resident(ref=f"r{n}", phone=None), carer) for n in range(4)))
    alerted(db, a_warning())
    return db


def after(
    db: SqlDatabase,
    number: float,
    rules: RuleSet = RULES,
    composer: Composer | None = None,
) -> FollowUpResult:
    return follow_up(db, rules, composer or PlainComposer(), OFFICE, NOW + minutes(number))


def sent(db: SqlDatabase) -> list[tuple[str, str, int]]:
    """(recipient, kind, how many it is about) of what follow-up added."""
    query = select(notice.c.recipient_ref, notice.c.kind, notice.c.about).where(notice.c.step > 0)
    with db.engine.connect() as connection:
        return sorted((ref, kind, len(about)) for ref, kind, about in connection.execute(query))


def tasks(db: SqlDatabase) -> set[tuple[str, str]]:
    with db.engine.connect() as connection:
        return {(row.ref, row.what) for row in connection.execute(select(task))}


def answer(db: SqlDatabase, *refs: str) -> None:
    with db.transaction() as stores:
        incident = stores.warnings.get(1).incident
        for ref in refs:
            stores.escalations.set_state(
                incident, SubjectKind.RESIDENT, ref, SubjectState.SAFE, NOW
            )


def test_nothing_happens_before_its_time(db: SqlDatabase) -> None:
    assert after(db, 9.9) == FollowUpResult()


def test_silence_becomes_one_reminder_then_the_desk(engine: Engine, sealer: Sealer) -> None:
    db = told_four(SqlDatabase(engine, sealer))
    assert after(db, 10) == FollowUpResult(timers=4, notices=1, tasks=0)
    assert sent(db) == [("c1", "reminder", 4)]
    after(db, 20)  # the deputy of the facility
    assert after(db, 30) == FollowUpResult(timers=4, notices=1, tasks=4)
    assert ("desk", "desk", 4) in sent(db)
    assert {ref for ref, _ in tasks(db)} == {"r0", "r1", "r2", "r3"}
    found = states(db, 1)
    assert {found[SubjectKind.RESIDENT, f"r{n}"] for n in range(4)} == {SubjectState.WITH_DESK}
    after(db, 40)
    assert after(db, 9999) == FollowUpResult()


def test_following_up_again_does_nothing_twice(db: SqlDatabase) -> None:
    after(db, 10)
    assert after(db, 10) == FollowUpResult()
    assert sent(db) == [("c1", "reminder", 4)]


def test_who_answered_is_not_in_the_reminder(db: SqlDatabase) -> None:
    answer(db, "r0", "r2")
    assert after(db, 10).timers == 2
    assert sent(db) == [("c1", "reminder", 2)]


def test_a_facility_s_deputy_is_asked_and_then_the_desk(db: SqlDatabase) -> None:
    answer(db, "r0", "r1", "r2", "r3")
    after(db, 20)
    assert [(ref, about) for ref, _, about in sent(db)] == [("f1", 1)]
    after(db, 40)
    assert {ref for ref, _ in tasks(db)} == {"f1"}


def test_a_rule_that_is_gone_gives_every_case_to_the_desk(db: SqlDatabase) -> None:
    done = after(db, 10, rules=rules_of(a_rule(id="another")))
    assert (done.notices, done.tasks) == (0, 4)
    assert {what for _, what in tasks(db)} == {"the rule that was followed is gone"}


def test_a_chain_goes_on_by_the_rules_it_began_with(db: SqlDatabase) -> None:
    with db.reading() as stores:
        version = stores.outbox.rules_version(1)
    assert version == RULES.version
    kept = {RULES.version: RULES}.get
    now = NOW + minutes(10)
    another = replace(rules_of(a_rule(id="another")), version="another")
    done = follow_up(db, another, PlainComposer(), OFFICE, now, kept)
    assert (done.notices, done.tasks) == (1, 0)
    assert not tasks(db)


def test_a_reminder_that_cannot_be_written_gives_every_case_to_the_desk(db: SqlDatabase) -> None:
    done = after(db, 10, composer=BrokenComposer("reminder"))
    assert (done.notices, done.tasks) == (0, 4)
    found = states(db, 1)
    assert found[SubjectKind.RESIDENT, "r0"] is SubjectState.WITH_DESK
    with db.reading() as stores:
        assert "follow_up_failed" in {line.event for line in stores.journal.recent()}
    assert after(db, 30).timers >= 4, "the chain goes on"


def test_a_phone_that_said_stop_since_is_not_reminded(db: SqlDatabase) -> None:
    with db.transaction() as stores:
        stores.people.suppress(a_phone(11).number, NOW, "test")
    after(db, 10)
    assert {ref for ref, *_ in sent(db)} == {"desk"}


def test_a_crash_between_batches_loses_and_repeats_nothing(db: SqlDatabase) -> None:
    class DiesAtTheDesk(PlainComposer):
        def compose(self, drafts: Iterable[NoticeDraft]) -> Sequence[Notice]:
            drafts = list(drafts)
            if any(draft.step == 2 for draft in drafts):
                raise KeyboardInterrupt
            return super().compose(drafts)

    after(db, 10)
    before = sent(db)
    with pytest.raises(KeyboardInterrupt):
        after(db, 30, composer=DiesAtTheDesk())
    assert [entry for entry in sent(db) if entry[0] == "c1"] == before
    assert not tasks(db)
    assert after(db, 30).tasks == 4


def test_a_caregiver_is_reminded_once_where_a_batch_ends(
    db: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With room for five timers, those of another warning come whole in the next batch."""
    monkeypatch.setattr(following_up, "BATCH", 5)
    second = a_warning(an_info(hazard=Hazard.FLOOD), identifier="second", sent=NOW)
    alerted(db, second, NOW + minutes(1))
    assert after(db, 12).timers == 8
    assert sent(db) == [("c1", "reminder", 4), ("c1", "reminder", 4)]
