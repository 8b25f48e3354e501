"""The ledger of consents, and what it makes of the register."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Protocol

from carealert.domain.consents import ConsentRecord


class PersonKind(StrEnum):
    """Who consents."""

    RESIDENT = "resident"
    CAREGIVER = "caregiver"


class ConsentStore(Protocol):
    """Append-only. After each call the register holds what the ledger allows."""

    def of(self, kind: PersonKind, refs: Iterable[str]) -> Mapping[str, Sequence[ConsentRecord]]:
        """ref -> records in the order of the ledger; people without any are left out."""
        ...

    def add(
        self, kind: PersonKind, records: Mapping[str, Sequence[ConsentRecord]]
    ) -> Sequence[str]:
        """Add records by ref and bring the register into line; refs that are not in it."""
        ...

    def with_an_end(self, kind: PersonKind, after: datetime, until: datetime) -> frozenset[str]:
        """Refs of people with a record that ends in this time, whether it still counts or not."""
        ...

    def take_over(self, kind: PersonKind, refs: Iterable[str], now: datetime) -> Sequence[str]:
        """Record what a register file states of these people.

        The refs of those for whom the file states what they themselves withdrew or refused: their
        word stands, and the register is put back to it.
        """
        ...
