"""Why a message went or did not go, in sentences without what it says or to which phone."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from types import MappingProxyType

from carealert.adapters.channels.twilio_errors import meanings
from carealert.domain.notices import NoticeState, SubjectState
from carealert.domain.plan import WhyNot
from carealert.services.ports.notices import AttemptLine, NoticeStory, PersonStory, StepLine
from carealert.web.words import SUBJECT_STATE, WHY_NOT

#: Codes of our own, beside those of gateways.
OWN_CODES: Mapping[str, str] = MappingProxyType(
    {
        "expired": "its useful life ended before it could go out",
        "answered": "everybody it is about was answered for already",
        "opted_out": "the phone said STOP",
        "no_consent": "the consent was withdrawn or had run out",
        "phone_shared": "others read the phone by now, and the text was a private one",
        "drill_stopped": "a real warning came before the exercise",
        "drill_over": "the exercise was over",
        "lease": "the worker no longer held it",
        "stopped": "it was stopped meanwhile",
        "waits": "its sender rested",
        "no_sender": "no sender serves this phone",
    }
)
_STATES: Mapping[NoticeState, str] = MappingProxyType(
    {
        NoticeState.READY: "It waits for its turn",
        NoticeState.CLAIMED: "It is being handed over",
        NoticeState.SENT: "The gateway took it",
        NoticeState.UNKNOWN: "Nobody knows yet whether the gateway has it; it is being looked up",
        NoticeState.FAILED: "It will not go out",
        NoticeState.EXPIRED: "It did not go out",
        NoticeState.SUPERSEDED: "It did not go out: a later message of the incident took its place",
        NoticeState.CANCELLED: "It was stopped before it went out",
    }
)
_ATTEMPTS: Mapping[str, str] = MappingProxyType(
    {
        "open": "is under way",
        "accepted": "the gateway took it",
        "unknown": "the answer was lost",
        "refused": "this sender refused it, another may try",
        "not_submitted": "it was not posted",
        "failed": "it failed",
        "given_up": "the network gave it up, and it was sent again",
    }
)
_STEPS = {"waiting": "is due", "fired": "was taken", "stopped": "was not needed any more"}


def meaning_of(code: str | None) -> str:
    """` (CODE: what it means)`, or nothing; a code that no table has stands alone."""
    if code is None:
        return ""
    known = OWN_CODES.get(code) or meanings().get(code)
    return f" ({code}: {known})" if known else f" ({code})"


def person_sentences(story: PersonStory) -> str:
    """Everything about one ref in one incident, in the order of time."""
    head = f"Incident {story.incident}, {story.ref}"
    if story.state is not None and story.since is not None:
        head += f": {SUBJECT_STATE[SubjectState(story.state)]} since {_moment(story.since)}"
    lines = [head]
    for one in story.not_sent:
        rule = f" by rule {one.rule}" if one.rule else ""
        said = WHY_NOT[WhyNot(one.reason)]
        lines.append(f"{_moment(one.at)}  {one.kind} not told{rule}: {said}.")
    for told in story.notices:
        lines += _notice(told)
    lines += [_step(one) for one in story.steps]
    return "\n".join(lines)


def _notice(story: NoticeStory) -> Iterable[str]:
    one = story.line
    about = f" about {', '.join(story.about)}" if story.about else ""
    yield (
        f"{_moment(one.created_at)}  {one.id[:8]}: {one.kind} to {one.recipient}{about}, by "
        f"{one.channel}, because of rule {one.rule}, step {one.step}: {'; '.join(story.reasons)}."
    )
    if one.state == NoticeState.READY and one.due_at > one.created_at:
        yield f"  It is held until {_moment(one.due_at)}."
    steps = [(tried.started_at, _attempt(tried)) for tried in story.attempts]
    steps += [
        (event.at, f"The gateway says {event.status}{meaning_of(event.code)}.")
        for event in story.events
    ]
    if story.answered_at is not None:
        steps.append((story.answered_at, f"Answered: {one.answer}."))
    for at, sentence in sorted(steps):
        yield f"  {_moment(at)}  {sentence}"
    yield f"  {_STATES[NoticeState(one.state)]}{meaning_of(one.code)}."


def _attempt(tried: AttemptLine) -> str:
    sender = f" by {tried.sender}" if tried.sender else ""
    what = _ATTEMPTS.get(tried.state, tried.state)
    return f"Attempt {tried.number}{sender}: {what}{meaning_of(tried.code)}."


def _step(one: StepLine) -> str:
    return f"{_moment(one.due_at)}  step {one.step} of rule {one.rule} {_STEPS[one.state]}."


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S}"
