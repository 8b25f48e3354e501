"""Earthquakes of USGS and GeoNet: estimates, and only where the shaking can do damage."""

import json
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from carealert.adapters.db.warnings import SqlWarnings
from carealert.adapters.warning_json import from_json, to_json
from carealert.domain.gist import gist_of
from carealert.domain.hazards import Hazard
from carealert.domain.incidents import Tie, by_content, same_event
from carealert.domain.warnings import (
    Certainty,
    HazardWarning,
    Info,
    MsgType,
    Severity,
    Status,
    Urgency,
    is_over,
)
from carealert.services.ports.feeds import Reading, UnreadableDocument
from tests.support.cap import NOW, SAMPLES, reader
from tests.support.captured import document
from tests.support.documents import a_document
from tests.support.json_mutations import mutated

READER = reader()
BASE = "https://earthquake.usgs.gov/earthquakes/feed/v1.0/summary/2.5_day.geojson"
ORIGIN = datetime(2026, 5, 26, tzinfo=UTC)
MS = 1_779_753_600_000  # the same moment
MINUTE = 60_000


def sample(name: str) -> Any:
    return json.loads((SAMPLES / name).read_bytes())


def read(value: Any, format_name: str = "auto") -> Reading:
    return READER.read(json.dumps(value).encode(), BASE, format_name)


def usgs(*, at: Any = (-71.2, -30.1, 20.0), number: Any = "us7000abcd", **changes: Any) -> Reading:
    """The magnitude 6.5 of the sample alone, with these properties changed."""
    value = sample("usgs_quakes.json")
    del value["features"][1:]
    (feature,) = value["features"]
    feature["id"] = number
    feature["properties"].update(changes)
    feature["geometry"]["coordinates"] = list(at) if isinstance(at, tuple) else at
    return read(value)


def geonet(**changes: Any) -> Reading:
    """The magnitude 6.8 of the sample alone, with these properties changed."""
    value = sample("geonet_quakes.json")
    del value["features"][1:]
    value["features"][0]["properties"].update(changes)
    return read(value)


def only(reading: Reading) -> HazardWarning:
    (warning,) = reading.warnings
    return warning


def info_of(warning: HazardWarning) -> Info:
    (info,) = warning.infos
    return info


def refused(reading: Reading, words: str, level: str = "notice") -> bool:
    """True if there is no warning, and the feature's own line says why."""
    said = [(p.level, p.what) for p in reading.problems if p.where.startswith("feature[1]")]
    return not reading.warnings and any(words in what and level == how for how, what in said)


def test_a_damaging_earthquake_is_an_estimate_and_says_so() -> None:
    warning = only(usgs())
    assert warning.key == ("earthquake.usgs.gov", "us7000abcd", ORIGIN + timedelta(minutes=15))
    assert warning.sent.utcoffset() == timedelta()
    assert (warning.status, warning.msg_type) == (Status.ACTUAL, MsgType.ALERT)
    info = info_of(warning)
    assert info.hazard is Hazard.EARTHQUAKE
    for said in (warning.source, info.event, info.headline, info.description):
        assert "estimate" in (said or "").casefold()
    assert "not a warning" in (warning.source or "")
    for fact in ("magnitude 6.5", "20 km deep", "12 km N of Anytown, Chile", "2026-05-26 00:00"):
        assert fact in (info.description or "")
    assert "(estimate)" in info.areas[0].area_desc
    assert ("mag", "6.5") in info.parameters
    assert ("alert", "yellow") in info.parameters
    assert info.instruction is None


def test_the_area_is_the_circle_in_which_shaking_is_damaging() -> None:
    shape = info_of(only(usgs(mmi=None))).areas[0].geometry
    assert shape is not None
    west, south, east, north = shape.bounds
    assert (north - south) / 2 * 110.9 == pytest.approx(40.5, abs=0.5)
    assert ((west + east) / 2, (south + north) / 2) == pytest.approx((-71.2, -30.1), abs=0.01)


def test_shaking_of_the_shakemap_that_is_stronger_widens_it() -> None:
    plain, raised = info_of(only(usgs(mmi=None))), info_of(only(usgs(mmi=8.4)))
    assert (plain.severity, raised.severity) == (Severity.SEVERE, Severity.EXTREME)
    one, other = plain.areas[0].geometry, raised.areas[0].geometry
    assert one is not None
    assert other is not None
    assert other.contains(one)
    assert "the agency's own, and counts as the greater one" in " ".join(raised.evidence)


