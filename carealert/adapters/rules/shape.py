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

_KINDS = {str: "the text", bool: "true or false", int: "the number", float: "the number"}
_WANTED = {
    "string_type": "text in quotes",
    "int_type": "a whole number without quotes",
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


def _missing(_: ErrorDetails, path: Steps, schema: Mapping[str, Any]) -> str:  # noqa: ARG001
    return f"the key '{path[-1]}' is missing."


def _unknown_word(error: ErrorDetails, path: Steps, schema: Mapping[str, Any]) -> str:
    here = _at(schema, path)
    known = [str(word) for word in here.get("enum", [here["const"]] if "const" in here else [])]
    found = _shown(error["input"])
    return f"{found} is not known here.{nearest(str(error['input']), known)}{allowed(known)}"


def _pattern(error: ErrorDetails, path: Steps, schema: Mapping[str, Any]) -> str:
    here = _at(schema, path)
    wanted = here.get("description") or f"text that matches {here.get('pattern')}"
    return f"{_shown(error['input'])} is not {wanted}."


def _wrong_kind(error: ErrorDetails, path: Steps, schema: Mapping[str, Any]) -> str:  # noqa: ARG001
    return f"expected {_WANTED[error['type']]}, found {_shown(error['input'])}."


def _too_short(error: ErrorDetails, path: Steps, schema: Mapping[str, Any]) -> str:  # noqa: ARG001
    return f"'{path[-1]}' must not be empty: give it a value or remove it."


def _other(error: ErrorDetails, path: Steps, schema: Mapping[str, Any]) -> str:  # noqa: ARG001
    return f"{error['msg'].removeprefix('Value error, ')}; found {_shown(error['input'])}."


_SENTENCES: Mapping[str, Callable[[ErrorDetails, Steps, Mapping[str, Any]], str]] = {
    "extra_forbidden": _unknown_key,
    "missing": _missing,
    "enum": _unknown_word,
    "literal_error": _unknown_word,
    "string_pattern_mismatch": _pattern,
    "too_short": _too_short,
    "string_too_short": _too_short,
    **dict.fromkeys(_WANTED, _wrong_kind),
}


def _shown(value: object) -> str:
    if isinstance(value, Mapping):
        return "keys with values" if value else "nothing"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "a list"
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
