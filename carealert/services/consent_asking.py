"""People are asked by SMS whether we may go on, before their consent ends (requirements 3.4)."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import islice
from uuid import NAMESPACE_URL, uuid5

from carealert.domain.consents import ConsentRecord, ConsentStatus, Medium, newest
from carealert.domain.hazards import Hazard
from carealert.domain.notices import (
    Channel,
    Facts,
    MessageKind,
    Notice,
    NoticeDraft,
    Recipient,
    RecipientKind,
    Wording,
)
from carealert.domain.people import Caregiver, ChannelPreference, Phone, Purpose, Resident
from carealert.domain.replies import WORDS, Words, understand
from carealert.domain.rules import Priority
from carealert.services.alerting import OfficeSettings
from carealert.services.consenting import GOOD_FOR, Ending, ending
from carealert.services.drill_answers import asked_by as asked_by_others
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.replies import OpenQuestion, ReplyStore
from carealert.services.ports.store import Database, Stores
from carealert.services.ports.text import Composer, TemplateProblem

log = logging.getLogger(__name__)

#: When they are asked first, and once more where they did not answer.
FIRST, AGAIN = timedelta(days=30), timedelta(days=14)
#: Nobody is asked about papers while a warning is on their mind.
QUIET_AFTER_WARNING = timedelta(days=3)
#: Local hours in which such a question is no nuisance.
_FROM, _UNTIL = time(9), time(18)
#: What the text speaks of; what else people agreed to they are asked in person.
ALERTS = frozenset({Purpose.ALERT_ME, Purpose.ALERT_CARER})
_BATCH = 500
#: The answers and their digits.
REPLIES = {"again": "1", "end": "2"}


@dataclass(frozen=True, slots=True)
class _End:
    """The end of one person's consent."""

    kind: PersonKind
    ref: str
    end: datetime

    @property
    def incident(self) -> str:
        """What the questions about one consent's end have in common; no incident of a warning."""
        return str(uuid5(NAMESPACE_URL, f"consent:{self.kind}/{self.ref}:{self.end.date()}"))

    def step(self, now: datetime) -> int:
        """0 for the first question, 1 for the second."""
        return int(self.end - now <= AGAIN)


@dataclass(frozen=True, slots=True)
class _Person:
    """Whose consent ends, and on which phone they are asked."""

    consent: _End
    phone: Phone
    language: str
    second_language: str | None


def ask_again(
    db: Database, composer: Composer, office: OfficeSettings, a_day: int, now: datetime
) -> int:
    """Ask those whose consent to warnings ends within a month; how many were asked.

    By day only, outside their own quiet hours, `a_day` of them at most, and one question a phone
    however many people are told on it. Asked twice at the most; the outbox refuses the same
    question a second time.
    """
    local = now.astimezone(office.time_zone)
    if not _FROM <= local.time() < _UNTIL:
        return 0
    # The search only reads: nothing that is urgent waits for it.
    with db.reading() as stores:
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        left = a_day - stores.asking.asked_since(midnight)
        people = list(islice(_to_ask(stores, now, local.time()), max(left, 0)))
    if not people:
        return 0
    evening = local.replace(hour=_UNTIL.hour, minute=0, second=0, microsecond=0)
    try:
        notices = [_question(one, composer, now, evening) for one in people]
    except TemplateProblem as problem:
        log.error("nobody is asked for consent: %s", problem)  # noqa: TRY400
        return 0
    with db.transaction() as stores:
        asked = stores.outbox.add(notices, None, now)
        if asked:
            stores.journal.write(now, "consent_asked", "register", people=str(asked))
    return asked


def asked_by(
    replies: ReplyStore, number: str, body: str, now: datetime, words: Words = WORDS
) -> OpenQuestion | None:
    """The question that `body` from `number` answers, None where nobody asked.

    The one asked last; but a cry for help is never lost to a question about papers.
    """
    other = asked_by_others(replies, number, body, now, words)
    consent = replies.open_consent(number)
    if consent is None or other is None:
        return consent or other
    if other.asked_at >= consent.asked_at:
        return other
    return other if not _answers(body, consent, words) and _answers(body, other, words) else consent


def keep_answer(
    stores: Stores, question: OpenQuestion, number: str, answer: str, now: datetime
) -> tuple[str, str | None]:
    """Renew or end what is about to end, for everybody who is told on this phone.

    The word for what it meant, and the template to answer with: none where nothing was left to
    renew, because thanks would be a promise.
    """
    goes_on, changed = answer == "again", False
    status = ConsentStatus.GIVEN if goes_on else ConsentStatus.WITHDRAWN
    end = now + GOOD_FOR if goes_on else None
    for owner in stores.people.owners_of(number):
        if owner.kind not in list(PersonKind):
            continue
        kind = PersonKind(owner.kind)
        records = stores.consents.of(kind, [owner.ref]).get(owner.ref, ())
        asked = owner.ref == question.recipient_ref and kind.value == question.recipient_kind.value
        purposes = _meant(records, question.asked_at, goes_on=goes_on, asked=asked)
        if not purposes:
            continue
        changed = True
        new = [ConsentRecord(one, status, now, Medium.SMS, expires=end) for one in purposes]
        stores.consents.add(kind, {owner.ref: new})
        event = "consent_given" if goes_on else "consent_withdrawn"
        subject = f"{kind}:{owner.ref}"
        stores.journal.write(now, event, subject, purposes=",".join(purposes), by="sms")
    stores.replies.answered(question.notice, answer, now)
    if goes_on:
        return "consent_renewed", "consent_thanks" if changed else None
    return "consent_ended", "consent_ended"


