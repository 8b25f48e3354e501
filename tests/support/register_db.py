"""A Database of the register alone, so that its tests need no other store."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import cached_property
from types import SimpleNamespace
from typing import Any, cast

from sqlalchemy import Connection, Engine, Row, Table, select

from carealert.adapters.db.areas import SqlAreas
from carealert.adapters.db.consents import SqlConsents
from carealert.adapters.db.facilities import SqlFacilities
from carealert.adapters.db.people import SqlPeople
from carealert.adapters.db.places import SqlPlaces
from carealert.adapters.db.tables import (
    area,
    care_link,
    caregiver,
    document,
    facility,
    facility_contact,
    journal,
    resident,
    warning,
)
from carealert.adapters.db.unknown_areas import SqlUnknownAreas
from carealert.adapters.sealing import Sealer
from carealert.domain.access import Actor, Role
from carealert.services.ports.store import Stores
from tests.support.builders import NOW

REGISTER: tuple[Table, ...] = (area, resident, caregiver, care_link, facility, facility_contact)


class _Journal:
    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def write(self, at: datetime, event: str, subject: str, **details: str) -> None:
        row = {"at": at, "event": event, "subject": subject, "details": details}
        self._connection.execute(journal.insert(), [row])


class RegisterDatabase:
    """Opens transactions as the whole store does."""

    def __init__(self, engine: Engine, sealer: Sealer) -> None:
        self.engine = engine
        self.sealer = sealer

    @contextmanager
    def transaction(self) -> Iterator[Stores]:
        with self.engine.begin() as connection:
            yield self._stores(connection)

    @contextmanager
    def reading(self) -> Iterator[Stores]:
        engine = self.engine.execution_options(carealert_reading=True)
        with engine.connect() as connection:
            yield self._stores(connection)

    def _stores(self, connection: Connection) -> Stores:
        stores = SimpleNamespace(
            areas=SqlAreas(connection),
            unknown_areas=SqlUnknownAreas(connection),
            people=SqlPeople(connection, self.sealer),
            places=SqlPlaces(connection),
            facilities=SqlFacilities(connection, self.sealer),
            consents=SqlConsents(connection, self.sealer),
            journal=_Journal(connection),
        )
        return cast(Stores, stores)

    def rows(self, *tables: Table) -> dict[str, Sequence[Row[Any]]]:
        """Everything in these tables, by table, to be compared."""
        with self.engine.connect() as connection:
            return {
                one.name: connection.execute(select(one).order_by(*one.primary_key)).fetchall()
                for one in tables
            }


class RegisterApp:
    """What commands open, on a register alone."""

    def __init__(self, db: RegisterDatabase, settings: Mapping[str, Any]) -> None:
        self._db = db
        self.settings = SimpleNamespace(**settings)

    @cached_property
    def operator(self) -> Actor:
        return Actor("test", Role.ADMIN)

    @cached_property
    def db(self) -> RegisterDatabase:
        return self._db


def put_warnings(engine: Engine, *ids: int) -> None:
    """Warnings with these ids and nothing in them, for rows that refer to one."""
    with engine.begin() as connection:
        page: dict[str, Any] = {"url": "u", "sha256": "x", "body": b"x", "fetched_at": NOW}
        key = connection.execute(document.insert().values(page)).inserted_primary_key
        for number in ids:
            row: dict[str, Any] = {
                "id": number,
                "sender": "met@example.org",
                "identifier": str(number),
                "sent": NOW,
                "incident": str(number),
                "revision": 0,
                "body": {},
                "document_id": key[0] if key else None,
                "received_at": NOW,
            }
            connection.execute(warning.insert().values(row))
