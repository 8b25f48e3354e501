"""GDACS RSS: an index of disasters, each with a link to its CAP message (`gdacs:cap`).

One address serves all episodes of an event, so what tells the index of a change is the event's
date of change, episode and version together. An item without that link is read for itself, without
a shape: `gdacs:bbox` (west, east, south, north) is the window of a map, tens of degrees wide for a
cyclone, and nobody is warned by it. It stays among the parameters, for the officer.
"""

from datetime import timedelta

from lxml import etree

from carealert.adapters.feeds import cap
from carealert.adapters.feeds.cap_tree import AlertTexts, AreaTexts, InfoTexts
from carealert.adapters.feeds.reading import Document, Notes, links, moment
from carealert.adapters.feeds.xml import local, text_of
from carealert.domain.meaning import Interpreter
from carealert.domain.warnings import HazardWarning
from carealert.services.ports.feeds import Reading
from carealert.services.ports.links import Link

NAMESPACE = "http://www.gdacs.org"
_SENDER = "info-gdacs@gdacs.org"
#: An event holds until its `todate`, which is that of the last observation, and this long after.
_LIFE = timedelta(days=1)
_EVENTS = {
    "EQ": ("Earthquake", "Geo"),
    "TC": ("Tropical Cyclone", "Met"),
    "FL": ("Flood", "Met"),
    "VO": ("Volcanic eruption", "Geo"),
    "DR": ("Drought", "Met"),
    "WF": ("Forest Fires", "Fire"),
    "TS": ("Tsunami", "Geo"),
}
_KEPT = (
    *("eventtype", "eventid", "episodeid", "version", "alertlevel", "episodealertlevel"),
    *("alertscore", "fromdate", "todate", "datemodified", "iscurrent", "eventname", "severity"),
    *("population", "vulnerability", "iso3", "country", "glide", "bbox", "point"),
)
Facts = dict[str, str]


def recognises(document: Document) -> bool:
    """True for `rss` with an item that names an event of GDACS."""
    root = document.root
    return local(root) == "rss" and next(root.iter(f"{{{NAMESPACE}}}eventid"), None) is not None


def read(document: Document, interpreter: Interpreter) -> Reading:
    """A link for each event with a CAP message, a warning for each without."""
    root, remarks = document.xml
    notes = Notes()
    for remark in remarks:
        notes.notice("document", remark)
    found: list[Link] = []
    warnings: list[HazardWarning] = []
    for number, item in enumerate(root.iter("{*}item"), 1):
        where, facts = f"item[{number}]", _facts(item)
        if url := facts.get("cap"):
            found.append(Link(url, _version(facts)))
        elif facts.get("eventid"):
            notes.notice(where, "index entry only: no document to read, so this is an extract")
            if warning := cap.message(_texts(facts, where, notes), where, interpreter, notes):
                warnings.append(warning)
        else:
            notes.notice(where, "has neither a CAP message nor an event: left out")
    return Reading(
        "gdacs", tuple(warnings), links(found, document.base_url, notes), tuple(notes.found)
    )


def _facts(item: etree._Element) -> Facts:
    """The texts of an item by local name, GDACS's own before those of RSS."""
    facts: Facts = {}
    for child in sorted(item, key=lambda child: not str(child.tag).startswith(f"{{{NAMESPACE}}}")):
        if text := text_of(child):
            facts.setdefault(local(child), text)
    return facts


def _version(facts: Facts) -> str | None:
    given = (facts.get("datemodified") or facts.get("pubDate"), facts.get("episodeid"))
    return " ".join(part for part in (*given, facts.get("version")) if part) or None


def _texts(facts: Facts, where: str, notes: Notes) -> AlertTexts:
    """The item in CAP's words. An estimate of GDACS's has no urgency of its own."""
    kind = facts.get("eventtype", "").upper()
    event, category = _EVENTS.get(kind, (facts.get("title", ""), "Other"))
    info = InfoTexts()
    info.lists["category"] = [category]
    info.parameters = [([name], [facts[name]]) for name in _KEPT if name in facts]
    is_over = facts.get("iscurrent", "").casefold() == "false"
    info.texts = {
        "event": event,
        "urgency": "Past" if is_over else "Unknown",
        "severity": "Unknown",
        "certainty": "Unknown",
        "expires": _expires(facts, where, notes),
        "onset": facts.get("fromdate"),
        "senderName": "Global Disaster Alert and Coordination System",
        "headline": facts.get("title"),
        "description": facts.get("description"),
        "web": facts.get("link"),
    }
    area = AreaTexts()
    area.texts["areaDesc"] = facts.get("country") or facts.get("title")
    if "iso3" in facts:
        area.geocodes = [(["ISO 3166-1"], [facts["iso3"]])]
    info.areas.append(area)
    texts = AlertTexts()
    texts.texts = {
        "identifier": "_".join(("GDACS", kind, facts["eventid"], facts.get("episodeid", "0"))),
        "sender": _SENDER,
        "sent": facts.get("datemodified") or facts.get("pubDate"),
        "status": "Actual",
        "msgType": "Alert",
        "scope": "Public",
        "incidents": facts["eventid"],
    }
    texts.infos.append(info)
    return texts


def _expires(facts: Facts, where: str, notes: Notes) -> str | None:
    last = moment(facts.get("todate"), f"{where}/todate", notes)
    if last is None:
        return None
    notes.notice(f"{where}/expires", "a day after `todate`: GDACS says only until when it saw it")
    return (last + _LIFE).isoformat()
