"""When nobody answers: reminders to people, then a task for a person of the city."""

from dataclasses import replace

import pytest

from carealert.domain.channels import Ways
from carealert.domain.consequences import next_timer
from carealert.domain.following import NOBODY_ANSWERED, RULE_GONE, FollowUp, Subjects, follow
from carealert.domain.notices import Channel, MessageKind, RecipientKind
from carealert.domain.plan import Candidate, Timer, WhyNot
from carealert.domain.planning import plan
from carealert.domain.rules import Audience, EscalationStep, RuleSet, SubjectKind
from carealert.domain.warnings import Severity
from tests.support.builders import (
    NOW,
    a_candidate,
    a_caregiver,
    a_chain,
    a_facility,
    a_facility_rule,
    a_history,
    a_phone,
    a_place,
    a_resident,
    a_rule,
    a_warning,
    an_info,
    an_office,
    an_organisation,
    hours,
    minutes,
    rules_of,
)

CHAIN = rules_of(a_rule(escalate=a_chain()))


def home(ref: str = "r1", *carers: str) -> Candidate:
    named = [a_caregiver(ref=name, phone=a_phone(10 + int(name[1:]))) for name in carers or ("c1",)]
    return a_candidate(a_resident(ref=ref, phone=None), *named)


def subjects(*homes: Candidate) -> Subjects:
    return {(SubjectKind.RESIDENT, one.resident.ref): one for one in homes}


def timers_of(rules: RuleSet, *homes: Candidate) -> tuple[Timer, ...]:
    return plan(a_warning(), rules, homes, [], a_history(), an_office(), NOW).timers


def followed(timers: tuple[Timer, ...], rules: RuleSet, found: Subjects) -> FollowUp:
    at = timers[0].due_at
    return follow(timers, a_warning(), rules, found, an_office(), at)


def test_a_severity_has_a_chain_of_its_own_and_the_others_have_theirs() -> None:
    faster = (EscalationStep(minutes(5), (Audience.CITY_DESK,), "desk"),)
    rules = rules_of(
        a_rule(escalate=a_chain(), escalate_by_severity={Severity.EXTREME: faster}),
    )
    homes = home("r1", "c1")
    for severity, after, kind in (
        (Severity.EXTREME, minutes(5), MessageKind.DESK),
        (Severity.SEVERE, a_chain()[0].after, MessageKind.REMINDER),
        (None, a_chain()[0].after, MessageKind.REMINDER),
    ):
        warning = a_warning(an_info(severity=severity))
        decided = plan(warning, rules, [homes], [], a_history(), an_office(), NOW)
        assert [timer.due_at for timer in decided.timers] == [NOW + after]
        at = NOW + after
        done = follow(decided.timers, warning, rules, subjects(homes), an_office(), at)
        assert [draft.kind for draft in done.drafts] == [kind]
        assert bool(done.tasks) is (severity is Severity.EXTREME)
        [(_, following)] = done.advances
        assert (following is None) is (severity is Severity.EXTREME)


def test_silence_reminds_every_caregiver_and_the_next_step_counts_from_the_first_text() -> None:
    homes = home("r1", "c1", "c2")
    done = followed(timers_of(CHAIN, homes), CHAIN, subjects(homes))
    assert {(d.recipient.ref, d.kind, d.template) for d in done.drafts} == {
        ("c1", MessageKind.REMINDER, "reminder"),
        ("c2", MessageKind.REMINDER, "reminder"),
    }
    assert done.tasks == ()
    following = done.advances[0][1]
    assert following is not None
    assert (following.step, following.due_at) == (2, NOW + minutes(30))


def test_a_caregiver_of_four_is_reminded_once_of_all() -> None:
    homes = [home(f"r{n}") for n in range(4)]
    done = followed(timers_of(CHAIN, *homes), CHAIN, subjects(*homes))
    assert [[about.ref for about in d.about] for d in done.drafts] == [["r0", "r1", "r2", "r3"]]


def test_the_last_step_gives_the_desk_a_text_and_a_task_and_ends_the_chain() -> None:
    homes = [home("r1"), home("r2")]
    second = tuple(
        next_timer(timer, CHAIN.rules[0].do.escalate) or timer for timer in timers_of(CHAIN, *homes)
    )
    done = followed(second, CHAIN, subjects(*homes))
    assert [(d.recipient.kind, d.kind, d.template) for d in done.drafts] == [
        (RecipientKind.CITY_DESK, MessageKind.DESK, "desk")
    ]
    assert [about.ref for about in done.drafts[0].about] == ["r1", "r2"]
    assert dict(done.drafts[0].expected_replies) == {}
    assert {(task.ref, task.reason) for task in done.tasks} == {
        ("r1", NOBODY_ANSWERED),
        ("r2", NOBODY_ANSWERED),
    }
    assert [following for _, following in done.advances] == [None, None]


def test_the_desk_hears_of_silence_even_after_the_warning_ended() -> None:
    timer = timers_of(CHAIN, home())[0]
    late = replace(timer, step=2, due_at=NOW + hours(40))
    draft = followed((late,), CHAIN, subjects(home())).drafts[0]
    assert draft.expires_at > NOW + hours(40)


