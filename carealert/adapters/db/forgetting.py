"""A person taken out of the register, and out of everything that was written about them.

What happened stays countable: where their ref stood there is a random token, the same one in all
rows of this person, which leads nowhere. Their phones and the texts about them are gone.
"""

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, insert, or_, select, update

from carealert.adapters.db.outbox_rows import PENDING, in_state, notice_id
from carealert.adapters.db.persons import TABLES
from carealert.adapters.db.reduced import unhashed
from carealert.adapters.db.subjects import STOPPED, WAITING, hasten
from carealert.adapters.db.tables import (
    attempt,
    caregiver,
    consent,
    delivery_event,
    escalation_timer,
    facility_contact,
    inbound,
    match,
    not_sent,
    notice,
    notice_about,
    organisation,
    resident,
    subject,
    task,
)
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import NoticeState, RecipientKind, SubjectState
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import Forgotten, StillSending

_HASH_BYTES = 16
_PENDING = frozenset(state.value for state in PENDING)
#: What says who a resident is, and no message to their caregivers needs.
IDENTITY = (
    *("name_sealed", "notes_sealed", "consent_giver_sealed"),
    *("phone_sealed", "phone_hash", "phone_sharing"),
)
_BUSY = (NoticeState.CLAIMED, NoticeState.UNKNOWN)


def forget(
    connection: Connection, sealer: Sealer, kind: PersonKind, ref: str, now: datetime
) -> Forgotten | None:
    """Do it; None where nobody of this kind has the ref. Raises StillSending."""
    table = TABLES[kind]
    person = connection.execute(select(table).where(table.c.ref == ref)).one_or_none()
    if person is None:
        return None
    work = _Forgetting(connection, sealer, kind, ref, now)
    work.refuse_if_busy()
    connection.execute(delete(table).where(table.c.ref == ref))  # their links go with them
    own = work.own_notices()
    work.rekey(own)
    about = work.notices_about() if kind is PersonKind.RESIDENT else 0
    messages = work.unlink_inbound(person.phone_hash, own)
    work.unlink_rows()
    return Forgotten(len(own), about, messages)


def forget_identity(connection: Connection, sealer: Sealer, ref: str, now: datetime) -> None:
    """Take out who a resident is and their phone; what their caregivers are told by stays.

    Raises StillSending.
    """
    kind = PersonKind.RESIDENT
    of_them = resident.c.ref == ref
    phone_hash = connection.scalar(select(resident.c.phone_hash).where(of_them))
    work = _Forgetting(connection, sealer, kind, ref, now, token=ref)
    work.refuse_if_busy()
    connection.execute(update(resident).where(of_them).values(dict.fromkeys(IDENTITY)))
    own = work.own_notices()
    work.blank(own)
    work.unlink_inbound(phone_hash, own)
    given = and_(consent.c.person_kind == kind.value, consent.c.person_ref == ref)
    connection.execute(update(consent).where(given).values(giver_sealed=None))


