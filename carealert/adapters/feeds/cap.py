"""CAP 1.2 and 1.1 (OASIS): one message, several, or wrapped in EDXL-DE, SOAP or a list.

Elements are matched by their local name, because agencies mix prefixes and namespaces. A message
without identifier, sender or readable `sent` has no identity and is refused; all else is read
with notices, and nothing is invented.
"""

import re
from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from lxml import etree

from carealert.adapters.feeds.reading import (
    MAX_KEY,
    Document,
    E,
    Notes,
    clip,
    moment,
    number,
    one_of,
)
from carealert.adapters.feeds.xml import local, local_name, text_of
from carealert.domain import geometry
from carealert.domain.hazards import Hazard
from carealert.domain.meaning import Interpreter
from carealert.domain.warnings import (
    Area,
    Category,
    Certainty,
    HazardWarning,
    Info,
    MsgType,
    Named,
    Reference,
    Resource,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from carealert.services.ports.feeds import Reading, UnreadableDocument

Fields = dict[str, list[etree._Element]]

_WORD_OR_QUOTED = re.compile(r'"([^"]*)"|(\S+)')
#: CAP 1.0's word, which 1.1 and 1.2 (section 3.2.2) ask to read as Likely.
_OLD_CERTAINTY = {"Very Likely": "Likely"}


def recognises(document: Document) -> bool:
    """True if there is an `alert` element anywhere."""
    return next(document.root.iter("{*}alert"), None) is not None


def read(document: Document, interpreter: Interpreter) -> Reading:
    """Every `alert` in the document; raises UnreadableDocument where there is none."""
    root, remarks = document.xml
    notes = Notes()
    for remark in remarks:
        notes.notice("document", remark)
    elements = list(root.iter("{*}alert"))
    if not elements:
        raise UnreadableDocument(
            document.where, f"holds no CAP alert (its root is <{local(root)}>)"
        )
    _envelope(root, notes)
    warnings = alerts(elements, interpreter, notes)
    return Reading("cap", warnings, (), tuple(notes.found))


def alerts(
    elements: Iterable[etree._Element], interpreter: Interpreter, notes: Notes
) -> tuple[HazardWarning, ...]:
    """The warnings that these `alert` elements hold; what cannot be read is noted as an error."""
    found = (
        _warning(element, f"alert[{n}]", interpreter, notes)
        for n, element in enumerate(elements, 1)
    )
    return tuple(warning for warning in found if warning)


def _envelope(root: etree._Element, notes: Notes) -> None:
    """An EDXL-DE envelope may say that its contents are a drill, whatever they say themselves."""
    status = text_of(next(root.iter("{*}distributionStatus"), None))
    if status and status != "Actual":
        notes.notice("distributionStatus", f"the envelope says {clip(status)}")


def _warning(
    alert: etree._Element, where: str, interpreter: Interpreter, notes: Notes
) -> HazardWarning | None:
    fields = _fields(alert)
    identity = _identity(fields, where, notes)
    if identity is None:
        return None
    identifier, sender, sent = identity
    for name in ("status", "msgType", "scope"):
        if name not in fields:
            notes.notice(f"{where}/{name}", "is missing")
    return HazardWarning(
        identifier=identifier,
        sender=sender,
        sent=sent,
        status=one_of(Status, _text(fields, "status"), f"{where}/status", notes),
        msg_type=one_of(MsgType, _text(fields, "msgType"), f"{where}/msgType", notes),
        scope=one_of(Scope, _text(fields, "scope"), f"{where}/scope", notes),
        source=_text(fields, "source"),
        restriction=_text(fields, "restriction"),
        addresses=_list(_text(fields, "addresses")),
        codes=_texts(fields, "code"),
        note=_text(fields, "note"),
        references=tuple(_references(_text(fields, "references"), where, notes)),
        incidents=_list(_text(fields, "incidents")),
        infos=_infos(fields, where, interpreter, notes),
    )


def _infos(fields: Fields, where: str, interpreter: Interpreter, notes: Notes) -> tuple[Info, ...]:
    """A drill may say so in one language only; it is held in all of them."""
    infos = tuple(
        _info(element, f"{where}/info[{n}]", interpreter, notes)
        for n, element in enumerate(fields.get("info", ()), 1)
    )
    if not any(info.hazard is Hazard.TEST_MESSAGE for info in infos):
        return infos
    return tuple(
        replace(
            info,
            hazard=Hazard.TEST_MESSAGE,
            hazard_if_real=info.hazard_if_real or info.hazard,
        )
        for info in infos
    )


def _identity(fields: Fields, where: str, notes: Notes) -> tuple[str, str, datetime] | None:
    identifier, sender = _text(fields, "identifier"), _text(fields, "sender")
    sent = moment(_text(fields, "sent"), f"{where}/sent", notes)
    given = {"identifier": identifier, "sender": sender, "sent": sent}
    missing = [name for name, value in given.items() if value is None]
    if missing:
        notes.error(where, f"has no readable {', '.join(missing)}: it cannot be told from others")
    if identifier is None or sender is None or sent is None:
        return None
    if max(len(identifier), len(sender)) > MAX_KEY:
        notes.error(where, f"has an identifier or sender longer than {MAX_KEY} characters")
        return None
    return identifier, sender, sent


def _references(text: str | None, where: str, notes: Notes) -> Iterable[Reference]:
    """`sender,identifier,sent` triples between white space; some agencies give identifiers only."""
    for token in (text or "").split():
        if len(token) > MAX_KEY:
            notes.notice(f"{where}/references", f"'{clip(token)}' is too long: left out")
            continue
        parts = token.strip(",").split(",")
        if len(parts) < 3:
            found = Reference(parts[0] if len(parts) > 1 else None, parts[-1], None)
        else:
            sent = moment(parts[-1], f"{where}/references", notes)
            found = Reference(parts[0], ",".join(parts[1:-1]), sent)
        if found.identifier:
            yield found


def _info(info: etree._Element, where: str, interpreter: Interpreter, notes: Notes) -> Info:
    fields = _fields(info)
    for name in ("category", "event", "urgency", "severity", "certainty"):
        if name not in fields:
            notes.notice(f"{where}/{name}", "is missing")
    language, event = _text(fields, "language"), _text(fields, "event") or ""
    headline, description = _text(fields, "headline"), _text(fields, "description")
    categories = _words(Category, fields, "category", where, notes)
    event_codes = _named(fields, "eventCode", where, notes)
    parameters = _named(fields, "parameter", where, notes)
    certainty = _text(fields, "certainty")
    severity = one_of(Severity, _text(fields, "severity"), f"{where}/severity", notes)
    meaning = interpreter.interpret(
        event, event_codes, parameters, headline, description, categories, language, severity
    )
    if meaning.hazard is Hazard.TEST_MESSAGE:
        notes.notice(where, f"reads as a test: {meaning.evidence[0]}")
    return Info(
        language=language,
        categories=categories,
        event=event,
        hazard=meaning.hazard,
        response_types=_words(ResponseType, fields, "responseType", where, notes),
        urgency=one_of(Urgency, _text(fields, "urgency"), f"{where}/urgency", notes),
        severity=severity,
        certainty=one_of(
            Certainty,
            _OLD_CERTAINTY.get(certainty or "", certainty),
            f"{where}/certainty",
            notes,
        ),
        audience=_text(fields, "audience"),
        event_codes=event_codes,
        effective=moment(_text(fields, "effective"), f"{where}/effective", notes),
        onset=moment(_text(fields, "onset"), f"{where}/onset", notes),
        expires=moment(_text(fields, "expires"), f"{where}/expires", notes),
        sender_name=_text(fields, "senderName"),
        headline=headline,
        description=description,
        instruction=_text(fields, "instruction"),
        web=_text(fields, "web"),
        contact=_text(fields, "contact"),
        parameters=parameters,
        resources=tuple(
            _resource(_fields(element), f"{where}/resource[{n}]", notes)
            for n, element in enumerate(fields.get("resource", ()), 1)
        ),
        areas=tuple(
            _area(_fields(element), f"{where}/area[{n}]", notes)
            for n, element in enumerate(fields.get("area", ()), 1)
        ),
        assessed_severity=meaning.assessed_severity,
        hazard_if_real=meaning.hazard_if_real,
        evidence=meaning.evidence,
    )


def _resource(fields: Fields, where: str, notes: Notes) -> Resource:
    size = number(_text(fields, "size"), f"{where}/size", notes)
    return Resource(
        resource_desc=_text(fields, "resourceDesc"),
        mime_type=_text(fields, "mimeType"),
        size=None if size is None else int(size),
        uri=_text(fields, "uri"),
        digest=_text(fields, "digest"),
    )


def _area(fields: Fields, where: str, notes: Notes) -> Area:
    if "areaDesc" not in fields:
        notes.notice(f"{where}/areaDesc", "is missing")
    parts = []
    for name, shape_of in (("polygon", geometry.polygon), ("circle", geometry.circle)):
        for n, element in enumerate(fields.get(name, ()), 1):
            shape = shape_of(text_of(element) or "")
            for note in shape.notes:
                notes.notice(f"{where}/{name}[{n}]", note)
            if shape.geometry is not None:
                parts.append(shape.geometry)
    return Area(
        area_desc=_text(fields, "areaDesc") or "",
        geometry=geometry.union(parts),
        geocodes=_named(fields, "geocode", where, notes),
        altitude=number(_text(fields, "altitude"), f"{where}/altitude", notes),
        ceiling=number(_text(fields, "ceiling"), f"{where}/ceiling", notes),
    )


def _fields(element: etree._Element) -> Fields:
    """Children by local name, in order."""
    fields: Fields = {}
    for child in element:
        fields.setdefault(local_name(child.tag), []).append(child)
    return fields


def _text(fields: Fields, name: str) -> str | None:
    elements = fields.get(name)
    return text_of(elements[0]) if elements else None


def _texts(fields: Fields, name: str) -> tuple[str, ...]:
    found = (text_of(element) for element in fields.get(name, ()))
    return tuple(text for text in found if text)


def _words(kind: type[E], fields: Fields, name: str, where: str, notes: Notes) -> tuple[E, ...]:
    found = (one_of(kind, text, f"{where}/{name}", notes) for text in _texts(fields, name))
    return tuple(member for member in found if member)


def _named(fields: Fields, name: str, where: str, notes: Notes) -> Named:
    """`valueName` and `value` pairs; a pair without both says nothing and is left out."""
    pairs: list[tuple[str, str]] = []
    for element in fields.get(name, ()):
        names: list[str | None] = []
        values: list[str | None] = []
        for child in element:
            (names if local_name(child.tag) == "valueName" else values).append(text_of(child))
        # Some agencies put several pairs into one element.
        whole = [(n, v) for n, v in zip(names, values, strict=False) if n and v]
        pairs += whole
        if not whole or len(whole) < max(len(names), len(values)):
            notes.notice(f"{where}/{name}", "lacks a name or a value: left out")
    return tuple(pairs)


def _list(text: str | None) -> tuple[str, ...]:
    """Words between white space; those in double quotes may hold some."""
    if not text:
        return ()
    return tuple(quoted or word for quoted, word in _WORD_OR_QUOTED.findall(text))
