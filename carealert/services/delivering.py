"""From the outbox to the gateway: claim, post, record; and find out what became of lost posts.

Claim and attempt rows are one transaction: a notice that is leased always has its open attempt, so
whoever finds a dead worker's lease knows that the message may be at the gateway. Nothing is posted
before that transaction is committed, and nothing holds a lock while it is posted.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from carealert.services.ports.outbox import (
    Accepted,
    AttemptResult,
    ClaimedNotice,
    DeliveryFailed,
    FailureAction,
    LostAttempt,
    MessageChannel,
    Outgoing,
)
from carealert.services.ports.store import Database

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]

LEASE = timedelta(seconds=60)
#: The longest that one post may take (connect and read time-outs of the channel). Nothing is
#: posted so late in a lease that another worker could find it over meanwhile.
LONGEST_POST = timedelta(seconds=15)
#: A callback usually tells of a lost post within seconds; only then the gateway is asked.
LOOK_AFTER = timedelta(seconds=60)

#: After one of these the rest of the batch would fare the same: it is given back untried.
_BRAKES = (FailureAction.STOP_SENDER, FailureAction.THROTTLED, FailureAction.UNREACHABLE)


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """What became of the notices that were claimed. `braked` names what stopped the batch."""

    claimed: int = 0
    accepted: int = 0
    given_back: int = 0
    failed: int = 0
    unknown: int = 0
    braked: FailureAction | None = None

    def __add__(self, other: "DeliveryCounts") -> "DeliveryCounts":
        """Sum up; the later brake stands."""
        return DeliveryCounts(
            self.claimed + other.claimed,
            self.accepted + other.accepted,
            self.given_back + other.given_back,
            self.failed + other.failed,
            self.unknown + other.unknown,
            other.braked or self.braked,
        )


@dataclass(frozen=True, slots=True)
class ReconcileCounts:
    """What became of leases that ran out and of posts whose answer was lost."""

    reaped: int = 0
    looked_for: int = 0
    found: int = 0


def deliver_batch(
    db: Database,
    channel: MessageChannel,
    worker: str,
    clock: Clock,
    *,
    limit: int = 200,
    lease: timedelta = LEASE,
    concurrency: int = 16,
) -> DeliveryCounts:
    """Claim up to `limit` notices, hand them over, most urgent first, and record the results.

    Where the channel raises anything but DeliveryFailed, the attempt stays open and is reconciled.
    """
    now = clock()
    with db.transaction() as stores:
        claimed = stores.outbox.claim(worker, now, lease, limit)
        stores.outbox.open_attempts(claimed, now)
    if not claimed:
        return DeliveryCounts()
    run = _Run(channel, clock, now + lease - LONGEST_POST)
    results = run.post_all(claimed, concurrency)
    with db.transaction() as stores:
        stores.outbox.close_attempts(results, clock())
        if run.brake is not None and run.brake.action is FailureAction.STOP_SENDER:
            code = run.brake.code or "none"
            stores.journal.write(clock(), "sender_stopped", f"channel:{worker}", code=code)
    return _counts(claimed, results, run.brake)


def deliver_until_empty(
    db: Database,
    channel: MessageChannel,
    worker: str,
    clock: Clock,
    *,
    limit: int = 200,
    concurrency: int = 16,
    most_batches: int = 100,
) -> DeliveryCounts:
    """Deliver batch after batch until nothing is due, the gateway asks to stop, or for long enough.

    What is left after `most_batches` waits for the next tick, which looks at the clock again.
    """
    total = DeliveryCounts()
    for _ in range(most_batches):
        done = deliver_batch(db, channel, worker, clock, limit=limit, concurrency=concurrency)
        total += done
        if done.claimed == 0 or done.braked is not None:
            break
    return total


def reap_and_reconcile(
    db: Database, channel: MessageChannel, now: datetime, *, concurrency: int = 8
) -> ReconcileCounts:
    """Give back what dead workers held, then look for posts whose answer never came.

    One that cannot be looked for (the gateway is out of reach) is left for the next time.
    """
    with db.transaction() as stores:
        reaped = stores.outbox.reap(now)
        lost = stores.outbox.lost(now, LOOK_AFTER)
    if not lost:
        return ReconcileCounts(reaped)
    with ThreadPoolExecutor(concurrency) as pool:
        looked = [(one, pool.submit(_look, channel, one, now)) for one in lost]
    found = [(one, answer) for one, answer in looked if answer.exception() is None]
    _log_failures(answer for _, answer in looked)
    with db.transaction() as stores:
        for one, answer in found:
            stores.outbox.reconcile(one, answer.result(), now)
    return ReconcileCounts(reaped, len(found), sum(a.result() is not None for _, a in found))


class _Run:
    """The posts of one batch; `brake` is the failure that stopped it, if one did."""

    def __init__(self, channel: MessageChannel, clock: Clock, until: datetime) -> None:
        self._channel = channel
        self._clock = clock
        self._until = until
        self._lock = Lock()
        self.brake: DeliveryFailed | None = None

    def post_all(
        self, claimed: Sequence[ClaimedNotice], concurrency: int
    ) -> Sequence[AttemptResult]:
        """Post in order, so many at once; a post that broke down has no result."""
        with ThreadPoolExecutor(min(concurrency, len(claimed))) as pool:
            posts = [pool.submit(self._post, notice) for notice in claimed]
            wait(posts)
        _log_failures(posts)
        return [post.result() for post in posts if post.exception() is None]

    def _post(self, notice: ClaimedNotice) -> AttemptResult:
        number = notice.attempts + 1
        try:
            accepted = self._send(notice, number)
        except DeliveryFailed as failure:
            self._note(failure)
            return AttemptResult(notice.id, number, None, failure)
        return AttemptResult(notice.id, number, accepted, None)

    def _send(self, notice: ClaimedNotice, number: int) -> Accepted:
        now = self._clock()
        if self.brake is not None:
            raise DeliveryFailed(
                "not tried: the gateway stopped the batch", self.brake.action, self.brake.code
            )
        if notice.number is None:
            raise DeliveryFailed("no phone is registered", FailureAction.PERMANENT, "no_phone")
        if now >= notice.expires_at:
            raise DeliveryFailed("its time is over", FailureAction.RETRY, "expired")
        if now >= self._until:
            raise DeliveryFailed("not tried: the lease ends", FailureAction.THROTTLED, "lease")
        valid_for = notice.expires_at - now
        reference = f"{notice.id}.{number}"
        text = notice.text
        return self._channel.send(
            Outgoing(reference, notice.number, text.body, valid_for, text.language, text.segments)
        )

    def _note(self, failure: DeliveryFailed) -> None:
        if failure.action not in _BRAKES:
            return
        with self._lock:
            first, self.brake = self.brake is None, self.brake or failure
        if first:
            level = logging.ERROR if failure.action is FailureAction.STOP_SENDER else logging.INFO
            log.log(level, "delivery stopped: %s (%s)", failure.action.value, failure.code)


def _look(channel: MessageChannel, lost: LostAttempt, now: datetime) -> Accepted | None:
    message = Outgoing(f"{lost.notice}.{lost.number}", lost.to, lost.body, now - lost.started_at)
    return channel.find(message, lost.started_at)


def _log_failures(futures: Iterable[Future[Any]]) -> None:
    """Name what went wrong by its class only: the text may hold a number."""
    for future in futures:
        error = future.exception()
        if error is not None:
            log.warning("no answer from the channel: %s", type(error).__name__)


def _counts(
    claimed: Sequence[ClaimedNotice],
    results: Sequence[AttemptResult],
    brake: DeliveryFailed | None,
) -> DeliveryCounts:
    actions = [result.failure.action for result in results if result.failure]
    failed = (FailureAction.PERMANENT, FailureAction.OPTED_OUT)
    back = (FailureAction.RETRY, *_BRAKES)
    return DeliveryCounts(
        claimed=len(claimed),
        accepted=sum(result.accepted is not None for result in results),
        given_back=sum(action in back for action in actions),
        failed=sum(action in failed for action in actions),
        unknown=sum(action is FailureAction.UNKNOWN for action in actions)
        + len(claimed)
        - len(results),
        braked=brake.action if brake else None,
    )
