"""`carealert areas check | astray | coverage`, and the doctor's look at spatial keys."""

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import Result
from shapely import to_geojson
from shapely.geometry import box
from sqlalchemy import create_engine, text
from typer.testing import CliRunner

from carealert.cli import app
from carealert.services.ports.registry import PlaceArea
from tests.support.atlas import a_country, put_in, without

Run = Callable[..., Result]
COUNTRY = a_country()
RESIDENTS = """\
ref,name,needs,lat,lon,area_code,phone,consent_purposes
R-1,Amina,,2.5,30.5,,+12025550142,P1
R-2,Karim,,2.5,30.5,W24,+12025550143,P1
R-3,Rina,,5.0,5.0,,+12025550144,P1
"""


@pytest.fixture
def run(sqlite_url: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Run:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CAREALERT_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CAREALERT_SECRET_KEY", "the secret of a test office")
    return lambda *args: CliRunner().invoke(app, [str(arg) for arg in args])


def _file(path: Path, areas: list[PlaceArea]) -> Path:
    features = [
        {
            "type": "Feature",
            "properties": {
                "code": one.code,
                "code_system": one.code_system,
                "level": one.level,
                "parent_code": one.parent_code,
                "names": dict(one.names),
            },
            "geometry": json.loads(to_geojson(one.geometry)) if one.geometry else None,
        }
        for one in areas
    ]
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def test_a_good_file_passes_and_nothing_is_kept(run: Run, tmp_path: Path) -> None:
    file = _file(tmp_path / "a.geojson", COUNTRY)
    result = run("areas", "check", file)
    assert (result.exit_code, result.stdout) == (
        0,
        "11 areas checked.\nNothing to mend or to look at.\n",
    )
    assert "No area" in run("areas", "list").stdout


def test_gaps_and_overlaps_are_told_with_a_place_and_are_no_failure(
    run: Run, tmp_path: Path
) -> None:
    wide = replace(COUNTRY[2], geometry=box(30, 2, 31.25, 3))
    file = _file(tmp_path / "a.geojson", without(put_in(COUNTRY, wide), "W14"))
    result = run("areas", "check", file)
    assert result.exit_code == 0
    assert "To look at, areas of one level that overlap (1):" in result.stdout
    assert "P-code W12: overlaps W11 (Place) with 25.0% of itself" in result.stdout
    found = json.loads(run("areas", "check", file, "--json").stdout)["findings"]
    assert [(one["fault"], one["level"]) for one in found] == [
        ("overlap", "warning"),
        ("gap", "warning"),
    ]
    assert 31 < found[1]["lon"] < 32
    assert 3 < found[1]["lat"] < 4


def test_an_error_ends_with_1_and_a_file_that_cannot_be_read_too(run: Run, tmp_path: Path) -> None:
    circle = put_in(COUNTRY, replace(COUNTRY[0], parent_code="W11"))
    result = run("areas", "check", _file(tmp_path / "a.geojson", circle))
    assert result.exit_code == 1
    assert "To mend, areas that lie in themselves (1):" in result.stdout
    twice = _file(tmp_path / "b.geojson", [*COUNTRY, COUNTRY[3]])
    result = run("areas", "check", twice, "--json")
    assert result.exit_code == 1
    (error,) = json.loads(result.stdout)["errors"]
    assert (error["file"], error["where"]) == ("b.geojson", "feature 12 code")
    both = run("areas", "check", _file(tmp_path / "c.geojson", COUNTRY[:3]), tmp_path / "b.geojson")
    assert "W11: is there 2 times" in both.stdout


def test_a_repaired_outline_is_told_with_its_place(run: Run, tmp_path: Path) -> None:
    path = _file(tmp_path / "a.geojson", COUNTRY[:1])
    data = json.loads(path.read_text())
    ring = [[30, 2], [34, 4], [34, 2], [30, 4], [30, 2]]
    data["features"][0]["geometry"]["coordinates"] = [ring]
    path.write_text(json.dumps(data))
    result = run("areas", "check", path)
    assert result.exit_code == 0
    assert "feature 1: the outline was repaired (Self-intersection at 32, 3)" in result.stdout


def test_an_import_prints_the_short_of_it(run: Run, tmp_path: Path) -> None:
    result = run("areas", "import", _file(tmp_path / "a.geojson", without(COUNTRY, "W14")))
    assert "To look at: gaps between the parts of an area: 1" in result.stderr
    assert "gaps between the parts of an area (1)" in run("areas", "check").stdout


@pytest.fixture
def city(run: Run, tmp_path: Path) -> Run:
    assert run("areas", "import", _file(tmp_path / "a.geojson", COUNTRY)).exit_code == 0
    (tmp_path / "residents.csv").write_text(RESIDENTS)
    assert run("people", "import", "--residents", "residents.csv").exit_code == 0
    return run


def test_who_is_astray_is_listed_by_ref_alone(city: Run) -> None:
    found = json.loads(city("areas", "astray", "--json").stdout)
    assert [(one["ref"], one["area_code"]) for one in found] == [("R-2", "W24"), ("R-3", None)]
    shown = city("areas", "astray").stdout
    assert "R-2" in shown
    assert "Karim" not in shown
    assert "2025550143" not in shown


def test_coverage_and_quality_agree(city: Run) -> None:
    lines = {one["code"]: one for one in json.loads(city("areas", "coverage", "--json").stdout)}
    assert (lines["P"]["residents"], lines["D1"]["residents"], lines[None]["residents"]) == (
        2,
        1,
        1,
    )
    empty = json.loads(city("areas", "coverage", "--empty", "--json").stdout)
    quality = json.loads(city("people", "quality", "--json").stdout)
    assert quality["areas"] == {"all": 11, "without_residents": len(empty)}
    assert f"{len(empty)} of 11 areas without" in city("areas", "coverage", "--empty").stdout


def test_an_export_does_not_state_what_was_found(city: Run, tmp_path: Path) -> None:
    assert (
        city("people", "export", tmp_path / "out", "--reason", "a test of exports").exit_code == 0
    )
    text_ = (tmp_path / "out" / "residents.csv").read_text()
    assert "W24" in text_
    assert "W11" not in text_


def test_records_are_confirmed_by_ref_or_from_standard_input(city: Run) -> None:
    assert "2 records confirmed" in city("people", "confirm", "R-1", "R-2").stdout
    refused = city("people", "confirm", "R-1", "R-9")
    assert refused.exit_code == 1
    assert "R-9" in refused.stderr
    result = CliRunner().invoke(app, ["people", "confirm", "-"], input="R-1 R-3\n")
    assert "2 records confirmed" in result.stdout


def test_the_doctor_sees_a_wrong_key_and_says_what_to_do(city: Run) -> None:
    assert "OK   cells: 3 positions." in city("doctor", "--only", "cells").stdout
    engine = create_engine(os.environ["CAREALERT_DATABASE_URL"])
    with engine.begin() as connection:
        connection.execute(text("UPDATE resident SET cell = cell - 5 WHERE ref = 'R-2'"))
    engine.dispose()
    sick = city("doctor", "--only", "cells")
    assert sick.exit_code == 1
    assert "FIX  cells: 3 positions, 1 with a wrong spatial key" in sick.stdout
    assert "carealert db repair-cells" in sick.stdout
    assert "resident: 1 put right" in city("db", "repair-cells").stdout
    assert city("doctor", "--only", "cells").exit_code == 0


def test_areas_are_found_anew_on_demand(city: Run) -> None:
    engine = create_engine(os.environ["CAREALERT_DATABASE_URL"])
    with engine.begin() as connection:
        connection.execute(text("UPDATE resident SET located_code = NULL"))
    engine.dispose()
    done = json.loads(city("areas", "locate", "--json").stdout)
    assert done == {"found": 1, "nowhere": 1, "changed": 1}
