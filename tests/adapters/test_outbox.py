"""The outbox's contract, on both databases: claims, attempts, results, leases."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier
from uuid import NAMESPACE_URL, UUID, uuid5

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine

from carealert.adapters.db import tables
from carealert.adapters.db.outbox_rows import notice_id
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import (
    About,
    DeliveryStatus,
    Encoding,
    MessageKind,
    Notice,
    NoticeState,
    RecipientKind,
    SubjectState,
    Wording,
)
from carealert.domain.people import PhoneSharing, Purpose
from carealert.domain.rules import Priority, SubjectKind
from carealert.services.ports.outbox import (
    Accepted,
    ClaimedNotice,
    DeliveryFailed,
    FailureAction,
)
from tests.support.builders import (
    NOW,
    a_caregiver,
    a_consent,
    a_link,
    a_notice,
    a_phone,
    a_recipient,
    hours,
    minutes,
)
from tests.support.delivery import (
    LEASE,
    a_question,
    a_timer,
    a_told,
    accepted,
    add,
    caregivers,
    claim,
    close,
    only,
    refused,
    rows,
    send_all,
    start_timers,
    state_of,
)

SECOND = timedelta(seconds=1)


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return caregivers(engine, sealer, 12)


# --- in


def test_a_repeated_idempotency_key_is_refused(db: SqlDatabase) -> None:
    assert add(db, a_told(0), a_told(1)) == 2
    assert add(db, a_told(1), a_told(2)) == 1
    assert len(rows(db.engine)) == 3


def test_the_same_key_twice_in_one_batch_is_one_notice(db: SqlDatabase) -> None:
    assert add(db, a_told(0), a_told(0)) == 1


def test_a_notice_has_the_same_id_however_often_it_is_decided(
    db: SqlDatabase,
) -> None:
    key = a_told(0).draft.idempotency_key
    add(db, a_told(0))
    assert only(db.engine).id == notice_id(key)
    assert UUID(notice_id(key)).version == 5


@given(st.text())
@settings(max_examples=60, deadline=None)
def test_the_id_of_a_notice_is_the_uuid_of_its_key(key: str) -> None:
    assert notice_id(key) == str(uuid5(NAMESPACE_URL, f"carealert:{key}"))


def test_what_tells_two_notices_apart_is_stored_of_each(db: SqlDatabase) -> None:
    """Rows of one class share their values: whatever differs must make another class."""
    draft, text = a_told(0).draft, a_told(0).text
    changes: dict[str, object] = {
        "revision": 7,
        "rule": "another",
        "step": 2,
        "kind": MessageKind.UPDATE,
        "priority": Priority.ROUTINE,
        "wording": Wording.CARE_CARD,
        "template": "reminder",
        "facts": replace(draft.facts, event="Another event"),
        "expected_replies": {"yes": "9"},
        "due_at": NOW + hours(3),
        "expires_at": NOW + hours(9),
        "reasons": ("another reason",),
    }
    kept = {name: replace(draft, **{name: value}) for name, value in changes.items()}
    people = {
        "recipient_kind": replace(draft.recipient, kind=RecipientKind.FACILITY_MANAGER),
        "phone_sharing": replace(
            draft.recipient, phone=replace(draft.recipient.phone, sharing=PhoneSharing.BORROWED)
        ),
        "wanted_language": replace(draft.recipient, language="fil"),
        "second_language": replace(draft.recipient, second_language="bn"),
    }
    kept |= {name: replace(draft, recipient=one) for name, one in people.items()}
    texts = {
        "language": replace(text, language="fil"),
        "encoding": replace(text, encoding=Encoding.UCS_2),
        "segments": replace(text, segments=3),
    }
    notices = {name: Notice(one, text) for name, one in kept.items()}
    notices |= {name: Notice(draft, one) for name, one in texts.items()}
    notices["plain"] = Notice(draft, text)
    # Each under a key of its own, by what no class shares.
    for name, one in notices.items():
        recipient = replace(one.draft.recipient, ref=name)
        notices[name] = replace(one, draft=replace(one.draft, recipient=recipient))
    add(db, *notices.values())
    together = {row.recipient_ref: row for row in rows(db.engine)}
    plain = together.pop("plain")
    for name, row in together.items():
        assert getattr(row, name) != getattr(plain, name), name
    assert together["facts"].facts["event"] == "Another event"
    assert together["expected_replies"].expected_replies == {"yes": "9"}
    assert together["segments"].segments == 3


def test_phone_and_text_are_sealed(db: SqlDatabase) -> None:
    add(db, a_told(0, body="a private text"))
    assert b"a private text" not in b"".join(
        value for value in only(db.engine) if isinstance(value, bytes)
    )
    assert a_phone(0).number not in str(only(db.engine))


# --- claims


def test_claimed_notices_are_leased_with_number_and_text(db: SqlDatabase) -> None:
    add(db, a_told(0, body="hello"))
    (one,) = claim(db)
    assert (one.number, one.text.body, one.attempts) == (a_phone(0).number, "hello", 0)
    row = only(db.engine)
    assert (row.state, row.worker, row.lease_until) == ("claimed", "w", NOW + LEASE)
    assert only(db.engine, tables.attempt).state == "open"


def test_nothing_is_claimed_twice(db: SqlDatabase) -> None:
    add(db, *(a_told(n) for n in range(12)))
    assert len(claim(db, limit=5)) == 5
    assert len(claim(db, worker="other")) == 7
    assert claim(db) == []


def test_workers_in_threads_never_get_the_same_notice(engine: Engine, sealer: Sealer) -> None:
    db = caregivers(engine, sealer, 240)
    add(db, *(a_told(n) for n in range(240)))
    together = Barrier(4)

    def work(name: str) -> list[ClaimedNotice]:
        together.wait()
        got: list[ClaimedNotice] = []
        while batch := claim(db, worker=name, limit=20):
            got += batch
        return got

    with ThreadPoolExecutor(4) as pool:
        shares = list(pool.map(work, "abcd"))
    ids = [one.id for share in shares for one in share]
    assert len(ids) == len(set(ids)) == 240


def test_what_is_urgent_goes_first_past_5000_that_wait(engine: Engine, sealer: Sealer) -> None:
    db = caregivers(engine, sealer, 20)
    routine = [
        a_told(n % 20, revision=n, priority=Priority.ROUTINE, due_at=NOW - hours(1))
        for n in range(5000)
    ]
    add(db, *routine)
    add(db, a_told(1, rule="u", priority=Priority.URGENT), a_told(2, rule="l"))
    batch = claim(db, limit=4)
    assert [one.priority for one in batch] == [0, 1, 2, 2]


def test_within_a_lane_the_oldest_goes_first(db: SqlDatabase) -> None:
    for n, age in enumerate((3, 9, 5)):
        add(db, a_told(n, due_at=NOW - minutes(age)))
    assert [one.recipient_ref for one in claim(db)] == ["c1", "c2", "c0"]


def test_what_is_not_due_yet_waits(db: SqlDatabase) -> None:
    add(db, a_told(0, due_at=NOW + SECOND))
    assert claim(db) == []
    assert len(claim(db, NOW + SECOND)) == 1


def test_what_is_past_its_end_expires_and_silence_is_certain(db: SqlDatabase) -> None:
    start_timers(db.engine, a_timer("r0"))
    add(db, a_told(0, expires_at=NOW), a_told(1))
    (one,) = claim(db, limit=1)
    assert one.recipient_ref == "c1"
    assert sorted(row.state for row in rows(db.engine)) == ["claimed", "expired"]
    assert only(db.engine, tables.escalation_timer).due_at == NOW


def test_a_phone_that_said_stop_since_the_decision_gets_nothing(db: SqlDatabase) -> None:
    add(db, a_told(0))
    with db.transaction() as stores:
        stores.people.suppress(a_phone(0).number, NOW, "reply")
    assert claim(db) == []
    assert only(db.engine).state == "cancelled"


def test_a_withdrawn_consent_holds_at_once(db: SqlDatabase) -> None:
    add(db, a_told(0))
    with db.transaction() as stores:
        changed = a_caregiver(ref="c0", phone=a_phone(0), consent=a_consent(Purpose.STATISTICS))
        stores.people.put_caregivers([changed], [a_link("c0", "r0")])
    assert claim(db) == []
    assert only(db.engine).error_code == "no_consent"


def test_a_number_changed_since_the_decision_gets_the_message(db: SqlDatabase) -> None:
    add(db, a_told(0))
    with db.transaction() as stores:
        changed = a_caregiver(ref="c0", phone=a_phone(77))
        stores.people.put_caregivers([changed], [a_link("c0", "r0")])
    (one,) = claim(db)
    assert one.number == a_phone(77).number
    close(db, accepted(one))
    with db.reading() as stores:
        question = stores.replies.open_question(a_phone(77).number)
        assert question is not None
        assert question.notice == one.id
        assert stores.replies.open_question(a_phone(0).number) is None


def test_a_private_text_never_reaches_a_phone_that_is_shared_by_now(db: SqlDatabase) -> None:
    start_timers(db.engine, a_timer("r0"))
    add(db, a_told(0, wording=Wording.PRIVATE), a_told(1, wording=Wording.NEUTRAL))
    with db.transaction() as stores:
        shared = [
            a_caregiver(ref=f"c{n}", phone=a_phone(n, PhoneSharing.SHARED_HOUSEHOLD))
            for n in (0, 1)
        ]
        stores.people.put_caregivers(shared, [a_link("c0", "r0"), a_link("c1", "r1")])
    assert [one.recipient_ref for one in claim(db)] == ["c1"]
    assert {row.error_code for row in rows(db.engine)} == {"phone_shared", None}
    assert only(db.engine, tables.escalation_timer).due_at == NOW


def test_somebody_who_left_the_register_has_no_number(db: SqlDatabase) -> None:
    gone = a_told(0, recipient=a_recipient(ref="gone", phone=a_phone(50)))
    add(db, gone)
    assert [one.number for one in claim(db)] == [None]


def test_the_desk_is_reached_at_the_number_of_the_decision(db: SqlDatabase) -> None:
    desk = a_recipient(kind=RecipientKind.CITY_DESK, ref="desk", phone=a_phone(99))
    add(db, a_told(0, recipient=desk, step=2))
    assert [one.number for one in claim(db)] == [a_phone(99).number]


def test_managers_are_reached_at_their_current_number(db: SqlDatabase) -> None:
    add(db, a_question())
    assert [one.number for one in claim(db)] == [a_phone(3).number]


@pytest.mark.parametrize("answered", [("r0",), ("r0", "r1")])
def test_a_reminder_goes_out_only_while_somebody_in_it_is_silent(
    db: SqlDatabase, answered: Sequence[str]
) -> None:
    add(db, a_told(0, step=1, about=(About("r0", "L"), About("r1", "L"))))
    with db.transaction() as stores:
        for ref in answered:
            stores.escalations.set_state(
                "incident-1", SubjectKind.RESIDENT, ref, SubjectState.SAFE, NOW
            )
    assert len(claim(db)) == (len(answered) == 1)
    assert only(db.engine).state == ("claimed" if len(answered) == 1 else "cancelled")


def test_a_first_message_goes_out_though_somebody_else_answered(db: SqlDatabase) -> None:
    add(db, a_told(0))
    with db.transaction() as stores:
        stores.escalations.set_state(
            "incident-1", SubjectKind.RESIDENT, "r0", SubjectState.SAFE, NOW
        )
    assert len(claim(db)) == 1


# --- results


def test_what_the_gateway_takes_is_sent(db: SqlDatabase) -> None:
    add(db, a_told(0))
    send_all(db)
    row, attempt = only(db.engine), only(db.engine, tables.attempt)
    assert (row.state, row.delivery_status, row.lease_until) == ("sent", "queued", None)
    assert (attempt.state, attempt.provider_id) == ("accepted", f"SM-{row.id}")


def test_retries_wait_longer_each_time_and_end_after_five(db: SqlDatabase) -> None:
    add(db, a_told(0, expires_at=NOW + hours(10)))
    now, waits = NOW, []
    while only(db.engine).state == "ready":
        (one,) = claim(db, now)
        close(db, refused(one, FailureAction.RETRY, "30008"), now=now)
        waits.append(only(db.engine).due_at - now)
        now = only(db.engine).due_at
    assert [wait / SECOND for wait in waits[:4]] == [2, 4, 8, 16]
    row = only(db.engine)
    assert (row.state, row.attempts, row.error_code) == ("failed", 5, "30008")


@pytest.mark.parametrize(
    ("action", "seconds"),
    [
        (FailureAction.THROTTLED, 5),
        (FailureAction.UNREACHABLE, 10),
        (FailureAction.STOP_SENDER, 60),
    ],
)
def test_an_outage_of_the_gateway_uses_no_attempt_up(
    db: SqlDatabase, action: FailureAction, seconds: int
) -> None:
    add(db, a_told(0, expires_at=NOW + hours(10)))
    now = NOW
    for _ in range(8):
        (one,) = claim(db, now)
        assert one.attempts == 0
        close(db, refused(one, action), now=now)
        assert only(db.engine).due_at == now + seconds * SECOND
        now += seconds * SECOND
    assert only(db.engine, tables.attempt).state == "not_submitted"
    send_all(db, now)
    assert only(db.engine).state == "sent"


def test_the_gateway_s_own_wish_to_wait_is_honoured(db: SqlDatabase) -> None:
    add(db, a_told(0))
    (one,) = claim(db)
    failure = DeliveryFailed("429", FailureAction.THROTTLED, "429", 42 * SECOND)
    close(db, replace(refused(one, FailureAction.THROTTLED), failure=failure))
    assert only(db.engine).due_at == NOW + 42 * SECOND


@pytest.mark.parametrize("action", [FailureAction.PERMANENT, FailureAction.OPTED_OUT])
def test_a_refusal_for_good_fails_and_makes_the_next_step_due(
    db: SqlDatabase, action: FailureAction
) -> None:
    start_timers(db.engine, a_timer("r0"), a_timer("r1"))
    add(db, a_told(0))
    (one,) = claim(db)
    close(db, refused(one, action, "21610"), now=NOW + SECOND)
    assert only(db.engine).state == "failed"
    due = {row.ref: row.due_at for row in rows(db.engine, tables.escalation_timer)}
    assert due == {"r0": NOW + SECOND, "r1": NOW + minutes(10)}


def test_silence_is_not_certain_while_another_caregiver_may_answer(db: SqlDatabase) -> None:
    start_timers(db.engine, a_timer("r0"))
    add(db, a_told(0), a_told(1, about=(About("r0", "L"),)))
    first, second = claim(db)
    close(db, refused(first, FailureAction.PERMANENT), accepted(second))
    assert only(db.engine, tables.escalation_timer).due_at == NOW + minutes(10)
    with db.transaction() as stores:
        reference = f"{second.id}.1"
        stores.outbox.receipt(
            reference, f"SM-{second.id}", DeliveryStatus.UNDELIVERED, "30003", NOW + SECOND
        )
    assert only(db.engine, tables.escalation_timer).due_at == NOW + SECOND


def test_an_opt_out_at_the_gateway_is_kept_here_too(db: SqlDatabase) -> None:
    add(db, a_told(0))
    (one,) = claim(db)
    close(db, refused(one, FailureAction.OPTED_OUT, "21610"))
    with db.reading() as stores:
        assert stores.people.suppressed() == {a_phone(0).number}


def test_a_retry_that_would_come_too_late_expires_at_once(db: SqlDatabase) -> None:
    add(db, a_told(0, expires_at=NOW + SECOND))
    (one,) = claim(db)
    close(db, refused(one, FailureAction.RETRY))
    assert only(db.engine).state == "expired"


# --- workers that die


def test_a_lease_that_ends_before_an_attempt_gives_the_notice_back(db: SqlDatabase) -> None:
    add(db, a_told(0))
    with db.transaction() as stores:
        stores.outbox.claim("dead", NOW, LEASE, 10)
    later = NOW + LEASE + SECOND
    with db.transaction() as stores:
        assert stores.outbox.reap(NOW + SECOND) == 0
        assert stores.outbox.reap(later) == 1
    assert len(claim(db, later)) == 1


def test_a_lease_that_ends_with_an_open_attempt_is_unknown_and_not_sent_again(
    db: SqlDatabase,
) -> None:
    add(db, a_told(0))
    claim(db)
    later = NOW + LEASE + SECOND
    with db.transaction() as stores:
        assert stores.outbox.reap(later) == 1
        assert stores.outbox.reap(later) == 0
    assert only(db.engine).state == "unknown"
    assert claim(db, later + hours(1)) == []


def test_a_lost_post_that_is_found_is_adopted(db: SqlDatabase) -> None:
    _lose(db)
    later = NOW + 2 * LEASE
    with db.transaction() as stores:
        (lost,) = stores.outbox.lost(later, LEASE)
        assert (lost.to, lost.body) == (a_phone(0).number, "CareAlert: text 0")
        stores.outbox.reconcile(lost, [Accepted("SM-9", DeliveryStatus.SENT)], later)
    row = only(db.engine)
    assert (row.state, row.delivery_status) == ("sent", "sent")
    assert only(db.engine, tables.attempt).provider_id == "SM-9"
    with db.reading() as stores:
        assert stores.outbox.lost(later + hours(1), LEASE) == []


def test_a_lost_post_not_found_twice_a_minute_apart_is_sent_again(db: SqlDatabase) -> None:
    _lose(db)
    now = NOW + 2 * LEASE
    with db.transaction() as stores:
        (lost,) = stores.outbox.lost(now, LEASE)
        for _ in range(2):  # two looks at once are one look
            stores.outbox.reconcile(lost, [], now)
        assert stores.outbox.lost(now + 59 * SECOND, LEASE) == []
    assert only(db.engine).state == "unknown"
    now += LEASE
    with db.transaction() as stores:
        (lost,) = stores.outbox.lost(now, LEASE)
        stores.outbox.reconcile(lost, [], now)
    assert only(db.engine).state == "ready"
    (again,) = claim(db, now + minutes(1))
    assert again.attempts == 1
    assert [row.state for row in rows(db.engine, tables.attempt)] == ["not_submitted", "open"]


def test_a_message_of_another_notice_is_not_adopted(db: SqlDatabase) -> None:
    add(db, a_told(1))
    (other,) = claim(db)
    close(db, accepted(other, "SM-other"))
    _lose(db)
    later = NOW + 2 * LEASE
    with db.transaction() as stores:
        (lost,) = stores.outbox.lost(later, LEASE)
        stores.outbox.reconcile(lost, [Accepted("SM-other", DeliveryStatus.SENT)], later)
    assert state_of(db.engine, lost.notice) is NoticeState.UNKNOWN


def test_a_result_that_comes_after_the_lease_still_counts(db: SqlDatabase) -> None:
    add(db, a_told(0))
    (one,) = claim(db)
    with db.transaction() as stores:
        stores.outbox.reap(NOW + 2 * LEASE)
    close(db, accepted(one), now=NOW + 2 * LEASE)
    assert only(db.engine).state == "sent"


def test_a_late_failure_of_a_first_attempt_leaves_the_second_alone(db: SqlDatabase) -> None:
    _lose(db)
    now = NOW + 2 * LEASE
    for _ in range(2):
        with db.transaction() as stores:
            for lost in stores.outbox.lost(now, LEASE):
                stores.outbox.reconcile(lost, [], now)
        now += LEASE
    (second,) = claim(db, now)
    close(db, replace(refused(second, FailureAction.PERMANENT), number=1), now=now)
    assert only(db.engine).state == "claimed"
    close(db, accepted(second), now=now)
    assert only(db.engine).state == "sent"


def test_what_was_cancelled_in_flight_is_recorded_but_never_sent_again(db: SqlDatabase) -> None:
    add(db, a_told(0), a_told(1))
    first, second = claim(db)
    with db.transaction() as stores:
        assert stores.outbox.cancel_to(a_phone(0).number, NOW) == 1
        assert stores.outbox.cancel_to(a_phone(1).number, NOW) == 1
    close(db, refused(first, FailureAction.RETRY), accepted(second))
    assert state_of(db.engine, first.id) is NoticeState.CANCELLED
    assert state_of(db.engine, second.id) is NoticeState.SENT


def test_pending_counts_what_is_not_at_the_gateway(db: SqlDatabase) -> None:
    add(db, a_told(0), a_told(1), a_told(2))
    (one,) = claim(db, limit=1)
    with db.reading() as stores:
        assert stores.outbox.pending_count() == 3
    close(db, accepted(one))
    with db.reading() as stores:
        assert stores.outbox.pending_count() == 2


def test_a_notice_with_more_about_than_a_database_binds_is_no_matter(db: SqlDatabase) -> None:
    many = tuple(About(f"x{n}", "L") for n in range(400))
    add(db, a_notice(replace(a_told(0).draft, about=many, step=1)))
    assert len(claim(db)) == 1


def _lose(db: SqlDatabase) -> None:
    """One notice whose worker died between the post and the record."""
    add(db, a_told(0))
    claim(db)
    with db.transaction() as stores:
        stores.outbox.reap(NOW + LEASE + SECOND)
