"""The directory: organisations imported, listed, shown, taken out and forgotten.

An actor with areas of their own sees who works there, which may be somebody who works in a wider
area, too; they change only those who work nowhere else. Who may not read the register is told
neither the contact person nor the households.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from typing import Protocol

from carealert.domain.access import Actor, Right
from carealert.domain.organisations import Organisation, OrganisationType, is_stale
from carealert.domain.reasons import demand
from carealert.services import people_notes
from carealert.services.access import NotAllowed, Reach, needs, reach
from carealert.services.ports.registry import ImportCounts
from carealert.services.ports.store import Database, Stores
from carealert.services.registering import ImportReport

_SPELLED = 5


class NoOrganisationHasRef(LookupError):
    """No organisation of the directory has this ref."""


@dataclass(frozen=True, slots=True)
class Refused:
    """Refs of residents who cannot be anybody's household: not registered, or no P4."""

    unknown: frozenset[str] = frozenset()
    not_agreed: frozenset[str] = frozenset()

    def of(self, one: Organisation) -> tuple[list[str], list[str]]:
        """The households of this one that are not registered, and that did not agree."""
        homes = one.households
        return [h for h in homes if h in self.unknown], [h for h in homes if h in self.not_agreed]


class HouseholdsRefused(Exception):
    """Organisations name residents who cannot be looked in on; `refused` says which and why."""

    def __init__(self, refused: Refused) -> None:
        refs = sorted(refused.unknown | refused.not_agreed)
        more = f" and {len(refs) - _SPELLED} more" if len(refs) > _SPELLED else ""
        super().__init__(
            "households are not registered, or did not agree to be looked in on (P4): "
            f"{', '.join(refs[:_SPELLED])}{more}. Mend households, or ask them."
        )
        self.refused = refused


@dataclass(frozen=True, slots=True)
class OrganisationLine:
    """An organisation as lists show it. `households` counts those that agree now."""

    ref: str
    name: str
    type: OrganisationType
    area_codes: tuple[str, ...]
    languages: tuple[str, ...]
    services: tuple[str, ...]
    households: int
    capacity: int | None
    women_responders: bool | None
    verified_on: date | None
    is_stale: bool
    has_contact: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """One organisation opened, as far as the actor may see it.

    `phone` is masked unless it was revealed. `not_counted` are households that do not agree now.
    """

    line: OrganisationLine
    contact_name: str | None = field(repr=False)
    phone: str | None = field(repr=False)
    contact_language: str | None
    households: tuple[str, ...]
    not_counted: int
    notes: str | None = field(repr=False)


class DirectoryFile(Protocol):
    """Where an export goes."""

    def organisations(self, organisations: Iterable[Organisation]) -> None:
        """Take all organisations."""
        ...


@needs(Right.EDIT_DIRECTORY)
def refused_households(
    db: Database, who: Actor, organisations: Sequence[Organisation], now: datetime
) -> Refused:
    """Which households an import would refuse; somebody out of the actor's reach is unknown."""
    with db.reading() as stores:
        return _refused(stores, reach(stores, who), organisations, now)


@needs(Right.EDIT_DIRECTORY)
def import_organisations(
    db: Database,
    who: Actor,
    organisations: Sequence[Organisation],
    now: datetime,
    *,
    dry_run: bool = False,
) -> ImportReport:
    """Add and change organisations by their refs; none is removed.

    Raises HouseholdsRefused, and NotAllowed for an organisation that works outside the actor's
    areas. With `dry_run` nothing is kept.
    """
    report = ImportReport({}, (), dry_run)
    try:
        with db.transaction() as stores:
            theirs = reach(stores, who)
            _check_reach(stores, theirs, organisations)
            refused = _refused(stores, theirs, organisations, now)
            if refused.unknown or refused.not_agreed:
                raise HouseholdsRefused(refused)
            done = stores.organisations.put(organisations)
            notes = tuple(_notes(stores, organisations))
            report = replace(report, counts={"organisations": done}, notes=notes)
            _write_import(stores, who, done, now)
            if dry_run:
                raise _DryRun  # noqa: TRY301 - leaving by an exception is what rolls back
    except _DryRun:
        pass
    return report


