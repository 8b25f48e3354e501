"""The keys of `when` and `who`, made of the domain's table: a new condition needs no line here.

Each shape of the table has its type in the file, with the limits that the JSON Schema publishes,
and the way from what was written to what the condition keeps.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Annotated, Any, Literal, Optional

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, create_model, model_validator
from pydantic_core import PydanticKnownError

from carealert.domain.condition_parts import (
    HOUR,
    About,
    Cutoff,
    Entry,
    Functions,
    Lengths,
    Numbers,
    Parameter,
    Parameters,
    Range,
    Shape,
    Texts,
    Words,
    Yes,
)
from carealert.domain.conditions import AllOf, AnyOf, Condition, Not, Test, about
from carealert.domain.resident_conditions import FUNCTIONS

DURATION = r"^[1-9][0-9]{0,3}(m|h|d)$"
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

Duration = Annotated[
    str, Field(pattern=DURATION, description="a length of time such as 10m, 12h or 2d")
]
Line = Annotated[str, Field(min_length=1, max_length=300)]
#: As precise as anybody measures, and safe to compare.
Number = Annotated[float, Field(ge=-1e9, le=1e9)]


class Part(BaseModel):
    """A mapping with known keys, read as it is written."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class NotEmpty(Part):
    """A part without any key says nothing and would be read as everybody or nobody."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    @model_validator(mode="before")
    @classmethod
    def _needs_a_key(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and not data:
            raise ValueError("must have at least one key")
        return data


class Conditions(NotEmpty):
    """Tests; several keys mean that all of them must hold. The table's keys are added below."""

    def condition(self) -> Condition | None:
        """The tree of tests, or None where nothing is asked."""
        parts: list[Condition] = []
        for name, keep in KEEP.items():
            written = getattr(self, name, None)
            if written is not None:
                parts.append(Test(name, keep(written)))
        if given := self.parts_of("any"):
            parts.append(AnyOf(tuple(filter(None, (part.condition() for part in given)))))
        parts += filter(None, (part.condition() for part in self.parts_of("all")))
        for part in self.parts_of("not_"):
            parts += [Not(inner)] if (inner := part.condition()) else []
        if len(parts) > 1:
            return AllOf(tuple(parts))
        return parts[0] if parts else None

    def parts_of(self, key: str) -> list["Conditions"]:
        """The parts under `any`, `all` or `not_`."""
        given = getattr(self, key, None) or []
        return [given] if isinstance(given, Conditions) else list(given)


class LengthRange(NotEmpty):
    """A range of lengths of time."""

    at_least: Duration | None = Field(None, description="This long or longer.")
    below: Duration | None = Field(None, description="Shorter than this.")


class FunctioningEntry(Part):
    """Functions of the Washington Group Short Set, and from which degree on."""

    any_of: (
        list[Literal["seeing", "hearing", "walking", "remembering", "selfcare", "communicating"]]
        | None
    ) = Field(None, min_length=1, description="These functions; all six where left out.")
    at_least: int = Field(ge=2, le=4, description="2 some difficulty, 3 a lot, 4 cannot do it.")


class ParameterEntry(Part):
    """One parameter of the sender's; what is said of it must all be so."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 2})

    name: Line = Field(description="The parameter's name, in any case.")
    at_least: Number | None = Field(None, description="This number or more.")
    below: Number | None = Field(None, description="Less than this number.")
    is_: list[Line] | None = Field(
        None, alias="is", min_length=1, description="Any of these texts, whole, in any case."
    )

    @model_validator(mode="before")
    @classmethod
    def _asks_something(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and len(data) < 2:
            raise ValueError("must say at_least, below or is beside the name")
        return data


def length_of(text: str) -> timedelta:
    """`10m`, `12h` or `2d` as a length of time."""
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def _number_range(entry: Entry, shape: Numbers) -> type[BaseModel]:
    """`at_least` and `below` with this condition's own limits."""
    kind: Any = int if shape.whole else float
    least, most = kind(shape.least), kind(shape.most)
    title = "".join(word.title() for word in entry.name.split("_")) + "Range"
    unit = f" ({shape.unit})" if shape.unit else ""

    def bound(text: str) -> Any:
        return (Optional[kind], Field(None, ge=least, le=most, description=text + unit))  # noqa: UP045

    return create_model(
        title,
        __base__=NotEmpty,
        __doc__=f"A range of {entry.name}.",
        at_least=bound("This or more."),
        below=bound("Less than this."),
    )


