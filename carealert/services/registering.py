"""Registers people, facilities and areas: whole files or nothing, as often as one likes."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime

from carealert.domain.access import Actor, Right
from carealert.domain.duplicates import Likeness
from carealert.domain.facilities import Facility
from carealert.domain.people import CareLink, Need, Resident
from carealert.services import people_notes
from carealert.services.access import NotAllowed, Reach, everywhere, needs, reach, within
from carealert.services.facility_lines import FacilityLine, Wanted, facility_line
from carealert.services.own_part import (
    NAMED,
    CaregiverWithLinks,
    must_be_theirs,
    with_links_elsewhere,
)
from carealert.services.places import relocate, relocated_notes
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import (
    ImportCounts,
    PlaceArea,
    PreparedPeople,
    UnknownArea,
    UnknownResidents,
)
from carealert.services.ports.store import Database, Stores
from carealert.services.quality import alike_in

#: People that are made ready and written in one go.
_BATCH = 2000

#: Told what is being done, and how much of it is done (0 to 1).
Step = Callable[[str, float], None]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What an import did, or would do: counts by noun, and what somebody should look at."""

    counts: Mapping[str, ImportCounts]
    notes: tuple[str, ...]
    dry_run: bool
    alike: Mapping[str, Likeness] = field(default_factory=dict)


@needs(Right.EDIT_REGISTER)
def import_people(
    db: Database,
    who: Actor,
    residents: Sequence[Resident],
    caregivers: Sequence[CaregiverWithLinks],
    now: datetime,
    *,
    dry_run: bool = False,
    step: Step | None = None,
) -> ImportReport:
    """Add and change residents and caregivers by their refs; nobody is removed.

    Everything is made ready beside the other writers, and written in one transaction. Raises
    UnknownResidents where a caregiver cares for somebody who is in neither the files nor the
    register, and NotTheirs where a row is of somebody outside the actor's areas. With `dry_run`
    nothing is written.
    """
    tell = step or _tell_nobody
    if dry_run:
        report, unknown = try_people(db, who, residents, caregivers, step=step)
        if unknown:
            raise UnknownResidents(unknown)
        return report
    with db.reading() as stores:
        theirs = reach(stores, who)
        must_be_theirs(stores, theirs, residents, caregivers)
        if unknown := people_notes.strangers(stores, residents, _links(caregivers)):
            raise UnknownResidents(unknown)
        report = _looked_at(stores, theirs, residents, caregivers, tell)
        carers = with_links_elsewhere(stores, theirs, caregivers)
        batches = _batches(stores, residents, carers, tell, now)
    report = replace(report, counts=_counts(batches))
    with db.transaction() as stores:
        overruled = 0
        for n, batch in enumerate(batches):
            tell("writing", n / len(batches))
            if batch.refs:
                known = stores.people.write(batch)
                overruled += len(stores.consents.take_over(batch.kind, known, now))
        details = _details(report.counts)
        stores.journal.write(now, "people_imported", "register", by=who.name, **details)
    note = f"{overruled} people withdrew or refused what the files say they agreed to: this stands."
    return replace(report, notes=(*report.notes, *([note] if overruled else ())))


@needs(Right.EDIT_REGISTER)
def try_people(
    db: Database,
    who: Actor,
    residents: Sequence[Resident],
    caregivers: Sequence[CaregiverWithLinks],
    *,
    known: Collection[str] = (),
    step: Step | None = None,
) -> tuple[ImportReport, Sequence[str]]:
    """What importing them would do, and the refs of residents whom nobody knows.

    `known` are further refs of residents, such as those whose own rows must be mended first.
    Nothing is written, and no writer has to wait. Raises NotTheirs.
    """
    tell = step or _tell_nobody
    with db.reading() as stores:
        theirs = reach(stores, who)
        must_be_theirs(stores, theirs, residents, caregivers)
        unknown = people_notes.strangers(stores, residents, _links(caregivers))
        report = _looked_at(stores, theirs, residents, caregivers, tell)
        carers = with_links_elsewhere(stores, theirs, caregivers)
        batches = _batches(stores, residents, carers, tell, None)
    named = frozenset(known)
    report = replace(report, counts=_counts(batches), dry_run=True)
    return report, [ref for ref in unknown if ref not in named]


