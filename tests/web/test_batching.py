"""Group commit: nobody waits for a batch to fill, and one bad item spoils no other."""

import asyncio
import threading
from collections.abc import Sequence

import pytest

from carealert.web.batching import MOST, Together


class Writer:
    """Doubles numbers, refuses negative ones, and holds its first batch until `go` is set."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.entered, self.go = threading.Event(), threading.Event()

    def __call__(self, items: Sequence[int]) -> list[int]:
        self.batches.append(list(items))
        self.entered.set()
        assert self.go.wait(5)
        if any(item < 0 for item in items):
            raise ValueError("negative")
        return [2 * item for item in items]


async def crowd(writer: Writer, numbers: Sequence[int]) -> list[int | BaseException]:
    """The first alone; the rest while it is being written."""
    together = Together(writer)
    first = asyncio.create_task(together.do(numbers[0]))
    await asyncio.to_thread(writer.entered.wait, 5)
    rest = [asyncio.create_task(together.do(number)) for number in numbers[1:]]
    await asyncio.sleep(0)
    writer.go.set()
    return await asyncio.gather(first, *rest, return_exceptions=True)


def test_the_first_goes_at_once_and_the_others_together_in_their_order() -> None:
    writer = Writer()
    assert asyncio.run(crowd(writer, [1, 2, 3, 4])) == [2, 4, 6, 8]
    assert writer.batches == [[1], [2, 3, 4]]


def test_a_batch_has_an_end() -> None:
    writer = Writer()
    numbers = list(range(MOST + 3))
    assert asyncio.run(crowd(writer, numbers)) == [2 * number for number in numbers]
    assert [len(batch) for batch in writer.batches] == [1, MOST, 2]


def test_one_bad_item_spoils_no_other() -> None:
    writer = Writer()
    good, bad, better = asyncio.run(crowd(writer, [1, -1, 3]))
    assert (good, better) == (2, 6)
    assert isinstance(bad, ValueError)
    assert writer.batches == [[1], [-1, 3], [-1], [3]]


def test_it_works_again_after_everything_was_written() -> None:
    writer = Writer()
    writer.go.set()

    async def twice() -> list[int]:
        together = Together(writer)
        return [await together.do(1), await together.do(2)]

    assert asyncio.run(twice()) == [2, 4]


def test_who_has_gone_holds_up_nobody() -> None:
    writer = Writer()

    async def leave() -> int:
        together = Together(writer)
        first = asyncio.create_task(together.do(1))
        await asyncio.to_thread(writer.entered.wait, 5)
        gone, stays = asyncio.create_task(together.do(2)), asyncio.create_task(together.do(3))
        await asyncio.sleep(0)
        gone.cancel()
        writer.go.set()
        await first
        with pytest.raises(asyncio.CancelledError):
            await gone
        return await stays

    assert asyncio.run(leave()) == 6
