"""`carealert rules`: read, check, test and try who is told what when a warning says what."""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer

from carealert import clock
from carealert.adapters.plan_json import Rates, plan_json
from carealert.adapters.rules.check import TESTS, check
from carealert.adapters.rules.files import InvalidRules, load_rules
from carealert.adapters.rules.model import json_schema
from carealert.adapters.rules.phrases import languages, phrasebook
from carealert.adapters.rules.running import run_tests
from carealert.adapters.texts.breaches import breaches_by_template
from carealert.bootstrap import App, open_app
from carealert.cli import rule_versions, silences
from carealert.cli.output import Exit, emit, fail
from carealert.cli.rule_output import explanation_data, explanation_text
from carealert.domain.rule_sentences import ENGLISH, Phrasebook, say_rule
from carealert.domain.rules import EscalationStep, Rule, RuleSet
from carealert.domain.warnings import HazardWarning
from carealert.paths import with_overrides
from carealert.services import explaining, warning_office
from carealert.services.ports.feeds import UnreadableDocument

app = typer.Typer(no_args_is_help=True)
rule_versions.add_to(app)
silences.add_to(app)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Paths = Annotated[
    list[Path] | None,
    typer.Argument(help="Files or folders; without any, the rules in force.", exists=True),
]

Now = Annotated[
    str | None, typer.Option(metavar="TIME", help="The moment, such as 2026-05-26T12:00+06:00.")
]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the rules in force and where each comes from. Example: carealert rules list."""
    rules = open_app().rules
    rows = [_row(rule) for rule in rules.rules]
    lines = [
        f"{'on ' if row['enabled'] else 'off'} {row['id']:32} {row['priority']:17} {row['origin']}"
        for row in rows
    ]
    lines.append(f"{len(rows)} rules, version {rules.version[:12]}")
    emit({"version": rules.version, "rules": rows}, as_json, "\n".join(lines))


@app.command()
def show(
    rule_id: Annotated[str, typer.Argument(metavar="ID")],
    language: Annotated[
        str | None, typer.Option(help="Read it out in this language; without it, the office's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Read a rule out as a sentence, with its times. Example: carealert rules show flood-severe."""
    application = open_app()
    rule = _found(application.rules, rule_id)
    sentence = say_rule(rule, _phrasebook(application, language))
    row = _row(rule) | {
        "sentence": sentence,
        "title": rule.title,
        "why": rule.why,
        "to": [audience.value for audience in rule.do.to],
        "template": rule.do.template,
        "checklist": rule.do.checklist,
        "expect_reply": dict(rule.do.expect_reply or {}),
        "escalate": _steps(rule.do.escalate),
        "escalate_by_severity": {
            severity.value: _steps(steps)
            for severity, steps in rule.do.escalate_by_severity.items()
        },
        "start_earlier_minutes": rule.do.start_earlier.total_seconds() / 60,
        "repeat_every_minutes": _minutes(rule.do.repeat_every),
        "follow_up_minutes": [_minutes(after) for after in rule.do.check_after],
        "programme": rule.do.programme,
        "area": rule.of_area,
        "replaces": rule.replaces,
        "override_until": rule.override.until.isoformat() if rule.override else None,
    }
    rest = {key: value for key, value in row.items() if key != "sentence"}
    lines = [sentence, "", *(f"{key}: {_shown(value)}" for key, value in rest.items())]
    emit(row, as_json, "\n".join(lines))


def _steps(chain: Iterable[EscalationStep]) -> list[dict[str, object]]:
    return [
        {
            "after_minutes": _minutes(step.after),
            "to": [audience.value for audience in step.to],
            "template": step.template,
            "channel": "other" if step.other_channel else None,
        }
        for step in chain
    ]


def _minutes(length: timedelta | None) -> float | None:
    return None if length is None else length.total_seconds() / 60


