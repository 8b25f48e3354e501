"""`carealert consents`: who agreed to what, and until when; every change is kept."""

from datetime import timedelta
from typing import Annotated, Any

import typer

from carealert.bootstrap import open_app
from carealert.cli.output import Exit, emit, fail
from carealert.clock import now
from carealert.domain.consents import ConsentRecord, ConsentStatus, Delegation, Medium
from carealert.domain.people import Purpose
from carealert.services import consenting
from carealert.services.consenting import NotInRegister
from carealert.services.ports.consents import PersonKind

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Purposes = Annotated[list[Purpose], typer.Option("--purpose", "-p", help="P1 to P6; repeat it.")]
Ref = Annotated[str, typer.Argument(help="The office's own key of the person.")]


@app.command()
def show(kind: PersonKind, ref: Ref, as_json: AsJson = False) -> None:
    """Show every consent of one person. Example: carealert consents show resident R1"""
    application = open_app()
    records = consenting.history(application.db, application.operator, kind, ref)
    text = "\n".join(_line(one) for one in records) or "Nothing is recorded."
    emit([_json(one) for one in records], as_json, text)


@app.command()
def give(
    kind: PersonKind,
    ref: Ref,
    purpose: Purposes,
    medium: Annotated[Medium, typer.Option(help="On what it was given.")],
    giver: Annotated[str | None, typer.Option(help="Who gave it, if not the person.")] = None,
    delegation: Annotated[Delegation, typer.Option(help="As what.")] = Delegation.SELF,
    notice_version: Annotated[str | None, typer.Option(help="Which notice they were read.")] = None,
    notice_language: Annotated[str | None, typer.Option(help="In which language.")] = None,
) -> None:
    """Record that somebody agrees, for a year.

    Example: carealert consents give resident R1 -p P1 -p P4 --medium paper --notice-version 2026-1
    """
    moment = now()
    records = [
        ConsentRecord(
            one,
            ConsentStatus.GIVEN,
            moment,
            medium,
            giver,
            delegation,
            notice_language,
            notice_version,
        )
        for one in purpose
    ]
    try:
        application = open_app()
        consenting.give(application.db, application.operator, kind, ref, records, moment)
    except NotInRegister as problem:
        fail(str(problem), Exit.NOTHING)
    emit({"ref": ref}, as_json=False, text=f"Recorded for {ref}: {_words(purpose)}.")


@app.command()
def withdraw(
    kind: PersonKind,
    ref: Ref,
    purpose: Purposes,
    medium: Annotated[Medium, typer.Option(help="How they said so.")],
) -> None:
    """Record that somebody agrees no more; nothing that waits for them is sent.

    Example: carealert consents withdraw caregiver C7 -p P2 --medium verbal
    """
    try:
        application = open_app()
        consenting.withdraw(application.db, application.operator, kind, ref, purpose, medium, now())
    except NotInRegister as problem:
        fail(str(problem), Exit.NOTHING)
    emit({"ref": ref}, as_json=False, text=f"Withdrawn for {ref}: {_words(purpose)}.")


@app.command()
def expiring(
    days: Annotated[int, typer.Option(min=1, help="How far to look.")] = 30,
    as_json: AsJson = False,
) -> None:
    """List consents that run out soon, the first to end first.

    Example: carealert consents expiring --days 60
    """
    application = open_app()
    found = consenting.expiring(application.db, application.operator, now(), timedelta(days=days))
    data = [
        {"kind": kind, "ref": ref, "purposes": sorted(purposes), "first_end": end.isoformat()}
        for kind, ref, purposes, end in found
    ]
    lines = [
        f"{end.date()}  {kind} {ref}  {_words(sorted(purposes))}"
        for kind, ref, purposes, end in found
    ]
    emit(data, as_json, "\n".join(lines) or f"No consent runs out within {days} days.")


@app.command()
def calls(as_json: AsJson = False) -> None:
    """List whom an officer has to call about their data, and why.

    Example: carealert consents calls --json
    """
    application = open_app()
    found = consenting.calls(application.db, application.operator, now())
    data = [{"kind": kind, "ref": ref, "why": why} for kind, ref, why in found]
    lines = [f"{kind} {ref}  {why}" for kind, ref, why in found]
    emit(data, as_json, "\n".join(lines) or "Nobody has to be called.")


@app.command()
def called(kind: PersonKind, ref: Ref) -> None:
    """Record that somebody who asked to be erased was called, and what they said is done.

    Example: carealert consents called caregiver C7
    """
    try:
        application = open_app()
        consenting.called(application.db, application.operator, kind, ref, now())
    except NotInRegister as problem:
        fail(str(problem), Exit.NOTHING)
    emit({"ref": ref}, as_json=False, text=f"Recorded: {kind} {ref} was called.")


def _words(purposes: list[Purpose]) -> str:
    return ", ".join(purposes)


def _json(one: ConsentRecord) -> dict[str, Any]:
    return {
        "purpose": one.purpose,
        "status": one.status,
        "at": one.at.isoformat(),
        "medium": one.medium,
        # Who reads consents need not read names: 'people show' has it for those who may.
        "giver": f"{one.giver[0]}…" if one.giver else None,
        "delegation": one.delegation,
        "notice_language": one.notice_language,
        "notice_version": one.notice_version,
        "expires": one.expires.isoformat() if one.expires else None,
    }


def _line(one: ConsentRecord) -> str:
    until = f" until {one.expires.isoformat(timespec='minutes')}" if one.expires else ""
    notice = f", notice {one.notice_version}" if one.notice_version else ""
    return (
        f"{one.at.isoformat(timespec='minutes')}  {one.purpose} {one.status}{until} "
        f"({one.medium}, {one.delegation}{notice})"
    )
