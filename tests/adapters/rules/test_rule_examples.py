"""The example that a new office starts from: it checks, its tests pass, and spoilt it fails."""

from pathlib import Path

import pytest

from carealert.adapters.rules.running import run_tests

EXAMPLES = Path(__file__).resolve().parents[3] / "rules" / "examples"


def test_the_example_passes_its_tests() -> None:
    results = run_tests([EXAMPLES / "tests"])
    assert [(one.name, one.failures) for one in results if one.failures] == []
    assert len(results) == 5


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("{after: 10m,", "{after: 9m,"),
        ("lead_time: {below: 12h}", "lead_time: {below: 11h}"),
        ("needs: [mobility]", "needs: [dementia]"),
        ("repeat_every: 12h", "repeat_every: 13h"),
        ("to: [relay]", "to: [resident]"),
        ("Severe, Moderate]", "Severe]"),
    ],
)
def test_the_example_s_tests_find_a_changed_rule(tmp_path: Path, before: str, after: str) -> None:
    rules = (EXAMPLES / "koshi.yaml").read_text()
    assert before in rules
    (tmp_path / "koshi.yaml").write_text(rules.replace(before, after))
    (tmp_path / "tests").mkdir()
    cases = (EXAMPLES / "tests" / "koshi.yaml").read_text()
    (tmp_path / "tests" / "koshi.yaml").write_text(cases)
    assert any(result.failures for result in run_tests([tmp_path / "tests"]))
