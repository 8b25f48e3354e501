"""A second, independent reading of CAP: who should be told, counted without the product's code.

Standard library only: ElementTree for the document, even-odd ray casting for polygons, the
haversine formula for circles.
"""

import math
import random
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

Ring = list[tuple[float, float]]  # lat, lon
ASSUMED_LIFE = timedelta(hours=12)


@dataclass(frozen=True)
class Place:
    """A home to put somebody in, and whether the document's warning covers it."""

    lat: float | None
    lon: float | None
    code: tuple[str, str] | None
    covered: bool


@dataclass(frozen=True)
class OracleArea:
    """One area: its rings, its circles (lat, lon, km) and its codes."""

    rings: list[Ring]
    circles: list[tuple[float, float, float]]
    codes: list[tuple[str, str]]

    def holds(self, lat: float, lon: float) -> bool:
        if any(inside(ring, lat, lon) for ring in self.rings):
            return True
        return any(distance(lat, lon, c[0], c[1]) <= c[2] for c in self.circles)


def local(element: ET.Element) -> str:
    return element.tag.rsplit("}", 1)[-1]


def children(element: ET.Element, name: str) -> list[ET.Element]:
    return [child for child in element if local(child) == name]


def text(element: ET.Element, name: str) -> str:
    found = children(element, name)
    return (found[0].text or "").strip() if found else ""


def moment(value: str) -> datetime | None:
    if not value:
        return None
    parsed = datetime.fromisoformat(value)
    return parsed if parsed.tzinfo else parsed.replace(tzinfo=UTC)


class Document:
    """One alert, read a second time."""

    def __init__(self, body: bytes) -> None:
        self.root = ET.fromstring(body.lstrip(b"\xef\xbb\xbf").lstrip())
        assert local(self.root) == "alert"
        self.sent = moment(text(self.root, "sent"))

    def may_reach_people(self) -> bool:
        # Some agencies send tests with status Actual and say so in the words alone.
        words = " ".join("".join(info.itertext()) for info in children(self.root, "info"))
        note = text(self.root, "note")
        if re.search(r"only a test|testMessage|[Tt]his example contains|\btestcase\b", words):
            return False
        events = {text(info, "event").casefold() for info in children(self.root, "info")}
        if events == {"tsunami information"}:  # says that there is none
            return False
        if re.search(r"\bexercise\b", note, re.IGNORECASE):
            return False
        return (
            text(self.root, "status") == "Actual"
            and text(self.root, "scope") in ("Public", "")
            and text(self.root, "msgType") in ("Alert", "Update")
        )

    def active_areas(self, now: datetime) -> list[OracleArea]:
        """The areas of every info that still warns at `now`."""
        assert self.sent is not None
        if not self.may_reach_people():
            return []
        return [
            _area(area)
            for info in children(self.root, "info")
            if _warns(info, now)
            for area in children(info, "area")
        ]

    def all_areas(self) -> list[OracleArea]:
        return [_area(a) for info in children(self.root, "info") for a in children(info, "area")]

    def places(self, now: datetime, seed: int) -> Iterator[Place]:
        """Homes inside and outside every area, none so near to an edge that rounding decides."""
        active = self.active_areas(now)
        codes = {
            code for area in active if not area.rings and not area.circles for code in area.codes
        }
        rng = random.Random(seed)
        for area in self.all_areas()[:6]:
            for lat, lon in _points(area, rng):
                if _clear_of_edges([*active, area], lat, lon):
                    yield Place(lat, lon, None, any(a.holds(lat, lon) for a in active))
            for code in area.codes[:2]:
                yield Place(None, None, code, code in codes)


def _warns(info: ET.Element, now: datetime) -> bool:
    expires = moment(text(info, "expires"))
    if expires is not None and expires <= now:
        return False
    if text(info, "urgency") == "Past":
        return False
    return all((r.text or "").strip() != "AllClear" for r in children(info, "responseType"))


