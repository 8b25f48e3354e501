"""Group commit: what arrives while an earlier batch is being written is written together.

A transaction costs far more than a row in it, and callbacks come in crowds. Nobody waits for a
batch to fill: the first is written at once, alone, and what came meanwhile goes next.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

from starlette.concurrency import run_in_threadpool

Item = TypeVar("Item")
Result = TypeVar("Result")

#: A batch must not hold the writer so long that a reply waits for it.
MOST = 64


class Together(Generic[Item, Result]):
    """Hands items to `work` in batches, in their order, one batch at a time.

    `work` takes a batch in a thread and gives a result for each item; it writes all or nothing.
    Where it raises, each item of the batch is tried alone, so that one cannot spoil the others.
    For one event loop.
    """

    def __init__(self, work: Callable[[Sequence[Item]], Sequence[Result]]) -> None:
        self._work = work
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._writer: asyncio.Task[None] | None = None

    async def do(self, item: Item) -> Result:
        """The result for `item`, once it is written; raises what `work` raises for it."""
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_all())
        return await done

    async def _write_all(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:MOST], self._waiting[MOST:]
            if not await self._write(batch):
                for one in batch:
                    await self._write([one])
        self._writer = None

    async def _write(self, batch: Sequence[tuple[Item, "asyncio.Future[Result]"]]) -> bool:
        """False where the batch failed and its items should be tried alone."""
        items = [item for item, _ in batch]
        [written] = await asyncio.gather(
            run_in_threadpool(self._work, items), return_exceptions=True
        )
        if isinstance(written, BaseException):
            if len(batch) > 1:
                return False
            _settle(batch[0][1], written)
            return True
        for (_, done), result in zip(batch, written, strict=True):
            _settle(done, result)
        return True


def _settle(done: "asyncio.Future[Result]", outcome: Result | BaseException) -> None:
    if done.done():
        return  # whoever asked has gone
    if isinstance(outcome, BaseException):
        done.set_exception(outcome)
    else:
        done.set_result(outcome)
