"""Whether the areas can be relied on, who lies where, and how much of the city is registered."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from carealert.domain.access import Actor, Right
from carealert.domain.area_checks import check_areas
from carealert.domain.atlas import Atlas, Finding
from carealert.domain.locating import MISPLACED_KM, Locator
from carealert.domain.measures import km_outside
from carealert.domain.rules import SubjectKind
from carealert.domain.shapes import Floats
from carealert.services.access import Reach, needs, reach
from carealert.services.ports.places import CellCheck, Position
from carealert.services.ports.registry import PlaceArea
from carealert.services.ports.store import Database, Stores

#: More rows than this are not all compared with their cells while somebody waits.
_MOST_CELLS = 300_000
#: Positions looked at together, and areas noted in one transaction.
_TOGETHER, _WRITTEN = 100_000, 2000


@dataclass(frozen=True, slots=True)
class Astray:
    """Somebody whose position is not in the area that is stated for them, or in no area.

    `km` is how far outside of `area_code` it is; None where no code is stated.
    """

    kind: SubjectKind
    ref: str
    area_code: str | None
    km: float | None


@dataclass(frozen=True, slots=True)
class Relocated:
    """How many had an area found for them, and how many are in none; stated codes apart."""

    found: int
    nowhere: int
    changed: int


@dataclass(frozen=True, slots=True)
class AreaCoverage:
    """One area, or a code that no area has (None: who has neither a code nor an area around them).

    The counts take in all areas below it. `is_empty`: nobody is registered there, nor under
    another system's code of the same outline.
    """

    area: PlaceArea | None
    code: str | None
    residents: int
    facilities: int
    is_empty: bool


@needs(Right.EDIT_PLACES)
def check_before_import(
    db: Database, who: Actor, areas: Sequence[PlaceArea], language: str
) -> list[Finding]:
    """What to look at in these areas beside those that are imported; nothing is kept.

    An actor with areas of their own sees what concerns these.
    """
    with db.reading() as stores:
        known, theirs = stores.areas.all(), reach(stores, who)
    return _of(theirs, check_areas(areas, known, language))


@needs(Right.READ_BOARD)
def check_imported(db: Database, who: Actor, language: str) -> list[Finding]:
    """What to look at in the areas of the register; with areas of one's own, in these."""
    with db.reading() as stores:
        known, theirs = stores.areas.all(), reach(stores, who)
    return _of(theirs, check_areas(known, (), language))


def _of(theirs: Reach, findings: Iterable[Finding]) -> list[Finding]:
    return [one for one in findings if any(theirs.has(code) for _, code in one.areas)]


@needs(Right.READ_REGISTER)
def find_astray(db: Database, who: Actor) -> list[Astray]:
    """Whose position contradicts their stated area, or lies in no area, the farthest first.

    Both are kept and both count where a warning is matched: somebody should ask which is right.
    Where the stated area has no outline, the nearest area around it that has one is taken.
    """
    with db.reading() as stores:
        theirs = reach(stores, who)
        locator = Locator(stores.areas.all())
        found = [
            one
            for kind in SubjectKind
            for batch in stores.places.positions(kind)
            for one in astray_among(stores, kind, batch, locator)
            if theirs.has(one.area_code)
        ]
    return sorted(found, key=lambda one: (-(one.km or 0.0), one.kind, one.ref))


def astray_among(
    stores: Stores, kind: SubjectKind, positions: Sequence[Position], locator: Locator[PlaceArea]
) -> Iterator[Astray]:
    """Those of these positions that are in no area, or far from the stated one."""
    stated: dict[str, list[Position]] = {}
    unstated = []
    for one in positions:
        if one.area_code is None:
            unstated.append(one)
        else:
            stated.setdefault(one.area_code, []).append(one)
    if not locator.is_empty:
        for one, around in zip(unstated, locator.find(*_points(unstated)), strict=True):
            if around is None:
                yield Astray(kind, one.ref, None, None)
    for code, home in stores.areas.homes(stated).items():
        away = km_outside(home, *_points(stated[code]))
        for n in np.flatnonzero(away > MISPLACED_KM).tolist():
            yield Astray(kind, stated[code][n].ref, code, round(float(away[n]), 1))


def relocate(db: Database) -> Relocated:
    """Find the area of everybody who has a position and no stated code, as the areas are now.

    Looked for beside the writers and noted in small transactions: it may be broken off, and run
    again at any time. Called after areas were imported.
    """
    total = Relocated(0, 0, 0)
    with db.reading() as stores:
        locator = Locator(stores.areas.all())
        changes = {}
        for kind in SubjectKind:
            rows = [one for batch in stores.places.positions(kind) for one in batch]
            found = _located(rows, locator)
            changes[kind] = [(one, code) for one, code in found if code != one.located_code]
            asked = [code for one, code in found if one.area_code is None]
            nowhere = 0 if locator.is_empty else sum(code is None for code in asked)
            total = Relocated(
                total.found + len(asked) - nowhere,
                total.nowhere + nowhere,
                total.changed + len(changes[kind]),
            )
    for kind, every in changes.items():
        for start in range(0, len(every), _WRITTEN):
            with db.transaction() as stores:
                stores.places.keep_located(kind, every[start : start + _WRITTEN])
    return total


