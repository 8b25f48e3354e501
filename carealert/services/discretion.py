"""What a screen or a record may say about people: small groups hidden, needs and ages a word.

The board names nobody, but a count of one or a reason such as "needs dialysis" beside a ref
tells as much as a name; and a need that is sealed in the register must not stand open in the
record of a decision. Everything here is pure.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from urllib.parse import urlsplit, urlunsplit

from carealert.domain.conditions import VOCABULARY

#: Smallest group that is shown in a break-down of people (requirements 3.4: k >= 10).
SMALLEST_GROUP = 10
#: Shown in place of a small number.
FEW = "<10"
#: Shown in place of a number from which a small one could be worked out.
WITHHELD = "withheld"

_OTHER = "a condition of the rule holds"
#: The first word of what a condition says of a person -> what may be said in its place.
_PLAIN_WORDS = {entry.opening: entry.plain for entry in VOCABULARY.values() if entry.opening}
#: What the conditions of a rule say of a person begins with one of these.
_PERSONAL = frozenset({*_PLAIN_WORDS, "not"})
_SAID_PLAINLY = frozenset({*_PLAIN_WORDS.values(), _OTHER})
_PHONE = re.compile(r"\+\d[\d \-]{5,17}\d")
_URL = re.compile(r"https?://[^\s'\"<>]+")


def discreet_column(counts: Mapping[str, int]) -> dict[str, str]:
    """One column of a break-down as text: counts below ten become "<10".

    The total stands elsewhere on the page, so where just one count is hidden the next smallest
    is withheld too: otherwise subtraction gives the hidden one away.
    """
    shown = {name: str(n) if n >= SMALLEST_GROUP else FEW for name, n in counts.items()}
    large = [name for name, n in counts.items() if n >= SMALLEST_GROUP]
    if large and len(shown) - len(large) == 1:
        shown[min(large, key=lambda name: counts[name])] = WITHHELD
    return shown


def left_behind(
    reached: Mapping[str, int], of: Mapping[str, int], ratio: float = 0.8
) -> frozenset[str]:
    """The groups of at least ten whose share is below `ratio` times the best group's share."""
    shares = {
        name: reached.get(name, 0) / n
        for name, n in of.items()
        if n >= SMALLEST_GROUP and reached.get(name, 0) >= SMALLEST_GROUP
    }
    best = max(shares.values(), default=0.0)
    return frozenset(name for name, share in shares.items() if share < ratio * best)


def discreet_reasons(kind: str, reasons: Sequence[str]) -> tuple[str, ...]:
    """Why somebody matched, in words that give no need, age or home away.

    The first reason speaks of the warning and is public. For a facility the rest is public too.
    What is discreet already stays as it is.
    """
    if kind == "facility":
        return tuple(reasons)
    said = [_public(reason) for reason in reasons]
    return tuple(dict.fromkeys(word for words in said for word in words))


def recorded_reasons(reasons: Sequence[str]) -> tuple[str, ...]:
    """Why somebody is told, as it may stand open in a record.

    What a rule's condition says of the person becomes a plain word; what the office or the
    warning did ("no answer since …") stays.
    """
    return tuple(dict.fromkeys("; ".join(map(_recorded, one.split("; "))) for one in reasons))


def _recorded(part: str) -> str:
    first = part.split(" ", 1)[0]
    return _PLAIN_WORDS.get(first, _OTHER) if first in _PERSONAL else part


def without_contacts(text: str) -> str:
    """`text` with phone numbers masked and web addresses cut to host and path.

    Error texts come from other software, and addresses of feeds may hold access keys.
    """
    return _PHONE.sub("…", _URL.sub(lambda found: bare_url(found.group()), text))


def bare_url(url: str) -> str:
    """An address without user, query and fragment: what is left holds no secret."""
    parts = urlsplit(url)
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit((parts.scheme, host, parts.path, "", ""))


def _public(reason: str) -> Iterable[str]:
    if reason.startswith("inside ") or reason == "everybody inside":
        return [reason]
    if reason in _SAID_PLAINLY:
        return [reason]
    return [_PLAIN_WORDS.get(part.split(" ")[0], _OTHER) for part in reason.split("; ")]
