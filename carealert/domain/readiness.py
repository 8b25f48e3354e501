"""How ready a facility is for a hazard: 0 to 100, with the reasons and the next thing to do.

What is known and good earns points. What is missing earns none and is named: it is never assumed.
What nobody has looked at for six months is stale, and counts for less as a whole (requirements
M03). The score sorts a list; it is no promise that a service will go on.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from carealert.domain.facilities import Contact, Facility, FacilityType
from carealert.domain.organisations import STALE_AFTER, is_stale


class Item(StrEnum):
    """What is looked at."""

    POWER = "power"
    WATER = "water"
    COLD_CHAIN = "cold_chain"
    RAMP = "ramp"
    TOILETS = "toilets"
    WOMEN = "women"
    MANAGER = "manager"
    DEPUTY = "deputy"
    HEARD = "heard"
    VERIFIED = "verified"


class State(StrEnum):
    """How one item stands."""

    GOOD = "good"
    PARTLY = "partly"
    LACKING = "lacking"
    MISSING = "missing"  # not stated


_ORDER = tuple(Item)
# Points by type, in the order of Item; each row sums to 100, and 0 means that it does not count.
# What stops the service itself weighs most, then who can come and use it, then whether somebody
# answers and the record can be believed. A manager weighs more than a deputy, who is asked second.
_POINTS: Mapping[FacilityType, tuple[int, ...]] = {
    # A session needs hours of power and some 120 litres of water a person: without, nothing else
    # counts. The cold chain is for the medicine given with it.
    FacilityType.DIALYSIS: (30, 30, 3, 6, 3, 3, 8, 5, 6, 6),
    # Vaccines and insulin spoil within hours of a power cut.
    FacilityType.CLINIC: (16, 12, 18, 8, 6, 6, 10, 7, 9, 8),
    # Children are handed to somebody: reaching the manager weighs more than power.
    FacilityType.DAY_CARE: (10, 14, 0, 10, 12, 10, 13, 10, 12, 9),
    # People sleep here, cannot leave by themselves, and keep their own medicine.
    FacilityType.ELDER_HOME: (18, 16, 6, 14, 8, 8, 9, 7, 7, 7),
    # Crowds for days: water, access, and safe lit toilets decide who dares to come.
    FacilityType.SHELTER: (12, 18, 0, 14, 16, 12, 8, 6, 7, 7),
    # Cooking needs water most; food has to be kept cold.
    FacilityType.COMMUNITY_KITCHEN: (12, 22, 16, 8, 6, 4, 10, 7, 8, 7),
    # Nothing is washed without water and power; there is nothing to keep cold.
    FacilityType.LAUNDROMAT: (20, 30, 0, 10, 6, 4, 10, 6, 7, 7),
    # Several services under one roof: none of them decides alone.
    FacilityType.CARE_BLOCK: (14, 14, 0, 12, 12, 12, 12, 8, 8, 8),
    # Mothers and infants; milk and vaccines are kept cold.
    FacilityType.MOTHERS_CENTRE: (10, 14, 8, 10, 12, 14, 11, 7, 7, 7),
    # Homes: lifts and pumps hang on power, and toilets are the residents' own.
    FacilityType.SOCIAL_HOUSING: (18, 22, 0, 18, 0, 4, 14, 10, 7, 7),
    # It comes to the door: what counts is that somebody answers and the wheelchair gets in.
    FacilityType.MOBILE_SERVICE: (16, 4, 8, 14, 0, 12, 16, 12, 9, 9),
}
WEIGHTS: Mapping[FacilityType, Mapping[Item, int]] = {
    kind: {item: points for item, points in zip(_ORDER, row, strict=True) if points}
    for kind, row in _POINTS.items()
}

#: Hours of reserve: a day until help can come, three until it surely does. A day earns more than
#: half, for most cuts are over by then.
DAY_HOURS, FULL_HOURS, DAY_SHARE = 24.0, 72.0, 0.6
#: A status is fresh for a month; after half a year it tells nothing.
HEARD_FRESH, HEARD_OLD = timedelta(days=30), timedelta(days=180)
#: What a stale record is worth as a whole: things change, but most of them stay.
STALE_WORTH = 0.8


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known beside the record.

    `heard_at` (aware) is when the status was last reported; the phones of the `unreachable` said
    STOP, or the last message to them was not delivered.
    """

    heard_at: datetime | None = None
    manager_unreachable: bool = False
    deputy_unreachable: bool = False


#: Nothing was heard, and no message to anybody came back.
NO_EVIDENCE = Evidence()


@dataclass(frozen=True, slots=True)
class Reason:
    """One item. `gain` is by how much the score would grow if it were good."""

    item: Item
    state: State
    said: str
    to_do: str | None
    gain: float


@dataclass(frozen=True, slots=True)
class Readiness:
    """The score with its reasons, those first that would gain most. `verified_days` is how long
    ago somebody looked; None is never."""

    score: int
    is_stale: bool
    verified_days: int | None
    reasons: tuple[Reason, ...]

    @property
    def next_step(self) -> str | None:
        """What to do first; None where everything is good."""
        return self.reasons[0].to_do


@dataclass(frozen=True, slots=True)
class _Finding:
    """How good an item is (0 to 1), None where nobody stated it, and in which words."""

    share: float | None
    said: str
    to_do: str


