"""Areas as their sender wrote them, drawn only when somebody asks where they are.

Most messages that are read are known already, or reach nobody; checking and mending their shapes
would cost several times what reading their text does.
"""

from collections.abc import Sequence

from shapely.geometry.base import BaseGeometry

from carealert.domain import geometry


class Drawing:
    """The CAP polygons and circles of one area (CAP 1.2, section 3.2.4), as text.

    `where` names the area in the message. Equal texts give equal shapes; asked twice, it draws
    once. Two threads that ask at the same time both draw, and get the same.
    """

    __slots__ = ("_drawn", "_texts", "where")

    def __init__(self, where: str, polygons: Sequence[str], circles: Sequence[str]) -> None:
        self.where = where
        self._texts = (tuple(polygons), tuple(circles))
        self._drawn: tuple[BaseGeometry | None, tuple[tuple[str, str], ...]] | None = None

    def __eq__(self, other: object) -> bool:
        """True for the same texts, wherever they stand."""
        return isinstance(other, Drawing) and self._texts == other._texts

    def __hash__(self) -> int:
        """By the texts alone."""
        return hash(self._texts)

    @property
    def geometry(self) -> BaseGeometry | None:
        """The union of what is usable in WGS 84 lon/lat degrees, valid; None if nothing is."""
        return self._draw()[0]

    @property
    def notes(self) -> tuple[tuple[str, str], ...]:
        """(where, what) of everything that was mended or left out."""
        return self._draw()[1]

    def _draw(self) -> tuple[BaseGeometry | None, tuple[tuple[str, str], ...]]:
        if self._drawn is not None:
            return self._drawn
        parts, notes = [], []
        for name, read, texts in (
            ("polygon", geometry.polygon, self._texts[0]),
            ("circle", geometry.circle, self._texts[1]),
        ):
            for n, text in enumerate(texts, 1):
                shape = read(text)
                notes += [(f"{self.where}/{name}[{n}]", note) for note in shape.notes]
                if shape.geometry is not None:
                    parts.append(shape.geometry)
        self._drawn = (geometry.union(parts), tuple(notes))
        return self._drawn
