"""Registers people, facilities and areas: whole files or nothing, as often as one likes."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from carealert.domain.facilities import ContinuityStatus, Facility, FacilityType, StatusReport
from carealert.domain.people import Caregiver, CareLink, Need, Resident
from carealert.services.ports.registry import ImportCounts, PlaceArea
from carealert.services.ports.store import Database, Stores

#: A caregiver and whom this person cares for.
CaregiverWithLinks = tuple[Caregiver, Sequence[CareLink]]

#: How many codes a note spells out.
_SPELLED = 10


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do: counts by noun, and what somebody should look at."""

    counts: Mapping[str, ImportCounts]
    notes: tuple[str, ...]
    dry_run: bool


def import_people(
    db: Database,
    residents: Sequence[Resident],
    caregivers: Sequence[CaregiverWithLinks],
    now: datetime,
    *,
    dry_run: bool = False,
) -> ImportReport:
    """Add and change residents and caregivers by their refs; nobody is removed.

    Raises UnknownResidents where a caregiver cares for somebody who is in neither the files nor
    the register. With `dry_run` everything is tried and nothing is kept.
    """

    def put(stores: Stores) -> tuple[Mapping[str, ImportCounts], tuple[str, ...]]:
        links = [link for _, cares_for in caregivers for link in cares_for]
        counts = {
            "residents": stores.people.put_residents(residents),
            "caregivers": stores.people.put_caregivers((who for who, _ in caregivers), links),
        }
        return counts, (
            *_place_notes(stores, residents),
            *_telling_notes(stores, residents, caregivers),
        )

    return _import(db, "people_imported", put, now, dry_run)


def import_facilities(
    db: Database, facilities: Sequence[Facility], now: datetime, *, dry_run: bool = False
) -> ImportReport:
    """Add and change facilities by their refs; none is removed."""

    def put(stores: Stores) -> tuple[Mapping[str, ImportCounts], tuple[str, ...]]:
        counts = {"facilities": stores.facilities.put(facilities)}
        unasked = sum(1 for one in facilities if not (one.manager or one.deputy))
        note = f"{unasked} have no manager to ask whether their service goes on."
        return counts, (*_place_notes(stores, facilities), *([note] if unasked else ()))

    return _import(db, "facilities_imported", put, now, dry_run)


def import_areas(
    db: Database, areas: Sequence[PlaceArea], now: datetime, *, dry_run: bool = False
) -> ImportReport:
    """Add and change areas by (code system, code); none is removed."""

    def put(stores: Stores) -> tuple[Mapping[str, ImportCounts], tuple[str, ...]]:
        counts = {"areas": stores.areas.put(areas)}
        parents = {one.parent_code for one in areas if one.parent_code}
        known = {one.code for one in stores.areas.all()}
        return counts, tuple(_codes_note("Parent areas", parents - known))

    return _import(db, "areas_imported", put, now, dry_run)


def count_needs(db: Database) -> dict[Need, int]:
    """How many residents have each need, in the vocabulary's order; none are named."""
    with db.reading() as stores:
        residents = stores.people.residents(stores.people.resident_refs())
    return {need: sum(need in one.needs for one in residents) for need in Need}


@dataclass(frozen=True, slots=True)
class FacilityLine:
    """A facility as lists show it; a report past its time counts as unknown."""

    ref: str
    name: str
    type: FacilityType
    area_code: str | None
    status: ContinuityStatus
    reported_at: datetime | None


def list_facilities(db: Database, now: datetime) -> list[FacilityLine]:
    """All facilities by ref with what their managers last said."""
    with db.reading() as stores:
        facilities = stores.facilities.get(stores.facilities.refs())
        reports = stores.facilities.latest_reports()
    return [_line(one, reports.get(one.ref), now) for one in facilities]


def _line(one: Facility, report: StatusReport | None, now: datetime) -> FacilityLine:
    believed = report is not None and now < report.valid_until
    status = report.status if report and believed else ContinuityStatus.UNKNOWN
    at = report.reported_at if report else None
    return FacilityLine(one.ref, one.name, one.type, one.area_code, status, at)


def list_areas(db: Database) -> Sequence[PlaceArea]:
    """All areas, the highest level first."""
    with db.reading() as stores:
        return stores.areas.all()


class _DryRun(Exception):
    """Ends a transaction so that it is rolled back."""


def _import(
    db: Database,
    event: str,
    put: Callable[[Stores], tuple[Mapping[str, ImportCounts], tuple[str, ...]]],
    now: datetime,
    dry_run: bool,
) -> ImportReport:
    report = ImportReport({}, (), dry_run)
    try:
        with db.transaction() as stores:
            counts, notes = put(stores)
            report = replace(report, counts=counts, notes=notes)
            details = {
                f"{noun}_{what}": str(many)
                for noun, done in counts.items()
                for what, many in asdict(done).items()
            }
            stores.journal.write(now, event, "register", **details)
            if dry_run:
                raise _DryRun  # noqa: TRY301 - leaving by an exception is what rolls back
    except _DryRun:
        pass
    return report


def _place_notes(stores: Stores, placed: Sequence[Resident] | Sequence[Facility]) -> list[str]:
    """Who is found by no warning at all, or only by an area that nobody has described."""
    nowhere = sum(1 for one in placed if one.lat is None and one.area_code is None)
    notes = [f"{nowhere} have neither a position nor an area: no warning finds them."]
    codes = {one.area_code for one in placed if one.area_code}
    unknown = codes - {one.code for one in stores.areas.all()} if codes else set()
    return [*(notes if nowhere else ()), *_codes_note("Areas", unknown)]


def _codes_note(what: str, unknown: Iterable[str]) -> list[str]:
    codes = sorted(unknown)
    if not codes:
        return []
    more = f" and {len(codes) - _SPELLED} more" if len(codes) > _SPELLED else ""
    spelled = ", ".join(codes[:_SPELLED])
    return [f"{what} that are not known yet: {spelled}{more}. Import them with 'areas import'."]


def _telling_notes(
    stores: Stores, residents: Sequence[Resident], caregivers: Sequence[CaregiverWithLinks]
) -> list[str]:
    """Whom nobody can tell, and who was registered as a caregiver of nobody."""
    silent = [one.ref for one in residents if one.phone is None]
    carers = stores.people.caregivers_of(silent)
    alone = sum(1 for ref in silent if not any(who.phone for who, _ in carers.get(ref, ())))
    idle = sum(1 for _, cares_for in caregivers if not cares_for)
    notes = [f"{alone} residents have no phone and no caregiver with one: only a visit finds them."]
    idlers = [f"{idle} caregivers care for nobody: they are never told anything."]
    return [*(notes if alone else ()), *(idlers if idle else ())]
