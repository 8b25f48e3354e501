"""Register files: what is good is read whole, what is wrong is named and nothing is taken."""

import csv
import io
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.adapters.registry.cells import Defaults
from carealert.adapters.registry.files import (
    CAREGIVER_COLUMNS,
    FACILITY_COLUMNS,
    RESIDENT_COLUMNS,
    read_caregivers,
    read_facilities,
    read_residents,
)
from carealert.domain.facilities import Contact, Facility, FacilityType
from carealert.domain.people import (
    Administration,
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

DHAKA = ZoneInfo("Asia/Dhaka")
DEFAULTS = Defaults(datetime(2026, 5, 26, 6, 0, tzinfo=UTC), DHAKA, "bn", "US")

RESIDENT = {
    "ref": "R-1",
    "name": "Amina Khatun",
    "label": "Nani",
    "birth_year": "1951",
    "gender": "woman",
    "lat": "22.35",
    "lon": "90.33",
    "area_code": "BD10040009",
    "language": "BN-beng-bd",
    "second_language": "en",
    "needs": "dialysis; mobility;",
    "wg_seeing": "1",
    "wg_walking": "4",
    "phone": "+1 202-555-0142",
    "phone_sharing": "private",
    "channel": "voice",
    "consent_purposes": "P1;P6",
    "consent_giver": "self",
    "consent_expires": "2027-01-31",
    "next_due": "2026-05-28T09:30",
    "backup_hours": "6.5",
    "notes": "two\nlines, with a comma",
    "age_band": "70-79",
    "exposures": "ground_floor;lives_alone",
    "critical_after_h": "6",
    "administration_mode": "proxy",
}
CAREGIVER = {
    "ref": "C-1",
    "name": "Rahima",
    "phone": "(202) 555-0143",
    "phone_sharing": "shared_household",
    "literacy": "with_help",
    "paid": "no",
    "cares_for": "R-1;R-2",
    "relation": "daughter;neighbour",
    "role": "primary;backup",
    "quiet_from": "22:00",
    "quiet_to": "6:30",
    "consent_purposes": "P2",
    "minor": "no",
    "hours_band": "20-34",
    "capacity": "1",
    "never_from": "1:00",
    "never_to": "04:30",
    "responder_gender": "woman",
    "companion": "yes",
}
FACILITY = {
    "ref": "F-1",
    "name": "Amtali Dialysis Centre",
    "type": "dialysis",
    "services": "dialysis;cold_chain",
    "lat": "22.3",
    "lon": "90.3",
    "capacity": "24",
    "backup_power_hours": "8.5",
    "water_hours": "0",
    "cold_chain": "yes",
    "ramp": "no",
    "manager_name": "Dr Shirin",
    "manager_phone": "+12025550150",
    "manager_language": "bn",
    "deputy_phone": "+12025550151",
    "opening_hours": "Sa-Th 08:00-20:00",
}


def _csv(
    path: Path, columns: Sequence[str], *rows: Mapping[str, str], encoding: str = "utf-8"
) -> Path:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="")
    writer.writeheader()
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def _errors(path: Path, columns: Sequence[str], *rows: Mapping[str, str]) -> list[str]:
    read = {
        RESIDENT_COLUMNS: read_residents,
        CAREGIVER_COLUMNS: read_caregivers,
        FACILITY_COLUMNS: read_facilities,
    }[tuple(columns)]
    result = read(_csv(path, columns, *rows), DEFAULTS)
    assert not (result.errors and result.items), "all or nothing"
    return [str(error) for error in result.errors]


