"""Whatever file somebody brings: all of it is registered or none, and every message can be used.

Files are made of cells that offices write and of cells that nobody foresees, in any encoding,
with any line ends and quotes; and read as a user reads them, by the command.
"""

import csv
import io
import json
import re
import time
import tracemalloc
from collections.abc import Callable, Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, func, select
from typer.testing import CliRunner

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import care_link, caregiver, consent, metadata, resident
from carealert.adapters.registry.files import CAREGIVER_COLUMNS, RESIDENT_COLUMNS
from carealert.adapters.sealing import Sealer
from carealert.bootstrap import App
from carealert.cli import people
from carealert.domain.access import Actor, Role
from tests.support.register import NOW

Import = Callable[[str, bytes, str], tuple[int, dict[str, Any], str]]
PERSONAL = (resident, caregiver, care_link, consent)
LIMIT_S = 5.0

_GOOD = {
    "ref": st.integers(1, 12).map(lambda n: f"R-{n}"),
    "name": st.sampled_from(["Ana", "José Núñez", "আমিনা খাতুন", "O'Neil, Mary"]),
    "birth_year": st.sampled_from(["1950", "1950.0", "1950-03-04"]),
    "gender": st.sampled_from(["woman", "MAN", "self_described"]),
    "lat": st.sampled_from(["22.05", " 21.9", "-12.5"]),
    "lon": st.sampled_from(["89.97", "90.1"]),
    "language": st.sampled_from(["bn", "pt-BR"]),
    "needs": st.sampled_from(["dialysis", "mobility;infant;", ""]),
    "phone": st.sampled_from(
        ["+1 202 555 0142", "202.555.0143", "2025550144.0", "２０２５５５０１４５"]
    ),
    "consent_purposes": st.sampled_from(["P1", "P1;P6", ""]),
    "consent_expires": st.sampled_from(["2027-01-31", "46418", ""]),
    "cares_for": st.integers(1, 12).map(lambda n: f"R-{n}"),
}
_HOSTILE = st.one_of(
    st.text(max_size=30),
    st.sampled_from(
        [
            *("=1+1", "@SUM(A1)", "+cmd|' /C calc'!A0", "#N/A", "1.55555E+10", "1E+400", "nan"),
            *("inf", "9" * 400, "-0", "\x00", "a\x00b", "\u2028", "\ufeff", "'", "''=1", '"', '""'),
            *("1e999999999", "0x10", "1_000", "٣", "²", "½", "2026-02-30", "9999-12-31", "24:00"),
            *("0001-01-01", "T", "2026-05-31T25:00", "2026-05-31T10:00+99:00", "99999", "R-1"),
            *("a;b;;c", ";", ";;;", "R-1;R-1", "\ud7ff", "𝕒", "e\u0301" * 20, "x" * 5000),
        ]
    ),
)
_ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "cp1252", "latin-1", "cp1251", "shift_jis")


@pytest.fixture(scope="module")
def application(
    sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SimpleNamespace]:
    """One office for all files: it is emptied before each."""
    path = tmp_path_factory.mktemp("office") / "carealert.db"
    path.write_bytes(sqlite_template.read_bytes())
    given_settings = SimpleNamespace(
        database_url=SimpleNamespace(get_secret_value=lambda: f"sqlite:///{path}")
    )
    engine = App(given_settings).engine  # type: ignore[arg-type]
    yield SimpleNamespace(
        db=SqlDatabase(engine, Sealer(b"a test secret of enough bytes")),
        engine=engine,
        settings=SimpleNamespace(
            zone=ZoneInfo("Asia/Dhaka"), default_language="bn", phone_region="US"
        ),
        operator=Actor("command line", Role.ADMIN),
    )
    engine.dispose()


