"""From the outbox to the gateway: claim, post, record, without a pause in between.

Claim and attempt rows are one transaction: a notice that is leased always has its open attempt, so
whoever finds a dead worker's lease knows that the message may be at the gateway. Nothing is posted
before that transaction is committed, and nothing holds a lock while it is posted. As many notices
are claimed as can be posted at once and no more: what is urgent never waits behind a batch.
"""

import logging
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from queue import Empty, SimpleQueue

from carealert.domain.senders import SenderState, rest_after
from carealert.services.ports.outbox import (
    Accepted,
    AttemptResult,
    ClaimedNotice,
    DeliveryFailed,
    FailureAction,
)
from carealert.services.ports.senders import Sender, Senders
from carealert.services.ports.store import Database, Stores
from carealert.services.posting import (
    BRAKES,
    OUR_OWN,
    PACE,
    Clock,
    Pace,
    Post,
    is_brake,
    judged,
)

log = logging.getLogger(__name__)

#: Answers that come in this time are written together, but no more of them than this share of what
#: is under way: a transaction costs far more than its rows, and places must not stand empty.
LINGER_S = 0.05
_TOGETHER = 4

_Future = Future[Accepted]


@dataclass(frozen=True, slots=True)
class DeliveryCounts:
    """What became of the notices that were claimed. `braked` names what stopped a sender last."""

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


def deliver(
    db: Database,
    senders: Senders,
    worker: str,
    clock: Clock,
    *,
    pace: Pace = PACE,
    most: int | None = None,
) -> DeliveryCounts:
    """Hand over what is due in the channel of `senders`, most urgent first, until nothing is left.

    They all carry the same channel and stand in the order in which they are preferred. Ends where
    nothing is due, no sender may be used for now, or `most` notices were claimed. Where a channel
    raises anything but DeliveryFailed, the attempt stays open and is reconciled.
    """
    if not senders:
        return DeliveryCounts()
    with db.reading() as stores:
        if not stores.outbox.is_due(clock(), senders[0].carries):
            return DeliveryCounts()
    with ThreadPoolExecutor(sum(one.at_once for one in senders)) as pool:
        return _Run(db, senders, worker, clock, pace, pool).run(most)


