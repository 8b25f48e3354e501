"""A mapping proposed from the headings of somebody's list: to be read, mended and then used.

Headings are compared with ours and with a small table of what lists call them in other languages.
Cells are not looked at, and nothing is applied by itself.
"""

import json
import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import SequenceMatcher
from functools import lru_cache
from itertools import islice
from pathlib import Path

from carealert.adapters.registry.files import CAREGIVER_COLUMNS, REQUIRED_OF, RESIDENT_COLUMNS
from carealert.adapters.registry.mapping import LISTS
from carealert.adapters.registry.remarks import Remarks
from carealert.adapters.registry.sheets import answers_of, lines_of
from carealert.adapters.registry.workbook import sheet_names

_TABLE = Path(__file__).with_name("synonyms.tsv")
_LEAST = 0.72
_SHORTEST = 4  # shorter words are part of many headings
_HEAD_LINES = 10
_LINK = "_parent_index"
#: What KoboToolbox and ODK add to every answer.
_SERVER = {"_uuid": "ref", "meta-instanceID": "ref"}
_POINT = {"_latitude": "lat", "_longitude": "lon"}
_ACCENTS = re.compile("[\u0300-\u036f]")
_BREAKS = re.compile(r"[^\w\u0900-\u0dff]+|_+")
_BARE = re.compile(r"[A-Za-z_][\w/.-]*")


@dataclass(slots=True)
class Proposal:
    """Of one sheet: our column -> (their heading, how alike from 0 to 1); words; what is left."""

    sheet: str | None = None
    columns: dict[str, tuple[str, float]] = field(default_factory=dict)
    values: dict[str, dict[str, str]] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    is_repeat: bool = False


def suggest_map(path: Path) -> str:
    """A mapping file in YAML, with remarks; raises UnreadableSheet."""
    is_book = path.suffix.lower() == ".xlsx"
    sheets: Sequence[str | None] = sheet_names(path) if is_book else [None]
    proposals = [_of_sheet(path, sheet) for sheet in sheets]
    carers = next((one for one in proposals[1:] if one.is_repeat), None)
    return "\n".join(_yaml(path.name, proposals[0], carers)) + "\n"


def propose(names: Sequence[str], ours: Sequence[str]) -> Proposal:
    """The likeliest heading for each of our columns; each heading is used once."""
    answers = {name for name in names if _question(name) in names}
    headings = [name for name in dict.fromkeys(names) if name and name not in answers]
    split = [name for name in dict.fromkeys(map(_question, names)) if name and name not in names]
    scores = [
        (_likeness(heading, column), column, heading)
        for column in ours
        for heading in ([*headings, *split] if column in LISTS else headings)
    ]
    found = Proposal()
    used: set[str] = set()
    for score, column, heading in sorted(scores, key=lambda one: -one[0]):
        if score >= _LEAST and column not in found.columns and heading not in used:
            found.columns[column] = heading, score
            used |= {heading, *answers_of(heading, names)}
    found.left = [name for name in headings if name not in used and not name.startswith("_")]
    for column in ours:
        if column in LISTS and column in found.columns:
            words = dict(_words(column, answers_of(found.columns[column][0], names).values()))
            if words:
                found.values[column] = words
    return found


def _of_sheet(path: Path, sheet: str | None) -> Proposal:
    lines = islice(lines_of(path, RESIDENT_COLUMNS, Remarks(path.name), sheet), _HEAD_LINES)
    rows = [[" ".join(cell.split()) for cell in cells] for _, cells in lines]
    is_repeat = any(_LINK in row for row in rows)
    ours = CAREGIVER_COLUMNS if is_repeat else RESIDENT_COLUMNS
    proposals = [propose(row, ours) for row in rows]
    best = max(
        proposals, key=lambda one: sum(score for _, score in one.columns.values()), default=None
    )
    best = best or Proposal()
    best.sheet, best.is_repeat = sheet, is_repeat
    return best


def _question(name: str) -> str:
    return name[: max(name.rfind("/"), name.rfind("."), 0)]


@lru_cache(maxsize=1)
def _synonyms() -> Mapping[str, tuple[str, ...]]:
    """Our column, or column=word -> what others call it, the plain way."""
    lines = _TABLE.read_text("utf-8").splitlines()
    rows = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return {ours: tuple(_flat(word) for word in theirs.split("|")) for ours, theirs in rows}


def _flat(text: str) -> str:
    plain = _ACCENTS.sub("", unicodedata.normalize("NFKD", text.casefold()))
    return _BREAKS.sub(" ", plain).strip()


def _likeness(heading: str, column: str) -> float:
    ending = next((ours for end, ours in _POINT.items() if heading.endswith(end)), None)
    if column in (ending, _SERVER.get(heading)):
        return 1.0
    if heading.startswith("_") or not heading:
        return 0.0
    last = _flat(heading[len(_question(heading)) :])
    whole = _flat(heading)
    words = (_flat(column), *_synonyms().get(column, ()))
    return round(max(max(_alike(last, word), 0.95 * _alike(whole, word)) for word in words), 2)


def _alike(theirs: str, word: str) -> float:
    if theirs == word:
        return 1.0
    part = 0.8 if len(word) >= _SHORTEST and f" {word} " in f" {theirs} " else 0.0
    return max(part, 0.9 * SequenceMatcher(None, theirs, word).ratio())


def _words(column: str, answers: Iterable[str]) -> Iterator[tuple[str, str]]:
    """(answer, our word) for each answer that is not ours and looks like one."""
    ours = [
        (key.partition("=")[2], (_flat(key.partition("=")[2]), *theirs))
        for key, theirs in _synonyms().items()
        if key.startswith(f"{column}=")
    ]
    for answer in answers:
        scored = [(max(_alike(_flat(answer), one) for one in all_), word) for word, all_ in ours]
        score, word = max(scored, default=(0.0, ""))
        if score >= _LEAST and word != answer:
            yield answer, word


def _yaml(file: str, main: Proposal, carers: Proposal | None) -> Iterator[str]:
    yield f"# A proposal from the headings of {file}: read every line, mend it, and use it with"
    yield "# carealert people import FILE --map THIS --dry-run. Nothing was read but headings."
    yield from _block(main, "residents", "")
    if carers is not None:
        yield "caregivers:"
        yield from _block(carers, "caregivers", "  ")


def _block(proposal: Proposal, kind: str, indent: str) -> Iterator[str]:
    if proposal.sheet is not None:
        yield f"{indent}sheet: {_quoted(proposal.sheet)}"
    yield f"{indent}columns:"
    for column, (heading, score) in proposal.columns.items():
        doubt = "" if score >= 1 else f"  # a guess: {score:.0%} alike"
        yield f"{indent}  {column}: {_quoted(heading)}{doubt}"
    for column in sorted(REQUIRED_OF[kind] - proposal.columns.keys()):
        yield f"{indent}  # {column}: is needed, and no heading looks like it"
    if proposal.values:
        yield f"{indent}values:"
    for column, words in proposal.values.items():
        pairs = ", ".join(f"{_quoted(theirs)}: {ours}" for theirs, ours in words.items())
        yield f"{indent}  {column}: {{{pairs}}}"
    if proposal.left:
        yield f"{indent}# not used: {', '.join(proposal.left)}"


def _quoted(text: str) -> str:
    """A JSON string is one of YAML, too."""
    return text if _BARE.fullmatch(text) else json.dumps(text, ensure_ascii=False)
