"""The board as one actor may read it."""

from collections.abc import Sequence
from datetime import datetime

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


class BoardFor:
    """A BoardReader that asks for the right each time; raises NotAllowed.

    Its counts are of the whole city, and what names subjects is not narrowed to areas: an actor
    with areas of their own is refused until there is a board of a part.
    """

    def __init__(self, board: BoardReader, who: Actor) -> None:
        self._board = board
        self._who = who

    def now(self, now: datetime) -> Now:
        """The first screen."""
        return self._open(Right.READ_BOARD).now(now)

    def incident(self, incident: str, now: datetime) -> IncidentView | None:
        """One incident."""
        return self._open(Right.READ_BOARD).incident(incident, now)

    def subjects(self, incident: str, state: SubjectState | None, page: int) -> SubjectPage:
        """An incident's people by ref."""
        return self._open(Right.READ_REGISTER).subjects(incident, state, page)

    def facilities(self, now: datetime) -> Sequence[FacilityRow]:
        """Every facility."""
        return self._open(Right.READ_BOARD).facilities(now)

    def tasks(self, now: datetime) -> Sequence[TaskRow]:
        """Desk tasks, which name people by ref."""
        return self._open(Right.READ_REGISTER).tasks(now)

    def feeds(self, now: datetime) -> FeedsView:
        """Feeds and their health."""
        allow(self._who, Right.READ_BOARD)
        return self._board.feeds(now)

    def warned_areas(self, now: datetime, incident: str | None = None) -> GeoJson:
        """Warned areas and facilities."""
        return self._open(Right.READ_BOARD).warned_areas(now, incident)

    def places(self) -> GeoJson:
        """Outlines of the office's areas."""
        allow(self._who, Right.READ_BOARD)
        return self._board.places()

    def answers(self) -> None:
        """Whether the board answers at all, which anybody may know."""
        self._board.answers()

    def _open(self, right: Right) -> BoardReader:
        allow(self._who, right)
        everywhere(self._who, "The board")
        return self._board
