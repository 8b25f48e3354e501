"""What else holds while a warning is planned: other messages of its incident, other senders."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from carealert.domain.gist import gist_of
from carealert.domain.holds import reads_as_test
from carealert.domain.incidents import ends_only_a_part
from carealert.domain.matching import distances, match_all
from carealert.domain.notices import SubjectState
from carealert.domain.plan import IncidentHistory, Office
from carealert.domain.planning import active_infos
from carealert.domain.rules import RuleSet, SubjectKind
from carealert.domain.updates import Hearing
from carealert.domain.warnings import HazardWarning, Info, MsgType, Scope, Status
from carealert.services.candidates import (
    Inside,
    Places,
    Subject,
    find_inside,
    load_facilities,
    load_residents,
)
from carealert.services.ports.feeds import StoredWarning
from carealert.services.ports.store import Stores

_KINDS = tuple(SubjectKind)


@dataclass(frozen=True, slots=True)
class Standing:
    """Another real warning that stands: its infos that hold, and who is inside them.

    `spared` are those for whom the message that is decided about ends it.
    """

    warning: HazardWarning
    active: Mapping[int, Info]
    inside: Inside
    spared: frozenset[Subject] = frozenset()


@dataclass(frozen=True, slots=True)
class Beside:
    """Other real warnings of the incident that stand, and what this one makes of earlier ones.

    `ends_nothing`: it holds itself, and takes nobody's place.
    """

    others: tuple[Standing, ...] = ()
    ends_nothing: bool = False


def beside(
    stores: Stores,
    rules: RuleSet,
    warning: HazardWarning,
    incident: str,
    office: Office,
    now: datetime,
) -> Beside:
    """What matters to those who were told of the incident."""
    replaced = stores.warnings.would_replace(warning)
    own = bool(active_infos(warning, office, now))
    ends_nothing = not replaced and own
    found = [
        _standing(stores, rules, one.warning, office, now, with_people=not ends_nothing)
        for one in stores.warnings.standing(incident)
        if one.id not in replaced and _stands(one, warning)
    ]
    if any(_ends_a_part(warning, one.warning) for one in found):
        ended = frozenset(find_inside(stores, dict(enumerate(warning.infos))).subjects())
        found = [
            replace(one, spared=ended) if _ends_a_part(warning, one.warning) else one
            for one in found
        ]
    return Beside(tuple(found), ends_nothing)


def _standing(
    stores: Stores,
    rules: RuleSet,
    other: HazardWarning,
    office: Office,
    now: datetime,
    *,
    with_people: bool,
) -> Standing:
    active = active_infos(other, office, now)
    if not active or not with_people:
        return Standing(other, active, Inside())
    around = distances(rules.rules, other, active, now, office.assumed_life)
    return Standing(other, active, find_inside(stores, active, around))


def _ends_a_part(warning: HazardWarning, other: HazardWarning) -> bool:
    own, theirs = gist_of(warning), gist_of(other)
    return bool(own.event_keys & theirs.event_keys) and ends_only_a_part(own, theirs)


def still_warned(
    stores: Stores,
    rules: RuleSet,
    around: Beside,
    history: IncidentHistory,
    known: Places,
    office: Office,
    now: datetime,
) -> frozenset[Subject]:
    """Subjects of `history` whom this message does not stand down.

    One that ends nothing stands nobody down: it only adds to what holds, or to what expired with
    nobody told. Nor is the end of one message an all-clear under another that holds, whoever sent
    it. Only where a message ends an event for a part of its area, those inside that part are no
    longer warned by what it ends.
    """
    told = {(kind, ref) for told in history.told.values() for ref in told.about for kind in _KINDS}
    concerned = frozenset(told | history.subjects.keys())
    if around.ends_nothing:
        return concerned
    found: set[Subject] = set()
    for other in around.others:
        found |= _matched(stores, rules, other, concerned, known, office, now) - other.spared
    return frozenset(found)


def hearing_of(warning: HazardWarning, around: Beside) -> Hearing:
    """What of `warning` is news to those who were told, while other senders' warnings hold.

    An authority leads: what an estimate says beside it is news only to those who heard nothing.
    Beside another authority's warning only what is worse is news.
    """
    senders = [
        gist_of(other.warning)
        for other in around.others
        if other.warning.sender != warning.sender and other.active
    ]
    authority = any(not one.is_estimate for one in senders)
    if gist_of(warning).is_estimate:
        if authority:
            return Hearing.NEWCOMERS
        return Hearing.WORSE if senders else Hearing.ALL
    return Hearing.WORSE if authority else Hearing.ALL


def told_elsewhere(stores: Stores, warning: HazardWarning, incident: str) -> frozenset[Subject]:
    """For an estimate: subjects whom an authority warns of the like in an incident of its own."""
    if not gist_of(warning).is_estimate:
        return frozenset()
    incidents = {
        one.incident
        for one in stores.warnings.like(warning)
        if one.incident != incident and not gist_of(one.warning).is_estimate
    }
    found: set[Subject] = set()
    for other in sorted(incidents):
        states: Mapping[Subject, SubjectState] = stores.escalations.states(other)
        found |= {key for key, state in states.items() if state is not SubjectState.STOOD_DOWN}
    return frozenset(found)


def _stands(other: StoredWarning, warning: HazardWarning) -> bool:
    return (
        other.warning.key != warning.key
        and other.warning.status is Status.ACTUAL
        and other.warning.scope in (Scope.PUBLIC, None)
        and other.warning.msg_type in (MsgType.ALERT, MsgType.UPDATE)
        and not reads_as_test(other.warning)
    )


def _matched(
    stores: Stores,
    rules: RuleSet,
    other: Standing,
    subjects: frozenset[Subject],
    known: Places,
    office: Office,
    now: datetime,
) -> set[Subject]:
    """Those of `subjects` whom rules match for another warning."""
    if not other.active:
        return set()
    inside = other.inside.among(subjects)
    residents = load_residents(stores, inside, known)
    facilities = load_facilities(stores, inside, known, evidence=rules.ask("readiness"))
    life = office.assumed_life
    matches, _ = match_all(
        other.warning, other.active, rules.rules, residents, facilities, now, life
    )
    return {(match.kind, match.ref) for match in matches}
