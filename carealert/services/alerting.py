"""From a stored warning to notices in the outbox: dry run and live run share the decision."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo

from carealert.domain.channels import NO_OTHER_WAYS, Ways
from carealert.domain.drills import Drills, is_drill
from carealert.domain.holds import needs_officer, why_held
from carealert.domain.notices import Notice, Recipient, RecipientKind
from carealert.domain.people import Phone, PhoneSharing
from carealert.domain.plan import NotSent, Office, Plan, WhyNot
from carealert.domain.planning import active_infos
from carealert.domain.rules import RuleSet, SubjectKind
from carealert.domain.warnings import HazardWarning, MsgType
from carealert.services.candidates import Subject, note_areas
from carealert.services.collecting import collecting_later
from carealert.services.community import with_groups
from carealert.services.deciding import (
    SHARD,
    Whole,
    decide,
    decide_for_desk,
    shards_of,
    survey,
)
from carealert.services.drill_plans import decide_drill
from carealert.services.looks_ahead import look_ahead
from carealert.services.ports.feeds import StoredWarning
from carealert.services.ports.holds import HoldDecision
from carealert.services.ports.outbox import Decision
from carealert.services.ports.store import Database, Stores
from carealert.services.ports.text import Composer, TemplateProblem

#: How far back the journal is looked through for a failure that was noted before.
RECENT = 500


@dataclass(frozen=True, slots=True)
class OfficeSettings:
    """What the office says about itself. `desk_phone` is E.164; without it the desk has no SMS.

    `hold_for` is how long an officer has for a message that reads as a test; `drills` who hears
    of an Exercise; `ways` are those it can send by beside SMS.
    """

    default_language: str
    time_zone: tzinfo
    desk_phone: str | None = None
    desk_language: str = "en"
    assumed_life: timedelta = timedelta(hours=12)
    hold_for: timedelta = timedelta(minutes=15)
    drills: Drills = Drills.DESK
    ways: Ways = NO_OTHER_WAYS

    def office(self, suppressed: frozenset[str]) -> Office:
        """The office as deciding needs it, with the numbers that said STOP."""
        desk = None
        if self.desk_phone is not None:
            phone = Phone(self.desk_phone, PhoneSharing.PRIVATE)
            desk = Recipient(RecipientKind.CITY_DESK, "desk", phone, self.desk_language, None)
        return Office(
            self.default_language, self.time_zone, desk, suppressed, self.assumed_life, self.ways
        )


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of planning one warning, counted; `notices` are the new ones."""

    matches: int = 0
    notices: int = 0
    tasks: int = 0
    not_sent: Mapping[WhyNot, int] = field(default_factory=dict)

    @property
    def is_held(self) -> bool:
        """True where an officer decides first; nothing was saved."""
        return WhyNot.HELD in self.not_sent

    def plus(self, decided: Plan, notices: int) -> "Outcome":
        """With a further part of the decision."""
        reasons = Counter(self.not_sent)
        reasons.update(one.reason for one in decided.not_sent)
        return Outcome(
            self.matches + len(decided.matches),
            self.notices + notices,
            self.tasks + len(decided.tasks),
            reasons,
        )


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
    with collecting_later(), db.reading() as stores:
        whole = _survey_of_trial(stores, rules, warning, office, now)
        if is_drill(warning):
            decided = decide_drill(
                stores, rules, warning, whole.incident, whole.office, office.drills, now
            )
        else:
            decided = with_groups(
                stores, rules, whole, decide(stores, rules, whole, whole.subjects)
            )
    return decided, composer.compose(decided.drafts)


def alert(
    db: Database,
    rules: RuleSet,
    composer: Composer,
    warning_id: int,
    office: OfficeSettings,
    now: datetime,
    *,
    shard: int = SHARD,
) -> Outcome:
    """Decide about a stored warning and put its notices in the outbox.

    Up to `shard` people and places are decided about in one transaction, all or nothing; more of
    them in several, those who share a phone or a caregiver in the same one. What a process left
    undone is taken up by the next call. One that reads as a test is held for an officer first:
    nothing is saved then. Raises TemplateProblem: then the journal has a line, and the warning
    stays unplanned.
    """
    try:
        return _Alert(db, rules, composer, warning_id, office, now).decide(shard)
    except TemplateProblem as problem:
        _note_failure(db, warning_id, problem, now)
        raise


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
                if alert(db, rules, composer, warning_id, office, now).is_held:
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


