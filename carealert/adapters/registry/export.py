"""The register as the files from which it can be imported: nothing is lost, nothing changes."""

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import TypeVar

from carealert.adapters.registry.escaping import guarded
from carealert.adapters.registry.files import (
    CAREGIVER_COLUMNS,
    FACILITY_COLUMNS,
    ORGANISATION_COLUMNS,
    RESIDENT_COLUMNS,
)
from carealert.adapters.registry.rejects import private_csv
from carealert.domain.facilities import Contact, Facility
from carealert.domain.organisations import Organisation
from carealert.domain.people import Caregiver, CareLink, Consent, Gender, Phone, Resident

Item = TypeVar("Item")
Cell = str | int | float | bool | datetime | date | time | None


class CsvFolder:
    """`residents.csv`, `caregivers.csv` and `facilities.csv`, which only their owner may read."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def residents(self, people: Iterable[Resident]) -> None:
        """Write them."""
        self._write("residents", RESIDENT_COLUMNS, people, resident_row)

    def caregivers(self, people: Iterable[tuple[Caregiver, Sequence[CareLink]]]) -> None:
        """Write them with whom each cares for."""
        columns = (*CAREGIVER_COLUMNS, "consent_giver")
        self._write("caregivers", columns, people, lambda one: caregiver_row(*one))

    def facilities(self, places: Iterable[Facility]) -> None:
        """Write them."""
        self._write("facilities", FACILITY_COLUMNS, places, facility_row)

    def organisations(self, organisations: Iterable[Organisation]) -> None:
        """Write them."""
        self._write("organisations", ORGANISATION_COLUMNS, organisations, organisation_row)

    def _write(
        self,
        name: str,
        columns: Sequence[str],
        items: Iterable[Item],
        row_of: Callable[[Item], Mapping[str, Cell]],
    ) -> None:
        with private_csv(self._folder / f"{name}.csv") as file:
            writer = csv.writer(file, lineterminator="\r\n")
            writer.writerow(columns)
            for item in items:
                row = row_of(item)
                writer.writerow([guarded(_written(row.get(column))) for column in columns])


def resident_row(one: Resident) -> dict[str, Cell]:
    """The cells of one resident."""
    functioning = one.functioning
    return {
        "ref": one.ref,
        "name": one.name,
        "label": one.label,
        "birth_year": one.birth_year,
        "gender": _gender(one.gender),
        "lat": one.lat,
        "lon": one.lon,
        "area_code": one.area_code,
        "language": one.language,
        "second_language": one.second_language,
        "needs": ";".join(sorted(one.needs)),
        "wg_seeing": functioning.seeing,
        "wg_hearing": functioning.hearing,
        "wg_walking": functioning.walking,
        "wg_remembering": functioning.remembering,
        "wg_selfcare": functioning.selfcare,
        "wg_communicating": functioning.communicating,
        **_phone(one.phone),
        "channel": one.channel.value,
        **_consent(one.consent),
        "next_due": one.next_due,
        "backup_hours": one.backup_hours,
        "notes": one.notes,
        "age_band": one.age_band,
        "exposures": ";".join(sorted(one.exposures)),
        "critical_after_h": one.critical_after_h,
        "administration_mode": functioning.administration,
    }


def caregiver_row(one: Caregiver, links: Sequence[CareLink]) -> dict[str, Cell]:
    """The cells of one caregiver, with one part for each resident in the list cells."""
    stated = any(link.relation for link in links)
    return {
        "ref": one.ref,
        "name": one.name,
        **_phone(one.phone),
        "channel": one.channel.value,
        "literacy": one.literacy,
        "gender": _gender(one.gender),
        "language": one.language,
        "second_language": one.second_language,
        "paid": one.paid,
        "cares_for": ";".join(link.resident_ref for link in links),
        "relation": ";".join(link.relation or "" for link in links) if stated else "",
        "role": ";".join(link.role.value for link in links),
        "quiet_from": one.quiet_from,
        "quiet_to": one.quiet_to,
        "lat": one.lat,
        "lon": one.lon,
        **_consent(one.consent),
        "minor": one.is_minor,
        "hours_band": one.hours_band,
        "capacity": one.capacity,
        "never_from": one.never_from,
        "never_to": one.never_to,
        "responder_gender": one.responder_gender,
        "companion": one.companion,
    }


def facility_row(one: Facility) -> dict[str, Cell]:
    """The cells of one facility."""
    return {
        "ref": one.ref,
        "name": one.name,
        "type": one.type.value,
        "services": ";".join(one.services),
        "lat": one.lat,
        "lon": one.lon,
        "area_code": one.area_code,
        "capacity": one.capacity,
        "backup_power_hours": one.backup_power_hours,
        "water_hours": one.water_hours,
        "cold_chain": one.cold_chain,
        "ramp": one.ramp,
        "women_staff": one.women_staff,
        "lit_separate_toilets": one.lit_separate_toilets,
        **_contact("manager", one.manager),
        **_contact("deputy", one.deputy),
        "opening_hours": one.opening_hours,
        "service_hours": ";".join(f"{name}={text}" for name, text in one.service_hours),
        "cost": one.cost,
        "languages": ";".join(one.languages),
        "verified_on": one.verified_on,
    }


def organisation_row(one: Organisation) -> dict[str, Cell]:
    """The cells of one organisation."""
    return {
        "ref": one.ref,
        "name": one.name,
        "type": one.type.value,
        "area_codes": ";".join(one.area_codes),
        "languages": ";".join(one.languages),
        "services": ";".join(one.services),
        **_contact("contact", one.contact),
        "households": ";".join(one.households),
        "capacity": one.capacity,
        "women_responders": one.women_responders,
        "verified_on": one.verified_on,
        "notes": one.notes,
    }


def _gender(gender: Gender) -> str:
    return "" if gender is Gender.NOT_STATED else gender.value


def _phone(phone: Phone | None) -> dict[str, Cell]:
    if phone is None:
        return {}
    return {"phone": phone.number, "phone_sharing": phone.sharing.value}


def _consent(consent: Consent) -> dict[str, Cell]:
    purposes = sorted(consent.purposes)
    ends = dict(consent.ends)
    parts = [_written(ends.get(purpose, consent.expires)) for purpose in purposes]
    expires = parts[0] if len(set(parts)) == 1 else ";".join(parts)
    if not purposes:
        expires = _written(consent.expires)
    return {
        "consent_purposes": ";".join(purposes),
        "consent_giver": consent.giver,
        "consent_expires": expires,
    }


def _contact(role: str, contact: Contact | None) -> dict[str, Cell]:
    if contact is None:
        return {}
    return {
        f"{role}_name": contact.name,
        f"{role}_phone": contact.phone.number,
        f"{role}_language": contact.language,
    }


def _written(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, time):
        return value.strftime("%H:%M")
    return str(value)
