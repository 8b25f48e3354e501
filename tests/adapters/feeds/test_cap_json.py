"""CAP in JSON says the same as CAP in XML."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.domain.hazards import Hazard
from carealert.domain.warnings import MsgType, Reference, ResponseType, Severity
from carealert.services.ports.feeds import Reading, UnreadableDocument
from tests.support.cap import SAMPLES, reader

READER = reader()


def read(name: str) -> Reading:
    return READER.read((SAMPLES / name).read_bytes(), "https://feeds.example/api")


def test_a_list_of_messages_with_several_languages_is_read_in_full() -> None:
    reading = read("meteoalarm.json")
    first, second = reading.warnings
    assert reading.format == "cap-json"
    assert reading.problems == ()
    assert first.identifier == "2.49.0.0.999.0.XX.1"
    assert first.codes == ("MCP:v2.0",)
    assert first.incidents == ("Alert",)
    assert [info.language for info in first.infos] == ["de-DE", "en"]
    assert {info.hazard for info in first.infos} == {Hazard.HIGH_WIND}
    (area,) = first.infos[0].areas
    assert area.altitude == pytest.approx(3280.8399)
    assert area.geocodes == (("EMMA_ID", "XX001"), ("NUTS3", "XX111"))
    assert area.geometry is not None
    assert area.geometry.bounds == (9.0, 49.0, 11.0, 51.0)
    assert first.infos[0].effective_severity is Severity.SEVERE
    assert second.infos[0].hazard is Hazard.NO_WARNING


def test_a_single_message_with_line_breaks_of_html_is_plain_text() -> None:
    reading = read("mowas.json")
    (warning,) = reading.warnings
    assert warning.msg_type is MsgType.CANCEL
    assert [reference.identifier for reference in warning.references] == ["mow.XX-20260526-000"]
    assert isinstance(warning.references[0], Reference)
    (info,) = warning.infos
    assert info.language == "DE-LS"
    assert info.headline == 'Entwarnung: "Hochwasser"'
    assert info.description == "Die Warnung ist aufgehoben.\n\nWasser < 2 m."
    assert info.response_types == (ResponseType.ALL_CLEAR,)
    assert info.areas[0].geocodes == (("AreaId", "0"),)


def test_a_message_alone_in_a_list_is_found_too() -> None:
    one = json.loads((SAMPLES / "mowas.json").read_text())
    for document in ([one], {"alerts": [one]}, {"warnings": [{"alert": one}]}):
        reading = READER.read(json.dumps(document).encode(), "x")
        assert [warning.identifier for warning in reading.warnings] == ["mow.XX-20260526-001"]


@pytest.mark.parametrize("value", [{"warnings": []}, {"warnings": 3}, [], [1], {"identifier": "x"}])
def test_other_json_is_not_taken_for_cap(value: object) -> None:
    with pytest.raises(UnreadableDocument, match="JSON of no kind"):
        READER.read(json.dumps(value).encode(), "x")
    with pytest.raises(UnreadableDocument, match="no CAP message"):
        READER.read(json.dumps(value).encode(), "x", "cap-json")


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner),
    max_leaves=6,
)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(("info", "sent", "code", "references", "status")), VALUES)
def test_no_value_in_a_place_of_another_makes_reading_fail(name: str, value: object) -> None:
    message = json.loads((SAMPLES / "mowas.json").read_text())
    message[name] = value
    message["info"] = [*message["info"], value] if name != "info" else value
    reading = READER.read(json.dumps(message).encode(), "x")
    for warning in reading.warnings:
        assert "\x00" not in repr(warning)