def test_the_warning_ends_a_day_after_the_shaking_so_that_an_old_list_warns_nobody() -> None:
    info = info_of(only(usgs()))
    assert (info.onset, info.expires) == (ORIGIN, ORIGIN + timedelta(hours=24))
    assert info.urgency is Urgency.IMMEDIATE
    assert not is_over(info, ORIGIN + timedelta(hours=23))
    assert is_over(info, ORIGIN + timedelta(hours=24))


def test_a_revision_more_than_a_day_later_is_no_warning() -> None:
    day = 24 * 60 * MINUTE
    assert only(usgs(updated=MS + day - 1))
    assert refused(usgs(updated=MS + day), "more than a day after")


@pytest.mark.parametrize(
    ("status", "mmi", "expected"),
    [
        ("automatic", None, Certainty.POSSIBLE),
        ("automatic", 7.4, Certainty.POSSIBLE),
        ("reviewed", None, Certainty.LIKELY),
        ("reviewed", 5.5, Certainty.LIKELY),
        ("reviewed", 7.4, Certainty.OBSERVED),
        ("something", 7.4, Certainty.POSSIBLE),
        (None, 7.4, Certainty.POSSIBLE),
    ],
)
def test_how_certain_it_is_depends_on_who_has_looked(
    status: str | None, mmi: float | None, expected: Certainty
) -> None:
    assert info_of(only(usgs(status=status, mmi=mmi))).certainty is expected


def test_an_earthquake_that_damages_nothing_gives_a_line_and_no_warning() -> None:
    assert refused(usgs(mag=4.2, mmi=None), "magnitude 4.2, estimated intensity III")
    assert refused(usgs(at=(-71.2, -30.1, 120.0), mmi=None), "no warning")


@pytest.mark.parametrize("kind", ["quarry blast", "explosion", "ice quake", "sonic boom"])
def test_what_is_no_earthquake_is_no_warning(kind: str) -> None:
    assert refused(usgs(type=kind), f"is a {kind}")


def test_the_tsunami_flag_is_no_tsunami_warning() -> None:
    info = info_of(only(usgs(tsunami=1)))
    assert info.hazard is Hazard.EARTHQUAKE
    assert "no tsunami warning" in (info.description or "")
    assert "no tsunami warning" in " ".join(info.evidence)
    assert "tsunami" not in (info_of(only(usgs(tsunami=0))).description or "")


def test_a_deleted_earthquake_is_cancelled_whatever_else_it_says() -> None:
    for reading in (usgs(status="deleted"), usgs(status="deleted", mag=None, type=None)):
        cancel = only(reading)
        assert (cancel.msg_type, cancel.infos) == (MsgType.CANCEL, ())
        assert cancel.event_keys == ("quake:usgs:us7000abcd", "quake:usgs:at00xyz")


def test_every_number_of_the_earthquake_is_an_event_key() -> None:
    warning = only(usgs(ids=",at00xyz,,us7000abcd, nc123 ,"))
    assert warning.event_keys == (
        "quake:usgs:us7000abcd",
        "quake:usgs:at00xyz",
        "quake:usgs:nc123",
    )


def test_a_revision_takes_the_place_of_the_first_report_even_under_another_number() -> None:
    first = only(usgs(number="at00xyz", ids=",at00xyz,", updated=MS + MINUTE, status="automatic"))
    moved = only(usgs(at=(-72.9, -31.0, 12.0), updated=MS + 20 * MINUTE))
    gone = only(usgs(status="deleted", updated=MS + 30 * MINUTE))
    for later in (moved, gone):
        link = by_content(gist_of(later), gist_of(first))
        assert link is not None
        assert (link.tie, link.replaces) == (Tie.EVENT_KEY, True)


def test_the_store_keeps_one_incident_and_only_the_newest_revision(engine: Engine) -> None:
    reports = [
        only(usgs(number="at00xyz", ids=",at00xyz,", updated=MS + MINUTE, mmi=None)),
        only(usgs(updated=MS + 20 * MINUTE)),
        only(usgs(updated=MS + 20 * MINUTE)),
        only(usgs(updated=MS + 40 * MINUTE, mag=6.7)),
    ]
    with engine.begin() as connection:
        store, kept = SqlWarnings(connection), a_document(connection)
        saved = [store.save(report, kept, NOW) for report in reports]
        assert saved[2] is None
        stored = [store.get(one.id) for one in saved if one]
        assert len({one.incident for one in stored}) == 1
        assert [one.superseded_by is None for one in stored] == [False, False, True]


