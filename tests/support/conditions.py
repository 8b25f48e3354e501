"""Conditions as hypothesis draws them from the table: every name, every shape, every nesting."""

from typing import Any

from hypothesis import strategies as st

from carealert.domain.condition_parts import (
    About,
    Cutoff,
    Entry,
    Functions,
    Lengths,
    Numbers,
    Parameter,
    Parameters,
    Range,
    Texts,
    Words,
    Yes,
)
from carealert.domain.conditions import AllOf, AnyOf, Condition, Not, Test, about
from carealert.domain.resident_conditions import FUNCTIONS

#: Texts worth asking for, by the name of the condition; they are those of the registers drawn.
_TEXTS = {
    "areas": ("BD10", "BD1004", "BD100428", "XX1"),
    "language": ("bn", "en", "hi"),
    "service": ("dialysis", "Dialysis", "laundry"),
}


def trees(kind: About) -> st.SearchStrategy[Condition]:
    """Conditions on residents, on facilities or on a warning, up to three levels deep."""
    leaves = st.one_of([_test(entry) for entry in about(kind).values()])
    some = st.lists(leaves, min_size=1, max_size=3).map(tuple)
    inner = leaves | some.map(AllOf) | some.map(AnyOf) | leaves.map(Not)
    more = st.lists(inner, min_size=1, max_size=3).map(tuple)
    return inner | more.map(AllOf) | more.map(AnyOf) | inner.map(Not)


def _test(entry: Entry) -> st.SearchStrategy[Condition]:
    return _value(entry).map(lambda value: Test(entry.name, value))


def _value(entry: Entry) -> st.SearchStrategy[Any]:
    match entry.shape:
        case Words(kind, only):
            return st.frozensets(st.sampled_from(only or tuple(kind)), min_size=1, max_size=3)
        case Texts():
            texts = _TEXTS.get(entry.name, (entry.shape.example, "another"))
            return st.frozensets(st.sampled_from(texts), min_size=1)
        case Numbers(least, most):
            # The values of the registers and those beside them: edges are where SQL could differ.
            near = (least, 0, 1, 2, 4.5, 5, 6, 12, 18, 24, 59, 60, 69, 70, 79, 80, most)
            return _range([one for one in near if least <= one <= most])
        case Lengths():
            return _range([1, 6, 8, 24])
        case Yes():
            return st.just(True)
        case Functions():
            some = st.frozensets(st.sampled_from(FUNCTIONS), min_size=1)
            return st.builds(Cutoff, some, st.integers(2, 4))
        case Parameters():
            return st.just((Parameter("gust", Range(90)),))


def _range(numbers: list[float]) -> st.SearchStrategy[Range]:
    number = st.sampled_from(numbers)
    pairs = st.tuples(number, number).filter(lambda pair: pair[0] < pair[1])
    return st.one_of(
        number.map(lambda one: Range(at_least=one)),
        number.map(lambda one: Range(below=one)),
        pairs.map(lambda pair: Range(*pair)),
    )
