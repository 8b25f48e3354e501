"""The web application on a database, as the tests of the console use it."""

from datetime import timedelta
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from sqlalchemy import Engine
from starlette.testclient import TestClient

from carealert.adapters.db.board.reader import SqlBoard
from carealert.adapters.db.meters import SqlMeters
from carealert.web.app import create_app
from carealert.web.options import WebOptions
from tests.support.board_data import NOW

ZONE = ZoneInfo("Asia/Dhaka")


def app_on(engine: Engine, options: WebOptions | None = None) -> FastAPI:
    """The application whose clock stands still at NOW."""
    board = SqlBoard(engine, timedelta(hours=12))
    return create_app(board, (), options or WebOptions(ZONE), lambda: NOW, meters=SqlMeters(engine))


def local_client(app: FastAPI, *, client: str = "127.0.0.1", host: str = "127.0.0.1") -> TestClient:
    """A browser on the machine that serves (or elsewhere, if told so)."""
    return TestClient(app, base_url=f"http://{host}", client=(client, 50000))
