"""People as planning sees them, many at once: what deciding does not ask for stays in the table.

Names and notes stay sealed, and gender is not read at all: it decides nothing
(docs/decisions/0005-gender-never-decides.md).

Much of a row is the same for thousands of people (what they agreed to, which functions are
difficult): each such text is read once.
"""

import json
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from datetime import datetime, time
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import Column, ColumnElement, Connection, Text, cast, select

from carealert.adapters.db.lists import one_of
from carealert.adapters.db.tables import care_link, caregiver, resident
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import RecipientKind
from carealert.domain.people import (
    Administration,
    AgeBand,
    Caregiver,
    CareLink,
    CareRole,
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

_Read = TypeVar("_Read")
#: Different texts of one column that are remembered while one list of people is read.
_REMEMBERED = 4096


def people_for_planning(
    connection: Connection, sealer: Sealer, refs: Iterable[str]
) -> list[tuple[Resident, list[tuple[Caregiver, CareLink]]]]:
    """Residents by ref with their caregivers by ref; raises WrongKey."""
    wanted = frozenset(refs)
    read = _Reader(sealer)
    carers = _caregivers(connection, read, wanted)
    return [(one, carers.get(one.ref, [])) for one in _residents(connection, read, wanted)]


def ties_of(connection: Connection, refs: Iterable[str]) -> Iterator[tuple[str, Hashable]]:
    """(resident, what ties it to others): caregivers by (kind, ref), phones by their hash."""
    wanted = frozenset(refs)
    own = select(resident.c.ref, resident.c.phone_hash).where(
        one_of(connection, resident.c.ref, wanted), resident.c.phone_hash.is_not(None)
    )
    yield from connection.execute(own).fetchall()
    carers = (
        select(resident.c.ref, caregiver.c.ref, caregiver.c.phone_hash)
        .join_from(resident, care_link, care_link.c.resident_id == resident.c.id)
        .join(caregiver, care_link.c.caregiver_id == caregiver.c.id)
        .where(one_of(connection, resident.c.ref, wanted))
    )
    for ref, carer, phone in connection.execute(carers).fetchall():
        yield ref, (RecipientKind.CAREGIVER, carer)
        if phone is not None:
            yield ref, phone


def _residents(connection: Connection, read: "_Reader", refs: frozenset[str]) -> list[Resident]:
    of = resident.c
    query = select(
        of.ref,
        of.label_sealed,
        of.birth_year,
        of.area_code,
        of.language,
        of.second_language,
        of.needs_sealed,
        _raw(of.functioning),
        of.phone_sealed,
        of.phone_sharing,
        of.channel,
        _raw(of.consent),
        of.next_due,
        of.backup_hours,
        of.age_band,
        _raw(of.exposures),
        of.critical_after_h,
    ).where(one_of(connection, of.ref, refs))
    found = [read.resident(*row) for row in connection.execute(query).fetchall()]
    return sorted(found, key=lambda one: one.ref)


def _caregivers(
    connection: Connection, read: "_Reader", homes: frozenset[str]
) -> dict[str, list[tuple[Caregiver, CareLink]]]:
    """By the refs of their homes."""
    of = caregiver.c
    query = (
        select(
            resident.c.ref,
            care_link.c.relation,
            care_link.c.role,
            of.ref,
            of.phone_sealed,
            of.phone_sharing,
            of.channel,
            of.language,
            of.second_language,
            _raw(of.consent),
            of.quiet_from,
            of.quiet_to,
            of.is_minor,
        )
        .join_from(resident, care_link, care_link.c.resident_id == resident.c.id)
        .join(caregiver, care_link.c.caregiver_id == of.id)
        .where(one_of(connection, resident.c.ref, homes))
    )
    known: dict[str, Caregiver] = {}
    found: dict[str, list[tuple[Caregiver, CareLink]]] = {}
    for home, relation, role, who, *rest in connection.execute(query).fetchall():
        carer = known.get(who)
        if carer is None:  # opened once, however many people they care for
            carer = known[who] = read.caregiver(who, *rest)
        found.setdefault(home, []).append((carer, CareLink(who, home, relation, _ROLE[role])))
    for carers in found.values():
        if len(carers) > 1:
            carers.sort(key=lambda pair: pair[0].ref)
    return found


def _raw(column: Column[Any]) -> ColumnElement[str]:
    """JSON as its text, which can be looked up."""
    return cast(column, Text)


_CHANNEL = {one.value: one for one in ChannelPreference}
_ROLE = {one.value: one for one in CareRole}
_SHARING = {one.value: one for one in PhoneSharing}
_BAND: Mapping[str | None, AgeBand | None] = {None: None, **{one.value: one for one in AgeBand}}


class _Reader:
    """Reads rows of one query; what many of them share is read once."""

    def __init__(self, sealer: Sealer) -> None:
        self._open = sealer.open
        self._needs = _once(lambda text: frozenset(Need(word) for word in json.loads(text)))
        self._exposures = _once(lambda text: frozenset(Exposure(word) for word in json.loads(text)))
        self._functioning = _once(_functioning)
        self._consent = _once(_consent)

    def resident(
        self,
        ref: str,
        label: bytes,
        birth_year: int | None,
        area_code: str | None,
        language: str,
        second_language: str | None,
        needs: bytes,
        functioning: str,
        phone: bytes | None,
        sharing: str,
        channel: str,
        consent: str,
        next_due: datetime | None,
        backup_hours: float | None,
        age_band: str | None,
        exposures: str,
        critical_after_h: float | None,
    ) -> Resident:
        return Resident(
            ref,
            None,
            self._open(label),
            birth_year,
            Gender.NOT_STATED,
            None,
            None,
            area_code,
            language,
            second_language,
            self._needs(self._open(needs)),
            self._functioning(functioning),
            self._phone(phone, sharing),
            _CHANNEL[channel],
            self._consent(consent),
            next_due,
            backup_hours,
            None,
            _BAND[age_band],
            self._exposures(exposures),
            critical_after_h,
        )

    def caregiver(
        self,
        ref: str,
        phone: bytes | None,
        sharing: str,
        channel: str,
        language: str,
        second_language: str | None,
        consent: str,
        quiet_from: str | None,
        quiet_to: str | None,
        is_minor: bool | None,
    ) -> Caregiver:
        return Caregiver(
            ref,
            None,
            self._phone(phone, sharing),
            _CHANNEL[channel],
            None,
            Gender.NOT_STATED,
            language,
            second_language,
            None,
            self._consent(consent),
            _clock(quiet_from),
            _clock(quiet_to),
            is_minor=is_minor,
        )

    def _phone(self, sealed: bytes | None, sharing: str) -> Phone | None:
        return None if sealed is None else Phone(self._open(sealed), _SHARING[sharing])


def _once(read: Callable[[str], _Read]) -> Callable[[str], _Read]:
    return lru_cache(_REMEMBERED)(read)


def _clock(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None


def _functioning(text: str) -> Functioning:
    stored = json.loads(text)
    asked = stored.get("administration")
    return Functioning(**{**stored, "administration": Administration(asked) if asked else None})


def _consent(text: str) -> Consent:
    stored = json.loads(text)
    moment = datetime.fromisoformat
    ends = sorted(stored.get("ends", {}).items())
    return Consent(
        frozenset(Purpose(word) for word in stored["purposes"]),
        None,
        moment(stored["expires"]) if stored["expires"] else None,
        tuple((Purpose(word), moment(end)) for word, end in ends),
    )
