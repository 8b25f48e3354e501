"""Messages by e-mail, for officers and facility managers: one SMTP session each, always over TLS.

A caregiver is never told by e-mail: it is read too late, and by whoever shares the account.
"""

import re
import smtplib
import ssl
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from typing import Literal

from carealert.adapters.channels.not_ready import ChannelNotReady
from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import (
    Accepted,
    CannotLook,
    DeliveryFailed,
    FailureAction,
    Outgoing,
)

CONNECT_TIMEOUT_S = 3.05
READ_TIMEOUT_S = 10.0
#: It stands on locked screens and in logs of servers: it says nothing of what is inside.
SUBJECT = "A message for you"

#: RFC 5321 without quoted local parts, which nobody has; the domain may be international.
_ADDRESS = re.compile(r"[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]{1,64}@[^\s@<>,;:\"()\[\]\\]{1,253}")
_OK, _TOO_MANY = (250, 251), (421, 452)  # 251: it forwards (RFC 5321)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail is handed in. `tls` from the first byte (port 465) or `starttls` (587)."""

    host: str
    port: int
    sender: str
    user: str | None = None
    password: str | None = field(default=None, repr=False)
    security: Literal["starttls", "tls"] = "starttls"
    ca_file: str | None = None
    subject: str = SUBJECT

    def __post_init__(self) -> None:
        if address(self.sender) is None:
            raise ChannelNotReady("The sender of e-mail is no address: set it like a@example.org.")
        if "\n" in self.subject or "\r" in self.subject:
            raise ChannelNotReady("The subject of e-mail has a line break: write it in one line.")
        if (self.user is None) != (self.password is None):
            raise ChannelNotReady("E-mail needs a user and a password, or neither: set both.")


class EmailChannel:
    """MessageChannel by e-mail; `Outgoing.to` is an address. Nothing is sent without TLS."""

    def __init__(
        self,
        server: MailServer,
        clock: Callable[[], datetime],
        *,
        read_timeout: float = READ_TIMEOUT_S,
    ) -> None:
        self._server = server
        self._clock = clock
        self._read_timeout = read_timeout
        try:
            self._tls = ssl.create_default_context(cafile=server.ca_file)
        except (OSError, ssl.SSLError) as error:
            raise ChannelNotReady(
                "The certificates for e-mail cannot be read: look at the file that is set."
            ) from error

    def send(self, message: Outgoing) -> Accepted:
        """Hand one message in; raises DeliveryFailed. Only what follows DATA may be lost."""
        to = address(message.to)
        if to is None:
            raise DeliveryFailed("no address", FailureAction.PERMANENT, "address")
        content = self._written(message, to)
        with _before_data(), self._session() as smtp:
            self._log_in(smtp)
            _expect(smtp.mail(self._server.sender), FailureAction.STOP_SENDER)
            _expect(smtp.rcpt(to), FailureAction.PERMANENT)
            _hand_in(smtp, content)
        return Accepted(message.reference, DeliveryStatus.SENT)

    def find(self, message: Outgoing, since: datetime) -> Sequence[Accepted]:  # noqa: ARG002
        """Raises CannotLook: a mail server cannot be asked."""
        raise CannotLook

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        server, name = self._server, self._server.sender.rpartition("@")[2]
        smtp: smtplib.SMTP
        if server.security == "tls":
            smtp = smtplib.SMTP_SSL(
                server.host, server.port, name, timeout=CONNECT_TIMEOUT_S, context=self._tls
            )
        else:
            smtp = smtplib.SMTP(server.host, server.port, name, timeout=CONNECT_TIMEOUT_S)
        try:
            if smtp.sock is not None:
                smtp.sock.settimeout(self._read_timeout)
            smtp.ehlo_or_helo_if_needed()
            yield smtp
        finally:
            smtp.close()  # without QUIT: it could only fail, when all is done

    def _log_in(self, smtp: smtplib.SMTP) -> None:
        server = self._server
        if server.security == "starttls":
            smtp.starttls(context=self._tls)
            smtp.ehlo_or_helo_if_needed()
        if server.user is not None and server.password is not None:
            smtp.login(server.user, server.password)

    def _written(self, message: Outgoing, to: str) -> bytes:
        written = EmailMessage()
        written["From"] = self._server.sender
        written["To"] = to
        written["Subject"] = self._server.subject
        written["Date"] = self._clock()
        domain = self._server.sender.rpartition("@")[2]
        written["Message-ID"] = f"<{message.reference}@{domain}>"
        written["Auto-Submitted"] = "auto-generated"  # RFC 3834: holiday notes do not answer it
        written.set_content(message.body, cte="quoted-printable")  # not every server takes 8 bits
        written["Content-Language"] = message.language
        return written.as_bytes(policy=SMTP)


def address(given: str) -> str | None:
    """An address as SMTP takes it; None where it is none."""
    if not _ADDRESS.fullmatch(given):
        return None
    local, _, domain = given.rpartition("@")
    try:
        return f"{local}@{domain.encode('idna').decode()}"
    except UnicodeError:
        return None


def _hand_in(smtp: smtplib.SMTP, content: bytes) -> None:
    try:
        answer = smtp.data(content)
    except smtplib.SMTPDataError as error:
        raise _refused(error.smtp_code, FailureAction.PERMANENT) from None
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryFailed(
            f"answer lost: {type(error).__name__}", FailureAction.UNKNOWN, "lost"
        ) from None
    _expect(answer, FailureAction.PERMANENT)


@contextmanager
def _before_data() -> Iterator[None]:
    """What breaks before the text is on its way was certainly not sent."""
    try:
        yield
    except smtplib.SMTPConnectError as error:
        raise _refused(error.smtp_code, FailureAction.UNREACHABLE) from None
    except smtplib.SMTPNotSupportedError:
        raise DeliveryFailed(
            "the server offers no TLS or no way to log in", FailureAction.STOP_SENDER, "tls"
        ) from None
    except smtplib.SMTPResponseException as error:
        raise _refused(error.smtp_code, FailureAction.STOP_SENDER) from None
    except (smtplib.SMTPException, OSError) as error:
        raise DeliveryFailed(
            f"no session: {type(error).__name__}", FailureAction.UNREACHABLE, "connect"
        ) from None


def _expect(answer: tuple[int, bytes], refusal: FailureAction) -> None:
    """The server's words may hold the address: only its code passes on."""
    code = answer[0]
    if code not in _OK:
        raise _refused(code, refusal)


def _refused(code: int, refusal: FailureAction) -> DeliveryFailed:
    if code in _TOO_MANY:
        action = FailureAction.THROTTLED
    elif 400 <= code < 500:  # not now: greylisting, a full mailbox
        action = FailureAction.RETRY
    else:
        action = refusal
    return DeliveryFailed(f"refused: SMTP {code}", action, str(code))
