"""What a text to the city desk says of a whole warning, not of one person's part of it."""

from collections.abc import Collection, Sequence
from datetime import datetime

from carealert.domain.facts import facts_for
from carealert.domain.hazards import Hazard
from carealert.domain.notices import Facts
from carealert.domain.plan import Office
from carealert.domain.planning import active_infos
from carealert.domain.warnings import HazardWarning

#: Places that the text names; the board has the rest.
_PLACES = 2


def facts_for_desk(warning: HazardWarning, office: Office, now: datetime) -> Facts:
    """The facts of the info in the desk's language, one that still holds if there is any."""
    infos = active_infos(warning, office, now) or dict(enumerate(warning.infos))
    if not infos:  # a bare Cancel
        return Facts(Hazard.OTHER, "", None, warning.sender, {}, None, None)
    number = _chosen(warning, infos.keys(), office)
    named = _listed([area.area_desc for area in warning.infos[number].areas])
    places = {office.default_language: named} if named else {}
    return facts_for(warning, number, places, office)


def _chosen(warning: HazardWarning, infos: Collection[int], office: Office) -> int:
    wanted = _language(office.desk.language if office.desk else office.default_language)
    own = [number for number in infos if _language(warning.infos[number].language) == wanted]
    return min(own or infos)


def _language(tag: str | None) -> str:
    return (tag or "en").partition("-")[0].lower()


def _listed(names: Sequence[str]) -> str:
    known = list(dict.fromkeys(name for name in names if name))
    return ", ".join(known[:_PLACES])
