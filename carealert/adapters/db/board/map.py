"""GeoJSON for the map: warned areas, facilities, and the outlines of the office's own areas.

Coordinates are WGS 84 lon/lat, rounded to four decimals (about 11 m), outlines simplified: a
district's full boundary would be megabytes and looks the same.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import shapely
from shapely.geometry import shape
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, func, select

from carealert.adapters.db.lists import one_of
from carealert.adapters.db.tables import area, facility, warning
from carealert.services.watching import FacilityRow, GeoJson, IncidentSummary

#: About 100 m: no more than a line's width on a screen that shows a district.
TOLERANCE = 0.001
#: More outlines than this make a map nobody can read; a higher level is drawn then.
MOST_PLACES = 400


class Shapes:
    """Reads the areas of warnings; a warning's areas never change and are remembered."""

    def __init__(self) -> None:
        self._known: dict[int, list[tuple[str, dict[str, Any]]]] = {}

    def warned(self, connection: Connection, incidents: Sequence[IncidentSummary]) -> GeoJson:
        """One feature for each different area of the incidents' standing messages."""
        by_id = {one.id: one for one in incidents}
        rows = connection.execute(
            select(warning.c.id, warning.c.incident).where(
                one_of(connection, warning.c.incident, by_id), warning.c.superseded_by.is_(None)
            )
        ).all()
        known = self._read(connection, [row.id for row in rows])
        order = list(by_id)  # worst first
        features = [
            _warned_feature(by_id[row.incident], name, outline)
            for row in sorted(rows, key=lambda row: (order.index(row.incident), row.id))
            for name, outline in known[row.id]
        ]
        return _collection(features)

    def _read(
        self, connection: Connection, ids: Sequence[int]
    ) -> dict[int, list[tuple[str, dict[str, Any]]]]:
        found = {key: known for key in ids if (known := self._known.get(key)) is not None}
        missing = [key for key in ids if key not in found]
        if missing:
            query = select(warning.c.id, warning.c.body).where(warning.c.id.in_(missing))
            bodies = {row.id: row.body for row in connection.execute(query)}
            coded = _coded(connection, bodies.values())
            found |= {key: _outlines(body, coded) for key, body in bodies.items()}
        self._known = found
        return found


def facility_features(connection: Connection, rows: Iterable[FacilityRow]) -> GeoJson:
    """A point for each facility that has a place."""
    status = {row.ref: row for row in rows}
    query = select(facility.c.ref, facility.c.lat, facility.c.lon).where(
        facility.c.lat.is_not(None), facility.c.lon.is_not(None)
    )
    features = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [round(row.lon, 4), round(row.lat, 4)]},
            "properties": _facility_properties(status[row.ref]),
        }
        for row in connection.execute(query)
        if row.ref in status
    ]
    return _collection(features)


def place_features(connection: Connection) -> GeoJson:
    """The finest level of the office's areas that is still readable."""
    drawn = area.c.geometry.is_not(None)
    levels = connection.execute(
        select(area.c.level, func.count().label("n"))
        .where(drawn)
        .group_by(area.c.level)
        .order_by(area.c.level)
    ).all()
    if not levels:
        return _collection([])
    level = next((row.level for row in reversed(levels) if row.n <= MOST_PLACES), levels[0].level)
    query = select(area.c.names, area.c.geometry).where(drawn, area.c.level == level)
    rows = connection.execute(query.order_by(area.c.code).limit(MOST_PLACES))
    features = [
        {
            "type": "Feature",
            "geometry": _drawn(shapely.from_wkb(row.geometry)),
            "properties": {"kind": "place", "name": _first_name(row.names)},
        }
        for row in rows
    ]
    return _collection(features)


def _collection(features: list[dict[str, Any]]) -> GeoJson:
    return {"type": "FeatureCollection", "features": features}


def _first_name(names: Mapping[str, str]) -> str:
    return names.get("en") or next(iter(names.values()), "")


def _warned_feature(
    incident: IncidentSummary, name: str, outline: dict[str, Any]
) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": outline,
        "properties": {
            "kind": "warned",
            "incident": incident.id,
            "hazard": incident.hazard,
            "event": incident.event,
            "severity": incident.severity,
            "status": incident.status,
            "area": name,
        },
    }


def _facility_properties(row: FacilityRow) -> dict[str, Any]:
    return {
        "kind": "facility",
        "ref": row.ref,
        "name": row.name,
        "type": row.type,
        "status": row.status.value,
    }


def _outlines(
    body: Mapping[str, Any], coded: Mapping[tuple[str, str], BaseGeometry]
) -> list[tuple[str, dict[str, Any]]]:
    """(name, outline) of each area; languages repeat the same areas, which are drawn once."""
    found: dict[str, tuple[str, dict[str, Any]]] = {}
    for one in _areas(body):
        given = one.get("geometry")
        shapes = [shape(given)] if given else [coded[key] for key in _codes(one) if key in coded]
        for geometry in shapes:
            outline = _drawn(geometry)
            found.setdefault(json.dumps(outline), (one.get("area_desc") or "", outline))
    return list(found.values())


def _areas(body: Mapping[str, Any]) -> Iterable[Mapping[str, Any]]:
    for info in body.get("infos") or ():
        yield from info.get("areas") or ()


def _codes(one: Mapping[str, Any]) -> list[tuple[str, str]]:
    given = one.get("geocodes") or {}
    return [(_plain(name), code.strip()) for name, codes in given.items() for code in codes]


def _plain(system: str) -> str:
    return "".join(letter for letter in system.casefold() if letter.isalnum())


def _coded(
    connection: Connection, bodies: Iterable[Mapping[str, Any]]
) -> dict[tuple[str, str], BaseGeometry]:
    """The known outlines of areas that a message gives by code alone."""
    wanted = {
        code
        for body in bodies
        for one in _areas(body)
        if not one.get("geometry")
        for _, code in _codes(one)
    }
    if not wanted:
        return {}
    query = select(area.c.code_system, area.c.code, area.c.geometry).where(
        one_of(connection, area.c.code, wanted), area.c.geometry.is_not(None)
    )
    return {
        (_plain(row.code_system), row.code): shapely.from_wkb(row.geometry)
        for row in connection.execute(query)
    }


def _drawn(geometry: BaseGeometry) -> dict[str, Any]:
    simple = shapely.simplify(geometry, TOLERANCE)
    rounded = shapely.transform(simple, lambda points: points.round(4))
    outline: dict[str, Any] = json.loads(shapely.to_geojson(rounded))
    return outline