@needs(Right.READ_DIRECTORY)
def list_organisations(
    db: Database,
    who: Actor,
    now: datetime,
    *,
    type_: OrganisationType | None = None,
    area: str | None = None,
    only_stale: bool = False,
) -> list[OrganisationLine]:
    """Organisations by ref, of one type, working in or around one area, or due to be looked at.

    `now` is aware; its day is the office's.
    """
    with db.reading() as stores:
        is_seen = _seen_by(stores, who)
        is_there = _working_in(stores, [area]) if area else is_seen
        found = [
            one
            for one in stores.organisations.get(stores.organisations.refs())
            if is_seen(one)
            and is_there(one)
            and type_ in (None, one.type)
            and (is_stale(one.verified_on, now.date()) or not only_stale)
        ]
        agreed = _agreed(stores, reach(stores, who), found, now)
    return [_line(one, agreed, now) for one in found]


@needs(Right.READ_DIRECTORY)
def show_organisation(db: Database, who: Actor, ref: str, now: datetime) -> Shown:
    """One organisation with its phone masked; raises NoOrganisationHasRef."""
    with db.reading() as stores:
        return _shown(stores, who, ref, now, masked=True)


@needs(Right.REVEAL)
def reveal_organisation(db: Database, who: Actor, ref: str, reason: str, now: datetime) -> Shown:
    """As `show_organisation` with the whole phone; the journal says who looked, and why.

    Raises NoOrganisationHasRef and BadReason.
    """
    with db.transaction() as stores:
        shown = _shown(stores, who, ref, now, masked=False)
        reason = demand(reason, [shown.contact_name])
        stores.journal.write(now, "revealed", f"organisation:{ref}", by=who.name, reason=reason)
    return shown


@needs(Right.EXPORT)
def export_organisations(
    db: Database, who: Actor, file: DirectoryFile, reason: str, now: datetime
) -> int:
    """Write the directory out with whole phones; how many. The journal says so before it happens.

    A household that does not agree now is left out. Raises BadReason.
    """
    reason = demand(reason)
    with db.transaction() as stores:
        is_seen, theirs = _seen_by(stores, who), reach(stores, who)
        everybody = stores.organisations.get(stores.organisations.refs())
        found = [one for one in everybody if is_seen(one)]
        agreed = _agreed(stores, theirs, found, now)
        details = {"organisations": str(len(found)), "reason": reason}
        stores.journal.write(now, "exported", "directory", by=who.name, **details)
    file.organisations(
        replace(one, households=tuple(home for home in one.households if home in agreed))
        for one in found
    )
    return len(found)


@needs(Right.EDIT_DIRECTORY)
def forget_organisation(db: Database, who: Actor, ref: str, reason: str, now: datetime) -> None:
    """Delete it with its contact and its households; the journal does not say which.

    Raises NoOrganisationHasRef and BadReason, and NotAllowed where it works elsewhere, too.
    """
    with db.transaction() as stores:
        one = _one(stores, who, ref)
        _check_reach(stores, reach(stores, who), [one])
        reason = demand(reason, [one.contact.name if one.contact else None])
        stores.organisations.forget(ref)
        details = {"kind": "organisation", "by": who.name, "reason": reason}
        stores.journal.write(now, "forgotten", "directory", **details)


class _DryRun(Exception):
    """Ends a transaction so that it is rolled back."""


def _write_import(stores: Stores, who: Actor, done: ImportCounts, now: datetime) -> None:
    stores.journal.write(
        now,
        "organisations_imported",
        "directory",
        by=who.name,
        added=str(done.added),
        changed=str(done.changed),
        unchanged=str(done.unchanged),
    )


def _refused(
    stores: Stores, theirs: Reach, organisations: Iterable[Organisation], now: datetime
) -> Refused:
    named = frozenset(home for one in organisations for home in one.households)
    if not named:
        return Refused()
    known = _homes_within(stores, theirs, named)
    return Refused(named - known, known - stores.organisations.agreed(known, now))


