"""One `info` of a CAP message (OASIS CAP 1.2, section 3.2.2), its times and its end."""

from dataclasses import replace
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

from carealert.adapters.feeds.cap_parts import area, named, resource, word, words
from carealert.adapters.feeds.cap_tree import InfoTexts
from carealert.adapters.feeds.reading import Notes, moment
from carealert.domain.endings import ended_by
from carealert.domain.hazards import Hazard
from carealert.domain.meaning import Interpreter
from carealert.domain.time_rules import SenderTimes, is_stale
from carealert.domain.warnings import (
    Category,
    Certainty,
    Info,
    MsgType,
    Named,
    ResponseType,
    Severity,
    Urgency,
)

#: CAP 1.0's word, which 1.1 and 1.2 (section 3.2.2) ask to read as Likely.
_OLD_CERTAINTY = {"Very Likely": "Likely"}
_REQUIRED = ("event", "urgency", "severity", "certainty")
#: Environment and Climate Change Canada ends an alert for single areas by this parameter of its
#: layer, whatever msgType says.
_LOCATION_STATUS = frozenset(
    f"layer:ec-msc-smc:{version}:alert_location_status" for version in ("1.0", "1.1")
)
_LOCATION_ENDS = frozenset(("ended", "cancelled"))
#: To look a member of an enumeration up takes as long as to read an element.
_CANCEL, _UPDATE, _ALL_CLEAR = MsgType.CANCEL, MsgType.UPDATE, ResponseType.ALL_CLEAR
_TEST = Hazard.TEST_MESSAGE


class Head(NamedTuple):
    """What an info needs to know of its message. `evidence` holds for all of its infos."""

    where: str
    sent: datetime
    msg_type: MsgType | None
    times: SenderTimes
    evidence: tuple[str, ...] = ()


def info(given: InfoTexts, number: int, head: Head, interpreter: Interpreter, notes: Notes) -> Info:
    """The info; what is absent stays absent."""
    texts, lists = given.texts, given.lists
    where = f"{head.where}/info[{number}]"
    _tell_missing(given, where, notes)
    get = texts.get
    event, certainty = get("event") or "", get("certainty")
    categories = words(Category, lists, "category", where, notes)
    codes = named(given.codes, where, "eventCode", notes)
    parameters = named(given.parameters, where, "parameter", notes)
    severity = word(Severity, get("severity"), where, "severity", notes)
    meaning = interpreter.interpret(
        event,
        codes,
        parameters,
        get("headline"),
        get("description"),
        categories,
        get("language"),
        severity,
    )
    if meaning.hazard is _TEST:
        notes.notice(where, f"reads as a test: {meaning.evidence[0]}")
    found = Info(
        language=get("language"),
        categories=categories,
        event=event,
        hazard=meaning.hazard,
        response_types=words(ResponseType, lists, "responseType", where, notes),
        urgency=word(Urgency, get("urgency"), where, "urgency", notes),
        severity=severity,
        certainty=word(
            Certainty, _OLD_CERTAINTY.get(certainty or "", certainty), where, "certainty", notes
        ),
        audience=get("audience"),
        event_codes=codes,
        effective=time_of(get("effective"), where, "effective", head.times, notes),
        onset=time_of(get("onset"), where, "onset", head.times, notes),
        expires=time_of(get("expires"), where, "expires", head.times, notes),
        sender_name=get("senderName"),
        headline=get("headline"),
        description=get("description"),
        instruction=get("instruction"),
        web=get("web"),
        contact=get("contact"),
        parameters=parameters,
        resources=tuple(
            [
                resource(each, f"{where}/resource[{n}]", notes)
                for n, each in enumerate(given.resources, 1)
            ]
        ),
        areas=tuple(
            [area(each, f"{where}/area[{n}]", notes) for n, each in enumerate(given.areas, 1)]
        ),
        assessed_severity=meaning.assessed_severity,
        hazard_if_real=meaning.hazard_if_real,
        evidence=meaning.evidence + head.evidence if head.evidence else meaning.evidence,
    )
    return _with_end(found, where, head, notes)


def _with_end(found: Info, where: str, head: Head, notes: Notes) -> Info:
    names = names_of(found.parameters)
    return _ended(_timed(found, names, where, head, notes), names, head)


def _tell_missing(given: InfoTexts, where: str, notes: Notes) -> None:
    if "category" not in given.lists:
        notes.notice(f"{where}/category", "is missing")
    for name in _REQUIRED:
        if not given.texts.get(name):
            notes.notice(f"{where}/{name}", "is missing")


def time_of(
    text: str | None, where: str, name: str, times: SenderTimes, notes: Notes
) -> datetime | None:
    """`moment`, but for its cost: nearly every time is written as CAP asks."""
    if text is None:
        return None
    if len(text) == 25 and text[10] == "T" and text[19] in "+-" and text[:2] in ("19", "20"):
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    zone = times.zone if times.is_known_zone else None
    return moment(text, f"{where}/{name}", notes, zone)


def _timed(found: Info, names: frozenset[str], where: str, head: Head, notes: Notes) -> Info:
    """`expires` by the rules: not if it is stale, and not before the event's own end."""
    expires = found.expires
    if expires is None:
        return found
    if expires < head.sent and head.msg_type is not _CANCEL and is_stale(expires, head.sent):
        said = f"expires {expires.isoformat()} is before the message was sent: not believed"
        notes.notice(f"{where}/expires", said)
        return replace(found, expires=None, evidence=(*found.evidence, said))
    if head.times.ends.isdisjoint(names):
        return found
    for name, value in found.parameters:
        if _plain(name) in head.times.ends:
            end = time_of(value, where, "parameter", head.times, notes)
            if end is not None and end > expires:
                said = f"ends at {value} ({name}), after expires {expires.isoformat()}"
                notes.notice(f"{where}/expires", f"{said}: the event's end counts")
                return replace(found, expires=end, evidence=(*found.evidence, said))
    return found


def _ended(found: Info, names: frozenset[str], head: Head) -> Info:
    """An info that its sender marks as the end, in whatever way, is an all-clear."""
    mark = _end_mark(found, names, head.msg_type)
    if mark is None or _ALL_CLEAR in found.response_types:
        return found
    return replace(
        found,
        response_types=(*found.response_types, _ALL_CLEAR),
        evidence=(*found.evidence, f"the end: {mark}"),
    )


def _end_mark(found: Info, names: frozenset[str], msg_type: MsgType | None) -> str | None:
    if not _LOCATION_STATUS.isdisjoint(names):
        for name, value in found.parameters:
            if _plain(name) in _LOCATION_STATUS and value.casefold() in _LOCATION_ENDS:
                return f"{name} {value}"
    if msg_type is _UPDATE:
        text = (found.event, found.headline or "")
        if ended_by(msg_type, found.urgency, text, ()):
            return "an Update that is marked as final"
    return None


@lru_cache(maxsize=4096)
def _plain(name: str) -> str:
    return name.strip().casefold()


def names_of(parameters: Named) -> frozenset[str]:
    """The names of parameters, in lower case."""
    return _plain_names(tuple([name for name, _ in parameters])) if parameters else _NO_NAMES


_NO_NAMES = frozenset[str]()


@lru_cache(maxsize=256)
def _plain_names(names: tuple[str, ...]) -> frozenset[str]:
    return frozenset(map(_plain, names))
