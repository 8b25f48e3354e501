"""`/metrics` for Prometheus: counts and ages by closed lists of words. No personal data.

Each application has a registry of its own. What is read from the database is read when it is asked
for; what takes long is kept for a while, so that nobody can wear the database out by asking.
"""

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from threading import Lock

from fastapi import APIRouter
from fastapi.responses import Response
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from carealert.domain.pauses import SENDER
from carealert.services.discretion import without_contacts
from carealert.services.ports.meters import Lately, MeterReader, Meters
from carealert.services.watching import BoardReader, Now, Phase, Pulse

#: What takes long is read again after this time, and what reads every notice after that.
KEPT_FOR, COUNTED_FOR = timedelta(seconds=15), timedelta(minutes=1)
#: The hooks by how their paths begin; all else is `other`.
HOOKS = (
    "/hooks/twilio/status/",
    "/hooks/twilio/inbound",
    "/hooks/twilio/voice/",
    "/hooks/gateway/",
)
_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_Sample = tuple[tuple[str, ...], float]
_Samples = tuple[str, list[_Sample]]

#: Name without `carealert_` -> (meaning, labels). The how-to is held against it by a test.
GAUGES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "queue_notices": (
        "Notices of a lane: due, claimed by a worker, or unknown.",
        ("lane", "state"),
    ),
    "queue_oldest_seconds": ("How long the oldest due notice of a lane has waited.", ("lane",)),
    "notices": ("Notices in the outbox that are not done.", ("state",)),
    "notices_ended": ("Notices by how they ended.", ("state", "channel")),
    "sent_5m": ("Messages that the gateway took in 5 minutes.", ("sender", "channel")),
    "handed_over_1h": (
        "Messages taken by the gateway in the last hour, 2 minutes ago or more.",
        ("channel",),
    ),
    "delivery_ratio": ("Share of handed_over_1h that arrived.", ("channel",)),
    "asking_1h": ("Messages of the last hour that ask for an answer.", ("channel",)),
    "acknowledgement_ratio": ("Share of asking_1h that was answered.", ("channel",)),
    "unknown_oldest_seconds": ("Age of the oldest post whose end nobody knows; 0 for none.", ()),
    "timers_due": ("Escalation steps that are due and not taken.", ()),
    "timers_late_seconds": ("How late the latest escalation step is.", ()),
    "sender_resting": ("1 while a sender is left alone after a failure.", ("sender",)),
    "sender_failures": ("Failures of a sender since its last success.", ("sender",)),
    "paused": ("1 for what an officer holds back: all, a lane, or sender:NAME.", ("what",)),
    "audit_age_seconds": ("Since it was last looked whether anything is stuck.", ()),
    "feed_heard": ("1 while a feed answers.", ("feed",)),
    "feed_age_seconds": ("Since the last good answer of a feed.", ("feed",)),
    "unreadable_documents": ("Unreadable documents of the last day.", ()),
    "unplanned_warnings": ("Warnings that wait to be planned.", ()),
    "alarms": ("Kinds of event that stopped the work in the last 15 minutes.", ()),
    "active_incidents": ("Incidents whose warning holds.", ()),
    "people": ("Matched people of active incidents by where they stand.", ("state",)),
    "open_tasks": ("Open tasks of the city desk.", ()),
    "facilities": ("Facilities by continuity.", ("status",)),
}
#: The histogram, in the same words.
HOOK_SECONDS = "hook_seconds", "How long a webhook took to answer.", ("hook", "code")


def metrics_router(registry: CollectorRegistry) -> APIRouter:
    """`/metrics` of this registry."""
    router = APIRouter(include_in_schema=False)

    @router.get("/metrics")
    def metrics() -> Response:
        return Response(generate_latest(registry), media_type=_MEDIA_TYPE)

    return router


