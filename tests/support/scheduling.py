"""Which tests one process runs together: those that share what takes long to make.

xdist 3.8 groups by mark through a private name that pytest 9 no longer reads.
"""

import re

from xdist.scheduler import LoadScopeScheduling

#: The texts of a language are composed once for all rules that look at them.
_BY_LANGUAGE = re.compile(r"care_rules/test_what_a_text_says\.py::\w+\[([\w-]+)\]$")


class TogetherScheduling(LoadScopeScheduling):
    """Each test by itself, but for those that look at the texts of one language or a browser."""

    def _split_scope(self, nodeid: str) -> str:
        if "web/test_browser.py::" in nodeid:
            return "browser"
        found = _BY_LANGUAGE.search(nodeid)
        return f"texts-{found[1]}" if found else nodeid
