"""Earthquakes of a catalogue as estimates of damaging shaking. No authority warns by them.

What is estimated, and by which rules urgency, certainty, severity and the end are set, is told to
the officer in docs/how-to/feeds-of-earthquakes.md.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from carealert.adapters.feeds.geojson import measure
from carealert.adapters.feeds.reading import MAX_KEY, Notes
from carealert.domain import geometry, shaking
from carealert.domain.hazards import Hazard
from carealert.domain.meaning import Interpreter
from carealert.domain.shaking import Shaking
from carealert.domain.warnings import (
    Area,
    Category,
    Certainty,
    HazardWarning,
    Info,
    MsgType,
    Named,
    Scope,
    Status,
    Urgency,
)

#: Who was hurt or cut off by an earthquake is found within a day; aftershocks have their own.
LIFE = timedelta(hours=24)
SOURCE = "estimate from magnitude and depth (Allen, Wald and Worden 2012), not a warning"
_FITTED_TO = 7.9
#: What can be: nothing shakes from below 800 km, and no earthquake was stronger than 9.5.
MAGNITUDES = (-3.0, 10.0)
DEPTHS = (-20.0, 800.0)
INTENSITIES = (-1.0, 12.0)


@dataclass(frozen=True, slots=True)
class Catalogue:
    """Who gives the earthquakes: the sender, its name for people, and its name in event keys."""

    sender: str
    sender_name: str
    key: str


@dataclass(frozen=True, slots=True)
class Quake:
    """One earthquake as a catalogue gives it, of whatever format.

    `ids` are all its numbers, the preferred one first; `at` is lon, lat in degrees; `depth` km;
    `reported` the agency's own greatest intensity (MMI). `checked`: a seismologist has looked.
    `facts` go into the parameters, `remarks` behind the description. Times are aware UTC.
    """

    ids: tuple[str, ...]
    origin: datetime
    sent: datetime
    at: tuple[float, float]
    depth: float | None
    magnitude: float
    reported: float | None
    place: str
    checked: bool
    measured: bool
    web: str | None
    facts: Named
    remarks: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()

    @property
    def shaking(self) -> Shaking:
        """The estimate."""
        return shaking.estimate(self.magnitude, self.depth, self.reported)


def estimated(
    quake: Quake, catalogue: Catalogue, interpreter: Interpreter, where: str, notes: Notes
) -> HazardWarning | None:
    """The warning that the estimate is worth; None with a notice where it is worth none."""
    found = quake.shaking
    if found.radius_km is None:
        degree = shaking.numeral(found.intensity)
        what = f"magnitude {quake.magnitude:.1f}, estimated intensity {degree}"
        notes.notice(where, f"{what}: damaging nowhere, no warning")
        return None
    if quake.sent >= quake.origin + LIFE:
        notes.notice(where, "was revised more than a day after the shaking: no warning")
        return None
    info = _info(quake, found, found.radius_km, catalogue, where, notes)
    return message(catalogue, quake.ids, quake.sent, MsgType.ALERT, (interpreter.understood(info),))


def message(
    catalogue: Catalogue,
    ids: tuple[str, ...],
    sent: datetime,
    msg_type: MsgType,
    infos: tuple[Info, ...] = (),
    note: str | None = None,
) -> HazardWarning:
    """A message on the earthquake with these ids.

    A revision has a later `sent`, and takes the place of the earlier one by its event keys: it is
    an Alert as the first one was, which perhaps nobody polled.
    """
    return HazardWarning(
        identifier=ids[0],
        sender=catalogue.sender,
        sent=sent,
        status=Status.ACTUAL,
        msg_type=msg_type,
        scope=Scope.PUBLIC,
        source=SOURCE,
        restriction=None,
        addresses=(),
        codes=(),
        note=note,
        references=(),
        incidents=(),
        infos=infos,
        event_keys=tuple(dict.fromkeys(f"quake:{catalogue.key}:{one}" for one in ids)),
    )


def usable(ids: tuple[str, ...], where: str, notes: Notes) -> bool:
    """True if there is an id, and none that cannot be stored; else an error is noted."""
    if not ids:
        notes.error(where, "has no id: it cannot be told from others")
    elif max(map(len, ids)) > MAX_KEY:
        notes.error(where, f"has an id longer than {MAX_KEY} characters")
    else:
        return True
    return False


def number_in(value: Any, span: tuple[float, float], where: str, notes: Notes) -> float | None:
    """A number of a document that lies in the span; None, with a notice, for any other value."""
    return possible(measure(value, where, notes), span, where, notes)


def possible(
    value: float | None, span: tuple[float, float], where: str, notes: Notes
) -> float | None:
    """The value if it lies in the span; else None, with a notice if there was one."""
    if value is None or span[0] <= value <= span[1]:
        return value
    notes.notice(where, f"{value:g} is not possible: left out")
    return None


def _info(
    quake: Quake, found: Shaking, radius: float, catalogue: Catalogue, where: str, notes: Notes
) -> Info:
    headline = f"Estimate: earthquake of magnitude {quake.magnitude:.1f}, {quake.place}"
    return Info(
        language="en",
        categories=(Category.GEO,),
        event="Earthquake (estimate)",
        hazard=Hazard.EARTHQUAKE,
        response_types=(),
        urgency=Urgency.IMMEDIATE,
        severity=shaking.severity_of(found.intensity),
        certainty=_certainty(quake),
        audience=None,
        event_codes=(),
        effective=None,
        onset=quake.origin,
        expires=quake.origin + LIFE,
        sender_name=catalogue.sender_name,
        headline=headline,
        description=_description(quake, found, radius),
        instruction=None,
        web=quake.web,
        contact=None,
        parameters=(
            *quake.facts,
            ("estimatedIntensity", f"{found.intensity:.1f}"),
            ("estimatedRadiusKm", f"{radius:.0f}"),
        ),
        resources=(),
        areas=(_area(quake, radius, where, notes),),
        evidence=_evidence(quake, found, radius),
    )


def _area(quake: Quake, radius: float, where: str, notes: Notes) -> Area:
    lon, lat = quake.at
    shape = geometry.circle(f"{lat!r},{lon!r} {radius!r}")
    for note in shape.notes:
        notes.notice(f"{where}/geometry", note)
    return Area(
        area_desc=f"about {radius:.0f} km around {quake.place} (estimate)",
        geometry=shape.geometry,
        geocodes=(),
        altitude=None,
        ceiling=None,
    )


def _certainty(quake: Quake) -> Certainty:
    """Observed where instruments say damaging and somebody checked; else what one knows of it."""
    if not quake.checked:
        return Certainty.POSSIBLE
    damaging = quake.reported is not None and quake.reported >= shaking.DAMAGING
    return Certainty.OBSERVED if quake.measured and damaging else Certainty.LIKELY


def _description(quake: Quake, found: Shaking, radius: float) -> str:
    deep = "depth not known" if quake.depth is None else f"{quake.depth:.0f} km deep"
    greatest = shaking.numeral(found.intensity)
    what = (
        "This is an estimate, not a warning by an authority. Earthquake of magnitude "
        f"{quake.magnitude:.1f}, {deep}, {quake.place}, at {quake.origin:%Y-%m-%d %H:%M} UTC."
    )
    how_far = (
        "Shaking of intensity VI (MMI) or more, which can do damage, is estimated up to about "
        f"{radius:.0f} km from the epicentre, {greatest} at most. It may have been weaker or "
        "stronger: the ground and the fault are not known."
    )
    return " ".join((what, how_far, *quake.remarks))


def _evidence(quake: Quake, found: Shaking, radius: float) -> tuple[str, ...]:
    depth = shaking.ASSUMED_DEPTH_KM if quake.depth is None else quake.depth
    estimate = f"intensity {found.intensity:.1f} and {radius:.0f} km"
    said = [
        f"{estimate}: estimated from magnitude {quake.magnitude:.1f} at {depth:.0f} km",
        "expires: 24 hours after the shaking",
    ]
    if quake.depth is None:
        said.append("depth: not given, assumed")
    if quake.reported is not None:
        raised = ", and counts as the greater one" if found.intensity == quake.reported else ""
        said.append(f"intensity {quake.reported:.1f}: the agency's own{raised}")
    if quake.magnitude > _FITTED_TO:
        said.append(f"magnitude: beyond {_FITTED_TO}, to which the equation was fitted")
    return (*said, *quake.evidence)
