"""What the register has no place for, so that nobody can be asked, sorted or refused by it."""

import re

import pytest

from carealert.adapters.db.tables import metadata
from carealert.adapters.registry.files import CAREGIVER_COLUMNS, RESIDENT_COLUMNS

#: Words of columns, by why there must be none (requirements M24, M31).
NEVER = {
    "Undocumented people register only where nobody asks where they come from (M24).": (
        "nationality|citizen|immigra|migrant|visa|residence_?permit|legal_?status|refugee|"
        "asylum|country_?of|birth_?place|place_?of_?birth|origin"
    ),
    "Nobody needs papers to be warned (M24).": (
        "passport|id_?card|id_?number|identity|national_?id|nid|ssn|social_?security|tax|document_?n"
        "|licen[cs]e"
    ),
    "Whom somebody prays to, loves, votes for or descends from never decides about care (M31).": (
        "relig|faith|ethnic|race|tribe|caste|party|union|sexual|orientation|marital"
    ),
    "A need says what must not stop, never which illness is behind it (requirements 3.1).": (
        "diagnos|icd|disease|illness|hiv|disability"
    ),
}
PEOPLE = ("resident", "caregiver", "care_link", "consent", "facility_contact")


def _forbidden(column: str) -> list[str]:
    return [why for why, words in NEVER.items() if re.search(rf"(?:^|_)(?:{words})", column)]


@pytest.mark.parametrize("table", PEOPLE)
def test_the_tables_of_people_have_no_column_for_it(table: str) -> None:
    """A column that exists is filled one day, and a filled one is asked for at a cordon."""
    columns = [column.name for column in metadata.tables[table].columns]
    assert columns
    assert {name: _forbidden(name) for name in columns if _forbidden(name)} == {}


def test_the_files_have_no_column_for_it() -> None:
    for column in (*RESIDENT_COLUMNS, *CAREGIVER_COLUMNS):
        assert _forbidden(column) == [], column


@pytest.mark.parametrize(
    "column",
    ["nationality", "passport_number", "home_country_of_origin", "religion", "icd_code", "nid"],
)
def test_such_a_column_would_be_found(column: str) -> None:
    assert _forbidden(column)


@pytest.mark.parametrize("column", ["ref", "resident_id", "area_code", "gender", "provider_id"])
def test_a_column_of_ours_is_not_taken_for_one(column: str) -> None:
    assert not _forbidden(column)
