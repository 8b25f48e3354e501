"""Residents, caregivers, the links between them, and the numbers that said STOP."""

import pickle
from collections.abc import Callable, Collection, Hashable, Iterable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import Connection, Table, delete, func, literal, select, union_all
from sqlalchemy.dialects import postgresql, sqlite

from carealert.adapters.db import persons
from carealert.adapters.db.bulk import Bulk
from carealert.adapters.db.descent import codes_below, refs_below_each
from carealert.adapters.db.first_consents import first_consents, keep_first_consents, people_bulk
from carealert.adapters.db.forgetting import forget
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.located import SqlLocator
from carealert.adapters.db.people_rows import (
    caregiver_of,
    caregiver_row,
    digest_of,
    links_of,
    place_columns,
    resident_of,
    resident_row,
)
from carealert.adapters.db.planned_people import people_for_planning, ties_of
from carealert.adapters.db.quality import confirm, quality
from carealert.adapters.db.spatial import (
    ids_inside_each,
    refs_inside,
    refs_inside_each,
    refs_unplaced,
)
from carealert.adapters.db.tables import (
    care_link,
    caregiver,
    facility,
    facility_contact,
    resident,
    suppression,
)
from carealert.adapters.db.upserts import changed_refs
from carealert.adapters.sealing import Sealer
from carealert.domain.duplicates import Trace
from carealert.domain.notices import RecipientKind
from carealert.domain.people import Caregiver, CareLink, CareRole, Consent, Resident
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import (
    Forgotten,
    ImportCounts,
    Owner,
    PreparedPeople,
    Quality,
    QualityLimits,
    Sent,
    UnknownResidents,
)

_INSERTS: Mapping[str, Callable[[Table], sqlite.Insert | postgresql.Insert]] = {
    "sqlite": sqlite.insert,
    "postgresql": postgresql.insert,
}

#: Where a phone was found -> in which role its owner is told; in the order of an answer's meaning.
_KINDS = {
    "caregiver": RecipientKind.CAREGIVER,
    "resident": RecipientKind.RESIDENT,
    "manager": RecipientKind.FACILITY_MANAGER,
    "deputy": RecipientKind.DEPUTY_MANAGER,
}


#: caregiver, resident, relation, role
_Link = tuple[str, str, str | None, str]
_LINK = ("resident_id", "caregiver_id", "relation", "role")


