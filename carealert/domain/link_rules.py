"""How the links of a feed are rewritten, where it writes addresses that do not answer as written.

Feeds name hosts of their own network, `http` where only `https` answers, or a path that has moved.
A rule is "FROM => TO": two addresses of http(s), where TO stands in for FROM at the beginning of a
link. The single word `https` asks for every link by https.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

_ARROW = "=>"
_EVERY_LINK = "https"
_SCHEMES = ("http", "https")
_PORTS = {"http": 80, "https": 443}


class BadLinkRule(ValueError):
    """A rule that cannot be read: says what of it, and how it is written."""


@dataclass(frozen=True, slots=True)
class LinkRule:
    """`instead` takes the place of `start`; both None means https for http."""

    start: str | None = None
    instead: str | None = None

    def __str__(self) -> str:
        """As an officer writes it."""
        return _EVERY_LINK if self.start is None else f"{self.start} {_ARROW} {self.instead}"

    def apply(self, url: str) -> str | None:
        """The link as this rule wants it; None where the rule says nothing of it."""
        if self.start is None or self.instead is None:
            scheme, colon, rest = url.partition(":")
            return f"https:{rest}" if colon and scheme.lower() == "http" else None
        start, given = _split(self.start), _split(url)
        if start is None or given is None or _origin(start) != _origin(given):
            return None
        written = _after_origin(url)
        path = start.path or "/"
        written = written if written.startswith("/") else f"/{written}"
        return self.instead + written[len(path) :] if written.startswith(path) else None


def parse(text: str) -> LinkRule:
    """The rule as an officer writes it; raises BadLinkRule.

    Both sides end in a slash, so that a rule for one host or folder is not one for another whose
    name begins alike.
    """
    if text.strip().lower() == _EVERY_LINK:
        return LinkRule()
    start, arrow, instead = (part.strip() for part in text.partition(_ARROW))
    if not arrow:
        raise BadLinkRule(f"'{text}' is neither 'https' nor 'FROM {_ARROW} TO'.")
    for side in (start, instead):
        parts = _split(side)
        if parts is None or parts.query or parts.fragment or parts.username is not None:
            raise BadLinkRule(f"'{side}' is not an address of http(s) without query or password.")
        if not side.endswith("/"):
            raise BadLinkRule(f"'{side}' must end in a slash, as a host or a folder does.")
    return LinkRule(start, instead)


def rewrite(url: str, rules: Iterable[LinkRule]) -> str:
    """The link by the first rule that says something of it; as it is where none does."""
    return next((new for rule in rules if (new := rule.apply(url)) is not None), url)


def _split(url: str) -> SplitResult | None:
    try:
        parts = urlsplit(url)
        known = parts.scheme in _SCHEMES and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:  # a host or a port that is none
        return None
    return parts if known else None


def _origin(parts: SplitResult) -> tuple[str, str | None, int]:
    return parts.scheme, parts.hostname, parts.port or _PORTS[parts.scheme]


def _after_origin(url: str) -> str:
    """Path, query and fragment exactly as written."""
    rest = url.partition("://")[2]
    ends = [rest.find(mark) for mark in "/?#" if mark in rest]
    return rest[min(ends) :] if ends else ""