@needs(Right.EDIT_PLACES)
def locate(db: Database, who: Actor, now: datetime) -> Relocated:
    """As `relocate`, asked for by somebody: the journal says by whom."""
    done = relocate(db)
    with db.transaction() as stores:
        changed = str(done.changed)
        stores.journal.write(now, "positions_located", "register", by=who.name, changed=changed)
    return done


def relocated_notes(done: Relocated) -> list[str]:
    """What an import of areas says about positions."""
    notes = []
    if done.changed:
        notes.append(
            f"{done.changed} people and facilities without a stated area lie in another area now: "
            "it is noted beside their position."
        )
    if done.nowhere:
        notes.append(
            f"{done.nowhere} with a position that lies in no known area: "
            "see 'carealert areas astray'."
        )
    return notes


def _located(
    rows: Sequence[Position], locator: Locator[PlaceArea]
) -> list[tuple[Position, str | None]]:
    found: list[tuple[Position, str | None]] = []
    for start in range(0, len(rows), _TOGETHER):
        some = rows[start : start + _TOGETHER]
        for one, around in zip(some, locator.find(*_points(some)), strict=True):
            wanted = around.code if around and one.area_code is None else None
            found.append((one, wanted))
    return found


@needs(Right.READ_BOARD)
def coverage(db: Database, who: Actor) -> list[AreaCoverage]:
    """How many are registered in each area, those in no known area last; by level, then code.

    Somebody without a stated code counts where their position lies.
    """
    with db.reading() as stores:
        areas, theirs = stores.areas.all(), reach(stores, who)
        own = {kind: dict(stores.places.registered(kind)) for kind in SubjectKind}
    counts = {kind: _with_below(Atlas(areas), own[kind]) for kind in SubjectKind}
    known = {one.code for one in areas}
    strange = {code for each in own.values() for code in each} - known
    lived_in = {
        one.geometry.wkb
        for one in areas
        if one.geometry is not None and counts[SubjectKind.RESIDENT].get(one.code)
    }
    lines: list[tuple[PlaceArea | None, str | None]] = [
        *((one, one.code) for one in areas),
        *((None, code) for code in sorted(strange, key=lambda it: it or "")),
    ]
    return [
        AreaCoverage(
            area,
            code,
            counts[SubjectKind.RESIDENT].get(code, 0),
            counts[SubjectKind.FACILITY].get(code, 0),
            not counts[SubjectKind.RESIDENT].get(code, 0)
            and (area is None or area.geometry is None or area.geometry.wkb not in lived_in),
        )
        for area, code in lines
        if theirs.has(code)
    ]


def _with_below(atlas: Atlas, own: Mapping[str | None, int]) -> dict[str | None, int]:
    """Counts by code with those of all codes below; a circle of parents counts each once."""
    total = dict(own)
    for code, many in own.items():
        above = {up.code for one in atlas.of_code(code or "") for up in atlas.ancestors(one)} - {
            code
        }
        for up in above:
            total[up] = total.get(up, 0) + many
    return total


def check_cells(db: Database, most: int = _MOST_CELLS) -> dict[SubjectKind, CellCheck]:
    """Whether every spatial key is that of its position: asked by the doctor."""
    with db.reading() as stores:
        return {kind: stores.places.check_cells(kind, most) for kind in SubjectKind}


@needs(Right.EDIT_REGISTER)
def repair_cells(db: Database, who: Actor, now: datetime) -> dict[SubjectKind, int]:
    """Compute every spatial key anew from its position, in small transactions; how many changed.

    All rows are looked at, wherever they are: a wrong key keeps warnings from people.
    """
    fixed = dict.fromkeys(SubjectKind, 0)
    for kind in SubjectKind:
        after: int | None = 0
        while after is not None:
            with db.transaction() as stores:
                wrong, after = stores.places.repair_cells(kind, after)
            fixed[kind] += wrong
    with db.transaction() as stores:
        details = {kind.value: str(many) for kind, many in fixed.items()}
        stores.journal.write(now, "cells_repaired", "register", by=who.name, **details)
    return fixed


def _points(positions: Sequence[Position]) -> tuple[Floats, Floats]:
    found = np.array([(one.lon, one.lat) for one in positions], np.float64).reshape(-1, 2)
    return found[:, 0], found[:, 1]
