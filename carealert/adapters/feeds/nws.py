"""Alerts of the US National Weather Service as GeoJSON: api.weather.gov/alerts/active.

Source of names: the API's OpenAPI (schemas Alert, AlertCollectionGeoJson, AlertCollectionJsonLd,
ProblemDetail). The words are CAP's. Two rules are NWS's own: `expires` is when the message goes
stale, and `ends`, where given, when the event is over; a shape is given for few alerts only, and
the zones (UGC) and counties (SAME) say where the others hold.
"""

import re
from collections.abc import Iterator
from datetime import datetime
from typing import Any

from carealert.adapters.feeds.geojson import (
    Members,
    features,
    members,
    named,
    outline,
    text,
    texts,
)
from carealert.adapters.feeds.reading import (
    MAX_KEY,
    Document,
    E,
    Notes,
    clip,
    links,
    moment,
    one_of,
)
from carealert.domain.event_keys import event_keys
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
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from carealert.services.ports.feeds import Reading, UnreadableDocument
from carealert.services.ports.links import Link

_OURS = "api.weather.gov"
#: A zone or county of NWS: state or marine region, Z or C, number (NWS Directive 10-1702).
_UGC = re.compile(r"[A-Z]{2}[CZ]\d{3}")


def recognises(document: Document) -> bool:
    """True for a collection of alerts, even an empty one, a single alert, and the API's errors."""
    value = members(document.json)
    found = _alerts(value)
    if found is None:
        return _problem(value) is not None
    if found:
        return any({"messageType", "event", "sent"} <= one.keys() for one in found)
    return _OURS in str(value.get("@context"))


def read(document: Document, interpreter: Interpreter) -> Reading:
    """The alerts of one page, and the next page; raises UnreadableDocument."""
    value = members(document.json)
    problem = _problem(value)
    if problem is not None:
        raise UnreadableDocument(document.where, f"is an error of the service: {clip(problem)}")
    found = _alerts(value)
    if found is None:
        raise UnreadableDocument(document.where, f"is no collection of alerts of {_OURS}")
    notes = Notes()
    read_one = (
        _warning(alert, f"feature[{n}]", interpreter, notes) for n, alert in enumerate(found, 1)
    )
    warnings = tuple(warning for warning in read_one if warning)
    pages = _pages(value, document, notes) if found else ()
    return Reading("nws", warnings, (), tuple(notes.found), pages)


def _problem(value: Members) -> str | None:
    """The title of a ProblemDetail (RFC 9457), which the service may send with a 200 answer."""
    if "correlationId" not in value and "/problems/" not in str(value.get("type")):
        return None
    return text(value.get("title")) or text(value.get("detail")) or "it does not say which"


def _alerts(value: Members) -> list[Members] | None:
    """The alerts as flat objects with a `geometry`; None if there is no list of them."""
    graph = value.get("@graph")
    if isinstance(graph, list):
        return [members(one) for one in graph]
    found = features(value)
    if found is None:
        return None
    return [_flat(members(feature)) for feature in found]


def _flat(feature: Members) -> Members:
    inside = members(feature.get("properties"))
    outside = {"@id": feature.get("id"), "geometry": feature.get("geometry")}
    return {**outside, **inside} if inside else {}


def _pages(value: Members, document: Document, notes: Notes) -> tuple[str, ...]:
    """The service names a next page after the last one, too: an empty page ends the walk."""
    following = text(members(value.get("pagination")).get("next"))
    if following is None:
        return ()
    return tuple(link.url for link in links([Link(following, None)], document.base_url, notes))


def _warning(
    alert: Members, where: str, interpreter: Interpreter, notes: Notes
) -> HazardWarning | None:
    identity = _identity(alert, where, notes)
    if identity is None:
        return None
    identifier, sender, sent = identity
    for name in ("status", "messageType", "scope"):
        if not text(alert.get(name)):
            notes.notice(f"{where}/{name}", "is missing")
    info = _info(alert, where, interpreter, notes)
    keys = event_keys(info.parameters, sent)
    return HazardWarning(
        identifier=identifier,
        sender=sender,
        sent=sent,
        status=_word(Status, alert, "status", where, notes),
        msg_type=_word(MsgType, alert, "messageType", where, notes),
        scope=_word(Scope, alert, "scope", where, notes),
        source=None,
        restriction=None,
        addresses=(),
        codes=texts(alert.get("code")),
        note=text(alert.get("note")),
        references=_references(alert, info.parameters, keys, where, notes),
        incidents=(),
        infos=(info,),
        event_keys=keys,
    )


def _identity(alert: Members, where: str, notes: Notes) -> tuple[str, str, datetime] | None:
    identifier = text(alert.get("id")) or _last(text(alert.get("@id")))
    sender = text(alert.get("sender"))
    sent = _time(alert, "sent", where, notes)
    given = {"id": identifier, "sender": sender, "sent": sent}
    missing = [name for name, value in given.items() if value is None]
    if missing:
        notes.error(where, f"has no readable {', '.join(missing)}: it cannot be told from others")
    if identifier is None or sender is None or sent is None:
        return None
    if max(len(identifier), len(sender)) > MAX_KEY:
        notes.error(where, f"has an id or sender longer than {MAX_KEY} characters")
        return None
    return identifier, sender, sent


