"""Probes and metrics: is it alive, may it take work, and how much of what. No personal data."""

from collections import Counter
from collections.abc import Callable, Iterable
from datetime import datetime

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from carealert.services.watching import BoardReader, BoardUnavailable, Now, Phase

#: Says what is not ready in one sentence, or None.
Readiness = Callable[[], str | None]


def health_router(
    board: BoardReader, readiness: Readiness, clock: Callable[[], datetime]
) -> APIRouter:
    """`/-/healthy`, `/-/ready` and `/metrics`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/-/healthy")
    def healthy() -> PlainTextResponse:
        return PlainTextResponse("The process answers.\n")

    @router.get("/-/ready")
    def ready() -> PlainTextResponse:
        try:
            board.answers()
            problem = readiness()
        except BoardUnavailable as error:
            problem = str(error)
        if problem:
            return PlainTextResponse(problem + "\n", status_code=503)
        return PlainTextResponse("Ready.\n")

    @router.get("/metrics")
    def metrics() -> PlainTextResponse:
        now = clock()
        text = "".join(_lines(board.now(now), now))
        return PlainTextResponse(text, media_type="text/plain; version=0.0.4")

    return router


_Sample = tuple[dict[str, str], float]
_Metric = tuple[str, str, list[_Sample]]  # name, meaning, samples


def _lines(now: Now, moment: datetime) -> Iterable[str]:
    for name, meaning, samples in (*_pulse_metrics(now, moment), *_board_metrics(now)):
        yield f"# HELP carealert_{name} {meaning}\n# TYPE carealert_{name} gauge\n"
        for labels, value in samples:
            pairs = ",".join(f'{key}="{_escaped(text)}"' for key, text in labels.items())
            yield (
                f"carealert_{name}{{{pairs}}} {value:g}\n"
                if pairs
                else (f"carealert_{name} {value:g}\n")
            )


def _pulse_metrics(now: Now, moment: datetime) -> Iterable[_Metric]:
    pulse = now.pulse
    yield (
        "feed_heard",
        "1 while a feed answers.",
        [({"feed": feed.name}, float(feed.heard)) for feed in pulse.polled],
    )
    yield (
        "feed_age_seconds",
        "Since the last good answer of a feed.",
        [
            ({"feed": feed.name}, (moment - feed.last_ok_at).total_seconds())
            for feed in pulse.polled
            if feed.last_ok_at is not None
        ],
    )
    yield (
        "notices",
        "Notices in the outbox that are not done.",
        [
            ({"state": "waiting"}, pulse.waiting),
            ({"state": "later"}, pulse.later),
            ({"state": "unknown"}, pulse.unknown),
            ({"state": "failed"}, pulse.failed),
        ],
    )
    yield "unreadable_documents", "Unreadable documents of the last day.", [({}, pulse.unread)]
    yield "unplanned_warnings", "Warnings that wait to be planned.", [({}, pulse.unplanned)]
    yield (
        "alarms",
        "Kinds of event that stopped the work in the last 15 minutes.",
        [({}, len(pulse.alarms))],
    )


def _board_metrics(now: Now) -> Iterable[_Metric]:
    active = [one for one in now.incidents if one.phase is Phase.ACTIVE]
    yield "active_incidents", "Incidents whose warning holds.", [({}, len(active))]
    people: Counter[str] = Counter()
    for one in active:
        people += Counter(
            {
                "safe": one.people.safe,
                "needs_help": one.people.needs_help,
                "with_desk": one.people.with_desk,
                "waiting": one.people.waiting,
            }
        )
    yield (
        "people",
        "Matched people of active incidents by where they stand.",
        [
            ({"state": state}, people[state])
            for state in ("safe", "needs_help", "with_desk", "waiting")
        ],
    )
    tasks = sum(one.open_tasks for one in now.incidents)
    yield "open_tasks", "Open tasks of the city desk.", [({}, tasks)]
    places = Counter(row.status.value for row in now.facilities)
    yield (
        "facilities",
        "Facilities by continuity.",
        [({"status": status}, n) for status, n in sorted(places.items())],
    )


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
