"""Messages that read as a test although their status is Actual: an officer decides, in time."""

from dataclasses import dataclass
from datetime import datetime

from carealert.domain.access import Actor, Right
from carealert.domain.hold_alarms import overdue_draft
from carealert.domain.planning import active_infos
from carealert.domain.warnings import MsgType
from carealert.services.access import everywhere, needs
from carealert.services.alerting import OfficeSettings
from carealert.services.ports.holds import HeldWarning, HoldDecision
from carealert.services.ports.store import Database, Stores
from carealert.services.ports.text import Composer, TemplateProblem

#: What the desk is asked to do about a hold that nobody decided in time.
OVERDUE = "a warning is held and nobody has said whether it is a test"


class NotHeld(Exception):
    """The warning does not wait for a decision; the message says why."""


@dataclass(frozen=True, slots=True)
class WatchResult:
    """What one look at the open holds did."""

    closed: int = 0
    alarms: int = 0


@needs(Right.DECIDE_WARNINGS)
def release(db: Database, who: Actor, warning_id: int, now: datetime) -> HeldWarning:
    """The actor says that it is no test: it is planned next, as what it says if it is real.

    Raises NotHeld, and NotAllowed for an actor with areas: a warning is for more than their part.
    """
    return _decide(db, who, warning_id, HoldDecision.RELEASE, now)


@needs(Right.DECIDE_WARNINGS)
def discard(db: Database, who: Actor, warning_id: int, now: datetime) -> HeldWarning:
    """The actor says that it is a test: it is planned next, and reaches nobody.

    Raises as `release` does.
    """
    return _decide(db, who, warning_id, HoldDecision.DISCARD, now)


def watch(db: Database, composer: Composer, office: OfficeSettings, now: datetime) -> WatchResult:
    """Close the holds that no longer matter, and raise the alarm for each that is overdue.

    The alarm is raised at the deadline, and once more where nobody has decided when as much time
    again has passed.
    """
    closed = alarms = 0
    with db.reading() as stores:
        if not stores.holds.waiting():
            return WatchResult()
    with db.transaction() as stores:
        for held in stores.holds.waiting():
            how = _moot(held, office, now)
            if how is not None:
                closed += _close(stores, held, how, None, now)
            elif _is_due(held, office, now):
                _alarm(stores, composer, held, office, now)
                alarms += 1
    return WatchResult(closed, alarms)


def _decide(
    db: Database, who: Actor, warning_id: int, decision: HoldDecision, now: datetime
) -> HeldWarning:
    everywhere(who, "The decision about a warning")
    with db.transaction() as stores:
        held = stores.holds.get(warning_id)
        if held is None:
            raise NotHeld(f"Warning {warning_id} is not held: see 'carealert warnings held'.")
        if held.is_replaced and held.decision is None:
            raise NotHeld(
                f"A later message took the place of warning {warning_id}: decide on that."
            )
        if not _close(stores, held, decision, who.name, now):
            raise NotHeld(_decided_before(held))
        if decision is HoldDecision.RELEASE:
            stores.warnings.settle(warning_id)
    return held


def _decided_before(held: HeldWarning) -> str:
    who = f" by {held.decided_by}" if held.decided_by else ""
    when = f" at {held.decided_at.isoformat()}" if held.decided_at else ""
    return f"Warning {held.warning_id} does not wait any more: {held.decision}{who}{when}."


def _moot(held: HeldWarning, office: OfficeSettings, now: datetime) -> HoldDecision | None:
    """Why nobody needs to decide any more, if so."""
    if held.is_replaced:
        return HoldDecision.REPLACED
    if held.warning.msg_type is MsgType.CANCEL:
        return None
    holds = active_infos(held.warning, office.office(frozenset()), now)
    return None if holds else HoldDecision.OVER


def _close(
    stores: Stores, held: HeldWarning, decision: HoldDecision, by: str | None, now: datetime
) -> bool:
    if not stores.holds.decide(held.warning_id, decision, by, now):
        return False
    stores.holds.desk_done(held.warning_id, now)
    named = {"by": by} if by else {}
    subject = f"warning:{held.warning_id}"
    stores.journal.write(now, "hold_closed", subject, decision=decision.value, **named)
    return True


def _is_due(held: HeldWarning, office: OfficeSettings, now: datetime) -> bool:
    if held.alarmed_at is None:
        return held.deadline <= now
    return held.alarmed_at < held.deadline + office.hold_for <= now


def _alarm(
    stores: Stores, composer: Composer, held: HeldWarning, settings: OfficeSettings, now: datetime
) -> None:
    """The desk gets a task and a text, and the board shows it until somebody decides."""
    again = held.alarmed_at is not None
    stores.holds.alarmed(held.warning_id, now)
    stores.holds.ask_desk(held.warning_id, OVERDUE, now)
    subject = f"warning:{held.warning_id}"
    stores.journal.write(
        now,
        "hold_overdue_again" if again else "hold_overdue",
        subject,
        deadline=held.deadline.isoformat(),
        reason=held.reason,
    )
    office = settings.office(frozenset())
    draft = overdue_draft(held.warning, held.warning_id, held.incident, office, now, again=again)
    if draft is None:
        return
    try:
        stores.outbox.add(composer.compose([draft]), held.warning_id, now)
    except TemplateProblem as problem:
        # The task stands all the same: the desk must not lose the alarm with its words.
        stores.journal.write(now, "hold_text_failed", subject, problem=str(problem))
