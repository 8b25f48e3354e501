"""Area files: what is good is read whole, what is wrong is named by feature."""

import json
from pathlib import Path

import pytest
import shapely

from carealert.adapters.registry.areas import read_areas
from carealert.services.ports.registry import PlaceArea

SQUARE = {"type": "Polygon", "coordinates": [[[90, 22], [91, 22], [91, 23], [90, 23], [90, 22]]]}
GOOD = {
    "type": "Feature",
    "properties": {
        "code": "BD1004",
        "code_system": "P-code",
        "level": 2,
        "parent_code": "BD10",
        "names": {"en": "Barguna", "bn": "বরগুনা"},
        "area_km2": 1831.0,
    },
    "geometry": SQUARE,
}


def _file(path: Path, *features: object) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}), "utf-8")
    return path


def _with(**changes: object) -> dict[str, object]:
    properties = {**GOOD["properties"], "code": "X", **changes}  # type: ignore[dict-item]
    return {**GOOD, "properties": properties}


def test_every_property_is_read(tmp_path: Path) -> None:
    lone = _with(code=1381200001, names=None, name=" Pasig ", parent_code=None)
    lone["geometry"] = None
    result = read_areas(_file(tmp_path / "a.geojson", GOOD, lone), "fil")
    assert result.errors == ()
    assert result.items == (
        PlaceArea(
            "P-code",
            "BD1004",
            2,
            "BD10",
            {"en": "Barguna", "bn": "বরগুনা"},
            shapely.from_geojson(json.dumps(SQUARE)),
        ),
        PlaceArea("P-code", "1381200001", 2, None, {"fil": "Pasig"}, None),
    )


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"code": None}, "feature 2 code: is empty"),
        ({"code": "BD1004"}, "feature 2 code: is there twice"),
        ({"code_system": ""}, "feature 2 code_system: is empty"),
        ({"level": "two"}, "feature 2 level: is not a level"),
        ({"level": True}, "feature 2 level: is not a level"),
        ({"parent_code": 1.5}, "feature 2 parent_code: is empty, not a text"),
        ({"names": {}}, "feature 2 names: are missing"),
        ({"names": {"en": 3}}, "feature 2 names: are missing"),
    ],
)
def test_a_wrong_property_names_its_feature(
    tmp_path: Path, changes: dict[str, object], says: str
) -> None:
    result = read_areas(_file(tmp_path / "a.geojson", GOOD, _with(**changes)), "en")
    (error,) = result.errors
    assert str(error).startswith("a.geojson, ")
    assert says in str(error)
    assert result.items == ()


@pytest.mark.parametrize(
    ("geometry", "says"),
    [
        ({"type": "Point", "coordinates": [90, 22]}, "is not an area"),
        ({"type": "Polygon", "coordinates": []}, "is not an area"),
        ({"type": "Polygon", "coordinates": "x"}, "cannot be read"),
        ({"type": "Polygon", "coordinates": [[[1, 1], [2, 2], [3, 3], [1, 1]]]}, "has no inside"),
        (
            {"type": "Polygon", "coordinates": [[[0, 0], [5e5, 0], [5e5, 5e5], [0, 0]]]},
            "is not on this world",
        ),
        (
            {"type": "Polygon", "coordinates": [[[22, 121], [23, 121], [23, 122], [22, 121]]]},
            "has latitude and longitude exchanged",
        ),
        (7, "cannot be read"),
    ],
)
def test_a_wrong_geometry_names_its_feature(tmp_path: Path, geometry: object, says: str) -> None:
    (error,) = read_areas(
        _file(tmp_path / "a.geojson", {**GOOD, "geometry": geometry}), "en"
    ).errors
    assert str(error).startswith("a.geojson, feature 1 geometry: ")
    assert says in str(error)


def test_an_outline_that_crosses_itself_is_repaired_and_noted(tmp_path: Path) -> None:
    tie = {"type": "Polygon", "coordinates": [[[0, 0], [2, 2], [2, 0], [0, 2], [0, 0]]]}
    result = read_areas(_file(tmp_path / "a.geojson", {**GOOD, "geometry": tie}), "en")
    assert result.notes == (
        (
            "a.geojson, feature 1: the outline was repaired (Self-intersection at 1, 1): "
            "look whether it is as it should be."
        ),
    )
    geometry = result.items[0].geometry
    assert geometry is not None
    assert geometry.is_valid
    assert geometry.area == pytest.approx(2.0)


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "not JSON"),
        (b"\xff", "not JSON"),
        (b"[]", "FeatureCollection"),
        (b'{"type": "Feature"}', "FeatureCollection"),
        (b'{"type": "FeatureCollection", "features": [3]}', "feature 1 properties"),
    ],
)
def test_a_file_of_another_kind_is_refused(tmp_path: Path, body: bytes, says: str) -> None:
    path = tmp_path / "a.geojson"
    path.write_bytes(body)
    (error,) = read_areas(path, "en").errors
    assert says in str(error)


def test_the_areas_of_the_demo_are_good() -> None:
    folder = Path(__file__).resolve().parents[3] / "db" / "demo" / "areas"
    files = sorted(folder.glob("*.geojson"))
    assert files
    for path in files:
        result = read_areas(path, "en")
        assert result.errors == ()
        assert all(area.geometry is not None for area in result.items)
