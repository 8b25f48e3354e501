"""A document held against a model: every departure becomes one sentence with its place.

A sentence says what was found, what is allowed there, and which known word is nearest.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from difflib import get_close_matches
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from carealert.adapters.rules.strict_yaml import Document, InvalidRules, RuleProblem, Steps

Model = TypeVar("Model", bound=BaseModel)

_KINDS = {str: "the text", int: "the number", float: "the number"}
_WANTED = {
    "string_type": "text in quotes",
    "int_type": "a whole number without quotes",
    "float_type": "a number without quotes",
    "bool_type": "true or false",
    "list_type": "a list, such as [one, two]",
    "dict_type": "keys with values",
    "model_type": "keys with values",
    "model_attributes_type": "keys with values",
}


def shaped(model: type[Model], document: Document) -> Model:
    """`document` as `model`; raises InvalidRules with every departure in the file's order."""
    try:
        return model.model_validate(document.data)
    except ValidationError as error:
        schema = _schema(model)
        problems = {_problem(entry, document, schema) for entry in error.errors(include_url=False)}
        raise InvalidRules(sorted(problems)) from error


def nearest(word: str, known: Iterable[str]) -> str:
    """` Did you mean 'x'?` for the known word that is nearest, or nothing."""
    close = get_close_matches(word.casefold(), {name.casefold(): name for name in known}, 1, 0.6)
    original = {name.casefold(): name for name in known}
    return f" Did you mean '{original[close[0]]}'?" if close else ""


def allowed(known: Iterable[str]) -> str:
    """` Allowed: a, b, c.`"""
    return f" Allowed: {', '.join(known)}."


def _problem(error: ErrorDetails, document: Document, schema: Mapping[str, Any]) -> RuleProblem:
    path: Steps = tuple(error["loc"])
    say = _SENTENCES.get(error["type"], _other)
    return document.problem(path, say(error, path, schema))


def _unknown_key(_: ErrorDetails, path: Steps, schema: Mapping[str, Any]) -> str:
    known = list(_at(schema, path[:-1]).get("properties", {}))
    key = str(path[-1])
    return f"the key '{key}' is not known here.{nearest(key, known)}{allowed(known)}"


def _missing(_: ErrorDetails, path: Steps, schema: Mapping[str, Any]) -> str:
    return f"the key '{path[-1]}' is missing.{_allowed_at(schema, path)}"


def _unknown_word(error: ErrorDetails, path: Steps, schema: Mapping[str, Any]) -> str:
    known = _words(_at(schema, path))
    found = _shown(error["input"])
    return f"{found} is not known here.{nearest(str(error['input']), known)}{allowed(known)}"


def _pattern(error: ErrorDetails, path: Steps, schema: Mapping[str, Any]) -> str:
    here = _at(schema, path)
    wanted = here.get("description") or f"text that matches {here.get('pattern')}"
    return f"{_shown(error['input'])} is not {wanted}."


def _wrong_kind(error: ErrorDetails, path: Steps, schema: Mapping[str, Any]) -> str:
    found = f"expected {_WANTED[error['type']]}, found {_shown(error['input'])}."
    return found + _allowed_at(schema, path)


def _too_short(_: ErrorDetails, path: Steps, schema: Mapping[str, Any]) -> str:
    what = f"an entry of '{path[-2]}'" if isinstance(path[-1], int) else f"'{path[-1]}'"
    return f"{what} must not be empty: give it a value or remove it.{_allowed_at(schema, path)}"


def _out_of_range(error: ErrorDetails, path: Steps, schema: Mapping[str, Any]) -> str:
    return f"{_shown(error['input'])} is out of range.{_allowed_at(schema, path)}"


def _too_long(error: ErrorDetails, path: Steps, schema: Mapping[str, Any]) -> str:
    most = _at(schema, path).get("maxLength")
    return f"{_shown(error['input'])} is too long. Allowed: up to {most} characters."


def _other(error: ErrorDetails, path: Steps, schema: Mapping[str, Any]) -> str:
    what = f"{error['msg'].removeprefix('Value error, ')}; found {_shown(error['input'])}."
    return what + _allowed_at(schema, path)


_SENTENCES: Mapping[str, Callable[[ErrorDetails, Steps, Mapping[str, Any]], str]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "enum": _unknown_word,
    "literal_error": _unknown_word,
    "string_pattern_mismatch": _pattern,
    "too_short": _too_short,
    "string_too_short": _too_short,
    "string_too_long": _too_long,
    **dict.fromkeys(("greater_than", "greater_than_equal", "less_than_equal"), _out_of_range),
    **dict.fromkeys(_WANTED, _wrong_kind),
}


def _allowed_at(schema: Mapping[str, Any], path: Steps) -> str:
    """What the schema takes at a place or in a list there, or nothing where that is plain."""
    here = _at(schema, path)
    if "items" in here:
        here = _resolved(here["items"], schema)
    if words := _words(here):
        return allowed(words)
    if "minimum" in here or "exclusiveMinimum" in here:
        least = f"{here['minimum']:g}" if "minimum" in here else "more than 0"
        return allowed([f"{least} to {here['maximum']:g}"])
    if "pattern" in here and "description" in here:
        return allowed([here["description"]])
    return allowed(here["properties"]) if here.get("properties") else ""


def _words(here: Mapping[str, Any]) -> list[str]:
    """The words of a closed list, as they are written."""
    known = here.get("enum", [here["const"]] if "const" in here else [])
    return [str(word).lower() if isinstance(word, bool) else str(word) for word in known]


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "keys with values" if value else "nothing"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list"
    if isinstance(value, bool):
        return str(value).lower()
    if value == "":
        return "nothing"
    text = str(value)
    return f"{_KINDS.get(type(value), 'the value')} '{text if len(text) < 60 else text[:57] + '…'}'"


@cache
def _schema(model: type[BaseModel]) -> Mapping[str, Any]:
    return model.model_json_schema(by_alias=True)


def _at(schema: Mapping[str, Any], path: Steps) -> Mapping[str, Any]:
    """What the schema says of the value at `path`; nothing where it does not know it."""
    here = _resolved(schema, schema)
    for step in path:
        if isinstance(step, int):
            here = here.get("items", {})
        else:
            properties = here.get("properties", {})
            extra = here.get("additionalProperties")
            here = properties.get(step, extra if isinstance(extra, Mapping) else {})
        here = _resolved(here, schema)
    return here


def _resolved(here: Mapping[str, Any], schema: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow a reference, and pass over the null that optional keys have in the schema."""
    for choice in here.get("anyOf", ()):
        if choice.get("type") != "null":
            here = {**here, **choice}
            break
    reference = here.get("$ref")
    if reference is None:
        return here
    found: Mapping[str, Any] = schema["$defs"][reference.rpartition("/")[2]]
    return _resolved(found, schema)
