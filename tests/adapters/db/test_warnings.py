"""Messages find their incident whatever order they come in, on both databases."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, insert, select

from carealert.adapters.db.tables import decision
from carealert.adapters.db.tables import warning as table
from carealert.adapters.db.warnings import SqlWarnings
from carealert.adapters.warning_json import to_json
from carealert.domain.warnings import HazardWarning, MsgType, Reference, Scope, Status
from carealert.services.ports.feeds import StoredWarning
from tests.support.cap import NOW, SAMPLES, message, reader, refer, sent, update
from tests.support.documents import a_document
from tests.support.rolled_back import rolled_back, shared_engine


class Store:
    """The warning store with one document to point at."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.warnings = SqlWarnings(connection)
        self.document = a_document(connection)

    def save(self, warning: HazardWarning) -> StoredWarning:
        stored = self.warnings.save(warning, self.document, NOW)
        assert stored is not None
        return stored

    def again(self, stored: StoredWarning) -> StoredWarning:
        return self.warnings.get(stored.id)

    def decide(self, stored: StoredWarning) -> None:
        self.connection.execute(
            insert(decision).values(
                warning_id=stored.id,
                incident=stored.incident,
                rules_version="1",
                decided_at=NOW,
            )
        )
        self.warnings.mark_planned(stored.id, NOW)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def module_engine(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Engine]:
    with shared_engine(request.param, tmp_path_factory.mktemp("db"), request) as engine:
        yield engine


@pytest.fixture
def store(module_engine: Engine) -> Iterator[Store]:
    with rolled_back(module_engine) as connection:
        yield Store(connection)


def test_a_stored_warning_comes_back_as_it_was(store: Store) -> None:
    (warning,) = reader().read((SAMPLES / "full.xml").read_bytes(), "x").warnings
    stored = store.save(warning)
    assert (stored.revision, stored.received_at, stored.planned_at) == (0, NOW, None)
    again = store.again(stored)
    assert replace(again, warning=warning) == stored
    assert to_json(again.warning) == to_json(warning)
    assert again.warning.sent.utcoffset() == timedelta(hours=6)


def test_the_same_message_is_stored_once(store: Store) -> None:
    store.save(message("a", 9))
    assert store.warnings.save(message("a", 9, note="sent again"), store.document, NOW) is None
    other_zone = message("a", 9, sent=sent(9).astimezone())
    assert store.warnings.save(other_zone, store.document, NOW) is None
    assert store.save(message("a", 10))
    assert store.save(message("a", 9, sender="other@met.example"))


def test_an_incident_is_named_by_its_first_message(module_engine: Engine) -> None:
    ids = set()
    for _ in range(2):
        with rolled_back(module_engine) as connection:
            ids.add(Store(connection).save(message("a", 9)).incident)
    assert len(ids) == 1
    assert len(ids.pop()) == 36


@pytest.mark.parametrize("order", list(permutations(range(3))))
def test_a_chain_is_one_incident_in_every_order(store: Store, order: tuple[int, ...]) -> None:
    alert = message("a", 9)
    first = update("b", 10, alert)
    second = update("c", 11, alert, first, msg_type=MsgType.CANCEL)
    chain = (alert, first, second)
    saved = {n: store.save(chain[n]) for n in order}
    now = [store.again(saved[n]) for n in range(3)]
    assert len({one.incident for one in now}) == 1
    assert sorted(one.revision for one in now) == [0, 1, 2]
    assert now[0].superseded_by in (now[1].id, now[2].id)
    assert now[1].superseded_by == now[2].id
    assert now[2].superseded_by is None


def test_a_reference_may_hold_an_identifier_only_or_another_sender(store: Store) -> None:
    alert = store.save(message("a", 9))
    bare = store.save(message("b", 10, msg_type=MsgType.UPDATE, references=(ref("a"),)))
    other = store.save(
        message("c", 11, msg_type=MsgType.UPDATE, references=(ref("b", "elsewhere@met.example"),))
    )
    assert alert.incident == bare.incident == other.incident
    assert store.again(alert).superseded_by == bare.id
    assert store.again(bare).superseded_by == other.id


def ref(identifier: str, sender: str | None = None, **given: Any) -> Reference:
    return Reference(sender, identifier, given.get("sent"))


def test_a_reference_with_another_time_means_another_message(store: Store) -> None:
    alert = store.save(message("a", 9))
    later = store.save(message("b", 11, references=(ref("a", sent=sent(10)),)))
    assert later.incident != alert.incident


def test_times_of_references_are_compared_as_moments(store: Store) -> None:
    alert = store.save(message("a", 9))
    moment = sent(9).astimezone(reader_zone())
    later = store.save(update("b", 10, references=(ref("a", sent=moment),)))
    assert later.incident == alert.incident


def reader_zone() -> Any:
    (warning,) = reader().read((SAMPLES / "full.xml").read_bytes(), "x").warnings
    return warning.sent.tzinfo


@pytest.mark.parametrize("first", ["mine", "theirs"])
def test_two_agencies_with_one_identifier_are_kept_apart(store: Store, first: str) -> None:
    mine, theirs = message("1", 9), message("1", 9, sender="other@met.example")
    both = [mine, theirs] if first == "mine" else [theirs, mine]
    saved = {one.sender: store.save(one) for one in both}
    follow = store.save(message("2", 10, msg_type=MsgType.UPDATE, references=(ref("1"),)))
    assert follow.incident == saved[mine.sender].incident != saved[theirs.sender].incident
    assert store.again(saved[theirs.sender]).superseded_by is None


