"""What became of leases that ran out, and of posts whose answer was lost."""

import logging
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime

from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import (
    Accepted,
    AskedChannel,
    CannotLook,
    DeliveryFailed,
    LostAttempt,
    MessageChannel,
    OpenEnd,
    Outgoing,
    Progress,
)
from carealert.services.ports.senders import Senders
from carealert.services.ports.store import Database
from carealert.services.posting import PACE, Pace

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ReconcileCounts:
    """What one round did; `ended` waited until they were of no use any more."""

    reaped: int = 0
    ended: int = 0
    looked_for: int = 0
    found: int = 0


def reap_and_reconcile(
    db: Database,
    senders: Senders,
    now: datetime,
    *,
    pace: Pace = PACE,
    concurrency: int = 8,
) -> ReconcileCounts:
    """Give back what dead workers held, then look for posts whose answer never came.

    One that cannot be looked for now (the gateway is out of reach) is left for the next time. Where
    the gateway has no way of being asked, a life-threatening message goes out again and others
    count as failed: their next step is taken at once.
    """
    with db.transaction() as stores:
        reaped = stores.outbox.reap(now)
        ended = stores.outbox.end_overdue(now)
        lost = stores.outbox.lost(now, pace.look_after, pace.between_looks)
    if not lost:
        return ReconcileCounts(reaped, ended)
    channels = {one.name: one.channel for one in senders}
    with ThreadPoolExecutor(concurrency) as pool:
        answers = list(pool.map(lambda one: _look(_channel_of(one, senders, channels), one), lost))
    looked = [(one, answer) for one, answer in zip(lost, answers, strict=True) if answer.known]
    with db.transaction() as stores:
        for one, answer in looked:
            if answer.can_look:
                stores.outbox.reconcile(one, answer.found, now, pace.between_looks)
            else:
                stores.outbox.give_up_looking(one, now)
    found = sum(bool(answer.found) for _, answer in looked)
    return ReconcileCounts(reaped, ended, len(looked), found)


def ask_about(
    db: Database,
    senders: Senders,
    now: datetime,
    *,
    pace: Pace = PACE,
    limit: int = 200,
    concurrency: int = 8,
) -> int:
    """Ask the gateways for the end of messages whose callbacks were lost; how many have one now.

    Callbacks that came while nobody listened do not come again. One that cannot be asked about now
    is asked about the next time.
    """
    asked = {one.name: one.channel for one in senders if isinstance(one.channel, AskedChannel)}
    if not asked:
        return 0
    with db.transaction() as stores:
        ends = stores.outbox.open_ends(asked, now, pace.ask_after, limit)
    if not ends:
        return 0
    with ThreadPoolExecutor(concurrency) as pool:
        answers = list(pool.map(lambda one: _ask(asked[one.sender], one), ends))
    told = 0
    with db.transaction() as stores:
        # Every writer locks notices in the order of their ids, so that none waits in a circle.
        for end, answer in sorted(zip(ends, answers, strict=True), key=lambda b: b[0].reference):
            if answer is None:
                continue
            said = (answer.status, answer.code, now, answer.action)
            stores.outbox.receipt(end.reference, end.provider_id, *said)
            told += answer.status.rank > DeliveryStatus.SENT.rank
    return told


def _ask(channel: AskedChannel, end: OpenEnd) -> Progress | None:
    try:
        return channel.ask(end.provider_id)
    except DeliveryFailed as failure:
        log.warning("a message cannot be asked about: %s", failure.action.value)
        return None


@dataclass(frozen=True, slots=True)
class _Answer:
    """What the gateway said; not `known` where it could not be asked now."""

    known: bool
    found: Sequence[Accepted] = ()
    can_look: bool = True


def _channel_of(
    lost: LostAttempt, senders: Senders, channels: Mapping[str, MessageChannel]
) -> MessageChannel | None:
    """The channel that carried it; the only one where attempts of old name none."""
    known = channels.get(lost.sender)
    if known is None and not lost.sender and senders:
        return senders[0].channel
    return known


def _look(channel: MessageChannel | None, lost: LostAttempt) -> _Answer:
    if channel is None:  # the sender was taken out of the settings: nobody can be asked
        return _Answer(known=True, can_look=False)
    message = Outgoing(f"{lost.notice}.{lost.number}", lost.to, lost.body, PACE.look_after)
    try:
        return _Answer(known=True, found=channel.find(message, lost.started_at))
    except CannotLook:
        return _Answer(known=True, can_look=False)
    except DeliveryFailed as failure:
        log.warning("a lost message cannot be looked for: %s", failure.action.value)
        return _Answer(known=False)
