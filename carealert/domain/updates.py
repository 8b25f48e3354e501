"""What of a later message is news to somebody who heard the earlier one."""

from datetime import datetime, timedelta
from enum import Enum

from carealert.domain.incidents import near
from carealert.domain.notices import Facts, NoticeDraft
from carealert.domain.plan import Told
from carealert.domain.warnings import SEVERITY_ORDER, Severity

#: Agencies re-issue warnings every few hours with the end pushed on by minutes; only a shift
#: that changes what a household does is worth another text (rule G17).
START_SHIFT = timedelta(hours=1)
END_SHIFT = timedelta(hours=3)


class Hearing(Enum):
    """What counts as news while other senders' warnings of the same event hold."""

    ALL = "every change"
    WORSE = "only what is worse"
    NEWCOMERS = "nothing but new people to care for"


def what_changed(
    before: Told, after: NoticeDraft, hearing: Hearing = Hearing.ALL
) -> tuple[str, ...]:
    """The news in `after`, in words; empty if the recipient knows it all."""
    changes = []
    if hearing is Hearing.ALL:
        changes += _changes(before.facts, after.facts)
    elif hearing is Hearing.WORSE:
        changes += _worse(before.facts, after.facts)
    if hearing is not Hearing.NEWCOMERS and after.priority < before.priority:
        changes.append(f"priority {before.priority.name} -> {after.priority.name}")
    new_people = sorted({about.ref for about in after.about} - set(before.about))
    if new_people:
        changes.append(f"now also about {', '.join(new_people)}")
    return tuple(changes)


def _changes(was: Facts, now: Facts) -> list[str]:
    changes = []
    if was.hazard is not now.hazard:
        changes.append(f"hazard {was.hazard.value} -> {now.hazard.value}")
    if was.severity is not now.severity:
        changes.append(_severity(was, now))
    if _moved(was.onset, now.onset, START_SHIFT):
        changes.append("starts at another time")
    if _moved(was.expires, now.expires, END_SHIFT):
        changes.append("ends at another time")
    return changes


def _worse(was: Facts, now: Facts) -> list[str]:
    """What is worse than was told, whoever told it; two agencies never agree to the hour."""
    changes = []
    if now.hazard not in near((was.hazard,)):
        changes.append(f"hazard {was.hazard.value} -> {now.hazard.value}")
    if _rank(now.severity) < _rank(was.severity):
        changes.append(_severity(was, now))
    if was.onset and now.onset and was.onset - now.onset >= START_SHIFT:
        changes.append("starts earlier")
    if was.sender_name == now.sender_name and _moved(was.expires, now.expires, END_SHIFT):
        changes.append("ends at another time")
    return changes


def _severity(was: Facts, now: Facts) -> str:
    return f"severity {_word(was.severity)} -> {_word(now.severity)}"


def _rank(severity: Severity | None) -> int:
    return SEVERITY_ORDER.index(severity or Severity.UNKNOWN)


def _word(value: object) -> str:
    return str(value) if value is not None else "missing"


def _moved(before: datetime | None, after: datetime | None, by: timedelta) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(after - before) >= by
