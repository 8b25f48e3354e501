"""Sealed fields: keys by id, a ring that the secret only wraps, and keys changed under way."""

import pytest

from carealert.adapters.sealing import KeyRing, Sealer, WrongKey, derived_ring, unwrap, wrap

SECRET = b"a test secret of enough bytes"
OTHER = b"quite another secret of bytes"


def test_what_is_sealed_opens_again_and_never_looks_alike() -> None:
    sealer = Sealer(SECRET)
    one, two = sealer.seal("Amina"), sealer.seal("Amina")
    assert one != two
    assert sealer.open(one) == sealer.open(two) == "Amina"
    assert b"Amina" not in one


def test_another_secret_opens_nothing() -> None:
    with pytest.raises(WrongKey, match="CAREALERT_SECRET_KEY"):
        Sealer(OTHER).open(Sealer(SECRET).seal("Amina"))


@pytest.mark.parametrize("at", [0, 1, 13, -1])
def test_a_touched_value_does_not_open(at: int) -> None:
    sealed = bytearray(Sealer(SECRET).seal("Amina"))
    sealed[at] ^= 1
    with pytest.raises(WrongKey):
        Sealer(SECRET).open(bytes(sealed))


def test_a_new_key_seals_and_the_old_one_still_opens() -> None:
    before = Sealer(SECRET)
    after = Sealer(SECRET, before.ring.with_new_key())
    old, new = before.seal("Amina"), after.seal("Amina")
    assert (old[0], new[0]) == (1, 2)
    assert after.open(old) == after.open(new) == "Amina"
    assert after.is_current(new)
    assert not after.is_current(old)
    assert after.phone_hash("+12025550100") == before.phone_hash("+12025550100")
    alone = Sealer(SECRET, after.ring.with_current_only())
    assert alone.open(new) == "Amina"
    with pytest.raises(WrongKey):
        alone.open(old)


def test_a_process_that_does_not_know_a_key_yet_asks_for_the_ring_once() -> None:
    new = derived_ring(SECRET).with_new_key()
    asked = []

    def reload() -> KeyRing:
        asked.append(1)
        return new

    late = Sealer(SECRET, None, reload)
    assert late.open(Sealer(SECRET, new).seal("Amina")) == "Amina"
    assert late.open(Sealer(SECRET, new).seal("Karim")) == "Karim"
    assert asked == [1]
    assert late.seal("x")[0] == 2


def test_the_ring_goes_from_one_secret_to_another_and_hides_its_keys() -> None:
    ring = derived_ring(SECRET).with_new_key()
    wrapped = wrap(ring, OTHER)
    assert unwrap(wrapped, OTHER) == ring
    with pytest.raises(WrongKey):
        unwrap(wrapped, SECRET)
    for key in (*ring.fields.values(), ring.phones, ring.links):
        assert key not in wrapped
        assert key.hex() not in repr(ring)
        assert repr(key) not in repr(ring)


def test_ids_end_before_they_are_used_twice() -> None:
    ring = derived_ring(SECRET)
    for _ in range(254):
        ring = ring.with_new_key()
    with pytest.raises(ValueError, match="used up"):
        ring.with_new_key()


@pytest.mark.parametrize("short", [b"", b"fifteen bytes.."])
def test_a_short_secret_is_refused(short: bytes) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        Sealer(short)
