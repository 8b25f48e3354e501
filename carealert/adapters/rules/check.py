"""`rules check`: everything that can be known to be wrong with rules before a warning comes."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from pathlib import Path

from carealert.adapters.rules.files import (
    InvalidRules,
    LoadedFile,
    RuleProblem,
    duplicate_ids,
    read_rule_file,
    rule_files_in,
)
from carealert.adapters.rules.running import rules_tested
from carealert.adapters.rules.shape import allowed, nearest
from carealert.adapters.rules.strict_yaml import Steps
from carealert.domain.inheritance import is_no_weaker
from carealert.domain.rule_shadows import shadow_of
from carealert.domain.rules import Rule

TESTS = "tests"
#: Template -> language -> what is wrong.
NO_BREACHES: Mapping[str, Mapping[str, str]] = {}


def check(
    paths: Sequence[Path],
    template_names: Mapping[str, Collection[str]],
    checklist_names: Collection[str],
    languages: Collection[str],
    today: date,
    breaches: Mapping[str, Mapping[str, str]] = NO_BREACHES,
) -> list[RuleProblem]:
    """Every problem of the rule files in `paths` (files or folders), in their order.

    `template_names` says in which languages each template exists; each of `languages` must be
    among them. `breaches` says of templates in which languages they break a rule for texts, and
    how. A rule needs a test in the folder `tests` beside its file.
    """
    problems: list[RuleProblem] = []
    above: list[Rule] = []
    for place in paths:
        files: list[LoadedFile] = []
        for path in rule_files_in(place):
            try:
                files.append(read_rule_file(path))
            except InvalidRules as error:
                problems += error.problems
        problems += duplicate_ids([(file, rule) for file in files for rule in file.rules])
        every = [rule for file in files for rule in file.rules if rule.enabled]
        for file in files:
            problems += _review(file, today)
            problems += _shadowed(file, every)
            problems += _loosened(file, [*above, *every], today)
            problems += _references(file, template_names, checklist_names, languages, breaches)
            problems += _untested(file)
        above += every
    return sorted(set(problems))


def _review(file: LoadedFile, today: date) -> list[RuleProblem]:
    if file.review_by is None or today <= file.review_by:
        return []
    what = f"these rules were to be reviewed by {file.review_by}: review them and set a new day."
    return [file.document.problem(("metadata", "review_by"), what)]


def _references(
    file: LoadedFile,
    templates: Mapping[str, Collection[str]],
    checklists: Collection[str],
    languages: Collection[str],
    breaches: Mapping[str, Mapping[str, str]],
) -> list[RuleProblem]:
    """Templates and checklists that a rule names and nobody wrote, or that must not go out."""
    problems: list[RuleProblem] = []
    for number, rule in enumerate(file.rules):
        at: Steps = ("rules", number, "do")
        for path, name in _named_templates(rule):
            what = _template_problem(name, templates, languages)
            problems += [file.document.problem((*at, *path), what)] if what else []
            problems += [
                file.document.problem((*at, *path), _breach(name, tag, breach))
                for tag, breach in breaches.get(name, {}).items()
            ]
        if rule.do.checklist is not None and rule.do.checklist not in checklists:
            what = f"there is no checklist '{rule.do.checklist}'."
            what += nearest(rule.do.checklist, checklists) + allowed(sorted(checklists))
            problems.append(file.document.problem((*at, "checklist"), what))
    return problems


def _named_templates(rule: Rule) -> list[tuple[Steps, str]]:
    named: list[tuple[Steps, str]] = [(("template",), rule.do.template)]
    for severity, chain in rule.do.chains():
        at: Steps = ("escalate_by_severity", severity.value) if severity else ("escalate",)
        named += [((*at, n, "template"), step.template) for n, step in enumerate(chain)]
    return named


def _template_problem(
    name: str, templates: Mapping[str, Collection[str]], languages: Collection[str]
) -> str | None:
    if name not in templates:
        known = sorted(templates)
        return f"there is no template '{name}'.{nearest(name, known)}{allowed(known)}"
    missing = sorted(set(languages) - set(templates[name]))
    if missing:
        return f"the template '{name}' is not there in {', '.join(missing)}: translate it."
    return None


def _breach(template: str, tag: str, breach: str) -> str:
    return f"the template '{template}' cannot go out in '{tag}': {breach}"


def _shadowed(file: LoadedFile, every: Sequence[Rule]) -> list[RuleProblem]:
    """Rules that never change what anybody is told."""
    problems = []
    for number, rule in enumerate(file.rules):
        other = shadow_of(rule, every) if rule.enabled else None
        if other is not None:
            what = (
                f"the rule '{rule.id}' never matters: whomever it is about is told by '{other.id}'"
                f" ({other.origin}) first. Make it stronger or narrower than that, or remove it."
            )
            problems.append(file.document.problem(("rules", number, "id"), what))
    return problems


def _loosened(file: LoadedFile, every: Sequence[Rule], today: date) -> list[RuleProblem]:
    """Rules of an area that stand in the place of one from above, and may not."""
    by_id = {rule.id: rule for rule in every}
    problems = []
    for number, rule in enumerate(file.rules):
        if rule.replaces is None or not rule.enabled:
            continue
        at: Steps = ("rules", number)
        above = by_id.get(rule.replaces)
        if above is None:
            what = f"there is no rule '{rule.replaces}'.{nearest(rule.replaces, by_id)}"
            problems.append(file.document.problem((*at, "replaces"), what))
        elif rule.override is not None and rule.override.until.date() < today:
            what = f"this ended on {rule.override.until:%Y-%m-%d}: '{above.id}' holds again."
            problems.append(file.document.problem((*at, "override", "until"), what))
        elif rule.override is None and not is_no_weaker(rule, above):
            what = (
                f"'{rule.id}' may be weaker than '{above.id}' ({above.origin}), so both hold: make "
                "it no weaker in anything, or record an override with by, reason and until."
            )
            problems.append(file.document.problem((*at, "replaces"), what))
    return problems


def _untested(file: LoadedFile) -> list[RuleProblem]:
    try:
        tested = rules_tested(file.path.parent / TESTS)
    except InvalidRules as error:
        return list(error.problems)
    return [
        file.document.problem(
            ("rules", number, "id"),
            f"no test in {file.path.parent / TESTS} expects the rule '{rule.id}': write one.",
        )
        for number, rule in enumerate(file.rules)
        if rule.enabled and rule.id not in tested
    ]