def readiness(one: Facility, evidence: Evidence, now: datetime) -> Readiness:
    """How ready the facility is at `now` (aware; its day is the office's)."""
    weights, today = WEIGHTS[one.type], now.date()
    found = {item: _LOOK[item](one, evidence, now) for item in weights}
    shares = {item: finding.share or 0.0 for item, finding in found.items()}
    stale = is_stale(one.verified_on, today)
    score = _score(weights, shares, stale)
    reasons = []
    for item, finding in found.items():
        still_stale = stale and item is not Item.VERIFIED
        gain = _score(weights, {**shares, item: 1.0}, still_stale) - score
        reasons.append(_reason(item, finding, gain))
    reasons.sort(key=lambda reason: (-reason.gain, _ORDER.index(reason.item)))
    days = (today - one.verified_on).days if one.verified_on else None
    return Readiness(round(score), stale, days, tuple(reasons))


def _score(weights: Mapping[Item, int], shares: Mapping[Item, float], stale: bool) -> float:
    points = sum(weight * shares[item] for item, weight in weights.items())
    return points * STALE_WORTH if stale else points


def _reason(item: Item, finding: _Finding, gain: float) -> Reason:
    share = finding.share
    if share is None:
        state = State.MISSING
    elif share >= 1.0:
        return Reason(item, State.GOOD, finding.said, None, 0.0)
    else:
        state = State.PARTLY if share > 0.0 else State.LACKING
    return Reason(item, state, finding.said, finding.to_do, round(gain, 1))


def _reserve(hours: float | None, what: str) -> _Finding:
    if hours is None:
        return _Finding(None, f"{what}: not stated", f"Ask for how many hours there is {what}.")
    to_do = f"Get {what} for {FULL_HOURS:g} hours, for {DAY_HOURS:g} at least."
    if hours <= DAY_HOURS:
        share = DAY_SHARE * max(hours, 0.0) / DAY_HOURS
    else:
        share = DAY_SHARE + (1 - DAY_SHARE) * (hours - DAY_HOURS) / (FULL_HOURS - DAY_HOURS)
    return _Finding(min(share, 1.0), f"{what}: {hours:g} h of {FULL_HOURS:g} h", to_do)


def _yes_no(value: bool | None, what: str, to_do: str) -> _Finding:
    if value is None:
        return _Finding(None, f"{what}: not stated", f"Ask about: {what}.")
    return _Finding(float(value), f"{what}: {'yes' if value else 'no'}", to_do)


def _contact(contact: Contact | None, unreachable: bool, role: str) -> _Finding:
    if contact is None:
        return _Finding(None, f"{role}: nobody is registered", f"Register a {role} with a phone.")
    if unreachable:
        said = f"{role}: said STOP, or the last message was not delivered"
        return _Finding(0.0, said, f"Ask for a phone on which the {role} takes messages.")
    return _Finding(1.0, f"{role}: has a phone", "")


def _deputy(one: Facility, evidence: Evidence) -> _Finding:
    manager, deputy = one.manager, one.deputy
    if manager and deputy and manager.phone.number == deputy.phone.number:
        to_do = "Register a deputy with another phone than the manager's."
        return _Finding(0.0, "deputy: has the manager's phone", to_do)
    return _contact(deputy, evidence.deputy_unreachable, "deputy")


def _heard(heard_at: datetime | None, now: datetime) -> _Finding:
    to_do = "Ask the manager how the service stands, and report it."
    if heard_at is None:
        return _Finding(None, "status: never reported", to_do)
    age = max(now - heard_at, timedelta(0))
    share = (HEARD_OLD - age) / (HEARD_OLD - HEARD_FRESH)
    return _Finding(min(max(share, 0.0), 1.0), f"status: reported {age.days} days ago", to_do)


def _verified(verified_on: date | None, today: date) -> _Finding:
    to_do = "Go and look whether everything stated is true, and state verified_on."
    if verified_on is None:
        return _Finding(None, "record: never verified", to_do)
    said = f"record: verified {max((today - verified_on).days, 0)} days ago"
    if is_stale(verified_on, today):
        return _Finding(0.0, f"{said}, stale after {STALE_AFTER.days}", to_do)
    return _Finding(1.0, said, to_do)


_LOOK: Mapping[Item, Callable[[Facility, Evidence, datetime], _Finding]] = {
    Item.POWER: lambda one, *_: _reserve(one.backup_power_hours, "backup power"),
    Item.WATER: lambda one, *_: _reserve(one.water_hours, "water in reserve"),
    Item.COLD_CHAIN: lambda one, *_: _yes_no(
        one.cold_chain,
        "a cold chain that holds without mains power",
        "Arrange where what must be kept cold goes when the power fails.",
    ),
    Item.RAMP: lambda one, *_: _yes_no(one.ramp, "a ramp", "Put up a ramp, a mobile one at least."),
    Item.TOILETS: lambda one, *_: _yes_no(
        one.lit_separate_toilets,
        "lit, separate toilets",
        "Separate the toilets, and light the way to them.",
    ),
    Item.WOMEN: lambda one, *_: _yes_no(
        one.women_staff, "women on the staff", "Plan the shifts so that a woman is always there."
    ),
    Item.MANAGER: lambda one, evidence, _: _contact(
        one.manager, evidence.manager_unreachable, "manager"
    ),
    Item.DEPUTY: lambda one, evidence, _: _deputy(one, evidence),
    Item.HEARD: lambda _, evidence, now: _heard(evidence.heard_at, now),
    Item.VERIFIED: lambda one, _, now: _verified(one.verified_on, now.date()),
}
