"""Whatever happens in whatever order: who withdrew is sent nothing after that moment."""

from collections.abc import Callable
from datetime import UTC, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.consents import ConsentRecord, ConsentStatus, Medium
from carealert.domain.people import Caregiver, CareLink, Purpose
from carealert.domain.warnings import MsgType
from carealert.services import (
    alerting,
    consenting,
    following_up,
    persons,
    registering,
)
from carealert.services.alerting import OfficeSettings
from carealert.services.answering import receive_reply
from carealert.services.consent_asking import ask_again
from carealert.services.consenting import NotInRegister
from carealert.services.persons import NobodyHasRef
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.feeds import NewDocument
from carealert.services.ports.outbox import FailureAction
from carealert.services.ports.registry import StillSending
from tests.support.actors import ADMIN
from tests.support.builders import (
    NOW,
    a_caregiver,
    a_chain,
    a_consent,
    a_link,
    a_phone,
    a_resident,
    a_rule,
    a_warning,
    rules_of,
)
from tests.support.delivery import (
    FakeChannel,
    StubComposer,
    deliver_batch,
    failing,
    reap_and_reconcile,
)
from tests.support.fresh import FreshDatabases

PEOPLE = 3
CARER = PersonKind.CAREGIVER
OFFICE = OfficeSettings(default_language="en", time_zone=UTC)
RULES = rules_of(a_rule(escalate=a_chain(5, 15)))
#: Each thing that happens takes so long; consents end soon enough to be asked for again.
STEP, ENDS = timedelta(minutes=4), NOW + timedelta(days=20)


class City:
    """Three caregivers with a phone each, a gateway, and who may be written to."""

    def __init__(self, db: SqlDatabase) -> None:
        self.db, self.now, self.said, self.messages = db, NOW, 0, 0
        self.channel = FakeChannel()
        self.takes = self.channel.then
        self.agrees, self.stopped = set(range(PEOPLE)), set[int]()
        self.code: dict[int, str] = {}
        homes = [a_resident(ref=f"r{n}", label=f"L{n}", phone=None) for n in range(PEOPLE)]
        registering.import_people(db, ADMIN, homes, [self.carer(n) for n in range(PEOPLE)], NOW)

    @staticmethod
    def carer(n: int) -> tuple[Caregiver, list[CareLink]]:
        consent = a_consent(expires=ENDS)
        return a_caregiver(ref=f"c{n}", phone=a_phone(n), consent=consent), [
            a_link(f"c{n}", f"r{n}")
        ]

    def go_on(self) -> None:
        """Time passes, everything that is due runs, and the gateway hears from nobody else."""
        self.now += STEP
        alerting.plan_waiting(self.db, RULES, StubComposer(), OFFICE, self.now)
        following_up.follow_up(self.db, RULES, StubComposer(), OFFICE, self.now)
        reap_and_reconcile(self.db, self.channel, self.now)
        before = len(self.channel.sent)
        deliver_batch(self.db, self.channel, "w", lambda: self.now, limit=50, concurrency=1)
        allowed = {a_phone(n).number for n in self.agrees - self.stopped}
        assert {message.to for message in self.channel.sent[before:]} <= allowed

    def warn(self, _: int) -> None:
        self.messages += 1
        self._receive(a_warning(identifier=f"w{self.messages}", sent=self.now))

    def cancel(self, _: int) -> None:
        self.messages += 1
        self._receive(
            a_warning(identifier=f"w{self.messages}", sent=self.now, msg_type=MsgType.CANCEL)
        )

    def _receive(self, warning: object) -> None:
        with self.db.transaction() as stores:
            document = NewDocument(f"d{self.messages}", None, b"x", None)
            (kept,) = stores.feeds.keep_documents(None, [document], self.now)
            stores.warnings.save(warning, kept, self.now)  # type: ignore[arg-type]

    def withdraw(self, n: int) -> None:
        purposes = [Purpose.ALERT_CARER]
        try:
            consenting.withdraw(self.db, ADMIN, CARER, f"c{n}", purposes, Medium.VERBAL, self.now)
        except NotInRegister:
            return
        self.agrees.discard(n)

    def give(self, n: int) -> None:
        given = ConsentRecord(
            Purpose.ALERT_CARER, ConsentStatus.GIVEN, self.now, Medium.PAPER, expires=ENDS
        )
        try:
            consenting.give(self.db, ADMIN, CARER, f"c{n}", [given], self.now)
        except NotInRegister:
            return
        self.agrees.add(n)

    def stop(self, n: int) -> None:
        self.say(n, "STOP")
        self.stopped.add(n)

    def start(self, n: int) -> None:
        self.say(n, "START")
        self.stopped.discard(n)

    def delete(self, n: int) -> None:
        text = self.say(n, "DELETE")
        if text and text.startswith("delete_confirm"):
            done = self.say(n, f"DELETE {text.rpartition(' ')[2]}")
            if done and done.startswith("deleted"):
                self.agrees.discard(n)

    def forget(self, n: int) -> None:
        try:
            persons.forget(self.db, ADMIN, CARER, f"c{n}", "asked on paper", self.now)
        except (NobodyHasRef, StillSending):
            return
        self.agrees.discard(n)

    def register(self, n: int) -> None:
        """A file that says they agree: it counts for somebody new alone."""
        is_new = not persons.find_by_ref(self.db, ADMIN, f"c{n}").hits
        registering.import_people(self.db, ADMIN, [], [self.carer(n)], self.now)
        if is_new:
            self.agrees.add(n)

    def renew(self, n: int) -> None:
        ask_again(self.db, StubComposer(), OFFICE, 10, self.now)
        self.go_on()
        text = self.say(n, "2")
        if text and text.startswith("consent_ended"):
            self.agrees.discard(n)

    def gateway_fails(self, n: int) -> None:
        actions = (FailureAction.RETRY, FailureAction.UNKNOWN, FailureAction.UNREACHABLE)
        self.channel.then = failing(actions[n])

    def gateway_works(self, _: int) -> None:
        self.channel.then = self.takes

    def say(self, n: int, body: str) -> str | None:
        self.said += 1
        sid, number = f"SM-in-{self.said}", a_phone(n).number
        return receive_reply(self.db, StubComposer(), sid, number, body, None, self.now).text


