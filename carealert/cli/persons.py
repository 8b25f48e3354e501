"""`carealert people find | show | forget | export`: one person of the register, or all of them."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from carealert.adapters.registry.export import CsvFolder, caregiver_row, resident_row
from carealert.adapters.registry.numbers import Unclear, e164
from carealert.bootstrap import open_app
from carealert.cli.output import Exit, emit, fail
from carealert.clock import now
from carealert.domain.people import Resident
from carealert.domain.reasons import BadReason, demand
from carealert.services import persons
from carealert.services.persons import MOST_FOUND, Found, Held, NobodyHasRef
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import StillSending

AsJson = Annotated[bool, typer.Option("--json", help="For programs.")]
Ref = Annotated[str, typer.Argument(help="The office's own key of the person.")]
Reason = Annotated[str, typer.Option(help="Why; the journal keeps it. Name nobody in it.")]

_FEWEST_DIGITS = 7


def find(
    text: Annotated[str, typer.Argument(help="A ref or its beginning, a whole phone, or a name.")],
    as_json: AsJson = False,
) -> None:
    """Find people by ref, phone or name; only refs are shown.

    A phone is found by its keyed hash, so it must be whole. For a name every stored name is opened
    and compared, and the command says how many.
    Example: carealert people find Khatun
    """
    application = open_app()
    number = _number(text, application.settings.phone_region)
    if number is not None:
        found = persons.find_by_phone(application.db, application.operator, number)
    else:
        found = persons.find_by_ref(application.db, application.operator, text)
        if not found.hits:
            found = persons.find_by_name(application.db, application.operator, text)
    if found.looked_at:
        typer.echo(f"{found.looked_at} names were opened and compared.", err=True)
    if found.more:
        typer.echo(f"Only the first {MOST_FOUND} are shown: say more of it.", err=True)
    _show_found(found, as_json)
    if not found.hits:
        fail("Nobody was found.", Exit.NOTHING)


def _number(text: str, region: str | None) -> str | None:
    if sum(map(str.isdigit, text)) < _FEWEST_DIGITS or any(map(str.isalpha, text)):
        return None
    number = e164(text, region)
    return None if isinstance(number, Unclear) else number


def _show_found(found: Found, as_json: bool) -> None:
    data = [{"kind": kind, "ref": ref} for kind, ref in found.hits]
    if data or as_json:
        emit(data, as_json, "\n".join(f"{kind:17}  {ref}" for kind, ref in found.hits))


def show(
    ref: Ref,
    reveal: Annotated[bool, typer.Option("--reveal", help="Show phones in full.")] = False,
    reason: Annotated[str, typer.Option(help="Why; needed with --reveal.")] = "",
    as_json: AsJson = False,
) -> None:
    """Show everything that is held of one person; phones are masked unless --reveal.

    Example: carealert people show R-17
    """
    if reveal:
        _demand(reason)
    application = open_app()
    try:
        if reveal:
            found = persons.reveal(application.db, application.operator, ref, reason, now())
        else:
            found = persons.held_of(application.db, application.operator, ref)
    except NobodyHasRef as problem:
        fail(str(problem), Exit.NOTHING)
    except BadReason as problem:
        fail(f"{problem} See --reason.", Exit.USAGE)
    data = [_plain(one, masked=not reveal) for one in found]
    emit(data, as_json, "\n\n".join(_text(one) for one in data))


def forget(
    ref: Ref,
    reason: Reason,
    kind: Annotated[
        PersonKind | None, typer.Option(help="Where a resident and a caregiver have one ref.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Delete a person, their links, phones and texts; what is left cannot be linked to anybody.

    A STOP of their phone stays in force.
    Example: carealert people forget R-17 --reason "asked for it on paper"
    """
    _demand(reason)
    application = open_app()
    try:
        if kind is None:
            held = persons.held_of(application.db, application.operator, ref)
            if len(held) > 1:
                fail(f"'{ref}' is a resident and a caregiver: add --kind.", Exit.USAGE)
            kind = held[0].kind
        done = persons.forget(application.db, application.operator, kind, ref, reason, now())
    except NobodyHasRef as problem:
        fail(str(problem), Exit.NOTHING)
    except StillSending as problem:
        fail(str(problem), Exit.FAILED)
    except BadReason as problem:
        fail(f"{problem} See --reason.", Exit.USAGE)
    text = (
        f"Forgotten. Unlinked: {done.own_notices} messages to this person, {done.notices_about} "
        f"about them, {done.messages} from them. Delete them in your own lists, too: an import "
        "would bring them back."
    )
    data = {
        "forgotten": True,
        "own_notices": done.own_notices,
        "notices_about": done.notices_about,
        "messages": done.messages,
    }
    emit(data, as_json, text)


def export(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Is made if it is not there.")],
    reason: Reason,
    as_json: AsJson = False,
) -> None:
    """Write residents.csv, caregivers.csv and facilities.csv, opened: keep them safe.

    Importing them again changes nothing. Cells that a spreadsheet would compute are guarded.
    Example: carealert people export backup --reason "yearly check on paper"
    """
    _demand(reason)
    application = open_app()
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    counts = persons.export(application.db, application.operator, CsvFolder(folder), reason, now())
    text = ", ".join(f"{many} {noun}" for noun, many in counts.items())
    emit({"folder": str(folder), **counts}, as_json, f"Wrote {text} to {folder}.")


def _demand(reason: str) -> None:
    try:
        demand(reason)
    except BadReason as problem:
        fail(f"{problem} See --reason.", Exit.USAGE)


def _plain(held: Held, *, masked: bool) -> dict[str, Any]:
    """Everything, empty fields left out."""
    person = held.person
    if isinstance(person, Resident):
        row = dict(resident_row(person))
        links = [
            {"caregiver": one.caregiver_ref, "relation": one.relation, "role": one.role.value}
            for one in held.links
        ]
    else:
        row = dict(caregiver_row(person, held.links))
        links = []
    if masked and person.phone is not None:
        row["phone"] = f"…{person.phone.number[-2:]}"
    data: dict[str, Any] = {"kind": held.kind.value}
    data |= {name: _cell(value) for name, value in row.items() if value not in (None, "")}
    data["phone_said_stop"] = held.stopped
    if links:
        data["caregivers"] = links
    data["consents"] = [
        {
            "purpose": one.purpose.value,
            "status": one.status.value,
            "at": one.at.isoformat(),
            "medium": one.medium.value,
            "expires": one.expires.isoformat() if one.expires else None,
        }
        for one in held.consents
    ]
    if held.last_sent is not None:
        last = held.last_sent
        data["last_message"] = {
            "at": last.at.isoformat(),
            "state": last.state,
            "delivery": last.delivery,
        }
    return data


def _cell(value: object) -> object:
    return value if isinstance(value, int | float | str) else str(value)


def _text(data: Mapping[str, Any]) -> str:
    lines = []
    for name, value in data.items():
        many = [value] if isinstance(value, Mapping) else value
        if isinstance(many, Sequence) and not isinstance(many, str):
            for one in many:
                said = ", ".join(f"{key} {part}" for key, part in one.items() if part is not None)
                lines.append(f"{name}: {said}")
        else:
            lines.append(f"{name}: {_said(value)}")
    return "\n".join(lines)


def _said(value: object) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else str(value)
