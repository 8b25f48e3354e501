"""Notices as rows and back, and the conditions on them that several statements share."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from sqlalchemy import ColumnElement, Connection, Row, literal, select

from carealert.adapters.db.bulk import Bulk
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.tables import notice, notice_about
from carealert.adapters.sealing import Sealer
from carealert.domain.hazards import Hazard
from carealert.domain.notices import (
    DeliveryStatus,
    Facts,
    MessageKind,
    Notice,
    NoticeState,
    Recipient,
    RecipientKind,
)
from carealert.domain.people import Phone, PhoneSharing
from carealert.domain.plan import Told
from carealert.domain.rules import Priority, SubjectKind
from carealert.domain.warnings import Severity
from carealert.services.discretion import recorded_reasons

#: Not at the gateway for certain yet, so a later decision may still stop them.
PENDING = (NoticeState.READY, NoticeState.CLAIMED, NoticeState.UNKNOWN)
#: Final words of the network after which nobody has heard the message.
NOT_HEARD = (DeliveryStatus.UNDELIVERED, DeliveryStatus.FAILED, DeliveryStatus.CANCELED)

#: Behind every lane of real messages.
DRILL_LANE = max(Priority) + 1

_MANAGERS = (RecipientKind.FACILITY_MANAGER, RecipientKind.DEPUTY_MANAGER)

#: What a new notice states; the rest is what becomes of it.
_COLUMNS = (
    "id",
    "idempotency_key",
    "incident",
    "revision",
    "warning_id",
    "recipient_kind",
    "recipient_ref",
    "phone_hash",
    "phone_sealed",
    "phone_sharing",
    "second_language",
    "about",
    "rule",
    "step",
    "kind",
    "priority",
    "channel",
    "wording",
    "template",
    "language",
    "wanted_language",
    "facts",
    "text_sealed",
    "encoding",
    "segments",
    "expected_replies",
    "reasons",
    "created_at",
    "due_at",
    "expires_at",
    "state",
)
_ABOUT = ("incident", "kind", "ref", "notice_id")


def in_state(*states: NoticeState) -> ColumnElement[bool]:
    """Written into the SQL as it is: a bound value would hide the partial index."""
    words = [literal(state.value, literal_execute=True) for state in states]
    return notice.c.state == words[0] if len(words) == 1 else notice.c.state.in_(words)


def may_be_heard() -> ColumnElement[bool]:
    """True for notices that are on their way or arrived, as far as anybody knows."""
    unheard = notice.c.delivery_status.in_([status.value for status in NOT_HEARD])
    return in_state(*PENDING, NoticeState.SENT) & (notice.c.delivery_status.is_(None) | ~unheard)


def notice_id(idempotency_key: str) -> str:
    """The id of the notice with this key: the same one however often it is decided."""
    return str(uuid5(NAMESPACE_URL, f"carealert:{idempotency_key}"))


def subject_kind(recipient_kind: str) -> SubjectKind:
    """What kind of subject a notice to this kind of recipient is about."""
    managed = RecipientKind(recipient_kind) in _MANAGERS
    return SubjectKind.FACILITY if managed else SubjectKind.RESIDENT


def insert_notices(
    connection: Connection,
    sealer: Sealer,
    notices: Sequence[Notice],
    warning_id: int | None,
    now: datetime,
) -> int:
    """Insert those whose idempotency key is new; return how many."""
    made = {notice_id(one.draft.idempotency_key): one for one in notices}
    query = select(notice.c.id).where(one_of(connection, notice.c.id, made))
    known = set(connection.scalars(query))
    new = [both for both in made.items() if both[0] not in known]
    if not new:
        return 0
    rows = _Rows(sealer, warning_id, now)
    # Another process may decide the same at this moment: then the key refuses ours.
    bulk = Bulk(connection, notice, _COLUMNS, keep_first=True)
    bulk.write(connection, [bulk.ready(rows.row(key, one)) for key, one in new])
    about = Bulk(connection, notice_about, _ABOUT, keep_first=True)
    about.write(connection, [about.ready(row) for key, one in new for row in _about(key, one)])
    return len(new)


def _about(key: str, one: Notice) -> Iterator[dict[str, Any]]:
    """Whom the notice is about. What becomes of a drill touches nobody's state."""
    draft = one.draft
    if draft.recipient.kind is RecipientKind.CITY_DESK or draft.kind is MessageKind.DRILL:
        return
    kind = subject_kind(draft.recipient.kind.value).value
    for entry in draft.about:
        yield {"incident": draft.incident, "kind": kind, "ref": entry.ref, "notice_id": key}


