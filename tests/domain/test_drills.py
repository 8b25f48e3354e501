"""An exercise on paper: everybody is counted, and nobody in care can ever be told."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.domain.drills import (
    APART,
    Drills,
    WouldTell,
    as_if_real,
    drill_digits,
    drill_plan,
    ends_drill,
    would_tell,
)
from carealert.domain.hazards import Hazard
from carealert.domain.notices import MessageKind, RecipientKind
from carealert.domain.plan import Office, Plan, WhyNot
from carealert.domain.planning import plan
from carealert.domain.rules import Audience, Priority, RuleSet, SubjectKind
from carealert.domain.warnings import HazardWarning, MsgType, Status
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
    an_area,
    an_info,
    an_office,
    hours,
    rules_of,
)

RULES = rules_of(a_rule(escalate=a_chain()), a_facility_rule())
HEARS = {RecipientKind.FACILITY_MANAGER, RecipientKind.DEPUTY_MANAGER, RecipientKind.CITY_DESK}


def an_exercise(**changes: object) -> HazardWarning:
    return a_warning(**{"status": Status.EXERCISE, **changes})


def rehearsed(
    setting: Drills = Drills.FACILITIES,
    warning: HazardWarning | None = None,
    rules: RuleSet = RULES,
    office: Office | None = None,
    facilities: int = 1,
) -> Plan:
    """Of a resident with a phone, a caregiver who agreed and one who did not, and facilities."""
    warning, office = warning or an_exercise(), office or an_office()
    people = [
        a_candidate(
            a_resident(),
            a_caregiver(),
            a_caregiver(ref="c2", phone=a_phone(7), consent=a_consent(expires=NOW - hours(1))),
        )
    ]
    places = [a_place(a_facility(ref=f"f{n}")) for n in range(1, facilities + 1)]
    history = a_history(incident="drill-1")
    on_paper = plan(as_if_real(warning), rules, people, places, history, office, NOW)
    return drill_plan(warning, on_paper, rules, setting, office, "drill-1", NOW)


@pytest.mark.parametrize(
    ("setting", "heard"),
    [
        (Drills.BOARD, []),
        (Drills.DESK, ["desk"]),
        (Drills.FACILITIES, ["desk", "f1"]),
    ],
)
def test_who_hears_of_an_exercise_is_the_offices_choice(setting: Drills, heard: list[str]) -> None:
    decided = rehearsed(setting)
    assert [draft.recipient.ref for draft in decided.drafts] == heard
    assert would_tell(decided) == WouldTell(2, 1, {"confirm": 1, "rule-1": 2})


def test_an_exercise_is_planned_in_full_and_sets_nothing_going() -> None:
    decided = rehearsed()
    assert {(m.kind, m.ref) for m in decided.matches} == {
        (SubjectKind.RESIDENT, "r1"),
        (SubjectKind.FACILITY, "f1"),
    }
    assert (decided.timers, decided.tasks, dict(decided.states)) == ((), (), {})
    assert decided.superseded == frozenset()
    why = {(entry.ref, entry.reason) for entry in decided.not_sent}
    assert why == {
        ("warning-1", WhyNot.NOT_ACTUAL),
        ("r1", WhyNot.DRILL),
        ("c1", WhyNot.DRILL),
        ("f1", WhyNot.DRILL),
        ("c2", WhyNot.NO_CONSENT),
    }


def test_the_desk_hears_how_many_and_by_what() -> None:
    (to_desk,) = rehearsed(Drills.DESK).drafts
    assert dict(to_desk.numbers) == {"people": 2, "facilities": 1}
    assert (to_desk.kind, to_desk.template) == (MessageKind.DRILL, "drill_desk")
    assert to_desk.priority is Priority.ROUTINE
    assert to_desk.facts.hazard is Hazard.TROPICAL_CYCLONE
    assert to_desk.expires_at == NOW + hours(12), "the assumed life, before the warning's end"


def test_an_exercise_that_says_so_in_its_text_is_planned_as_what_it_plays() -> None:
    says_so = an_info(hazard=Hazard.TEST_MESSAGE, hazard_if_real=Hazard.TROPICAL_CYCLONE)
    decided = rehearsed(warning=an_exercise(infos=(says_so,)))
    assert [draft.facts.hazard for draft in decided.drafts] == [Hazard.TROPICAL_CYCLONE] * 2


def test_an_exercise_elsewhere_bothers_nobody() -> None:
    rules = rules_of(a_rule(hazard={Hazard.FLOOD}))
    assert rehearsed(rules=rules).drafts == ()


def test_without_a_desk_phone_only_managers_are_asked() -> None:
    decided = rehearsed(office=an_office(desk=None))
    assert [draft.recipient.ref for draft in decided.drafts] == ["f1"]


def test_a_phone_that_said_stop_is_not_asked_in_an_exercise_either() -> None:
    office = an_office(suppressed=frozenset({a_phone(3).number}))
    assert [draft.recipient.ref for draft in rehearsed(office=office).drafts] == ["desk"]


def test_questions_go_out_apart_so_that_no_gateway_is_full_of_them() -> None:
    due = [draft.due_at for draft in rehearsed(facilities=4).drafts]
    assert due == [NOW, NOW + APART, NOW + 2 * APART, NOW + 3 * APART, NOW + 4 * APART]


def test_each_hears_once_of_a_drill_whatever_its_messages_say() -> None:
    alert, update = rehearsed(), rehearsed(warning=an_exercise(msg_type=MsgType.UPDATE))
    keys = {draft.idempotency_key for draft in alert.drafts}
    assert keys == {draft.idempotency_key for draft in update.drafts}
    assert len(keys) == 2


def test_a_drill_s_digits_are_those_of_no_real_question() -> None:
    rules = rules_of(a_rule(), a_facility_rule(), a_rule(id="rest", expect_reply={"rest": "7"}))
    found = drill_digits(("open", "limited", "evacuating", "closed"), rules)
    assert found == {"open": "5", "limited": "6", "evacuating": "8", "closed": "9"}
    busy = rules_of(a_rule(expect_reply={str(n): str(n) for n in range(1, 9)}))
    assert drill_digits(("open", "closed"), busy) == {"open": "9", "closed": "10"}


@pytest.mark.parametrize(
    ("changes", "over"),
    [
        ({}, False),
        ({"msg_type": MsgType.UPDATE}, False),
        ({"msg_type": MsgType.CANCEL}, True),
        ({"msg_type": MsgType.ACK}, False),
        ({"infos": (an_info(expires=NOW - hours(1)),)}, True),
    ],
)
def test_a_drill_ends_with_its_cancel_or_its_time(changes: dict[str, object], over: bool) -> None:
    assert ends_drill(an_exercise(**changes), an_office(), NOW) is over


def test_several_places_are_named_for_the_desk() -> None:
    areas = tuple(an_area(area_desc=name) for name in ("Barguna", "Bhola", "Patuakhali"))
    (to_desk,) = rehearsed(Drills.DESK, an_exercise(infos=(an_info(areas=areas),))).drafts
    assert dict(to_desk.facts.places) == {"en": "Barguna, Bhola"}


@given(
    audiences=st.sets(st.sampled_from(list(Audience)), min_size=1),
    kind=st.sampled_from(list(SubjectKind)),
    setting=st.sampled_from(list(Drills)),
    msg_type=st.sampled_from(list(MsgType)),
    priority=st.sampled_from(list(Priority)),
)
@settings(max_examples=80, deadline=None)
def test_no_rule_and_no_setting_makes_an_exercise_reach_a_home(
    audiences: set[Audience],
    kind: SubjectKind,
    setting: Drills,
    msg_type: MsgType,
    priority: Priority,
) -> None:
    rule = replace(a_rule(kind=kind, priority=priority, to=tuple(sorted(audiences))), id="any")
    decided = rehearsed(setting, an_exercise(msg_type=msg_type), rules_of(rule))
    assert {draft.recipient.kind for draft in decided.drafts} <= HEARS
    assert {draft.kind for draft in decided.drafts} <= {MessageKind.DRILL}
    assert {draft.priority for draft in decided.drafts} <= {Priority.ROUTINE}
