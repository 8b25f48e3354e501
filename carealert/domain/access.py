"""Who may do what, and where: roles, their rights, and areas (requirements 3.4, role-based view).

A role says what somebody may do, their areas where. Both are checked by the services, so that a
page, a command and the programming interface cannot differ.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Role(StrEnum):
    """What an officer is."""

    OFFICER = "officer"  # of the disaster office
    HEALTH = "health"
    SOCIAL = "social"
    WOMENS_OFFICE = "womens_office"
    FACILITY = "facility"  # answers for facilities, and sees these alone
    COUNCIL = "council"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Right(StrEnum):
    """What may be done; each service that an officer can call asks for one of them."""

    READ_BOARD = "read_board"  # incidents, counts, feeds; nobody's data
    READ_JOURNAL = "read_journal"
    READ_REGISTER = "read_register"  # who is registered, phones masked
    REVEAL = "reveal"  # a whole phone and everything held, with a reason
    EDIT_REGISTER = "edit_register"
    FORGET = "forget"
    EXPORT = "export"
    READ_CONSENTS = "read_consents"
    RECORD_CONSENTS = "record_consents"
    READ_FACILITIES = "read_facilities"
    EDIT_FACILITIES = "edit_facilities"
    READ_DIRECTORY = "read_directory"  # organisations: groups, offices, utilities
    EDIT_DIRECTORY = "edit_directory"
    EDIT_PLACES = "edit_places"
    DECIDE_WARNINGS = "decide_warnings"  # release, discard or enter a warning
    EDIT_FEEDS = "edit_feeds"
    EDIT_RULES = "edit_rules"
    APPROVE_RULES = "approve_rules"
    MANAGE_ACCESS = "manage_access"
    MANAGE_KEYS = "manage_keys"


_SEES = frozenset({Right.READ_BOARD, Right.READ_FACILITIES, Right.READ_DIRECTORY})
_KNOWS_PEOPLE = _SEES | {Right.READ_REGISTER, Right.READ_CONSENTS}
_REGISTERS = _KNOWS_PEOPLE | {
    Right.EDIT_REGISTER,
    Right.RECORD_CONSENTS,
    Right.EDIT_FACILITIES,
    Right.EDIT_DIRECTORY,
}

GRANTS: Mapping[Role, frozenset[Right]] = {
    Role.OFFICER: _REGISTERS
    | {
        Right.READ_JOURNAL,
        Right.REVEAL,
        Right.EDIT_PLACES,
        Right.DECIDE_WARNINGS,
        Right.EDIT_FEEDS,
        Right.EDIT_RULES,
        Right.APPROVE_RULES,  # somebody else's: see domain/rule_versions.py
    },
    Role.HEALTH: _KNOWS_PEOPLE | {Right.REVEAL},
    Role.SOCIAL: _REGISTERS | {Right.REVEAL, Right.FORGET},
    Role.WOMENS_OFFICE: _REGISTERS,
    Role.FACILITY: frozenset({Right.READ_FACILITIES, Right.EDIT_FACILITIES}),
    Role.COUNCIL: _SEES | {Right.READ_JOURNAL, Right.APPROVE_RULES},
    Role.AUDITOR: _SEES | {Right.READ_JOURNAL, Right.READ_CONSENTS},
    Role.ADMIN: frozenset(Right),
}


@dataclass(frozen=True, slots=True)
class Actor:
    """Somebody who asks for something. `areas` are codes; none of them means everywhere.

    `facilities` are the refs a facility's own people answer for; only their role looks at them.
    """

    name: str
    role: Role
    areas: frozenset[str] = frozenset()
    facilities: frozenset[str] = frozenset()

    def may(self, right: Right) -> bool:
        """Whether the role has this right; where it holds is another question."""
        return right in GRANTS[self.role]

    @property
    def is_everywhere(self) -> bool:
        """Whether no area limits them."""
        return not self.areas
