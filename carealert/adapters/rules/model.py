"""The shape of a rule file: what an officer may write. The published JSON Schema is made of it.

The vocabulary is closed, and none of its conditions reads gender
(docs/decisions/0005-gender-never-decides.md).
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from carealert.domain.conditions import Age, AllOf, AnyOf, Condition, Homes, InAreas, Needs, Not
from carealert.domain.facilities import FacilityType
from carealert.domain.hazards import Hazard
from carealert.domain.people import Exposure, Need
from carealert.domain.rules import (
    Audience,
    Do,
    EscalationStep,
    Priority,
    Rule,
    SubjectKind,
    When,
    Who,
)
from carealert.domain.warnings import Certainty, MsgType, ResponseType, Severity, Urgency

SCHEMA_ID = "carealert-rule.schema.json"
DURATION = r"^[1-9][0-9]{0,3}(m|h|d)$"
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

Identifier = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9-]{2,60}$",
        description="a name of small letters, digits and hyphens, such as flood-leave-early",
    ),
]
Line = Annotated[str, Field(min_length=1, max_length=300)]
Duration = Annotated[
    str, Field(pattern=DURATION, description="a length of time such as 10m, 12h or 2d")
]
Day = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2}$",
        json_schema_extra={"format": "date"},
        description="a date such as 2027-11-01",
    ),
]
Digit = Annotated[str, Field(pattern=r"^[0-9]$", description='one digit in quotes, such as "1"')]
Name = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]{1,60}$", description="a name such as care_alert")
]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class _NotEmpty(_Part):
    """A part without any key says nothing and would be read as everybody or nobody."""

    model_config = ConfigDict(json_schema_extra={"minProperties": 1})

    @model_validator(mode="before")
    @classmethod
    def _needs_a_key(cls, data: Any) -> Any:
        if isinstance(data, Mapping) and not data:
            raise ValueError("must have at least one key")
        return data


class AgeEntry(_NotEmpty):
    """Age in years reached this calendar year."""

    at_least: int | None = Field(None, ge=0, le=130, description="This age or older.")
    below: int | None = Field(None, ge=0, le=130, description="Younger than this.")


class ConditionEntry(_NotEmpty):
    """Tests on a resident; several keys mean that all of them must hold."""

    needs: list[Annotated[Need, Field(strict=False)]] | None = Field(
        None, min_length=1, description="Has any of these needs."
    )
    age: AgeEntry | None = Field(None, description="Is of this age; never true where unknown.")
    areas: list[Line] | None = Field(
        None, min_length=1, description="Lives in any of these areas or below them (codes)."
    )
    exposures: list[Annotated[Exposure, Field(strict=False)]] | None = Field(
        None, min_length=1, description="The home is exposed in any of these ways."
    )
    any: list["ConditionEntry"] | None = Field(
        None, min_length=1, description="At least one of these holds."
    )
    all: list["ConditionEntry"] | None = Field(
        None, min_length=1, description="Each of these holds."
    )
    not_: "ConditionEntry | None" = Field(None, alias="not", description="This does not hold.")

    def condition(self) -> Condition | None:
        """The tree of tests, or None where nothing is asked."""
        parts: list[Condition] = []
        if self.needs:
            parts.append(Needs(frozenset(self.needs)))
        if self.age:
            parts.append(Age(self.age.at_least, self.age.below))
        if self.areas:
            parts.append(InAreas(frozenset(self.areas)))
        if self.exposures:
            parts.append(Homes(frozenset(self.exposures)))
        if self.any:
            parts.append(AnyOf(_conditions(self.any)))
        if self.all:
            parts += _conditions(self.all)
        if self.not_ and (inner := self.not_.condition()):
            parts.append(Not(inner, describe(inner)))
        if len(parts) > 1:
            return AllOf(tuple(parts))
        return parts[0] if parts else None


class WhenEntry(_NotEmpty):
    """What the warning says: every key must hold; a list means any of its words (CAP 1.2)."""

    hazard: list[Annotated[Hazard, Field(strict=False)]] | None = Field(
        None, min_length=1, description="Kinds of hazard (rules/hazards.tsv)."
    )
    severity: list[Annotated[Severity, Field(strict=False)]] | None = Field(None, min_length=1)
    urgency: list[Annotated[Urgency, Field(strict=False)]] | None = Field(None, min_length=1)
    certainty: list[Annotated[Certainty, Field(strict=False)]] | None = Field(None, min_length=1)
    msg_type: list[Literal["Alert", "Update"]] | None = Field(
        None,
        min_length=1,
        description="A Cancel needs no rule: it goes to everybody who was told.",
    )
    response_type: list[Annotated[ResponseType, Field(strict=False)]] | None = Field(
        None, min_length=1
    )

    def when(self) -> When:
        """The domain's words."""
        return When(
            frozenset(self.hazard or ()),
            frozenset(self.severity or ()),
            frozenset(self.urgency or ()),
            frozenset(self.certainty or ()),
            frozenset(MsgType(word) for word in self.msg_type or ()),
            frozenset(self.response_type or ()),
        )


