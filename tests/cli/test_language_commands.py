"""`carealert languages`: what there is, what is wrong with it, who has read it."""

import json
import re
import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine, update
from typer.testing import CliRunner, Result

from carealert import paths
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import notice
from carealert.adapters.sealing import Sealer
from carealert.adapters.texts.check import Survey
from carealert.adapters.texts.files import tags_in
from carealert.bootstrap import open_app
from carealert.cli.languages import app
from carealert.domain.access import Actor, Role
from carealert.paths import shipped
from carealert.services.alerting import alert
from carealert.services.ports.officers import Officer
from tests.services.test_alerting import OFFICE, RULES, stored, two_homes
from tests.support.builders import NOW, a_warning
from tests.support.fakes import PlainComposer

SECRET = "a secret of sixteen bytes or more"
FEW = ("bn", "en", "es", "pt-BR")
runner = CliRunner()


@pytest.fixture(autouse=True)
def templates(
    sqlite_engine: Engine,  # noqa: ARG001 - its tables
    sqlite_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Path:
    """The folder of an office's own templates, still empty."""
    own = tmp_path / "config" / "templates"
    (own / "sms" / "en").mkdir(parents=True)
    monkeypatch.setenv("CAREALERT_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CAREALERT_SECRET_KEY", SECRET)
    monkeypatch.setenv("CAREALERT_CONFIG", str(tmp_path / "config"))
    return own


@pytest.fixture
def few_texts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Four of the shipped languages with two of their texts: enough to sign, list and look at."""
    folder = tmp_path / "few"
    for tag in FEW:
        (folder / "sms" / tag).mkdir(parents=True)
        for name in ("words.yaml", "stopped.txt.j2", "stand_down.txt.j2"):
            shutil.copy(shipped("templates") / "sms" / tag / name, folder / "sms" / tag / name)
    for kind in ("checklists", "lexicons", "transliterations"):
        shutil.copytree(shipped("templates") / kind, folder / kind)
    monkeypatch.setattr(
        paths, "shipped", lambda name: folder if name == "templates" else shipped(name)
    )


def run(*words: str) -> Result:
    return runner.invoke(app, list(words), catch_exceptions=False)


def listed() -> dict[str, dict[str, object]]:
    return {row["tag"]: row for row in json.loads(run("list", "--json").stdout)["languages"]}


def test_list_says_what_there_is_and_that_nobody_has_read_it() -> None:
    """Of every shipped language."""
    said = run("list").stdout
    assert re.search(r"bn +Bangla \(বাংলা\): \d+ texts, 22 checklists, UCS-2; machine-drafted", said)
    assert re.search(r"en +English: \d+ texts, 22 checklists, GSM-7; machine-drafted", said)
    assert "No notice has gone out yet." in said
    assert len(re.findall("machine-drafted", said)) == len(tags_in([shipped("templates")]))


@pytest.mark.usefixtures("few_texts")
def test_the_list_is_there_for_programs() -> None:
    rows = listed()
    assert tuple(rows) == FEW
    assert (rows["bn"]["review"], rows["bn"]["encoding"]) == ("machine-drafted", "UCS-2")


@pytest.mark.usefixtures("few_texts")
def test_what_is_signed_is_listed_until_a_text_changes(templates: Path) -> None:
    signed = run("sign", "bn", "--reviewer", "R. Akter", "--role", "midwife", "--json")
    assert signed.exit_code == 0
    data = json.loads(signed.stdout)
    assert (data["reviewer"], len(data["digest"])) == ("R. Akter", 64)
    assert "signed by R. Akter" in run("list").stdout
    (templates / "sms" / "bn").mkdir()
    (templates / "sms" / "bn" / "stopped.txt.j2").write_text("{{ tag }}: আচ্ছা।")
    row = listed()["bn"]
    assert (row["review"], row["changed"]) == ("stale", ["own/sms/bn/stopped.txt.j2"])
    assert "changed since R. Akter signed" in run("list").stdout


@pytest.mark.usefixtures("few_texts")
def test_nobody_signs_for_texts_that_breach_or_do_not_exist(templates: Path) -> None:
    (templates / "sms" / "en" / "stopped.txt.j2").write_text("{{ tag }}: Ask your mother.")
    refused = run("sign", "en", "--reviewer", "R. Akter")
    assert refused.exit_code == 1
    assert "mend them first" in refused.stderr
    assert listed()["en"]["review"] == "machine-drafted"
    assert run("sign", "xx", "--reviewer", "R. Akter").exit_code == 3
    assert run("sign", "bn", "--reviewer", "+12025550142").exit_code == 1
    assert run("sign", "bn", "--reviewer", "R. Akter", "--note", "1").exit_code == 2


def test_check_passes_over_what_is_shipped() -> None:
    result = run("check", "en")
    assert result.exit_code == 0, result.stdout
    assert result.stdout.startswith("No problem found in en.")
    asked = re.search(r"G04 of ([\d,]+),", result.stdout)
    assert asked is not None
    assert int(asked[1].replace(",", "")) > 1_000


def test_without_a_tag_every_language_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    looked_at: list[str] = []

    def look(_: object, tags: tuple[str, ...]) -> Survey:
        looked_at.extend(tags)
        return Survey((), {})

    monkeypatch.setattr("carealert.adapters.texts.composer.survey", look)
    assert run("check").exit_code == 0
    assert {"ar", "bn", "en", "vi"} <= set(looked_at)


@pytest.mark.usefixtures("few_texts")
def test_check_names_file_and_line_of_each_breach(templates: Path) -> None:
    path = templates / "sms" / "en" / "stopped.txt.j2"
    path.write_text("{{ tag }}: Done.\nAsk your mother.")
    result = run("check", "en", "--json")
    assert result.exit_code == 1
    (problem,) = json.loads(result.stdout)["problems"]
    assert (problem["file"], problem["line"]) == (str(path), 2)
    assert "G08: 'mother'" in problem["problem"]
    assert f"{path}, line 2: G08" in run("check", "en").stdout
    assert run("check", "bn").exit_code == 0


@pytest.mark.usefixtures("few_texts")
def test_check_of_a_language_that_is_not_there_names_those_that_are() -> None:
    result = run("check", "xx")
    assert result.exit_code == 3
    assert "choose one of " in result.stderr


@pytest.mark.usefixtures("few_texts")
def test_list_counts_what_went_out_in_another_language(sqlite_engine: Engine) -> None:
    db = SqlDatabase(sqlite_engine, Sealer(SECRET.encode()))
    two_homes(db)
    alert(db, RULES, PlainComposer(), stored(db, a_warning()), OFFICE, NOW)
    with db.engine.begin() as connection:
        connection.execute(
            update(notice).values(state="sent", wanted_language="syl", language="bn")
        )
    said = run("list").stdout
    assert "2 of 2 notices went out in another than the first language." in said
    assert "first language syl: <10, told in bn <10" in said


@pytest.mark.usefixtures("few_texts")
def test_an_officer_of_some_areas_sees_the_languages_and_no_counts_of_the_city(
    sqlite_engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    db = SqlDatabase(sqlite_engine, Sealer(SECRET.encode()))
    two_homes(db)
    with db.transaction() as stores:
        who = Actor("Amtali", Role.OFFICER, frozenset({"BD100428"}))
        stores.officers.put(Officer(who, NOW))
    monkeypatch.setenv("CAREALERT_USER", "Amtali")
    result = run("list")
    assert result.exit_code == 0
    assert "English" in result.stdout
    assert "notice" not in result.stdout


@pytest.mark.usefixtures("few_texts")
def test_accents_are_left_out_only_once_somebody_has_signed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CAREALERT_TRANSLITERATE", "pt-BR, es")
    assert open_app().transliterated == frozenset()
    assert run("sign", "pt-BR", "--reviewer", "A. Souza").exit_code == 0
    assert open_app().transliterated == {"pt-BR"}
