"""How far a telephone call has come: the gateway's words for it, and ours."""

from collections.abc import Mapping

from carealert.domain.notices import DeliveryStatus

#: What a call's status says by itself. That a line was picked up proves nothing: a mailbox does
#: it too. Delivered is only what `reaches_person` says, and that ranks above a call's end.
CALL_STATUSES: Mapping[str, DeliveryStatus] = {
    "queued": DeliveryStatus.QUEUED,
    "initiated": DeliveryStatus.SENDING,
    "ringing": DeliveryStatus.SENDING,
    "in-progress": DeliveryStatus.SENT,
    "completed": DeliveryStatus.UNDELIVERED,
    "busy": DeliveryStatus.UNDELIVERED,
    "no-answer": DeliveryStatus.UNDELIVERED,
    "failed": DeliveryStatus.UNDELIVERED,
    "canceled": DeliveryStatus.CANCELED,
}
_HUMAN, FAX = "human", "fax"
#: What else the gateway's detection says of whoever picked up.
_NO_PERSON = frozenset(
    {"machine_start", "machine_end_beep", "machine_end_silence", "machine_end_other", FAX}
)
#: A person picked up and hung up, or our side was silent: nothing was said.
NOT_SAID, UNSURE = "not_said", "unsure"


def reaches_person(answered_by: str, key: str) -> bool:
    """True where what is said now is said to a person: detected as one, or they pressed a key."""
    return answered_by == _HUMAN or bool(key)


def why_not_heard(call_status: str, answered_by: str) -> str | None:
    """A short word for a call that ended without being heard; None for one that goes on."""
    if call_status != "completed":
        ended = CALL_STATUSES.get(call_status) in (
            DeliveryStatus.UNDELIVERED,
            DeliveryStatus.CANCELED,
        )
        return call_status if ended else None
    if answered_by == _HUMAN:
        return NOT_SAID
    return answered_by if answered_by in _NO_PERSON else UNSURE
