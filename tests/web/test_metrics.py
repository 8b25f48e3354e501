"""What monitoring reads: each number by hand, who may read it, and nobody in it."""

from datetime import datetime, timedelta

import pytest
from fastapi import APIRouter, FastAPI
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import Engine, insert, update
from starlette.responses import Response
from starlette.testclient import TestClient

from carealert.adapters.db import tables
from carealert.adapters.db.board.reader import SqlBoard
from carealert.adapters.db.meters import SqlMeters
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import DeliveryStatus
from carealert.domain.pauses import Pause
from carealert.domain.rules import Priority
from carealert.services.auditing import audit
from carealert.services.ports.outbox import FailureAction
from carealert.web.app import create_app
from carealert.web.metrics import GAUGES, HOOK_SECONDS
from carealert.web.options import WebOptions
from tests.support.builders import NOW, hours, minutes
from tests.support.delivery import (
    FakeChannel,
    SetClock,
    a_timer,
    a_told,
    accepted,
    add,
    caregivers,
    claim,
    close,
    deliver_until_empty,
    failing,
    start_timers,
)
from tests.support.web_app import ZONE, local_client

HOLDS = {"due_at": NOW, "expires_at": NOW + hours(9)}
TOKEN = "a token of monitoring"


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return caregivers(engine, sealer, 6)


def app_at(
    db: SqlDatabase, now: datetime, options: WebOptions | None = None, *hooks: APIRouter
) -> FastAPI:
    meters = SqlMeters(db.engine)
    settings = options or WebOptions(ZONE)
    return create_app(SqlBoard(db.engine), hooks, settings, lambda: now, meters=meters)


def read(client: TestClient) -> dict[tuple[str, ...], float]:
    """(name without prefix, label values in the order of the labels' names) -> value."""
    families = text_string_to_metric_families(client.get("/metrics").text)
    return {
        (
            sample.name.removeprefix("carealert_"),
            *(value for _, value in sorted(sample.labels.items())),
        ): sample.value
        for family in families
        for sample in family.samples
    }


def at(db: SqlDatabase, after: timedelta) -> dict[tuple[str, ...], float]:
    return read(local_client(app_at(db, NOW + after)))


def test_a_lane_tells_how_many_wait_and_how_long_the_oldest(db: SqlDatabase) -> None:
    add(db, a_told(0, priority=Priority.URGENT, **HOLDS))
    add(db, a_told(1, priority=Priority.URGENT, **(HOLDS | {"due_at": NOW + minutes(2)})))
    add(db, a_told(2, priority=Priority.ROUTINE, **(HOLDS | {"due_at": NOW + hours(1)})))
    found = at(db, minutes(1.5))
    assert found["queue_notices", "urgent", "due"] == 1
    assert found["queue_oldest_seconds", "urgent"] == 90
    assert found["queue_notices", "routine", "due"] == 0
    assert found["queue_oldest_seconds", "routine"] == 0
    assert at(db, minutes(3))["queue_notices", "urgent", "due"] == 2


def test_what_is_claimed_and_what_is_lost_stand_apart(db: SqlDatabase) -> None:
    add(db, a_told(0, **HOLDS))
    lost = FakeChannel(failing(FailureAction.UNKNOWN))
    deliver_until_empty(db, lost, "w", lambda: NOW)
    add(db, a_told(1, priority=Priority.ROUTINE, **HOLDS))
    claim(db)
    found = at(db, minutes(7))
    lanes = {key[1:]: n for key, n in found.items() if key[0] == "queue_notices" and n}
    lane = next(name for name, state in lanes if state == "unknown")
    assert lanes == {(lane, "unknown"): 1, ("routine", "claimed"): 1}
    assert found["unknown_oldest_seconds",] == 420


def test_ratios_are_of_the_last_hour_and_wait_for_receipts(db: SqlDatabase) -> None:
    asking = HOLDS | {"expected_replies": {"safe": "1"}}
    old = a_told(5, **asking)
    add(db, old, now=NOW)
    close(db, *(accepted(one) for one in claim(db)), now=NOW - minutes(61))
    add(db, a_told(0, **asking), a_told(1, **asking), a_told(2, **HOLDS, expected_replies={}))
    first, second, third = claim(db)
    close(db, accepted(first), accepted(second), now=NOW)
    with db.transaction() as stores:
        stores.outbox.receipt(
            f"{first.id}.1", f"SM-{first.id}", DeliveryStatus.DELIVERED, None, NOW
        )
        stores.replies.answered(first.id, "safe", NOW)
    assert at(db, minutes(1)).get(("delivery_ratio", "sms")) is None
    close(db, accepted(third), now=NOW + minutes(10))
    found = at(db, minutes(11))
    assert (found["handed_over_1h", "sms"], found["delivery_ratio", "sms"]) == (2, 0.5)
    assert found["notices_ended", "sms", "sent"] == 4
    asked = found["asking_1h", "sms"]
    assert found["acknowledgement_ratio", "sms"] == pytest.approx(1 / asked)
    assert ("delivery_ratio", "sms") not in at(db, hours(3))


def test_what_went_out_just_now_is_counted_by_sender(db: SqlDatabase) -> None:
    add(db, a_told(0, **HOLDS), a_told(1, **HOLDS))
    deliver_until_empty(db, FakeChannel(), "w", lambda: NOW)
    assert at(db, minutes(4))["sent_5m", "sms", "sms"] == 2
    assert at(db, minutes(6))["sent_5m", "sms", "sms"] == 0


