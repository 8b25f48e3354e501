"""`carealert people | facilities | areas`: what they print, keep and return."""

import json
from collections.abc import Callable
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import typer
from click.testing import Result
from sqlalchemy import Engine
from typer.testing import CliRunner

from carealert.adapters.db.tables import journal
from carealert.adapters.sealing import Sealer
from carealert.cli import areas, facilities, people
from tests.support.builders import NOW
from tests.support.register_db import (
    REGISTER,
    RegisterApp,
    RegisterDatabase,
    put_warnings,
)

Run = Callable[..., Result]

RESIDENTS = """\
ref,name,needs,lat,lon,consent_purposes,phone
R-1,Amina,dialysis,22.35,90.33,P1,+12025550142
R-2,Karim,,22.36,90.34,,
"""
CAREGIVERS = """\
ref,name,phone,cares_for,consent_purposes
C-1,Rahima,202-555-0143,R-1;R-2,P2
"""
SETTINGS = {
    "zone": ZoneInfo("Asia/Dhaka"),
    "default_language": "bn",
    "phone_region": "US",
    "stale_after_days": 365,
    "bounced_after": 1,
}


@pytest.fixture
def db(sqlite_engine: Engine, sealer: Sealer) -> RegisterDatabase:
    return RegisterDatabase(sqlite_engine, sealer)


@pytest.fixture
def run(db: RegisterDatabase, monkeypatch: pytest.MonkeyPatch) -> Run:
    for module in (people, facilities, areas):
        monkeypatch.setattr(module, "open_app", lambda: RegisterApp(db, SETTINGS))

    def call(app: typer.Typer, *args: object) -> Result:
        return CliRunner().invoke(app, [str(arg) for arg in args])

    return call


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "residents.csv").write_text(RESIDENTS)
    (tmp_path / "caregivers.csv").write_text(CAREGIVERS)
    return tmp_path


def test_people_are_imported_from_a_folder(run: Run, folder: Path) -> None:
    result = run(people.app, "import", folder)
    assert result.exit_code == 0
    assert result.stdout == (
        "residents: 2 added, 0 changed, 0 unchanged\ncaregivers: 1 added, 0 changed, 0 unchanged\n"
    )
    again = run(people.app, "import", folder, "--json")
    assert json.loads(again.stdout) == {
        "imported": True,
        "dry_run": False,
        "residents": {"added": 0, "changed": 0, "unchanged": 2},
        "caregivers": {"added": 0, "changed": 0, "unchanged": 1},
        "notes": [],
    }


def test_files_may_be_named_one_by_one(run: Run, folder: Path) -> None:
    residents, caregivers = folder / "residents.csv", folder / "caregivers.csv"
    assert run(people.app, "import", "--residents", residents).exit_code == 0
    result = run(people.app, "import", "--caregivers", caregivers, "--json")
    assert json.loads(result.stdout)["caregivers"]["added"] == 1


def test_a_dry_run_prints_the_counts_and_keeps_nothing(
    run: Run, folder: Path, db: RegisterDatabase
) -> None:
    before = db.rows(*REGISTER, journal)
    result = run(people.app, "import", folder, "--dry-run")
    assert result.exit_code == 0
    assert "residents: 2 added" in result.stdout
    assert "nothing was kept" in result.stdout
    assert db.rows(*REGISTER, journal) == before


def test_one_wrong_row_in_either_file_and_nothing_is_written(
    run: Run, folder: Path, db: RegisterDatabase
) -> None:
    with (folder / "caregivers.csv").open("a") as file:
        file.write("C-2,Salma,12,R-1,P2\nC-3,Rina,,R-1,P7\n")
    before = db.rows(*REGISTER, journal)
    result = run(people.app, "import", folder)
    assert result.exit_code == 1
    assert result.stdout == ""
    told = result.stderr.splitlines()
    assert told[0].startswith("caregivers.csv, line 3, column phone: cannot be a phone number")
    assert told[1].startswith("caregivers.csv, line 4, column consent_purposes: ")
    assert "mend 2 errors" in told[2]
    assert "Salma" not in result.stderr
    assert db.rows(*REGISTER, journal) == before
    machine = json.loads(run(people.app, "import", folder, "--json").stdout)
    assert machine["imported"] is False
    where = [(error["file"], error["line"], error["column"]) for error in machine["errors"]]
    assert where == [("caregivers.csv", 3, "phone"), ("caregivers.csv", 4, "consent_purposes")]


def test_a_caregiver_of_an_unknown_resident_names_the_ref(
    run: Run, folder: Path, db: RegisterDatabase
) -> None:
    (folder / "residents.csv").unlink()
    before = db.rows(*REGISTER)
    result = run(people.app, "import", folder, "--json")
    assert result.exit_code == 1
    (error,) = json.loads(result.stdout)["errors"]
    assert error["file"] == "caregivers.csv"
    assert "R-1, R-2" in error["what"]
    assert db.rows(*REGISTER) == before


def test_an_import_without_files_is_a_wrong_call(run: Run, tmp_path: Path) -> None:
    assert run(people.app, "import").exit_code == 2
    assert run(people.app, "import", tmp_path).exit_code == 2
    assert run(people.app, "import", "--residents", tmp_path / "none.csv").exit_code == 2
    (tmp_path / "residents.csv").write_text(RESIDENTS)
    (tmp_path / "residents.xlsx").write_text("")
    assert run(people.app, "import", tmp_path).exit_code == 2


def test_notes_go_to_stderr(run: Run, folder: Path) -> None:
    result = run(people.app, "import", "--residents", folder / "residents.csv")
    assert "note: 1 residents have no phone" in result.stderr
    assert "note" not in result.stdout


