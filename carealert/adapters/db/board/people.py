"""An incident's people: pages of subjects by ref, and who was reached, by group."""

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Row,
    Select,
    Subquery,
    and_,
    case,
    distinct,
    func,
    select,
    type_coerce,
)

from carealert.adapters.db.board.counts import per_recipient
from carealert.adapters.db.board.part import residents_in
from carealert.adapters.db.board.texts import told_otherwise
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.tables import (
    caregiver,
    decision,
    match,
    notice,
    notice_about,
    resident,
    subject,
)
from carealert.adapters.db.types import UtcDateTime
from carealert.domain.notices import NoticeState, RecipientKind, SubjectState
from carealert.services.discretion import discreet_column, discreet_reasons, left_behind
from carealert.services.watching import Group, Reach, RuleCount, SubjectPage, SubjectRow

#: How many people one page lists.
PAGE = 25

_FIRST = [
    SubjectState.NEEDS_HELP,
    SubjectState.WITH_DESK,
    SubjectState.WAITING,
    SubjectState.SAFE,
    SubjectState.RELAYED,
    SubjectState.CONFIRMED,
    SubjectState.STOOD_DOWN,
]
_CARE = (RecipientKind.RESIDENT.value, RecipientKind.CAREGIVER.value)


def subject_page(
    connection: Connection,
    incident: str,
    state: SubjectState | None,
    page: int,
    areas: Collection[str] = (),
) -> SubjectPage:
    """A page of people, those who need the officer first; with `areas` of those there alone."""
    where = [subject.c.incident == incident, subject.c.kind == "resident"]
    if areas:
        where.append(subject.c.ref.in_(residents_in(connection, areas)))
    if state is not None:
        where.append(subject.c.state == state.value)
    total = connection.scalar(select(func.count()).select_from(subject).where(*where)) or 0
    pages = max(1, ceil(total / PAGE))
    page = min(max(1, page), pages)
    first = case({word.value: n for n, word in enumerate(_FIRST)}, value=subject.c.state)
    query = (
        select(subject)
        .where(*where)
        .order_by(first, subject.c.since, subject.c.ref)
        .limit(PAGE)
        .offset((page - 1) * PAGE)
    )
    rows = connection.execute(query).all()
    refs = [row.ref for row in rows]
    told = _told(connection, incident, refs)
    reasons = _reasons(connection, incident, refs)
    subjects = tuple(_row(row, told.get(row.ref), reasons.get(row.ref, ())) for row in rows)
    return SubjectPage(subjects, total, page, pages)


@dataclass(frozen=True, slots=True)
class _Told:
    messages: int
    delivered_at: datetime | None
    answer: str | None
    answered_at: datetime | None


def _row(row: Row[Any], told: _Told | None, reasons: Sequence[str]) -> SubjectRow:
    told = told or _Told(0, None, None, None)
    return SubjectRow(
        row.kind,
        row.ref,
        SubjectState(row.state),
        row.since,
        told.messages,
        told.delivered_at,
        told.answer,
        told.answered_at,
        discreet_reasons(row.kind, reasons),
    )


def _told(connection: Connection, incident: str, refs: Sequence[str]) -> dict[str, _Told]:
    """ref -> what was sent about this person: a notice may be about several."""
    about, answered = _about(connection, incident, refs), notice.c.answered_at
    query = about.with_only_columns(
        notice_about.c.ref,
        func.sum(case((notice.c.state == NoticeState.SENT.value, 1), else_=0)).label("n"),
        func.min(notice.c.delivered_at).label("delivered_at"),
        func.max(answered).label("answered_at"),
    ).group_by(notice_about.c.ref)
    found = connection.execute(query).all()
    given = about.with_only_columns(notice_about.c.ref, answered, notice.c.answer)
    answers = {
        (row.ref, row.answered_at): row.answer
        for row in connection.execute(given.where(answered.is_not(None)))
    }
    return {
        row.ref: _Told(
            row.n, row.delivered_at, answers.get((row.ref, row.answered_at)), row.answered_at
        )
        for row in found
    }


def _about(connection: Connection, incident: str, refs: Sequence[str]) -> Select[Any]:
    return (
        select(notice_about.c.ref)
        .select_from(notice_about.join(notice, notice.c.id == notice_about.c.notice_id))
        .where(
            notice_about.c.incident == incident,
            notice_about.c.kind == "resident",
            one_of(connection, notice_about.c.ref, refs),
        )
    )