def test_every_column_of_a_resident_is_read(tmp_path: Path) -> None:
    result = read_residents(_csv(tmp_path / "r.csv", RESIDENT_COLUMNS, RESIDENT), DEFAULTS)
    assert result.errors == ()
    assert result.items == (
        Resident(
            ref="R-1",
            name="Amina Khatun",
            label="Nani",
            birth_year=1951,
            gender=Gender.WOMAN,
            lat=22.35,
            lon=90.33,
            area_code="BD10040009",
            language="bn-Beng-BD",
            second_language="en",
            needs=frozenset({Need.DIALYSIS, Need.MOBILITY}),
            functioning=Functioning(seeing=1, walking=4, administration=Administration.PROXY),
            phone=Phone("+12025550142", PhoneSharing.PRIVATE),
            channel=ChannelPreference.VOICE,
            consent=Consent(
                frozenset({Purpose.ALERT_ME, Purpose.STATISTICS}),
                "self",
                datetime(2027, 2, 1, tzinfo=DHAKA),
            ),
            next_due=datetime(2026, 5, 28, 9, 30, tzinfo=DHAKA),
            backup_hours=6.5,
            notes="two\nlines, with a comma",
            age_band=AgeBand.UNDER_80,
            exposures=frozenset({Exposure.GROUND_FLOOR, Exposure.LIVES_ALONE}),
            critical_after_h=6.0,
        ),
    )


def test_every_column_of_a_caregiver_is_read(tmp_path: Path) -> None:
    result = read_caregivers(_csv(tmp_path / "c.csv", CAREGIVER_COLUMNS, CAREGIVER), DEFAULTS)
    assert result.errors == ()
    assert result.items == (
        (
            Caregiver(
                ref="C-1",
                name="Rahima",
                phone=Phone("+12025550143", PhoneSharing.SHARED_HOUSEHOLD),
                channel=ChannelPreference.TEXT,
                literacy="with_help",
                gender=Gender.NOT_STATED,
                language="bn",
                second_language=None,
                paid=False,
                consent=Consent(frozenset({Purpose.ALERT_CARER})),
                quiet_from=time(22, 0),
                quiet_to=time(6, 30),
                is_minor=False,
                hours_band="20-34",
                capacity=1,
                never_from=time(1, 0),
                never_to=time(4, 30),
                responder_gender=Gender.WOMAN,
                companion=True,
            ),
            (
                CareLink("C-1", "R-1", "daughter", CareRole.PRIMARY),
                CareLink("C-1", "R-2", "neighbour", CareRole.BACKUP),
            ),
        ),
    )


def test_every_column_of_a_facility_is_read(tmp_path: Path) -> None:
    result = read_facilities(_csv(tmp_path / "f.csv", FACILITY_COLUMNS, FACILITY), DEFAULTS)
    assert result.errors == ()
    assert result.items == (
        Facility(
            ref="F-1",
            name="Amtali Dialysis Centre",
            type=FacilityType.DIALYSIS,
            services=("dialysis", "cold_chain"),
            lat=22.3,
            lon=90.3,
            area_code=None,
            capacity=24,
            backup_power_hours=8.5,
            water_hours=0.0,
            cold_chain=True,
            ramp=False,
            manager=Contact("Dr Shirin", Phone("+12025550150", PhoneSharing.FACILITY), "bn"),
            deputy=Contact(None, Phone("+12025550151", PhoneSharing.FACILITY), "bn"),
            opening_hours="Sa-Th 08:00-20:00",
        ),
    )


def test_an_empty_cell_is_not_stated_and_never_a_guess(tmp_path: Path) -> None:
    result = read_residents(_csv(tmp_path / "r.csv", RESIDENT_COLUMNS, {"ref": "R-1"}), DEFAULTS)
    (one,) = result.items
    assert one.label == "R-1"
    assert one.gender is Gender.NOT_STATED
    assert one.channel is ChannelPreference.TEXT
    assert one.phone is None
    assert one.consent == Consent(frozenset())
    phoned = _csv(tmp_path / "p.csv", RESIDENT_COLUMNS, {"ref": "R-1", "phone": "+12025550142"})
    (two,) = read_residents(phoned, DEFAULTS).items
    assert two.phone == Phone("+12025550142", PhoneSharing.UNKNOWN), "unknown counts as shared"


