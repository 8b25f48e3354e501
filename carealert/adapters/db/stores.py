"""One transaction over every store."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from functools import cached_property
from threading import Lock

from sqlalchemy import Connection, Engine

from carealert.adapters.db.areas import SqlAreas
from carealert.adapters.db.asking import SqlAsking
from carealert.adapters.db.audit import SqlAudit
from carealert.adapters.db.consents import SqlConsents
from carealert.adapters.db.escalations import SqlEscalations
from carealert.adapters.db.facilities import SqlFacilities
from carealert.adapters.db.feeds import SqlFeeds
from carealert.adapters.db.holds import SqlHolds
from carealert.adapters.db.journal import SqlJournal
from carealert.adapters.db.languages import SqlLanguages
from carealert.adapters.db.leases import SqlLeases
from carealert.adapters.db.looks import SqlLooks
from carealert.adapters.db.notice_list import SqlNotices
from carealert.adapters.db.officers import SqlOfficers
from carealert.adapters.db.organisations import SqlOrganisations
from carealert.adapters.db.outbox import SqlOutbox
from carealert.adapters.db.people import SqlPeople
from carealert.adapters.db.places import SqlPlaces
from carealert.adapters.db.replies import SqlReplies
from carealert.adapters.db.retention import SqlRetention
from carealert.adapters.db.rule_versions import SqlRuleVersions
from carealert.adapters.db.senders import SqlSenders
from carealert.adapters.db.settling import SqlSettling
from carealert.adapters.db.shelf import Memo
from carealert.adapters.db.silences import SqlSilences
from carealert.adapters.db.unknown_areas import SqlUnknownAreas
from carealert.adapters.db.warnings import SqlWarnings
from carealert.adapters.sealing import Sealer


class SqlStores:
    """The stores, made when first asked for, on one connection."""

    def __init__(self, connection: Connection, sealer: Sealer, memo: Memo | None = None) -> None:
        self._connection = connection
        self._sealer = sealer
        self._memo = memo

    @cached_property
    def feeds(self) -> SqlFeeds:
        """Feeds and documents."""
        return SqlFeeds(self._connection)

    @cached_property
    def warnings(self) -> SqlWarnings:
        """Warnings in their incidents."""
        return SqlWarnings(self._connection, self._memo)

    @cached_property
    def holds(self) -> SqlHolds:
        """Warnings that an officer must decide about."""
        return SqlHolds(self._connection)

    @cached_property
    def areas(self) -> SqlAreas:
        """Administrative areas."""
        return SqlAreas(self._connection)

    @cached_property
    def unknown_areas(self) -> SqlUnknownAreas:
        """Areas that warnings name and the register lacks."""
        return SqlUnknownAreas(self._connection)

    @cached_property
    def people(self) -> SqlPeople:
        """Residents and caregivers."""
        return SqlPeople(self._connection, self._sealer)

    @cached_property
    def places(self) -> SqlPlaces:
        """Positions and what follows from them."""
        return SqlPlaces(self._connection)

    @cached_property
    def consents(self) -> SqlConsents:
        """Who agreed to what, and when."""
        return SqlConsents(self._connection, self._sealer)

    @cached_property
    def asking(self) -> SqlAsking:
        """What asking people about their own data must remember."""
        return SqlAsking(self._connection, self._sealer)

    @cached_property
    def retention(self) -> SqlRetention:
        """What is kept for a time only."""
        return SqlRetention(self._connection, self._sealer)

    @cached_property
    def rule_versions(self) -> SqlRuleVersions:
        """Versions of the rules."""
        return SqlRuleVersions(self._connection)

    @cached_property
    def looks(self) -> SqlLooks:
        """When warnings are looked at again."""
        return SqlLooks(self._connection)

    @cached_property
    def settling(self) -> SqlSettling:
        """Answers that others are still to hear of."""
        return SqlSettling(self._connection)

    @cached_property
    def silences(self) -> SqlSilences:
        """What is quiet for a while."""
        return SqlSilences(self._connection)

    @cached_property
    def languages(self) -> SqlLanguages:
        """Who has read which texts."""
        return SqlLanguages(self._connection)

    @cached_property
    def officers(self) -> SqlOfficers:
        """Who works here."""
        return SqlOfficers(self._connection)

    @cached_property
    def facilities(self) -> SqlFacilities:
        """Facilities and their reports."""
        return SqlFacilities(self._connection, self._sealer)

    @cached_property
    def organisations(self) -> SqlOrganisations:
        """The directory."""
        return SqlOrganisations(self._connection, self._sealer)

    @cached_property
    def outbox(self) -> SqlOutbox:
        """Notices on their way."""
        return SqlOutbox(self._connection, self._sealer)

    @cached_property
    def notices(self) -> SqlNotices:
        """Notices as officers look at them."""
        return SqlNotices(self._connection)

    @cached_property
    def audit(self) -> SqlAudit:
        """What must not be."""
        return SqlAudit(self._connection)

    @cached_property
    def senders(self) -> SqlSenders:
        """Limits and failures of the ways out."""
        return SqlSenders(self._connection)

    @cached_property
    def escalations(self) -> SqlEscalations:
        """Timers, states and tasks."""
        return SqlEscalations(self._connection)

    @cached_property
    def replies(self) -> SqlReplies:
        """Inbound messages."""
        return SqlReplies(self._connection, self._sealer)

    @cached_property
    def journal(self) -> SqlJournal:
        """What happened."""
        return SqlJournal(self._connection)

    @cached_property
    def leases(self) -> SqlLeases:
        """Who leads."""
        return SqlLeases(self._connection)


class SqlDatabase:
    """Opens transactions on an engine."""

    def __init__(self, engine: Engine, sealer: Sealer) -> None:
        self.engine = engine
        self.sealer = sealer
        self._memo: Memo = {}  # what stored warnings say does not change
        # SQLite makes a waiting writer sleep up to 100 ms and then try again. Writers of one
        # process queue here instead: 1,700 messages with their receipts took a third of the time.
        queued = engine.dialect.name == "sqlite"
        self._turn: AbstractContextManager[object] = Lock() if queued else nullcontext()

    @contextmanager
    def transaction(self) -> Iterator[SqlStores]:
        """Read and write; committed at the end of the block."""
        with self._turn, self.engine.begin() as connection:
            yield SqlStores(connection, self.sealer, self._memo)

    @contextmanager
    def reading(self) -> Iterator[SqlStores]:
        """Read one consistent state without the write lock."""
        engine = self.engine.execution_options(carealert_reading=True)
        with engine.connect() as connection:
            yield SqlStores(connection, self.sealer, self._memo)
