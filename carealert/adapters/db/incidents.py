"""Which incident a message belongs to, and whose place it takes: the store's part of it."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, Select, String, Text, bindparam, func, or_, select, update

from carealert.adapters.db.lists import one_of
from carealert.adapters.db.shelf import Known, Memo, Shelf
from carealert.adapters.db.tables import decision, reference
from carealert.adapters.db.tables import warning as table
from carealert.adapters.db.types import UtcDateTime
from carealert.domain.gist import Gist, gist_of
from carealert.domain.incidents import (
    Link,
    Tie,
    by_content,
    by_reference,
    is_two_events,
    may_be_same_event,
    near,
    same_event,
)
from carealert.domain.warnings import HazardWarning, Reference, Status

#: Version 5 UUIDs of incidents live in this namespace (RFC 9562).
_NAMESPACE = uuid.UUID("3a1c9bb8-6a7e-5d0e-9b6d-2f6f0c8f7d11")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message belongs. `joined_by` is None for an incident that begins with it.

    `merged` are incidents that it shows to be parts of its own; `replaces` are warnings, and
    `replaces_alike` those of them that are as real as it is.
    """

    gist: Gist
    incident: str
    joined_by: str | None
    merged: tuple[str, ...]
    replaces: tuple[int, ...]
    replaces_alike: tuple[int, ...]
    replaced_by: int | None


@dataclass(frozen=True, slots=True)
class _Tied:
    """A stored message, what ties it to the new one, and whether it is the later of the two."""

    known: Known
    link: Link
    is_later: bool


class SqlIncidents:
    """Finds places on one connection; `memo` remembers gists beyond it."""

    def __init__(self, connection: Connection, memo: Memo) -> None:
        self._connection = connection
        self.shelf = Shelf(connection, memo)

    def place(self, warning: HazardWarning, own: int | None = None) -> Place:
        """The place of a message; `own` is its number where it is stored already."""
        gist = gist_of(warning)
        tied = [one for one in self._tied(warning, gist, own) if one.known.id != own]
        alike = [one for one in tied if _as_real(one.known.gist, gist)]
        related = [one.known for one in alike] + self.shelf.get([own] if own else [])
        incident, merged = self._choose(related) if related else (_new_incident(warning), ())
        mine = [one.link for one in alike if one.known.incident == incident]
        because = min(mine or [one.link for one in alike], key=lambda link: link.tie, default=None)
        by = [one.known for one in tied if one.is_later and one.link.replaces]
        newest = max(by, key=lambda known: (known.gist.sent, known.id), default=None)
        return Place(
            gist,
            incident,
            because.because if because else None,
            merged,
            tuple(one.known.id for one in tied if not one.is_later and one.link.replaces),
            tuple(one.known.id for one in alike if not one.is_later and one.link.replaces),
            newest.id if newest else None,
        )

    def gather(self, place: Place, joined_by: str) -> None:
        """Move undecided messages over, numbered on: a revision stands for one message only."""
        for incident in place.merged:
            moved = self._connection.execute(
                select(table.c.id).where(table.c.incident == incident).order_by(table.c.id)
            ).scalars()
            first = self.next_revision(place.incident)
            for number, warning_id in enumerate(list(moved), first):
                self._connection.execute(
                    update(table)
                    .where(table.c.id == warning_id)
                    .values(
                        incident=place.incident,
                        revision=number,
                        joined_by=func.coalesce(table.c.joined_by, joined_by),
                    )
                )
            self.shelf.moved(incident, place.incident)

    def supersede(self, place: Place, by: int) -> None:
        """Record whose place the message takes; one that lost it before keeps what is known."""
        if not place.replaces:
            return
        self._connection.execute(
            update(table)
            .where(table.c.id.in_(place.replaces), table.c.superseded_by.is_(None))
            .values(superseded_by=by)
        )
        self.shelf.superseded(place.replaces, by)

    def next_revision(self, incident: str) -> int:
        """How many messages the incident has."""
        return int(self._connection.execute(_COUNT, {"incident": incident}).scalar_one())

    def like(self, warning: HazardWarning) -> list[Known]:
        """Other senders' standing warnings that may be of the same event, wherever they hold."""
        gist = gist_of(warning)
        return [
            known
            for known in self.shelf.about(near(gist.hazards))
            if known.superseded_by is None and may_be_same_event(gist, known.gist)
        ]

    def _tied(self, warning: HazardWarning, gist: Gist, own: int | None) -> list[_Tied]:
        """What a message is tied to: by name first, then by what it says."""
        earlier = self.shelf.get(self._named_by(warning))
        later = self.shelf.get(self._naming(warning))
        tied = [_Tied(known, by_reference(gist, known.gist), False) for known in earlier]
        tied += [_Tied(known, by_reference(known.gist, gist), True) for known in later]
        incidents = self.shelf.get(self._of_incidents(warning))
        tied += [_Tied(known, Link(Tie.INCIDENTS, "incidents"), False) for known in incidents]
        alike = {known.id: known for known in self.shelf.get(self._of_keys(warning))}
        around = self.shelf.near(gist, near(gist.hazards))
        alike |= {known.id: known for known in around if known.gist.sender == gist.sender}
        for known in alike.values():
            link = by_content(gist, known.gist) if known.id != own else None
            if link is not None:
                tied.append(_Tied(known, link, known.gist.sent > gist.sent))
        if any(_as_real(one.known.gist, gist) for one in tied):
            return tied
        return [*tied, *self._same_event(gist, around)]

    def _same_event(self, gist: Gist, around: Iterable[Known]) -> list[_Tied]:
        """The other sender's warning that overlaps most, the oldest of equals.

        Where its incident has a message that this sender numbers as another event, it is another.
        """
        found: list[tuple[float, int, _Tied]] = []
        is_another: dict[str, bool] = {}  # a storm has hundreds of messages in one incident
        for known in around:
            match = same_event(gist, known.gist) if known.superseded_by is None else None
            if match is None:
                continue
            if known.incident not in is_another:
                is_another[known.incident] = self._is_another(gist, known.incident)
            if not is_another[known.incident]:
                found.append((-match[0], known.id, _Tied(known, match[1], False)))
        return [min(found)[2]] if found else []

    def _is_another(self, gist: Gist, incident: str) -> bool:
        """True where a message of the incident is numbered as another event than this one."""
        return any(is_two_events(gist, other.gist) for other in self.shelf.of_incident(incident))

    def _named_by(self, warning: HazardWarning) -> list[int]:
        """Stored messages that this one refers to, in the order of its references."""
        names = [entry.identifier for entry in warning.references]
        if not names:
            return []
        rows = self._connection.execute(
            _IDENTITY.where(one_of(self._connection, table.c.identifier, names)).order_by(
                table.c.id
            )
        ).all()
        found: dict[int, None] = {}
        for entry in warning.references:
            for row in _meant(entry, entry.sender or warning.sender, rows):
                found.setdefault(row.id)
        return list(found)

    def _naming(self, warning: HazardWarning) -> list[int]:
        """Stored messages that refer to this one: they came first."""
        values = {"identifier": warning.identifier, "moment": warning.sent}
        rows = self._connection.execute(_NAMING, values).all()
        meant = {row.id: row.meant_sender or row.sender for row in rows}
        taken = self._senders_of(warning, set(meant.values()) - {warning.sender})
        return [row.id for row in rows if meant[row.id] not in taken]

    def _senders_of(self, warning: HazardWarning, senders: Iterable[str]) -> set[str]:
        """Which of these senders have a message of the same identifier: references mean theirs."""
        wanted = list(senders)
        if not wanted:
            return set()
        rows = self._connection.execute(
            select(table.c.sender).where(
                table.c.identifier == warning.identifier,
                one_of(self._connection, table.c.sender, wanted),
            )
        )
        return set(rows.scalars())

    def _of_incidents(self, warning: HazardWarning) -> list[int]:
        """Messages of the same sender that share an element of `incidents`."""
        if not warning.incidents:
            return []
        query = (
            select(table.c.id)
            .join(reference, reference.c.warning_id == table.c.id)
            .where(
                reference.c.kind == "incident",
                one_of(self._connection, reference.c.identifier, warning.incidents),
                table.c.sender == warning.sender,
            )
        )
        return list(self._connection.execute(query.order_by(table.c.id)).scalars())

    def _of_keys(self, warning: HazardWarning) -> list[int]:
        """Messages of the same sender and identifier, or that share an event key."""
        values = {"of_sender": warning.sender, "identifier": warning.identifier}
        found = set(self._connection.execute(_SAME_NAME, values).scalars())
        if warning.event_keys:
            query = select(reference.c.warning_id).where(
                reference.c.kind == "event",
                one_of(self._connection, reference.c.identifier, warning.event_keys),
            )
            found |= set(self._connection.execute(query).scalars())
        return sorted(found)

    def _choose(self, related: Sequence[Known]) -> tuple[str, tuple[str, ...]]:
        """The one incident of all these messages, and those that become part of it.

        An incident that led to a decision keeps its id, because notices and timers carry it: of
        two such, this message joins the one referred to first, and the other stays apart.
        """
        found = list(dict.fromkeys(known.incident for known in related))
        if len(found) == 1:
            return found[0], ()
        decided = set(
            self._connection.execute(
                select(decision.c.incident).where(
                    one_of(self._connection, decision.c.incident, found)
                )
            ).scalars()
        )
        oldest = min(related, key=lambda known: known.id).incident
        kept = next((incident for incident in found if incident in decided), oldest)
        return kept, tuple(one for one in found if one != kept and one not in decided)