def _reasons(
    connection: Connection, incident: str, refs: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    """ref -> the reasons of the newest decision that matched it."""
    query = (
        select(match.c.ref, match.c.decision_id, match.c.reasons)
        .join(decision, decision.c.id == match.c.decision_id)
        .where(
            decision.c.incident == incident,
            match.c.kind == "resident",
            one_of(connection, match.c.ref, refs),
        )
        .order_by(match.c.decision_id, match.c.rule)
    )
    newest: dict[str, tuple[int, tuple[str, ...]]] = {}
    for row in connection.execute(query):
        decided, reasons = newest.get(row.ref, (row.decision_id, ()))
        if decided != row.decision_id:
            reasons = ()
        newest[row.ref] = (row.decision_id, (*reasons, *row.reasons))
    return {ref: reasons for ref, (_, reasons) in newest.items()}


def rule_counts(connection: Connection, incident: str) -> tuple[RuleCount, ...]:
    """How many each rule matched; small groups of people are hidden."""
    query = (
        select(match.c.kind, match.c.rule, func.count(distinct(match.c.ref)).label("n"))
        .join(decision, decision.c.id == match.c.decision_id)
        .where(decision.c.incident == incident)
        .group_by(match.c.kind, match.c.rule)
    )
    counts: dict[str, dict[str, int]] = {}
    for row in connection.execute(query):
        counts.setdefault(row.kind, {})[row.rule] = row.n
    people = discreet_column(counts.get("resident", {}))
    places = {rule: str(n) for rule, n in counts.get("facility", {}).items()}
    return tuple(
        RuleCount(rule, kind, shown)
        for kind, column in (("resident", people), ("facility", places))
        for rule, shown in sorted(column.items())
    )


def reach(connection: Connection, incident: str) -> Reach:
    """Who of the caregivers and residents was reached, by group and by time."""
    each = per_recipient(connection, [incident])
    rows = connection.execute(_by_group(each)).all()
    half, nine_in_ten = connection.execute(_reached_by(each, 0.5, 0.9)).one()
    return Reach(
        told=sum(row.told for row in rows),
        own_language=sum(row.own_language for row in rows),
        half_by=half,
        nine_in_ten_by=nine_in_ten,
        by_gender=_groups(rows, "gender"),
        by_language=_groups(rows, "language"),
        by_phone_sharing=_groups(rows, "phone_sharing"),
        otherwise=told_otherwise(connection, incident),
    )


def _by_group(each: Subquery) -> Select[Any]:
    """Counts for every combination of gender, language and phone: few rows, one pass."""
    kind = each.c.recipient_kind
    is_caregiver = kind == RecipientKind.CAREGIVER.value
    is_resident = kind == RecipientKind.RESIDENT.value
    gender = func.coalesce(caregiver.c.gender, resident.c.gender, "not_stated")
    groups = (gender, each.c.language, each.c.phone_sharing)
    return (
        select(
            gender.label("gender"),
            each.c.language,
            each.c.phone_sharing,
            func.sum(each.c.told).label("told"),
            func.sum(each.c.delivered).label("delivered"),
            func.sum(each.c.answered).label("answered"),
            func.sum(case((each.c.told == 1, each.c.own_language), else_=0)).label("own_language"),
        )
        .select_from(
            each.outerjoin(
                caregiver, and_(is_caregiver, caregiver.c.ref == each.c.recipient_ref)
            ).outerjoin(resident, and_(is_resident, resident.c.ref == each.c.recipient_ref))
        )
        .where(kind.in_(_CARE))
        .group_by(*groups)
    )


def _reached_by(each: Subquery, *shares: float) -> Select[*tuple[Any, ...]]:
    """When each of these shares of those reached had their first message."""
    first = each.c.first_at
    ranked = (
        select(
            first,
            func.row_number().over(order_by=first).label("place"),
            func.count().over().label("n"),
        )
        .where(first.is_not(None), each.c.recipient_kind.in_(_CARE))
        .subquery()
    )
    reached: list[ColumnElement[Any]] = [
        func.min(case((ranked.c.place >= ranked.c.n * share, ranked.c.first_at)))
        for share in shares
    ]
    return select(*[type_coerce(moment, UtcDateTime) for moment in reached])


def _groups(rows: Sequence[Row[Any]], by: str) -> tuple[Group, ...]:
    counts: dict[str, Counter[str]] = {
        column: Counter() for column in ("told", "delivered", "answered")
    }
    for row in rows:
        for column, own in counts.items():
            own[getattr(row, by)] += int(getattr(row, column))
    return _discreet(counts)


def _discreet(counts: Mapping[str, Mapping[str, int]]) -> tuple[Group, ...]:
    shown = {column: discreet_column(own) for column, own in counts.items()}
    behind = left_behind(counts["delivered"], counts["told"])
    order = sorted(counts["told"], key=lambda name: (-counts["told"][name], name))
    return tuple(
        Group(
            name,
            shown["told"][name],
            shown["delivered"][name],
            shown["answered"][name],
            name in behind,
        )
        for name in order
    )
