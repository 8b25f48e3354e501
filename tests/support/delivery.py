"""What tests of delivery need: a filled register, notices in the outbox, scripted channels."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from sqlalchemy import Connection, Engine, Row, insert, select

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.subjects import put_timers
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import (
    About,
    Channel,
    DeliveryStatus,
    Encoding,
    Notice,
    NoticeDraft,
    NoticeState,
    RecipientKind,
    Text,
)
from carealert.domain.plan import Timer
from carealert.domain.rules import SubjectKind
from carealert.services import reconciling
from carealert.services.delivering import DeliveryCounts, deliver
from carealert.services.ports.outbox import (
    Accepted,
    AttemptResult,
    ClaimedNotice,
    DeliveryFailed,
    FailureAction,
    MessageChannel,
    Outgoing,
)
from carealert.services.ports.senders import Sender
from carealert.services.ports.text import MoreAsked, TemplateProblem
from tests.support.builders import (
    NOW,
    a_caregiver,
    a_draft,
    a_facility,
    a_link,
    a_notice,
    a_phone,
    a_recipient,
    a_resident,
    minutes,
)

LEASE = timedelta(seconds=60)
ACCOUNT = "AC" + "a1" * 16
TOKEN = "a token of the test account"


@dataclass
class SetClock:
    """A clock that stands still until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


class StubComposer:
    """Answers with the names of template and language."""

    def compose(self, drafts: Iterable[NoticeDraft]) -> Sequence[Notice]:
        return [a_notice(draft) for draft in drafts]

    def answer(
        self,
        template: str,
        language: str,
        answer: str | None = None,  # noqa: ARG002
        details: Mapping[str, str] | None = None,
    ) -> Text:
        if template == "broken":
            raise TemplateProblem("broken")
        filled = "".join(f" {value}" for value in (details or {}).values())
        return Text(f"{template} & {language}{filled}", language, Encoding.GSM_7, 1)

    def more(self, asked: MoreAsked) -> Text:
        needs = " ".join(sorted(need.value for need in asked.needs))
        said = f"more {asked.page} {asked.wording.value} {asked.hazard.value} {needs}".rstrip()
        said += f" for {asked.facility.value}" if asked.facility else ""
        return Text(said, asked.language, Encoding.GSM_7, 1)


class NoTextComposer(StubComposer):
    """Has no text for any answer."""

    def answer(
        self,
        template: str,
        language: str,
        answer: str | None = None,  # noqa: ARG002
        details: Mapping[str, str] | None = None,  # noqa: ARG002
    ) -> Text:
        raise TemplateProblem(f"{template}.{language}: line 1: no such variable")


@dataclass
class FakeChannel:
    """A channel by script: `then` decides what becomes of each send; all messages are kept."""

    then: Callable[[Outgoing], Accepted] = field(
        default=lambda m: Accepted(f"SM-{m.reference}", DeliveryStatus.QUEUED)
    )
    found: dict[str, Accepted] = field(default_factory=dict)
    sent: list[Outgoing] = field(default_factory=list)
    looked: list[Outgoing] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock)

    def send(self, message: Outgoing) -> Accepted:
        with self._lock:
            self.sent.append(message)
        return self.then(message)

    def find(self, message: Outgoing, since: datetime) -> Sequence[Accepted]:  # noqa: ARG002
        with self._lock:
            self.looked.append(message)
        found = self.found.get(message.reference)
        return [found] if found else []


def sole(channel: MessageChannel, concurrency: int = 16, **limits: Any) -> tuple[Sender, ...]:
    """One sender for all SMS over this channel."""
    return (Sender("sms", channel, Channel.SMS, at_once=concurrency, **limits),)


def deliver_batch(
    db: SqlDatabase,
    channel: MessageChannel,
    worker: str,
    clock: Callable[[], datetime],
    *,
    limit: int = 200,
    concurrency: int = 16,
) -> DeliveryCounts:
    """Hand over so many at most."""
    return deliver(db, sole(channel, concurrency), worker, clock, most=limit)


def deliver_until_empty(
    db: SqlDatabase,
    channel: MessageChannel,
    worker: str,
    clock: Callable[[], datetime],
    *,
    concurrency: int = 16,
) -> DeliveryCounts:
    """Hand over everything that is due."""
    return deliver(db, sole(channel, concurrency), worker, clock)


def reap_and_reconcile(
    db: SqlDatabase, channel: MessageChannel, now: datetime
) -> reconciling.ReconcileCounts:
    """Look for what was lost on the one channel."""
    return reconciling.reap_and_reconcile(db, sole(channel), now)


def failing(action: FailureAction, code: str | None = None) -> Callable[[Outgoing], Accepted]:
    """What a channel does whose every send fails like this."""

    def fail(_: Outgoing) -> Accepted:
        raise DeliveryFailed("refused", action, code)

    return fail


def caregivers(engine: Engine, sealer: Sealer, many: int = 1, **changes: Any) -> SqlDatabase:
    """A register with residents r0… and caregivers c0… (phones 0…), each caring for one."""
    return registered(SqlDatabase(engine, sealer), many, **changes)


