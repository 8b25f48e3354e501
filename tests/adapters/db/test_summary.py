"""The outcome counts people once and tells apart what happened to notices, on both databases."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, Table, insert

from carealert.adapters.db import tables
from carealert.adapters.db.summary import read_outcome
from carealert.services.ports.summary import Outcome
from tests.support.builders import NOW

INCIDENT = "11111111-1111-1111-1111-111111111111"


def put(connection: Connection, table: Table, *rows: dict[str, Any]) -> None:
    connection.execute(insert(table), list(rows))


def a_stored_warning(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": number,
        "sender": "met@example.org",
        "identifier": f"w{number}",
        "sent": NOW,
        "incident": INCIDENT,
        "revision": number,
        "status": "Actual",
        "msg_type": "Alert",
        "body": {},
        "document_id": 1,
        "received_at": NOW,
    } | changes


def a_stored_notice(number: int, **changes: Any) -> dict[str, Any]:
    return {
        "id": f"n{number}",
        "idempotency_key": f"k{number}",
        "incident": INCIDENT,
        "revision": 0,
        "warning_id": 1,
        "recipient_kind": "caregiver",
        "recipient_ref": f"C{number}",
        "phone_hash": b"h",
        "phone_sealed": b"s",
        "phone_sharing": "private",
        "about": ["R1"],
        "rule": "rule-1",
        "step": 0,
        "kind": "alert",
        "priority": 0,
        "channel": "sms",
        "wording": "private",
        "template": "cyclone",
        "language": "bn",
        "wanted_language": "bn",
        "facts": {},
        "text_sealed": b"t",
        "encoding": "UCS-2",
        "segments": 2,
        "expected_replies": {},
        "reasons": [],
        "created_at": NOW,
        "due_at": NOW,
        "expires_at": NOW + timedelta(hours=1),
        "state": "sent",
        "delivered_at": None,
        "answered_at": None,
    } | changes


def a_timer(ref: str, step: int, state: str) -> dict[str, Any]:
    return {
        "incident": INCIDENT,
        "kind": "resident",
        "ref": ref,
        "rule": "rule-1",
        "step": step,
        "revision": 0,
        "warning_id": 1,
        "info": 0,
        "started_at": NOW,
        "due_at": NOW,
        "state": state,
    }


@pytest.fixture
def outcome(engine: Engine) -> Outcome:
    with engine.begin() as connection:
        _an_incident(connection)
        return read_outcome(connection)


def _an_incident(connection: Connection) -> None:
    document = {"id": 1, "url": "http://x.example/1", "sha256": "0" * 64, "body": b""}
    put(connection, tables.document, document | {"fetched_at": NOW})
    put(
        connection,
        tables.warning,
        a_stored_warning(1),
        a_stored_warning(2, msg_type="Update"),
        a_stored_warning(3, status=None, msg_type=None),
        a_stored_warning(4),
    )
    decisions = [
        {"id": n, "warning_id": n, "incident": INCIDENT, "rules_version": "v", "decided_at": NOW}
        for n in (1, 2)
    ]
    put(connection, tables.decision, *decisions)
    match = {"decision_id": 1, "kind": "resident", "ref": "R1", "rule": "a", "info": 0}
    match["reasons"] = []
    put(
        connection,
        tables.match,
        match,
        match | {"rule": "b"},  # two rules matched one person
        match | {"decision_id": 2},  # and so did the update
        match | {"ref": "R2"},
        match | {"kind": "facility", "ref": "R1"},  # a place may have the same ref
    )
    why = {"decision_id": 1, "kind": "caregiver", "ref": "C9", "rule": "a", "detail": "d"}
    put(
        connection,
        tables.not_sent,
        why | {"reason": "no_phone"},
        why | {"reason": "no_phone", "decision_id": 2},
        why | {"reason": "no_phone", "ref": "C8"},
        why | {"reason": "opted_out"},
    )
    put(
        connection,
        tables.notice,
        a_stored_notice(1, delivered_at=NOW, answered_at=NOW),
        a_stored_notice(2, delivered_at=NOW, language="en", segments=1),
        a_stored_notice(3, state="failed", priority=2, kind="stand_down"),
    )
    states = [("R1", "safe"), ("R2", "with_desk"), ("R3", "with_desk")]
    subject = {"incident": INCIDENT, "kind": "resident", "since": NOW}
    put(connection, tables.subject, *(subject | {"ref": r, "state": s} for r, s in states))
    put(
        connection,
        tables.escalation_timer,
        a_timer("R1", 1, "stopped"),
        a_timer("R2", 1, "fired"),
        a_timer("R2", 2, "fired"),
        a_timer("R3", 1, "fired"),
        a_timer("R4", 1, "waiting"),
    )
    task = {"incident": INCIDENT, "kind": "resident", "what": "call", "created_at": NOW}
    put(
        connection,
        tables.task,
        task | {"ref": "R2", "closed_at": None},
        task | {"ref": "R3", "closed_at": datetime(2026, 5, 26, 7, tzinfo=UTC)},
    )


def test_warnings_count_by_status_and_kind_of_message(outcome: Outcome) -> None:
    assert outcome.warnings == {
        "Actual Alert": 2,
        "Actual Update": 1,
        "no status no msgType": 1,
    }


def test_a_person_matched_by_two_rules_and_an_update_counts_once(outcome: Outcome) -> None:
    assert (outcome.residents_matched, outcome.facilities_matched) == (2, 1)


def test_notices_count_by_lane_channel_language_kind_and_state(outcome: Outcome) -> None:
    assert outcome.notices == 3
    assert outcome.notices_by_priority == {"life_threatening": 2, "routine": 1}
    assert outcome.notices_by_channel == {"sms": 3}
    assert outcome.notices_by_language == {"bn": 2, "en": 1}
    assert outcome.notices_by_kind == {"alert": 2, "stand_down": 1}
    assert outcome.notices_by_state == {"sent": 2, "failed": 1}
    assert outcome.segments == 5
    assert (outcome.delivered, outcome.answered) == (2, 1)


def test_a_subject_counts_as_escalated_once_and_only_if_a_step_was_taken(outcome: Outcome) -> None:
    assert outcome.escalated == 2
    assert outcome.open_tasks == 1
    assert outcome.subjects == {"with_desk": 2, "safe": 1}


def test_a_reason_counts_each_person_once_however_often_it_came_up(outcome: Outcome) -> None:
    assert outcome.not_sent == {"no_phone": 2, "opted_out": 1}


def test_an_empty_store_has_an_outcome_of_nothing(engine: Engine) -> None:
    with engine.connect() as connection:
        assert read_outcome(connection) == Outcome()
