"""One warning's way from the register to the outbox: time and memory, on both databases.

A city of residents with their caregivers, a part of it inside the polygon; three rules match,
in three languages. Measured are the decision with all its notices stored durably, and the peak
memory of the process that does it, a process for each database. The plain way (a loop over Shapely
points, an object and a render for each message) is run beside it on a part and scaled.
Prints one JSON line. Run: `python -m benchmarks.plan [RESIDENTS [INSIDE]]`.
"""

import json
import multiprocessing
import random
import resource
import sys
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import shapely
from sqlalchemy import func, select

from carealert.adapters.db.engine import open_engine
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import metadata, notice
from carealert.adapters.rules.files import load_rules
from carealert.adapters.sealing import Sealer
from carealert.adapters.texts.composer import TemplateComposer
from carealert.domain.hazards import Hazard
from carealert.domain.people import (
    Caregiver,
    CareLink,
    CareRole,
    Consent,
    Need,
    Phone,
    PhoneSharing,
    Purpose,
    Resident,
)
from carealert.domain.warnings import Severity
from carealert.paths import shipped
from carealert.services import alerting
from carealert.services.alerting import OfficeSettings
from carealert.services.ports.feeds import NewDocument
from tests.support.builders import a_caregiver, a_resident, a_warning, an_area, an_info
from tests.support.postgres import PostgresUnavailable, running_postgres

NOW = datetime(2026, 5, 26, 6, 0, tzinfo=UTC)
#: The polygon; who is outside lives east of it.
AREA = shapely.box(90.0, 22.0, 90.5, 22.5)
NEEDS = ((Need.DIALYSIS,), (Need.MOBILITY,), (Need.INFANT,), (Need.DAILY_MEDICINE,))
LANGUAGES = ("bn", "en", "fil")


def main(arguments: list[str]) -> None:
    """Measure and print."""
    residents, inside = (int(a) for a in (arguments + ["100000", "20000"])[:2]) if len(arguments) > 1 else (100_000, 20_000)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        results = {name: _apart(url, residents, inside) for name, url in _databases(stack, folder)}
    print(json.dumps({"benchmark": "plan", "residents": residents, "inside": inside, **results}))


def measure(url: str, residents: int, inside: int, pipe: Connection) -> None:
    engine = open_engine(url)
    metadata.create_all(engine)
    db = SqlDatabase(engine, Sealer(b"the secret of a benchmark"))
    _fill(db, residents, inside)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    warning_id = _warning(db)
    rules = load_rules((shipped("rules"),))
    composer = TemplateComposer([shipped("templates")], sender_tag="CareAlert", time_zone=ZoneInfo("Asia/Dhaka"), default_language="bn")
    office = OfficeSettings(default_language="bn", time_zone=ZoneInfo("Asia/Dhaka"), desk_phone="+12025550199")
    started = perf_counter()
    if PROFILE:
        import cProfile, pstats
        p = cProfile.Profile(); p.runcall(alerting.alert, db, rules, composer, warning_id, office, NOW)
        pstats.Stats(p, stream=sys.stderr).sort_stats('tottime').print_stats(45)
    else:
        alerting.alert(db, rules, composer, warning_id, office, NOW)
    took = perf_counter() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    with engine.connect() as connection:
        notices = connection.scalar(select(func.count()).select_from(notice))
    pipe.send({"plan_s": round(took, 2), "notices": notices, "peak_mb": peak, "peak_before": before})

PROFILE = True

def _warning(db):
    warning = a_warning(an_info(hazard=Hazard.TROPICAL_CYCLONE, severity=Severity.EXTREME, expires=NOW+timedelta(hours=12), areas=(an_area(geometry=AREA),)), sent=NOW)
    with db.transaction() as stores:
        (document,) = stores.feeds.keep_documents(None, [NewDocument("x", None, b"x", None)], NOW)
        return stores.warnings.save(warning, document, NOW).id


def _fill(db, residents, inside):
    rng = random.Random(7)
    for start in range(0, residents, 20000):
        with db.transaction() as stores:
            people, carers = [], []
            for n in range(start, min(residents, start + 20000)):
                lon = rng.uniform(90.0, 90.5) if n < inside else rng.uniform(91, 95)
                ref = f"R-{n:07}"
                people.append(a_resident(ref=ref, name=f"N {n}", label=f"L{n}", lon=lon, lat=rng.uniform(22.0, 22.5), area_code=None, needs=frozenset(NEEDS[n % 4]), language=LANGUAGES[n % 3],
                    phone=Phone(_phone(2*n), PhoneSharing.PRIVATE) if n % 10 < 3 else None))
                if n % 10 < 10:
                    c = a_caregiver(ref=f"C-{n:07}", name=f"C {n}", phone=Phone(_phone(2*n+1), PhoneSharing.UNKNOWN), language=LANGUAGES[n % 3])
                    carers.append((c, CareLink(c.ref, ref, "daughter", CareRole.PRIMARY)))
            stores.people.put_residents(people)
            stores.people.put_caregivers([c for c, _ in carers], [l for _, l in carers])


def _phone(n):
    return f"+1{200 + n // 10_000_000 % 800:03}{n % 10_000_000:07}"


def _apart(url, residents, inside):
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context("spawn").Process(target=measure, args=(url, residents, inside, theirs))
    process.start(); theirs.close(); result = ours.recv(); process.join()
    return result


def _databases(stack, folder):
    yield "sqlite", f"sqlite:///{folder / 'plan.db'}"


if __name__ == "__main__":
    main(sys.argv[1:])
