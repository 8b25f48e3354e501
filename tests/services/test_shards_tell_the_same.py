"""A decision made in shards writes what the same decision made in one piece writes."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box
from sqlalchemy import Engine, select

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import (
    escalation_timer,
    match,
    not_sent,
    notice,
    notice_about,
    subject,
    task,
)
from carealert.adapters.sealing import Sealer
from carealert.domain.notices import Notice, NoticeDraft
from carealert.domain.rules import Audience
from carealert.domain.warnings import Area, HazardWarning, MsgType, Severity
from carealert.services.alerting import OfficeSettings, alert
from carealert.services.deciding import SHARD
from tests.services.test_alerting import follows, journal, mark_sent, stored
from tests.support.builders import (
    NOW,
    a_caregiver,
    a_chain,
    a_facility,
    a_facility_rule,
    a_link,
    a_phone,
    a_resident,
    a_rule,
    a_warning,
    an_info,
    an_organisation,
    hours,
    minutes,
    rules_of,
)
from tests.support.fakes import PlainComposer
from tests.support.fresh import FreshDatabases

SEALER = Sealer(b"a secret of a test of shards")
OFFICE = OfficeSettings("en", UTC, a_phone(99).number, "en", hours(12))
EVERYBODY = (Audience.RESIDENT, Audience.CAREGIVERS)
RULES = rules_of(
    a_rule(to=EVERYBODY, escalate=a_chain()),
    a_rule(id="desk", to=(*EVERYBODY, Audience.CITY_DESK), escalate=a_chain()),
    a_rule(
        id="messengers",
        to=(Audience.RELAY, Audience.COMMUNITY_GROUP),
        severity={Severity.EXTREME},
    ),
    a_facility_rule(),
)
#: Everybody lives in one of five squares along the coast; a warning is about some of them.
SQUARES = [box(90 + n, 22, 91 + n, 23) for n in range(5)]
#: A square that nobody can place: an officer must look.
NOWHERE = 5
COLUMNS: dict[Any, tuple[str, ...]] = {
    notice: (
        "id",
        "kind",
        "state",
        "about",
        "rule",
        "priority",
        "wording",
        "template",
        "due_at",
        "reasons",
        "phone_hash",
        "expected_replies",
    ),
    notice_about: ("kind", "ref", "notice_id"),
    match: ("kind", "ref", "rule", "info", "reasons"),
    not_sent: ("kind", "ref", "reason"),
    subject: ("kind", "ref", "state"),
    task: ("kind", "ref", "what"),
    escalation_timer: ("kind", "ref", "rule", "step", "revision", "due_at", "state"),
}

homes = st.lists(
    st.tuples(
        st.integers(0, 4),  # square
        st.sampled_from([None, 1, 2, 3, 4, 5]),  # own phone
        st.lists(st.integers(0, 4), max_size=2, unique=True),  # caregivers
    ),
    min_size=5,
    max_size=8,
)
carers = st.lists(st.sampled_from([None, 1, 2, 6, 7]), min_size=5, max_size=5)
severities = st.sampled_from([Severity.SEVERE, Severity.EXTREME])
#: (what kind of message, the squares it is about, how severe it is): many, and then news.
messages = st.tuples(
    st.tuples(st.just(MsgType.ALERT), st.sets(st.integers(0, NOWHERE), min_size=3), severities),
    st.tuples(
        st.sampled_from([MsgType.UPDATE, MsgType.UPDATE, MsgType.CANCEL]),
        st.sets(st.integers(0, 4), min_size=1, max_size=4),
        severities,
    ),
    st.tuples(
        st.sampled_from([MsgType.ALERT, MsgType.UPDATE, MsgType.CANCEL]),
        st.sets(st.integers(0, NOWHERE), min_size=1, max_size=3),
        severities,
    ),
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    register=st.tuples(homes, carers),
    register_later=st.tuples(homes, carers),
    story=messages,
    size=st.integers(1, 4),
)
def test_shards_write_what_one_piece_writes(
    fresh: FreshDatabases, register: Any, register_later: Any, story: list[Any], size: int
) -> None:
    whole, parts = (SqlDatabase(fresh.take(name), SEALER) for name in ("whole", "parts"))
    for db, shard in ((whole, SHARD), (parts, size)):
        for number, warning in enumerate(_told_as(story)):
            if number < 2:  # phones and who cares for whom have changed when news come
                _register(db, *(register, register_later)[number])
            now = NOW + minutes(30 * number)
            alert(db, RULES, PlainComposer(), stored(db, warning, now), OFFICE, now, shard=shard)
            if number % 2 == 0:
                mark_sent(db)
    assert _written(parts) == _written(whole)


@pytest.mark.parametrize("dies_at", range(1, 6))
def test_a_decision_that_was_broken_off_is_taken_up_without_gap_or_repeat(
    engine: Engine, fresh: FreshDatabases, dies_at: int
) -> None:
    people = [(n % 5, n + 1, [n % 5]) for n in range(9)]
    warning = _told_as([(MsgType.ALERT, {0, 1, 2, 3, 4}, Severity.SEVERE)])[0]
    whole = SqlDatabase(fresh.take(), SEALER)
    _register(whole, people, [None, 31, 32, 33, 34])
    alert(whole, RULES, PlainComposer(), stored(whole, warning), OFFICE, NOW)
    expected = _written(whole)
    db = SqlDatabase(engine, SEALER)
    _register(db, people, [None, 31, 32, 33, 34])
    number = stored(db, warning)
    dying = _Dying(dies_at)
    with pytest.raises(_PulledPlugError):
        alert(db, RULES, dying, number, OFFICE, NOW, shard=2)
    with db.reading() as stores:
        assert [one.id for one in stores.warnings.unplanned()] == [number]
    outcome = alert(db, RULES, PlainComposer(), number, OFFICE, NOW, shard=3)
    assert "planning_resumed" in journal(db)
    assert _written(db) == expected
    assert dying.composed + outcome.notices == len(expected["notice"])
    assert alert(db, RULES, PlainComposer(), number, OFFICE, NOW).notices == 0
    assert _written(db) == expected


class _PulledPlugError(Exception):
    pass


class _Dying(PlainComposer):
    """A composer of a process that dies while it works on the given part."""

    def __init__(self, dies_at: int) -> None:
        self._left = dies_at
        self.composed = 0

    def compose(self, drafts: Any) -> list[Notice]:
        self._left -= 1
        if self._left == 0:
            raise _PulledPlugError
        made: list[NoticeDraft] = list(drafts)
        self.composed += len(made)
        return list(super().compose(made))


def _register(db: SqlDatabase, people: list[Any], phones: list[Any]) -> None:
    residents, links = [], []
    for n, (square, phone, cared) in enumerate(people):
        residents.append(
            a_resident(
                ref=f"r{n}",
                phone=None if phone is None else a_phone(phone),
                lat=22.5,
                lon=90.5 + square,
                area_code=f"A{square}",
            )
        )
        links += [a_link(f"c{carer}", f"r{n}") for carer in cared]
    caregivers = [
        a_caregiver(ref=f"c{n}", phone=None if phone is None else a_phone(phone))
        for n, phone in enumerate(phones)
    ]
    with db.transaction() as stores:
        stores.people.put_residents(residents)
        stores.people.put_caregivers(caregivers, links)
        stores.facilities.put([a_facility(ref=f"f{n}", lat=22.5, lon=90.5 + n) for n in (0, 2)])
        stores.organisations.put(
            [
                an_organisation("o1", a_phone(41), ("A0", "A3"), ("r0", "r2", "r4")),
                an_organisation("o2", a_phone(42), ("A1",), ("r1",)),
            ]
        )


def _told_as(story: list[Any]) -> list[HazardWarning]:
    """One message after the other, each of which follows the one before it."""
    found: list[HazardWarning] = []
    for number, (kind, squares, severity) in enumerate(story):
        areas = tuple(
            Area("", None if n == NOWHERE else SQUARES[n], (), None, None) for n in sorted(squares)
        )
        info = an_info(areas=areas, severity=severity, expires=NOW + hours(20))
        warning = a_warning(info, identifier=f"w{number}", sent=_at(number))
        if found and kind is not MsgType.ALERT:
            own = {"infos": warning.infos, "identifier": f"w{number}", "sent": _at(number)}
            warning = follows(found[-1], msg_type=kind, **own)
        found.append(warning)
    return found


def _plain(value: object) -> str:
    """PostgreSQL does not keep the order of the names in JSON."""
    return repr(sorted(value.items()) if isinstance(value, dict) else value)


def _at(number: int) -> datetime:
    return NOW + minutes(30 * number - 1)


def _written(db: SqlDatabase) -> dict[str, list[tuple[Any, ...]]]:
    """What is in the tables, but for numbers that count rows and for times of writing."""
    found = {}
    with db.engine.connect() as connection:
        for table, columns in COLUMNS.items():
            rows = connection.execute(select(*(table.c[name] for name in columns)))
            found[table.name] = sorted(tuple(map(_plain, row)) for row in rows)
    return found
