"""The register files: residents, caregivers, facilities (design, section 6), organisations.

CSV or XLSX with a header; list cells separated by `;`; an empty cell means not stated. A file of
other columns is read through a mapping. All or nothing: one wrong row, and `rows()` of the result
holds every error and no item.
"""

from array import array
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, TypeVar

from carealert.adapters.file_errors import RowError, Rows
from carealert.adapters.registry.cells import Cells, Defaults
from carealert.adapters.registry.csv_text import Progress
from carealert.adapters.registry.mapping import Columns, Translator
from carealert.adapters.registry.organisation_rows import organisation_of
from carealert.adapters.registry.remarks import Remarks
from carealert.adapters.registry.rows import (
    CaregiverRow,
    caregiver_of,
    facility_of,
    resident_of,
)
from carealert.adapters.registry.sheets import Headings, UnreadableSheet, open_sheet
from carealert.domain.facilities import Facility
from carealert.domain.organisations import Organisation
from carealert.domain.people import Resident

Item = TypeVar("Item")

_RESIDENT_HEADER = (
    "ref,name,label,birth_year,gender,lat,lon,area_code,language,second_language,needs,"
    "wg_seeing,wg_hearing,wg_walking,wg_remembering,wg_selfcare,wg_communicating,"
    "phone,phone_sharing,channel,consent_purposes,consent_giver,consent_expires,"
    "next_due,backup_hours,notes,age_band,exposures,critical_after_h,administration_mode"
)
_CAREGIVER_HEADER = (
    "ref,name,phone,phone_sharing,channel,literacy,gender,language,second_language,paid,"
    "cares_for,relation,role,quiet_from,quiet_to,lat,lon,consent_purposes,consent_expires,"
    "minor,hours_band,capacity,never_from,never_to,responder_gender,companion"
)
_FACILITY_HEADER = (
    "ref,name,type,services,lat,lon,area_code,capacity,backup_power_hours,water_hours,cold_chain,"
    "ramp,women_staff,lit_separate_toilets,manager_name,manager_phone,manager_language,"
    "deputy_name,deputy_phone,deputy_language,opening_hours,service_hours,cost,languages,"
    "verified_on"
)
_ORGANISATION_HEADER = (
    "ref,name,type,area_codes,languages,services,contact_name,contact_phone,contact_language,"
    "households,capacity,women_responders,verified_on,notes"
)
RESIDENT_COLUMNS = tuple(_RESIDENT_HEADER.split(","))
CAREGIVER_COLUMNS = tuple(_CAREGIVER_HEADER.split(","))
FACILITY_COLUMNS = tuple(_FACILITY_HEADER.split(","))
ORGANISATION_COLUMNS = tuple(_ORGANISATION_HEADER.split(","))

# Without the required columns people would be registered whom nobody ever finds or may tell.
_RESIDENTS = Headings(RESIDENT_COLUMNS, ("ref", "needs", "consent_purposes"))
_CAREGIVERS = Headings(
    (*CAREGIVER_COLUMNS, "consent_giver"), ("ref", "phone", "cares_for", "consent_purposes")
)
_FACILITIES = Headings(
    FACILITY_COLUMNS, ("ref", "name", "type"), filled=frozenset({"ref", "name", "type"})
)
_ORGANISATIONS = Headings(
    ORGANISATION_COLUMNS, ("ref", "name", "type"), filled=frozenset({"ref", "name", "type"})
)
#: What a mapping has to give, at least: a caregiver's ref and residents may come from the row.
REQUIRED_OF = {
    "residents": frozenset(_RESIDENTS.required),
    "caregivers": frozenset({"phone", "consent_purposes"}),
    "facilities": frozenset(_FACILITIES.required),
}


@dataclass(frozen=True, slots=True)
class Source:
    """A file, in a workbook its sheet, and how its columns are called there if not as ours.

    `main` is where the residents of a repeat group's caregivers stand.
    """

    path: Path
    sheet: str | None = None
    columns: Columns | None = None
    main: "Source | None" = None

    @property
    def label(self) -> str:
        """How errors call it."""
        return f"{self.path.name}[{self.sheet}]" if self.sheet else self.path.name


