"""What exercises would have led to, apart from every real count."""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, case, func, select

from carealert.adapters.db.lists import one_of
from carealert.adapters.db.tables import decision, match, not_sent, notice
from carealert.domain.notices import MessageKind, NoticeState, RecipientKind
from carealert.domain.plan import WhyNot
from carealert.services.discretion import discreet_column
from carealert.services.ports.drills import DrillCounts

#: Notices that are no part of an exercise: what real numbers are counted over.
REAL: ColumnElement[bool] = notice.c.kind != MessageKind.DRILL.value

_PEOPLE = (RecipientKind.RESIDENT.value, RecipientKind.CAREGIVER.value)


def drill_counts(connection: Connection, incidents: Sequence[str]) -> dict[str, DrillCounts]:
    """The counts of each of these exercises, by what its newest planned message says."""
    if not incidents:
        return {}
    would = _would(connection, incidents)
    people = {row.incident: row.n for row in connection.execute(_residents(connection, incidents))}
    asked = _asked(connection, incidents)
    return {
        key: _counts(would.get(key, {}), people.get(key, 0), asked.get(key, {}))
        for key in incidents
    }


def _counts(
    would: Mapping[tuple[str, bool], int], matched: int, asked: Mapping[str | None, int]
) -> DrillCounts:
    people = {rule: n for (rule, is_person), n in would.items() if is_person}
    places = {rule: str(n) for (rule, is_person), n in would.items() if not is_person}
    return DrillCounts(
        matched=matched,
        people=sum(people.values()),
        facilities=sum(int(n) for n in places.values()),
        by_rule={**discreet_column(people), **places},
        asked=sum(asked.values()),
        answers={answer: n for answer, n in asked.items() if answer is not None},
    )


def _newest(connection: Connection, incidents: Sequence[str]) -> Select[Any]:
    return (
        select(func.max(decision.c.id))
        .join(match, match.c.decision_id == decision.c.id)
        .where(one_of(connection, decision.c.incident, incidents))
        .group_by(decision.c.incident)
    )


def _would(
    connection: Connection, incidents: Sequence[str]
) -> dict[str, dict[tuple[str, bool], int]]:
    """incident -> (rule, whether a person) -> how many would have been told."""
    is_person = case((not_sent.c.kind.in_(_PEOPLE), 1), else_=0)
    query = (
        select(decision.c.incident, not_sent.c.rule, is_person.label("person"), func.count())
        .join(decision, decision.c.id == not_sent.c.decision_id)
        .where(
            decision.c.id.in_(_newest(connection, incidents)),
            not_sent.c.reason == WhyNot.DRILL.value,
        )
        .group_by(decision.c.incident, not_sent.c.rule, is_person)
        .order_by(func.count().desc(), not_sent.c.rule)
    )
    found: dict[str, dict[tuple[str, bool], int]] = {}
    for incident, rule, person, n in connection.execute(query):
        found.setdefault(incident, {})[rule, bool(person)] = n
    return found


def _residents(connection: Connection, incidents: Sequence[str]) -> Select[Any]:
    return (
        select(decision.c.incident, func.count(match.c.ref.distinct()).label("n"))
        .join(match, match.c.decision_id == decision.c.id)
        .where(decision.c.id.in_(_newest(connection, incidents)), match.c.kind == "resident")
        .group_by(decision.c.incident)
    )


def _asked(connection: Connection, incidents: Sequence[str]) -> dict[str, dict[str | None, int]]:
    """incident -> answer (None for none yet) -> how many managers were asked."""
    query = (
        select(notice.c.incident, notice.c.answer, func.count())
        .where(
            one_of(connection, notice.c.incident, incidents),
            ~REAL,
            notice.c.recipient_kind != RecipientKind.CITY_DESK.value,
            notice.c.state == NoticeState.SENT.value,
        )
        .group_by(notice.c.incident, notice.c.answer)
        .order_by(notice.c.answer)
    )
    found: dict[str, dict[str | None, int]] = {}
    for incident, answer, n in connection.execute(query):
        found.setdefault(incident, {})[answer] = n
    return found
