"""Rule files as plain data with a place for every value; YAML's surprises are left out.

A plain scalar is text, unless it is `true`, `false` or a number: `no`, `2027-05-01` and `21:30`
stay what the officer wrote (YAML 1.1 would make a boolean, a date and a number in base 60 of
them). Duplicate keys, anchors, aliases and tags are refused, and so are files that are large or
deep enough to be a mistake or an attack.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

import yaml

from carealert.adapters.yaml_loader import SafeLoader

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20

#: The way to a value in a document: keys, and numbers of lists' entries.
Steps = tuple[str | int, ...]
Value = str | int | float | bool | Sequence["Value"] | Mapping[str, "Value"]

_INTEGER = re.compile(r"-?(0|[1-9][0-9]{0,17})")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]{0,17})\.[0-9]{1,17}")
_BOOLEANS = {"true": True, "false": False}


@dataclass(frozen=True, slots=True, order=True)
class RuleProblem:
    """What is wrong in a rule file, and where; lines and columns count from 1."""

    file: str
    line: int
    column: int
    what: str

    def __str__(self) -> str:
        """`file:line:column: what`, which editors make a link of."""
        return f"{self.file}:{self.line}:{self.column}: {self.what}"


class InvalidRules(Exception):
    """Rule files that cannot be used; the message has one line for each problem."""

    def __init__(self, problems: Sequence[RuleProblem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


@dataclass(frozen=True, slots=True)
class Document:
    """A file's data. `places` is path -> (line, column): of the key for a key's value."""

    file: str
    data: Value
    places: Mapping[Steps, tuple[int, int]]

    def problem(self, path: Steps, what: str) -> RuleProblem:
        """A problem at `path`, or at the nearest place around it that the file has."""
        while path and path not in self.places:
            path = path[:-1]
        return RuleProblem(self.file, *self.places.get(path, (1, 1)), what)


def read_document(path: Path) -> Document:
    """Read one file; raises InvalidRules, also where it cannot be opened."""
    try:
        body = path.read_bytes()
    except OSError as error:
        raise _invalid(str(path), 1, 1, f"cannot be read: {error.strerror}.") from error
    return parse_document(body, str(path))


def parse_document(body: bytes, file: str) -> Document:
    """The data of `body`; raises InvalidRules."""
    if len(body) > MAX_BYTES:
        raise _invalid(file, 1, 1, f"is larger than {MAX_BYTES // 1024} KiB: split the file.")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = body.count(b"\n", 0, error.start) + 1
        raise _invalid(file, line, 1, "is not UTF-8: save the file as UTF-8.") from error
    try:
        _refuse_specials(text, file)
        root = yaml.compose(text, Loader=SafeLoader)
    except yaml.YAMLError as error:
        raise _not_yaml(error, file) from error
    if root is None:
        raise _invalid(file, 1, 1, "is empty.")
    places: dict[Steps, tuple[int, int]] = {(): _place(root)}
    data = _value(root, (), places, file)
    return Document(file, data, MappingProxyType(places))


def _refuse_specials(text: str, file: str) -> None:
    """Look at the events before anything is built of them: depth first, then sharing and tags."""
    depth = documents = 0
    for event in yaml.parse(text, Loader=SafeLoader):
        where = _at(event.start_mark)
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        documents += isinstance(event, yaml.DocumentStartEvent)
        if depth > MAX_DEPTH:
            raise _invalid(file, *where, f"is nested more than {MAX_DEPTH} levels deep.")
        if documents > 1:
            raise _invalid(file, *where, "a second document starts here: one file, one rule set.")
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise _invalid(
                file, *where, "anchors and aliases (& and *) are not allowed: repeat the lines."
            )
        tag = getattr(event, "tag", None)
        if tag:
            raise _invalid(file, *where, f"the tag {tag} is not allowed: remove it.")


def _value(node: yaml.Node, path: Steps, places: dict[Steps, tuple[int, int]], file: str) -> Value:
    if isinstance(node, yaml.MappingNode):
        return _mapping(node, path, places, file)
    if isinstance(node, yaml.SequenceNode):
        for number, entry in enumerate(node.value):
            places[*path, number] = _place(entry)
        return [
            _value(entry, (*path, number), places, file) for number, entry in enumerate(node.value)
        ]
    return _scalar(node)


def _mapping(
    node: yaml.MappingNode, path: Steps, places: dict[Steps, tuple[int, int]], file: str
) -> Mapping[str, Value]:
    found: dict[str, Value] = {}
    for key, entry in node.value:
        if not isinstance(key, yaml.ScalarNode):
            raise _invalid(file, *_place(key), "a key must be one word, not a list or a mapping.")
        if key.value == "<<" and not key.style:
            what = "merge keys (<<) are not allowed: repeat the lines."
            raise _invalid(file, *_place(key), what)
        if key.value in found:
            first = places[*path, key.value][0]
            what = f"the key '{key.value}' is here twice; the first is on line {first}."
            raise _invalid(file, *_place(key), what)
        places[*path, key.value] = _place(key)
        found[key.value] = _value(entry, (*path, key.value), places, file)
    return found


def _scalar(node: yaml.Node) -> Value:
    text = str(node.value)
    if getattr(node, "style", None):  # quoted, or a block of text
        return text
    if text in _BOOLEANS:
        return _BOOLEANS[text]
    if _INTEGER.fullmatch(text):
        return int(text)
    if _DECIMAL.fullmatch(text):
        number = float(text)
        return int(number) if number.is_integer() else number  # 70.0 is 70, as in JSON Schema
    return text


def _place(node: yaml.Node) -> tuple[int, int]:
    return _at(node.start_mark)


def _at(mark: Any) -> tuple[int, int]:
    """Line and column from 1; PyYAML's mark may be absent, and its types do not agree."""
    return (mark.line + 1, mark.column + 1) if mark else (1, 1)


def _not_yaml(error: yaml.YAMLError, file: str) -> InvalidRules:
    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    found = getattr(error, "problem", None) or getattr(error, "reason", None) or "unreadable"
    return _invalid(file, *_at(mark), f"is not YAML: {found}.")


def _invalid(file: str, line: int, column: int, what: str) -> InvalidRules:
    return InvalidRules([RuleProblem(file, line, column, what)])
