"""Rule files as a version keeps them: their texts, from which the same rules are read again."""

from collections.abc import Sequence
from pathlib import Path

from carealert.adapters.rules.files import (
    InvalidRules,
    load_rules,
    read_rule_text,
    rule_files_in,
    version_of,
)
from carealert.domain.rules import Rule, RuleSet
from carealert.services.ports.rule_versions import RuleText


def read_folders(folders: Sequence[Path]) -> tuple[RuleSet, tuple[RuleText, ...]]:
    """The rules of these folders, the last one winning, with their texts; raises InvalidRules."""
    rules = load_rules(folders)
    texts = tuple(
        RuleText(layer, f"{folder.name}/{path.name}", path.read_text(encoding="utf-8-sig"))
        for layer, folder in enumerate(folders)
        for path in rule_files_in(folder)
    )
    return rules, texts


def rules_of(texts: Sequence[RuleText]) -> RuleSet:
    """The rules of a version that was kept; raises InvalidRules where this release of the software
    cannot read them any more."""
    rules: dict[str, Rule] = {}
    for text in sorted(texts, key=lambda one: one.layer):
        loaded = read_rule_text(text.text, text.name)
        rules |= {rule.id: rule for rule in loaded.rules}
    return RuleSet(tuple(rules.values()), version_of(rules.values()))


__all__ = ["InvalidRules", "read_folders", "rules_of"]