def _meant(
    records: Sequence[ConsentRecord], asked_at: datetime, *, goes_on: bool, asked: bool
) -> list[Purpose]:
    """The purposes that an answer changes, sorted.

    Whoever was asked themselves may end all warnings, and may change their mind. Who is told on
    the same phone keeps what was not about to end.
    """
    found = set()
    for purpose, record in newest(records).items():
        given = record.status is ConsentStatus.GIVEN
        ends = record.expires is not None and asked_at < record.expires <= asked_at + FIRST
        answered = record.medium is Medium.SMS and record.at >= asked_at
        if goes_on:
            meant = (given and ends) or (answered and not given)
        else:
            meant = given and (asked or ends or answered)
        if meant and purpose in ALERTS:
            found.add(purpose)
    return sorted(found)


def _answers(body: str, question: OpenQuestion, words: Words) -> bool:
    return understand(body, question.expected_replies, words).answer is not None


def _to_ask(stores: Stores, now: datetime, clock: time) -> Iterator[_Person]:
    """Each phone once, those first whose consent ends first."""
    ends = [_End(kind, ref, end) for kind, ref, _, end in _ending(stores, now)]
    asked = stores.asking.asked(one.incident for one in ends)
    silent = stores.people.suppressed()
    seen: set[str] = set()
    for start in range(0, len(ends), _BATCH):
        for found in _people(stores, ends[start : start + _BATCH], clock):
            number, end = found.phone.number, found.consent
            if number in silent or number in seen:
                continue
            seen.add(number)
            if (end.incident, end.step(now)) in asked:
                continue
            if not stores.asking.told_since(number, now - QUIET_AFTER_WARNING, now):
                yield found


def _ending(stores: Stores, now: datetime) -> list[Ending]:
    return ending(stores, now, FIRST, ALERTS)


def _people(stores: Stores, ends: Sequence[_End], clock: time) -> Iterator[_Person]:
    """In order, without those whom no SMS reaches, or not at this hour: somebody has to call."""
    refs = {kind: [one.ref for one in ends if one.kind is kind] for kind in PersonKind}
    found: dict[tuple[PersonKind, str], Resident | Caregiver] = {}
    for resident in stores.people.residents(refs[PersonKind.RESIDENT]):
        found[PersonKind.RESIDENT, resident.ref] = resident
    for carer, _ in stores.people.caregivers(refs[PersonKind.CAREGIVER]):
        if not _rests(carer, clock):
            found[PersonKind.CAREGIVER, carer.ref] = carer
    for end in ends:
        one = found.get((end.kind, end.ref))
        if one and one.phone and one.channel is ChannelPreference.TEXT:
            yield _Person(end, one.phone, one.language, one.second_language)


def _rests(carer: Caregiver, clock: time) -> bool:
    hours = ((carer.quiet_from, carer.quiet_to), (carer.never_from, carer.never_to))
    return any(_is_within(clock, start, end) for start, end in hours if start and end)


def _is_within(clock: time, start: time, end: time) -> bool:
    return start <= clock < end if start < end else clock >= start or clock < end


def _question(one: _Person, composer: Composer, now: datetime, evening: datetime) -> Notice:
    """The same text on every phone: it says nothing of anybody's needs. Unsent it ends tonight."""
    consent = one.consent
    recipient = Recipient(
        RecipientKind(consent.kind.value),
        consent.ref,
        one.phone,
        one.language,
        one.second_language,
    )
    draft = NoticeDraft(
        incident=consent.incident,
        recipient=recipient,
        about=(),
        about_self=False,
        rule="consent",
        step=consent.step(now),
        revision=0,
        kind=MessageKind.CONSENT,
        priority=Priority.ROUTINE,
        channel=Channel.SMS,
        wording=Wording.NEUTRAL,
        template="consent_again",
        checklist=None,
        facts=Facts(Hazard.OTHER, "", None, "", {}, None, consent.end),
        expected_replies=REPLIES,
        due_at=now,
        expires_at=min(consent.end, evening),
        reasons=("a consent is about to end",),
    )
    details = {"until": consent.end.date().isoformat()}
    return Notice(draft, composer.answer("consent_again", one.language, details=details))
