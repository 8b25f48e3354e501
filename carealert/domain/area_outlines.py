"""What can be wrong with the outlines of areas: against their parents and against each other.

Slivers along a border that two hands drew are no fault: `Tolerance` says from where on one is.
"""

import math
from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from carealert.domain.atlas import Atlas, Fault, Finding, Key, Mapped, Tolerance, called, key_of
from carealert.domain.geometry import unswap
from carealert.domain.measures import Plane, km2_of, plane_at
from carealert.domain.shapes import polygons_of

#: Among fewer siblings nobody can say which one is the odd one out.
_ENOUGH = 4
_FAR = 1.0


def check_outlines(atlas: Atlas, tolerance: Tolerance) -> Iterator[Finding]:
    """Everything about the outlines of these areas; those that are not valid are left out after."""
    broken = {key for key, one in atlas.all.items() if one.geometry and not one.geometry.is_valid}
    for key in broken & atlas.own.keys():
        reason = shapely.is_valid_reason(atlas.own[key].geometry)
        yield Finding(Fault.INVALID, (key,), f"has an outline that is not valid: {reason}")
    drawn = {
        key: one for key, one in atlas.all.items() if one.geometry is not None and key not in broken
    }
    lost: set[Key] = set()
    for finding in _misplaced(atlas, drawn):
        lost.update(finding.areas[:1])
        yield finding
    whole = {key: one for key, one in drawn.items() if key not in lost}
    yield from _sticking_out(atlas, whole, tolerance)
    yield from _overlaps(atlas, whole, tolerance)
    yield from _gaps(atlas, whole, tolerance)


def _misplaced(atlas: Atlas, drawn: Mapping[Key, Mapped]) -> Iterator[Finding]:
    """Areas of which nothing is near the area around them, and whether turning them mends it."""
    for key in sorted(drawn.keys() & atlas.own.keys()):
        one, shape = drawn[key], _outline(drawn[key])
        above = atlas.drawn_ancestor(one)
        if above is None or key_of(above) not in drawn:
            continue
        found, keys = unswap(shape, _outline(above)), (key, key_of(above))
        if found.geometry is not shape:
            what = f"lies in {called(above)} once latitude and longitude are exchanged"
            yield Finding(Fault.SWAPPED, keys, what, _point_in(shape))
        elif found.notes:
            what = f"is nowhere near its parent {called(above)}"
            yield Finding(Fault.AWAY, keys, what, _point_in(shape))
    yield from _swapped_among_siblings(atlas, drawn)


def _swapped_among_siblings(atlas: Atlas, drawn: Mapping[Key, Mapped]) -> Iterator[Finding]:
    """Where no parent says where a place should be, most of its siblings do."""
    groups: dict[tuple[str, int, str | None], list[Mapped]] = {}
    for key in sorted(drawn):
        one = drawn[key]
        if atlas.drawn_ancestor(one) is None:
            groups.setdefault((one.code_system, one.level, one.parent_code), []).append(one)
    for siblings in groups.values():
        region = _where_most_are([_outline(one) for one in siblings])
        for one in siblings:
            shape = _outline(one)
            if region is None or not atlas.is_own(one) or not _is_far(shape, region):
                continue
            if unswap(shape, region).geometry is not shape:
                what = "lies among its siblings once latitude and longitude are exchanged"
                yield Finding(Fault.SWAPPED, (key_of(one),), what, _point_in(shape))


def _is_far(shape: BaseGeometry, region: BaseGeometry) -> bool:
    """Farther off than the region is wide: among scattered places nobody is the odd one out."""
    west, south, east, north = region.bounds
    return bool(shape.distance(region) > _FAR * max(east - west, north - south))


