"""The console's words: a label and a shape for every stable code, so that colour is never alone.

The shapes are symbols of `static/icons.svg`. A test holds these tables against the enumerations.
"""

from collections.abc import Mapping
from types import MappingProxyType

from carealert.domain.facilities import FacilityType
from carealert.domain.hazards import Hazard
from carealert.domain.notices import SubjectState
from carealert.domain.plan import WhyNot
from carealert.services.watching import ServiceStatus

SERVICE_STATUS: Mapping[ServiceStatus, str] = MappingProxyType(
    {
        ServiceStatus.EVACUATING: "Evacuating",
        ServiceStatus.NO_RESPONSE: "No response",
        ServiceStatus.CLOSED: "Closed",
        ServiceStatus.LIMITED: "Limited",
        ServiceStatus.ASKED: "Asked, waiting",
        ServiceStatus.UNKNOWN: "No current report",
        ServiceStatus.OPEN: "Open",
        ServiceStatus.CLOSED_FOR_GOOD: "Closed for good",
    }
)

SUBJECT_STATE: Mapping[SubjectState, str] = MappingProxyType(
    {
        SubjectState.NEEDS_HELP: "Asked for help",
        SubjectState.WITH_DESK: "With the city desk",
        SubjectState.WAITING: "No answer yet",
        SubjectState.SAFE: "Safe",
        SubjectState.RELAYED: "Told by a messenger",
        SubjectState.CONFIRMED: "Confirmed",
        SubjectState.STOOD_DOWN: "Stood down",
    }
)

WHY_NOT: Mapping[WhyNot, str] = MappingProxyType(
    {
        WhyNot.NOT_ACTUAL: "Not a real warning (exercise, test or draft)",
        WhyNot.DRILL: "Would have been told, were the exercise real",
        WhyNot.NOT_PUBLIC: "Not meant for the public",
        WhyNot.NOT_A_WARNING: "Not a warning",
        WhyNot.HELD: "Reads as a test: an officer must decide",
        WhyNot.OVER: "Over before it came",
        WhyNot.AREA_UNRESOLVED: "The area could not be placed on the map: an officer must look",
        WhyNot.CANCEL_WITHOUT_ALERT: "Cancels a warning that nobody was told",
        WhyNot.NO_RULE: "Inside the area, but no rule applies",
        WhyNot.NO_PHONE: "No phone is registered",
        WhyNot.NO_CONSENT: "No valid consent",
        WhyNot.OPTED_OUT: "The phone said STOP",
        WhyNot.MINOR: "A minor: the caregivers are told",
        WhyNot.NO_SUITABLE_CHANNEL: "Is told by a visit or a relay, not by text",
        WhyNot.SAME_PHONE: "Shares a phone with somebody who is told",
        WhyNot.NOTHING_CHANGED: "Was told already, and nothing changed",
        WhyNot.SILENCED: "An officer keeps the rule or the area quiet for now",
        WhyNot.TOLD_ELSEWHERE: "An authority warns of it already, in another incident",
        WhyNot.NO_CONTACT: "Nobody is registered to be told",
        WhyNot.SUPERSEDED: "A later message took its place before it was planned",
    }
)

#: Symbols of `static/icons.svg`, several hazards sharing one where they look alike.
HAZARD_SHAPE: Mapping[Hazard, str] = MappingProxyType(
    {
        Hazard.TROPICAL_CYCLONE: "cyclone",
        Hazard.STORM_SURGE: "wave",
        Hazard.COASTAL_HAZARD: "wave",
        Hazard.TSUNAMI: "wave",
        Hazard.EARTHQUAKE: "quake",
        Hazard.VOLCANO: "volcano",
        Hazard.FLASH_FLOOD: "flood",
        Hazard.FLOOD: "flood",
        Hazard.DAM_RELEASE: "flood",
        Hazard.HEAVY_RAIN: "rain",
        Hazard.THUNDERSTORM: "thunder",
        Hazard.TORNADO: "cyclone",
        Hazard.HAIL: "rain",
        Hazard.HIGH_WIND: "wind",
        Hazard.HEAT: "heat",
        Hazard.COLD: "cold",
        Hazard.SNOW_ICE: "cold",
        Hazard.AVALANCHE: "slide",
        Hazard.LANDSLIDE: "slide",
        Hazard.DROUGHT: "drought",
        Hazard.WILDFIRE: "fire",
        Hazard.DUST_SAND: "wind",
        Hazard.FOG: "fog",
        Hazard.AIR_QUALITY: "fog",
        Hazard.DISEASE: "disease",
        Hazard.POWER_WATER_OUTAGE: "power",
        Hazard.HAZMAT: "hazmat",
        Hazard.CIVIL_EMERGENCY: "other",
        Hazard.TEST_MESSAGE: "other",
        Hazard.NO_WARNING: "other",
        Hazard.OTHER: "other",
    }
)

FACILITY_TYPE: Mapping[FacilityType, str] = MappingProxyType(
    {one: one.value.replace("_", " ").capitalize() for one in FacilityType}
    | {FacilityType.MOTHERS_CENTRE: "Mothers' centre"}
)

#: How many of four bars are filled, and what CAP 1.2 (section 3.2.2) means by the word.
SEVERITY: Mapping[str, tuple[int, str]] = MappingProxyType(
    {
        "Extreme": (4, "extraordinary threat to life or property"),
        "Severe": (3, "significant threat to life or property"),
        "Moderate": (2, "possible threat to life or property"),
        "Minor": (1, "minimal to no known threat to life or property"),
        "Unknown": (0, "severity unknown"),
    }
)
URGENCY: Mapping[str, str] = MappingProxyType(
    {
        "Immediate": "act immediately",
        "Expected": "act soon, within the next hour",
        "Future": "act in the near future",
        "Past": "action is no longer needed",
        "Unknown": "urgency unknown",
    }
)
CERTAINTY: Mapping[str, str] = MappingProxyType(
    {
        "Observed": "has happened or is going on",
        "Likely": "more likely than not",
        "Possible": "possible but not likely",
        "Unlikely": "not expected",
        "Unknown": "certainty unknown",
    }
)

ALARM: Mapping[str, str] = MappingProxyType(
    {
        "sender_stopped": "The gateway refuses this office's account: no message goes out",
        "planning_failed": "A warning could not be planned: see the journal",
        "settling_failed": "An answer could not be told to the others: see the journal",
        "follow_up_failed": "An escalation step could not be taken: see the journal",
    }
)

MESSAGE_KIND: Mapping[str, str] = MappingProxyType(
    {
        "alert": "First messages",
        "update": "Updates",
        "stand_down": "All-clear messages",
        "reminder": "Reminders",
        "settled": "Answers told to the others",
        "follow_up": "Questions after the end",
        "facility_confirm": "Questions to facility managers",
        "desk": "Messages to the city desk",
        "held": "Calls to decide about a held warning",
        "consent": "Questions about consent",
        "drill": "Exercise messages",
    }
)


def plain(code: str | None) -> str:
    """A code as words: `tropical_cyclone` -> `Tropical cyclone`; nothing becomes a dash."""
    return code.replace("_", " ").capitalize() if code else "–"


def counted(n: int, one: str, many: str | None = None) -> str:
    """`1 person`, `2 people`, `1,204 people`."""
    return f"{n:,} {one if n == 1 else many or one + 's'}"
