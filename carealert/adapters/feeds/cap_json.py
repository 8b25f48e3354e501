"""CAP written as JSON: MeteoAlarm's API (`{"warnings": [{"alert": …}]}`), NINA and MoWaS (Germany).

The names are CAP's own; what may repeat is a list, or one value where there is but one. Texts may
hold HTML's line breaks and characters.
"""

import html
import re
from collections.abc import Iterator, Mapping
from typing import Any

from carealert.adapters.feeds import cap
from carealert.adapters.feeds.cap_tree import AlertTexts, AreaTexts, InfoTexts, Lists, Pair, Texts
from carealert.adapters.feeds.reading import Document, Notes
from carealert.domain.meaning import Interpreter
from carealert.services.ports.feeds import Reading, UnreadableDocument

Object = Mapping[str, Any]

_BREAK = re.compile(r"<\s*(?:br|/p)\s*/?\s*>", re.IGNORECASE)
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
#: What JSON can write and no XML message, and no database, can hold.
_NO_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")
_WITH_HTML = frozenset(("headline", "description", "instruction", "contact"))
_LISTS_OF_INFO = ("category", "responseType")
_LISTS_OF_AREA = ("polygon", "circle")


def recognises(document: Document) -> bool:
    """True for a CAP message, a list of them, or an object that holds such a list."""
    return document.is_json and next(_messages(document.json), None) is not None


def read(document: Document, interpreter: Interpreter) -> Reading:
    """Every message; raises UnreadableDocument where there is none."""
    notes = Notes()
    found = list(_messages(document.json))
    if not found:
        raise UnreadableDocument(document.where, "holds no CAP message in JSON")
    warnings = [
        cap.message(_texts(each), f"alert[{n}]", interpreter, notes)
        for n, each in enumerate(found, 1)
    ]
    kept = tuple(warning for warning in warnings if warning is not None)
    return Reading("cap-json", kept, (), tuple(notes.found))


def _messages(value: Any) -> Iterator[Object]:
    """CAP objects at the places where they are known to be."""
    if isinstance(value, dict):
        listed = value.get("warnings", value.get("alerts"))
        value = listed if isinstance(listed, list) else [value]
    for each in value if isinstance(value, list) else ():
        inner = each.get("alert", each) if isinstance(each, dict) else None
        if isinstance(inner, dict) and "identifier" in inner and "msgType" in inner:
            yield inner


def _texts(message: Object) -> AlertTexts:
    texts = AlertTexts()
    texts.texts = _singles(message)
    texts.lists = _lists(message, ("code",))
    texts.infos = [_info(each) for each in _objects(message, "info")]
    return texts


def _info(given: Object) -> InfoTexts:
    info = InfoTexts()
    info.texts = _singles(given)
    info.lists = _lists(given, _LISTS_OF_INFO)
    info.codes, info.parameters = _pairs(given, "eventCode"), _pairs(given, "parameter")
    info.resources = [_singles(each) for each in _objects(given, "resource")]
    info.areas = [_area(each) for each in _objects(given, "area")]
    return info


def _area(given: Object) -> AreaTexts:
    area = AreaTexts()
    area.texts = _singles(given)
    area.lists = _lists(given, _LISTS_OF_AREA)
    area.geocodes = _pairs(given, "geocode")
    return area


def _singles(given: Object) -> Texts:
    """The single values; a list of words is CAP's list between white space."""
    found: Texts = {}
    for name, value in given.items():
        is_words = isinstance(value, list) and all(isinstance(each, str) for each in value)
        if is_words or not isinstance(value, (dict, list)):
            found[name] = _plain(name, " ".join(value) if is_words else value)
    return found


def _lists(given: Object, names: tuple[str, ...]) -> Lists:
    found = {name: [_plain(name, each) for each in _each(given, name)] for name in names}
    return {name: texts for name, texts in found.items() if texts}


def _pairs(given: Object, name: str) -> list[Pair]:
    return [
        ([_plain("", each.get("valueName"))], [_plain("", each.get("value"))])
        for each in _objects(given, name)
    ]


def _objects(given: Object, name: str) -> Iterator[Object]:
    return (each for each in _each(given, name) if isinstance(each, dict))


def _each(given: Object, name: str) -> list[Any]:
    value = given.get(name)
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _plain(name: str, value: object) -> str | None:
    if value is None or isinstance(value, (dict, list)):
        return None
    text = str(value)
    if name in _WITH_HTML and ("<" in text or "&" in text):
        text = html.unescape(_TAG.sub("", _BREAK.sub("\n", text)))
    return _NO_TEXT.sub("", text).strip() or None
