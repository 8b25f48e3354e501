"""One bound connection to an SMSC: requests out, their answers and the SMSC's own requests in.

A session is never mended: once it is broken, whoever needs one binds anew. Everything that was
asked on it and not answered is then known to be unknown.
"""

import socket
import ssl
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Lock, Thread

from carealert.adapters.channels.not_ready import ChannelNotReady
from carealert.adapters.channels.smpp_pdu import (
    HEADER,
    INVALID_COMMAND,
    OK,
    TRY_AGAIN,
    Command,
    Deliver,
    NotSmpp,
    Pdu,
    bind,
    deliver_of,
    header_of,
)

#: Together less than the longest time that a post may take (`services/delivering.py`).
CONNECT_TIMEOUT_S = 3.05
BIND_TIMEOUT_S = 3.0
ANSWER_TIMEOUT_S = 8.0
#: So long nothing may be heard before the line is tried, and nothing may be written.
QUIET_S = 8.0
_LAST_SEQUENCE = 0x7FFFFFFF


class NotBound(Exception):
    """No session came about. `status` is the SMSC's refusal; None: it was not reached."""

    def __init__(self, why: str, status: int | None = None) -> None:
        super().__init__(why)
        self.status = status


class Broken(Exception):
    """The session ended before an answer came."""


@dataclass(frozen=True, slots=True)
class Smsc:
    """Where to bind as a transceiver, and as whom."""

    host: str
    port: int
    system_id: str
    password: str = field(repr=False)
    system_type: str = ""
    tls: bool = True
    ca_file: str | None = None

    def __post_init__(self) -> None:
        # SMPP 3.4, 5.2.1 to 5.2.3: 15, 8 and 12 characters; many take longer passwords.
        for name, text, most in (
            ("system id", self.system_id, 15),
            ("password", self.password, 64),
            ("system type", self.system_type, 12),
        ):
            if not text.isascii() or "\0" in text or len(text) > most:
                raise ChannelNotReady(
                    f"The {name} for SMPP must be of {most} plain characters at most: mend it."
                )


#: Takes what the SMSC delivers; where it raises, the SMSC is asked to deliver it again.
OnDeliver = Callable[[Deliver], None]
OnAnswer = Callable[[Pdu], None]


