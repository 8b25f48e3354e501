"""Which error of Twilio asks for what: the whole retry policy is the table `twilio_errors.tsv`.

Codes from Twilio's error dictionary (twilio.com/docs/api/errors). On an undelivered message a code
comes by callback; the next escalation step is then taken at once, whatever this table says.
"""

import csv
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType

from carealert.services.ports.outbox import FailureAction

#: Statuses that speak of the account or the address: with the next message it is the same.
_ABOUT_US = frozenset({401, 402, 403, 404, 405, 407})
_CARRIERS = 5  # digits
_REQUEST_TIMEOUT, _TOO_MANY = 408, 429


@cache
def _rows() -> tuple[Mapping[str, str], ...]:
    text = files(__package__).joinpath("twilio_errors.tsv").read_text("utf-8")
    return tuple(csv.DictReader(text.splitlines(), delimiter="\t"))


@cache
def actions() -> Mapping[str, FailureAction]:
    """code -> action, as the table has it."""
    return MappingProxyType({row["code"]: FailureAction(row["action"]) for row in _rows()})


@cache
def meanings() -> Mapping[str, str]:
    """code -> what it means in a few words, as the table has it."""
    return MappingProxyType({row["code"]: row["what it means"] for row in _rows()})


def action_of(code: str | None) -> FailureAction | None:
    """What the code of a message that did not arrive asks for; an unknown one of the carriers'
    (30xxx) may be tried again.
    """
    if not code:
        return None
    known = actions().get(code)
    if known is None and code.startswith("30") and len(code) == _CARRIERS:
        return FailureAction.RETRY
    return known


def action_for(status: int, code: str | None) -> FailureAction:
    """What an HTTP answer of the gateway asks for; the code says more than the status."""
    known = actions().get(code or "")
    if known is not None:
        return known
    if status == _TOO_MANY:
        return FailureAction.THROTTLED
    if status >= 500 or status == _REQUEST_TIMEOUT:
        return FailureAction.UNKNOWN
    if status in _ABOUT_US or status < 400:  # a redirect: the address is not the gateway's
        return FailureAction.STOP_SENDER
    return FailureAction.PERMANENT
