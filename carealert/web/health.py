"""Probes: is it alive, and may it take work. No personal data."""

from collections.abc import Callable

from fastapi import APIRouter
from fastapi.responses import PlainTextResponse

from carealert.services.watching import BoardReader, BoardUnavailable

#: Says what is not ready in one sentence, or None.
Readiness = Callable[[], str | None]


def health_router(board: BoardReader, readiness: Readiness) -> APIRouter:
    """`/-/healthy` and `/-/ready`."""
    router = APIRouter(include_in_schema=False)

    @router.get("/-/healthy")
    def healthy() -> PlainTextResponse:
        return PlainTextResponse("The process answers.\n")

    @router.get("/-/ready")
    def ready() -> PlainTextResponse:
        try:
            board.answers()
            problem = readiness()
        except BoardUnavailable as error:
            problem = str(error)
        if problem:
            return PlainTextResponse(problem + "\n", status_code=503)
        return PlainTextResponse("Ready.\n")

    return router
