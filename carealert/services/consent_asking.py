"""People are asked by SMS whether we may go on, before their consent ends (requirements 3.4)."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from itertools import islice
from uuid import NAMESPACE_URL, uuid5

from carealert.domain.consents import ConsentRecord, ConsentStatus, Medium, running_out
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
from carealert.domain.people import ChannelPreference, Phone
from carealert.domain.rules import Priority
from carealert.services.alerting import OfficeSettings
from carealert.services.consenting import GOOD_FOR, ending
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.outbox import OpenQuestion
from carealert.services.ports.store import Database, Stores
from carealert.services.ports.text import Composer, TemplateProblem

log = logging.getLogger(__name__)

#: When they are asked first, and once more where they did not answer.
FIRST, AGAIN = timedelta(days=30), timedelta(days=14)
#: Nobody is asked about papers while a warning is on their mind.
QUIET_AFTER_WARNING = timedelta(days=3)
#: Local hours in which such a question is no nuisance.
_FROM, _UNTIL = time(9), time(18)
_ANSWER_WITHIN = timedelta(days=3)
#: The answers and their digits.
REPLIES = {"again": "1", "end": "2"}


@dataclass(frozen=True, slots=True)
class _Person:
    """Whose consent ends, and on which phone they are asked."""

    kind: PersonKind
    ref: str
    phone: Phone
    language: str
    second_language: str | None
    end: datetime

    @property
    def incident(self) -> str:
        """What the questions about one consent's end have in common; no incident of a warning."""
        return str(uuid5(NAMESPACE_URL, f"consent:{self.kind}/{self.ref}:{self.end.date()}"))

    def step(self, now: datetime) -> int:
        """0 for the first question, 1 for the second."""
        return int(self.end - now <= AGAIN)


def ask_again(
    db: Database, composer: Composer, office: OfficeSettings, a_day: int, now: datetime
) -> int:
    """Ask those whose consent ends within a month; how many were asked.

    By day only, `a_day` of them at most, and one question a phone however many people are told on
    it. Asked twice at the most; the outbox refuses the same question a second time.
    """
    local = now.astimezone(office.time_zone)
    if not _FROM <= local.time() < _UNTIL:
        return 0
    with db.transaction() as stores:
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        left = a_day - stores.asking.asked_since(midnight)
        if left <= 0:
            return 0
        people = islice(_to_ask(stores, now), left)
        try:
            notices = [_question(one, composer, now) for one in people]
        except TemplateProblem as problem:
            log.error("nobody is asked for consent: %s", problem)  # noqa: TRY400
            return 0
        asked = stores.outbox.add(notices, None, now)
        if asked:
            stores.journal.write(now, "consent_asked", "register", people=str(asked))
    return asked


def keep_answer(
    stores: Stores, question: OpenQuestion, number: str, answer: str, now: datetime
) -> tuple[str, str]:
    """Renew or end what is about to end, for everybody who is told on this phone.

    The word for what it meant, and the template to answer with.
    """
    goes_on = answer == "again"
    status = ConsentStatus.GIVEN if goes_on else ConsentStatus.WITHDRAWN
    for owner in stores.people.owners_of(number):
        if owner.kind not in list(PersonKind):
            continue
        kind = PersonKind(owner.kind)
        records = stores.consents.of(kind, [owner.ref]).get(owner.ref, ())
        purposes = sorted(running_out(records, now, FIRST))
        if not purposes:
            continue
        end = now + GOOD_FOR if goes_on else None
        new = [ConsentRecord(one, status, now, Medium.SMS, expires=end) for one in purposes]
        stores.consents.add(kind, {owner.ref: new})
        event = "consent_given" if goes_on else "consent_withdrawn"
        subject = f"{kind}:{owner.ref}"
        stores.journal.write(now, event, subject, purposes=",".join(purposes), by="sms")
    stores.replies.answered(question.notice, answer, now)
    if goes_on:
        return "consent_renewed", "consent_thanks"
    return "consent_ended", "consent_ended"


def _to_ask(stores: Stores, now: datetime) -> Iterator[_Person]:
    """Each phone once, those first whose consent ends first."""
    silent = stores.people.suppressed()
    seen: set[str] = set()
    for kind, ref, _, end in ending(stores, now, FIRST):
        found = _person(stores, kind, ref, end)
        if found is None or found.phone.number in silent | seen:
            continue
        seen.add(found.phone.number)
        if stores.asking.was_asked(found.incident, found.step(now)):
            continue
        if not stores.asking.told_since(found.phone.number, now - QUIET_AFTER_WARNING):
            yield found


def _person(stores: Stores, kind: PersonKind, ref: str, end: datetime) -> _Person | None:
    """None where an SMS does not reach them: somebody has to call, as `doctor` says."""
    people = (
        stores.people.residents([ref])
        if kind is PersonKind.RESIDENT
        else [one for one, _ in stores.people.caregivers([ref])]
    )
    for one in people:
        if one.phone is not None and one.channel is ChannelPreference.TEXT:
            return _Person(kind, ref, one.phone, one.language, one.second_language, end)
    return None


def _question(one: _Person, composer: Composer, now: datetime) -> Notice:
    """The same text on every phone: it says nothing of anybody's needs."""
    recipient = Recipient(
        RecipientKind(one.kind.value), one.ref, one.phone, one.language, one.second_language
    )
    draft = NoticeDraft(
        incident=one.incident,
        recipient=recipient,
        about=(),
        about_self=False,
        rule="consent",
        step=one.step(now),
        revision=0,
        kind=MessageKind.CONSENT,
        priority=Priority.ROUTINE,
        channel=Channel.SMS,
        wording=Wording.NEUTRAL,
        template="consent_again",
        checklist=None,
        facts=Facts(Hazard.OTHER, "", None, "", {}, None, one.end),
        expected_replies=REPLIES,
        due_at=now,
        expires_at=min(one.end, now + _ANSWER_WITHIN),
        reasons=("a consent is about to end",),
    )
    details = {"until": one.end.date().isoformat()}
    return Notice(draft, composer.answer("consent_again", one.language, details=details))