class WhoEntry(ConditionEntry):
    """Who of those inside the warned area; without a test, everybody."""

    kind: SubjectKind = Field(strict=False, description="Is the rule about people or places?")
    facility_type: list[Annotated[FacilityType, Field(strict=False)]] | None = Field(
        None, min_length=1, description="For facilities: any of these kinds."
    )

    def who(self) -> Who:
        """The domain's words."""
        return Who(self.kind, self.condition(), frozenset(self.facility_type or ()))


class StepEntry(_Part):
    """What happens when nobody has answered `after` this long since the first notice."""

    after: Duration
    to: list[Annotated[Audience, Field(strict=False)]] = Field(min_length=1)
    template: Name

    def step(self) -> EscalationStep:
        """The domain's words."""
        return EscalationStep(length_of(self.after), tuple(self.to), self.template)


class DoEntry(_Part):
    """What is sent, to whom, and what follows silence."""

    priority: Literal["life_threatening", "urgent", "routine"]
    template: Name = Field(description="a template of templates/, such as care_alert")
    checklist: Name | None = Field(
        None, description="the name of the checklist that gives the steps, such as flood"
    )
    to: list[Annotated[Audience, Field(strict=False)]] = Field(
        min_length=1, description="Who is told; caregivers are all told at once."
    )
    expect_reply: dict[str, Digit] | None = Field(
        None, min_length=1, description='Answers and their digits, such as {safe: "1"}.'
    )
    escalate: list[StepEntry] | None = Field(None, min_length=1)

    def do(self) -> Do:
        """The domain's words."""
        return Do(
            Priority[self.priority.upper()],
            self.template,
            tuple(self.to),
            self.checklist,
            self.expect_reply,
            tuple(entry.step() for entry in self.escalate or ()),
        )


class RuleEntry(_Part):
    """One rule: when a warning says this, who among the registered, do what."""

    id: Identifier  # stable and never used again: every decision records it
    title: Line
    why: Line = Field(description="The reason, or the procedure that the rule follows.")
    enabled: bool = Field(True, description="false turns the rule off.")
    when: WhenEntry
    who: WhoEntry
    do: DoEntry

    def rule(self, origin: str) -> Rule:
        """The domain's rule; `origin` is `file:line`."""
        return Rule(
            self.id,
            self.title,
            self.when.when(),
            self.who.who(),
            self.do.do(),
            self.why,
            self.enabled,
            origin,
        )


class Metadata(_Part):
    """Whose rules these are."""

    id: Identifier
    title: Line
    owner: Line = Field(description="The office that answers for these rules.")
    review_by: Day | None = Field(
        None, description="'rules check' complains once this day has passed."
    )


class RuleFile(_Part):
    """One rule file."""

    api_version: Literal["carealert/v1"] = Field(alias="apiVersion")
    kind: Literal["RuleSet"]
    metadata: Metadata
    rules: list[RuleEntry] = Field(min_length=1)


def length_of(text: str) -> timedelta:
    """`10m`, `12h` or `2d` as a length of time."""
    return timedelta(**{_UNITS[text[-1]]: int(text[:-1])})


def describe(condition: Condition | None) -> str:
    """A condition as part of a sentence."""
    match condition:
        case None:
            return "everybody"
        case Needs(any_of):
            return "needs " + " or ".join(sorted(need.value for need in any_of))
        case Age(at_least, below):
            low = f"age {at_least} or over" if at_least is not None else "age"
            return low if below is None else f"{low} below {below}"
        case InAreas(codes):
            return "lives in " + " or ".join(sorted(codes))
        case Homes(any_of):
            return "home " + " or ".join(sorted(word.value for word in any_of))
        case AllOf(parts):
            return "(" + " and ".join(describe(part) for part in parts) + ")"
        case AnyOf(parts):
            return "(" + " or ".join(describe(part) for part in parts) + ")"
        case Not(part):
            return f"not {describe(part)}"


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a rule file, as published beside the shipped rules."""
    schema = RuleFile.model_json_schema(by_alias=True, schema_generator=_Plain)
    return {
        "$schema": GenerateJsonSchema.schema_dialect,
        "$id": SCHEMA_ID,
        **schema,
        "title": "CareAlert rule set",
    }


class _Plain(GenerateJsonSchema):
    """A key that may be left out is not one that may be null: rule files know no null."""

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """Describe the value alone."""
        return self.generate_inner(schema["schema"])

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Leave out a default of null."""
        if schema.get("default", ...) is None:
            inner: CoreSchema = schema["schema"]
            return self.generate_inner(inner)
        return super().default_schema(schema)


def _conditions(entries: list[ConditionEntry]) -> tuple[Condition, ...]:
    found = (entry.condition() for entry in entries)
    return tuple(condition for condition in found if condition is not None)
