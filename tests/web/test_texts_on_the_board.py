"""The board says which own texts are not used, who has read what, and who was told otherwise."""

from sqlalchemy import Engine, update

from carealert.adapters.db import tables
from carealert.adapters.db.board.reader import SqlBoard
from tests.support.board_data import CYCLONE, NOW
from tests.support.html import Page
from tests.support.web_app import app_on, local_client

FILES = {"sms/bn/words.yaml": "a1"}


def page(engine: Engine, path: str = "/") -> str:
    return local_client(app_on(engine)).get(path).text


def signed(engine: Engine, files: dict[str, str]) -> None:
    with engine.begin() as connection:
        connection.execute(
            tables.language_text.insert(), [{"language": "bn", "files": FILES, "seen_at": NOW}]
        )
        connection.execute(
            tables.language_signature.insert(),
            [
                {
                    "language": "bn",
                    "reviewer": "R. Akter",
                    "role": "",
                    "note": "",
                    "digest": "0",
                    "files": files,
                    "by": "A. Rahman",
                    "at": NOW,
                }
            ],
        )


def test_an_own_text_that_is_not_used_is_a_red_line_until_it_is(filled: Engine) -> None:
    assert "own text" not in page(filled)
    fault = {"file": "sms/en/care_alert.txt.j2", "problem": "line 1: <script>", "since": NOW}
    with filled.begin() as connection:
        connection.execute(tables.broken_text.insert(), [fault])
    text = local_client(app_on(filled)).get("/").text
    (line,) = [one for one in Page(text).all("li") if "own text not used" in one.text]
    assert line.attributes.get("class") == "bad"
    assert "sms/en/care_alert.txt.j2" in line.text
    assert "Own texts not used: 1." in text
    assert "<script>" not in line.text


def test_texts_that_nobody_signed_or_that_changed_since_are_listed(filled: Engine) -> None:
    signed(filled, FILES)
    assert 'id="languages"' not in page(filled)
    with filled.begin() as connection:
        connection.execute(
            tables.language_text.insert(), [{"language": "en", "files": {}, "seen_at": NOW}]
        )
        connection.execute(
            update(tables.language_text)
            .where(tables.language_text.c.language == "bn")
            .values(files={"sms/bn/words.yaml": "a9"})
        )
    text = local_client(app_on(filled)).get("/").text
    assert "2 languages with texts that nobody has signed" in text
    assert "changed since R. Akter signed" in text
    assert "sms/bn/words.yaml" in text
    assert "machine-drafted" in text


def test_an_incident_says_how_many_were_told_in_another_than_their_first_language(
    filled: Engine,
) -> None:
    mine = tables.notice.c.incident == CYCLONE
    with filled.begin() as connection:
        connection.execute(
            update(tables.notice)
            .where(mine, tables.notice.c.state == "sent")
            .values(wanted_language="syl", language="bn")
        )
    found = SqlBoard(filled).incident(CYCLONE, NOW)
    assert found is not None
    (many,) = found.reach.otherwise.values()
    assert int(many) >= 10
    assert found.reach.own_language == 0
    text = local_client(app_on(filled)).get(f"/incidents/{CYCLONE}").text
    assert f"Messages in another language, by first language: syl {many}." in text


def test_a_region_s_tag_is_the_language_of_its_people(filled: Engine) -> None:
    with filled.begin() as connection:
        connection.execute(update(tables.notice).values(wanted_language="bn-BD", language="bn"))
    found = SqlBoard(filled).incident(CYCLONE, NOW)
    assert found is not None
    assert found.reach.own_language == found.reach.told > 0
    assert dict(found.reach.otherwise) == {}
