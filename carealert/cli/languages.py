"""`carealert languages`: in which languages people can be told, and who has read the texts."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from carealert import clock
from carealert.adapters.file_errors import RowError
from carealert.adapters.texts.overview import LanguageRow, overview
from carealert.bootstrap import App, open_app
from carealert.cli.output import Exit, emit, fail
from carealert.domain.language_reviews import Review, ReviewState
from carealert.domain.reasons import BadReason
from carealert.domain.told_languages import LanguageCounts
from carealert.services import languages
from carealert.services.discretion import discreet_column
from carealert.services.languages import NotSigned

app = typer.Typer(no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


@app.command("list")
def list_(as_json: AsJson = False) -> None:
    """List the languages of the texts: how much there is, who has read it, who was told otherwise.

    Example: carealert languages list
    """
    application = open_app()
    rows = overview(application.texts)
    reviews = {
        one.language: one
        for one in languages.reviews(application.db, application.operator, application.fingerprints)
    }
    # Counts of the whole city are not for those who see a part of it; the languages are.
    sees_all = application.operator.is_everywhere
    told = languages.told(application.db, application.operator) if sees_all else None
    data = [_data(row, reviews[row.tag]) for row in rows]
    lines = [_line(row, reviews[row.tag]) for row in rows]
    emit(
        {
            "texts": application.settings.texts.value,
            "languages": data,
            "told": _told_data(told or {}),
        },
        as_json,
        "\n".join([*lines, *_told_lines(told)]),
    )


@app.command()
def check(
    tag: Annotated[
        str | None, typer.Argument(metavar="TAG", help="A language; without one, all of them.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Find what is missing, too long or unsafe in texts. Example: carealert languages check bn."""
    application = open_app()
    if tag is not None:
        _known(application, tag)
    found = application.texts.survey(*([tag] if tag else ()))
    problems = found.problems
    checked = [tag] if tag else list(application.texts.languages())
    asked = ", ".join(f"{rule} of {number:,}" for rule, number in sorted(found.looked_at.items()))
    text = "\n".join(map(str, problems)) or f"No problem found in {', '.join(checked)}."
    emit(
        {
            "languages": checked,
            "looked_at": dict(found.looked_at),
            "problems": [problem_data(p) for p in problems],
        },
        as_json,
        f"{text}\nTexts and steps looked at: {asked}." if asked else text,
    )
    if problems:
        raise typer.Exit(Exit.FAILED)


@app.command()
def sign(
    tag: Annotated[str, typer.Argument(metavar="TAG", help="The language.")],
    reviewer: Annotated[str, typer.Option(help="Who has read all its texts, by work name.")],
    role: Annotated[str, typer.Option(help="As what, such as: midwife, native speaker.")] = "",
    note: Annotated[str, typer.Option(help="What the journal should keep with it.")] = "",
    as_json: AsJson = False,
) -> None:
    """Put down who has read the texts of a language, as they are now.

    A text that changes later makes this stale: then somebody reads and signs again.

    Example: carealert languages sign bn --reviewer 'R. Akter' --role midwife
    """
    application = open_app()
    _known(application, tag)
    try:
        made = languages.sign(
            application.db,
            application.operator,
            application.fingerprints,
            tag,
            reviewer,
            role,
            note,
            [str(problem) for problem in application.texts.check(tag)],
            clock.now(),
        )
    except (NotSigned, BadReason) as bad:
        fail(str(bad), Exit.USAGE if isinstance(bad, BadReason) else Exit.FAILED)
    text = f"{made.reviewer} has signed {tag}: {len(made.files)} files, {made.digest[:12]}."
    data = {"language": tag, "reviewer": made.reviewer, "role": made.role, "note": made.note}
    emit(data | {"files": dict(made.files), "digest": made.digest}, as_json, text)


def problem_data(problem: RowError) -> dict[str, Any]:
    """One problem of the check, as JSON says it."""
    return {
        "file": problem.file,
        "line": problem.line,
        "problem": problem.what,
        "fix": problem.fix,
    }


def _known(application: App, tag: str) -> None:
    known = application.texts.languages()
    if tag not in known:
        fail(
            f"There are no texts in '{tag}', which begin with sms/{tag}/words.yaml: "
            f"choose one of {', '.join(known)}.",
            Exit.NOTHING,
        )


def _data(row: LanguageRow, review: Review) -> dict[str, Any]:
    return asdict(row) | {
        "review": review.state.value,
        "reviewers": list(review.reviewers),
        "signed_at": review.signatures[0].at.isoformat() if review.signatures else None,
        "changed": list(review.changed),
    }


def _line(row: LanguageRow, review: Review) -> str:
    name = row.name if row.own_name in (row.name, row.tag) else f"{row.name} ({row.own_name})"
    size = f"{row.texts} texts, {row.checklists} checklists, {row.encoding or 'cannot be read'}"
    return f"{row.tag:6} {name}: {size}; {review_words(review)}"


def review_words(review: Review) -> str:
    """Where a language stands, in words."""
    if review.state is ReviewState.DRAFT:
        return review.state.value
    last = review.signatures[0]
    if review.state is ReviewState.SIGNED:
        return f"signed by {', '.join(review.reviewers)}, {last.at:%Y-%m-%d}"
    return (
        f"changed since {last.reviewer} signed on {last.at:%Y-%m-%d}: {', '.join(review.changed)}"
    )


def _told_data(told: Mapping[str, LanguageCounts]) -> dict[str, Any]:
    """The counts for programs; of a first language with few such notices none is told."""
    return {
        "notices": sum(counts.notices for counts in told.values()),
        "fallbacks": sum(counts.fallbacks for counts in told.values()),
        "by_first_language": {
            wanted: {"fallbacks": many, "told_in": discreet_column(told[wanted].otherwise)}
            for wanted, many in _fallbacks(told).items()
        },
    }


def _told_lines(told: Mapping[str, LanguageCounts] | None) -> Sequence[str]:
    """How often somebody was told in another than their first language."""
    if told is None:
        return []
    if not told:
        return ["No notice has gone out yet."]
    data = _told_data(told)
    counts = f"{data['fallbacks']:,} of {data['notices']:,} notices"
    lines = [f"{counts} went out in another than the first language."]
    for wanted, one in data["by_first_language"].items():
        shown = ", ".join(f"{tag} {many}" for tag, many in one["told_in"].items())
        lines.append(f"  first language {wanted}: {one['fallbacks']}, told in {shown}")
    return lines


def _fallbacks(told: Mapping[str, LanguageCounts]) -> Mapping[str, str]:
    return discreet_column({tag: one.fallbacks for tag, one in told.items() if one.fallbacks})
