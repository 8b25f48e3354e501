"""Tests are spread over processes without one that is left out, run twice or waits."""

from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from tests.support.scheduling import LAST, READY, TogetherScheduling

LANGUAGES = ("ar", "bn", "en", "es")
TESTS = [
    name
    for n in range(600)
    for name in (
        f"tests/domain/test_many.py::test_{n}",
        *([f"tests/web/test_browser.py::test_{n}"] if n % 20 == 0 else []),
        *(
            f"tests/care_rules/test_what_a_text_says.py::test_g{n}[{tag}]"
            for tag in (LANGUAGES if n % 15 == 0 else ())
        ),
    )
]


@dataclass(eq=False)
class Node:
    """A process that takes numbers of tests and runs them in order."""

    waiting: list[int] = field(default_factory=list)
    ran: list[int] = field(default_factory=list)
    shutting_down: bool = False
    gateway = SimpleNamespace(id="here")

    def send_runtest_some(self, numbers: list[int]) -> None:
        self.waiting += numbers

    def shutdown(self) -> None:
        self.shutting_down = True

    def run(self, scheduling: TogetherScheduling) -> None:
        number = self.waiting.pop(0)
        self.ran.append(number)
        scheduling.mark_test_complete(self, number)


class Config:
    """What a scheduler reads of pytest's, with two processes and no other change."""

    option = SimpleNamespace(loadscopereorder=True)

    def getvalue(self, name: str) -> list[str]:
        assert name == "tx"
        return ["popen", "popen"]


def spread(*nodes: Node) -> Any:
    """The scheduler of these processes, each of which has its first tests."""
    scheduling = TogetherScheduling(Config())
    for node in nodes:
        scheduling.add_node(node)
    for node in nodes:
        scheduling.add_node_collection(node, TESTS)
    scheduling.schedule()
    return scheduling


def test_each_test_runs_once_and_what_belongs_together_in_one_process() -> None:
    first, second = Node(), Node()
    scheduling = spread(first, second)
    while first.waiting or second.waiting:
        for node in (first, first, second):  # one is faster
            if node.waiting:
                node.run(scheduling)
    assert sorted(first.ran + second.ran) == list(range(len(TESTS)))
    assert scheduling.tests_finished
    for mark in ("test_browser", *(f"[{tag}]" for tag in LANGUAGES)):
        together = {number for number, name in enumerate(TESTS) if mark in name}
        assert together <= set(first.ran) or together <= set(second.ran), mark


def test_a_process_has_tests_ready_until_the_last_which_go_to_whoever_is_free() -> None:
    busy, free = Node(), Node()
    scheduling = spread(busy, free)
    while free.waiting:
        free.run(scheduling)
        if len(scheduling.workqueue) > LAST:
            assert len(free.waiting) >= READY
        elif 0 < len(scheduling.workqueue) < LAST - 2 * READY:
            assert len(free.waiting) == 3
    assert len(busy.waiting) + len(free.ran) == len(TESTS)


def test_what_a_lost_process_had_is_run_by_another() -> None:
    lost, other = Node(), Node()
    scheduling = spread(lost, other)
    for _ in range(3):
        lost.run(scheduling)
    crashed = scheduling.remove_node(lost)
    assert crashed == TESTS[lost.waiting[0]]
    while other.waiting:
        other.run(scheduling)
    assert sorted(lost.ran + other.ran) == list(range(len(TESTS)))
