"""The command line: one file a noun, no logic. stdout is the answer, stderr everything else.

Exit codes: 0 done, 1 failed or a check did not pass, 2 usage, 3 nothing matched, 4 configuration
or rules invalid, 5 a service out of reach.
"""

import logging
import os
import sys
from importlib import import_module
from pathlib import Path
from typing import Annotated, Any, cast

import typer
from sqlalchemy.exc import OperationalError
from typer.core import TyperGroup

from carealert import __version__
from carealert.adapters.channels.not_ready import ChannelNotReady
from carealert.adapters.rules.files import InvalidRules
from carealert.adapters.sealing import WrongKey
from carealert.bootstrap import open_app
from carealert.cli.output import Exit
from carealert.clock import now
from carealert.logs import LogFormat, write_as
from carealert.services.access import NotAllowed
from carealert.services.officers import NoSuchOfficer, note_refusal
from carealert.services.ports.text import TemplateProblem
from carealert.settings import SettingsProblem

#: Command -> (module, what is called or the commands under it, help of these commands).
_COMMANDS = {
    "demo": ("demo", "demo", None),
    "init": ("run", "init", None),
    "run": ("run", "run", None),
    "serve": ("run", "serve", None),
    "work": ("run", "work", None),
    "doctor": ("doctor", "doctor", None),
    "feeds": ("feeds", "app", "Sources of warnings."),
    "warnings": ("warnings", "app", "Official messages."),
    "rules": ("rules", "app", "Who is told what, when a warning says what."),
    "languages": ("languages", "app", "In which languages people are told."),
    "notices": ("notices", "app", "What is on its way, and what became of it."),
    "messages": ("messages", "app", "What people are sent."),
    "people": ("people", "app", "Residents and caregivers."),
    "consents": ("consents", "app", "Who agreed to what."),
    "facilities": ("facilities", "app", "Places that give care."),
    "directory": ("directory", "app", "Organisations and trusted messengers."),
    "areas": ("areas", "app", "Administrative areas."),
    "journal": ("journal", "app", "What happened, provably."),
    "users": ("users", "app", "Who may do what, and where."),
    "db": ("db", "app", "The database's tables."),
}


class _Commands(TyperGroup):
    """Reads the file of the command that is called, and no other: a start takes half as long."""

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002
        if cmd_name not in self.commands and cmd_name in _COMMANDS:
            self.commands[cmd_name] = _read(cmd_name)
        return self.commands.get(cmd_name)


def _read(name: str) -> Any:
    module, what, help_ = _COMMANDS[name]
    found = getattr(import_module(f"carealert.cli.{module}"), what)
    holder = typer.Typer(callback=lambda: None)
    if isinstance(found, typer.Typer):
        holder.add_typer(found, name=name, help=help_)
    else:
        holder.command(name)(found)
    return cast("TyperGroup", typer.main.get_command(holder)).commands[name]


app = typer.Typer(
    name="carealert",
    cls=_Commands,
    help="Hazard warnings matched to people whose daily care must not stop.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"carealert {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    config: Annotated[
        Path | None, typer.Option(help="Folder of your carealert.toml, rules/ and templates/.")
    ] = None,
    verbose: Annotated[bool, typer.Option("--verbose", "-v", help="Say more on stderr.")] = False,
    quiet: Annotated[bool, typer.Option("--quiet", "-q", help="Errors only on stderr.")] = False,
    _show: Annotated[
        bool,
        typer.Option("--version", callback=_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    """Read the options that every command has."""
    if config is not None:
        os.environ["CAREALERT_CONFIG"] = str(config)
    level = logging.ERROR if quiet else logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level)
    write_as(LogFormat.TEXT)
    # It warns of every tick that a longer one makes it leave out; the next tick finds the rows.
    logging.getLogger("apscheduler").setLevel(logging.ERROR)


def main() -> None:
    """Run a command; what a user can mend is one sentence and an exit code, not a traceback."""
    try:
        app()
    except (SettingsProblem, InvalidRules, TemplateProblem, WrongKey, ChannelNotReady) as error:
        _stop(str(error), Exit.CONFIG)
    except NoSuchOfficer as error:
        _stop(f"CAREALERT_USER: {error}", Exit.CONFIG)
    except NotAllowed as error:
        _note(error)
        _stop(str(error), Exit.FAILED)
    except OperationalError as error:
        _stop(f"The database cannot be used: {_first_line(error)}", Exit.UNREACHABLE)


def _note(refusal: NotAllowed) -> None:
    """Who was refused stays refused, also where the journal cannot be written now."""
    application = open_app()
    try:
        note_refusal(application.db, application.operator, refusal.what, now())
    except OperationalError as error:
        sys.stderr.write(f"carealert: The journal has no line of this: {_first_line(error)}\n")


def _first_line(error: OperationalError) -> str:
    text = str(error.orig).strip().splitlines()[0]
    if "no such table" in text or "does not exist" in text:
        return f"{text}. Run 'carealert db upgrade'."
    return f"{text}. Is CAREALERT_DATABASE_URL right and the server up?"


def _stop(sentence: str, code: Exit) -> None:
    sys.stderr.write(f"carealert: {sentence}\n")
    sys.exit(int(code))
