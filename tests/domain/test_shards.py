"""Who is decided about together."""

from hypothesis import given
from hypothesis import strategies as st

from carealert.domain.shards import shards

SUBJECTS = st.lists(st.integers(0, 40), unique=True, max_size=40)
TIES = st.lists(st.tuples(st.integers(0, 50), st.integers(0, 15)), max_size=60)


@given(SUBJECTS, TIES, st.integers(1, 12))
def test_everybody_is_in_one_shard_and_nobody_is_torn_from_their_own(
    subjects: list[int], ties: list[tuple[int, int]], size: int
) -> None:
    found = shards(subjects, ties, size)
    assert sorted(one for shard in found for one in shard) == sorted(subjects)
    assert all(found)
    shard_of = {one: n for n, shard in enumerate(found) for one in shard}
    own = [(one, what) for one, what in ties if one in shard_of]
    for one, what in own:
        for other, same in own:
            assert what != same or shard_of[one] == shard_of[other]


@given(SUBJECTS, st.integers(1, 12))
def test_without_ties_shards_are_full_and_in_order(subjects: list[int], size: int) -> None:
    found = shards(subjects, [], size)
    assert [one for shard in found for one in shard] == subjects
    assert all(len(shard) == size for shard in found[:-1])


def test_ties_reach_over_others_and_a_large_family_is_one_shard() -> None:
    chain = [(n, f"line {n}") for n in range(10)] + [(n, f"line {n - 1}") for n in range(1, 10)]
    assert shards([*range(10), 77], chain, 4) == [list(range(10)), [77]]


def test_only_those_who_hang_together_make_a_shard_larger() -> None:
    found = shards(list(range(6)), [(0, "phone"), (5, "phone"), (9, "phone")], 2)
    assert found == [[0, 5], [1, 2], [3, 4]]
