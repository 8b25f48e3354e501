"""Exercises from the store: planned on paper, kept, and told to the desk and managers alone.

They are planned apart from real warnings, and without the lock that writers need: an exercise,
however large, keeps no real warning waiting.
"""

from datetime import datetime

from carealert.domain.drills import ends_drill, would_tell
from carealert.domain.notices import Notice
from carealert.domain.plan import NotSent, Plan, WhyNot
from carealert.domain.rules import RuleSet
from carealert.services.alerting import OfficeSettings
from carealert.services.drill_plans import decide_drill
from carealert.services.ports.feeds import StoredWarning
from carealert.services.ports.store import Database, Stores
from carealert.services.ports.text import Composer, TemplateProblem


def rehearse_waiting(
    db: Database, rules: RuleSet, composer: Composer, office: OfficeSettings, now: datetime
) -> int:
    """Plan every Exercise that waits, oldest first, each by itself; return how many.

    One whose texts cannot be written is counted and shown all the same.
    """
    done = 0
    while True:
        with db.reading() as stores:
            waiting = stores.warnings.unplanned(1, drills=True)
        if not waiting:
            return done
        _rehearse(db, rules, composer, waiting[0], office, now)
        done += 1


def _rehearse(
    db: Database,
    rules: RuleSet,
    composer: Composer,
    stored: StoredWarning,
    settings: OfficeSettings,
    now: datetime,
) -> None:
    with db.reading() as stores:
        office = settings.office(stores.people.suppressed())
        decided = decide_drill(
            stores, rules, stored.warning, stored.incident, office, settings.drills, now
        )
    notices, problem = _written(composer, decided)
    with db.transaction() as stores:
        newest = stores.warnings.get(stored.id)
        if newest.superseded_by is not None:
            decided, notices = _replaced(newest), ()
        if ends_drill(stored.warning, office, now):
            stores.outbox.call_off_drill(stored.incident)
        new = stores.outbox.save_plan(decided, notices, stored.id, rules.version, now)
        stores.warnings.mark_planned(stored.id, now)
        _note(stores, stored.id, decided, new, problem, now)


def _written(composer: Composer, decided: Plan) -> tuple[tuple[Notice, ...], str | None]:
    try:
        return tuple(composer.compose(decided.drafts)), None
    except TemplateProblem as problem:
        return (), str(problem)


def _replaced(stored: StoredWarning) -> Plan:
    detail = f"a later message took its place (warning:{stored.superseded_by})"
    refusal = NotSent("warning", stored.warning.identifier, None, WhyNot.SUPERSEDED, detail)
    return Plan(stored.warning, not_sent=(refusal,))


def _note(
    stores: Stores, warning_id: int, decided: Plan, new: int, problem: str | None, now: datetime
) -> None:
    would, subject = would_tell(decided), f"warning:{warning_id}"
    if problem is not None:
        stores.journal.write(now, "drill_failed", subject, problem=problem)
    stores.journal.write(
        now,
        "drilled",
        subject,
        matches=str(len(decided.matches)),
        would_tell=str(would.people),
        would_ask=str(would.facilities),
        notices=str(new),
    )
