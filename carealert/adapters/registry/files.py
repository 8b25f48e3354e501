"""The three register files of the design's section 6: residents, caregivers and facilities.

UTF-8 CSV or XLSX with a header; list cells separated by `;`; an empty cell means not stated.
All or nothing: one wrong row, and the result holds every error and no item.
"""

from collections.abc import Callable, Iterable, Sequence
from datetime import time
from pathlib import Path
from typing import TypeVar

from carealert.adapters.file_errors import Rows
from carealert.adapters.registry.cells import REF_RULE, Cells, Defaults, is_ref
from carealert.adapters.registry.sheets import UnreadableSheet, read_rows
from carealert.domain.facilities import Contact, Facility, FacilityType
from carealert.domain.people import (
    Administration,
    AgeBand,
    Caregiver,
    CareLink,
    CareRole,
    ChannelPreference,
    Exposure,
    Functioning,
    Gender,
    Need,
    Phone,
    PhoneSharing,
    Resident,
)

Item = TypeVar("Item")

#: A caregiver and whom this person cares for, as one row says it.
CaregiverRow = tuple[Caregiver, tuple[CareLink, ...]]

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
    "deputy_name,deputy_phone,deputy_language,opening_hours"
)
RESIDENT_COLUMNS = tuple(_RESIDENT_HEADER.split(","))
CAREGIVER_COLUMNS = tuple(_CAREGIVER_HEADER.split(","))
FACILITY_COLUMNS = tuple(_FACILITY_HEADER.split(","))

# Without these columns people would be registered whom nobody ever finds or may tell.
_RESIDENT_NEEDED = ("ref", "needs", "consent_purposes")
_CAREGIVER_NEEDED = ("ref", "phone", "cares_for", "consent_purposes")
_FACILITY_NEEDED = ("ref", "name", "type")

#: How well a person reads (requirements 3.1).
LITERACY = ("reads_easily", "with_help", "no")
#: Hours of care a week.
HOURS_BANDS = ("1-9", "10-19", "20-34", "35+")
_OLDEST = 125
_MANY_HOURS = 10_000.0


def read_residents(path: Path, defaults: Defaults) -> Rows[Resident]:
    """All residents of the file, or all its errors."""
    return _read(path, RESIDENT_COLUMNS, _RESIDENT_NEEDED, defaults, _resident)


def read_caregivers(path: Path, defaults: Defaults) -> Rows[CaregiverRow]:
    """All caregivers of the file with their links, or all its errors."""
    return _read(path, CAREGIVER_COLUMNS, _CAREGIVER_NEEDED, defaults, _caregiver)


def read_facilities(path: Path, defaults: Defaults) -> Rows[Facility]:
    """All facilities of the file, or all its errors."""
    return _read(path, FACILITY_COLUMNS, _FACILITY_NEEDED, defaults, _facility)


def _read(
    path: Path,
    columns: Sequence[str],
    required: Iterable[str],
    defaults: Defaults,
    build: Callable[[Cells], Item],
) -> Rows[Item]:
    try:
        rows, errors = read_rows(path, columns, required)
    except UnreadableSheet as problem:
        return Rows((), problem.errors)
    items = []
    first: dict[str, int] = {}
    for line, values in rows:
        cells = Cells(path.name, line, values, defaults)
        items.append(build(cells))
        if (at := first.setdefault(values["ref"], line)) != line and values["ref"]:
            cells.wrong("ref", f"is the same as in line {at}", "Give every row its own ref")
        errors += cells.errors
    errors.sort(key=lambda error: error.line or 0)
    return Rows((), tuple(errors)) if errors else Rows(tuple(items), ())


def _resident(cells: Cells) -> Resident:
    ref = cells.ref()
    lat, lon = cells.place()
    year = cells.defaults.now.year
    return Resident(
        ref=ref,
        name=cells.text("name", 200),
        label=cells.text("label", 40) or ref,
        birth_year=cells.whole("birth_year", year - _OLDEST, year),
        gender=cells.choice("gender", Gender, Gender.NOT_STATED),
        lat=lat,
        lon=lon,
        area_code=cells.code("area_code"),
        language=cells.language("language") or cells.defaults.language,
        second_language=cells.language("second_language"),
        needs=cells.choices("needs", Need),
        functioning=_functioning(cells),
        phone=cells.shared_phone(),
        channel=cells.choice("channel", ChannelPreference, ChannelPreference.TEXT),
        consent=cells.consent(),
        next_due=cells.moment("next_due"),
        backup_hours=cells.number("backup_hours", 0.0, _MANY_HOURS),
        notes=cells.text("notes", 2000, lines=True),
        age_band=cells.word("age_band", AgeBand),
        exposures=cells.choices("exposures", Exposure),
        critical_after_h=cells.number("critical_after_h", 0.0, _MANY_HOURS),
    )


