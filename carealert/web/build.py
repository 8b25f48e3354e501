"""Hands the application's parts to the web: the only web module that knows how they are built."""

import os
from collections.abc import Callable
from datetime import datetime

from fastapi import FastAPI

from carealert import clock
from carealert.adapters.db import migrating
from carealert.adapters.db.board.reader import SqlBoard
from carealert.adapters.db.meters import SqlMeters
from carealert.bootstrap import App
from carealert.domain.access import Actor, Role
from carealert.services.access import NotAllowed
from carealert.services.board import BoardFor
from carealert.services.officers import note_refusal
from carealert.web.app import create_app
from carealert.web.gateway_hooks import gateway_router
from carealert.web.hooks import hooks_router
from carealert.web.options import WebOptions
from carealert.web.voice_hooks import voice_router

#: Who looks at the console: whoever has its password, or sits at this machine.
CONSOLE = Actor("console", Role.OFFICER)


def build_web(
    app: App,
    *,
    phones_url: str | None = None,
    demo: bool = False,
    now: Callable[[], datetime] = clock.now,
) -> FastAPI:
    """The web application of `app`: console, API, health, and the gateway's hooks."""
    settings = app.settings
    password, metrics_token = settings.console_password, settings.metrics_token
    options = WebOptions(
        time_zone=settings.zone,
        sender_tag=settings.sender_tag,
        phones_url=phones_url,
        console_password=password.get_secret_value() if password else None,
        metrics_token=metrics_token.get_secret_value() if metrics_token else None,
        demo=demo,
        templates=(settings.config / "templates",) if settings.config else (),
    )
    tokens, public_url = app.auth_tokens(), settings.public_url
    hooks = hooks_router(app.db, app.composer, tokens, public_url, now, app.words)

    gateways = gateway_router(
        app.db,
        app.composer,
        tuple(app.gateways.values()),
        os.environ,
        now,
        app.words,
        {one.name: one.channel for one in app.senders if one.name in app.gateways},
    )
    calls = voice_router(app.db, app.composer, app.speech, tokens, public_url, now, app.words)

    def readiness() -> str | None:
        if migrating.is_current(app.engine):
            return None
        return "the database is not at this version: run 'carealert db upgrade'"

    def on_refusal(refusal: NotAllowed) -> None:
        note_refusal(app.db, CONSOLE, refusal.what, now())

    board = BoardFor(SqlBoard(app.engine, settings.assumed_life), CONSOLE)
    meters = SqlMeters(app.engine)
    return create_app(board, (hooks, calls, gateways), options, now, readiness, on_refusal, meters)