EVENTS: tuple[Callable[[City, int], None], ...] = (
    *(City.warn, City.warn, City.cancel, City.withdraw, City.give, City.stop, City.start),
    *(City.delete, City.forget, City.register, City.renew),
    *(City.gateway_fails, City.gateway_works),
)
stories = st.lists(
    st.tuples(st.sampled_from(EVENTS), st.integers(0, PEOPLE - 1)), min_size=3, max_size=14
)


def play(db: SqlDatabase, story: list[tuple[Callable[[City, int], None], int]]) -> City:
    city = City(db)
    city.warn(0)
    city.go_on()
    for event, n in story:
        event(city, n)
        city.go_on()
    city.gateway_works(0)
    for _ in range(6):
        city.go_on()
    return city


@settings(max_examples=60, deadline=None)
@given(story=stories)
def test_nobody_is_sent_anything_after_they_withdrew(
    fresh: FreshDatabases,
    story: list[tuple[Callable[[City, int], None], int]],
) -> None:
    play(SqlDatabase(fresh.take(), Sealer(b"the secret of a test")), story)


@pytest.mark.parametrize("end", [City.withdraw, City.stop, City.delete, City.forget])
def test_each_way_to_end_it_holds_back_what_waits(
    engine: Engine, sealer: Sealer, end: Callable[[City, int], None]
) -> None:
    """The gateway was out of reach when they withdrew, and comes back afterwards."""
    db = SqlDatabase(engine, sealer)
    city = play(db, [(City.gateway_fails, 0), (City.warn, 0), (end, 1), (City.warn, 0)])
    assert {message.to for message in city.channel.sent} >= {a_phone(0).number, a_phone(2).number}


def test_who_agrees_is_written_to(engine: Engine, sealer: Sealer) -> None:
    """Or the rest of this file would prove nothing."""
    city = play(SqlDatabase(engine, sealer), [])
    assert {message.to for message in city.channel.sent} == {
        a_phone(n).number for n in range(PEOPLE)
    }
