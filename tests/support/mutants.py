"""Documents with something wrong: what links, discs, editors and hurried programmers do to them."""

import copy
import json
import random
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from tests.support.cap import SAMPLES
from tests.support.captured import captured

#: Larger ones cost the test more time than they add.
_LARGEST = 60_000
_NUMBER = re.compile(rb"-?\d+(?:\.\d+)?")
_TAG = re.compile(rb"</?([A-Za-z:]+)")


def seeds(shared: Path | None, *endings: str) -> list[tuple[str, bytes]]:
    """Our own samples and, where they are present, the captured documents; none of them large."""
    own = sorted(path for path in SAMPLES.rglob("*") if path.is_file())
    found = [(path.name, path.read_bytes()) for path in own]
    if shared is not None and shared.is_dir():
        found += captured(shared)
    return [
        (name, body)
        for name, body in found
        if len(body) <= _LARGEST and name.lower().endswith(endings)
    ]


def of_bytes(body: bytes, chance: random.Random) -> bytes:
    """One to four accidents."""
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        if body:
            body = chance.choice(BYTES)(body, chance)
    return body


def _flip(body: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(body))
    return body[:at] + bytes((body[at] ^ 1 << chance.randrange(8),)) + body[at + 1 :]


def _cut(body: bytes, chance: random.Random) -> bytes:
    at, size = chance.randrange(len(body)), chance.choice((1, 1, 3, 30, 300))
    return body[:at] + body[at + size :]


def _repeat(body: bytes, chance: random.Random) -> bytes:
    at, size = chance.randrange(len(body)), chance.choice((1, 3, 30, 300, 3000))
    return body[: at + size] + body[at:]


def _truncate(body: bytes, chance: random.Random) -> bytes:
    return body[: chance.randrange(len(body))]


def _strange(body: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(body))
    word = chance.choice((b"&nbsp;", b"\x00", b"\xa0", b"<", b"]]>", b"\xff\xfe", b"NaN", b"1e999"))
    return body[:at] + word + body[at:]


def _renumber(body: bytes, chance: random.Random) -> bytes:
    """Another number for one of the document's: most of them are coordinates."""
    found = list(_NUMBER.finditer(body))
    if not found:
        return body
    one = chance.choice(found)
    numbers = (b"0", b"-0", b"180", b"-180.0", b"90", b"179.9999", b"1e3", b"99999999999", b"-17.5")
    other = chance.choice((*numbers, chance.choice(found)[0], b"-" + one[0].lstrip(b"-")))
    return body[: one.start()] + other + body[one.end() :]


def _retag(body: bytes, chance: random.Random) -> bytes:
    """One element's name for another's, throughout or in one place."""
    names = sorted({found[1] for found in _TAG.finditer(body)})
    if len(names) < 2:
        return body
    one, other = chance.sample(names, 2)
    times = chance.choice((-1, 1, 2))
    return body.replace(b"<" + one, b"<" + other, times).replace(b"</" + one, b"</" + other, times)


def _commas(body: bytes, chance: random.Random) -> bytes:
    """Points written as other formats write them."""
    one, other = chance.choice(
        ((b",", b" "), (b",", b", "), (b" ", b","), (b".", b","), (b"-", b""))
    )
    return body.replace(one, other)


Accident = Callable[[bytes, random.Random], bytes]
BYTES: tuple[Accident, ...] = (
    _flip, _cut, _repeat, _truncate, _strange, _renumber, _renumber, _retag, _commas,
)  # fmt: skip


def of_tree(body: bytes, chance: random.Random) -> bytes:
    """A well-formed XML document with elements doubled, dropped, moved, emptied or exchanged."""
    root = ElementTree.fromstring(body.lstrip(b"\xef\xbb\xbf \t\r\n"))
    for _ in range(chance.choice((1, 1, 2, 5))):
        parents = [element for element in root.iter() if len(element)]
        if not parents:
            break
        parent = chance.choice(parents)
        child = chance.choice(list(parent))
        chance.choice(TREES)(parent, child, parents, chance)
    written: bytes = ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)
    return written


Element = ElementTree.Element


def _double(parent: Element, child: Element, _: list[Element], chance: random.Random) -> None:
    for _n in range(chance.choice((1, 1, 20))):
        parent.insert(chance.randrange(len(parent) + 1), copy.deepcopy(child))


def _drop(parent: Element, child: Element, _: list[Element], __: random.Random) -> None:
    parent.remove(child)


def _move(parent: Element, child: Element, others: list[Element], chance: random.Random) -> None:
    inside = set(child.iter())
    targets = [other for other in others if other not in inside]
    if targets:
        parent.remove(child)
        chance.choice(targets).append(child)


def _empty(_: Element, child: Element, __: list[Element], chance: random.Random) -> None:
    child.text = chance.choice((None, "", " ", "\n\t", "-", ",", "0", "null"))
    for inside in list(child):
        child.remove(inside)


def _exchange(_: Element, child: Element, others: list[Element], chance: random.Random) -> None:
    other = chance.choice([each for parent in others for each in parent])
    child.text, other.text = other.text, child.text


def _rename(_: Element, child: Element, others: list[Element], chance: random.Random) -> None:
    child.tag = chance.choice([each for parent in others for each in parent]).tag


TREES = (_double, _drop, _move, _empty, _exchange, _rename)


def of_json(body: bytes, chance: random.Random) -> bytes:
    """A JSON document with values of other kinds, keys dropped, and lists shortened or doubled."""
    value = json.loads(body)
    for _ in range(chance.choice((1, 1, 2, 5))):
        places = list(_places(value))
        if not places:
            break
        holder, key = chance.choice(places)
        change = chance.choice((_odd, _odd, _lose, _twice, _elsewhere))
        change(holder, key, places, chance)
    return json.dumps(value).encode()


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    if isinstance(value, dict | list):
        keys = list(value) if isinstance(value, dict) else range(len(value))
        for key in keys:
            yield value, key
            yield from _places(value[key])


def _odd(holder: Any, key: Any, _: list[Any], chance: random.Random) -> None:
    holder[key] = chance.choice(
        (None, True, 0, -1, 1e308, 10**400, "", " ", "x", [], {}, [[]], [None], {"a": []}, "1,2")
    )


def _lose(holder: Any, key: Any, _: list[Any], __: random.Random) -> None:
    del holder[key]


def _twice(holder: Any, key: Any, _: list[Any], chance: random.Random) -> None:
    if isinstance(holder, list):
        holder.insert(chance.randrange(len(holder) + 1), copy.deepcopy(holder[key]))
    else:
        holder[f"{key}2"] = copy.deepcopy(holder[key])


def _elsewhere(holder: Any, key: Any, places: list[Any], chance: random.Random) -> None:
    other, its = chance.choice(places)
    holder[key] = copy.deepcopy(other[its])
