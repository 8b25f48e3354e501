"""The assessment that offices sign says what the code does."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from carealert.adapters.db.tables import metadata
from carealert.domain.access import GRANTS, Right, Role
from carealert.domain.people import Purpose
from carealert.domain.retention import PERIODS, Kept
from carealert.services.consenting import GOOD_FOR
from carealert.services.discretion import SMALLEST_GROUP
from carealert.services.polling import KEEP_RECORDS

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/dpia-template.md").read_text()
#: Of people's own data: the other rights are about warnings, places and rules.
ABOUT_PEOPLE = (
    *(Right.READ_REGISTER, Right.EDIT_REGISTER, Right.REVEAL, Right.FORGET, Right.EXPORT),
    *(Right.READ_CONSENTS, Right.RECORD_CONSENTS),
)
#: They lead to a row, or tell that it changed, and say nothing about anybody.
NOT_DATA = {"id", "ref", "digest", "facility_id"}


def tables() -> Iterator[list[list[str]]]:
    """Every table of the page: rows of cells, the heading first."""
    for block in re.findall(r"(?:^\|.*\n)+", PAGE, re.MULTILINE):
        rows = [
            [cell.strip() for cell in row.strip("|\n").split("|")] for row in block.splitlines()
        ]
        yield [row for row in rows if not set("".join(row)) <= {"-", " "}]


def table(heading: str) -> dict[str, list[str]]:
    """first cell -> the others, of the table whose heading begins so."""
    (found,) = [rows for rows in tables() if rows[0][0] == heading]
    return {row[0]: row[1:] for row in found[1:]}


def words(cell: str) -> set[str]:
    return {word.strip() for word in cell.split(",") if word.strip()}


@pytest.mark.parametrize("name", ["resident", "caregiver", "facility_contact", "consent"])
def test_what_is_sealed_and_what_is_plain_is_said_column_by_column(name: str) -> None:
    """A new column that is plain must be owned up to, or sealed."""
    sealed, hashed, plain = map(words, table("Of")[name])
    columns = {column.name for column in metadata.tables[name].columns} - NOT_DATA
    assert {f"{word}_sealed" for word in sealed} == {c for c in columns if c.endswith("_sealed")}
    assert {f"{word}_hash" for word in hashed} == {c for c in columns if c.endswith("_hash")}
    assert plain == {c for c in columns if not c.endswith(("_sealed", "_hash"))}


def test_texts_and_answers_are_sealed() -> None:
    assert "text_sealed" in metadata.tables["notice"].columns
    assert "body_sealed" in metadata.tables["inbound"].columns


def test_every_role_has_the_rights_it_is_said_to_have() -> None:
    said = table("Role")
    assert said.keys() == {role.value for role in Role}
    for role in Role:
        own = {right.value for right in ABOUT_PEOPLE if right in GRANTS[role]}
        assert words(said[role.value][0]) == (own or {"nothing"})


def test_the_rights_about_people_are_complete() -> None:
    """A new right is about people, or it is not: somebody must say which."""
    others = {
        *(Right.READ_BOARD, Right.READ_JOURNAL, Right.READ_FACILITIES, Right.EDIT_FACILITIES),
        *(Right.READ_DIRECTORY, Right.EDIT_DIRECTORY, Right.EDIT_PLACES, Right.DECIDE_WARNINGS),
        *(Right.EDIT_FEEDS, Right.EDIT_RULES, Right.APPROVE_RULES, Right.MANAGE_ACCESS),
        Right.MANAGE_KEYS,
    }
    assert set(Right) == others | set(ABOUT_PEOPLE)


def test_every_purpose_has_its_line() -> None:
    assert table("Purpose").keys() == {purpose.value for purpose in Purpose}


def test_the_times_are_those_of_the_code() -> None:
    kept = table("What")
    assert kept["A consent"][0].startswith(f"{GOOD_FOR.days} days")
    assert kept["Records of polled feeds (nobody's data)"][0] == f"{KEEP_RECORDS.days} days"
    days = {one.kept: f"{one.days} days" for one in PERIODS}
    assert kept["Texts of messages; a hash stays"][0] == days[Kept.TEXTS]
    assert kept["What people wrote to us; its meaning stays"][0] == days[Kept.ANSWERS]
    assert kept["Somebody who agrees to nothing any more"][0] == days[Kept.CONTACTS]
    assert f"Groups below {SMALLEST_GROUP} are hidden" in PAGE


def test_the_commands_it_names_are_there() -> None:
    commands = (ROOT / "docs/reference/commands.md").read_text()
    for name in re.findall(r"`carealert ([a-z]+ [a-z]+)", PAGE):
        assert f"carealert {name}" in commands, name


def test_the_office_has_blanks_to_fill_in_every_part() -> None:
    for part in PAGE.split("\n## ")[1:]:
        assert "____" in part, part.splitlines()[0]
