"""Jinja behind a fence: the user's templates first, and every error as one clear sentence."""

import re
import traceback
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from jinja2 import (
    BaseLoader,
    ChoiceLoader,
    Environment,
    FileSystemLoader,
    PrefixLoader,
    StrictUndefined,
    TemplateError,
    TemplateNotFound,
    TemplateSyntaxError,
    UndefinedError,
)
from jinja2.sandbox import ImmutableSandboxedEnvironment

from carealert.adapters.file_errors import RowError
from carealert.adapters.texts.files import NOTHING, Ignored, paths_of
from carealert.adapters.texts.problems import TextFileProblem
from carealert.domain.sms import normalise

#: How a user's template names the shipped one that it extends: `default:sms/en/care_alert.txt.j2`.
SHIPPED_PREFIX = "default"
SUFFIX = ".txt.j2"


class Templates:
    """The templates of `folders`, the user's own first and the shipped ones last."""

    def __init__(self, folders: Sequence[Path], ignored: Ignored = NOTHING) -> None:
        self._folders, self._ignored = tuple(folders), ignored
        loaders: list[BaseLoader] = [_Own(folder, ignored) for folder in folders[:-1]]
        loaders.append(FileSystemLoader(folders[-1]))
        shipped = {SHIPPED_PREFIX: FileSystemLoader(folders[-1])}
        self._environment = ImmutableSandboxedEnvironment(
            loader=ChoiceLoader([*loaders, PrefixLoader(shipped, delimiter=":")]),
            undefined=StrictUndefined,
            autoescape=False,  # an SMS is plain text: "&amp;" would reach the phone
            lstrip_blocks=True,
            auto_reload=False,
        )

    def names(self) -> tuple[str, ...]:
        """The templates that any language has, sorted."""
        found = {
            path.name.removesuffix(SUFFIX)
            for folder in self._folders
            for path in folder.glob(f"sms/*/*{SUFFIX}")
        }
        return tuple(sorted(found))

    def has(self, language: str, template: str) -> bool:
        """True if the template exists in this language."""
        return bool(paths_of(self._folders, _name(language, template), self._ignored))

    def render(self, language: str, template: str, values: Mapping[str, Any]) -> str:
        """The text, normalised and without empty lines; raises TemplateProblem."""
        name = _name(language, template)
        try:
            text = self._environment.get_template(name).render(values)
        except _ERRORS as error:
            raise TextFileProblem(self._told(error, name)) from error
        lines = (" ".join(line.split()) for line in normalise(text).splitlines())
        return "\n".join(line for line in lines if line)

    def _told(self, error: Exception, name: str) -> RowError:
        if isinstance(error, TemplateSyntaxError):
            file = error.filename or self._path(error.name or name)
            what = f"is not a template: {(error.message or '').rstrip('.')}"
            return RowError(file, error.lineno, None, what, "Mend the line")
        if isinstance(error, TemplateNotFound):
            missing = error.name or name
            what = "does not exist" if missing == name else f"extends {missing}, which is not there"
            fix = f"Write it, or use one of: {', '.join(self.names())}"
            return RowError(self._path(name), None, None, what, fix)
        file, line = self._place(error, name)
        if isinstance(error, UndefinedError):
            found = _UNDEFINED.search(error.message or "")
            variable = found[1] or found[2] if found else "a name"
            what = f"the variable '{variable}' is not known"
            fix = "Use a variable that the shipped template uses"
            return RowError(file, line, None, what, fix)
        what = f"cannot be filled in: {error}".rstrip(".")
        return RowError(file, line, None, what, "Mend the line")

    def _place(self, error: Exception, name: str) -> tuple[str, int | None]:
        """The last line of a template that the error came through."""
        frames = traceback.extract_tb(error.__traceback__)
        inside = [frame for frame in frames if frame.filename.endswith(SUFFIX)]
        return (inside[-1].filename, inside[-1].lineno) if inside else (self._path(name), None)

    def _path(self, name: str) -> str:
        """The file of a template, or where it is missed."""
        found = paths_of(self._folders, name, self._ignored)
        return str(found[0] if found else self._folders[-1] / name)


class _Own(FileSystemLoader):
    """The templates of a folder but for those that are not to be used."""

    def __init__(self, folder: Path, ignored: Ignored) -> None:
        super().__init__(folder)
        self._ignored = ignored

    def get_source(
        self, environment: Environment, template: str
    ) -> tuple[str, str, Callable[[], bool]]:
        if template in self._ignored:
            raise TemplateNotFound(template)
        return super().get_source(environment, template)


def _name(language: str, template: str) -> str:
    return f"sms/{language}/{template}{SUFFIX}"


#: What a template that its author got wrong can raise while it is read or filled in.
_ERRORS = (
    TemplateError,
    ArithmeticError,
    AttributeError,
    LookupError,
    OverflowError,
    RecursionError,
    TypeError,
    ValueError,
)
_UNDEFINED = re.compile(r"has no (?:attribute|element) '?([^']+)'?|'([^']+)' is undefined")
