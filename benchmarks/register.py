"""A city's register imported from its files: time and memory, on both databases.

100,000 residents and as many caregivers with nearly every column stated are written to CSV files
and imported by the functions behind `carealert people import`, each database in a process of its
own whose peak memory is measured; then the same files are imported once more. Prints one JSON
line. Run: `python -m benchmarks.register`.
"""

import csv
import json
import multiprocessing
import random
import resource
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from multiprocessing.connection import Connection
from pathlib import Path
from time import perf_counter, process_time
from zoneinfo import ZoneInfo

from sqlalchemy import func, select

from carealert.adapters.db.engine import open_engine
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import care_link, metadata
from carealert.adapters.registry.cells import Defaults
from carealert.adapters.registry.files import (
    CAREGIVER_COLUMNS,
    RESIDENT_COLUMNS,
    Source,
    scan_caregivers,
    scan_residents,
)
from carealert.adapters.sealing import Sealer
from carealert.demo.pools import FAMILY, MEN, WOMEN
from carealert.services.registering import import_people
from tests.support.actors import ADMIN
from tests.support.postgres import PostgresUnavailable, running_postgres

PEOPLE = 100_000
DEFAULTS = Defaults(datetime(2026, 5, 26, 6, 0, tzinfo=UTC), ZoneInfo("Asia/Dhaka"), "bn", None)
_NEEDS = ("dialysis", "dialysis;mobility", "infant", "daily_medicine", "")


def main() -> None:
    """Measure and print."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        _write(folder, "residents", RESIDENT_COLUMNS, map(_resident, range(PEOPLE)))
        _write(folder, "caregivers", CAREGIVER_COLUMNS, map(_caregiver, range(PEOPLE)))
        size = sum(file.stat().st_size for file in folder.iterdir())
        results = {name: _apart(url, folder) for name, url in _databases(stack, folder)}
    line = {"benchmark": "register", "residents": PEOPLE, "caregivers": PEOPLE}
    print(json.dumps({**line, "file_mb": round(size / 2**20), **results}))


def measure(url: str, folder: str, pipe: Connection) -> None:
    """Import twice, and send what it took."""
    engine = open_engine(url)
    metadata.create_all(engine)
    db = SqlDatabase(engine, Sealer(b"the secret of a benchmark"))
    first = _import(db, Path(folder))
    again = _import(db, Path(folder))
    with engine.connect() as connection:
        links = connection.scalar(select(func.count()).select_from(care_link))
    engine.dispose()
    assert first["added"] == 2 * PEOPLE
    assert again["unchanged"] == 2 * PEOPLE
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    times = {f"{name}_s": value for name, value in first.items() if name not in _COUNTS}
    pipe.send({**times, "again_s": again["import"], "peak_mb": peak, "links": links})


_COUNTS = ("added", "unchanged")


def _import(db: SqlDatabase, folder: Path) -> dict[str, float]:
    """Seconds of the whole import, of the processor, and of the writers' turn; and counts."""
    started, busy = perf_counter(), process_time()
    writing: list[float] = []

    def step(what: str, _part: float) -> None:
        if what == "writing" and not writing:
            writing.append(perf_counter())

    residents = scan_residents(Source(folder / "residents.csv"), DEFAULTS)
    caregivers = scan_caregivers(Source(folder / "caregivers.csv"), DEFAULTS)
    assert not residents.errors, residents.errors[:3]
    assert not caregivers.errors, caregivers.errors[:3]
    read = perf_counter()
    now = DEFAULTS.now
    report = import_people(db, ADMIN, residents.items, caregivers.items, now, step=step)
    ended = perf_counter()
    return {
        "import": round(ended - started, 1),
        "processor": round(process_time() - busy, 1),
        "reading": round(read - started, 1),
        "writers_turn": round(ended - (writing or [ended])[0], 1),
        "added": sum(one.added for one in report.counts.values()),
        "unchanged": sum(one.unchanged for one in report.counts.values()),
    }


def _apart(url: str, folder: Path) -> dict[str, float]:
    """In a fresh process, so that its peak is its own."""
    ours, theirs = multiprocessing.Pipe()
    context = multiprocessing.get_context("spawn")
    process = context.Process(target=measure, args=(url, str(folder), theirs))
    process.start()
    theirs.close()
    result: dict[str, float] = ours.recv()
    process.join()
    return result


def _databases(stack: ExitStack, folder: Path) -> Iterator[tuple[str, str]]:
    yield "sqlite", f"sqlite:///{folder / 'register.db'}"
    try:
        yield "postgresql", stack.enter_context(running_postgres())
    except PostgresUnavailable as error:
        sys.stderr.write(f"without PostgreSQL: {error}\n")


def _write(
    folder: Path, name: str, columns: tuple[str, ...], rows: Iterator[Mapping[str, object]]
) -> None:
    with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, columns, restval="")
        writer.writeheader()
        writer.writerows(rows)


def _phone(n: int) -> str:
    return f"+1{201 + n % 700}55501{n // 700 % 100:02}"


def _resident(n: int) -> dict[str, object]:
    rng = random.Random(n)  # noqa: S311
    return {
        "ref": f"R-{n:06}",
        "name": f"{rng.choice(WOMEN + MEN)} {rng.choice(FAMILY)} {rng.choice(FAMILY)}",
        "label": rng.choice(WOMEN + MEN),
        "birth_year": 1930 + n % 90,
        "gender": rng.choice(("woman", "man", "")),
        "lat": f"{rng.uniform(21, 26):.6f}",
        "lon": f"{rng.uniform(88, 92):.6f}",
        "area_code": f"BD{n % 500:06}",
        "language": "bn",
        "second_language": "en",
        "needs": rng.choice(_NEEDS),
        **{f"wg_{domain}": 1 + n % 4 for domain in ("seeing", "hearing", "walking", "selfcare")},
        "phone": _phone(n),
        "phone_sharing": "private",
        "channel": "text",
        "consent_purposes": "P1;P6",
        "consent_giver": "self",
        "consent_expires": "2027-01-31",
        "next_due": "2026-05-28T09:30",
        "backup_hours": "6.5",
        "notes": "the second stair is broken",
        "exposures": "ground_floor;lives_alone",
        "critical_after_h": 6,
        "administration_mode": "self",
    }


def _caregiver(n: int) -> dict[str, object]:
    rng = random.Random(-n)  # noqa: S311
    return {
        "ref": f"C-{n:06}",
        "name": f"{rng.choice(WOMEN + MEN)} {rng.choice(FAMILY)}",
        "phone": _phone(n + 7),
        "phone_sharing": "shared_household",
        "literacy": "reads_easily",
        "gender": "woman",
        "language": "bn",
        "second_language": "en",
        "paid": "no",
        "cares_for": ";".join({f"R-{n:06}", f"R-{n * 7 % PEOPLE:06}"}),
        "relation": "daughter",
        "role": "primary",
        "quiet_from": "22:00",
        "quiet_to": "06:00",
        "lat": f"{rng.uniform(21, 26):.6f}",
        "lon": f"{rng.uniform(88, 92):.6f}",
        "consent_purposes": "P2",
        "consent_expires": "2027-01-31",
        "minor": "no",
        "hours_band": "20-34",
        "capacity": 1,
    }


if __name__ == "__main__":
    main()
