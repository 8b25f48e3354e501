"""Every service is behind the gate, or called by the machine alone; and the gate holds."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from carealert import services
from carealert.domain.access import GRANTS, Actor, Right, Role
from carealert.services.access import NotAllowed
from carealert.services.board import BoardFor
from carealert.services.watching import BoardReader

#: Who calls what no officer calls: whole modules, and single services of others.
MACHINE = {
    "access": "the gate itself",
    "alerting": "the planning tick, and `warning_office.try_warning`",
    "answering": "webhooks that prove themselves by signature",
    "beside": "planning",
    "candidates": "planning",
    "collecting": "planning",
    "community": "planning",
    "afterwards": "the tick of looks",
    "looking_again": "the tick of looks",
    "looks_ahead": "planning",
    "consent_asking": "the tick that asks again, and answering",
    "deciding": "planning",
    "evidence": "other services",
    "delivering": "the delivery tick",
    "auditing": "the tick that audits",
    "posting": "delivering",
    "calling": "webhooks that prove themselves by signature",
    "reconciling": "the tick that reconciles",
    "discretion": "words for journal and rows",
    "drill_answers": "answering",
    "drill_plans": "planning",
    "drilling": "the tick of drills",
    "facility_lines": "other services",
    "feed_health": "polling, and the tick that watches feeds",
    "feed_pool": "the polling tick",
    "finder": "planning",
    "following_up": "the escalation tick",
    "settling": "the tick that tells the others",
    "gathered": "polling",
    "harvesting": "polling",
    "integrity": "pushing",
    "more_steps": "answering",
    "own_data": "answering",
    "own_part": "imports",
    "people_notes": "imports",
    "polling": "the polling tick, and `feed_office`",
    "pushing": "the listeners of push feeds",
    "sampling": "`feeds check`, which opens no database",
    "service_status": "the board",
    "watching": "the board, which `board` guards",
    "consenting.ending": "what asks people again by itself",
    "languages.note_texts": "the planning tick",
    "languages.reviewed": "every process that writes texts",
    "languages.standing": "`doctor`",
    "holding.watch": "the tick of holds",
    "journal.chain": "the tick of the journal",
    "officers.actor_named": "whoever finds out who is asking",
    "officers.note_refusal": "the outermost layer, after a refusal",
    "places.astray_among": "imports",
    "rule_versions.holding": "every tick that plans",
    "rule_versions.overridden": "`doctor`",
    "rule_versions.rules_in_force": "every tick that plans",
    "replaying.compare_planned": "the shadow",
    "replaying.shadow": "the tick of the shadow",
    "rule_versions.shadowing": "the tick of the shadow",
    "rule_versions.take_up": "every tick that plans",
    "silencing.running": "`doctor`",
    "places.check_cells": "doctor",
    "places.relocate": "imports of areas",
    "places.relocated_notes": "imports of areas",
    "quality.alike_in": "imports",
    "reporting.facility_within": "other services",
    "retention.end_answers": "the runs of `retention`",
    "retention.end_contacts": "the runs of `retention`",
    "retention.end_texts": "the runs of `retention`",
    "retention.nightly": "the tick of each night",
    "retention.overdue": "doctor",
    "retention.waiting": "`retention.due` and doctor",
}
#: Rights that are asked for outside of the services of today.
ELSEWHERE = {
    Right.MANAGE_KEYS: "`db rekey`, before it touches a key",
    Right.EDIT_RULES: "rules are files of the office",
    Right.APPROVE_RULES: "rules are files of the office",
}


def _services() -> Iterator[tuple[str, Callable[..., Any]]]:
    for module in pkgutil.iter_modules(services.__path__):
        if module.ispkg:
            continue
        loaded = importlib.import_module(f"{services.__name__}.{module.name}")
        for name, found in inspect.getmembers(loaded, inspect.isfunction):
            if not name.startswith("_") and found.__module__ == loaded.__name__:
                yield f"{module.name}.{name}", found


ALL = dict(_services())
GATED = {name: found for name, found in ALL.items() if hasattr(found, "right")}


class _ReachedError(Exception):
    """The gate let somebody pass."""


class _Closed:
    """A database, or whatever else a service works on, that must not be touched."""

    def __getattr__(self, name: str) -> NoReturn:
        raise _ReachedError(name)


def test_every_service_asks_for_a_right_or_is_called_by_the_machine_alone() -> None:
    open_to_all = {
        name
        for name in ALL.keys() - GATED.keys()
        if name not in MACHINE and name.partition(".")[0] not in MACHINE
    }
    assert open_to_all == set()


def test_the_list_of_what_the_machine_calls_holds_nothing_else() -> None:
    modules = {name.partition(".")[0] for name in ALL}
    assert {name for name in MACHINE if name not in ALL and name not in modules} == set()
    assert {name for name in GATED if name in MACHINE or name.partition(".")[0] in MACHINE} == set()


def test_every_right_is_asked_for_somewhere() -> None:
    asked = {found.right for found in GATED.values()} | ELSEWHERE.keys()  # type: ignore[attr-defined]
    assert asked == set(Right)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", sorted(GATED))
def test_a_service_is_refused_before_it_reads_anything(name: str, role: Role) -> None:
    service = GATED[name]
    if service.right in GRANTS[role]:  # type: ignore[attr-defined]
        # Past the gate it lacks its other arguments, or opens the database.
        with pytest.raises((_ReachedError, TypeError)):
            service(_Closed(), Actor("A", role))
    else:
        with pytest.raises(NotAllowed) as refused:
            service(_Closed(), Actor("A", role))
        assert refused.value.what == service.right  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", sorted(GATED))
def test_a_service_takes_what_it_works_on_and_then_who_asks(name: str) -> None:
    second = list(inspect.signature(GATED[name]).parameters.values())[1]
    assert second.annotation is Actor


_BOARD = [
    name
    for name, _ in inspect.getmembers(BoardReader, inspect.isfunction)
    if not name.startswith("_")
]
_OF_PEOPLE = ("subjects", "tasks")


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", [name for name in _BOARD if name != "answers"])
def test_the_board_is_read_by_those_who_may(name: str, role: Role) -> None:
    right = Right.READ_REGISTER if name in _OF_PEOPLE else Right.READ_BOARD
    method = getattr(BoardFor(_Closed(), Actor("A", role)), name)
    given = [None] * len(inspect.signature(method).parameters)
    with pytest.raises(_ReachedError if right in GRANTS[role] else NotAllowed):
        method(*given)


@pytest.mark.parametrize("name", ["now", "incident", "warned_areas"])
def test_the_board_of_the_whole_city_is_not_for_those_who_see_a_part(name: str) -> None:
    method = getattr(BoardFor(_Closed(), Actor("A", Role.OFFICER, frozenset({"BD10"}))), name)
    given = [None] * len(inspect.signature(method).parameters)
    with pytest.raises(NotAllowed, match="whole city"):
        method(*given)


def test_the_guarded_board_has_all_that_a_board_has() -> None:
    assert {name for name in _BOARD if name not in vars(BoardFor)} == set()
