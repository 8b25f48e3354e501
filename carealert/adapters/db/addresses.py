"""Where recipients can be reached now: a register changes between the decision and the send."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, literal, null, select

from carealert.adapters.db.lists import one_of
from carealert.adapters.db.tables import (
    caregiver,
    facility,
    facility_contact,
    organisation,
    resident,
)
from carealert.domain.notices import RecipientKind
from carealert.domain.people import PhoneSharing, Purpose

_ROLES = {
    RecipientKind.FACILITY_MANAGER.value: "manager",
    RecipientKind.DEPUTY_MANAGER.value: "deputy",
}
_MESSENGERS = (RecipientKind.RELAY.value, RecipientKind.COMMUNITY_GROUP.value)
_PURPOSES = {
    RecipientKind.RESIDENT.value: Purpose.ALERT_ME.value,
    RecipientKind.CAREGIVER.value: Purpose.ALERT_CARER.value,
}


@dataclass(frozen=True, slots=True)
class Address:
    """A recipient's phone as stored, None where they have none; and whether they still agree."""

    phone_hash: bytes | None
    phone_sealed: bytes | None
    sharing: PhoneSharing | None
    agreed: bool


def addresses(
    connection: Connection, recipients: Iterable[tuple[str, str]], now: datetime
) -> dict[tuple[str, str], Address]:
    """(recipient kind, ref) -> address; who is not in the register any more is left out.

    The city desk is not in the register.
    """
    refs: dict[str, set[str]] = {}
    for kind, ref in recipients:
        refs.setdefault(kind, set()).add(ref)
    found: dict[tuple[str, str], Address] = {}
    for kind, own in refs.items():
        for row in _rows(connection, kind, own):
            found[kind, row.ref] = Address(
                row.phone_hash,
                row.phone_sealed,
                PhoneSharing(row.phone_sharing) if row.phone_sharing else None,
                row.consent is None or _agrees(row.consent, _PURPOSES[kind], now),
            )
    return found


def _rows(connection: Connection, kind: str, refs: Iterable[str]) -> Iterable[Row[Any]]:
    if kind in _ROLES:
        contact = facility_contact.c
        return connection.execute(
            select(
                facility.c.ref,
                contact.phone_hash,
                contact.phone_sealed,
                literal(PhoneSharing.FACILITY.value).label("phone_sharing"),
                null().label("consent"),
            )
            .join(facility, facility.c.id == contact.facility_id)
            .where(contact.role == _ROLES[kind], one_of(connection, facility.c.ref, refs))
        )
    if kind in _MESSENGERS:
        of = organisation.c
        return connection.execute(
            select(
                of.ref,
                of.phone_hash,
                of.phone_sealed,
                literal(PhoneSharing.FACILITY.value).label("phone_sharing"),
                null().label("consent"),
            ).where(one_of(connection, of.ref, refs))
        )
    if kind not in _PURPOSES:
        return ()
    table = resident if kind == RecipientKind.RESIDENT.value else caregiver
    column = table.c
    return connection.execute(
        select(
            column.ref,
            column.phone_hash,
            column.phone_sealed,
            column.phone_sharing,
            column.consent,
        ).where(one_of(connection, column.ref, refs))
    )


def _agrees(consent: Mapping[str, Any], purpose: str, now: datetime) -> bool:
    expires = consent.get("ends", {}).get(purpose, consent.get("expires"))
    runs = expires is None or now < datetime.fromisoformat(expires)
    return runs and purpose in consent.get("purposes", ())
