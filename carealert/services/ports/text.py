"""Templates behind one door: drafts in, texts out."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from carealert.domain.notices import Notice, NoticeDraft, Text


class TemplateProblem(Exception):
    """A template cannot be rendered: names the file, the line where known, and what to do."""


class Composer(Protocol):
    """Renders drafts in the recipient's language with a counted fallback."""

    def compose(self, drafts: Iterable[NoticeDraft]) -> Sequence[Notice]:
        """One notice a draft, in order; raises TemplateProblem before any of them is saved."""
        ...

    def answer(
        self,
        template: str,
        language: str,
        answer: str | None = None,
        details: Mapping[str, str] | None = None,
    ) -> Text:
        """A short fixed answer (`thanks_safe`, `help_coming`, `stopped`, …) in this language.

        `answer` is the name of a reply that is repeated back, such as `limited`; `details` are
        what else the template says, such as a code.
        """
        ...
