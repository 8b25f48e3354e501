"""Care steps for a need and a hazard, and which of them goes into the first text."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from carealert.domain.facilities import FacilityType
from carealert.domain.hazards import Hazard
from carealert.domain.notices import Wording
from carealert.domain.people import Need

#: Hazards by the word that checklists know them by; one without an entry has no list of its own.
#: A wildfire is not only smoke: "stay indoors" is the wrong first step where a fire comes near.
HAZARD_KEYS: Mapping[Hazard, str] = {
    Hazard.TROPICAL_CYCLONE: "cyclone",
    Hazard.STORM_SURGE: "cyclone",
    Hazard.FLOOD: "flood",
    Hazard.FLASH_FLOOD: "flood",
    Hazard.DAM_RELEASE: "flood",
    Hazard.HEAT: "heat",
    Hazard.COLD: "cold",
    Hazard.SNOW_ICE: "cold",
    Hazard.AIR_QUALITY: "smoke",
    Hazard.WILDFIRE: "wildfire",
    Hazard.DUST_SAND: "dust",
    Hazard.EARTHQUAKE: "earthquake",
    Hazard.TSUNAMI: "tsunami",
    Hazard.POWER_WATER_OUTAGE: "power",
}
#: Hazards before which people leave home with time to prepare. A tsunami leaves none: "ask the
#: clinic today" would cost the minutes that it takes to climb.
_LEAVING = frozenset({"cyclone", "flood", "wildfire", "volcano", "landslide"})
_ANY_LEAVING = "any_evacuation"

#: Needs by the word that checklists know them by, the most urgent first: with one item a person
#: this order says which. A need that is not here has no list.
NEED_KEYS: Mapping[Need, str] = {
    Need.POWER_DEPENDENT_BREATHING: "power_dependent_breathing",
    Need.DIALYSIS: "dialysis",
    Need.COLD_CHAIN_MEDICINE: "cold_chain_medicine",
    Need.PREGNANCY_POSTPARTUM: "pregnancy",
    Need.INFANT: "infant",
    Need.DEMENTIA: "dementia",
    Need.MOBILITY: "mobility",
    Need.RESPIRATORY: "respiratory",
    Need.HEAT_COLD_SENSITIVE: "heat_older",
    Need.SUPERVISION: "dementia",
    Need.TRANSPORT: "mobility",
}
#: The list of each type of facility; a type that is not here has the one for everybody.
FACILITY_LISTS: Mapping[FacilityType, str] = {
    FacilityType.CLINIC: "F01",
    FacilityType.MOBILE_SERVICE: "F01",
    FacilityType.DIALYSIS: "F02",
    FacilityType.ELDER_HOME: "F03",
    FacilityType.DAY_CARE: "F04",
    FacilityType.SHELTER: "F05",
    FacilityType.COMMUNITY_KITCHEN: "F06",
    FacilityType.CARE_BLOCK: "F07",
    FacilityType.MOTHERS_CENTRE: "F07",
    FacilityType.LAUNDROMAT: "F07",
}
#: Lists whose steps hold for every home under the hazard that they begin with.
_FOR_EVERYBODY = frozenset({"any", "heat_older", "respiratory"})


@dataclass(frozen=True, slots=True)
class ChecklistItem:
    """One step. `neutral` is for phones that others read; None where `text` gives nothing away.

    `own` is the step as said to the person concerned, where `text` speaks to a caregiver; it
    gives nothing away either. `hazards` are the only ones it is right for; empty is all.
    """

    n: int
    text: str
    neutral: str | None
    own: str | None = None
    hazards: frozenset[str] = frozenset()

    def worded(self, wording: Wording, *, about_self: bool = False) -> str:
        """The step as this reader may see it."""
        if about_self and self.own is not None:
            return self.own
        if wording is Wording.PRIVATE or self.neutral is None:
            return self.text
        return self.neutral


@dataclass(frozen=True, slots=True)
class Checklist:
    """Ordered steps. `need` is None for facilities' lists; `title` may name the need."""

    id: str
    kind: str
    need: str | None
    hazards: tuple[str, ...]
    title: str
    neutral_title: str
    sources: tuple[str, ...]
    review_status: str
    items: tuple[ChecklistItem, ...]

    @property
    def is_for_everybody(self) -> bool:
        """True where the list holds for every home, whoever lives there."""
        return self.kind == "resident" and self.need in _FOR_EVERYBODY

    def items_for(self, hazard_key: str) -> tuple[ChecklistItem, ...]:
        """The steps that are right for this hazard; those written for it go first."""
        own = (item for item in self.items if _covers(item.hazards, hazard_key))
        return (*own, *(item for item in self.items if not item.hazards))


