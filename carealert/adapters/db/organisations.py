"""Organisations of the directory, and the households that they may be asked to look in on."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select

from carealert.adapters.db.bulk import Bulk
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.people_rows import consent_of, digest_of
from carealert.adapters.db.tables import household, organisation, resident
from carealert.adapters.db.upserts import changed_refs
from carealert.adapters.sealing import Sealer
from carealert.domain.facilities import Contact
from carealert.domain.organisations import LOOKED_IN_ON, Organisation, OrganisationType
from carealert.domain.people import Phone, PhoneSharing
from carealert.services.ports.registry import ImportCounts

_LINKS = (
    select(organisation.c.ref, resident.c.ref.label("home"))
    .join_from(organisation, household, household.c.organisation_id == organisation.c.id)
    .join(resident, household.c.resident_id == resident.c.id)
    .order_by(organisation.c.ref, resident.c.ref)
)


class SqlOrganisations:
    """OrganisationStore on a connection.

    A contact's phone comes back as `PhoneSharing.FACILITY`: who picks it up is not known.
    """

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    def put(self, organisations: Iterable[Organisation]) -> ImportCounts:
        given = {one.ref: one for one in organisations}
        digests = {
            ref: digest_of(self._sealer, replace(one, households=())) for ref, one in given.items()
        }
        new, changed, _ = changed_refs(self._connection, organisation, digests)
        rows = [_row(given[ref], digests[ref], self._sealer) for ref in [*new, *changed]]
        if rows:
            bulk = Bulk(self._connection, organisation, list(rows[0]), ("ref",))
            bulk.write(self._connection, [bulk.ready(row) for row in rows])
        # Not by the digest: somebody who was forgotten and is registered anew has lost the link.
        before = self._homes(given)
        moved = [ref for ref, one in given.items() if before.get(ref, []) != sorted(one.households)]
        self._replace_households([given[ref] for ref in moved])
        touched = {*changed, *moved} - set(new)
        return ImportCounts(len(new), len(touched), len(given) - len(new) - len(touched))

    def _homes(self, refs: Iterable[str]) -> dict[str, list[str]]:
        """organisation ref -> refs of residents, in their order."""
        found: dict[str, list[str]] = {}
        query = _LINKS.where(one_of(self._connection, organisation.c.ref, refs))
        for row in self._connection.execute(query):
            found.setdefault(row.ref, []).append(row.home)
        return {ref: sorted(homes) for ref, homes in found.items()}

    def _replace_households(self, organisations: Sequence[Organisation]) -> None:
        refs = [one.ref for one in organisations]
        query = select(organisation.c.ref, organisation.c.id)
        query = query.where(one_of(self._connection, organisation.c.ref, refs))
        ids = {row.ref: row.id for row in self._connection.execute(query)}
        stale = query.with_only_columns(organisation.c.id)
        self._connection.execute(delete(household).where(household.c.organisation_id.in_(stale)))
        named = {home for one in organisations for home in one.households}
        of_residents = select(resident.c.ref, resident.c.id).where(
            one_of(self._connection, resident.c.ref, named)
        )
        homes = {row.ref: row.id for row in self._connection.execute(of_residents)}
        rows = [
            {"organisation_id": ids[one.ref], "resident_id": homes[home]}
            for one in organisations
            for home in one.households
        ]
        if rows:
            self._connection.execute(insert(household), rows)

    def get(self, refs: Iterable[str]) -> Sequence[Organisation]:
        wanted = frozenset(refs)
        homes = self._homes(wanted)
        query = select(organisation).where(one_of(self._connection, organisation.c.ref, wanted))
        found = [
            _organisation(row, homes.get(row.ref, ()), self._sealer)
            for row in self._connection.execute(query)
        ]
        return sorted(found, key=lambda one: one.ref)

    def of_types(self, types: Collection[OrganisationType]) -> Sequence[Organisation]:
        wanted = organisation.c.type.in_([one.value for one in types])
        query = select(organisation).where(wanted).order_by(organisation.c.ref)
        rows = self._connection.execute(query).all()
        return [_organisation(row, (), self._sealer) for row in rows]

    def refs(self) -> frozenset[str]:
        return frozenset(self._connection.scalars(select(organisation.c.ref)))

    def agreed(self, resident_refs: Iterable[str], now: datetime) -> frozenset[str]:
        wanted = one_of(self._connection, resident.c.ref, resident_refs)
        columns = (resident.c.ref, resident.c.consent, resident.c.consent_giver_sealed)
        rows: Sequence[Row[Any]] = list(self._connection.execute(select(*columns).where(wanted)))
        return frozenset(
            row.ref for row in rows if consent_of(row, self._sealer).allows(LOOKED_IN_ON, now)
        )

    def messengers_of(
        self, resident_refs: Iterable[str], now: datetime
    ) -> Mapping[str, Sequence[Organisation]]:
        asked = self.agreed(resident_refs, now)
        query = _LINKS.where(one_of(self._connection, resident.c.ref, asked))
        links = self._connection.execute(query).all()
        found = self.get({row.ref for row in links})
        agreed = self.agreed({home for one in found for home in one.households}, now)
        known = {
            one.ref: replace(one, households=tuple(h for h in one.households if h in agreed))
            for one in found
        }
        by_home: dict[str, list[Organisation]] = {}
        for row in links:
            by_home.setdefault(row.home, []).append(known[row.ref])
        return {home: sorted(own, key=lambda one: one.ref) for home, own in sorted(by_home.items())}

    def ties(self, resident_refs: Iterable[str]) -> Iterable[tuple[str, str]]:
        query = _LINKS.where(one_of(self._connection, resident.c.ref, resident_refs))
        for row in self._connection.execute(query):
            yield row.home, row.ref

    def forget(self, ref: str) -> bool:
        gone = delete(organisation).where(organisation.c.ref == ref)  # its households go with it
        return self._connection.execute(gone).rowcount > 0


def _row(one: Organisation, digest: str, sealer: Sealer) -> dict[str, Any]:
    contact = one.contact
    return {
        "ref": one.ref,
        "name": one.name,
        "type": one.type.value,
        "area_codes": list(one.area_codes),
        "languages": list(one.languages),
        "services": list(one.services),
        "contact_name_sealed": sealer.seal_optional(contact.name) if contact else None,
        "phone_sealed": sealer.seal(contact.phone.number) if contact else None,
        "phone_hash": sealer.phone_hash(contact.phone.number) if contact else None,
        "contact_language": contact.language if contact else None,
        "capacity": one.capacity,
        "women_responders": one.women_responders,
        "verified_on": one.verified_on,
        "notes_sealed": sealer.seal_optional(one.notes),
        "digest": digest,
    }


def _organisation(row: Row[Any], homes: Sequence[str], sealer: Sealer) -> Organisation:
    return Organisation(
        ref=row.ref,
        name=row.name,
        type=OrganisationType(row.type),
        area_codes=tuple(row.area_codes),
        languages=tuple(row.languages),
        services=tuple(row.services),
        contact=_contact(row, sealer),
        households=tuple(homes),
        capacity=row.capacity,
        women_responders=row.women_responders,
        verified_on=row.verified_on,
        notes=sealer.open_optional(row.notes_sealed),
    )


def _contact(row: Row[Any], sealer: Sealer) -> Contact | None:
    if row.phone_sealed is None:
        return None
    phone = Phone(sealer.open(row.phone_sealed), PhoneSharing.FACILITY)
    return Contact(sealer.open_optional(row.contact_name_sealed), phone, row.contact_language)