def test_an_overdue_step_tells_how_late_it_is(db: SqlDatabase) -> None:
    start_timers(db.engine, a_timer())
    assert at(db, minutes(9))["timers_due",] == 0
    found = at(db, minutes(13))
    assert (found["timers_due",], found["timers_late_seconds",]) == (1, 180)


def test_a_sender_that_rests_and_what_is_paused_are_told_without_an_officer_s_words(
    db: SqlDatabase,
) -> None:
    with db.engine.begin() as connection:
        rests = {"name": "sms", "failures": 3, "rests_until": NOW + minutes(1)}
        connection.execute(insert(tables.sender).values(**rests))
    with db.transaction() as stores:
        for what in ("routine", "sender:sms", "sender:Amina +1 202 555 0123"):
            stores.notices.pause(Pause(what, NOW, NOW + hours(1), "admin", "why"))
    found = at(db, timedelta(seconds=30))
    assert (found["sender_resting", "sms"], found["sender_failures", "sms"]) == (1, 3)
    assert {key[1] for key in found if key[0] == "paused"} == {
        "routine",
        "sender:sms",
        "sender:other",
    }
    assert at(db, hours(2))["sender_resting", "sms"] == 0


def test_the_auditor_s_last_beat_is_told_also_where_nothing_changes(db: SqlDatabase) -> None:
    assert ("audit_age_seconds",) not in at(db, timedelta())
    audit(db, None, NOW)
    audit(db, None, NOW + minutes(1))
    assert at(db, minutes(3))["audit_age_seconds",] == 120


def test_a_feed_is_never_named_by_a_phone(db: SqlDatabase) -> None:
    row = {"name": "call +1 202 555 0123", "url": "https://x.example", "format": "cap"}
    with db.engine.begin() as connection:
        connection.execute(insert(tables.feed).values(**row, interval_s=60, enabled=True))
    text = local_client(app_at(db, NOW)).get("/metrics").text
    assert 'feed="call …"' in text
    assert "555" not in text


def test_what_takes_long_is_read_once_for_a_crowd_of_askers(db: SqlDatabase) -> None:
    clock = SetClock()
    meters = SqlMeters(db.engine)
    app = create_app(SqlBoard(db.engine), (), WebOptions(ZONE), clock, meters=meters)
    add(db, a_told(0, **HOLDS))
    ends = update(tables.notice).values(state="expired")
    assert ("notices_ended", "sms", "expired") not in read(local_client(app))
    with db.engine.begin() as connection:
        connection.execute(ends)
    clock.move(59)
    assert ("notices_ended", "sms", "expired") not in read(local_client(app))
    clock.move(1)
    assert read(local_client(app))["notices_ended", "sms", "expired"] == 1


@pytest.fixture
def hooked(db: SqlDatabase) -> TestClient:
    router = APIRouter()

    @router.post("/hooks/twilio/status/{reference}")
    def status(reference: str) -> Response:
        if reference == "breaks":
            raise ValueError
        return Response(status_code=204)

    app = app_at(db, NOW, None, router)
    return TestClient(
        app,
        base_url="http://127.0.0.1",
        client=("127.0.0.1", 50000),
        raise_server_exceptions=False,
    )


def test_a_webhook_s_time_is_kept_by_hook_and_status_and_not_by_whom_it_is_about(
    hooked: TestClient,
) -> None:
    hooked.post("/hooks/twilio/status/a-notice.1")
    hooked.post("/hooks/twilio/status/breaks")
    hooked.post("/hooks/+12025550123")
    counts = {key[1:]: n for key, n in read(hooked).items() if key[0] == "hook_seconds_count"}
    assert counts == {
        ("204", "hooks/twilio/status"): 1,
        ("500", "hooks/twilio/status"): 1,
        ("404", "other"): 1,
    }


def test_monitoring_elsewhere_needs_its_token_which_opens_nothing_else(db: SqlDatabase) -> None:
    app = app_at(db, NOW, WebOptions(ZONE, metrics_token=TOKEN))
    elsewhere = local_client(app, client="203.0.113.9", host="board.example.org")
    bearing = {"Authorization": f"Bearer {TOKEN}"}
    assert elsewhere.get("/metrics").status_code == 403
    assert elsewhere.get("/metrics", headers=bearing).status_code == 200
    assert elsewhere.get("/metrics", headers={"Authorization": "Bearer x"}).status_code == 403
    assert elsewhere.get("/", headers=bearing).status_code == 403
    assert elsewhere.get("/metrics/", headers=bearing).status_code == 403
    plain = local_client(app_at(db, NOW), client="203.0.113.9", host="board.example.org")
    assert plain.get("/metrics", headers={"Authorization": "Bearer "}).status_code == 403


def test_every_metric_is_in_the_table_of_metrics(hooked: TestClient) -> None:
    hooked.post("/hooks/twilio/status/a-notice.1")
    text = hooked.get("/metrics").text
    told = {line.split()[2] for line in text.splitlines() if line.startswith("# TYPE")}
    known = {f"carealert_{name}" for name in (*GAUGES, HOOK_SECONDS[0])}
    assert {name for name in told if not name.endswith("_created")} == known


def test_two_applications_in_one_process_share_no_count(db: SqlDatabase) -> None:
    one, other = local_client(app_at(db, NOW)), local_client(app_at(db, NOW))
    one.post("/hooks/x")
    assert any(key[0] == "hook_seconds_count" for key in read(one))
    assert not any(key[0] == "hook_seconds_count" for key in read(other))
