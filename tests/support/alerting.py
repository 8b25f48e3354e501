"""A warning planned for good, with the Plan that a dry run had shown for it."""

from collections import Counter
from datetime import datetime

from carealert.adapters.db.stores import SqlDatabase
from carealert.domain.drills import is_drill
from carealert.domain.plan import NotSent, Plan, WhyNot
from carealert.domain.rules import RuleSet
from carealert.services.alerting import OfficeSettings, alert, dry_run
from carealert.services.ports.text import Composer

#: What only a warning that waits in the store can come to: a dry run knows none of them.
_OF_THE_STORED = (WhyNot.HELD, WhyNot.SUPERSEDED, WhyNot.OVER)


def alerted(
    db: SqlDatabase,
    rules: RuleSet,
    composer: Composer,
    warning_id: int,
    office: OfficeSettings,
    now: datetime,
) -> Plan:
    """The Plan of a stored warning that is planned now; the dry run before it must agree."""
    with db.reading() as stores:
        warning = stores.warnings.get(warning_id).warning
    tried, _ = dry_run(db, rules, composer, warning, office, now)
    outcome = alert(db, rules, composer, warning_id, office, now)
    agreed = Counter(one.reason for one in tried.not_sent)
    refused = any(one in outcome.not_sent for one in _OF_THE_STORED)
    if is_drill(warning) or (refused and outcome.not_sent != agreed):
        said = (NotSent("warning", "", None, reason, "") for reason in outcome.not_sent)
        return Plan(warning, not_sent=tuple(said))
    assert outcome.matches == len(tried.matches)
    assert outcome.tasks == len(tried.tasks)
    assert outcome.not_sent == agreed
    return tried
