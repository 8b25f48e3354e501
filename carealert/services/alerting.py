"""From a stored warning to notices in the outbox: dry run and live run share the decision."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta, tzinfo

from carealert.domain.drills import Drills, is_drill
from carealert.domain.holds import needs_officer, why_held
from carealert.domain.notices import Notice, Recipient, RecipientKind
from carealert.domain.people import Phone, PhoneSharing
from carealert.domain.plan import IncidentHistory, NotSent, Office, Plan, WhyNot
from carealert.domain.planning import active_infos, plan, why_nobody
from carealert.domain.rules import RuleSet, SubjectKind
from carealert.domain.warnings import HazardWarning, MsgType
from carealert.services.beside import beside, hearing_of, still_warned, told_elsewhere
from carealert.services.candidates import (
    find_inside,
    load_facilities,
    load_residents,
    note_areas,
)
from carealert.services.drill_plans import decide_drill
from carealert.services.ports.feeds import StoredWarning
from carealert.services.ports.holds import HoldDecision
from carealert.services.ports.store import Database, Stores
from carealert.services.ports.text import Composer, TemplateProblem

#: How far back the journal is looked through for a failure that was noted before.
RECENT = 500


@dataclass(frozen=True, slots=True)
class OfficeSettings:
    """What the office says about itself. `desk_phone` is E.164; without it the desk has no SMS.

    `hold_for` is how long an officer has for a message that reads as a test; `drills` who hears
    of an Exercise.
    """

    default_language: str
    time_zone: tzinfo
    desk_phone: str | None = None
    desk_language: str = "en"
    assumed_life: timedelta = timedelta(hours=12)
    hold_for: timedelta = timedelta(minutes=15)
    drills: Drills = Drills.DESK

    def office(self, suppressed: frozenset[str]) -> Office:
        """The office as deciding needs it, with the numbers that said STOP."""
        desk = None
        if self.desk_phone is not None:
            phone = Phone(self.desk_phone, PhoneSharing.PRIVATE)
            desk = Recipient(RecipientKind.CITY_DESK, "desk", phone, self.desk_language, None)
        return Office(self.default_language, self.time_zone, desk, suppressed, self.assumed_life)


def dry_run(
    db: Database,
    rules: RuleSet,
    composer: Composer,
    warning: HazardWarning,
    office: OfficeSettings,
    now: datetime,
) -> tuple[Plan, Sequence[Notice]]:
    """What `warning`, stored or not, would lead to at `now`; nothing is saved.

    An Exercise leads to a drill's plan: see `carealert/domain/drills.py`.
    Raises TemplateProblem.
    """
    with db.reading() as stores:
        history = _history_of(stores, warning)
        if is_drill(warning):
            decided = decide_drill(
                stores,
                rules,
                warning,
                history.incident,
                office.office(stores.people.suppressed()),
                office.drills,
                now,
            )
        else:
            decided = _decide(stores, rules, warning, history, office, now)
    return decided, composer.compose(decided.drafts)


def alert(
    db: Database,
    rules: RuleSet,
    composer: Composer,
    warning_id: int,
    office: OfficeSettings,
    now: datetime,
) -> Plan:
    """Decide about a stored warning and put its notices in the outbox, all or nothing.

    One that reads as a test is held for an officer first: the Plan says so, and nothing is saved.
    Raises TemplateProblem: then nothing is written but a line of the journal, and the warning
    stays unplanned.
    """
    try:
        with db.transaction() as stores:
            stored = stores.warnings.get(warning_id)
            if _must_wait(stores, stored, office, now):
                return _hold(stores, stored, office, now)
            decided = _decided_or_replaced(stores, rules, stored, office, now)
            notices = composer.compose(decided.drafts)
            new = stores.outbox.save_plan(decided, notices, warning_id, rules.version, now)
            stores.warnings.mark_planned(warning_id, now)
            note_areas(stores, decided, warning_id, now)
            stores.journal.write(
                now,
                "planned",
                f"warning:{warning_id}",
                matches=str(len(decided.matches)),
                notices=str(new),
                not_sent=str(len(decided.not_sent)),
                tasks=str(len(decided.tasks)),
            )
    except TemplateProblem as problem:
        _note_failure(db, warning_id, problem, now)
        raise
    return decided


def plan_waiting(
    db: Database,
    rules: RuleSet,
    composer: Composer,
    office: OfficeSettings,
    now: datetime,
) -> int:
    """Plan every warning that waits, oldest first; return how many were planned.

    Exercises are none of them: `drilling` plans those.
    What an officer must decide about is held, and waits elsewhere.
    One whose texts cannot be written stays waiting and does not hold up the others.
    """
    planned = 0
    left: set[int] = set()
    while True:
        with db.reading() as stores:
            waiting = [one.id for one in stores.warnings.unplanned(len(left) + 100)]
        todo = [warning_id for warning_id in waiting if warning_id not in left]
        if not todo:
            return planned
        for warning_id in todo:
            try:
                decided = alert(db, rules, composer, warning_id, office, now)
                if any(one.reason is WhyNot.HELD for one in decided.not_sent):
                    left.add(warning_id)
                else:
                    planned += 1
            except TemplateProblem:
                left.add(warning_id)


def matched_genders(db: Database, decided: Plan) -> Mapping[str, int]:
    """How many matched residents are of which gender: whom a decision reaches, for reports."""
    refs = {match.ref for match in decided.matches if match.kind is SubjectKind.RESIDENT}
    with db.reading() as stores:
        counts = Counter(one.gender.value for one in stores.people.residents(refs))
    return dict(sorted(counts.items()))


def _decided_or_replaced(
    stores: Stores,
    rules: RuleSet,
    stored: StoredWarning,
    office: OfficeSettings,
    now: datetime,
) -> Plan:
    """The decision, unless a later message took this one's place before it was planned.

    Feeds are polled in no order: an Alert may be read after its own Cancel.
    """
    warning = stored.warning
    later = stored.superseded_by
    if later is not None:
        detail = f"a later message took its place (warning:{later})"
        refusal = NotSent("warning", warning.identifier, None, WhyNot.SUPERSEDED, detail)
        return Plan(warning, not_sent=(refusal,))
    if stored.hold is HoldDecision.OVER:
        detail = "it read as a test, and was over before an officer decided"
        over = NotSent("warning", warning.identifier, None, WhyNot.OVER, detail)
        return Plan(warning, not_sent=(over,))
    history = stores.outbox.history(stored.incident, stored.revision)
    return _decide(stores, rules, warning, history, office, now)


def _decide(
    stores: Stores,
    rules: RuleSet,
    warning: HazardWarning,
    history: IncidentHistory,
    settings: OfficeSettings,
    now: datetime,
) -> Plan:
    office = settings.office(stores.people.suppressed())
    if why_nobody(warning, history) is not None:
        return plan(warning, rules, (), (), history, office, now)
    around = beside(stores, warning, history, office, now)
    inside = find_inside(stores, active_infos(warning, office, now))
    decided = plan(
        warning,
        rules,
        load_residents(stores, inside),
        load_facilities(stores, inside),
        history,
        office,
        now,
        unresolved=inside.unresolved,
        still_warned=still_warned(stores, rules, warning, around, history, office, now),
        told_elsewhere=told_elsewhere(stores, warning, history.incident),
        hearing=hearing_of(warning, around, office, now),
    )
    return replace(decided, unknown_areas=inside.unknown, area_notes=inside.notes)


def _history_of(stores: Stores, warning: HazardWarning) -> IncidentHistory:
    """What a warning that is only tried would find: the history that its predecessors made.

    One that was decided already is tried as if it were new, or nothing in it would be news.
    """
    stored = stores.warnings.find(warning)
    if stored is None:
        incident, revision = stores.warnings.place_of(warning)
        return stores.outbox.history(incident, revision)
    if stored.planned_at and warning.msg_type is MsgType.ALERT:
        return IncidentHistory(stored.incident, stored.revision)
    return stores.outbox.history(stored.incident, stored.revision)


def _must_wait(
    stores: Stores, stored: StoredWarning, settings: OfficeSettings, now: datetime
) -> bool:
    """True while an officer must say whether a message is a test, and it could still matter.

    The end of something that nobody was told cannot matter, whatever it is.
    """
    warning = stored.warning
    if stored.hold is not None or stored.superseded_by is not None or not needs_officer(warning):
        return False
    if warning.msg_type is MsgType.CANCEL:
        return bool(stores.outbox.history(stored.incident, stored.revision).told)
    return bool(active_infos(warning, settings.office(frozenset()), now))


def _hold(stores: Stores, stored: StoredWarning, settings: OfficeSettings, now: datetime) -> Plan:
    warning, reason = stored.warning, why_held(stored.warning)
    if stores.holds.get(stored.id) is None:
        deadline = now + settings.hold_for
        stores.holds.open(stored.id, reason, now, deadline)
        subject = f"warning:{stored.id}"
        stores.journal.write(now, "held", subject, reason=reason, deadline=deadline.isoformat())
    held = NotSent(
        "warning", warning.identifier, None, WhyNot.HELD, f"{reason}; an officer decides"
    )
    return Plan(warning, not_sent=(held,))


def _note_failure(db: Database, warning_id: int, problem: TemplateProblem, now: datetime) -> None:
    """Say it once in the journal, not at every tick until somebody mends the template."""
    subject, what = f"warning:{warning_id}", str(problem)
    with db.transaction() as stores:
        for line in stores.journal.recent(RECENT):
            known = (line.event, line.subject) == ("planning_failed", subject)
            if known and line.details.get("problem") == what:
                return
        stores.journal.write(now, "planning_failed", subject, problem=what)