def registered(db: SqlDatabase, many: int = 1, **changes: Any) -> SqlDatabase:
    """Put `caregivers` into a register that is there."""
    with db.transaction() as stores:
        stores.people.put_residents(
            a_resident(ref=f"r{n}", label=f"L{n}", phone=None) for n in range(many)
        )
        stores.people.put_caregivers(
            [a_caregiver(ref=f"c{n}", phone=a_phone(n % 800), **changes) for n in range(many)],
            [a_link(f"c{n}", f"r{n}") for n in range(many)],
        )
        stores.facilities.put([a_facility()])
    return db


def a_told(number: int = 0, **changes: Any) -> Notice:
    """A notice to caregiver c<number> about resident r<number>."""
    body = changes.pop("body", f"CareAlert: text {number}")
    recipient = a_recipient(ref=f"c{number}", phone=a_phone(number % 800))
    draft = a_draft(recipient=recipient, about=(About(f"r{number}", "L"),))
    return a_notice(replace(draft, **changes), body)


def a_question(**changes: Any) -> Notice:
    """What the manager of facility f1 is asked."""
    recipient = a_recipient(kind=RecipientKind.FACILITY_MANAGER, ref="f1", phone=a_phone(3))
    draft = a_draft(
        recipient=recipient,
        about=(About("f1", "River Clinic"),),
        rule="confirm",
        expected_replies={"open": "1", "limited": "2", "evacuating": "3", "closed": "4"},
    )
    return a_notice(replace(draft, **changes))


def add(db: SqlDatabase, *notices: Notice, now: datetime = NOW) -> int:
    """Put notices in the outbox."""
    with db.transaction() as stores:
        return stores.outbox.add(notices, None, now)


def claim(
    db: SqlDatabase, now: datetime = NOW, worker: str = "w", limit: int = 200
) -> Sequence[ClaimedNotice]:
    """Claim and open, as the deliverer does."""
    with db.transaction() as stores:
        claimed = stores.outbox.claim(worker, now, LEASE, limit)
        stores.outbox.open_attempts(claimed, now)
        return claimed


def close(db: SqlDatabase, *results: AttemptResult, now: datetime = NOW) -> None:
    """Record results."""
    with db.transaction() as stores:
        stores.outbox.close_attempts(results, now)


def accepted(claimed: ClaimedNotice, provider_id: str | None = None) -> AttemptResult:
    """The gateway took it."""
    taken = Accepted(provider_id or f"SM-{claimed.id}", DeliveryStatus.QUEUED)
    return AttemptResult(claimed.id, claimed.attempts + 1, taken, None)


def refused(
    claimed: ClaimedNotice, action: FailureAction, code: str | None = None
) -> AttemptResult:
    """The gateway did not take it, or nobody knows."""
    failure = DeliveryFailed("refused", action, code)
    return AttemptResult(claimed.id, claimed.attempts + 1, None, failure)


def send_all(db: SqlDatabase, now: datetime = NOW) -> Sequence[ClaimedNotice]:
    """Everything that is due is taken by the gateway."""
    claimed = claim(db, now)
    close(db, *(accepted(one) for one in claimed), now=now)
    return claimed


def rows(engine: Engine, table: Any = tables.notice) -> list[Row[Any]]:
    """All rows of a table."""
    with engine.connect() as connection:
        return list(connection.execute(select(table).order_by(*table.primary_key.columns)))


def only(engine: Engine, table: Any = tables.notice) -> Row[Any]:
    """The one row of a table."""
    (row,) = rows(engine, table)
    return row


def state_of(engine: Engine, key: str) -> NoticeState:
    """The state of one notice."""
    return NoticeState(next(row.state for row in rows(engine) if row.id == key))


def store_warning(
    connection: Connection, *, incident: str = "incident-1", revision: int = 0
) -> int:
    """A stored warning that notices and timers can name; its id."""
    document = connection.execute(
        insert(tables.document).values(
            url="u", sha256=f"{incident}-{revision}", body=b"", fetched_at=NOW
        )
    ).inserted_primary_key
    stored = connection.execute(
        insert(tables.warning).values(
            sender="s",
            identifier=f"{incident}-{revision}",
            sent=NOW,
            incident=incident,
            revision=revision,
            body={},
            document_id=document[0],
            received_at=NOW,
        )
    ).inserted_primary_key
    return int(stored[0])


def a_timer(ref: str = "r0", **changes: Any) -> Timer:
    """The first step for a resident, due in ten minutes."""
    timer = Timer(
        "incident-1", SubjectKind.RESIDENT, ref, "rule-1", 1, 0, 0, NOW, NOW + minutes(10)
    )
    return replace(timer, **changes)


def start_timers(engine: Engine, *timers: Timer) -> None:
    """Write waiting timers."""
    with engine.begin() as connection:
        put_timers(connection, timers, store_warning(connection))
