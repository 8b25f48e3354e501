"""The page on rights says what the code grants."""

from pathlib import Path

from carealert.domain.access import GRANTS, Right, Role

PAGE = Path(__file__).parents[2] / "docs" / "how-to" / "who-may-do-what.md"


def test_the_table_of_rights_is_that_of_the_code() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| ")]
    head, _, *body = [[cell.strip() for cell in row.strip("|").split("|")] for row in rows]
    roles = [Role(name) for name in head[2:]]
    said = {Right(row[0].strip("`")): row[2:] for row in body}
    assert set(roles) == set(Role)
    assert said == {
        right: ["yes" if right in GRANTS[role] else "" for role in roles] for right in Right
    }
