"""The elements of one CAP message (OASIS CAP 1.2, section 3.2), sorted by what they belong to.

Every element name of CAP has one place (`areaDesc` is always of an area), so one pass over the
message in document order is enough, in whatever order an agency writes it. It costs half of what
going down the tree does, and elements are what reading costs most for.
"""

from collections.abc import Iterator
from itertools import islice

from lxml import etree

from carealert.adapters.feeds.xml import local_name, text_of

Texts = dict[str, str | None]
#: The `valueName` and `value` texts of one `geocode`, `parameter` or `eventCode`.
Pair = tuple[list[str | None], list[str | None]]
Lists = dict[str, list[str | None]]


class AreaTexts:
    """One `area`; `lists` are its polygons and circles. Of what may not repeat the first counts."""

    __slots__ = ("geocodes", "lists", "texts")

    def __init__(self) -> None:
        self.texts: Texts = {}
        self.lists: Lists = {}
        self.geocodes: list[Pair] = []


class InfoTexts:
    """One `info`; `lists` are its categories and response types."""

    __slots__ = ("areas", "codes", "lists", "parameters", "resources", "texts")

    def __init__(self) -> None:
        self.texts: Texts = {}
        self.lists: Lists = {}
        self.codes: list[Pair] = []
        self.parameters: list[Pair] = []
        self.resources: list[Texts] = []
        self.areas: list[AreaTexts] = []


class AlertTexts:
    """One `alert`; `lists` are its codes."""

    __slots__ = ("infos", "lists", "texts")

    def __init__(self) -> None:
        self.texts: Texts = {}
        self.lists: Lists = {}
        self.infos: list[InfoTexts] = []


#: Levels, and kinds of elements: plain numbers, because each is asked for at every element.
_ALERT, _INFO, _AREA, _RESOURCE = range(4)
_SINGLE, _REPEATED, _NAME, _VALUE, _PAIR, _CONTAINER, _FOREIGN = range(7)

_SINGLES = {
    _ALERT: "identifier sender sent status msgType source scope restriction addresses note"
    " references incidents",
    _INFO: "language event urgency severity certainty audience effective onset expires"
    " senderName headline description instruction web contact",
    _AREA: "areaDesc altitude ceiling",
    _RESOURCE: "resourceDesc mimeType size uri digest",
}
_REPEATEDS = {_ALERT: "code", _INFO: "category responseType", _AREA: "polygon circle"}
#: Name -> kind and level; all else (an extension, a signature, an alert inside) is not ours.
_PLACES: dict[str, tuple[int, int]] = {
    **{name: (_SINGLE, level) for level, names in _SINGLES.items() for name in names.split()},
    **{name: (_REPEATED, level) for level, names in _REPEATEDS.items() for name in names.split()},
    **dict.fromkeys(("info", "area", "resource"), (_CONTAINER, 0)),
    **dict.fromkeys(("eventCode", "parameter", "geocode"), (_PAIR, 0)),
    "valueName": (_NAME, 0),
    "value": (_VALUE, 0),
}


class _Places(dict[object, tuple[str, int, int]]):
    """Tag -> name, kind and level; there are few different tags, so they are remembered."""

    def __missing__(self, tag: object) -> tuple[str, int, int]:
        name = local_name(tag)
        found = (name, *_PLACES.get(name, (_FOREIGN, 0)))
        if found[1] != _FOREIGN and len(self) < _MOST_TAGS:
            self[tag] = found
        return found


#: Prefixes do not count; a stranger may invent namespaces without end.
_MOST_TAGS = 4096
_places = _Places()


class _Sorter:
    """Where the next text goes: what is open at each level. Text out of place goes nowhere."""

    __slots__ = ("alert", "info", "lists", "pairs", "texts")

    def __init__(self) -> None:
        self.alert = AlertTexts()
        self.info: InfoTexts | None = None
        self.texts: list[Texts] = [self.alert.texts, {}, {}, {}]
        self.lists: list[Lists] = [self.alert.lists, {}, {}, {}]
        self.pairs: dict[str, list[Pair]] = {"eventCode": [], "parameter": [], "geocode": []}

    def open(self, name: str) -> None:
        """Begin an `info`, or an `area` or `resource` of the info that is open."""
        if name == "info":
            self.info = info = InfoTexts()
            self.alert.infos.append(info)
            self.texts[1:] = [info.texts, {}, {}]
            self.lists[1:] = [info.lists, {}, {}]
            self.pairs.update(eventCode=info.codes, parameter=info.parameters, geocode=[])
        elif self.info is None:
            return
        elif name == "area":
            area = AreaTexts()
            self.info.areas.append(area)
            self.texts[_AREA], self.lists[_AREA] = area.texts, area.lists
            self.pairs["geocode"] = area.geocodes
        else:
            self.texts[_RESOURCE] = {}
            self.info.resources.append(self.texts[_RESOURCE])


def texts_of_alert(alert: etree._Element) -> AlertTexts:
    """All texts of one `alert` element, white space trimmed, empty ones None."""
    elements = alert.iter()
    next(elements)
    return _sorted(elements, _Sorter())


def texts_of_entry(entry: etree._Element) -> AlertTexts:
    """The same of an index entry that holds the elements of message, info and area side by side.

    It has one info and one area.
    """
    sorter = _Sorter()
    sorter.open("info")
    sorter.open("area")
    elements = entry.iter()
    next(elements)
    return _sorted(elements, sorter)


def _sorted(elements: Iterator[etree._Element], sorter: _Sorter) -> AlertTexts:
    texts, lists, pairs = sorter.texts, sorter.lists, sorter.pairs
    pair: Pair = ([], [])
    for element in elements:
        name, kind, level = _places[element.tag]
        if kind == _PAIR:
            pair = ([], [])
            pairs[name].append(pair)
            continue
        if kind == _CONTAINER:
            sorter.open(name)
            continue
        text: str | None = element.text
        if len(element):
            text = text_of(element)
            _pass_by(element, elements)
        elif text:
            text = text.strip() or None
        if kind == _SINGLE:
            texts[level].setdefault(name, text)
        elif kind == _REPEATED:
            lists[level].setdefault(name, []).append(text)
        elif kind != _FOREIGN:
            pair[kind - _NAME].append(text)
    return sorter.alert


def _pass_by(element: etree._Element, elements: Iterator[etree._Element]) -> None:
    """Leave out what is inside an element that holds text or is not ours."""
    inside = sum(1 for _ in element.iter()) - 1
    next(islice(elements, inside, inside), None)
