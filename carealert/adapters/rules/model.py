"""The shape of a rule file: what an officer may write. The published JSON Schema is made of it.

The vocabulary is closed, and none of its conditions reads gender
(docs/decisions/0005-gender-never-decides.md).
"""

from datetime import datetime, timedelta
from typing import Annotated, Any, Literal, cast

from pydantic import Field
from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import CoreSchema, core_schema

from carealert.adapters.rules.condition_model import (
    Conditions,
    Duration,
    Line,
    NotEmpty,
    Part,
    SubjectConditions,
    WarningConditions,
    length_of,
)
from carealert.domain.rules import (
    Audience,
    Do,
    EscalationStep,
    Override,
    Priority,
    Rule,
    SubjectKind,
    When,
    Who,
)
from carealert.domain.warnings import Severity

SCHEMA_ID = "carealert-rule.schema.json"
#: Beyond this somebody is no neighbour of a danger, and a slip of the pen tells a country.
MOST_KM = 100

Identifier = Annotated[
    str,
    Field(
        pattern=r"^[a-z0-9][a-z0-9-]{2,60}$",
        description="a name of small letters, digits and hyphens, such as flood-leave-early",
    ),
]
Day = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2}$",
        json_schema_extra={"format": "date"},
        description="a date such as 2027-11-01",
    ),
]
Moment = Annotated[
    str,
    Field(
        pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2})$",
        description="a moment with its offset such as 2027-06-01T06:00+06:00",
    ),
]
AreaCode = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_.-]{1,60}$", description="the code of an area such as BD1004")
]
Digit = Annotated[str, Field(pattern=r"^[0-9]$", description='one digit in quotes, such as "1"')]
Name = Annotated[
    str, Field(pattern=r"^[a-z][a-z0-9_]{1,60}$", description="a name such as care_alert")
]


class WhoEntry(SubjectConditions):  # type: ignore[valid-type,misc]
    """Who of those inside the warned area; without a test, everybody."""

    kind: SubjectKind = Field(strict=False, description="Is the rule about people or places?")
    within_km: float | None = Field(
        None,
        gt=0,
        le=MOST_KM,
        description="So many km from the warned area too; without it, inside alone.",
    )

    def who(self) -> Who:
        """The domain's words."""
        return Who(self.kind, self.condition(), self.within_km or 0.0)


class StepEntry(Part):
    """What happens when nobody has answered `after` this long since the first notice."""

    after: Duration
    to: list[Annotated[Audience, Field(strict=False)]] = Field(min_length=1)
    template: Name
    channel: Literal["other"] | None = Field(
        None, description="other: by another way than the first notice, such as a call."
    )

    def step(self) -> EscalationStep:
        """The domain's words."""
        other = self.channel is not None
        return EscalationStep(length_of(self.after), tuple(self.to), self.template, other)


Chain = Annotated[list[StepEntry], Field(min_length=1)]


class ChainsEntry(NotEmpty):
    """Chains of escalation by severity."""

    Extreme: Chain | None = None
    Severe: Chain | None = None
    Moderate: Chain | None = None
    Minor: Chain | None = None
    Unknown: Chain | None = None

    def chains(self) -> dict[Severity, list[StepEntry]]:
        """Those that are there."""
        given = {severity: getattr(self, severity.value) for severity in Severity}
        return {severity: chain for severity, chain in given.items() if chain}


class DoEntry(Part):
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
    escalate: list[StepEntry] | None = Field(
        None, min_length=1, description="What follows silence, counted from the first notice."
    )
    escalate_by_severity: ChainsEntry | None = Field(
        None, description="Chains of their own for these severities; escalate serves the others."
    )
    start_earlier: Duration | None = Field(
        None,
        description="So much earlier for people who need help to move; `when` has a lead_time.",
    )
    repeat_every: Duration | None = Field(
        None, description="Say it again, and ask again, so often while the warning holds."
    )
    follow_up: list[Duration] | None = Field(
        None, min_length=1, description="Ask what is missing so long after it ended: [24h, 72h]."
    )
    programme: Identifier | None = Field(
        None, description="The social-protection programme that those who match are named to."
    )

    def chains(self) -> dict[Severity, list[StepEntry]]:
        """The chains of some severities only."""
        return self.escalate_by_severity.chains() if self.escalate_by_severity else {}

    def do(self) -> Do:
        """The domain's words."""
        return Do(
            Priority[self.priority.upper()],
            self.template,
            tuple(self.to),
            self.checklist,
            self.expect_reply,
            _steps(self.escalate),
            {key: _steps(chain) for key, chain in self.chains().items()},
            length_of(self.start_earlier) if self.start_earlier else timedelta(0),
            length_of(self.repeat_every) if self.repeat_every else None,
            tuple(length_of(after) for after in self.follow_up or ()),
            self.programme,
        )


def _steps(chain: list[StepEntry] | None) -> tuple[EscalationStep, ...]:
    return tuple(entry.step() for entry in chain or ())


class OverrideEntry(Part):
    """Who lets an area loosen a rule from above; it ends by itself."""

    by: Line = Field(description="Who answers for it, by name and office.")
    reason: Line
    until: Moment

    def override(self) -> Override:
        """The domain's words; `until` has its offset, else meaning_problems has said so."""
        return Override(self.by, self.reason, datetime.fromisoformat(self.until))


class RuleEntry(Part):
    """One rule: when a warning says this, who among the registered, do what."""

    id: Identifier  # stable and never used again: every decision records it
    title: Line
    why: Line = Field(description="The reason, or the procedure that the rule follows.")
    enabled: bool = Field(True, description="false turns the rule off.")
    replaces: Identifier | None = Field(
        None, description="A rule from above, in whose place it stands in the file's area."
    )
    override: OverrideEntry | None = Field(
        None, description="Allows it to be weaker than the rule that it replaces, for a time."
    )
    when: WarningConditions  # type: ignore[valid-type]
    who: WhoEntry
    do: DoEntry

    def rule(self, origin: str, area: str | None = None) -> Rule:
        """The domain's rule; `origin` is `file:line`, `area` that of the file."""
        return Rule(
            self.id,
            self.title,
            When(cast(Conditions, self.when).condition()),
            self.who.who(),
            self.do.do(),
            self.why,
            self.enabled,
            origin,
            area,
            self.replaces,
            self.override.override() if self.override else None,
        )


class Metadata(Part):
    """Whose rules these are."""

    id: Identifier
    title: Line
    owner: Line = Field(description="The office that answers for these rules.")
    area: AreaCode | None = Field(
        None, description="The code of an area: the rules are about who is registered there."
    )
    review_by: Day | None = Field(
        None, description="'rules check' complains once this day has passed."
    )


class RuleFile(Part):
    """One rule file."""

    api_version: Literal["carealert/v1"] = Field(alias="apiVersion")
    kind: Literal["RuleSet"]
    metadata: Metadata
    rules: list[RuleEntry] = Field(min_length=1)


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
