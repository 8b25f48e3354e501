"""`carealert warnings held | release | discard | unmapped`: what an officer must decide or map."""

from collections.abc import Callable
from dataclasses import replace
from typing import Annotated, Any

import typer

from carealert.bootstrap import App, open_app
from carealert.cli.output import Exit, emit, fail
from carealert.clock import now
from carealert.domain.access import Actor
from carealert.services import holding, warning_office
from carealert.services.holding import NotHeld
from carealert.services.ports.feeds import UnmappedEvent
from carealert.services.ports.holds import HeldWarning

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
WarningId = Annotated[int, typer.Argument(metavar="ID")]
By = Annotated[
    str | None,
    typer.Option(help="Your name, kept with the decision; under CAREALERT_USER that name is."),
]


def held(as_json: AsJson = False) -> None:
    """List the warnings that read as a test and wait for your word, the first deadline first.

    Example: carealert warnings held
    """
    application = open_app()
    waiting = warning_office.held_warnings(application.db, application.operator)
    lines = [_held_line(one) for one in waiting]
    emit([_held_json(one) for one in waiting], as_json, "\n".join(lines) or "Nothing is held.")


def release(warning_id: WarningId, by: By = None, as_json: AsJson = False) -> None:
    """Say that a held warning is no test: it is planned next, as what it says.

    Example: carealert warnings release 12 --by "A. Rahman"
    """
    _decide(holding.release, warning_id, by, as_json, "released: it is planned next.")


def discard(warning_id: WarningId, by: By = None, as_json: AsJson = False) -> None:
    """Say that a held warning is a test: nobody is told.

    Example: carealert warnings discard 12 --by "A. Rahman"
    """
    _decide(holding.discard, warning_id, by, as_json, "discarded: nobody is told.")


def unmapped(as_json: AsJson = False) -> None:
    """List events that no table of hazards knows, the most frequent first.

    They go by their category until rules/hazards.yaml maps them.
    Example: carealert warnings unmapped
    """
    application = open_app()
    found = warning_office.unmapped_events(application.db, application.operator)
    lines = [_unmapped_line(one) for one in found]
    emit([_unmapped_json(one) for one in found], as_json, "\n".join(lines) or "All are mapped.")


def _decide(
    how: Callable[..., HeldWarning], warning_id: int, by: str | None, as_json: bool, done: str
) -> None:
    application = open_app()
    who = _decider(application, by)
    try:
        decided = how(application.db, who, warning_id, now())
    except NotHeld as problem:
        fail(str(problem), Exit.NOTHING)
    emit(_held_json(decided), as_json, f"Warning {warning_id} is {done}")


_LONGEST_NAME = 100


def _decider(application: App, by: str | None) -> Actor:
    """Whose name stands with the decision: an account's own, else the one that was given."""
    name = (by or "").strip()
    own = application.settings.user
    if own is None:
        if not 0 < len(name) <= _LONGEST_NAME:
            fail(f"--by needs a name of 1 to {_LONGEST_NAME} characters.", Exit.USAGE)
        return replace(application.operator, name=name)
    if by is not None and name != own:
        fail(f"--by is another name than CAREALERT_USER ('{own}'): leave it out.", Exit.USAGE)
    return application.operator


def _held_json(one: HeldWarning) -> dict[str, Any]:
    return {
        "id": one.warning_id,
        "incident": one.incident,
        "identifier": one.warning.identifier,
        "sender": one.warning.sender,
        "events": list(dict.fromkeys(info.event for info in one.warning.infos)),
        "if_real": list(
            dict.fromkeys(info.hazard_if_real or "other" for info in one.warning.infos)
        ),
        "reason": one.reason,
        "held_at": one.held_at.isoformat(),
        "deadline": one.deadline.isoformat(),
        "overdue": one.alarmed_at is not None,
    }


def _held_line(one: HeldWarning) -> str:
    events = ", ".join(dict.fromkeys(info.event for info in one.warning.infos)) or "-"
    late = "  OVERDUE" if one.alarmed_at else ""
    return (
        f"{one.warning_id}  decide by {one.deadline.isoformat()}{late}  "
        f"'{events}' from {one.warning.sender}: {one.reason}"
    )


def _unmapped_json(one: UnmappedEvent) -> dict[str, Any]:
    return {
        "sender": one.sender,
        "event": one.event,
        "language": one.language,
        "category": one.category,
        "hazard": one.hazard,
        "times": one.times,
        "last_at": one.last_at.isoformat(),
    }


def _unmapped_line(one: UnmappedEvent) -> str:
    by = f" (category {one.category})" if one.category else ""
    return (
        f"{one.times:5}  [{one.language or '-'}] '{one.event}' from {one.sender}: "
        f"{one.hazard}{by}, last {one.last_at.isoformat()}"
    )
