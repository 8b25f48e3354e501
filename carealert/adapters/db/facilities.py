"""Care facilities, who answers for them, and what they reported."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import numpy as np
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry
from sqlalchemy import ColumnElement, Connection, Row, delete, func, insert, select

from carealert.adapters.db.bulk import Bulk
from carealert.adapters.db.descent import codes_below, refs_below_each
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.located import SqlLocator
from carealert.adapters.db.people_rows import digest_of, place_columns
from carealert.adapters.db.quality import confirm
from carealert.adapters.db.spatial import (
    ids_inside_each,
    refs_inside,
    refs_inside_each,
    refs_unplaced,
)
from carealert.adapters.db.tables import facility, facility_contact, status_report
from carealert.adapters.db.upserts import changed_refs
from carealert.adapters.sealing import Sealer
from carealert.domain.facilities import (
    Contact,
    ContinuityStatus,
    Cost,
    Facility,
    FacilityType,
    StatusReport,
)
from carealert.domain.people import Phone, PhoneSharing
from carealert.services.ports.registry import ImportCounts

#: What is kept together in one JSON column, because nothing is looked up by it.
_DETAILS = (
    "capacity",
    "backup_power_hours",
    "water_hours",
    "cold_chain",
    "ramp",
    "women_staff",
    "lit_separate_toilets",
    "opening_hours",
)


class SqlFacilities:
    """FacilityStore on a connection.

    A contact's phone is a facility's phone: it comes back as `PhoneSharing.FACILITY`.
    """

    def __init__(self, connection: Connection, sealer: Sealer) -> None:
        self._connection = connection
        self._sealer = sealer

    def put(self, facilities: Iterable[Facility], now: datetime | None = None) -> ImportCounts:
        given = {one.ref: one for one in facilities}
        digests = {ref: digest_of(self._sealer, one) for ref, one in given.items()}
        new, changed, counts = changed_refs(self._connection, facility, digests)
        refs = [*new, *changed]
        places = place_columns([given[ref] for ref in refs], SqlLocator(self._connection))
        rows = [
            {**_row(given[ref]), **place, "digest": digests[ref], "confirmed_at": now}
            for ref, place in zip(refs, places, strict=True)
        ]
        if rows:
            bulk = Bulk(self._connection, facility, list(rows[0]), ("ref",))
            bulk.write(self._connection, [bulk.ready(row) for row in rows])
        self._replace_contacts([given[ref] for ref in refs])
        return counts

    def _replace_contacts(self, facilities: Sequence[Facility]) -> None:
        query = select(facility.c.ref, facility.c.id).where(
            one_of(self._connection, facility.c.ref, (one.ref for one in facilities))
        )
        ids = {row.ref: row.id for row in self._connection.execute(query)}
        stale = query.with_only_columns(facility.c.id)
        self._connection.execute(
            delete(facility_contact).where(facility_contact.c.facility_id.in_(stale))
        )
        rows = [
            self._contact_row(ids[one.ref], role, contact)
            for one in facilities
            for role, contact in (("manager", one.manager), ("deputy", one.deputy))
            if contact is not None
        ]
        if rows:
            self._connection.execute(insert(facility_contact), rows)

    def _contact_row(self, facility_id: int, role: str, contact: Contact) -> dict[str, Any]:
        return {
            "facility_id": facility_id,
            "role": role,
            "name_sealed": self._sealer.seal_optional(contact.name),
            "phone_sealed": self._sealer.seal(contact.phone.number),
            "phone_hash": self._sealer.phone_hash(contact.phone.number),
            "language": contact.language,
        }

    def confirm(self, refs: Iterable[str], now: datetime) -> int:
        return confirm(self._connection, facility, refs, now)

    def get(self, refs: Iterable[str]) -> Sequence[Facility]:
        wanted = one_of(self._connection, facility.c.ref, refs)
        joined = select(facility_contact).join(facility).where(wanted)
        contacts = {
            (row.facility_id, row.role): self._contact(row)
            for row in self._connection.execute(joined)
        }
        rows = self._connection.execute(select(facility).where(wanted))
        return sorted((_facility(row, contacts) for row in rows), key=lambda one: one.ref)

    def _contact(self, row: Row[Any]) -> Contact:
        phone = Phone(self._sealer.open(row.phone_sealed), PhoneSharing.FACILITY)
        return Contact(self._sealer.open_optional(row.name_sealed), phone, row.language)

    def inside(self, geometry: BaseGeometry) -> frozenset[str]:
        return refs_inside(self._connection, "facility", geometry)

    def inside_each(self, geometries: Sequence[BaseGeometry]) -> Sequence[frozenset[str]]:
        return refs_inside_each(self._connection, "facility", geometries)

    def inside_ids_each(self, geometries: Sequence[BaseGeometry]) -> Sequence[NDArray[np.int64]]:
        return ids_inside_each(self._connection, "facility", geometries)

    def with_area_codes_each(self, groups: Sequence[Collection[str]]) -> Sequence[frozenset[str]]:
        return refs_below_each(self._connection, facility, groups)

    def with_area_codes(self, codes: Iterable[str]) -> frozenset[str]:
        below = codes_below(self._connection, codes)
        query = select(facility.c.ref).where(facility.c.area_code.in_(below))
        return frozenset(self._connection.scalars(query))

    def unplaced(self) -> Mapping[str, frozenset[str]]:
        return refs_unplaced(self._connection, "facility")

    def refs(self) -> frozenset[str]:
        return frozenset(self._connection.scalars(select(facility.c.ref)))

    def report(self, report: StatusReport) -> None:
        row = {
            "facility_ref": report.facility_ref,
            "status": report.status.value,
            "reported_at": report.reported_at,
            "valid_until": report.valid_until,
            "source": report.source,
            "service": report.service,
        }
        self._connection.execute(insert(status_report), [row])

    def latest_reports(self) -> Mapping[str, StatusReport]:
        """The newest report of each whole facility; of two for one moment, the later written."""
        whole = status_report.c.service.is_(None)
        return {row.facility_ref: _report(row) for row in self._newest(whole)}

    def service_reports(self) -> Mapping[str, Mapping[str, StatusReport]]:
        """The newest report of each single service, by facility and service."""
        found: dict[str, dict[str, StatusReport]] = {}
        for row in self._newest(status_report.c.service.is_not(None)):
            found.setdefault(row.facility_ref, {})[row.service] = _report(row)
        return found

    def _newest(self, wanted: ColumnElement[bool]) -> Sequence[Row[Any]]:
        newest = func.row_number().over(
            partition_by=(status_report.c.facility_ref, status_report.c.service),
            order_by=(status_report.c.reported_at.desc(), status_report.c.id.desc()),
        )
        ranked = select(status_report, newest.label("place")).where(wanted).subquery()
        return self._connection.execute(select(ranked).where(ranked.c.place == 1)).all()


def _row(one: Facility) -> dict[str, Any]:
    return {
        "ref": one.ref,
        "name": one.name,
        "type": one.type.value,
        "services": list(one.services),
        "lat": one.lat,
        "lon": one.lon,
        "area_code": one.area_code,
        "details": _details(one),
    }


def _details(one: Facility) -> dict[str, Any]:
    return {
        **{name: getattr(one, name) for name in _DETAILS},
        "service_hours": [list(pair) for pair in one.service_hours],
        "cost": one.cost,
        "languages": list(one.languages),
        "verified_on": one.verified_on.isoformat() if one.verified_on else None,
    }


def _stated(details: Mapping[str, Any]) -> dict[str, Any]:
    """The details as fields; those of a row from before a field was known are not stated."""
    cost, verified = details.get("cost"), details.get("verified_on")
    return {
        **details,
        "service_hours": tuple((name, text) for name, text in details.get("service_hours", ())),
        "cost": Cost(cost) if cost else None,
        "languages": tuple(details.get("languages", ())),
        "verified_on": date.fromisoformat(verified) if verified else None,
    }


def _facility(row: Row[Any], contacts: Mapping[tuple[int, str], Contact]) -> Facility:
    return Facility(
        ref=row.ref,
        name=row.name,
        type=FacilityType(row.type),
        services=tuple(row.services),
        lat=row.lat,
        lon=row.lon,
        area_code=row.area_code,
        manager=contacts.get((row.id, "manager")),
        deputy=contacts.get((row.id, "deputy")),
        **_stated(row.details),
    )


def _report(row: Row[Any]) -> StatusReport:
    return StatusReport(
        row.facility_ref,
        ContinuityStatus(row.status),
        row.reported_at,
        row.valid_until,
        row.source,
        row.service,
    )