class _Run:
    """One run over the outbox; its state is what is under way, and how wide each sender is."""

    def __init__(
        self,
        db: Database,
        senders: Senders,
        worker: str,
        clock: Clock,
        pace: Pace,
        pool: ThreadPoolExecutor,
    ) -> None:
        self._db = db
        self._senders = senders
        self._worker = worker
        self._clock = clock
        self._pace = pace
        self._pool = pool
        self._ended: SimpleQueue[_Future] = SimpleQueue()
        self._flying: dict[_Future, Post] = {}
        self._width = {one.name: float(one.at_once) for one in senders}
        self._well: dict[str, bool] = {}
        self._counts = DeliveryCounts()

    def run(self, most: int | None) -> DeliveryCounts:
        results: list[tuple[Post, AttemptResult]] = []
        while True:
            room = None if most is None else most - self._counts.claimed
            started = self._turn(results, room)
            if not self._flying and not started:
                return self._counts
            results = self._wait()

    def _turn(self, ended: Sequence[tuple[Post, AttemptResult]], room: int | None) -> int:
        """Record what ended, claim what there is room for, and post it; how many were claimed."""
        now = self._clock()
        with self._db.transaction() as stores:
            self._record(stores, ended, now)
            posts = self._claim(stores, room, now)
        for post in posts:
            future = post.begin(self._pool)
            self._flying[future] = post
            future.add_done_callback(self._ended.put)
        return len(posts)

    def _wait(self) -> list[tuple[Post, AttemptResult]]:
        """What has ended: at least one post, and those that end with it."""
        if not self._flying:
            return []
        ended = [self._ended.get()]
        enough = len(self._flying) // _TOGETHER
        until = time.monotonic() + LINGER_S
        while len(ended) < len(self._flying):
            left = 0 if len(ended) >= enough else max(0.0, until - time.monotonic())
            try:
                ended.append(self._ended.get(block=left > 0, timeout=left or None))
            except Empty:
                break
        found = []
        for future in ended:
            post = self._flying.pop(future)
            error = future.exception()
            if error is None or isinstance(error, DeliveryFailed):
                found.append((post, post.result_of(future)))
            else:  # by its class only: the text may hold a number
                log.warning("no answer from the channel: %s", type(error).__name__)
                self._counts += DeliveryCounts(unknown=1)
        return found

    def _record(
        self, stores: Stores, ended: Sequence[tuple[Post, AttemptResult]], now: datetime
    ) -> None:
        if not ended:
            return
        judged_ones = [
            (
                post,
                judged(
                    result,
                    post,
                    self._others(post, result),
                    was_well=self._well.get(post.sender.name, True),
                ),
            )
            for post, result in ended
        ]
        stores.outbox.close_attempts([result for _, result in judged_ones], now)
        for sender in self._senders:
            own = [result for post, result in judged_ones if post.sender.name == sender.name]
            self._note(stores, sender, own, now)
        self._counts += _counted(result for _, result in judged_ones)

    def _others(self, post: Post, result: AttemptResult) -> list[Sender]:
        """Who else may carry what this sender did not."""
        if result.failure is None or len(self._senders) == 1:
            return []
        number = post.notice.number or ""
        gone = post.notice.refused_by | {post.sender.name}
        return [one for one in self._senders if one.name not in gone and one.serves(number)]

    def _note(
        self, stores: Stores, sender: Sender, results: Sequence[AttemptResult], now: datetime
    ) -> None:
        """Leave the sender alone after a failure of its own; widen it again as it carries."""
        name, failed = sender.name, [one.failure for one in results if is_brake(one)]
        worst = min(failed, key=lambda f: list(BRAKES).index(f.action) if f else 9, default=None)
        if worst is None:
            carried = sum(one.accepted is not None for one in results)
            width = self._width[name]
            self._width[name] = min(float(sender.at_once), width + carried / max(width, 1.0))
            if carried and not self._well.get(name, True):
                stores.senders.mended(name)
                stores.journal.write(now, "sender_mended", f"sender:{name}")
            return
        self._width[name] = max(1.0, self._width[name] / 2)
        state = stores.senders.states([name])[name]
        least = BRAKES[worst.action]
        rest = rest_after(state.failures + 1, worst.retry_after, least)
        is_first = stores.senders.rest(name, now + rest, worst.code)
        self._counts += DeliveryCounts(braked=worst.action)
        if worst.action is FailureAction.STOP_SENDER and is_first:
            code = worst.code or "none"
            stores.journal.write(now, "sender_stopped", f"sender:{name}", code=code)
        level = logging.ERROR if worst.action is FailureAction.STOP_SENDER else logging.INFO
        log.log(level, "sender %s rests %s: %s (%s)", name, rest, worst.action.value, worst.code)

    def _claim(self, stores: Stores, most: int | None, now: datetime) -> list[Post]:
        states = stores.senders.states([one.name for one in self._senders])
        self._well = {name: not state.is_probing for name, state in states.items()}
        usable = {
            one.name: room
            for one in self._senders
            if (room := self._room(one, states[one.name], now)) > 0
        }
        first = next((one for one in self._senders if one.name in usable), None)
        limit = sum(usable.values()) if most is None else min(sum(usable.values()), most)
        if first is None or limit <= 0:
            return []
        segments = None
        if first.per_second is not None:
            segments = stores.senders.budget(first.name, first.per_second, now)
        carries = first.carries
        lease = self._pace.lease
        claimed = stores.outbox.claim(self._worker, now, lease, limit, carries, segments)
        if not claimed:
            return []
        posts, left = self._assigned(stores, claimed, usable, now)
        stores.outbox.open_attempts([*(post.notice for post in posts), *left], now)
        stores.outbox.close_attempts([_kept(one, self._senders) for one in left], now)
        for sender in self._senders:
            own = [post for post in posts if post.sender is sender]
            if own and sender.per_second is not None:
                stores.senders.spend(sender.name, sum(p.notice.text.segments for p in own))
        self._counts += DeliveryCounts(claimed=len(claimed), given_back=len(left))
        return posts

    def _room(self, sender: Sender, state: SenderState, now: datetime) -> int:
        """How many more may be under way with this sender."""
        if state.is_resting(now):
            return 0
        flying = sum(post.sender is sender for post in self._flying.values())
        width = 1 if state.is_probing else int(self._width[sender.name])
        return width - flying

    def _assigned(
        self,
        stores: Stores,
        claimed: Sequence[ClaimedNotice],
        usable: dict[str, int],
        now: datetime,
    ) -> tuple[list[Post], list[ClaimedNotice]]:
        """Each with the first sender that may carry it, and those for which there is none now."""
        refused = (
            stores.outbox.refusals([one.id for one in claimed]) if len(self._senders) > 1 else {}
        )
        posts: list[Post] = []
        left: list[ClaimedNotice] = []
        for plain in claimed:
            gone = refused.get(plain.id, frozenset())
            sender = self._sender_for(plain.number or "", gone, usable)
            notice = replace(plain, refused_by=gone, sender=sender.name if sender else "")
            if sender is None:
                left.append(notice)
                continue
            usable[sender.name] -= 1
            posts.append(Post(self._db, sender, notice, self._worker, now, self._clock, self._pace))
        return posts, left

    def _sender_for(
        self, number: str, refused: frozenset[str], usable: dict[str, int]
    ) -> Sender | None:
        for sender in self._senders:
            may = sender.name not in refused and sender.serves(number)
            if may and usable.get(sender.name, 0) > 0:
                return sender
        return None


def _kept(notice: ClaimedNotice, senders: Senders) -> AttemptResult:
    """A notice whose sender rests waits for it; one that no sender serves has failed."""
    number = notice.number or ""
    serve = [one for one in senders if one.serves(number) and one.name not in notice.refused_by]
    if serve:
        failure = DeliveryFailed("waits for its sender", FailureAction.THROTTLED, "waits")
        return AttemptResult(notice.id, notice.attempts + 1, None, failure, timedelta(seconds=2))
    failure = DeliveryFailed("no sender serves it", FailureAction.PERMANENT, "no_sender")
    return AttemptResult(notice.id, notice.attempts + 1, None, failure)


_BACK = (FailureAction.RETRY, FailureAction.OTHER_SENDER, *BRAKES)


def _counted(results: Iterable[AttemptResult]) -> DeliveryCounts:
    accepted = back = failed = unknown = 0
    for result in results:
        action = result.failure.action if result.failure else None
        accepted += action is None
        unknown += action is FailureAction.UNKNOWN
        gives_up = action is FailureAction.OTHER_SENDER and result.wait is None
        returns = action in _BACK and not gives_up
        back += returns
        failed += action is not None and action is not FailureAction.UNKNOWN and not returns
    return DeliveryCounts(accepted=accepted, given_back=back, failed=failed, unknown=unknown)


__all__ = ["OUR_OWN", "DeliveryCounts", "deliver"]
