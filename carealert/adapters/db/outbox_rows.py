"""Notices as rows and back, and the conditions on them that several statements share."""

from collections.abc import Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from hashlib import sha1
from typing import Any
from uuid import NAMESPACE_URL

from sqlalchemy import ColumnElement, Connection, Row, literal, select

from carealert.adapters.db.bulk import Alike, Bulk, Ready, json_text
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


def lane_name(lane: int) -> str:
    """What a lane is called where people name it."""
    return "drill" if lane == DRILL_LANE else Priority(lane).name.lower()


def lane_number(name: str) -> int:
    """The inverse of `lane_name`; raises KeyError for a lane that does not exist."""
    return {lane_name(lane): int(lane) for lane in (*Priority, DRILL_LANE)}[name]


_URLS = NAMESPACE_URL.bytes
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
#: What it shares with no other one.
_OWN = (
    "id",
    "idempotency_key",
    "recipient_ref",
    "phone_hash",
    "phone_sealed",
    "about",
    "text_sealed",
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
    """The id of the notice with this key: the same one however often it is decided.

    A UUID v5 of the URL `carealert:KEY` (RFC 9562, section 5.5), put together by hand: a city's
    worth of UUID objects takes longer than sealing its phones.
    """
    name = _URLS + f"carealert:{idempotency_key}".encode()
    digest = sha1(name, usedforsecurity=False).hexdigest()
    variant = "89ab"[int(digest[16], 16) & 3]
    return f"{digest[:8]}-{digest[8:12]}-5{digest[13:16]}-{variant}{digest[17:20]}-{digest[20:32]}"


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
    keys = [one.draft.idempotency_key for one in notices]
    made = {notice_id(key): (key, one) for key, one in zip(keys, notices, strict=True)}
    query = select(notice.c.id).where(one_of(connection, notice.c.id, made))
    known = set(connection.scalars(query))
    new = [(number, *both) for number, both in made.items() if number not in known]
    if not new:
        return 0
    # Another process may decide the same at this moment: then the key refuses ours.
    bulk = Bulk(connection, notice, _COLUMNS, keep_first=True)
    rows = _Rows(bulk, sealer, warning_id, now)
    bulk.write(connection, [rows.row(*one) for one in new])
    about = Bulk(connection, notice_about, _ABOUT, keep_first=True)
    alike = Alike(about, ("ref", "notice_id"))
    about.write(connection, [row for number, _, one in new for row in _about(alike, number, one)])
    return len(new)


def _about(alike: Alike, number: str, one: Notice) -> Iterator[Ready]:
    """Whom the notice is about. What becomes of a drill touches nobody's state."""
    draft = one.draft
    recipient = draft.recipient.kind
    if recipient is RecipientKind.CITY_DESK or draft.kind is MessageKind.DRILL:
        return
    for entry in draft.about:
        yield alike.ready(
            (draft.incident, recipient),
            (entry.ref, number),
            lambda: {"incident": draft.incident, "kind": subject_kind(recipient.value).value},
        )


class _Rows:
    """Rows of notices made at one time. Thousands differ in little but whom they are for."""

    def __init__(self, bulk: Bulk, sealer: Sealer, warning_id: int | None, now: datetime) -> None:
        self._alike = Alike(bulk, _OWN)
        self._sealer = sealer
        self._warning_id = warning_id
        self._now = now

    def row(self, number: str, key: str, one: Notice) -> Ready:
        draft, sealer = one.draft, self._sealer
        phone = draft.recipient.phone.number
        own = (
            number,
            key,
            draft.recipient.ref,
            sealer.phone_hash(phone),
            sealer.seal(phone),
            json_text([entry.ref for entry in draft.about]),
            sealer.seal(one.text.body),
        )
        return self._alike.ready(_class_of(one), own, lambda: self._shared(one))

    def _shared(self, one: Notice) -> dict[str, Any]:
        """What notices of one class have in common."""
        draft, recipient, text = one.draft, one.draft.recipient, one.text
        return {
            "incident": draft.incident,
            "revision": draft.revision,
            "warning_id": self._warning_id,
            "recipient_kind": recipient.kind.value,
            "phone_sharing": recipient.phone.sharing.value,
            "second_language": recipient.second_language,
            "rule": draft.rule,
            "step": draft.step,
            "kind": draft.kind.value,
            "priority": DRILL_LANE if draft.kind is MessageKind.DRILL else draft.priority.value,
            "channel": draft.channel.value,
            "wording": draft.wording.value,
            "template": draft.template,
            "language": text.language,
            "wanted_language": recipient.language,
            "facts": facts_json(draft.facts),
            "encoding": text.encoding.value,
            "segments": text.segments,
            "expected_replies": dict(draft.expected_replies),
            "reasons": list(recorded_reasons(draft.reasons)),
            "created_at": self._now,
            "due_at": draft.due_at,
            "expires_at": draft.expires_at,
            "state": NoticeState.READY.value,
        }


def _class_of(one: Notice) -> Hashable:
    """The same for notices whose rows differ in their own columns only.

    Facts and replies go by their ids, which are quick to compare: the notices keep them alive.
    """
    draft, text, recipient = one.draft, one.text, one.draft.recipient
    return (
        draft.incident,
        draft.revision,
        recipient.kind,
        recipient.phone.sharing,
        recipient.language,
        recipient.second_language,
        draft.rule,
        draft.step,
        draft.kind,
        draft.priority,
        draft.channel,
        draft.wording,
        draft.template,
        id(draft.facts),
        id(draft.expected_replies),
        draft.reasons,
        draft.due_at,
        draft.expires_at,
        text.language,
        text.encoding,
        text.segments,
    )


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
