"""What every import prints: how many rows did what, what to look at, and what to mend."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path

import typer

from carealert.adapters.file_errors import RowError
from carealert.adapters.registry.cells import Defaults
from carealert.bootstrap import App
from carealert.cli.output import Exit, emit, fail
from carealert.clock import now
from carealert.domain.duplicates import Likeness
from carealert.services.registering import ImportReport

_SHOWN = 50
_LINES = 8
_SHAPES = 2
_PAIRS = 10


def defaults_of(app: App) -> Defaults:
    """What the office's settings say where a file is silent."""
    settings = app.settings
    return Defaults(now(), settings.zone, settings.default_language, settings.phone_region)


def stop_on(errors: Sequence[RowError], as_json: bool) -> None:
    """End the command if anything in the files must be mended first; nothing was imported."""
    if not errors:
        return
    if as_json:
        emit({"imported": False, "errors": [_plain(error) for error in errors]}, True, "")
    for error in errors[:_SHOWN]:
        typer.echo(str(error), err=True)
    if len(errors) > _SHOWN:
        typer.echo("In all, by column:", err=True)
        for line in mending(errors):
            typer.echo(f"  {line}", err=True)
    more = f" ({len(errors) - _SHOWN} more are not shown)" if len(errors) > _SHOWN else ""
    many = _many(len(errors), "error")
    fail(f"Nothing was imported: mend {many}{more} and try again.", Exit.FAILED)


def tell_rows(errors: Iterable[RowError]) -> None:
    """Say on stderr which rows are wrong, the first of many; what to do follows."""
    for error in islice(errors, _SHOWN):
        typer.echo(str(error), err=True)


def show(report: ImportReport, notes: Sequence[str], as_json: bool) -> None:
    """Print what an import did; notes are part of the JSON and else go to stderr."""
    every = [*notes, *report.notes]
    lines = list(_count_lines(report, {}))
    if report.dry_run:
        lines.append("Dry run: nothing was kept.")
    data = {
        "imported": not report.dry_run,
        "dry_run": report.dry_run,
        **_counts(report, {}),
        "notes": every,
    }
    pairs = {noun: likeness_json(found) for noun, found in report.alike.items() if found.pairs}
    if pairs:
        data["duplicates"] = pairs
    emit(data, as_json, "\n".join(lines))
    for note in every:
        typer.echo(f"note: {note}", err=True)
    for line in _duplicate_lines(report):
        typer.echo(line, err=True)


def show_trial(
    report: ImportReport,
    rejected: Mapping[str, int],
    errors: Sequence[RowError],
    notes: Sequence[str],
    as_json: bool,
) -> None:
    """Print what an import would do, the whole of it on stdout: it is the answer."""
    every = [*notes, *report.notes]
    if as_json:
        data = {
            "imported": False,
            "dry_run": True,
            **_counts(report, rejected),
            "errors": [_plain(error) for error in errors],
            "notes": every,
            "duplicates": {noun: likeness_json(found) for noun, found in report.alike.items()},
        }
        emit(data, True, "")
        return
    lines = [*_count_lines(report, rejected)]
    if errors:
        lines += ["", f"To mend ({_many(len(errors), 'error')}):"]
        lines += [f"  {line}" for line in mending(errors)]
    if every:
        lines += ["", "To look at:", *(f"  {note}" for note in every)]
    if pairs := list(_duplicate_lines(report)):
        lines += ["", *pairs]
    end = "Dry run: nothing was kept."
    if errors:
        end += " Every row would be refused until the errors are mended."
    emit({}, False, "\n".join([*lines, "", end]))


def mending(errors: Sequence[RowError]) -> Iterator[str]:
    """Errors by file and column, the most frequent first: how many, where, and what is allowed."""
    groups: dict[tuple[str, str | None, str, str], list[RowError]] = {}
    for error in errors:
        key = (error.file, error.column, _general(error.what), error.fix)
        groups.setdefault(key, []).append(error)
    for (file, column, what, fix), own in sorted(groups.items(), key=lambda one: -len(one[1])):
        in_rows = own[0].line is not None
        where = f"{file}, column {column}" if column and in_rows else column or file
        lines = [error.line for error in own if error.line is not None]
        many = f"{_many(len(lines), 'row')} ({_listed(lines)}): " if lines else ""
        yield f"{where}: {many}{what}{_looks(own)}. {fix}."


