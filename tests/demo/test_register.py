"""The synthetic register: the same on every machine, inside its places, and nobody real."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import phonenumbers
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import Point

from carealert.adapters.registry.cells import Defaults
from carealert.adapters.registry.files import read_caregivers, read_facilities, read_residents
from carealert.demo.boundaries import read_boundaries
from carealert.demo.register import (
    REFERENCE,
    SEED,
    Register,
    Size,
    generate,
    read,
    shipped_register,
    write,
)
from carealert.domain.facilities import FacilityType
from carealert.domain.people import Gender, Need, PhoneSharing, Purpose
from tests.support.demo_data import DEMO, places

SHIPPED = DEMO / "register"
AREAS = read_boundaries(DEMO / "areas")
UPAZILAS = [area for area in AREAS if area.level == 3]
DEFAULTS = Defaults(datetime(2026, 1, 1, tzinfo=UTC), ZoneInfo("Asia/Dhaka"), "en")


@pytest.fixture(scope="module")
def register() -> Register:
    return read(SHIPPED)


def share(rows: tuple[dict[str, str], ...], column: str, *values: str) -> float:
    stated = [row for row in rows if row[column]] if "" not in values else rows
    return sum(row[column] in values for row in stated) / len(stated)


def phones(register: Register) -> list[str]:
    people = [row["phone"] for row in (*register.residents, *register.caregivers)]
    contacts = [row[f"{role}_phone"] for row in register.facilities for role in _ROLES]
    return [number for number in people + contacts if number]


_ROLES = ("manager", "deputy")


def test_the_shipped_files_are_what_the_generator_writes_byte_for_byte(tmp_path: Path) -> None:
    write(shipped_register(AREAS), tmp_path)
    for name in ("residents.csv", "caregivers.csv", "facilities.csv"):
        assert (tmp_path / name).read_bytes() == (SHIPPED / name).read_bytes(), name


def test_another_seed_draws_another_register() -> None:
    assert generate(UPAZILAS, SEED + 1, REFERENCE) != generate(UPAZILAS, SEED, REFERENCE)


def test_birth_years_count_from_the_reference_date() -> None:
    later = generate(UPAZILAS, SEED, REFERENCE.replace(year=REFERENCE.year + 10))
    for now, then in zip(
        generate(UPAZILAS, SEED, REFERENCE).residents, later.residents, strict=True
    ):
        assert int(then["birth_year"]) == int(now["birth_year"]) + 10


def test_the_register_has_the_promised_size_and_spread(register: Register) -> None:
    residents, caregivers, facilities = register.residents, register.caregivers, register.facilities
    assert (len(residents), len(caregivers), len(facilities)) == (400, 460, 40)
    assert share(caregivers, "gender", Gender.WOMAN) == pytest.approx(0.72, abs=0.005)
    assert share(caregivers, "gender", Gender.MAN) == pytest.approx(0.26, abs=0.005)
    for rows in (residents, caregivers):
        assert share(rows, "language", "bn") == pytest.approx(0.75, abs=0.005)
        assert share(rows, "language", "en") == pytest.approx(0.20, abs=0.005)
    people = residents + caregivers
    assert share(people, "phone_sharing", PhoneSharing.PRIVATE) == pytest.approx(0.55, abs=0.005)
    assert share(people, "phone", "") == pytest.approx(0.08, abs=0.005)
    assert len({row["type"] for row in facilities}) >= 9
    assert {row["type"] for row in facilities} <= set(FacilityType)


def test_every_need_and_every_upazila_has_somebody(register: Register) -> None:
    needs = Counter(need for row in register.residents for need in row["needs"].split(";"))
    assert set(needs) == set(Need)
    assert min(needs.values()) >= 5
    homes = Counter(row["area_code"] for row in register.residents)
    assert set(homes) == {area.code for area in UPAZILAS}
    assert min(homes.values()) >= 10


def test_every_home_and_facility_is_strictly_inside_its_upazila(register: Register) -> None:
    for row in (*register.residents, *register.facilities):
        point = Point(float(row["lon"]), float(row["lat"]))
        assert places()[row["area_code"]].geometry.contains(point), row["ref"]


def test_every_number_is_a_valid_one_that_is_kept_free_for_fiction(register: Register) -> None:
    for number in phones(register):
        assert phonenumbers.is_valid_number(phonenumbers.parse(number)), number[-4:]
        assert number[5:10] == "55501"
        assert len(number) == 12
        assert number[:5] != "+1202"  # left to the desk and the sender


def test_a_number_belongs_to_one_person_or_to_a_resident_and_a_caregiver_at_home(
    register: Register,
) -> None:
    owners: dict[str, list[dict[str, str]]] = {}
    for row in (*register.residents, *register.caregivers):
        if row["phone"]:
            owners.setdefault(row["phone"], []).append(row)
    shared = [rows for rows in owners.values() if len(rows) > 1]
    assert 5 <= len(shared) <= 20
    for resident, caregiver in shared:
        assert resident["ref"] in caregiver["cares_for"].split(";")
        assert (resident["lat"], resident["lon"]) == (caregiver["lat"], caregiver["lon"])
        assert resident["phone_sharing"] == caregiver["phone_sharing"] == "shared_household"
    contacts = [row[f"{role}_phone"] for row in register.facilities for role in _ROLES]
    assert not set(contacts) & set(owners)
    stated = [number for number in contacts if number]
    assert len(stated) == len(set(stated))


def test_every_resident_has_one_to_three_caregivers_nearby_and_some_caregivers_several(
    register: Register,
) -> None:
    homes = {row["ref"]: row for row in register.residents}
    helped: Counter[str] = Counter()
    several = 0
    for row in register.caregivers:
        refs = row["cares_for"].split(";")
        assert len(refs) == len(set(refs)) <= 4
        assert len({homes[ref]["area_code"] for ref in refs}) == 1
        helped.update(refs)
        several += len(refs) > 1
    assert set(helped) == set(homes)
    assert set(helped.values()) == {1, 2, 3}
    assert several >= 40


def test_most_consents_hold_for_years_and_a_few_are_missing_or_expired(register: Register) -> None:
    for rows in (register.residents, register.caregivers):
        expired = [row for row in rows if row["consent_expires"][:4] == "2024"]
        assert 0.01 <= len(expired) / len(rows) <= 0.05
        far = [row for row in rows if row["consent_expires"] and row not in expired]
        assert all(row["consent_expires"] > "2044" for row in far)
        withheld = [r for r in rows if Purpose.ALERT_CARER not in r["consent_purposes"].split(";")]
        assert 0.01 <= len(withheld) / len(rows) <= 0.06


def test_a_label_is_short_and_says_nothing_about_a_need(register: Register) -> None:
    for row in register.residents:
        assert row["label"].isascii()
        assert 1 <= len(row["label"]) <= 8
        assert not any(part in row["label"].lower() for need in Need for part in need.split("_"))


def test_a_child_has_no_phone_and_an_adult_gives_its_consent(register: Register) -> None:
    children = [r for r in register.residents if REFERENCE.year - int(r["birth_year"]) < 12]
    assert len(children) > 20
    for row in children:
        assert not row["phone"]
        assert row["consent_giver"] == "parent"


def test_some_facilities_cannot_be_asked(register: Register) -> None:
    contacts = Counter(
        (bool(row["manager_phone"]), bool(row["deputy_phone"])) for row in register.facilities
    )
    assert contacts[False, False] == 1
    assert contacts[True, False] >= 5
    assert contacts[False, True] == 0


def test_the_product_reads_every_row_without_an_error() -> None:
    for reader, count in ((read_residents, 400), (read_caregivers, 460), (read_facilities, 40)):
        rows = reader(SHIPPED / f"{reader.__name__.removeprefix('read_')}.csv", DEFAULTS)
        assert rows.errors == ()
        assert len(rows.items) == count


@settings(max_examples=15, deadline=None)
@given(st.integers(0, 2**32), st.integers(1, 60), st.integers(0, 60), st.integers(0, 50))
def test_any_size_and_seed_keeps_the_promises(
    seed: int, residents: int, more: int, facilities: int
) -> None:
    size = Size(residents, residents + min(more, 2 * residents), facilities)
    register = generate(UPAZILAS, seed, REFERENCE, size)
    assert len(register.residents) == residents
    assert len(register.caregivers) == size.caregivers
    assert len({row["name"] for row in register.facilities}) == facilities
    cared_for = Counter(ref for row in register.caregivers for ref in row["cares_for"].split(";"))
    assert set(cared_for) == {row["ref"] for row in register.residents}
    assert max(cared_for.values()) <= 3
    for row in register.residents:
        geometry = places()[row["area_code"]].geometry
        assert geometry.contains(Point(float(row["lon"]), float(row["lat"])))


def test_what_cannot_be_drawn_is_refused_in_words() -> None:
    with pytest.raises(ValueError, match="no area has a geometry"):
        generate([replace(area, geometry=None) for area in UPAZILAS], SEED, REFERENCE)
    with pytest.raises(ValueError, match="too few for 400 residents"):
        generate(UPAZILAS, SEED, REFERENCE, Size(400, 399, 1))
