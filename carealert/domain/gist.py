"""What of a message decides whether it and another one tell of one event."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import Enum

import shapely
from shapely.geometry.base import BaseGeometry

from carealert.domain.endings import is_ended, is_upgraded, vtec_actions, vtec_ends
from carealert.domain.geometry import union
from carealert.domain.hazards import Hazard
from carealert.domain.holds import as_real, reads_as_test
from carealert.domain.warnings import (
    Area,
    HazardWarning,
    Info,
    MsgType,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)

#: How long a message without `expires` is taken to hold when it is compared with others.
ASSUMED_LIFE = timedelta(hours=12)
#: Sources that estimate; where an authority has warned of the same event, it leads.
_ESTIMATES = ("gdacs:", "quake:")
#: A thin point of a shape may stick out without changing its area by much.
_LOOSE = 5
_NO_HAZARD = frozenset({Hazard.NO_WARNING})

Box = tuple[float, float, float, float]


class EndMark(Enum):
    """What a source's own event code says about the end."""

    GOES_ON = "goes on"
    ENDS_HERE = "ends for the areas named"
    UPGRADED = "a higher warning took its place"


@dataclass(frozen=True, slots=True)
class Gist:
    """See the fields of the same names in `HazardWarning` and `Info`, over all infos.

    `codes` are geocodes (system and value without case and space) of all areas, `bare_codes` of
    those without a shape; `names` are the areas' texts. `shape` is in degrees. `is_over`: every
    info is an all-clear, past or marked as the end, whatever its times. `hazards_if_real` are
    those of a test if it were none.
    """

    sender: str
    identifier: str
    sent: datetime
    status: Status | None
    msg_type: MsgType | None
    scope: Scope | None
    has_references: bool
    event_keys: frozenset[str]
    hazards: frozenset[Hazard]
    hazards_if_real: frozenset[Hazard]
    severities: frozenset[Severity | None]
    starts: datetime
    ends: datetime
    codes: Mapping[str, frozenset[str]]
    bare_codes: frozenset[tuple[str, str]]
    names: frozenset[str]
    shape: BaseGeometry | None
    box: Box
    is_test: bool
    is_over: bool
    mark: EndMark

    @property
    def is_estimate(self) -> bool:
        """True for what GDACS or an earthquake catalogue makes of measurements."""
        return any(key.startswith(_ESTIMATES) for key in self.event_keys)

    @property
    def key_systems(self) -> frozenset[str]:
        """The systems of its event keys: `vtec`, `gdacs`."""
        return frozenset(key.partition(":")[0] for key in self.event_keys)

    @property
    def has_area(self) -> bool:
        """True if it says where it holds, in whatever way."""
        return self.shape is not None or bool(self.codes) or bool(self.names)

    @property
    def is_named_only(self) -> bool:
        """True if only words say where it holds."""
        return self.shape is None and not self.codes

    @property
    def likeness(self) -> tuple[object, ...]:
        """What two of one sender must have in common to be one warning, issued twice."""
        placed = self.shape is not None or bool(self.bare_codes)
        names = frozenset[str]() if placed else self.names
        return (self.sender, self.hazards, self.bare_codes, self.shape is None, names)

    def overlaps_in_time(self, other: "Gist") -> bool:
        """True if both hold at some moment."""
        return self.starts < other.ends and other.starts < self.ends

    def overlap(self, other: "Gist") -> float:
        """The common part of the smaller area, from 0 to 1; 0 where they cannot be compared.

        Shapes where both have one; else codes of one system; else the areas' texts, where one of
        them has nothing else.
        """
        if self.shape is not None and other.shape is not None:
            smaller = min(self.shape.area, other.shape.area)
            return self._common(other) / smaller if smaller > 0 else 0.0
        return _common_part(self._sets(other), lambda mine, theirs: min(len(mine), len(theirs)))

    def coverage(self, other: "Gist") -> float:
        """How much of the other's area this one's holds, from 0 to 1, compared as by `overlap`."""
        if self.shape is not None and other.shape is not None:
            return self._common(other) / other.shape.area if other.shape.area > 0 else 0.0
        return _common_part(self._sets(other), lambda _, theirs: len(theirs))

    def is_same_area(self, other: "Gist", threshold: float) -> bool:
        """True where both say the same area, drawn at most a little differently."""
        if self.bare_codes != other.bare_codes:
            return False
        if self.shape is None or other.shape is None:
            if self.shape is not other.shape:
                return False
            return bool(self.bare_codes) or (bool(self.names) and self.names == other.names)
        if not _boxes_agree(self.box, other.box, threshold):
            return False
        common = self._common(other)
        together = self.shape.area + other.shape.area - common
        return together > 0 and common / together >= threshold

    def _common(self, other: "Gist") -> float:
        """The area that both shapes have, in square degrees."""
        if self.shape is None or other.shape is None or not _boxes_meet(self.box, other.box):
            return 0.0
        if self.shape is other.shape or self.shape.equals_exact(other.shape, 0.0):
            return float(self.shape.area)
        return _common_area(self.shape, other.shape)

    def _sets(self, other: "Gist") -> Iterable[tuple[frozenset[str], frozenset[str]]]:
        shared = self.codes.keys() & other.codes.keys()
        if shared:
            return [(self.codes[system], other.codes[system]) for system in shared]
        if self.is_named_only or other.is_named_only:
            return [(self.names, other.names)] if self.names and other.names else []
        return []


