"""Areas that nobody could place, on the first screen, on both databases."""

from datetime import timedelta

from sqlalchemy import Engine

from carealert.adapters.db.board.reader import SqlBoard
from carealert.adapters.db.unknown_areas import SqlUnknownAreas
from tests.support.builders import NOW
from tests.support.register_db import put_warnings

LONG_AGO = NOW - timedelta(days=40)


def test_the_first_screen_shows_the_most_often_named_of_the_last_month(engine: Engine) -> None:
    put_warnings(engine, 1, 2)
    with engine.begin() as connection:
        store = SqlUnknownAreas(connection)
        store.note("met@example.org", [("UGC", "OLD")], 1, LONG_AGO)
        store.note("call +12025550142", [("UGC", f"NEW{n}") for n in range(8)], 1, NOW)
        store.note("call +12025550142", [("UGC", "NEW7")], 2, NOW)
    shown = SqlBoard(engine).now(NOW).unknown_areas
    assert [one.value for one in shown] == ["NEW7", "NEW0", "NEW1", "NEW2", "NEW3", "NEW4"]
    assert (shown[0].times, shown[0].warning_id) == (2, 2)
    assert "555" not in shown[0].sender
