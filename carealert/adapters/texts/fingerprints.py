"""The files of a language and their hashes: what somebody who signs has read."""

from collections.abc import Mapping, Sequence
from hashlib import sha256
from pathlib import Path

#: What stands before an own file's name where the shipped one of the same name says else.
OWN = "own/"


def fingerprints(folders: Sequence[Path], tag: str) -> Mapping[str, str]:
    """File -> SHA-256 of its text, over every kind of file of this language.

    The last of `folders` is the shipped one. An own file that says what the shipped one says adds
    nothing; line ends do not count.
    """
    shipped = _in(folders[-1], tag)
    own = {
        name: digest
        for folder in reversed(folders[:-1])
        for name, digest in _in(folder, tag).items()
        if shipped.get(name) != digest
    }
    return dict(sorted((shipped | {OWN + name: digest for name, digest in own.items()}).items()))


def changed_by_office(folders: Sequence[Path], tag: str) -> frozenset[str]:
    """The names of the office's own files that say else than the shipped ones."""
    found = fingerprints(folders, tag)
    return frozenset(name.removeprefix(OWN) for name in found if name.startswith(OWN))


def _in(folder: Path, tag: str) -> dict[str, str]:
    paths = [*folder.glob(f"*/{tag}.*"), *folder.glob(f"*/{tag}/*")]
    return {
        path.relative_to(folder).as_posix(): sha256(
            path.read_bytes().replace(b"\r\n", b"\n")
        ).hexdigest()
        for path in paths
        if path.is_file() and not path.name.startswith(".") and not path.name.endswith("~")
    }
