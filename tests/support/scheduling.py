"""Which tests one process runs together: those that share what takes long to make.

xdist 3.8 groups by mark through a private name that pytest 9 no longer reads. It also keeps two
tests ready at each process, counts them anew over all that the process ever had, and looks each
one up in the list of all: half of our tests take a millisecond, and waited longer than that.
"""

import re
from collections import Counter
from typing import Any

from xdist.scheduler import LoadScopeScheduling

#: The texts of a language are composed once for all rules that look at them.
_BY_LANGUAGE = re.compile(r"care_rules/test_what_a_text_says\.py::\w+\[([\w-]+)\]$")
#: So many tests lie ready at each process, so that it waits for nobody.
READY = 24
#: The last ones are given out singly, so that all processes end at one time.
LAST = 200


class TogetherScheduling(LoadScopeScheduling):
    """Each test by itself, but for those that look at the texts of one language or a browser."""

    def __init__(self, config: Any, log: Any = None) -> None:
        super().__init__(config, log)
        self._left: Counter[Any] = Counter()
        self._numbers: dict[Any, dict[str, int]] = {}

    def mark_test_complete(self, node: Any, item_index: int, duration: float = 0) -> None:
        """A process has run a test: give it others in time."""
        self._left[node] -= 1
        super().mark_test_complete(node, item_index, duration)

    def _split_scope(self, nodeid: str) -> str:
        if "web/test_browser.py::" in nodeid:
            return "browser"
        found = _BY_LANGUAGE.search(nodeid)
        return f"texts-{found[1]}" if found else nodeid

    def _reschedule(self, node: Any) -> None:
        if node.shutting_down:
            return
        if not self.workqueue:
            node.shutdown()
        while self.workqueue and self._left[node] <= (READY if len(self.workqueue) > LAST else 2):
            self._assign_work_unit(node)

    def _assign_work_unit(self, node: Any) -> None:
        scope, unit = self.workqueue.popitem(last=False)
        self.assigned_work.setdefault(node, {})[scope] = unit
        if node not in self._numbers:
            every = self.registered_collections[node]
            self._numbers[node] = {nodeid: number for number, nodeid in enumerate(every)}
        numbers = self._numbers[node]
        left = [numbers[nodeid] for nodeid, completed in unit.items() if not completed]
        self._left[node] += len(left)
        node.send_runtest_some(left)