@dataclass(frozen=True, slots=True)
class _Forgetting:
    connection: Connection
    sealer: Sealer
    kind: PersonKind
    ref: str
    now: datetime
    token: str = ""

    def __post_init__(self) -> None:
        object.__setattr__(self, "token", self.token or f"gone-{secrets.token_hex(8)}")

    def refuse_if_busy(self) -> None:
        """A message that is at the gateway's door cannot be taken back, nor its row moved."""
        query = select(notice.c.id).where(self._is_theirs(), in_state(*_BUSY)).limit(1)
        if self.connection.execute(query).first() is not None:
            raise StillSending("A message to this person is being sent now. Try again in a minute.")

    def _is_theirs(self) -> Any:
        return and_(notice.c.recipient_kind == self.kind.value, notice.c.recipient_ref == self.ref)

    def own_notices(self) -> Sequence[Row[Any]]:
        """What was sent to them; what was to be sent is cancelled, and its silence certain."""
        waiting = self.connection.scalars(
            update(notice)
            .where(self._is_theirs(), in_state(NoticeState.READY))
            .values(state=NoticeState.CANCELLED.value, error_code="forgotten")
            .returning(notice.c.id)
        ).all()
        if waiting:
            hasten(self.connection, waiting, self.now)
        return self.connection.execute(select(notice).where(self._is_theirs())).all()

    def rekey(self, rows: Iterable[Row[Any]]) -> None:
        """Give notices a key and an id that do not follow from the ref, and nobody's phone."""
        for row in rows:
            key = self._rekeyed(row.idempotency_key)
            values = row._asdict() | {
                "id": notice_id(key),
                "idempotency_key": key,
                "recipient_ref": self.token,
                "phone_hash": secrets.token_bytes(_HASH_BYTES),
                "phone_sealed": self.sealer.seal(""),
                "text_sealed": self.sealer.seal(""),
                "facts": unhashed(row.facts),
                "second_language": None,
            }
            self.connection.execute(insert(notice), [values])
            self._move_children(row.id, values["id"])
            self.connection.execute(delete(notice).where(notice.c.id == row.id))

    def blank(self, rows: Iterable[Row[Any]]) -> None:
        """Leave notices under the ref, without text and without anybody's phone."""
        for row in rows:
            self.connection.execute(
                update(notice)
                .where(notice.c.id == row.id)
                .values(
                    phone_hash=secrets.token_bytes(_HASH_BYTES),
                    phone_sealed=self.sealer.seal(""),
                    text_sealed=self.sealer.seal(""),
                    facts=unhashed(row.facts),
                    second_language=None,
                )
            )
            self._move_children(row.id, row.id)

    def _move_children(self, old: str, new: str) -> None:
        for child in (notice_about, attempt, delivery_event, inbound):
            self.connection.execute(
                update(child).where(child.c.notice_id == old).values(notice_id=new)
            )
        # The gateway knows the number by its own id of the message.
        self.connection.execute(
            update(attempt).where(attempt.c.notice_id == new).values(provider_id=None, error=None)
        )
        events = select(delivery_event.c.id).where(delivery_event.c.notice_id == new)
        for number in self.connection.scalars(events).all():
            self.connection.execute(
                update(delivery_event)
                .where(delivery_event.c.id == number)
                .values(provider_id=f"gone-{secrets.token_hex(8)}")
            )

    def notices_about(self) -> int:
        """What others were told of them; what waits for others, too, keeps its text until then."""
        about = notice_about.c
        theirs = and_(about.kind == self.kind.value, about.ref == self.ref)
        listed = select(about.notice_id).where(theirs)
        to_desk = notice.c.recipient_kind == RecipientKind.CITY_DESK.value
        query = select(notice.c.id, notice.c.about, notice.c.state, notice.c.facts).where(
            or_(notice.c.id.in_(listed), to_desk)
        )
        done = 0
        for row in list(self.connection.execute(query)):
            if self.ref in row.about:
                done += 1
                self._unlink_about(row)
        self.connection.execute(update(notice_about).where(theirs).values(ref=self.token))
        return done

    def _unlink_about(self, row: Any) -> None:
        others = [ref for ref in row.about if ref != self.ref]
        values: dict[str, Any] = {
            "about": [self.token if ref == self.ref else ref for ref in row.about]
        }
        if row.state == NoticeState.READY.value and not others:
            values |= {"state": NoticeState.CANCELLED.value, "error_code": "forgotten"}
        if row.state not in _PENDING or "state" in values:
            values |= {"text_sealed": self.sealer.seal(""), "facts": unhashed(row.facts)}
        self.connection.execute(update(notice).where(notice.c.id == row.id).values(values))

    def unlink_inbound(self, phone_hash: bytes | None, own: Sequence[Row[Any]]) -> int:
        """Their answers: those to their notices, and all from a phone that is nobody else's."""
        ids = [notice_id(self._rekeyed(row.idempotency_key)) for row in own]
        wanted: ColumnElement[bool] = inbound.c.notice_id.in_(ids)
        if phone_hash is not None and not self._is_used(phone_hash):
            wanted = or_(wanted, inbound.c.phone_hash == phone_hash)
        found = self.connection.scalars(select(inbound.c.provider_id).where(wanted)).all()
        for key in found:
            self.connection.execute(
                update(inbound)
                .where(inbound.c.provider_id == key)
                .values(
                    provider_id=f"gone-{secrets.token_hex(8)}",
                    phone_hash=secrets.token_bytes(_HASH_BYTES),
                    body_sealed=self.sealer.seal(""),
                )
            )
        return len(found)

    def _rekeyed(self, key: str) -> str:
        return key.replace(f":{self.kind.value}/{self.ref}:", f":{self.kind.value}/{self.token}:")

    def _is_used(self, phone_hash: bytes) -> bool:
        tables = (resident, caregiver, facility_contact, organisation)
        return any(
            self.connection.execute(
                select(table.c.phone_hash).where(table.c.phone_hash == phone_hash).limit(1)
            ).first()
            for table in tables
        )

    def unlink_rows(self) -> None:
        """Decisions, states, tasks and consents keep their counts."""
        connection, gone = self.connection, self.token
        if self.kind is PersonKind.RESIDENT:
            self._close()
            for table in (match, subject, task, escalation_timer):
                theirs = and_(table.c.kind == self.kind.value, table.c.ref == self.ref)
                connection.execute(update(table).where(theirs).values(ref=gone))
        theirs = and_(not_sent.c.kind == self.kind.value, not_sent.c.ref == self.ref)
        connection.execute(update(not_sent).where(theirs).values(ref=gone))
        named = f"shares a phone with {self.ref}"
        connection.execute(
            update(not_sent)
            .where(not_sent.c.detail == named)
            .values(detail="shares a phone with somebody else")
        )
        of_person = and_(consent.c.person_kind == self.kind.value, consent.c.person_ref == self.ref)
        connection.execute(
            update(consent).where(of_person).values(person_ref=gone, giver_sealed=None)
        )

    def _close(self) -> None:
        """Nobody waits any more for what they would have answered."""
        timer, state, open_task = escalation_timer.c, subject.c, task.c
        of_kind = self.kind.value
        self.connection.execute(
            update(escalation_timer)
            .where(timer.kind == of_kind, timer.ref == self.ref, timer.state == WAITING)
            .values(state=STOPPED)
        )
        self.connection.execute(
            update(subject)
            .where(
                state.kind == of_kind,
                state.ref == self.ref,
                state.state == SubjectState.WAITING.value,
            )
            .values(state=SubjectState.STOOD_DOWN.value, since=self.now)
        )
        self.connection.execute(
            update(task)
            .where(
                open_task.kind == of_kind,
                open_task.ref == self.ref,
                open_task.closed_at.is_(None),
            )
            .values(closed_at=self.now)
        )
