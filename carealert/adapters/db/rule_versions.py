"""Versions of the rules on SQL."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select

from carealert.adapters.db.conflicts import insert_into
from carealert.adapters.db.tables import rule_step, rule_version
from carealert.domain.rule_versions import Step, StepKind
from carealert.services.ports.rule_versions import RuleText


class SqlRuleVersions:
    """RuleVersionStore on one connection."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, version: str, texts: Sequence[RuleText], now: datetime) -> bool:
        files = [[one.layer, one.name, one.text] for one in texts]
        new = self._connection.scalar(
            insert_into(self._connection, rule_version)
            .values(version=version, texts=files, kept_at=now)
            .on_conflict_do_nothing()
            .returning(rule_version.c.version)
        )
        return new is not None

    def texts(self, version: str) -> Sequence[RuleText]:
        query = select(rule_version.c.texts).where(rule_version.c.version == version)
        found = self._connection.scalar(query)
        if found is None:
            raise LookupError(version)
        return [RuleText(layer, name, text) for layer, name, text in found]

    def versions(self) -> Sequence[tuple[str, datetime]]:
        of = rule_version.c
        query = select(of.version, of.kept_at).order_by(of.kept_at, of.version)
        return [(row.version, row.kept_at) for row in self._connection.execute(query)]

    def write(self, step: Step) -> None:
        self._connection.execute(
            insert(rule_step).values(
                version=step.version,
                kind=step.kind.value,
                by=step.by,
                at=step.at,
                effective=step.effective,
                note=step.note,
            )
        )

    def steps(self) -> Sequence[Step]:
        return [
            Step(row.version, StepKind(row.kind), row.by, row.at, row.effective, row.note)
            for row in self._connection.execute(select(rule_step).order_by(rule_step.c.id))
        ]