@app.command()
def explain(
    warning: Annotated[str, typer.Argument(help="A file, or the number of a stored warning.")],
    ref: Annotated[str, typer.Argument(help="The reference of a resident or a facility.")],
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Say for one person or facility what each rule makes of a warning, and why.

    Example: carealert rules explain cyclone.xml R-00017
    """
    application = open_app()
    for one in _warnings(application, warning):
        try:
            found = explaining.explain(
                application.db,
                application.operator,
                application.rules,
                one,
                ref,
                application.office,
                _moment(now),
            )
        except LookupError:
            fail(
                f"Nobody and no facility has the reference {ref}: see 'carealert people find'.",
                Exit.NOTHING,
            )
        emit(explanation_data(found), as_json, explanation_text(found))


@app.command("check")
def check_(paths: Paths = None, as_json: AsJson = False) -> None:
    """Find what is wrong with rules, and with your own texts that they name.

    Example: carealert rules check
    """
    application = open_app()
    composer = application.texts
    tags = composer.languages()
    places = list(paths or with_overrides("rules", application.settings.config))
    problems = check(
        places,
        {
            name: [tag for tag in tags if composer.has(tag, name)]
            for name in composer.template_names()
        },
        composer.checklist_names(),
        tags,
        clock.now().astimezone(application.settings.zone).date(),
        breaches_by_template(composer, application.own_languages),
    )
    data = [
        {"file": p.file, "line": p.line, "column": p.column, "problem": p.what} for p in problems
    ]
    text = "\n".join(str(problem) for problem in problems) or "No problem found."
    emit({"problems": data}, as_json, text)
    if problems:
        raise typer.Exit(Exit.CONFIG)


@app.command("test")
def run_rule_tests(paths: Paths = None, as_json: AsJson = False) -> None:
    """Play rule tests in memory. Example: carealert rules test rules/tests/flood.yaml."""
    places = paths or [
        folder / TESTS
        for folder in with_overrides("rules", open_app().settings.config)
        if (folder / TESTS).is_dir()
    ]
    try:
        results = run_tests(places)
    except InvalidRules as error:
        fail(f"These rules or tests cannot be read:\n{error}", Exit.CONFIG)
    failed = [result for result in results if result.failures]
    lines = [
        f"FAILED {result.where}: {result.name}\n" + "\n".join(f"    {f}" for f in result.failures)
        for result in failed
    ]
    lines.append(f"{len(results) - len(failed)} passed, {len(failed)} failed")
    data = [
        {"where": r.where, "name": r.name, "passed": not r.failures, "failures": list(r.failures)}
        for r in results
    ]
    emit({"tests": data}, as_json, "\n".join(lines))
    if failed:
        raise typer.Exit(Exit.FAILED)


@app.command("try")
def try_(
    warning: Annotated[str, typer.Argument(help="A file, or the number of a stored warning.")],
    rules: Annotated[
        Path | None, typer.Option(exists=True, help="Rules to try in place of those in force.")
    ] = None,
    now: Now = None,
    as_json: AsJson = False,
) -> None:
    """Say who would be told what, and who not and why; nothing is sent or saved.

    Example: carealert rules try cyclone.xml --now 2026-05-26T12:00+06:00
    """
    application = open_app()
    moment = _moment(now)
    try:
        chosen = load_rules([rules]) if rules else application.rules
    except InvalidRules as error:
        fail(f"These rules cannot be used:\n{error}", Exit.CONFIG)
    matched = False
    for one in _warnings(application, warning):
        decided, notices, genders = warning_office.try_warning(
            application.db,
            application.operator,
            chosen,
            application.composer,
            one,
            application.office,
            moment,
        )
        data = plan_json(decided, notices, genders, _rates(application), chosen, moment)
        emit(data, as_json, _plan_text(data))
        matched = matched or bool(decided.matches or decided.drafts)
    if not matched:
        raise typer.Exit(Exit.NOTHING)


@app.command()
def schema() -> None:
    """Print the JSON Schema of rule files, for editors. Example: carealert rules schema."""
    emit(None, False, json.dumps(json_schema(), indent=1))


def _phrasebook(application: App, language: str | None) -> Phrasebook:
    """The language asked for; the office's own where there is one, else English."""
    folders = with_overrides("templates", application.settings.config)
    known = languages(folders)
    wanted = language or application.settings.default_language
    if language is None and wanted.partition("-")[0] not in known:
        return ENGLISH
    try:
        return phrasebook(folders, wanted)
    except LookupError:
        fail(f"Rules are not read out in '{wanted}': choose one of {', '.join(known)}.", Exit.USAGE)
    except InvalidRules as error:
        fail(f"The words of '{wanted}' cannot be used:\n{error}", Exit.CONFIG)


def _found(rules: RuleSet, rule_id: str) -> Rule:
    rule = rules.by_id(rule_id)
    if rule is None:
        fail(f"There is no rule '{rule_id}': see 'carealert rules list'.", Exit.NOTHING)
    return rule


def _row(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "enabled": rule.enabled,
        "priority": rule.do.priority.name.lower(),
        "kind": rule.who.kind.value,
        "origin": rule.origin,
    }


def _moment(text: str | None) -> datetime:
    if text is None:
        return clock.now()
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        fail(f"'{text}' is not a time such as 2026-05-26T12:00+06:00.", Exit.USAGE)
    if moment.tzinfo is None:
        fail(f"'{text}' has no offset: write {text}+06:00, or {text}Z.", Exit.USAGE)
    return moment


def _warnings(application: App, given: str) -> Sequence[HazardWarning]:
    path = Path(given)
    if not path.is_file():
        if not given.isdigit():
            fail(f"There is no file {given}.", Exit.USAGE)
        return [_stored(application, int(given))]
    try:
        reading = application.reader.read(path.read_bytes(), path.resolve().as_uri())
    except UnreadableDocument as problem:
        fail(f"{given} cannot be read: {problem}", Exit.FAILED)
    if not reading.warnings:
        fail(f"{given} holds no warning.", Exit.NOTHING)
    return reading.warnings


def _stored(application: App, warning_id: int) -> HazardWarning:
    try:
        return warning_office.one_warning(application.db, application.operator, warning_id).warning
    except LookupError:
        fail(
            f"There is no stored warning {warning_id}: see 'carealert warnings list'.", Exit.NOTHING
        )


def _rates(application: App) -> Rates:
    settings = application.settings
    return Rates(settings.segment_cost, settings.segments_per_second or 1.0)


def _plan_text(data: dict[str, Any]) -> str:
    """The Plan for people: the counts, each text once, and why somebody is not told."""
    summary = data["summary"]
    head = (
        f"{data['warning']['msg_type']} {data['warning']['identifier']}: "
        f"{summary['residents']} residents and {summary['facilities']} facilities matched, "
        f"{summary['notices']} notices ({summary['segments']} SMS segments, "
        f"about {summary['estimated_minutes']} minutes, cost {summary['estimated_cost']})"
    )
    lines = [head]
    if summary["late_minutes"]:
        lines.append(
            f"  TOO SLOW: it begins in {summary['lead_minutes']:g} minutes, so the last message "
            f"goes out {summary['late_minutes']:g} minutes too late. Narrow the rules, or send "
            "faster: more numbers or a short code, and CAREALERT_SEGMENTS_PER_SECOND set to their "
            "rate."
        )
    for programme, people in summary["programmes"].items():
        lines.append(f"  for the programme {programme}: {people} residents")
    if (drill := data["drill"]) is not None:
        lines.append(
            f"  DRILL: would have been told, were it real: {drill['people']} people, "
            f"{drill['facilities']} facilities"
        )
    texts: dict[str, list[str]] = defaultdict(list)
    for notice in data["notices"]:
        texts[notice["text"]].append(f"{notice['recipient_kind']} {notice['recipient_ref']}")
    for text, recipients in texts.items():
        more = f" and {len(recipients) - 3} more" if len(recipients) > 3 else ""
        lines += [f"  to {', '.join(recipients[:3])}{more}:", f"    {text}"]
    reasons: dict[str, list[str]] = defaultdict(list)
    for entry in data["not_sent"]:
        reasons[entry["reason"]].append(f"{entry['kind']} {entry['ref']}")
    for reason, refs in reasons.items():
        more = f" and {len(refs) - 3} more" if len(refs) > 3 else ""
        lines.append(f"  not told, {reason}: {', '.join(refs[:3])}{more}")
    return "\n".join(lines)


def _shown(value: object) -> str:
    if isinstance(value, list):
        return ", ".join(_shown(item) for item in value) or "nobody"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(item)}" for key, item in value.items()) or "nothing"
    return str(value)