def test_an_update_that_came_first_waits_for_its_own_agencys_message(store: Store) -> None:
    theirs = message("1", 9, sender="other@met.example")
    follow = store.save(update("2", 10, references=(ref("1", "warnings@met.example"),)))
    mine = store.save(message("1", 9))
    stranger = store.save(theirs)
    assert mine.incident == follow.incident != stranger.incident
    assert (mine.superseded_by, stranger.superseded_by) == (follow.id, None)


def test_messages_of_one_event_are_one_incident_and_all_hold(store: Store) -> None:
    first = store.save(message("a", 9, incidents=("Cyclone X",)))
    second = store.save(message("b", 10, incidents=("Other", "Cyclone X")))
    stranger = store.save(message("c", 11, sender="other@met.example", incidents=("Cyclone X",)))
    assert first.incident == second.incident != stranger.incident
    assert store.again(first).superseded_by is None


@pytest.mark.parametrize(
    "changes",
    [
        {"msg_type": MsgType.ACK},
        {"msg_type": MsgType.ERROR},
        {"msg_type": None},
        {"status": Status.EXERCISE},
        {"status": Status.TEST, "msg_type": MsgType.CANCEL},
        {"scope": Scope.PRIVATE},
        {"sent": sent(8)},
    ],
)
def test_what_is_no_real_update_ends_nothing(store: Store, changes: dict[str, Any]) -> None:
    alert = message("a", 9)
    odd = update("b", 10, alert, **changes)
    stored = store.save(alert)
    store.save(odd)
    assert store.again(stored).superseded_by is None


@pytest.mark.parametrize("changes", [{"msg_type": MsgType.ACK}, {"status": Status.EXERCISE}])
def test_nor_does_it_end_what_comes_after_it(store: Store, changes: dict[str, Any]) -> None:
    alert = message("a", 9)
    store.save(update("b", 10, alert, **changes))
    assert store.save(alert).superseded_by is None


def test_two_that_name_each_other_do_not_both_end(store: Store) -> None:
    first = message("a", 9, msg_type=MsgType.UPDATE, references=(ref("b"),))
    second = message("b", 10, msg_type=MsgType.UPDATE, references=(ref("a"),))
    saved = [store.save(first), store.save(second)]
    ended = [store.again(one).superseded_by for one in saved]
    assert ended == [saved[1].id, None]


def test_a_message_may_name_itself(store: Store) -> None:
    own = message("a", 9)
    stored = store.save(update("a", 9, own))
    assert store.again(stored).superseded_by is None


def test_a_message_that_joins_two_incidents_makes_them_one(store: Store) -> None:
    first, second = store.save(message("a", 8)), store.save(message("b", 9))
    third = store.save(update("c", 10, second.warning))
    joined = store.save(update("d", 11, second.warning, first.warning))
    now = [store.again(one) for one in (first, second, third, joined)]
    assert {one.incident for one in now} == {first.incident}
    assert sorted(one.revision for one in now) == [0, 1, 2, 3]


def test_an_incident_that_led_to_a_decision_keeps_its_name(store: Store) -> None:
    first, second = store.save(message("a", 8)), store.save(message("b", 9))
    store.decide(second)
    joined = store.save(update("d", 11, first.warning, second.warning))
    assert joined.incident == second.incident == store.again(first).incident
    assert store.again(second).revision == 0
    assert len({joined.revision, store.again(first).revision, 0}) == 3


def test_two_decided_incidents_stay_apart_and_the_first_named_is_joined(store: Store) -> None:
    first, second = store.save(message("a", 8)), store.save(message("b", 9))
    for one in (first, second):
        store.decide(one)
    joined = store.save(update("d", 11, second.warning, first.warning))
    assert joined.incident == second.incident
    assert store.again(first).incident == first.incident
    assert store.again(first).superseded_by == store.again(second).superseded_by == joined.id


def test_what_waits_is_given_oldest_first_and_once(store: Store) -> None:
    saved = [store.save(message(name, 9)) for name in "abc"]
    assert [one.id for one in store.warnings.unplanned(2)] == [saved[0].id, saved[1].id]
    store.warnings.mark_planned(saved[0].id, NOW)
    assert [one.id for one in store.warnings.unplanned()] == [saved[1].id, saved[2].id]
    assert store.again(saved[0]).planned_at == NOW
    assert [one.id for one in store.warnings.recent(2)] == [saved[2].id, saved[1].id]


def test_an_unknown_warning_is_a_lookup_error(store: Store) -> None:
    with pytest.raises(LookupError, match="no warning 99"):
        store.warnings.get(99)


def test_a_message_of_many_references_is_stored_once_each(store: Store) -> None:
    parts = [store.save(message(f"p{n}", 9)) for n in range(40)]
    joined = store.save(update("all", 10, references=refer(*(one.warning for one in parts)) * 2))
    rows = store.connection.execute(select(table.c.incident, table.c.superseded_by)).all()
    assert len({row.incident for row in rows}) == 1
    assert [row.superseded_by for row in rows].count(joined.id) == 40