def test_one_role_and_relation_count_for_all_residents_of_the_row(tmp_path: Path) -> None:
    row = CAREGIVER | {"relation": "volunteer", "role": "relay"}
    ((_, links),) = read_caregivers(
        _csv(tmp_path / "c.csv", CAREGIVER_COLUMNS, row), DEFAULTS
    ).items
    assert {(link.relation, link.role) for link in links} == {("volunteer", CareRole.RELAY)}
    row = CAREGIVER | {"relation": "", "role": ""}
    ((_, links),) = read_caregivers(
        _csv(tmp_path / "c.csv", CAREGIVER_COLUMNS, row), DEFAULTS
    ).items
    assert {(link.relation, link.role) for link in links} == {(None, CareRole.PRIMARY)}


WRONG = [
    ("ref", "", "is empty"),
    ("ref", "two words", "is not a ref"),
    ("name", "=HYPERLINK(1)", "not a formula"),
    ("name", "a\nb", "line break"),
    ("label", "x" * 41, "at most 40"),
    ("name", "#N/A", "spreadsheet's error"),
    ("birth_year", "51", "out of range"),
    ("birth_year", "1890", "out of range"),
    ("birth_year", "2027", "out of range"),
    ("birth_year", "nineteen", "whole number"),
    ("gender", "female", "woman, man, non_binary"),
    ("lat", "95", "out of range"),
    ("lat", "22,35", "is not a number"),
    ("lat", "nan", "out of range"),
    ("lat", "2_2", "is not a number"),
    ("lon", "200", "out of range"),
    ("lon", "", "State both"),
    ("area_code", "BD<1>", "is not a code"),
    ("language", "Bangla", "language tag"),
    ("second_language", "e", "language tag"),
    ("needs", "dialysis;cancer", "part 2 of the list"),
    ("wg_seeing", "5", "out of range"),
    ("wg_hearing", "0", "out of range"),
    ("phone", "01711", "cannot be a phone number"),
    ("phone", "+999 1234567", "cannot be a phone number"),
    ("phone", "5550142", "cannot be a phone number"),
    ("phone", "+12025550142 ext. 5", "cannot be a phone number"),
    ("phone", "+12025550142;+12025550143", "more than one phone number"),
    ("phone", "+1 202 555 0142 / 202 555 0143", "more than one phone number"),
    ("phone", "1.20256E+10", "a spreadsheet has rounded"),
    ("phone_sharing", "mine", "private, shared_household"),
    ("channel", "sms", "text, voice, relay, visit"),
    ("consent_purposes", "P1;P9", "P1, P2, P3, P4, P5, P6"),
    ("consent_expires", "31/12/2026", "is not a date"),
    ("consent_expires", "9999-12-31", "is not a date"),
    ("next_due", "soon", "is not a date"),
    ("backup_hours", "-1", "out of range"),
]


@pytest.mark.parametrize(("column", "value", "says"), WRONG)
def test_a_wrong_cell_of_a_resident_names_file_line_and_column(
    tmp_path: Path, column: str, value: str, says: str
) -> None:
    rows = (RESIDENT, RESIDENT | {"ref": "R-2", column: value})
    (message,) = _errors(tmp_path / "residents.csv", RESIDENT_COLUMNS, *rows)
    # The first row's notes take two lines of the file.
    assert message.startswith(f"residents.csv, line 4, column {column}: ")
    assert says in message
    assert not value or len(value) < 4 or value not in message, "content stays out of errors"