def test_two_earthquakes_are_two_events() -> None:
    other = only(usgs(number="us7000zzzz", ids=",us7000zzzz,", time=MS + MINUTE, updated=MS + 16))
    link = by_content(gist_of(only(usgs())), gist_of(other))
    assert link is None or not link.replaces


def test_one_earthquake_in_two_catalogues_is_one_event() -> None:
    here = usgs(at=(178.9, -38.4, 15.0), mag=6.7, mmi=None)
    link = same_event(gist_of(only(here)), gist_of(only(geonet())))
    assert link is not None


@pytest.mark.parametrize(
    ("changes", "words", "level"),
    [
        ({"mag": None}, "has no magnitude yet", "notice"),
        ({"mag": "strong"}, "is not a number", "notice"),
        ({"mag": 65}, "65 is not possible", "notice"),
        ({"time": None, "updated": None}, "is no time", "error"),
        ({"time": "yesterday"}, "is no time", "error"),
        ({"time": 10**30}, "is no time", "error"),
        ({"time": 9 * 10**14}, "is no time", "error"),
        ({"time": True}, "is no time", "error"),
        ({"at": None}, "is no place on earth", "error"),
        ({"at": (1.0,)}, "is no place on earth", "error"),
        ({"at": ("east", "north")}, "is no place on earth", "error"),
        ({"at": (10.0, 99.0, 10.0)}, "is no place on earth", "error"),
        ({"number": None, "ids": ",,"}, "has no id", "error"),
        ({"number": 5, "ids": None}, "has no id", "error"),
        ({"number": "u" * 900}, "longer than", "error"),
    ],
)
def test_what_cannot_be_read_is_said(changes: dict[str, Any], words: str, level: str) -> None:
    assert refused(usgs(**changes), words, level)


def test_a_number_written_as_text_is_read_and_told() -> None:
    reading = usgs(mag="6.5", mmi=None)
    assert info_of(only(reading)).severity is Severity.SEVERE
    assert [problem.where for problem in reading.problems] == ["feature[1]/mag"]


@pytest.mark.parametrize("at", [(-71.2, -30.1), (-71.2, -30.1, None), (-71.2, -30.1, 5000)])
def test_a_depth_that_is_not_known_is_assumed_and_told(at: tuple[Any, ...]) -> None:
    info = info_of(only(usgs(at=at)))
    assert "depth not known" in (info.description or "")
    assert "depth: not given, assumed" in info.evidence


def test_an_intensity_that_cannot_be_is_left_out() -> None:
    reading = usgs(mmi=74)
    assert info_of(only(reading)).evidence == info_of(only(usgs(mmi=None))).evidence
    assert [problem.where for problem in reading.problems] == ["feature[1]/mmi"]


def test_a_record_without_updated_counts_from_the_shaking() -> None:
    assert only(usgs(updated=None)).sent == ORIGIN


def test_the_sample_of_usgs_has_one_warning_and_a_line_for_each_of_the_others() -> None:
    reading = read(sample("usgs_quakes.json"))
    assert [(one.identifier, one.msg_type) for one in reading.warnings] == [
        ("us7000abcd", MsgType.ALERT),
        ("us7000gone", MsgType.CANCEL),
    ]
    assert [problem.where for problem in reading.problems] == [
        "feature[2]",
        "feature[3]",
        "feature[4]",
    ]


def test_a_single_earthquake_is_read_as_one_of_a_list() -> None:
    feature = sample("usgs_quakes.json")["features"][0]
    assert only(read(feature)).identifier == "us7000abcd"


@pytest.mark.parametrize(
    ("name", "format_name"), [("usgs_empty.json", "usgs"), ("geonet_empty.json", "geonet")]
)
def test_a_quiet_hour_is_healthy(name: str, format_name: str) -> None:
    reading = read(sample(name))
    assert (reading.format, reading.warnings, reading.problems) == (format_name, (), ())


def test_geonets_earthquake_is_an_estimate_too() -> None:
    warning = only(geonet())
    assert (warning.sender, warning.identifier) == ("geonet.org.nz", "2026p100001")
    assert warning.event_keys == ("quake:geonet:2026p100001",)
    info = info_of(warning)
    assert (info.hazard, info.severity) == (Hazard.EARTHQUAKE, Severity.SEVERE)
    assert info.onset == ORIGIN + timedelta(milliseconds=500)
    assert info.certainty is Certainty.LIKELY
    assert info_of(only(geonet(quality="preliminary"))).certainty is Certainty.POSSIBLE
    assert "95 km east of Gisborne" in (info.headline or "")


