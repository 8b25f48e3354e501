"""JSON documents with values exchanged, lost or repeated, as hypothesis draws them."""

import copy
import json
from typing import Any

from hypothesis import strategies as st

#: Written out, so that each use has a value of its own to change.
_WRITTEN = (
    *("null", "true", "0", "-1", "1e308", "1e999", "NaN", "-Infinity", "1" + "0" * 400),
    *('""', '"\\u0000"', '"\\ud800"', '"NaN"', '"5.5"', '"2026-13-45T99:00:00Z"'),
    *("[]", "{}", "[[]]", '{"type": "Feature"}', "[" * 300 + "]" * 300),
    *(f'"{"a" * 3000}"', f"[{'null,' * 50}0]", f"[{'0,' * 2000}0]"),
)
#: Values of other kinds and sizes than any reader hopes for.
JUNK = st.one_of(
    st.sampled_from(_WRITTEN).map(json.loads),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.recursive(st.none() | st.integers() | st.text(max_size=5), st.lists, max_leaves=6),
)


@st.composite
def mutated(draw: st.DrawFn, value: Any, most: int = 4) -> bytes:
    """The bytes of `value` after one to `most` changes anywhere in it."""
    changed = copy.deepcopy(value)
    for _ in range(draw(st.integers(1, most))):
        places = list(_places(changed))
        if not places:
            return json.dumps(draw(JUNK)).encode()
        inside, key = draw(st.sampled_from(places))
        action = draw(st.sampled_from(("replace", "replace", "drop", "wrap")))
        if action == "replace":
            inside[key] = draw(JUNK)
        elif action == "wrap":
            inside[key] = [inside[key]]
        else:
            del inside[key]
    return json.dumps(changed).encode()


def _places(value: Any) -> Any:
    """Every (container, key) in the value, as far as one gets in 6 steps."""
    waiting = [(value, 0)]
    while waiting:
        one, depth = waiting.pop()
        if not isinstance(one, dict | list) or depth > 6:
            continue
        keys = list(one) if isinstance(one, dict) else range(min(len(one), 50))
        for key in keys:
            yield one, key
            waiting.append((one[key], depth + 1))
