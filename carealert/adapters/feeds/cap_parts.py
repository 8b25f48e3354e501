"""The parts of a CAP info (OASIS CAP 1.2, sections 3.2.2 to 3.2.4): areas, resources, pairs."""

from collections.abc import Sequence
from enum import StrEnum

from carealert.adapters.feeds.cap_tree import AreaTexts, Lists, Pair, Texts
from carealert.adapters.feeds.reading import E, Notes, number, one_of
from carealert.domain.drawings import Drawing
from carealert.domain.warnings import (
    Area,
    Category,
    Certainty,
    MsgType,
    Named,
    Resource,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
    undrawn,
)


def texts_of(lists: Lists, name: str) -> tuple[str, ...]:
    """The texts of all elements of this name, empty ones left out."""
    found = lists.get(name)
    return tuple([text for text in found if text]) if found else ()


def words(kind: type[E], lists: Lists, name: str, where: str, notes: Notes) -> tuple[E, ...]:
    """The members of a CAP enumeration that an element which may repeat names."""
    texts = lists.get(name)
    if not texts:
        return ()
    found = [word(kind, text, where, name, notes) for text in texts]
    return tuple([member for member in found if member])


def word(kind: type[E], text: str | None, where: str, name: str, notes: Notes) -> E | None:
    """`one_of`, but for its cost: nearly every word is spelled as CAP spells it."""
    if text is None:
        return None
    member = _MEMBERS[kind].get(text)
    return member if isinstance(member, kind) else one_of(kind, text, f"{where}/{name}", notes)


#: By value; to ask an enumeration itself takes as long as to read an element.
_MEMBERS: dict[type[StrEnum], dict[str, StrEnum]] = {
    kind: {member.value: member for member in kind}
    for kind in (
        *(Status, MsgType, Scope),
        *(Category, ResponseType, Urgency, Severity, Certainty),
    )
}


def named(pairs: Sequence[Pair], where: str, name: str, notes: Notes) -> Named:
    """Names and values; a pair without both says nothing and is left out."""
    found: list[tuple[str, str]] = []
    for names, values in pairs:
        if len(names) == len(values) == 1 and names[0] and values[0]:
            found.append((names[0], values[0]))
            continue
        # Some agencies put several pairs into one element.
        whole = [(n, v) for n, v in zip(names, values, strict=False) if n and v]
        found += whole
        if not whole or len(whole) < max(len(names), len(values)):
            notes.notice(f"{where}/{name}", "lacks a name or a value: left out")
    return tuple(found)


def resource(texts: Texts, where: str, notes: Notes) -> Resource:
    """One file that comes with an info."""
    size = number(texts.get("size"), f"{where}/size", notes)
    return Resource(
        resource_desc=texts.get("resourceDesc"),
        mime_type=texts.get("mimeType"),
        size=None if size is None else int(size),
        uri=texts.get("uri"),
        digest=texts.get("digest"),
    )


def area(given: AreaTexts, where: str, notes: Notes) -> Area:
    """One area; its shape is drawn when it is asked for, and says then what was odd about it."""
    texts, lists = given.texts, given.lists
    if "areaDesc" not in texts:
        notes.notice(f"{where}/areaDesc", "is missing")
    drawing = None
    if lists:
        polygons = [text or "" for text in lists.get("polygon", ())]
        circles = [text or "" for text in lists.get("circle", ())]
        drawing = Drawing(where, polygons, circles)
    return Area(
        area_desc=texts.get("areaDesc") or "",
        geometry=undrawn(drawing),
        geocodes=named(given.geocodes, where, "geocode", notes),
        altitude=number(texts.get("altitude"), f"{where}/altitude", notes),
        ceiling=number(texts.get("ceiling"), f"{where}/ceiling", notes),
    )
