"""Calls end to end: our side and a world whose phones ring, over HTTP in both directions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from xml.etree import ElementTree as ET

from fastapi import FastAPI
from sqlalchemy import Engine

from carealert.adapters.channels.twilio_http import GatewayHttp
from carealert.adapters.channels.twilio_voice import TwilioVoice
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.adapters.texts.speech import Speech
from carealert.adapters.texts.voice import read_voices
from carealert.paths import shipped
from carealert.simulator.server import free_port, running
from carealert.simulator.world import Call, World
from carealert.web.voice_hooks import voice_router
from tests.support.delivery import (
    ACCOUNT,
    TOKEN,
    SetClock,
    StubComposer,
    a_told,
    add,
    caregivers,
    deliver_until_empty,
)
from tests.support.drafts import a_composer
from tests.support.gateway import SENDER, a_world, gateway

#: What only the person may hear.
PRIVATE = "CareAlert: CYCLONE. Nani: pack the dialysis papers. Press 1 if safe, 2 if you need help."
SPOKEN = PRIVATE.replace("CYCLONE", "cyclone")
NEUTRAL = "CareAlert: cyclone."


@cache
def a_speech() -> Speech:
    """The shipped texts and voices."""
    return Speech(a_composer(), read_voices((shipped("templates"),), frozenset()))


def voice_to(
    url: str | None, clock: SetClock, public_url: str = "http://127.0.0.1:9", token: str = TOKEN
) -> TwilioVoice:
    """Our channel for calls."""
    return TwilioVoice(
        GatewayHttp(url),
        ACCOUNT,
        token,
        public_url=public_url,
        sender=SENDER,
        speech=a_speech(),
        clock=clock,
    )


@dataclass
class Line:
    """An office that calls, and the phones of a world."""

    db: SqlDatabase
    world: World
    channel: TwilioVoice
    clock: SetClock

    def call(self, body: str = PRIVATE, number: int = 0) -> Call:
        """Put a notice in the outbox, place its call and let it come to its end."""
        add(self.db, a_told(number, body=body))
        self.deliver()
        return self.world.calls.listed()[0]

    def deliver(self) -> None:
        """Place every call that is due, and wait until nobody talks any more."""
        deliver_until_empty(self.db, self.channel, "w", self.clock)
        assert self.world.wait_until_quiet()


@contextmanager
def a_line(engine: Engine, sealer: Sealer, people: int = 1) -> Iterator[Line]:
    """A register of caregivers, our hooks and the gateway, all on the loopback."""
    db, clock, port = caregivers(engine, sealer, people), SetClock(), free_port()
    own = f"http://127.0.0.1:{port}"
    app, world = FastAPI(), a_world(clock)
    app.include_router(voice_router(db, StubComposer(), a_speech(), (TOKEN,), own, clock))
    with gateway(world) as url, running(app, port):
        yield Line(db, world, voice_to(url, clock, own), clock)


def said_in(twiml: str) -> list[str]:
    """Every sentence that a document would say."""
    return [say.text or "" for say in ET.fromstring(twiml).iter("Say")]
