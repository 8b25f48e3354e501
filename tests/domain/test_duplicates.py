"""Pairs are proposed for a stated reason, and a large register is not compared with itself."""

from dataclasses import replace
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.domain.duplicates import CROWD, NEAR_M, Pair, Sign, Trace, alike, name_key, trace_of
from carealert.domain.people import Phone, PhoneSharing
from tests.support.register import AMINA, RAHIMA

#: Metres to degrees of latitude.
METRE = 1 / 111_195
HOME = Trace("A", name_key("José Núñez"), None, lat=22.0, lon=90.0)


def pairs(*people: Trace) -> dict[tuple[str, str], Pair]:
    return {(pair.first, pair.second): pair for pair in alike(people).pairs}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("José Núñez", "jose nunez"),
        ("Núñez, José", "José  Núñez"),
        ("O'Brien", "O Brien"),
        ("AMINA KHATUN", "Khatun Amina"),
    ],
)
def test_names_are_compared_without_case_accents_signs_and_order(one: str, other: str) -> None:
    assert name_key(one) == name_key(other)


@pytest.mark.parametrize(("one", "other"), [("নুসরাত", "নসরত"), ("Ana", "Anna"), ("कमल", "कमला")])
def test_names_that_differ_in_a_letter_stay_different(one: str, other: str) -> None:
    assert name_key(one) != name_key(other)


def test_a_name_of_signs_alone_is_none() -> None:
    assert name_key(" - . ") is None
    assert name_key(None) is None


def test_the_same_phone_is_a_sign_and_a_shared_one_a_weak_one() -> None:
    one, other = (Trace(ref, None, "+12025550142") for ref in "AB")
    assert pairs(one, other)["A", "B"].signs == (Sign.PHONE,)
    shared = pairs(replace(one, is_shared=True), replace(other, is_shared=True))
    assert shared["A", "B"].score < pairs(one, other)["A", "B"].score


def test_namesakes_are_one_person_only_where_something_else_fits_too() -> None:
    far = replace(HOME, ref="B", lat=23.0)
    assert pairs(HOME, far) == {}
    near = replace(HOME, ref="B", lat=22.0 + 199 * METRE)
    assert pairs(HOME, near)["A", "B"].signs == (Sign.NAME_AND_PLACE,)
    assert pairs(HOME, replace(HOME, ref="B", lat=22.0 + 201 * METRE)) == {}
    area = replace(far, area_code="X")
    assert pairs(replace(HOME, area_code="X"), area)["A", "B"].signs == (Sign.NAME_AND_AREA,)
    year = replace(far, birth_year=1950)
    assert pairs(replace(HOME, birth_year=1950), year)["A", "B"].signs == (Sign.NAME_AND_YEAR,)


def test_other_birth_years_speak_against_it() -> None:
    near = replace(HOME, ref="B", birth_year=1980)
    same = pairs(replace(HOME, birth_year=1980), near)["A", "B"].score
    other = pairs(replace(HOME, birth_year=1950), near)["A", "B"].score
    assert other < 0.5 < same


def test_more_signs_make_a_higher_score_that_stays_below_one() -> None:
    both = replace(HOME, phone="+12025550142", birth_year=1950, area_code="X")
    pair = pairs(both, replace(both, ref="B"))["A", "B"]
    assert set(pair.signs) == {Sign.PHONE, Sign.NAME_AND_PLACE, Sign.NAME_AND_YEAR}
    assert 0.9 < pair.score < 1
    assert pair.score > pairs(HOME, replace(HOME, ref="B"))["A", "B"].score


def test_with_among_only_pairs_with_one_of_these_are_proposed() -> None:
    people = [replace(HOME, ref=ref) for ref in "ABC"]
    found = alike(people, among={"A"}).pairs
    assert [(pair.first, pair.second) for pair in found] == [("A", "B"), ("A", "C")]


def test_a_phone_of_a_whole_home_is_counted_and_not_paired() -> None:
    people = [Trace(f"R-{n}", None, "+12025550142") for n in range(CROWD + 1)]
    found = alike(people)
    assert found.pairs == ()
    assert found.crowds == 1
    assert len(alike(people[:-1]).pairs) == CROWD * (CROWD - 1) // 2


def test_many_namesakes_in_one_place_are_not_paired_either() -> None:
    found = alike(replace(HOME, ref=f"R-{n:04}") for n in range(2000))
    assert found.crowds
    assert len(found.pairs) < CROWD**2


def test_traces_are_taken_from_people() -> None:
    home = trace_of(AMINA)
    assert (home.area_code, home.birth_year, home.is_shared) == ("BD10040009", 1951, False)
    assert trace_of(RAHIMA).is_shared
    unknown = replace(RAHIMA, phone=Phone("+12025550143", PhoneSharing.UNKNOWN))
    assert not trace_of(unknown).is_shared
    assert trace_of(replace(RAHIMA, phone=None)).phone is None


traces = st.builds(
    Trace,
    ref=st.sampled_from([f"R-{n}" for n in range(12)]),
    name=st.sampled_from([None, "amina khatun", "rui costa"]),
    phone=st.sampled_from([None, "+12025550142", "+12025550143"]),
    is_shared=st.booleans(),
    lat=st.none() | st.floats(21.999, 22.004),
    lon=st.floats(89.999, 90.001),
    area_code=st.sampled_from([None, "X", "Y"]),
    birth_year=st.sampled_from([None, 1950, 1980]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(traces, unique_by=lambda trace: trace.ref))
def test_blocks_find_what_comparing_everybody_with_everybody_finds(people: list[Trace]) -> None:
    """Every two people alone give the same pair, or none, as in the whole register."""
    expected = {pair for two in combinations(people, 2) for pair in alike(two).pairs}
    assert set(alike(people).pairs) == expected
    assert alike(reversed(people)) == alike(people)


def test_the_limit_is_what_the_documents_say() -> None:
    assert NEAR_M == 200
