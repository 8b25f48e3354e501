"""Residents and caregivers as rows and back; what is personal is sealed on the way in."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from datetime import UTC, date, datetime, time
from functools import lru_cache
from operator import attrgetter
from typing import Any

import numpy as np
from sqlalchemy import Row

from carealert.adapters.db.located import SqlLocator
from carealert.adapters.sealing import Sealer
from carealert.domain.cells import cells_of
from carealert.domain.facilities import Contact, Facility
from carealert.domain.organisations import Organisation
from carealert.domain.people import (
    Administration,
    AgeBand,
    Caregiver,
    CareLink,
    ChannelPreference,
    Consent,
    Exposure,
    Functioning,
    Gender,
    Need,
    Phone,
    PhoneSharing,
    Purpose,
    Resident,
)

_DOMAINS = tuple(field.name for field in fields(Functioning))


def digest_of(sealer: Sealer, *parts: object) -> str:
    """A keyed digest that changes when any field of these dataclasses does."""
    return sealer.digest(_encode(parts))


#: Gives the values of a dataclass's fields, in one step for all: it runs for every row.
_VALUES_OF: Mapping[type, Callable[[object], tuple[object, ...]]] = {
    kind: attrgetter(*(field.name for field in fields(kind)))
    for kind in (
        *(Resident, Caregiver, CareLink, Consent, Functioning, Phone),
        *(Facility, Contact, Organisation),
    )
}


def _plain(value: object) -> object:
    if (values := _VALUES_OF.get(type(value))) is not None:
        return values(value)
    if isinstance(value, frozenset):
        return sorted(value)
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()  # the same moment, however it was written
    if isinstance(value, time | date):
        return value.isoformat()
    raise TypeError(f"no digest of {type(value).__name__}")


_encode = json.JSONEncoder(default=_plain).encode


def resident_row(resident: Resident, digest: str, sealer: Sealer) -> dict[str, Any]:
    """All columns but `id`, those of the place, and when it was confirmed."""
    return {
        "ref": resident.ref,
        "name_sealed": sealer.seal_optional(resident.name),
        "label_sealed": sealer.seal(resident.label),
        "birth_year": resident.birth_year,
        "gender": resident.gender.value,
        "lat": resident.lat,
        "lon": resident.lon,
        "area_code": resident.area_code,
        "language": resident.language,
        "second_language": resident.second_language,
        "needs_sealed": sealer.seal(json.dumps(sorted(resident.needs))),
        "functioning": _functioning_json(resident.functioning),
        **_phone_columns(resident.phone, sealer),
        "channel": resident.channel.value,
        **_consent_columns(resident.consent, sealer),
        "next_due": resident.next_due,
        "backup_hours": resident.backup_hours,
        "notes_sealed": sealer.seal_optional(resident.notes),
        "age_band": resident.age_band,
        "exposures": _exposures_json(resident.exposures),
        "critical_after_h": resident.critical_after_h,
        "digest": digest,
    }


def resident_of(row: Row[Any], sealer: Sealer) -> Resident:
    """The resident of one row; raises WrongKey."""
    return Resident(
        ref=row.ref,
        name=sealer.open_optional(row.name_sealed),
        label=sealer.open(row.label_sealed),
        birth_year=row.birth_year,
        gender=Gender(row.gender),
        lat=row.lat,
        lon=row.lon,
        area_code=row.area_code,
        language=row.language,
        second_language=row.second_language,
        needs=frozenset(Need(need) for need in json.loads(sealer.open(row.needs_sealed))),
        functioning=_functioning_of(row.functioning),
        phone=_phone_of(row, sealer),
        channel=ChannelPreference(row.channel),
        consent=consent_of(row, sealer),
        next_due=row.next_due,
        backup_hours=row.backup_hours,
        notes=sealer.open_optional(row.notes_sealed),
        age_band=AgeBand(row.age_band) if row.age_band else None,
        exposures=frozenset(Exposure(word) for word in row.exposures),
        critical_after_h=row.critical_after_h,
    )


@lru_cache(maxsize=4096)
def _functioning_json(functioning: Functioning) -> dict[str, Any]:
    """Shared by all rows that say the same; nobody changes it."""
    return {name: getattr(functioning, name) for name in _DOMAINS}


@lru_cache(maxsize=4096)
def _exposures_json(exposures: frozenset[Exposure]) -> list[str]:
    return sorted(exposures)


def _functioning_of(stored: Mapping[str, Any]) -> Functioning:
    asked = stored.get("administration")
    mode = Administration(asked) if asked else None
    return Functioning(**{**stored, "administration": mode})


def caregiver_row(caregiver: Caregiver, digest: str, sealer: Sealer) -> dict[str, Any]:
    """All columns but `id` and when it was confirmed."""
    return {
        "ref": caregiver.ref,
        "name_sealed": sealer.seal_optional(caregiver.name),
        **_phone_columns(caregiver.phone, sealer),
        "channel": caregiver.channel.value,
        "literacy": caregiver.literacy,
        "gender": caregiver.gender.value,
        "language": caregiver.language,
        "second_language": caregiver.second_language,
        "paid": caregiver.paid,
        **_consent_columns(caregiver.consent, sealer),
        "quiet_from": _clock(caregiver.quiet_from),
        "quiet_to": _clock(caregiver.quiet_to),
        "lat": caregiver.lat,
        "lon": caregiver.lon,
        "is_minor": caregiver.is_minor,
        "hours_band": caregiver.hours_band,
        "capacity": caregiver.capacity,
        "never_from": _clock(caregiver.never_from),
        "never_to": _clock(caregiver.never_to),
        "responder_gender": caregiver.responder_gender,
        "companion": caregiver.companion,
        "digest": digest,
    }


def caregiver_of(row: Row[Any], sealer: Sealer) -> Caregiver:
    """The caregiver of one row; raises WrongKey."""
    return Caregiver(
        ref=row.ref,
        name=sealer.open_optional(row.name_sealed),
        phone=_phone_of(row, sealer),
        channel=ChannelPreference(row.channel),
        literacy=row.literacy,
        gender=Gender(row.gender),
        language=row.language,
        second_language=row.second_language,
        paid=row.paid,
        consent=consent_of(row, sealer),
        quiet_from=_time(row.quiet_from),
        quiet_to=_time(row.quiet_to),
        lat=row.lat,
        lon=row.lon,
        is_minor=row.is_minor,
        hours_band=row.hours_band,
        capacity=row.capacity,
        never_from=_time(row.never_from),
        never_to=_time(row.never_to),
        responder_gender=Gender(row.responder_gender) if row.responder_gender else None,
        companion=row.companion,
    )


def links_of(links: Iterable[CareLink]) -> dict[str, list[CareLink]]:
    """caregiver ref -> links, sorted by resident; a repeated link counts once, the last stands."""
    last = {(link.caregiver_ref, link.resident_ref): link for link in links}
    found: dict[str, list[CareLink]] = {}
    for key in sorted(last):
        found.setdefault(key[0], []).append(last[key])
    return found


def place_columns(
    placed: Sequence[Resident | Facility], locator: SqlLocator
) -> list[dict[str, int | str | None]]:
    """`cell` and `located_code` of each: what follows from the position."""
    cells = cell_columns([(one.lat, one.lon) for one in placed])
    codes = locator.codes([(one.lat, one.lon, one.area_code) for one in placed])
    return [{"cell": cell, "located_code": code} for cell, code in zip(cells, codes, strict=True)]


def cell_columns(places: list[tuple[float | None, float | None]]) -> list[int | None]:
    """The `cell` of each (lat, lon); None where no place was stated."""
    known = [n for n, (lat, lon) in enumerate(places) if lat is not None and lon is not None]
    cells: list[int | None] = [None] * len(places)
    points = np.array([places[n] for n in known], np.float64).reshape(-1, 2)
    for n, cell in zip(known, cells_of(points[:, 1], points[:, 0]).tolist(), strict=True):
        cells[n] = cell
    return cells


def _phone_columns(phone: Phone | None, sealer: Sealer) -> dict[str, Any]:
    if phone is None:
        return {"phone_sealed": None, "phone_hash": None, "phone_sharing": None}
    return {
        "phone_sealed": sealer.seal(phone.number),
        "phone_hash": sealer.phone_hash(phone.number),
        "phone_sharing": phone.sharing.value,
    }


def _phone_of(row: Row[Any], sealer: Sealer) -> Phone | None:
    if row.phone_sealed is None:
        return None
    return Phone(sealer.open(row.phone_sealed), PhoneSharing(row.phone_sharing))


def _consent_columns(consent: Consent, sealer: Sealer) -> dict[str, Any]:
    """Who gave the consent may be a name, so it is sealed."""
    return {
        "consent": consent_json(consent),
        "consent_giver_sealed": sealer.seal_optional(consent.giver),
    }


@lru_cache(maxsize=4096)
def consent_json(consent: Consent) -> dict[str, Any]:
    """What may be done, without who allowed it."""
    return {
        "purposes": sorted(consent.purposes),
        "expires": consent.expires.astimezone(UTC).isoformat() if consent.expires else None,
        "ends": {purpose: end.astimezone(UTC).isoformat() for purpose, end in consent.ends},
    }


def consent_of(row: Row[Any], sealer: Sealer) -> Consent:
    """The consent of one row; raises WrongKey."""
    expires = row.consent["expires"]
    return Consent(
        frozenset(Purpose(purpose) for purpose in row.consent["purposes"]),
        sealer.open_optional(row.consent_giver_sealed),
        datetime.fromisoformat(expires) if expires else None,
        tuple(
            (Purpose(purpose), datetime.fromisoformat(end))
            for purpose, end in sorted(row.consent.get("ends", {}).items())
        ),
    )


def _time(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None


def _clock(moment: time | None) -> str | None:
    return moment.strftime("%H:%M") if moment else None
