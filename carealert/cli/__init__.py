"""The command line: one file a noun, no logic. stdout is the answer, stderr everything else.

Exit codes: 0 done, 1 failed or a check did not pass, 2 usage, 3 nothing matched, 4 configuration
or rules invalid, 5 a service out of reach.
"""

import logging
import os
import sys
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import OperationalError

from carealert import __version__
from carealert.adapters.channels.table import ChannelNotReady
from carealert.adapters.rules.files import InvalidRules
from carealert.adapters.sealing import WrongKey
from carealert.bootstrap import open_app
from carealert.cli import (
    areas,
    consents,
    db,
    demo,
    directory,
    doctor,
    facilities,
    feeds,
    journal,
    languages,
    messages,
    people,
    rules,
    run,
    users,
    warnings,
)
from carealert.cli.output import Exit
from carealert.clock import now
from carealert.services.access import NotAllowed
from carealert.services.officers import NoSuchOfficer, note_refusal
from carealert.services.ports.text import TemplateProblem
from carealert.settings import SettingsProblem

app = typer.Typer(
    name="carealert",
    help="Hazard warnings matched to people whose daily care must not stop.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("init")(run.init)
app.command("run")(run.run)
app.command("serve")(run.serve)
app.command("work")(run.work)
app.command("doctor")(doctor.doctor)
app.add_typer(feeds.app, name="feeds", help="Sources of warnings.")
app.add_typer(warnings.app, name="warnings", help="Official messages.")
app.add_typer(rules.app, name="rules", help="Who is told what, when a warning says what.")
app.add_typer(languages.app, name="languages", help="In which languages people are told.")
app.add_typer(messages.app, name="messages", help="What people are sent.")
app.add_typer(people.app, name="people", help="Residents and caregivers.")
app.add_typer(consents.app, name="consents", help="Who agreed to what.")
app.add_typer(facilities.app, name="facilities", help="Places that give care.")
app.add_typer(directory.app, name="directory", help="Organisations and trusted messengers.")
app.add_typer(areas.app, name="areas", help="Administrative areas.")
app.add_typer(journal.app, name="journal", help="What happened, provably.")
app.add_typer(users.app, name="users", help="Who may do what, and where.")
app.add_typer(db.app, name="db", help="The database's tables.")


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
    logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")
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
