"""Warnings whose time has come to be looked at again, though no message came.

The same decision as at the beginning, with what was told since: who is told already hears nothing
new, unless a rule wants it said again. A process that dies in the middle leaves whole shards, and
the look is taken up anew: what was said in it is not said twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

from carealert.domain.looks import LookKind
from carealert.domain.plan import Plan, WhyNot
from carealert.domain.rules import Audience, RuleSet
from carealert.services import afterwards
from carealert.services.alerting import OfficeSettings
from carealert.services.candidates import Subject
from carealert.services.community import with_groups
from carealert.services.deciding import SHARD, Whole, decide, decide_for_desk, shards_of, survey
from carealert.services.looks_ahead import look_again_later
from carealert.services.ports.feeds import StoredWarning
from carealert.services.ports.looks import DueLook
from carealert.services.ports.store import Database, Stores
from carealert.services.ports.text import Composer, TemplateProblem

#: Said when the warning came; a later look finds the same of everybody who is not told.
_SAID_BEFORE = (WhyNot.NOTHING_CHANGED, WhyNot.NO_RULE, WhyNot.TOLD_ELSEWHERE)


@dataclass(frozen=True, slots=True)
class LookResult:
    """What one round did."""

    looks: int = 0
    notices: int = 0


def look_again(
    db: Database,
    rules: RuleSet,
    composer: Composer,
    office: OfficeSettings,
    now: datetime,
    *,
    shard: int = SHARD,
) -> LookResult:
    """Do what is due at `now`, the oldest first."""
    looks = notices = 0
    while True:
        with db.reading() as stores:
            due = stores.looks.due(now)
        if not due:
            return LookResult(looks, notices)
        for one in due:
            looks += 1
            try:
                if one.look.kind is LookKind.AFTERWARDS:
                    notices += afterwards.ask(db, rules, composer, one, office, now, shard=shard)
                else:
                    notices += _Look(db, rules, composer, one, office, now).run(shard)
            except TemplateProblem as problem:
                _put_off(db, one, problem, now)


def _put_off(db: Database, due: DueLook, problem: TemplateProblem, now: datetime) -> None:
    """Somebody has to mend the template; the look is tried again later and holds nothing up."""
    with db.transaction() as stores:
        what = {"problem": str(problem)}
        stores.journal.write(now, "look_failed", f"warning:{due.warning}", **what)
        stores.looks.postpone(due, now + afterwards.TRY_AGAIN)


class _Look:
    """One look at one warning."""

    def __init__(
        self,
        db: Database,
        rules: RuleSet,
        composer: Composer,
        due: DueLook,
        settings: OfficeSettings,
        now: datetime,
    ) -> None:
        self._db, self._rules, self._composer = db, rules, composer
        self._due, self._settings, self._now = due, settings, now
        self._new = 0

    def run(self, size: int) -> int:
        due = self._due
        with self._db.transaction() as stores:
            stored = stores.warnings.get(due.warning)
            decision = stores.outbox.decision_of(due.warning)
            if not stores.looks.waits(due):
                return 0
            whole = self._survey(stores, stored)
            if stored.superseded_by is not None or not whole.active or decision is None:
                stores.looks.done(due, self._now)
                return 0
            parts = shards_of(stores, whole, whole.subjects, size)
        for part in parts:
            with self._db.transaction() as stores:
                if stores.looks.waits(due):
                    self._decide_part(stores, whole, decision, part)
        with self._db.transaction() as stores:
            if stores.looks.waits(due):
                self._end(stores, whole, decision, stored)
        return self._new

    def _survey(self, stores: Stores, stored: StoredWarning) -> Whole:
        """Nobody is stood down by a look: what held when the warning came holds still."""
        office = self._settings.office(stores.people.suppressed())
        whole = survey(
            stores,
            self._rules,
            stored.warning,
            stored.incident,
            stored.revision,
            office,
            self._now,
        )
        look = self._due.look
        around = replace(whole.around, ends_nothing=True)
        return replace(whole, around=around, round=look.round, repeats=look.repeats)

    def _decide_part(
        self, stores: Stores, whole: Whole, decision: int, part: list[Subject]
    ) -> None:
        decided = decide(stores, self._rules, whole, part).without_desk()
        self._save(stores, decision, decided)

    def _end(self, stores: Stores, whole: Whole, decision: int, stored: StoredWarning) -> None:
        rest = Plan(whole.warning)
        if self._new and any(Audience.CITY_DESK in rule.do.to for rule in self._rules.rules):
            rest = decide_for_desk(stores, self._rules, whole, decision)
        rest = with_groups(stores, self._rules, whole, rest, decision)
        self._save(stores, decision, rest)
        look, planned_at = self._due.look, stored.planned_at or self._now
        stores.looks.done(self._due, self._now)
        look_again_later(stores, self._rules, whole, self._due.warning, look.number + 1, planned_at)
        said: Mapping[str, str] = {"look": str(look.number), "notices": str(self._new)}
        stores.journal.write(self._now, "looked_again", f"warning:{self._due.warning}", **said)

    def _save(self, stores: Stores, decision: int, decided: Plan) -> None:
        news = tuple(one for one in decided.not_sent if one.reason not in _SAID_BEFORE)
        decided = replace(decided, not_sent=news)
        notices = self._composer.compose(decided.drafts)
        self._new += stores.outbox.save_look(
            decision, decided, notices, self._due.warning, self._now
        )
