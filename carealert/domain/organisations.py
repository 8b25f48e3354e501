"""Organisations of the city's directory, and the households that trusted messengers look in on.

Women's groups, mothers' centres, neighbours, unions and associations reach homes that no message
does (requirements M18, M24, M45). Which homes those are is shared with them only as long as the
resident agrees to it.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from carealert.domain.facilities import Contact
from carealert.domain.people import Purpose

#: What a resident has to agree to before anybody is asked to look in on them (requirements 3.4).
LOOKED_IN_ON = Purpose.SHARE_WITH_RESPONDERS
#: What nobody has looked at for so long may be wrong (requirements M03: six months).
STALE_AFTER = timedelta(days=183)


class OrganisationType(StrEnum):
    """Kinds of organisation in the directory."""

    WOMENS_GROUP = "womens_group"
    MOTHERS_CENTRE = "mothers_centre"
    NEIGHBOURS = "neighbours"
    UNION = "union"
    ASSOCIATION = "association"
    NGO = "ngo"
    UTILITY = "utility"
    TRANSPORT = "transport"
    OFFICE = "office"
    HEALTH_OFFICE = "health_office"
    FAITH_GROUP = "faith_group"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Organisation:
    """One line of the directory. Empty means not stated, never no.

    `households` are refs of residents it may be asked to look in on, `capacity` how many of them
    at once. The repr is the ref alone.
    """

    ref: str
    name: str
    type: OrganisationType
    area_codes: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    contact: Contact | None = None
    households: tuple[str, ...] = ()
    capacity: int | None = None
    women_responders: bool | None = None
    verified_on: date | None = None
    notes: str | None = field(default=None, repr=False)

    def __repr__(self) -> str:
        """Show which one is meant: a repr ends up in logs, and a contact is a person."""
        return f"Organisation({self.ref!r})"


def is_stale(verified_on: date | None, today: date) -> bool:
    """True if nobody has looked at it for six months, or never."""
    return verified_on is None or today - verified_on > STALE_AFTER
