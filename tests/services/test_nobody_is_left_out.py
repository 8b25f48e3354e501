"""Whoever is registered with less is told all the same (requirements M24, M31).

Everything from a file as an office has it to the texts, under the shipped rules and templates.
"""

import csv
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC
from functools import cache
from itertools import chain, combinations
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import Engine

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.registry.cells import Defaults
from carealert.adapters.registry.files import (
    CAREGIVER_COLUMNS,
    RESIDENT_COLUMNS,
    read_caregivers,
    read_residents,
)
from carealert.adapters.rules.files import load_rules
from carealert.adapters.sealing import Sealer
from carealert.adapters.texts.composer import TemplateComposer
from carealert.domain.notices import Notice
from carealert.domain.rules import RuleSet
from carealert.domain.warnings import Severity, Urgency
from carealert.paths import shipped
from carealert.services.alerting import OfficeSettings, dry_run
from carealert.services.ports.registry import PlaceArea
from carealert.services.registering import import_people
from tests.support.actors import ADMIN
from tests.support.builders import AWAY, COAST, HOME, NOW, a_phone, a_warning, an_info, hours

OFFICE = OfficeSettings("en", UTC, None, "en", hours(12))
DEFAULTS = Defaults(NOW, ZoneInfo("UTC"), "en")
RESIDENT = {
    "name": "Ana Lima",
    "label": "Nani",
    "birth_year": "1950",
    "gender": "woman",
    "lat": str(HOME[0]),
    "lon": str(HOME[1]),
    "area_code": "BD100428",
    "language": "en",
    "second_language": "bn",
    "needs": "dialysis",
    "wg_seeing": "1",
    "wg_hearing": "2",
    "wg_walking": "3",
    "wg_remembering": "1",
    "wg_selfcare": "2",
    "wg_communicating": "1",
    "phone_sharing": "private",
    "channel": "text",
    "consent_purposes": "P1;P6",
    "consent_giver": "self",
    "consent_expires": "2027-01-01",
    "next_due": "2026-05-28",
    "backup_hours": "6",
    "notes": "two stairs",
    "age_band": "70-79",
    "exposures": "no_lift",
    "critical_after_h": "12",
    "administration_mode": "self",
}
CAREGIVER = {
    "name": "Rui Costa",
    "phone_sharing": "private",
    "channel": "text",
    "gender": "man",
    "literacy": "reads_easily",
    "language": "en",
    "second_language": "bn",
    "paid": "no",
    "relation": "son",
    "role": "primary",
    "quiet_from": "22:00",
    "quiet_to": "06:00",
    "lat": str(HOME[0]),
    "lon": str(HOME[1]),
    "consent_purposes": "P2",
    "consent_expires": "2027-01-01",
    "minor": "no",
    "hours_band": "1-9",
    "capacity": "2",
    "never_from": "01:00",
    "never_to": "02:00",
    "responder_gender": "woman",
    "companion": "no",
}
#: Cells that stand or fall together, or without which the law lets nobody be told.
TOGETHER = ({"lat", "lon"}, {"quiet_from", "quiet_to"}, {"never_from", "never_to"})
NEEDED = {"consent_purposes", "area_code", "lat", "lon"}

Gap = tuple[str, ...]


@pytest.fixture
def db(sqlite_engine: Engine, sealer: Sealer) -> SqlDatabase:
    db = SqlDatabase(sqlite_engine, sealer)
    with db.transaction() as stores:
        stores.areas.put(
            [
                PlaceArea("P-CODE", "BD1004", 2, None, {"en": "Barguna"}, COAST),
                PlaceArea("P-CODE", "BD100428", 3, "BD1004", {"en": "Amtali"}, None),
            ]
        )
    return db


@cache
def shipped_rules() -> RuleSet:
    return load_rules((shipped("rules"),))


@cache
def composer() -> TemplateComposer:
    return TemplateComposer((shipped("templates"),), sender_tag="CareAlert", time_zone=UTC)


def written(path: Path, columns: Iterable[str], rows: Iterable[Mapping[str, str]]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, tuple(columns), restval="")
        writer.writeheader()
        writer.writerows(rows)
    return path


def registered(
    db: SqlDatabase,
    folder: Path,
    residents: Iterable[Mapping[str, str]],
    caregivers: Iterable[Mapping[str, str]] = (),
) -> None:
    people = read_residents(written(folder / "r.csv", RESIDENT_COLUMNS, residents), DEFAULTS)
    carers = read_caregivers(written(folder / "c.csv", CAREGIVER_COLUMNS, caregivers), DEFAULTS)
    assert (people.errors, carers.errors) == ((), ())
    import_people(db, ADMIN, people.items, carers.items, NOW)


def told(db: SqlDatabase, severity: Severity = Severity.EXTREME) -> dict[str, Notice]:
    """recipient -> what is sent to them, once."""
    info = an_info(severity=severity, urgency=Urgency.IMMEDIATE)
    _, notices = dry_run(db, shipped_rules(), composer(), a_warning(info), OFFICE, NOW)
    found = {one.draft.recipient.ref: one for one in notices}
    assert len(found) == len(notices)
    return found


