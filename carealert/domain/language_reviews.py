"""Who has read the texts of a language, and whether they still are what was read."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from hashlib import sha256


class ReviewState(StrEnum):
    """How far the texts of a language have been read by a person."""

    DRAFT = "machine-drafted"  # nobody has signed
    SIGNED = "signed"
    STALE = "stale"  # somebody has, and a text changed since


class TextsInUse(StrEnum):
    """Which languages an office lets be used."""

    ANY = "any"
    REVIEWED = "reviewed"


@dataclass(frozen=True, slots=True)
class Signature:
    """`reviewer` has read these files (name -> SHA-256); `by` is the account that put it down."""

    id: int
    language: str
    reviewer: str
    role: str
    note: str
    files: Mapping[str, str]
    by: str
    at: datetime

    @property
    def digest(self) -> str:
        """One hash for all that was signed."""
        return digest_of(self.files)


@dataclass(frozen=True, slots=True)
class Review:
    """Where a language stands. `signatures` are those that hold, newest first.

    Where a signature has gone stale it stands alone, and `changed` names the files that were
    changed, added or taken away since.
    """

    language: str
    state: ReviewState
    signatures: tuple[Signature, ...] = ()
    changed: tuple[str, ...] = ()

    @property
    def reviewers(self) -> tuple[str, ...]:
        """Who signed, each once."""
        return tuple(dict.fromkeys(one.reviewer for one in self.signatures))


def review_of(language: str, files: Mapping[str, str], signatures: Iterable[Signature]) -> Review:
    """What the signatures of this language are worth for its files as they are now."""
    newest = sorted((one for one in signatures if one.language == language), key=_age)
    holding = tuple(one for one in newest if one.files == files)
    if holding:
        return Review(language, ReviewState.SIGNED, holding)
    if newest:
        last = newest[0]
        return Review(language, ReviewState.STALE, (last,), _changed(last.files, files))
    return Review(language, ReviewState.DRAFT)


def reviews_of(
    files: Mapping[str, Mapping[str, str]], signatures: Sequence[Signature]
) -> tuple[Review, ...]:
    """The reviews of all languages, by tag."""
    return tuple(review_of(tag, files[tag], signatures) for tag in sorted(files))


def digest_of(files: Mapping[str, str]) -> str:
    """One hash for files and their hashes, in hexadecimal."""
    lines = "".join(f"{digest}  {name}\n" for name, digest in sorted(files.items()))
    return sha256(lines.encode()).hexdigest()


def _age(signature: Signature) -> tuple[float, int]:
    return (-signature.at.timestamp(), -signature.id)


def _changed(then: Mapping[str, str], now: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(
        sorted(name for name in then.keys() | now.keys() if then.get(name) != now.get(name))
    )
