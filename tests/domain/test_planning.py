"""One warning in, one Plan out: who is told, who is not and why, and what follows."""

import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.domain.hazards import Hazard
from carealert.domain.notices import MessageKind, RecipientKind, SubjectState
from carealert.domain.people import Gender, Need, PhoneSharing
from carealert.domain.plan import (
    Candidate,
    FacilityCandidate,
    IncidentHistory,
    Office,
    Plan,
    Told,
    WhyNot,
)
from carealert.domain.planning import plan
from carealert.domain.rules import Audience, Priority, Rule, RuleSet, SubjectKind
from carealert.domain.warnings import (
    HazardWarning,
    MsgType,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from tests.support.builders import (
    NOW,
    a_candidate,
    a_caregiver,
    a_chain,
    a_consent,
    a_facility,
    a_facility_rule,
    a_history,
    a_phone,
    a_place,
    a_resident,
    a_rule,
    a_warning,
    alone,
    an_info,
    an_office,
    hours,
    minutes,
    rules_of,
)

R1 = (SubjectKind.RESIDENT, "r1")
F1 = (SubjectKind.FACILITY, "f1")


def planned(
    warning: HazardWarning | None = None,
    rules: RuleSet | None = None,
    residents: Sequence[Candidate] | None = None,
    facilities: Sequence[FacilityCandidate] = (),
    history: IncidentHistory | None = None,
    office: Office | None = None,
    unresolved: frozenset[int] = frozenset(),
    still_warned: frozenset[tuple[SubjectKind, str]] = frozenset(),
) -> Plan:
    return plan(
        warning or a_warning(),
        rules or rules_of(a_rule(escalate=a_chain())),
        [a_candidate()] if residents is None else residents,
        facilities,
        history or a_history(),
        office or an_office(),
        NOW,
        unresolved=unresolved,
        still_warned=still_warned,
    )


def after(first: Plan, *, pending: bool = False, **states: SubjectState) -> IncidentHistory:
    """The history that `first` makes, once its notices went out."""
    told = {
        (d.recipient.kind, d.recipient.ref): Told(
            d.recipient, tuple(a.ref for a in d.about), d.facts, d.priority, d.rule, pending
        )
        for d in first.drafts
    }
    named = {(SubjectKind.RESIDENT, ref): state for ref, state in states.items()}
    return a_history(revision=1, told=told, subjects={**first.states, **named})


def update(**changes: object) -> HazardWarning:
    infos = (an_info(**changes),)
    return a_warning(*infos, identifier="warning-2", msg_type=MsgType.UPDATE)


def cancel() -> HazardWarning:
    return a_warning(identifier="warning-3", msg_type=MsgType.CANCEL)


def told(decided: Plan) -> dict[str, MessageKind]:
    return {draft.recipient.ref: draft.kind for draft in decided.drafts}


def why_not(decided: Plan) -> dict[str, WhyNot]:
    return {entry.ref: entry.reason for entry in decided.not_sent}


# --- may this warning reach anybody?


@pytest.mark.parametrize(
    "status", [Status.TEST, Status.EXERCISE, Status.DRAFT, Status.SYSTEM, None]
)
def test_only_an_actual_warning_reaches_anybody(status: Status | None) -> None:
    decided = planned(a_warning(status=status))
    assert (decided.drafts, decided.matches, decided.timers, decided.tasks) == ((), (), (), ())
    assert why_not(decided) == {"warning-1": WhyNot.NOT_ACTUAL}


@pytest.mark.parametrize("msg_type", [MsgType.CANCEL, MsgType.UPDATE])
def test_an_exercise_ends_and_changes_nothing_that_was_real(msg_type: MsgType) -> None:
    exercise = a_warning(status=Status.EXERCISE, msg_type=msg_type)
    decided = planned(exercise, history=after(planned()))
    assert (decided.drafts, dict(decided.states), decided.superseded) == ((), {}, frozenset())


def test_a_test_of_the_system_that_calls_itself_actual_reaches_nobody() -> None:
    decided = planned(a_warning(an_info(hazard=Hazard.TEST_MESSAGE)))
    assert decided.drafts == ()
    assert why_not(decided) == {"warning-1": WhyNot.NOT_ACTUAL}


@pytest.mark.parametrize("scope", [Scope.PRIVATE, Scope.RESTRICTED])
def test_what_is_not_for_the_public_reaches_nobody(scope: Scope) -> None:
    assert why_not(planned(a_warning(scope=scope))) == {"warning-1": WhyNot.NOT_PUBLIC}


@pytest.mark.parametrize("msg_type", [MsgType.ACK, MsgType.ERROR, None])
def test_an_answer_between_systems_is_no_warning(msg_type: MsgType | None) -> None:
    decided = planned(a_warning(msg_type=msg_type))
    assert why_not(decided) == {"warning-1": WhyNot.NOT_A_WARNING}


@pytest.mark.parametrize(
    "changes",
    [
        {"expires": NOW},
        {"expires": NOW - hours(1)},
        {"urgency": Urgency.PAST},
        {"response_types": (ResponseType.ALL_CLEAR,)},
        {"hazard": Hazard.NO_WARNING},
    ],
)
def test_what_is_over_is_told_to_nobody(changes: dict[str, object]) -> None:
    decided = planned(a_warning(an_info(**changes)))
    assert decided.drafts == ()
    assert why_not(decided)["warning-1"] is WhyNot.OVER


def test_without_an_end_a_warning_holds_for_the_assumed_life_and_not_for_ever() -> None:
    endless = an_info(expires=None, onset=None, effective=None)
    fresh = planned(a_warning(endless, sent=NOW - hours(11)))
    assert {draft.expires_at for draft in fresh.drafts} == {NOW + hours(1)}
    old = planned(a_warning(endless, sent=NOW - hours(12)))
    assert (old.drafts, old.timers) == ((), ())
    assert why_not(old)["warning-1"] is WhyNot.OVER


def test_a_warning_of_tomorrow_without_an_end_is_not_over_before_it_began() -> None:
    far = an_info(expires=None, onset=NOW + hours(30))
    decided = planned(a_warning(far, sent=NOW - hours(20)))
    assert {draft.expires_at for draft in decided.drafts} == {NOW + hours(42)}


def test_one_info_that_is_over_does_not_silence_the_others() -> None:
    warning = a_warning(an_info(expires=NOW - hours(1)), an_info(severity=Severity.MODERATE))
    decided = planned(warning, residents=[a_candidate(inside=(0, 1))])
    assert {draft.facts.severity for draft in decided.drafts} == {Severity.MODERATE}


# --- who is told


def test_all_caregivers_and_the_person_are_told_at_once_and_one_chain_starts() -> None:
    carers = [a_caregiver(ref=f"c{n}", phone=a_phone(10 + n)) for n in range(3)]
    decided = planned(residents=[a_candidate(a_resident(), *carers)])
    assert set(told(decided)) == {"r1", "c0", "c1", "c2"}
    assert {draft.due_at for draft in decided.drafts} == {NOW}
    assert [(timer.step, timer.due_at) for timer in decided.timers] == [(1, NOW + minutes(10))]
    assert decided.states == {R1: SubjectState.WAITING}


def test_all_rules_that_hold_fire_and_the_strongest_gives_the_words() -> None:
    """A second rule that tells somebody else must not be lost because the first is stronger."""
    strong = a_rule(id="strong", to=(Audience.CAREGIVERS,), escalate=a_chain())
    weak = a_rule(
        id="weak",
        priority=Priority.ROUTINE,
        to=(Audience.CAREGIVERS, Audience.RESIDENT),
        template="gentle",
    )
    decided = planned(rules=rules_of(weak, strong))
    found = {draft.recipient.ref: (draft.rule, draft.template) for draft in decided.drafts}
    assert found == {"c1": ("strong", "care_alert"), "r1": ("weak", "gentle")}
    assert [timer.rule for timer in decided.timers] == ["strong"]


def test_among_rules_of_one_lane_the_first_in_the_files_gives_words_and_timers() -> None:
    late = a_rule(id="a-late", escalate=a_chain(30, 90))
    soon = a_rule(id="z-soon", escalate=a_chain(10, 30))
    decided = planned(rules=rules_of(soon, late))
    assert {draft.rule for draft in decided.drafts} == {"z-soon"}
    assert {timer.rule for timer in decided.timers} == {"z-soon"}


def test_a_rule_without_a_chain_does_not_take_away_the_chain_of_a_weaker_one() -> None:
    strong = a_rule(id="strong")
    weak = a_rule(id="weak", priority=Priority.URGENT, escalate=a_chain())
    assert [timer.rule for timer in planned(rules=rules_of(strong, weak)).timers] == ["weak"]


def test_a_refusal_is_said_once_however_many_rules_agree() -> None:
    nobody = [alone(a_resident(phone=None))]
    decided = planned(rules=rules_of(a_rule(id="a"), a_rule(id="b")), residents=nobody)
    reasons = [entry.reason for entry in decided.not_sent if entry.ref == "r1"]
    assert sorted(reasons) == [WhyNot.NO_CONTACT, WhyNot.NO_PHONE]


def test_whom_nobody_can_tell_is_with_the_desk_at_once() -> None:
    decided = planned(residents=[alone(a_resident(phone=None))])
    assert [(task.kind, task.ref) for task in decided.tasks] == [R1]
    assert decided.states == {R1: SubjectState.WITH_DESK}
    assert decided.timers == ()


def test_a_chain_counts_from_the_moment_the_first_text_may_go_out() -> None:
    """A routine text that waits for the morning must not be overdue in the night."""
    sleeper = a_caregiver(quiet_from=time(5, 0), quiet_to=time(9, 0))
    rule = a_rule(priority=Priority.ROUTINE, escalate=a_chain())
    decided = planned(
        rules=rules_of(rule), residents=[a_candidate(a_resident(phone=None), sleeper)]
    )
    assert [draft.due_at for draft in decided.drafts] == [NOW + hours(3)]
    assert [timer.due_at for timer in decided.timers] == [NOW + hours(3) + minutes(10)]


def test_a_chain_counts_from_the_first_of_several_texts() -> None:
    sleeper = a_caregiver(ref="c2", phone=a_phone(12), quiet_from=time(5), quiet_to=time(9))
    rule = a_rule(priority=Priority.ROUTINE, escalate=a_chain())
    home = a_candidate(a_resident(phone=None), a_caregiver(), sleeper)
    decided = planned(rules=rules_of(rule), residents=[home])
    assert [timer.started_at for timer in decided.timers] == [NOW]


def test_a_facility_s_manager_is_asked_and_the_answer_is_awaited() -> None:
    decided = planned(rules=rules_of(a_facility_rule()), residents=[], facilities=[a_place()])
    draft = decided.drafts[0]
    assert (draft.recipient.kind, draft.kind) == (
        RecipientKind.FACILITY_MANAGER,
        MessageKind.FACILITY_CONFIRM,
    )
    assert dict(draft.expected_replies) == {
        "open": "1",
        "limited": "2",
        "evacuating": "3",
        "closed": "4",
    }
    assert decided.states == {F1: SubjectState.WAITING}


# --- what they heard before


def test_a_cancel_goes_to_exactly_those_who_were_told() -> None:
    shy = a_caregiver(ref="c2", phone=a_phone(12), consent=a_consent(expires=NOW))
    first = planned(residents=[a_candidate(a_resident(), a_caregiver(), shy)])
    ended = planned(cancel(), residents=[], history=after(first))
    assert told(ended) == {"c1": MessageKind.STAND_DOWN, "r1": MessageKind.STAND_DOWN}
    assert ended.states == {R1: SubjectState.STOOD_DOWN}
    assert ended.timers == ()


def test_a_cancel_of_what_nobody_heard_is_told_to_nobody() -> None:
    assert why_not(planned(cancel())) == {"warning-3": WhyNot.CANCEL_WITHOUT_ALERT}


def test_a_cancel_stops_what_has_not_gone_out_and_tells_nobody_of_it() -> None:
    first = planned()
    ended = planned(cancel(), residents=[], history=after(first, pending=True))
    assert ended.drafts == ()
    assert ended.superseded == {(RecipientKind.CAREGIVER, "c1"), (RecipientKind.RESIDENT, "r1")}


def test_a_cancel_closes_the_cases_of_those_who_could_not_be_told() -> None:
    first = planned(residents=[alone(a_resident(phone=None))])
    ended = planned(cancel(), residents=[], history=after(first))
    assert ended.states == {R1: SubjectState.STOOD_DOWN}


def test_a_call_for_help_outlives_the_warning_and_its_updates() -> None:
    called = after(planned(), r1=SubjectState.NEEDS_HELP)
    assert planned(cancel(), residents=[], history=called).states == {}
    worse = planned(update(severity=Severity.EXTREME), history=called)
    assert told(worse) == {"c1": MessageKind.UPDATE, "r1": MessageKind.UPDATE}
    assert (dict(worse.states), worse.timers) == ({}, ())


def test_an_update_without_news_is_silent_and_keeps_what_is_waiting() -> None:
    for pending in (False, True):
        again = planned(update(), history=after(planned(), pending=pending))
        assert (again.drafts, dict(again.states), again.superseded) == ((), {}, frozenset())
        assert why_not(again) == {"c1": WhyNot.NOTHING_CHANGED, "r1": WhyNot.NOTHING_CHANGED}


def test_an_update_that_is_worse_is_told_and_asks_again() -> None:
    safe = after(planned(), r1=SubjectState.SAFE)
    worse = planned(update(severity=Severity.EXTREME), history=safe)
    assert told(worse) == {"c1": MessageKind.UPDATE, "r1": MessageKind.UPDATE}
    assert worse.states == {R1: SubjectState.WAITING}
    assert any("severity Severe -> Extreme" in d.reasons for d in worse.drafts)


def test_an_update_before_the_first_text_went_out_takes_its_place_as_a_first_text() -> None:
    worse = planned(update(severity=Severity.EXTREME), history=after(planned(), pending=True))
    assert set(told(worse).values()) == {MessageKind.ALERT}
    assert worse.superseded == {(RecipientKind.CAREGIVER, "c1"), (RecipientKind.RESIDENT, "r1")}


def test_who_is_outside_after_an_update_is_told_that_it_is_over() -> None:
    moved = planned(update(), residents=[], history=after(planned()))
    assert told(moved) == {"c1": MessageKind.STAND_DOWN, "r1": MessageKind.STAND_DOWN}
    assert moved.states == {R1: SubjectState.STOOD_DOWN}


def test_a_caregiver_of_whom_one_is_still_inside_hears_no_all_clear() -> None:
    two = [a_candidate(a_resident(ref=ref, phone=None)) for ref in ("r1", "r2")]
    moved = planned(update(), residents=two[1:], history=after(planned(residents=two)))
    assert moved.drafts == ()
    assert moved.states == {R1: SubjectState.STOOD_DOWN}


def test_an_area_nobody_can_place_stands_nobody_down() -> None:
    for pending in (False, True):
        before = after(planned(), pending=pending)
        moved = planned(update(), residents=[], history=before, unresolved=frozenset({0}))
        assert (moved.drafts, dict(moved.states), moved.superseded) == ((), {}, frozenset())
        assert why_not(moved)["warning-2"] is WhyNot.AREA_UNRESOLVED


def test_an_unknown_area_of_a_part_that_is_over_changes_nothing() -> None:
    warning = a_warning(
        an_info(), an_info(expires=NOW), identifier="warning-2", msg_type=MsgType.UPDATE
    )
    moved = planned(warning, residents=[], history=after(planned()), unresolved=frozenset({1}))
    assert set(told(moved).values()) == {MessageKind.STAND_DOWN}


def test_who_may_not_be_told_any_more_hears_no_false_all_clear() -> None:
    """Consent ran out between two messages; the danger did not."""
    before = after(planned())
    gone = a_candidate(a_resident(consent=a_consent(expires=NOW)))
    again = planned(update(), residents=[gone], history=before)
    assert "r1" not in told(again)
    assert again.states == {}


def test_a_shared_phone_hears_no_all_clear_beside_a_warning() -> None:
    """The resident was told on a phone that is now the caregiver's text."""
    family = a_phone(7, PhoneSharing.SHARED_HOUSEHOLD)
    before = after(planned(residents=[alone(a_resident(phone=family))]))
    now = a_candidate(a_resident(phone=family), a_caregiver(phone=family))
    again = planned(update(), residents=[now], history=before)
    assert told(again) == {"c1": MessageKind.ALERT}


def test_one_phone_never_hears_a_warning_and_its_end_at_once() -> None:
    """Two caregivers share a phone; the person of one left the area, that of the other came in."""
    shared = a_phone(7)
    one = a_candidate(a_resident(ref="r1", phone=None), a_caregiver(ref="c1", phone=shared))
    two = a_candidate(a_resident(ref="r2", phone=None), a_caregiver(ref="c2", phone=shared))
    moved = planned(update(), residents=[two], history=after(planned(residents=[one])))
    assert told(moved) == {"c2": MessageKind.ALERT}


def test_under_another_message_of_the_incident_nobody_is_stood_down() -> None:
    before = after(planned())
    ended = planned(cancel(), residents=[], history=before, still_warned=frozenset({R1}))
    assert (ended.drafts, dict(ended.states)) == ((), {})
    pending = after(planned(), pending=True)
    ended = planned(cancel(), residents=[], history=pending, still_warned=frozenset({R1}))
    assert ended.superseded == frozenset()


def test_a_phone_that_said_stop_since_hears_no_stand_down_either() -> None:
    office = an_office(suppressed=frozenset({a_phone(2).number}))
    ended = planned(cancel(), residents=[], history=after(planned()), office=office)
    assert told(ended) == {"r1": MessageKind.STAND_DOWN}
    assert why_not(ended) == {"c1": WhyNot.OPTED_OUT}


def test_a_caregiver_hears_of_a_newly_found_person() -> None:
    first = planned(residents=[a_candidate(a_resident(ref="r1", phone=None))])
    both = [a_candidate(a_resident(ref=ref, phone=None)) for ref in ("r1", "r2")]
    again = planned(update(), residents=both, history=after(first))
    assert told(again) == {"c1": MessageKind.UPDATE}
    assert (SubjectKind.RESIDENT, "r2") in again.states


# --- properties over random registers


def a_register(seed: int) -> tuple[list[Candidate], list[Rule]]:
    """A random register of up to twelve homes that share caregivers and phones."""
    dice = random.Random(seed)
    carers = [
        a_caregiver(
            ref=f"c{n}",
            phone=dice.choice([None, a_phone(20 + dice.randrange(8))]),
            consent=dice.choice([a_consent(), a_consent(), a_consent(expires=NOW)]),
            gender=dice.choice(list(Gender)),
        )
        for n in range(6)
    ]
    homes = []
    for n in range(dice.randrange(1, 13)):
        resident = a_resident(
            ref=f"r{n}",
            phone=dice.choice([None, a_phone(20 + dice.randrange(12))]),
            birth_year=dice.choice([None, 1940, 1990, 2015]),
            gender=dice.choice(list(Gender)),
            needs=frozenset(dice.sample(list(Need), dice.randrange(3))),
        )
        chosen = dice.sample(carers, dice.randrange(4))
        homes.append(a_candidate(resident, *chosen) if chosen else alone(resident))
    rules = [a_rule(id="all", escalate=a_chain()), a_rule(id="also", priority=Priority.URGENT)]
    return homes, rules


def with_other_genders(home: Candidate, dice: random.Random) -> Candidate:
    return replace(
        home,
        resident=replace(home.resident, gender=dice.choice(list(Gender))),
        caregivers=tuple(
            (replace(carer, gender=dice.choice(list(Gender))), link)
            for carer, link in home.caregivers
        ),
    )


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), other=st.integers(0, 10**6))
def test_changing_any_gender_changes_nothing_in_the_plan(seed: int, other: int) -> None:
    homes, rules = a_register(seed)
    dice = random.Random(other)
    changed = [with_other_genders(home, dice) for home in homes]
    rule_set = rules_of(*rules)
    assert planned(rules=rule_set, residents=homes) == planned(rules=rule_set, residents=changed)


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_g22_nobody_is_told_twice_and_nobody_is_left_without_a_state(seed: int) -> None:
    homes, rules = a_register(seed)
    decided = planned(rules=rules_of(*rules), residents=homes)
    numbers = [draft.recipient.phone.number for draft in decided.drafts]
    assert len(numbers) == len(set(numbers))
    keys = [draft.idempotency_key for draft in decided.drafts]
    assert len(keys) == len(set(keys))
    assert {ref for _, ref in decided.states} == {home.resident.ref for home in homes}
    heard = {about.ref for draft in decided.drafts for about in draft.about}
    assert heard == {ref for (_, ref), s in decided.states.items() if s is SubjectState.WAITING}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6), order=st.randoms(use_true_random=False))