def gist_of(warning: HazardWarning) -> Gist:
    """The gist of a message. Times that are missing are `sent` and twelve hours later."""
    infos = warning.infos
    areas = _different(area for info in infos for area in info.areas)
    shapes = {area.geometry.wkb: area.geometry for area in areas if area.geometry is not None}
    shape = union(list(shapes.values()))
    return Gist(
        sender=warning.sender,
        identifier=warning.identifier,
        sent=warning.sent,
        status=warning.status,
        msg_type=warning.msg_type,
        scope=warning.scope,
        has_references=bool(warning.references),
        event_keys=frozenset(warning.event_keys),
        hazards=frozenset(info.hazard for info in infos) - _NO_HAZARD,
        hazards_if_real=frozenset(info.hazard for info in as_real(warning).infos) - _NO_HAZARD,
        severities=frozenset(info.effective_severity for info in infos),
        starts=min((_start(warning, info) for info in infos), default=warning.sent),
        ends=max((_end(warning, info) for info in infos), default=warning.sent + ASSUMED_LIFE),
        codes=_codes(areas),
        bare_codes=frozenset(
            (_plain(name), _plain(value))
            for area in areas
            if area.geometry is None
            for name, value in area.geocodes
        ),
        names=frozenset(" ".join(area.area_desc.casefold().split()) for area in areas) - {""},
        shape=shape,
        box=shape.bounds if shape is not None else (0.0, 0.0, 0.0, 0.0),
        is_test=reads_as_test(warning),
        is_over=bool(infos) and all(_says_over(warning, info) for info in infos),
        mark=_mark(warning),
    )


def _mark(warning: HazardWarning) -> EndMark:
    if is_upgraded(warning):
        return EndMark.UPGRADED
    return EndMark.ENDS_HERE if vtec_ends(vtec_actions(warning)) else EndMark.GOES_ON


def _different(areas: Iterable[Area]) -> list[Area]:
    """Infos in several languages have the same areas: their shapes are taken once."""
    found: dict[object, Area] = {}
    for area in areas:
        shape = area.geometry.wkb if area.geometry is not None else None
        found.setdefault((area.area_desc, area.geocodes, shape), area)
    return list(found.values())


def _common_part(
    pairs: Iterable[tuple[frozenset[str], frozenset[str]]],
    whole: Callable[[frozenset[str], frozenset[str]], int],
) -> float:
    """The least common part over the systems: counties may agree where their zones do not."""
    parts = [len(mine & theirs) / whole(mine, theirs) for mine, theirs in pairs]
    return min(parts, default=0.0)


def _common_area(one: BaseGeometry, other: BaseGeometry) -> float:
    """In square degrees. A shape that crosses itself is mended first: it must not stop others."""
    try:
        return float(shapely.intersection(one, other).area)
    except shapely.errors.GEOSException:
        mended = shapely.make_valid([one, other])
        return float(shapely.intersection(mended[0], mended[1]).area)


def _boxes_meet(one: Box, other: Box) -> bool:
    return one[0] <= other[2] and other[0] <= one[2] and one[1] <= other[3] and other[1] <= one[3]


def _boxes_agree(one: Box, other: Box, threshold: float) -> bool:
    """False where shapes with these bounds hardly have that part of their union in common.

    A quick look before the shapes are cut: a side that lies far off means another shape.
    """
    slack = 1 - threshold
    width = max(one[2] - one[0], other[2] - other[0])
    height = max(one[3] - one[1], other[3] - other[1])
    return (
        abs(one[0] - other[0]) <= width * _LOOSE * slack
        and abs(one[2] - other[2]) <= width * _LOOSE * slack
        and abs(one[1] - other[1]) <= height * _LOOSE * slack
        and abs(one[3] - other[3]) <= height * _LOOSE * slack
    )


def _codes(areas: Iterable[Area]) -> dict[str, frozenset[str]]:
    found: dict[str, set[str]] = {}
    for area in areas:
        for name, value in area.geocodes:
            found.setdefault(_plain(name), set()).add(_plain(value))
    return {system: frozenset(values) for system, values in found.items()}


def _plain(text: str) -> str:
    return "".join(text.casefold().split())


def _start(warning: HazardWarning, info: Info) -> datetime:
    return info.onset or info.effective or warning.sent


def _end(warning: HazardWarning, info: Info) -> datetime:
    return info.expires or max(warning.sent, info.onset or warning.sent) + ASSUMED_LIFE


def _says_over(warning: HazardWarning, info: Info) -> bool:
    return (
        info.urgency is Urgency.PAST
        or ResponseType.ALL_CLEAR in info.response_types
        or is_ended(warning, info)
    )
