"""One warning's way from the register to stored notices, beside the plain way, on both databases.

A register of which a part is inside the polygon; residents with one or two caregivers, a third with
a phone of their own; shipped rules, three languages. Measured are the whole decision with its
notices, matches, states and timers stored durably, and how much memory the process gained
meanwhile, a process for each database. The plain way stores the same rows of a sample: a loop over
Shapely points, each home read alone, an ORM object and a commit for each row, a render for each
message; its time is scaled to all. Prints one JSON line.
Run: `python -m benchmarks.plan [--registered N] [--inside N] [--on sqlite|postgresql]`.
"""

import argparse
import json
import multiprocessing
import random
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from sqlalchemy import Table, func, select
from sqlalchemy.orm import Session, registry

from carealert.adapters.db.engine import open_engine
from carealert.adapters.db.outbox_rows import facts_json, notice_id
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import escalation_timer, match, metadata, notice, subject
from carealert.adapters.db.tables import resident as resident_table
from carealert.adapters.rules.files import load_rules
from carealert.adapters.sealing import Sealer
from carealert.adapters.texts.composer import TemplateComposer
from carealert.domain.hazards import Hazard
from carealert.domain.notices import Notice
from carealert.domain.people import CareLink, CareRole, Need, Phone, PhoneSharing
from carealert.domain.plan import Candidate, IncidentHistory, Plan
from carealert.domain.planning import plan
from carealert.domain.rules import RuleSet
from carealert.domain.warnings import HazardWarning, Severity
from carealert.paths import shipped
from carealert.services.alerting import OfficeSettings, alert
from carealert.services.ports.feeds import NewDocument
from tests.support.builders import a_caregiver, a_resident, a_warning, an_area, an_info
from tests.support.postgres import PostgresUnavailable, running_postgres

NOW = datetime(2026, 5, 26, 6, 0, tzinfo=UTC)
ZONE = ZoneInfo("Asia/Dhaka")
#: The polygon; who is outside lives east of it.
AREA = shapely.box(90.0, 22.0, 90.5, 22.5)
NEEDS = (Need.DIALYSIS, Need.MOBILITY, Need.INFANT, Need.DAILY_MEDICINE)
LANGUAGES = ("bn", "en", "fil")
OFFICE = OfficeSettings("bn", ZONE, "+12025550199")
#: The plain way is measured on so many homes and points.
SAMPLE, POINTS = 300, 20_000
BATCH = 20_000


def main(arguments: list[str]) -> None:
    """Measure and print."""
    asked = argparse.ArgumentParser()
    asked.add_argument("--registered", type=int, default=100_000)
    asked.add_argument("--inside", type=int, default=20_000)
    asked.add_argument("--on", choices=("sqlite", "postgresql"), help="this database alone")
    options = asked.parse_args(arguments)
    residents, inside = options.registered, options.inside
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        databases = _databases(stack, folder, options.on)
        results = {name: _apart(url, residents, inside) for name, url in databases}
    print(json.dumps({"benchmark": "plan", "residents": residents, "inside": inside, **results}))


def measure(url: str, residents: int, inside: int, pipe: Connection) -> None:
    """Fill a database, decide in it, then decide the plain way; sends the figures."""
    engine = open_engine(url)
    metadata.create_all(engine)
    db = SqlDatabase(engine, Sealer(b"the secret of a benchmark"))
    _fill(db, residents, inside)
    warning_id, warning = _warning(db)
    rules, composer = load_rules((shipped("rules"),)), _composer()
    before = _peak_mb()
    started = perf_counter()
    alert(db, rules, composer, warning_id, OFFICE, NOW)
    took = perf_counter() - started
    gained = _peak_mb() - before
    with engine.connect() as connection:
        stored = connection.scalar(select(func.count()).select_from(notice)) or 0
    plainly = _plain_way(db, rules, warning, residents, inside)
    pipe.send(
        {
            "plan_s": round(took, 2),
            "notices": stored,
            "notices_per_s": round(stored / took),
            "first_notice_s": _first(db, rules),
            "gained_mb": gained,
            "peak_mb": before + gained,
            "plain_s": round(plainly, 1),
            "times": round(plainly / took, 1),
        }
    )
    engine.dispose()


