"""`carealert rules`: answers on stdout, exit codes that scripts rely on."""

import json
from pathlib import Path

import pytest
from sqlalchemy import Engine
from typer.testing import CliRunner, Result

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.cli.rules import app
from carealert.services.ports.registry import PlaceArea
from tests.adapters.rules.test_rule_files import FILE
from tests.support.builders import COAST, a_caregiver, a_facility, a_link, a_resident

SECRET = "a secret of sixteen bytes or more"
CAP = """<?xml version="1.0" encoding="UTF-8"?>
<alert xmlns="urn:oasis:names:tc:emergency:cap:1.2">
  <identifier>try-1</identifier>
  <sender>met@example.org</sender>
  <sent>2026-05-26T11:00:00+06:00</sent>
  <status>Actual</status>
  <msgType>Alert</msgType>
  <scope>Public</scope>
  <info>
    <language>en</language>
    <category>Met</category>
    <event>Tropical Cyclone</event>
    <urgency>Expected</urgency>
    <severity>Extreme</severity>
    <certainty>Likely</certainty>
    <onset>2026-05-26T20:00:00+06:00</onset>
    <expires>2026-05-27T20:00:00+06:00</expires>
    <senderName>Weather Service</senderName>
    <area>
      <areaDesc>Barguna coast</areaDesc>
      <polygon>22.0,90.0 22.0,90.4 22.4,90.4 22.4,90.0 22.0,90.0</polygon>
    </area>
  </info>
</alert>
"""
NOW = "2026-05-26T12:00:00+06:00"
runner = CliRunner()


