"""What of a later message is news to somebody who heard the earlier one."""

from datetime import datetime, timedelta

from carealert.domain.notices import NoticeDraft
from carealert.domain.plan import Told

#: Agencies re-issue warnings every few hours with the end pushed on by minutes; only a shift
#: that changes what a household does is worth another text (rule G17).
START_SHIFT = timedelta(hours=1)
END_SHIFT = timedelta(hours=3)


def what_changed(before: Told, after: NoticeDraft) -> tuple[str, ...]:
    """The news in `after`, in words; empty if the recipient knows it all."""
    was, now = before.facts, after.facts
    changes = []
    if was.hazard is not now.hazard:
        changes.append(f"hazard {was.hazard.value} -> {now.hazard.value}")
    if was.severity is not now.severity:
        changes.append(f"severity {_word(was.severity)} -> {_word(now.severity)}")
    if after.priority < before.priority:
        changes.append(f"priority {before.priority.name} -> {after.priority.name}")
    if _moved(was.onset, now.onset, START_SHIFT):
        changes.append("starts at another time")
    if _moved(was.expires, now.expires, END_SHIFT):
        changes.append("ends at another time")
    new_people = sorted({about.ref for about in after.about} - set(before.about))
    if new_people:
        changes.append(f"now also about {', '.join(new_people)}")
    return tuple(changes)


def _word(value: object) -> str:
    return str(value) if value is not None else "missing"


def _moved(before: datetime | None, after: datetime | None, by: timedelta) -> bool:
    if before is None or after is None:
        return before is not after
    return abs(after - before) >= by
