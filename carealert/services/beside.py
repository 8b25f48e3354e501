"""What else holds while a warning is planned: other messages of its incident, other senders."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from carealert.domain.gist import gist_of
from carealert.domain.holds import reads_as_test
from carealert.domain.incidents import ends_only_a_part
from carealert.domain.matching import match_all
from carealert.domain.notices import SubjectState
from carealert.domain.plan import IncidentHistory, Office
from carealert.domain.planning import active_infos
from carealert.domain.rules import RuleSet, SubjectKind
from carealert.domain.updates import Hearing
from carealert.domain.warnings import HazardWarning, Info, MsgType, Scope, Status
from carealert.services.candidates import find_inside, load_facilities, load_residents
from carealert.services.ports.feeds import StoredWarning
from carealert.services.ports.store import Stores

Subject = tuple[SubjectKind, str]
_KINDS = tuple(SubjectKind)


@dataclass(frozen=True, slots=True)
class Beside:
    """Other real warnings of the incident that stand, and what this one makes of earlier ones.

    `ends_nothing`: it holds itself, and takes nobody's place.
    """

    others: tuple[StoredWarning, ...] = ()
    ends_nothing: bool = False


def beside(
    stores: Stores, warning: HazardWarning, history: IncidentHistory, office: Office, now: datetime
) -> Beside:
    """What matters to those who were told; nothing does where nobody was."""
    if not history.told:
        return Beside()
    replaced = stores.warnings.would_replace(warning)
    standing = stores.warnings.standing(history.incident)
    others = tuple(one for one in standing if one.id not in replaced and _stands(one, warning))
    return Beside(others, not replaced and bool(active_infos(warning, office, now)))


def still_warned(
    stores: Stores,
    rules: RuleSet,
    warning: HazardWarning,
    around: Beside,
    history: IncidentHistory,
    office: Office,
    now: datetime,
) -> frozenset[Subject]:
    """Subjects whom this message does not stand down.

    One that ends nothing stands nobody down: it only adds to what holds, or to what expired with
    nobody told. Nor is the end of one message an all-clear under another that holds, whoever sent
    it. Only where a message ends an event for a part of its area, those inside that part are no
    longer warned by what it ends.
    """
    if around.ends_nothing:
        told = {
            (kind, ref) for told in history.told.values() for ref in told.about for kind in _KINDS
        }
        return frozenset(told | history.subjects.keys())
    found: set[Subject] = set()
    own = gist_of(warning)
    for other in around.others:
        active = active_infos(other.warning, office, now)
        if not active:
            continue
        warned = _matched(stores, rules, other.warning, active, now)
        theirs = gist_of(other.warning)
        if own.event_keys & theirs.event_keys and ends_only_a_part(own, theirs):
            warned -= _inside(stores, warning)
        found |= warned
    return frozenset(found)


def hearing_of(warning: HazardWarning, around: Beside, office: Office, now: datetime) -> Hearing:
    """What of `warning` is news to those who were told, while other senders' warnings hold.

    An authority leads: what an estimate says beside it is news only to those who heard nothing.
    Beside another authority's warning only what is worse is news.
    """
    senders = [
        gist_of(other.warning)
        for other in around.others
        if other.warning.sender != warning.sender and active_infos(other.warning, office, now)
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
    warning: HazardWarning,
    active: Mapping[int, Info],
    now: datetime,
) -> set[Subject]:
    inside = find_inside(stores, active)
    residents, facilities = load_residents(stores, inside), load_facilities(stores, inside)
    matches, _ = match_all(warning, active, rules.rules, residents, facilities, now)
    return {(match.kind, match.ref) for match in matches}


def _inside(stores: Stores, warning: HazardWarning) -> set[Subject]:
    """Everybody inside the areas of a message, over or not."""
    inside = find_inside(stores, dict(enumerate(warning.infos)))
    found = {(SubjectKind.RESIDENT, ref) for ref in inside.residents}
    return found | {(SubjectKind.FACILITY, ref) for ref in inside.facilities}
