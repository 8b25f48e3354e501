"""Who the audiences of one person or facility are, and which of them may be told."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time

from carealert.domain.channels import BY_TEXT, Fit, for_caregiver, for_contact, for_resident
from carealert.domain.facilities import Contact, Facility
from carealert.domain.notices import About, Recipient, RecipientKind
from carealert.domain.organisations import Organisation
from carealert.domain.people import Caregiver, ChannelPreference, Consent, Phone, Purpose
from carealert.domain.plan import Candidate, FacilityCandidate, Office, WhyNot
from carealert.domain.rules import Audience

ADULT = 18
#: A person who cannot take a text in is not told by one: somebody of the city goes or calls.
_NOT_BY_TEXT = (ChannelPreference.RELAY, ChannelPreference.VISIT)


@dataclass(frozen=True, slots=True)
class Addressee:
    """One member of the audiences who may be told."""

    recipient: Recipient
    about: About
    is_subject: bool
    quiet: tuple[time, time] | None
    fit: Fit = BY_TEXT


@dataclass(frozen=True, slots=True)
class Reach:
    """Who of the audiences of one candidate may be told, and who may not: (kind, ref, why)."""

    told: tuple[Addressee, ...]
    refused: tuple[tuple[str, str, WhyNot, str], ...]


def reach(
    candidate: Candidate | FacilityCandidate,
    audiences: Sequence[Audience],
    office: Office,
    now: datetime,
) -> Reach:
    """Everybody of `audiences` who may be told about the candidate, and who may not and why."""
    kind, ref = candidate.subject
    refused = [
        (kind.value, ref, WhyNot.NO_CONTACT, detail)
        for detail in _without_contact(candidate, audiences)
    ]
    told = []
    for person in _people(candidate, audiences, office, now):
        why_not = person.why_not(office, now)
        if why_not or person.phone is None:
            reason, detail = why_not or (WhyNot.NO_PHONE, "no phone is registered")
            refused.append((person.kind.value, person.ref, reason, detail))
            continue
        recipient = Recipient(
            person.kind, person.ref, person.phone, person.language, person.second_language
        )
        told.append(Addressee(recipient, person.about, person.is_subject, person.quiet, person.fit))
    return Reach(tuple(told), tuple(refused))


def can_visit(
    candidate: Candidate | FacilityCandidate | None, office: Office, now: datetime
) -> bool:
    """True where a messenger of the directory can be asked to go to this person's home."""
    if not isinstance(candidate, Candidate) or not candidate.messengers:
        return False
    return bool(reach(candidate, (Audience.RELAY,), office, now).told)


@dataclass(frozen=True, slots=True)
class _Person:
    """A member of an audience with what decides whether they may be told."""

    kind: RecipientKind
    ref: str
    phone: Phone | None
    language: str
    second_language: str | None
    about: About
    is_subject: bool = False
    consent: Consent | None = None
    purpose: Purpose = Purpose.ALERT_ME
    channel: ChannelPreference = ChannelPreference.TEXT
    age: int | None = None
    quiet: tuple[time, time] | None = None
    fit: Fit = BY_TEXT

    def why_not(self, office: Office, now: datetime) -> tuple[WhyNot, str] | None:
        """The first reason against telling this person, or None. Gender is not asked."""
        if self.consent is not None and not self.consent.allows(self.purpose, now):
            return WhyNot.NO_CONSENT, f"no valid consent for {self.purpose.value}"
        if self.age is not None and self.age < ADULT:
            return WhyNot.MINOR, "is a minor: the caregivers are told"
        if self.phone is None:
            return WhyNot.NO_PHONE, "no phone is registered"
        if self.phone.number in office.suppressed:
            return WhyNot.OPTED_OUT, "the phone said STOP"
        if self.channel in _NOT_BY_TEXT:
            return WhyNot.NO_SUITABLE_CHANNEL, f"is told by {self.channel.value}, not by text"
        return None


