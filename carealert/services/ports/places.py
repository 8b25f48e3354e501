"""Where the register's people and facilities are, and what follows from it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from carealert.domain.rules import SubjectKind


@dataclass(frozen=True, slots=True)
class Position:
    """A resident or facility with a position, in degrees of WGS 84.

    `area_code` is what somebody stated. `located_code` is the area that was found around the
    position; it is kept only where nothing is stated.
    """

    ref: str
    lon: float
    lat: float
    area_code: str | None
    located_code: str | None


@dataclass(frozen=True, slots=True)
class CellCheck:
    """Rows whose cell was compared with their position: how many there are, and were wrong."""

    rows: int
    looked_at: int
    wrong: int

    @property
    def is_sample(self) -> bool:
        """Whether there were too many to look at all of them."""
        return self.looked_at < self.rows


class PlaceStore(Protocol):
    """Positions, the areas found around them, and the keys by which a warning finds them."""

    def positions(self, kind: SubjectKind) -> Iterator[Sequence[Position]]:
        """Everybody who has a position, in batches."""
        ...

    def keep_located(self, kind: SubjectKind, found: Sequence[tuple[Position, str | None]]) -> None:
        """Note the area of each; a row that somebody changed meanwhile is left as it is."""
        ...

    def check_cells(self, kind: SubjectKind, most: int) -> CellCheck:
        """Compare the cells with the positions, of every row or of `most` or fewer, spread out."""
        ...

    def repair_cells(self, kind: SubjectKind, after: int) -> tuple[int, int | None]:
        """Put the next rows after this id right: how many were wrong, and the last id (None: done).

        Begin with `after` 0.
        """
        ...

    def registered(self, kind: SubjectKind) -> Mapping[str | None, int]:
        """area code -> how many are registered there; found codes count as stated ones do."""
        ...