def _homes_within(stores: Stores, theirs: Reach, refs: Iterable[str]) -> frozenset[str]:
    """Those of these residents who are registered where the actor reaches."""
    if theirs.codes is None:
        return stores.people.resident_refs().intersection(refs)
    homes = stores.people.residents(refs)
    return frozenset(one.ref for one in homes if theirs.has(one.area_code))


def _agreed(
    stores: Stores, theirs: Reach, found: Iterable[Organisation], now: datetime
) -> frozenset[str]:
    named = {home for one in found for home in one.households}
    return _homes_within(stores, theirs, stores.organisations.agreed(named, now))


def _check_reach(stores: Stores, theirs: Reach, organisations: Sequence[Organisation]) -> None:
    """An actor with areas changes nobody who works, or has worked until now, elsewhere."""
    if theirs.codes is None:
        return
    stored = stores.organisations.get(one.ref for one in organisations)
    for one in (*organisations, *stored):
        if not one.area_codes or not all(theirs.has(code) for code in one.area_codes):
            raise NotAllowed(f"Organisation '{one.ref}' does not work in your areas alone.")


def _seen_by(stores: Stores, who: Actor) -> Callable[[Organisation], bool]:
    if who.is_everywhere:
        return lambda _: True
    return _working_in(stores, who.areas)


def _working_in(stores: Stores, areas: Iterable[str]) -> Callable[[Organisation], bool]:
    """Whether somebody works in one of these areas, in a part of it, or in all that is around."""
    wanted = list(areas)
    around = {area.code for code in wanted for area in stores.areas.with_ancestors(code)}
    codes = stores.areas.with_descendants(wanted) | around
    return lambda one: not codes.isdisjoint(one.area_codes)


def _one(stores: Stores, who: Actor, ref: str) -> Organisation:
    """The organisation; one out of reach is answered as one that does not exist."""
    is_seen = _seen_by(stores, who)
    for one in stores.organisations.get([ref]):
        if is_seen(one):
            return one
    raise NoOrganisationHasRef(
        f"No organisation has the ref '{ref}': see 'carealert directory list'."
    )


def _shown(stores: Stores, who: Actor, ref: str, now: datetime, *, masked: bool) -> Shown:
    one = _one(stores, who, ref)
    homes = _homes_within(stores, reach(stores, who), one.households)
    agreed = homes & stores.organisations.agreed(homes, now)
    contact = one.contact
    number = contact.phone.number if contact else None
    line = _line(one, agreed, now)
    language = contact.language if contact else None
    if not who.may(Right.READ_REGISTER):
        return Shown(line, None, None, language, (), 0, None)
    return Shown(
        line,
        contact.name if contact else None,
        f"…{number[-2:]}" if number and masked else number,
        language,
        tuple(sorted(agreed)),
        len(homes - agreed),
        one.notes,
    )


def _line(one: Organisation, agreed: frozenset[str], now: datetime) -> OrganisationLine:
    return OrganisationLine(
        one.ref,
        one.name,
        one.type,
        one.area_codes,
        one.languages,
        one.services,
        len(agreed.intersection(one.households)),
        one.capacity,
        one.women_responders,
        one.verified_on,
        is_stale(one.verified_on, now.date()),
        one.contact is not None,
    )


def _notes(stores: Stores, organisations: Sequence[Organisation]) -> Iterable[str]:
    """What somebody should look at after an import."""
    silent = sum(one.contact is None for one in organisations)
    if silent:
        yield f"{silent} have no contact: nobody can ask them."
    nowhere = sum(not one.area_codes for one in organisations)
    if nowhere:
        yield f"{nowhere} state no area: they are found by no area."
    codes = {code for one in organisations for code in one.area_codes}
    if codes:
        known = {area.code for area in stores.areas.all()}
        yield from people_notes.codes_note("Areas", codes - known)
