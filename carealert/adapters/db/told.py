"""What earlier decisions of an incident have led to: who was told what, how everybody stands."""

from collections.abc import Collection, Sequence

from sqlalchemy import Column, ColumnElement, Connection, and_, false, or_, select

from carealert.adapters.db.lists import one_of
from carealert.adapters.db.outbox_rows import may_be_heard, subject_kind, told_of
from carealert.adapters.db.reduced import is_reduced
from carealert.adapters.db.tables import notice, notice_about, subject
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import MessageKind, RecipientKind, SubjectState
from carealert.domain.plan import IncidentHistory, Told
from carealert.domain.rules import SubjectKind
from carealert.services.ports.outbox import SubjectKey, ToldLine

#: The kinds after which somebody knows of the incident, and the one after which it is over. What
#: the city desk is told is none of them: it is told anew each time.
_STORY = (
    MessageKind.ALERT,
    MessageKind.UPDATE,
    MessageKind.FACILITY_CONFIRM,
    MessageKind.STAND_DOWN,
)

#: Groups hear of an area and not of people: what they were told is kept apart.
_IS_GROUP = notice.c.recipient_kind == RecipientKind.COMMUNITY_GROUP.value


def history(
    connection: Connection,
    sealer: Sealer,
    incident: str,
    revision: int,
    among: Collection[SubjectKey] | None,
) -> IncidentHistory:
    """Who was told what last, and the state of every subject; of these subjects where given.

    Somebody whose last message was a stand-down has heard the end: a later warning is new to them,
    and so it is where that message is too old for its text to be kept.
    """
    told = _told(connection, sealer, incident, _recipients(connection, incident, among))
    return IncidentHistory(incident, revision, told, states_of(connection, incident, among))


def told_groups(connection: Connection, sealer: Sealer, incident: str) -> dict[str, Told]:
    """What each community group was told last; those who heard the end are left out."""
    told = _told(connection, sealer, incident, _IS_GROUP, groups=True)
    return {ref: one for (_, ref), one in told.items()}


def told_lines(connection: Connection, incident: str) -> list[ToldLine]:
    """On which lines the incident was told, and of whom."""
    of = notice.c
    query = (
        select(of.recipient_kind, of.recipient_ref, of.phone_hash, of.about, of.kind, of.erased_at)
        .where(*_of_story(incident), ~_IS_GROUP)
        .order_by(of.revision, of.created_at, of.id)
    )
    rows = connection.execute(query).fetchall()
    last = {(row.recipient_kind, row.recipient_ref): number for number, row in enumerate(rows)}
    return [
        ToldLine(
            RecipientKind(row.recipient_kind),
            row.recipient_ref,
            row.phone_hash,
            tuple((subject_kind(row.recipient_kind), ref) for ref in row.about),
            last[row.recipient_kind, row.recipient_ref] == number
            and row.kind != MessageKind.STAND_DOWN.value
            and row.erased_at is None,
        )
        for number, row in enumerate(rows)
    ]


def states_of(
    connection: Connection, incident: str, among: Collection[SubjectKey] | None = None
) -> dict[SubjectKey, SubjectState]:
    """The state of every subject of an incident; of these where given."""
    query = select(subject.c.kind, subject.c.ref, subject.c.state).where(
        subject.c.incident == incident
    )
    if among is not None:
        query = query.where(is_among(connection, subject.c.kind, subject.c.ref, among))
    return {
        (SubjectKind(row.kind), row.ref): SubjectState(row.state)
        for row in connection.execute(query)
    }


def is_among(
    connection: Connection, kind: Column[str], ref: Column[str], among: Collection[SubjectKey]
) -> ColumnElement[bool]:
    """The condition that a row is about one of these subjects."""
    return or_(
        false(),
        *(
            and_(kind == of_kind.value, one_of(connection, ref, refs))
            for of_kind, refs in _refs_by_kind(among).items()
        ),
    )


def _refs_by_kind(subjects: Collection[SubjectKey]) -> dict[SubjectKind, list[str]]:
    """The refs of each kind that there is."""
    found: dict[SubjectKind, list[str]] = {}
    for kind, ref in subjects:
        found.setdefault(kind, []).append(ref)
    return found


def _told(
    connection: Connection,
    sealer: Sealer,
    incident: str,
    recipients: ColumnElement[bool] | None,
    *,
    groups: bool = False,
) -> dict[tuple[RecipientKind, str], Told]:
    query = select(notice).where(*_of_story(incident), _IS_GROUP if groups else ~_IS_GROUP)
    if recipients is not None:
        query = query.where(recipients)
    query = query.order_by(notice.c.revision, notice.c.created_at, notice.c.id)
    newest = {(row.recipient_kind, row.recipient_ref): row for row in connection.execute(query)}
    return {
        (RecipientKind(kind), ref): told_of(row, sealer)
        for (kind, ref), row in newest.items()
        if row.kind != MessageKind.STAND_DOWN.value and not is_reduced(row.facts)
    }


def _of_story(incident: str) -> Sequence[ColumnElement[bool]]:
    kinds = notice.c.kind.in_([kind.value for kind in _STORY])
    return notice.c.incident == incident, kinds, may_be_heard()


def _recipients(
    connection: Connection, incident: str, among: Collection[SubjectKey] | None
) -> ColumnElement[bool] | None:
    """Notices of those who were ever told about these; a stand-down names nobody itself."""
    if among is None:
        return None
    about = notice_about.c
    refs: dict[str, list[str]] = {}
    for kind, own in _refs_by_kind(among).items():
        query = (
            select(notice.c.recipient_kind, notice.c.recipient_ref)
            .join(notice_about, about.notice_id == notice.c.id)
            .where(
                about.incident == incident,
                about.kind == kind.value,
                one_of(connection, about.ref, own),
            )
            .distinct()
        )
        for recipient_kind, ref in connection.execute(query):
            refs.setdefault(recipient_kind, []).append(ref)
    return or_(
        false(),
        *(
            and_(notice.c.recipient_kind == kind, one_of(connection, notice.c.recipient_ref, own))
            for kind, own in refs.items()
        ),
    )