class _Rows:
    """Rows of notices made at one time; what many of them share is made once."""

    def __init__(self, sealer: Sealer, warning_id: int | None, now: datetime) -> None:
        self._sealer = sealer
        self._warning_id = warning_id
        self._now = now
        self._facts: dict[int, tuple[Facts, dict[str, Any]]] = {}
        self._reasons: dict[tuple[str, ...], list[str]] = {}
        self._replies: dict[tuple[tuple[str, str], ...], dict[str, str]] = {}

    def row(self, key: str, one: Notice) -> dict[str, Any]:
        draft, recipient, text = one.draft, one.draft.recipient, one.text
        phone, sealer = recipient.phone, self._sealer
        return {
            "id": key,
            "idempotency_key": draft.idempotency_key,
            "incident": draft.incident,
            "revision": draft.revision,
            "warning_id": self._warning_id,
            "recipient_kind": recipient.kind.value,
            "recipient_ref": recipient.ref,
            "phone_hash": sealer.phone_hash(phone.number),
            "phone_sealed": sealer.seal(phone.number),
            "phone_sharing": phone.sharing.value,
            "second_language": recipient.second_language,
            "about": [entry.ref for entry in draft.about],
            "rule": draft.rule,
            "step": draft.step,
            "kind": draft.kind.value,
            "priority": DRILL_LANE if draft.kind is MessageKind.DRILL else draft.priority.value,
            "channel": draft.channel.value,
            "wording": draft.wording.value,
            "template": draft.template,
            "language": text.language,
            "wanted_language": recipient.language,
            "facts": self._facts_json(draft.facts),
            "text_sealed": sealer.seal(text.body),
            "encoding": text.encoding.value,
            "segments": text.segments,
            "expected_replies": self._shared_replies(draft.expected_replies),
            "reasons": self._recorded(draft.reasons),
            "created_at": self._now,
            "due_at": draft.due_at,
            "expires_at": draft.expires_at,
            "state": NoticeState.READY.value,
        }

    def _facts_json(self, facts: Facts) -> dict[str, Any]:
        known = self._facts.get(id(facts))
        if known is None:  # kept beside its JSON, so that its id stays its own
            known = self._facts[id(facts)] = facts, facts_json(facts)
        return known[1]

    def _recorded(self, reasons: tuple[str, ...]) -> list[str]:
        known = self._reasons.get(reasons)
        if known is None:
            known = self._reasons[reasons] = list(recorded_reasons(reasons))
        return known

    def _shared_replies(self, replies: Mapping[str, str]) -> dict[str, str]:
        return self._replies.setdefault(tuple(replies.items()), dict(replies))


def facts_json(facts: Facts) -> dict[str, Any]:
    """Facts as JSON; times keep the sender's offset, which is the local time people know."""
    return {
        "hazard": facts.hazard.value,
        "event": facts.event,
        "severity": facts.severity.value if facts.severity else None,
        "sender_name": facts.sender_name,
        "places": dict(facts.places),
        "onset": facts.onset.isoformat() if facts.onset else None,
        "expires": facts.expires.isoformat() if facts.expires else None,
    }


def facts_of(stored: Mapping[str, Any]) -> Facts:
    """The inverse of `facts_json`."""
    return Facts(
        hazard=Hazard(stored["hazard"]),
        event=stored["event"],
        severity=Severity(stored["severity"]) if stored["severity"] else None,
        sender_name=stored["sender_name"],
        places=stored["places"],
        onset=_moment(stored["onset"]),
        expires=_moment(stored["expires"]),
    )


def told_of(row: Row[Any], sealer: Sealer) -> Told:
    """What the notice of this row told its recipient."""
    phone = Phone(sealer.open(row.phone_sealed), PhoneSharing(row.phone_sharing))
    recipient = Recipient(
        RecipientKind(row.recipient_kind),
        row.recipient_ref,
        phone,
        row.wanted_language,
        row.second_language,
    )
    return Told(
        recipient,
        tuple(row.about),
        facts_of(row.facts),
        Priority(row.priority),
        row.rule,
        pending=row.state in (NoticeState.READY.value, NoticeState.CLAIMED.value),
    )


def by_id(rows: Iterable[Row[Any]]) -> dict[str, Row[Any]]:
    """id -> row."""
    return {row.id: row for row in rows}


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None