def _first(db: SqlDatabase, rules: RuleSet) -> float:
    """How long after the start of a second decision of the like its first notices are stored."""
    warning_id, _ = _warning(db, "shaking", Hazard.EARTHQUAKE)
    with db.engine.connect() as connection:
        known = connection.scalar(select(func.count()).select_from(notice))
    started = perf_counter()
    seen: list[float] = []

    class Watched(TemplateComposer):
        """Notes when the second shard is composed: the first one is stored by then."""

        def compose(self, drafts: Any) -> list[Notice]:
            seen.append(perf_counter() - started)
            if len(seen) > 1:
                raise _EnoughError
            return super().compose(drafts)

    with suppress(_EnoughError):
        alert(db, rules, _composer(Watched), warning_id, OFFICE, NOW)
    with db.engine.connect() as connection:
        assert connection.scalar(select(func.count()).select_from(notice)) != known
    return round(seen[-1], 2)


class _EnoughError(Exception):
    pass


def _plain_way(
    db: SqlDatabase, rules: RuleSet, warning: HazardWarning, residents: int, inside: int
) -> float:
    """Seconds that the plain way would take for all; measured on a sample."""
    homes = _Homes(db)
    with db.engine.connect() as connection:
        of = resident_table.c
        points = connection.execute(select(of.lon, of.lat).limit(POINTS)).fetchall()
        refs = connection.scalars(select(of.ref).where(of.lon <= 90.5).limit(SAMPLE)).all()
    started = perf_counter()
    for lon, lat in points:
        AREA.contains(shapely.Point(lon, lat))
    matching = (perf_counter() - started) / len(points) * residents
    started = perf_counter()
    for ref in refs:
        homes.decide(ref, warning, rules)
    return matching + (perf_counter() - started) / len(refs) * inside


class _Homes:
    """One home after the other: its rows read alone, its texts rendered alone, each committed."""

    def __init__(self, db: SqlDatabase) -> None:
        self._db, self._sealer = db, Sealer(b"the secret of a benchmark")
        self._composer = _composer()
        mapped = registry(metadata=metadata)
        self._classes: dict[str, Any] = {}
        for table in (notice, match, subject, escalation_timer):
            self._classes[table.name] = type(f"{table.name.title()}Row", (), {})
            mapped.map_imperatively(self._classes[table.name], table)

    def decide(self, ref: str, warning: HazardWarning, rules: RuleSet) -> None:
        with self._db.reading() as stores:
            (resident,) = stores.people.residents([ref])
            carers = tuple(stores.people.caregivers_of([ref])[ref])
            office = OFFICE.office(stores.people.suppressed())
        home = Candidate(resident, carers, frozenset({0}), frozenset(), {})
        history = IncidentHistory(f"plain-{ref}", 0)
        decided = plan(warning, rules, [home], [], history, office, NOW)
        self._save_rest(decided)
        for draft in decided.drafts:
            (made,) = self._composer.compose([draft])
            self._save(notice, _notice_row(made, self._sealer))

    def _save_rest(self, decided: Plan) -> None:
        for one in decided.matches:
            row = {"decision_id": 1, "kind": one.kind.value, "ref": f"plain {one.ref}"}
            more = {"rule": one.rule, "info": one.info, "reasons": list(one.reasons)}
            self._save(match, row | more)
        for (kind, ref), state in decided.states.items():
            row = {"incident": f"plain-{ref}", "kind": kind.value, "ref": ref}
            self._save(subject, row | {"state": state.value, "since": NOW})
        for timer in decided.timers:
            names = ("incident", "ref", "rule", "step", "revision", "info", "started_at", "due_at")
            row = {name: getattr(timer, name) for name in names}
            row |= {"kind": timer.kind.value, "warning_id": 1, "state": "waiting"}
            self._save(escalation_timer, row)

    def _save(self, table: Table, row: dict[str, Any]) -> None:
        made = self._classes[table.name]()
        for name, value in row.items():
            setattr(made, name, value)
        with Session(self._db.engine) as session:
            session.add(made)
            session.commit()


