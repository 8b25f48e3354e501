"""The search for cycles waits while people are decided about, and is never left off."""

import gc

import pytest

from carealert.services.collecting import collecting_later


def test_cycles_are_looked_for_after_the_block_and_not_in_it() -> None:
    with collecting_later():
        assert not gc.isenabled()
        with collecting_later():
            pass
        assert not gc.isenabled()  # the inner block leaves the outer one's word
    assert gc.isenabled()


def test_a_failure_does_not_leave_it_off() -> None:
    with pytest.raises(ValueError, match="a failure"), collecting_later():
        raise ValueError("a failure")
    assert gc.isenabled()


def test_what_was_off_before_stays_off() -> None:
    gc.disable()
    try:
        with collecting_later():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
