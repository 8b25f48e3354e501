"""Cells that a spreadsheet would take for a formula, made harmless on the way out and back.

OWASP, "CSV Injection": a cell that begins with = + - @, a tab or a carriage return is put behind
an apostrophe. Plain numbers stay as they are, for `-33.4` computes nothing; phones do not, so that
a spreadsheet keeps their + and all their digits. Reading takes exactly one apostrophe away again.
"""

import re

_RISKY = re.compile(r"'*[=+\-@\t\r]")
_GUARDED = re.compile(r"'+[=+\-@\t\r]")
_NUMBER = re.compile(r"-\d+(\.\d+)?([eE]-?\d+)?")


def guarded(cell: str) -> str:
    """The cell as it may stand in a file that somebody opens in a spreadsheet."""
    if _RISKY.match(cell) and not _NUMBER.fullmatch(cell):
        return f"'{cell}"
    return cell


def unguarded(cell: str) -> str:
    """What `guarded` was given."""
    return cell[1:] if _GUARDED.match(cell) else cell