class SqlPeople:
    """PeopleStore on a connection."""

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer
        self._locator = SqlLocator(connection)

    def put_residents(self, residents: Iterable[Resident]) -> ImportCounts:
        prepared = self.prepare_residents(residents)
        self.write(prepared)
        return prepared.counts

    def put_caregivers(
        self, caregivers: Iterable[Caregiver], links: Iterable[CareLink]
    ) -> ImportCounts:
        prepared = self.prepare_caregivers(caregivers, links)
        self.write(prepared)
        return prepared.counts

    def prepare_residents(
        self,
        residents: Iterable[Resident],
        *,
        now: datetime | None = None,
        only_count: bool = False,
    ) -> PreparedPeople:
        given = {one.ref: one for one in residents}
        digests = {ref: digest_of(self._sealer, one) for ref, one in given.items()}
        new, changed, counts = changed_refs(self._connection, resident, digests)
        refs = [] if only_count else [*new, *changed]
        places = place_columns([given[ref] for ref in refs], self._locator)
        rows = (
            {**resident_row(given[ref], digests[ref], self._sealer), **place, "confirmed_at": now}
            for ref, place in zip(refs, places, strict=True)
        )
        consents = {ref: given[ref].consent for ref in refs}
        return self._prepared(PersonKind.RESIDENT, counts, rows, consents, now)

    def prepare_caregivers(
        self,
        caregivers: Iterable[Caregiver],
        links: Iterable[CareLink],
        *,
        now: datetime | None = None,
        only_count: bool = False,
    ) -> PreparedPeople:
        given = {one.ref: one for one in caregivers}
        cares = links_of(links)
        if strangers := cares.keys() - given.keys():
            raise ValueError(f"links of caregivers that are not given: {sorted(strangers)}")
        digests = {
            ref: digest_of(self._sealer, one, *cares.get(ref, ())) for ref, one in given.items()
        }
        new, changed, counts = changed_refs(self._connection, caregiver, digests)
        refs = [] if only_count else [*new, *changed]
        rows = (
            {**caregiver_row(given[ref], digests[ref], self._sealer), "confirmed_at": now}
            for ref in refs
        )
        consents = {ref: given[ref].consent for ref in refs}
        own = [
            (ref, link.resident_ref, link.relation, link.role.value)
            for ref in refs
            for link in cares.get(ref, ())
        ]
        return self._prepared(PersonKind.CAREGIVER, counts, rows, consents, now, own)

    def _prepared(
        self,
        kind: PersonKind,
        counts: ImportCounts,
        rows: Iterable[Mapping[str, Any]],
        consents: Mapping[str, Consent],
        now: datetime | None,
        links: Sequence[_Link] = (),
    ) -> PreparedPeople:
        bulk = people_bulk(self._connection, kind)
        records = first_consents(self._connection, self._sealer, kind, consents, now) if now else []
        # Packed, because a city's rows would fill the memory as Python objects.
        packed = pickle.dumps(([bulk.ready(row) for row in rows], links, records), protocol=5)
        return PreparedPeople(kind, counts, tuple(consents), packed)

    def write(self, prepared: PreparedPeople) -> frozenset[str]:
        rows, links, records = pickle.loads(prepared.packed)  # noqa: S301 - packed by this process
        people_bulk(self._connection, prepared.kind).write(self._connection, rows)
        if prepared.kind is PersonKind.CAREGIVER:
            self._replace_links(prepared.refs, links)
        return keep_first_consents(self._connection, prepared.kind, prepared.refs, records)

    def _replace_links(self, refs: Sequence[str], links: Sequence[_Link]) -> None:
        carers = self._ids(caregiver, refs)
        named = {home for _, home, _, _ in links}
        homes = self._ids(resident, named)
        unknown = sorted(named - homes.keys())
        if unknown:
            raise UnknownResidents(unknown)
        stale = select(caregiver.c.id).where(one_of(self._connection, caregiver.c.ref, refs))
        self._connection.execute(delete(care_link).where(care_link.c.caregiver_id.in_(stale)))
        bulk = Bulk(self._connection, care_link, _LINK)
        rows = (
            {"resident_id": homes[home], "caregiver_id": carers[who], "relation": how, "role": role}
            for who, home, how, role in links
        )
        bulk.write(self._connection, [bulk.ready(row) for row in rows])

    def _ids(self, table: Table, refs: Iterable[str]) -> dict[str, int]:
        query = select(table.c.ref, table.c.id).where(one_of(self._connection, table.c.ref, refs))
        return {row.ref: row.id for row in self._connection.execute(query)}

    def residents(self, refs: Iterable[str]) -> Sequence[Resident]:
        query = select(resident).where(one_of(self._connection, resident.c.ref, refs))
        found = [resident_of(row, self._sealer) for row in self._connection.execute(query)]
        return sorted(found, key=lambda one: one.ref)

    def resident_refs(self) -> frozenset[str]:
        return frozenset(self._connection.scalars(select(resident.c.ref)))

    def with_phoned_carers(self, refs: Iterable[str], apart_from: Iterable[str]) -> frozenset[str]:
        query = (
            select(resident.c.ref)
            .join_from(resident, care_link, care_link.c.resident_id == resident.c.id)
            .join(caregiver, care_link.c.caregiver_id == caregiver.c.id)
            .where(
                one_of(self._connection, resident.c.ref, refs),
                caregiver.c.phone_hash.is_not(None),
                ~one_of(self._connection, caregiver.c.ref, apart_from),
            )
        )
        return frozenset(self._connection.scalars(query))

    def traces(self, kind: PersonKind) -> Iterator[Trace]:
        yield from persons.traces(self._connection, self._sealer, kind)

    def caregivers_of(
        self, refs: Iterable[str]
    ) -> Mapping[str, Sequence[tuple[Caregiver, CareLink]]]:
        wanted = frozenset(refs)
        query = (
            select(caregiver, resident.c.ref.label("home"), care_link.c.relation, care_link.c.role)
            .join_from(resident, care_link, care_link.c.resident_id == resident.c.id)
            .join(caregiver, care_link.c.caregiver_id == caregiver.c.id)
            .where(one_of(self._connection, resident.c.ref, wanted))
        )
        found: dict[str, list[tuple[Caregiver, CareLink]]] = {ref: [] for ref in sorted(wanted)}
        known: dict[str, Caregiver] = {}  # opened once, however many people they care for
        for row in self._connection.execute(query):
            who = known.get(row.ref) or caregiver_of(row, self._sealer)
            known[row.ref] = who
            link = CareLink(row.ref, row.home, row.relation, CareRole(row.role))
            found[row.home].append((who, link))
        for pairs in found.values():
            pairs.sort(key=lambda pair: pair[0].ref)
        return found

    def for_planning(
        self, refs: Iterable[str]
    ) -> Sequence[tuple[Resident, Sequence[tuple[Caregiver, CareLink]]]]:
        return people_for_planning(self._connection, self._sealer, refs)

    def ties(self, refs: Collection[str]) -> Iterator[tuple[str, Hashable]]:
        return ties_of(self._connection, refs)

    def homes(self, kind: PersonKind, refs: Iterable[str]) -> Mapping[str, frozenset[str | None]]:
        return persons.homes_of(self._connection, kind, refs)

    def inside(self, geometry: BaseGeometry) -> frozenset[str]:
        return refs_inside(self._connection, "resident", geometry)

    def inside_each(self, geometries: Sequence[BaseGeometry]) -> Sequence[frozenset[str]]:
        return refs_inside_each(self._connection, "resident", geometries)

    def inside_ids_each(self, geometries: Sequence[BaseGeometry]) -> Sequence[NDArray[np.int64]]:
        return ids_inside_each(self._connection, "resident", geometries)

    def with_area_codes_each(self, groups: Sequence[Collection[str]]) -> Sequence[frozenset[str]]:
        return refs_below_each(self._connection, resident, groups)

    def with_area_codes(self, codes: Iterable[str]) -> frozenset[str]:
        below = codes_below(self._connection, codes)
        query = select(resident.c.ref).where(resident.c.area_code.in_(below))
        return frozenset(self._connection.scalars(query))

    def unplaced(self) -> Mapping[str, frozenset[str]]:
        return refs_unplaced(self._connection, "resident")

    def owners_of(self, number: str) -> Sequence[Owner]:
        hashed = self._sealer.phone_hash(number)
        people = [
            select(literal(kind).label("kind"), table.c.ref, table.c.language).where(
                table.c.phone_hash == hashed
            )
            for kind, table in (("caregiver", caregiver), ("resident", resident))
        ]
        contacts = (
            select(
                facility_contact.c.role.label("kind"),
                facility.c.ref,
                facility_contact.c.language,
            )
            .join(facility, facility.c.id == facility_contact.c.facility_id)
            .where(facility_contact.c.phone_hash == hashed)
        )
        found = self._connection.execute(union_all(*people, contacts))
        rows = sorted(found, key=lambda row: (list(_KINDS).index(row.kind), row.ref))
        return [Owner(_KINDS[row.kind].value, row.ref, row.language) for row in rows]

    def caregiver_refs(self) -> frozenset[str]:
        return frozenset(self._connection.scalars(select(caregiver.c.ref)))

    def caregivers(self, refs: Iterable[str]) -> Sequence[tuple[Caregiver, Sequence[CareLink]]]:
        wanted = one_of(self._connection, caregiver.c.ref, frozenset(refs))
        query = (
            select(caregiver.c.ref, resident.c.ref, care_link.c.relation, care_link.c.role)
            .join_from(caregiver, care_link, care_link.c.caregiver_id == caregiver.c.id)
            .join(resident, care_link.c.resident_id == resident.c.id)
            .where(wanted)
        )
        rows = self._connection.execute(query)
        links = links_of(CareLink(who, home, how, CareRole(role)) for who, home, how, role in rows)
        people = self._connection.execute(select(caregiver).where(wanted).order_by(caregiver.c.ref))
        return [(caregiver_of(row, self._sealer), links.get(row.ref, ())) for row in people]

    def names(self, kind: PersonKind, most: int) -> Iterator[tuple[str, str]]:
        yield from persons.names(self._connection, self._sealer, kind, most)

    def last_sent(self, number: str) -> Sent | None:
        return persons.last_sent(self._connection, self._sealer.phone_hash(number))

    def quality(
        self,
        now: datetime,
        soon: timedelta,
        limits: QualityLimits = QualityLimits(),  # noqa: B008
    ) -> Quality:
        return quality(self._connection, now, soon, limits)

    def confirm(self, kind: PersonKind, refs: Iterable[str], now: datetime) -> int:
        return confirm(self._connection, persons.TABLES[kind], refs, now)

    def forget(self, kind: PersonKind, ref: str, now: datetime) -> Forgotten | None:
        return forget(self._connection, self._sealer, kind, ref, now)

    def suppressed(self) -> frozenset[str]:
        sealed = self._connection.scalars(select(suppression.c.phone_sealed))
        return frozenset(self._sealer.open(value) for value in sealed)

    def suppress(self, number: str, now: datetime, source: str) -> None:
        row = {
            "phone_hash": self._sealer.phone_hash(number),
            "phone_sealed": self._sealer.seal(number),
            "since": now,
            "source": source,
        }
        upsert = _INSERTS[self._connection.dialect.name](suppression).values(row)
        self._connection.execute(
            upsert.on_conflict_do_update(
                index_elements=[suppression.c.phone_hash],
                set_={"since": upsert.excluded.since},
                where=upsert.excluded.since > suppression.c.since,
            )
        )

    def unsuppress(self, number: str, now: datetime) -> None:
        """Allow again; a START that is older than the STOP does not undo it."""
        self._connection.execute(
            delete(suppression).where(
                suppression.c.phone_hash == self._sealer.phone_hash(number),
                suppression.c.since <= now,
            )
        )

    def counts(self) -> Mapping[str, int]:
        tables = {
            "residents": resident,
            "caregivers": caregiver,
            "care_links": care_link,
            "suppressed": suppression,
        }
        queries = [
            select(literal(name).label("name"), func.count().label("many")).select_from(table)
            for name, table in tables.items()
        ]
        return {row.name: row.many for row in self._connection.execute(union_all(*queries))}
