"""The incidents that the board shows, with what their newest messages say.

A warning's body never changes, so what was read from it once is remembered.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, or_, select

from carealert.adapters.db.tables import task, warning
from carealert.domain.endings import ended_by
from carealert.domain.hazards import Hazard
from carealert.domain.warnings import Certainty, MsgType, Severity, Urgency
from carealert.services.watching import OfficialText, Phase

#: A warning that ended stays on the board this long, for the officer who comes on duty.
KEEP_ENDED = timedelta(hours=24)
#: Messages older than this are looked at only where a desk task is still open.
LOOK_BACK = timedelta(days=30)

_NO_WARNING = (MsgType.CANCEL, MsgType.ACK, MsgType.ERROR)
_ORDERS: tuple[tuple[str, list[str]], ...] = (
    ("severity", [word.value for word in Severity]),
    ("urgency", [word.value for word in Urgency]),
    ("certainty", [word.value for word in Certainty]),
)


@dataclass(frozen=True, slots=True)
class InfoBrief:
    """What the board needs of one CAP info."""

    text: OfficialText
    hazard: str
    sender_name: str | None
    severity: str | None
    urgency: str | None
    certainty: str | None
    onset: datetime | None
    expires: datetime | None
    over: bool  # past, an all-clear, marked as the end, or no warning at all
    areas: tuple[str, ...]

    @property
    def rank(self) -> tuple[int, ...]:
        """How bad it is, worst first, what reads as a test last; English first among equals."""
        places = [_place(order, getattr(self, name)) for name, order in _ORDERS]
        test = self.hazard == Hazard.TEST_MESSAGE.value
        return (test, *places, not (self.text.language or "en").lower().startswith("en"))


@dataclass(frozen=True, slots=True)
class Message:
    """One stored warning of an incident."""

    id: int
    incident: str
    sender: str
    status: str | None
    msg_type: str | None
    sent: datetime
    received_at: datetime
    planned: bool
    infos: tuple[InfoBrief, ...]


@dataclass(frozen=True, slots=True)
class Head:
    """An incident as its standing messages tell it: `message` is shown, by its worst info."""

    message: Message
    info: InfoBrief
    phase: Phase
    ends_at: datetime
    planned: bool

    @property
    def rank(self) -> tuple[object, ...]:
        """The order of the board: holding before ended, real before exercise, worst first."""
        unreal = self.message.status != "Actual"
        return (self.phase is Phase.ENDED, unreal, *self.info.rank)


class Messages:
    """Reads warnings, each body once."""

    def __init__(self, assumed_life: timedelta) -> None:
        self._life = assumed_life
        self._briefs: dict[int, tuple[InfoBrief, ...]] = {}

    def heads(self, connection: Connection, now: datetime) -> list[Head]:
        """The incidents to show, worst first: they hold, ended lately, or have open tasks."""
        open_ends = select(task.c.incident).where(task.c.closed_at.is_(None))
        recent = or_(warning.c.sent >= now - LOOK_BACK, warning.c.incident.in_(open_ends))
        rows = connection.execute(_ROWS.where(warning.c.superseded_by.is_(None), recent)).all()
        still_open = set(connection.scalars(open_ends))
        heads = self._heads(connection, self._messages(connection, rows), now)
        kept = [
            head
            for head in heads
            if head.phase is Phase.ACTIVE
            or head.ends_at > now - KEEP_ENDED
            or head.message.incident in still_open
        ]
        return sorted(kept, key=lambda head: head.rank)

    def head(self, connection: Connection, incident: str, now: datetime) -> Head | None:
        """One incident, however old; None where there is none."""
        mine = warning.c.incident == incident
        rows = connection.execute(_ROWS.where(mine, warning.c.superseded_by.is_(None))).all()
        heads = self._heads(connection, self._messages(connection, rows), now)
        return heads[0] if heads else None

    def history(self, connection: Connection, incident: str) -> list[Message]:
        """Every message of an incident in the order in which they arrived."""
        rows = connection.execute(_ROWS.where(warning.c.incident == incident)).all()
        return sorted(self._messages(connection, rows), key=lambda one: (one.received_at, one.id))

    def _messages(
        self, connection: Connection, rows: Sequence[Row[*tuple[Any, ...]]]
    ) -> list[Message]:
        briefs = self._read(connection, [row.id for row in rows])
        return [
            Message(
                row.id,
                row.incident,
                row.sender,
                row.status,
                row.msg_type,
                row.sent,
                row.received_at,
                row.planned_at is not None,
                briefs[row.id],
            )
            for row in rows
        ]

    def _read(
        self, connection: Connection, ids: Iterable[int]
    ) -> Mapping[int, tuple[InfoBrief, ...]]:
        wanted = set(ids)
        found = {key: brief for key, brief in self._briefs.items() if key in wanted}
        missing = sorted(wanted - found.keys())
        for start in range(0, len(missing), _BATCH):
            some = missing[start : start + _BATCH]
            query = select(warning.c.id, warning.c.body).where(warning.c.id.in_(some))
            found |= {row.id: _briefs(row.body) for row in connection.execute(query)}
        self._briefs = self._briefs | found if len(self._briefs) < _REMEMBERED else found
        return found

    def _heads(
        self, connection: Connection, messages: Iterable[Message], now: datetime
    ) -> list[Head]:
        incidents: dict[str, list[Message]] = {}
        for message in messages:
            if message.msg_type not in (MsgType.ACK.value, MsgType.ERROR.value):
                incidents.setdefault(message.incident, []).append(message)
        empty = [key for key, own in incidents.items() if not any(one.infos for one in own)]
        earlier = self._earlier(connection, empty)
        return [
            self._head(own, [*own, *earlier.get(key, ())], now) for key, own in incidents.items()
        ]

    def _earlier(
        self, connection: Connection, incidents: Sequence[str]
    ) -> dict[str, list[Message]]:
        """The superseded messages of incidents whose standing one says nothing (a bare Cancel)."""
        if not incidents:
            return {}
        rows = connection.execute(_ROWS.where(warning.c.incident.in_(incidents))).all()
        found: dict[str, list[Message]] = {}
        for message in self._messages(connection, rows):
            found.setdefault(message.incident, []).append(message)
        return found

    def _head(self, standing: list[Message], told: list[Message], now: datetime) -> Head:
        live = [
            (info.rank, -one.sent.timestamp(), one.id, one, info)
            for one in standing
            if one.msg_type not in [word.value for word in _NO_WARNING]
            for info in one.infos
            if not info.over and self._end(one, info) > now
        ]
        planned = all(one.planned for one in standing)
        if live:
            _, _, _, message, info = min(live, key=lambda entry: entry[:3])
            ends_at = max(self._end(one, its) for *_, one, its in live)
            return Head(message, info, Phase.ACTIVE, ends_at, planned)
        newest = max(standing, key=lambda one: (one.sent, one.id))
        speaking = [one for one in told if one.infos]
        spoken = max(speaking, key=lambda one: (one.sent, one.id), default=None)
        info = min(spoken.infos, key=lambda one: one.rank) if spoken else _silent(newest)
        return Head(newest, info, Phase.ENDED, self._ended(newest), planned)

    def _end(self, message: Message, info: InfoBrief) -> datetime:
        return info.expires or message.sent + self._life

    def _ended(self, newest: Message) -> datetime:
        """When an incident ended: with its Cancel or all-clear, else when the last part expired."""
        if newest.msg_type == MsgType.CANCEL.value:
            return newest.sent
        ends = [newest.sent if info.over else self._end(newest, info) for info in newest.infos]
        return max(ends, default=newest.sent)


_BATCH = 500  # SQLite binds a limited number of values
_REMEMBERED = 5_000
_ROWS = select(
    warning.c.id,
    warning.c.incident,
    warning.c.sender,
    warning.c.status,
    warning.c.msg_type,
    warning.c.sent,
    warning.c.received_at,
    warning.c.planned_at,
)


def _briefs(body: Mapping[str, Any]) -> tuple[InfoBrief, ...]:
    msg_type = body.get("msg_type")
    return tuple(_brief(info, msg_type) for info in body.get("infos") or ())


def _brief(info: Mapping[str, Any], msg_type: str | None) -> InfoBrief:
    text = OfficialText(
        info.get("language"),
        info.get("event") or "",
        info.get("headline"),
        info.get("description"),
        info.get("instruction"),
        info.get("web"),
        info.get("contact"),
    )
    areas = [area.get("area_desc") or "" for area in info.get("areas") or ()]
    return InfoBrief(
        text,
        info.get("hazard") or "other",
        info.get("sender_name"),
        info.get("severity"),
        info.get("urgency"),
        info.get("certainty"),
        _moment(info.get("onset")),
        _moment(info.get("expires")),
        _is_over(info, msg_type),
        tuple(dict.fromkeys(area for area in areas if area)),
    )


def _is_over(info: Mapping[str, Any], msg_type: str | None) -> bool:
    if info.get("hazard") == Hazard.NO_WARNING.value or info.get("urgency") == "Past":
        return True
    if "AllClear" in (info.get("response_types") or ()):
        return True
    words = (info.get("event") or "", info.get("headline") or "")
    parameters = (info.get("parameters") or {}).items()
    pairs = [(name, value) for name, values in parameters for value in values]
    return ended_by(msg_type, info.get("urgency"), words, pairs)


def _silent(message: Message) -> InfoBrief:
    """What is shown of a message that says nothing at all."""
    text = OfficialText(None, "", None, None, None, None, None)
    return InfoBrief(
        text, "other", message.sender, None, None, None, None, None, over=True, areas=()
    )


def _moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _place(order: list[str], word: str | None) -> int:
    return order.index(word) if word in order else len(order)
