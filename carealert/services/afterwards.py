"""Asking people after the end what is missing, a shard of them in each transaction."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from carealert.domain.afterwards import ask_afterwards
from carealert.domain.condition_parts import HOUR
from carealert.domain.facts import end_of
from carealert.domain.plan import IncidentHistory, Match
from carealert.domain.planning import active_infos
from carealert.domain.rules import RuleSet, SubjectKind
from carealert.domain.warnings import MsgType
from carealert.services.alerting import OfficeSettings
from carealert.services.candidates import Inside, load_residents
from carealert.services.deciding import Whole, shards_of
from carealert.services.ports.looks import DueLook
from carealert.services.ports.store import Database, Stores
from carealert.services.ports.text import Composer

#: After a template that could not be filled.
TRY_AGAIN = timedelta(minutes=10)


def ask(
    db: Database,
    rules: RuleSet,
    composer: Composer,
    due: DueLook,
    settings: OfficeSettings,
    now: datetime,
    *,
    shard: int,
) -> int:
    """Ask those whom the incident's rules with this time told; return how many are asked.

    Nobody is asked while another message of the incident holds: the question waits for the end.
    """
    with db.transaction() as stores:
        if not stores.looks.waits(due):
            return 0
        whole = _whole(stores, due, settings, now)
        if whole is None:
            return 0
        asking = _rules_asking(rules, due.look.number)
        matches = stores.outbox.matched_in(whole.incident, asking)
        subjects = sorted({(one.kind, one.ref) for one in matches})
        parts = shards_of(stores, whole, subjects, shard)
    asked = 0
    for part in parts:
        with db.transaction() as stores:
            refs = {ref for _, ref in part}
            own = [one for one in matches if one.ref in refs]
            asked += _ask(stores, rules, composer, whole, own, due.warning)
    with db.transaction() as stores:
        stores.looks.done(due, now)
        said = {"after_h": str(due.look.number), "notices": str(asked)}
        stores.journal.write(now, "asked_afterwards", f"warning:{due.warning}", **said)
    return asked


def _whole(stores: Stores, due: DueLook, settings: OfficeSettings, now: datetime) -> Whole | None:
    """The incident, if it has ended; else the look is done, or put off."""
    stored = stores.warnings.get(due.warning)
    if stored.superseded_by is not None:
        later = stores.warnings.get(stored.superseded_by).warning
        if later.msg_type is not MsgType.CANCEL:  # it has a question of its own
            stores.looks.done(due, now)
            return None
    office = settings.office(stores.people.suppressed())
    ends = [
        end_of(one.warning, info, office)
        for one in stores.warnings.standing(stored.incident)
        for info in active_infos(one.warning, office, now).values()
    ]
    if ends:
        stores.looks.postpone(due, max(ends) + due.look.number * HOUR)
        return None
    return Whole(
        stored.warning,
        stored.incident,
        stored.revision,
        office,
        now,
        lines=stores.outbox.told_lines(stored.incident),
        round=due.look.round,
    )


def _rules_asking(rules: RuleSet, hours: int) -> frozenset[str]:
    return frozenset(
        rule.id
        for rule in rules.rules
        if any(round(after / HOUR) == hours for after in rule.do.check_after)
    )


def _ask(
    stores: Stores,
    rules: RuleSet,
    composer: Composer,
    whole: Whole,
    matches: Sequence[Match],
    warning_id: int,
) -> int:
    refs: Collection[str] = {one.ref for one in matches if one.kind is SubjectKind.RESIDENT}
    inside = Inside(residents={ref: frozenset() for ref in refs})
    people = {one.resident.ref: one for one in load_residents(stores, inside, whole.places)}
    history = IncidentHistory(whole.incident, whole.revision, round=whole.round)
    # Infos are numbered in each message by itself: this one's first speaks for all.
    now_numbered = [replace(one, info=0) for one in matches]
    drafts, _ = ask_afterwards(
        now_numbered, whole.warning, rules, people, history, whole.office, whole.now
    )
    return stores.outbox.add(composer.compose(drafts), warning_id, whole.now)
