"""`carealert messages preview`: a text as a phone would show it, before anybody gets it."""

from typing import Annotated, Any

import typer

from carealert.adapters.texts.overview import name_of
from carealert.adapters.texts.preview import Preview, Wanted, call, further_steps, preview
from carealert.bootstrap import App, open_app
from carealert.cli.output import Exit, emit, fail
from carealert.domain.hazards import Hazard
from carealert.domain.notices import MessageKind
from carealert.domain.people import Need, PhoneSharing
from carealert.domain.phone_view import framed, is_right_to_left, wrapped

app = typer.Typer(no_args_is_help=True)

#: How people call a phone that a home shares.
_SHARED = "shared"
_PHONES = (_SHARED, *(sharing.value for sharing in PhoneSharing))


@app.callback()
def _group() -> None:
    """Keep `preview` a command of its own name."""


@app.command("preview")
def preview_(
    template: Annotated[str, typer.Argument(help="Such as care_alert; 'list' names them all.")],
    language: Annotated[str | None, typer.Option(help="A tag; else the office's own.")] = None,
    phone: Annotated[str, typer.Option(help=", ".join(_PHONES))] = PhoneSharing.PRIVATE.value,
    hazard: Annotated[Hazard, typer.Option(help="The hazard.")] = Hazard.FLOOD,
    need: Annotated[Need | None, typer.Option(help="What must not stop for the person.")] = None,
    kind: Annotated[MessageKind | None, typer.Option(help="Else the template's first.")] = None,
    width: Annotated[int, typer.Option(min=8, max=80, help="Columns of the screen.")] = 24,
    to_self: Annotated[bool, typer.Option("--self", help="The reader is the person.")] = False,
    longest: Annotated[bool, typer.Option(help="With the longest names, source, place.")] = False,
    more: Annotated[bool, typer.Option("--more", help="And what each reply 9 brings.")] = False,
    voice: Annotated[bool, typer.Option("--voice", help="And the TwiML of a call.")] = False,
    all_languages: Annotated[bool, typer.Option(help="One line for each language.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Show a text as a phone would, with its segments and what is wrong with it.

    Example: carealert messages preview care_alert --language bn --phone shared --need dialysis
    """
    application = open_app()
    if template == "list":
        names = application.texts.template_names()
        emit({"templates": list(names)}, as_json, "\n".join(names))
        return
    sharing = _sharing(phone)
    _known(application, template, language)
    own = application.settings.default_language
    tags = application.texts.languages() if all_languages else (language or own,)
    found = [
        preview(
            application.texts,
            Wanted(template, tag, hazard, sharing, need, kind, to_self, longest),
        )
        for tag in tags
    ]
    data = [
        _data(application, one) | _further(application, one, more=more, voice=voice)
        for one in found
    ]
    texts = [_line(one) if all_languages else _shown(application, one, width) for one in found]
    for row in data:
        texts += [framed(wrapped(body, width), width) for body in row.get("more", [])]
        if "call" in row:
            texts.append(row["call"] or f"{row['language']}: no voice; see templates/voice.")
    emit({"previews": data} if all_languages else data[0], as_json, "\n".join(texts))
    if any(one.breaches for one in found):
        raise typer.Exit(Exit.FAILED)


def _sharing(phone: str) -> PhoneSharing:
    if phone not in _PHONES:
        fail(f"'{phone}' is no kind of phone: choose one of {', '.join(_PHONES)}.", Exit.USAGE)
    return PhoneSharing.SHARED_HOUSEHOLD if phone == _SHARED else PhoneSharing(phone)


def _known(application: App, template: str, language: str | None) -> None:
    names, tags = application.texts.template_names(), application.texts.languages()
    if template not in names:
        fail(f"There is no template '{template}': use one of {', '.join(names)}.", Exit.NOTHING)
    if language is not None and language not in tags:
        fail(f"There are no texts in '{language}': use one of {', '.join(tags)}.", Exit.NOTHING)


def _cost(application: App, one: Preview) -> float | None:
    price = application.settings.segment_cost
    return round(price * one.text.segments, 4) if price else None


def _data(application: App, one: Preview) -> dict[str, Any]:
    return {
        "template": one.wanted.template,
        "wanted_language": one.wanted.language,
        "language": one.text.language,
        "phone": one.wanted.sharing.value,
        "text": one.text.body,
        "lock_screen": one.lock_screen,
        "encoding": one.text.encoding.value,
        "segments": one.text.segments,
        "left_out": list(one.text.left_out),
        "right_to_left": is_right_to_left(one.text.body),
        "cost": _cost(application, one),
        "breaches": list(one.breaches),
    }


def _further(application: App, one: Preview, *, more: bool, voice: bool) -> dict[str, Any]:
    """What follows the text on another way, where it was asked for."""
    found: dict[str, Any] = {}
    if more:
        texts = further_steps(application.texts, one.wanted, one.text.body)
        found["more"] = [text.body for text in texts]
    if voice:
        found["call"] = call(application.texts, one.wanted, "/hooks/voice")
    return found


def _shown(application: App, one: Preview, width: int) -> str:
    text = one.text
    lines = [framed(wrapped(text.body, width), width)]
    if is_right_to_left(text.body):
        lines.append("Right to left: shown in logical order, which a phone turns round.")
    if one.is_fallback:
        lines.append(f"Not there in {one.wanted.language}: {name_of(text.language)} goes out.")
    lines.append(f"Lock screen:  {one.lock_screen}")
    cost = _cost(application, one)
    price = f", cost {cost:g}" if cost is not None else ""
    size = f"{len(text.body)} characters"
    parts = "1 segment" if text.segments == 1 else f"{text.segments} segments"
    lines.append(f"Travels as:   {text.encoding.value}, {parts}, {size}{price}")
    if text.left_out:
        lines.append(f"Left out:     {', '.join(text.left_out)}")
    lines += [f"BREACH:       {breach}" for breach in one.breaches] or ["No rule is broken."]
    return "\n".join(lines)


def _line(one: Preview) -> str:
    text = one.text
    fallback = f" (in {text.language})" if one.is_fallback else ""
    size = f"{text.encoding.value:5} {text.segments}"
    what = "; ".join(one.breaches) or one.lock_screen
    return f"{one.wanted.language:6}{fallback} {size}  {what}"