def _looked_at(
    stores: Stores,
    theirs: Reach,
    residents: Sequence[Resident],
    caregivers: Sequence[CaregiverWithLinks],
    tell: Step,
) -> ImportReport:
    notes = (
        *people_notes.place_notes(stores, residents),
        *people_notes.telling_notes(stores, residents, caregivers),
    )
    tell("looking for duplicates", 0.0)
    alike = {"residents": alike_in(stores, theirs, PersonKind.RESIDENT, residents)}
    tell("looking for duplicates", 0.5)
    carers = [who for who, _ in caregivers]
    alike["caregivers"] = alike_in(stores, theirs, PersonKind.CAREGIVER, carers)
    return ImportReport({}, notes, dry_run=False, alike=alike)


def _batches(
    stores: Stores,
    residents: Sequence[Resident],
    caregivers: Sequence[CaregiverWithLinks],
    tell: Step,
    now: datetime | None,
) -> list[PreparedPeople]:
    """Everything in batches that are ready to write, residents first; without `now` counts only."""
    whole = len(residents) + len(caregivers)
    found = []
    for start in range(0, len(residents), _BATCH):
        tell("comparing", start / whole)
        some = residents[start : start + _BATCH]
        found.append(stores.people.prepare_residents(some, now=now, only_count=not now))
    for start in range(0, len(caregivers), _BATCH):
        tell("comparing", (len(residents) + start) / whole)
        carers = caregivers[start : start + _BATCH]
        people = [who for who, _ in carers]
        links = list(_links(carers))
        found.append(stores.people.prepare_caregivers(people, links, now=now, only_count=not now))
    return found


def _counts(batches: Iterable[PreparedPeople]) -> dict[str, ImportCounts]:
    totals = {f"{kind.value}s": ImportCounts(0, 0, 0) for kind in PersonKind}
    for batch in batches:
        noun, done = f"{batch.kind.value}s", batch.counts
        before = totals[noun]
        totals[noun] = ImportCounts(
            before.added + done.added,
            before.changed + done.changed,
            before.unchanged + done.unchanged,
        )
    return totals


def _links(caregivers: Iterable[CaregiverWithLinks]) -> Iterator[CareLink]:
    return (link for _, cares_for in caregivers for link in cares_for)


def _tell_nobody(_what: str, _part: float) -> None:
    pass


def _details(counts: Mapping[str, ImportCounts]) -> dict[str, str]:
    """Counts as the journal keeps them."""
    return {
        f"{noun}_{what}": str(many)
        for noun, done in counts.items()
        for what, many in asdict(done).items()
    }


@needs(Right.EDIT_FACILITIES)
def import_facilities(
    db: Database,
    who: Actor,
    facilities: Sequence[Facility],
    now: datetime,
    *,
    dry_run: bool = False,
) -> ImportReport:
    """Add and change facilities by their refs; none is removed.

    Raises NotAllowed where one of them is not the actor's, by the file or by the register.
    """

    def put(stores: Stores) -> tuple[Mapping[str, ImportCounts], tuple[str, ...]]:
        theirs = reach(stores, who)
        before = stores.facilities.get([one.ref for one in facilities])
        foreign = sorted(
            {
                one.ref
                for one in (*facilities, *before)
                if not theirs.has_facility(one.ref, one.area_code)
            }
        )
        if foreign:
            some = ", ".join(foreign[:NAMED])
            raise NotAllowed(
                f"{len(foreign)} facilities are not yours to change, such as {some}: nothing was "
                "imported."
            )
        counts = {"facilities": stores.facilities.put(facilities, now)}
        unasked = sum(1 for one in facilities if not (one.manager or one.deputy))
        note = f"{unasked} have no manager to ask whether their service goes on."
        return counts, (*people_notes.place_notes(stores, facilities), *([note] if unasked else ()))

    return _import(db, who, "facilities_imported", put, now, dry_run)


