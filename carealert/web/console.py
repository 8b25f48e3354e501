"""The officers' pages. Each works without JavaScript; with it, a part refreshes every 3 seconds.

Every page has a twin under `/parts`, which answers with the refreshing part alone, or with 204
while it is unchanged.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Annotated, Any
from urllib.parse import quote, urlencode

from fastapi import APIRouter, Query
from fastapi.responses import HTMLResponse, Response

from carealert.domain.notices import SubjectState
from carealert.services.watching import (
    BoardReader,
    IncidentSummary,
    Now,
    PeopleCounts,
    Phase,
    ServiceStatus,
)
from carealert.web.pages import Pages
from carealert.web.words import ALARM

#: How many facilities the first screen lists; the rest is one link away.
FACILITIES_ON_NOW = 12
#: How many warnings that touch nobody are listed; the rest is a number.
QUIET_ON_NOW = 10

View = Mapping[str, Any]
_Seen = Annotated[str | None, Query(max_length=64)]
_Page = Annotated[int, Query(ge=1, le=1_000_000)]
_State = Annotated[SubjectState | None, Query()]


def console_router(board: BoardReader, pages: Pages, clock: Callable[[], datetime]) -> APIRouter:
    """Now, one incident, facilities, desk tasks and feeds."""
    router = APIRouter(include_in_schema=False)
    simple: tuple[tuple[str, str, Callable[[], View]], ...] = (
        ("now", "Now", lambda: _now(board, clock())),
        ("facilities", "Facilities", lambda: {"facilities": board.facilities(clock())}),
        ("tasks", "Desk tasks", lambda: _tasks(board, clock())),
        ("feeds", "Feeds", lambda: {"view": board.feeds(clock())}),
    )
    for name, title, view in simple:
        _add_page(router, pages, name, title, view)
    _add_incident(router, board, pages, clock)
    return router


def _add_page(
    router: APIRouter, pages: Pages, name: str, title: str, view: Callable[[], View]
) -> None:
    """The page `/name` (`/` for the first screen) and its refreshing part `/parts/name`."""
    path = "/" if name == "now" else f"/{name}"
    template = "now.html" if name == "now" else "live_page.html"
    part = (f"parts/{name}.html", f"/parts/{name}")

    def page() -> HTMLResponse:
        return pages.page(template, here=name, title=title, board=pages.live(*part, view()))

    def refresh(seen: _Seen = None) -> Response:
        return pages.fragment(*part, seen, view())

    router.add_api_route(path, page, name=name)
    router.add_api_route(f"/parts/{name}", refresh, name=f"{name}_part")


def _add_incident(
    router: APIRouter, board: BoardReader, pages: Pages, clock: Callable[[], datetime]
) -> None:
    @router.get("/incidents/{incident}")
    def incident(incident: str, state: _State = None, page: _Page = 1) -> HTMLResponse:
        view = _incident(board, incident, state, page, clock())
        if view is None:
            return _no_incident(pages)
        live = pages.live(*_incident_part(incident, state, page), view)
        return pages.page("incident.html", here="", one=view["one"], board=live)

    @router.get("/parts/incidents/{incident}")
    def incident_part(
        incident: str, state: _State = None, page: _Page = 1, seen: _Seen = None
    ) -> Response:
        view = _incident(board, incident, state, page, clock())
        if view is None:
            return _no_incident(pages)
        return pages.fragment(*_incident_part(incident, state, page), seen, view)


def _incident_part(incident: str, state: SubjectState | None, page: int) -> tuple[str, str]:
    query = {"state": state.value} if state else {}
    more = urlencode(query | {"page": str(page)})
    return "parts/incident.html", f"/parts/incidents/{quote(incident, safe='')}?{more}"


def _no_incident(pages: Pages) -> HTMLResponse:
    sentence = "There is no such incident. The link may come from another database."
    return pages.page("problem.html", status=404, here="", title="Not found", sentence=sentence)


def _now(board: BoardReader, moment: datetime) -> View:
    view = board.now(moment)
    ours = [one for one in view.incidents if one.concerns_us and one.phase is Phase.ACTIVE]
    ended = [one for one in view.incidents if one.concerns_us and one.phase is Phase.ENDED]
    drills = [one for one in view.incidents if one.drill is not None]
    quiet = [one for one in view.incidents if not one.concerns_us and one.drill is None]
    return {
        "view": view,
        "incidents": ours,
        "ended": ended,
        "drills": drills,
        "quiet": quiet[:QUIET_ON_NOW],
        "quiet_more": max(0, len(quiet) - QUIET_ON_NOW),
        "facilities": view.facilities[:FACILITIES_ON_NOW],
        "facility_names": {row.ref: row.name for row in view.facilities},
        "summary": _said(view, ours),
    }


def _said(view: Now, ours: Sequence[IncidentSummary]) -> str:
    """The board in one sentence, for screen readers: said only when it changes."""
    people = [one.people for one in view.incidents]
    places = [row for row in view.facilities if row.status in _NEEDY]
    return (
        f"Active incidents: {len(ours)}. "
        f"Asked for help: {sum(one.needs_help for one in people)}. "
        f"With the city desk: {sum(one.with_desk for one in people)}. "
        f"Facilities that need you: {len(places)}. "
        f"Feeds silent: {len(view.pulse.silent)}."
        + (f" Own texts not used: {len(view.texts.faults)}." if view.texts.faults else "")
        + "".join(f" {ALARM.get(alarm, alarm)}." for alarm in view.pulse.alarms)
    )


_NEEDY = (ServiceStatus.EVACUATING, ServiceStatus.NO_RESPONSE, ServiceStatus.CLOSED)


def _tasks(board: BoardReader, moment: datetime) -> View:
    names = {row.ref: row.name for row in board.facilities(moment)}
    return {"tasks": board.tasks(moment), "facility_names": names}


def _incident(
    board: BoardReader, incident: str, state: SubjectState | None, page: int, moment: datetime
) -> View | None:
    view = board.incident(incident, moment)
    if view is None:
        return None
    return {
        "view": view,
        "one": view.summary,
        "people": board.subjects(incident, state, page),
        "state": state,
        "states": _filters(view.summary.people),
        "facility_names": {row.ref: row.name for row in view.facilities},
    }


def _filters(people: PeopleCounts) -> list[tuple[SubjectState, int]]:
    counts = (
        (SubjectState.NEEDS_HELP, people.needs_help),
        (SubjectState.WITH_DESK, people.with_desk),
        (SubjectState.WAITING, people.waiting),
        (SubjectState.SAFE, people.safe),
        (SubjectState.RELAYED, people.relayed),
        (SubjectState.STOOD_DOWN, people.stood_down),
    )
    return [(state, n) for state, n in counts if n]