def test_without_a_desk_phone_the_task_is_there_all_the_same() -> None:
    timer = replace(timers_of(CHAIN, home())[0], step=2)
    office = an_office(desk=None)
    done = follow((timer,), a_warning(), CHAIN, subjects(home()), office, NOW)
    assert (done.drafts, len(done.tasks)) == ((), 1)


def test_a_chain_that_does_not_name_the_desk_still_ends_with_a_person() -> None:
    rules = rules_of(
        a_rule(escalate=(EscalationStep(minutes(10), (Audience.CAREGIVERS,), "reminder"),))
    )
    done = followed(timers_of(rules, home()), rules, subjects(home()))
    assert len(done.drafts) == 1
    assert [task.reason for task in done.tasks] == [NOBODY_ANSWERED]


@pytest.mark.parametrize("rules", [rules_of(a_rule(id="another")), rules_of(a_rule())])
def test_a_rule_that_is_gone_or_shorter_gives_the_case_to_the_desk(rules: RuleSet) -> None:
    done = followed(timers_of(CHAIN, home()), rules, subjects(home()))
    assert [(task.ref, task.reason) for task in done.tasks] == [("r1", RULE_GONE)]
    assert done.advances[0][1] is None


def test_who_is_not_registered_any_more_is_left_alone() -> None:
    done = followed(timers_of(CHAIN, home()), CHAIN, {})
    assert (done.drafts, done.tasks) == ((), ())
    assert done.gone == ((SubjectKind.RESIDENT, "r1"),)
    assert done.advances[0][1] is None


def test_a_missing_deputy_is_said_and_the_desk_is_next_at_once() -> None:
    rules = rules_of(a_facility_rule())
    place = a_place(a_facility(deputy=None))
    first = plan(a_warning(), rules, [], [place], a_history(), an_office(), NOW).timers
    done = followed(first, rules, {(SubjectKind.FACILITY, "f1"): place})
    assert [entry.reason for entry in done.not_sent] == [WhyNot.NO_CONTACT]
    following = done.advances[0][1]
    assert following is not None
    assert following.due_at == first[0].due_at, "to wait for nobody helps nobody"


def test_a_reminder_has_the_revision_of_its_first_text_and_a_key_of_its_own() -> None:
    timer = replace(timers_of(CHAIN, home())[0], revision=3)
    draft = followed((timer,), CHAIN, subjects(home())).drafts[0]
    assert draft.idempotency_key == ("incident-1:rule-1:caregiver/c1:1:3:20260526T061000.000000Z")


def test_two_homes_that_come_to_a_step_at_different_times_are_two_reminders() -> None:
    """Found: the second reminder had the key of the first, and the outbox took it for that one."""
    homes = home("r1"), home("r2")
    first, second = timers_of(CHAIN, *homes)
    later = replace(second, due_at=second.due_at + minutes(3))
    drafts = [followed((timer,), CHAIN, subjects(*homes)).drafts[0] for timer in (first, later)]
    assert len({draft.idempotency_key for draft in drafts}) == 2


def test_silence_is_asked_again_by_the_other_way() -> None:
    calls = replace(an_office(), ways=Ways(frozenset({"en"})))
    chain = (EscalationStep(minutes(10), (Audience.CAREGIVERS,), "reminder", True), *a_chain()[1:])
    rules = rules_of(a_rule(escalate=chain))
    reads = a_candidate(a_resident(ref="r1", phone=None), a_caregiver(ref="c1"))
    listens = a_candidate(a_resident(ref="r1", phone=None), a_caregiver(ref="c1", literacy="no"))
    for one, ways in (
        (reads, (Channel.SMS, Channel.VOICE)),
        (listens, (Channel.VOICE, Channel.SMS)),
    ):
        decided = plan(a_warning(), rules, [one], [], a_history(), calls, NOW)
        at = decided.timers[0].due_at
        done = follow(decided.timers, a_warning(), rules, subjects(one), calls, at)
        assert (decided.drafts[0].channel, done.drafts[0].channel) == ways
    sms_only = plan(a_warning(), rules, [listens], [], a_history(), an_office(), NOW)
    assert sms_only.drafts[0].channel is Channel.SMS, "what nobody carries would wait for ever"


def test_whom_no_message_reaches_a_messenger_goes_to_at_once() -> None:
    relay = EscalationStep(minutes(20), (Audience.RELAY,), "relay")
    desk = EscalationStep(minutes(30), (Audience.CITY_DESK,), "desk")
    rules = rules_of(a_rule(escalate=(relay, desk)))
    alone = replace(a_candidate(a_resident(ref="r1", phone=None)), caregivers=())
    visited = replace(alone, messengers=(an_organisation("m1", a_phone(40)),))
    decided = plan(a_warning(), rules, [visited], [], a_history(), an_office(), NOW)
    [timer] = decided.timers
    assert (timer.step, timer.due_at, decided.tasks) == (1, NOW, ())
    done = follow(decided.timers, a_warning(), rules, subjects(visited), an_office(), NOW)
    assert [draft.recipient.kind for draft in done.drafts] == [RecipientKind.RELAY]
    [(_, following)] = done.advances
    assert following is not None
    assert following.due_at == NOW + minutes(10), "as soon after the messenger as for others"
    nobody = plan(a_warning(), rules, [alone], [], a_history(), an_office(), NOW)
    assert (len(nobody.tasks), nobody.timers) == (1, ())
