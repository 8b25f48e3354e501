"""One message in a document for each language: nobody's language is lost, nobody is told twice."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.translations import with_translations
from carealert.domain.warnings import HazardWarning
from carealert.services import polling
from tests.support.cap import NOW, area_xml, cap_xml
from tests.support.polling import READER, Office, an_office

COAST = "<polygon>22.0,90.0 22.0,90.4 22.4,90.4 22.0,90.0</polygon>"
INLAND = "<polygon>24.0,90.0 24.0,90.4 24.4,90.4 24.0,90.0</polygon>"


def document(language: str, name: str, shape: str = COAST, **changes: str) -> bytes:
    area = f"<area><areaDesc>{name}</areaDesc>{shape}</area>"
    inside = f"<language>{language}</language><headline>{name}</headline>{area}"
    body = cap_xml("a-1", inside=inside)
    for old, new in changes.items():
        body = body.replace(f"<{old}>Severe<".encode(), f"<{old}>{new}<".encode())
    return body


def read(body: bytes) -> HazardWarning:
    return READER.read(body, "http://met.example/").warnings[0]


INDONESIAN = document("id", "Pesisir")
ENGLISH = document("en", "The coast")


@pytest.fixture
def office(sqlite_engine: Engine, sealer: Sealer) -> Iterator[Office]:
    with an_office(sqlite_engine, sealer) as office:
        yield office


def languages(db: SqlDatabase) -> list[str | None]:
    with db.reading() as stores:
        (stored,) = stores.warnings.recent()
    return [info.language for info in stored.warning.infos]


def test_the_second_language_of_one_feed_is_added_in_the_same_poll(office: Office) -> None:
    office.serve(("/id.xml", INDONESIAN), ("/en.xml", ENGLISH))
    assert len(office.poll().new_warnings) == 1
    assert languages(office.db) == ["id", "en"]
    (line,) = office.journal("warning_translated")
    assert line.details["languages"] == "id,en"


def test_the_second_language_of_another_feed_is_added_later(office: Office) -> None:
    office.serve(("/id.xml", INDONESIAN))
    office.poll()
    office.add("met-en", "/feed")
    office.serve(("/en.xml", ENGLISH))
    assert office.poll(NOW + timedelta(minutes=1), "met-en").new_warnings == ()
    assert languages(office.db) == ["id", "en"]
    office.poll(NOW + timedelta(hours=2), "met-en")
    assert languages(office.db) == ["id", "en"]
    assert len(office.journal("warning_translated")) == 1


def test_on_both_databases_what_is_added_stands_behind_what_was_there(
    engine: Engine, sealer: Sealer
) -> None:
    db = SqlDatabase(engine, sealer)
    for body in (INDONESIAN, ENGLISH, ENGLISH):
        polling.import_document(db, READER, f"{len(body)}.xml", body, NOW)
    assert languages(db) == ["id", "en"]


def test_a_translation_leaves_a_planned_warning_planned(office: Office) -> None:
    office.serve(("/id.xml", INDONESIAN))
    (first,) = office.poll().new_warnings
    with office.db.transaction() as stores:
        stores.warnings.mark_planned(first, NOW)
    office.serve(("/en.xml", ENGLISH), etag='"2"')
    office.poll(NOW + timedelta(minutes=1))
    with office.db.reading() as stores:
        assert stores.warnings.unplanned() == []
    assert languages(office.db) == ["id", "en"]


@pytest.mark.parametrize(
    "other",
    [
        document("id-ID", "Pesisir"),  # the same language
        document("en", "The coast", INLAND),  # another place
        document("en", "The coast", ""),  # a place by its name alone
        document("en", "The coast", severity="Extreme"),  # worse
        ENGLISH.replace(b">Actual<", b">Test<"),
        ENGLISH.replace(b"<language>en</language>", b""),
        ENGLISH.replace(b"<headline>The coast", b"<headline>This is only a test. The coast"),
        cap_xml("a-2", inside=f"<language>en</language>{area_xml(COAST)}"),
    ],
)
def test_what_is_no_translation_is_not_added(other: bytes) -> None:
    assert with_translations(read(INDONESIAN), read(other)) is None


def test_codes_alone_can_say_that_the_place_is_the_same() -> None:
    code = "<geocode><valueName>PCODE</valueName><value>{}</value></geocode>"
    known = read(document("id", "Pesisir", code.format("ID11")))
    same = read(document("en", "The coast", code.format("ID11")))
    other = read(document("en", "The coast", code.format("ID12")))
    added = with_translations(known, same)
    assert added is not None
    assert [info.language for info in added.infos] == ["id", "en"]
    assert with_translations(known, other) is None
