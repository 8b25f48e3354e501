"""Calls: what is said to whoever picks up, and what the end of a call means for its notice."""

from dataclasses import dataclass, field
from datetime import datetime

from carealert.domain.calls import CALL_STATUSES, why_not_heard
from carealert.domain.hazards import Hazard
from carealert.domain.notices import DeliveryStatus
from carealert.services.answering import Receipt
from carealert.services.ports.store import Database


@dataclass(frozen=True, slots=True)
class Script:
    """What a call says to a person. The repr leaves the body out."""

    hazard: Hazard
    body: str = field(repr=False)


def script_of(db: Database, reference: str) -> Script | None:
    """The text of the notice behind `<notice id>.<attempt>`; None where it is gone or unknown."""
    with db.transaction() as stores:
        told = stores.replies.told_in(reference.rpartition(".")[0])
    return Script(told.hazard, told.body) if told is not None else None


def heard(reference: str, call: str, at: datetime) -> Receipt:
    """A person is on the line and the text is being said to them."""
    return Receipt(reference, call, DeliveryStatus.DELIVERED.value, None, at)


def progress(
    reference: str, call: str, status: str, answered_by: str, code: str | None, at: datetime
) -> Receipt | None:
    """What a status callback of a call means; None for a word of no use to us.

    The end of a call never counts as delivered by itself: `heard` was recorded while it lasted,
    and stands above it in whatever order the two come in.
    """
    known = CALL_STATUSES.get(status)
    if known is None:
        return None
    return Receipt(reference, call, known.value, code or why_not_heard(status, answered_by), at)
