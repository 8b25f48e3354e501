"""Incidents as the store keeps them: the same whatever order the messages come in."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box
from sqlalchemy import Connection, Engine, insert, select

from carealert.adapters.db.shelf import Memo, Shelf
from carealert.adapters.db.tables import decision, hold
from carealert.adapters.db.tables import warning as table
from carealert.adapters.db.warnings import SqlWarnings
from carealert.domain.gist import gist_of
from carealert.domain.hazards import Hazard
from carealert.domain.warnings import Area, HazardWarning, MsgType, Reference, Scope, Status
from carealert.services.ports.feeds import StoredWarning
from tests.support.builders import NOW, a_warning, an_info, minutes
from tests.support.documents import a_document
from tests.support.rolled_back import rolled_back, shared_engine

SQUARE, WIDE, FAR = box(90, 22, 91, 23), box(88, 20, 93, 25), box(100, 10, 101, 11)
GDACS = ("gdacs:FL1001234",)


class Store:
    """The warning store with one document to point at."""

    def __init__(self, connection: Connection, memo: Memo | None = None) -> None:
        self.connection = connection
        self.warnings = SqlWarnings(connection, memo)
        self.document = a_document(connection)

    def save(self, warning: HazardWarning, now: datetime = NOW) -> StoredWarning:
        stored = self.warnings.save(warning, self.document, now)
        assert stored is not None
        return stored

    def decide(self, stored: StoredWarning) -> None:
        values = {"incident": stored.incident, "rules_version": "1", "decided_at": NOW}
        self.connection.execute(insert(decision).values(warning_id=stored.id, **values))

    def release(self, stored: StoredWarning) -> None:
        values = {"reason": "r", "held_at": NOW, "deadline": NOW, "decision": "release"}
        self.connection.execute(insert(hold).values(warning_id=stored.id, **values))


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


def flood(name: str, shape: Any = SQUARE, sent: float = 0, **changes: Any) -> HazardWarning:
    """A flood warning sent so many minutes after `NOW`."""
    hazard = changes.pop("hazard", Hazard.FLOOD)
    info = an_info(hazard=hazard, areas=(Area("", shape, (), None, None),))
    own = {"identifier": name, "sent": NOW + minutes(sent), **changes}
    return a_warning(info, **own)


def named(*earlier: HazardWarning) -> tuple[Reference, ...]:
    return tuple(Reference(one.sender, one.identifier, one.sent) for one in earlier)


def test_why_a_message_joined_is_kept_with_it(store: Store) -> None:
    first = store.save(flood("a"))
    update = flood("b", FAR, 1, msg_type=MsgType.UPDATE, references=named(first.warning))
    again = flood("a", sent=2)
    estimate = flood("g", WIDE, 3, sender="gdacs", event_keys=GDACS)
    later = flood("h", FAR, 4, sender="gdacs", event_keys=GDACS)
    reissue = flood("c", sent=5)
    saved = [store.save(one) for one in (update, again, estimate, later, reissue)]
    assert {one.incident for one in saved} == {first.incident}
    assert first.joined_by is None
    assert [one.joined_by for one in saved] == [
        "reference",
        "same identifier",
        "same event as met@example.org (overlap 1.00)",
        "event key gdacs:FL1001234",
        "re-issue of a",
    ]
    assert [store.warnings.get(one.id) for one in saved[-1:]] == saved[-1:]


def test_an_authority_that_comes_after_the_estimate_joins_it_and_replaces_nothing(
    store: Store,
) -> None:
    estimate = store.save(flood("g", WIDE, sender="gdacs", event_keys=GDACS))
    authority = store.save(flood("a", sent=1))
    assert authority.incident == estimate.incident
    assert store.warnings.get(estimate.id).superseded_by is None
    moved = store.save(flood("h", WIDE, 2, sender="gdacs", event_keys=GDACS))
    assert moved.incident == estimate.incident
    assert store.warnings.get(estimate.id).superseded_by == moved.id
    assert store.warnings.get(authority.id).superseded_by is None


def test_two_storms_beside_each_other_do_not_become_one_through_a_third(store: Store) -> None:
    left = flood("a", box(90, 22, 90.5, 23), event_keys=("vtec:KTAE.FL.W.0001.2026",))
    right = flood("b", box(90.5, 22, 91, 23), event_keys=("vtec:KTAE.FL.W.0002.2026",))
    first, second = store.save(left), store.save(right)
    third = store.save(flood("g", SQUARE, sender="gdacs", event_keys=GDACS))
    assert third.incident == first.incident != second.incident


def test_nor_does_the_second_join_a_third_that_the_first_has_joined(store: Store) -> None:
    third = store.save(flood("g", SQUARE, sender="gdacs", event_keys=GDACS))
    left = flood("a", box(90, 22, 90.5, 23), event_keys=("vtec:KTAE.FL.W.0001.2026",))
    right = flood("b", box(90.5, 22, 91, 23), event_keys=("vtec:KTAE.FL.W.0002.2026",))
    first, second = store.save(left), store.save(right)
    assert first.incident == third.incident != second.incident


def test_what_a_message_leaves_behind_is_not_joined_any_more(store: Store) -> None:
    first = flood("a")
    store.save(first)
    store.save(flood("b", FAR, 1, msg_type=MsgType.UPDATE, references=named(first)))
    estimate = store.save(flood("g", SQUARE, 2, sender="gdacs", event_keys=GDACS))
    assert estimate.joined_by is None


def test_messages_of_before_and_of_now_are_compared_alike(module_engine: Engine) -> None:
    """What was stored by another transaction, and is remembered or not, counts the same."""
    memo: Memo = {}
    with rolled_back(module_engine) as connection:
        first = Store(connection, memo).save(flood("a"))
        for n in range(2):
            again = Store(connection, memo).save(flood(f"b{n}", sent=n + 1))
            assert again.incident == first.incident
            assert again.joined_by is not None
    assert len(memo) == 2, "the last one was not read from the database"


def test_a_number_given_again_does_not_bring_back_what_it_stood_for(module_engine: Engine) -> None:
    memo: Memo = {}
    for number in range(2):
        with rolled_back(module_engine) as connection:
            store = Store(connection, memo)
            store.save(flood("a", [SQUARE, FAR][number]), NOW + minutes(number))
            other = Store(connection, memo).save(flood("b", FAR, 1))
            assert (other.joined_by is not None) is (number == 1)


def test_a_test_takes_real_places_only_when_an_officer_has_released_it(store: Store) -> None:
    first = flood("a")
    real = store.save(first)
    test = an_info(hazard=Hazard.TEST_MESSAGE, hazard_if_real=Hazard.FLOOD)
    update = replace(
        flood("b", sent=1, msg_type=MsgType.UPDATE, references=named(first)), infos=(test,)
    )
    held = store.save(update)
    assert held.incident == real.incident
    assert store.warnings.get(real.id).superseded_by is None
    store.release(held)
    store.warnings.settle(held.id)
    assert store.warnings.get(real.id).superseded_by == held.id
    (info,) = store.warnings.get(held.id).warning.infos
    assert (info.hazard, info.evidence) == (Hazard.FLOOD, ("an officer said that it is no test",))


def test_what_comes_before_a_released_message_finds_it_real(store: Store) -> None:
    first = flood("a")
    test = an_info(hazard=Hazard.TEST_MESSAGE, hazard_if_real=Hazard.FLOOD)
    update = flood("b", sent=1, msg_type=MsgType.UPDATE, references=named(first))
    held = store.save(replace(update, infos=(test,)))
    store.release(held)
    late = Store(store.connection).save(first)
    assert late.superseded_by == held.id


def test_a_place_is_told_without_storing_anything(store: Store) -> None:
    first = store.save(flood("a"))
    second = flood("b", sent=1)
    assert store.warnings.place_of(second) == (first.incident, 1)
    assert store.warnings.would_replace(second) == {first.id}
    assert store.warnings.find(second) is None
    assert store.warnings.find(first.warning) == store.warnings.get(first.id)
    new_incident, revision = store.warnings.place_of(flood("c", FAR))
    assert (new_incident != first.incident, revision) == (True, 0)


def test_what_stands_in_an_incident_and_what_gave_up_its_place(store: Store) -> None:
    first = store.save(flood("a", incidents=("X",)))
    store.save(flood("stranger", FAR))
    second = store.save(flood("b", FAR, 1, incidents=("X",), hazard=Hazard.HEAT))
    assert [one.id for one in store.warnings.standing(first.incident)] == [first.id, second.id]
    last = store.save(flood("c", sent=2))
    assert [one.id for one in store.warnings.standing(first.incident)] == [second.id, last.id]
    assert store.warnings.would_replace(last.warning) == {first.id}
    assert store.warnings.would_replace(second.warning) == frozenset()


def test_like_warnings_of_others_are_found_wherever_they_hold(store: Store) -> None:
    authority = store.save(flood("a", FAR))
    store.save(flood("heat", FAR, hazard=Hazard.HEAT))
    store.save(flood("private", FAR, scope=Scope.PRIVATE))
    estimate = flood("g", SQUARE, 1, sender="gdacs", event_keys=GDACS)
    assert [one.id for one in store.warnings.like(estimate)] == [authority.id]


# --- any order of arrival


def _chain() -> tuple[HazardWarning, ...]:
    """An Alert, a silent re-issue, Updates, one that uses a name again, a Cancel, a stranger."""
    alert = flood("a")
    reissue = flood("a2", sent=1)
    update = flood("b", sent=2, msg_type=MsgType.UPDATE, references=named(reissue))
    bare = flood("c", WIDE, 3, msg_type=MsgType.UPDATE, references=(Reference(None, "b", None),))
    renamed = flood("c", WIDE, 4)
    keyed = flood("k", FAR, 5, event_keys=GDACS, incidents=("storm",))
    key_again = flood("k2", WIDE, 6, event_keys=GDACS)
    cancel = flood("d", WIDE, 7, msg_type=MsgType.CANCEL, references=named(renamed, key_again))
    drill = flood("e", sent=8, status=Status.EXERCISE, msg_type=MsgType.CANCEL)
    drill = replace(drill, references=named(alert))
    ack = flood("f", FAR, 9, msg_type=MsgType.ACK, references=named(update))
    stranger = flood("s", box(60, 40, 61, 41), 1)
    return (
        alert,
        reissue,
        update,
        bare,
        renamed,
        keyed,
        key_again,
        replace(cancel, infos=()),
        drill,
        ack,
        stranger,
    )


CHAIN = _chain()


def outcome(engine: Engine, messages: Sequence[HazardWarning], *, together: bool) -> Any:
    """Which messages are of one incident, and which are superseded, by key.

    `together`: read in one poll; else each in one of its own.
    """
    with rolled_back(engine) as connection:
        memo: Memo = {}
        one_poll = Store(connection, memo)
        for message in messages:
            (one_poll if together else Store(connection, memo)).save(message)
        columns = (table.c.identifier, table.c.sent, table.c.incident, table.c.superseded_by)
        rows = connection.execute(select(*columns)).all()
        revisions = connection.execute(select(table.c.incident, table.c.revision)).all()
    assert len(set(revisions)) == len(revisions), "a revision stands for one message"
    groups: dict[str, set[Any]] = {}
    for row in rows:
        groups.setdefault(row.incident, set()).add((row.identifier, row.sent))
    superseded = {(row.identifier, row.sent) for row in rows if row.superseded_by is not None}
    return {frozenset(group) for group in groups.values()}, superseded


@given(st.permutations(CHAIN), st.booleans())
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_order_of_arrival_ends_in_the_same_incidents_and_the_same_places(
    module_engine: Engine, order: Sequence[HazardWarning], together: bool
) -> None:
    groups, superseded = outcome(module_engine, order, together=together)
    drill, stranger = ((one.identifier, one.sent) for one in CHAIN if one.identifier in ("e", "s"))
    assert groups == {
        frozenset({drill}),
        frozenset({stranger}),
        frozenset((one.identifier, one.sent) for one in CHAIN) - {drill, stranger},
    }
    assert {name for name, _ in superseded} == {"a", "a2", "b", "c", "k", "k2"}
    assert len(superseded) == 7, "both that were named c"


@given(st.lists(st.sampled_from(range(6)), min_size=2, max_size=5, unique=True), st.data())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_random_messages_of_one_sender_end_alike_in_every_order(
    module_engine: Engine, moments: list[int], data: st.DataObject
) -> None:
    """Shapes, names, references and keys at random: grouping follows from pairs alone."""
    messages: list[HazardWarning] = []
    for moment in moments:
        known = [one for one in messages if data.draw(st.booleans())]
        message = flood(
            data.draw(st.sampled_from(["x", f"own-{moment}"])),
            data.draw(st.sampled_from([SQUARE, WIDE, FAR])),
            moment,
            msg_type=data.draw(st.sampled_from(list(MsgType))),
            event_keys=data.draw(st.sampled_from([(), GDACS, ("vtec:KTAE.FL.W.0001.2026",)])),
            references=named(*known),
            hazard=data.draw(st.sampled_from([Hazard.FLOOD, Hazard.TEST_MESSAGE])),
        )
        messages.append(message)
    shuffled = data.draw(st.permutations(messages))
    in_order = outcome(module_engine, messages, together=False)
    assert in_order == outcome(module_engine, shuffled, together=True)


def test_a_national_feed_is_compared_with_its_neighbourhood_only(module_engine: Engine) -> None:
    """500 warnings side by side must not be compared each with each."""
    shapes = [box(60 + n % 25, n // 25, 60.9 + n % 25, n // 25 + 0.9) for n in range(300)]
    with rolled_back(module_engine) as connection:
        store, shelf = Store(connection), Shelf(connection, {})
        saved = [store.save(flood(f"n{n}", shape, n / 60)) for n, shape in enumerate(shapes)]
        asked = gist_of(flood("new", shapes[100]))
        assert 0 < len(shelf.near(asked, asked.hazards)) < 10
    assert len({one.incident for one in saved}) == 300
