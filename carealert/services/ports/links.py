"""The links of an index."""

from dataclasses import dataclass, field

from carealert.domain.drawings import Drawing


@dataclass(frozen=True, slots=True)
class Link:
    """A document that an index points to. `updated` helps to skip what is known.

    `drawings` are the outlines that entries draw of it; two that differ are of parts, and then
    none of them is its outline.
    """

    url: str
    updated: str | None
    drawings: tuple[Drawing, ...] = field(default=(), compare=False)

    @property
    def drawing(self) -> Drawing | None:
        """The one outline that the index draws."""
        return self.drawings[0] if len(set(self.drawings)) == 1 else None

    def together(self, other: "Link") -> "Link":
        """Both as one link: the newest word on when it changed, and all that was drawn."""
        newest = max(self.updated or "", other.updated or "") or None
        return Link(self.url, newest, (*self.drawings, *other.drawings))
