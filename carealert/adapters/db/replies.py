"""Inbound messages and the questions that they answer."""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, func, select, tuple_, update

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.outbox_rows import PENDING, facts_of, in_state
from carealert.adapters.db.subjects import answered_among, stop_timers
from carealert.adapters.db.tables import inbound, notice, notice_about
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import MessageKind, NoticeState, RecipientKind, Wording
from carealert.domain.replies import MeaningKind
from carealert.domain.rules import SubjectKind
from carealert.services.ports.replies import OpenQuestion, ToldText

#: How many of a phone's newest messages may be the one that is answered.
_LOOK_BACK = 20
#: Ends the meaning of messages that got no automatic answer.
_SILENT = "/silent"

#: What exercises and consents ask stands apart from what warnings ask.
_NOT_OF_WARNINGS = [MessageKind.DRILL.value, MessageKind.CONSENT.value]

_Subject = tuple[str, str, str]


class SqlReplies:
    """ReplyStore on a connection."""

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    def keep(self, provider_id: str, number: str, body: str, now: datetime) -> bool:
        statement = (
            insert_into(self._connection, inbound)
            .values(
                provider_id=provider_id,
                phone_hash=self._sealer.phone_hash(number),
                body_sealed=self._sealer.seal(body),
                received_at=now,
            )
            .on_conflict_do_nothing()
            .returning(inbound.c.provider_id)
        )
        return self._connection.scalar(statement) is not None

    def understood(
        self, provider_id: str, meaning: str, notice: str | None, *, replied: bool = True
    ) -> None:
        kept = meaning if replied else meaning + _SILENT
        self._connection.execute(
            update(inbound)
            .where(inbound.c.provider_id == provider_id)
            .values(meaning=kept, notice_id=notice)
        )

    def open_question(self, number: str) -> OpenQuestion | None:
        return self._newest(number, notice.c.kind.not_in(_NOT_OF_WARNINGS))

    def open_consent(self, number: str) -> OpenQuestion | None:
        return self._newest(number, notice.c.kind == MessageKind.CONSENT.value)

    def open_drill(self, number: str, now: datetime) -> OpenQuestion | None:
        of_drill = notice.c.kind == MessageKind.DRILL.value
        return self._newest(number, of_drill & (notice.c.expires_at > now))

    def _newest(self, number: str, which: ColumnElement[bool]) -> OpenQuestion | None:
        # A quick answer comes before the deliverer has noted that the message went out.
        out = in_state(NoticeState.SENT, NoticeState.CLAIMED, NoticeState.UNKNOWN)
        query = (
            select(notice)
            .where(notice.c.phone_hash == self._sealer.phone_hash(number), out, which)
            .order_by(notice.c.created_at.desc(), notice.c.priority, notice.c.id)
            .limit(_LOOK_BACK)
        )
        row = next((r for r in self._connection.execute(query) if r.expected_replies), None)
        if row is None:
            return None
        return OpenQuestion(
            row.id,
            row.incident,
            RecipientKind(row.recipient_kind),
            row.recipient_ref,
            tuple(row.about),
            dict(row.expected_replies),
            row.wanted_language,
            row.created_at,
            row.expires_at,
            is_drill=row.kind == MessageKind.DRILL.value,
            is_consent=row.kind == MessageKind.CONSENT.value,
        )

    def told_in(self, notice_id: str) -> ToldText | None:
        columns = (notice.c.facts, notice.c.wording, notice.c.second_language, notice.c.text_sealed)
        row = self._connection.execute(select(*columns).where(notice.c.id == notice_id)).first()
        body = self._sealer.open(row.text_sealed) if row is not None else ""
        if row is None or not body:
            return None
        hazard = facts_of(row.facts).hazard
        return ToldText(hazard, Wording(row.wording), row.second_language, body)

    def pages_sent(self, notice_id: str) -> int:
        query = select(func.count()).where(
            inbound.c.notice_id == notice_id, inbound.c.meaning == MeaningKind.MORE.value
        )
        return self._connection.scalar(query) or 0

    def answered(self, notice: str, answer: str, now: datetime) -> None:
        subjects = self._note(notice, answer, now)
        for incident, kind, ref in subjects:
            stop_timers(self._connection, incident, [(SubjectKind(kind), ref)])
        self._cancel_reminders(subjects)

    def _note(self, notice_id: str, answer: str, now: datetime) -> set[_Subject]:
        self._connection.execute(
            update(notice).where(notice.c.id == notice_id).values(answer=answer, answered_at=now)
        )
        about = notice_about.c
        query = select(about.incident, about.kind, about.ref).where(about.notice_id == notice_id)
        return {(row.incident, row.kind, row.ref) for row in self._connection.execute(query)}

    def _cancel_reminders(self, answered: set[_Subject]) -> None:
        """Cancel reminders about these people, but none that is about somebody silent as well."""
        about = self._reminders_about(answered)
        others = set().union(*about.values()) - answered
        settled = answered | answered_among(self._connection, others)
        needless = [key for key, refs in about.items() if refs <= settled]
        if needless:
            self._connection.execute(
                update(notice)
                .where(one_of(self._connection, notice.c.id, needless), in_state(*PENDING))
                .values(state=NoticeState.CANCELLED.value, error_code="answered")
            )

    def _reminders_about(self, subjects: Iterable[_Subject]) -> dict[str, set[_Subject]]:
        """notice id -> everybody whom it is about, of pending reminders about these people."""
        about, first = notice_about.c, notice_about.alias("first")
        key = tuple_(first.c.incident, first.c.kind, first.c.ref)
        pending = (
            select(notice.c.id)
            .join(first, first.c.notice_id == notice.c.id)
            .where(key.in_(list(subjects)), in_state(*PENDING), notice.c.step > 0)
        )
        query = select(about.notice_id, about.incident, about.kind, about.ref).where(
            about.notice_id.in_(pending)
        )
        found: dict[str, set[_Subject]] = {}
        for row in self._connection.execute(query):
            found.setdefault(row.notice_id, set()).add((row.incident, row.kind, row.ref))
        return found

    def answers_sent(self, number: str, since: datetime) -> int:
        query = select(func.count()).where(
            inbound.c.phone_hash == self._sealer.phone_hash(number),
            inbound.c.received_at >= since,
            inbound.c.meaning.is_not(None),
            inbound.c.meaning.not_like(f"%{_SILENT}"),
            inbound.c.meaning != MeaningKind.MORE.value,
        )
        return self._connection.scalar(query) or 0