def _looks(errors: Sequence[RowError]) -> str:
    shapes = list(dict.fromkeys(error.shape for error in errors if error.shape))
    more = " …" if len(shapes) > _SHAPES else ""
    return f" (looks like {' or '.join(shapes[:_SHAPES])}{more})" if shapes else ""


def duplicates_text(found: Mapping[str, Likeness]) -> str:
    """Proposed pairs, the likeliest first; nobody is named but by ref."""
    lines = []
    for noun, likeness in found.items():
        lines.append(f"{noun}: {_many(len(likeness.pairs), 'pair')} may be one person")
        for pair in likeness.pairs:
            signs = ", ".join(sign.value for sign in pair.signs)
            lines.append(f"  {pair.score:.2f}  {pair.first} and {pair.second}: {signs}")
        if likeness.crowds:
            lines.append(
                f"  {likeness.crowds} phones or names are shared by so many that they tell nothing."
            )
    return "\n".join(lines)


def likeness_json(found: Likeness) -> list[dict[str, object]]:
    """Proposed pairs for programs."""
    return [
        {
            "refs": [pair.first, pair.second],
            "score": pair.score,
            "signs": [sign.value for sign in pair.signs],
        }
        for pair in found.pairs
    ]


def file_in(folder: Path, name: str) -> Path | None:
    """`NAME.csv` or `NAME.xlsx` in a folder; two of them are one too many."""
    found = [path for kind in (".csv", ".xlsx") if (path := folder / f"{name}{kind}").is_file()]
    if len(found) > 1:
        fail(f"{folder} holds {name}.csv and {name}.xlsx: name the one you mean.", Exit.USAGE)
    return found[0] if found else None


def _counts(report: ImportReport, rejected: Mapping[str, int]) -> dict[str, dict[str, int]]:
    counts = {
        noun: {"added": done.added, "changed": done.changed, "unchanged": done.unchanged}
        for noun, done in report.counts.items()
    }
    for noun, many in rejected.items():
        counts[noun]["rejected"] = many
    return counts


def _count_lines(report: ImportReport, rejected: Mapping[str, int]) -> Iterator[str]:
    for noun, done in _counts(report, rejected).items():
        yield f"{noun}: " + ", ".join(f"{many} {what}" for what, many in done.items())


def _duplicate_lines(report: ImportReport) -> Iterator[str]:
    for noun, likeness in report.alike.items():
        if not likeness.pairs:
            continue
        yield f"Possibly one person twice ({noun}, {_many(len(likeness.pairs), 'pair')}):"
        for pair in islice(likeness.pairs, _PAIRS):
            signs = ", ".join(sign.value for sign in pair.signs)
            yield f"  {pair.first} and {pair.second}: {signs} ({pair.score:.2f})"
        if len(likeness.pairs) > _PAIRS:
            yield f"  and {len(likeness.pairs) - _PAIRS} more: see 'carealert people duplicates'"


def _general(what: str) -> str:
    """The same words for rows that differ in a number only."""
    if what.startswith("is the same as in line "):
        return "is the same as in an earlier row"
    return what


def _listed(lines: Sequence[int]) -> str:
    shown = ", ".join(str(line) for line in lines[:_LINES])
    more = f" and {len(lines) - _LINES} more" if len(lines) > _LINES else ""
    return f"{'line' if len(lines) == 1 else 'lines'} {shown}{more}"


def _many(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _plain(error: RowError) -> dict[str, object]:
    return {
        "file": error.file,
        "line": error.line,
        "column": error.column,
        "what": error.what,
        "fix": error.fix,
        "looks_like": error.shape,
    }