def _only_true(written: object) -> object:
    """Python takes 1 for true; a rule file does not."""
    if written is not True:
        raise PydanticKnownError("literal_error", {"expected": "true"})
    return written


def _type_of(entry: Entry) -> Any:
    """The type of a condition's value in a rule file."""
    shape = entry.shape
    match shape:
        case Words(kind, only):
            words: Any = Literal[tuple(word.value for word in only)]  # made of the table
            return list[words] if only else list[Annotated[kind, Field(strict=False)]]  # type: ignore[valid-type]
        case Texts(pattern, example):
            said = f"a text such as {example}"
            return list[
                Annotated[
                    str, Field(min_length=1, max_length=200, pattern=pattern, description=said)
                ]
            ]
        case Numbers():
            return _number_range(entry, shape)
        case Lengths():
            return LengthRange
        case Yes():
            return Annotated[Literal[True], BeforeValidator(_only_true)]
        case Functions():
            return FunctioningEntry
        case Parameters():
            return list[ParameterEntry]


def _keep_words(shape: Words) -> Callable[[Any], Any]:
    return lambda written: frozenset(shape.kind(word) for word in written)


def _keep_lengths(written: LengthRange) -> Range:
    low, below = written.at_least, written.below
    return Range(length_of(low) / HOUR if low else None, length_of(below) / HOUR if below else None)


def _keep_parameters(written: list[ParameterEntry]) -> tuple[Parameter, ...]:
    return tuple(
        Parameter(
            one.name,
            None if one.at_least is None and one.below is None else Range(one.at_least, one.below),
            frozenset(one.is_ or ()),
        )
        for one in written
    )


def _keeper(shape: Shape) -> Callable[[Any], Any]:
    """The way from what was written to what the condition keeps."""
    match shape:
        case Words():
            return _keep_words(shape)
        case Texts():
            return frozenset
        case Numbers():
            return lambda written: Range(written.at_least, written.below)
        case Lengths():
            return _keep_lengths
        case Yes():
            return bool
        case Functions():
            return lambda written: Cutoff(frozenset(written.any_of or FUNCTIONS), written.at_least)
        case Parameters():
            return _keep_parameters


def _model(title: str, text: str, entries: Mapping[str, Entry]) -> type[Conditions]:
    """A model with a key for each entry, and `any`, `all` and `not` over itself."""
    keys: dict[str, Any] = {}
    for name, entry in entries.items():
        limits: dict[str, Any] = (
            {"min_length": 1} if isinstance(entry.shape, Words | Texts | Parameters) else {}
        )
        keys[name] = (
            Optional[_type_of(entry)],  # noqa: UP045
            Field(default=None, description=entry.text, **limits),
        )
    own = f"{title} | None"
    some = f"list[{title}] | None"
    keys["any"] = (some, Field(None, min_length=1, description="At least one of these holds."))
    keys["all"] = (some, Field(None, min_length=1, description="Each of these holds."))
    keys["not_"] = (own, Field(None, alias="not", description="This does not hold."))
    made = create_model(title, __base__=Conditions, __doc__=text, **keys)
    made.model_rebuild(_types_namespace={title: made})
    return made


_WARNING = about(About.WARNING)
_SUBJECT = about(About.RESIDENT) | about(About.FACILITY)
KEEP: Mapping[str, Callable[[Any], Any]] = MappingProxyType(
    {entry.name: _keeper(entry.shape) for entry in (_WARNING | _SUBJECT).values()}
)

WarningConditions = _model(
    "WarningConditions",
    "What the warning says: every key must hold; a list means any of its words (CAP 1.2).",
    _WARNING,
)
SubjectConditions = _model(
    "SubjectConditions",
    "Tests on a resident or a facility; several keys mean that all of them must hold.",
    _SUBJECT,
)