def test_planning_again_gives_the_same_keys_in_whatever_order_people_come(
    seed: int, order: random.Random
) -> None:
    homes, rules = a_register(seed)
    shuffled = list(homes)
    order.shuffle(shuffled)
    rule_set = rules_of(*rules)
    first = planned(rules=rule_set, residents=homes)
    again = planned(rules=rule_set, residents=shuffled)
    assert {d.idempotency_key for d in first.drafts} == {d.idempotency_key for d in again.drafts}


@settings(max_examples=60, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_g24_close_the_loop_a_cancel_stands_down_just_the_told(seed: int) -> None:
    homes, rules = a_register(seed)
    first = planned(rules=rules_of(*rules), residents=homes)
    ended = planned(cancel(), residents=[], history=after(first))
    assert set(told(ended)) == set(told(first))
    assert set(told(ended).values()) <= {MessageKind.STAND_DOWN}
    assert set(ended.states.values()) <= {SubjectState.STOOD_DOWN}


def test_a_key_names_incident_rule_recipient_step_and_revision() -> None:
    first = planned(residents=[a_candidate(a_resident(phone=None))])
    assert [d.idempotency_key for d in first.drafts] == ["incident-1:rule-1:caregiver/c1:0:0"]
    second = planned(update(severity=Severity.EXTREME), history=after(first))
    assert {d.idempotency_key for d in second.drafts}.isdisjoint(
        {d.idempotency_key for d in first.drafts}
    )


def test_a_facility_and_a_resident_with_one_ref_are_not_mixed_up() -> None:
    rules = rules_of(a_rule(), a_facility_rule())
    same = a_facility(ref="r1")
    first = planned(rules=rules, facilities=[a_place(same)])
    ended = planned(
        update(), rules=rules, residents=[], facilities=[a_place(same)], history=after(first)
    )
    assert set(told(ended)) == {"c1", "r1"}
    assert ended.states == {R1: SubjectState.STOOD_DOWN}


def test_who_hears_it_from_an_authority_elsewhere_is_neither_told_nor_stood_down() -> None:
    decided = plan(
        update(severity=Severity.EXTREME),
        rules_of(a_rule(escalate=a_chain()), a_facility_rule()),
        [a_candidate()],
        [a_place()],
        after(planned()),
        an_office(),
        NOW,
        told_elsewhere=frozenset({R1, F1}),
    )
    assert (decided.drafts, decided.matches, decided.timers, dict(decided.states)) == (
        (),
        (),
        (),
        {},
    )
    assert why_not(decided) == {"r1": WhyNot.TOLD_ELSEWHERE, "f1": WhyNot.TOLD_ELSEWHERE}


def test_a_test_never_stands_anybody_down() -> None:
    odd = replace(cancel(), infos=(an_info(hazard=Hazard.TEST_MESSAGE),))
    assert planned(odd, history=after(planned())).drafts == ()