def _without_contact(
    candidate: Candidate | FacilityCandidate, audiences: Sequence[Audience]
) -> Iterable[str]:
    """The audiences in which nobody is registered: a gap that an officer must see."""
    if isinstance(candidate, Candidate):
        if Audience.CAREGIVERS in audiences and not candidate.caregivers:
            yield "no caregiver is registered"
        if Audience.RELAY in audiences and not candidate.messengers:
            yield "no trusted messenger may look in"
        return
    if Audience.FACILITY_MANAGER in audiences and not candidate.facility.manager:
        yield "no manager is registered"
    if Audience.DEPUTY_MANAGER in audiences and not candidate.facility.deputy:
        yield "no deputy manager is registered"


def _people(
    candidate: Candidate | FacilityCandidate,
    audiences: Sequence[Audience],
    office: Office,
    now: datetime,
) -> Iterable[_Person]:
    if isinstance(candidate, FacilityCandidate):
        yield from _facility_people(candidate.facility, audiences, office)
        about = About(candidate.facility.ref, candidate.facility.name)
    else:
        yield from _care_people(candidate, audiences, office, now)
        about = _about(candidate)
    if Audience.CITY_DESK in audiences and office.desk:
        desk = office.desk
        yield _Person(
            RecipientKind.CITY_DESK,
            desk.ref,
            desk.phone,
            desk.language,
            None,
            replace(about, label=about.ref, needs=frozenset()),
        )


def _care_people(
    candidate: Candidate, audiences: Sequence[Audience], office: Office, now: datetime
) -> Iterable[_Person]:
    resident, about = candidate.resident, _about(candidate)
    if Audience.CAREGIVERS in audiences:
        for caregiver, _ in candidate.caregivers:
            yield _caregiver(caregiver, about, office)
    if Audience.RESIDENT in audiences:
        yield _Person(
            RecipientKind.RESIDENT,
            resident.ref,
            resident.phone,
            resident.language,
            resident.second_language,
            about,
            is_subject=True,
            consent=resident.consent,
            channel=resident.channel,
            age=None if resident.birth_year is None else now.year - resident.birth_year,
            fit=for_resident(resident, office.ways),
        )
    if Audience.RELAY in audiences:
        for messenger in candidate.messengers:
            yield from _messenger(messenger, about, office)


def _messenger(one: Organisation, about: About, office: Office) -> Iterable[_Person]:
    """The messenger gets the name that caregivers use and the reference, and no need (G14)."""
    if one.contact is not None:
        home = About(about.ref, f"{about.label} ({about.ref})")
        phone, language = one.contact.phone, one.contact.language
        fit = for_contact(language, office.ways)
        yield _Person(RecipientKind.RELAY, one.ref, phone, language, None, home, fit=fit)


def _caregiver(caregiver: Caregiver, about: About, office: Office) -> _Person:
    start, end = caregiver.quiet_from, caregiver.quiet_to
    return _Person(
        RecipientKind.CAREGIVER,
        caregiver.ref,
        caregiver.phone,
        caregiver.language,
        caregiver.second_language,
        about,
        consent=caregiver.consent,
        purpose=Purpose.ALERT_CARER,
        channel=caregiver.channel,
        quiet=(start, end) if start and end else None,
        fit=for_caregiver(caregiver, office.ways),
    )


def _facility_people(
    facility: Facility, audiences: Sequence[Audience], office: Office
) -> Iterable[_Person]:
    about = About(facility.ref, facility.name)
    roles: tuple[tuple[Audience, RecipientKind, Contact | None], ...] = (
        (Audience.FACILITY_MANAGER, RecipientKind.FACILITY_MANAGER, facility.manager),
        (Audience.DEPUTY_MANAGER, RecipientKind.DEPUTY_MANAGER, facility.deputy),
    )
    for audience, kind, contact in roles:
        if audience in audiences and contact:
            language = contact.language
            fit = for_contact(language, office.ways)
            yield _Person(kind, facility.ref, contact.phone, language, None, about, fit=fit)


def _about(candidate: Candidate) -> About:
    resident = candidate.resident
    return About(resident.ref, resident.label, resident.needs)
