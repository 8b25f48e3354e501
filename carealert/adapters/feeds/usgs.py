"""Earthquakes of the US Geological Survey as GeoJSON: summaries, queries and details.

Source of names: USGS, "GeoJSON Summary Format" and "Event Terms". Times are milliseconds since
1970; coordinates are longitude, latitude and depth in km; `ids` lists all numbers that one
earthquake has had, between commas; `mmi` is the greatest intensity of its ShakeMap. `tsunami` 1
says that there may be something to read at a tsunami warning centre, and is no warning.
"""

from datetime import datetime

from carealert.adapters.feeds.geojson import (
    Members,
    features,
    instant,
    members,
    named,
    point,
    properties_of,
    text,
)
from carealert.adapters.feeds.quakes import (
    DEPTHS,
    INTENSITIES,
    MAGNITUDES,
    Catalogue,
    Quake,
    estimated,
    message,
    number_in,
    possible,
    usable,
)
from carealert.adapters.feeds.reading import Document, Notes, clip
from carealert.domain.meaning import Interpreter
from carealert.domain.warnings import HazardWarning, MsgType, Named
from carealert.services.ports.feeds import Reading, UnreadableDocument

CATALOGUE = Catalogue("earthquake.usgs.gov", "US Geological Survey", "usgs")

_FACTS = ("mag", "magType", "mmi", "cdi", "felt", "alert", "status", "tsunami", "sig", "net")
_NO_TSUNAMI_WARNING = (
    "USGS marks it for a look at the tsunami warning centres: that is no tsunami warning."
)


def recognises(document: Document) -> bool:
    """True for a collection of earthquakes, even an empty one, and for a single one."""
    value = members(document.json)
    found = features(value)
    if found is None:
        return False
    if found:
        return any({"mag", "time", "place"} <= one.keys() for one in properties_of(found))
    title = text(members(value.get("metadata")).get("title"))
    return title is not None and "USGS" in title


def read(document: Document, interpreter: Interpreter) -> Reading:
    """The earthquakes that are worth a warning; raises UnreadableDocument."""
    found = features(document.json)
    if found is None:
        raise UnreadableDocument(document.where, "is no collection of earthquakes (GeoJSON)")
    notes = Notes()
    read_one = (
        _warning(members(feature), f"feature[{n}]", interpreter, notes)
        for n, feature in enumerate(found, 1)
    )
    return Reading("usgs", tuple(one for one in read_one if one), (), tuple(notes.found))


def _warning(
    feature: Members, where: str, interpreter: Interpreter, notes: Notes
) -> HazardWarning | None:
    given = members(feature.get("properties"))
    ids = _ids(feature, given)
    if not usable(ids, where, notes):
        return None
    kind = text(given.get("type")) or "earthquake"
    if kind != "earthquake":
        notes.notice(where, f"is a {clip(kind)}, no earthquake: no warning")
        return None
    origin = instant(given.get("time"))
    sent = instant(given.get("updated")) or origin
    if origin is None or sent is None:
        notes.error(f"{where}/time", "is no time (milliseconds since 1970): left out")
        return None
    if text(given.get("status")) == "deleted":
        return message(CATALOGUE, ids, sent, MsgType.CANCEL, note="USGS has deleted this event")
    quake = _quake(feature, given, ids, (origin, sent), where, notes)
    return estimated(quake, CATALOGUE, interpreter, where, notes) if quake else None


def _ids(feature: Members, given: Members) -> tuple[str, ...]:
    """The preferred number, then the others."""
    others = (text(one) for one in (text(given.get("ids")) or "").split(","))
    found = dict.fromkeys(one for one in (text(feature.get("id")), *others) if one)
    return tuple(found)


def _quake(
    feature: Members,
    given: Members,
    ids: tuple[str, ...],
    times: tuple[datetime, datetime],
    where: str,
    notes: Notes,
) -> Quake | None:
    magnitude = number_in(given.get("mag"), MAGNITUDES, f"{where}/mag", notes)
    if magnitude is None:
        notes.notice(where, "has no magnitude yet: no warning")
        return None
    at = point(feature.get("geometry"), where, notes)
    if at is None:
        notes.error(f"{where}/geometry", "is no place on earth: left out")
        return None
    origin, sent = times
    marked = given.get("tsunami") == 1
    return Quake(
        ids=ids,
        origin=origin,
        sent=sent,
        at=at[:2],
        depth=possible(at[2], DEPTHS, f"{where}/geometry", notes),
        magnitude=magnitude,
        reported=number_in(given.get("mmi"), INTENSITIES, f"{where}/mmi", notes),
        place=text(given.get("place")) or "place not named",
        checked=text(given.get("status")) == "reviewed",
        measured=True,
        web=text(given.get("url")),
        facts=_facts(given, at[2], where, notes),
        remarks=(_NO_TSUNAMI_WARNING,) if marked else (),
        evidence=("tsunami: 1, which is no tsunami warning",) if marked else (),
    )


def _facts(given: Members, depth: float | None, where: str, notes: Notes) -> Named:
    found = {name: given.get(name) for name in _FACTS}
    return named({**found, "depth": depth}, where, notes)
