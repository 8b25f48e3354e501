"""What people ask about their own data by SMS: what is held, and to have it erased."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from carealert.domain.people import PhoneSharing
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import Owner, StillSending
from carealert.services.ports.store import Stores

#: The one answer to strangers.
NOTHING = "info_nothing"
#: How long a code is good: long enough to charge a phone, too short to be found by chance.
CODE_HOLDS = timedelta(hours=24)
#: How long an officer has to call before the request is out of the list; the journal keeps it.
CALL_WITHIN = timedelta(days=30)
#: How often a stranger is answered.
ONCE_IN = timedelta(hours=24)

#: The word for what a message meant, the template to answer with, and what it is filled with.
Said = tuple[str, str | None, dict[str, str]]


def tell(stores: Stores, owners: Sequence[Owner], now: datetime) -> Said:
    """What is held, in as many words as the phone's privacy allows."""
    for owner in owners:
        stores.journal.write(now, "info_asked", f"{owner.kind}:{owner.ref}", by="sms")
    private = all(_is_private(stores, owner) for owner in owners)
    people = len(_about(stores, owners))
    return "info", "info_private" if private else "info", {"people": str(people)}


def nothing_held(stores: Stores, number: str, now: datetime) -> Said:
    """A stranger is told that nothing is held of them: once a day, whatever else they write."""
    told = stores.replies.answers_sent(number, now - ONCE_IN)
    return "unknown_sender", None if told else NOTHING, {}


def erase(
    stores: Stores, owners: Sequence[Owner], number: str, code: str | None, now: datetime
) -> Said:
    """Ask back with a code, and erase when it comes back.

    Where several people, or a facility, are told on the phone an officer has to ask them: one of
    them must not erase the others.
    """
    (first, *others) = owners
    if others or first.kind not in list(PersonKind):
        return _leave_to_office(stores, owners, number, now)
    if code is None or not stores.asking.take_erasure(number, code, now):
        return _ask_back(stores, first, number, now)
    kind = PersonKind(first.kind)
    homes = _homes(stores, kind, first.ref)
    try:
        stores.people.forget(kind, first.ref, now)
    except StillSending:
        return _ask_back(stores, first, number, now)
    stores.journal.write(now, "forgotten", "register", kind=kind.value, by="sms")
    for ref in homes:
        if not stores.people.caregivers_of([ref]).get(ref):
            # Nobody would notice else that no warning has anybody to tell.
            stores.journal.write(now, "nobody_left_to_tell", f"resident:{ref}")
    return "delete", "deleted", {}


def _leave_to_office(stores: Stores, owners: Sequence[Owner], number: str, now: datetime) -> Said:
    for owner in owners:
        stores.journal.write(now, "erasure_asked", f"{owner.kind}:{owner.ref}", by="sms")
    stores.asking.leave_to_office(number, now + CALL_WITHIN)
    return "delete_shared", "delete_office", {}


def _ask_back(stores: Stores, owner: Owner, number: str, now: datetime) -> Said:
    """With a new code; whoever guesses at codes is called instead, because it may not be them."""
    code = stores.asking.open_erasure(number, now, now + CODE_HOLDS)
    if code is None:
        return _leave_to_office(stores, [owner], number, now)
    return "delete_asked", "delete_confirm", {"code": code}


def _about(stores: Stores, owners: Sequence[Owner]) -> set[str]:
    """Whom this phone is told about: people by ref, with those whose own phone it is."""
    own = {one.ref for one in owners if one.kind == PersonKind.RESIDENT}
    carers = [one.ref for one in owners if one.kind == PersonKind.CAREGIVER]
    links = (link for _, some in stores.people.caregivers(carers) for link in some)
    return own | {link.resident_ref for link in links}


def _homes(stores: Stores, kind: PersonKind, ref: str) -> list[str]:
    if kind is PersonKind.RESIDENT:
        return []
    return [link.resident_ref for _, links in stores.people.caregivers([ref]) for link in links]


def _is_private(stores: Stores, owner: Owner) -> bool:
    if owner.kind == PersonKind.RESIDENT:
        phones = [one.phone for one in stores.people.residents([owner.ref])]
    elif owner.kind == PersonKind.CAREGIVER:
        phones = [one.phone for one, _ in stores.people.caregivers([owner.ref])]
    else:
        return False
    return all(phone is not None and phone.sharing is PhoneSharing.PRIVATE for phone in phones)