@pytest.fixture
def bring(application: SimpleNamespace, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Import:
    """Import a file as `residents` or `caregivers`: exit code, the JSON, and stderr."""
    monkeypatch.setattr(people, "open_app", lambda: application)
    monkeypatch.setattr(people, "now", lambda: NOW)
    monkeypatch.setattr("carealert.cli.importing.now", lambda: NOW)

    def call(noun: str, body: bytes, name: str = "file.csv") -> tuple[int, dict[str, Any], str]:
        path = tmp_path / name
        path.write_bytes(body)
        began = time.monotonic()
        done = CliRunner().invoke(people.app, ["import", f"--{noun}", str(path), "--json"])
        assert time.monotonic() - began < LIMIT_S
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return done.exit_code, json.loads(done.stdout), done.stderr

    return call


def counts(engine: Engine) -> dict[str, int]:
    with engine.connect() as connection:
        return {
            table.name: connection.scalar(select(func.count()).select_from(table)) or 0
            for table in PERSONAL
        }


def empty(engine: Engine) -> None:
    with engine.begin() as connection:
        for table in reversed(metadata.sorted_tables):
            if table in PERSONAL:
                connection.execute(table.delete())


def digests(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        return sorted(
            tuple(row) for row in connection.execute(select(resident.c.ref, resident.c.digest))
        )


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    """(noun, body) of a file; half of them have good cells only."""
    noun = draw(st.sampled_from(["residents", "caregivers"]))
    every = RESIDENT_COLUMNS if noun == "residents" else CAREGIVER_COLUMNS
    needed = {
        "residents": ("ref", "needs", "consent_purposes"),
        "caregivers": ("ref", "phone", "cares_for", "consent_purposes"),
    }[noun]
    others = draw(st.lists(st.sampled_from(every), max_size=6, unique=True))
    columns = list(dict.fromkeys((*needed, *others)))
    is_good = draw(st.booleans())
    cell = {
        name: _GOOD.get(name, st.just(""))
        if is_good
        else st.one_of(_GOOD.get(name, st.just("")), _HOSTILE)
        for name in columns
    }
    rows = draw(st.lists(st.fixed_dictionaries(cell), max_size=6))
    text = io.StringIO()
    writer = csv.DictWriter(
        text,
        columns,
        delimiter=draw(st.sampled_from([",", ";", "\t"])),
        lineterminator=draw(st.sampled_from(["\n", "\r\n", "\r"])),
        quoting=draw(st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL])),
    )
    writer.writeheader()
    writer.writerows(rows)
    body = text.getvalue().encode(draw(st.sampled_from(_ENCODINGS)), "replace")
    if not is_good and draw(st.booleans()):
        at = draw(st.integers(0, len(body)))
        body = body[:at] + draw(st.binary(max_size=4)) + body[at:]
    return noun, body


WHOLE_FILE = re.compile(
    r"the file |none of its headings|the quotation marks|the cell that begins here|the row has \d+"
)


def usable(error: dict[str, Any]) -> bool:
    """It says where and what to do: a row and a column, or else the file or row as a whole."""
    says = bool(error["file"] and error["what"] and error["fix"])
    pointed = error["line"] is not None and error["column"] is not None
    return says and (pointed or WHOLE_FILE.match(error["what"]) is not None)


@settings(
    max_examples=250,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(files())
def test_all_of_a_file_is_registered_or_none_and_every_message_can_be_used(
    bring: Import, application: SimpleNamespace, file: tuple[str, bytes]
) -> None:
    noun, body = file
    empty(application.engine)
    code, said, stderr = bring(noun, body)
    assert "Traceback" not in stderr
    after = counts(application.engine)
    if code != 0:
        assert said["imported"] is False
        assert said["errors"]
        assert all(usable(error) for error in said["errors"]), said["errors"]
        assert not any(after.values())
        return
    assert said["imported"] is True
    table = "resident" if noun == "residents" else "caregiver"
    assert said[noun]["added"] == after[table]
    before = digests(application.engine)
    code, again, _ = bring(noun, body)
    assert (code, again[noun]["added"], again[noun]["changed"]) == (0, 0, 0)
    assert counts(application.engine) == after
    assert digests(application.engine) == before


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.binary(max_size=300),
    st.sampled_from(["file.csv", "file.xlsx"]),
    st.sampled_from(
        [b"", b"ref,needs,consent_purposes\n", b"\xff\xfe", b"PK\x03\x04", b"\xef\xbb\xbf"]
    ),
)
def test_no_bytes_bring_more_than_a_sentence(
    bring: Import, application: SimpleNamespace, body: bytes, name: str, start: bytes
) -> None:
    empty(application.engine)
    code, said, stderr = bring("residents", start + body, name)
    assert "Traceback" not in stderr
    assert code in (0, 1)
    if code:
        assert all(usable(error) for error in said["errors"]), said["errors"]
        assert not any(counts(application.engine).values())


HEAD = b"ref,needs,consent_purposes,notes\n"
BIG = 1_000_000


@pytest.mark.parametrize(
    ("body", "says"),
    [
        (HEAD + b"R-1,,P1," + b"x" * BIG + b"\n", "more than 131072 letters"),
        (HEAD + b'R-1,,P1,"' + b"x\n" * (BIG // 2), "more than 131072 letters"),
        (HEAD + b"R-1,,P1" + b"," * BIG + b"x\n", "cells"),
        (b"," * BIG, "none of its headings"),
        (b"\n" * BIG, "none of its headings"),
        (HEAD + b"\n" * BIG + b"R-1,x,P1,\n", "not a word"),
        (HEAD + b'R-1,,P1,"' + b"e\xcc\x81" * 40_000 + b'"\n', "characters"),
    ],
    ids=["one cell", "open quote", "commas", "commas alone", "blank lines", "far row", "accents"],
)
def test_a_huge_file_ends_soon_and_with_a_sentence(
    bring: Import, application: SimpleNamespace, body: bytes, says: str
) -> None:
    empty(application.engine)
    code, said, _ = bring("residents", body)
    assert code == 1
    assert any(says in error["what"] for error in said["errors"]), said["errors"]
    assert not any(counts(application.engine).values())


def test_a_wide_file_takes_memory_in_proportion(bring: Import) -> None:
    body = HEAD + b"R-1,,P1" + b"," * 100_000 + b"\n"
    tracemalloc.start()
    try:
        bring("residents", body)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 200 * len(body)
