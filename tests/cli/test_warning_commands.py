"""`carealert warnings`: the answer on stdout, the rest on stderr, the promised exit codes."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from carealert.bootstrap import open_app
from carealert.cli import warnings
from carealert.services.alerting import OfficeSettings, plan_waiting
from tests.support.cap import SAMPLES, cap_xml


@pytest.fixture
def no_database(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse() -> None:
        raise AssertionError("this command must not open a database")

    monkeypatch.setattr(warnings, "open_app", refuse)


@pytest.fixture
def office(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAREALERT_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CAREALERT_SECRET_KEY", "a test secret of enough bytes")


def run(*args: object) -> Result:
    return CliRunner().invoke(warnings.app, [str(arg) for arg in args])


def lines(result: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.mark.usefixtures("no_database")
def test_parse_prints_one_object_a_file_and_needs_no_database() -> None:
    result = run("parse", SAMPLES / "full.xml", SAMPLES / "edxl.xml", "--json")
    assert result.exit_code == 0
    first, second = lines(result)
    assert list(first) == ["file", "format", "warnings", "problems"]
    assert first["file"] == str(SAMPLES / "full.xml")
    assert (first["format"], first["problems"]) == ("cap", [])
    assert first["warnings"][0]["identifier"] == "urn:example:2026:0001"
    assert [warning["identifier"] for warning in second["warnings"]] == ["edxl-1", "edxl-2"]
    said = second["problems"][0]["what"]
    assert said.startswith("the envelope says Exercise")
    assert second["problems"] == [{"where": "distributionStatus", "what": said, "level": "notice"}]


@pytest.mark.usefixtures("no_database")
def test_a_file_without_a_warning_ends_with_1_and_the_others_are_printed() -> None:
    missing = SAMPLES / "missing.xml"
    files = [SAMPLES / "broken.xml", missing, SAMPLES / "empty.atom", SAMPLES / "prefix.xml"]
    result = run("parse", *files, "--json")
    assert result.exit_code == 1
    broken, gone, empty, good = lines(result)
    assert broken["warnings"] == gone["warnings"] == empty["warnings"] == []
    assert broken["problems"][0]["level"] == gone["problems"][0]["level"] == "error"
    assert "well-formed" in broken["problems"][0]["what"]
    assert "cannot be read" in gone["problems"][0]["what"]
    assert len(good["warnings"]) == 1


@pytest.mark.usefixtures("no_database")
def test_parse_for_people_names_hazard_and_area() -> None:
    result = run("parse", SAMPLES / "full.xml")
    assert result.exit_code == 0
    assert "tropical_cyclone" in result.stdout
    assert "1 with a shape" in result.stdout


@pytest.mark.usefixtures("no_database")
def test_parse_reads_stdin_and_a_named_format() -> None:
    body = (SAMPLES / "prefix.xml").read_bytes()
    result = CliRunner().invoke(
        warnings.app, ["parse", "-", "--format", "cap", "--json"], input=body
    )
    assert result.exit_code == 0
    assert lines(result)[0]["warnings"][0]["identifier"] == "prefix-1"
    refused = CliRunner().invoke(warnings.app, ["parse", "-", "--format", "fax"], input=body)
    assert refused.exit_code == 1
    assert "no format 'fax': use auto, " in refused.stdout


@pytest.mark.usefixtures("office")
def test_imported_warnings_are_listed_and_shown() -> None:
    result = run("import", SAMPLES / "full.xml", SAMPLES / "prefix.xml", "--json")
    assert result.exit_code == 0
    assert [line["new_warnings"] for line in lines(result)] == [[1], [2]]
    assert run("import", SAMPLES / "full.xml").stdout.endswith("0 new warning(s)\n")
    listed = json.loads(run("list", "--json").stdout)
    assert [one["id"] for one in listed] == [2, 1]
    assert listed[1]["hazards"] == ["tropical_cyclone"]
    shown = json.loads(run("show", 1, "--json").stdout)
    assert shown["warning"]["infos"][1]["event"] == "ঘূর্ণিঝড়"
    assert "tropical_cyclone" in run("show", 1).stdout


@pytest.mark.usefixtures("office")
def test_active_means_real_unreplaced_and_not_over(tmp_path: Path) -> None:
    assert run("list").stdout == "No warnings.\n"
    never_over = (SAMPLES / "prefix.xml").read_text()
    over = never_over.replace("prefix-1", "over").replace(
        "</cap:info>", "<cap:expires>2026-05-26T12:00:00+06:00</cap:expires></cap:info>"
    )
    drill = never_over.replace("prefix-1", "drill").replace("Actual", "Exercise")
    for name, text in (("a", never_over), ("b", over), ("c", drill)):
        (tmp_path / name).write_text(text)
    assert run("import", *(tmp_path / name for name in "abc")).exit_code == 0
    assert [one["identifier"] for one in json.loads(run("list", "--json").stdout)] == [
        "drill",
        "over",
        "prefix-1",
    ]
    active = json.loads(run("list", "--active", "--json").stdout)
    assert [one["identifier"] for one in active] == ["prefix-1"]


@pytest.mark.usefixtures("office")
def test_an_unknown_warning_ends_with_3_and_an_unreadable_file_with_1() -> None:
    result = run("show", 99)
    assert (result.exit_code, result.stdout) == (3, "")
    assert "There is no warning 99" in result.stderr
    assert run("import", SAMPLES / "page.html").exit_code == 1
    assert run("import", SAMPLES / "missing.xml").exit_code == 1


def held_warning(tmp_path: Path) -> int:
    """Import a message that reads as a test, and let planning hold it; its number."""
    path = tmp_path / "test.xml"
    path.write_bytes(
        cap_xml(
            "t-1", sent="2026-11-01T00:00:00Z", inside="<headline>THIS IS A TEST: flood</headline>"
        )
    )
    (done,) = lines(run("import", path, "--json"))
    application = open_app()
    plan_waiting(
        application.db,
        application.rules,
        application.composer,
        OfficeSettings("en", UTC),
        datetime(2026, 11, 1, 1, tzinfo=UTC),
    )
    (number,) = done["new_warnings"]
    return int(number)


@pytest.mark.usefixtures("office")
def test_a_held_warning_is_listed_and_decided_once_by_name(tmp_path: Path) -> None:
    assert run("held").stdout == "Nothing is held.\n"
    number = held_warning(tmp_path)
    (one,) = json.loads(run("held", "--json").stdout)
    assert (one["id"], one["if_real"], one["overdue"]) == (number, ["flood"], False)
    assert "decide by 2026-11-01T01:15:00+00:00" in run("held").stdout
    assert run("release", number).exit_code == 2, "a decision needs a name"
    assert run("release", number, "--by", "  ").exit_code == 2
    released = run("release", number, "--by", "A. Rahman")
    assert (released.exit_code, released.stdout) == (
        0,
        f"Warning {number} is released: it is planned next.\n",
    )
    late = run("discard", number, "--by", "B. Das")
    assert (late.exit_code, late.stdout) == (3, "")
    assert "release by A. Rahman" in late.stderr
    assert json.loads(run("show", number, "--json").stdout)["hold"] == "release"
    assert run("discard", 99, "--by", "B. Das").exit_code == 3


@pytest.mark.usefixtures("office")
def test_events_that_no_table_knows_are_counted(tmp_path: Path) -> None:
    assert run("unmapped").stdout == "All are mapped.\n"
    for number in range(2):
        body = cap_xml(f"u-{number}").replace(b"<event>Flood", b"<event>Zorblax")
        (tmp_path / f"{number}.xml").write_bytes(body)
        assert run("import", tmp_path / f"{number}.xml").exit_code == 0
    (one,) = json.loads(run("unmapped", "--json").stdout)
    assert one.pop("last_at")
    assert one == {
        "sender": "warnings@met.example",
        "event": "Zorblax",
        "language": None,
        "category": "Met",
        "hazard": "other",
        "times": 2,
    }
    assert (
        "2  [-] 'Zorblax' from warnings@met.example: other (category Met)" in run("unmapped").stdout
    )


def test_the_office_s_own_words_map_an_event(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "hazards.yaml").write_text("flood: {words: {en: [zorblax]}}\n")
    monkeypatch.setenv("CAREALERT_CONFIG", str(tmp_path))
    path = tmp_path / "a.xml"
    path.write_bytes(cap_xml().replace(b"<event>Flood", b"<event>Zorblax"))
    (found,) = lines(run("parse", path, "--json"))
    assert found["warnings"][0]["infos"][0]["hazard"] == "flood"
