"""A decision under way: begun once, written in parts, and taken up again where it was left."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, func, select

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.tables import decision, match, not_sent, warning
from carealert.adapters.db.told import is_among
from carealert.domain.plan import Match
from carealert.domain.rules import SubjectKind
from carealert.services.ports.outbox import Decision, SubjectKey

_SUBJECTS = [kind.value for kind in SubjectKind]


def begin(
    connection: Connection, warning_id: int, rules_version: str, now: datetime
) -> Decision | None:
    """The decision about a warning, begun now or earlier; None where it has ended."""
    # Whoever else decides about it waits here until this transaction has ended.
    row = connection.execute(
        select(warning.c.incident, warning.c.planned_at)
        .where(warning.c.id == warning_id)
        .with_for_update()
    ).one()
    if row.planned_at is not None:
        return None
    new = connection.scalar(
        insert_into(connection, decision)
        .values(
            warning_id=warning_id,
            incident=row.incident,
            rules_version=rules_version,
            decided_at=now,
        )
        .on_conflict_do_nothing()
        .returning(decision.c.id)
    )
    if new is not None:
        return Decision(new, is_new=True, rules_version=rules_version)
    known = connection.execute(
        select(decision.c.id, decision.c.rules_version).where(decision.c.warning_id == warning_id)
    ).one()
    return Decision(known.id, is_new=False, rules_version=known.rules_version)


def decision_of(connection: Connection, warning_id: int) -> int | None:
    """The decision about a warning that has ended, or None."""
    query = (
        select(decision.c.id)
        .join(warning, warning.c.id == decision.c.warning_id)
        .where(decision.c.warning_id == warning_id, warning.c.planned_at.is_not(None))
    )
    return connection.scalar(query)


def decided(
    connection: Connection, decision_id: int, among: Collection[SubjectKey] | None
) -> frozenset[SubjectKey]:
    """The subjects that are among its matches, or that it says nobody is told about."""
    found: set[SubjectKey] = set()
    for table in (match, not_sent):
        of = table.c
        query = select(of.kind, of.ref).where(of.decision_id == decision_id, of.kind.in_(_SUBJECTS))
        if among is not None:
            query = query.where(is_among(connection, of.kind, of.ref, among))
        found |= {(SubjectKind(kind), ref) for kind, ref in connection.execute(query.distinct())}
    return frozenset(found)


def decided_matches(
    connection: Connection, decision_id: int, rules: Collection[str]
) -> list[Match]:
    """What was recorded of these rules' matches, by subject."""
    query = (
        select(match.c.kind, match.c.ref, match.c.rule, match.c.info, match.c.reasons)
        .where(match.c.decision_id == decision_id, one_of(connection, match.c.rule, rules))
        .order_by(match.c.kind.desc(), match.c.ref, match.c.rule)  # people before places
    )
    return [
        Match(SubjectKind(kind), ref, rule, info, tuple(reasons))
        for kind, ref, rule, info, reasons in connection.execute(query)
    ]


def matched_in(connection: Connection, incident: str, rules: Collection[str]) -> list[Match]:
    """Whom these rules matched in any decision of an incident, by subject and rule."""
    query = (
        select(match.c.kind, match.c.ref, match.c.rule, func.max(match.c.info))
        .join(decision, decision.c.id == match.c.decision_id)
        .where(decision.c.incident == incident, one_of(connection, match.c.rule, rules))
        .group_by(match.c.kind, match.c.ref, match.c.rule)
        .order_by(match.c.kind, match.c.ref, match.c.rule)
    )
    return [
        Match(SubjectKind(kind), ref, rule, info, ())
        for kind, ref, rule, info in connection.execute(query)
    ]


def rules_version(connection: Connection, warning_id: int) -> str | None:
    """The version of the rules that this warning was decided by."""
    query = select(decision.c.rules_version).where(decision.c.warning_id == warning_id)
    found: str | None = connection.execute(query).scalar()
    return found
