"""Whatever is wrong with a document: no crash, no hang, and no area wider than its text says."""

import random
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from xml.etree import ElementTree

import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import MultiPolygon

from carealert.services.ports.feeds import Reading, UnreadableDocument
from tests.conftest import SHARED
from tests.support import bounds, harmless, mutants
from tests.support.cap import SAMPLES, reader

READER = reader()
#: Of the processor's own time, so that a busy machine fails no test.
SECONDS = 2.0
XML = mutants.seeds(SHARED, ".xml", ".cap", ".atom", ".rss", ".edxlde")
JSON = mutants.seeds(SHARED, ".json", ".geojson")
#: Only these can be changed as trees.
TREES = [
    (name, body) for name, body in XML if b"<!DOCTYPE" not in body and not body.startswith(b"\xff")
]
CHANCES = st.randoms(use_true_random=False)
many = settings(
    max_examples=400, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@contextmanager
def deadline(seconds: float) -> Iterator[None]:
    """Fail where something takes longer than this; a pattern that is matched ends first."""

    def late(_: int, __: FrameType | None) -> None:
        raise AssertionError(f"took longer than {seconds} s")

    before = signal.signal(signal.SIGPROF, late)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def read(body: bytes) -> Reading | None:
    """What is read and drawn, if anything; any other failure is the test's."""
    with deadline(SECONDS):
        try:
            reading = READER.read(body, "https://met.example/feed")
        except UnreadableDocument:
            return None
        harmless.shapes_of(reading.warnings)
        return reading


@many
@given(st.sampled_from(XML + JSON), CHANCES)
def test_no_accident_to_the_bytes_does_harm(seed: tuple[str, bytes], chance: random.Random) -> None:
    check(mutants.of_bytes(seed[1], chance))


@many
@given(st.sampled_from(TREES), CHANCES)
def test_no_accident_to_the_elements_does_harm(
    seed: tuple[str, bytes], chance: random.Random
) -> None:
    try:
        body = mutants.of_tree(seed[1], chance)
    except ElementTree.ParseError:
        return  # some samples are broken on purpose
    check(body)


@many
@given(st.sampled_from([seed for seed in JSON if seed[1][:1] in b"{["]), CHANCES)
def test_no_accident_to_json_values_does_harm(
    seed: tuple[str, bytes], chance: random.Random
) -> None:
    check(mutants.of_json(seed[1], chance))


#: Texts that cost a careless pattern the square, the cube or more of their length.
HOSTILE = {
    "digits": "1" * 600 + "," + "1" * 600 + "x 2,3 4,5 6,7 2,3",  # enough for the fourth power
    "numbers": "1" * 600 + "," + "1" * 600 + " " + "1" * 600 + "x",
    "points": "1." + "1" * 600 + ".," * 3000,
    "spaces": "a" + " \t" * 8000 + "\n,",
    "brackets": "(" * 4000 + "1,2" + ")" * 4000,
    "quotes": '" ' * 8000 + "x",
    "slashes": "/O." * 5000 + "x",
    "letters": "a" * 30_000 + "!",
    "far": "1" * 5000,
    "tiny": "0." + "0" * 5000 + "1,0 1e-400,1e400 2,2",
}
LEAVES = re.findall(
    r"\w+",
    "identifier sender sent status references addresses incidents language category event "
    "responseType severity expires headline description parameter eventCode geocode size "
    "altitude polygon circle",
)


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
@pytest.mark.parametrize("name", LEAVES)
def test_no_text_takes_long(name: str, text: str) -> None:
    body = (SAMPLES / "full.xml").read_text(encoding="utf-8")
    pair = f"<valueName>{text}</valueName><value>{text}</value>"
    inside = pair if name in ("parameter", "eventCode", "geocode") else text
    changed = re.sub(rf"<{name}>.*?</{name}>", f"<{name}>{inside}</{name}>", body, flags=re.DOTALL)
    assert changed != body
    check(changed.encode())


def check(body: bytes) -> None:
    if (reading := read(body)) is not None:
        harmless.check(body, reading)


def test_the_bound_is_a_hull_and_no_more() -> None:
    square = bounds.of_polygon("10,20 10,22 12,22 12,20 10,20")
    assert bounds.exceeds(shapely.box(20, 10, 22, 12), square) == 0
    assert bounds.exceeds(shapely.box(20, 10, 22.1, 12), square) > 0.1


def test_the_bound_crosses_the_antimeridian_the_short_way() -> None:
    fiji = bounds.of_polygon("-16,178 -16,-178 -18,-178 -18,178 -16,178")
    both = MultiPolygon([shapely.box(178, -18, 180, -16), shapely.box(-180, -18, -178, -16)])
    assert bounds.exceeds(both, fiji) == 0
    assert bounds.exceeds(shapely.box(0, -18, 10, -16), fiji) == pytest.approx(20, rel=1e-3)


def test_the_bound_of_a_circle_is_its_radius() -> None:
    far = bounds.of_circle("60,10 100")
    assert bounds.exceeds(shapely.Point(10, 60).buffer(0.89), far) == 0
    assert not far.contains(shapely.Point(10, 60.95))
    assert far.contains(shapely.Point(11.75, 60))
    assert not far.contains(shapely.Point(11.9, 60))


def test_an_endless_reader_is_caught() -> None:
    with pytest.raises(AssertionError, match="longer"), deadline(0.05):
        _endless()


def _endless() -> None:
    while True:
        pass
