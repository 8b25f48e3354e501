"""What other rules would have made of warnings that were planned: who more, less, or otherwise.

Nothing is sent or saved but a line of counts in the journal. Each warning is decided anew with both
rule sets, as if nobody had been told before, from what is in the register now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from carealert.domain.access import Actor, Right
from carealert.domain.drills import is_drill
from carealert.domain.rules import RuleSet
from carealert.services.access import everywhere, needs
from carealert.services.alerting import OfficeSettings
from carealert.services.deciding import decide, survey
from carealert.services.ports.feeds import StoredWarning
from carealert.services.ports.store import Database, Stores

#: Recipient kind and ref -> the rule, lane and template of what they are told.
_Told = dict[tuple[str, str], tuple[str, int, str]]


@dataclass(frozen=True, slots=True)
class Difference:
    """What other rules make of one warning; recipients as `kind/ref`, sorted."""

    warning: int
    identifier: str
    added: tuple[str, ...]
    dropped: tuple[str, ...]
    changed: tuple[str, ...]

    @property
    def is_none(self) -> bool:
        """True where both rule sets tell the same people the same."""
        return not (self.added or self.dropped or self.changed)


@needs(Right.READ_REGISTER)
def replay(
    db: Database,
    who: Actor,
    old: RuleSet,
    new: RuleSet,
    office: OfficeSettings,
    start: datetime,
    end: datetime,
) -> Sequence[Difference]:
    """The difference for each real warning that was planned from `start` on and before `end`.

    The whole city is looked at: raises NotAllowed for an actor with areas of their own.
    """
    everywhere(who, "To replay warnings")
    return compare_planned(db, old, new, office, start, end)


def compare_planned(
    db: Database,
    old: RuleSet,
    new: RuleSet,
    office: OfficeSettings,
    start: datetime,
    end: datetime,
) -> list[Difference]:
    """The same for the machine: one transaction a warning, so that nobody waits for all of them."""
    with db.reading() as stores:
        planned = stores.warnings.planned(start, end)
    return [
        _difference(db, one, old, new, office)
        for one in planned
        if one.superseded_by is None and not is_drill(one.warning)
    ]


def shadow(
    db: Database,
    rules: RuleSet,
    shadowing: RuleSet,
    office: OfficeSettings,
    start: datetime,
    end: datetime,
) -> None:
    """Note in the journal what the shadowing rules would have made of what was just planned."""
    for one in compare_planned(db, rules, shadowing, office, start, end):
        with db.transaction() as stores:
            stores.journal.write(
                end,
                "shadowed",
                f"warning:{one.warning}",
                rules=shadowing.version[:12],
                added=str(len(one.added)),
                dropped=str(len(one.dropped)),
                changed=str(len(one.changed)),
            )


def _difference(
    db: Database, stored: StoredWarning, old: RuleSet, new: RuleSet, office: OfficeSettings
) -> Difference:
    with db.reading() as stores:
        was, now = (_told(stores, stored, rules, office) for rules in (old, new))
    return Difference(
        stored.id,
        stored.warning.identifier,
        _names(now.keys() - was.keys()),
        _names(was.keys() - now.keys()),
        _names(key for key in was.keys() & now.keys() if was[key] != now[key]),
    )


def _told(stores: Stores, stored: StoredWarning, rules: RuleSet, settings: OfficeSettings) -> _Told:
    office = settings.office(stores.people.suppressed())
    moment = stored.planned_at or stored.warning.sent
    whole = survey(stores, rules, stored.warning, stored.incident, 0, office, moment, as_new=True)
    decided = decide(stores, rules, whole, whole.subjects)
    return {
        (one.recipient.kind.value, one.recipient.ref): (one.rule, int(one.priority), one.template)
        for one in decided.drafts
    }


def _names(keys: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    return tuple(sorted(f"{kind}/{ref}" for kind, ref in keys))
