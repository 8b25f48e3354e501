"""The console's reader on both databases."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event, insert, select, update

from carealert.adapters.db import tables
from carealert.adapters.db.board.reader import SqlBoard
from carealert.domain.notices import SubjectState
from carealert.services.watching import BoardUnavailable, PeopleCounts, Phase, ServiceStatus
from tests.support.board_data import (
    CYCLONE,
    ELSEWHERE,
    EXERCISE,
    FLOOD,
    HEAT,
    NOW,
    ask_for_help,
    fill,
)

HOUR = timedelta(hours=1)


@pytest.fixture
def filled(engine: Engine) -> Engine:
    fill(engine)
    return engine


@pytest.fixture
def board(filled: Engine) -> SqlBoard:
    return SqlBoard(filled)


@pytest.fixture
def statements(filled: Engine) -> Iterator[list[str]]:
    seen: list[str] = []

    def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(filled, "before_cursor_execute", note)
    yield seen
    event.remove(filled, "before_cursor_execute", note)


def test_an_empty_database_gives_an_empty_board(engine: Engine) -> None:
    board = SqlBoard(engine)
    now = board.now(NOW)
    assert (now.incidents, now.facilities, now.tasks, now.pulse.feeds) == ((), (), (), ())
    assert board.incident("none", NOW) is None
    assert board.subjects("none", None, 1).total == 0
    assert board.warned_areas(NOW)["features"] == board.places()["features"] == []
    assert board.feeds(NOW).unreadable == ()


def test_incidents_come_worst_first_and_unreal_ones_after_real_ones(board: SqlBoard) -> None:
    incidents = board.now(NOW).incidents
    assert [one.id for one in incidents] == [CYCLONE, HEAT, ELSEWHERE, EXERCISE, FLOOD]
    assert [one.concerns_us for one in incidents] == [True, True, False, False, False]


def test_a_card_shows_the_standing_message_and_counts_each_once(board: SqlBoard) -> None:
    card = board.now(NOW).incidents[0]
    assert (card.severity, card.msg_type, card.language) == ("Extreme", "Update", "en")
    assert card.areas == ("Barguna", "Kalapara", "Rangabali")
    assert card.people == PeopleCounts(48, safe=26, needs_help=2, with_desk=3, waiting=17)
    sent = card.messages
    # 48 less three without a phone; one not sent yet, one failed; one more not delivered
    assert (sent.recipients, sent.told, sent.delivered) == (45, 43, 42)
    assert (sent.answered, sent.undelivered) == (28, 2)
    assert card.facilities == {
        ServiceStatus.EVACUATING: 1,
        ServiceStatus.NO_RESPONSE: 1,
        ServiceStatus.LIMITED: 1,
        ServiceStatus.ASKED: 1,
        ServiceStatus.OPEN: 2,
    }
    # two decisions say the same of the same people
    assert card.not_sent == {"same_phone": 5, "no_phone": 3, "no_consent": 2, "opted_out": 1}
    assert card.open_tasks == 6


def test_a_bare_cancel_ends_the_incident_and_keeps_its_words(board: SqlBoard) -> None:
    flood = board.now(NOW).incidents[-1]
    assert (flood.phase, flood.msg_type) == (Phase.ENDED, "Cancel")
    assert flood.headline == "Rivers of Sylhet fall below the danger level"
    assert flood.ends_at == flood.sent


def test_a_cancel_ends_the_incident_even_if_its_own_text_has_not_expired(
    board: SqlBoard, filled: Engine
) -> None:
    mine = tables.warning.c.incident == HEAT
    with filled.begin() as connection:
        connection.execute(update(tables.warning).where(mine).values(msg_type="Cancel"))
    heat = next(one for one in board.now(NOW).incidents if one.id == HEAT)
    assert (heat.phase, heat.ends_at) == (Phase.ENDED, heat.sent)


def test_an_ended_warning_leaves_after_a_day_but_not_with_an_open_task(
    board: SqlBoard, filled: Engine
) -> None:
    later = NOW + 70 * HOUR
    assert [one.id for one in board.now(later).incidents] == [CYCLONE]  # it has open tasks
    with filled.begin() as connection:
        connection.execute(update(tables.task).values(closed_at=NOW))
    assert board.now(later).incidents == ()
    assert [one.phase for one in board.now(NOW + 31 * HOUR).incidents if one.id == CYCLONE] == [
        Phase.ENDED
    ]


def test_a_missing_end_holds_for_the_assumed_life(board: SqlBoard, filled: Engine) -> None:
    with filled.connect() as connection:
        query = select(tables.warning.c.sent).where(tables.warning.c.incident == ELSEWHERE)
        sent = connection.scalar(query)
    assert sent is not None
    fog = next(one for one in board.now(NOW).incidents if one.id == ELSEWHERE)
    assert (fog.expires, fog.ends_at) == (None, sent + 12 * HOUR)


def test_facilities_come_neediest_first(board: SqlBoard) -> None:
    rows = board.facilities(NOW)
    assert [row.ref for row in rows] == [
        "F-04", "F-01", "F-03", "F-06", "F-07", "F-02", "F-05", "F-08",
    ]  # fmt: skip
    dialysis = rows[1]
    assert dialysis.status is ServiceStatus.NO_RESPONSE
    assert dialysis.reported_at is not None
    assert dialysis.asked_at is not None
    assert dialysis.reported_at < dialysis.asked_at


def test_tasks_of_those_who_asked_for_help_come_first(board: SqlBoard) -> None:
    tasks = board.tasks(NOW)
    assert [task.ref for task in tasks] == ["R-001", "R-002", "R-003", "R-004", "R-005", "F-01"]
    assert tasks[0].state is SubjectState.NEEDS_HELP


def test_the_pulse_says_what_stopped(board: SqlBoard) -> None:
    pulse = board.now(NOW).pulse
    assert [feed.name for feed in pulse.silent] == ["Regional cyclone centre"]
    assert len(pulse.polled) == 3
    assert (pulse.waiting, pulse.later, pulse.unknown, pulse.failed) == (1, 0, 0, 2)
    assert (pulse.unread, pulse.unplanned) == (1, 0)


def test_waiting_and_later_and_unknown_are_told_apart(board: SqlBoard, filled: Engine) -> None:
    notice, attempt = tables.notice.c, tables.attempt.c
    with filled.begin() as connection:
        connection.execute(
            update(tables.notice).where(notice.state == "ready").values(due_at=NOW + HOUR)
        )
        lost = connection.scalars(select(attempt.notice_id).limit(2)).all()
        connection.execute(
            update(tables.attempt).where(attempt.notice_id.in_(lost)).values(state="unknown")
        )
    pulse = board.now(NOW).pulse
    assert (pulse.waiting, pulse.later, pulse.unknown) == (0, 1, 2)


def test_a_warning_that_waits_to_be_planned_is_stuck_after_a_minute(
    board: SqlBoard, filled: Engine
) -> None:
    mine = tables.warning.c.incident == HEAT
    for seconds, stuck in ((30, 0), (61, 1)):
        received = NOW - timedelta(seconds=seconds)
        change = update(tables.warning).where(mine).values(planned_at=None, received_at=received)
        with filled.begin() as connection:
            connection.execute(change)
        assert board.now(NOW).pulse.unplanned == stuck
        assert not next(one for one in board.now(NOW).incidents if one.id == HEAT).planned


def test_what_stops_the_work_is_an_alarm_for_a_quarter_of_an_hour(
    board: SqlBoard, filled: Engine
) -> None:
    line = {"at": NOW, "event": "sender_stopped", "subject": "channel:w", "details": {}}
    with filled.begin() as connection:
        connection.execute(insert(tables.journal), [line])
    assert board.now(NOW).pulse.alarms == ("sender_stopped",)
    assert board.now(NOW + HOUR / 4).pulse.alarms == ()


def test_an_unread_document_is_shown_for_a_day(board: SqlBoard) -> None:
    assert len(board.feeds(NOW).unreadable) == 1
    assert board.feeds(NOW + 23 * HOUR).unreadable == ()


def test_the_timeline_tells_the_story_in_order(board: SqlBoard) -> None:
    view = board.incident(CYCLONE, NOW)
    assert view is not None
    told = [(entry.what, entry.n, entry.detail, entry.step) for entry in view.timeline]
    assert told == [
        ("received", 1, "Alert", None),
        ("planned", 20, None, None),
        ("received", 1, "Update", None),
        ("planned", 54, None, None),
        ("handed_over", 43, "alert", 0),
        ("handed_over", 1, "desk", 0),
        ("not_delivered", 2, "alert", 0),
        ("desk_task", 3, "nobody can be told by SMS", None),
        ("delivered", 42, "alert", 0),
        ("answered", 2, "help", None),
        ("answered", 26, "safe", None),
        ("delivered", 1, "desk", 0),
        ("desk_task", 3, "asked for help", None),
        ("desk_done", 1, "asked for help", None),
        ("escalated", 12, "resident", 1),
        ("desk_task", 1, "nobody answered for the facility", None),
        ("due_next", 14, "resident", 2),
    ]


def test_an_incident_carries_its_official_words_in_every_language(board: SqlBoard) -> None:
    view = board.incident(CYCLONE, NOW)
    assert view is not None
    assert [text.language for text in view.texts] == ["en", "bn"]
    assert view.texts[0].instruction == "Move to the nearest cyclone shelter before 18:00."


def test_people_come_in_pages_with_those_who_need_the_officer_first(board: SqlBoard) -> None:
    first = board.subjects(CYCLONE, None, 1)
    assert (first.total, first.pages, len(first.rows)) == (48, 2, 25)
    states = [row.state for row in first.rows]
    assert states[:5] == [SubjectState.NEEDS_HELP] * 2 + [SubjectState.WITH_DESK] * 3
    last = board.subjects(CYCLONE, None, 99)
    assert (last.page, len(last.rows)) == (2, 23)
    refs = [row.ref for page in (first, last) for row in page.rows]
    assert len(set(refs)) == 48


def test_a_person_has_messages_answer_and_discreet_reasons(board: SqlBoard) -> None:
    page = board.subjects(CYCLONE, SubjectState.NEEDS_HELP, 1)
    assert [row.ref for row in page.rows] == ["R-001", "R-002"]
    row = page.rows[0]
    assert (row.messages, row.answer) == (1, "help")
    assert row.delivered_at is not None
    assert row.reasons == (
        "inside tropical_cyclone (Extreme, Expected, Likely): Barguna",
        "has a registered need",
    )
    untold = board.subjects(CYCLONE, SubjectState.WITH_DESK, 1).rows[0]
    assert (untold.messages, untold.answer, untold.delivered_at) == (0, None, None)


def test_a_facility_of_the_same_ref_is_somebody_else(board: SqlBoard, filled: Engine) -> None:
    with filled.begin() as connection:
        other = connection.scalar(
            select(tables.notice_about.c.notice_id).where(tables.notice_about.c.ref == "R-020")
        )
        row = {"incident": CYCLONE, "kind": "facility", "ref": "R-001", "notice_id": other}
        connection.execute(insert(tables.notice_about), [row])
    assert board.subjects(CYCLONE, SubjectState.NEEDS_HELP, 1).rows[0].messages == 1


def test_small_groups_are_hidden_in_the_reach(board: SqlBoard) -> None:
    view = board.incident(CYCLONE, NOW)
    assert view is not None
    genders = {group.name: group for group in view.reach.by_gender}
    assert genders["woman"].told.isdigit()
    assert genders["non_binary"].told == "<10"
    assert genders["man"].told == "withheld"  # else a subtraction gives the other away
    assert view.reach.told == 43
    assert 0 < view.reach.own_language < 43
    assert view.reach.half_by is not None
    assert view.reach.nine_in_ten_by is not None
    assert view.reach.half_by < view.reach.nine_in_ten_by
    rules = {row.rule: row.matched for row in view.rules}
    assert rules == {"cyclone-care": "withheld", "cyclone-power": "<10", "facility-confirm": "6"}


def test_help_is_on_the_board_at_once(board: SqlBoard, filled: Engine) -> None:
    ask_for_help(filled, "R-040")
    card = board.now(NOW).incidents[0]
    assert (card.people.needs_help, card.people.waiting, card.open_tasks) == (3, 16, 7)


def test_the_map_draws_polygons_and_codes_and_each_area_once(board: SqlBoard) -> None:
    features = board.warned_areas(NOW)["features"]
    areas = [f["properties"]["area"] for f in features if f["properties"]["kind"] == "warned"]
    assert areas == ["Barguna", "Kalapara", "Rangabali", "Dhaka"]
    points = [f for f in features if f["properties"]["kind"] == "facility"]
    assert len(points) == 8
    assert points[0]["geometry"]["type"] == "Point"
    only = board.warned_areas(NOW, HEAT)["features"]
    assert [f["properties"].get("area") for f in only if "area" in f["properties"]] == ["Dhaka"]


def test_the_ground_of_the_map_is_the_office_s_areas(board: SqlBoard) -> None:
    names = [feature["properties"]["name"] for feature in board.places()["features"]]
    assert names == ["Barguna Sadar", "Kalapara", "Rangabali"]


def test_no_sealed_column_is_ever_read(board: SqlBoard, statements: list[str]) -> None:
    _read_everything(board)
    assert len(statements) > 20
    secret = ("_sealed", "phone_hash", "text_", "facts", "consent", "notes")
    for statement in statements:
        assert not [word for word in secret if word in statement], statement


def test_more_incidents_do_not_take_more_statements(
    board: SqlBoard, filled: Engine, statements: list[str]
) -> None:
    board.now(NOW)
    before = len(statements)
    _copy_heat_wave(filled, 30)
    statements.clear()
    assert len(board.now(NOW).incidents) == 35
    assert len(statements) <= before + 1  # the new bodies are read together, once
    statements.clear()
    board.now(NOW)
    assert len(statements) <= before


def test_a_broken_database_is_said_in_a_sentence(filled: Engine) -> None:
    tables.delivery_event.drop(filled)
    tables.attempt.drop(filled)
    board = SqlBoard(filled)
    with pytest.raises(BoardUnavailable, match="run 'carealert doctor'"):
        board.now(NOW)


def _read_everything(board: SqlBoard) -> None:
    board.now(NOW)
    board.incident(CYCLONE, NOW)
    board.subjects(CYCLONE, None, 1)
    board.facilities(NOW)
    board.tasks(NOW)
    board.feeds(NOW)
    board.warned_areas(NOW)
    board.places()
    board.answers()


def _copy_heat_wave(engine: Engine, times: int) -> None:
    with engine.begin() as connection:
        query = select(tables.warning).where(tables.warning.c.incident == HEAT)
        row = dict(connection.execute(query).mappings().one())
        rows = [
            row | {"id": 100 + n, "identifier": f"copy-{n}", "incident": f"{n:036d}"}
            for n in range(times)
        ]
        connection.execute(insert(tables.warning), rows)
