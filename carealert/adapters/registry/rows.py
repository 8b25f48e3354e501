"""One row of each register file as the person or facility that it states."""

from collections.abc import Sequence
from datetime import time

from carealert.adapters.registry.cells import REF_RULE, Cells, is_ref
from carealert.adapters.registry.place_cells import (
    contact_of,
    languages_of,
    past_day_of,
    service_hours_of,
)
from carealert.domain.facilities import Cost, Facility, FacilityType
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
    Resident,
)

#: A caregiver and whom this person cares for, as one row says it.
CaregiverRow = tuple[Caregiver, tuple[CareLink, ...]]

#: How well a person reads (requirements 3.1).
LITERACY = ("reads_easily", "with_help", "no")
#: Hours of care a week.
HOURS_BANDS = ("1-9", "10-19", "20-34", "35+")
_OLDEST = 125
_MANY_HOURS = 10_000.0


def resident_of(cells: Cells) -> Resident:
    """The resident of one row."""
    ref = cells.ref()
    lat, lon = cells.place()
    year = cells.defaults.now.year
    return Resident(
        ref=ref,
        name=cells.text("name", 200),
        label=cells.text("label", 40) or ref,
        birth_year=cells.year("birth_year", year - _OLDEST, year),
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


def caregiver_of(cells: Cells) -> CaregiverRow:
    """The caregiver of one row, and the links."""
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
    if not known.keys() >= {word.casefold() for word in cells.items("role")}:
        cells.wrong("role", "is not a word of the list", f"Use one of: {', '.join(known)}")
    roles = _for_each(cells, "role", [part.casefold() for part in cells.parts("role")], len(homes))
    relations = _for_each(cells, "relation", cells.parts("relation"), len(homes))
    if any(len(relation) > 40 for relation in relations):
        cells.wrong("relation", "is too long", "Use at most 40 characters")
    return tuple(
        CareLink(ref, home, relation or None, known.get(role, CareRole.PRIMARY))
        for home, relation, role in zip(homes, relations, roles, strict=True)
    )


def _for_each(cells: Cells, column: str, parts: Sequence[str], many: int) -> Sequence[str]:
    """One part for each resident: as many as there are (empty ones count), or one for all."""
    if len(parts) == many:
        return parts
    stated = [part for part in parts if part]
    if len(stated) not in (0, 1, many):
        fix = "Give one for all, or one for each resident in cares_for"
        cells.wrong(column, f"has {len(stated)} parts for {many} residents", fix)
        return [""] * many
    return stated if len(stated) == many else stated * many or [""] * many


def facility_of(cells: Cells) -> Facility:
    """The facility of one row."""
    lat, lon = cells.place()
    services = tuple(dict.fromkeys(cells.items("services")))
    if not cells.values.get("type"):
        cells.wrong("type", "is empty", "Every row needs it")
    return Facility(
        ref=cells.ref(),
        name=cells.required("name", 200),
        type=cells.choice("type", FacilityType, FacilityType.CLINIC),
        services=services,
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
        manager=contact_of(cells, "manager"),
        deputy=contact_of(cells, "deputy"),
        opening_hours=cells.text("opening_hours", 200),
        service_hours=service_hours_of(cells, services),
        cost=cells.word("cost", Cost),
        languages=languages_of(cells),
        verified_on=past_day_of(cells, "verified_on"),
    )
