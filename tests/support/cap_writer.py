"""Writes a warning as CAP XML in any of the ways that agencies do, by string and escape alone.

It shares no code with the reader: what it writes is how the standard's sections 3.2 and 3.3 say
that a message looks, and what XML 1.0 allows.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shapely.geometry import MultiPolygon, Polygon

from carealert.domain.warnings import Area, HazardWarning, Info, Named, Reference, Resource

Field = tuple[str, str]  # name, and markup that is written out already


@dataclass(frozen=True)
class Style:
    """How a message is written; all of it says the same."""

    prefix: str = ""
    namespace: str | None = "urn:oasis:names:tc:emergency:cap:1.2"
    encoding: str = "utf-8"
    wrapper: str = ""
    cdata: bool = False
    comments: bool = False
    padding: str = ""
    zulu: str = "-00:00"
    reverse: bool = False


WRAPPERS = {
    "": "{}",
    "list": "<alerts>{}</alerts>",
    "edxl": (
        '<EDXLDistribution xmlns="urn:oasis:names:tc:emergency:EDXL:DE:1.0">'
        "<distributionStatus>Actual</distributionStatus><contentObject><xmlContent>"
        "<embeddedXMLContent>{}</embeddedXMLContent></xmlContent></contentObject>"
        "</EDXLDistribution>"
    ),
    "soap": (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
        "<response>{}</response></s:Body></s:Envelope>"
    ),
}


def write(warnings: Sequence[HazardWarning], style: Style) -> bytes:
    """The bytes of a document that holds these messages."""
    inside = "".join(_alert(warning, style) for warning in warnings)
    wrapper = style.wrapper if len(warnings) == 1 else style.wrapper or "list"
    declared = style.encoding.removesuffix("-sig")
    text = f'<?xml version="1.0" encoding="{declared}"?>\n{WRAPPERS[wrapper].format(inside)}'
    return text.encode(style.encoding, "xmlcharrefreplace")


def _alert(warning: HazardWarning, style: Style) -> str:
    fields = [
        ("identifier", _text(warning.identifier, style)),
        ("sender", _text(warning.sender, style)),
        ("sent", _moment(warning.sent, style)),
        *_texts(warning, ("status", "msg_type", "source", "scope", "restriction"), style),
        *_listed("addresses", warning.addresses, style),
        *(("code", _text(code, style)) for code in warning.codes),
        *_texts(warning, ("note",), style),
        *_references(warning.references, style),
        *_listed("incidents", warning.incidents, style),
        *(("info", _info(info, style)) for info in warning.infos),
    ]
    name = f"{style.prefix}:" if style.prefix else ""
    declared = f' xmlns{":" if style.prefix else ""}{style.prefix}="{style.namespace}"'
    inside = _elements(fields, style)
    return f"<{name}alert{declared if style.namespace else ''}>{inside}</{name}alert>"


def _info(info: Info, style: Style) -> str:
    fields = [
        *_texts(info, ("language",), style),
        *(("category", _text(word, style)) for word in info.categories),
        *_texts(info, ("event",), style),
        *(("responseType", _text(word, style)) for word in info.response_types),
        *_texts(info, ("urgency", "severity", "certainty", "audience"), style),
        *_named("eventCode", info.event_codes, style),
        *_moments(info, ("effective", "onset", "expires"), style),
        *_texts(info, ("sender_name", "headline", "description", "instruction"), style),
        *_texts(info, ("web", "contact"), style),
        *_named("parameter", info.parameters, style),
        *(("resource", _resource(resource, style)) for resource in info.resources),
        *(("area", _area(area, style)) for area in info.areas),
    ]
    return _elements(fields, style)


def _resource(resource: Resource, style: Style) -> str:
    size = [] if resource.size is None else [("size", str(resource.size))]
    first = _texts(resource, ("resource_desc", "mime_type"), style)
    bytes_themselves = ("derefUri", "aGVsbG8=")  # not kept
    return _elements([*first, *size, *_texts(resource, ("uri", "digest"), style), bytes_themselves])


def _area(area: Area, style: Style) -> str:
    shapes = area.geometry.geoms if isinstance(area.geometry, MultiPolygon) else ()
    heights = [
        (name, repr(height))
        for name, height in (("altitude", area.altitude), ("ceiling", area.ceiling))
        if height is not None
    ]
    fields = [
        *_texts(area, ("area_desc",), style),
        *(("polygon", _polygon(shape, style)) for shape in shapes),
        *_named("geocode", area.geocodes, style),
        *heights,
    ]
    return _elements(fields, style)


def _polygon(shape: Polygon, style: Style) -> str:
    points = (f"{lat!r},{lon!r}" for lon, lat in shape.exterior.coords)
    return f"{style.padding}{' '.join(points)}{style.padding}"


def _references(references: Iterable[Reference], style: Style) -> Iterable[Field]:
    words = [
        ",".join((_escaped(one.sender), _escaped(one.identifier), _moment(one.sent, style)))
        if one.sender and one.sent
        else _escaped(one.identifier)
        for one in references
    ]
    return [("references", f" {style.padding}".join(words))] if words else []


def _listed(name: str, words: Iterable[str], style: Style) -> Iterable[Field]:
    quoted = [f'"{word}"' if len(word.split()) > 1 else word for word in words]
    return [(name, _text(" ".join(quoted), style))] if quoted else []


def _named(name: str, pairs: Named, style: Style) -> Iterable[Field]:
    for key, value in pairs:
        yield (
            name,
            _elements(
                [("valueName", _text(key, style)), ("value", _text(value, style))],
                Style(prefix=style.prefix),
            ),
        )


def _texts(thing: object, names: Iterable[str], style: Style) -> Iterable[Field]:
    """The fields that hold something, under CAP's own names."""
    for name in names:
        if (text := getattr(thing, name)) is not None:
            first, *more = name.split("_")
            yield first + "".join(word.title() for word in more), _text(text, style)


def _moments(info: Info, names: Iterable[str], style: Style) -> Iterable[Field]:
    for name in names:
        if (moment := getattr(info, name)) is not None:
            yield name, _moment(moment, style)


def _moment(moment: datetime | None, style: Style) -> str:
    assert moment is not None
    if moment.utcoffset() == timedelta(0):
        return moment.replace(tzinfo=None).isoformat() + style.zulu
    return moment.isoformat()


def _elements(fields: Iterable[Field], style: Style = Style()) -> str:
    """The elements one after the other; in reverse, those of one name keep their order."""
    name = f"{style.prefix}:" if style.prefix else ""
    by_name: dict[str, list[str]] = {}
    for field, inside in fields:
        written = f"<{name}{field}>{inside}</{name}{field}>"
        by_name.setdefault(field, []).append(written)
    groups = ["".join(group) for group in by_name.values()]
    remark = "<!-- <info> of no account --><?hint none?>" if style.comments else ""
    return remark.join(reversed(groups) if style.reverse else groups) + remark


def _text(text: str, style: Style) -> str:
    if style.cdata and style.encoding.startswith("utf") and "]]>" not in text and "\r" not in text:
        return f"{style.padding}<![CDATA[{text}]]>{style.padding}"
    middle = len(text) // 2
    remark = "<!-- in the middle -->" if style.comments else ""
    inside = f"{_escaped(text[:middle])}{remark}{_escaped(text[middle:])}"
    return f"{style.padding}{inside}{style.padding}"


def _escaped(text: str) -> str:
    text = text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return text.replace("\r", "&#13;")
