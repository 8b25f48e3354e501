"""Outlines that a warning only links to: fetched with it, and never a reason to lose it."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine

from carealert.adapters.sealing import Sealer
from carealert.domain.warnings import Area
from tests.support.cap import NOW, area_xml, cap_xml
from tests.support.http import Answer
from tests.support.polling import Office, an_office

OUTLINE = b"<alert><polygon>22.0,90.0 22.0,90.4 22.4,90.4 22.4,90.0 22.0,90.0</polygon></alert>"
MESSAGE = "/FetchXMLFile?identifier=17"
KEPT_AT = "/FetchPolygonXMLFile?identifier=17"


@pytest.fixture
def office(sqlite_engine: Engine, sealer: Sealer) -> Iterator[Office]:
    with an_office(sqlite_engine, sealer) as office:
        yield office


def without_outline() -> bytes:
    return cap_xml("a-1", inside=area_xml(""))


def area(office: Office) -> Area:
    office.poll(NOW)
    with office.db.reading() as stores:
        (stored,) = stores.warnings.recent()
    return stored.warning.infos[0].areas[0]


def test_the_outline_beside_a_message_is_fetched_and_stored_with_it(office: Office) -> None:
    office.serve((MESSAGE, without_outline()))
    office.server.answers[KEPT_AT] = Answer(OUTLINE)
    found = area(office)
    assert found.geometry is not None
    assert found.geometry.bounds == pytest.approx((90.0, 22.0, 90.4, 22.4))
    assert office.server.paths().count(KEPT_AT) == 1


@pytest.mark.parametrize(
    "answer",
    [Answer(status=403), Answer(b"<html></html>"), Answer(b"<alert/>"), Answer(status=500)],
)
def test_an_outline_that_cannot_be_had_leaves_the_warning_as_it_is(
    office: Office, answer: Answer
) -> None:
    office.serve((MESSAGE, without_outline()))
    office.server.answers[KEPT_AT] = answer
    found = area(office)
    assert found.geometry is None
    assert found.area_desc
    assert office.health().last_error is None


def test_a_message_with_an_outline_of_its_own_asks_for_none(office: Office) -> None:
    own = "<polygon>23.0,90.0 23.0,90.4 23.4,90.4 23.0,90.0</polygon>"
    office.serve((MESSAGE, cap_xml("a-1", inside=area_xml(own))))
    office.server.answers[KEPT_AT] = Answer(OUTLINE)
    assert area(office).geometry is not None
    assert KEPT_AT not in office.server.paths()
