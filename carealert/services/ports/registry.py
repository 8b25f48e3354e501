"""The register: areas, people and facilities, and who of them is inside a geometry."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from shapely.geometry.base import BaseGeometry

from carealert.domain.facilities import Facility, StatusReport
from carealert.domain.people import Caregiver, CareLink, Resident


@dataclass(frozen=True, slots=True)
class PlaceArea:
    """An administrative area. `names` is language -> name; geometry in WGS 84 lon/lat or None."""

    code_system: str
    code: str
    level: int
    parent_code: str | None
    names: Mapping[str, str]
    geometry: BaseGeometry | None


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What an import did."""

    added: int
    changed: int
    unchanged: int


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose phone a number is: a recipient kind and ref."""

    kind: str
    ref: str
    language: str


class UnknownResidents(Exception):
    """Caregivers name residents who are not in the register; `refs` are those."""

    def __init__(self, refs: Sequence[str]) -> None:
        super().__init__(
            f"caregivers care for residents who are not in the register: {', '.join(refs)}. "
            "Import the residents first, or mend cares_for."
        )
        self.refs = tuple(refs)


class AreaStore(Protocol):
    """Administrative areas."""

    def put(self, areas: Iterable[PlaceArea]) -> ImportCounts: ...

    def resolve(self, geocodes: Iterable[tuple[str, str]]) -> Sequence[PlaceArea]:
        """The areas with these (system, code) pairs; system names compare without case/space."""
        ...

    def with_ancestors(self, code: str) -> Sequence[PlaceArea]:
        """The area with this code and its parents, nearest first; empty if unknown."""
        ...

    def all(self) -> Sequence[PlaceArea]: ...


class PeopleStore(Protocol):
    """Residents, caregivers and their links. Phones go in and out through keyed encryption."""

    def put_residents(self, residents: Iterable[Resident]) -> ImportCounts: ...
    def put_caregivers(
        self, caregivers: Iterable[Caregiver], links: Iterable[CareLink]
    ) -> ImportCounts: ...
    def residents(self, refs: Iterable[str]) -> Sequence[Resident]: ...
    def resident_refs(self) -> frozenset[str]: ...

    def caregivers_of(
        self, refs: Iterable[str]
    ) -> Mapping[str, Sequence[tuple[Caregiver, CareLink]]]:
        """resident ref -> caregivers in a stable order."""
        ...

    def inside(self, geometry: BaseGeometry) -> frozenset[str]:
        """Refs of residents whose home is inside or on the edge (exact, by the cell index)."""
        ...

    def with_area_codes(self, codes: Iterable[str]) -> frozenset[str]:
        """Refs of residents whose area is one of these codes or lies below one of them."""
        ...

    def unplaced(self) -> Mapping[str, frozenset[str]]:
        """area code -> refs of its residents who are registered without a position."""
        ...

    def owners_of(self, number: str) -> Sequence[Owner]:
        """Everybody registered with this E.164 number: caregivers, residents, managers."""
        ...

    def suppressed(self) -> frozenset[str]:
        """Every E.164 number that said STOP."""
        ...

    def suppress(self, number: str, now: datetime, source: str) -> None: ...
    def unsuppress(self, number: str, now: datetime) -> None: ...
    def counts(self) -> Mapping[str, int]: ...


class FacilityStore(Protocol):
    """Facilities and what their managers reported."""

    def put(self, facilities: Iterable[Facility]) -> ImportCounts: ...
    def get(self, refs: Iterable[str]) -> Sequence[Facility]: ...
    def refs(self) -> frozenset[str]: ...
    def inside(self, geometry: BaseGeometry) -> frozenset[str]: ...
    def with_area_codes(self, codes: Iterable[str]) -> frozenset[str]: ...
    def unplaced(self) -> Mapping[str, frozenset[str]]: ...
    def report(self, report: StatusReport) -> None: ...
    def latest_reports(self) -> Mapping[str, StatusReport]: ...
