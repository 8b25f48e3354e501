"""The register: areas, people and facilities, and who of them is inside a geometry."""

from collections.abc import Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from carealert.domain.duplicates import Trace
from carealert.domain.facilities import Facility, StatusReport
from carealert.domain.people import Caregiver, CareLink, Resident
from carealert.services.ports.consents import PersonKind


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
class Placed:
    """The areas that codes or names mean, as far as the register knows them.

    `codes` are those under which people may be registered. `unknown` are the (system, code) pairs
    and ("", name) pairs, as sent, that mean no known area. `doubtful`: the register cannot tell
    how much of a known area is meant, so an officer must look.
    """

    areas: tuple[PlaceArea, ...] = ()
    codes: frozenset[str] = frozenset()
    unknown: tuple[tuple[str, str], ...] = ()
    doubtful: bool = False


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


@dataclass(frozen=True, slots=True)
class PreparedPeople:
    """Rows that are sealed and ready to write; only the store that made them opens `packed`.

    `refs` are those of new and changed people.
    """

    kind: PersonKind
    counts: ImportCounts
    refs: tuple[str, ...]
    packed: bytes


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was left of somebody, and is not any more: rows in which their phone or ref stood."""

    own_notices: int
    notices_about: int
    messages: int


class StillSending(Exception):
    """A message to this person is at the gateway's door: it can be neither stopped nor moved."""


@dataclass(frozen=True, slots=True)
class QualityLimits:
    """From where on a record counts as stale, and a phone as one that is not reached any more.

    `bounced_after` is how many messages in a row did not arrive, of those whose end is known.
    """

    stale_after: timedelta = timedelta(days=365)
    bounced_after: int = 1


@dataclass(frozen=True, slots=True)
class Quality:
    """Counts of people and places by what is missing; `all` is how many there are."""

    residents: Mapping[str, int]
    caregivers: Mapping[str, int]
    languages: Mapping[str, int]
    last_import: datetime | None
    facilities: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sent:
    """What the last message to a phone came to."""

    at: datetime
    state: str
    delivery: str | None


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

    def place(self, geocodes: Iterable[tuple[str, str]]) -> Placed:
        """The areas that CAP geocodes mean, in any spelling; a code covers those below it.

        A code that is not known inside one that is does not stand for all of that: it is unknown
        and doubtful.
        """
        ...

    def named(self, area_desc: str) -> Placed:
        """The areas that a CAP `areaDesc` names: a name counts where it has one place only.

        Of areas that lie in one another the inner ones count, and the text is doubtful: it may
        be an address or a list.
        """
        ...

    def homes(self, codes: Iterable[str]) -> Mapping[str, BaseGeometry]:
        """code -> the outline of the area, or of the nearest one around it that has one."""
        ...

    def with_ancestors(self, code: str) -> Sequence[PlaceArea]:
        """The area with this code and its parents, nearest first; empty if unknown."""
        ...

    def with_descendants(self, codes: Iterable[str]) -> frozenset[str]:
        """These codes, known or not, and those of all areas below them."""
        ...

    def all(self) -> Sequence[PlaceArea]: ...


@dataclass(frozen=True, slots=True)
class UnknownArea:
    """A code (or with an empty `system` a name) that a sender uses and the register lacks.

    `times` counts warnings; `warning_id` is the latest of them. Times are aware UTC.
    """

    sender: str
    system: str
    value: str
    times: int
    first_at: datetime
    last_at: datetime
    warning_id: int


class UnknownAreaStore(Protocol):
    """What nobody could place: somebody may live there."""

    def note(
        self, sender: str, unknown: Iterable[tuple[str, str]], warning_id: int, now: datetime
    ) -> None:
        """Record (system, value) pairs of one warning; noting them again changes nothing."""
        ...

    def all(self) -> Sequence[UnknownArea]:
        """Everything unknown, the most often and latest named first."""
        ...

    def forget(self, known: Iterable[UnknownArea]) -> None:
        """Take these off the list: the register knows them now."""
        ...