class HookTimes:
    """ASGI middleware that takes the time of webhooks, in seconds, by hook and status code."""

    def __init__(self, app: ASGIApp, registry: CollectorRegistry) -> None:
        self._app = app
        name, meaning, labels = HOOK_SECONDS
        self._seconds = Histogram(f"carealert_{name}", meaning, labels, registry=registry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on; an answer that never came counts as a 500."""
        if scope["type"] != "http" or not scope["path"].startswith("/hooks/"):
            await self._app(scope, receive, send)
            return
        status = 500

        async def watched(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = time.monotonic()
        try:
            await self._app(scope, receive, watched)
        finally:
            hook = next((one for one in HOOKS if scope["path"].startswith(one)), "other")
            self._seconds.labels(hook.strip("/"), str(status)).observe(time.monotonic() - began)


class OfficeCollector(Collector):
    """Reads the board and the meters at the moment that it is asked; `clock` gives that moment."""

    def __init__(
        self, board: BoardReader, meters: MeterReader | None, clock: Callable[[], datetime]
    ) -> None:
        self._board = board
        self._meters = meters
        self._clock = clock
        self._lock = Lock()
        self._kept: dict[str, tuple[datetime, Mapping[str, list[_Sample]]]] = {}

    def collect(self) -> Iterable[GaugeMetricFamily]:
        """Every gauge; raises BoardUnavailable where the database does not answer."""
        now = self._clock()
        found = {**self._of_board(now), **self._of_meters(now)}
        for name, (meaning, labels) in GAUGES.items():
            family = GaugeMetricFamily(f"carealert_{name}", meaning, labels=labels)
            for values, value in found.get(name, []):
                family.add_metric(values, value)
            yield family

    def _of_board(self, now: datetime) -> Mapping[str, list[_Sample]]:
        return self._once("board", KEPT_FOR, now, lambda: _board_samples(self._board.now(now), now))

    def _of_meters(self, now: datetime) -> Mapping[str, list[_Sample]]:
        meters = self._meters
        if meters is None:
            return {}
        lately = self._once("lately", KEPT_FOR, now, lambda: _lately_samples(meters.lately(now)))
        ended = self._once("ended", COUNTED_FOR, now, lambda: _ended_samples(meters.ended()))
        return {**lately, **ended, **dict(_meter_samples(meters.read(now), now))}

    def _once(
        self, what: str, length: timedelta, now: datetime, read: Callable[[], Iterable[_Samples]]
    ) -> Mapping[str, list[_Sample]]:
        """What takes long, read by one asker while the others wait for it."""
        with self._lock:
            at, samples = self._kept.get(what, (None, {}))
            if at is None or not timedelta() <= now - at < length:
                samples = dict(read())
                self._kept[what] = now, samples
            return samples


def _age(since: datetime | None, now: datetime) -> float:
    return max(0.0, (now - since).total_seconds()) if since else 0.0


def _meter_samples(meters: Meters, now: datetime) -> Iterator[_Samples]:
    lanes = meters.lanes.items()
    yield (
        "queue_notices",
        [
            sample
            for lane, one in lanes
            for sample in (
                ((lane, "due"), one.due),
                ((lane, "claimed"), one.claimed),
                ((lane, "unknown"), one.unknown),
            )
        ],
    )
    yield "queue_oldest_seconds", [((lane,), _age(one.oldest, now)) for lane, one in lanes]
    yield "unknown_oldest_seconds", [((), _age(meters.since_unknown, now))]
    yield "timers_due", [((), meters.timers_due)]
    yield "timers_late_seconds", [((), _age(meters.since_timer, now))]
    yield "sender_resting", [((name,), one.is_resting) for name, one in meters.senders.items()]
    yield "sender_failures", [((name,), one.failures) for name, one in meters.senders.items()]
    # An officer may pause a sender by a name that nobody has: that text goes no further.
    known = {"all", *meters.lanes, *(f"{SENDER}{name}" for name in meters.senders)}
    paused = sorted({what if what in known else f"{SENDER}other" for what in meters.paused})
    yield "paused", [((what,), 1) for what in paused]
    if meters.audited_at is not None:
        yield "audit_age_seconds", [((), _age(meters.audited_at, now))]


def _lately_samples(lately: Lately) -> Iterator[_Samples]:
    yield "sent_5m", [(key, n) for key, n in sorted(lately.sent.items())]
    channels = sorted(lately.channels.items())
    yield "handed_over_1h", [((name,), one.handed_over) for name, one in channels]
    yield "asking_1h", [((name,), one.asking) for name, one in channels]
    yield (
        "delivery_ratio",
        [((name,), one.delivered / one.handed_over) for name, one in channels if one.handed_over],
    )
    yield (
        "acknowledgement_ratio",
        [((name,), one.answered / one.asking) for name, one in channels if one.asking],
    )


def _ended_samples(ended: Mapping[tuple[str, str], int]) -> Iterator[_Samples]:
    yield "notices_ended", [(key, n) for key, n in sorted(ended.items())]


def _pulse_samples(pulse: Pulse, now: datetime) -> Iterator[_Samples]:
    # An officer gave the feed its name: what looks like a phone in it goes no further.
    feeds = {without_contacts(feed.name): feed for feed in pulse.polled}
    yield "feed_heard", [((name,), feed.heard) for name, feed in feeds.items()]
    yield (
        "feed_age_seconds",
        [((name,), _age(feed.last_ok_at, now)) for name, feed in feeds.items() if feed.last_ok_at],
    )
    counts = {
        "waiting": pulse.waiting,
        "later": pulse.later,
        "unknown": pulse.unknown,
        "failed": pulse.failed,
    }
    yield "notices", [((state,), n) for state, n in counts.items()]
    yield "unreadable_documents", [((), pulse.unread)]
    yield "unplanned_warnings", [((), pulse.unplanned)]
    yield "alarms", [((), len(pulse.alarms))]


def _board_samples(board: Now, now: datetime) -> Iterator[_Samples]:
    yield from _pulse_samples(board.pulse, now)
    active = [one.people for one in board.incidents if one.phase is Phase.ACTIVE]
    yield "active_incidents", [((), len(active))]
    states = ("safe", "needs_help", "with_desk", "waiting")
    yield (
        "people",
        [((state,), sum(getattr(people, state) for people in active)) for state in states],
    )
    yield "open_tasks", [((), sum(one.open_tasks for one in board.incidents))]
    places = Counter(row.status.value for row in board.facilities)
    yield "facilities", [((status,), n) for status, n in sorted(places.items())]