class Session:
    """A bound session. Threads may ask at once; deliveries come one after the other."""

    def __init__(
        self,
        smsc: Smsc,
        on_deliver: OnDeliver,
        *,
        answer_timeout: float = ANSWER_TIMEOUT_S,
        quiet: float = QUIET_S,
    ) -> None:
        """Connect and bind; raises NotBound."""
        self._on_deliver = on_deliver
        self._quiet = quiet
        self._lock = Lock()
        self._sequence = 0
        self._waiting: dict[int, tuple[Future[Pdu], OnAnswer]] = {}
        self._is_broken = False
        self._probe: Future[Pdu] | None = None
        self._socket = _connected(smsc)
        self._socket.settimeout(min(answer_timeout, BIND_TIMEOUT_S))
        try:
            self._bind(smsc)
        except (OSError, NotSmpp) as error:
            self._socket.close()
            raise NotBound(f"no bind: {type(error).__name__}") from None
        self._socket.settimeout(quiet)
        self._deliveries = ThreadPoolExecutor(1, thread_name_prefix="smpp-deliveries")
        self._reader = Thread(target=self._read_all, name="smpp-reader", daemon=True)
        self._reader.start()

    @property
    def is_broken(self) -> bool:
        """Whether nothing can be asked any more."""
        with self._lock:
            return self._is_broken

    def ask(
        self, command: Command, body: bytes = b"", on_answer: OnAnswer = lambda _: None
    ) -> "Future[Pdu]":
        """Write one request; its answer, or Broken, comes by the future. Raises nothing.

        `on_answer` gets the answer before anything that comes after it is read, late ones too.
        """
        answer: Future[Pdu] = Future()
        with self._lock:
            if self._is_broken:
                answer.set_exception(Broken())
                return answer
            self._sequence = self._sequence % _LAST_SEQUENCE + 1
            self._waiting[self._sequence] = answer, on_answer
            is_written = self._write(Pdu(command, OK, self._sequence, body))
        if not is_written:
            self._break()
        return answer

    def close(self, seconds: float = 1.0) -> None:
        """Say good-bye and end; what is still unanswered is Broken."""
        if not self.is_broken:
            farewell = self.ask(Command.UNBIND)
            farewell.add_done_callback(lambda _: self._break())
            self._reader.join(seconds)
        self._break()
        self._reader.join(seconds)
        self._deliveries.shutdown(wait=False)  # one of them may be who closes
        self._socket.close()

    # --- within

    def _bind(self, smsc: Smsc) -> None:
        body = bind(smsc.system_id, smsc.password, smsc.system_type)
        self._sequence = 1
        self._socket.sendall(Pdu(Command.BIND_TRANSCEIVER, OK, 1, body).packed())
        answer = self._read()
        if answer.command != Command.BIND_TRANSCEIVER_RESP or answer.status != OK:
            self._socket.close()
            raise NotBound(f"bind refused: {answer.status:#x}", answer.status or INVALID_COMMAND)

    def _write(self, pdu: Pdu) -> bool:
        """Whether it was written whole; the lock is held."""
        try:
            self._socket.sendall(pdu.packed())
        except OSError:
            return False
        return True

    def _answer(self, pdu: Pdu, status: int = OK, body: bytes = b"") -> None:
        command = pdu.command | 0x80000000 if status != INVALID_COMMAND else Command.GENERIC_NACK
        with self._lock:
            is_written = self._is_broken or self._write(Pdu(command, status, pdu.sequence, body))
        if not is_written:
            self._break()

    def _break(self) -> None:
        with self._lock:
            waiting, self._waiting = self._waiting, {}
            was_broken, self._is_broken = self._is_broken, True
        if not was_broken:
            with suppress(OSError):  # the other side may be quicker
                self._socket.shutdown(socket.SHUT_RDWR)  # wakes the reader
        for answer, _ in waiting.values():
            answer.set_exception(Broken())

    def _read(self) -> Pdu:
        length, command, status, sequence = header_of(self._exactly(HEADER))
        return Pdu(command, status, sequence, self._exactly(length - HEADER))

    def _exactly(self, length: int) -> bytes:
        data = bytearray()
        while len(data) < length:
            try:
                chunk = self._socket.recv(length - len(data))
            except TimeoutError:
                if data:
                    raise NotSmpp("a PDU that breaks off") from None
                raise
            if not chunk:
                raise NotSmpp("the end of the connection")
            data += chunk
        return bytes(data)

    def _read_all(self) -> None:
        try:
            while not self.is_broken and self._read_one():
                pass
        finally:
            self._break()

    def _read_one(self) -> bool:
        """Read and take one PDU, or try a quiet line; whether the session goes on."""
        try:
            pdu = self._read()
        except TimeoutError:
            if self._probe is not None and not self._probe.done():
                return False
            self._probe = self.ask(Command.ENQUIRE_LINK)
        except (OSError, NotSmpp):
            return False
        else:
            self._take(pdu)
        return True

    def _take(self, pdu: Pdu) -> None:
        if pdu.is_response:
            with self._lock:
                waiting = self._waiting.pop(pdu.sequence, None)
            if waiting is not None:
                waiting[1](pdu)
                waiting[0].set_result(pdu)
        elif pdu.command == Command.DELIVER_SM:
            self._deliver(pdu)
        elif pdu.command == Command.ENQUIRE_LINK:
            self._answer(pdu)
        elif pdu.command == Command.UNBIND:
            self._answer(pdu)
            self._break()
        else:
            self._answer(pdu, INVALID_COMMAND)

    def _deliver(self, pdu: Pdu) -> None:
        """Acknowledged only when it is taken in; what is no message is never asked for again."""
        try:
            deliver = deliver_of(pdu.body)
        except NotSmpp:
            self._answer(pdu, OK, b"\0")
            return
        taken = self._deliveries.submit(self._on_deliver, deliver)
        taken.add_done_callback(
            lambda done: self._answer(pdu, TRY_AGAIN if done.exception() else OK, b"\0")
        )


def _connected(smsc: Smsc) -> socket.socket:
    try:
        context = ssl.create_default_context(cafile=smsc.ca_file) if smsc.tls else None
    except (OSError, ssl.SSLError) as error:
        raise ChannelNotReady(
            "The certificates for SMPP cannot be read: look at the file."
        ) from error
    try:
        plain = socket.create_connection((smsc.host, smsc.port), CONNECT_TIMEOUT_S)
    except OSError as error:
        raise NotBound(f"no connection: {type(error).__name__}") from None
    if context is None:
        return plain
    try:
        return context.wrap_socket(plain, server_hostname=smsc.host)
    except OSError as error:
        plain.close()
        raise NotBound(f"no TLS: {type(error).__name__}") from None
