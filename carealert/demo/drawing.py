"""Drawing from shares, names and areas with a seeded generator."""

import random
from collections.abc import Mapping
from typing import TypeVar

from shapely import Point, get_parts, prepare
from shapely.geometry.base import BaseGeometry

from carealert.demo import pools

Row = dict[str, str]
_Key = TypeVar("_Key")


def quota(rng: random.Random, count: int, shares: Mapping[str, float]) -> list[str]:
    """`count` values in random order, each as often as its share says (largest remainder)."""
    whole = sum(shares.values())
    exact = {value: count * share / whole for value, share in shares.items()}
    counts = {value: int(wanted) for value, wanted in exact.items()}
    by_rest = sorted(exact, key=lambda value: counts[value] - exact[value])
    for value in by_rest[: count - sum(counts.values())]:
        counts[value] += 1
    values = [str(value) for value, n in counts.items() for _ in range(n)]
    rng.shuffle(values)
    return values


def weighted(rng: random.Random, weights: Mapping[_Key, float]) -> _Key:
    """One key, as likely as its weight."""
    return rng.choices(list(weights), list(weights.values()))[0]


def point_inside(rng: random.Random, geometry: BaseGeometry) -> tuple[str, str]:
    """(lat, lon) of a random point strictly inside, as written: 5 decimals, about a metre."""
    part = _part(rng, geometry)
    prepare(part)
    west, south, east, north = part.bounds
    for _ in range(200):
        lat, lon = f"{rng.uniform(south, north):.5f}", f"{rng.uniform(west, east):.5f}"
        if part.contains(Point(float(lon), float(lat))):
            return lat, lon
    # A sliver is hardly ever hit by chance.
    point = part.representative_point()
    return repr(point.y), repr(point.x)


def _part(rng: random.Random, geometry: BaseGeometry) -> BaseGeometry:
    """One polygon of several, as likely as it is large."""
    parts: list[BaseGeometry] = [p for p in get_parts(geometry).tolist() if p.area > 0]
    if len(parts) < 2:
        return parts[0] if parts else geometry
    return rng.choices(parts, [part.area for part in parts])[0]


def name_for(rng: random.Random, gender: str) -> str:
    """An invented name; where the gender says nothing, any."""
    given = {"woman": pools.WOMEN, "man": pools.MEN}.get(gender, pools.WOMEN + pools.MEN)
    return f"{rng.choice(given)} {rng.choice(pools.FAMILY)}"


def second_language(rng: random.Random, first: str) -> str:
    """Most people whose first language is not Bangla read some Bangla."""
    if first == "bn":
        return "en" if rng.random() < 0.2 else ""
    return "bn" if rng.random() < 0.7 else ""


def expiry(life: str) -> str:
    """When a consent ends: never, so late that the demo outlives us, or before it began."""
    return {"far": "2044-05-26T00:00:00+06:00", "expired": "2024-01-31T00:00:00+06:00"}.get(
        life, ""
    )
