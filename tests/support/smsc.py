"""A small SMSC on the loopback: it binds, takes texts, delivers, refuses and hangs up.

Its reading of SMPP 3.4 is written down a second time, apart from that of the adapter.
"""

import socket
import ssl
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

BIND, SUBMIT, DELIVER, ENQUIRE, UNBIND, NACK = 0x09, 0x04, 0x05, 0x15, 0x06, 0x80000000
DROP, SILENT = "drop", "silent"


@dataclass(frozen=True)
class Submitted:
    """One submit_sm as it came."""

    source: tuple[int, int, str]
    to: tuple[int, int, str]
    esm_class: int
    validity: str
    registered: int
    coding: int
    content: bytes


@dataclass
class FakeSmsc:
    """What came in, and what to answer: to each submit_sm a status, DROP or SILENT; then OK.

    `ids` are given to messages in turn, then m1, m2 and so on. `receipts` go out with each answer.
    """

    port: int = 0
    bind_status: int = 0
    binds_in_silence: bool = False
    answers_links: bool = True
    answers: list[int | str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    receipts: list[str] = field(default_factory=list)
    binds: list[tuple[str, str, str]] = field(default_factory=list)
    submitted: list[Submitted] = field(default_factory=list)
    links: int = 0
    unbinds: int = 0
    changed: threading.Condition = field(default_factory=threading.Condition)
    lines: list["_Line"] = field(default_factory=list)
    acknowledged: dict[int, int] = field(default_factory=dict)

    def deliver(self, body: bytes, wait: float = 5.0) -> int:
        """Deliver on the newest line; the status of the answer."""
        line = self.lines[-1]
        sequence = line.request(DELIVER, body)
        with self.changed:
            assert self.changed.wait_for(lambda: sequence in self.acknowledged, wait)
            return self.acknowledged[sequence]

    def ask(self, command: int, wait: float = 5.0) -> int:
        """Send an empty request; the status of the answer."""
        sequence = self.lines[-1].request(command, b"")
        with self.changed:
            assert self.changed.wait_for(lambda: sequence in self.acknowledged, wait)
            return self.acknowledged[sequence]

    def wait_for(self, what: str, count: int) -> None:
        """Wait until there are so many of `binds`, `links` and so on."""

        def is_there() -> bool:
            found = getattr(self, what)
            return (found if isinstance(found, int) else len(found)) >= count

        with self.changed:
            assert self.changed.wait_for(is_there, 5)

    def hang_up(self) -> None:
        """Break every line."""
        for line in self.lines:
            line.hang_up()


def a_deliver(
    source: str,
    content: bytes,
    *,
    ton: int = 1,
    esm: int = 0,
    coding: int = 0,
    options: dict[int, bytes] | None = None,
) -> bytes:
    """The body of a deliver_sm."""
    tail = b"".join(
        struct.pack("!HH", tag, len(value)) + value for tag, value in (options or {}).items()
    )
    return (
        b"\0"
        + bytes((ton, 1))
        + source.encode()
        + b"\0"
        + b"\x03\x00"
        + b"7788\0"
        + bytes((esm, 0, 0))
        + b"\0\0"
        + bytes((0, 0, coding, 0, len(content)))
        + content
        + tail
    )


def a_receipt(message_id: str, state: str = "DELIVRD", error: str = "000") -> bytes:
    """A receipt in the words of appendix B."""
    text = (
        f"id:{message_id} sub:001 dlvrd:001 submit date:2601011200 done date:2601011201 "
        f"stat:{state} err:{error} text:"
    )
    return a_deliver("12025550107", text.encode(), esm=0x04)


class _Line:
    def __init__(self, smsc: FakeSmsc, link: socket.socket) -> None:
        self.smsc, self.link = smsc, link
        self.lock = threading.Lock()
        self.sequence = 1000

    def request(self, command: int, body: bytes) -> int:
        with self.lock:
            self.sequence += 1
        self.write(command, 0, self.sequence, body)
        return self.sequence

    def write(self, command: int, status: int, sequence: int, body: bytes = b"") -> None:
        self.link.sendall(struct.pack("!IIII", 16 + len(body), command, status, sequence) + body)

    def hang_up(self) -> None:
        try:
            self.link.shutdown(socket.SHUT_RDWR)
        except OSError:
            return  # it was over already

    def live(self) -> None:
        with self.link:
            try:
                while self.one():
                    pass
            except (OSError, struct.error):
                return  # the other side hung up

    def one(self) -> bool:
        length, command, status, sequence = struct.unpack("!IIII", self.exactly(16))
        body = self.exactly(length - 16)
        with self.smsc.changed:
            if command & 0x80000000:
                self.smsc.acknowledged[sequence] = status if command != NACK else status | 0x10000
                going = True
            else:
                going = self.request_came(command, sequence, body)
            self.smsc.changed.notify_all()
        return going

    def exactly(self, length: int) -> bytes:
        data = b""
        while len(data) < length:
            chunk = self.link.recv(length - len(data))
            if not chunk:
                raise OSError
            data += chunk
        return data

    def request_came(self, command: int, sequence: int, body: bytes) -> bool:
        smsc = self.smsc
        if command == BIND:
            user, password, kind = body.split(b"\0")[:3]
            smsc.binds.append((user.decode(), password.decode(), kind.decode()))
            if not smsc.binds_in_silence:
                self.write(command | 0x80000000, smsc.bind_status, sequence, b"smsc\0")
        elif command == ENQUIRE:
            smsc.links += 1
            if smsc.answers_links:
                self.write(command | 0x80000000, 0, sequence)
        elif command == UNBIND:
            smsc.unbinds += 1
            self.write(command | 0x80000000, 0, sequence)
            return False
        elif command == SUBMIT:
            return self.submit_came(sequence, body)
        else:
            self.write(NACK, 3, sequence)
        return True

    def submit_came(self, sequence: int, body: bytes) -> bool:
        smsc = self.smsc
        smsc.submitted.append(_submitted(body))
        answer = smsc.answers.pop(0) if smsc.answers else 0
        if isinstance(answer, str):
            return answer != DROP
        if answer:
            self.write(SUBMIT | 0x80000000, answer, sequence)
            return True
        message_id = smsc.ids.pop(0) if smsc.ids else f"m{len(smsc.submitted)}"
        self.write(SUBMIT | 0x80000000, 0, sequence, message_id.encode() + b"\0")
        for state in smsc.receipts:
            self.request(DELIVER, a_receipt(message_id, state))
        return True


def _submitted(body: bytes) -> Submitted:
    _, rest = body.split(b"\0", 1)
    source, rest = (rest[0], rest[1]), rest[2:]
    source_digits, rest = rest.split(b"\0", 1)
    to, rest = (rest[0], rest[1]), rest[2:]
    to_digits, rest = rest.split(b"\0", 1)
    esm, rest = rest[0], rest[3:]
    _, rest = rest.split(b"\0", 1)
    validity, rest = rest.split(b"\0", 1)
    registered, _, coding, _, length = rest[:5]
    assert len(rest) == 5 + length
    return Submitted(
        (*source, source_digits.decode()),
        (*to, to_digits.decode()),
        esm,
        validity.decode(),
        registered,
        coding,
        rest[5:],
    )


@contextmanager
def an_smsc(pem: Path | None = None) -> Iterator[FakeSmsc]:
    """Serve on a free port of the loopback until the block ends; with `pem` over TLS."""
    smsc = FakeSmsc()
    context = None
    if pem is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:
        smsc.port = listener.getsockname()[1]

        def accept() -> None:
            while True:
                try:
                    link, _ = listener.accept()
                except OSError:
                    return  # the end of the block
                if context is not None:
                    try:
                        link = context.wrap_socket(link, server_side=True)
                    except OSError:
                        link.close()
                        continue  # who does not trust us is what a test is about
                line = _Line(smsc, link)
                smsc.lines.append(line)
                threads.append(threading.Thread(target=line.live))
                threads[-1].start()

        acceptor = threading.Thread(target=accept)
        acceptor.start()
        try:
            yield smsc
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            acceptor.join(5)
            smsc.hang_up()
            for thread in threads:
                thread.join(5)
