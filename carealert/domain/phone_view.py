"""A text as a small phone shows it: lines of so many columns, in a frame."""

import unicodedata
from collections.abc import Iterator, Sequence


def columns(text: str) -> int:
    """How many columns of a terminal `text` takes: marks take none, wide letters two."""
    return sum(map(_width, text))


def wrapped(text: str, width: int) -> list[str]:
    """The lines of `text` at `width` columns, broken between words; a longer word is cut."""
    return [line for part in text.splitlines() for line in _lines(part, width)]


def framed(lines: Sequence[str], width: int) -> str:
    """The lines in a frame of `width` columns."""
    rule = "-" * (width + 2)
    rows = (f"| {line}{' ' * max(0, width - columns(line))} |" for line in lines)
    return "\n".join((f"+{rule}+", *rows, f"+{rule}+"))


def is_right_to_left(text: str) -> bool:
    """True where a phone shows `text` from right to left (Unicode bidirectional classes R, AL)."""
    first = (unicodedata.bidirectional(char) for char in text)
    return any(found in ("R", "AL") for found in first)


def _lines(text: str, width: int) -> Iterator[str]:
    line = ""
    for word in text.split(" "):
        joined = f"{line} {word}" if line else word
        if columns(joined) <= width:
            line = joined
            continue
        if line:
            yield line
        *full, line = _pieces(word, width)
        yield from full
    yield line


def _pieces(word: str, width: int) -> list[str]:
    """`word` in pieces that fit; a mark stays with its letter."""
    pieces = [""]
    for char in word:
        if columns(pieces[-1]) + _width(char) > width:
            pieces.append("")
        pieces[-1] += char
    return pieces


def _width(char: str) -> int:
    if unicodedata.category(char) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1
