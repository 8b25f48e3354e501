"""A real worker and web server in a process that can be killed at a named point.

The points are in the code as it is: the process wraps a method and kills itself when it is called
for the n-th time, before or after the call.
"""

import os
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from multiprocessing.connection import Connection
from typing import Any

from carealert import scheduler
from carealert.adapters.channels.twilio_sms import TwilioSms
from carealert.adapters.db.outbox import SqlOutbox
from carealert.bootstrap import App, holder_name
from carealert.services.delivering import _Run
from carealert.services.posting import Pace, Post
from carealert.settings import Settings
from carealert.simulator.server import running
from carealert.web.build import build_web

#: Everything takes as long as it does in earnest, but for what is waited for. Between a post and
#: the moment at which it counts as never made lies more than a busy machine may stand still.
HASTE = Pace(
    lease=timedelta(seconds=1.2),
    longest_post=timedelta(seconds=0.5),
    fresh_for=timedelta(seconds=0.4),
    post_within=timedelta(seconds=0.4),
    look_after=timedelta(seconds=1),
    between_looks=timedelta(seconds=1),
    ask_after=timedelta(seconds=1),
)


def _found(_: Sequence[Any], done: Any) -> bool:
    return bool(done)


def _given(args: Sequence[Any], _: Any) -> bool:
    """The first argument that is a list has something in it."""
    return any(isinstance(one, list | tuple) and len(one) > 0 for one in args)


def _always(_: Sequence[Any], __: Any) -> bool:
    return True


#: name -> the method, whether the process dies after it was run (else before it), and which calls
#: count: one that had nothing to do is not the point that is meant.
POINTS: dict[str, tuple[type, str, bool, Callable[[Sequence[Any], Any], bool]]] = {
    "after the claim": (SqlOutbox, "claim", True, _found),
    "after the attempt is written": (SqlOutbox, "open_attempts", True, _given),
    "after the attempt is committed": (Post, "begin", False, _always),
    "after the post": (Post, "begin", True, _always),
    "before the result is recorded": (_Run, "_record", False, _given),
    "before the result is committed": (SqlOutbox, "close_attempts", True, _given),
    "before the callback is committed": (SqlOutbox, "receipt", True, _found),
    "before a dead worker's leases are given back": (SqlOutbox, "reap", True, _found),
    "before what was found is committed": (SqlOutbox, "reconcile", True, _always),
}


#: Where a worker may be frozen with a message that it is about to post.
FROZEN = {
    "before it posts": (Post, "begin", False, _always),
    "while it posts": (TwilioSms, "_post", False, _always),
}


@dataclass(frozen=True)
class Life:
    """What one process is to do; it dies at `point` when that is reached for the n-th time.

    Of the points of FROZEN it does not die, it stops until somebody lets it go on.
    """

    settings: dict[str, Any]
    port: int
    point: str | None = None
    nth: int = 1


def live(life: Life, ready: Connection) -> None:
    """Run until somebody kills it."""
    if life.point in FROZEN:
        _signal_at(*FROZEN[life.point], life.nth, signal.SIGSTOP)
    elif life.point is not None:
        _signal_at(*POINTS[life.point], life.nth, signal.SIGKILL)
    app = App(Settings(**life.settings))
    with running(build_web(app), life.port):
        ticks = scheduler.Ticks(app, holder_name(), pace=HASTE)
        scheduler.start(ticks, every=timedelta(milliseconds=40))
        ready.send("ready")
        threading.Event().wait(120)  # ends by itself, should nobody kill it


def _signal_at(
    owner: type,
    name: str,
    after: bool,
    counts: Callable[[Sequence[Any], Any], bool],
    nth: int,
    what: signal.Signals,
) -> None:
    inner: Callable[..., Any] = getattr(owner, name)
    left = [nth]

    def counted(*args: Any, **more: Any) -> Any:
        done = inner(*args, **more) if after else None
        if counts(args[1:], done):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), what)
        return done if after else inner(*args, **more)

    setattr(owner, name, counted)
