"""How long a national feed of 500 warnings takes from the first request until it is stored.

An Atom index points to 500 CAP 1.2 documents of our own making (two languages, a polygon of 60
points, district codes; every fifth is an Update of an earlier one), on a server in a process of
its own. Measured are the first poll; a second one whose index has not changed (304); one whose
index has changed and whose documents are all known; and one that finds one new document among
them. The database is SQLite, which waits for the disk. Run: `python -m benchmarks.poll`.
"""

import json
import math
import multiprocessing
import statistics
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from carealert.adapters.db import migrating
from carealert.adapters.db.engine import open_engine
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.feeds.http import HttpFetcher
from carealert.adapters.feeds.table import FeedReader
from carealert.adapters.hazard_file import load_interpreter
from carealert.adapters.sealing import Sealer
from carealert.paths import shipped
from carealert.services.harvesting import Tools
from carealert.services.polling import Poller
from carealert.services.ports.feeds import Feed
from carealert.simulator.server import running

WARNINGS = 500
RUNS = 3
NOW = datetime(2026, 5, 26, 12, tzinfo=UTC)
SENDER = "warnings@met.example"
#: What the two polls are to take at most, on two cores.
GOAL_FIRST_S, GOAL_SECOND_S = 3.0, 0.3


def main() -> None:
    """Measure and print."""
    with served() as url:
        runs = [run(url) for _ in range(RUNS)]
    names = ("first_s", "not_modified_s", "all_known_s", "one_new_s")
    medians = {
        name: round(statistics.median(times), 3)
        for name, times in zip(names, zip(*runs, strict=True), strict=True)
    }
    print(
        json.dumps(
            {
                "benchmark": "poll",
                "warnings": WARNINGS,
                "bytes": sum(len(document(n)) for n in range(WARNINGS)),
                **medians,
                "warnings_per_second": round(WARNINGS / medians["first_s"]),
                "first_goal_met": medians["first_s"] < GOAL_FIRST_S,
                "second_goal_met": max(medians["not_modified_s"], medians["all_known_s"])
                < GOAL_SECOND_S,
            }
        )
    )


def run(url: str) -> tuple[float, float, float, float]:
    """Seconds of the four polls, on an empty database."""
    with tempfile.TemporaryDirectory() as folder:
        engine = open_engine(f"sqlite:///{Path(folder) / 'bench.db'}")
        migrating.upgrade(engine)
        db = SqlDatabase(engine, Sealer(b"a secret of the benchmark"))
        reader = FeedReader(load_interpreter((shipped("rules"),)))
        fetcher = HttpFetcher()
        poller = Poller(Tools(db, fetcher, reader))
        first = timed(poller, db, f"{url}/feed?tag=1", NOW, WARNINGS)
        same = timed(poller, db, None, NOW + timedelta(minutes=1), 0)
        known = timed(poller, db, f"{url}/feed?tag=2", NOW + timedelta(minutes=2), 0)
        one = timed(poller, db, f"{url}/feed?tag=3&more=1", NOW + timedelta(minutes=3), 1)
        fetcher.close()
        engine.dispose()
    return first, same, known, one


def timed(poller: Poller, db: SqlDatabase, url: str | None, now: datetime, new: int) -> float:
    """Seconds of one poll; with a `url` the feed is changed to it before."""
    if url is not None:
        with db.transaction() as stores:
            stores.feeds.add(Feed("met", url, "auto", timedelta(minutes=1), allow_private=True))
    started = perf_counter()
    result = poller.poll("met", now)
    seconds = perf_counter() - started
    assert (len(result.new_warnings), result.problems) == (new, ()), result
    return seconds


