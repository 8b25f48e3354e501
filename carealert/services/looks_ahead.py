"""After a decision: when the warning is looked at again, and people asked what is missing."""

from datetime import datetime

from carealert.domain.condition_parts import HOUR
from carealert.domain.looks import afterwards, next_look
from carealert.domain.rules import RuleSet
from carealert.domain.warnings import MsgType
from carealert.services.deciding import Whole
from carealert.services.ports.store import Stores


def look_ahead(stores: Stores, rules: RuleSet, whole: Whole, warning_id: int) -> None:
    """Note what time alone will bring about a warning that was just decided about."""
    warning, active, now = whole.warning, whole.active, whole.now
    life = whole.office.assumed_life
    if warning.msg_type is MsgType.CANCEL:
        stores.looks.ended(whole.incident, now, HOUR)
        return
    found = afterwards(rules.rules, warning, active, now, life)
    stores.looks.put(warning_id, found)
    look_again_later(stores, rules, whole, warning_id, 1, now)


def look_again_later(
    stores: Stores,
    rules: RuleSet,
    whole: Whole,
    warning_id: int,
    number: int,
    planned_at: datetime,
) -> None:
    """Note the next look, if there is one."""
    life = whole.office.assumed_life
    following = next_look(
        rules.rules, whole.warning, whole.active, number, planned_at, whole.now, life
    )
    stores.looks.put(warning_id, [following] if following else [])
