"""Any message that the standard allows, written in any way that XML allows, is read unchanged."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPoint, MultiPolygon, Polygon

from carealert.domain.hazards import Hazard
from carealert.domain.warnings import (
    Area,
    Category,
    Certainty,
    HazardWarning,
    Info,
    MsgType,
    Reference,
    Resource,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from tests.support.cap import reader
from tests.support.cap_writer import WRAPPERS, Style, write

READER = reader()

# Every character that XML 1.0 allows, the control characters of Latin-1 too (section 2.2).
CHARACTERS = st.characters(
    exclude_categories=("Cs", "Cc"), include_characters="\t\n", exclude_characters="\ufffe\uffff"
)
# Where text begins and ends is not part of it.
TEXT = st.text(CHARACTERS, min_size=1, max_size=30).map(str.strip).filter(bool)
NAMES = st.sampled_from(("SAME", "EMMA_ID", "VTEC", "awareness_level", "profile:CAP-CP:Event:0.4"))
# No spaces, commas or restricted characters (CAP 1.2, 3.2.1).
KEYS = st.text(st.characters(exclude_categories=("C", "Z"), exclude_characters=',<&"'), min_size=1)
# In a list, words with spaces are quoted (CAP 1.2, 3.2.1 `addresses`).
WORDS = TEXT.map(lambda text: " ".join(text.replace('"', "'").split())).filter(bool)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))
MOMENTS = st.datetimes(
    datetime(1990, 1, 1),  # noqa: DTZ001
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=ZONES,
).map(lambda moment: moment.replace(microsecond=0))
NAMED = st.lists(st.tuples(NAMES | TEXT, TEXT), max_size=3).map(tuple)
HEIGHTS = st.floats(-1500, 60_000).map(lambda feet: round(feet, 4))
STYLES = st.builds(
    Style,
    prefix=st.sampled_from(("", "cap", "a.b-1")),
    namespace=st.sampled_from(
        (
            "urn:oasis:names:tc:emergency:cap:1.2",
            "urn:oasis:names:tc:emergency:cap:1.1",
            "http://www.incident.com/cap/1.0",
        )
    ),
    encoding=st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "iso-8859-1", "us-ascii")),
    wrapper=st.sampled_from(sorted(WRAPPERS)),
    cdata=st.booleans(),
    comments=st.booleans(),
    padding=st.sampled_from(("", "\n\t ")),
    zulu=st.sampled_from(("-00:00", "+00:00", "Z")),
    reverse=st.booleans(),
)


def optional(strategy: st.SearchStrategy[str]) -> st.SearchStrategy[str | None]:
    return st.none() | strategy


@st.composite
def shapes(draw: st.DrawFn) -> MultiPolygon | None:
    """Convex rings side by side, one to each of up to three strips of the world."""
    parts = []
    for strip in range(draw(st.integers(0, 3))):
        near = st.tuples(
            st.floats(-170 + 100 * strip, -90 + 100 * strip), st.floats(-80, 80, width=32)
        )
        hull = MultiPoint(draw(st.lists(near, min_size=3, max_size=9))).convex_hull
        if isinstance(hull, Polygon) and hull.area > 1e-9:
            parts.append(hull)
    return MultiPolygon(parts) if parts else None


RESOURCES = st.builds(
    Resource,
    resource_desc=optional(TEXT),
    mime_type=optional(TEXT),
    size=st.none() | st.integers(0, 10**9),
    uri=optional(TEXT),
    digest=optional(TEXT),
)
AREAS = st.builds(
    Area,
    area_desc=TEXT,
    geometry=shapes(),
    geocodes=NAMED,
    altitude=st.none() | HEIGHTS,
    ceiling=st.none() | HEIGHTS,
    shape_url=st.none(),
)
INFOS = st.builds(
    Info,
    language=optional(st.sampled_from(("en-US", "bn", "sr-Latn", "zh-mo", "de-LS", "HI"))),
    categories=st.lists(st.sampled_from(Category), min_size=1, max_size=3).map(tuple),
    event=TEXT,
    hazard=st.just(Hazard.OTHER),
    response_types=st.lists(st.sampled_from(ResponseType), max_size=3).map(tuple),
    urgency=st.sampled_from(Urgency),
    severity=st.sampled_from(Severity),
    certainty=st.sampled_from(Certainty),
    audience=optional(TEXT),
    event_codes=NAMED,
    effective=st.none() | MOMENTS,
    onset=st.none() | MOMENTS,
    expires=st.none() | MOMENTS,
    sender_name=optional(TEXT),
    headline=optional(TEXT),
    description=optional(TEXT),
    instruction=optional(TEXT),
    web=optional(TEXT),
    contact=optional(TEXT),
    parameters=NAMED,
    resources=st.lists(RESOURCES, max_size=2).map(tuple),
    areas=st.lists(AREAS, max_size=2).map(tuple),
    assessed_severity=st.none(),
    hazard_if_real=st.none(),
    evidence=st.just(()),
)
REFERENCES = st.builds(Reference, sender=KEYS, identifier=KEYS, sent=MOMENTS) | st.builds(
    Reference, sender=st.none(), identifier=KEYS, sent=st.none()
)
WARNINGS = st.builds(
    HazardWarning,
    identifier=KEYS,
    sender=KEYS,
    sent=MOMENTS,
    status=st.sampled_from(Status),
    msg_type=st.sampled_from(MsgType),
    scope=st.sampled_from(Scope),
    source=optional(TEXT),
    restriction=optional(TEXT),
    addresses=st.lists(WORDS, max_size=3).map(tuple),
    codes=st.lists(TEXT, max_size=3).map(tuple),
    note=optional(TEXT),
    references=st.lists(REFERENCES, max_size=3).map(tuple),
    incidents=st.lists(WORDS, max_size=3).map(tuple),
    infos=st.lists(INFOS, max_size=3).map(tuple),
    event_keys=st.just(()),
)


@settings(
    max_examples=120, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)
@given(st.lists(WARNINGS, min_size=1, max_size=2), STYLES)
def test_a_message_comes_back_as_it_was_written(written: list[HazardWarning], style: Style) -> None:
    reading = READER.read(write(written, style), "https://met.example/a.xml")
    assert not [problem for problem in reading.problems if problem.level == "error"]
    assert [plain(one) for one in reading.warnings] == [plain(one) for one in written]
    for found, meant in zip(reading.warnings, written, strict=True):
        compare_offsets(found, meant)
        compare_shapes(found, meant)


def plain(warning: HazardWarning) -> HazardWarning:
    """Without what the reader adds of its own knowledge, and without shapes.

    An end before the message was sent is not believed: it may be left out.
    """
    infos = (
        replace(
            info,
            hazard=Hazard.OTHER,
            assessed_severity=None,
            hazard_if_real=None,
            evidence=(),
            expires=None if ended(info, warning) else info.expires,
            areas=tuple(replace(area, geometry=None, shape_url=None) for area in info.areas),
        )
        for info in warning.infos
    )
    return replace(warning, infos=tuple(infos), event_keys=())


def ended(info: Info, warning: HazardWarning) -> bool:
    return info.expires is not None and info.expires < warning.sent


def compare_offsets(found: HazardWarning, meant: HazardWarning) -> None:
    """Equal times may be of different zones; the sender's own is kept."""
    assert found.sent.utcoffset() == meant.sent.utcoffset()
    for one, other in zip(found.infos, meant.infos, strict=True):
        for name in ("effective", "onset", "expires"):
            times = getattr(one, name), getattr(other, name)
            assert None in times or times[0].utcoffset() == times[1].utcoffset()


def compare_shapes(found: HazardWarning, meant: HazardWarning) -> None:
    pairs = zip(
        (area for info in found.infos for area in info.areas),
        (area for info in meant.infos for area in info.areas),
        strict=True,
    )
    for one, other in pairs:
        assert (one.geometry is None) == (other.geometry is None)
        if one.geometry is not None and other.geometry is not None:
            assert one.geometry.is_valid
            assert one.geometry.symmetric_difference(other.geometry).area < 1e-9
