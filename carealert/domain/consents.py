"""Consent as it is recorded: one record for each purpose and each time it changed.

Words follow ISO/IEC TS 27560 and the consent record of PublicSchema (requirements 3.1 and 3.4).
The ledger only grows; what holds at a moment is the newest record of each purpose.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

from carealert.domain.people import Consent, Purpose


class ConsentStatus(StrEnum):
    """What a record says."""

    GIVEN = "given"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Delegation(StrEnum):
    """Who decided for the person."""

    SELF = "self"
    PARENT = "parent"
    LEGAL_GUARDIAN = "legal_guardian"
    AUTHORISED_REPRESENTATIVE = "authorised_representative"
    PROXY = "proxy"  # somebody who was permitted to register them


class Medium(StrEnum):
    """On what the consent was given."""

    PAPER = "paper"
    ELECTRONIC = "electronic"
    VERBAL = "verbal"
    SMS = "sms"
    IMPORT = "import"  # a register file says so


@dataclass(frozen=True, slots=True)
class ConsentRecord:
    """One change. `at` and `expires` are aware; None in `expires` is until withdrawn."""

    purpose: Purpose
    status: ConsentStatus
    at: datetime
    medium: Medium
    giver: str | None = field(default=None, repr=False)
    delegation: Delegation = Delegation.SELF
    notice_language: str | None = None
    notice_version: str | None = None
    expires: datetime | None = None


def newest(records: Iterable[ConsentRecord]) -> dict[Purpose, ConsentRecord]:
    """The record of each purpose that counts; of two of one moment the later in the ledger."""
    found: dict[Purpose, ConsentRecord] = {}
    for record in records:
        before = found.get(record.purpose)
        if before is None or record.at >= before.at:
            found[record.purpose] = record
    return found


def effective(records: Iterable[ConsentRecord]) -> Consent:
    """What the records allow; each purpose ends at its own time."""
    given = {
        purpose: record
        for purpose, record in newest(records).items()
        if record.status is ConsentStatus.GIVEN
    }
    givers = [record.giver for record in given.values() if record.giver]
    ends = ((purpose, record.expires) for purpose, record in given.items())
    return Consent(
        frozenset(given),
        givers[-1] if givers else None,
        ends=tuple(sorted((purpose, end) for purpose, end in ends if end is not None)),
    )


def changes(
    before: Mapping[Purpose, ConsentRecord], stated: Consent, now: datetime
) -> list[ConsentRecord]:
    """The records that a register file adds when it states this consent at `now`.

    What a person withdrew or refused is never given again by a file: they are asked themselves.
    """
    ends = dict(stated.ends)
    found = []
    for purpose in Purpose:
        known = before.get(purpose)
        if purpose in stated.purposes:
            end = ends.get(purpose, stated.expires)
            if known is None or (known.status is ConsentStatus.GIVEN and known.expires != end):
                found.append(
                    ConsentRecord(
                        purpose, ConsentStatus.GIVEN, now, Medium.IMPORT, stated.giver, expires=end
                    )
                )
        elif known is not None and known.status is ConsentStatus.GIVEN:
            found.append(ConsentRecord(purpose, ConsentStatus.WITHDRAWN, now, Medium.IMPORT))
    return found


def running_out(
    records: Iterable[ConsentRecord], now: datetime, within: timedelta
) -> frozenset[Purpose]:
    """Purposes that are agreed to, and end within this time."""
    return frozenset(
        purpose
        for purpose, record in newest(records).items()
        if record.status is ConsentStatus.GIVEN
        and record.expires is not None
        and now < record.expires <= now + within
    )
