"""What comes back: replies of people, and receipts of the gateway; each in one transaction."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from carealert.domain.facilities import ContinuityStatus, StatusReport
from carealert.domain.notices import DeliveryStatus, RecipientKind, SubjectState
from carealert.domain.plan import DeskTask
from carealert.domain.replies import MORE, WORDS, Meaning, MeaningKind, Words, understand
from carealert.domain.rules import SubjectKind
from carealert.domain.settling import PASSED_ON
from carealert.services import own_data
from carealert.services.consent_asking import asked_by, keep_answer
from carealert.services.drill_answers import keep_drill_answer
from carealert.services.more_steps import asked_for, is_household_s, may_ask
from carealert.services.ports.outbox import FailureAction
from carealert.services.ports.registry import Owner
from carealert.services.ports.replies import OpenQuestion
from carealert.services.ports.store import Database, Stores
from carealert.services.ports.text import Composer, TemplateProblem

log = logging.getLogger(__name__)

#: How long a manager's word about a service is believed.
REPORT_HOLDS = timedelta(hours=12)
#: Automatic answers to one phone in an hour: two machines must not talk to each other for ever.
MOST_ANSWERS = 5
MOST_ANSWERS_TO_UNCLEAR = 2
#: After one message: a list has eight steps, and a text holds one to three of them.
MOST_PAGES = 24
_HOUR = timedelta(hours=1)
#: What the desk is asked to do where a messenger could not; a task is unique by its words.
NOT_MET = "the messenger could not reach them"
ASKED_FOR_HELP = "asked for help"
REQUESTED = {
    "ride": "asks for a ride",
    "place": "asks where a safe place is",
    "rest": "asks for somebody to take over",
    "backup": "asks to pass it on to the stand-in",
}
MISSING = "something is missing after the end"
_STILL_OPEN = (SubjectState.WAITING, SubjectState.WITH_DESK)

_MANAGERS = (RecipientKind.FACILITY_MANAGER, RecipientKind.DEPUTY_MANAGER)
_KNOWN = {status.value: status for status in DeliveryStatus}
_STATUSES = frozenset(status.value for status in ContinuityStatus)
_OWN_DATA = (MeaningKind.INFO, MeaningKind.DELETE)
#: What the gateway itself recognised (Twilio's OptOutType), where it did.
_OPT_OUT = {"STOP": MeaningKind.STOP, "START": MeaningKind.START}


@dataclass(frozen=True, slots=True)
class ReplyOutcome:
    """What was understood, and the text to answer with, if any."""

    meaning: str
    text: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class _Inbound:
    """One inbound message with what we know of its sender."""

    number: str = field(repr=False)
    meaning: Meaning
    question: OpenQuestion | None
    owners: tuple[Owner, ...]
    now: datetime

    @property
    def who(self) -> str:
        """The sender as the journal names them: never by number."""
        if self.question:
            return f"{self.question.recipient_kind.value}:{self.question.recipient_ref}"
        return f"{self.owners[0].kind}:{self.owners[0].ref}" if self.owners else "unknown"

    @property
    def language(self) -> str | None:
        """In which language to answer; None for a stranger."""
        if self.question:
            return self.question.language
        return self.owners[0].language if self.owners else None


def receive_reply(
    db: Database,
    composer: Composer,
    provider_id: str,
    number: str,
    body: str,
    opt_out_type: str | None,
    now: datetime,
    words: Words = WORDS,
) -> ReplyOutcome:
    """Take in one text message from `number` (E.164); a repeated webhook changes nothing.

    The text of the outcome is for the same phone, now. Where the gateway has answered STOP, START
    or HELP by itself (`opt_out_type`), there is none.
    """
    with db.transaction() as stores:
        if not stores.replies.keep(provider_id, number, body, now):
            return ReplyOutcome("repeated")
        inbound = _read(stores, number, body, opt_out_type, now, words)
        meaning, template, details = _act(stores, inbound)
        text = None if opt_out_type else _answer(stores, composer, inbound, template, details)
        question = inbound.question.notice if inbound.question else None
        stores.replies.understood(provider_id, meaning, question, replied=text is not None)
        return ReplyOutcome(meaning, text)


@dataclass(frozen=True, slots=True)
class Receipt:
    """One status callback, in the gateway's words; `reference` is ours, from the callback's URL."""

    reference: str
    provider_id: str
    status: str
    code: str | None
    at: datetime
    action: FailureAction | None = None  # what the code asks for, where it is known


def receive_receipts(db: Database, receipts: Sequence[Receipt]) -> list[bool]:
    """Take in status callbacks, all or none of them; those of one notice in their order.

    False stands for an unknown reference, or a status of no use to us.
    """
    taken = [False] * len(receipts)
    # Every writer locks notices in the order of their ids, so that none waits in a circle.
    for_us = sorted((one.reference, n) for n, one in enumerate(receipts) if one.status in _KNOWN)
    if not for_us:
        return taken  # gateways add words without notice
    with db.transaction() as stores:
        for _, n in for_us:
            one = receipts[n]
            taken[n] = stores.outbox.receipt(
                one.reference, one.provider_id, _KNOWN[one.status], one.code, one.at, one.action
            )
    return taken


def _read(
    stores: Stores,
    number: str,
    body: str,
    opt_out_type: str | None,
    now: datetime,
    words: Words,
) -> _Inbound:
    question = asked_by(stores.replies, number, body, now, words)
    expected = question.expected_replies if question else {}
    kind = _OPT_OUT.get(opt_out_type or "")
    meaning = Meaning(kind) if kind else understand(body, expected, words)
    return _Inbound(number, meaning, question, tuple(stores.people.owners_of(number)), now)


def _act(stores: Stores, inbound: _Inbound) -> tuple[str, str | None, dict[str, str]]:
    """Do what the message asks for.

    The word for what it meant, the template to answer with, and what that is filled with.
    """
    kind, owners, number = inbound.meaning.kind, inbound.owners, inbound.number
    if kind is MeaningKind.STOP:
        return *_stop(stores, inbound), {}
    if kind is MeaningKind.START and number in stores.people.suppressed():
        return *_start(stores, inbound), {}
    if owners and kind is MeaningKind.INFO:
        return own_data.tell(stores, owners, inbound.now)
    if owners and kind is MeaningKind.DELETE:
        return own_data.erase(stores, owners, number, inbound.meaning.answer, inbound.now)
    if not owners and inbound.question is None and kind in _OWN_DATA:
        return own_data.nothing_held(stores, number, inbound.now)
    if inbound.question is None:
        # Somebody in the register may write at any time; only a question can be answered.
        return ("unasked" if owners else "unknown_sender"), None, {}
    if kind is MeaningKind.MORE and may_ask(inbound.question):
        stores.journal.write(inbound.now, "asked_for_more", inbound.who)
        return MORE, MORE, {}
    if kind is MeaningKind.REQUEST and is_household_s(inbound.question):
        return *_requested(stores, inbound, inbound.question), {}
    if kind is not MeaningKind.ANSWER or inbound.meaning.answer is None:
        return "unclear", "unclear", {}
    return *_answered(stores, inbound, inbound.question, inbound.meaning.answer), {}


def _requested(stores: Stores, inbound: _Inbound, question: OpenQuestion) -> tuple[str, str]:
    """Somebody of the city acts on it; until then nobody is taken for safe."""
    request = inbound.meaning.answer or ""
    kind, now = _subject_kind(question), inbound.now
    for ref in question.about:
        stores.escalations.add_task(question.incident, kind, ref, REQUESTED[request], now)
    stores.journal.write(now, "requested", inbound.who, request=request, notice=question.notice)
    return request, "help_coming"


def _stop(stores: Stores, inbound: _Inbound) -> tuple[str, str]:
    stores.people.suppress(inbound.number, inbound.now, "reply")
    stores.outbox.cancel_to(inbound.number, inbound.now)
    stores.journal.write(inbound.now, "opted_out", inbound.who)
    return "stop", "stopped"


def _start(stores: Stores, inbound: _Inbound) -> tuple[str, str]:
    stores.people.unsuppress(inbound.number, inbound.now)
    stores.journal.write(inbound.now, "opted_in", inbound.who)
    return "start", "started"


def _answered(
    stores: Stores, inbound: _Inbound, question: OpenQuestion, answer: str
) -> tuple[str, str | None]:
    if question.is_consent:
        return keep_answer(stores, question, inbound.number, answer, inbound.now)
    if question.is_drill:
        return keep_drill_answer(stores, question, inbound.who, answer, inbound.now)
    if question.recipient_kind is RecipientKind.RELAY:
        return _messenger_says(stores, inbound, question, answer)
    if question.recipient_kind in _MANAGERS:
        state, template = _manager_says(stores, question, answer, inbound.now)
    elif answer in ("safe", "well"):
        state, template = SubjectState.SAFE, "thanks_safe"
    else:
        state, template = SubjectState.NEEDS_HELP, "help_coming"
    asked_for = MISSING if answer == "missing" else ASKED_FOR_HELP
    kind = _subject_kind(question)
    _pass_on(stores, question, answer, state, inbound.now)
    for ref in question.about:
        stores.escalations.set_state(question.incident, kind, ref, state, inbound.now)
        if state is SubjectState.NEEDS_HELP:
            stores.escalations.add_task(question.incident, kind, ref, asked_for, inbound.now)
    stores.replies.answered(question.notice, answer, inbound.now)
    stores.journal.write(
        inbound.now, "answered", inbound.who, answer=answer, notice=question.notice
    )
    return answer, template


def _pass_on(
    stores: Stores, question: OpenQuestion, answer: str, state: SubjectState, now: datetime
) -> None:
    """Let the others hear what is new in it (rule G22); a text of theirs is written apart."""
    if answer not in PASSED_ON:
        return
    subjects = [(SubjectKind.RESIDENT, ref) for ref in question.about]
    before = stores.escalations.states(question.incident, subjects)
    news = [ref for kind, ref in subjects if before.get((kind, ref)) is not state]
    if news:
        stores.settling.note(question.notice, answer, news, now)


def _messenger_says(
    stores: Stores, inbound: _Inbound, question: OpenQuestion, answer: str
) -> tuple[str, str]:
    """What a messenger says of households; what a household said itself stands above it."""
    kind, now = SubjectKind.RESIDENT, inbound.now
    states = stores.escalations.states(question.incident)
    for ref in question.about:
        if states.get((kind, ref), SubjectState.WAITING) not in _STILL_OPEN:
            continue
        if answer == "told":
            stores.escalations.set_state(question.incident, kind, ref, SubjectState.RELAYED, now)
        else:
            stores.escalations.hand_over(question.incident, [DeskTask(kind, ref, NOT_MET)], now)
    stores.replies.answered(question.notice, answer, now)
    stores.journal.write(now, "answered", inbound.who, answer=answer, notice=question.notice)
    return answer, "facility_thanks"


def _manager_says(
    stores: Stores, question: OpenQuestion, answer: str, now: datetime
) -> tuple[SubjectState, str]:
    if answer not in _STATUSES:
        return SubjectState.NEEDS_HELP, "help_coming"
    status = ContinuityStatus(answer)
    report = StatusReport(question.recipient_ref, status, now, now + REPORT_HOLDS, "sms")
    stores.facilities.report(report)
    return SubjectState.CONFIRMED, "facility_thanks"


def _subject_kind(question: OpenQuestion) -> SubjectKind:
    managed = question.recipient_kind in _MANAGERS
    return SubjectKind.FACILITY if managed else SubjectKind.RESIDENT


def _answer(
    stores: Stores,
    composer: Composer,
    inbound: _Inbound,
    template: str | None,
    details: Mapping[str, str],
) -> str | None:
    language = inbound.language
    if language is None and template == own_data.NOTHING:
        language = ""  # that of the office; nothing else is said to strangers
    if template is None or language is None:
        return None
    if template != MORE and _had_enough(stores, inbound, template):
        return None
    try:
        if template == MORE and inbound.question is not None:
            asked = asked_for(stores, inbound.question, inbound.owners)
            if asked is None or asked.page >= MOST_PAGES:
                return None
            return composer.more(asked).body
        return composer.answer(template, language, details=details).body
    except TemplateProblem as problem:
        # What they said is worth more than our thanks: it must be saved all the same.
        log.error("the answer %s has no text: %s", template, problem)  # noqa: TRY400
        return None


def _had_enough(stores: Stores, inbound: _Inbound, template: str) -> bool:
    """True where this phone had so many answers in the last hour that it may be a machine."""
    most = MOST_ANSWERS_TO_UNCLEAR if template == "unclear" else MOST_ANSWERS
    return stores.replies.answers_sent(inbound.number, inbound.now - _HOUR) >= most
