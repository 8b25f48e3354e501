"""Age bands: no age is in two of them, and none in none."""

from itertools import pairwise

import pytest

from carealert.domain.people import AgeBand, band_of


@pytest.mark.parametrize(
    ("age", "band"),
    [
        (-1, "0-1"),
        (1, "0-1"),
        (2, "2-5"),
        (17, "12-17"),
        (18, "18-59"),
        (60, "60-69"),
        (79, "70-79"),
        (80, "80+"),
        (117, "80+"),
    ],
)
def test_every_age_has_its_band(age: int, band: str) -> None:
    assert band_of(age).value == band


def test_the_bands_follow_each_other_without_a_gap() -> None:
    bands = [band.years for band in AgeBand]
    assert bands[0][0] == 0
    assert bands[-1][1] is None
    assert all(one[1] is not None and one[1] + 1 == two[0] for one, two in pairwise(bands))
