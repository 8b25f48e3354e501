"""Reads pages as the tests need them: elements with attributes, links, and the words."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

_VOID = {"meta", "link", "br", "img", "input", "hr", "rect", "use", "path"}


@dataclass
class Element:
    name: str
    attributes: dict[str, str | None]
    inside: tuple[str, ...]
    children: list[str] = field(default_factory=list)
    text: str = ""


class Page(HTMLParser):
    """Every element of a page in order; unbalanced tags are a failure."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[Element] = []
        self._open: list[Element] = []
        self.feed(html)
        assert not self._open, f"never closed: {[one.name for one in self._open]}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        inside = tuple(one.name for one in self._open)
        element = Element(tag, dict(attrs), inside)
        if self._open:
            self._open[-1].children.append(tag)
        self.elements.append(element)
        if tag not in _VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in _VOID:
            self._open.pop()

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        assert self._open, f"</{tag}> closes nothing"
        assert self._open[-1].name == tag, f"</{tag}> closes <{self._open[-1].name}>"
        self._open.pop()

    def handle_data(self, data: str) -> None:
        for element in self._open:
            element.text += data

    def all(self, name: str) -> list[Element]:
        return [one for one in self.elements if one.name == name]

    def addresses(self) -> list[str]:
        """Everything that a browser may load or go to."""
        found = []
        for one in self.elements:
            for key in ("href", "src", "hx-get", "data-source", "data-places", "data-icons"):
                value = one.attributes.get(key)
                if value is not None:
                    found.append(value)
        return found
