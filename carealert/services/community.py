"""What a decision leads to for the community groups of the areas; see `domain/community.py`."""

from collections.abc import Sequence
from dataclasses import replace

from carealert.domain.community import TYPES, Group, groups_plan, rules_for_groups
from carealert.domain.plan import IncidentHistory, Match, Plan
from carealert.domain.planning import why_nobody
from carealert.domain.rules import RuleSet
from carealert.services.deciding import Whole
from carealert.services.ports.store import Stores


def with_groups(
    stores: Stores, rules: RuleSet, whole: Whole, decided: Plan, decision: int | None = None
) -> Plan:
    """`decided` with what the groups are told; its matches count, or those that were recorded.

    Costs one look where no rule tells groups and none was told.
    """
    known = {} if whole.as_new else stores.outbox.told_groups(whole.incident)
    asked = rules_for_groups(rules)
    if not asked and not known:
        return decided
    if why_nobody(whole.warning, anybody_told=True) is not None:
        return decided
    matches: Sequence[Match] = decided.matches
    if decision is not None:
        matches = stores.outbox.decided_matches(decision, asked)
    blocked = bool(whole.inside.unresolved & whole.active.keys())
    others = any(other.active for other in whole.around.others)
    found = groups_plan(
        whole.warning,
        rules,
        _groups(stores, whole),
        matches,
        known,
        IncidentHistory(whole.incident, whole.revision, round=whole.round),
        whole.office,
        whole.now,
        hearing=whole.hearing,
        may_end=not (blocked or others or whole.around.ends_nothing),
    )
    return replace(
        decided,
        drafts=(*decided.drafts, *found.drafts),
        not_sent=(*decided.not_sent, *found.not_sent),
        superseded=decided.superseded | found.superseded,
    )


def _groups(stores: Stores, whole: Whole) -> list[Group]:
    """Every group of the directory that has areas, with who is registered there."""
    listed = [one for one in stores.organisations.of_types(TYPES) if one.area_codes]
    residents = stores.people.with_area_codes_each([one.area_codes for one in listed])
    return [
        Group(one, refs, whole.places.look_up(stores, one.area_codes[0])[1])
        for one, refs in zip(listed, residents, strict=True)
    ]
