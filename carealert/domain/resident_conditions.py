"""What a rule may ask about a resident, under `who`. None of it is gender, and none may be."""

from collections.abc import Callable
from typing import Any

from carealert.domain.condition_parts import (
    HOUR,
    About,
    Cutoff,
    Entry,
    FacilityFacts,
    Functions,
    Numbers,
    Range,
    ResidentFacts,
    Shape,
    Texts,
    WarningFacts,
    Words,
    Yes,
    listed,
    number_text,
)
from carealert.domain.people import CareRole, Exposure, Need, Resident

#: The six functions of the Washington Group Short Set.
FUNCTIONS = ("seeing", "hearing", "walking", "remembering", "selfcare", "communicating")
_HOURS = Numbers(0, 1000, "h")
#: In place of what tells something of somebody's health, home or family.
_CARE, _HOME, _KIN = (
    "has a registered need",
    "has a home that the rule names",
    "a condition of the rule holds",
)


def _entry(
    name: str,
    shape: Shape,
    text: str,
    sentence: str,
    holds: Callable[[Any, ResidentFacts], bool],
    seen: Callable[[Any, ResidentFacts], str],
    opening: str,
    plain: str,
) -> Entry:
    return Entry(name, (About.RESIDENT,), shape, text, sentence, holds, seen, opening, plain)


def _needs_seen(value: frozenset[Need], facts: ResidentFacts) -> str:
    needs = facts.resident.needs
    return f"needs {listed(value & needs or needs) or 'not stated'}"


def _homes_seen(value: frozenset[Exposure], facts: ResidentFacts) -> str:
    exposures = facts.resident.exposures
    return f"home {listed(value & exposures or exposures) or 'not stated'}"


def _age(facts: ResidentFacts) -> tuple[int, int | None] | None:
    """The youngest and the oldest age that somebody may have in the year of the warning."""
    resident = facts.resident
    if resident.birth_year is not None:
        age = facts.warned.warning.sent.year - resident.birth_year
        return age, age
    return resident.age_band.years if resident.age_band else None


def _age_holds(value: Range, facts: ResidentFacts) -> bool:
    ages = _age(facts)
    return ages is not None and value.may_hold(*ages)


def _age_seen(_: object, facts: ResidentFacts) -> str:
    band = facts.resident.age_band
    if facts.resident.birth_year is None:
        return f"age {band.value if band else 'not stated'}"
    ages = _age(facts)
    return f"age {ages[0] if ages else 'not stated'}"


def _degrees(value: Cutoff, resident: Resident) -> dict[str, int]:
    asked = value.functions or FUNCTIONS
    degrees = {name: getattr(resident.functioning, name) for name in FUNCTIONS if name in asked}
    return {name: degree for name, degree in degrees.items() if degree is not None}


def _functioning_holds(value: Cutoff, facts: ResidentFacts) -> bool:
    return any(degree >= value.at_least for degree in _degrees(value, facts.resident).values())


def _functioning_seen(value: Cutoff, facts: ResidentFacts) -> str:
    said = [f"{name} {degree}" for name, degree in _degrees(value, facts.resident).items()]
    return f"functioning {', '.join(said) or 'not stated'}"


def outage_hours(warned: WarningFacts) -> float:
    """Hours for which homes may be cut off: as long as the warning still holds."""
    return (warned.end - max(warned.start, warned.now)) / HOUR


def _reserve_falls_short(_: object, facts: ResidentFacts) -> bool:
    hours = facts.resident.backup_hours
    return hours is not None and hours < outage_hours(facts.warned)


def _reserve_seen(_: object, facts: ResidentFacts) -> str:
    reserve = number_text(facts.resident.backup_hours, "h")
    return f"backup {reserve} of {outage_hours(facts.warned):.3g} h"


def _due_holds(_: object, facts: ResidentFacts) -> bool:
    due = facts.resident.next_due
    return due is not None and facts.warned.start <= due <= facts.warned.end


def _due_seen(_: object, facts: ResidentFacts) -> str:
    due = facts.resident.next_due
    return f"due {due.isoformat(timespec='minutes') if due else 'not stated'}"


def _language(resident: Resident) -> str:
    return resident.language.partition("-")[0].casefold()


def _roles(facts: ResidentFacts) -> list[str]:
    return [link.role.value for _, link in facts.caregivers]


def _carers_seen(_: object, facts: ResidentFacts) -> str:
    return f"caregivers {listed(_roles(facts)) or 'none'}"