@pytest.mark.parametrize(
    ("changes", "column", "says"),
    [
        ({"literacy": "reader"}, "literacy", "reads_easily, with_help, no"),
        ({"paid": "maybe"}, "paid", "yes"),
        ({"cares_for": "R-1;R 2", "role": "", "relation": ""}, "cares_for", "not a ref"),
        ({"cares_for": "R-1;R-1"}, "cares_for", "twice"),
        ({"role": "primary;boss"}, "role", "primary, backup, relay"),
        ({"role": "primary;backup;relay"}, "role", "3 parts for 2 residents"),
        ({"relation": "x" * 41}, "relation", "too long"),
        ({"quiet_from": "25:00"}, "quiet_from", "HH:MM"),
        ({"quiet_to": ""}, "quiet_from", "State both"),
    ],
)
def test_a_wrong_cell_of_a_caregiver_is_named(
    tmp_path: Path, changes: dict[str, str], column: str, says: str
) -> None:
    (message,) = _errors(tmp_path / "c.csv", CAREGIVER_COLUMNS, CAREGIVER | changes)
    assert message.startswith(f"c.csv, line 2, column {column}: ")
    assert says in message


@pytest.mark.parametrize(
    ("changes", "column", "says"),
    [
        ({"type": ""}, "type", "is empty"),
        ({"type": "hospital"}, "type", "dialysis, clinic"),
        ({"name": ""}, "name", "is empty"),
        ({"capacity": "2.5"}, "capacity", "whole number"),
        ({"ramp": "partly"}, "ramp", "yes"),
        ({"manager_phone": ""}, "manager_phone", "manager_name is not"),
        ({"deputy_phone": "12"}, "deputy_phone", "cannot be a phone"),
    ],
)
def test_a_wrong_cell_of_a_facility_is_named(
    tmp_path: Path, changes: dict[str, str], column: str, says: str
) -> None:
    (message,) = _errors(tmp_path / "f.csv", FACILITY_COLUMNS, FACILITY | changes)
    assert message.startswith(f"f.csv, line 2, column {column}: ")
    assert says in message


def test_swapped_coordinates_are_recognised(tmp_path: Path) -> None:
    row = RESIDENT | {"lat": "90.33", "lon": "22.35"}
    (message,) = _errors(tmp_path / "r.csv", RESIDENT_COLUMNS, row)
    assert "are they swapped?" in message


def test_a_ref_that_is_there_twice_names_the_first_line(tmp_path: Path) -> None:
    one = {"ref": "R-1"}
    (message,) = _errors(tmp_path / "r.csv", RESIDENT_COLUMNS, one, {"ref": "R-2"}, one)
    assert message.startswith("r.csv, line 4, column ref: is the same as in line 2")


def test_every_error_of_a_file_is_told_at_once_in_order(tmp_path: Path) -> None:
    rows = [{"ref": f"R-{n}", "gender": "?" if n % 3 == 0 else "", "lat": "x"} for n in range(30)]
    messages = _errors(tmp_path / "r.csv", RESIDENT_COLUMNS, *rows)
    assert len(messages) == 30 + 10
    lines = [int(message.split("line ")[1].split(",")[0]) for message in messages]
    assert lines == sorted(lines)


@pytest.mark.parametrize(
    ("header", "says"),
    [
        ("ref,needs,consent_purposes,fone", "column fone: is not a known column. Write phone, if"),
        ("ref,needs,consent_purposes,Birth Year", "Write birth_year, if that is meant."),
        ("ref,needs", "column consent_purposes: is missing"),
        ("ref,needs,consent_purposes,ref", "column ref: is there twice"),
        ("ref;needs", "column consent_purposes: is missing. Add the column; its cells may"),
        ("needs;name", "column ref: is missing. Add the column, and fill it in every row."),
        ("Amina Khatun,+12025550142", "r.csv: none of its headings is known. Write the headings"),
    ],
)
def test_a_wrong_header_says_which_column(tmp_path: Path, header: str, says: str) -> None:
    path = tmp_path / "r.csv"
    path.write_text(f"{header}\n")
    messages = [str(error) for error in read_residents(path, DEFAULTS).errors]
    assert any(says in message for message in messages), messages
    assert "Amina" not in " ".join(messages), "a first row of people is no heading"


