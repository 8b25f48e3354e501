"""The whole life of a register whose every personal cell is a marker, and then a search for them.

Searched are the database (the SQLite file with its WAL and shared memory, or every row of every
table of PostgreSQL and the server's log), logs of every level, what commands print, tracebacks,
what the gateway is told beside To and Body, and the addresses and texts of the console.
"""

import io
import logging
import os
import re
import subprocess
import sys
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests
from psycopg import sql
from sqlalchemy import Engine, insert, inspect, make_url, select, text
from typer.testing import CliRunner

from carealert import bootstrap
from carealert.adapters.db.people_rows import resident_row
from carealert.adapters.db.tables import metadata, resident
from carealert.bootstrap import App
from carealert.cli import app as cli
from carealert.demo import stage as stages
from carealert.demo.replay import read_folder, rehearse
from carealert.paths import shipped
from carealert.scheduler import Ticks
from carealert.services.ports.outbox import Outgoing
from carealert.settings import secret_of
from carealert.simulator import outside
from carealert.simulator.state import Fault, FaultKind
from tests.support import marked_office as office
from tests.support.city import City, open_city
from tests.support.evidence import Evidence, JsonLines, Requests
from tests.support.markers import Grep

EVERYTHING = Grep(office.WORDS, office.PHONES)
#: `people show` is there to show who somebody is; their phone and their phone's owner stay hidden.
PHONES_ALONE = Grep((), office.PHONES)
_ABOUT_PEOPLE = (
    *("resident", "caregiver", "care_link", "consent", "notice", "notice_about", "match"),
    *("not_sent", "task", "subject", "escalation_timer", "inbound", "journal", "attempt"),
)


