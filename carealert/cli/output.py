"""What commands print and how they end: the answer on stdout, everything else on stderr."""

import json
from enum import IntEnum
from typing import NoReturn

import typer


class Exit(IntEnum):
    """Exit codes; scripts rely on them."""

    DONE = 0
    FAILED = 1
    USAGE = 2
    NOTHING = 3
    CONFIG = 4
    UNREACHABLE = 5


def emit(data: object, as_json: bool, text: str) -> None:
    """Print the answer, for programs or for people."""
    typer.echo(json.dumps(data, ensure_ascii=False) if as_json else text)


def fail(sentence: str, code: Exit) -> NoReturn:
    """Say on stderr what went wrong, and end with this code."""
    typer.echo(f"carealert: {sentence}", err=True)
    raise typer.Exit(int(code))