def _as_real(one: Gist, other: Gist) -> bool:
    """A drill that names a real warning, or is named by one, is no part of its story."""
    return (one.status is Status.ACTUAL) == (other.status is Status.ACTUAL)


# Built once: to build a statement takes longer than to run it.
_COUNT = (
    select(func.count())
    .select_from(table)
    .where(table.c.incident == bindparam("incident", type_=String))
)
_NAMING = (
    select(table.c.id, table.c.sender, reference.c.sender.label("meant_sender"))
    .join(reference, reference.c.warning_id == table.c.id)
    .where(
        reference.c.kind == "reference",
        reference.c.identifier == bindparam("identifier", type_=Text),
        or_(
            reference.c.sent.is_(None),
            reference.c.sent == bindparam("moment", type_=UtcDateTime),
        ),
    )
    .order_by(table.c.id)
)
_SAME_NAME = select(table.c.id).where(
    table.c.sender == bindparam("of_sender", type_=Text),
    table.c.identifier == bindparam("identifier", type_=Text),
)
_IDENTITY: Select[Any] = select(table.c.id, table.c.sender, table.c.identifier, table.c.sent)


def _meant(entry: Reference, sender: str, rows: Iterable[Row[Any]]) -> list[Row[Any]]:
    """The messages an entry may mean: those of this sender, if there are any, else of others."""
    found = [
        row for row in rows if row.identifier == entry.identifier and entry.sent in (None, row.sent)
    ]
    return [row for row in found if row.sender == sender] or found


def _new_incident(warning: HazardWarning) -> str:
    sender, identifier, sent = warning.key
    return str(uuid.uuid5(_NAMESPACE, f"{sender}\n{identifier}\n{sent.timestamp()}"))
