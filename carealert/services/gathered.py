"""What a poll gathers: documents with what they say, before anything is stored."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import timedelta

from carealert.domain.warnings import HazardWarning
from carealert.services.discretion import bare_url
from carealert.services.ports.feeds import (
    Fetched,
    FetchFailed,
    KnownDocument,
    NewDocument,
    Problem,
    Reader,
    Reading,
    UnreadableDocument,
    Validators,
)
from carealert.services.ports.links import Link

#: How the problem of a document begins whose signature does not hold.
QUARANTINED = "signature: "


@dataclass(frozen=True, slots=True)
class Got:
    """One document with what it says; `problem` is why it says nothing, or not all."""

    url: str
    updated: str | None
    body: bytes
    reading: Reading | None
    problem: str | None
    validators: Validators = field(default_factory=Validators)
    known: KnownDocument | None = None

    @property
    def warnings(self) -> tuple[HazardWarning, ...]:
        """The warnings that may be stored."""
        return self.reading.warnings if self.reading else ()

    @property
    def is_quarantined(self) -> bool:
        """True if its signature does not hold."""
        return (self.problem or "").startswith(QUARANTINED)

    @property
    def has_changed(self) -> bool:
        """True if it was kept before with other bytes."""
        return self.known is not None and self.known.sha256 != hashlib.sha256(self.body).hexdigest()

    @property
    def sentence(self) -> str | None:
        """What is wrong with it, with its address."""
        if self.problem and self.is_quarantined:
            return f"{bare_url(self.url)}: {self.problem}"
        return self.problem

    @property
    def problems(self) -> Iterator[Problem]:
        """What is wrong or odd, each with its place."""
        name = bare_url(self.url)
        found = self.reading.problems if self.reading else ()
        yield from (replace(one, where=f"{name} {one.where}") for one in found)
        if self.problem and (not found or self.is_quarantined):
            yield Problem(name, self.problem.removeprefix(f"{name}: "), "error")

    def to_keep(self) -> NewDocument:
        """What is stored of it."""
        return NewDocument(self.url, self.updated, self.body, self.problem, self.validators)


@dataclass(slots=True)
class Harvest:
    """What a poll has brought. `broken` is why there is not even an index."""

    broken: FetchFailed | None = None
    answer: Fetched | None = None
    pages: list[Got] = field(default_factory=list)
    linked: list[Got] = field(default_factory=list)
    failures: list[FetchFailed] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    unchanged: list[KnownDocument] = field(default_factory=list)
    left_over: bool = False

    @property
    def not_modified(self) -> bool:
        """True if the index is what it was."""
        return self.answer is not None and self.answer.body is None

    @property
    def documents(self) -> list[Got]:
        """What is kept: an index that only points to others is read anew at each poll."""
        return [one for one in self.pages if one.warnings or one.problem] + self.linked

    @property
    def warnings(self) -> tuple[HazardWarning, ...]:
        """Everything that was read."""
        return tuple(warning for one in self.documents for warning in one.warnings)

    @property
    def sentences(self) -> list[str]:
        """Everything that went wrong, each once."""
        wrong = [str(failure) for failure in self.failures] + self.remarks
        wrong += [one.sentence for one in self.documents if one.sentence]
        return list(dict.fromkeys(wrong))

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Everything that went wrong or was odd, each with its place."""
        return tuple(problem for one in (*self.pages, *self.linked) for problem in one.problems)

    @property
    def failed_links(self) -> tuple[Problem, ...]:
        """The documents that could not be had."""
        return tuple(Problem("link", str(one), "error") for one in self.failures)

    @property
    def retry_after(self) -> timedelta | None:
        """The longest pause that a server asked for."""
        wishes = [one.retry_after for one in self.failures if one.retry_after is not None]
        return max(wishes, default=None)

    @property
    def status(self) -> int | None:
        """The HTTP status of the index."""
        if self.broken is not None:
            return self.broken.status
        return self.answer.status if self.answer else None

    @property
    def bytes(self) -> int:
        """The size of everything that was read."""
        return sum(len(one.body) for one in (*self.pages, *self.linked))


def read_bytes(
    reader: Reader, link: Link, body: bytes, format_name: str, base: str | None = None
) -> Got:
    """Read a document; what cannot be read is in its `problem`."""
    try:
        reading = reader.read(body, base or link.url, format_name)
    except UnreadableDocument as unreadable:
        return Got(link.url, link.updated, body, None, str(unreadable))
    errors = (problem for problem in reading.problems if problem.level == "error")
    first = next(errors, None)
    problem = f"{bare_url(link.url)}: {first.where} {first.what}" if first else None
    return Got(link.url, link.updated, body, reading, problem)
