"""A warning survives being written as JSON, and the shape is the promised one."""

import json
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry.base import BaseGeometry

from carealert.adapters.warning_json import from_json, to_json
from carealert.domain.hazards import Hazard
from carealert.domain.warnings import (
    Area,
    Category,
    Certainty,
    HazardWarning,
    Info,
    MsgType,
    Named,
    Reference,
    Resource,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from tests.support.cap import SAMPLES, reader

WARNING_KEYS = (
    "identifier, sender, sent, status, msg_type, scope, source, restriction, addresses, codes, "
    "note, references, incidents, infos, event_keys"
)
INFO_KEYS = (
    "language, categories, event, hazard, response_types, urgency, severity, certainty, audience, "
    "event_codes, effective, onset, expires, sender_name, headline, description, instruction, "
    "web, contact, parameters, resources, areas, assessed_severity, hazard_if_real, evidence"
)
AREA_KEYS = "area_desc, geometry, geocodes, altitude, ceiling, shape_url"

words = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
maybe = st.none() | words
numbers = st.none() | st.floats(allow_nan=False, allow_infinity=False)
coordinates = st.floats(-180, 180)
zones = st.integers(-12 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
times = st.datetimes(datetime(1990, 1, 1), datetime(2100, 1, 1), timezones=zones)  # noqa: DTZ001
names = st.lists(st.tuples(words, words), max_size=5).map(
    lambda pairs: tuple(sorted(pairs, key=lambda pair: [p[0] for p in pairs].index(pair[0])))
)
boxes = st.tuples(coordinates, st.floats(-90, 90), st.floats(0.001, 5), st.floats(0.001, 5)).map(
    lambda box: shapely.box(box[0], box[1], box[0] + box[2], box[1] + box[3])
)
shapes = st.none() | boxes | st.lists(boxes, min_size=2, max_size=3).map(shapely.union_all)


def many(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.lists(strategy, max_size=2).map(tuple)


areas = st.builds(Area, words, shapes, names, numbers, numbers)
resources = st.builds(Resource, maybe, maybe, st.none() | st.integers(0, 2**40), maybe, maybe)
infos = st.builds(
    Info,
    language=maybe,
    categories=many(st.sampled_from(Category)),
    event=words,
    hazard=st.sampled_from(Hazard),
    response_types=many(st.sampled_from(ResponseType)),
    urgency=st.none() | st.sampled_from(Urgency),
    severity=st.none() | st.sampled_from(Severity),
    certainty=st.none() | st.sampled_from(Certainty),
    audience=maybe,
    event_codes=names,
    effective=st.none() | times,
    onset=st.none() | times,
    expires=st.none() | times,
    sender_name=maybe,
    headline=maybe,
    description=maybe,
    instruction=maybe,
    web=maybe,
    contact=maybe,
    parameters=names,
    resources=many(resources),
    areas=many(areas),
)
warnings = st.builds(
    HazardWarning,
    identifier=words,
    sender=words,
    sent=times,
    status=st.none() | st.sampled_from(Status),
    msg_type=st.none() | st.sampled_from(MsgType),
    scope=st.none() | st.sampled_from(Scope),
    source=maybe,
    restriction=maybe,
    addresses=many(words),
    codes=many(words),
    note=maybe,
    references=many(st.builds(Reference, maybe, words, st.none() | times)),
    incidents=many(words),
    infos=many(infos),
)


def geometries(warning: HazardWarning) -> list[BaseGeometry | None]:
    return [area.geometry for info in warning.infos for area in info.areas]


@settings(max_examples=100, deadline=None)
@given(warnings)
def test_nothing_is_lost_on_the_way_through_json(warning: HazardWarning) -> None:
    back = from_json(json.loads(json.dumps(to_json(warning), allow_nan=False)))
    assert back == warning
    assert back.sent.utcoffset() == warning.sent.utcoffset()
    for here, there in zip(geometries(back), geometries(warning), strict=True):
        assert (here is None) == (there is None)
        if here is not None and there is not None:
            assert shapely.get_coordinates(here).tolist() == shapely.get_coordinates(there).tolist()


def test_values_of_one_name_are_kept_together_in_their_order() -> None:
    mixed: Named = (("a", "1"), ("b", "2"), ("a", "3"))
    (warning,) = reader().read((SAMPLES / "prefix.xml").read_bytes(), "x").warnings
    data = to_json(warning)
    data["infos"][0]["parameters"] = {"a": ["1", "3"], "b": ["2"]}
    assert sorted(from_json(data).infos[0].parameters) == sorted(mixed)


@pytest.mark.parametrize("name", ["full.xml", "cancel_without_info.xml", "geocode_only.xml"])
def test_every_key_is_there_in_the_promised_order(name: str) -> None:
    (warning,) = reader().read((SAMPLES / name).read_bytes(), name).warnings
    data = to_json(warning)
    assert ", ".join(data) == WARNING_KEYS
    for info in data["infos"]:
        assert ", ".join(info) == INFO_KEYS
        for area in info["areas"]:
            assert ", ".join(area) == AREA_KEYS


def test_values_are_as_sent_and_absent_ones_null_or_empty() -> None:
    (warning,) = reader().read((SAMPLES / "full.xml").read_bytes(), "x").warnings
    data = json.loads(json.dumps(to_json(warning)))
    assert data["sent"] == "2026-05-26T09:00:00+06:00"
    assert data["references"][2] == {"sender": None, "identifier": "lone-identifier", "sent": None}
    first, second = data["infos"]
    assert first["hazard"] == "tropical_cyclone"
    assert first["event_codes"] == {"OET:v1.2": ["OET-204"], "local": ["10"]}
    assert first["parameters"] == {"signal": ["10", "great danger"]}
    assert first["areas"][0]["geometry"]["type"] == "Polygon"
    assert first["areas"][0]["geometry"]["coordinates"][0][1] == [90.5, 22.4]
    assert first["resources"][0]["mime_type"] == "image/png"
    assert second["expires"] is second["headline"] is second["areas"][0]["geometry"] is None
    assert second["parameters"] == {}
    assert second["resources"] == []
