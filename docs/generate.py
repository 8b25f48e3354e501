"""Writes the pages of docs/reference from the code, or checks with --check that they follow it."""

import json
import sys
from pathlib import Path

import click
import typer.main
from figures import BENCHMARKS, with_figures

from carealert.adapters.rules.model import SCHEMA_ID, json_schema
from carealert.cli import app
from carealert.domain.condition_parts import (
    About,
    Functions,
    Lengths,
    Numbers,
    Parameters,
    Shape,
    Texts,
    Words,
    Yes,
)
from carealert.domain.conditions import MAX_NESTING, about
from carealert.domain.resident_conditions import FUNCTIONS
from carealert.settings import Settings

REFERENCE = Path(__file__).parent / "reference"
SCHEMA = Path(__file__).parents[1] / "rules" / SCHEMA_ID


def settings_page() -> str:
    """Every setting with its environment name, default and meaning."""
    lines = [
        "# Settings",
        "",
        "Made by `make docs`. The environment wins over `carealert.toml` in the config folder,",
        "which has the same names in lower case without the prefix, and that over the default.",
        "",
        "| Environment | Default | Meaning |",
        "| --- | --- | --- |",
    ]
    for name, field in Settings.model_fields.items():
        default = "" if field.default is None else f"`{_plain(field.default)}`"
        lines.append(f"| `CAREALERT_{name.upper()}` | {default} | {field.description} |")
    return "\n".join(lines) + "\n"


def commands_page() -> str:
    """Every command with its help."""
    lines = ["# Commands", "", "Made by `make docs`.", ""]
    _walk(typer.main.get_command(app), "carealert", lines)
    return "\n".join(lines) + "\n"


def conditions_page() -> str:
    """Every condition of the rule language with its value."""
    lines = [
        "# Conditions",
        "",
        "Made by `make docs`. What a rule may ask about the warning under `when`, about people and",
        "facilities under `who`. Several keys must all hold; `any`, `all` and `not` nest up to",
        f"{MAX_NESTING} levels. What is not stated never holds. No condition reads gender",
        "([why](../decisions/0005-gender-never-decides.md)).",
        "",
        "`who` also takes `kind` (`resident` or `facility`) and `within_km`: without it a rule is",
        "about those inside the warned area, with it about those up to so many km around it too.",
    ]
    for title, kind in (
        ("On the warning", About.WARNING),
        ("On residents", About.RESIDENT),
        ("On facilities", About.FACILITY),
    ):
        lines += ["", f"## {title}", "", "| Key | Value | Meaning |", "| --- | --- | --- |"]
        lines += [
            f"| `{name}` | {_value_of(entry.shape)} | {entry.text} |"
            for name, entry in about(kind).items()
        ]
    return "\n".join(lines) + "\n"


def _value_of(shape: Shape) -> str:
    match shape:
        case Words(kind, only):
            return "list of " + ", ".join(f"`{word.value}`" for word in only or kind)
        case Texts(_, example):
            return f"list of texts such as `{example}`"
        case Numbers(least, most, unit, _):
            said = f"`at_least`, `below`: {least:g} to {most:g}"
            return f"{said} {unit}".strip()
        case Lengths():
            return "`at_least`, `below`: lengths such as `12h`"
        case Yes():
            return "`true`"
        case Functions():
            return f"`any_of` {', '.join(f'`{one}`' for one in FUNCTIONS)}; `at_least` 2 to 4"
        case Parameters():
            return "list of `name` with `at_least`, `below` or `is`"


def schema_page() -> str:
    """The JSON Schema of rule files, as editors fetch it."""
    return json.dumps(json_schema(), indent=1) + "\n"


def _walk(command: click.Command, path: str, lines: list[str]) -> None:
    context = click.Context(command, info_name=path)
    if hasattr(command, "commands"):
        for name in command.list_commands(context):  # type: ignore[attr-defined]
            _walk(command.get_command(context, name), f"{path} {name}", lines)  # type: ignore[attr-defined]
        return
    usage = " ".join(command.collect_usage_pieces(context))
    lines += [f"## `{path} {usage}`", "", (command.help or "").strip(), ""]
    for parameter in command.params:
        text = getattr(parameter, "help", None)
        names = ", ".join(parameter.opts)
        if text and names:
            lines.append(f"- `{names}`: {text}")
    lines.append("")


def _plain(value: object) -> str:
    secret = getattr(value, "get_secret_value", None)
    return str(secret() if secret else value)


def main() -> None:
    """Write the pages, or compare them."""
    pages = {
        REFERENCE / "settings.md": settings_page(),
        REFERENCE / "commands.md": commands_page(),
        REFERENCE / "conditions.md": conditions_page(),
        SCHEMA: schema_page(),
        BENCHMARKS / "README.md": with_figures((BENCHMARKS / "README.md").read_text()),
    }
    stale = []
    for path, text in pages.items():
        if "--check" in sys.argv:
            if not path.exists() or path.read_text() != text:
                stale.append(path.name)
        else:
            path.write_text(text)
    if stale:
        sys.exit(f"Out of date: {', '.join(stale)}. Run 'make docs'.")


if __name__ == "__main__":
    main()
