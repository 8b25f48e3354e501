"""Compressed answers: all of it, never more than the limit, and a cut is noticed."""

import gzip
import zlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.adapters.feeds.unpacking import Damaged, TooMuch, Unpacker

LIMIT = 1000


def unpack(body: bytes, encoding: str = "gzip", limit: int = LIMIT, step: int = 7) -> bytes:
    unpacker = Unpacker(encoding, limit)
    for start in range(0, len(body), step):
        unpacker.feed(body[start : start + step])
    return unpacker.document()


@settings(max_examples=60)
@given(st.binary(max_size=LIMIT), st.integers(1, 400))
def test_what_was_packed_comes_out_however_it_is_cut_up(body: bytes, step: int) -> None:
    assert unpack(gzip.compress(body), "gzip", 2 * LIMIT, step) == body
    assert unpack(zlib.compress(body), "deflate", 2 * LIMIT, step) == body
    assert unpack(body, "", LIMIT, step) == body


def test_members_that_follow_each_other_are_one_document() -> None:
    assert unpack(gzip.compress(b"<a>") + gzip.compress(b"</a>")) == b"<a></a>"


@settings(max_examples=60)
@given(st.data())
def test_a_stream_that_ends_early_is_damaged(data: st.DataObject) -> None:
    packed = gzip.compress(b"<alert>" * 40)
    cut = data.draw(st.integers(1, len(packed) - 1))
    with pytest.raises(Damaged):
        unpack(packed[:cut])


def test_the_last_byte_within_the_limit_passes_and_the_next_does_not() -> None:
    assert len(unpack(gzip.compress(b"x" * LIMIT))) == LIMIT
    for body in (gzip.compress(b"x" * (LIMIT + 1)), gzip.compress(b"\0" * 50_000_000)):
        with pytest.raises(TooMuch):
            unpack(body, step=100_000)
    with pytest.raises(TooMuch):
        unpack(b"x" * (LIMIT + 1), "")


def test_many_empty_members_are_too_much_as_well() -> None:
    with pytest.raises(TooMuch):
        unpack(gzip.compress(b"") * 200, step=64)


@pytest.mark.parametrize("encoding", ["br", "compress", "gzip, gzip"])
def test_an_encoding_that_nobody_asked_for_is_damage(encoding: str) -> None:
    with pytest.raises(Damaged):
        Unpacker(encoding, LIMIT)


def test_what_is_not_compressed_though_it_says_so_is_damage() -> None:
    with pytest.raises(Damaged):
        unpack(b"<alert>plain</alert>")