def _where_most_are(shapes: Sequence[BaseGeometry]) -> BaseGeometry | None:
    """The box of the half that is nearest to the middle; None where too few could be the odd."""
    if len(shapes) < _ENOUGH:
        return None
    boxes = shapely.bounds(shapes)
    middles = (boxes[:, :2] + boxes[:, 2:]) / 2
    off = np.abs(middles - np.median(middles, axis=0)).max(axis=1)
    most = boxes[np.argsort(off, kind="stable")[: len(shapes) // 2 + 1]]
    box: BaseGeometry = shapely.box(*most[:, :2].min(axis=0), *most[:, 2:].max(axis=0))
    return box


def _sticking_out(
    atlas: Atlas, drawn: Mapping[Key, Mapped], tolerance: Tolerance
) -> Iterator[Finding]:
    for key in sorted(drawn.keys()):
        one = drawn[key]
        above = atlas.drawn_ancestor(one)
        if above is None or key_of(above) not in drawn or not atlas.is_own(one, above):
            continue
        parent, child = _outline(above), _outline(one)
        shapely.prepare(parent)
        if parent.covers(child):
            continue
        outside = child.difference(parent)
        share = outside.area / child.area
        if share <= tolerance.outside or not _wide(outside, child, tolerance.width):
            continue
        km2 = _km2(outside)
        what = f"sticks out of {called(above)} with {share:.1%} of itself ({km2:.2f} km2)"
        keys = (key, key_of(above))
        yield Finding(Fault.STICKS_OUT, keys, what, _point_in(outside), km2, share)


def _overlaps(atlas: Atlas, drawn: Mapping[Key, Mapped], tolerance: Tolerance) -> Iterator[Finding]:
    """Pairs of one system and level, whatever their parents: a place has one area of a level."""
    groups: dict[tuple[str, int], list[Mapped]] = {}
    for key in sorted(drawn):
        groups.setdefault((drawn[key].code_system, drawn[key].level), []).append(drawn[key])
    for areas in groups.values():
        yield from _pairs(atlas, areas, tolerance.overlap)


def _pairs(atlas: Atlas, areas: Sequence[Mapped], least: float) -> Iterator[Finding]:
    shapes = np.array([one.geometry for one in areas], dtype=object)
    first, second = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    ours = np.array([atlas.is_own(one) for one in areas], dtype=bool)
    wanted = (first < second) & (ours[first] | ours[second])
    first, second = first[wanted], second[wanted]
    common = shapely.intersection(shapes[first], shapes[second])
    share = shapely.area(common) / np.minimum(
        shapely.area(shapes[first]), shapely.area(shapes[second])
    )
    for at in np.flatnonzero(share > least).tolist():
        one, other = areas[first[at]], areas[second[at]]
        if shapely.area(other.geometry) < shapely.area(one.geometry):
            one, other = other, one  # the smaller one is what the share is of
        km2, part = _km2(common[at]), float(share[at])
        what = f"overlaps {called(other)} with {part:.1%} of itself ({km2:.2f} km2)"
        keys = (key_of(one), key_of(other))
        yield Finding(Fault.OVERLAP, keys, what, _point_in(common[at]), km2, part)


def _gaps(atlas: Atlas, drawn: Mapping[Key, Mapped], tolerance: Tolerance) -> Iterator[Finding]:
    for above, children in atlas.families:
        shapes = [_outline(one) for one in children if key_of(one) in drawn]
        if key_of(above) not in drawn or not shapes or not atlas.is_own(above, *children):
            continue
        missing = _outline(above).difference(shapely.union_all(shapes))
        if missing.area <= tolerance.gap * _outline(above).area:
            continue
        for part in _wide(missing, _outline(above), tolerance.width):
            km2, share = _km2(part), part.area / _outline(above).area
            if share <= tolerance.gap:
                continue
            what = f"has a gap of {km2:.2f} km2 ({share:.1%} of it) in which none of its parts lies"
            yield Finding(Fault.GAP, (key_of(above),), what, _point_in(part), km2, share)


def _wide(shape: BaseGeometry, around: BaseGeometry, width: float) -> list[BaseGeometry]:
    """The parts of a shape that are no slivers: those into which a disc of some size fits.

    The disc is `width` times the root of the area of `around` across. Seen on a map in km, where
    a kilometre is as long to the north as to the east.
    """
    plane: Plane = plane_at(around)
    flat, radius = plane.onto(shape), width * math.sqrt(plane.onto(around).area) / 2
    core = shapely.buffer(flat, -radius)
    if core.is_empty:
        return []
    grown = shapely.intersection(shapely.buffer(core, radius * 1.01), flat)
    return [plane.back(part) for part in polygons_of(grown)]


def _outline(one: Mapped) -> BaseGeometry:
    if one.geometry is None:
        raise ValueError(f"{one.code} has no outline")
    return one.geometry


def _km2(shape: BaseGeometry) -> float:
    return float(km2_of([shape])[0])


def _point_in(shape: BaseGeometry) -> tuple[float, float]:
    """A point of its largest part, to five digits (a metre)."""
    largest = max(polygons_of(shape), key=lambda part: part.area)
    point = shapely.point_on_surface(largest)
    return round(point.x, 5), round(point.y, 5)
