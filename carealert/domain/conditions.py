"""The closed vocabulary of rules in one table, and trees of `all`, `any` and `not` over it.

A test is a name of the table and a value. What is not stated never holds, so `not` of it does:
`not: {backup_hours: {at_least: 24}}` holds for a short reserve and for an unknown one. To add a
condition: docs/how-to/add-a-condition.md.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from carealert.domain.condition_parts import About, Cutoff, Entry, Facts, Parameter, Range
from carealert.domain.facility_conditions import FACILITY_CONDITIONS
from carealert.domain.resident_conditions import RESIDENT_CONDITIONS
from carealert.domain.warning_conditions import WARNING_CONDITIONS

#: Every condition by the key that an officer writes.
VOCABULARY: Mapping[str, Entry] = {
    entry.name: entry for entry in (*WARNING_CONDITIONS, *RESIDENT_CONDITIONS, *FACILITY_CONDITIONS)
}

#: How deep `all`, `any` and `not` may stand in each other: more cannot be read by anybody.
MAX_NESTING = 5

#: What a condition asks for.
Value = frozenset[str] | Range | Cutoff | tuple[Parameter, ...] | bool


@dataclass(frozen=True, slots=True)
class Test:
    """One condition of the table with the value it asks for."""

    __test__ = False  # not a test of pytest's

    name: str
    value: Value

    def holds(self, facts: Facts) -> bool:
        """True where the facts state it so."""
        return VOCABULARY[self.name].holds(self.value, facts)

    def seen(self, facts: Facts) -> str:
        """What was looked at, in a few words."""
        return VOCABULARY[self.name].seen(self.value, facts)


@dataclass(frozen=True, slots=True)
class AllOf:
    """True where every part is."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True where at least one part is."""

    parts: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    """True where the part is not."""

    part: "Condition"


Condition = Test | AllOf | AnyOf | Not


@dataclass(frozen=True, slots=True)
class Trace:
    """A condition with what came of it; `seen` is of a test, `parts` are of the others."""

    condition: Condition
    holds: bool
    seen: str = ""
    parts: tuple["Trace", ...] = ()


def names_in(condition: Condition | None) -> frozenset[str]:
    """The names of all tests in a condition."""
    match condition:
        case None:
            return frozenset()
        case Test(name):
            return frozenset({name})
        case Not(part):
            return names_in(part)
    return frozenset().union(*map(names_in, condition.parts))


def holds(condition: Condition | None, facts: Facts) -> bool:
    """True where the condition does; no condition always does."""
    match condition:
        case None:
            return True
        case Test():
            return condition.holds(facts)
        case AllOf(parts):
            return all(holds(part, facts) for part in parts)
        case AnyOf(parts):
            return any(holds(part, facts) for part in parts)
        case Not(part):
            return not holds(part, facts)


def trace(condition: Condition, facts: Facts) -> Trace:
    """The condition with every part of it, whether or not it decides."""
    match condition:
        case Test():
            return Trace(condition, condition.holds(facts), condition.seen(facts))
        case AllOf(parts):
            traces = tuple(trace(part, facts) for part in parts)
            return Trace(condition, all(one.holds for one in traces), parts=traces)
        case AnyOf(parts):
            traces = tuple(trace(part, facts) for part in parts)
            return Trace(condition, any(one.holds for one in traces), parts=traces)
        case Not(part):
            inner = trace(part, facts)
            return Trace(condition, not inner.holds, parts=(inner,))


def reason(condition: Condition, facts: Facts) -> str | None:
    """Why the condition holds, its tests joined by "; ", or None where it does not."""
    match condition:
        case Test():
            return condition.seen(facts) if condition.holds(facts) else None
        case AllOf(parts):
            reasons = []
            for part in parts:
                if (why := reason(part, facts)) is None:
                    return None
                reasons.append(why)
            return "; ".join(reasons)
        case AnyOf(parts):
            held = [why for part in parts if (why := reason(part, facts)) is not None]
            return "; ".join(held) if held else None
        case Not(part):
            return None if holds(part, facts) else f"not {' or '.join(names(part))}"


def names(condition: Condition | None) -> tuple[str, ...]:
    """The names of the tests in a condition, each once, in their order."""
    match condition:
        case None:
            return ()
        case Test(name):
            return (name,)
        case AllOf(parts) | AnyOf(parts):
            return tuple(dict.fromkeys(name for part in parts for name in names(part)))
        case Not(part):
            return names(part)


def values_of(condition: Condition | None, name: str) -> tuple[Value, ...]:
    """The values that a condition's tests of this name ask for, negated ones too."""
    match condition:
        case None:
            return ()
        case Test():
            return (condition.value,) if condition.name == name else ()
        case AllOf(parts) | AnyOf(parts):
            return tuple(value for part in parts for value in values_of(part, name))
        case Not(part):
            return values_of(part, name)


def about(kind: About) -> dict[str, Entry]:
    """The part of the table that looks at this."""
    return {name: entry for name, entry in VOCABULARY.items() if kind in entry.about}
