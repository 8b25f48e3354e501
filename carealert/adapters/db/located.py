"""In which area of the register a position lies; asked for as rows are made ready."""

from collections.abc import Sequence
from functools import cached_property

import numpy as np
import shapely
from sqlalchemy import Connection, select

from carealert.adapters.db.tables import area
from carealert.domain.locating import Locator
from carealert.services.ports.registry import PlaceArea

#: lat, lon and the area code that somebody stated; each may be missing.
Place = tuple[float | None, float | None, str | None]


class SqlLocator:
    """The areas as they are when first asked for in this transaction."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def codes(self, places: Sequence[Place]) -> list[str | None]:
        """The code of the area around each position; None where a code is stated, or none holds.

        A stated code is never replaced: what is found stands beside it in a column of its own.
        """
        found: list[str | None] = [None] * len(places)
        asked = [
            n
            for n, (lat, lon, stated) in enumerate(places)
            if stated is None and lat is not None and lon is not None
        ]
        if not asked or self._locator.is_empty:
            return found
        points = np.array([places[n][:2] for n in asked], np.float64)
        areas = self._locator.find(points[:, 1], points[:, 0])
        for n, around in zip(asked, areas, strict=True):
            found[n] = around.code if around is not None else None
        return found

    @cached_property
    def _locator(self) -> Locator[PlaceArea]:
        return locator_of(self._connection)


def locator_of(connection: Connection) -> Locator[PlaceArea]:
    """All areas that have an outline, ready to be asked."""
    query = select(area.c.code_system, area.c.code, area.c.level, area.c.geometry)
    rows = connection.execute(query.where(area.c.geometry.is_not(None))).all()
    shapes = shapely.from_wkb([row.geometry for row in rows])
    return Locator(
        PlaceArea(row.code_system, row.code, row.level, None, {}, shape)
        for row, shape in zip(rows, shapes, strict=True)
    )
