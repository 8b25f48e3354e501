"""`carealert rules …`: changed rules proposed, agreed to, and looked up years later."""

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated, Any, TypeVar

import typer

from carealert import clock
from carealert.adapters.rules.stored import InvalidRules, read_folders, rules_of
from carealert.bootstrap import App, open_app
from carealert.cli.output import Exit, emit, fail
from carealert.domain.reasons import BadReason
from carealert.domain.rule_changes import changes
from carealert.domain.rule_versions import NotAgreed
from carealert.domain.rules import RuleSet
from carealert.paths import with_overrides
from carealert.services import replaying, rule_versions
from carealert.services.ports.rule_versions import RuleText
from carealert.services.replaying import Difference
from carealert.services.rule_versions import NoSuchVersion, Version

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Named = Annotated[str, typer.Argument(metavar="VERSION", help="The first letters of its name.")]
_Done = TypeVar("_Done")


def add_to(app: typer.Typer) -> None:
    """Put these commands among those of `carealert rules`."""
    for name, command in (
        ("versions", versions),
        ("propose", propose),
        ("approve", approve),
        ("reject", reject),
        ("override", override),
        ("diff", diff),
        ("text", text),
        ("shadow", shadow),
        ("replay", replay),
    ):
        app.command(name)(command)


def versions(as_json: AsJson = False) -> None:
    """List every version of the rules and where it stands. Example: carealert rules versions."""
    application = open_app()
    found = rule_versions.versions(application.db, application.operator, clock.now())
    lines = [line for one in found for line in _lines(one)]
    emit({"versions": [_data(one) for one in found]}, as_json, "\n".join(lines) or "No version.")


