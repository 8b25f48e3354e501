"""A problem of the check names the file and the line that its author has to open."""

from pathlib import Path

import pytest

from carealert.adapters.texts.fingerprints import changed_by_office, fingerprints
from carealert.adapters.texts.overview import name_of, overview
from carealert.paths import shipped
from tests.support.drafts import a_composer

pytestmark = pytest.mark.usefixtures("few_samples")

CHECKLIST = """[
 {"id": "R11", "kind": "resident", "need": "any", "hazards": ["flood"],
  "title": "Flood", "neutral_title": "Your plan", "sources": [],
  "review_status": "machine-drafted",
  "items": [
   {"n": 1, "text": "Go to the school roof.", "neutral": null},
   {"n": 2,
    "text": "Take the wheelchair with you.", "neutral": null}
  ]}
]"""


def write(folder: Path, name: str, content: str) -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("name", "content", "line", "said"),
    [
        ("sms/en/stopped.txt.j2", "{{ tag }}: Done.\nAsk your mother.", 2, "G08: 'mother'"),
        ("sms/en/stopped.txt.j2", "{{ tag }}: Done.\n\nAsk your MOTHER.", 3, "G08: 'mother'"),
        ("sms/en/stopped.txt.j2", "{{ tag }}: Done.\n{{ nobody }}", 2, "variable 'nobody'"),
        ("checklists/en.json", CHECKLIST, 7, "list R11, item 2: G01: 'wheelchair'"),
    ],
)
def test_the_line_is_told(tmp_path: Path, name: str, content: str, line: int, said: str) -> None:
    path = write(tmp_path, name, content)
    found = [one for one in a_composer(tmp_path).check("en") if said in one.what]
    assert [(one.file, one.line) for one in found] == [(str(path), line)]


def test_a_word_that_was_filled_in_is_traced_to_where_it_stands(tmp_path: Path) -> None:
    words = write(tmp_path, "sms/en/words.yaml", "\ndigits_note: Ask your mother.\n")
    write(tmp_path, "sms/en/stopped.txt.j2", "{{ tag }}: {{ digits_note }}")
    found = [one for one in a_composer(tmp_path).check("en") if "stopped" in one.file]
    assert f"it comes from {words}, line 2" in found[0].what


def test_a_language_alone_is_checked_where_only_it_is_asked_for(tmp_path: Path) -> None:
    write(tmp_path, "sms/en/stopped.txt.j2", "{{ tag }}: Ask your mother.")
    composer = a_composer(tmp_path)
    assert composer.check("bn") == ()
    assert len(composer.check("en")) == len(composer.check("bn", "en")) == 1


def test_a_broken_english_does_not_hide_what_is_wrong_elsewhere(tmp_path: Path) -> None:
    write(tmp_path, "sms/en/words.yaml", "until: [")
    write(tmp_path, "sms/bn/stopped.txt.j2", "{{ tag }}: {{ nobody }}")
    found = a_composer(tmp_path).check("en", "bn")
    files = {Path(one.file).as_posix()[len(str(tmp_path)) :] for one in found}
    assert files == {"/sms/en/words.yaml", "/sms/bn/stopped.txt.j2"}


def test_the_files_of_a_language_are_all_that_carry_its_tag(tmp_path: Path) -> None:
    folders = (tmp_path, shipped("templates"))
    found = fingerprints(folders, "bn")
    assert {"sms/bn/words.yaml", "lexicons/bn.yaml", "checklists/bn.json"} <= found.keys()
    assert not any(name.startswith("own/") or "/en" in name for name in found)


def test_an_own_file_counts_where_it_says_else_than_the_shipped_one(tmp_path: Path) -> None:
    folders = (tmp_path, shipped("templates"))
    before = fingerprints(folders, "bn")
    text = (shipped("templates") / "lexicons/bn.yaml").read_text(encoding="utf-8")
    write(tmp_path, "lexicons/bn.yaml", text.replace("\n", "\r\n"))
    write(tmp_path, "sms/bn/.words.yaml.swp", "half a file")
    assert fingerprints(folders, "bn") == before
    assert changed_by_office(folders, "bn") == frozenset()
    write(tmp_path, "lexicons/bn.yaml", text + "\n# one more line\n")
    assert changed_by_office(folders, "bn") == {"lexicons/bn.yaml"}
    assert fingerprints(folders, "bn").keys() - before.keys() == {"own/lexicons/bn.yaml"}


def test_the_overview_tells_how_texts_travel_and_what_cannot_be_read(tmp_path: Path) -> None:
    write(tmp_path, "sms/xx/words.yaml", "until: [")
    rows = {row.tag: row for row in overview(a_composer(tmp_path))}
    assert (rows["en"].name, rows["en"].encoding) == ("English", "GSM-7")
    assert (rows["bn"].own_name, rows["bn"].encoding) == ("বাংলা", "UCS-2")
    assert rows["bn"].texts == rows["en"].texts > 20
    assert (rows["xx"].checklists, rows["xx"].encoding) == (0, "")


@pytest.mark.parametrize(
    ("tag", "name"), [("pt-BR", "Portuguese (Brazil)"), ("ur", "Urdu"), ("qqq", "qqq")]
)
def test_a_language_is_called_by_its_name_where_there_is_one(tag: str, name: str) -> None:
    assert name_of(tag) == name
