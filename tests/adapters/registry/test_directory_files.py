"""organisations.csv, and what facilities.csv says of single services: read whole, or named."""

import csv
import io
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from carealert.adapters.registry.cells import Defaults
from carealert.adapters.registry.export import CsvFolder
from carealert.adapters.registry.files import (
    FACILITY_COLUMNS,
    ORGANISATION_COLUMNS,
    Scan,
    Source,
    read_facilities,
    scan_organisations,
)
from carealert.domain.facilities import Cost
from carealert.domain.opening_hours import read_hours
from carealert.domain.organisations import Organisation, OrganisationType
from tests.support.directory import POWER, SAMITY
from tests.support.register import CLINIC

DEFAULTS = Defaults(
    datetime(2026, 5, 26, 20, 0, tzinfo=UTC), ZoneInfo("Asia/Dhaka"), "bn", region="US"
)
ROW = {
    "ref": "O-1",
    "name": "Amtali Mahila Samity",
    "type": "Womens_Group",
    "area_codes": "BD10040009; BD20;BD20",
    "languages": "BN;rkt",
    "services": "looks in;boat",
    "contact_name": "Rokeya Zztest",
    "contact_phone": "(202) 555-0160",
    "households": "R-2;R-1",
    "capacity": "12",
    "women_responders": "yes",
    "verified_on": "2026-03-01",
    "notes": "ask at the tailor's Zztest",
}
CARE = {"ref": "F-1", "name": "Block", "type": "care_block", "services": "laundry;day_care;meals"}