def serve(pipe: Connection) -> None:
    """Serve the feed until the pipe says so."""
    bodies = {f"{n}.xml": document(n) for n in range(WARNINGS + 1)}

    async def index(request: Request) -> Response:
        tag = f'"{request.query_params.get("tag")}"'
        if request.headers.get("If-None-Match") == tag:
            return Response(status_code=304, headers={"ETag": tag})
        count = WARNINGS + int(request.query_params.get("more", "0"))
        return Response(index_of(count), media_type="application/atom+xml", headers={"ETag": tag})

    async def message(request: Request) -> Response:
        body = bodies[request.path_params["name"]]
        return Response(body, media_type="application/cap+xml", headers={"ETag": '"1"'})

    with running(Starlette(routes=[Route("/feed", index), Route("/{name}", message)])) as url:
        pipe.send(url)
        pipe.recv()


@contextmanager
def served() -> Iterator[str]:
    """The server's address; it runs in a process of its own."""
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=serve, args=(theirs,))
    process.start()
    try:
        yield ours.recv()
    finally:
        ours.send("stop")
        process.join(timeout=30)


def index_of(count: int) -> bytes:
    """An Atom index of the first `count` documents, newest first."""
    entries = "".join(
        f"<entry><id>urn:met:{n}</id><title>Warning {n}</title><updated>{sent(n)}</updated>"
        f'<link type="application/cap+xml" href="/{n}.xml"/></entry>'
        for n in reversed(range(count))
    )
    return (
        '<feed xmlns="http://www.w3.org/2005/Atom"><title>Warnings</title>'
        f"<updated>{sent(count)}</updated>{entries}</feed>"
    ).encode()


def sent(number: int) -> str:
    """When document `number` was sent."""
    return (NOW - timedelta(hours=9) + timedelta(minutes=number)).isoformat()


def document(number: int) -> bytes:
    """CAP document `number`."""
    update = number % 5 == 4
    earlier = f"{SENDER},met-{number - 4},{sent(number - 4)}"
    references = f"<references>{earlier}</references>" if update else ""
    infos = "".join(_info(number, *words) for words in _WORDS)
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        '<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">'
        f"<identifier>met-{number}</identifier><sender>{SENDER}</sender><sent>{sent(number)}</sent>"
        f"<status>Actual</status><msgType>{'Update' if update else 'Alert'}</msgType>"
        f"<scope>Public</scope>{references}{infos}</alert>"
    ).encode()


_WORDS = (
    ("en-GB", "Flood warning", "Rivers rise quickly tonight. ", "Move to higher ground. "),
    ("bn-BD", "বন্যা সতর্কতা", "নদীর পানি দ্রুত বাড়ছে। ", "উঁচু জায়গায় যান। "),
)


def _info(number: int, language: str, event: str, description: str, instruction: str) -> str:
    return (
        f"<info><language>{language}</language><category>Met</category><event>{event}</event>"
        "<responseType>Prepare</responseType><urgency>Expected</urgency>"
        "<severity>Severe</severity><certainty>Likely</certainty>"
        "<eventCode><valueName>OET:v1.2</valueName><value>OET-084</value></eventCode>"
        f"<effective>{sent(number)}</effective><onset>{sent(number + 60)}</onset>"
        f"<expires>{sent(number + 2880)}</expires><senderName>Meteorological office</senderName>"
        f"<headline>{event} {number}</headline><description>{description * 8}</description>"
        f"<instruction>{instruction * 6}</instruction><area><areaDesc>District {number}</areaDesc>"
        f"<polygon>{_polygon(number)}</polygon><geocode><valueName>P-CODE</valueName>"
        f"<value>BD{number:04}</value></geocode></area></info>"
    )


def _polygon(number: int) -> str:
    lat, lon = 21.0 + number % 25 * 0.2, 88.5 + number // 25 * 0.15
    ring = [
        f"{lat + 0.2 * math.sin(2 * math.pi * n / 60):.4f},"
        f"{lon + 0.3 * math.cos(2 * math.pi * n / 60):.4f}"
        for n in range(60)
    ]
    return " ".join([*ring, ring[0]])


if __name__ == "__main__":
    main()
