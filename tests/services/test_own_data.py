"""INFO and DELETE by SMS: what is held is told, and erased for those alone who may ask."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest
from sqlalchemy import Engine, func, select

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.people import PhoneSharing
from carealert.services import consenting
from carealert.services.answering import ReplyOutcome, receive_reply
from carealert.services.consenting import Call, NotInRegister
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.records import JournalLine
from tests.support.actors import ADMIN
from tests.support.builders import NOW, a_caregiver, a_link, a_phone, a_resident, hours
from tests.support.delivery import StubComposer, a_told, add, claim, rows, send_all

HERS, SHARED, MANAGER = a_phone(0).number, a_phone(7).number, a_phone(3).number

CARER, RESIDENT = PersonKind.CAREGIVER, PersonKind.RESIDENT


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    """c0 alone cares for r0 on her own phone; c1 and r1 are told on one phone."""
    db = SqlDatabase(engine, sealer)
    with db.transaction() as stores:
        stores.people.put_residents(
            [
                a_resident(ref="r0", label="L0", phone=None),
                a_resident(ref="r1", label="L1", phone=a_phone(7)),
            ]
        )
        carers = [
            a_caregiver(ref="c0", phone=a_phone(0)),
            a_caregiver(ref="c1", phone=a_phone(7, PhoneSharing.SHARED_HOUSEHOLD)),
        ]
        stores.people.put_caregivers(carers, [a_link("c0", "r0"), a_link("c1", "r1")])
    return db


class Phone:
    """One phone that writes to us."""

    def __init__(self, db: SqlDatabase, number: str) -> None:
        self.db, self.number, self.said = db, number, 0

    def say(self, body: str, at: datetime = NOW) -> ReplyOutcome:
        self.said += 1
        sid = f"SM-{self.number}-{self.said}"
        return receive_reply(self.db, StubComposer(), sid, self.number, body, None, at)


def journal(db: SqlDatabase) -> Sequence[JournalLine]:
    with db.reading() as stores:
        return stores.journal.recent(10)


def test_info_tells_more_on_a_phone_of_one_s_own(db: SqlDatabase) -> None:
    assert Phone(db, HERS).say("INFO") == ReplyOutcome("info", "info_private & en 1")
    assert Phone(db, SHARED).say("info") == ReplyOutcome("info", "info & en 1")
    assert {line.subject for line in journal(db)} == {
        "caregiver:c0",
        "caregiver:c1",
        "resident:r1",
    }


def test_info_counts_those_whom_the_phone_is_told_about(db: SqlDatabase) -> None:
    with db.transaction() as stores:
        both = [a_link("c0", "r0"), a_link("c0", "r1")]
        stores.people.put_caregivers([a_caregiver(ref="c0", phone=a_phone(0))], both)
    assert Phone(db, HERS).say("INFO").text == "info_private & en 2"


def test_a_stranger_is_told_once_a_day_that_nothing_is_held(db: SqlDatabase) -> None:
    stranger = Phone(db, a_phone(9).number)
    assert stranger.say("INFO") == ReplyOutcome("unknown_sender", "info_nothing & ")
    for body in ("INFO", "DELETE", "DELETE 1234"):
        assert stranger.say(body, NOW + hours(23)) == ReplyOutcome("unknown_sender")
    assert stranger.say("hello", NOW + hours(48)) == ReplyOutcome("unknown_sender")
    assert stranger.say("DELETE", NOW + hours(49)).text == "info_nothing & "


def code_of(outcome: ReplyOutcome) -> str:
    assert outcome.meaning == "delete_asked"
    assert outcome.text is not None
    return outcome.text.rpartition(" ")[2]


def test_delete_asks_back_and_erases_with_the_code_alone(db: SqlDatabase) -> None:
    add(db, a_told(0))
    phone = Phone(db, HERS)
    code = code_of(phone.say("DELETE"))
    code = code_of(phone.say(f"DELETE {wrong(code)}"))
    assert phone.say(f"DELETE {code}") == ReplyOutcome("delete", "deleted & en")
    with db.reading() as stores:
        assert stores.people.caregiver_refs() == frozenset({"c1"})
    (waiting,) = rows(db.engine, tables.notice)
    assert (waiting.state, waiting.error_code) == ("cancelled", "forgotten")
    events = {(line.event, line.subject) for line in journal(db)}
    assert ("forgotten", "register") in events
    assert ("nobody_left_to_tell", "resident:r0") in events
    assert not any("c0" in line.subject for line in journal(db))
    assert phone.say("DELETE").meaning == "unknown_sender"


def test_a_code_is_good_for_a_day_and_once(db: SqlDatabase) -> None:
    phone = Phone(db, HERS)
    code = code_of(phone.say("DELETE"))
    again = phone.say(f"DELETE {code}", NOW + hours(24))
    assert again.meaning == "delete_asked"
    assert phone.say(f"DELETE {code_of(again)}", NOW + hours(25)).meaning == "delete"
    with db.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(tables.erasure)) == 0


def test_a_code_of_another_phone_erases_nothing(db: SqlDatabase) -> None:
    with db.transaction() as stores:
        other = a_caregiver(ref="c2", phone=a_phone(2))
        stores.people.put_caregivers([other], [a_link("c2", "r1")])
    code = code_of(Phone(db, HERS).say("DELETE"))
    assert Phone(db, a_phone(2).number).say(f"DELETE {code}").meaning == "delete_asked"
    with db.reading() as stores:
        assert len(stores.people.caregiver_refs()) == 3


def test_one_of_several_on_a_phone_does_not_erase_the_others(db: SqlDatabase) -> None:
    assert Phone(db, SHARED).say("DELETE") == ReplyOutcome("delete_shared", "delete_office & en")
    with db.reading() as stores:
        assert "c1" in stores.people.caregiver_refs()
    assert {line.event for line in journal(db)} == {"erasure_asked"}
    assert calls(db) == {(RESIDENT, "r1", Call.ERASURE), (CARER, "c1", Call.ERASURE)}
    assert calls(db, NOW + timedelta(days=30)) == set()


def calls(db: SqlDatabase, now: datetime = NOW) -> set[tuple[PersonKind, str, Call]]:
    return set(consenting.calls(db, ADMIN, now))


def test_a_call_that_was_made_is_off_the_list(db: SqlDatabase) -> None:
    Phone(db, SHARED).say("DELETE")
    consenting.called(db, ADMIN, CARER, "c1", NOW)
    assert calls(db) == set()
    assert journal(db)[0].event == "erasure_called"
    with pytest.raises(NotInRegister, match="No caregiver 'c1' waits for a call"):
        consenting.called(db, ADMIN, CARER, "c1", NOW)


def test_who_waits_for_a_code_is_nobody_to_call(db: SqlDatabase) -> None:
    code_of(Phone(db, HERS).say("DELETE"))
    assert calls(db) == set()
    with pytest.raises(NotInRegister):
        consenting.called(db, ADMIN, CARER, "c0", NOW)


def test_who_guesses_at_codes_erases_nobody(db: SqlDatabase) -> None:
    """The number of a text can be forged: after five wrong codes they are asked by voice."""
    phone = Phone(db, HERS)
    code = code_of(phone.say("DELETE"))
    for _ in range(4):
        code = code_of(phone.say(f"DELETE {wrong(code)}"))
    assert phone.say(f"DELETE {wrong(code)}").meaning == "delete_shared"
    assert calls(db) == {(CARER, "c0", Call.ERASURE)}
    assert phone.say(f"DELETE {code}", NOW + hours(25)).meaning == "delete_shared"
    with db.reading() as stores:
        assert "c0" in stores.people.caregiver_refs()


def wrong(code: str) -> str:
    return "0000" if code != "0000" else "1111"


def test_whom_a_warning_would_not_reach_is_on_the_list_of_calls(db: SqlDatabase) -> None:
    phone = Phone(db, HERS)
    phone.say(f"DELETE {code_of(phone.say('DELETE'))}")
    assert calls(db) == {(RESIDENT, "r0", Call.NOBODY)}


def test_what_is_being_sent_is_waited_for(db: SqlDatabase) -> None:
    add(db, a_told(0))
    claim(db)
    phone = Phone(db, HERS)
    code = code_of(phone.say("DELETE"))
    assert phone.say(f"DELETE {code}").meaning == "delete_asked"
    with db.reading() as stores:
        assert "c0" in stores.people.caregiver_refs()


def test_a_question_stays_open_beside_info(db: SqlDatabase) -> None:
    add(db, a_told(0))
    send_all(db)
    phone = Phone(db, HERS)
    phone.say("INFO", NOW + timedelta(seconds=1))
    assert phone.say("1", NOW + timedelta(seconds=2)).meaning == "safe"
