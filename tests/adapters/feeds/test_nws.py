"""api.weather.gov: what its GeoJSON says, and what malformed JSON must not do."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.adapters.feeds.shapes import of_geojson
from carealert.adapters.warning_json import from_json, to_json
from carealert.domain.hazards import Hazard
from carealert.domain.warnings import (
    HazardWarning,
    Info,
    MsgType,
    Reference,
    ResponseType,
    Scope,
    Severity,
    Status,
)
from carealert.services.ports.feeds import Reading, UnreadableDocument
from tests.support.cap import SAMPLES, reader
from tests.support.captured import captured, document
from tests.support.json_mutations import mutated

READER = reader()
BASE = "https://api.weather.gov/alerts/active?status=actual"
URN = "urn:oid:2.49.0.1.840.0."
OFFICE = "w-nws.webmaster@noaa.gov"


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_bytes())


GOOD = sample("nws_alerts.json")


def read(value: Any, format_name: str = "auto") -> Reading:
    return READER.read(json.dumps(value).encode(), BASE, format_name)


def one(**changes: Any) -> HazardWarning:
    """The flood warning with these properties changed (None: null; ...: left out)."""
    return only(altered(**changes))


def altered(**changes: Any) -> Reading:
    value = sample("nws_alerts.json")
    del value["features"][1]
    properties = value["features"][0]["properties"]
    for name, new in changes.items():
        if new is ...:
            del properties[name]
        else:
            properties[name] = new
    return read(value)


def only(reading: Reading) -> HazardWarning:
    (warning,) = reading.warnings
    return warning


def info_of(warning: HazardWarning) -> Info:
    (info,) = warning.infos
    return info


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_every_alert_is_read_in_caps_own_words() -> None:
    reading = read(GOOD)
    assert (reading.format, len(reading.warnings), reading.problems) == ("nws", 2, ())
    flood = reading.warnings[0]
    assert flood.key == (OFFICE, f"{URN}f1.002.1", at("2026-05-26T05:00:00-04:00"))
    assert (flood.status, flood.msg_type, flood.scope) == (
        Status.ACTUAL,
        MsgType.UPDATE,
        Scope.PUBLIC,
    )
    assert flood.codes == ("IPAWSv1.0",)
    assert flood.sent.isoformat() == "2026-05-26T05:00:00-04:00"
    info = info_of(flood)
    assert (info.hazard, info.severity, info.language) == (Hazard.FLOOD, Severity.SEVERE, "en-US")
    assert info.response_types == (ResponseType.AVOID,)
    assert info.event_codes == (("SAME", "FLW"), ("NationalWeatherService", "FLW"))
    assert info.sender_name == "NWS Tallahassee FL"
    assert info.instruction is None
    assert ("AWIPSidentifier", "FLWTAE") in info.parameters


def test_the_end_of_the_event_counts_and_not_when_the_message_goes_stale() -> None:
    info = info_of(one())
    assert info.expires == at("2026-05-28T08:00:00-04:00")
    (said,) = [text for text in info.evidence if text.startswith("expires")]
    assert "2026-05-26T13:00:00-04:00" in said


def test_without_an_end_the_messages_own_time_counts_and_says_so() -> None:
    info = info_of(one(ends=None))
    assert info.expires == at("2026-05-26T13:00:00-04:00")
    assert "gives no end" in " ".join(info.evidence)


def test_an_end_before_the_message_goes_stale_is_the_end() -> None:
    assert info_of(one(ends="2026-05-26T09:00:00-04:00")).expires == at("2026-05-26T09:00:00-04:00")


def test_an_end_that_cannot_be_read_leaves_the_messages_own_time() -> None:
    reading = altered(ends="soon")
    assert info_of(only(reading)).expires == at("2026-05-26T13:00:00-04:00")
    assert [problem.where for problem in reading.problems] == ["feature[1]/ends"]


def test_zones_and_counties_place_an_alert_without_a_shape() -> None:
    (area,) = info_of(one()).areas
    assert area.geometry is None
    assert area.area_desc == "Franklin; Gulf"
    assert area.geocodes == (
        ("SAME", "012037"),
        ("SAME", "012045"),
        ("UGC", "FLZ115"),
        ("UGC", "FLZ114"),
    )


def test_a_shape_is_read_and_its_codes_are_kept_beside_it() -> None:
    (area,) = read(GOOD).warnings[1].infos[0].areas
    assert area.geometry is not None
    assert area.geometry.bounds == (-85.7, 30.1, -85.4, 30.4)
    assert area.geocodes == (("SAME", "012005"), ("UGC", "FLC005"))


def test_references_are_kept_even_where_only_their_address_names_them() -> None:
    assert one().references == (
        Reference(OFFICE, f"{URN}f1.001.1", at("2026-05-25T09:00:00-04:00")),
        Reference(OFFICE, f"{URN}f0.001.1", at("2026-05-24T09:00:00-04:00")),
    )


def test_an_event_with_a_number_is_tied_by_it() -> None:
    assert one().event_keys == ("vtec:KTAE.FL.W.0012.2026",)


def test_expired_references_tie_an_event_that_has_no_number() -> None:
    smoke = read(GOOD).warnings[1]
    assert smoke.event_keys == ()
    assert smoke.references == (
        Reference(OFFICE, f"{URN}s0.001.1", at("2026-05-25T06:00:00-05:00")),
        Reference(OFFICE, f"{URN}s0.002.1", at("2026-05-25T16:00:00-05:00")),
    )


def test_a_test_of_vtec_has_no_key_and_reads_as_a_test() -> None:
    code = "/T.NEW.KTAE.FL.W.0012.260525T1200Z-260528T1200Z/"
    reading = altered(parameters={"VTEC": [code]})
    warning = only(reading)
    assert warning.event_keys == ()
    assert info_of(warning).hazard is Hazard.TEST_MESSAGE
    assert info_of(warning).hazard_if_real is Hazard.FLOOD
    assert any("reads as a test" in problem.what for problem in reading.problems)


def test_the_offices_table_weighs_the_significance() -> None:
    watch = "/O.NEW.KTAE.FL.A.0012.260525T1200Z-260528T1200Z/"
    info = info_of(one(severity="Extreme", parameters={"VTEC": [watch]}))
    assert (info.severity, info.effective_severity) == (Severity.EXTREME, Severity.SEVERE)


def test_the_next_page_is_to_be_read_and_an_empty_page_is_the_last() -> None:
    assert read(GOOD).pages == ("https://api.weather.gov/alerts?cursor=eyJ0IjoxfQ%3D%3D",)
    empty = read(sample("nws_empty.json"))
    assert (empty.format, empty.warnings, empty.pages, empty.problems) == ("nws", (), (), ())


@pytest.mark.parametrize("following", ["file:///etc/passwd", "http://[::1", 5, {"a": 1}, None])
def test_a_next_page_that_is_no_address_is_not_followed(following: object) -> None:
    assert read({**GOOD, "pagination": {"next": following}}).pages == ()


def test_a_single_alert_is_read_as_one_of_a_collection() -> None:
    reading = read(sample("nws_single.json"))
    assert only(reading).identifier == f"{URN}s1.001.1"
    assert reading.pages == ()


def test_json_ld_says_the_same_as_geojson() -> None:
    graph = read(sample("nws_graph.json"))
    assert graph.format == "nws"
    assert graph.warnings == tuple(reversed(read(GOOD).warnings))


def test_a_shape_in_wkt_that_cannot_be_read_leaves_the_codes() -> None:
    value = sample("nws_graph.json")
    value["@graph"][0]["geometry"] = "POLYGON((1"
    reading = read(value)
    assert reading.warnings[0].infos[0].areas[0].geocodes
    assert [problem.where for problem in reading.problems] == ["feature[1]/geometry"]


@pytest.mark.parametrize("format_name", ["auto", "nws"])
def test_an_error_of_the_service_is_no_empty_list_even_with_status_200(format_name: str) -> None:
    with pytest.raises(UnreadableDocument, match="Unexpected Problem"):
        read(sample("nws_problem.json"), format_name)


@pytest.mark.parametrize("missing", ["id", "sender", "sent"])
def test_an_alert_that_cannot_be_told_from_others_is_an_error(missing: str) -> None:
    value = sample("nws_alerts.json")
    properties = value["features"][0]["properties"]
    del properties[missing]
    properties.pop("@id")
    value["features"][0].pop("id")
    reading = read(value)
    assert [warning.identifier for warning in reading.warnings] == [f"{URN}s1.001.1"]
    (problem,) = [problem for problem in reading.problems if problem.level == "error"]
    assert problem.where == "feature[1]"
    assert missing in problem.what


def test_an_alert_without_id_is_named_by_its_address() -> None:
    assert one(id=...).identifier == f"{URN}f1.002.1"


@pytest.mark.parametrize("name", ["status", "messageType", "scope", "event", "areaDesc"])
def test_what_is_missing_is_said_and_not_invented(name: str) -> None:
    reading = altered(**{name: None})
    assert len(reading.warnings) == 1
    assert f"feature[1]/{name}" in [problem.where for problem in reading.problems]


def test_a_missing_status_is_not_actual() -> None:
    assert one(status=None).status is None
    assert one(status="Test").status is Status.TEST
    assert one(status=["Actual"]).status is None


def test_features_that_are_none_do_not_hide_the_others() -> None:
    value = sample("nws_alerts.json")
    value["features"] = [None, 5, [], {"properties": "x"}, *value["features"]]
    reading = read(value)
    assert len(reading.warnings) == 2
    errors = [problem.where for problem in reading.problems if problem.level == "error"]
    assert errors == [f"feature[{n}]" for n in (1, 2, 3, 4)]


def test_characters_that_no_database_takes_are_taken_out() -> None:
    warning = one(headline="Flood\0 of \ud800 the river", areaDesc="Gulf\0")
    assert info_of(warning).headline == "Flood of \N{REPLACEMENT CHARACTER} the river"
    assert info_of(warning).areas[0].area_desc == "Gulf"


@pytest.mark.parametrize(
    "corner",
    [
        "[1" + "0" * 400 + ", 30]",
        "[" * 300 + "]" * 300,
        "[NaN, 30]",
        "[1e999, 30]",
        '["east", 30]',
        "[]",
        "null",
        "{}",
        "[true]",
        "[200, 30]",
    ],
)
def test_a_shape_that_cannot_be_drawn_leaves_the_codes_and_says_so(corner: str) -> None:
    body = json.dumps(sample("nws_alerts.json")).replace("[-85.7, 30.1]", corner, 1)
    reading = READER.read(body.encode(), BASE)
    area = reading.warnings[1].infos[0].areas[0]
    assert area.geometry is None
    assert area.geocodes
    assert [problem.where for problem in reading.problems] == ["feature[2]/geometry"]


@pytest.mark.parametrize(
    "value",
    [
        {"type": "FeatureCollection", "features": "none"},
        {"type": "Topology"},
        [],
        [1, 2],
        {},
    ],
)
def test_what_is_no_collection_of_alerts_is_refused(value: Any) -> None:
    with pytest.raises(UnreadableDocument):
        read(value, "nws")


def test_a_shape_nested_deeper_than_any_reader_goes_is_left_out() -> None:
    corner: list[Any] = []
    for _ in range(5000):
        corner = [corner]
    shape = of_geojson({"type": "Polygon", "coordinates": corner})
    assert shape.geometry is None
    assert shape.notes


def test_nested_too_deep_is_refused() -> None:
    body = b'{"type":"FeatureCollection","features":' + b"[" * 100_000
    with pytest.raises(UnreadableDocument):
        READER.read(body, BASE)


MUTANTS = st.sampled_from(("nws_alerts.json", "nws_graph.json", "nws_single.json")).flatmap(
    lambda name: mutated(sample(name))
)


@settings(max_examples=150, deadline=None)
@given(body=MUTANTS)
def test_malformed_json_gives_problems_and_never_another_exception(body: bytes) -> None:
    for format_name in ("auto", "nws"):
        try:
            reading = READER.read(body, BASE, format_name)
        except UnreadableDocument:
            continue
        for warning in reading.warnings:
            assert warning.sent.tzinfo is not None
            assert len(warning.identifier) <= 800
            stored = json.dumps(to_json(warning), ensure_ascii=False)
            assert "\0" not in stored.encode().decode()
            assert from_json(json.loads(stored)).key == warning.key
            for area in info_of(warning).areas:
                assert area.geometry is None or area.geometry.is_valid


@pytest.mark.shared
def test_every_captured_alert_is_read_and_ends_when_its_event_does(shared: Path) -> None:
    names = [name for name, _ in captured(shared) if name.startswith("weather-gov+")]
    counted = 0
    for name in [one for one in names if one.endswith(".json")]:
        body = document(shared, name)
        reading = READER.read(body, BASE)
        raw = json.loads(body)["features"]
        assert [warning.identifier for warning in reading.warnings] == [
            feature["properties"]["id"] for feature in raw
        ]
        assert not [problem for problem in reading.problems if problem.level == "error"]
        for feature, warning in zip(raw, reading.warnings, strict=True):
            compare(feature, warning)
        counted += len(raw)
    assert counted > 1000


def compare(feature: Any, warning: HazardWarning) -> None:
    given, info = feature["properties"], info_of(warning)
    end = given.get("ends") or given["expires"]
    assert (info.expires and info.expires.astimezone(UTC)) == (
        at(end).astimezone(UTC) if end else None
    )
    assert (info.areas[0].geometry is None) == (feature["geometry"] is None)
    codes = {code for values in given["geocode"].values() for code in values}
    assert codes <= {value for _, value in info.areas[0].geocodes}
    assert len(warning.references) >= len(given["references"])
    numbered = any(code.startswith("/O.") for code in given["parameters"].get("VTEC", ()))
    assert bool(warning.event_keys) == numbered
