"""Objects that are made quickly are the same frozen objects."""

import copy
import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass, field, replace

import pytest

from carealert.domain.making import made_quickly


@dataclass(frozen=True, slots=True)
class Guarded:
    """As dataclasses makes it."""

    ref: str
    size: int = 3
    more: Mapping[str, int] = field(default_factory=dict)


@made_quickly
@dataclass(frozen=True, slots=True)
class Quick:
    """As it is made quickly."""

    ref: str
    size: int = 3
    more: Mapping[str, int] = field(default_factory=dict)


def test_they_hold_what_they_were_given() -> None:
    for cls in (Guarded, Quick):
        made = cls("a", more={"b": 1})
        assert (made.ref, made.size, made.more) == ("a", 3, {"b": 1})
        assert repr(made) == f"{cls.__name__}(ref='a', size=3, more={{'b': 1}})"
        assert replace(made, size=4) == cls("a", 4, {"b": 1}) != made
        assert type(made) is cls


def test_each_has_a_default_of_its_own() -> None:
    assert Quick("a").more == {}
    assert Quick("a").more is not Quick("a").more


def test_they_cannot_be_changed() -> None:
    made = Quick("a")
    with pytest.raises(FrozenInstanceError):
        made.ref = "b"  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        del made.ref  # type: ignore[misc]
    with pytest.raises((AttributeError, TypeError)):
        made.other = 1  # type: ignore[attr-defined]
    assert made.ref == "a"


@pytest.mark.parametrize("given", [(), ("a", 1, {}, 2)])
def test_wrong_arguments_are_refused_as_ever(given: tuple[object, ...]) -> None:
    for cls in (Guarded, Quick):
        with pytest.raises(TypeError, match=rf"{cls.__name__}.__init__\(\)"):
            cls(*given)  # type: ignore[arg-type]


def test_they_can_be_copied_and_sent_to_another_process() -> None:
    made = Quick("a", 5, {"b": 1})
    assert copy.deepcopy(made) == pickle.loads(pickle.dumps(made)) == made  # noqa: S301 - our own
