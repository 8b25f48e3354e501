"""Do two messages tell of one event, and does the later one take the earlier one's place?

Pure and pairwise: the answer about two messages is the same in whichever order they arrive.
The reasons for every threshold are in docs/decisions/0012-incidents.md.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import IntEnum

from carealert.domain.gist import EndMark, Gist
from carealert.domain.hazards import Hazard
from carealert.domain.warnings import MsgType, Scope, Status

#: Two areas are the same place for one event where they share this part of the smaller one.
SAME_PLACE = 0.5
#: Two drawings of one area: this part of their union is common to both.
SAME_AREA = 0.95
#: A later message speaks for all of the earlier one's area if it holds this part of it.
COVERED = 0.9
#: Two agencies that tell of one event send their messages within this time of one another.
SENT_WITHIN = timedelta(hours=72)
#: Two earthquakes further apart are two, however near: an aftershock is news.
ONE_QUAKE = timedelta(minutes=10)

#: Hazards that agencies use for one another and that ask the same of a household.
_NEAR = (
    frozenset({Hazard.FLOOD, Hazard.FLASH_FLOOD}),
    frozenset({Hazard.STORM_SURGE, Hazard.COASTAL_HAZARD}),
    frozenset({Hazard.THUNDERSTORM, Hazard.HAIL}),
)
_WARNS = (MsgType.ALERT, MsgType.UPDATE)
_REPLACING = (MsgType.UPDATE, MsgType.CANCEL)
#: Systems that number a whole event, so that each message tells all of it. A VTEC event has
#: several messages at a time, one for each part of its area; JMA's number ties its bulletins.
_WHOLE_EVENT = ("gdacs:", "quake:")


class Tie(IntEnum):
    """What ties two messages together, the surest first."""

    REFERENCE = 0
    INCIDENTS = 1
    IDENTIFIER = 2
    EVENT_KEY = 3
    REISSUE = 4
    SAME_EVENT = 5


@dataclass(frozen=True, slots=True)
class Link:
    """Two messages tell of one event. `replaces`: the later one takes the earlier one's place."""

    tie: Tie
    because: str
    replaces: bool = False


def by_reference(later: Gist, earlier: Gist) -> Link:
    """`later` names `earlier` in its references.

    An acknowledgement, or an exercise that names a real warning, ends nothing; nor does a message
    that was sent before the one it names (two that name each other would end both).
    """
    replaces = (
        later.msg_type in _REPLACING
        and _may_replace(later, earlier)
        and (later.sent, later.identifier) > (earlier.sent, earlier.identifier)
    )
    return Link(Tie.REFERENCE, "reference", replaces)


def by_content(one: Gist, other: Gist) -> Link | None:
    """The surest link of two messages of which neither names the other, or None.

    `because` is said from the side of `one`.
    """
    later, earlier = (one, other) if one.sent >= other.sent else (other, one)
    if not _alike(one, other):
        return None
    found = (
        _by_identifier(later, earlier) or _by_event_key(later, earlier) or _reissue(later, earlier)
    )
    if found and found.tie is Tie.REISSUE and one is earlier:
        return replace(found, because=f"re-issued as {later.identifier}")
    return found


def same_event(one: Gist, other: Gist) -> tuple[float, Link] | None:
    """The link of two senders' warnings of one event, with the overlap of their areas (0 to 1).

    Neither ever takes the other's place.
    """
    if not may_be_same_event(one, other):
        return None
    overlap = one.overlap(other)
    if overlap < SAME_PLACE:
        return None
    because = f"same event as {other.sender} (overlap {overlap:.2f})"
    return overlap, Link(Tie.SAME_EVENT, because)


def may_be_same_event(one: Gist, other: Gist) -> bool:
    """True for real warnings of two senders of like hazards at one time, wherever they hold."""
    return (
        one.sender != other.sender
        and all(_warns_public(each) for each in (one, other))
        and abs(one.sent - other.sent) <= SENT_WITHIN
        and one.overlaps_in_time(other)
        and _near(one, other)
    )


def is_two_events(one: Gist, other: Gist) -> bool:
    """True where one sender numbers the two as different events."""
    if one.sender != other.sender or not one.event_keys or not other.event_keys:
        return False
    return not one.event_keys & other.event_keys and bool(one.key_systems & other.key_systems)


