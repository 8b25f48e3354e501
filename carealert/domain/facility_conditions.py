"""What a rule may ask about a facility, under `who`; `areas` is among those on residents."""

from collections.abc import Callable
from typing import Any

from carealert.domain.condition_parts import (
    About,
    Entry,
    FacilityFacts,
    Numbers,
    Shape,
    Texts,
    Words,
    listed,
    number_text,
    one_of,
)
from carealert.domain.facilities import Facility, FacilityType
from carealert.domain.readiness import readiness

_HOURS = Numbers(0, 1000, "h")


def _entry(
    name: str,
    shape: Shape,
    text: str,
    sentence: str,
    holds: Callable[[Any, FacilityFacts], bool],
    seen: Callable[[Any, FacilityFacts], str],
) -> Entry:
    return Entry(name, (About.FACILITY,), shape, text, sentence, holds, seen)


def _number(
    name: str, shape: Numbers, text: str, sentence: str, get: Callable[[Facility], float | None]
) -> Entry:
    return _entry(
        name,
        shape,
        text,
        sentence,
        lambda value, facts: value.holds(get(facts.facility)),
        lambda _, facts: f"{name} {number_text(get(facts.facility), shape.unit)}",
    )


def _readiness(facts: FacilityFacts) -> int:
    return readiness(facts.facility, facts.evidence, facts.warned.now).score


FACILITY_CONDITIONS: tuple[Entry, ...] = (
    _entry(
        "facility_type",
        Words(FacilityType),
        "Is of any of these kinds.",
        "kind {}",
        lambda value, facts: facts.facility.type in value,
        lambda _, facts: f"a {facts.facility.type.value}",
    ),
    _entry(
        "service",
        Texts(example="dialysis"),
        "Gives any of these services, in the register's words.",
        "gives {}",
        lambda value, facts: any(one_of(one, value) for one in facts.facility.services),
        lambda _, facts: f"service {listed(facts.facility.services) or 'not stated'}",
    ),
    _number(
        "backup_power_hours",
        _HOURS,
        "How long its own power lasts, in hours.",
        "its own power for {}",
        lambda one: one.backup_power_hours,
    ),
    _number(
        "water_hours",
        _HOURS,
        "How long its own water lasts, in hours.",
        "its own water for {}",
        lambda one: one.water_hours,
    ),
    _number(
        "capacity",
        Numbers(0, 1_000_000, whole=True),
        "How many people it has room for.",
        "room for {}",
        lambda one: one.capacity,
    ),
    _entry(
        "readiness",
        Numbers(0, 100, "%", whole=True),
        "How ready it is, from 0 to 100, as 'carealert facilities readiness' says. What is not"
        " stated earns no points: a place that nobody knows counts as not ready.",
        "{} ready",
        lambda value, facts: value.holds(_readiness(facts)),
        lambda _, facts: f"readiness {_readiness(facts)} %",
    ),
)
