"""`carealert notices`: what is on its way, why, another try, a pause."""

import json
import re
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert, select
from typer.testing import CliRunner, Result

from carealert.adapters.db import outbox_claims, tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.cli import app, notice_words
from carealert.clock import now
from carealert.domain.access import Role
from carealert.domain.notices import DeliveryStatus, NoticeState
from carealert.domain.plan import WhyNot
from carealert.domain.rules import Priority
from carealert.services.officers import put_officer
from carealert.services.ports.outbox import Accepted, DeliveryFailed, FailureAction, Outgoing
from tests.support.actors import ADMIN
from tests.support.builders import a_phone, hours
from tests.support.delivery import (
    FakeChannel,
    a_timer,
    a_told,
    caregivers,
    deliver_until_empty,
    rows,
    start_timers,
)

SECRET = "a secret of a test, long enough"
runner = CliRunner()


@pytest.fixture
def db(
    sqlite_engine: Engine, sqlite_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> SqlDatabase:
    """Three messages: one delivered and answered, one failed, one that waits for the morning."""
    monkeypatch.setenv("CAREALERT_DATABASE_URL", sqlite_url)
    monkeypatch.setenv("CAREALERT_SECRET_KEY", SECRET)
    monkeypatch.chdir(tmp_path)
    db = caregivers(sqlite_engine, Sealer(SECRET.encode()), 3)
    at = now()
    due = {"due_at": at, "expires_at": at + hours(6)}
    with db.transaction() as stores:
        stores.outbox.add(
            [
                a_told(0, **due, body="CareAlert: Nani, flood"),
                a_told(1, **due),
                a_told(2, **(due | {"due_at": at + hours(3)}), priority=Priority.ROUTINE),
            ],
            None,
            at,
        )
    deliver_until_empty(db, FakeChannel(_picky), "w", now)
    told = next(row for row in rows(db.engine) if row.state == "sent")
    with db.transaction() as stores:
        stores.outbox.receipt(f"{told.id}.1", "SM-1", DeliveryStatus.DELIVERED, None, now())
        stores.replies.answered(told.id, "safe", now())
    return db


def _picky(message: Outgoing) -> Accepted:
    if message.to == a_phone(1).number:
        raise DeliveryFailed("refused", FailureAction.PERMANENT, "30007")
    return Accepted("SM-1", DeliveryStatus.QUEUED)


def run(*words: str) -> Result:
    return runner.invoke(app, ["notices", *words])


def test_the_list_tells_where_each_stands_and_nothing_of_the_person(db: SqlDatabase) -> None:
    told = run("list").stdout
    assert len(told.splitlines()) == 3
    assert "delivered, answered safe" in told
    assert "failed (30007)" in told
    for private in ("Nani", a_phone(0).number, a_phone(0).number[-4:], "+1"):
        assert private not in told
    assert db.engine.dialect.name == "sqlite"


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("words", "many"),
    [
        (["--state", "failed"], 1),
        (["--state", "failed", "--state", "ready"], 2),
        (["--lane", "routine"], 1),
        (["--code", "30007"], 1),
        (["--recipient", "c0"], 1),
        (["--incident", "no such one"], 0),
        (["--limit", "2"], 2),
    ],
)
def test_the_list_is_narrowed_down(words: list[str], many: int) -> None:
    assert len(json.loads(run("list", "--json", *words).stdout)["notices"]) == many


def test_a_story_tells_why_and_every_step(db: SqlDatabase) -> None:
    told = next(row for row in rows(db.engine) if row.state == "sent")
    story = run("show", told.id[:8]).stdout
    for part in ("because of rule", "attempt 1 by sms", "the gateway: delivered", "answered: safe"):
        assert part in story
    assert "Nani" not in story
    data = json.loads(run("show", told.id, "--json").stdout)
    assert [one["sender"] for one in data["attempts"]] == ["sms"]


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(("start", "said"), [("abc", "at least 4 letters"), ("zzzz", "no notice")])
def test_a_story_that_is_not_there_says_so(start: str, said: str) -> None:
    result = run("show", start)
    assert (result.exit_code, said in result.stderr) == (3, True)


def test_failed_ones_are_sent_again_and_nothing_else(db: SqlDatabase) -> None:
    assert run("retry").exit_code == 2
    assert run("retry", "--code", "21211").exit_code == 3
    assert run("retry", "--code", "30007").stdout == "1 will be sent again.\n"
    channel = FakeChannel()
    deliver_until_empty(db, channel, "w", now)
    assert [message.to for message in channel.sent] == [a_phone(1).number]


def test_somebody_who_said_stop_meanwhile_is_left_alone(db: SqlDatabase) -> None:
    with db.transaction() as stores:
        stores.people.suppress(a_phone(1).number, now(), "reply")
    failed = next(row for row in rows(db.engine) if row.state == "failed")
    assert run("retry", failed.id).exit_code == 0
    channel = FakeChannel()
    deliver_until_empty(db, channel, "w", now)
    assert channel.sent == []


