"""`rules test`: the shipped tests pass, and a rule that does something else makes them fail."""

from pathlib import Path

import pytest

from carealert.adapters.rules.running import CaseResult, run_tests
from carealert.adapters.rules.strict_yaml import InvalidRules
from tests.adapters.rules.test_rule_files import FACILITY, FILE, SHIPPED

HEAD = "rule_files: [a.yaml]\ntests:\n"
CASE = """\
  - name: base
    warning: {hazard: flood, severity: Severe}
    residents: [{id: r1, needs: [mobility], phone: none, caregivers: [c1]}]
    expect_exactly:
      - {at: 0m, to: c1, rule: flood-leave, about: [r1], priority: life_threatening, kind: alert}
      - {at: 10m, to: c1, template: reminder}
      - {at: 2h, to: desk}
"""


def run(folder: Path, cases: str, rules: str = FILE) -> list[CaseResult]:
    (folder / "a.yaml").write_text(rules)
    path = folder / "a_test.yaml"
    path.write_text(HEAD + cases)
    return run_tests([path])


EXPOSED = FILE.replace("{needs: [mobility]}", "{exposures: [ground_floor, informal]}")
HOMES = """\
  - name: the ground floor goes first
    warning: {hazard: flood, severity: Severe}
    residents:
      - {id: low, exposures: [ground_floor], age: 30, phone: none, caregivers: [c1]}
      - {id: high, exposures: [no_lift], age: 30, phone: none, caregivers: [c2]}
      - {id: unstated, age: 30, phone: none, caregivers: [c3]}
    expect:
      - {at: 0m, to: c1, rule: flood-leave, about: [low]}
    expect_nobody: [c2, c3]
"""


def test_a_rule_may_ask_how_a_home_is_exposed(tmp_path: Path) -> None:
    assert failures(tmp_path, HOMES, EXPOSED) == ""
    assert failures(tmp_path, HOMES, FILE) != ""
    facility = EXPOSED.replace("kind: resident, any:", "kind: facility, any:")
    with pytest.raises(InvalidRules, match="is about residents"):
        run(tmp_path, HOMES, facility)


def failures(folder: Path, cases: str, rules: str = FILE) -> str:
    return "\n".join(text for result in run(folder, cases, rules) for text in result.failures)


@pytest.mark.parametrize("path", sorted((SHIPPED / "tests").glob("*.yaml")), ids=lambda p: p.stem)
def test_the_shipped_rules_pass_their_tests(path: Path) -> None:
    results = run_tests([path])
    assert len(results) >= 4
    assert [(result.name, result.failures) for result in results if result.failures] == []


def test_every_shipped_rule_file_has_its_tests() -> None:
    assert {path.name for path in SHIPPED.glob("*.yaml")} == {
        path.name for path in (SHIPPED / "tests").glob("*.yaml")
    }


@pytest.mark.parametrize("name", sorted(path.stem for path in SHIPPED.glob("*.yaml")))
@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("to: [caregivers, resident]", "to: [resident]"),
        ("after: 30m, to: [city_desk]", "after: 31m, to: [city_desk]"),
        ("severity: [Extreme", "severity: [Unknown"),
        ("to: [facility_manager]", "to: [deputy_manager]"),
        ("{after: 20m", "{after: 19m"),
    ],
)
def test_a_spoilt_shipped_rule_does_not_pass(
    name: str, before: str, after: str, tmp_path: Path
) -> None:
    """The shipped tests are worth something: they notice who is left out, or told late."""
    text = (SHIPPED / f"{name}.yaml").read_text()
    assert before in text
    (tmp_path / "tests").mkdir()
    (tmp_path / f"{name}.yaml").write_text(text.replace(before, after))
    tests = tmp_path / "tests" / f"{name}.yaml"
    tests.write_text((SHIPPED / "tests" / f"{name}.yaml").read_text())
    assert any(result.failures for result in run_tests([tests]))


def test_a_case_that_holds_passes_and_says_where_it_is(tmp_path: Path) -> None:
    results = run(tmp_path, CASE)
    assert [(result.name, result.failures) for result in results] == [("base", ())]
    assert results[0].where.endswith("a_test.yaml:3")


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("to: c1, rule", "to: c2, rule", "expected 0m to: c2, rule: flood-leave"),
        ("{at: 10m", "{at: 11m", "10m to c1: reminder of flood-leave"),
        ("      - {at: 2h, to: desk}\n", "", "expected nothing more\n    got 120m to desk"),
        ("about: [r1]", "about: [r2]", "expected 0m"),
        ("kind: alert", "kind: update", "expected 0m"),
        ("life_threatening", "routine", "expected 0m"),
        ("template: reminder", "template: desk", "expected 10m"),
    ],
)
def test_what_came_otherwise_is_said_with_what_was_expected(
    before: str, after: str, expected: str, tmp_path: Path
) -> None:
    assert before in CASE
    assert expected in failures(tmp_path, CASE.replace(before, after, 1))


def test_somebody_who_was_to_hear_nothing_is_named(tmp_path: Path) -> None:
    cases = CASE[: CASE.index("    expect_exactly")] + "    expect_nobody: [c1]\n"
    assert "expected nothing to c1\n    got 0m to c1" in failures(tmp_path, cases)


