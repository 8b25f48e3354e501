"""One caregiver's answer settles it, and the others hear of it; on both databases."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

import pytest
from sqlalchemy import Engine, select

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import journal, notice, settled
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import Notice, NoticeDraft
from carealert.domain.people import Phone, PhoneSharing
from carealert.domain.warnings import MsgType, Reference
from carealert.services.answering import receive_reply
from carealert.services.following_up import follow_up
from carealert.services.ports.text import TemplateProblem
from carealert.services.settling import tell_the_others
from tests.services.test_alerting import OFFICE, RULES, alerted, register
from tests.support.builders import NOW, a_caregiver, a_link, a_phone, a_resident, a_warning, minutes
from tests.support.delivery import StubComposer, rows, send_all
from tests.support.fakes import PlainComposer

ANSWERED = NOW + minutes(2)
#: c1 and c2 care for both, c3 for the first one only; the first one has a phone of her own.
PHONES = {"c1": a_phone(11), "c2": a_phone(12), "c3": a_phone(13), "r1": a_phone(14)}


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    """Two people whose caregivers were told, and have the message."""
    return told(SqlDatabase(engine, sealer))


def told(db: SqlDatabase) -> SqlDatabase:
    registered(db)
    alerted(db, a_warning())
    send_all(db, NOW)
    return db


def registered(db: SqlDatabase, **phones: Phone) -> None:
    of = {**PHONES, **phones}
    carers = [a_caregiver(ref=ref, phone=of[ref]) for ref in ("c1", "c2", "c3")]
    first, second = a_resident(ref="r1", phone=PHONES["r1"]), a_resident(ref="r2", phone=None)
    register(db, (first, carers[0]), (second, carers[0]))
    links = [a_link("c1", "r1"), a_link("c1", "r2"), a_link("c2", "r1"), a_link("c2", "r2")]
    with db.transaction() as stores:
        stores.people.put_caregivers(carers, [*links, a_link("c3", "r1")])


class Mouth:
    """Sends replies with new ids."""

    def __init__(self, db: SqlDatabase) -> None:
        self.db, self.said = db, 0

    def says(self, who: str, body: str) -> None:
        self.said += 1
        sid, number = f"SM-in-{self.said}", PHONES[who].number
        receive_reply(self.db, StubComposer(), sid, number, body, None, ANSWERED)


@pytest.fixture
def mouth(db: SqlDatabase) -> Mouth:
    return Mouth(db)


def passed_on(db: SqlDatabase) -> list[tuple[str, str, tuple[str, ...]]]:
    """(recipient, template, whom about) of what the others hear."""
    query = select(notice).where(notice.c.kind == "settled")
    with db.engine.connect() as connection:
        found = connection.execute(query).all()
    return sorted((row.recipient_ref, row.template, tuple(sorted(row.about))) for row in found)


def settle(db: SqlDatabase, composer: PlainComposer | None = None) -> int:
    return tell_the_others(db, composer or PlainComposer(), OFFICE, ANSWERED)


def test_the_others_hear_that_somebody_is_safe(db: SqlDatabase, mouth: Mouth) -> None:
    mouth.says("c1", "1")
    assert settle(db) == 3
    assert passed_on(db) == [
        ("c2", "settled_safe", ("r1", "r2")),
        ("c3", "settled_safe", ("r1",)),
        ("r1", "settled_safe", ("r1",)),
    ]
    assert settle(db) == 0


def test_the_other_caregivers_hear_of_a_call_for_help_and_not_she_herself(
    db: SqlDatabase, mouth: Mouth
) -> None:
    mouth.says("c3", "2")
    settle(db)
    assert passed_on(db) == [("c1", "settled_help", ("r1",)), ("c2", "settled_help", ("r1",))]


def test_it_goes_out_at_once_and_is_no_question(db: SqlDatabase, mouth: Mouth) -> None:
    mouth.says("c1", "1")
    mouth.says("c2", "2")
    settle(db)
    found = [row for row in rows(db.engine) if row.kind == "settled"]
    asked = next(row for row in rows(db.engine) if row.kind == "alert")
    urgent = {"settled_safe": 1, "settled_help": min(1, asked.priority)}
    assert {row.template: row.priority for row in found} == urgent
    assert {(row.due_at, str(row.expected_replies)) for row in found} == {(ANSWERED, "{}")}


def test_who_hears_that_all_are_safe_can_still_say_that_it_is_not_so(
    db: SqlDatabase, mouth: Mouth
) -> None:
    mouth.says("c1", "1")
    settle(db)
    send_all(db, ANSWERED)
    mouth.says("c3", "2")
    assert settle(db) == 2
    with db.reading() as stores:
        incident = stores.warnings.get(1).incident
        found = {
            ref: state.value for (_, ref), state in stores.escalations.states(incident).items()
        }
    assert (found["r1"], found["r2"]) == ("needs_help", "safe")


def test_the_same_answer_again_tells_nobody_anything_new(db: SqlDatabase, mouth: Mouth) -> None:
    for who in ("c1", "c1", "c2"):
        mouth.says(who, "1")
        settle(db)
    assert [ref for ref, *_ in passed_on(db)] == ["c2", "c3", "r1"]


def test_who_shares_the_phone_that_answered_is_not_told_what_it_said(
    engine: Engine, sealer: Sealer
) -> None:
    db = SqlDatabase(engine, sealer)
    shared = replace(PHONES["c1"], sharing=PhoneSharing.SHARED_HOUSEHOLD)
    registered(db, c1=shared, c2=shared)
    alerted(db, a_warning())
    send_all(db, NOW)
    Mouth(db).says("c1", "1")
    settle(db)
    assert [ref for ref, *_ in passed_on(db)] == ["c3", "r1"]


def test_who_said_stop_since_hears_nothing(db: SqlDatabase, mouth: Mouth) -> None:
    mouth.says("c2", "STOP")
    mouth.says("c1", "1")
    settle(db)
    assert [ref for ref, *_ in passed_on(db)] == ["c3", "r1"]


def test_who_was_not_told_of_the_warning_hears_of_no_answer(db: SqlDatabase, mouth: Mouth) -> None:
    with db.transaction() as stores:
        late = a_caregiver(ref="c9", phone=a_phone(19))
        stores.people.put_caregivers([late], [a_link("c9", "r1")])
    mouth.says("c1", "1")
    settle(db)
    assert "c9" not in {ref for ref, *_ in passed_on(db)}


def test_nobody_is_reminded_after_it(db: SqlDatabase, mouth: Mouth) -> None:
    mouth.says("c1", "1")
    settle(db)
    follow_up(db, RULES, PlainComposer(), OFFICE, NOW + minutes(40))
    later = [row for row in rows(db.engine) if row.step > 0]
    assert {ref for row in later for ref in row.about} == {"f1"}


def test_a_call_for_help_is_not_superseded_by_an_update(db: SqlDatabase, mouth: Mouth) -> None:
    mouth.says("c1", "2")
    settle(db)
    with db.engine.connect() as connection:
        key = connection.execute(select(notice.c.incident).limit(1)).scalar_one()

    first = a_warning()
    update = replace(
        first,
        identifier="second",
        msg_type=MsgType.UPDATE,
        references=(Reference(first.sender, first.identifier, first.sent),),
        sent=first.sent + minutes(1),
    )
    alerted(db, update, ANSWERED)
    kept = [row.state for row in rows(db.engine) if row.kind == "settled"]
    assert kept == ["ready", "ready"]
    assert {row.incident for row in rows(db.engine)} == {key}


class BreaksOnce(PlainComposer):
    """Dies the first time, as a process does."""

    def __init__(self) -> None:
        self.calls = 0

    def compose(self, drafts: Iterable[NoticeDraft]) -> Sequence[Notice]:
        self.calls += 1
        if self.calls == 1:
            raise KeyboardInterrupt
        return super().compose(drafts)


def test_a_crash_in_between_loses_and_repeats_nothing(db: SqlDatabase, mouth: Mouth) -> None:
    mouth.says("c1", "1")
    composer = BreaksOnce()
    with pytest.raises(KeyboardInterrupt):
        settle(db, composer)
    assert passed_on(db) == []
    assert settle(db, composer) == 3


class Unwritable(PlainComposer):
    """A template is broken."""

    def compose(self, drafts: Iterable[NoticeDraft]) -> Sequence[Notice]:
        raise TemplateProblem(f"{len(list(drafts))} drafts have no template")


def test_an_answer_that_cannot_be_told_is_on_the_screen_and_holds_up_nothing(
    db: SqlDatabase, mouth: Mouth
) -> None:
    mouth.says("c1", "1")
    assert settle(db, Unwritable()) == 0
    assert not rows(db.engine, settled)
    assert "settling_failed" in {row.event for row in rows(db.engine, journal)}


def test_an_answer_whose_message_is_gone_is_dropped(db: SqlDatabase) -> None:
    with db.transaction() as stores:
        stores.settling.note("gone", "safe", ["r1"], NOW)
    assert settle(db) == 0
    assert not rows(db.engine, settled)
