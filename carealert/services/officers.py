"""Accounts of officers: who may do what, and where."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime

from carealert.domain.access import Actor, Right, Role
from carealert.services.access import everywhere, needs
from carealert.services.ports.officers import Officer
from carealert.services.ports.store import Database, Stores

_LONGEST_NAME = 60


class BadOfficer(ValueError):
    """An account that cannot be as it is asked for: says why, and what to do."""


class NoSuchOfficer(LookupError):
    """Nobody works here under this name."""


@needs(Right.MANAGE_ACCESS)
def put_officer(
    db: Database,
    who: Actor,
    name: str,
    role: Role,
    areas: Collection[str],
    facilities: Collection[str],
    now: datetime,
) -> Officer:
    """Add an account, or change the one of this name; raises BadOfficer.

    Areas are codes of the register and take in all below them; none of them is everywhere. The
    last account that manages access cannot become another.
    """
    everywhere(who, "To manage access")
    wanted = Actor(name.strip(), role, frozenset(areas), frozenset(facilities))
    with db.transaction() as stores:
        _check(stores, wanted)
        before = stores.officers.get(wanted.name)
        if before is not None and role is not Role.ADMIN:
            _must_leave_an_admin(stores, wanted.name)
        officer = Officer(wanted, before.since if before and not before.ended_at else now)
        stores.officers.put(officer)
        event = "officer_changed" if before else "officer_added"
        where = ",".join(sorted(wanted.areas)) or "everywhere"
        subject = f"officer:{wanted.name}"
        stores.journal.write(now, event, subject, role=role.value, areas=where, by=who.name)
    return officer


@needs(Right.MANAGE_ACCESS)
def end_officer(db: Database, who: Actor, name: str, now: datetime) -> Officer:
    """End an account: from now on it may do nothing; raises NoSuchOfficer and BadOfficer."""
    everywhere(who, "To manage access")
    with db.transaction() as stores:
        before = stores.officers.get(name)
        if before is None or before.ended_at is not None:
            raise NoSuchOfficer(f"Nobody works here as '{name}': see 'carealert users list'.")
        _must_leave_an_admin(stores, name)
        ended = replace(before, ended_at=now)
        stores.officers.put(ended)
        stores.journal.write(now, "officer_ended", f"officer:{name}", by=who.name)
    return ended


@needs(Right.MANAGE_ACCESS)
def list_officers(db: Database, who: Actor) -> Sequence[Officer]:
    """Every account by name, those that have ended as well."""
    everywhere(who, "To manage access")
    with db.reading() as stores:
        return stores.officers.all()


def actor_named(db: Database, name: str) -> Actor:
    """Who works under this name; raises NoSuchOfficer, also for one whose account has ended."""
    with db.reading() as stores:
        found = stores.officers.get(name)
    if found is None or found.ended_at is not None:
        raise NoSuchOfficer(f"Nobody works here as '{name}': see 'carealert users list'.")
    return found.actor


def note_refusal(db: Database, who: Actor, what: str, now: datetime) -> None:
    """Keep in the journal that somebody was refused; `what` names no person."""
    with db.transaction() as stores:
        stores.journal.write(now, "refused", f"officer:{who.name}", what=what, role=who.role.value)


def _check(stores: Stores, wanted: Actor) -> None:
    if not 0 < len(wanted.name) <= _LONGEST_NAME or not wanted.name.isprintable():
        raise BadOfficer(f"A name has 1 to {_LONGEST_NAME} printable characters.")
    known = {one.code for one in stores.areas.all()}
    if strange := sorted(wanted.areas - known):
        raise BadOfficer(f"The register has no area '{strange[0]}': see 'carealert areas list'.")
    if strange := sorted(wanted.facilities - stores.facilities.refs()):
        raise BadOfficer(f"There is no facility '{strange[0]}': see 'carealert facilities list'.")
    if bool(wanted.facilities) != (wanted.role is Role.FACILITY):
        raise BadOfficer("The role 'facility' has facilities, and no other role has.")
    if wanted.role is Role.ADMIN and wanted.areas:
        raise BadOfficer("The role 'admin' is for the whole city: leave the areas out.")


def _must_leave_an_admin(stores: Stores, name: str) -> None:
    left = [
        one
        for one in stores.officers.all()
        if one.actor.role is Role.ADMIN and one.ended_at is None
    ]
    if [one.actor.name for one in left] == [name]:
        raise BadOfficer(f"'{name}' is the last who manages access: add another admin first.")