def sheet(columns: tuple[str, ...], *rows: Mapping[str, str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def scan(folder: Path, *rows: Mapping[str, str]) -> Scan[Organisation]:
    path = folder / "organisations.csv"
    path.write_text(sheet(ORGANISATION_COLUMNS, *rows), encoding="utf-8")
    return scan_organisations(Source(path), DEFAULTS)


def errors(folder: Path, **cells: str) -> list[str]:
    return [str(one) for one in scan(folder, {**ROW, **cells}).rows().errors]


def test_every_column_of_an_organisation_is_read(tmp_path: Path) -> None:
    bare = {"ref": "O-2", "name": "Palli Bidyut", "type": "utility"}
    assert scan(tmp_path, ROW, bare).rows().items == (SAMITY, POWER)


def test_a_workbook_says_the_same(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(list(ROW))
    day = datetime(2026, 3, 1)  # noqa: DTZ001 - a workbook knows no zones
    book.active.append([day if name == "verified_on" else value for name, value in ROW.items()])
    book.save(tmp_path / "o.xlsx")
    found = scan_organisations(Source(tmp_path / "o.xlsx"), DEFAULTS)
    assert found.rows().items == (SAMITY,)


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("ref", "O 1!", "is not a ref"),
        ("name", "", "is empty"),
        ("type", "", "is empty"),
        ("type", "guild", "Use one of: womens_group, mothers_centre"),
        ("area_codes", "BD10;b@d", "not a code"),
        ("languages", "bn;Bangla", "part 2"),
        ("contact_phone", "", "State the phone"),
        ("contact_phone", "5550160", "cannot be a phone number"),
        ("contact_language", "Bangla", "not a language tag"),
        ("households", "R-1;R 2!", "not a ref"),
        ("households", "R-1;R-1", "twice"),
        ("capacity", "-1", "out of range"),
        ("women_responders", "maybe", "Use one of: yes"),
        ("verified_on", "2026-05-28", "in the future"),
        ("verified_on", "last week", "not a date"),
        ("notes", "=HYPERLINK()", "begins with ="),
    ],
)
def test_what_is_wrong_is_named_by_column_and_never_repeated(
    tmp_path: Path, column: str, cell: str, said: str
) -> None:
    (error,) = errors(tmp_path, **{column: cell})
    assert f"line 2, column {column}: " in error
    assert said in error
    assert "Rokeya" not in error


def test_today_in_the_office_is_no_future(tmp_path: Path) -> None:
    """20:00 UTC is two o'clock of the next day in Dhaka."""
    assert scan(tmp_path, {**ROW, "verified_on": "2026-05-27"}).items[0].verified_on == date(
        2026, 5, 27
    )


def test_one_wrong_row_and_there_is_none(tmp_path: Path) -> None:
    result = scan(tmp_path, ROW, {**ROW, "ref": "O-2", "type": "guild"}).rows()
    assert result.items == ()
    assert len(result.errors) == 1


def test_the_export_can_be_imported_and_computes_nothing(tmp_path: Path) -> None:
    """One cell of them is a formula to a spreadsheet, and phones keep their plus."""
    risky = replace(POWER, name="-cmd|calc", services=("+1", "@x"), notes="-2 lines")
    CsvFolder(tmp_path).organisations([SAMITY, risky])
    path = tmp_path / "organisations.csv"
    assert path.stat().st_mode & 0o077 == 0
    with path.open(encoding="utf-8-sig", newline="") as file:
        cells = [cell for row in csv.reader(file) for cell in row]
    assert not [cell for cell in cells if cell.startswith(("=", "+", "-", "@"))]
    assert scan_organisations(Source(path), DEFAULTS).rows().items == (SAMITY, risky)


def facilities(folder: Path, **cells: str) -> tuple[list[str], dict[str, str]]:
    """The errors, and the hours of services."""
    path = folder / "facilities.csv"
    path.write_text(sheet(FACILITY_COLUMNS, {**CARE, **cells}), encoding="utf-8")
    result = read_facilities(path, DEFAULTS)
    hours = dict(result.items[0].service_hours) if result.items else {}
    return [str(one) for one in result.errors], hours


def test_each_service_has_its_own_hours(tmp_path: Path) -> None:
    cell = "laundry=Mo-Fr 08:00-17:00; Sa off; day_care = Mo-Sa 07:00-19:00"
    found, hours = facilities(tmp_path, service_hours=cell)
    assert found == []
    assert hours == {"laundry": "Mo-Fr 08:00-17:00; Sa off", "day_care": "Mo-Sa 07:00-19:00"}


@pytest.mark.parametrize(
    ("cell", "said"),
    [
        ("Mo-Fr 08:00-17:00", "does not say whose hours"),
        ("laundromat=24/7", "not in services (part 1)"),
        ("laundry=24/7;laundry=Mo 08:00-09:00", "twice (part 2)"),
        ("laundry=24/7;meals=noon", "not understood (service 2 of 2)"),
        ("laundry=", "not understood (service 1 of 1)"),
        ("laundry=Mo-Fr 08:00-17:00;PH off", "without holidays"),
    ],
)
def test_hours_that_are_not_understood_name_row_and_column(
    tmp_path: Path, cell: str, said: str
) -> None:
    (error,), _ = facilities(tmp_path, service_hours=cell)
    assert "facilities.csv, line 2, column service_hours: " in error
    assert said in error


def test_cost_languages_and_the_day_of_the_last_look_are_read(tmp_path: Path) -> None:
    path = tmp_path / "facilities.csv"
    cells = {**CARE, "cost": "Free", "languages": "bn; EN", "verified_on": "2026-03-01"}
    path.write_text(sheet(FACILITY_COLUMNS, cells), encoding="utf-8")
    (one,) = read_facilities(path, DEFAULTS).items
    assert (one.cost, one.languages) == (Cost.FREE, ("bn", "en"))
    assert one.verified_on == date(2026, 3, 1)
    assert "column cost" in facilities(tmp_path, cost="cheap")[0][0]
    assert "column languages" in facilities(tmp_path, languages="bn;!")[0][0]
    assert "column verified_on" in facilities(tmp_path, verified_on="2027-01-01")[0][0]


def test_a_file_from_before_these_columns_is_read_as_ever(tmp_path: Path) -> None:
    old = FACILITY_COLUMNS[: FACILITY_COLUMNS.index("opening_hours") + 1]
    path = tmp_path / "facilities.csv"
    path.write_text(sheet(old, {**CARE, "opening_hours": "when Rahima is there"}))
    (one,) = read_facilities(path, DEFAULTS).items
    assert (one.opening_hours, one.service_hours) == ("when Rahima is there", ())


def test_a_facility_s_new_columns_survive_the_export(tmp_path: Path) -> None:
    CsvFolder(tmp_path).facilities([CLINIC])
    result = read_facilities(tmp_path / "facilities.csv", DEFAULTS)
    assert result.errors == ()
    assert result.items == (CLINIC,)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.text("laundrymeals=;MoTuFrSa 0123456789:-,of", max_size=50))
def test_any_cell_of_hours_is_read_whole_or_named(tmp_path: Path, cell: str) -> None:
    found, hours = facilities(tmp_path, service_hours=cell)
    assert all("column service_hours" in error for error in found)
    assert not (found and hours)
    assert set(hours) <= {"laundry", "day_care", "meals"}
    for text in hours.values():
        read_hours(text)


cells = st.fixed_dictionaries(
    {name: st.text(st.characters(codec="utf-8"), max_size=12) for name in ORGANISATION_COLUMNS}
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cells, st.sampled_from(OrganisationType))
def test_any_row_is_an_organisation_or_errors_that_name_row_and_column(
    tmp_path: Path, row: dict[str, str], kind: OrganisationType
) -> None:
    result = scan(tmp_path, ROW, {**row, "ref": "O-9", "type": kind.value}).rows()
    assert bool(result.errors) is not bool(result.items)
    for error in result.errors:
        assert error.line is not None
        assert error.column in ORGANISATION_COLUMNS