def _functioning(cells: Cells) -> Functioning:
    """Washington Group Short Set: 1 no difficulty to 4 cannot do at all."""
    return Functioning(
        seeing=cells.whole("wg_seeing", 1, 4),
        hearing=cells.whole("wg_hearing", 1, 4),
        walking=cells.whole("wg_walking", 1, 4),
        remembering=cells.whole("wg_remembering", 1, 4),
        selfcare=cells.whole("wg_selfcare", 1, 4),
        communicating=cells.whole("wg_communicating", 1, 4),
        administration=cells.word("administration_mode", Administration),
    )


def _caregiver(cells: Cells) -> CaregiverRow:
    ref = cells.ref()
    lat, lon = cells.place()
    quiet_from, quiet_to = _between(cells, "quiet_from", "quiet_to")
    never_from, never_to = _between(cells, "never_from", "never_to")
    caregiver = Caregiver(
        ref=ref,
        name=cells.text("name", 200),
        phone=cells.shared_phone(),
        channel=cells.choice("channel", ChannelPreference, ChannelPreference.TEXT),
        literacy=cells.one_of("literacy", LITERACY),
        gender=cells.choice("gender", Gender, Gender.NOT_STATED),
        language=cells.language("language") or cells.defaults.language,
        second_language=cells.language("second_language"),
        paid=cells.yes_no("paid"),
        consent=cells.consent(),
        quiet_from=quiet_from,
        quiet_to=quiet_to,
        lat=lat,
        lon=lon,
        is_minor=cells.yes_no("minor"),
        hours_band=cells.one_of("hours_band", HOURS_BANDS),
        capacity=cells.whole("capacity", 0, 1000),
        never_from=never_from,
        never_to=never_to,
        responder_gender=cells.word("responder_gender", Gender),
        companion=cells.yes_no("companion"),
    )
    return caregiver, _links(cells, ref)


def _between(cells: Cells, start: str, end: str) -> tuple[time | None, time | None]:
    """Two times of day: both or neither."""
    if bool(cells.values.get(start)) is not bool(cells.values.get(end)):
        cells.wrong(start, f"is stated without {end}, or the other way", "State both")
    return cells.clock(start), cells.clock(end)


def _links(cells: Cells, ref: str) -> tuple[CareLink, ...]:
    """One link for each resident; `relation` and `role` have one part for all, or one for each."""
    homes = cells.items("cares_for")
    if not all(is_ref(home) for home in homes):
        cells.wrong("cares_for", "holds something that is not a ref", f"Use {REF_RULE}, with ;")
    if len(set(homes)) < len(homes):
        cells.wrong("cares_for", "names a resident twice", "Name each once")
    known = {role.value: role for role in CareRole}
    words = [word.casefold() for word in cells.items("role")]
    if not known.keys() >= set(words):
        cells.wrong("role", "is not a word of the list", f"Use one of: {', '.join(known)}")
    roles = _for_each(cells, "role", words, len(homes))
    relations = _for_each(cells, "relation", cells.items("relation"), len(homes))
    if any(relation and len(relation) > 40 for relation in relations):
        cells.wrong("relation", "is too long", "Use at most 40 characters")
    return tuple(
        CareLink(ref, home, relation, known.get(role or "", CareRole.PRIMARY))
        for home, relation, role in zip(homes, relations, roles, strict=True)
    )


def _for_each(
    cells: Cells, column: str, parts: Sequence[str], many: int
) -> Sequence[str] | Sequence[None]:
    if len(parts) not in (0, 1, many):
        fix = "Give one for all, or one for each resident in cares_for"
        cells.wrong(column, f"has {len(parts)} parts for {many} residents", fix)
        return [None] * many
    return parts if len(parts) == many else [parts[0]] * many if parts else [None] * many


def _facility(cells: Cells) -> Facility:
    lat, lon = cells.place()
    if not cells.values["type"]:
        cells.wrong("type", "is empty", "Every row needs it")
    return Facility(
        ref=cells.ref(),
        name=cells.required("name", 200),
        type=cells.choice("type", FacilityType, FacilityType.CLINIC),
        services=tuple(dict.fromkeys(cells.items("services"))),
        lat=lat,
        lon=lon,
        area_code=cells.code("area_code"),
        capacity=cells.whole("capacity", 0, 1_000_000),
        backup_power_hours=cells.number("backup_power_hours", 0.0, _MANY_HOURS),
        water_hours=cells.number("water_hours", 0.0, _MANY_HOURS),
        cold_chain=cells.yes_no("cold_chain"),
        ramp=cells.yes_no("ramp"),
        women_staff=cells.yes_no("women_staff"),
        lit_separate_toilets=cells.yes_no("lit_separate_toilets"),
        manager=_contact(cells, "manager"),
        deputy=_contact(cells, "deputy"),
        opening_hours=cells.text("opening_hours", 200),
    )


def _contact(cells: Cells, role: str) -> Contact | None:
    name = cells.text(f"{role}_name", 200)
    language = cells.language(f"{role}_language") or cells.defaults.language
    number = cells.phone(f"{role}_phone")
    if number is None:
        if name and not cells.values.get(f"{role}_phone"):
            cells.wrong(f"{role}_phone", f"is empty, and {role}_name is not", "State the phone")
        return None
    return Contact(name, Phone(number, PhoneSharing.FACILITY), language)
