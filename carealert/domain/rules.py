"""A rule: *when* a warning says this, *who* among the registered, *do* what.

All rules that match fire. The strongest priority wins per recipient, so nobody gets two texts
because two rules agree. There is no condition that reads gender, and none can be added: the
vocabulary is closed (docs/decisions/0005-gender-never-decides.md).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import IntEnum, StrEnum

from carealert.domain.conditions import Condition, names_in
from carealert.domain.warnings import Severity


class Priority(IntEnum):
    """The three lanes, most urgent first; the number is the order in the outbox."""

    LIFE_THREATENING = 0
    URGENT = 1
    ROUTINE = 2


class SubjectKind(StrEnum):
    """What a rule is about."""

    RESIDENT = "resident"
    FACILITY = "facility"


class Audience(StrEnum):
    """Who is told about a subject. CAREGIVERS means all of them, in the same wave (rule G09).

    RELAY are the trusted messengers who look in on a home (rule G14); COMMUNITY_GROUP the groups
    of the area, who hear of the danger and of nobody by name.
    """

    RESIDENT = "resident"
    CAREGIVERS = "caregivers"
    RELAY = "relay"
    COMMUNITY_GROUP = "community_group"
    FACILITY_MANAGER = "facility_manager"
    DEPUTY_MANAGER = "deputy_manager"
    CITY_DESK = "city_desk"


@dataclass(frozen=True, slots=True)
class When:
    """A condition on one info of a warning; none means any."""

    condition: Condition | None = None


@dataclass(frozen=True, slots=True)
class Who:
    """Which subjects inside the warned area, or up to `within_km` from it; no condition means all.

    Kilometres are geodesic, from the edge of the area.
    """

    kind: SubjectKind
    condition: Condition | None = None
    within_km: float = 0.0


@dataclass(frozen=True, slots=True)
class EscalationStep:
    """What happens `after` this long since the first notice unless somebody answered.

    With `other_channel` it goes by another way than the first notice, where the office has one.
    """

    after: timedelta
    to: tuple[Audience, ...]
    template: str
    other_channel: bool = False


@dataclass(frozen=True, slots=True)
class Do:
    """What is sent, how urgently, which digits answer it, and what follows silence.

    `escalate_by_severity` has chains of their own for some severities; `escalate` serves the rest.
    For people who need help to move the rule's times count `start_earlier` earlier (rule G15).
    It is said again every `repeat_every` while the warning holds, and asked about `check_after`
    its end (M06). `programme` names the social-protection programme that its matches are for.
    """

    priority: Priority
    template: str
    to: tuple[Audience, ...]
    checklist: str | None = None
    expect_reply: Mapping[str, str] | None = None  # answer -> digit, such as {"safe": "1"}
    escalate: tuple[EscalationStep, ...] = ()
    escalate_by_severity: Mapping[Severity, tuple[EscalationStep, ...]] = field(
        default_factory=dict
    )
    start_earlier: timedelta = timedelta(0)
    repeat_every: timedelta | None = None
    check_after: tuple[timedelta, ...] = ()
    programme: str | None = None

    def chain(self, severity: Severity | None) -> tuple[EscalationStep, ...]:
        """The steps that follow silence under a warning of this severity."""
        return self.escalate_by_severity.get(severity or Severity.UNKNOWN, self.escalate)

    def chains(self) -> Iterator[tuple[Severity | None, tuple[EscalationStep, ...]]]:
        """Every chain, with the severity that it is for; None is for all others."""
        yield None, self.escalate
        yield from self.escalate_by_severity.items()

    @property
    def always_follows(self) -> bool:
        """True where silence is followed up whatever the severity."""
        return all(steps for _, steps in self.chains())

    def names(self, audience: Audience) -> bool:
        """True where the audience is told at the start or at some step."""
        steps = (step for _, chain in self.chains() for step in chain)
        return audience in self.to or any(audience in step.to for step in steps)


@dataclass(frozen=True, slots=True)
class Override:
    """Who allowed an area to loosen a rule, why, and until which moment (aware)."""

    by: str
    reason: str
    until: datetime


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule as an officer wrote it; `origin` is `file:line`.

    With `of_area` it is about subjects registered there or below alone. It stands there in place
    of the rule that it `replaces`, if it is no weaker or an `override` allows it.
    """

    id: str
    title: str
    when: When
    who: Who
    do: Do
    why: str | None = None
    enabled: bool = True
    origin: str = field(default="", compare=False)
    of_area: str | None = None
    replaces: str | None = None
    override: Override | None = None


@dataclass(frozen=True, slots=True)
class RuleSet:
    """The rules in force; `version` is the content hash that every decision records."""

    rules: tuple[Rule, ...]
    version: str
    _by_id: Mapping[str, Rule] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index the rules: planning looks one up for every match."""
        object.__setattr__(self, "_by_id", {rule.id: rule for rule in reversed(self.rules)})

    def by_id(self, rule_id: str) -> Rule | None:
        """The rule with this id, or None."""
        return self._by_id.get(rule_id)

    def tells(self, audience: Audience) -> bool:
        """True where some rule that is on tells this audience, at the start or at some step."""
        return any(rule.enabled and rule.do.names(audience) for rule in self.rules)

    def ask(self, condition: str) -> bool:
        """True where some rule that is on has this condition on its subjects."""
        on = (rule for rule in self.rules if rule.enabled)
        return any(condition in names_in(rule.who.condition) for rule in on)

    def get(self, rule_id: str) -> Rule:
        """The rule with this id; raises KeyError."""
        rule = self.by_id(rule_id)
        if rule is None:
            raise KeyError(f"rule {rule_id} is not in rule set {self.version}")
        return rule