def test_columns_may_be_left_out_and_stand_in_any_order(tmp_path: Path) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(b"\xef\xbb\xbfneeds,consent_purposes,ref\r\ninfant,P1,R-1\r\n\r\n,,\r\n")
    (one,) = read_residents(path, DEFAULTS).items
    assert one.needs == {Need.INFANT}


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (b"", "the file is empty"),
        (b"\xff\xfe\x00", "begins as UTF-16"),
        (b"PK\x03\x04\x00ref,needs,consent_purposes\n", "not a text"),
        (b"ref,needs,consent_purposes\nR-\x00,,\n", "column ref: holds a line break or a control"),
        (b'ref,needs,consent_purposes\n"R-1,,\n', "quotation marks"),
        (b"ref,needs,consent_purposes\nR-1,,,P1\n", "has 4 cells and the header has 3"),
        (b"ref,needs,consent_purposes\nR-1,infant\n", "has 2 cells and the header has 3"),
    ],
)
def test_a_broken_file_is_refused_in_one_sentence(tmp_path: Path, body: bytes, says: str) -> None:
    path = tmp_path / "r.csv"
    path.write_bytes(body)
    result = read_residents(path, DEFAULTS)
    assert [says in str(error) for error in result.errors] == [True]
    assert result.items == ()


def test_a_file_that_is_not_there_or_of_another_kind_is_refused(tmp_path: Path) -> None:
    (absent,) = read_residents(tmp_path / "none.csv", DEFAULTS).errors
    assert "cannot be opened" in str(absent)
    (tmp_path / "r.ods").write_bytes(b"PK")
    (other,) = read_residents(tmp_path / "r.ods", DEFAULTS).errors
    assert ".xlsx" in str(other)
    (tmp_path / "r.xlsx").write_bytes(b"ref,needs")
    (broken,) = read_residents(tmp_path / "r.xlsx", DEFAULTS).errors
    assert "not a workbook" in str(broken)


def _xlsx(path: Path, columns: Sequence[str], *rows: Mapping[str, object]) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([*columns, None])
    for row in rows:
        sheet.append([row.get(name) for name in columns])
    book.save(path)
    return path


def test_a_workbook_with_typed_cells_says_the_same_as_the_text_file(tmp_path: Path) -> None:
    typed: dict[str, object] = dict(RESIDENT)
    typed |= {"birth_year": 1951.0, "lat": 22.35, "lon": 90.33, "wg_seeing": 1, "wg_walking": 4}
    typed |= {"consent_expires": date(2027, 1, 31), "next_due": datetime(2026, 5, 28, 9, 30)}  # noqa: DTZ001 - a workbook has no zones
    typed |= {"backup_hours": 6.5}
    text = read_residents(_csv(tmp_path / "r.csv", RESIDENT_COLUMNS, RESIDENT), DEFAULTS)
    book = read_residents(_xlsx(tmp_path / "r.xlsx", RESIDENT_COLUMNS, typed, {}), DEFAULTS)
    assert book == text
    typed = dict(CAREGIVER) | {"quiet_from": time(22, 0), "quiet_to": time(6, 30), "paid": False}
    text_c = read_caregivers(_csv(tmp_path / "c.csv", CAREGIVER_COLUMNS, CAREGIVER), DEFAULTS)
    book_c = read_caregivers(_xlsx(tmp_path / "c.xlsx", CAREGIVER_COLUMNS, typed), DEFAULTS)
    assert book_c == text_c


def test_a_formula_in_a_workbook_is_refused(tmp_path: Path) -> None:
    path = _xlsx(tmp_path / "r.xlsx", RESIDENT_COLUMNS, {"ref": "R-1", "birth_year": "=1950+1"})
    (error,) = read_residents(path, DEFAULTS).errors
    assert str(error).startswith("r.xlsx, line 2, column birth_year: begins with =")