def test_needs_are_counted_and_nobody_is_named(run: Run, folder: Path) -> None:
    run(people.app, "import", folder)
    result = run(people.app, "needs")
    assert "      1  dialysis\n" in result.stdout
    assert json.loads(run(people.app, "needs", "--json").stdout)["infant"] == 0
    assert "Amina" not in result.stdout


def test_facilities_are_imported_and_listed(run: Run, tmp_path: Path) -> None:
    assert "No facility" in run(facilities.app, "list").stdout
    path = tmp_path / "facilities.csv"
    path.write_text("ref,name,type,manager_phone\nF-1,Hall,shelter,+12025550150\n")
    result = run(facilities.app, "import", path, "--json")
    assert json.loads(result.stdout)["facilities"]["added"] == 1
    (one,) = json.loads(run(facilities.app, "list", "--json").stdout)
    assert one == {
        "ref": "F-1",
        "name": "Hall",
        "type": "shelter",
        "area_code": None,
        "status": "unknown",
        "reported_at": None,
        "services": [],
        "cost": None,
        "languages": [],
        "ramp": None,
    }
    text = run(facilities.app, "list").stdout
    assert "never heard" in text
    assert "0150" not in text


def test_a_wrong_facility_file_ends_with_1(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "facilities.csv"
    path.write_text("ref,name,type\nF-1,Hall,castle\n")
    result = run(facilities.app, "import", path)
    assert result.exit_code == 1
    assert "facilities.csv, line 2, column type" in result.stderr


def test_areas_are_imported_from_several_files_and_listed(run: Run, tmp_path: Path) -> None:
    assert "No area" in run(areas.app, "list").stdout
    for code, parent in (("A", "B"), ("B", None)):
        properties = {"code": code, "code_system": "P-code", "level": 1, "name": f"Name {code}"}
        feature = {"type": "Feature", "geometry": None}
        feature["properties"] = properties | {"parent_code": parent}
        collection = {"type": "FeatureCollection", "features": [feature]}
        (tmp_path / f"{code}.geojson").write_text(json.dumps(collection))
    files = [tmp_path / "A.geojson", tmp_path / "B.geojson"]
    result = run(areas.app, "import", *files)
    assert result.stdout == "areas: 2 added, 0 changed, 0 unchanged\n"
    assert result.stderr == (
        "note: To mend: levels that are not below their parent's: 1. See 'carealert areas check'.\n"
        "note: To look at: no outline: 2. See 'carealert areas check'.\n"
    )
    listed = json.loads(run(areas.app, "list", "--json").stdout)
    assert [(one["code"], one["names"]) for one in listed] == [
        ("A", {"bn": "Name A"}),
        ("B", {"bn": "Name B"}),
    ]
    assert "no outline" in run(areas.app, "list").stdout


COUNTY = """{"type": "FeatureCollection", "features": [{"type": "Feature",
"properties": {"code": "US06037", "code_system": "own", "level": 2, "name": "Los Angeles",
"fips": "06037", "ugc": "CAC037"}, "geometry": {"type": "Polygon",
"coordinates": [[[-118.9, 33.7], [-117.6, 33.7], [-117.6, 34.8], [-118.9, 33.7]]]}}]}"""


def test_an_area_gets_a_code_for_each_system_from_one_file(
    run: Run, tmp_path: Path, db: RegisterDatabase
) -> None:
    file = tmp_path / "counties.geojson"
    file.write_text(COUNTY)
    assert run(areas.app, "import", file).exit_code == 0
    assert run(areas.app, "import", file, "--system", "SAME", "--code", "fips").exit_code == 0
    wrong = run(areas.app, "import", file, "--system", "UGC", "--code", "zone")
    assert (wrong.exit_code, "feature 1 zone" in wrong.stderr) == (1, True)
    with db.reading() as stores:
        keys = {(one.code_system, one.code) for one in stores.areas.all()}
        assert keys == {("own", "US06037"), ("SAME", "06037")}
        assert not stores.areas.place([("FIPS6", "006037")]).unknown


def test_areas_that_warnings_named_are_listed_until_they_are_known(
    run: Run, tmp_path: Path, db: RegisterDatabase
) -> None:
    put_warnings(db.engine, 1, 2)
    assert run(areas.app, "unknown").stdout == "Every area that a warning named is known.\n"
    with db.transaction() as stores:
        for number in (1, 2):
            stores.unknown_areas.note("met@example.org", [("FIPS6", "006037")], number, NOW)
        more = [("UGC", "CAC037"), ("", "Los Angeles"), ("", "Atlantis")]
        stores.unknown_areas.note("met@example.org", more, 2, NOW)
    text = run(areas.app, "unknown").stdout
    assert text.splitlines()[0] == "    2  2026-05-26 06:00 UTC  met@example.org  FIPS6 006037"
    assert '"Atlantis"' in text
    first = json.loads(run(areas.app, "unknown", "--json").stdout)[0]
    assert first == {
        "sender": "met@example.org",
        "system": "FIPS6",
        "value": "006037",
        "times": 2,
        "first_at": "2026-05-26T06:00:00+00:00",
        "last_at": "2026-05-26T06:00:00+00:00",
        "warning": 2,
    }
    file = tmp_path / "counties.geojson"
    file.write_text(COUNTY)
    run(areas.app, "import", file, "--system", "SAME", "--code", "fips", "--dry-run")
    assert len(json.loads(run(areas.app, "unknown", "--json").stdout)) == 4
    run(areas.app, "import", file, "--system", "SAME", "--code", "fips")
    left = json.loads(run(areas.app, "unknown", "--json").stdout)
    assert {one["value"] for one in left} == {"CAC037", "Atlantis"}
