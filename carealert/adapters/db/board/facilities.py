"""Facilities with their continuity: the newest report against the open question."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, func, select

from carealert.adapters.db.lists import one_of
from carealert.adapters.db.tables import facility, status_report, subject
from carealert.domain.facilities import ContinuityStatus, StatusReport
from carealert.domain.notices import SubjectState
from carealert.services.service_status import service_status
from carealert.services.watching import FacilityRow, ServiceStatus

_OPEN_QUESTIONS = (SubjectState.WAITING.value, SubjectState.WITH_DESK.value)
_NEED = list(ServiceStatus)


@dataclass(frozen=True, slots=True)
class Question:
    """A facility touched by an incident, and whether it still owes an answer."""

    incident: str
    ref: str
    asked_at: datetime | None
    with_desk: bool


def questions(connection: Connection, incidents: Sequence[str]) -> list[Question]:
    """The facilities that these incidents touch."""
    query = select(subject.c.incident, subject.c.ref, subject.c.state, subject.c.since).where(
        one_of(connection, subject.c.incident, incidents), subject.c.kind == "facility"
    )
    return [
        Question(
            row.incident,
            row.ref,
            row.since if row.state in _OPEN_QUESTIONS else None,
            row.state == SubjectState.WITH_DESK.value,
        )
        for row in connection.execute(query)
    ]


def facility_rows(
    connection: Connection,
    now: datetime,
    asked: Iterable[Question],
    refs: Iterable[str] | None = None,
) -> list[FacilityRow]:
    """Facilities (all, or those with `refs`), neediest first."""
    query = select(
        facility.c.ref,
        facility.c.name,
        facility.c.type,
        facility.c.services,
        facility.c.details,
    )
    if refs is not None:
        query = query.where(one_of(connection, facility.c.ref, refs))
    reports = _newest_reports(connection)
    open_questions = _most_pressing(asked)
    rows = [
        _facility_row(row, reports.get(row.ref), open_questions.get(row.ref), now)
        for row in connection.execute(query)
    ]
    return sorted(rows, key=lambda row: (_NEED.index(row.status), row.name, row.ref))


def statuses(
    connection: Connection, asked: Iterable[Question], now: datetime
) -> dict[str, dict[ServiceStatus, int]]:
    """incident -> how many of its facilities stand how, neediest first."""
    reports = _newest_reports(connection)
    found: dict[str, dict[ServiceStatus, int]] = {}
    for question in asked:
        report = reports.get(question.ref)
        status = service_status(report, question.asked_at, question.with_desk, now)
        own = found.setdefault(question.incident, dict.fromkeys(ServiceStatus, 0))
        own[status] += 1
    return {key: {word: n for word, n in own.items() if n} for key, own in found.items()}


def _newest_reports(connection: Connection) -> dict[str, StatusReport]:
    place = func.row_number().over(
        partition_by=status_report.c.facility_ref,
        order_by=(status_report.c.reported_at.desc(), status_report.c.id.desc()),
    )
    whole = status_report.c.service.is_(None)  # one closed service does not close its facility
    ranked = select(status_report, place.label("place")).where(whole).subquery()
    return {
        row.facility_ref: StatusReport(
            row.facility_ref,
            ContinuityStatus(row.status),
            row.reported_at,
            row.valid_until,
            row.source,
        )
        for row in connection.execute(select(ranked).where(ranked.c.place == 1))
    }


def _most_pressing(asked: Iterable[Question]) -> Mapping[str, Question]:
    """One open question a facility: that which the desk has, else the newest."""
    found: dict[str, Question] = {}
    for question in asked:
        best = found.get(question.ref)
        if best is None or _press(question) > _press(best):
            found[question.ref] = question
    return found


def _press(question: Question) -> tuple[bool, bool, float]:
    asked = question.asked_at
    return (asked is not None, question.with_desk, asked.timestamp() if asked else 0.0)


def _facility_row(
    row: Row[*tuple[Any, ...]],
    report: StatusReport | None,
    question: Question | None,
    now: datetime,
) -> FacilityRow:
    asked_at = question.asked_at if question else None
    with_desk = question.with_desk if question else False
    return FacilityRow(
        row.ref,
        row.name,
        row.type,
        tuple(row.services),
        service_status(report, asked_at, with_desk, now),
        report.status if report else None,
        report.reported_at if report else None,
        report.valid_until if report else None,
        asked_at,
        (row.details or {}).get("backup_power_hours"),
    )
