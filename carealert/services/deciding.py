"""A warning decided about: what holds for the whole of it is asked once, then people in shards.

A shard is a transaction: what it decided is in the outbox, and goes out, while the next one is
decided. A process that dies leaves whole shards; the next one takes the decision up behind them.
"""

from collections.abc import Collection, Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from carealert.domain.matching import distances, is_anybody_s
from carealert.domain.notices import RecipientKind
from carealert.domain.plan import IncidentHistory, Office, Plan
from carealert.domain.planning import active_infos, desk_plan, of_the_whole, plan, why_nobody
from carealert.domain.rules import Audience, RuleSet, SubjectKind
from carealert.domain.shards import shards
from carealert.domain.silences import Silence
from carealert.domain.updates import Hearing
from carealert.domain.warnings import HazardWarning, Info
from carealert.services.beside import Beside, beside, hearing_of, still_warned, told_elsewhere
from carealert.services.candidates import (
    Inside,
    Places,
    Subject,
    find_inside,
    load_facilities,
    load_residents,
)
from carealert.services.ports.outbox import ToldLine
from carealert.services.ports.store import Stores

#: How many people and places are decided about in one transaction.
SHARD = 2000


@dataclass(frozen=True, slots=True)
class Whole:
    """What holds for everybody whom a warning may concern. `lines` are who was told before.

    `subjects` are those inside, or concerned by what was told before: places, then people, each
    by ref. `as_new`: what was told is left out of account. `relays`: a rule tells messengers.
    `round` and `repeats` are as in IncidentHistory.
    """

    warning: HazardWarning
    incident: str
    revision: int
    office: Office
    now: datetime
    active: Mapping[int, Info] = field(default_factory=dict)
    inside: Inside = field(default_factory=Inside)
    around: Beside = field(default_factory=Beside)
    elsewhere: frozenset[Subject] = frozenset()
    silences: Sequence[Silence] = ()
    hearing: Hearing = Hearing.ALL
    lines: Sequence[ToldLine] = ()
    subjects: Sequence[Subject] = ()
    as_new: bool = False
    relays: bool = False
    round: str = ""
    repeats: frozenset[str] = frozenset()
    places: Places = field(default_factory=Places)


def survey(
    stores: Stores,
    rules: RuleSet,
    warning: HazardWarning,
    incident: str,
    revision: int,
    office: Office,
    now: datetime,
    *,
    as_new: bool = False,
) -> Whole:
    """What is asked once about a warning; of one that may reach nobody only that."""
    lines = () if as_new else stores.outbox.told_lines(incident)
    known = {} if as_new else stores.escalations.states(incident)
    earlier = frozenset({*known, *(subject for line in lines for subject in line.about)})
    whole = Whole(warning, incident, revision, office, now, as_new=as_new)
    if why_nobody(warning, anybody_told=bool(earlier)) is not None:
        return whole
    active = active_infos(warning, office, now)
    if not earlier and not is_anybody_s(rules.rules, warning, active, now, office.assumed_life):
        return replace(whole, active=active)  # no rule is about it: nobody has to be looked for
    knows = any(line.knows for line in lines)
    around = beside(stores, rules, warning, incident, office, now) if knows else Beside()
    far = distances(rules.rules, warning, active, now, office.assumed_life)
    inside = find_inside(stores, active, far)
    return replace(
        whole,
        active=active,
        inside=inside,
        subjects=sorted(inside.subjects() | earlier),
        lines=lines,
        around=around,
        elsewhere=told_elsewhere(stores, warning, incident),
        hearing=hearing_of(warning, around),
        silences=stores.silences.running(now),
        relays=rules.tells(Audience.RELAY),
    )


def shards_of(
    stores: Stores, whole: Whole, subjects: Sequence[Subject], size: int
) -> list[list[Subject]]:
    """The subjects in shards that can be decided about apart."""
    if len(subjects) <= size:
        return [list(subjects)]
    return shards(subjects, _ties(stores, whole, subjects), size)


def decide(stores: Stores, rules: RuleSet, whole: Whole, subjects: Collection[Subject]) -> Plan:
    """What the warning leads to for these, the city desk's part included."""
    history = _history(stores, whole, subjects)
    inside = whole.inside.among(subjects)
    decided = plan(
        whole.warning,
        rules,
        load_residents(
            stores, inside, whole.places, messengers_at=whole.now if whole.relays else None
        ),
        load_facilities(stores, inside, whole.places, evidence=rules.ask("readiness")),
        history,
        whole.office,
        whole.now,
        unresolved=inside.unresolved,
        still_warned=still_warned(
            stores, rules, whole.around, history, whole.places, whole.office, whole.now
        ),
        told_elsewhere=whole.elsewhere,
        hearing=whole.hearing,
        silences=whole.silences,
    )
    return replace(decided, unknown_areas=inside.unknown, area_notes=inside.notes)


def decide_for_desk(stores: Stores, rules: RuleSet, whole: Whole, decision: int) -> Plan:
    """What is left when all shards are decided: the desk's part, and what is said of the whole."""
    to_desk = {rule.id for rule in rules.rules if Audience.CITY_DESK in rule.do.to}
    decided = desk_plan(
        whole.warning,
        rules,
        stores.outbox.decided_matches(decision, to_desk) if to_desk else (),
        IncidentHistory(whole.incident, whole.revision, round=whole.round),
        whole.office,
        whole.now,
    )
    knows = any(line.knows for line in whole.lines)
    said = of_the_whole(
        whole.warning,
        whole.active,
        whole.inside.unresolved,
        anybody_told=knows,
        has_rule=is_anybody_s(
            rules.rules, whole.warning, whole.active, whole.now, whole.office.assumed_life
        ),
    )
    return replace(
        decided,
        not_sent=(*said, *decided.not_sent),
        unknown_areas=whole.inside.unknown,
        area_notes=whole.inside.notes,
    )


def _history(stores: Stores, whole: Whole, subjects: Collection[Subject]) -> IncidentHistory:
    if whole.as_new:
        return IncidentHistory(whole.incident, whole.revision)
    # Nobody needs to be picked out where all are decided about together; the desk is among them.
    among = None if len(subjects) >= len(whole.subjects) else subjects
    found = stores.outbox.history(whole.incident, whole.revision, among)
    return replace(found, round=whole.round, repeats=whole.repeats) if whole.round else found


def _ties(
    stores: Stores, whole: Whole, subjects: Collection[Subject]
) -> Iterator[tuple[Subject, Hashable]]:
    """Caregivers and phones that people have in common, now and when they were told before."""
    people = [ref for kind, ref in subjects if kind is SubjectKind.RESIDENT]
    for ref, what in stores.people.ties(people):
        yield (SubjectKind.RESIDENT, ref), what
    for ref, messenger in stores.organisations.ties(people) if whole.relays else ():
        yield (SubjectKind.RESIDENT, ref), (RecipientKind.RELAY, messenger)
    for line in whole.lines:
        for subject in line.about:
            yield subject, (line.kind, line.ref)
            yield subject, line.phone
