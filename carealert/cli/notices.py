"""`carealert notices`: what is on its way, what became of it, another try, a pause."""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Annotated, Any

import typer

from carealert import clock
from carealert.bootstrap import open_app
from carealert.cli.notice_words import meaning_of, person_sentences
from carealert.cli.output import Exit, emit, fail
from carealert.domain.notices import NoticeState
from carealert.domain.pauses import Pause
from carealert.domain.reasons import BadReason
from carealert.services import outbox_office
from carealert.services.outbox_office import BadPause, NoSuchNotice
from carealert.services.ports.notices import NoticeLine, NoticeStory, Wanted

app = typer.Typer(no_args_is_help=True)
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON.")]


class Lane(StrEnum):
    """What goes before what."""

    LIFE_THREATENING = "life_threatening"
    URGENT = "urgent"
    ROUTINE = "routine"
    DRILL = "drill"


@app.command("list")
def list_(
    state: Annotated[
        list[NoticeState] | None, typer.Option(help="Only in this state; may be repeated.")
    ] = None,
    incident: Annotated[str | None, typer.Option(help="Only of this incident.")] = None,
    lane: Annotated[Lane | None, typer.Option(help="Only in this lane.")] = None,
    code: Annotated[str | None, typer.Option(help="Only with this error code.")] = None,
    recipient: Annotated[str | None, typer.Option(help="Only to this ref.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=outbox_office.MOST_LISTED)] = 50,
    as_json: AsJson = False,
) -> None:
    """List the newest messages, without what they say.

    Example: carealert notices list --state failed --state expired
    """
    application = open_app()
    wanted = Wanted(frozenset(state or ()), incident, lane.value if lane else None, code, recipient)
    found = outbox_office.notices(application.db, application.operator, wanted, limit)
    lines = "\n".join(_sentence(one) for one in found)
    emit({"notices": [_data(one) for one in found]}, as_json, lines or "There is none.")


@app.command()
def show(
    notice: Annotated[str, typer.Argument(help="Its id, or how it begins.")],
    as_json: AsJson = False,
) -> None:
    """Show why a message exists and everything that happened to it.

    Example: carealert notices show 5f0c2a1b
    """
    application = open_app()
    try:
        story = outbox_office.story(application.db, application.operator, notice)
    except NoSuchNotice as none:
        fail(str(none), Exit.NOTHING)
    emit(_plain(asdict(story)), as_json, _told(story))


@app.command()
def why(
    ref: Annotated[str, typer.Argument(help="Ref of a person or facility.")],
    incident: Annotated[
        str | None, typer.Option(help="Only in this incident; else in the newest ones.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Say in sentences why messages to somebody, or about them, were sent or not.

    Times are UTC. The journal keeps that it was asked.
    Example: carealert notices why R-0042
    """
    application = open_app()
    try:
        found = outbox_office.why(application.db, application.operator, ref, incident, clock.now())
    except NoSuchNotice as none:
        fail(str(none), Exit.NOTHING)
    data = {"incidents": [_plain(asdict(one)) for one in found]}
    emit(data, as_json, "\n\n".join(map(person_sentences, found)))


@app.command()
def retry(
    notices: Annotated[list[str] | None, typer.Argument(help="Ids, whole.")] = None,
    incident: Annotated[str | None, typer.Option(help="All failed ones of this incident.")] = None,
    code: Annotated[str | None, typer.Option(help="All failed with this error code.")] = None,
    as_json: AsJson = False,
) -> None:
    """Send failed messages again that are still of use; consent and STOP are looked at again.

    Example: carealert notices retry --code 30034
    """
    if not notices and incident is None and code is None:
        fail("Name notices, or --incident or --code.", Exit.USAGE)
    wanted = Wanted(incident=incident, code=code) if incident or code else None
    application = open_app()
    again = outbox_office.try_again(
        application.db, application.operator, notices or (), wanted, clock.now()
    )
    text = f"{len(again)} will be sent again." if again else "None has failed that is still of use."
    emit({"notices": list(again)}, as_json, text)
    if not again:
        raise typer.Exit(int(Exit.NOTHING))


@app.command()
def pause(
    what: Annotated[str, typer.Argument(help="A lane, sender:NAME, or all.")],
    minutes: Annotated[int, typer.Option(min=1, help="For how long.")],
    reason: Annotated[str, typer.Option(help="Why; the journal keeps it.")],
    as_json: AsJson = False,
) -> None:
    """Hold messages back for a while; what saves lives, for a quarter of an hour at most.

    Example: carealert notices pause routine --minutes 60 --reason 'the short code is being moved'
    """
    application = open_app()
    try:
        made = outbox_office.pause(
            application.db,
            application.operator,
            what,
            timedelta(minutes=minutes),
            reason,
            clock.now(),
        )
    except (BadPause, BadReason) as bad:
        fail(str(bad), Exit.USAGE)
    emit(_plain(asdict(made)), as_json, _pause_sentence(made))


@app.command()
def resume(
    what: Annotated[str, typer.Argument(help="What was paused.")], as_json: AsJson = False
) -> None:
    """End a pause before its time. Example: carealert notices resume routine."""
    application = open_app()
    if not outbox_office.resume(application.db, application.operator, what, clock.now()):
        fail(f"'{what}' is not paused: see 'carealert notices pauses'.", Exit.NOTHING)
    emit({"what": what}, as_json, f"{what} goes out again.")


@app.command()
def pauses(as_json: AsJson = False) -> None:
    """List what is paused now. Example: carealert notices pauses."""
    application = open_app()
    found = outbox_office.pauses(application.db, application.operator, clock.now())
    lines = "\n".join(_pause_sentence(one) for one in found)
    data = {"pauses": [_plain(asdict(one)) for one in found]}
    emit(data, as_json, lines or "Nothing is paused.")


def _sentence(one: NoticeLine) -> str:
    standing = one.delivery_status or one.state
    code = f" ({one.code})" if one.code else ""
    answer = f", answered {one.answer}" if one.answer else ""
    return (
        f"{one.id[:8]}  {_moment(one.created_at)}  {one.lane:16}  {one.channel:5}  "
        f"{one.kind} to {one.recipient}: {standing}{code}{answer}"
    )


def _told(story: NoticeStory) -> str:
    one = story.line
    lines = [
        f"{one.id}  {one.kind} to {one.recipient}, by {one.channel}, lane {one.lane}",
        f"because of rule {one.rule}, step {one.step}: " + "; ".join(story.reasons),
        f"about {', '.join(story.about) or 'nobody'}",
        f"template {story.template}, {story.language}, {story.wording}, {story.segments} segments",
        f"{_moment(one.created_at)}  decided; of use until {_moment(one.expires_at)}",
    ]
    steps: list[tuple[datetime, str]] = []
    for tried in story.attempts:
        sender = f" by {tried.sender}" if tried.sender else ""
        steps.append((tried.started_at, f"attempt {tried.number}{sender}"))
        if tried.finished_at is not None:
            code = meaning_of(tried.code)
            steps.append((tried.finished_at, f"attempt {tried.number}: {tried.state}{code}"))
    for event in story.events:
        code = meaning_of(event.code)
        steps.append((event.at, f"the gateway: {event.status}{code}"))
    if story.answered_at is not None:
        steps.append((story.answered_at, f"answered: {one.answer}"))
    lines += [f"{_moment(at)}  {what}" for at, what in sorted(steps)]
    code = meaning_of(one.code)
    return "\n".join([*lines, f"now: {one.state}{code}"])


def _pause_sentence(one: Pause) -> str:
    return f"{one.what} waits until {_moment(one.until)}, by {one.by}: {one.why}"


def _data(one: NoticeLine) -> Any:
    return _plain(asdict(one))


def _plain(data: Any) -> Any:
    if isinstance(data, dict):
        return {key: _plain(value) for key, value in data.items()}
    if isinstance(data, Sequence) and not isinstance(data, str):
        return [_plain(value) for value in data]
    return data.isoformat() if isinstance(data, datetime) else data


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
