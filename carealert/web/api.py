"""The read API for other city systems: JSON of the board's views, and the map as GeoJSON.

`/api/docs` is our own page: the usual ones load their scripts from elsewhere.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, HTTPException, Query, Request
from fastapi.responses import HTMLResponse, JSONResponse

from carealert.domain.notices import SubjectState
from carealert.services.watching import (
    BoardReader,
    FacilityRow,
    IncidentSummary,
    IncidentView,
    SubjectPage,
)
from carealert.web.pages import Pages

_GEOJSON = "application/geo+json"


def api_router(board: BoardReader, clock: Callable[[], datetime]) -> APIRouter:
    """Everything under `/api/v1`."""
    router = APIRouter(prefix="/api/v1", tags=["board"])

    @router.get("/incidents")
    def incidents() -> list[IncidentSummary]:
        """Incidents that hold, ended in the last day or have open tasks; worst first."""
        return list(board.now(clock()).incidents)

    @router.get("/incidents/{incident}")
    def incident(incident: str) -> IncidentView:
        """One incident: counts, official texts, timeline, reach by group, facilities, tasks."""
        found = board.incident(incident, clock())
        if found is None:
            raise HTTPException(404, f"There is no incident {incident}.")
        return found

    @router.get("/incidents/{incident}/subjects")
    def subjects(
        incident: str,
        state: SubjectState | None = None,
        page: Annotated[int, Query(ge=1, le=1_000_000)] = 1,
    ) -> SubjectPage:
        """A page of an incident's people by ref, those who need the officer first."""
        return board.subjects(incident, state, page)

    @router.get("/facilities")
    def facilities() -> list[FacilityRow]:
        """Every facility and whether its service goes on, neediest first."""
        return list(board.facilities(clock()))

    @router.get("/map.geojson")
    def warned(incident: str | None = None) -> JSONResponse:
        """Warned areas that hold now and facilities with their status, as GeoJSON."""
        return JSONResponse(board.warned_areas(clock(), incident), media_type=_GEOJSON)

    @router.get("/places.geojson")
    def places() -> JSONResponse:
        """Outlines of the office's own areas, as GeoJSON."""
        kept = {"Cache-Control": "private, max-age=3600"}  # boundaries change with an import
        return JSONResponse(board.places(), media_type=_GEOJSON, headers=kept)

    return router


def docs_router(pages: Pages) -> APIRouter:
    """The page that lists the API."""
    router = APIRouter(include_in_schema=False)

    @router.get("/api/docs")
    def docs(request: Request) -> HTMLResponse:
        spec = request.app.openapi()
        return pages.page("api_docs.html", spec=spec, here="api")

    return router