def test_phones_without_a_plus_need_the_office_to_have_a_country(tmp_path: Path) -> None:
    path = _csv(tmp_path / "c.csv", CAREGIVER_COLUMNS, CAREGIVER)
    nowhere = Defaults(DEFAULTS.now, DHAKA, "bn", None)
    (error,) = read_caregivers(path, nowhere).errors
    assert "does not say its country (looks like (999) 999-9999). Write it with +" in str(error)
    assert "0143" not in str(error)


def test_consent_holds_through_its_last_day_in_the_office_zone(tmp_path: Path) -> None:
    (one,) = read_residents(_csv(tmp_path / "r.csv", RESIDENT_COLUMNS, RESIDENT), DEFAULTS).items
    last = datetime(2027, 1, 31, 23, 59, 59, tzinfo=DHAKA)
    assert one.consent.allows(Purpose.ALERT_ME, last)
    assert not one.consent.allows(Purpose.ALERT_ME, last + timedelta(seconds=1))


def test_a_messy_file_of_200_rows_is_read_as_it_is_meant(tmp_path: Path) -> None:
    """Blanks round cells, capitals, local digits, blank rows, list ends, spaces in phones."""
    rows = []
    for n in range(200):
        rows.append(
            {
                "ref": f" R-{n:03} ",
                "name": "  Nusrat\u00a0Jahan " if n % 2 else "নুসরাত, জাহান",
                "gender": ("Woman", "MAN", "", "non_binary")[n % 4],
                "birth_year": "১৯৭৫" if n % 7 == 0 else str(1930 + n % 90),
                "lat": f" {21.9 + n / 1000:.5f}",
                "lon": f"{90.1 + n / 1000:.5f} ",
                "needs": ("", "dialysis ;", ";infant", "Mobility;DEMENTIA; ")[n % 4],
                "phone": ("", "202.555.0142", "+1 (202) 555-0143", "1-202-555-0144")[n % 4],
                "phone_sharing": ("", "Private", "borrowed ", "unknown")[n % 4],
                "consent_purposes": ("p1", "P1;P6;", "", "P1 ; P4")[n % 4],
                "notes": 'said "call twice"\nand wait' if n % 5 == 0 else "",
            }
        )
        if n % 10 == 0:
            rows.append({"ref": "  "})
    path = _csv(tmp_path / "r.csv", RESIDENT_COLUMNS, *rows, encoding="utf-8-sig")
    result = read_residents(path, DEFAULTS)
    assert result.errors == ()
    assert [one.ref for one in result.items] == [f"R-{n:03}" for n in range(200)]
    assert sum(one.phone is not None for one in result.items) == 150
    assert sum(one.needs == {Need.MOBILITY, Need.DEMENTIA} for one in result.items) == 50
    assert result.items[0].birth_year == 1975
    assert {one.gender for one in result.items} == {
        Gender.WOMAN,
        Gender.MAN,
        Gender.NOT_STATED,
        Gender.NON_BINARY,
    }


@settings(max_examples=80, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: text.encode()))
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"ref,needs,consent_purposes,phone,lat,lon,next_due\n" + body)
    result = read_residents(path, DEFAULTS)
    assert not (result.items and result.errors)


cell = st.text(max_size=30) | st.sampled_from([*WRONG]).map(lambda wrong: wrong[1])


@settings(max_examples=80, deadline=None)
@given(st.dictionaries(st.sampled_from(RESIDENT_COLUMNS), cell))
def test_no_cells_break_the_reader(
    tmp_path_factory: pytest.TempPathFactory, row: dict[str, str]
) -> None:
    path = tmp_path_factory.getbasetemp() / "cells.csv"
    text = io.StringIO()
    writer = csv.DictWriter(text, RESIDENT_COLUMNS, restval="")
    writer.writeheader()
    writer.writerow(row)
    path.write_text(text.getvalue(), "utf-8", errors="replace", newline="")
    result = read_residents(path, DEFAULTS)
    assert not (result.items and result.errors)
