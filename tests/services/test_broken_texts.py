"""A broken own template costs nobody the warning, and everybody can see that it is not used."""

import shutil
from pathlib import Path

import pytest
from sqlalchemy import Engine, update

from carealert.adapters.db.board.reader import SqlBoard
from carealert.adapters.db.engine import open_engine
from carealert.adapters.db.tables import notice
from carealert.bootstrap import App
from carealert.doctor import examine
from carealert.domain.hazards import Hazard
from carealert.domain.language_reviews import Signature
from carealert.domain.told_languages import by_first_language
from carealert.scheduler import Ticks
from carealert.settings import load
from tests.services.test_alerting import stored, two_homes
from tests.support.builders import NOW, a_warning, an_info
from tests.support.delivery import claim

pytestmark = pytest.mark.usefixtures("few_samples")

SECRET = "a secret of sixteen bytes or more"
EVERYBODY = {"c1", "f1"}
SYNTAX = ("sms/en/care_alert.txt.j2", "{{ tag }}: {% if %}")
BREACH = ("sms/en/care_alert.txt.j2", "{{ tag }}: {{ hazard }}. Go to dialysis. {{ answers }}")
WORDS = ("sms/en/words.yaml", "until: [")


def an_office(engine: Engine, folder: Path, *files: tuple[str, str], **settings: object) -> App:
    """An office on this database with two homes, a warning, and these own files of texts."""
    for name, content in files:
        path = folder / "templates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    app = reopened(engine, folder, **settings)
    two_homes(app.db)
    stored(app.db, a_warning(an_info(hazard=Hazard.TROPICAL_CYCLONE)))
    return app


def plan(app: App) -> dict[str, str]:
    """Plan as the worker does; ref -> text of what it put in the outbox."""
    ticks = Ticks(app, "here", lambda: NOW)
    ticks.plan()
    return {one.recipient_ref: one.text.body for one in claim(app.db)}


@pytest.fixture
def shipped_texts(tmp_path: Path, sqlite_template: Path) -> dict[str, str]:
    """What the same warning says to the same people where no own text is there."""
    path = tmp_path / "plain.db"
    shutil.copy(sqlite_template, path)
    engine = open_engine(f"sqlite:///{path}")
    found = plan(an_office(engine, tmp_path))
    engine.dispose()
    return found


@pytest.mark.parametrize("files", [[SYNTAX], [BREACH], [WORDS], [SYNTAX, WORDS]])
def test_everybody_is_warned_in_the_words_that_are_shipped(
    engine: Engine, tmp_path: Path, shipped_texts: dict[str, str], files: list[tuple[str, str]]
) -> None:
    assert shipped_texts.keys() >= EVERYBODY
    app = an_office(engine, tmp_path / "config", *files)
    assert plan(app) == shipped_texts
    with app.db.reading() as stores:
        events = [(line.event, line.subject) for line in stores.journal.recent()]
        assert sorted(one.file for one in stores.languages.faults()) == sorted(f for f, _ in files)
    for file, _ in files:
        assert events.count(("text_refused", f"text:{file}")) == 1
    assert not any(event == "planning_failed" for event, _ in events)
    board = SqlBoard(engine).now(NOW)
    assert len(board.texts.faults) == len(files)
    assert board.pulse.unplanned == 0


def test_a_mended_text_is_used_and_the_red_line_goes(engine: Engine, tmp_path: Path) -> None:
    plan(an_office(engine, tmp_path, SYNTAX))
    assert SqlBoard(engine).now(NOW).texts.faults
    (tmp_path / "templates" / SYNTAX[0]).unlink()
    Ticks(reopened(engine, tmp_path), "here", lambda: NOW).plan()
    now = SqlBoard(engine).now(NOW)
    assert now.texts.faults == ()
    assert {one.language for one in now.texts.reviews} >= {"bn", "en"}


def test_with_reviewed_texts_only_who_reads_a_draft_is_told_in_what_is_signed(
    engine: Engine, tmp_path: Path
) -> None:
    app = an_office(engine, tmp_path, texts="reviewed", default_language="bn")
    with app.db.transaction() as stores:
        files = app.fingerprints["bn"]
        signature = Signature(0, "bn", "R. Akter", "", "", files, "A. Rahman", NOW)
        stores.languages.sign(signature)
    assert all("সতর্ক" in text or "।" in text for text in plan(app).values())
    with app.db.reading() as stores:
        claimed_as_sent(engine)
        told = by_first_language(stores.languages.told())
    assert told["en"].otherwise == {"bn": told["en"].notices}


def test_the_doctor_says_fix_where_nothing_is_signed_and_texts_still_go_out(
    engine: Engine, tmp_path: Path
) -> None:
    app = an_office(engine, tmp_path, texts="reviewed")
    (check,) = examine(app, NOW, frozenset({"languages"}))
    assert not check.passed
    assert "rather than not at all" in check.line
    assert plan(app).keys() >= EVERYBODY
    (check,) = examine(reopened(engine, tmp_path), NOW, frozenset({"languages"}))
    assert check.passed
    assert "machine-drafted" in check.line


def reopened(engine: Engine, folder: Path, **settings: object) -> App:
    """The office as a process finds it when it starts."""
    folder.mkdir(exist_ok=True)
    app = App(load(config=folder, secret_key=SECRET, **settings))
    app.engine = engine
    return app


def claimed_as_sent(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(update(notice).values(state="sent"))
