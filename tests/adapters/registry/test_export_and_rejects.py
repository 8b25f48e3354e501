"""What goes out comes back as it was, and no spreadsheet computes anything of it."""

import csv
import unicodedata
from dataclasses import replace
from datetime import UTC, datetime, time
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.adapters.registry.cells import Defaults
from carealert.adapters.registry.escaping import guarded, unguarded
from carealert.adapters.registry.export import CsvFolder
from carealert.adapters.registry.files import (
    Source,
    read_caregivers,
    read_facilities,
    read_residents,
    scan_residents,
)
from carealert.adapters.registry.rejects import write_rejects
from carealert.domain.people import (
    AgeBand,
    Caregiver,
    CareLink,
    CareRole,
    ChannelPreference,
    Consent,
    Exposure,
    Functioning,
    Gender,
    Need,
    Phone,
    PhoneSharing,
    Purpose,
    Resident,
)
from tests.support.messy import WRONG, write_messy_csv
from tests.support.register import AMINA, BARE, CLINIC, KARIM, LINKS, RAHIMA

DEFAULTS = Defaults(datetime(2026, 5, 26, 6, 0, tzinfo=UTC), ZoneInfo("Asia/Dhaka"), "bn", "US")
DANGEROUS = "=+-@\t\r"


@pytest.mark.parametrize("first", DANGEROUS)
def test_no_cell_goes_out_that_a_spreadsheet_would_compute(first: str) -> None:
    for cell in (f"{first}1+1", f"'{first}x", f"{first}"):
        assert guarded(cell)[0] == "'"
        assert unguarded(guarded(cell)) == cell


def test_numbers_and_plain_texts_stay_as_they_are() -> None:
    for cell in ("", "-33.4", "-7", "-1e-05", "22.5", "O'Brien", "'quoted'", "a=b", "2026-05-31"):
        assert guarded(cell) == cell


def test_a_phone_is_guarded_so_that_a_spreadsheet_keeps_its_plus_and_digits() -> None:
    assert guarded("+12025550142") == "'+12025550142"
    assert unguarded("'+12025550142") == "+12025550142"
    assert unguarded("+12025550142") == "+12025550142", "other programs need no apostrophe"


@settings(max_examples=300)
@given(st.text(st.sampled_from("=+-@\t\r'1.e a"), max_size=8))
def test_whatever_is_guarded_comes_back(cell: str) -> None:
    out = guarded(cell)
    assert unguarded(out) == cell
    assert out == cell or out[0] == "'"
    assert not out.startswith(("=", "+", "@", "\t", "\r"))


def test_every_field_comes_back_from_the_exported_files(tmp_path: Path) -> None:
    files = CsvFolder(tmp_path)
    carers = [(RAHIMA, LINKS[:1]), (KARIM, LINKS[1:])]
    files.residents([AMINA, BARE])
    files.caregivers(carers)
    files.facilities([CLINIC])
    assert read_residents(tmp_path / "residents.csv", DEFAULTS).items == (AMINA, BARE)
    assert read_caregivers(tmp_path / "caregivers.csv", DEFAULTS).items == tuple(carers)
    assert read_facilities(tmp_path / "facilities.csv", DEFAULTS).items == (CLINIC,)


def test_ends_of_single_purposes_come_back(tmp_path: Path) -> None:
    end = datetime(2027, 1, 1, tzinfo=UTC)
    both = frozenset({Purpose.ALERT_ME, Purpose.STATISTICS})
    consent = Consent(both, "self", ends=((Purpose.STATISTICS, end),))
    CsvFolder(tmp_path).residents([replace(AMINA, consent=consent)])
    (one,) = read_residents(tmp_path / "residents.csv", DEFAULTS).items
    assert one.consent == consent


def test_as_many_ends_as_purposes_or_one(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("ref,needs,consent_purposes,consent_expires\nR,,P1;P2;P6,2027-01-01;\n")
    (error,) = read_residents(path, DEFAULTS).errors
    assert "column consent_expires: has 2 parts for 3 purposes" in str(error)


def test_exported_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "residents.csv"
    path.write_text("an older one that everybody may read")
    path.chmod(0o644)
    CsvFolder(tmp_path).residents([AMINA])
    assert path.stat().st_mode & 0o077 == 0


# What a file can say; times to the minute, names as an import tidies them.
plain = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cs", "Cc", "Zl", "Zp", "Zs", "Cn", "Mn"]),
    min_size=1,
    max_size=12,
)
words = st.one_of(plain, st.sampled_from(["+x", "-note", "'quoted", "a;b", 'say "no"', "x,y"]))


def tidy(text: str) -> bool:
    return unicodedata.normalize("NFC", text).strip() == text and text[0] not in "=@#'"


names = st.none() | words.filter(tidy)
places = st.tuples(st.floats(-90, 90), st.floats(-180, 180)) | st.just((None, None))
moments = st.none() | st.datetimes(
    datetime(1950, 1, 1),  # noqa: DTZ001
    datetime(2150, 1, 1),  # noqa: DTZ001
    timezones=st.just(UTC),
)
clocks = st.builds(time, st.integers(0, 23), st.integers(0, 59))
phones = st.none() | st.builds(
    Phone, st.integers(100, 199).map(lambda n: f"+12025550{n}"), st.sampled_from(PhoneSharing)
)
hours = st.none() | st.floats(0, 10_000)
consents = st.builds(Consent, st.frozensets(st.sampled_from(Purpose)), names, expires=moments)