@needs(Right.EDIT_PLACES)
def import_areas(
    db: Database, who: Actor, areas: Sequence[PlaceArea], now: datetime, *, dry_run: bool = False
) -> ImportReport:
    """Add and change areas by (code system, code); none is removed.

    Who has which areas depends on them: raises NotAllowed for an actor with areas of their own.
    """
    everywhere(who, "The table of areas")

    def put(stores: Stores) -> tuple[Mapping[str, ImportCounts], tuple[str, ...]]:
        counts = {"areas": stores.areas.put(areas)}
        _forget_known(stores)
        parents = {one.parent_code for one in areas if one.parent_code}
        known = {one.code for one in stores.areas.all()}
        return counts, tuple(people_notes.codes_note("Parent areas", parents - known))

    report = _import(db, who, "areas_imported", put, now, dry_run)
    if dry_run:
        return report
    return replace(report, notes=(*report.notes, *relocated_notes(relocate(db))))


@needs(Right.READ_REGISTER)
def count_needs(db: Database, who: Actor) -> dict[Need, int]:
    """How many residents of the actor's areas have each need, in the vocabulary's order."""
    with db.reading() as stores:
        refs = stores.people.resident_refs()
        mine = within(stores, reach(stores, who), PersonKind.RESIDENT, refs)
        residents = stores.people.residents(mine)
    return {need: sum(need in one.needs for one in residents) for need in Need}


@needs(Right.READ_FACILITIES)
def list_facilities(
    db: Database, who: Actor, now: datetime, wanted: Wanted | None = None
) -> list[FacilityLine]:
    """The actor's facilities by ref with what their managers last said, all or those `wanted`.

    `now` is aware, and in the zone in which their hours are meant.
    """
    with db.reading() as stores:
        theirs = reach(stores, who)
        every = stores.facilities.get(stores.facilities.refs())
        facilities = [one for one in every if theirs.has_facility(one.ref, one.area_code)]
        reports = stores.facilities.latest_reports()
        of_services = stores.facilities.service_reports()
    lines = [
        facility_line(one, reports.get(one.ref), of_services.get(one.ref, {}), now)
        for one in facilities
    ]
    return [line for line in lines if wanted is None or wanted.fits(line)]


@needs(Right.READ_BOARD)
def list_areas(db: Database, _who: Actor) -> Sequence[PlaceArea]:
    """All areas, the highest level first."""
    with db.reading() as stores:
        return stores.areas.all()


@needs(Right.READ_BOARD)
def list_unknown_areas(db: Database, _who: Actor) -> Sequence[UnknownArea]:
    """What warnings named and the register lacks, the most often named first."""
    with db.reading() as stores:
        return stores.unknown_areas.all()


def _forget_known(stores: Stores) -> None:
    """Take off the list of unknown areas what is known now."""
    unknown = stores.unknown_areas.all()
    codes = [(one.system, one.value) for one in unknown if one.system]
    lacking = set(stores.areas.place(codes).unknown)
    stores.unknown_areas.forget(
        one
        for one in unknown
        if (
            (one.system, one.value) not in lacking
            if one.system
            else stores.areas.named(one.value).areas
        )
    )


class _DryRun(Exception):
    """Ends a transaction so that it is rolled back."""


def _import(
    db: Database,
    who: Actor,
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
            stores.journal.write(now, event, "register", by=who.name, **_details(counts))
            if dry_run:
                raise _DryRun  # noqa: TRY301 - leaving by an exception is what rolls back
    except _DryRun:
        pass
    return report