def test_a_paused_lane_waits_and_the_others_go(db: SqlDatabase) -> None:
    at = now()
    with db.transaction() as stores:
        stores.outbox.add(
            [
                a_told(n, priority=lane, due_at=at, expires_at=at + hours(1), rule=lane.name)
                for n, lane in enumerate((Priority.URGENT, Priority.ROUTINE))
            ],
            None,
            at,
        )
    paused = run("pause", "routine", "--minutes", "30", "--reason", "the code is being moved")
    assert "routine waits until" in paused.stdout
    channel = FakeChannel()
    deliver_until_empty(db, channel, "w", now)
    assert [message.to for message in channel.sent] == [a_phone(0).number]
    assert "the code is being moved" in run("pauses").stdout
    assert run("resume", "routine").exit_code == 0
    assert run("resume", "routine").exit_code == 3
    deliver_until_empty(db, channel, "w", now)
    assert len(channel.sent) == 2


@pytest.mark.usefixtures("db")
@pytest.mark.parametrize(
    ("what", "minutes", "said"),
    [
        ("all", "16", "15 minutes at most"),
        ("life_threatening", "60", "15 minutes at most"),
        ("sender:sms", "60", "15 minutes at most"),
        ("routine", "721", "720 minutes at most"),
        ("everything", "5", "cannot be paused"),
        ("sender:", "5", "cannot be paused"),
    ],
)
def test_nothing_that_saves_lives_waits_for_long(what: str, minutes: str, said: str) -> None:
    result = run("pause", what, "--minutes", minutes, "--reason", "a reason that says why")
    assert (result.exit_code, said in result.stderr) == (2, True)


@pytest.mark.parametrize("what", ["all", "sender:sms"])
def test_a_pause_ends_by_itself(db: SqlDatabase, what: str) -> None:
    at = now()
    run("pause", what, "--minutes", "10", "--reason", "the gateway is being changed")
    with db.transaction() as stores:
        stores.outbox.add([a_told(0, due_at=at, expires_at=at + hours(1), rule="x")], None, at)
    channel = FakeChannel()
    for passed, sent in ((1, 0), (11, 1)):
        moment = at + timedelta(minutes=passed)
        deliver_until_empty(db, channel, "w", lambda moment=moment: moment)
        assert len(channel.sent) == sent


def test_only_who_may_decide_pauses_or_sends_again(db: SqlDatabase) -> None:
    put_officer(db, ADMIN, "listener", Role.AUDITOR, [], [], now())
    for words in (
        ["pause", "routine", "--minutes", "5", "--reason", "a reason that says why"],
        ["retry", "--code", "30007"],
        ["resume", "routine"],
    ):
        result = runner.invoke(app, ["notices", *words], env={"CAREALERT_USER": "listener"})
        assert result.exit_code != 0
    listed = runner.invoke(app, ["notices", "list"], env={"CAREALERT_USER": "listener"})
    assert listed.exit_code == 0


def test_why_tells_every_send_with_its_code_in_words_and_nothing_of_the_phone(
    db: SqlDatabase,
) -> None:
    incident = rows(db.engine)[0].incident
    delivered = run("why", "c0", "--incident", incident).stdout
    for part in ("because of rule", "Attempt 1 by sms: the gateway took it", "Answered: safe"):
        assert part in delivered
    failed = run("why", "r1", "--incident", incident).stdout
    assert "alert to caregiver:c1 about r1" in failed
    assert "It will not go out (30007: filtered by the carrier)." in failed
    waits = run("why", "c2", "--incident", incident).stdout
    assert "It is held until" in waits
    assert "It waits for its turn" in waits
    for private in ("Nani", a_phone(0).number, a_phone(0).number[-4:], "+1"):
        assert private not in delivered + failed + waits
    with db.reading() as stores:
        assert [line.subject for line in stores.journal.recent(1, "explained")] == ["notices:c2"]


def test_why_tells_why_somebody_was_not_told_and_which_step_follows(db: SqlDatabase) -> None:
    start_timers(db.engine, a_timer("r9"))
    with db.engine.begin() as connection:
        (warning,) = connection.execute(select(tables.warning.c.id)).scalars()
        made = connection.execute(
            insert(tables.decision).values(
                warning_id=warning, incident="incident-1", rules_version="v", decided_at=now()
            )
        ).inserted_primary_key
        for reason in WhyNot:
            row = {"kind": "resident", "ref": "r9", "rule": "heat", "reason": reason.value}
            connection.execute(
                insert(tables.not_sent).values(decision_id=made[0], detail="a secret", **row)
            )
    told = run("why", "r9").stdout
    assert "resident not told by rule heat: No valid consent." in told
    assert "step 1 of rule rule-1 is due." in told
    assert "a secret" not in told
    data = json.loads(run("why", "r9", "--json").stdout)
    assert len(data["incidents"][0]["not_sent"]) == len(WhyNot)


@pytest.mark.usefixtures("db")
def test_why_of_somebody_who_was_never_looked_at_says_so() -> None:
    result = run("why", "r77")
    assert (result.exit_code, "Nothing was decided about 'r77'" in result.stderr) == (3, True)


def test_each_state_and_each_code_of_our_own_has_its_words() -> None:
    assert set(notice_words._STATES) == set(NoticeState)
    assert "21211: the number is not valid" in notice_words.meaning_of("21211")
    assert notice_words.meaning_of("99999") == " (99999)"
    source = Path(outbox_claims.__file__).read_text()
    given = set(re.findall(r'NoticeState\.[A-Z]+, "(\w+)"', source))
    assert len(given) > 4
    assert given <= set(notice_words.OWN_CODES)
