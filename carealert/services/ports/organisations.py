"""The directory: organisations, and which of them may look in on whom."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Protocol

from carealert.domain.organisations import Organisation, OrganisationType
from carealert.services.ports.registry import ImportCounts


class OrganisationStore(Protocol):
    """Organisations and their households. Contacts go in and out through keyed encryption."""

    def put(self, organisations: Iterable[Organisation]) -> ImportCounts:
        """Add and change them by their refs; the households are those that are stated now.

        The residents must be registered, and whoever calls has asked `agreed` about them.
        """
        ...

    def get(self, refs: Iterable[str]) -> Sequence[Organisation]:
        """By ref, with every household that was registered, agreed to or not."""
        ...

    def of_types(self, types: Collection[OrganisationType]) -> Sequence[Organisation]:
        """Those of these types, by ref, without their households."""
        ...

    def refs(self) -> frozenset[str]: ...

    def agreed(self, resident_refs: Iterable[str], now: datetime) -> frozenset[str]:
        """Those of these residents who agree, at `now`, that somebody looks in on them (P4)."""
        ...

    def messengers_of(
        self, resident_refs: Iterable[str], now: datetime
    ) -> Mapping[str, Sequence[Organisation]]:
        """resident ref -> organisations that may look in on them at `now`, by ref.

        From the moment at which a resident withdraws P4, or it runs out, there is none. An
        organisation's `households` are those that agree, too. Residents without any are left out.
        """
        ...

    def ties(self, resident_refs: Iterable[str]) -> Iterable[tuple[str, str]]:
        """(resident ref, organisation ref) for each household, agreed to or not."""
        ...

    def forget(self, ref: str) -> bool:
        """Take it out with its contact and its households; False if there is none."""
        ...
