"""Callbacks that nobody heard: the gateway is asked what became of its messages."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import Accepted, DeliveryFailed, FailureAction, Progress
from carealert.services.reconciling import ask_about
from carealert.simulator.world import World
from tests.support.builders import NOW, a_phone, hours
from tests.support.delivery import (
    FakeChannel,
    SetClock,
    a_timer,
    a_told,
    add,
    caregivers,
    deliver_until_empty,
    only,
    rows,
    sole,
    start_timers,
)
from tests.support.gateway import a_world, channel_to, gateway

HOUR = 3600


@pytest.fixture
def clock() -> SetClock:
    return SetClock()


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return caregivers(engine, sealer, 4)


@pytest.fixture
def world(clock: SetClock) -> World:
    return a_world(clock, unreachable=[a_phone(1).number])


@pytest.fixture
def url(world: World) -> Iterator[str]:
    with gateway(world) as url:
        yield url


def test_the_end_of_a_message_is_asked_for_where_its_callbacks_were_lost(
    db: SqlDatabase, clock: SetClock, world: World, url: str
) -> None:
    start_timers(db.engine, a_timer("r0"), a_timer("r1"))
    add(db, *(a_told(n, expires_at=NOW + hours(9)) for n in range(2)))
    channel = channel_to(url)
    deliver_until_empty(db, channel, "w", clock)
    assert world.wait_until_quiet()
    clock.move(HOUR - 1)
    assert ask_about(db, sole(channel), clock()) == 0
    clock.move(1)
    assert ask_about(db, sole(channel), clock()) == 2
    ends = {row.recipient_ref: (row.delivery_status, row.error_code) for row in rows(db.engine)}
    assert ends == {"c0": ("delivered", None), "c1": ("undelivered", "30003")}
    due = {row.ref: row.due_at for row in rows(db.engine, tables.escalation_timer)}
    assert due["r1"] <= clock(), "whoever was not reached is taken to the next step at once"
    assert ask_about(db, sole(channel), clock()) == 0


class Asked(FakeChannel):
    """A gateway that says the same of every message, or cannot be asked."""

    says: Progress | None = None
    times = 0

    def ask(self, provider_id: str) -> Progress:  # noqa: ARG002
        self.times += 1
        if self.says is None:
            raise DeliveryFailed("cannot list", FailureAction.UNREACHABLE)
        return self.says


@pytest.mark.parametrize("says", [None, Progress(DeliveryStatus.SENT)])
def test_who_does_not_know_is_asked_once_an_hour_for_a_day(
    db: SqlDatabase, clock: SetClock, says: Progress | None
) -> None:
    add(db, a_told(0, expires_at=NOW + hours(48)))
    channel = Asked()
    channel.says = says
    deliver_until_empty(db, channel, "w", clock)
    for _ in range(30 * 2):
        clock.move(HOUR / 2)
        assert ask_about(db, sole(channel), clock()) == 0
    assert channel.times == 23
    assert only(db.engine).state == "sent"


@pytest.mark.parametrize("status", [DeliveryStatus.DELIVERED, DeliveryStatus.UNDELIVERED])
def test_a_message_whose_end_is_known_is_not_asked_about(
    db: SqlDatabase, clock: SetClock, status: DeliveryStatus
) -> None:
    add(db, a_told(0, expires_at=NOW + hours(48)))
    channel = Asked(lambda message: Accepted(f"SM-{message.reference}", status))
    channel.says = Progress(DeliveryStatus.READ)
    deliver_until_empty(db, channel, "w", clock)
    clock.move(2 * HOUR)
    assert ask_about(db, sole(channel), clock()) == 0
    assert channel.times == 0


def test_a_gateway_that_cannot_be_asked_is_left_alone(db: SqlDatabase, clock: SetClock) -> None:
    add(db, a_told(0, expires_at=NOW + timedelta(days=2)))
    deliver_until_empty(db, FakeChannel(), "w", clock)
    clock.move(2 * HOUR)
    assert ask_about(db, sole(FakeChannel()), clock()) == 0
    assert only(db.engine, tables.attempt).asked_at is None
