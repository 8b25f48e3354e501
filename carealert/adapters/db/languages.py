"""What is known of the texts' languages, on SQL."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select

from carealert.adapters.db.tables import broken_text, language_signature, language_text, notice
from carealert.domain.language_reviews import Signature
from carealert.domain.notices import MessageKind, NoticeState, RecipientKind
from carealert.domain.told_languages import Told
from carealert.services.ports.languages import TextFault


class SqlLanguages:
    """LanguageStore on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def sign(self, signature: Signature) -> Signature:
        names = ("language", "reviewer", "role", "note", "digest", "by", "at")
        values = {name: getattr(signature, name) for name in names}
        values["files"] = dict(signature.files)
        query = insert(language_signature).values(**values).returning(language_signature)
        return _signature(self._connection.execute(query).one())

    def signatures(self) -> Sequence[Signature]:
        newest = (language_signature.c.at.desc(), language_signature.c.id.desc())
        rows = self._connection.execute(select(language_signature).order_by(*newest))
        return [_signature(row) for row in rows]

    def in_use(self) -> Mapping[str, Mapping[str, str]]:
        rows = self._connection.execute(select(language_text).order_by(language_text.c.language))
        return {row.language: row.files for row in rows}

    def use(self, files: Mapping[str, Mapping[str, str]], now: datetime) -> None:
        self._connection.execute(delete(language_text))
        rows = [
            {"language": tag, "files": dict(found), "seen_at": now} for tag, found in files.items()
        ]
        if rows:
            self._connection.execute(insert(language_text), rows)

    def faults(self) -> Sequence[TextFault]:
        rows = self._connection.execute(select(broken_text).order_by(broken_text.c.file))
        return [TextFault(row.file, row.problem, row.since) for row in rows]

    def put_faults(self, faults: Sequence[TextFault]) -> None:
        self._connection.execute(delete(broken_text))
        rows = [{"file": one.file, "problem": one.problem, "since": one.since} for one in faults]
        if rows:
            self._connection.execute(insert(broken_text), rows)

    def told(self, incident: str | None = None) -> Sequence[Told]:
        columns = (notice.c.wanted_language, notice.c.language)
        query = (
            select(*columns, func.count().label("n"))
            .where(
                notice.c.state == NoticeState.SENT.value,
                notice.c.recipient_kind != RecipientKind.CITY_DESK.value,
                notice.c.kind != MessageKind.DRILL.value,
            )
            .group_by(*columns)
            .order_by(*columns)
        )
        if incident is not None:
            query = query.where(notice.c.incident == incident)
        return [Told(*row) for row in self._connection.execute(query)]


def _signature(row: Row[Any]) -> Signature:
    return Signature(
        row.id, row.language, row.reviewer, row.role, row.note, row.files, row.by, row.at
    )