def _notice_row(made: Notice, sealer: Sealer) -> dict[str, Any]:
    draft, recipient = made.draft, made.draft.recipient
    return {
        "id": notice_id(draft.idempotency_key),
        "idempotency_key": draft.idempotency_key,
        "incident": draft.incident,
        "revision": draft.revision,
        "recipient_kind": recipient.kind.value,
        "recipient_ref": recipient.ref,
        "phone_hash": sealer.phone_hash(recipient.phone.number),
        "phone_sealed": sealer.seal(recipient.phone.number),
        "phone_sharing": recipient.phone.sharing.value,
        "about": [entry.ref for entry in draft.about],
        "rule": draft.rule,
        "step": draft.step,
        "kind": draft.kind.value,
        "priority": draft.priority.value,
        "channel": draft.channel.value,
        "wording": draft.wording.value,
        "template": draft.template,
        "language": made.text.language,
        "wanted_language": recipient.language,
        "facts": facts_json(draft.facts),
        "text_sealed": sealer.seal(made.text.body),
        "encoding": made.text.encoding.value,
        "segments": made.text.segments,
        "expected_replies": dict(draft.expected_replies),
        "reasons": list(draft.reasons),
        "created_at": NOW,
        "due_at": draft.due_at,
        "expires_at": draft.expires_at,
        "state": "ready",
    }


def _composer(kind: type[TemplateComposer] = TemplateComposer) -> TemplateComposer:
    return kind(
        [shipped("templates")], sender_tag="CareAlert", time_zone=ZONE, default_language="bn"
    )


def _warning(
    db: SqlDatabase, name: str = "storm", hazard: Hazard = Hazard.TROPICAL_CYCLONE
) -> tuple[int, HazardWarning]:
    info = an_info(
        hazard=hazard,
        severity=Severity.EXTREME,
        expires=NOW + timedelta(hours=12),
        areas=(an_area(geometry=AREA),),
    )
    warning = a_warning(info, identifier=name, sent=NOW, sender=f"{name}@example.org")
    with db.transaction() as stores:
        given = [NewDocument(name, None, name.encode(), None)]
        (document,) = stores.feeds.keep_documents(None, given, NOW)
        saved = stores.warnings.save(warning, document, NOW)
    assert saved is not None
    return saved.id, warning


def _fill(db: SqlDatabase, residents: int, inside: int) -> None:
    draw = random.Random(7)  # noqa: S311  a fixed population, nothing secret
    for start in range(0, residents, BATCH):
        numbers = range(start, min(residents, start + BATCH))
        with db.transaction() as stores:
            stores.people.put_residents(_resident(n, n < inside, draw) for n in numbers)
            stores.people.put_caregivers(
                [_carer(n) for n in numbers],
                [CareLink(f"C-{n:07}", f"R-{n:07}", "daughter", CareRole.PRIMARY) for n in numbers],
            )
    db.engine.dispose()


def _resident(number: int, is_inside: bool, draw: random.Random) -> Any:
    return a_resident(
        ref=f"R-{number:07}",
        name=f"Name {number}",
        label=f"L{number}",
        lon=draw.uniform(90.0, 90.5) if is_inside else draw.uniform(91, 95),
        lat=draw.uniform(22.0, 22.5),
        area_code=None,
        birth_year=1930 + number % 80,
        needs=frozenset({NEEDS[number % 4]}),
        language=LANGUAGES[number % 3],
        phone=_phone(2 * number, PhoneSharing.PRIVATE) if number % 10 < 3 else None,
    )


def _carer(number: int) -> Any:
    return a_caregiver(
        ref=f"C-{number:07}",
        name=f"Carer {number}",
        phone=_phone(2 * number + 1, PhoneSharing.UNKNOWN),
        language=LANGUAGES[number % 3],
    )


def _phone(number: int, sharing: PhoneSharing) -> Phone:
    return Phone(f"+1{200 + number // 10_000_000 % 800:03}{number % 10_000_000:07}", sharing)


def _peak_mb() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def _apart(url: str, residents: int, inside: int) -> dict[str, Any]:
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(
        target=measure, args=(url, residents, inside, theirs)
    )
    process.start()
    theirs.close()
    result: dict[str, Any] = ours.recv()
    process.join()
    return result


def _databases(stack: ExitStack, folder: Path, only: str | None) -> Iterator[tuple[str, str]]:
    if only != "postgresql":
        yield "sqlite", f"sqlite:///{folder / 'plan.db'}"
    if only == "sqlite":
        return
    try:
        yield "postgresql", stack.enter_context(running_postgres())
    except PostgresUnavailable as why:
        print(f"postgresql: {why}", file=sys.stderr)


if __name__ == "__main__":
    main(sys.argv[1:])