@dataclass(slots=True)
class Scan(Generic[Item]):
    """What a file holds, the good rows beside the errors.

    `lines` are those of the items; `refs` are those of all rows, the wrong ones too.
    """

    source: Source
    headings: Headings | None = None
    items: list[Item] = field(default_factory=list)
    lines: "array[int]" = field(default_factory=lambda: array("I"))
    errors: list[RowError] = field(default_factory=list)
    notes: tuple[str, ...] = ()
    refs: frozenset[str] = frozenset()

    def rows(self) -> Rows[Item]:
        """All items, or all errors."""
        if self.errors:
            return Rows((), tuple(self.errors), self.notes)
        return Rows(tuple(self.items), (), self.notes)

    def rejected(self) -> dict[int, list[RowError]]:
        """line -> what is wrong there; errors of the whole file are not among them."""
        found: dict[int, list[RowError]] = {}
        for error in self.errors:
            if error.line is not None:
                found.setdefault(error.line, []).append(error)
        return found


def read_residents(path: Path, defaults: Defaults) -> Rows[Resident]:
    """All residents of the file, or all its errors."""
    return scan_residents(Source(path), defaults).rows()


def read_caregivers(path: Path, defaults: Defaults) -> Rows[CaregiverRow]:
    """All caregivers of the file with their links, or all its errors."""
    return scan_caregivers(Source(path), defaults).rows()


def read_facilities(path: Path, defaults: Defaults) -> Rows[Facility]:
    """All facilities of the file, or all its errors."""
    return scan_facilities(Source(path), defaults).rows()


def scan_residents(
    source: Source, defaults: Defaults, progress: Progress | None = None
) -> Scan[Resident]:
    """The residents of the file, and all its errors."""
    return _scan(source, _RESIDENTS, defaults, resident_of, progress)


def scan_caregivers(
    source: Source, defaults: Defaults, progress: Progress | None = None
) -> Scan[CaregiverRow]:
    """The caregivers of the file with their links, and all its errors."""
    return _scan(source, _CAREGIVERS, defaults, caregiver_of, progress)


def scan_facilities(
    source: Source, defaults: Defaults, progress: Progress | None = None
) -> Scan[Facility]:
    """The facilities of the file, and all its errors."""
    return _scan(source, _FACILITIES, defaults, facility_of, progress)


def scan_organisations(
    source: Source, defaults: Defaults, progress: Progress | None = None
) -> Scan[Organisation]:
    """The organisations of the file, and all its errors."""
    return _scan(source, _ORGANISATIONS, defaults, organisation_of, progress)


def _scan(
    source: Source,
    headings: Headings,
    defaults: Defaults,
    build: Callable[[Cells], Item],
    progress: Progress | None,
) -> Scan[Item]:
    remarks = Remarks(source.label)
    known = headings if source.columns is None else source.columns.headings
    scan = Scan[Item](source, known)
    shown = source.columns.shown if source.columns else {}
    first: dict[str, int] = {}
    last = 0
    try:
        for line, values in _rows(source, known, remarks, scan.errors, progress):
            cells = Cells(source.label, line, values, defaults, remarks, shown)
            item = build(cells)
            ref = values.get("ref", "")
            if (at := first.setdefault(ref, line)) != line and ref:
                what = f"is the same as in line {at}"
                cells.wrong("ref", what, "Give every row its own ref", looks=False)
            if cells.errors:
                scan.errors += cells.errors
            else:
                scan.items.append(item)
                scan.lines.append(line)
            last = line
    except UnreadableSheet as problem:
        scan.errors[:] = problem.errors
        scan.items.clear()
        return scan
    scan.errors.sort(key=lambda error: error.line or 0)
    scan.notes = remarks.sentences()
    scan.refs = frozenset(first)
    if not last:
        scan.notes += (f"{source.label}: there are no rows below the header.",)
    return scan


def _rows(
    source: Source,
    headings: Headings,
    remarks: Remarks,
    errors: list[RowError],
    progress: Progress | None,
) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Rows in our own columns."""
    columns = source.columns
    sheet = open_sheet(source.path, headings, remarks, sheet=source.sheet, progress=progress)
    if columns is None:
        yield from sheet.rows()
    else:
        translator = Translator(columns, sheet.names)
        sheet.wanted = translator.wanted
        parents = _parents(source)
        yield from translator.rows(sheet.rows(), parents)
    errors += sheet.errors


def _parents(source: Source) -> Mapping[str, str] | None:
    """Of a repeat group: key of the main sheet's row -> the resident's ref."""
    columns, main = source.columns, source.main
    if columns is None or columns.parent is None or main is None or main.columns is None:
        return None
    theirs = main.columns.columns.get("ref", "")
    headings = Headings((columns.parent.key, theirs), (columns.parent.key, theirs), only=False)
    sheet = open_sheet(main.path, headings, Remarks(main.label), sheet=main.sheet)
    return {values[columns.parent.key]: values[theirs] for _, values in sheet.rows()}
