"""The shipped boundaries: GeoJSON with `code_system`, `code`, `level`, `parent_code`, `names`."""

import json
from pathlib import Path

from shapely.geometry import shape

from carealert.services.ports.registry import PlaceArea


def read_boundaries(folder: Path) -> tuple[PlaceArea, ...]:
    """Every area of the `*.geojson` files (RFC 7946) in `folder`, by file name, in their order."""
    return tuple(
        _area(feature)
        for path in sorted(folder.glob("*.geojson"))
        for feature in json.loads(path.read_text(encoding="utf-8"))["features"]
    )


def _area(feature: dict[str, dict[str, object]]) -> PlaceArea:
    properties = feature["properties"]
    geometry = feature.get("geometry")
    return PlaceArea(
        code_system=str(properties["code_system"]),
        code=str(properties["code"]),
        level=int(str(properties["level"])),
        parent_code=str(parent) if (parent := properties["parent_code"]) else None,
        names=dict(properties["names"]),  # type: ignore[call-overload]
        geometry=shape(geometry) if geometry else None,
    )
