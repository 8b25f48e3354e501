"""Whether areas can be relied on: a report on a file before it is imported, or on the register."""

from collections.abc import Iterable, Sequence

from carealert.domain.area_outlines import check_outlines
from carealert.domain.area_tree import check_parents, check_words
from carealert.domain.atlas import Atlas, Fault, Finding, Mapped, Tolerance

_ORDER = {fault: n for n, fault in enumerate(Fault)}


def check_areas(
    areas: Sequence[Mapped],
    known: Iterable[Mapped] = (),
    language: str = "en",
    tolerance: Tolerance = Tolerance(),  # noqa: B008 - frozen
) -> list[Finding]:
    """Everything to look at in these areas, the errors first.

    `known` are the areas that the register has besides: parents and neighbours may be among them,
    and nothing is said about these alone. `language` is the office's own. The same areas give the
    same findings in the same order.
    """
    atlas = Atlas(areas, known)
    found = [
        *check_words(atlas, language),
        *check_parents(atlas),
        *check_outlines(atlas, tolerance),
    ]
    return sorted(found, key=lambda one: (_ORDER[one.fault], -(one.km2 or 0.0), one.areas))
