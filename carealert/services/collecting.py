"""When Python looks for cycles of objects that nobody holds any more."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collecting_later() -> Iterator[None]:
    """Leave the search for cycles to the end of the block; one that was off before stays off.

    Deciding about thousands of people makes hundreds of thousands of objects, which all stay
    until they are stored: to walk over them again and again took a third of the time. None of
    them are in cycles, so that their memory comes back without the search.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
