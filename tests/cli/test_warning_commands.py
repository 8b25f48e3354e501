"""`carealert warnings`: the answer on stdout, the rest on stderr, the promised exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from carealert.cli import warnings
from tests.support.cap import SAMPLES


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
    assert second["problems"] == [
        {"where": "distributionStatus", "what": "the envelope says Exercise", "level": "notice"}
    ]


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
    assert "use auto, atom, rss, cap" in refused.stdout


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
        "</cap:info>", "<cap:expires>2020-01-01T00:00:00Z</cap:expires></cap:info>"
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