@pytest.fixture(autouse=True)
def office(
    sqlite_engine: Engine, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SqlDatabase:
    """An office with one resident, one caregiver and one facility on the coast."""
    monkeypatch.setenv("CAREALERT_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CAREALERT_SECRET_KEY", SECRET)
    monkeypatch.setenv("CAREALERT_SEGMENT_COST", "0.05")
    monkeypatch.chdir(tmp_path)
    db = SqlDatabase(sqlite_engine, Sealer(SECRET.encode()))
    with db.transaction() as stores:
        stores.areas.put([PlaceArea("P-CODE", "BD100428", 3, None, {"en": "Amtali"}, COAST)])
        stores.people.put_residents([a_resident(name="Amina Rahman")])
        stores.people.put_caregivers([a_caregiver()], [a_link()])
        stores.facilities.put([a_facility()])
    (tmp_path / "warning.xml").write_text(CAP)
    return db


def run(*words: str) -> Result:
    return runner.invoke(app, list(words), catch_exceptions=False)


def test_list_names_every_rule_with_where_it_comes_from() -> None:
    result = run("list", "--json")
    data = json.loads(result.stdout)
    assert result.exit_code == 0
    assert len(data["version"]) == 64
    rows = {row["id"]: row for row in data["rules"]}
    assert rows["flood-severe"]["enabled"] is True
    assert "rules/flood.yaml:" in rows["flood-severe"]["origin"]
    assert "flood-severe" in run("list").stdout


def test_show_reads_a_rule_out_and_gives_its_times() -> None:
    shown = json.loads(run("show", "flood-extreme", "--json").stdout)
    assert shown["escalate"][0] == {
        "after_minutes": 10.0,
        "to": ["caregivers"],
        "template": "reminder",
        "channel": "other",
    }
    assert "why: " in run("show", "flood-extreme").stdout
    sentence = run("show", "flood-start-early", "--language", "en").stdout
    assert sentence.startswith(
        "When a warning says that the hazard is coastal hazard or dam release or flash flood or "
        "flood and the severity is Moderate"
    )
    assert "for each resident inside its area (" in sentence
    assert "age 75 or more" in sentence
    assert "after 4 hours without an answer tell city desk" in sentence
    assert "for each facility inside its area: tell facility manager" in (
        run("show", "flood-facility-confirm", "--language", "en").stdout
    )


def test_a_rule_is_read_out_in_the_language_asked_for() -> None:
    assert "বিপদ" in run("show", "flood-extreme", "--language", "bn").stdout
    refused = run("show", "flood-extreme", "--language", "xx")
    assert refused.exit_code == 2
    assert "choose one of bn, en" in refused.stderr


def test_a_rule_that_is_not_there_is_exit_3() -> None:
    result = run("show", "no-such-rule")
    assert result.exit_code == 3
    assert "There is no rule 'no-such-rule'" in result.stderr


def test_check_passes_the_shipped_rules() -> None:
    result = run("check")
    assert (result.exit_code, result.stdout) == (0, "No problem found.\n")


def test_check_of_a_bad_file_is_exit_4_with_the_place(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(FILE.replace("severity:", "severty:"))
    result = run("check", str(path), "--json")
    assert result.exit_code == 4
    problem = json.loads(result.stdout)["problems"][0]
    assert (problem["line"], problem["column"]) == (8, 29)
    assert "Did you mean 'severity'?" in problem["problem"]
    assert f"{path}:8:29: " in run("check", str(path)).stdout


def test_test_plays_the_shipped_tests() -> None:
    result = run("test")
    assert result.exit_code == 0
    assert result.stdout.endswith(" passed, 0 failed\n")
    data = json.loads(run("test", "--json").stdout)
    assert all(entry["passed"] for entry in data["tests"])


def test_a_test_that_fails_is_exit_1_and_one_that_cannot_be_read_is_exit_4(
    tmp_path: Path,
) -> None:
    (tmp_path / "a.yaml").write_text(FILE)
    path = tmp_path / "a_test.yaml"
    case = "rule_files: [a.yaml]\ntests:\n  - {name: one, expect: [{at: 0m, to: c1}]}\n"
    path.write_text(case)
    result = run("test", str(path))
    assert result.exit_code == 1
    assert f"FAILED {path}:3: one" in result.stdout
    assert "expected 0m to: c1" in result.stdout
    path.write_text(case.replace("expect:", "expects:"))
    assert run("test", str(path)).exit_code == 4


def test_try_prints_the_plan_and_writes_nothing(office: SqlDatabase) -> None:
    result = run("try", "warning.xml", "--now", NOW, "--json")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert {(m["kind"], m["ref"], m["rule"]) for m in data["matches"]} == {
        ("resident", "r1", "cyclone-extreme"),
        ("facility", "f1", "cyclone-facility-confirm"),
    }
    assert {(n["recipient_kind"], n["recipient_ref"]) for n in data["notices"]} == {
        ("caregiver", "c1"),
        ("resident", "r1"),
        ("facility_manager", "f1"),
    }
    assert data["summary"]["by_gender"] == {"woman": 1}
    segments = data["summary"]["segments"]
    assert data["summary"]["estimated_cost"] == pytest.approx(segments * 0.05)
    assert "+1" not in result.stdout
    assert "Amina" not in result.stdout
    with office.reading() as stores:
        assert stores.outbox.pending_count() == 0
        assert not stores.warnings.recent()


def test_try_says_it_in_words_too() -> None:
    result = run("try", "warning.xml", "--now", NOW)
    assert "Alert try-1: 1 residents and 1 facilities matched, 3 notices" in result.stdout
    assert "to caregiver c1:" in result.stdout


def test_try_warns_where_sending_takes_longer_than_the_lead_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "TOO SLOW" not in run("try", "warning.xml", "--now", NOW).stdout
    monkeypatch.setenv("CAREALERT_SEGMENTS_PER_SECOND", "0.0001")
    said = run("try", "warning.xml", "--now", NOW).stdout
    assert "TOO SLOW: it begins in 480 minutes, so the last message goes out" in said
    assert "CAREALERT_SEGMENTS_PER_SECOND" in said


def test_try_with_other_rules_uses_those_alone(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(FILE.replace("[flood]", "[tropical_cyclone]"))
    result = run("try", "warning.xml", "--rules", str(path), "--now", NOW, "--json")
    assert {m["rule"] for m in json.loads(result.stdout)["matches"]} == {"flood-leave"}


@pytest.mark.parametrize(
    "change",
    [
        ("<status>Actual", "<status>Test"),
        ("22.0,90.0 22.0,90.4 22.4,90.4 22.4,90.0 22.0,90.0", "1,1 1,2 2,2 2,1 1,1"),
        ("<msgType>Alert", "<msgType>Cancel"),
    ],
)
def test_try_that_matches_nobody_is_exit_3_and_says_why(
    change: tuple[str, str], tmp_path: Path
) -> None:
    (tmp_path / "warning.xml").write_text(CAP.replace(*change))
    result = run("try", "warning.xml", "--now", NOW, "--json")
    assert result.exit_code == 3
    assert json.loads(result.stdout)["notices"] == []


def test_try_of_an_exercise_prints_its_plan_with_a_drill_mark(tmp_path: Path) -> None:
    """The real one has the same key with null: scripts may look at it always."""
    assert json.loads(run("try", "warning.xml", "--now", NOW, "--json").stdout)["drill"] is None
    (tmp_path / "warning.xml").write_text(CAP.replace("<status>Actual", "<status>Exercise"))
    result = run("try", "warning.xml", "--now", NOW, "--json")
    assert result.exit_code == 0
    data = json.loads(result.stdout)
    assert (data["drill"]["people"], data["drill"]["facilities"]) == (2, 1)
    assert data["summary"]["residents"] == 1
    told = {notice["recipient_kind"] for notice in data["notices"]}
    assert told <= {"city_desk", "facility_manager"}
    reasons = {entry["ref"]: entry["reason"].split(":")[0] for entry in data["not_sent"]}
    assert reasons["c1"] == "drill"
    said = run("try", "warning.xml", "--now", NOW).stdout
    assert "DRILL: would have been told, were it real: 2 people, 1 facilities" in said


def test_try_after_the_warning_ended_is_exit_3() -> None:
    result = run("try", "warning.xml", "--now", "2026-05-28T12:00:00Z")
    assert result.exit_code == 3
    assert "not told, over: every part of it is over" in result.stdout


def test_try_with_invalid_rules_is_exit_4(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(FILE.replace("10m", "ten minutes"))
    result = run("try", "warning.xml", "--rules", str(path), "--now", NOW)
    assert result.exit_code == 4
    assert "mine.yaml:17:12" in result.stderr


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("warning.xml", "--now", "soon"), 2, "is not a time"),
        (("warning.xml", "--now", "2026-05-26T12:00:00"), 2, "has no offset"),
        (("missing.xml",), 2, "There is no file missing.xml"),
        (("4711",), 3, "There is no stored warning 4711"),
    ],
)
def test_a_slip_in_the_command_is_said(words: tuple[str, ...], code: int, said: str) -> None:
    result = run("try", *words)
    assert result.exit_code == code
    assert said in result.stderr


def test_a_file_that_is_no_warning_is_exit_1_or_3(tmp_path: Path) -> None:
    (tmp_path / "broken.xml").write_text("<alert>")
    result = run("try", "broken.xml")
    assert result.exit_code in (1, 3)
    assert "broken.xml" in result.stderr


def test_schema_is_the_published_one() -> None:
    published = Path(__file__).resolve().parents[2] / "rules" / "carealert-rule.schema.json"
    assert json.loads(run("schema").stdout) == json.loads(published.read_text())


_UNSAFE = "{{ tag }}: {{ hazard }}. Go to dialysis. {{ answers }}"


@pytest.mark.parametrize(
    ("file", "content", "breach"),
    [
        ("sms/en/care_alert.txt.j2", _UNSAFE, "G01: 'dialysis'"),
        ("sms/en/care_alert.txt.j2", "{{ tag }}: {% if %}", "is not a template"),
        ("sms/bn/words.yaml", "until: [", "is not YAML"),
    ],
)
@pytest.mark.usefixtures("few_samples")
def test_check_names_a_template_that_cannot_go_out_at_the_rule_that_names_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, file: str, content: str, breach: str
) -> None:
    assert run("check").exit_code == 0
    path = tmp_path / "config" / "templates" / file
    path.parent.mkdir(parents=True)
    path.write_text(content)
    monkeypatch.setenv("CAREALERT_CONFIG", str(tmp_path / "config"))
    result = run("check", "--json")
    assert result.exit_code == 4
    told = [one for one in json.loads(result.stdout)["problems"] if breach in one["problem"]]
    assert told
    assert all(f"cannot go out in '{file[4:6]}'" in one["problem"] for one in told)
    assert str(path) in told[0]["problem"]
    assert told[0]["file"].endswith(".yaml")
    assert told[0]["line"] > 1
