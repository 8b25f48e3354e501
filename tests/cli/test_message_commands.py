"""`carealert messages preview`: what somebody would read, before anybody does."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from carealert.cli.messages import app
from carealert.paths import shipped

runner = CliRunner()


@pytest.fixture(autouse=True)
def templates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of an office's own templates, still empty; there is no database."""
    own = tmp_path / "config" / "templates"
    (own / "sms" / "en").mkdir(parents=True)
    monkeypatch.setenv("CAREALERT_CONFIG", str(tmp_path / "config"))
    monkeypatch.setenv("CAREALERT_TIME_ZONE", "Asia/Dhaka")
    return own


def run(*words: str) -> Result:
    return runner.invoke(app, ["preview", *words], catch_exceptions=False)


def said(*words: str) -> dict[str, object]:
    data: dict[str, object] = json.loads(run(*words, "--json").stdout)
    return data


def test_a_text_is_shown_as_a_phone_would_with_what_is_known_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CAREALERT_SEGMENT_COST", "0.05")
    result = run("care_alert", "--need", "dialysis")
    assert result.exit_code == 0
    for line in (
        "| CareAlert: FLOOD. Move   |",
        "Lock screen:  FLOOD. Move to high ground now.",
        "Travels as:   GSM-7, 2 segments",
        "cost 0.1",
        "No rule is broken.",
    ):
        assert line in result.stdout
    assert all(len(line) == 28 for line in result.stdout.splitlines() if line[0] in "+|")
    assert "+----------+" in run("care_alert", "--width", "8").stdout


def test_the_phone_decides_what_may_be_read_on_it() -> None:
    private = said("care_alert", "--need", "dialysis")
    shared = said("care_alert", "--need", "dialysis", "--phone", "shared")
    borrowed = said("care_alert", "--need", "dialysis", "--phone", "borrowed")
    assert "dialysis" in str(private["text"])
    assert "dialysis" not in str(shared["text"])
    assert "Nani" in str(shared["text"])
    assert "Nani" not in str(borrowed["text"])
    assert "care card" in str(borrowed["text"])


def test_language_hazard_kind_and_reader_are_taken() -> None:
    assert said("care_alert", "--language", "bn")["encoding"] == "UCS-2"
    heat = said("care_alert", "--hazard", "heat", "--kind", "update")
    assert str(heat["text"]).startswith("CareAlert: Update: HEAT WAVE")
    own = said("care_alert", "--need", "dialysis", "--self")
    assert "Nani" not in str(own["text"])
    assert "Shapla Clinic" in str(said("facility_confirm")["text"])
    assert said("stopped")["segments"] == 1


def test_what_was_left_out_to_keep_the_budget_is_told() -> None:
    found = said("care_alert", "--need", "dialysis", "--longest")
    assert found["left_out"] == ["a sentence of step 1"]
    assert (
        "Left out:     a sentence of step 1"
        in run("care_alert", "--need", "dialysis", "--longest").stdout
    )


def test_a_breach_is_shown_with_its_rule_and_fails(templates: Path) -> None:
    path = templates / "sms" / "en" / "care_alert.txt.j2"
    path.write_text("{{ tag }}: {{ hazard }}. Go to dialysis. {{ answers }}")
    result = run("care_alert", "--phone", "shared")
    assert result.exit_code == 1
    assert "BREACH:       G01: 'dialysis' on a phone that others read" in result.stdout
    assert run("care_alert", "--phone", "private").exit_code == 0


def test_all_languages_are_one_line_each() -> None:
    lines = run("care_alert", "--all-languages").stdout.splitlines()
    tags = [line.split()[0] for line in lines]
    assert {"bn", "en"} <= set(tags)
    assert tags == sorted(tags)
    data = json.loads(run("care_alert", "--all-languages", "--json").stdout)
    assert [one["wanted_language"] for one in data["previews"]] == tags


def test_right_to_left_is_shown_in_logical_order_with_a_note(templates: Path) -> None:
    shutil.copytree(templates / "sms" / "en", templates / "sms" / "qqr")
    words = (shipped("templates") / "sms/en/words.yaml").read_text(encoding="utf-8")
    (templates / "sms/qqr/words.yaml").write_text(words.replace("FLOOD\n", "سیلاب\n"))
    shutil.copy(shipped("templates") / "sms/en/reminder.txt.j2", templates / "sms/qqr")
    assert said("reminder", "--language", "qqr")["right_to_left"] is True
    result = run("reminder", "--language", "qqr")
    assert "Right to left: shown in logical order" in result.stdout
    fallback = run("care_alert", "--language", "qqr")
    assert "Not there in qqr: English goes out." in fallback.stdout


@pytest.mark.parametrize(
    ("words", "code", "named"),
    [
        (("care_alrt",), 3, "care_alert"),
        (("care_alert", "--language", "xx"), 3, "en"),
        (("care_alert", "--phone", "smart"), 2, "borrowed"),
        (("care_alert", "--hazard", "rain"), 2, "heavy_rain"),
    ],
)
def test_a_wrong_word_names_the_right_ones(words: tuple[str, ...], code: int, named: str) -> None:
    result = run(*words)
    assert result.exit_code == code
    assert named in result.stderr


def test_the_templates_can_be_listed() -> None:
    assert "care_alert" in run("list").stdout.splitlines()
