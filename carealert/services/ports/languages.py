"""What is known of the texts' languages: who signed, what is in use, what was told in which."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from carealert.domain.language_reviews import Review, Signature
from carealert.domain.told_languages import Told


@dataclass(frozen=True, slots=True)
class TextFault:
    """An own file of texts that is not used because it breaks, or breaks a rule."""

    file: str
    problem: str
    since: datetime


@dataclass(frozen=True, slots=True)
class TextsRow:
    """What the board shows of the texts: files that are not used, and how languages stand."""

    faults: tuple[TextFault, ...] = ()
    reviews: tuple[Review, ...] = ()


#: Before a worker ran.
NO_TEXTS = TextsRow()


class LanguageStore(Protocol):
    """Signatures, which are never removed, and what the worker last saw of the texts."""

    def sign(self, signature: Signature) -> Signature:
        """Keep a new one; its `id` is given here."""
        ...

    def signatures(self) -> Sequence[Signature]:
        """Every signature, newest first."""
        ...

    def in_use(self) -> Mapping[str, Mapping[str, str]]:
        """Language -> file -> hash, as the worker last used them."""
        ...

    def use(self, files: Mapping[str, Mapping[str, str]], now: datetime) -> None:
        """Put down what is used from now on; other languages are none any more."""
        ...

    def faults(self) -> Sequence[TextFault]:
        """The own files that are not used, by name."""
        ...

    def put_faults(self, faults: Sequence[TextFault]) -> None:
        """Take these in place of all that were."""
        ...

    def told(self, incident: str | None = None) -> Sequence[Told]:
        """What went out, by first language and language; neither the desk's nor exercises'."""
        ...