class PeopleStore(Protocol):
    """Residents, caregivers and their links. Phones go in and out through keyed encryption."""

    def put_residents(self, residents: Iterable[Resident]) -> ImportCounts: ...
    def put_caregivers(
        self, caregivers: Iterable[Caregiver], links: Iterable[CareLink]
    ) -> ImportCounts: ...

    def prepare_residents(
        self,
        residents: Iterable[Resident],
        *,
        now: datetime | None = None,
        only_count: bool = False,
    ) -> PreparedPeople:
        """What `put_residents` would write: so that much is done before the writers' turn.

        With `now` the consents are for the ledger, too. With `only_count` nothing is to write.
        """
        ...

    def prepare_caregivers(
        self,
        caregivers: Iterable[Caregiver],
        links: Iterable[CareLink],
        *,
        now: datetime | None = None,
        only_count: bool = False,
    ) -> PreparedPeople:
        """What `put_caregivers` would write."""
        ...

    def write(self, prepared: PreparedPeople) -> frozenset[str]:
        """Write it; raises UnknownResidents. The refs whom the ledger of consents knows already."""
        ...

    def with_phoned_carers(self, refs: Iterable[str], apart_from: Iterable[str]) -> frozenset[str]:
        """Those of these residents who have a caregiver with a phone, besides these caregivers."""
        ...

    def traces(self, kind: PersonKind) -> Iterator[Trace]:
        """What tells people apart, of everybody; names and phones are opened."""
        ...

    def residents(self, refs: Iterable[str]) -> Sequence[Resident]: ...
    def resident_refs(self) -> frozenset[str]: ...

    def caregivers_of(
        self, refs: Iterable[str]
    ) -> Mapping[str, Sequence[tuple[Caregiver, CareLink]]]:
        """resident ref -> caregivers in a stable order."""
        ...

    def for_planning(
        self, refs: Iterable[str]
    ) -> Sequence[tuple[Resident, Sequence[tuple[Caregiver, CareLink]]]]:
        """Residents by ref with their caregivers by ref, as far as deciding asks for them.

        Names, notes, position and who consented are left out, and gender reads as not stated:
        nothing that is decided may rest on it.
        """
        ...

    def ties(self, refs: Collection[str]) -> Iterator[tuple[str, Hashable]]:
        """(resident, what ties it to others): caregivers by (kind, ref), phones by their hash."""
        ...

    def inside(self, geometry: BaseGeometry) -> frozenset[str]:
        """Refs of residents whose home is inside or on the edge (exact, by the cell index)."""
        ...

    def homes(self, kind: PersonKind, refs: Iterable[str]) -> Mapping[str, frozenset[str | None]]:
        """ref -> the area codes where they live, or where those live whom they care for."""
        ...

    def inside_each(self, geometries: Sequence[BaseGeometry]) -> Sequence[frozenset[str]]:
        """`inside` for each geometry, in their order, at the cost of a few questions."""
        ...

    def inside_ids_each(self, geometries: Sequence[BaseGeometry]) -> Sequence[NDArray[np.int64]]:
        """The same as the store's own numbers of rows: several times faster, in no special order.

        They hold within one transaction only and are never shown.
        """
        ...

    def with_area_codes_each(self, groups: Sequence[Collection[str]]) -> Sequence[frozenset[str]]:
        """`with_area_codes` for each group, in their order."""
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

    def caregiver_refs(self) -> frozenset[str]: ...

    def caregivers(self, refs: Iterable[str]) -> Sequence[tuple[Caregiver, Sequence[CareLink]]]:
        """By ref, with whom each cares for."""
        ...

    def names(self, kind: PersonKind, most: int) -> Iterator[tuple[str, str]]:
        """ref and name of people with a name, by ref, `most` of them."""
        ...

    def last_sent(self, number: str) -> Sent | None:
        """The newest message to this number."""
        ...

    def quality(
        self, now: datetime, soon: timedelta, limits: QualityLimits = QualityLimits()
    ) -> Quality:
        """How complete the register is."""
        ...

    def confirm(self, kind: PersonKind, refs: Iterable[str], now: datetime) -> int:
        """Note that these records were found to be right; how many there were."""
        ...

    def forget(self, kind: PersonKind, ref: str, now: datetime) -> Forgotten | None:
        """Take somebody out of every table; None if nobody has the ref. Raises StillSending."""
        ...

    def suppressed(self) -> frozenset[str]:
        """Every E.164 number that said STOP."""
        ...

    def suppress(self, number: str, now: datetime, source: str) -> None: ...
    def unsuppress(self, number: str, now: datetime) -> None: ...
    def counts(self) -> Mapping[str, int]: ...


class FacilityStore(Protocol):
    """Facilities and what their managers reported."""

    def put(self, facilities: Iterable[Facility], now: datetime | None = None) -> ImportCounts:
        """Add and change them; new and changed ones count as confirmed `now`."""
        ...

    def confirm(self, refs: Iterable[str], now: datetime) -> int:
        """Note that these records were found to be right; how many there were."""
        ...

    def get(self, refs: Iterable[str]) -> Sequence[Facility]: ...
    def refs(self) -> frozenset[str]: ...
    def inside(self, geometry: BaseGeometry) -> frozenset[str]: ...
    def inside_each(self, geometries: Sequence[BaseGeometry]) -> Sequence[frozenset[str]]: ...
    def inside_ids_each(
        self, geometries: Sequence[BaseGeometry]
    ) -> Sequence[NDArray[np.int64]]: ...
    def with_area_codes_each(
        self, groups: Sequence[Collection[str]]
    ) -> Sequence[frozenset[str]]: ...
    def with_area_codes(self, codes: Iterable[str]) -> frozenset[str]: ...
    def unplaced(self) -> Mapping[str, frozenset[str]]: ...
    def report(self, report: StatusReport) -> None: ...

    def latest_reports(self) -> Mapping[str, StatusReport]:
        """facility ref -> the newest report of the whole of it."""
        ...

    def service_reports(self) -> Mapping[str, Mapping[str, StatusReport]]:
        """facility ref -> service -> the newest report of that service alone."""
        ...
