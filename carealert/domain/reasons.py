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
_YEAR, _MONTH, _DAY = "(?:19|20)\\d\\d", "(?:0?[1-9]|1[0-2])", "(?:0?[1-9]|[12]\\d|3[01])"
_DATE = f"(?:{_YEAR}-{_MONTH}-{_DAY}|{_DAY}[./]{_MONTH}[./]{_YEAR})"
#: Dates alone, the last perhaps with an hour: a phone that begins like one has other digits.
_DATES = re.compile(rf"{_DATE}(?:[\s\-/]{{1,3}}{_DATE})*(?:\s(?:[01]?\d|2[0-3]))?")
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
    numbers = (found for found in _NUMBER.findall(text) if not _DATES.fullmatch(found))
    if any(sum(map(str.isdigit, number)) >= _FEWEST_DIGITS for number in numbers):
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
