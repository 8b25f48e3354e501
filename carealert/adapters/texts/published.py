"""Texts as they go out: an office's own, and in place of a broken one the shipped.

A mistake in a template must cost nobody a warning. Own files that cannot be used are passed over:
the shipped file of that name serves, or, in a language that only the office has, the person's next
language (rule G12). Planning waits only where nothing is left.
"""

import logging
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from threading import Lock
from typing import Protocol, TypeVar

from carealert.adapters.texts.composer import TemplateComposer
from carealert.adapters.texts.files import Ignored
from carealert.adapters.texts.problems import TextFileProblem
from carealert.adapters.texts.vetting import refused_files, to_blame
from carealert.domain.notices import Notice, NoticeDraft, Text
from carealert.services.ports.text import MoreAsked

log = logging.getLogger(__name__)

T = TypeVar("T")
#: How long it may take, in seconds, until a new signature counts.
REVIEWED_FOR = 10.0


class MakeComposer(Protocol):
    """Makes a composer that passes over `ignored` and keeps to `reviewed` languages."""

    def __call__(  # noqa: D102
        self, *, ignored: Ignored, reviewed: frozenset[str] | None
    ) -> TemplateComposer: ...


class PublishedComposer:
    """The Composer port over texts of which those that break are not used.

    `reviewed` says which languages may be used; without it all may. Own files are checked once,
    here, which takes a second or two for each language that the office changed.
    """

    def __init__(
        self,
        make: MakeComposer,
        folders: Sequence[Path],
        reviewed: Callable[[], frozenset[str]] | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._make, self._folders, self._clock = make, tuple(folders), clock
        self._ask_reviewed = reviewed
        self._reviewed: frozenset[str] | None = None
        self._asked_at: float | None = None
        self._asking, self._changing = Lock(), Lock()
        self._refused = dict(
            refused_files(lambda ignored: make(ignored=ignored, reviewed=None), folders)
        )
        for file, why in self._refused.items():
            log.error("the own text %s is not used: %s", file, why)
        self._current = self._made()

    @property
    def refused(self) -> Mapping[str, str]:
        """The own files that are not used, as they are called in templates/, and why."""
        return dict(self._refused)

    def compose(self, drafts: Iterable[NoticeDraft]) -> Sequence[Notice]:
        """One notice a draft, in order; raises TemplateProblem where nothing is left to say."""
        every = list(drafts)
        return self._trying(lambda composer: composer.compose(every))

    def answer(
        self,
        template: str,
        language: str,
        answer: str | None = None,
        details: Mapping[str, str] | None = None,
    ) -> Text:
        """A short fixed answer in this language; raises as `compose` does."""
        return self._trying(lambda composer: composer.answer(template, language, answer, details))

    def more(self, asked: MoreAsked) -> Text:
        """The next steps for somebody who asked for them; raises as `compose` does."""
        return self._trying(lambda composer: composer.more(asked))

    def _trying(self, do: Callable[[TemplateComposer], T]) -> T:
        """Pass over one own file after the other until it works."""
        self._look_who_is_reviewed()
        while True:
            current = self._current
            try:
                return do(current)
            except TextFileProblem as problem:
                if not self._pass_over(problem, current):
                    raise

    def _pass_over(self, problem: TextFileProblem, current: TemplateComposer) -> bool:
        """True where it is worth another try."""
        with self._changing:
            if self._current is not current:
                return True
            file = to_blame(problem, self._folders, frozenset(self._refused))
            if file is None:
                return False
            self._refused = {**self._refused, file: str(problem)}
            self._current = self._made()
        log.error("the own text %s is not used: %s", file, problem)
        return True

    def _look_who_is_reviewed(self) -> None:
        """Ask again now and then; meanwhile, and while another thread asks, what was holds."""
        first = self._asked_at is None
        if self._ask_reviewed is None or not (first or self._is_old()):
            return
        if not self._asking.acquire(blocking=first):
            return
        try:
            if self._asked_at is not None and not self._is_old():
                return
            found = self._ask_reviewed()
            self._asked_at = self._clock()
            if found != self._reviewed:
                with self._changing:
                    self._reviewed = found
                    self._current = self._made()
        finally:
            self._asking.release()

    def _is_old(self) -> bool:
        return self._asked_at is None or self._clock() - self._asked_at >= REVIEWED_FOR

    def _made(self) -> TemplateComposer:
        return self._make(ignored=frozenset(self._refused), reviewed=self._reviewed)