@st.composite
def residents(draw: st.DrawFn) -> Resident:
    lat, lon = draw(places)
    return Resident(
        ref=draw(st.from_regex(r"[A-Za-z0-9.:/_-]{1,20}", fullmatch=True).filter(tidy)),
        name=draw(names),
        label=draw(words.filter(tidy)),
        birth_year=draw(st.none() | st.integers(1901, 2026)),
        gender=draw(st.sampled_from(Gender)),
        lat=lat,
        lon=lon,
        area_code=draw(st.none() | st.sampled_from(["BD10", "a/b-c", "1.5"])),
        language=draw(st.sampled_from(["bn", "pt-BR", "zh-Hant-TW"])),
        second_language=draw(st.none() | st.just("en")),
        needs=draw(st.frozensets(st.sampled_from(Need))),
        functioning=Functioning(seeing=draw(st.none() | st.integers(1, 4))),
        phone=draw(phones),
        channel=draw(st.sampled_from(ChannelPreference)),
        consent=draw(consents),
        next_due=draw(moments),
        backup_hours=draw(hours),
        notes=draw(names),
        age_band=draw(st.none() | st.sampled_from(AgeBand)),
        exposures=draw(st.frozensets(st.sampled_from(Exposure))),
        critical_after_h=draw(hours),
    )


@st.composite
def caregivers(draw: st.DrawFn) -> tuple[Caregiver, tuple[CareLink, ...]]:
    quiet = draw(st.tuples(clocks, clocks) | st.just((None, None)))
    homes = draw(st.lists(st.sampled_from(["R-1", "R-2", "R-3"]), unique=True).map(sorted))
    how = st.none() | words.filter(lambda text: tidy(text) and ";" not in text)
    one = replace(
        RAHIMA,
        name=draw(names),
        phone=draw(phones),
        consent=draw(consents),
        paid=draw(st.none() | st.booleans()),
        literacy=draw(st.none() | st.just("no")),
        quiet_from=quiet[0],
        quiet_to=quiet[1],
        capacity=draw(st.none() | st.integers(0, 1000)),
        responder_gender=draw(st.none() | st.sampled_from(Gender)),
        companion=draw(st.none() | st.booleans()),
    )
    return one, tuple(
        CareLink("C-1", home, draw(how), draw(st.sampled_from(CareRole))) for home in homes
    )


@settings(max_examples=120, deadline=None)
@given(st.lists(residents(), max_size=3, unique_by=lambda one: one.ref), caregivers())
def test_any_register_comes_back_from_its_files(
    tmp_path_factory: pytest.TempPathFactory,
    people: list[Resident],
    carer: tuple[Caregiver, tuple[CareLink, ...]],
) -> None:
    folder = tmp_path_factory.getbasetemp()
    files = CsvFolder(folder)
    files.residents(people)
    files.caregivers([carer])
    back = read_residents(folder / "residents.csv", DEFAULTS)
    assert back.errors == ()
    assert back.items == tuple(people)
    again = read_caregivers(folder / "caregivers.csv", DEFAULTS)
    assert again.errors == ()
    assert again.items == (carer,)
    for file in ("residents.csv", "caregivers.csv"):
        with (folder / file).open(encoding="utf-8-sig", newline="") as opened:
            cells = [cell for row in csv.reader(opened) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "+", "@", "\t", "\r"))]


def test_rejects_hold_the_wrong_rows_and_what_is_wrong(tmp_path: Path) -> None:
    write_messy_csv(tmp_path / "m.csv")
    scan = scan_residents(Source(tmp_path / "m.csv"), DEFAULTS)
    target = tmp_path / "bad.csv"
    assert write_rejects(scan, target) == len(WRONG)
    assert target.stat().st_mode & 0o077 == 0
    with target.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(WRONG)
    assert rows[0]["phone"] == "1.20956E+10"
    assert rows[0]["problem"].startswith("phone: is a number that a spreadsheet has rounded.")
    assert rows[2]["notes"] == "'=1+1"
    assert rows[3]["name"] == "Rui Costa 54", "the bytes of the old encoding are UTF-8 here"


def test_mended_rejects_are_imported_as_they_are(tmp_path: Path) -> None:
    write_messy_csv(tmp_path / "m.csv")
    scan = scan_residents(Source(tmp_path / "m.csv"), DEFAULTS)
    target = tmp_path / "bad.csv"
    write_rejects(scan, target)
    again = scan_residents(Source(target), DEFAULTS)
    assert {error.column for error in again.errors} == {
        column for line, (column, _) in WRONG.items() if line not in (101, 102)
    }, "only the same refs are not twice any more"
    with target.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(file))
    header, *body = rows
    for row in body:  # as an officer would: clear what is wrong, or write it right
        column = row[-1].split(":")[0]
        if column != "ref":
            row[header.index(column)] = "22.4" if column == "lat" else ""
    with target.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows([header, *body])
    assert read_residents(target, DEFAULTS).errors == ()


def test_rows_of_a_wrong_width_are_rejected_with_all_their_cells(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("ref,needs,consent_purposes\nR-1,infant,P1,spare\nR-2\nR-3,,P1\n")
    write_rejects(scan_residents(Source(path), DEFAULTS), tmp_path / "bad.csv")
    rows = list(csv.reader((tmp_path / "bad.csv").read_text("utf-8-sig").splitlines()))
    assert [row[0] for row in rows] == ["ref", "R-1", "R-2"]
    assert rows[1][-1] == "spare"
    assert "the row has 1 cells" in rows[2][3]


def test_without_wrong_rows_there_is_no_file_of_rejects(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_text("ref,needs,consent_purposes\nR-3,,P1\n")
    assert write_rejects(scan_residents(Source(path), DEFAULTS), tmp_path / "bad.csv") == 0
    assert not (tmp_path / "bad.csv").exists()