@dataclass(frozen=True)
class Checklists:
    """All checklists of one language."""

    lists: tuple[Checklist, ...]

    def get(self, checklist_id: str) -> Checklist | None:
        """The list with this id, or None."""
        return self._by_id.get(checklist_id)

    def hazard_items(self, hazard_key: str) -> tuple[ChecklistItem, ...]:
        """The steps for everybody under this hazard; none without such a list."""
        found = self._for_everybody.get(hazard_key)
        return found.items_for(hazard_key) if found else ()

    def hazard_item(self, hazard_key: str) -> ChecklistItem | None:
        """The first step for everybody under this hazard, or None without such a list."""
        return next(iter(self.hazard_items(hazard_key)), None)

    def need_item(self, need: Need, hazard_key: str) -> ChecklistItem | None:
        """The first step for this need under this hazard, or None."""
        return next(iter(self.need_items(need, hazard_key)), None)

    def need_items(self, need: Need, hazard_key: str) -> tuple[ChecklistItem, ...]:
        """The steps for this need under this hazard.

        None where the list is the one that everybody gets: nothing is said twice.
        """
        for found in self._by_need.get(NEED_KEYS.get(need, ""), ()):
            if _covers(found.hazards, hazard_key) and found is not self._for_everybody.get(
                hazard_key
            ):
                return found.items_for(hazard_key)
        return ()

    def facility_items(self, facility: FacilityType) -> tuple[ChecklistItem, ...]:
        """The steps for those who run a facility of this type; none where it has no list."""
        found = self._by_id.get(FACILITY_LISTS.get(facility, ""))
        return found.items if found else ()

    def named(self, name: str, hazard_key: str) -> ChecklistItem | None:
        """The first step of the list for everybody that a rule names, by hazard word or id."""
        return next(iter(self.named_items(name, hazard_key)), None)

    def named_items(self, name: str, hazard_key: str) -> tuple[ChecklistItem, ...]:
        """The steps of the list for everybody that a rule names, by hazard word or id."""
        found = self._by_id.get(name) or self._for_everybody.get(name)
        return found.items_for(hazard_key) if found and found.is_for_everybody else ()

    @cached_property
    def _by_id(self) -> Mapping[str, Checklist]:
        return {found.id: found for found in self.lists}

    @cached_property
    def _by_need(self) -> Mapping[str | None, tuple[Checklist, ...]]:
        return _grouped((found.need, found) for found in self.lists if found.kind == "resident")

    @cached_property
    def _for_everybody(self) -> Mapping[str, Checklist]:
        universal = [found for found in self.lists if found.is_for_everybody]
        return {key: found for found in reversed(universal) for key in found.hazards}


def hazard_key(hazard: Hazard) -> str:
    """The word by which checklists know `hazard`; its own code where they do not."""
    return HAZARD_KEYS.get(hazard, hazard.value)


def by_urgency(needs: Iterable[Need]) -> list[Need]:
    """`needs` that have a list, the most urgent first."""
    found = frozenset(needs)
    return [need for need in NEED_KEYS if need in found]


def _covers(hazards: Collection[str], key: str) -> bool:
    return key in hazards or (_ANY_LEAVING in hazards and key in _LEAVING)


def _grouped(
    pairs: Iterable[tuple[str | None, Checklist]],
) -> Mapping[str | None, tuple[Checklist, ...]]:
    groups: dict[str | None, tuple[Checklist, ...]] = {}
    for key, found in pairs:
        groups[key] = (*groups.get(key, ()), found)
    return groups
