"""Nothing is lost and nothing comes twice, wherever the power fails.

`make crash` runs the whole: 5,000 notices and 200 kills on each database. Here a share of it.
"""

import os
import random
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from sqlalchemy import Engine

from carealert.simulator.server import free_port
from tests.crash.stage import Stage, kill, stage
from tests.crash.worker import FROZEN, POINTS

NOTICES = int(os.environ.get("CRASH_NOTICES", "240"))
KILLS = int(os.environ.get("CRASH_KILLS", "6"))
#: From so many kills on, every point is hit on both databases.
WHOLE = 50
SEED = int(os.environ.get("CRASH_SEED", "7"))


@contextmanager
def surviving(engine: Engine, url: str, notices: int) -> Iterator[Stage]:
    """A stage; at the end every notice has gone out, and every phone has each text once."""
    with stage(engine, url, notices) as scene:
        yield scene
        last = scene.start()
        scene.wait_until_done(60)
        kill(last)
        assert scene.states() == {"sent": notices}
        copies = scene.copies()
        assert len(copies) == notices, "lost"
        assert set(copies.values()) == {1}, "doubled"


def test_killed_at_random_moments(engine: Engine, database_url: str) -> None:
    moments = random.Random(SEED)
    with surviving(engine, database_url, NOTICES) as scene:
        for _ in range(KILLS):
            worker = scene.start()
            time.sleep(moments.uniform(0.02, 0.35))
            kill(worker)
        assert scene.left(), "the kills came too late to hit anything"


#: In the share that runs with every test, each point is hit on one of the databases.
WHERE = [
    (kind, point)
    for n, point in enumerate(POINTS)
    for m, kind in enumerate(("sqlite", "postgresql"))
    if KILLS >= WHOLE or n % 2 == m
]


@pytest.mark.parametrize(("database_url", "point"), WHERE, indirect=["database_url"])
def test_killed_at_a_named_point(engine: Engine, database_url: str, point: str) -> None:
    moments = random.Random(f"{SEED}{point}")
    with surviving(engine, database_url, 40) as scene:
        for _ in range(max(1, KILLS // 6)):
            finds = "found" in point or "dead worker" in point
            if finds:
                dies_at(scene, "after the post", moments.randint(1, 8))
            dies_at(scene, point, 1 if finds else moments.randint(1, 4))


def dies_at(scene: Stage, point: str, nth: int) -> None:
    """A worker that reaches this point, and no further."""
    worker = scene.start(point, nth)
    worker.join(20)
    assert not worker.is_alive(), "the point was never reached"
    kill(worker)


@pytest.mark.parametrize("point", list(FROZEN))
def test_a_worker_that_was_frozen_past_its_lease_sends_nothing_twice(
    engine: Engine, database_url: str, point: str
) -> None:
    with surviving(engine, database_url, 60) as scene:
        frozen = scene.start(point, 9)
        wait_until_stopped(frozen)
        other = scene.start(port=free_port())
        scene.wait_until_done(30)
        assert frozen.pid is not None
        os.kill(frozen.pid, signal.SIGCONT)
        time.sleep(1)
        kill(frozen)
        kill(other)


def wait_until_stopped(process: BaseProcess) -> None:
    """Wait until it has stopped itself (proc(5): state T)."""
    for _ in range(200):
        state = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()[0]
        if state == "T":
            return
        time.sleep(0.05)
    raise AssertionError("the point was never reached")


def test_several_workers_share_one_outbox(engine: Engine, database_url: str) -> None:
    with surviving(engine, database_url, 300) as scene:
        ports = [None, free_port(), free_port(), free_port()]
        workers = [scene.start(port=port) for port in ports]
        scene.wait_until_done(60)
        for worker in workers:
            kill(worker)
