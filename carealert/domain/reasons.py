"""The reason that somebody gives for opening, deleting or taking out people's data.

The journal keeps it for good and shows it to auditors, who may know that somebody looked but not
at whom. So it says something, in one line, and names nobody.
"""

import re
from collections.abc import Iterable

from carealert.domain.duplicates import name_key

LONGEST = 200
_FEWEST_LETTERS = 4
_FEWEST_DIGITS = 7  # of a phone inside its own country
_DATE = re.compile(r"(?<!\d)(?:\d{4}-\d{1,2}-\d{1,2}|\d{1,2}[./]\d{1,2}[./]\d{4})(?!\d)")
_NUMBER = re.compile(r"\d(?:[\s().\-/+]{0,3}\d)*")
_ADDRESS = re.compile(r"\S@\S")
_SHORTEST_NAME = 3


class BadReason(ValueError):
    """A reason says nothing, or too much; the message says which and what to do."""


def demand(reason: str, names: Iterable[str | None] = ()) -> str:
    """The reason, trimmed; raises BadReason where it may not stand in the journal.

    `names` are those of the person it is about. A date is no phone; seven other digits, with
    whatever stands between them, are.
    """
    text = reason.strip()
    if problem := _form_problem(text) or _contact_problem(text) or _name_problem(text, names):
        raise BadReason(f"The reason {problem}.")
    return text


def _form_problem(text: str) -> str | None:
    if not text:
        return "is missing: say why, for the journal keeps it"
    if sum(map(str.isalpha, text)) < _FEWEST_LETTERS:
        return "says nothing: write a few words, for somebody will check them"
    if len(text) > LONGEST:
        return f"has {len(text)} characters: use at most {LONGEST}"
    if not text.isprintable():
        return "holds a line break or a control character: write it in one line"
    return None


def _contact_problem(text: str) -> str | None:
    without_dates = _DATE.sub(" ", text)
    if any(
        sum(map(str.isdigit, found)) >= _FEWEST_DIGITS for found in _NUMBER.findall(without_dates)
    ):
        return "holds what looks like a phone number: leave it out, for the journal keeps it"
    if _ADDRESS.search(text):
        return "holds what looks like an e-mail address: leave it out, for the journal keeps it"
    return None


def _name_problem(text: str, names: Iterable[str | None]) -> str | None:
    said = set((name_key(text) or "").split())
    for name in names:
        parts = [part for part in (name_key(name) or "").split() if len(part) >= _SHORTEST_NAME]
        if said.intersection(parts):
            return "names the person: leave the name out, for the journal keeps it"
    return None
