"""`hazards.yaml` in the office's rules folder: more words and codes for the table of hazards.

    flood:
      words: {bn: [জোয়ারের পানি], en: [river alert]}
      codes: {oet: [OET-099], vtec: [FX]}

What it says comes after the shipped table. Every fault is reported with its line.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from carealert.adapters.rules.strict_yaml import (
    Document,
    InvalidRules,
    RuleProblem,
    Steps,
    Value,
    read_document,
)
from carealert.domain.hazards import Hazard

NAME = "hazards.yaml"

#: Asks the shipped table what a code of a system means.
Known = Callable[[str, str], Sequence[Hazard]]
Row = dict[str, str]

_LANGUAGE = re.compile(r"[a-z]{2,3}")
#: Marks that divide the entries of the table's own columns; to the search they are spaces.
_DIVIDERS = re.compile(r"[,|:;]")
_ALLOWED = ", ".join(hazard.value for hazard in Hazard if hazard is not Hazard.OTHER)


@dataclass(frozen=True, slots=True)
class _System:
    """A system of codes: how one is written, its column in the table, what goes before it there."""

    pattern: re.Pattern[str]
    example: str
    column: str
    before: str = ""


_WORDY = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]*")
_SYSTEMS = {
    "oet": _System(re.compile(r"OET-\d{3}"), "OET-099", "oet_v1_2"),
    "vtec": _System(re.compile(r"[A-Z]{2}"), "FL", "nws_vtec"),
    "same": _System(re.compile(r"[A-Z]{3}"), "FLW", "nws_same"),
    "awareness_type": _System(re.compile(r"\d{1,2}"), "12", "meteoalarm_type"),
    "eventtype": _System(re.compile(r"[A-Z]{2}"), "FL", "gdacs"),
    "cap-cp": _System(_WORDY, "flashFlood", "other_codes", "CAP-CP "),
    "au": _System(_WORDY, "flood", "other_codes", "AU "),
    "cap-twp": _System(_WORDY, "flood", "other_codes", "CAP-TWP "),
    "hmceve": _System(_WORDY, "216", "other_codes", "HMCEVE "),
    "dwd ii": _System(re.compile(r"\d{1,3}"), "31", "other_codes", "DWD II "),
}


def read_hazard_words(path: Path, known: Known) -> list[Row]:
    """Rows for the table of hazards; raises InvalidRules with every fault of the file.

    A code that `known` gives a meaning already is a fault: the shipped meaning would win unseen.
    """
    document = read_document(path)
    problems: list[RuleProblem] = []
    rows = list(_rows(document, known, problems))
    if problems:
        raise InvalidRules(sorted(problems))
    return rows


def _rows(document: Document, known: Known, problems: list[RuleProblem]) -> Iterator[Row]:
    hazards = _mapping(document, (), document.data, problems)
    for code, entry in hazards.items():
        if code not in _ALLOWED.split(", "):
            what = f"there is no hazard '{code}': use one of {_ALLOWED}."
            problems.append(document.problem((code,), what))
            continue
        parts = _mapping(document, (code,), entry, problems)
        for name, part in parts.items():
            if name == "words":
                yield from _word_rows(document, (code, name), part, problems)
            elif name == "codes":
                yield from _code_rows(document, (code, name), part, known, problems)
            else:
                what = f"there is no '{name}' here: use words and codes."
                problems.append(document.problem((code, name), what))


def _word_rows(
    document: Document, path: Steps, part: Value, problems: list[RuleProblem]
) -> Iterator[Row]:
    for language, words in _mapping(document, path, part, problems).items():
        here = (*path, language)
        if not _LANGUAGE.fullmatch(language):
            what = f"'{language}' is no language code: write en, bn or fil."
            problems.append(document.problem(here, what))
        for where, word in _texts(document, here, words, problems):
            plain = " ".join(_DIVIDERS.sub(" ", word).split())
            if any(letter.isalpha() for letter in plain):
                yield {"code": str(path[0]), "text_proposed": f"{language}:{plain}"}
            else:
                problems.append(document.problem(where, f"'{word}' has no letter in it."))


def _code_rows(
    document: Document, path: Steps, part: Value, known: Known, problems: list[RuleProblem]
) -> Iterator[Row]:
    for name, codes in _mapping(document, path, part, problems).items():
        here, system = (*path, name), _SYSTEMS.get(name)
        if system is None:
            what = f"there is no system '{name}': use one of {', '.join(_SYSTEMS)}."
            problems.append(document.problem(here, what))
            continue
        for where, code in _texts(document, here, codes, problems):
            fault = _code_fault(name, system, code, str(path[0]), known)
            if fault:
                problems.append(document.problem(where, fault))
            else:
                yield {"code": str(path[0]), system.column: f"{system.before}{code}"}


def _code_fault(name: str, system: _System, code: str, hazard: str, known: Known) -> str | None:
    if not system.pattern.fullmatch(code):
        return f"'{code}' is no code of {name}: write it like {system.example}."
    meant = [one.value for one in known(name, code)]
    if meant and hazard not in meant:
        return f"{name} {code} means {', '.join(meant)} already: change it in rules/hazards.tsv."
    return None


def _mapping(
    document: Document, path: Steps, value: Value, problems: list[RuleProblem]
) -> Mapping[str, Value]:
    if isinstance(value, Mapping):
        return value
    problems.append(document.problem(path, "a mapping is needed here (name: …)."))
    return {}


def _texts(
    document: Document, path: Steps, value: Value, problems: list[RuleProblem]
) -> Iterable[tuple[Steps, str]]:
    """The entries of a list of words or codes, each with its place."""
    if isinstance(value, str | Mapping) or not isinstance(value, Sequence):
        problems.append(document.problem(path, "a list is needed here ([…])."))
        return
    for number, entry in enumerate(value):
        if isinstance(entry, bool | float | Sequence | Mapping) and not isinstance(entry, str):
            problems.append(document.problem((*path, number), "one word or code is needed here."))
        else:
            yield (*path, number), str(entry)