def _area(area: ET.Element) -> OracleArea:
    rings = [ring for p in children(area, "polygon") if len(ring := _ring(p.text or "")) >= 3]
    circles = []
    for circle in children(area, "circle"):
        numbers = [float(n) for n in re.findall(r"-?\d+(?:\.\d+)?", circle.text or "")]
        if len(numbers) == 3:
            circles.append((numbers[0], numbers[1], numbers[2]))
    codes = []
    for geocode in children(area, "geocode"):
        names = children(geocode, "valueName")
        values = children(geocode, "value")
        for name, value in zip(names, values, strict=False):
            pair = ((name.text or "").strip(), (value.text or "").strip())
            if all(pair):
                codes.append(pair)
    return OracleArea(rings, circles, codes)


def _ring(value: str) -> Ring:
    pairs = re.findall(r"(-?\d+(?:\.\d+)?)\s*,\s*(-?\d+(?:\.\d+)?)", value)
    ring = [(float(lat), float(lon)) for lat, lon in pairs]
    return ring[:-1] if len(ring) > 1 and ring[0] == ring[-1] else ring


def inside(ring: Ring, lat: float, lon: float) -> bool:
    """Even-odd rule; a ring wider than half the world is taken to cross the antimeridian."""
    return any(_inside(ring, lat, lon + turn) for turn in (-360.0, 0.0, 360.0))


def _inside(ring: Ring, lat: float, lon: float) -> bool:
    odd = False
    for (lat1, lon1), (lat2, lon2) in zip(ring, ring[1:] + ring[:1], strict=True):
        if (lat1 > lat) != (lat2 > lat):
            crossing = lon1 + (lat - lat1) * (lon2 - lon1) / (lat2 - lat1)
            odd ^= lon < crossing
    return odd


def distance(lat1: float, lon1: float, lat2: float, lon2: float) -> float:
    """Kilometres on a sphere of mean radius."""
    p1, p2 = math.radians(lat1), math.radians(lat2)
    a = (
        math.sin((p2 - p1) / 2) ** 2
        + math.cos(p1) * math.cos(p2) * math.sin(math.radians(lon2 - lon1) / 2) ** 2
    )
    return 2 * 6371.0088 * math.asin(math.sqrt(a))


def _points(area: OracleArea, rng: random.Random) -> Iterator[tuple[float, float]]:
    for ring in area.rings[:3]:
        lats, lons = [p[0] for p in ring], [p[1] for p in ring]
        for _ in range(8):
            yield _within(rng, min(lats), max(lats), min(lons), max(lons))
    for lat, lon, km in area.circles[:3]:
        span = max(km, 1) / 111 * 1.6
        for _ in range(8):
            yield _within(rng, lat - span, lat + span, lon - span, lon + span)


def _within(
    rng: random.Random, south: float, north: float, west: float, east: float
) -> tuple[float, float]:
    high, wide = (north - south) * 0.25, (east - west) * 0.25
    lat = min(89.0, max(-89.0, rng.uniform(south - high, north + high)))
    lon = rng.uniform(west - wide, east + wide)
    return round(lat, 6), round((lon + 180) % 360 - 180, 6)


def _clear_of_edges(areas: list[OracleArea], lat: float, lon: float) -> bool:
    for area in areas:
        for ring in area.rings:
            near = max(max(p[0] for p in ring) - min(p[0] for p in ring), 1e-4) * 0.002
            south, north = lat - near, lat + near
            for a, b in zip(ring, ring[1:] + ring[:1], strict=True):
                if (a[0] < south and b[0] < south) or (a[0] > north and b[0] > north):
                    continue  # farther than that in latitude alone; it is so of most edges
                if any(_gap(lat, lon + turn, a, b) < near for turn in (-360, 0, 360)):
                    return False
        for c in area.circles:
            if abs(distance(lat, lon, c[0], c[1]) - c[2]) < max(c[2] * 0.03, 0.2):
                return False
    return True


def _gap(lat: float, lon: float, a: tuple[float, float], b: tuple[float, float]) -> float:
    """Distance in degrees from a point to a segment."""
    dy, dx = b[0] - a[0], b[1] - a[1]
    length = dy * dy + dx * dx
    t = 0.0 if length == 0 else max(0, min(1, ((lat - a[0]) * dy + (lon - a[1]) * dx) / length))
    return math.hypot(lat - a[0] - t * dy, lon - a[1] - t * dx)
