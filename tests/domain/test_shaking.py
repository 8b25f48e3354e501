"""The estimate of shaking: the published equation, and what is made of it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carealert.domain.shaking import (
    DAMAGING,
    LEAST_KM,
    MOST_RAISED,
    Shaking,
    estimate,
    intensity,
    numeral,
    severity_of,
)
from carealert.domain.warnings import Severity

MAGNITUDES = st.floats(-3, 10)
DEPTHS = st.floats(-20, 800)
DEGREES = st.floats(-1, 12)


@pytest.mark.parametrize(
    ("magnitude", "distance", "expected"),
    [
        # Worked out by hand from the equation and table of the paper (hypocentral distance):
        # 2.085 + 1.428 M - 1.402 ln sqrt(R² + (-0.209 + 2.042 e^(M-5))²) + 0.078 ln(R/50)
        (5.0, 10.0, 5.973),  # 9.225 - 1.402 * 2.3190
        (6.0, 30.0, 5.862),  # 10.653 - 1.402 * 3.4168
        (7.0, 50.0, 6.536),  # 12.081 - 1.402 * 3.9544
        (7.0, 200.0, 4.757),  # 12.081 - 1.402 * 5.3011 + 0.078 * 1.3863
        (7.9, 300.0, 5.499),  # 13.3662 - 1.402 * 5.7113 + 0.078 * 1.7918
    ],
)
def test_the_equation_gives_what_the_paper_says(
    magnitude: float, distance: float, expected: float
) -> None:
    assert intensity(magnitude, distance) == pytest.approx(expected, abs=0.002)


@pytest.mark.parametrize(
    ("magnitude", "depth", "radius"),
    [
        (5.0, 10, None),
        (5.5, 10, 13),
        (6.0, 10, 25),
        (6.5, 10, 44),
        (7.0, 10, 76),
        (7.5, 10, 132),
        (8.0, 10, 227),
        (6.0, 30, None),
        (6.5, 30, 34),
        (7.0, 30, 71),
        (7.0, 70, 32),
        (7.5, 70, 112),
        (7.0, 100, None),
        (7.5, 100, 86),
        (8.0, 100, 204),
    ],
)
def test_the_radii_are_those_of_the_officers_table(
    magnitude: float, depth: float, radius: int | None
) -> None:
    found = estimate(magnitude, depth).radius_km
    assert (found if found is None else round(found)) == radius


def test_at_the_radius_the_shaking_is_just_damaging() -> None:
    found = estimate(6.8, 25)
    assert found.radius_km is not None
    assert intensity(6.8, math.hypot(found.radius_km, 25)) == pytest.approx(DAMAGING, abs=0.01)
    assert found.intensity == pytest.approx(intensity(6.8, 25))


def test_below_magnitude_5_the_equation_has_no_say() -> None:
    assert intensity(4.9, 5) > DAMAGING
    assert estimate(4.9, 5).radius_km is None
    assert estimate(5.0, 5).radius_km is not None


def test_damaging_shaking_that_the_agency_gives_counts_below_magnitude_5() -> None:
    found = estimate(4.6, 8, 6.3)
    assert found.intensity == 6.3
    assert found.radius_km is not None
    assert found.radius_km >= LEAST_KM


def test_stronger_shaking_that_the_agency_gives_raises_the_whole_estimate() -> None:
    plain, raised = estimate(6.0, 20), estimate(6.0, 20, 7.5)
    assert plain.radius_km is not None
    assert raised.radius_km is not None
    assert raised.intensity == 7.5
    more = 7.5 - plain.intensity
    edge = intensity(6.0, math.hypot(raised.radius_km, 20))
    assert edge == pytest.approx(DAMAGING - more, abs=0.01)
    assert raised.radius_km > plain.radius_km


def test_weaker_shaking_that_the_agency_gives_lowers_nothing() -> None:
    assert estimate(6.2, 10, 3.8) == estimate(6.2, 10)


def test_what_the_equation_cannot_explain_widens_the_circle_by_two_degrees_at_most() -> None:
    assert estimate(3.0, 600, 8.0) == Shaking(8.0, LEAST_KM)
    wide = estimate(6.0, 10, 12.0).radius_km
    assert wide is not None
    edge = intensity(6.0, math.hypot(wide, 10))
    assert edge == pytest.approx(DAMAGING - MOST_RAISED, abs=0.01)


def test_a_depth_that_is_not_known_is_taken_as_10_km_and_a_height_as_5_km() -> None:
    assert estimate(6.0, None) == estimate(6.0, 10)
    assert estimate(6.0, -2.0) == estimate(6.0, 5) == estimate(6.0, 0)


@pytest.mark.parametrize(
    ("degree", "expected"),
    [
        (5.99, Severity.MINOR),
        (6.0, Severity.MODERATE),
        (6.99, Severity.MODERATE),
        (7.0, Severity.SEVERE),
        (8.0, Severity.EXTREME),
        (12.0, Severity.EXTREME),
    ],
)
def test_severity_follows_the_degree_that_is_reached(degree: float, expected: Severity) -> None:
    assert severity_of(degree) is expected


def test_degrees_are_written_in_the_scales_own_numerals() -> None:
    assert [numeral(one) for one in (-1, 0.4, 1, 5.97, 6, 7.9, 12)] == [
        "I", "I", "I", "V", "VI", "VII", "XII",
    ]  # fmt: skip


@given(MAGNITUDES, DEPTHS, st.none() | DEGREES)
def test_any_earthquake_has_an_estimate_that_makes_sense(
    magnitude: float, depth: float, reported: float | None
) -> None:
    found = estimate(magnitude, depth, reported)
    assert found.intensity <= 12
    if found.radius_km is None:
        assert found.intensity < DAMAGING or magnitude < 5
    else:
        assert found.intensity >= DAMAGING
        assert LEAST_KM <= found.radius_km <= 2000


@given(st.floats(5, 9.5), st.floats(0, 0.5), DEPTHS)
def test_a_stronger_earthquake_never_reaches_less_far(
    magnitude: float, more: float, depth: float
) -> None:
    weak = estimate(magnitude, depth).radius_km or 0
    strong = estimate(min(9.5, magnitude + more), depth).radius_km or 0
    # Beyond what was measured the equation grows flat right above the source.
    assert strong >= weak - 0.05 or magnitude > 7.9
