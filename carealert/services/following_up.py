"""When answers are overdue: the next step of every chain, one transaction a batch."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from carealert.domain.following import FollowUp, Subjects, follow
from carealert.domain.notices import Notice
from carealert.domain.plan import Candidate, DeskTask, FacilityCandidate, Timer
from carealert.domain.rules import Audience, RuleSet, SubjectKind
from carealert.services.alerting import OfficeSettings
from carealert.services.candidates import Inside, load_facilities, load_residents
from carealert.services.ports.store import Database, Stores
from carealert.services.ports.text import Composer, TemplateProblem

#: Timers of one transaction: small enough to keep others waiting for a moment only.
BATCH = 500
#: A larger step of one incident is cut, and a caregiver at the cut may be reminded of some only.
LARGEST = 32_000
#: What the desk is told where a reminder cannot be written: the person must not wait for a mend.
UNWRITABLE = "nobody answered, and the reminder could not be written"


#: The rules of a version, or None where they are kept no more.
Kept = Callable[[str], RuleSet | None]


def nothing_kept(version: str) -> RuleSet | None:  # noqa: ARG001
    """For an office that keeps no versions."""
    return None


#: Incident, warning, revision, step and due time: whose timers are followed up together.
_Group = tuple[str, int, int, int, datetime]


@dataclass(frozen=True, slots=True)
class FollowUpResult:
    """What one round did."""

    timers: int = 0
    notices: int = 0
    tasks: int = 0


def follow_up(
    db: Database,
    rules: RuleSet,
    composer: Composer,
    office: OfficeSettings,
    now: datetime,
    kept: Kept = nothing_kept,
) -> FollowUpResult:
    """Run every step that is due at `now`; a crash between batches loses and repeats nothing.

    A chain goes on by the rules it began with, where `kept` still has them, else by `rules`.
    """
    total = FollowUpResult()
    while True:
        with db.transaction() as stores:
            done = _batch(stores, rules, composer, office, now, kept)
        if done.timers == 0:
            return total
        total = FollowUpResult(
            total.timers + done.timers, total.notices + done.notices, total.tasks + done.tasks
        )


def _batch(
    stores: Stores,
    rules: RuleSet,
    composer: Composer,
    office: OfficeSettings,
    now: datetime,
    kept: Kept,
) -> FollowUpResult:
    groups = _groups(stores, now)
    result = FollowUpResult()
    for group in groups.values():
        timers = [timer for timer, _ in group]
        warning_id = group[0][1]
        then = _rules_then(stores, rules, warning_id, kept)
        notices, tasks = _step(stores, then, composer, office, timers, warning_id, now)
        result = FollowUpResult(
            result.timers + len(timers), result.notices + notices, result.tasks + tasks
        )
    return result


def _rules_then(stores: Stores, rules: RuleSet, warning_id: int, kept: Kept) -> RuleSet:
    """The rules that the warning was decided by: a chain does not change under those in it."""
    version = stores.outbox.rules_version(warning_id)
    if version is None or version == rules.version:
        return rules
    return kept(version) or rules


def _group_of(entry: tuple[Timer, int]) -> _Group:
    timer, warning_id = entry
    return timer.incident, warning_id, timer.revision, timer.step, timer.due_at


def _groups(stores: Stores, now: datetime) -> dict[_Group, list[tuple[Timer, int]]]:
    """What is due, whole: a caregiver is reminded once, of everybody.

    Timers come in the order of their due time and incident: what may go on behind the limit is
    left for the next batch, or fetched whole where there is nothing else.
    """
    limit = BATCH
    while True:
        due = stores.escalations.due(now, limit)
        groups: dict[_Group, list[tuple[Timer, int]]] = {}
        for entry in due:
            groups.setdefault(_group_of(entry), []).append(entry)
        if len(due) < limit or limit >= LARGEST:
            return groups
        last = due[-1][0]
        whole = {
            key: group
            for key, group in groups.items()
            if (group[0][0].due_at, group[0][0].incident) != (last.due_at, last.incident)
        }
        if whole:
            return whole
        limit *= 4


def _step(
    stores: Stores,
    rules: RuleSet,
    composer: Composer,
    settings: OfficeSettings,
    timers: Sequence[Timer],
    warning_id: int,
    now: datetime,
) -> tuple[int, int]:
    """One step of one incident; (new notices, tasks)."""
    warning = stores.warnings.get(warning_id).warning
    office = settings.office(stores.people.suppressed())
    relays = now if rules.tells(Audience.RELAY) else None
    done = follow(timers, warning, rules, _subjects(stores, timers, relays), office, now)
    try:
        notices = composer.compose(done.drafts)
    except TemplateProblem as problem:
        stores.journal.write(now, "follow_up_failed", f"warning:{warning_id}", problem=str(problem))
        notices, done = [], _to_desk(done, timers)
    new = _write(stores, done, notices, warning_id, now)
    return new, len(done.tasks)


def _write(
    stores: Stores, done: FollowUp, notices: Sequence[Notice], warning_id: int, now: datetime
) -> int:
    new = stores.outbox.add(notices, warning_id, now) if notices else 0
    incident = done.advances[0][0].incident
    stores.escalations.hand_over(incident, done.tasks, now)
    stores.escalations.advance_all(done.advances, now)
    stores.journal.write(
        now,
        "followed_up",
        f"warning:{warning_id}",
        step=str(done.advances[0][0].step),
        silent=str(len(done.advances)),
        notices=str(new),
        tasks=str(len(done.tasks)),
        gone=str(len(done.gone)),
    )
    return new


def _subjects(stores: Stores, timers: Sequence[Timer], messengers_at: datetime | None) -> Subjects:
    """The timers' subjects as they are registered now."""
    infos = {(timer.kind, timer.ref): frozenset({timer.info}) for timer in timers}
    inside = Inside(_of_kind(infos, SubjectKind.RESIDENT), _of_kind(infos, SubjectKind.FACILITY))
    residents = load_residents(stores, inside, messengers_at=messengers_at)
    facilities = load_facilities(stores, inside)
    found: dict[tuple[SubjectKind, str], Candidate | FacilityCandidate] = {}
    found |= {(SubjectKind.RESIDENT, one.resident.ref): one for one in residents}
    found |= {(SubjectKind.FACILITY, one.facility.ref): one for one in facilities}
    return found


def _of_kind(
    inside: dict[tuple[SubjectKind, str], frozenset[int]], kind: SubjectKind
) -> dict[str, frozenset[int]]:
    return {ref: infos for (of_kind, ref), infos in inside.items() if of_kind is kind}


def _to_desk(done: FollowUp, timers: Sequence[Timer]) -> FollowUp:
    """Every subject goes to the desk at once; the chains go on, for the template may be mended."""
    gone = set(done.gone)
    subjects = [(t.kind, t.ref) for t in timers if (t.kind, t.ref) not in gone]
    return replace(
        done,
        drafts=(),
        tasks=tuple(DeskTask(*subject, UNWRITABLE) for subject in subjects),
    )
