"""What messages say of a warning, in each place that it names."""

from collections.abc import Mapping
from datetime import datetime

from carealert.domain.notices import Facts
from carealert.domain.plan import Office
from carealert.domain.translations import instructions_of
from carealert.domain.warnings import HazardWarning, Info


def facts_for(
    warning: HazardWarning,
    info: int,
    places: Mapping[str, str],
    office: Office,
    instructions: Mapping[str, str] | None = None,
) -> Facts:
    """What messages say of the warning; its end is `end_of`.

    `instructions` are those of the info, where they were looked up already.

    Without `places` the sender's own words serve where there is but one area: naming another one
    than that of the home would send people the wrong way.
    """
    chosen = warning.infos[info]
    area = chosen.areas[0].area_desc if len(chosen.areas) == 1 else ""
    return Facts(
        hazard=chosen.hazard,
        event=chosen.event,
        severity=chosen.effective_severity,
        sender_name=chosen.sender_name or warning.sender,
        places=places or ({office.default_language: area} if area else {}),
        onset=chosen.onset or chosen.effective or warning.sent,
        expires=end_of(warning, chosen, office),
        instructions=(
            instructions_of(warning.infos, info) if instructions is None else instructions
        ),
    )


class FactsByPlace:
    """`facts_for`, made once for all who live in one place."""

    def __init__(self, warning: HazardWarning, office: Office) -> None:
        self._warning, self._office = warning, office
        self._known: dict[tuple[int, int], tuple[Mapping[str, str], Facts]] = {}
        self._instructions: dict[int, Mapping[str, str]] = {}

    def of(self, info: int, places: Mapping[str, str]) -> Facts:
        """What is said there of this info."""
        key = (info, id(places))
        known = self._known.get(key)
        if known is None:  # the places are kept, so that their id stays their own
            if info not in self._instructions:
                self._instructions[info] = instructions_of(self._warning.infos, info)
            told = self._instructions[info]
            facts = facts_for(self._warning, info, places, self._office, told)
            known = self._known[key] = places, facts
        return known[1]


def end_of(warning: HazardWarning, info: Info, office: Office) -> datetime:
    """When `info` ends; a missing `expires` is `sent`, or a later onset, + the assumed life."""
    if info.expires is not None:
        return info.expires
    return max(warning.sent, info.onset or warning.sent) + office.assumed_life
