"""The Plan as `rules try` prints it: a stable shape, and nobody's name or phone in it."""

import json
from datetime import timedelta

import pytest

from carealert.adapters.plan_json import Rates, plan_json
from carealert.domain.people import Need
from carealert.domain.planning import plan
from tests.support.builders import (
    NOW,
    a_candidate,
    a_caregiver,
    a_chain,
    a_facility_rule,
    a_history,
    a_place,
    a_resident,
    a_rule,
    a_warning,
    alone,
    an_office,
    rules_of,
)
from tests.support.fakes import PlainComposer

HOMES = [
    a_candidate(
        a_resident(name="Amina Rahman", label="Nani", needs=frozenset({Need.DIALYSIS})),
        a_caregiver(name="Karim Rahman"),
    ),
    alone(a_resident(ref="r2", phone=None)),
]
RULES = rules_of(a_rule(escalate=a_chain(), programme="top-up"), a_facility_rule())
DECIDED = plan(
    a_warning(),
    RULES,
    HOMES,
    [a_place()],
    a_history(),
    an_office(),
    NOW,
)
NOTICES = PlainComposer().compose(DECIDED.drafts)
DATA = plan_json(DECIDED, NOTICES, {"woman": 2}, Rates(0.05, 2.0), RULES, NOW)


def test_the_keys_are_those_that_scripts_rely_on() -> None:
    assert list(DATA) == ["warning", "matches", "notices", "not_sent", "summary", "drill"]
    assert set(DATA["matches"][0]) == {"kind", "ref", "rule", "reasons"}
    assert set(DATA["notices"][0]) == {
        *("recipient_kind", "recipient_ref", "about", "rule", "step", "priority", "channel"),
        *("language", "template", "text", "encoding", "segments", "due_at", "expires_at"),
        *("idempotency_key", "reasons"),
    }
    assert set(DATA["not_sent"][0]) == {"kind", "ref", "rule", "reason"}
    assert set(DATA["summary"]) == {
        *("residents", "facilities", "recipients", "notices", "segments"),
        *("by_gender", "by_language", "estimated_cost", "estimated_minutes"),
        *("lead_minutes", "late_minutes", "programmes"),
    }


def test_the_values_are_the_decision() -> None:
    assert DATA["summary"] == {
        "residents": 2,
        "facilities": 1,
        "recipients": 3,
        "notices": 3,
        "segments": 3,
        "by_gender": {"woman": 2},
        "by_language": {"en": 3},
        "estimated_cost": 0.15,
        "estimated_minutes": 0.03,
        "lead_minutes": 480.0,
        "late_minutes": 0.0,
        "programmes": {"top-up": 2},
    }
    first = DATA["notices"][0]
    assert (first["recipient_kind"], first["recipient_ref"], first["about"]) == (
        "caregiver",
        "c1",
        ["r1"],
    )
    assert (first["priority"], first["channel"], first["encoding"]) == (
        "life_threatening",
        "sms",
        "GSM-7",
    )
    assert first["due_at"] == NOW.isoformat()
    assert first["expires_at"] == (NOW + timedelta(hours=32)).isoformat()
    assert first["idempotency_key"] == "incident-1:rule-1:caregiver/c1:0:0"
    assert {entry["reason"].split(":")[0] for entry in DATA["not_sent"]} == {
        "no_contact",
        "no_phone",
    }


@pytest.mark.parametrize(
    ("per_second", "hours_later", "lead", "late"),
    [
        (2.0, 0, 480.0, 0.0),
        (0.0001, 0, 480.0, 20.0),  # 3 segments take 500 minutes
        (0.0001, 8, 0.0, 500.0),
        (0.0001, 9, 0.0, 500.0),
    ],
)
def test_sending_that_takes_longer_than_the_lead_time_is_late(
    per_second: float, hours_later: int, lead: float, late: float
) -> None:
    now = NOW + timedelta(hours=hours_later)
    summary = plan_json(DECIDED, NOTICES, {}, Rates(0.05, per_second), RULES, now)["summary"]
    assert (summary["lead_minutes"], summary["late_minutes"]) == (lead, late)


def test_nobody_s_name_or_phone_is_in_it() -> None:
    text = json.dumps(DATA)
    for secret in ("Amina", "Karim", "Rahman", "+1", "5550"):
        assert secret not in text
