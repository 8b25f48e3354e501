"""One post: everything that is looked at again just before it, and what its failure asks for."""

import logging
from collections.abc import Callable, Collection
from concurrent.futures import Executor, Future
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from carealert.clock import since_boot
from carealert.services.ports.outbox import (
    BETWEEN_LOOKS,
    Accepted,
    AttemptResult,
    ClaimedNotice,
    DeliveryFailed,
    FailureAction,
    Outgoing,
    QuickChannel,
)
from carealert.services.ports.senders import Sender
from carealert.services.ports.store import Database

log = logging.getLogger(__name__)

Clock = Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Pace:
    """How long things may take. Shorter ones are for tests, which cannot wait."""

    lease: timedelta = timedelta(seconds=60)
    #: The longest that one post may take (connect and read time-outs of the channel). Nothing is
    #: posted so late in a lease that another worker could find it over meanwhile.
    longest_post: timedelta = timedelta(seconds=15)
    #: A claim that is older is looked at again: this process was frozen, or had too much to do.
    fresh_for: timedelta = timedelta(seconds=1)
    #: How long a channel may take until the first byte is written: if it is frozen meanwhile, the
    #: lease may be over, and the message somebody else's.
    post_within: timedelta = timedelta(seconds=10)
    #: A callback usually tells of a lost post within seconds; only then the gateway is asked.
    look_after: timedelta = timedelta(seconds=60)
    between_looks: timedelta = BETWEEN_LOOKS
    #: When the gateway is asked what became of a message of which no callback tells the end.
    ask_after: timedelta = timedelta(hours=1)


PACE = Pace()

#: After one of these the sender's next message would fare the same: it is left alone for a while,
#: this long at first.
BRAKES = {
    FailureAction.STOP_SENDER: timedelta(seconds=60),
    FailureAction.UNREACHABLE: timedelta(seconds=2),
    FailureAction.THROTTLED: timedelta(seconds=1),
}


@dataclass(frozen=True, slots=True)
class Post:
    """One claimed notice on its way to one sender."""

    db: Database
    sender: Sender
    notice: ClaimedNotice
    worker: str
    claimed_at: datetime
    clock: Clock
    pace: Pace = PACE

    @property
    def number(self) -> int:
        """The number of its attempt, counted from 1."""
        return self.notice.attempts + 1

    def begin(self, pool: Executor) -> Future[Accepted]:
        """Hand it over, once, without waiting for the answer."""
        try:
            message = self.message()
        except DeliveryFailed as failure:
            refused: Future[Accepted] = Future()
            refused.set_exception(failure)
            return refused
        channel = self.sender.channel
        if isinstance(channel, QuickChannel):
            return channel.begin(message)
        return pool.submit(channel.send, message)

    def result_of(self, ended: Future[Accepted]) -> AttemptResult:
        """What came of it; an exception of the channel that is no DeliveryFailed passes."""
        try:
            return AttemptResult(self.notice.id, self.number, ended.result(), None)
        except DeliveryFailed as failure:
            return AttemptResult(self.notice.id, self.number, None, failure)

    def message(self) -> Outgoing:
        """What is posted; raises DeliveryFailed where it must not be posted any more."""
        notice, now = self.notice, self.clock()
        if notice.number is None:
            raise DeliveryFailed("no phone is registered", FailureAction.PERMANENT, "no_phone")
        if now >= notice.expires_at:
            raise DeliveryFailed("its time is over", FailureAction.EXPIRED, "expired")
        if now >= self.claimed_at + self.pace.lease - self.pace.longest_post:
            raise DeliveryFailed("not tried: the lease ends", FailureAction.THROTTLED, "lease")
        if now - self.claimed_at > self.pace.fresh_for and not self._is_ours(now):
            raise DeliveryFailed("not tried: it was stopped", FailureAction.THROTTLED, "stopped")
        text = notice.text
        return Outgoing(
            f"{notice.id}.{self.number}",
            notice.number,
            text.body,
            notice.expires_at - now,
            text.language,
            text.segments,
            since_boot() + self.pace.post_within.total_seconds(),
        )

    def _is_ours(self, now: datetime) -> bool:
        with self.db.reading() as stores:
            return stores.outbox.still_leased(self.notice.id, self.worker, now)


#: Not tried for a reason of this process: says nothing about the sender.
OUR_OWN = ("lease", "stopped", "waits")


def is_brake(result: AttemptResult) -> bool:
    """True where the sender should be left alone for a while."""
    failure = result.failure
    return failure is not None and failure.action in BRAKES and failure.code not in OUR_OWN


def judged(
    result: AttemptResult,
    post: Post,
    others: Collection[Sender],
    *,
    was_well: bool,
) -> AttemptResult:
    """The result with what the other senders make of it.

    `others` may carry this notice too; `was_well`: the sender had carried something since its last
    failure when this notice was claimed.
    """
    failure = result.failure
    if failure is None:
        return result
    if failure.code in OUR_OWN:
        return replace(result, wait=timedelta())
    own_doing = failure.action is FailureAction.STOP_SENDER and was_well
    if own_doing and post.notice.last_code == (failure.code or failure.action.value):
        # Everybody else's messages went through in between: it is about this message alone, and
        # it must not stop the sender for everybody over and over.
        failure = DeliveryFailed(str(failure), FailureAction.OTHER_SENDER, failure.code)
    wait = timedelta() if others else None
    if failure.action in BRAKES or failure.action is FailureAction.OTHER_SENDER:
        return replace(result, failure=failure, wait=wait)
    return result
