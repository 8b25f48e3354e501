"""A synthetic register of residents, caregivers and facilities, drawn with a fixed seed.

The same areas, seed and reference date give the same bytes on every machine. Every number is a
+1 555-01xx one, which is kept free for fiction. Shares and names: `carealert.demo.pools`.
"""

import csv
import random
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from carealert.adapters.registry.files import (
    CAREGIVER_COLUMNS,
    FACILITY_COLUMNS,
    RESIDENT_COLUMNS,
)
from carealert.demo import pools
from carealert.demo.drawing import (
    Row,
    expiry,
    name_for,
    point_inside,
    quota,
    second_language,
    weighted,
)
from carealert.demo.households import caregivers_for
from carealert.domain.facilities import FacilityType
from carealert.domain.people import Need, PhoneSharing
from carealert.services.ports.registry import PlaceArea

SEED = 2605
REFERENCE = date(2024, 5, 26)  # the day on which Cyclone Remal came ashore

#: Area codes of the United States in which 555-0100 to 555-0199 are valid numbers. 202 is left
#: to the demo's own desk and sender.
_AREA_CODES = (201, 203, 205, 206, 207, 208, 209, 210, 212, 213, 214, 215, 216, 217)
#: Cities hold more of the register than upazilas do.
_CITY_WEIGHT = 4
_SHARED_PAIRS = 12
_CHILD = 12  # younger people have no phone of their own
_ASKED = 5  # the Washington Group Short Set is for people of 5 and older


@dataclass(frozen=True, slots=True)
class Register:
    """Rows of the three registry files, by column; empty means not stated."""

    residents: tuple[Row, ...]
    caregivers: tuple[Row, ...]
    facilities: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Size:
    """How many of each; `caregivers` is at least `residents`."""

    residents: int = 400
    caregivers: int = 460
    facilities: int = 40


def generate(
    areas: Sequence[PlaceArea], seed: int, reference: date, size: Size | None = None
) -> Register:
    """Draw a register whose homes are strictly inside `areas`; birth years count from `reference`.

    Raises ValueError where no area has a geometry.
    """
    size = size or Size()
    places = [area for area in areas if area.geometry is not None]
    if not places:
        raise ValueError("no area has a geometry: import boundaries before drawing a register")
    rng = random.Random(seed)  # noqa: S311  a seeded draw, not a secret
    residents = _residents(rng, places, size.residents, reference)
    caregivers = caregivers_for(rng, residents, size.caregivers)
    facilities = _facilities(rng, places, size.facilities)
    _give_phones(rng, residents, caregivers, facilities, reference)
    return Register(tuple(residents), tuple(caregivers), tuple(facilities))


