"""What JSON Schema (draft 2020-12) says of a value, for the keywords that rule files use.

A keyword that is not known here is an error: nothing must be published that is not tested.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

Schema = Mapping[str, Any]

_TYPES: Mapping[str, Callable[[Any], bool]] = {
    "object": lambda value: isinstance(value, dict),
    "array": lambda value: isinstance(value, list),
    "string": lambda value: isinstance(value, str),
    "boolean": lambda value: isinstance(value, bool),
    "number": lambda value: isinstance(value, int | float) and not isinstance(value, bool),
    # Section 6.1.1 of the validation part: any number with a zero fraction.
    "integer": lambda value: (
        not isinstance(value, bool)
        and (isinstance(value, int) or (isinstance(value, float) and value.is_integer()))
    ),
}


def _is_number(value: Any) -> bool:
    return _TYPES["number"](value)


def _same(one: Any, other: Any) -> bool:
    """JSON's equality: true is no 1."""
    return isinstance(one, bool) == isinstance(other, bool) and bool(one == other)


def _matches(pattern: str, text: str) -> bool:
    """ECMA 262: `$` is the end, and not what stands before a last new line."""
    return re.search(re.sub(r"\$$", r"\\Z", pattern), text) is not None


_RULES: Mapping[str, Callable[[Any, Any], bool]] = {
    "type": lambda given, value: _TYPES[given](value),
    "const": _same,
    "enum": lambda given, value: any(_same(one, value) for one in given),
    "pattern": lambda given, value: not isinstance(value, str) or _matches(given, value),
    "minLength": lambda given, value: not isinstance(value, str) or len(value) >= given,
    "maxLength": lambda given, value: not isinstance(value, str) or len(value) <= given,
    "minItems": lambda given, value: not isinstance(value, list) or len(value) >= given,
    "minProperties": lambda given, value: not isinstance(value, dict) or len(value) >= given,
    "required": lambda given, value: not isinstance(value, dict) or value.keys() >= set(given),
    "minimum": lambda given, value: not _is_number(value) or value >= given,
    "maximum": lambda given, value: not _is_number(value) or value <= given,
    "exclusiveMinimum": lambda given, value: not _is_number(value) or value > given,
}
#: Say nothing about what is valid (section 9 of the validation part; `format` since 2019-09).
_NOTES = {"title", "description", "default", "format", "$schema", "$id", "$defs"}


def is_valid(value: Any, schema: Schema, root: Schema | None = None) -> bool:
    """True where the value keeps to the schema; raises KeyError for an unknown keyword."""
    root = root or schema
    for keyword, given in schema.items():
        if keyword in _NOTES:
            continue
        if keyword == "$ref":
            held = is_valid(value, root["$defs"][given.removeprefix("#/$defs/")], root)
        elif keyword == "items":
            held = not isinstance(value, list) or all(is_valid(one, given, root) for one in value)
        elif keyword == "properties":
            held = not isinstance(value, dict) or all(
                is_valid(value[name], part, root) for name, part in given.items() if name in value
            )
        elif keyword == "additionalProperties":
            held = _rest_is_valid(value, schema, given, root)
        else:
            held = _RULES[keyword](given, value)
        if not held:
            return False
    return True


def _rest_is_valid(value: Any, schema: Schema, given: Any, root: Schema) -> bool:
    if not isinstance(value, dict):
        return True
    rest = value.keys() - schema.get("properties", {}).keys()
    if isinstance(given, bool):
        return given or not rest
    return all(is_valid(value[name], given, root) for name in rest)