@pytest.fixture
def engines(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands end with their process; here their engines are closed by hand."""
    opened: list[Engine] = []
    open_engine = bootstrap.open_engine

    def opening(url: str) -> Engine:
        opened.append(open_engine(url))
        return opened[-1]

    monkeypatch.setattr(bootstrap, "open_engine", opening)
    yield
    for engine in opened:
        engine.dispose()


@pytest.fixture
def logs() -> Iterator[tuple[io.StringIO, JsonLines]]:
    """Everything that is logged, at every level, as text and as JSON."""
    root, plain, structured = logging.getLogger(), io.StringIO(), JsonLines()
    handlers = (logging.StreamHandler(plain), structured)
    handlers[0].setFormatter(logging.Formatter("%(levelname)s %(name)s: %(message)s"))
    before = root.level
    root.setLevel(logging.DEBUG)
    for handler in handlers:
        root.addHandler(handler)
    yield plain, structured
    for handler in handlers:
        root.removeHandler(handler)
    root.setLevel(before)


@contextmanager
def watched_city(
    folder: Path, url: str, evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> Iterator[City]:
    """A city whose gateway and console write down what they are asked."""
    world_app, build_web = outside.world_app, stages.build_web

    def world(state: Any) -> Any:
        app = world_app(state)
        app.add_middleware(Requests, name="gateway", evidence=evidence)
        return app

    def web(*args: Any, **changes: Any) -> Any:
        app = build_web(*args, **changes)
        app.add_middleware(Requests, name="console", evidence=evidence)
        return app

    monkeypatch.setattr(outside, "world_app", world)
    monkeypatch.setattr(stages, "build_web", web)
    with open_city(folder, database_url=url, phone_region="US") as city:
        yield city


@dataclass
class Commands:
    """`carealert` on the command line, in this process and in one of its own."""

    evidence: Evidence
    folder: Path
    environment: dict[str, str]

    def run(self, *args: str, ends: int = 0, grep: Grep = EVERYTHING) -> str:
        """In this process; what it printed is evidence, or is searched by a grep of its own."""
        result = CliRunner().invoke(cli, args)
        said = f"{' '.join(args)}: {result.stdout}\n{result.stderr}\n{result.exception!r}"
        assert result.exit_code == ends, said
        if grep is EVERYTHING:
            self.evidence.add(f"output of {args[0]} {args[1]}", result.stdout + result.stderr)
        assert grep.found((result.stdout + result.stderr).encode()) == []
        return result.stdout

    def spawn(self, *args: str, ends: int = 0) -> None:
        """In a process of its own."""
        command = [sys.executable, "-m", "carealert", *args]
        done = subprocess.run(
            command,
            check=False,
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            timeout=60,
        )
        assert done.returncode == ends, done.stderr.decode()
        self.evidence.add(f"process {args}", done.stdout + done.stderr)


def _commands(
    city: City, files: Path, evidence: Evidence, monkeypatch: pytest.MonkeyPatch
) -> Commands:
    settings = city.stage.app.settings
    given = {
        "CAREALERT_DATABASE_URL": settings.database_url.get_secret_value(),
        "CAREALERT_SECRET_KEY": secret_of(settings).decode(),
        "CAREALERT_PHONE_REGION": "US",
        "CAREALERT_DEFAULT_LANGUAGE": "en",
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return Commands(evidence, files, {**os.environ, **given})


def _import(run: Commands) -> None:
    folder = str(run.folder)
    wrong = str(run.folder / "wrong.csv")
    rejects = run.folder / "to-mend.csv"
    run.spawn("-v", "people", "import", "--residents", wrong, ends=1)
    run.run("people", "import", "--residents", wrong, "--dry-run", ends=1)
    run.run("people", "import", "--residents", wrong, "--rejects", str(rejects), "--json", ends=1)
    run.run("people", "import", "--residents", str(run.folder / "headless.csv"), ends=1)
    assert EVERYTHING.found(rejects.read_bytes()), "the rows to mend are there to be mended"
    assert rejects.stat().st_mode & 0o777 == 0o600
    places = sorted(str(path) for path in (shipped("db") / "demo" / "areas").glob("*.geojson"))
    run.run("areas", "import", *places)
    run.run("people", "import", folder)
    run.run("facilities", "import", str(run.folder / "facilities.csv"))


def _live(city: City) -> None:
    """A warning, answers of every kind, silence, the desk; then a gateway that fails."""
    story = _story(city)
    city.publish("signal-7.xml", story["remal-1-alert"])
    city.publish("signal-10.xml", story["remal-2-update"])
    city.publish("heat.xml", story["dhaka-heat-1-alert"].replace(b">Severe<", b">Moderate<"))
    told = " ".join(city.texts(office.CARER_PHONE))
    assert office.LABEL in told, "the office knows who is meant, and says so to who may know"
    city.reply(office.CARER_PHONE, f"1 {office.SAID}")
    city.reply(office.OTHER_PHONE, office.SAID)
    city.reply(office.STRANGER_PHONE, f"{office.UNKNOWN} {office.STRANGER_PHONE}")
    city.stage.skip(timedelta(minutes=11))
    city.stage.settle()
    city.stage.skip(timedelta(minutes=20))
    city.stage.settle()
    city.reply(office.OTHER_PHONE, "STOP")
    for kind in (FaultKind.DROP_AFTER_ACCEPT, FaultKind.ERROR_AFTER_ACCEPT):
        city.stage.outside.world.faults.append(Fault(kind))
    city.publish("cancel.xml", story["remal-4-cancel"])
    city.stage.skip(timedelta(minutes=3))
    city.stage.ticks.reconcile()
    city.stage.settle()
    message = Outgoing("n.1", office.CARER_PHONE, office.SAID, timedelta(1))
    city.stage.app.senders[0].channel.find(message, city.stage.now())


def _story(city: City) -> dict[str, bytes]:
    documents = read_folder(shipped("db") / "demo" / "warnings").documents
    return {
        showing.name.removesuffix(".xml"): showing.body
        for showing in rehearse(documents, city.stage.now(), timedelta(seconds=1))
    }


def _break_a_template(city: City, folder: Path) -> None:
    """The office's own template asks for something that is not there."""
    own = folder / "templates" / "sms" / "en"
    own.mkdir(parents=True)
    (own / "care_alert.txt.j2").write_text("{{ who_is_this }}")
    settings = city.stage.app.settings.model_copy(update={"config": folder})
    broken = App(settings)
    city.stage.skip(timedelta(hours=30))
    city.stage.publish("signal-7.xml", _story(city)["remal-1-alert"])
    city.stage.ticks._app.poller.poll_due(city.stage.now())
    Ticks(broken, "stage", city.stage.now).plan()
    with city.stage.app.db.reading() as stores:
        assert "text_refused" in {line.event for line in stores.journal.recent()}


def _crash(city: City, evidence: Evidence) -> None:
    """Adapters that raise with a row in hand, and nobody who catches."""
    log = logging.getLogger("carealert.crash")
    with city.stage.app.db.reading() as stores:
        (person,) = stores.people.residents(["R-1"])
        ((carer, links),) = stores.people.caregivers(["C-1"])
        places = stores.facilities.get(["F-1"])
    message = Outgoing("n.1", office.CARER_PHONE, f"{office.LABEL} {office.NOTE}", timedelta(1))
    row = resident_row(person, "a digest", city.stage.app.db.sealer)

    def add_again() -> None:
        with city.stage.app.engine.begin() as connection:
            connection.execute(insert(resident).values(row))

    def add_half_a_row() -> None:
        with city.stage.app.engine.begin() as connection:
            connection.execute(insert(resident).values(row | {"ref": "R-5", "gender": None}))

    def ask_wrongly() -> None:
        with city.stage.app.engine.begin() as connection:
            connection.execute(
                text("SELECT 1 FROM nowhere WHERE name = :name"), {"name": person.name}
            )

    def drop_message() -> None:
        raise RuntimeError(f"no way out for {message!r}")

    def drop_person() -> None:
        raise KeyError(person, carer, links, places)

    for crash in (add_again, add_half_a_row, ask_wrongly, drop_message, drop_person):
        try:
            crash()
        except Exception as error:
            log.exception("the tick failed")
            evidence.add(f"traceback of {crash.__name__}", traceback.format_exc())
            evidence.add(f"text of {crash.__name__}", f"{error!s} {error!r}")
        else:
            pytest.fail(f"{crash.__name__} did not raise")


LISTINGS = (
    *("people needs", "people quality", "people duplicates", "people find R-", "people find C-1"),
    *("consents show resident R-1", "consents show caregiver C-2", "consents expiring --days 500"),
    *("facilities list", "journal list", "journal verify", "areas list", "feeds list"),
)


def _look(run: Commands) -> None:
    """Every listing, for people and for programs."""
    for listing in LISTINGS:
        run.run(*listing.split())
        run.run(*listing.split(), "--json")
    run.run("people", "find", office.CARER)
    run.run("people", "find", office.CARER_PHONE)
    for ref in ("R-1", "C-1"):
        run.run("people", "show", ref, grep=PHONES_ALONE)
        run.run("people", "show", ref, "--json", grep=PHONES_ALONE)
    told = run.run("people", "show", "R-1", "--reveal", "--reason", "an ambulance asks", grep=NONE)
    assert office.RESIDENT_PHONE in told
    run.spawn("doctor", ends=1)


NONE = Grep(("nothing like this",), ())


def _browse(city: City, evidence: Evidence) -> None:
    """Every page that can be reached from the console's first, and what programs ask for."""
    waiting, seen = ["/", "/metrics", "/api/v1/incidents", "/api/v1/facilities"], set[str]()
    while waiting and len(seen) < 60:
        path = waiting.pop(0)
        if path in seen or not path.startswith("/"):
            continue
        seen.add(path)
        answer = requests.get(f"{city.stage.url}{path}", timeout=10)
        evidence.add(f"page {path}", f"{answer.url} {answer.headers} {answer.text}")
        waiting += re.findall(r"(?:href|src|hx-get|data-[a-z]+)=\"(/[^\"]*)\"", answer.text)
    assert len(seen) > 8


def _search_database(engine: Engine, evidence: Evidence, when: str) -> None:
    if engine.dialect.name == "sqlite":
        path = Path(str(engine.url.database))
        files = [path.with_name(path.name + end) for end in ("", "-wal", "-shm")]
        kept = [file for file in files if file.exists()]
        assert path in kept
        for file in kept:
            evidence.add(f"{file.name} {when}", _read_elsewhere(file))
        return
    for table in inspect(engine).get_table_names():
        evidence.add(f"table {table} {when}", _copied_out(engine, table))
    folder = str(make_url(str(engine.url)).query.get("host", ""))
    log = Path(folder) / "log"
    if log.is_file():
        evidence.add("log of PostgreSQL", log.read_bytes())


def _read_elsewhere(file: Path) -> bytes:
    """Read by another process: closing the file in this one would drop SQLite's locks on it."""
    code = "import sys; sys.stdout.buffer.write(open(sys.argv[1], 'rb').read())"
    command = [sys.executable, "-I", "-c", code, str(file)]
    return subprocess.run(command, check=True, capture_output=True, timeout=60).stdout


def _copied_out(engine: Engine, table: str) -> bytes:
    """Every row as text, binary columns in hexadecimal, as `pg_dump` writes them."""
    url = engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    out = bytearray()
    statement = sql.SQL("COPY {} TO STDOUT").format(sql.Identifier(table))
    with psycopg.connect(url) as connection, connection.cursor().copy(statement) as copy:
        for chunk in copy:
            out += chunk
    return bytes(out)


def _rules_of(engine: Engine, ref: str) -> set[str]:
    """The rules under which this person was matched."""
    match = metadata.tables["match"]
    with engine.connect() as connection:
        return set(connection.scalars(select(match.c.rule).where(match.c.ref == ref)))


def _needs_in_rows(engine: Engine) -> list[str]:
    """Rows about people that name a need."""
    tables = [metadata.tables[name] for name in _ABOUT_PEOPLE]
    with engine.connect() as connection:
        return [
            f"{table.name}: {dict(row._mapping)}"
            for table in tables
            for row in connection.execute(select(table))
            for need in office.NEEDS
            if re.search(need.replace("_", "[ _-]"), repr(dict(row._mapping)), re.IGNORECASE)
        ]


@pytest.mark.usefixtures("engines")
def test_no_marker_is_anywhere_but_where_it_belongs(
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    logs: tuple[io.StringIO, JsonLines],
) -> None:
    evidence = Evidence()
    files = tmp_path / "files"
    office.write_files(files)
    with watched_city(tmp_path / "office", database_url, evidence, monkeypatch) as city:
        run = _commands(city, files, evidence, monkeypatch)
        engine = city.stage.app.engine
        _import(run)
        _live(city)
        _search_database(engine, evidence, "after the warning")
        _break_a_template(city, tmp_path / "own")
        _crash(city, evidence)
        _look(run)
        _browse(city, evidence)
        run.run("db", "rekey")
        _search_database(engine, evidence, "after new keys")
        assert _rules_of(engine, "R-3"), "a rule that asks for needs held, so there was one to hide"
        assert _needs_in_rows(engine) == []
        run.run("people", "forget", "R-1", "--reason", "asked for it on paper")
        run.run("people", "forget", "C-1", "--reason", "asked for it on paper")
        run.run("journal", "list", "--limit", "1000")
        _search_database(engine, evidence, "after forgetting")
    plain, structured = logs
    evidence.add("log", plain.getvalue())
    evidence.add("log in JSON", "\n".join(structured.lines))
    names = " ".join(where for where, _ in evidence.pieces)
    assert all(one in names for one in ("gateway form", "console address", "log", "traceback"))
    assert evidence.leaks(EVERYTHING) == []