def _info(alert: Members, where: str, interpreter: Interpreter, notes: Notes) -> Info:
    for name in ("event", "category", "urgency", "severity", "certainty"):
        if not text(alert.get(name)):
            notes.notice(f"{where}/{name}", "is missing")
    over, evidence = _end(alert, where, notes)
    info = interpreter.understood(
        Info(
            language=text(alert.get("language")),
            categories=_words(Category, alert, "category", where, notes),
            event=text(alert.get("event")) or "",
            hazard=Hazard.OTHER,
            response_types=_words(ResponseType, alert, "response", where, notes),
            urgency=_word(Urgency, alert, "urgency", where, notes),
            severity=_word(Severity, alert, "severity", where, notes),
            certainty=_word(Certainty, alert, "certainty", where, notes),
            audience=None,
            event_codes=named(alert.get("eventCode"), f"{where}/eventCode", notes),
            effective=_time(alert, "effective", where, notes),
            onset=_time(alert, "onset", where, notes),
            expires=over,
            sender_name=text(alert.get("senderName")),
            headline=text(alert.get("headline")),
            description=text(alert.get("description")),
            instruction=text(alert.get("instruction")),
            web=text(alert.get("web")),
            contact=text(alert.get("contact")),
            parameters=named(alert.get("parameters"), f"{where}/parameters", notes),
            resources=(),
            areas=(_area(alert, where, notes),),
            evidence=evidence,
        )
    )
    if info.hazard is Hazard.TEST_MESSAGE:
        notes.notice(where, f"reads as a test: {info.evidence[0]}")
    return info


def _end(alert: Members, where: str, notes: Notes) -> tuple[datetime | None, tuple[str, ...]]:
    """When the event is over, and what said so."""
    expires = _time(alert, "expires", where, notes)
    ends = _time(alert, "ends", where, notes)
    if ends is None:
        said = "expires: when the message goes stale, as NWS gives no end of the event"
        return expires, (said,) if expires else ()
    if ends == expires:
        return ends, ()
    stale = expires.isoformat() if expires else "never"
    return ends, (f"expires: the end of the event (ends); the message goes stale {stale}",)


def _area(alert: Members, where: str, notes: Notes) -> Area:
    if not text(alert.get("areaDesc")):
        notes.notice(f"{where}/areaDesc", "is missing")
    return Area(
        area_desc=text(alert.get("areaDesc")) or "",
        geometry=outline(alert.get("geometry"), where, notes),
        geocodes=_geocodes(alert, where, notes),
        altitude=None,
        ceiling=None,
    )


def _geocodes(alert: Members, where: str, notes: Notes) -> Named:
    """SAME and UGC as given, and the zones that only `affectedZones` names (by their addresses)."""
    given = named(alert.get("geocode"), f"{where}/geocode", notes)
    known = {code for name, code in given if name == "UGC"}
    zones = dict.fromkeys(_last(url) for url in texts(alert.get("affectedZones")))
    more = [zone for zone in zones if zone and _UGC.fullmatch(zone) and zone not in known]
    return (*given, *(("UGC", zone) for zone in more))


def _references(
    alert: Members, parameters: Named, keys: tuple[str, ...], where: str, notes: Notes
) -> tuple[Reference, ...]:
    """The messages that this one follows; also those that had expired, if nothing else ties them.

    NWS moves what has expired out of `references` into a parameter, dozens of them where a flood
    goes on for weeks; an event that has a number of its own is tied by that.
    """
    found = list(_listed(alert.get("references"), where, notes))
    if not keys:
        known = {one.identifier for one in found}
        found += [one for one in _expired(parameters, where, notes) if one.identifier not in known]
    return tuple(found)


def _listed(value: Any, where: str, notes: Notes) -> Iterator[Reference]:
    for one in value if isinstance(value, list) else ():
        entry = members(one)
        identifier = text(entry.get("identifier")) or _last(text(entry.get("@id")))
        if identifier is None or len(identifier) > MAX_KEY:
            notes.notice(f"{where}/references", "names no message: left out")
            continue
        sent = moment(text(entry.get("sent")), f"{where}/references", notes)
        yield Reference(text(entry.get("sender")), identifier, sent)


def _expired(parameters: Named, where: str, notes: Notes) -> Iterator[Reference]:
    """CAP's `sender,identifier,sent` triples between white space."""
    for name, value in parameters:
        for token in value.split() if name == "expiredReferences" else ():
            sender, _, rest = token.partition(",")
            identifier, _, sent = rest.rpartition(",")
            if identifier and len(identifier) <= MAX_KEY:
                yield Reference(sender or None, identifier, moment(sent, where, notes))


def _last(url: str | None) -> str | None:
    """The last part of an address, which names the thing."""
    return (url or "").rstrip("/").rpartition("/")[2] or None


def _time(alert: Members, name: str, where: str, notes: Notes) -> datetime | None:
    value = alert.get(name)
    if value is not None and not isinstance(value, str):
        notes.notice(f"{where}/{name}", "is not a time (RFC 3339): left out")
    return moment(text(value), f"{where}/{name}", notes)


def _word(kind: type[E], alert: Members, name: str, where: str, notes: Notes) -> E | None:
    return one_of(kind, text(alert.get(name)), f"{where}/{name}", notes)


def _words(kind: type[E], alert: Members, name: str, where: str, notes: Notes) -> tuple[E, ...]:
    found = (one_of(kind, word, f"{where}/{name}", notes) for word in texts(alert.get(name)))
    return tuple(member for member in found if member)