def gaps(cells: Mapping[str, str]) -> Iterator[Gap]:
    """Nothing missing, each cell missing, and each two; what belongs together goes together."""
    groups: list[Gap] = [tuple(sorted(group)) for group in TOGETHER if group <= cells.keys()]
    single = [(name,) for name in cells if not any(name in group for group in TOGETHER)]
    every = [group for group in (*single, *groups) if "consent_purposes" not in group]
    yield ()
    yield from every
    yield from (tuple(chain(*pair)) for pair in combinations(every, 2))


def nowhere(gap: Gap) -> bool:
    """Neither position nor area: no warning of any kind can be matched."""
    return {"lat", "lon", "area_code"} <= set(gap)


def without(cells: Mapping[str, str], gap: Gap) -> dict[str, str]:
    return {name: value for name, value in cells.items() if name not in gap}


def test_any_one_or_two_fields_of_a_resident_may_be_missing(
    db: SqlDatabase, tmp_path: Path
) -> None:
    lacking = [gap for gap in gaps(RESIDENT) if not nowhere(gap)]
    assert len(lacking) > 300
    registered(
        db,
        tmp_path,
        [
            {"ref": f"R-{n}", "phone": a_phone(n).number, **without(RESIDENT, gap)}
            for n, gap in enumerate(lacking)
        ],
    )
    missed = {f"R-{n}": gap for n, gap in enumerate(lacking)}.keys() - told(db).keys()
    assert [lacking[int(ref[2:])] for ref in sorted(missed)] == []


def test_any_one_or_two_fields_of_a_caregiver_may_be_missing(
    db: SqlDatabase, tmp_path: Path
) -> None:
    lacking = list(gaps(CAREGIVER))
    assert len(lacking) > 150
    carers = [
        {
            "ref": f"C-{n}",
            "phone": a_phone(n).number,
            "cares_for": f"R-{n}",
            **without(CAREGIVER, gap),
        }
        for n, gap in enumerate(lacking)
    ]
    homes = [{"ref": f"R-{n}", **without(RESIDENT, ("phone",))} for n in range(len(lacking))]
    registered(db, tmp_path, homes, carers)
    missed = {one["ref"] for one in carers} - told(db).keys()
    assert [lacking[int(ref[2:])] for ref in sorted(missed)] == []


@pytest.mark.parametrize("where", ["lat,lon", "area_code"])
def test_somebody_known_by_an_alias_alone_is_told(
    db: SqlDatabase, tmp_path: Path, where: str
) -> None:
    """No name, paper, gender, birth year, language or need; a place and a yes are enough."""
    place = {name: RESIDENT[name] for name in where.split(",")}
    alias = {"ref": "blue-door", "label": "The one at the blue door", "consent_purposes": "P1"}
    registered(db, tmp_path, [{**alias, "phone": a_phone(1).number, **place}])
    text = told(db)["blue-door"].text.body
    assert "cyclone" in text.lower()


def test_a_caregiver_of_an_alias_is_told_by_that_alias(db: SqlDatabase, tmp_path: Path) -> None:
    place = {"lat": RESIDENT["lat"], "lon": RESIDENT["lon"]}
    registered(
        db,
        tmp_path,
        [{"ref": "blue-door", "label": "Blue Door", **place}],
        [
            {
                "ref": "C-1",
                "phone": a_phone(2).number,
                "phone_sharing": "private",
                "cares_for": "blue-door",
                "consent_purposes": "P2",
            }
        ],
    )
    assert "Blue Door" in told(db)["C-1"].text.body


def test_who_has_no_place_is_said_when_they_are_registered(db: SqlDatabase, tmp_path: Path) -> None:
    """No rule can find them: the one gap that must be seen by a person."""
    cells = {"ref": "R-1", "phone": a_phone(1).number, **without(RESIDENT, tuple(NEEDED))}
    path = written(tmp_path / "r.csv", RESIDENT_COLUMNS, [{**cells, "consent_purposes": "P1"}])
    report = import_people(db, ADMIN, read_residents(path, DEFAULTS).items, [], NOW)
    assert any("neither a position nor an area" in note for note in report.notes)
    assert told(db) == {}


def test_the_matrix_notices_who_is_not_told(db: SqlDatabase, tmp_path: Path) -> None:
    """A consent that is missing, and a home elsewhere, are no field that may be left out."""
    silent = without(RESIDENT, ("consent_purposes",))
    away = {**RESIDENT, "lat": str(AWAY[0]), "lon": str(AWAY[1]), "area_code": ""}
    registered(
        db,
        tmp_path,
        [
            {"ref": "R-1", "phone": a_phone(1).number, **silent},
            {"ref": "R-2", "phone": a_phone(2).number, **away},
            {"ref": "R-3", "phone": a_phone(3).number, **RESIDENT},
        ],
    )
    assert told(db).keys() == {"R-3"}
