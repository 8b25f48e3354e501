"""What is wrong with texts, by the template that a rule names."""

from collections.abc import Iterable, Mapping
from pathlib import Path

from carealert.adapters.file_errors import RowError
from carealert.adapters.texts.check import INCOMPLETE
from carealert.adapters.texts.composer import TemplateComposer
from carealert.adapters.texts.rendering import SUFFIX


def breaches_by_template(
    composer: TemplateComposer, tags: Iterable[str]
) -> Mapping[str, Mapping[str, str]]:
    """Template -> language, of `tags` -> the first thing wrong with it.

    What is wrong with the words, lists or lexicon of a language is wrong with all its templates.
    What is only missing is none: `rules check` says that itself.
    """
    found: dict[str, dict[str, str]] = {}
    names = composer.template_names()
    for tag in tags:
        for problem in composer.check(tag):
            if any(words in problem.what for words in INCOMPLETE):
                continue
            for name in _templates(problem, names):
                found.setdefault(name, {}).setdefault(tag, str(problem))
    return found


def _templates(problem: RowError, names: tuple[str, ...]) -> tuple[str, ...]:
    file = Path(problem.file).name
    return (file.removesuffix(SUFFIX),) if file.endswith(SUFFIX) else names