def ends_only_a_part(later: Gist, earlier: Gist) -> bool:
    """True where VTEC's CAN, EXP or UPG ends an event for less than the earlier message's area.

    The rest of it goes on, in a message of its own that may come later.
    """
    ends = later.mark is not EndMark.GOES_ON
    return ends and later.has_area and later.coverage(earlier) < COVERED


def _by_identifier(later: Gist, earlier: Gist) -> Link | None:
    """The sender used one identifier again, for the same thing as before."""
    if later.sender != earlier.sender or later.identifier != earlier.identifier:
        return None
    if later.has_references or later.sent == earlier.sent or is_two_events(later, earlier):
        return None
    meant, known = later.hazards_if_real, earlier.hazards_if_real
    if meant and known and not meant & known:
        return None
    if later.has_area and earlier.has_area and later.overlap(earlier) < SAME_PLACE:
        return None
    if later.msg_type not in (*_WARNS, MsgType.CANCEL):
        return None
    return Link(Tie.IDENTIFIER, "same identifier", _takes_over(later, earlier))


def _by_event_key(later: Gist, earlier: Gist) -> Link | None:
    shared = sorted(later.event_keys & earlier.event_keys)
    if not shared:
        return None
    meant = later.hazards_if_real
    takes_over = (
        later.sender == earlier.sender
        and later.sent > earlier.sent
        and later.msg_type in (*_WARNS, MsgType.CANCEL)
        and _takes_over(later, earlier)
        and (not meant or bool(meant & earlier.hazards_if_real))
        and (_is_whole(shared) or later.coverage(earlier) >= COVERED)
    )
    return Link(Tie.EVENT_KEY, f"event key {shared[0]}", takes_over)


def _reissue(later: Gist, earlier: Gist) -> Link | None:
    """The same warning again under another identifier, without a word about the first one."""
    if later.sender != earlier.sender or later.sent == earlier.sent or later.has_references:
        return None
    if later.msg_type not in _WARNS or earlier.msg_type not in _WARNS:
        return None
    if not later.hazards or later.hazards != earlier.hazards or is_two_events(later, earlier):
        return None
    in_time = later.sent < earlier.ends if later.is_over else later.overlaps_in_time(earlier)
    if not in_time or not later.is_same_area(earlier, SAME_AREA):
        return None
    same = later.is_over or later.severities == earlier.severities
    because = f"re-issue of {earlier.identifier}"
    return Link(Tie.REISSUE, because, same and _takes_over(later, earlier))


def _alike(one: Gist, other: Gist) -> bool:
    """A drill and the real thing, or a public and a private message, have stories of their own."""
    return one.status is other.status and _is_public(one) == _is_public(other)


def _may_replace(later: Gist, earlier: Gist) -> bool:
    """True for a message as real and as public as the one whose place it would take."""
    return (
        later.status in (Status.ACTUAL, earlier.status)
        and later.scope in (Scope.PUBLIC, None, earlier.scope)
        and _takes_over(later, earlier)
    )


def _takes_over(later: Gist, earlier: Gist) -> bool:
    """A text that reads as a test ends nothing real; a partial end leaves the rest standing."""
    return (earlier.is_test or not later.is_test) and not ends_only_a_part(later, earlier)


def _is_whole(keys: Collection[str]) -> bool:
    return any(key.startswith(_WHOLE_EVENT) for key in keys)


def _near(one: Gist, other: Gist) -> bool:
    """True where some hazard of one is, or is nearly, a hazard of the other."""
    if shared := one.hazards & other.hazards:
        return shared != {Hazard.EARTHQUAKE} or abs(one.starts - other.starts) <= ONE_QUAKE
    return any(one.hazards & group and other.hazards & group for group in _NEAR)


def near(hazards: Iterable[Hazard]) -> frozenset[Hazard]:
    """These hazards, and those that ask the same of a household."""
    own = frozenset(hazards)
    return own.union(*(group for group in _NEAR if group & own))


def _warns_public(one: Gist) -> bool:
    return (
        one.status is Status.ACTUAL
        and _is_public(one)
        and one.msg_type in _WARNS
        and not one.is_test
        and not one.is_over
    )


def _is_public(one: Gist) -> bool:
    return one.scope in (Scope.PUBLIC, None)
