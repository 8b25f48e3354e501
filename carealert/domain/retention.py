"""How long what is held of people is kept, and whose ground to be held has ended.

The periods are the defaults of requirements 3.4; an office sets its own by the settings named here.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from carealert.domain.consents import ConsentRecord, ConsentStatus, newest
from carealert.domain.people import ChannelPreference, Purpose

#: Later than anything: a consent that holds until it is withdrawn.
FOREVER = datetime.max.replace(tzinfo=UTC)
#: How late a run may be before it is a fault: a night may be missed, two may not.
GRACE = timedelta(days=2)
#: Local hour after which a night's run is due.
_AT_NIGHT = time(2)
#: What a STOP ends: messages to this phone, and no other use of the data.
_TOLD_BY_PHONE = frozenset({Purpose.ALERT_ME, Purpose.ALERT_CARER})


class Kept(StrEnum):
    """What is kept for a time."""

    TEXTS = "texts"
    ANSWERS = "answers"
    CONTACTS = "contacts"


@dataclass(frozen=True, slots=True)
class Period:
    """One line of the table: what becomes of what, after how many days, and the days' setting."""

    kept: Kept
    purpose: str
    what: str
    days: int
    setting: str


#: Requirements 3.4, "Defaults to build".
PERIODS = (
    Period(
        Kept.TEXTS,
        "to prove what was sent",
        "the text and the facts of a message become its template's name and a hash",
        90,
        "keep_texts_days",
    ),
    Period(
        Kept.ANSWERS,
        "to look up what somebody meant",
        "the text of an answer is deleted; its meaning stays",
        90,
        "keep_answers_days",
    ),
    Period(
        Kept.CONTACTS,
        "to undo a mistake, and to settle what is open",
        "who agrees to nothing any more is forgotten",
        30,
        "keep_contacts_days",
    ),
)

#: How long each is kept.
Periods = Mapping[Kept, timedelta]


class Fate(StrEnum):
    """What becomes of somebody's data now."""

    KEEP = "keep"
    STRIP = "strip"  # name, phone and notes go; what their caregivers are told by stays
    ERASE = "erase"


@dataclass(frozen=True, slots=True)
class Standing:
    """Somebody's grounds to be held. Moments are aware UTC.

    `stopped_at` is when their phone said STOP. `identified`: there is something to strip.
    """

    ref: str
    channel: ChannelPreference
    stopped_at: datetime | None
    records: tuple[ConsentRecord, ...]
    identified: bool = True


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of one person, since when it was due, and the caregivers for whom they stay."""

    fate: Fate
    since: datetime | None = None
    kept_by: tuple[str, ...] = ()


def ground_ends(one: Standing, purposes: Iterable[Purpose] = Purpose) -> datetime | None:
    """When the last of these grounds ended or will end; FOREVER for one without an end.

    None where nothing was ever agreed, refused or stopped: there is no moment to count from. A STOP
    ends P1 and P2 for somebody who is told by text; a visit needs no phone.
    """
    wanted = frozenset(purposes)
    stop = one.stopped_at if one.channel is ChannelPreference.TEXT else None
    ends = [
        _end(record, stop if purpose in _TOLD_BY_PHONE else None)
        for purpose, record in newest(one.records).items()
        if purpose in wanted
    ]
    return max(ends, default=stop)


def _end(record: ConsentRecord, stop: datetime | None) -> datetime:
    if record.status is not ConsentStatus.GIVEN:
        return record.at
    end = record.expires or FOREVER
    return end if stop is None else min(end, stop)


def judge(one: Standing, carers: Iterable[Standing], keep: timedelta, now: datetime) -> Verdict:
    """What becomes of somebody; `carers` are a resident's caregivers, nobody for a caregiver.

    A caregiver whose P2 holds, or ended less than `keep` ago, is told about the resident by label,
    home and needs: those stay.
    """
    before = now - keep
    own = ground_ends(one)
    if own is None or own > before:
        return Verdict(Fate.KEEP)
    told = {carer.ref: ground_ends(carer, [Purpose.ALERT_CARER]) for carer in carers}
    kept_by = tuple(sorted(ref for ref, end in told.items() if end is not None and end > before))
    if kept_by:
        return Verdict(Fate.STRIP if one.identified else Fate.KEEP, own + keep, kept_by)
    return Verdict(Fate.ERASE, max([own, *(end for end in told.values() if end)]) + keep)


def last_night(now: datetime, zone: ZoneInfo) -> datetime:
    """The latest moment, aware, at which a night's run became due in this time zone."""
    local = now.astimezone(zone)
    due = datetime.combine(local.date(), _AT_NIGHT, zone)
    return (
        due if due <= local else datetime.combine(due.date() - timedelta(days=1), _AT_NIGHT, zone)
    )
