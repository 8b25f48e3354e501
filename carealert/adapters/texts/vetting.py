"""Which of an office's own text files must not be used, and why."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from carealert.adapters.file_errors import RowError
from carealert.adapters.texts.check import INCOMPLETE, problems_of
from carealert.adapters.texts.composer import TemplateComposer
from carealert.adapters.texts.files import Ignored, tags_in
from carealert.adapters.texts.fingerprints import changed_by_office
from carealert.adapters.texts.problems import TextFileProblem
from carealert.adapters.texts.rendering import SUFFIX
from carealert.adapters.texts.whereabouts import located, tag_of

#: A composer that passes over these own files.
Make = Callable[[Ignored], TemplateComposer]


def refused_files(make: Make, folders: Sequence[Path]) -> Mapping[str, str]:
    """Own file -> why it is not used: it cannot be read or filled in, or breaks a rule.

    What is only missing is no reason: then the shipped text or another language serves.
    """
    refused: dict[str, str] = {}
    for tag in tags_in(folders):
        changed = changed_by_office(folders, tag)
        while changed - refused.keys():
            found = _round(make, folders, tag, changed, frozenset(refused))
            if not found:
                break
            refused |= found
    return refused


def to_blame(problem: TextFileProblem, folders: Sequence[Path], ignored: Ignored) -> str | None:
    """The own file in use that this problem comes from, most likely first; None if there is none.

    A shipped template that cannot be filled in was given words by an own file.
    """
    name = _name(problem.row.file, folders) or problem.row.file
    if not Path(name).suffix:
        return None  # no file: a template that nobody wrote
    tag = tag_of(name)
    candidates = (name, *_filled_from(tag), f"lexicons/{tag}.yaml")
    in_use = changed_by_office(folders, tag) - ignored
    return next((candidate for candidate in candidates if candidate in in_use), None)


def _round(
    make: Make, folders: Sequence[Path], tag: str, changed: frozenset[str], refused: Ignored
) -> Mapping[str, str]:
    """What else has to go, seen with `refused` gone: what shipped texts suffer from comes first."""
    problems = _breaches(make(refused), folders, tag, changed - refused)
    own = {name: why for name, why in problems.items() if name in changed - refused}
    shipped = problems.keys() - own.keys()
    broken = {name: why for name, why in own.items() if not name.endswith(SUFFIX)}
    if not shipped or broken:
        return broken or own
    for candidate in _filled_from(tag):
        if candidate in changed - refused:
            after = _breaches(make(refused | {candidate}), folders, tag, changed - refused)
            if len(after.keys() & shipped) < len(shipped):
                return {candidate: problems[min(shipped)]}
    return own


def _breaches(
    composer: TemplateComposer, folders: Sequence[Path], tag: str, changed: frozenset[str]
) -> dict[str, str]:
    """File -> the first thing that is wrong with it, of what can be laid to `changed`."""
    if tag not in composer.languages():
        return {}
    templates = [name for name in changed if name.endswith(SUFFIX)]
    only = [Path(name).name.removesuffix(SUFFIX) for name in templates]
    found: dict[str, str] = {}
    for problem in problems_of(composer, [tag], only if len(templates) == len(changed) else ()):
        name = _name(problem.file, folders) or problem.file
        if not any(words in problem.what for words in INCOMPLETE):
            found.setdefault(name, _said(located(problem, folders)))
    return found


def _said(problem: RowError) -> str:
    line = f"line {problem.line}: " if problem.line is not None else ""
    return f"{line}{problem.what}"


def _filled_from(tag: str) -> Iterator[str]:
    yield f"sms/{tag}/words.yaml"
    yield f"checklists/{tag}.json"


def _name(file: str, folders: Sequence[Path]) -> str | None:
    """What a file is called inside its folder of templates; None outside of all of them."""
    path = Path(file.partition(", list ")[0])
    inside = (folder for folder in folders if path.is_relative_to(folder))
    found = next(inside, None)
    return path.relative_to(found).as_posix() if found else None