class _Alert:
    """One call of `alert`."""

    def __init__(
        self,
        db: Database,
        rules: RuleSet,
        composer: Composer,
        warning_id: int,
        settings: OfficeSettings,
        now: datetime,
    ) -> None:
        self._db, self._rules, self._composer = db, rules, composer
        self._id, self._settings, self._now = warning_id, settings, now
        self._outcome = Outcome()

    def decide(self, size: int) -> Outcome:
        with collecting_later(), self._db.transaction() as stores:
            stored = stores.warnings.get(self._id)
            if _must_wait(stores, stored, self._settings, self._now):
                return Outcome().plus(_hold(stores, stored, self._settings, self._now), 0)
            decision = stores.outbox.begin(self._id, self._rules.version, self._now)
            if decision is None:
                return self._outcome
            if (refused := _refused(stored)) is not None:
                return self._end(stores, decision.id, refused)
            whole = _survey(stores, self._rules, stored, self._settings, self._now)
            parts = self._parts(stores, whole, decision, size)
            if decision.is_new and len(parts) == 1:
                decided = decide(stores, self._rules, whole, whole.subjects)
                decided = with_groups(stores, self._rules, whole, decided)
                return self._end(stores, decision.id, decided, whole)
        for part in parts:
            self._decide_part(whole, decision.id, part)
        with self._db.transaction() as stores:
            if stores.outbox.begin(self._id, self._rules.version, self._now) is None:
                return self._outcome
            rest = decide_for_desk(stores, self._rules, whole, decision.id)
            rest = with_groups(stores, self._rules, whole, rest, decision.id)
            return self._end(stores, decision.id, rest, whole)

    def _parts(
        self, stores: Stores, whole: Whole, decision: Decision, size: int
    ) -> list[list[Subject]]:
        """The shards that are left to do."""
        if decision.is_new:
            return shards_of(stores, whole, whole.subjects, size)
        done = stores.outbox.decided(decision.id)
        stores.journal.write(
            self._now,
            "planning_resumed",
            f"warning:{self._id}",
            done=str(len(done)),
            rules_then=decision.rules_version[:12],
            rules_now=self._rules.version[:12],
        )
        left = [one for one in whole.subjects if one not in done]
        return shards_of(stores, whole, left, size)

    def _decide_part(self, whole: Whole, decision: int, part: list[Subject]) -> None:
        with collecting_later(), self._db.transaction() as stores:
            if stores.outbox.begin(self._id, self._rules.version, self._now) is None:
                return
            # Another process may have taken the decision up in the meantime.
            done = stores.outbox.decided(decision, part)
            left = [one for one in part if one not in done] if done else part
            if left:
                decided = decide(stores, self._rules, whole, left).without_desk()
                self._save(stores, decision, decided)

    def _save(self, stores: Stores, decision: int, decided: Plan) -> None:
        notices = self._composer.compose(decided.drafts)
        new = stores.outbox.save_part(decision, decided, notices, self._id, self._now)
        self._outcome = self._outcome.plus(decided, new)

    def _end(
        self, stores: Stores, decision: int, decided: Plan, whole: Whole | None = None
    ) -> Outcome:
        """The last part, and the decision with it."""
        self._save(stores, decision, decided)
        if whole is not None:
            look_ahead(stores, self._rules, whole, self._id)
        stores.warnings.mark_planned(self._id, self._now)
        note_areas(stores, decided, self._id, self._now)
        outcome = self._outcome
        stores.journal.write(
            self._now,
            "planned",
            f"warning:{self._id}",
            matches=str(outcome.matches),
            notices=str(outcome.notices),
            not_sent=str(sum(outcome.not_sent.values())),
            tasks=str(outcome.tasks),
        )
        return outcome


def _refused(stored: StoredWarning) -> Plan | None:
    """The decision where a later message took this one's place before it was planned.

    Feeds are polled in no order: an Alert may be read after its own Cancel.
    """
    warning, later = stored.warning, stored.superseded_by
    if later is not None:
        detail = f"a later message took its place (warning:{later})"
        refusal = NotSent("warning", warning.identifier, None, WhyNot.SUPERSEDED, detail)
        return Plan(warning, not_sent=(refusal,))
    if stored.hold is HoldDecision.OVER:
        detail = "it read as a test, and was over before an officer decided"
        over = NotSent("warning", warning.identifier, None, WhyNot.OVER, detail)
        return Plan(warning, not_sent=(over,))
    return None


def _survey(
    stores: Stores,
    rules: RuleSet,
    stored: StoredWarning,
    settings: OfficeSettings,
    now: datetime,
) -> Whole:
    office = settings.office(stores.people.suppressed())
    return survey(stores, rules, stored.warning, stored.incident, stored.revision, office, now)


def _survey_of_trial(
    stores: Stores,
    rules: RuleSet,
    warning: HazardWarning,
    settings: OfficeSettings,
    now: datetime,
) -> Whole:
    """What a warning that is only tried would find: the history that its predecessors made.

    One that was decided already is tried as if it were new, or nothing in it would be news.
    """
    office = settings.office(stores.people.suppressed())
    stored = stores.warnings.find(warning)
    if stored is None:
        incident, revision = stores.warnings.place_of(warning)
        return survey(stores, rules, warning, incident, revision, office, now)
    as_new = stored.planned_at is not None and warning.msg_type is MsgType.ALERT
    return survey(
        stores, rules, warning, stored.incident, stored.revision, office, now, as_new=as_new
    )


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
