"""Who may be told, how texts are merged, and when they may go out."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.domain.notices import Facts, MessageKind, NoticeDraft, RecipientKind, Wording
from carealert.domain.people import ChannelPreference, Consent, Need, PhoneSharing, Purpose
from carealert.domain.plan import Candidate, FacilityCandidate, Match, NotSent, Office, WhyNot
from carealert.domain.rules import Audience, Priority, Rule, SubjectKind
from carealert.domain.telling import Wish, due_at, merge, wishes_for
from carealert.domain.warnings import Severity
from tests.support.builders import (
    NOW,
    a_candidate,
    a_caregiver,
    a_consent,
    a_contact,
    a_facility,
    a_facility_rule,
    a_history,
    a_phone,
    a_place,
    a_resident,
    a_rule,
    alone,
    an_office,
    hours,
    minutes,
    some_facts,
)


def wished(
    candidate: Candidate | FacilityCandidate,
    rule: Rule | None = None,
    office: Office | None = None,
    facts: Facts | None = None,
) -> tuple[list[Wish], list[NotSent]]:
    place = isinstance(candidate, FacilityCandidate)
    rule = rule or (a_facility_rule() if place else a_rule())
    kind = SubjectKind.FACILITY if place else SubjectKind.RESIDENT
    ref = (
        candidate.facility.ref
        if isinstance(candidate, FacilityCandidate)
        else (candidate.resident.ref)
    )
    match = Match(kind, ref, rule.id, 0, ("a reason",))
    return wishes_for(
        candidate, rule, rule.do.to, match, facts or some_facts(), office or an_office(), NOW
    )


def merged(*wishes: Wish, office: Office | None = None) -> tuple[list[NoticeDraft], list[NotSent]]:
    return merge(wishes, a_history(), office or an_office(), NOW, kind=MessageKind.ALERT, step=0)


def reasons(refused: list[NotSent]) -> dict[str, WhyNot]:
    return {entry.ref: entry.reason for entry in refused}


def test_every_caregiver_and_the_person_are_told_in_the_same_wave() -> None:
    carers = [a_caregiver(ref=f"c{n}", phone=a_phone(n + 10)) for n in range(5)]
    wishes, refused = wished(a_candidate(a_resident(), *carers))
    drafts, _ = merged(*wishes)
    assert {d.recipient.ref for d in drafts} == {"r1", "c0", "c1", "c2", "c3", "c4"}
    assert {d.due_at for d in drafts} == {NOW}
    assert refused == []


def test_the_person_concerned_gets_a_text_about_themselves() -> None:
    drafts, _ = merged(*wished(alone(a_resident()))[0])
    assert (drafts[0].recipient.kind, drafts[0].about_self) == (RecipientKind.RESIDENT, True)


@pytest.mark.parametrize(
    ("consent", "allowed"),
    [
        (a_consent(), True),
        (a_consent(Purpose.ALERT_ME), True),
        (a_consent(Purpose.ALERT_CARER, Purpose.STATISTICS), False),
        (Consent(frozenset()), False),
        (a_consent(expires=NOW), False),
        (a_consent(expires=NOW + minutes(1)), True),
    ],
)
def test_a_resident_is_told_only_with_their_own_consent(consent: Consent, allowed: bool) -> None:
    wishes, refused = wished(alone(a_resident(consent=consent)))
    assert bool(wishes) is allowed
    assert (WhyNot.NO_CONSENT in reasons(refused).values()) is not allowed


def test_a_caregiver_needs_the_consent_of_a_caregiver() -> None:
    only_me = a_caregiver(consent=a_consent(Purpose.ALERT_ME))
    _, refused = wished(a_candidate(a_resident(), only_me))
    assert reasons(refused) == {"c1": WhyNot.NO_CONSENT}


def test_one_person_s_missing_consent_silences_nobody_else() -> None:
    wishes, refused = wished(a_candidate(a_resident(consent=Consent(frozenset()))))
    assert [wish.recipient.ref for wish in wishes] == ["c1"]
    assert reasons(refused) == {"r1": WhyNot.NO_CONSENT}


def test_a_phone_that_said_stop_is_not_told() -> None:
    office = an_office(suppressed=frozenset({a_phone(2).number}))
    wishes, refused = wished(a_candidate(), office=office)
    assert [wish.recipient.ref for wish in wishes] == ["r1"]
    assert reasons(refused) == {"c1": WhyNot.OPTED_OUT}


@pytest.mark.parametrize(("born", "told"), [(2008, True), (2009, False), (None, True)])
def test_a_minor_is_not_told_but_the_caregivers_are(born: int | None, told: bool) -> None:
    wishes, refused = wished(a_candidate(a_resident(birth_year=born)))
    assert [wish.recipient.ref for wish in wishes] == (["c1", "r1"] if told else ["c1"])
    assert reasons(refused) == ({} if told else {"r1": WhyNot.MINOR})


@pytest.mark.parametrize("channel", [ChannelPreference.RELAY, ChannelPreference.VISIT])
def test_who_cannot_take_in_a_text_is_not_counted_as_told_by_one(
    channel: ChannelPreference,
) -> None:
    wishes, refused = wished(alone(a_resident(channel=channel)))
    assert wishes == []
    assert WhyNot.NO_SUITABLE_CHANNEL in {entry.reason for entry in refused}


def test_a_gap_in_the_register_is_said_and_not_passed_over() -> None:
    _, refused = wished(alone(a_resident(phone=None)))
    assert {entry.reason for entry in refused} == {WhyNot.NO_CONTACT, WhyNot.NO_PHONE}
    _, refused = wished(a_place(a_facility(manager=None)))
    assert [(e.kind, e.reason) for e in refused] == [("facility", WhyNot.NO_CONTACT)]


def test_the_desk_hears_refs_and_neither_labels_nor_needs() -> None:
    rule = a_rule(to=(Audience.CITY_DESK,))
    wishes, _ = wished(alone(a_resident(needs={Need.DIALYSIS})), rule)
    about = wishes[0].about
    assert (about.ref, about.label, about.needs) == ("r1", "r1", frozenset())


def test_a_caregiver_of_four_gets_one_text_about_all() -> None:
    carer = a_caregiver()
    homes = [a_candidate(a_resident(ref=f"r{n}", phone=None), carer) for n in (4, 2, 3, 1)]
    drafts, _ = merged(*(wish for home in homes for wish in wished(home)[0]))
    assert len(drafts) == 1
    assert [about.ref for about in drafts[0].about] == ["r1", "r2", "r3", "r4"]


def test_the_strongest_rule_gives_words_and_lane_and_the_worst_place_the_facts() -> None:
    carer = a_caregiver()
    urgent = a_rule(id="a-urgent", priority=Priority.URGENT, template="gentle")
    deadly = a_rule(id="z-deadly", template="care_alert")
    calm, bad = some_facts(severity=Severity.MODERATE), some_facts(severity=Severity.EXTREME)
    wishes = [
        *wished(a_candidate(a_resident(ref="r1", phone=None), carer), urgent, facts=bad)[0],
        *wished(a_candidate(a_resident(ref="r2", phone=None), carer), deadly, facts=calm)[0],
        *wished(a_candidate(a_resident(ref="r3", phone=None), carer), deadly, facts=bad)[0],
    ]
    drafts, _ = merged(*wishes)
    assert len(drafts) == 1
    assert (drafts[0].rule, drafts[0].template) == ("z-deadly", "care_alert")
    assert drafts[0].priority is Priority.LIFE_THREATENING
    assert drafts[0].facts.severity is Severity.EXTREME


def test_a_phone_that_two_people_share_rings_once_in_the_more_careful_words() -> None:
    family = a_phone(7, PhoneSharing.SHARED_HOUSEHOLD)
    resident = a_resident(phone=family, needs={Need.DEMENTIA})
    carer = a_caregiver(phone=a_phone(7, PhoneSharing.PRIVATE))
    drafts, dropped = merged(*wished(a_candidate(resident, carer))[0])
    assert [draft.recipient.ref for draft in drafts] == ["c1"]
    assert drafts[0].wording is Wording.NEUTRAL
    assert reasons(dropped) == {"r1": WhyNot.SAME_PHONE}


def test_a_shared_phone_gets_the_stronger_of_two_texts_about_everybody() -> None:
    """Two people who do not care for each other, one of them in deadly danger."""
    calm = a_candidate(a_resident(ref="r1", phone=None), a_caregiver(ref="c1", phone=a_phone(7)))
    deadly = alone(a_resident(ref="r2", phone=a_phone(7)))
    weak = a_rule(id="weak", priority=Priority.ROUTINE, template="gentle")
    wishes = [
        *wished(calm, weak, facts=some_facts(severity=Severity.MINOR))[0],
        *wished(deadly, facts=some_facts(severity=Severity.EXTREME))[0],
    ]
    drafts, _ = merged(*wishes)
    assert len(drafts) == 1
    assert drafts[0].recipient.ref == "c1"
    assert (drafts[0].template, drafts[0].facts.severity) == ("care_alert", Severity.EXTREME)
    assert [about.ref for about in drafts[0].about] == ["r1", "r2"]


def test_managers_answer_for_places_and_each_keeps_a_text_of_their_own() -> None:
    one = a_facility(ref="f1", manager=a_contact(30))
    two = a_facility(ref="f2", manager=a_contact(30))
    wishes = [*wished(a_place(one))[0], *wished(a_place(two))[0]]
    drafts, dropped = merged(*wishes)
    assert [draft.recipient.ref for draft in drafts] == ["f1", "f2"]
    assert dropped == []


@pytest.mark.parametrize(
    ("sharing", "wording"),
    [
        (PhoneSharing.PRIVATE, Wording.PRIVATE),
        (PhoneSharing.SHARED_HOUSEHOLD, Wording.NEUTRAL),
        (PhoneSharing.UNKNOWN, Wording.NEUTRAL),
        (PhoneSharing.FACILITY, Wording.NEUTRAL),
        (PhoneSharing.BORROWED, Wording.CARE_CARD),
    ],
)
def test_an_unknown_phone_counts_as_shared(sharing: PhoneSharing, wording: Wording) -> None:
    drafts, _ = merged(*wished(alone(a_resident(phone=a_phone(1, sharing))))[0])
    assert drafts[0].wording is wording


NIGHT = (time(22, 0), time(6, 0))


def at(text: str, zone: ZoneInfo) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=zone)


DHAKA = ZoneInfo("Asia/Dhaka")
BERLIN = ZoneInfo("Europe/Berlin")


@pytest.mark.parametrize(
    ("now", "quiet", "wake"),
    [
        (at("2026-05-26T21:59", DHAKA), NIGHT, None),
        (at("2026-05-26T22:00", DHAKA), NIGHT, at("2026-05-27T06:00", DHAKA)),
        (at("2026-05-27T05:59", DHAKA), NIGHT, at("2026-05-27T06:00", DHAKA)),
        (at("2026-05-27T06:00", DHAKA), NIGHT, None),
        (at("2026-05-27T13:30", DHAKA), (time(13), time(15)), at("2026-05-27T15:00", DHAKA)),
        # Clocks go forward at 02:00 on 29 March and back at 03:00 on 25 October 2026.
        (at("2026-03-28T23:00", BERLIN), NIGHT, at("2026-03-29T06:00", BERLIN)),
        (at("2026-10-24T23:00", BERLIN), NIGHT, at("2026-10-25T06:00", BERLIN)),
    ],
)
def test_a_routine_text_waits_for_the_end_of_quiet_hours(
    now: datetime, quiet: tuple[time, time], wake: datetime | None
) -> None:
    zone = now.tzinfo
    assert zone is not None
    office = an_office(time_zone=zone)
    found = due_at(Priority.ROUTINE, quiet, office, now.astimezone(UTC))
    assert found.astimezone(UTC) == (wake or now).astimezone(UTC)


def test_the_night_of_the_change_is_an_hour_shorter_and_the_clock_time_holds() -> None:
    now = at("2026-03-28T22:00", BERLIN).astimezone(UTC)
    found = due_at(Priority.ROUTINE, NIGHT, an_office(time_zone=BERLIN), now)
    assert found.astimezone(UTC) - now == hours(7)


@pytest.mark.parametrize("priority", [Priority.LIFE_THREATENING, Priority.URGENT])
def test_what_is_urgent_wakes_people_up(priority: Priority) -> None:
    now = at("2026-05-27T03:00", DHAKA)
    assert due_at(priority, NIGHT, an_office(time_zone=DHAKA), now) == now


@settings(max_examples=150, deadline=None)
@given(
    moment=st.integers(0, 365 * 24 * 60),
    start=st.times(),
    end=st.times(),
    zone=st.sampled_from(
        ["Asia/Dhaka", "Europe/Berlin", "America/St_Johns", "Australia/Lord_Howe"]
    ),
)
def test_g16_time_respect_a_routine_text_waits_and_is_never_lost(
    moment: int, start: time, end: time, zone: str
) -> None:
    start, end = start.replace(second=0, microsecond=0), end.replace(second=0, microsecond=0)
    if start == end:
        return
    tz = ZoneInfo(zone)
    now = datetime(2026, 1, 1, tzinfo=UTC) + minutes(moment)
    due = due_at(Priority.ROUTINE, (start, end), an_office(time_zone=tz), now).astimezone(UTC)
    assert now <= due <= now + timedelta(hours=25)
    if due != now:
        clock = due.astimezone(tz).time()
        # A clock time that the change of clocks skips is reached up to an hour late.
        late = (clock.hour * 60 + clock.minute) - (end.hour * 60 + end.minute)
        assert late in (0, 30, 60)
