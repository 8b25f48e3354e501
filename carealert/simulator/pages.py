"""Pages of the simulated phones: a list of them, and one phone with its messages."""

import asyncio
from pathlib import Path
from urllib.parse import parse_qsl, quote

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from carealert.simulator.phones import reply
from carealert.simulator.state import State

_LONGEST_REPLY = 1600
_PAGES = Path(__file__).with_name("pages")


def page_routes(world: State) -> list[Route]:
    """`/phones` and `/phones/<number>`; a POST to the latter sends `Body` from that phone."""
    environment = Environment(
        loader=FileSystemLoader(_PAGES), autoescape=True, undefined=StrictUndefined
    )
    template = environment.get_template("phones.html")

    async def start(_: Request) -> Response:
        return RedirectResponse("/phones")

    async def all_phones(_: Request) -> Response:
        return HTMLResponse(template.render(phones=world.phones(), phone=None))

    async def one_phone(request: Request) -> Response:
        phone = world.look_at(request.path_params["number"])
        if phone is None:
            return HTMLResponse("No such phone.", status_code=404)
        return HTMLResponse(template.render(phones=(), phone=phone))

    async def say(request: Request) -> Response:
        number = request.path_params["number"]
        if world.look_at(number) is None:
            return HTMLResponse("No such phone.", status_code=404)
        form = dict(parse_qsl((await request.body()).decode("utf-8", "replace")))
        body = form.get("Body", "").strip()[:_LONGEST_REPLY]
        if body:
            # The answer is fetched over HTTP, maybe from a server that asks this one meanwhile.
            await asyncio.to_thread(reply, world, number, body)
        return RedirectResponse(f"/phones/{quote(number)}", status_code=303)

    return [
        Route("/", start),
        Route("/phones", all_phones),
        Route("/phones/{number}", one_phone, methods=["GET"]),
        Route("/phones/{number}", say, methods=["POST"]),
    ]
