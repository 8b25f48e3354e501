"""Writes the pages of docs/reference from the code, or checks with --check that they follow it."""

import sys
from pathlib import Path

import click
import typer.main

from carealert.cli import app
from carealert.settings import Settings

REFERENCE = Path(__file__).parent / "reference"


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
    pages = {"settings.md": settings_page(), "commands.md": commands_page()}
    stale = []
    for name, text in pages.items():
        path = REFERENCE / name
        if "--check" in sys.argv:
            if not path.exists() or path.read_text() != text:
                stale.append(name)
        else:
            path.write_text(text)
    if stale:
        sys.exit(f"Out of date in docs/reference: {', '.join(stale)}. Run 'make docs'.")


if __name__ == "__main__":
    main()
