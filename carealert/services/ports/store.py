"""One transaction over the whole store: everything in it is saved, or nothing is."""

from contextlib import AbstractContextManager
from typing import Protocol

from carealert.services.ports.asking import AskingStore
from carealert.services.ports.audit import AuditStore
from carealert.services.ports.consents import ConsentStore
from carealert.services.ports.escalations import EscalationStore
from carealert.services.ports.feeds import FeedStore, WarningStore
from carealert.services.ports.holds import HoldStore
from carealert.services.ports.languages import LanguageStore
from carealert.services.ports.looks import LookStore
from carealert.services.ports.notices import NoticeStore
from carealert.services.ports.officers import OfficerStore
from carealert.services.ports.organisations import OrganisationStore
from carealert.services.ports.outbox import OutboxStore
from carealert.services.ports.places import PlaceStore
from carealert.services.ports.records import JournalStore, LeaseStore
from carealert.services.ports.registry import (
    AreaStore,
    FacilityStore,
    PeopleStore,
    UnknownAreaStore,
)
from carealert.services.ports.replies import ReplyStore
from carealert.services.ports.retention import RetentionStore
from carealert.services.ports.rule_versions import RuleVersionStore
from carealert.services.ports.senders import SenderStore
from carealert.services.ports.settling import SettlingStore
from carealert.services.ports.silences import SilenceStore


class Stores(Protocol):
    """Every store, bound to one open transaction."""

    @property
    def feeds(self) -> FeedStore: ...
    @property
    def warnings(self) -> WarningStore: ...
    @property
    def holds(self) -> HoldStore: ...
    @property
    def areas(self) -> AreaStore: ...
    @property
    def unknown_areas(self) -> UnknownAreaStore: ...
    @property
    def people(self) -> PeopleStore: ...
    @property
    def places(self) -> PlaceStore: ...
    @property
    def consents(self) -> ConsentStore: ...
    @property
    def asking(self) -> AskingStore: ...
    @property
    def retention(self) -> RetentionStore: ...
    @property
    def rule_versions(self) -> RuleVersionStore: ...
    @property
    def looks(self) -> LookStore: ...
    @property
    def settling(self) -> SettlingStore: ...
    @property
    def silences(self) -> SilenceStore: ...
    @property
    def languages(self) -> LanguageStore: ...
    @property
    def officers(self) -> OfficerStore: ...
    @property
    def facilities(self) -> FacilityStore: ...
    @property
    def organisations(self) -> OrganisationStore: ...
    @property
    def outbox(self) -> OutboxStore: ...
    @property
    def notices(self) -> NoticeStore: ...
    @property
    def audit(self) -> AuditStore: ...
    @property
    def senders(self) -> SenderStore: ...
    @property
    def escalations(self) -> EscalationStore: ...
    @property
    def replies(self) -> ReplyStore: ...
    @property
    def journal(self) -> JournalStore: ...
    @property
    def leases(self) -> LeaseStore: ...


class Database(Protocol):
    """Opens transactions. Writers on SQLite queue up (BEGIN IMMEDIATE); keep them short."""

    def transaction(self) -> AbstractContextManager[Stores]:
        """Read and write; committed at the end of the block, rolled back on an exception."""
        ...

    def reading(self) -> AbstractContextManager[Stores]:
        """Read one consistent state; takes no write lock."""
        ...
