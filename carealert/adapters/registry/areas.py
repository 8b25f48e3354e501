"""Administrative areas from GeoJSON (RFC 7946): one feature an area."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import shapely
from shapely.geometry.base import BaseGeometry

from carealert.adapters.file_errors import RowError, Rows
from carealert.services.ports.registry import PlaceArea

_DEEPEST = 10
_HIGHEST_CODE = 60


def read_areas(
    path: Path, language: str, system: str | None = None, code: str = "code"
) -> Rows[PlaceArea]:
    """All areas of a FeatureCollection, or all its errors.

    Properties: `code`, `code_system`, `level` (0 = country), `parent_code`, and `names` (language
    -> name), or `name` for the office's own `language`. An invalid geometry is repaired and noted.
    With `system` all codes are of that system, and of the property `code`: so one file gives its
    areas aliases, one import for each system.
    """
    found = scan_areas(path, language, system, code)
    return Rows((), found.errors) if found.errors else found


def scan_areas(
    path: Path, language: str, system: str | None = None, code: str = "code"
) -> Rows[PlaceArea]:
    """As `read_areas`, but what is good is there beside the errors: to be checked, not imported."""
    reader = _Reader(path.name, language, system, code)
    for number, feature in enumerate(reader.features(path), start=1):
        reader.read(number, feature)
    return Rows(tuple(reader.areas.values()), tuple(reader.errors), tuple(reader.notes))


def _off_the_world(found: BaseGeometry) -> tuple[str, str]:
    """What is wrong with such coordinates, and what to do."""
    west, south, east, north = found.bounds
    if west >= -90 and east <= 90 and south >= -180 and north <= 180:
        return "has latitude and longitude exchanged", "Write longitude first, as RFC 7946 has it"
    fix = "Give longitude, latitude in degrees of WGS 84, not metres of a projection"
    return "is not on this world", fix


class _Reader:
    def __init__(self, file: str, language: str, system: str | None, code: str) -> None:
        self.file = file
        self.language = language
        self.system = system
        self.code = code
        self.areas: dict[tuple[str, str], PlaceArea] = {}
        self.errors: list[RowError] = []
        self.notes: list[str] = []

    def features(self, path: Path) -> Sequence[Any]:
        try:
            found = json.loads(path.read_bytes().decode("utf-8-sig"))
        except OSError as error:
            self._whole(f"the file cannot be opened ({error.strerror})", "Check its name")
            return ()
        except ValueError as error:
            self._whole(f"the file is not JSON ({error})", "Use a GeoJSON file in UTF-8")
            return ()
        features = found.get("features") if isinstance(found, dict) else None
        if not isinstance(features, list) or found.get("type") != "FeatureCollection":
            self._whole("the file is not a FeatureCollection", "Use GeoJSON as in RFC 7946")
            return ()
        return features

    def read(self, number: int, feature: Any) -> None:
        before = len(self.errors)
        properties = feature.get("properties") if isinstance(feature, dict) else None
        if not isinstance(properties, dict):
            self._wrong(number, "properties", "are missing", "Give at least code and code_system")
            return
        if self.system is not None:
            properties = {**properties, "code_system": self.system}
        one = PlaceArea(
            code_system=self._text(number, properties, "code_system") or "",
            code=self._text(number, properties, self.code) or "",
            level=self._level(number, properties.get("level")),
            parent_code=self._text(number, properties, "parent_code", optional=True),
            names=self._names(number, properties),
            geometry=self._geometry(number, feature.get("geometry")),
        )
        key = (one.code_system, one.code)
        if key in self.areas:
            self._wrong(number, "code", "is there twice in this file", "Join the features to one")
        if len(self.errors) == before:
            self.areas[key] = one

    def _text(
        self, number: int, properties: Mapping[str, Any], name: str, *, optional: bool = False
    ) -> str | None:
        value = properties.get(name)
        if value is None and optional:
            return None
        whole = isinstance(value, int) and not isinstance(value, bool)
        text = str(value).strip() if isinstance(value, str) or whole else ""
        if not text or len(text) > _HIGHEST_CODE:
            what = "is empty, not a text or too long"
            self._wrong(number, name, what, f"Give a text of 1 to {_HIGHEST_CODE} characters")
        return text or None

    def _level(self, number: int, value: object) -> int:
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= _DEEPEST:
            return value
        self._wrong(number, "level", "is not a level", f"Give 0 (country) to {_DEEPEST}")
        return 0

    def _names(self, number: int, properties: Mapping[str, Any]) -> dict[str, str]:
        given = properties.get("names")
        names = dict(given) if isinstance(given, dict) else {}
        if given is None and properties.get("name"):
            names = {self.language: properties["name"]}
        good = all(isinstance(name, str) and name.strip() for name in names.values())
        if not names or not good:
            fix = 'Give a name, or names such as {"bn": "…", "en": "…"}'
            self._wrong(number, "names", "are missing or not texts", fix)
            return {}
        return {language: name.strip() for language, name in names.items()}

    def _geometry(self, number: int, value: Any) -> BaseGeometry | None:
        if value is None:
            return None
        try:
            found = shapely.force_2d(shapely.from_geojson(json.dumps(value)))
        except shapely.GEOSException:
            self._wrong(number, "geometry", "cannot be read", "Use GeoJSON as in RFC 7946")
            return None
        if found.geom_type not in ("Polygon", "MultiPolygon") or found.is_empty:
            self._wrong(number, "geometry", "is not an area", "Use a Polygon or a MultiPolygon")
            return None
        west, south, east, north = found.bounds
        if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
            self._wrong(number, "geometry", *_off_the_world(found))
            return None
        return found if found.is_valid else self._repaired(number, found)

    def _repaired(self, number: int, found: BaseGeometry) -> BaseGeometry | None:
        parts = [
            part
            for part in shapely.get_parts(shapely.make_valid(found)).tolist()
            if part.geom_type in ("Polygon", "MultiPolygon")
        ]
        if not parts:
            self._wrong(number, "geometry", "has no inside", "Draw the area again")
            return None
        reason, _, where = shapely.is_valid_reason(found).rstrip("]").partition("[")
        lon_lat = ", ".join(where.split()) if where else ""
        at = f" at {lon_lat}" if lon_lat else ""
        note = f"the outline was repaired ({reason}{at}): look whether it is as it should be"
        self.notes.append(f"{self.file}, feature {number}: {note}.")
        return shapely.union_all(parts)

    def _wrong(self, number: int, column: str, what: str, fix: str) -> None:
        self.errors.append(RowError(self.file, None, f"feature {number} {column}", what, fix))

    def _whole(self, what: str, fix: str) -> None:
        self.errors.append(RowError(self.file, None, None, what, fix))
