"""What changed between two versions of the rules, rule by rule, in words."""

from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass

from carealert.domain.rule_sentences import ENGLISH, Phrasebook, say_rule
from carealert.domain.rules import Rule, RuleSet

#: Where a rule was written says nothing of what it does.
_NOT_SAID = ("origin",)


def changes(old: RuleSet, new: RuleSet, book: Phrasebook = ENGLISH) -> Iterator[str]:
    """A line for each rule that came, went or became another, in the order of the new version."""
    before: Mapping[str, Rule] = {rule.id: rule for rule in old.rules}
    after: Mapping[str, Rule] = {rule.id: rule for rule in new.rules}
    for rule in new.rules:
        known = before.get(rule.id)
        if known is None:
            yield f"+ {rule.id}: {say_rule(rule, book)}"
        elif parts := tuple(_parts(known, rule)):
            yield f"~ {rule.id} ({', '.join(parts)}):"
            yield f"    was: {say_rule(known, book)}"
            yield f"    is:  {say_rule(rule, book)}"
    for rule in old.rules:
        if rule.id not in after:
            yield f"- {rule.id}: {say_rule(rule, book)}"


def _parts(old: object, new: object, at: str = "") -> Iterator[str]:
    """The names of the parts that differ."""
    for field in fields(old):  # type: ignore[arg-type]
        if field.name in _NOT_SAID:
            continue
        one, other = getattr(old, field.name), getattr(new, field.name)
        name = f"{at}{field.name}"
        if one == other:
            continue
        if is_dataclass(one) and type(one) is type(other) and not at:
            yield from _parts(one, other, f"{name}.")
        else:
            yield name