def write(register: Register, folder: Path) -> None:
    """Write `residents.csv`, `caregivers.csv` and `facilities.csv` (UTF-8, `\\n`)."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, columns in _FILES.items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, columns, restval="", lineterminator="\n")
            writer.writeheader()
            writer.writerows(getattr(register, name))


def shipped_register(areas: Sequence[PlaceArea]) -> Register:
    """The register of `db/demo/register`, drawn anew from the upazilas of `db/demo/areas`."""
    return generate([area for area in areas if area.level == 3], SEED, REFERENCE)


def read(folder: Path) -> Register:
    """Read what `write` wrote."""
    rows: dict[str, tuple[Row, ...]] = {}
    for name in _FILES:
        with (folder / f"{name}.csv").open(encoding="utf-8", newline="") as file:
            rows[name] = tuple(csv.DictReader(file))
    return Register(**rows)


_FILES = {
    "residents": RESIDENT_COLUMNS,
    "caregivers": CAREGIVER_COLUMNS,
    "facilities": FACILITY_COLUMNS,
}


def _places(
    rng: random.Random, areas: Sequence[PlaceArea], count: int
) -> Iterator[tuple[str, str, str]]:
    """(area code, lat, lon) of `count` places in `areas`."""
    shapes = {area.code: area.geometry for area in areas}
    shares = {
        area.code: _CITY_WEIGHT if "City" in area.names.get("en", "") else 1 for area in areas
    }
    for code in quota(rng, count, shares):
        geometry = shapes[code]
        if geometry is not None:
            yield code, *point_inside(rng, geometry)


def _residents(
    rng: random.Random, areas: Sequence[PlaceArea], count: int, reference: date
) -> list[Row]:
    bands = quota(rng, count, {band: share for band, (share, _, _) in pools.AGES.items()})
    columns = {
        "gender": quota(rng, count, pools.RESIDENT_GENDERS),
        "language": quota(rng, count, pools.LANGUAGES),
        "channel": quota(rng, count, pools.RESIDENT_CHANNELS),
        "consent_purposes": quota(rng, count, pools.RESIDENT_CONSENTS),
    }
    lives = quota(rng, count, pools.CONSENT_LIVES)
    rows = []
    for n, (area_code, lat, lon) in enumerate(_places(rng, areas, count)):
        row: Row = {"ref": f"R{n + 1:04}"} | {name: values[n] for name, values in columns.items()}
        row |= {"area_code": area_code, "lat": lat, "lon": lon}
        row["consent_expires"] = expiry(lives[n])
        _describe(rng, row, bands[n], reference)
        rows.append(row)
    return rows


def _describe(rng: random.Random, row: Row, band: str, reference: date) -> None:
    """Name, age, needs and what follows from them."""
    _, first, last = pools.AGES[band]
    age = rng.randint(first, last)
    row["name"] = name_for(rng, row["gender"])
    labels = pools.LABELS[band]
    row["label"] = rng.choice(labels.get(row["gender"], labels[""]))
    row["birth_year"] = str(reference.year - age)
    row["second_language"] = second_language(rng, row["language"])
    row["consent_giver"] = "parent" if age < pools.AGES["adult"][1] else "self"
    needs = _needs(rng, band, age, row["gender"])
    row["needs"] = ";".join(sorted(needs))
    if Need.DEMENTIA in needs:
        row["consent_giver"] = "authorised_representative"
    if age >= _ASKED and rng.random() < 0.9:  # the others were not asked
        _functioning(rng, row, needs)
    if needs & {Need.POWER_DEPENDENT_BREATHING, Need.OTHER_POWER_DEVICE}:
        row["backup_hours"] = str(rng.choice((1, 2, 2, 3, 4, 6, 8)))
    if rng.random() < 0.1:
        row["notes"] = rng.choice(pools.NOTES)


def _needs(rng: random.Random, band: str, age: int, gender: str) -> set[Need]:
    if band == "adult" and gender == "woman" and age <= 42 and rng.random() < 0.5:
        return {Need.PREGNANCY_POSTPARTUM}
    weights = pools.NEEDS[band]
    wanted = rng.choice((1, 1, 2, 2, 3))
    found: set[Need] = set()
    while len(found) < min(wanted, len(weights)):
        found.add(weighted(rng, weights))
    return found


def _functioning(rng: random.Random, row: Row, needs: Iterable[Need]) -> None:
    for column in RESIDENT_COLUMNS:
        if column.startswith("wg_"):
            row[column] = str(rng.choice((1, 1, 1, 2)))
    for need, column in pools.FUNCTIONING.items():
        if need in needs:
            row[column] = str(rng.choice((3, 3, 4)))


def _facilities(rng: random.Random, areas: Sequence[PlaceArea], count: int) -> list[Row]:
    shares = {kind.value: share for kind, (share, _, _) in pools.FACILITIES.items()}
    kinds = quota(rng, count, shares)
    flowers = rng.sample(pools.FLOWERS, len(pools.FLOWERS))
    rows = []
    for n, (area_code, lat, lon) in enumerate(_places(rng, areas, count)):
        kind = FacilityType(kinds[n])
        _, title, services = pools.FACILITIES[kind]
        row: Row = {"ref": f"F{n + 1:04}", "type": kind.value, "services": services}
        again = n // len(flowers)
        row["name"] = f"{flowers[n % len(flowers)]} {title}{f' {again + 1}' if again else ''}"
        row |= {"area_code": area_code, "lat": lat, "lon": lon}
        _equip(rng, row)
        if kind is FacilityType.CARE_BLOCK:
            row["service_hours"] = pools.CARE_BLOCK_HOURS
        for role in ("manager", "deputy"):
            row[f"{role}_name"] = name_for(rng, "")
            row[f"{role}_language"] = "en" if rng.random() < 0.2 else "bn"
        rows.append(row)
    return rows


def _equip(rng: random.Random, row: Row) -> None:
    row["capacity"] = str(rng.choice((12, 20, 35, 60, 120, 400)))
    row["backup_power_hours"] = rng.choice(("", "0", "4", "8", "24", "72"))
    row["water_hours"] = rng.choice(("", "6", "12", "48"))
    for column in ("cold_chain", "ramp", "women_staff", "lit_separate_toilets"):
        row[column] = rng.choice(("yes", "yes", "no", ""))
    row["opening_hours"] = rng.choice(("", "24/7", "Su-Th 08:00-17:00", "Sa-Th 07:00-20:00"))


def _give_phones(
    rng: random.Random,
    residents: Sequence[Row],
    caregivers: Sequence[Row],
    facilities: Sequence[Row],
    reference: date,
) -> None:
    people = [*residents, *caregivers]
    numbers = _numbers(rng, len(people) + 2 * len(facilities))
    lacking = _without_phone(rng, residents, caregivers, reference)
    owners = [row for row in people if row["ref"] not in lacking]
    for row, sharing in zip(owners, quota(rng, len(owners), pools.SHARING), strict=True):
        row["phone"], row["phone_sharing"] = next(numbers), sharing
    _share_at_home(rng, residents, caregivers)
    for n, row in enumerate(facilities):
        # One place has nobody to ask, and every third has no deputy.
        wanted = {"manager": n != len(facilities) - 1, "deputy": n % 3 != 2}
        for role, has_phone in wanted.items():
            if has_phone and (role == "manager" or row.get("manager_phone")):
                row[f"{role}_phone"] = next(numbers)
            else:
                row[f"{role}_name"] = row[f"{role}_language"] = ""


def _numbers(rng: random.Random, count: int) -> Iterator[str]:
    """Distinct E.164 numbers, all of them 555-0100 to 555-0199."""
    for n in rng.sample(range(len(_AREA_CODES) * 100), count):
        area, line = divmod(n, 100)
        yield f"+1{_AREA_CODES[area]}55501{line:02}"


def _without_phone(
    rng: random.Random, residents: Sequence[Row], caregivers: Sequence[Row], reference: date
) -> set[str]:
    """Children first; then by chance, up to the share of people without a phone."""
    young = {r["ref"] for r in residents if reference.year - int(r["birth_year"]) < _CHILD}
    wanted = round(pools.WITHOUT_PHONE * (len(residents) + len(caregivers)))
    others = [row["ref"] for row in (*residents, *caregivers) if row["ref"] not in young]
    return young | set(rng.sample(others, max(0, wanted - len(young))))


def _share_at_home(rng: random.Random, residents: Sequence[Row], caregivers: Sequence[Row]) -> None:
    """A few residents have the very phone that a caregiver of their household has."""
    homes = {row["ref"]: row for row in residents}
    shared = PhoneSharing.SHARED_HOUSEHOLD
    pairs = [
        (homes[ref], row)
        for row in caregivers
        if row.get("phone_sharing") == shared and row.get("lat")
        for ref in row["cares_for"].split(";")[:1]
        if homes[ref].get("phone_sharing") == shared
    ]
    for resident, caregiver in rng.sample(pairs, min(_SHARED_PAIRS, len(pairs))):
        resident["phone"] = caregiver["phone"]
