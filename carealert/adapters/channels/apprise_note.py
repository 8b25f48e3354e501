"""Officers' own notifications (chat, push, pager) through `apprise`, an optional package.

Never for people in the register: what such services do with a text is theirs.
"""

import logging
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from importlib import import_module
from types import ModuleType

from carealert.adapters.channels.not_ready import ChannelNotReady
from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import (
    Accepted,
    CannotLook,
    DeliveryFailed,
    FailureAction,
    Outgoing,
)

#: It stands on locked screens: it says nothing of what is inside.
TITLE = "A message for you"

_POSTING: ContextVar[bool] = ContextVar("posting a note", default=False)


class _Quiet(logging.Filter):
    """Drops what apprise, and urllib3 under it, write down while they post: addresses and texts."""

    def filter(self, record: logging.LogRecord) -> bool:  # noqa: ARG002
        """False while a note is posted by this thread."""
        return not _POSTING.get()


_QUIET = _Quiet()


class AppriseChannel:
    """MessageChannel by apprise; `Outgoing.to` is one of its addresses (`ntfys://…`).

    Only the given `schemes` are posted to. Apprise says no more than that it did not succeed: the
    note may have arrived, and the failure is UNKNOWN.
    """

    def __init__(self, apprise: ModuleType, schemes: Collection[str], title: str = TITLE) -> None:
        self._apprise = apprise
        self._schemes = frozenset(schemes)
        self._title = title
        for name in ("apprise", "urllib3.connectionpool"):
            logging.getLogger(name).addFilter(_QUIET)  # idempotent

    def send(self, message: Outgoing) -> Accepted:
        """Post one note to one address; raises DeliveryFailed."""
        if message.to.partition("://")[0].lower() not in self._schemes:
            raise DeliveryFailed("no such service", FailureAction.PERMANENT, "scheme")
        with _quiet():
            note = self._apprise.Apprise()
            if not note.add(message.to):
                raise DeliveryFailed("no address", FailureAction.PERMANENT, "address")
            if len(note) != 1:  # a comma makes two addresses of one
                raise DeliveryFailed("more than one address", FailureAction.PERMANENT, "address")
            arrived = note.notify(
                body=message.body, title=self._title, body_format=self._apprise.NotifyFormat.TEXT
            )
        if not arrived:
            raise DeliveryFailed("not told whether it arrived", FailureAction.UNKNOWN, "lost")
        return Accepted(message.reference, DeliveryStatus.SENT)

    def find(self, message: Outgoing, since: datetime) -> Sequence[Accepted]:  # noqa: ARG002
        """Raises CannotLook: notification services cannot be asked."""
        raise CannotLook


def open_apprise(schemes: Collection[str], title: str = TITLE) -> AppriseChannel:
    """The channel; raises ChannelNotReady where the package is not installed."""
    if not schemes:
        raise ChannelNotReady(
            "Notifications are not set up: name the services to use, like ntfys, tgram or slack."
        )
    try:
        apprise = import_module("apprise")
    except ImportError as error:
        raise ChannelNotReady(
            "Notifications need the package apprise: install carealert[apprise]."
        ) from error
    return AppriseChannel(apprise, schemes, title)


@contextmanager
def _quiet() -> Iterator[None]:
    mark = _POSTING.set(True)
    try:
        yield
    finally:
        _POSTING.reset(mark)