def test_states_and_reasons_are_compared(tmp_path: Path) -> None:
    cases = CASE[: CASE.index("    expect_exactly")]
    cases += "    expect_states: {r1: safe}\n    expect_not_sent: {r1: opted_out}\n"
    text = failures(tmp_path, cases)
    assert "expected r1 to end as safe\n    got with_desk" in text
    assert "expected r1 not to be told because of opted_out\n    got no_phone" in text


EXTENDS = (
    CASE
    + """\
  - name: child
    extends: base
    warning: {severity: Minor}
    expect_exactly: []
  - name: answered
    extends: base
    replies: [{at: 5m, from: c1, text: "2"}]
    expect_exactly: [{at: 0m, to: c1}]
    expect_states: {r1: needs_help}
  - name: nobody
    extends: base
    warning: {severity: Minor}
    expect_nobody: [c1]
"""
)


def test_a_case_takes_over_what_it_does_not_say_but_no_expectation(tmp_path: Path) -> None:
    assert failures(tmp_path, EXTENDS) == ""


def test_an_unknown_answer_settles_nothing(tmp_path: Path) -> None:
    cases = EXTENDS.replace('text: "2"', 'text: "7"')
    assert "expected r1 to end as needs_help" in failures(tmp_path, cases)


def test_a_routine_text_that_waits_for_the_morning_is_called_off_by_a_cancel(
    tmp_path: Path,
) -> None:
    rules = FILE.replace("life_threatening", "routine")
    cases = """\
  - name: night
    now: "2026-05-26T23:00:00+06:00"
    warning: {hazard: flood, severity: Severe}
    residents: [{id: r1, needs: [mobility], phone: none, caregivers: [c1]}]
    caregivers: [{id: c1, quiet_from: "22:00", quiet_to: "06:00"}]
    expect_exactly:
      - {at: 7h, to: c1}
      - {at: 430m, to: c1, template: reminder}
      - {at: 9h, to: desk}
  - name: called off
    extends: night
    then: [{at: 1h, msg_type: Cancel}]
    expect_exactly: []
    expect_states: {r1: stood_down}
"""
    assert failures(tmp_path, cases, rules) == ""


def test_a_facility_is_played_through(tmp_path: Path) -> None:
    cases = """\
  - name: manager
    warning: {hazard: flood}
    facilities: [{id: f1, type: dialysis}, {id: f2, type: clinic}]
    replies: [{at: 5m, from: f1/manager, text: "1"}]
    expect_exactly: [{at: 0m, to: f1/manager, template: facility_confirm}]
    expect_states: {f1: confirmed}
"""
    assert failures(tmp_path, cases, FACILITY) == ""


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "expect_exactly",
            "expect_exact",
            (
                "a_test.yaml:6:5: the key 'expect_exact' is not known"
                " here. Did you mean 'expect_exactly'?"
            ),
        ),
        ("{at: 10m", "{at: 10 min", "is not a time after the start such as 10m"),
        ("needs: [mobility]", "need: [mobility]", "Did you mean 'needs'?"),
        ("name: base", "name: base\n    extends: bse", "no case before this one is called 'bse'"),
        ("name: base", "name: base\n    now: yesterday", "Invalid isoformat"),
        ("name: base", 'name: base\n    now: "2026-05-26T12:00:00"', "needs its offset"),
    ],
)
def test_a_slip_in_a_test_file_is_named_with_its_place(
    before: str, after: str, expected: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidRules) as caught:
        run(tmp_path, CASE.replace(before, after, 1))
    assert expected in str(caught.value)


def test_two_cases_of_one_name_are_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidRules, match="this name is used before"):
        run(tmp_path, CASE + CASE)


MESSENGER = """\
rule_files: [rules.yaml]
tests:
  - name: a messenger is sent to who has no phone, and says that they know
    warning: {hazard: flood, severity: Extreme}
    residents: [{id: r1, phone: none, messengers: [m1]}, {id: r2, phone: none, messengers: [m1]}]
    replies: [{at: 40m, from: m1, text: "1"}]
    expect: [{at: 30m, to: m1, template: relay, rule: relay-rule, about: [r1, r2]}]
    expect_states: {r1: relayed, r2: relayed}
    expect_nobody: [desk]
"""


def test_a_messenger_is_played_through(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(
        """\
apiVersion: carealert/v1
kind: RuleSet
metadata: {id: relays, title: Relays, owner: Test office}
rules:
  - id: relay-rule
    title: Somebody goes there
    why: SOP 7
    when: {hazard: [flood]}
    who: {kind: resident}
    do:
      priority: urgent
      template: care_alert
      to: [resident, relay]
      expect_reply: {safe: "1", help: "2"}
      escalate:
        - {after: 30m, to: [relay], template: relay}
        - {after: 60m, to: [city_desk], template: desk}
"""
    )
    (tmp_path / "cases.yaml").write_text(MESSENGER)
    assert [result.failures for result in run_tests([tmp_path / "cases.yaml"])] == [()]
