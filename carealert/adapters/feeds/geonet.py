"""Earthquakes of GeoNet (New Zealand) as GeoJSON: api.geonet.org.nz/quake?MMI=3.

Source of names: GeoNet API, endpoint `quake`. `mmi` is the shaking calculated for the closest
place, -1 where nobody could feel it; `quality` is `preliminary` or `automatic`, then `best`, or
`deleted`. There is no word of when a record was revised.
"""

from datetime import UTC, datetime, timedelta

from carealert.adapters.feeds.geojson import (
    Members,
    features,
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
    usable,
)
from carealert.adapters.feeds.reading import Document, Notes, clip, moment
from carealert.domain import shaking
from carealert.domain.meaning import Interpreter
from carealert.domain.warnings import HazardWarning, MsgType
from carealert.services.ports.feeds import Reading, UnreadableDocument

CATALOGUE = Catalogue("geonet.org.nz", "GeoNet, New Zealand", "geonet")

_FACTS = ("magnitude", "depth", "mmi", "quality")
_PAGE = "https://www.geonet.org.nz/earthquake/"
#: The order in which a record's qualities follow one another.
_STAGE = {"automatic": 0, "preliminary": 0, "best": 1, "deleted": 2}
_ONE_STAGE = timedelta(milliseconds=200)
_SENT = (
    "sent: the time of the shaking, and less than a second that puts revisions in order, as "
    "GeoNet gives no other"
)


def recognises(document: Document) -> bool:
    """True for GeoNet's earthquakes, and for a collection of nothing at all.

    GeoNet's empty answer, which is the usual one for strong shaking, says nothing of itself.
    """
    value = members(document.json)
    found = features(value)
    if found is None:
        return False
    if found:
        return any({"publicID", "time"} <= one.keys() for one in properties_of(found))
    return value.keys() == {"type", "features"}


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
    return Reading("geonet", tuple(one for one in read_one if one), (), tuple(notes.found))


def _warning(
    feature: Members, where: str, interpreter: Interpreter, notes: Notes
) -> HazardWarning | None:
    given = members(feature.get("properties"))
    ids = tuple(one for one in (text(given.get("publicID")),) if one)
    if not usable(ids, where, notes):
        return None
    origin = moment(text(given.get("time")), f"{where}/time", notes)
    if origin is None:
        notes.error(f"{where}/time", "is no time (RFC 3339): left out")
        return None
    origin = origin.astimezone(UTC)
    stage = _stage(text(given.get("quality")), where, notes)
    if stage == _STAGE["deleted"]:
        sent = origin + stage * _ONE_STAGE
        return message(CATALOGUE, ids, sent, MsgType.CANCEL, note="GeoNet has deleted this event")
    quake = _quake(feature, given, ids, origin, stage, where, notes)
    return estimated(quake, CATALOGUE, interpreter, where, notes) if quake else None


def _stage(quality: str | None, where: str, notes: Notes) -> int:
    found = _STAGE.get(quality or "")
    if found is None:
        said = f"'{clip(quality or '')}' is not one of GeoNet's: read as preliminary"
        notes.notice(f"{where}/quality", said)
    return found or 0


def _quake(
    feature: Members,
    given: Members,
    ids: tuple[str, ...],
    origin: datetime,
    stage: int,
    where: str,
    notes: Notes,
) -> Quake | None:
    magnitude = number_in(given.get("magnitude"), MAGNITUDES, f"{where}/magnitude", notes)
    if magnitude is None:
        notes.notice(where, "has no magnitude yet: no warning")
        return None
    at = point(feature.get("geometry"), where, notes)
    if at is None:
        notes.error(f"{where}/geometry", "is no place on earth: left out")
        return None
    depth = number_in(given.get("depth"), DEPTHS, f"{where}/depth", notes)
    reported = number_in(given.get("mmi"), INTENSITIES, f"{where}/mmi", notes)
    return Quake(
        ids=ids,
        origin=origin,
        sent=_sent(origin, stage, shaking.estimate(magnitude, depth, reported).intensity),
        at=at[:2],
        depth=depth,
        magnitude=magnitude,
        reported=reported,
        place=text(given.get("locality")) or "place not named",
        checked=stage == _STAGE["best"],
        measured=False,
        web=f"{_PAGE}{ids[0]}",
        facts=named({name: given.get(name) for name in _FACTS}, where, notes),
        evidence=(_SENT,),
    )


def _sent(origin: datetime, stage: int, intensity: float) -> datetime:
    """Later for a better record and, of two as good, for the one that says stronger shaking.

    What is revised to weaker shaking at the same quality changes nothing: it stays as it was told.
    """
    tenths = round(10 * max(0.0, intensity))
    return origin + stage * _ONE_STAGE + timedelta(milliseconds=tenths)
