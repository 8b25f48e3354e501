"""A bar on stderr while something long runs, and nothing where nobody watches."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import typer

_WHOLE = 1000

#: Told what is being done, and how much of it is done (0 to 1).
Step = Callable[[str, float], None]


@contextmanager
def progress() -> Iterator[Step]:
    """Gives the function that moves the bar; it does nothing unless stderr is a terminal."""
    if not sys.stderr.isatty():
        yield lambda _what, _part: None
        return
    with typer.progressbar(length=_WHOLE, file=sys.stderr, label="reading") as bar:

        def step(what: str, part: float) -> None:
            if what != bar.label:
                bar.label, bar.pos, bar.finished = what, 0, False
            bar.update(max(int(min(part, 1.0) * _WHOLE) - bar.pos, 0))

        yield step