def test_a_circle_across_the_antimeridian_is_split_there() -> None:
    value = sample("geonet_quakes.json")
    value["features"][0]["geometry"]["coordinates"] = [179.9, -38.4]
    shape = info_of(read(value).warnings[0]).areas[0].geometry
    assert shape is not None
    assert shape.bounds[0] == -180
    assert shape.bounds[2] == 180
    assert shapely.intersects_xy(shape, -179.8, -38.4)
    assert not shapely.intersects_xy(shape, 0, -38.4)


def test_geonets_revisions_follow_one_another_without_a_time_of_their_own() -> None:
    preliminary = only(geonet(quality="preliminary", magnitude=6.4))
    best = only(geonet(quality="best", magnitude=6.2, mmi=5))
    stronger = only(geonet(quality="best", magnitude=6.9, mmi=7))
    deleted = only(geonet(quality="deleted"))
    in_order = [preliminary, best, stronger, deleted]
    assert sorted(in_order, key=lambda one: one.sent) == in_order
    assert len({one.key for one in in_order}) == 4
    assert deleted.sent - info_of(best).onset < timedelta(seconds=1)  # type: ignore[operator]
    for earlier, later in pairwise(in_order):
        link = by_content(gist_of(later), gist_of(earlier))
        assert link is not None
        assert link.replaces


def test_a_quality_that_geonet_does_not_have_is_read_as_preliminary() -> None:
    reading = geonet(quality="splendid")
    assert info_of(only(reading)).certainty is Certainty.POSSIBLE
    assert [problem.where for problem in reading.problems] == ["feature[1]/quality"]


@pytest.mark.parametrize(
    ("changes", "words", "level"),
    [
        ({"publicID": None}, "has no id", "error"),
        ({"time": "soon"}, "is no time", "error"),
        ({"time": 5}, "is no time", "error"),
        ({"magnitude": None}, "has no magnitude yet", "notice"),
        ({"magnitude": 3.0, "mmi": 3}, "no warning", "notice"),
    ],
)
def test_what_geonet_lacks_is_said(changes: dict[str, Any], words: str, level: str) -> None:
    assert refused(geonet(**changes), words, level)


@pytest.mark.parametrize("format_name", ["usgs", "geonet"])
@pytest.mark.parametrize("value", [{}, [], {"type": "FeatureCollection"}, {"type": "Topology"}, 5])
def test_what_is_no_list_of_earthquakes_is_refused(format_name: str, value: Any) -> None:
    with pytest.raises(UnreadableDocument):
        read(value, format_name)


MUTANTS = st.sampled_from(("usgs_quakes.json", "geonet_quakes.json")).flatmap(
    lambda name: mutated(sample(name))
)


@settings(max_examples=200, deadline=None)
@given(body=MUTANTS)
def test_malformed_json_gives_problems_and_never_another_exception(body: bytes) -> None:
    for format_name in ("auto", "usgs", "geonet"):
        try:
            reading = READER.read(body, BASE, format_name)
        except UnreadableDocument:
            continue
        for warning in reading.warnings:
            stored = json.dumps(to_json(warning), ensure_ascii=False)
            assert "\0" not in stored.encode().decode()
            assert from_json(json.loads(stored)).key == warning.key
            for info in warning.infos:
                assert info.expires is not None
                assert info.areas[0].geometry is not None
                assert info.areas[0].geometry.is_valid


@pytest.mark.shared
def test_captured_earthquakes_warn_only_where_the_shaking_can_do_damage(shared: Path) -> None:
    reading = READER.read(document(shared, "simonw+usgs-scraper/usgs.json"), BASE)
    # By hand: magnitude 5.2 and more at 10 km; the 5.8 was 61 km deep, the 5.0s are just below.
    assert [one.identifier for one in reading.warnings] == [
        "us6000tmrw",
        "us6000tmrn",
        "us6000tmq6",
        "us6000tmq5",
    ]
    assert len(reading.problems) == 33
    for name in ("quake-mmi-1.json", "quake-mmi0.json"):
        folder = "exxamalte+python-aio-geojson-geonetnz-quakes"
        quiet = READER.read(document(shared, f"{folder}/{name}"), BASE)
        assert (quiet.format, quiet.warnings, len(quiet.problems)) == ("geonet", (), 94)
