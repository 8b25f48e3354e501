"""The whole product on one machine, with the outside world beside it.

Everything is the real thing but the world: a feed server, a gateway that speaks Twilio's API, and
phones, all on loopback. The demo plays on it, and so does the acceptance test.
"""

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Generic, TypeVar

from carealert import clock
from carealert.adapters.db import migrating
from carealert.bootstrap import App
from carealert.scheduler import Ticks
from carealert.services.ports.feeds import Feed
from carealert.settings import Settings, SmsChannel, load, write_key_file
from carealert.simulator.apart import outside_apart
from carealert.simulator.feed_server import INDEX_PATH
from carealert.simulator.outside import Outside, OutsideHere, Terms, outside_here
from carealert.simulator.server import free_port, running
from carealert.web.build import build_web

FEED = "demo"
World = TypeVar("World", bound=Outside)
World_co = TypeVar("World_co", bound=Outside, covariant=True)

POLLED_EVERY = timedelta(seconds=1)
#: The simulator's account: not a secret of anybody, made anew for each stage.
ACCOUNT = "AC" + "0" * 32
SENDER = "+12025550100"
DESK = "+12025550101"


@dataclass
class StageClock:
    """The real clock, moved on by what the play skips."""

    skipped: timedelta = field(default_factory=timedelta)

    def __call__(self) -> datetime:
        """The moment on this stage, aware."""
        return clock.now() + self.skipped

    def skip(self, length: timedelta) -> None:
        """Let time pass without waiting for it."""
        self.skipped += length


@dataclass(frozen=True)
class Stage(Generic[World_co]):
    """A running product and its world. `url` is the console, `phones_url` the simulated phones."""

    app: App
    outside: World_co
    now: StageClock
    ticks: Ticks
    url: str
    phones_url: str

    def skip(self, length: timedelta) -> None:
        """Let time pass, in here and out there, without waiting for it."""
        self.now.skip(length)
        self.outside.skip(length)

    def publish(self, name: str, body: bytes) -> None:
        """The agency puts a document on its feed; the feed is due for a poll by then."""
        self.skip(POLLED_EVERY)
        self.outside.publish(name, body)

    def settle(self) -> None:
        """Let everything that is due happen, until the world is quiet."""
        self.ticks.poll()
        self.ticks.plan()
        self.ticks.drills()
        self.ticks.follow_up()
        self.ticks.deliver()
        self.outside.wait_until_quiet()


@dataclass(frozen=True, slots=True)
class Places:
    """Where a stage stands. Port 0 is a free one."""

    folder: Path
    port: int = 0
    world_port: int = 0


@contextmanager
def open_stage(
    places: Places, *, seed: int = 1, undelivered_share: float = 0.0, **settings: Any
) -> Iterator[Stage[Outside]]:
    """Set the stage with the world in a process of its own; everything stops at the end."""
    plan = _plan(places, seed, undelivered_share, settings)
    with outside_apart(plan.terms, plan.world_port) as outside:
        stage = _build(plan, outside)
        outside.wait_until_up()
        with _opened(stage, plan):
            yield stage


@contextmanager
def open_stage_here(places: Places, **settings: Any) -> Iterator[Stage[OutsideHere]]:
    """Set the stage with the world in this process, where a test can lay hands on it."""
    plan = _plan(places, 1, 0.0, settings)
    with outside_here(plan.terms, plan.world_port) as outside:
        stage = _build(plan, outside)
        with _opened(stage, plan):
            yield stage


@dataclass(frozen=True, slots=True)
class _Plan:
    port: int
    world_port: int
    terms: Terms
    settings: Settings


def _plan(places: Places, seed: int, share: float, overrides: dict[str, Any]) -> _Plan:
    token = secrets.token_hex(16)
    port, world_port = places.port or free_port(), places.world_port or free_port()
    url, world_url = _local(port), _local(world_port)
    terms = Terms(ACCOUNT, token, f"{url}/hooks/twilio/inbound", seed, share)
    return _Plan(
        port, world_port, terms, _settings(places.folder, url, world_url, token, overrides)
    )


def _build(plan: _Plan, outside: World) -> Stage[World]:
    app, now = App(plan.settings), StageClock()
    migrating.upgrade(app.engine)
    phones = f"{_local(plan.world_port)}/phones"
    return Stage(app, outside, now, Ticks(app, "stage", now), _local(plan.port), phones)


@contextmanager
def _opened(stage: Stage[Any], plan: _Plan) -> Iterator[None]:
    web = build_web(stage.app, phones_url=stage.phones_url, demo=True, now=stage.now)
    with running(web, plan.port):
        _add_feed(stage.app, _local(plan.world_port), stage.now)
        yield
    stage.app.fetcher.close()
    stage.app.engine.dispose()


def _local(port: int) -> str:
    return f"http://127.0.0.1:{port}"


def _settings(
    folder: Path, url: str, world_url: str, token: str, overrides: dict[str, Any]
) -> Settings:
    folder.mkdir(parents=True, exist_ok=True)
    key = write_key_file(folder).read_text().strip()
    given: dict[str, Any] = {
        "database_url": f"sqlite:///{folder / 'carealert.db'}",
        "secret_key": key,
        "public_url": url,
        "sms_channel": SmsChannel.TWILIO,
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": token,
        "twilio_messaging_service_sid": None,
        "twilio_from": SENDER,
        "twilio_base_url": world_url,
        "time_zone": "Asia/Dhaka",
        "desk_phone": DESK,
    }
    return load(**(given | overrides))


def _add_feed(app: App, world_url: str, now: Callable[[], datetime]) -> None:
    feed = Feed(FEED, f"{world_url}{INDEX_PATH}", "atom", POLLED_EVERY, allow_private=True)
    with app.db.transaction() as stores:
        stores.feeds.add(feed)
        stores.journal.write(now(), "feed_added", f"feed:{FEED}")
