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
from typing import Any

from fastapi import FastAPI

from carealert import clock
from carealert.adapters.db import migrating
from carealert.bootstrap import App
from carealert.scheduler import Ticks
from carealert.services.ports.feeds import Feed
from carealert.settings import Settings, SmsChannel, load, write_key_file
from carealert.simulator.feed_server import INDEX_PATH, FeedBoard, feed_app
from carealert.simulator.server import free_port, running
from carealert.simulator.world import World, world_app
from carealert.web.build import build_web

FEED = "demo"
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
class Stage:
    """A running product and its world. `url` is the console, `phones_url` the simulated phones."""

    app: App
    world: World
    board: FeedBoard
    now: StageClock
    ticks: Ticks
    url: str
    phones_url: str

    def publish(self, name: str, body: bytes) -> None:
        """The agency puts a document on its feed; the feed is due for a poll by then."""
        self.now.skip(POLLED_EVERY)
        self.board.publish(name, body, self.now())

    def settle(self) -> None:
        """Let everything that is due happen, until the world is quiet."""
        self.ticks.poll()
        self.ticks.plan()
        self.ticks.follow_up()
        self.ticks.deliver()
        self.world.wait_until_quiet()


@contextmanager
def open_stage(
    folder: Path,
    *,
    port: int = 0,
    world_port: int = 0,
    seed: int = 1,
    undelivered_share: float = 0.0,
    final_only: bool = False,
    **settings: Any,
) -> Iterator[Stage]:
    """Set the stage in `folder`, on free ports where 0 is given; everything stops at the end."""
    token = secrets.token_hex(16)
    port, world_port = port or free_port(), world_port or free_port()
    url, world_url = f"http://127.0.0.1:{port}", f"http://127.0.0.1:{world_port}"
    now = StageClock()
    world = World(
        account_sid=ACCOUNT,
        auth_token=token,
        inbound_url=f"{url}/hooks/twilio/inbound",
        seed=seed,
        undelivered_share=undelivered_share,
        clock=now,
        final_only=final_only,
    )
    board = FeedBoard("Warnings of the demo")
    app = App(_settings(folder, url, world_url, token, settings))
    migrating.upgrade(app.engine)
    stage = Stage(app, world, board, now, Ticks(app, "stage", now), url, f"{world_url}/phones")
    web = build_web(app, phones_url=stage.phones_url, demo=True, now=now)
    with running(_outside(world, board), world_port), running(web, port), world:
        _add_feed(app, world_url, now)
        yield stage
    app.engine.dispose()


def _settings(
    folder: Path, url: str, world_url: str, token: str, overrides: dict[str, Any]
) -> Settings:
    folder.mkdir(parents=True, exist_ok=True)
    key = write_key_file(folder).read_text().strip()
    given: dict[str, Any] = {
        "database_url": f"sqlite:///{folder / 'carealert.db'}",
        "secret_key": key,
        "sqlite_durable": False,
        "public_url": url,
        "sms_channel": SmsChannel.TWILIO,
        "sms_concurrency": 1,  # the gateway answers at once here: more threads only contend
        "twilio_account_sid": ACCOUNT,
        "twilio_auth_token": token,
        "twilio_messaging_service_sid": None,
        "twilio_from": SENDER,
        "twilio_base_url": world_url,
        "time_zone": "Asia/Dhaka",
        "desk_phone": DESK,
    }
    return load(**(given | overrides))


def _outside(world: World, board: FeedBoard) -> FastAPI:
    outside = world_app(world)
    outside.router.routes.extend(feed_app(board).routes)
    return outside


def _add_feed(app: App, world_url: str, now: Callable[[], datetime]) -> None:
    feed = Feed(FEED, f"{world_url}{INDEX_PATH}", "atom", POLLED_EVERY)
    with app.db.transaction() as stores:
        stores.feeds.add(feed)
        stores.journal.write(now(), "feed_added", f"feed:{FEED}")
