"""Counts for many incidents at once: one statement a kind of count, however many incidents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import (
    ColumnElement,
    Connection,
    Subquery,
    case,
    distinct,
    func,
    or_,
    select,
)

from carealert.adapters.db.board.drills import REAL
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.tables import decision, not_sent, notice, subject, task
from carealert.domain.notices import DeliveryStatus, NoticeState, RecipientKind
from carealert.services.watching import MessageCounts, PeopleCounts

#: A message counts as delivered by its receipt.
ARRIVED = or_(
    notice.c.delivered_at.is_not(None),
    notice.c.delivery_status.in_([DeliveryStatus.DELIVERED.value, DeliveryStatus.READ.value]),
)
#: It will not arrive: the gateway refused it, or the network gave up.
LOST = or_(
    notice.c.state == NoticeState.FAILED.value,
    notice.c.delivery_status.in_([DeliveryStatus.UNDELIVERED.value, DeliveryStatus.FAILED.value]),
)


@dataclass(frozen=True, slots=True)
class Counts:
    """The counts of one incident."""

    people: PeopleCounts = field(default_factory=PeopleCounts)
    messages: MessageCounts = field(default_factory=MessageCounts)
    not_sent: Mapping[str, int] = field(default_factory=dict)
    open_tasks: int = 0


def counts_of(connection: Connection, incidents: Sequence[str]) -> dict[str, Counts]:
    """The counts of each incident; an incident without any row has zeros."""
    people = _people(connection, incidents)
    messages = _messages(connection, incidents)
    refused = _not_sent(connection, incidents)
    tasks = _tasks(connection, incidents)
    return {
        key: Counts(
            people.get(key, PeopleCounts()),
            messages.get(key, MessageCounts()),
            refused.get(key, {}),
            tasks.get(key, 0),
        )
        for key in incidents
    }


def flag(condition: ColumnElement[bool]) -> ColumnElement[int]:
    """1 where the condition holds for any row of the group, else 0."""
    return func.max(case((condition, 1), else_=0))


#: `bn` is the language of who wants `bn-BD`.
_IN_FIRST_LANGUAGE = or_(
    notice.c.language == notice.c.wanted_language,
    notice.c.wanted_language.startswith(notice.c.language + "-"),
)


def per_recipient(connection: Connection, incidents: Sequence[str]) -> Subquery:
    """One row a recipient and incident: how far the messages came.

    The desk is no recipient, and an exercise tells nobody.
    """
    return (
        select(
            notice.c.incident,
            notice.c.recipient_kind,
            notice.c.recipient_ref,
            func.max(notice.c.phone_sharing).label("phone_sharing"),
            func.max(notice.c.wanted_language).label("language"),
            flag(notice.c.state == NoticeState.SENT.value).label("told"),
            flag(ARRIVED).label("delivered"),
            flag(notice.c.answered_at.is_not(None)).label("answered"),
            flag(LOST).label("lost"),
            flag(_IN_FIRST_LANGUAGE).label("own_language"),
            func.min(notice.c.delivered_at).label("first_at"),
        )
        .where(
            one_of(connection, notice.c.incident, incidents),
            notice.c.recipient_kind != RecipientKind.CITY_DESK.value,
            REAL,
        )
        .group_by(notice.c.incident, notice.c.recipient_kind, notice.c.recipient_ref)
        .subquery("recipient")
    )


def _people(connection: Connection, incidents: Sequence[str]) -> dict[str, PeopleCounts]:
    query = (
        select(subject.c.incident, subject.c.state, func.count().label("n"))
        .where(one_of(connection, subject.c.incident, incidents), subject.c.kind == "resident")
        .group_by(subject.c.incident, subject.c.state)
    )
    states: dict[str, dict[str, int]] = {}
    for row in connection.execute(query):
        states.setdefault(row.incident, {})[row.state] = row.n
    return {key: _by_state(own) for key, own in states.items()}


def _by_state(counts: Mapping[str, int]) -> PeopleCounts:
    return PeopleCounts(
        matched=sum(counts.values()),
        safe=counts.get("safe", 0) + counts.get("confirmed", 0),
        needs_help=counts.get("needs_help", 0),
        with_desk=counts.get("with_desk", 0),
        waiting=counts.get("waiting", 0),
        stood_down=counts.get("stood_down", 0),
        relayed=counts.get("relayed", 0),
    )


def _messages(connection: Connection, incidents: Sequence[str]) -> dict[str, MessageCounts]:
    each = per_recipient(connection, incidents)
    undelivered = case(((each.c.lost == 1) & (each.c.delivered == 0), 1), else_=0)
    query = select(
        each.c.incident,
        func.count().label("recipients"),
        func.sum(each.c.told).label("told"),
        func.sum(each.c.delivered).label("delivered"),
        func.sum(each.c.answered).label("answered"),
        func.sum(undelivered).label("undelivered"),
    ).group_by(each.c.incident)
    return {
        row.incident: MessageCounts(
            row.recipients, row.told, row.delivered, row.answered, row.undelivered
        )
        for row in connection.execute(query)
    }


def _not_sent(connection: Connection, incidents: Sequence[str]) -> dict[str, dict[str, int]]:
    """How many, by reason. Later decisions of an incident repeat the earlier: counted once."""
    who = distinct(not_sent.c.kind + "/" + not_sent.c.ref)
    query = (
        select(decision.c.incident, not_sent.c.reason, func.count(who).label("n"))
        .join(decision, decision.c.id == not_sent.c.decision_id)
        .where(one_of(connection, decision.c.incident, incidents))
        .group_by(decision.c.incident, not_sent.c.reason)
        .order_by(func.count(who).desc(), not_sent.c.reason)
    )
    found: dict[str, dict[str, int]] = {}
    for row in connection.execute(query):
        found.setdefault(row.incident, {})[row.reason] = row.n
    return found


def _tasks(connection: Connection, incidents: Sequence[str]) -> dict[str, int]:
    query = (
        select(task.c.incident, func.count().label("n"))
        .where(one_of(connection, task.c.incident, incidents), task.c.closed_at.is_(None))
        .group_by(task.c.incident)
    )
    return {row.incident: row.n for row in connection.execute(query)}
