"""`rules check`: the shipped rules pass it, and each kind of slip is found."""

from datetime import date
from pathlib import Path

import pytest

from carealert.adapters.rules.check import check
from tests.adapters.rules.test_rule_files import FILE, SHIPPED

LANGUAGES = ("en", "bn")
TEMPLATES = dict.fromkeys(
    ("care_alert", "facility_confirm", "reminder", "relay", "desk"), LANGUAGES
)
CHECKLISTS = ("cyclone", "flood", "heat", "cold", "smoke", "earthquake", "tsunami", "power")
TODAY = date(2026, 5, 26)
TESTS = """\
rule_files: [../a.yaml]
tests:
  - name: one
    warning: {hazard: flood, severity: Severe}
    residents: [{id: r1, needs: [mobility], caregivers: [c1]}]
    expect: [{at: 0m, to: c1, rule: flood-leave}]
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "a.yaml").write_text(FILE)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "a.yaml").write_text(TESTS)
    return tmp_path


def found(folder: Path, today: date = TODAY) -> str:
    problems = check([folder], TEMPLATES, CHECKLISTS, LANGUAGES, today)
    return "\n".join(str(problem) for problem in problems)


def rewrite(folder: Path, before: str, after: str) -> None:
    path = folder / "a.yaml"
    assert before in path.read_text()
    path.write_text(path.read_text().replace(before, after, 1))


def test_the_shipped_rules_have_no_problem() -> None:
    assert check([SHIPPED], TEMPLATES, CHECKLISTS, LANGUAGES, TODAY) == []


def test_a_good_folder_has_no_problem(folder: Path) -> None:
    assert found(folder) == ""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "template: care_alert",
            "template: care_alrt",
            (":12:7: there is no template 'care_alrt'. Did you mean 'care_alert'?"),
        ),
        ("template: desk", "template: dsk", ":18:40: there is no template 'dsk'."),
        (
            "checklist: flood",
            "checklist: floods",
            (":13:7: there is no checklist 'floods'. Did you mean 'flood'?"),
        ),
        ("id: flood-leave", "id: flood-leaves", "expects the rule 'flood-leaves': write one."),
        ("10m", "10 m", "is not a length of time"),
        ("to: [city_desk]", "to: [caregivers]", "must end at city_desk: silence needs a person"),
    ],
)
def test_a_slip_is_found(folder: Path, before: str, after: str, expected: str) -> None:
    rewrite(folder, before, after)
    assert expected in found(folder)


def test_a_template_that_a_language_lacks_is_named(folder: Path) -> None:
    half = {**TEMPLATES, "reminder": ("en",)}
    problems = check([folder], half, CHECKLISTS, LANGUAGES, TODAY)
    assert [problem.what for problem in problems] == [
        "the template 'reminder' is not there in bn: translate it."
    ]


def test_rules_are_due_for_review_after_their_day_and_not_on_it(folder: Path) -> None:
    assert found(folder, date(2027, 11, 1)) == ""
    assert "were to be reviewed by 2027-11-01" in found(folder, date(2027, 11, 2))


def test_a_rule_that_is_turned_off_needs_no_test(folder: Path) -> None:
    rewrite(folder, "id: flood-leave\n", "id: flood-off\n    enabled: false\n")
    assert found(folder) == ""


def test_a_broken_test_file_is_a_problem_too(folder: Path) -> None:
    (folder / "tests" / "a.yaml").write_text(TESTS.replace("expect:", "expects:"))
    assert "Did you mean 'expect'" in found(folder)


def test_ids_used_twice_are_found(folder: Path) -> None:
    (folder / "b.yaml").write_text(FILE)
    assert "the id 'flood-leave' is used twice" in found(folder)


def test_a_rule_of_an_area_that_loosens_another_is_named(folder: Path) -> None:
    shipped = (folder / "a.yaml").read_text()
    (folder / "b.yaml").write_text(
        shipped.replace("owner: Test office", "owner: City, area: BD1004")
        .replace("id: flood-leave", "id: city-leave")
        .replace("id: test-rules", "id: city-rules")
        .replace("why: SOP 4.2", "why: SOP 4.2\n    replaces: flood-leave")
    )
    cases = (folder / "tests" / "a.yaml").read_text()
    (folder / "tests" / "b.yaml").write_text(
        cases.replace("a.yaml", "b.yaml").replace("flood-leave", "city-leave")
    )
    assert "may be weaker" not in found(folder)
    text = (folder / "b.yaml").read_text()
    (folder / "b.yaml").write_text(text.replace("Extreme, Severe", "Extreme"))
    assert "'city-leave' may be weaker than 'flood-leave'" in found(folder)
    loosened = text.replace("Extreme, Severe", "Extreme").replace(
        "replaces: flood-leave",
        "replaces: flood-leave\n    override: {by: A, reason: B, until: 2020-01-01T00:00Z}",
    )
    (folder / "b.yaml").write_text(loosened)
    assert "this ended on 2020-01-01: 'flood-leave' holds again." in found(folder)
    (folder / "b.yaml").write_text(loosened.replace("2020-01-01", "2099-01-01"))
    assert "may be weaker" not in found(folder)
    (folder / "b.yaml").write_text(text.replace("replaces: flood-leave", "replaces: flod-leave"))
    assert "there is no rule 'flod-leave'. Did you mean 'flood-leave'?" in found(folder)
