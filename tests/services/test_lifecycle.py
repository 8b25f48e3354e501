"""A warning's life among others: who is told, who hears the end, and who must not."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from shapely.geometry import box
from sqlalchemy import Engine

from carealert.adapters.db.board.reader import SqlBoard
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.hazards import Hazard
from carealert.domain.notices import MessageKind
from carealert.domain.plan import Plan, WhyNot
from carealert.domain.warnings import (
    Area,
    HazardWarning,
    MsgType,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from carealert.services.alerting import dry_run
from carealert.services.watching import Phase
from tests.services.test_alerting import (
    OFFICE,
    RULES,
    alerted,
    follows,
    mark_sent,
    outbox,
    register,
)
from tests.support.builders import (
    NOW,
    a_caregiver,
    a_phone,
    a_resident,
    a_warning,
    an_info,
    hours,
    minutes,
)
from tests.support.fakes import PlainComposer

WEST, EAST = box(90.0, 22.0, 90.2, 22.4), box(90.2, 22.0, 90.4, 22.4)
BOTH = box(90.0, 22.0, 90.4, 22.4)
ALERT, UPDATE, STAND_DOWN = MessageKind.ALERT, MessageKind.UPDATE, MessageKind.STAND_DOWN
GDACS = {"sender": "gdacs", "event_keys": ("gdacs:FL1001234",)}
VTEC = {"event_keys": ("vtec:KTAE.FL.W.0012.2026",)}


@pytest.fixture
def db(sqlite_engine: Engine, sealer: Sealer) -> SqlDatabase:
    """c1's resident lives in the west, c2's in the east."""
    return inhabited(SqlDatabase(sqlite_engine, sealer))


@pytest.fixture
def either(engine: Engine, sealer: Sealer) -> SqlDatabase:
    """The same on both databases."""
    return inhabited(SqlDatabase(engine, sealer))


def inhabited(store: SqlDatabase) -> SqlDatabase:
    people = []
    for number, lon in ((1, 90.1), (2, 90.3)):
        resident = a_resident(ref=f"r{number}", phone=None, lat=22.1, lon=lon, area_code=None)
        people.append((resident, a_caregiver(ref=f"c{number}", phone=a_phone(10 + number))))
    register(store, *people)
    return store


def flood(shape: Any = BOTH, name: str = "first", sent: float = 0, **changes: Any) -> HazardWarning:
    info_fields = {
        "severity",
        "urgency",
        "expires",
        "onset",
        "response_types",
        "parameters",
        "hazard",
        "sender_name",
    }
    info = {key: changes.pop(key) for key in info_fields & changes.keys()}
    area = Area("", shape, (), None, None)
    given = an_info(**{"hazard": Hazard.FLOOD, "areas": (area,), **info})
    return a_warning(given, identifier=name, **{"sent": NOW + minutes(sent), **changes})


def tell(db: SqlDatabase, warning: HazardWarning) -> Mapping[str, MessageKind]:
    """What caregivers are told by this warning; it is sent at once."""
    decided = alerted(db, warning, NOW + minutes(60))
    mark_sent(db)
    return kinds(decided)


def kinds(decided: Plan) -> dict[str, MessageKind]:
    found = {draft.recipient.ref: draft.kind for draft in decided.drafts}
    return {ref: kind for ref, kind in found.items() if ref.startswith("c")}


# --- updates


def test_those_who_leave_the_area_hear_the_end_and_those_who_enter_the_warning(
    either: SqlDatabase,
) -> None:
    first = flood(WEST)
    assert tell(either, first) == {"c1": ALERT}
    moved = follows(first, identifier="second", infos=flood(EAST).infos)
    assert tell(either, moved) == {"c1": STAND_DOWN, "c2": ALERT}


def test_a_smaller_area_is_news_to_those_who_left_it_only(db: SqlDatabase) -> None:
    first = flood()
    assert tell(db, first) == {"c1": ALERT, "c2": ALERT}
    smaller = follows(first, identifier="second", infos=flood(WEST).infos)
    assert tell(db, smaller) == {"c2": STAND_DOWN}


@pytest.mark.parametrize(
    "end",
    [
        {"response_types": (ResponseType.ALL_CLEAR,)},
        {"urgency": Urgency.PAST},
        {"hazard": Hazard.NO_WARNING},
    ],
)
def test_an_update_that_says_it_is_over_tells_exactly_those_who_were_told(
    db: SqlDatabase, end: dict[str, Any]
) -> None:
    first = flood(WEST)
    tell(db, first)
    over = follows(first, identifier="second", infos=flood(BOTH, **end).infos)
    assert tell(db, over) == {"c1": STAND_DOWN}


def test_a_final_bulletin_is_the_end(db: SqlDatabase) -> None:
    first = flood(WEST)
    tell(db, first)
    info = replace(flood(BOTH).infos[0], headline="Flood Advisory No. 5 (FINAL)")
    assert tell(db, follows(first, identifier="second", infos=(info,))) == {"c1": STAND_DOWN}


def test_green_infos_beside_a_warning_warn_nobody(db: SqlDatabase) -> None:
    green = flood(EAST, hazard=Hazard.NO_WARNING).infos
    assert tell(db, replace(flood(WEST), infos=(*flood(WEST).infos, *green))) == {"c1": ALERT}


@pytest.mark.parametrize(
    "changes",
    [
        {"scope": Scope.RESTRICTED},
        {"scope": Scope.PRIVATE},
        {"msg_type": MsgType.ACK},
        {"msg_type": MsgType.ERROR},
        {"status": Status.SYSTEM},
        {"status": Status.DRAFT},
        {"status": Status.TEST},
        {"status": Status.EXERCISE},
    ],
)
def test_what_is_not_a_warning_for_the_public_reaches_nobody_and_ends_nothing(
    db: SqlDatabase, changes: dict[str, Any]
) -> None:
    first = flood(WEST)
    tell(db, first)
    assert tell(db, follows(first, identifier="odd", infos=flood(EAST).infos, **changes)) == {}


def test_what_expires_without_a_cancel_is_over_on_the_board_and_told_to_nobody(
    db: SqlDatabase,
) -> None:
    tell(db, flood(expires=NOW + hours(9)))
    board = SqlBoard(db.engine)
    (before,) = board.now(NOW + hours(2)).incidents
    (after,) = board.now(NOW + hours(10)).incidents
    assert (before.phase, after.phase) == (Phase.ACTIVE, Phase.ENDED)
    assert {kind for _, kind, _ in outbox(db)} == {"alert", "facility_confirm"}


# --- silent re-issues


def test_a_silent_re_issue_is_told_to_nobody_again(db: SqlDatabase) -> None:
    tell(db, flood())
    assert tell(db, flood(name="second", sent=10)) == {}


def test_a_re_issue_read_together_with_the_first_makes_one_text(db: SqlDatabase) -> None:
    with db.reading() as stores:
        assert not stores.warnings.recent()
    tell(db, flood())
    worse = flood(name="worse", sent=10, severity=Severity.EXTREME)
    assert tell(db, worse) == {"c1": UPDATE, "c2": UPDATE}


# --- VTEC


def vtec(action: str) -> dict[str, Any]:
    code = f"/O.{action}.KTAE.FL.W.0012.260526T0000Z-260527T0000Z/"
    return {"parameters": (("VTEC", code),), **VTEC}


def test_a_cancel_for_a_part_of_the_area_is_no_all_clear_for_the_rest(either: SqlDatabase) -> None:
    first = flood(**vtec("NEW"))
    tell(either, first)
    part = flood(WEST, "part", 10, msg_type=MsgType.CANCEL, **vtec("CAN"))
    part = follows(first, **_fields(part))
    assert tell(either, part) == {"c1": STAND_DOWN}
    rest = follows(first, **_fields(flood(EAST, "rest", 10, **vtec("CON"))))
    assert tell(either, replace(rest, msg_type=MsgType.UPDATE)) == {}
    end = flood(EAST, "end", 20, msg_type=MsgType.CANCEL, **vtec("EXP"))
    assert tell(either, end) == {"c2": STAND_DOWN}


def _fields(warning: HazardWarning) -> dict[str, Any]:
    names = ("identifier", "sent", "msg_type", "infos")
    return {name: getattr(warning, name) for name in names}


def test_an_update_whose_vtec_ends_warns_nobody(db: SqlDatabase) -> None:
    first = flood(**vtec("NEW"))
    tell(db, first)
    over = flood(BOTH, "over", 10, msg_type=MsgType.UPDATE, **vtec("CAN"))
    assert tell(db, follows(first, **_fields(over))) == {"c1": STAND_DOWN, "c2": STAND_DOWN}


def test_an_upgrade_is_no_all_clear(db: SqlDatabase) -> None:
    first = flood(**vtec("NEW"))
    tell(db, first)
    raised = flood(BOTH, "raised", 10, msg_type=MsgType.CANCEL, **vtec("UPG"))
    decided = alerted(db, follows(first, **_fields(raised)), NOW + minutes(60))
    assert kinds(decided) == {}
    assert [entry.reason for entry in decided.not_sent] == [WhyNot.SUPERSEDED]


# --- two senders


def test_an_estimate_of_what_an_authority_warned_of_is_told_to_nobody_again(
    db: SqlDatabase,
) -> None:
    tell(db, flood())
    other_times = {"onset": NOW + hours(2), "expires": NOW + hours(60), "sender_name": "GDACS"}
    estimate = flood(BOTH, "g", 10, severity=Severity.EXTREME, **other_times, **GDACS)
    assert tell(db, estimate) == {}


def test_an_estimate_is_news_to_those_whom_the_authority_did_not_warn(db: SqlDatabase) -> None:
    tell(db, flood(WEST))
    assert tell(db, flood(BOTH, "g", 10, **GDACS)) == {"c2": ALERT}


def test_an_authority_s_word_is_news_after_an_estimate(db: SqlDatabase) -> None:
    tell(db, flood(BOTH, "g", severity=Severity.EXTREME, **GDACS))
    milder = flood(name="a", sent=10, severity=Severity.MODERATE)
    assert tell(db, milder) == {"c1": UPDATE, "c2": UPDATE}
    again = flood(BOTH, "g", 20, severity=Severity.EXTREME, expires=NOW + hours(60), **GDACS)
    assert tell(db, again) == {}


def test_two_authorities_tell_only_what_is_worse(db: SqlDatabase) -> None:
    tell(db, flood(severity=Severity.SEVERE))
    second = {"sender": "two@example.org", "sender_name": "Two"}
    milder = {"severity": Severity.MODERATE, "expires": NOW + hours(60), **second}
    assert tell(db, flood(BOTH, "b", 10, **milder)) == {}
    worse = flood(BOTH, "c", 20, severity=Severity.EXTREME, **second)
    assert tell(db, worse) == {"c1": UPDATE, "c2": UPDATE}
    first_again = flood(name="d", sent=30, severity=Severity.SEVERE)
    assert tell(db, first_again) == {}


@pytest.mark.parametrize("other", [GDACS, {"sender": "two@example.org"}])
@pytest.mark.parametrize("end", [MsgType.CANCEL, MsgType.UPDATE])
def test_one_sender_s_end_is_no_all_clear_under_the_other_s_warning(
    either: SqlDatabase, other: dict[str, Any], end: MsgType
) -> None:
    first = flood()
    tell(either, first)
    assert tell(either, flood(WEST, "other", 10, **other)) == {}
    clear = flood(BOTH, "clear", response_types=(ResponseType.ALL_CLEAR,))
    over = follows(first, identifier="clear", msg_type=end, infos=clear.infos)
    assert tell(either, over) == {"c2": STAND_DOWN}


def test_the_last_of_two_ends_is_the_all_clear(db: SqlDatabase) -> None:
    ours, theirs = flood(), flood(WEST, "other", 10, sender="two@example.org")
    tell(db, ours)
    tell(db, theirs)
    tell(db, follows(ours, identifier="x", msg_type=MsgType.CANCEL))
    assert tell(db, follows(theirs, identifier="y", msg_type=MsgType.CANCEL)) == {"c1": STAND_DOWN}


def test_however_many_messages_came_since_the_other_s_warning_counts(db: SqlDatabase) -> None:
    ours, theirs = flood(), flood(WEST, "other", 10, sender="two@example.org")
    tell(db, theirs)
    tell(db, ours)
    far = box(0, 0, 1, 1)
    with db.transaction() as stores:
        document = stores.warnings.get(1)
        assert document.id == 1
        for number in range(520):
            strange = flood(far, f"s{number}", 20, hazard=Hazard.FOG, sender=f"s{number}")
            stores.warnings.save(strange, 1, NOW)
    assert tell(db, follows(ours, identifier="x", msg_type=MsgType.CANCEL)) == {"c2": STAND_DOWN}


def test_an_estimate_that_overlaps_several_of_an_authority_s_incidents_is_told_once(
    either: SqlDatabase,
) -> None:
    tell(either, flood(EAST, "east"))
    tell(either, flood(WEST, "west"))
    decided = alerted(either, flood(BOTH, "g", 10, **GDACS), NOW + minutes(60))
    assert kinds(decided) == {}
    refused = {(entry.ref, entry.reason) for entry in decided.not_sent}
    elsewhere = {("r1", WhyNot.TOLD_ELSEWHERE), ("f1", WhyNot.TOLD_ELSEWHERE)}
    assert {("c2", WhyNot.NOTHING_CHANGED), *elsewhere} <= refused
    with either.reading() as stores:
        assert len({one.incident for one in stores.warnings.recent()}) == 2


def test_an_estimate_s_end_is_no_all_clear_for_what_it_never_told(db: SqlDatabase) -> None:
    tell(db, flood(WEST, "west"))
    tell(db, flood(EAST, "east"))
    estimate = flood(BOTH, "g", 10, **GDACS)
    tell(db, estimate)
    assert tell(db, follows(estimate, identifier="gx", msg_type=MsgType.CANCEL)) == {}


def test_a_dry_run_of_a_message_without_reference_finds_its_incident(db: SqlDatabase) -> None:
    tell(db, flood())
    again = flood(name="second", sent=10)
    tried, _ = dry_run(db, RULES, PlainComposer(), again, OFFICE, NOW + minutes(60))
    assert kinds(tried) == {}
    assert WhyNot.NOTHING_CHANGED in {entry.reason for entry in tried.not_sent}


def test_what_joins_after_another_has_expired_is_no_all_clear(db: SqlDatabase) -> None:
    """Expiry is told to nobody, and neither is it told by what comes next."""
    first = flood(WEST, expires=NOW + minutes(50), incidents=("storm",))
    assert kinds(alerted(db, first, NOW)) == {"c1": ALERT}
    mark_sent(db)
    assert tell(db, flood(EAST, "next", 10, incidents=("storm",))) == {"c2": ALERT}


def test_many_messages_of_one_incident_stand_nobody_down(db: SqlDatabase) -> None:
    tell(db, flood(WEST, "west", incidents=("storm",)))
    assert tell(db, flood(EAST, "east", 1, incidents=("storm",))) == {"c2": ALERT}
    over = flood(EAST, "over", 2, msg_type=MsgType.CANCEL, incidents=("storm",))
    assert tell(db, over) == {}, "both hold: a Cancel that names none of them ends neither"
