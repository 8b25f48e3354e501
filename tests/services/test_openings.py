"""Who opened what, and how often: for those who watch over the officers."""

from datetime import date, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.access import Actor, Role
from carealert.services.access import NotAllowed
from carealert.services.openings import DOER, Opening, openings
from tests.support.builders import NOW

DHAKA = ZoneInfo("Asia/Dhaka")
AUDITOR = Actor("Auditor", Role.AUDITOR)


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return SqlDatabase(engine, sealer)


def opened(db: SqlDatabase, who: str | None, event: str = "revealed", hours: float = 0) -> None:
    details = {"reason": "asked"} | ({DOER: who} if who else {})
    with db.transaction() as stores:
        stores.journal.write(NOW + timedelta(hours=hours), event, "resident:R-1", **details)


def test_openings_are_counted_by_day_of_the_office_and_officer(db: SqlDatabase) -> None:
    for hours in (0, 1, 2):
        opened(db, "Rina", hours=hours)
    opened(db, "Karim", hours=11)  # 17:00 UTC is 23:00 in Dhaka
    opened(db, "Karim", hours=13)  # and this is tomorrow there
    opened(db, None, "exported")
    opened(db, "Rina", "warning_received")
    opened(db, "Rina", hours=-48)
    found = openings(db, AUDITOR, NOW - timedelta(hours=24), DHAKA)
    today, tomorrow = date(2026, 5, 26), date(2026, 5, 27)
    assert found == [
        Opening(tomorrow, "Karim", "revealed", 1),
        Opening(today, "Rina", "revealed", 3),
        Opening(today, "Karim", "revealed", 1),
        Opening(today, "command line", "exported", 1),
    ]


def test_only_who_may_read_the_journal_sees_them(db: SqlDatabase) -> None:
    with pytest.raises(NotAllowed):
        openings(db, Actor("Nurse", Role.HEALTH), NOW, DHAKA)


def test_lines_of_one_event_are_listed_newest_first(db: SqlDatabase) -> None:
    opened(db, "Rina", hours=1)
    opened(db, "Karim", "exported", hours=2)
    opened(db, "Karim", hours=3)
    with db.reading() as stores:
        lines = stores.journal.recent(10, "revealed")
        assert [line.details[DOER] for line in lines] == ["Karim", "Rina"]
        assert [line.event for line in stores.journal.recent(1, "revealed")] == ["revealed"]
        assert len(stores.journal.recent(10)) == 3
        assert stores.journal.recent(10, "nothing") == []
