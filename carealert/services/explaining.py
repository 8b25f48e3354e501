"""Why somebody is told of a warning or not, condition by condition, for the officer who asks."""

from dataclasses import dataclass, replace
from datetime import datetime

from carealert.domain.access import Actor, Right
from carealert.domain.explaining import RuleTrace, explain_rules
from carealert.domain.matching import distances
from carealert.domain.plan import Candidate, FacilityCandidate
from carealert.domain.planning import active_infos, why_nobody
from carealert.domain.rules import RuleSet, SubjectKind
from carealert.domain.warnings import HazardWarning
from carealert.services.access import Reach, needs, reach
from carealert.services.alerting import OfficeSettings
from carealert.services.candidates import Inside, find_inside, load_facilities, load_residents
from carealert.services.ports.store import Database, Stores


@dataclass(frozen=True, slots=True)
class Explanation:
    """What each rule makes of one subject.

    `refusal` says why the warning may reach nobody at all. `in_words`: needs and ages may be shown
    to who asked; else only plain words.
    """

    kind: SubjectKind
    ref: str
    inside: frozenset[int]
    near: dict[int, float]
    refusal: str | None
    rules: tuple[RuleTrace, ...]
    in_words: bool


@needs(Right.READ_REGISTER)
def explain(
    db: Database,
    who: Actor,
    rules: RuleSet,
    warning: HazardWarning,
    ref: str,
    office: OfficeSettings,
    now: datetime,
) -> Explanation:
    """What every rule makes of one resident or facility for a warning; the journal says who asked.

    Raises LookupError where there is nobody of this ref, or not in the actor's part of the city.
    """
    with db.reading() as stores:
        settings = office.office(frozenset())
        active = active_infos(warning, settings, now)
        far = distances(rules.rules, warning, active, now, settings.assumed_life)
        candidate = _candidate(stores, find_inside(stores, active, far), ref, reach(stores, who))
    kind, _ = candidate.subject
    with db.transaction() as stores:
        stores.journal.write(now, "explained", f"{kind.value}:{ref}", by=who.name)
    refused = why_nobody(warning, anybody_told=True)
    return Explanation(
        kind,
        ref,
        candidate.inside,
        dict(candidate.near),
        refused.detail if refused else None,
        explain_rules(rules.rules, warning, active, candidate, now, settings.assumed_life),
        in_words=who.may(Right.REVEAL),
    )


def _candidate(
    stores: Stores, inside: Inside, ref: str, theirs: Reach
) -> Candidate | FacilityCandidate:
    """The subject of this ref, inside or not; people come first."""
    both = [(SubjectKind.RESIDENT, ref), (SubjectKind.FACILITY, ref)]
    there = inside.among(both)
    nowhere: frozenset[int] = frozenset()
    there = replace(
        there,
        residents={ref: nowhere, **there.residents},
        facilities={ref: nowhere, **there.facilities},
    )
    for person in load_residents(stores, there):
        if theirs.has(person.resident.area_code):
            return person
    for place in load_facilities(stores, there, evidence=True):
        if theirs.has_facility(ref, place.facility.area_code):
            return place
    raise LookupError(ref)
