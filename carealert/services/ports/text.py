"""Templates behind one door: drafts in, texts out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from carealert.domain.facilities import FacilityType
from carealert.domain.hazards import Hazard
from carealert.domain.notices import Notice, NoticeDraft, Text, Wording
from carealert.domain.people import Need


class TemplateProblem(Exception):
    """A template cannot be rendered: names the file, the line where known, and what to do."""


@dataclass(frozen=True, slots=True)
class MoreAsked:
    """Who asks for further steps, after which text: `told` is its body, `page` counts from 0.

    `facility` is the type that its manager asks about; None for people.
    """

    hazard: Hazard
    needs: frozenset[Need]
    wording: Wording
    about_self: bool
    checklist: str | None
    language: str
    second_language: str | None
    told: str = field(repr=False)
    page: int
    facility: FacilityType | None = None


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

    def more(self, asked: MoreAsked) -> Text:
        """The next steps of the checklists, as many as one message holds; then from the start."""
        ...
