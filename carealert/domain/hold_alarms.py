"""The text that calls the desk to a held warning that nobody decided about in time."""

from datetime import datetime

from carealert.domain.desk_facts import facts_for_desk
from carealert.domain.facts import end_of
from carealert.domain.holds import as_real
from carealert.domain.notices import Channel, MessageKind, NoticeDraft, wording_for
from carealert.domain.plan import Office
from carealert.domain.planning import active_infos
from carealert.domain.rules import Priority
from carealert.domain.warnings import HazardWarning


def overdue_draft(
    warning: HazardWarning,
    warning_id: int,
    incident: str,
    office: Office,
    now: datetime,
    *,
    again: bool,
) -> NoticeDraft | None:
    """Calls the desk to decide; None where the desk has no phone. `again`: for the second time.

    It speaks of the hazard that the message names if it is real. It is useful until the message
    is over, for the assumed life of a warning at most.
    """
    if office.desk is None:
        return None
    real = as_real(warning)
    latest = now + office.assumed_life
    ends = [end_of(real, info, office) for info in active_infos(real, office, now).values()]
    return NoticeDraft(
        incident=incident,
        recipient=office.desk,
        about=(),
        about_self=False,
        rule=f"hold:{warning_id}",
        step=int(again),
        revision=0,
        kind=MessageKind.HELD,
        priority=Priority.URGENT,
        channel=Channel.SMS,
        wording=wording_for(office.desk.phone),
        template="held",
        checklist=None,
        facts=facts_for_desk(real, office, now),
        expected_replies={},
        due_at=now,
        expires_at=min(latest, max(ends, default=latest)),
        reasons=("a warning that reads as a test waits for an officer",),
        numbers={"warning": warning_id},
    )
