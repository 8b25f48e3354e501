"""The messages that a new one is compared with: looked up once a transaction, read once ever."""

from collections.abc import Collection, Iterable, Iterator, MutableMapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Select, select

from carealert.adapters.db.tables import hold
from carealert.adapters.db.tables import warning as table
from carealert.adapters.warning_json import from_json
from carealert.domain.gist import Gist, gist_of
from carealert.domain.hazards import Hazard
from carealert.domain.holds import as_real
from carealert.domain.nearby import Nearby
from carealert.services.ports.holds import HoldDecision

#: The newest messages are compared with a new one by what they say; older ones only by name.
LOOKED_AT = 1_000
_BATCH = 500  # SQLite binds a limited number of values
_REMEMBERED = 5_000

#: A stored body never changes; its number alone could be given again after a clean-up. The last
#: part says whether an officer released it, so that it counts as what it would mean if real.
Key = tuple[int, str, datetime, datetime, bool]
Memo = MutableMapping[Key, Gist]


@dataclass(slots=True)
class Known:
    """A stored message, and where it stands in this transaction."""

    id: int
    incident: str
    superseded_by: int | None
    gist: Gist


class Shelf:
    """Stored messages with their gists, on one connection. `memo` outlives the transaction.

    Only what was read from the database goes into the memo: a number that is taken back with its
    transaction may be given again to another message.
    """

    def __init__(self, connection: Connection, memo: Memo) -> None:
        self._connection = connection
        self._memo = memo
        self._known: dict[int, Known] = {}
        self._recent: dict[int, Known] = {}
        self._nearby = Nearby()
        self._by_hazard: dict[Hazard, dict[int, Known]] = {}
        self._is_loaded = False

    def get(self, ids: Iterable[int]) -> list[Known]:
        """These messages, in the order of `ids`."""
        wanted = list(dict.fromkeys(ids))
        for some in _batches([one for one in wanted if one not in self._known]):
            self._take(_ROWS.where(table.c.id.in_(some)))
        return [self._known[one] for one in wanted]

    def near(self, gist: Gist, hazards: Iterable[Hazard]) -> list[Known]:
        """Recent messages about any of these hazards whose areas may meet this one's."""
        self._load()
        return [self._known[one] for one in sorted(self._nearby.find(gist, hazards))]

    def about(self, hazards: Iterable[Hazard]) -> Collection[Known]:
        """Recent messages about any of these hazards, each once."""
        self._load()
        found: dict[int, Known] = {}
        for hazard in sorted(hazards):
            found |= self._by_hazard.get(hazard, {})
        return found.values()

    def of_incident(self, incident: str) -> list[Known]:
        """The recent messages of an incident."""
        self._load()
        return [known for known in self._recent.values() if known.incident == incident]

    def put(self, known: Known) -> None:
        """Add a message that was stored just now, or that an officer released."""
        self._known[known.id] = known
        if self._is_loaded:
            self._index(known)

    def superseded(self, ids: Iterable[int], by: int) -> None:
        """Note that these messages gave up their places."""
        for known in self.get(ids):
            known.superseded_by = known.superseded_by or by

    def moved(self, incident: str, into: str) -> None:
        """Note that an incident became part of another."""
        for known in self._known.values():
            if known.incident == incident:
                known.incident = into

    def _load(self) -> None:
        if self._is_loaded:
            return
        self._is_loaded = True
        self._take(_ROWS.order_by(table.c.id.desc()).limit(LOOKED_AT))
        for _, known in sorted(self._known.items()):
            self._index(known)

    def _index(self, known: Known) -> None:
        self._recent[known.id] = known
        self._nearby.add(known.id, known.gist)
        for hazard in known.gist.hazards:
            self._by_hazard.setdefault(hazard, {})[known.id] = known

    def _take(self, query: Select[Any]) -> None:
        """Read where messages stand, and the bodies of those whose gist nobody knows."""
        rows = [row for row in self._connection.execute(query) if row.id not in self._known]
        keys = [
            (row.id, row.identifier, row.sent, row.received_at, row.decision == _RELEASED)
            for row in rows
        ]
        gists = self._gists(keys)
        for row, key in zip(rows, keys, strict=True):
            self._known[row.id] = Known(row.id, row.incident, row.superseded_by, gists[key])

    def _gists(self, keys: Sequence[Key]) -> dict[Key, Gist]:
        found = {key: gist for key in keys if (gist := self._memo.get(key)) is not None}
        missing = {key[0]: key for key in keys if key not in found}
        for some in _batches(sorted(missing)):
            query = select(table.c.id, table.c.body).where(table.c.id.in_(some))
            for row in self._connection.execute(query):
                warning = from_json(row.body)
                key = missing[row.id]
                found[key] = gist_of(as_real(warning) if key[-1] else warning)
        if len(self._memo) > _REMEMBERED:
            self._memo.clear()
        self._memo.update(found)
        return found


_RELEASED = HoldDecision.RELEASE.value
_ROWS = select(
    table.c.id,
    table.c.identifier,
    table.c.sent,
    table.c.incident,
    table.c.received_at,
    table.c.superseded_by,
    hold.c.decision,
).outerjoin(hold, hold.c.warning_id == table.c.id)


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _BATCH):
        yield ids[start : start + _BATCH]
