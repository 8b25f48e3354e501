"""The board as one actor may read it."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from carealert.domain.access import Actor, Right
from carealert.domain.notices import SubjectState
from carealert.services.access import allow, everywhere
from carealert.services.watching import (
    BoardReader,
    FacilityRow,
    FeedsView,
    GeoJson,
    IncidentView,
    Now,
    SubjectPage,
    TaskRow,
)


class BoardOfParts(BoardReader, Protocol):
    """A BoardReader that can leave out what is not in these areas (codes) or below them."""

    def subjects(
        self, incident: str, state: SubjectState | None, page: int, areas: Collection[str] = ()
    ) -> SubjectPage:
        """As BoardReader says."""
        ...

    def facilities(self, now: datetime, areas: Collection[str] = ()) -> Sequence[FacilityRow]:
        """As BoardReader says."""
        ...

    def tasks(self, now: datetime, areas: Collection[str] = ()) -> Sequence[TaskRow]:
        """As BoardReader says."""
        ...


class BoardFor:
    """A BoardReader that asks for the right each time; raises NotAllowed.

    People, tasks and facilities are narrowed to the actor's areas. What counts the whole city is
    refused to an actor with areas. Who may not read the register sees no task about a person, and
    who may not read the journal none of its lines.
    """

    def __init__(self, board: BoardOfParts, who: Actor) -> None:
        self._board = board
        self._who = who

    def now(self, now: datetime) -> Now:
        """The first screen."""
        seen = self._whole().now(now)
        return replace(seen, tasks=self._nameable(seen.tasks))

    def incident(self, incident: str, now: datetime) -> IncidentView | None:
        """One incident."""
        seen = self._whole().incident(incident, now)
        return seen and replace(seen, tasks=self._nameable(seen.tasks))

    def subjects(self, incident: str, state: SubjectState | None, page: int) -> SubjectPage:
        """An incident's people by ref, those of the actor's areas."""
        allow(self._who, Right.READ_REGISTER)
        return self._board.subjects(incident, state, page, self._who.areas)

    def facilities(self, now: datetime) -> Sequence[FacilityRow]:
        """The facilities of the actor's areas."""
        allow(self._who, Right.READ_BOARD)
        return self._board.facilities(now, self._who.areas)

    def tasks(self, now: datetime) -> Sequence[TaskRow]:
        """Desk tasks about whom or what is in the actor's areas; they name people by ref."""
        allow(self._who, Right.READ_REGISTER)
        return self._board.tasks(now, self._who.areas)

    def feeds(self, now: datetime) -> FeedsView:
        """Feeds and their health; the journal's lines, which are of the whole city, to some."""
        allow(self._who, Right.READ_BOARD)
        seen = self._board.feeds(now)
        if self._who.may(Right.READ_JOURNAL) and self._who.is_everywhere:
            return seen
        return replace(seen, journal=())

    def warned_areas(self, now: datetime, incident: str | None = None) -> GeoJson:
        """Warned areas and facilities."""
        return self._whole().warned_areas(now, incident)

    def places(self) -> GeoJson:
        """Outlines of the office's areas."""
        allow(self._who, Right.READ_BOARD)
        return self._board.places()

    def answers(self) -> None:
        """Whether the board answers at all, which anybody may know."""
        self._board.answers()

    def _whole(self) -> BoardReader:
        allow(self._who, Right.READ_BOARD)
        everywhere(self._who, "The board of the whole city")
        return self._board

    def _nameable(self, tasks: tuple[TaskRow, ...]) -> tuple[TaskRow, ...]:
        if self._who.may(Right.READ_REGISTER):
            return tasks
        return tuple(one for one in tasks if one.kind != "resident")
