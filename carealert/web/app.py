"""Puts the web application together: the board's pages and API, hooks, health, and the guards."""

from collections.abc import Callable, Sequence
from datetime import datetime

from fastapi import APIRouter, FastAPI, Request
from fastapi.responses import JSONResponse, Response
from prometheus_client import CollectorRegistry
from starlette.middleware.gzip import GZipMiddleware

from carealert import __version__
from carealert.services.access import NotAllowed
from carealert.services.ports.meters import MeterReader
from carealert.services.watching import BoardReader, BoardUnavailable
from carealert.web.access import ConsoleAccess
from carealert.web.api import api_router, docs_router
from carealert.web.assets import mount_assets
from carealert.web.console import console_router
from carealert.web.headers import SecurityHeaders
from carealert.web.health import Readiness, health_router
from carealert.web.metrics import HookTimes, OfficeCollector, metrics_router
from carealert.web.options import WebOptions
from carealert.web.pages import Pages


def _ready() -> str | None:
    return None


def _nothing(_refusal: NotAllowed) -> None:
    pass


def create_app(
    board: BoardReader,
    hooks: Sequence[APIRouter],
    options: WebOptions,
    clock: Callable[[], datetime],
    readiness: Readiness = _ready,
    on_refusal: Callable[[NotAllowed], None] = _nothing,
    meters: MeterReader | None = None,
) -> FastAPI:
    """The application. `clock` gives the aware moment; `readiness` says what is not ready.

    `on_refusal` is told whenever a right or a place was missing, before the answer is 403.

    `meters` are what `/metrics` tells beside the board.

    Hooks get no console guard: their paths begin with one of `access.OPEN` and are signed.
    """
    app = FastAPI(
        title="CareAlert",
        version=__version__,
        description="Read API of the status board. No answer holds a name, a phone or a need.",
        docs_url=None,
        redoc_url=None,
        openapi_url="/api/openapi.json",
    )
    pages = Pages(options, clock)
    app.include_router(console_router(board, pages, clock))
    app.include_router(api_router(board, clock))
    app.include_router(docs_router(pages))
    app.include_router(health_router(board, readiness))
    registry = CollectorRegistry()
    registry.register(OfficeCollector(board, meters, clock))
    app.include_router(metrics_router(registry))
    for router in hooks:
        app.include_router(router)
    mount_assets(app)
    app.add_exception_handler(BoardUnavailable, _unavailable(pages))
    app.add_exception_handler(NotAllowed, _refused(on_refusal))
    # Added last runs first: headers stand on refusals too, and nothing refused is worked on.
    app.add_middleware(GZipMiddleware, minimum_size=800)
    app.add_middleware(
        ConsoleAccess, password=options.console_password, metrics_token=options.metrics_token
    )
    app.add_middleware(SecurityHeaders, csp=options.csp)
    app.add_middleware(HookTimes, registry=registry)
    return app


def _refused(note: Callable[[NotAllowed], None]) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:  # noqa: ARG001
        if isinstance(error, NotAllowed):
            note(error)
        return JSONResponse({"detail": str(error)}, status_code=403)

    return answer


def _unavailable(pages: Pages) -> Callable[[Request, Exception], Response]:
    def answer(request: Request, error: Exception) -> Response:
        if request.url.path.startswith("/api/"):
            return JSONResponse({"detail": str(error)}, status_code=503)
        title = "The board cannot be read now"
        return pages.page("problem.html", status=503, here="", title=title, sentence=str(error))

    return answer