def _areas_seen(value: frozenset[str], facts: ResidentFacts | FacilityFacts) -> str:
    verb = "lies" if isinstance(facts, FacilityFacts) else "lives"
    held = sorted(value & facts.area_codes)
    return f"{verb} in {held[0] if held else listed(facts.area_codes) or 'an area not stated'}"


RESIDENT_CONDITIONS: tuple[Entry, ...] = (
    _entry(
        "needs",
        Words(Need),
        "Has any of these needs.",
        "needs {}",
        lambda value, facts: not value.isdisjoint(facts.resident.needs),
        _needs_seen,
        "needs",
        _CARE,
    ),
    _entry(
        "functioning",
        Functions(),
        "Washington Group Short Set: any_of these functions (all six where left out) at_least at"
        " this degree: 2 some difficulty, 3 a lot (the set's own cut-off), 4 cannot do it.",
        "has {}",
        _functioning_holds,
        _functioning_seen,
        "functioning",
        _CARE,
    ),
    _entry(
        "age",
        Numbers(0, 130, whole=True),
        "The age reached in the year of the warning. Where only a band is known, it holds if"
        " somebody in the band may be of this age.",
        "age {}",
        _age_holds,
        _age_seen,
        "age",
        "is of the age the rule names",
    ),
    Entry(
        "areas",
        (About.RESIDENT, About.FACILITY),
        Texts(example="BD1004"),
        "Is registered in any of these areas or below them (codes).",
        "in {}",
        lambda value, facts: not value.isdisjoint(facts.area_codes),
        _areas_seen,
        "lives",
        "lives in an area the rule names",
    ),
    _entry(
        "exposures",
        Words(Exposure),
        "The home is exposed in any of these ways.",
        "home {}",
        lambda value, facts: not value.isdisjoint(facts.resident.exposures),
        _homes_seen,
        "home",
        _HOME,
    ),
    _entry(
        "lives_alone",
        Yes(),
        "Lives alone: the exposure lives_alone.",
        "lives alone",
        lambda _, facts: Exposure.LIVES_ALONE in facts.resident.exposures,
        lambda _, facts: _homes_seen(frozenset({Exposure.LIVES_ALONE}), facts),
        "home",
        _HOME,
    ),
    _entry(
        "backup_hours",
        _HOURS,
        "How long the home's own reserve of power lasts, in hours.",
        "a reserve of {}",
        lambda value, facts: value.holds(facts.resident.backup_hours),
        lambda _, facts: f"backup {number_text(facts.resident.backup_hours, 'h')}",
        "backup",
        _CARE,
    ),
    _entry(
        "backup_below_outage",
        Yes(),
        "The home's own reserve ends before the warning does, taking it that the outage lasts as"
        " long as the warning.",
        "a reserve that ends before the warning does",
        _reserve_falls_short,
        _reserve_seen,
        "backup",
        _CARE,
    ),
    _entry(
        "critical_after_h",
        _HOURS,
        "After how many hours without care it becomes dangerous.",
        "in danger after {} without care",
        lambda value, facts: value.holds(facts.resident.critical_after_h),
        lambda _, facts: f"critical {number_text(facts.resident.critical_after_h, 'h')}",
        "critical",
        _CARE,
    ),
    _entry(
        "due_in_warning",
        Yes(),
        "The next treatment or visit falls into the time of the warning.",
        "care due while the warning holds",
        _due_holds,
        _due_seen,
        "due",
        _CARE,
    ),
    _entry(
        "language",
        Texts("^[a-z]{2,3}$", "bn"),
        "Is told in any of these languages (codes such as bn).",
        "is told in {}",
        lambda value, facts: _language(facts.resident) in value,
        lambda _, facts: f"speaks {_language(facts.resident)}",
        "speaks",
        "speaks a language that the rule names",
    ),
    _entry(
        "no_phone",
        Yes(),
        "Has no phone of their own.",
        "has no phone",
        lambda _, facts: facts.resident.phone is None,
        lambda _, facts: f"phone {'registered' if facts.resident.phone else 'none'}",
        "phone",
        _KIN,
    ),
    _entry(
        "no_caregiver",
        Yes(),
        "No caregiver is registered.",
        "has no caregiver",
        lambda _, facts: not facts.caregivers,
        _carers_seen,
        "caregivers",
        _KIN,
    ),
    _entry(
        "no_backup_caregiver",
        Yes(),
        "No caregiver with the role backup is registered.",
        "has no backup caregiver",
        lambda _, facts: CareRole.BACKUP.value not in _roles(facts),
        _carers_seen,
        "caregivers",
        _KIN,
    ),
)
