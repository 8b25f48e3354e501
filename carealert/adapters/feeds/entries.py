"""A warning from the `cap:` elements of an index entry, where the entry leads to no message.

An index holds an extract. Where there is a document it is always read instead: extracts leave out
languages, areas and shapes.
"""

from lxml import etree

from carealert.adapters.feeds import cap
from carealert.adapters.feeds.cap_tree import Lists, texts_of_entry
from carealert.adapters.feeds.reading import Notes
from carealert.adapters.feeds.xml import local, text_of
from carealert.domain.drawings import Drawing
from carealert.domain.meaning import Interpreter
from carealert.domain.warnings import HazardWarning

_GEORSS = "{http://www.georss.org/georss}"
_XML_LANGUAGE = "{http://www.w3.org/XML/1998/namespace}lang"
#: What an element of Atom or RSS means in CAP, where the entry has none of CAP's own.
_MESSAGE = {
    "identifier": ("id", "guid"),
    "sent": ("updated", "published", "pubDate", "date"),
    "msgType": ("message_type",),
}
_INFO = {"headline": ("title",), "description": ("summary", "description")}
_AUTHOR = ("email", "uri", "name")


def drawings(entry: etree._Element, where: str) -> tuple[Drawing, ...]:
    """The outline that an entry draws of the document it links to; empty if it draws none."""
    shapes = _shapes(entry)
    if not shapes:
        return ()
    texts = [[text or "" for text in shapes.get(name, ())] for name in ("polygon", "circle")]
    return (Drawing(where, *texts),)


def has_message(entry: etree._Element) -> bool:
    """True if the entry names an event in CAP's word."""
    return next(entry.iterchildren("{*}event"), None) is not None


def message(
    entry: etree._Element, where: str, interpreter: Interpreter, notes: Notes
) -> HazardWarning | None:
    """The warning of one entry; None and an error where it has no identity."""
    texts = texts_of_entry(entry)
    own = {local(child): text_of(child) for child in reversed(entry)}
    _fill(texts.texts, _MESSAGE, own)
    (info,) = texts.infos
    _fill(info.texts, _INFO, own)
    language = entry.get(_XML_LANGUAGE) or entry.getroottree().getroot().get(_XML_LANGUAGE)
    info.texts.setdefault("language", language)
    if not texts.texts.get("sender"):
        texts.texts["sender"] = _author(entry)
    lists = texts.infos[0].areas[0].lists
    lists.clear()
    lists.update(_shapes(entry))
    notes.notice(where, "index entry only: no document to read, so this is an extract")
    return cap.message(texts, where, interpreter, notes)


def _fill(
    texts: dict[str, str | None],
    names: dict[str, tuple[str, ...]],
    own: dict[str, str | None],
) -> None:
    for name, others in names.items():
        if not texts.get(name):
            texts[name] = next((own[other] for other in others if own.get(other)), None)
            if texts[name] is None:
                del texts[name]


def _author(entry: etree._Element) -> str | None:
    """Who sent the entry, or the whole index."""
    for level in (entry, *entry.iterancestors()):
        for name in ("{*}author", "{*}creator", "{*}managingEditor"):
            for author in level.iterchildren(name):
                parts = {local(child): text_of(child) for child in author}
                found = next((parts[part] for part in _AUTHOR if parts.get(part)), None)
                if found or (found := text_of(author)):
                    return found
    return None


def _shapes(entry: etree._Element) -> Lists:
    """GeoRSS Simple has a polygon too, written "lat lon lat lon"; its circles are in metres."""
    lists: Lists = {}
    for each in entry.iterchildren("{*}polygon", "{*}circle"):
        name, text = local(each), text_of(each)
        if not str(each.tag).startswith(_GEORSS):
            lists.setdefault(name, []).append(text)
        elif name == "polygon":
            lists.setdefault(name, []).append(_points(text))
    return lists


def _points(text: str | None) -> str | None:
    numbers = (text or "").replace(",", " ").split()
    if not numbers or len(numbers) % 2:
        return text
    return " ".join(f"{lat},{lon}" for lat, lon in zip(numbers[::2], numbers[1::2], strict=True))