def propose(
    note: Annotated[str, typer.Option(help="What changes and why; the journal keeps it.")],
    folder: Annotated[
        Path | None, typer.Option(exists=True, file_okay=False, help="In place of the office's.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Propose the rules of the folder. Example: carealert rules propose --note 'SOP 4.2 of May'."""
    application = open_app()
    rules, texts = _folder(application, folder)
    who = application.operator
    done = _tried(
        lambda: rule_versions.propose(application.db, who, rules, texts, note, clock.now())
    )
    emit(_data(done), as_json, "\n".join(_lines(done)))


def approve(
    version: Named,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="TIME", help="When it begins, such as 2026-06-01T00:00Z."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Approve rules that somebody else proposed. Example: carealert rules approve 3f9a12c4."""
    application = open_app()
    effective = _moment(start) if start else None
    sign_off = application.settings.rule_sign_off
    done = _tried(
        lambda: rule_versions.approve(
            application.db, application.operator, version, sign_off, effective, clock.now()
        )
    )
    emit(_data(done), as_json, "\n".join(_lines(done)))


def reject(
    version: Named,
    note: Annotated[str, typer.Option(help="Why not; the journal keeps it.")],
    as_json: AsJson = False,
) -> None:
    """Reject proposed rules. Example: carealert rules reject 3f9a12c4 --note 'too wide'."""
    application = open_app()
    done = _tried(
        lambda: rule_versions.reject(
            application.db, application.operator, version, note, clock.now()
        )
    )
    emit(_data(done), as_json, "\n".join(_lines(done)))


def override(
    version: Named,
    reason: Annotated[str, typer.Option(help="Why it cannot wait; the journal keeps it.")],
    as_json: AsJson = False,
) -> None:
    """Put a version in force for 24 hours without sign-off, in an emergency.

    Example: carealert rules override 3f9a12c4 --reason 'the dam upstream has opened'
    """
    application = open_app()
    done = _tried(
        lambda: rule_versions.override(
            application.db, application.operator, version, reason, clock.now()
        )
    )
    emit(_data(done), as_json, "\n".join(_lines(done)))


def diff(
    old: Annotated[str, typer.Argument(help="A version, or 'now' for the one in force.")] = "now",
    new: Annotated[str, typer.Argument(help="A version, or 'folder'.")] = "folder",
    as_json: AsJson = False,
) -> None:
    """Say what changed from one version to another. Example: carealert rules diff now folder."""
    application = open_app()
    lines = list(changes(_rules(application, old), _rules(application, new)))
    emit({"changes": lines}, as_json, "\n".join(lines) or "Nothing changed.")


def text(version: Named, as_json: AsJson = False) -> None:
    """Print the files of a version as they were written. Example: carealert rules text 3f9a12c4."""
    application = open_app()
    name, texts = _tried(
        lambda: rule_versions.texts_of(application.db, application.operator, version)
    )
    files = [{"name": one.name, "text": one.text} for one in texts]
    shown = "\n".join(f"# ---- {one.name}\n{one.text}" for one in texts)
    emit({"version": name, "files": files}, as_json, shown)


def shadow(
    version: Annotated[str | None, typer.Argument(metavar="[VERSION]", help="Its name.")] = None,
    off: Annotated[bool, typer.Option("--off", help="End it.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let a version decide beside the one in force; it sends nothing, the journal keeps counts.

    Example: carealert rules shadow 3f9a12c4
    """
    if (version is None) != off:
        fail("Name a version, or give --off.", Exit.USAGE)
    application = open_app()
    named = _tried(
        lambda: rule_versions.shadow(application.db, application.operator, version, clock.now())
    )
    said = f"{named[:12]} decides in the shadow." if named else "Nothing decides in the shadow."
    emit({"version": named}, as_json, said)


def replay(
    start: Annotated[str, typer.Option("--from", metavar="TIME", help="Planned from then on.")],
    end: Annotated[str | None, typer.Option("--to", metavar="TIME", help="Planned before.")] = None,
    version: Annotated[str, typer.Option(help="A version, or 'folder'.")] = "folder",
    as_json: AsJson = False,
) -> None:
    """Say who more and who less other rules would have told of warnings that were planned.

    Nothing is sent. Example: carealert rules replay --from 2026-05-01T00:00Z
    """
    application = open_app()
    now = clock.now()
    found = replaying.replay(
        application.db,
        application.operator,
        application.rules_at(now),
        _rules(application, version),
        application.office,
        _moment(start),
        _moment(end) if end else now,
    )
    emit({"warnings": [_difference(one) for one in found]}, as_json, _replayed(found))


def _replayed(found: Sequence[Difference]) -> str:
    lines = [f"{len(found)} warnings, {sum(not one.is_none for one in found)} told otherwise"]
    for one in found:
        if one.is_none:
            continue
        counts = f"+{len(one.added)} -{len(one.dropped)} ~{len(one.changed)}"
        lines.append(f"warning {one.warning} ({one.identifier}): {counts}")
        for mark, refs in (("+", one.added), ("-", one.dropped), ("~", one.changed)):
            more = f" and {len(refs) - 5} more" if len(refs) > 5 else ""
            lines += [f"    {mark} {', '.join(refs[:5])}{more}"] if refs else []
    return "\n".join(lines)


def _difference(one: Difference) -> dict[str, Any]:
    return {
        "warning": one.warning,
        "identifier": one.identifier,
        "added": list(one.added),
        "dropped": list(one.dropped),
        "changed": list(one.changed),
    }


def _folder(application: App, folder: Path | None) -> tuple[RuleSet, tuple[RuleText, ...]]:
    places = [folder] if folder else reversed(with_overrides("rules", application.settings.config))
    try:
        return read_folders(tuple(places))
    except InvalidRules as error:
        fail(f"These rules cannot be used:\n{error}", Exit.CONFIG)


def _rules(application: App, named: str) -> RuleSet:
    if named == "folder":
        return _folder(application, None)[0]
    if named == "now":
        return application.rules_at(clock.now())
    _, texts = _tried(lambda: rule_versions.texts_of(application.db, application.operator, named))
    return rules_of(texts)


def _tried(action: Callable[[], _Done]) -> _Done:
    try:
        return action()
    except NotAgreed as refused:
        fail(str(refused), Exit.FAILED)
    except NoSuchVersion as missing:
        fail(str(missing), Exit.NOTHING)
    except BadReason as bad:
        fail(str(bad), Exit.USAGE)


def _moment(given: str) -> datetime:
    try:
        moment = datetime.fromisoformat(given)
    except ValueError:
        fail(f"'{given}' is not a time such as 2026-06-01T00:00+06:00.", Exit.USAGE)
    if moment.tzinfo is None:
        fail(f"'{given}' has no offset: write {given}+06:00, or {given}Z.", Exit.USAGE)
    return moment


def _lines(one: Version) -> list[str]:
    lines = [f"{one.version[:12]}  {one.state.value}, kept {one.kept_at:%Y-%m-%d %H:%M} UTC"]
    for step in one.steps:
        later = f", from {step.effective:%Y-%m-%d %H:%M} UTC" if step.effective > step.at else ""
        note = f": {step.note}" if step.note else ""
        lines.append(
            f"    {step.kind.value} by {step.by}, {step.at:%Y-%m-%d %H:%M} UTC{later}{note}"
        )
    return lines


def _data(one: Version) -> dict[str, Any]:
    return {
        "version": one.version,
        "state": one.state.value,
        "kept_at": one.kept_at.isoformat(),
        "steps": [
            {
                "kind": step.kind.value,
                "by": step.by,
                "at": step.at.isoformat(),
                "effective": step.effective.isoformat(),
                "note": step.note,
            }
            for step in one.steps
        ],
    }
