"""A broker of a few lines, for answers that a real one cannot be made to give here.

It speaks just enough MQTT 5.0 to accept a connection and to answer a subscription, bare or inside
WebSocket frames (RFC 6455).
"""

import base64
import hashlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

_CONNACK = b"\x20\x03\x00\x00\x00"
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"


@dataclass
class FakeBroker:
    """Its port, what it does, and the paths that WebSockets asked for."""

    port: int
    reason: int
    websocket: bool
    flood: int = 0
    paths: list[str] = field(default_factory=list)

    def serve(self, connection: socket.socket) -> None:
        """Answer one client until it leaves."""
        with connection, connection.makefile("rb") as stream:
            if self.websocket:
                self._shake_hands(connection, stream.readline)
            while packet := self._packet(stream.read):
                kind = packet[0] >> 4
                if kind == 1:
                    self._send(connection, _CONNACK)
                elif kind == 8:
                    self._subscribed(connection, packet[2:4])

    def _subscribed(self, connection: socket.socket, number: bytes) -> None:
        self._send(connection, b"\x90\x04" + number + b"\x00" + bytes([self.reason]))
        for mid in range(1, self.flood + 1):
            self._send(connection, b"\x32\x07\x00\x01a" + mid.to_bytes(2, "big") + b"\x00x")

    def _shake_hands(self, connection: socket.socket, line: object) -> None:
        assert callable(line)
        self.paths.append(line().split()[1].decode())
        key = b""
        while header := line().strip():
            name, _, value = header.partition(b":")
            if name.lower() == b"sec-websocket-key":
                key = value.strip()
        accept = base64.b64encode(hashlib.sha1(key + _GUID).digest())  # noqa: S324 (RFC 6455)
        connection.sendall(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Protocol: mqtt\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n"
        )

    def _packet(self, read: object) -> bytes:
        """The next packet of less than 128 bytes; empty at the end."""
        assert callable(read)
        if not self.websocket:
            head = read(2)
            return head + read(head[1]) if len(head) == 2 else b""
        head = read(2)
        if len(head) < 2 or head[0] & 0x0F == 8:
            return b""
        mask, data = read(4), read(head[1] & 0x7F)
        return bytes(byte ^ mask[n % 4] for n, byte in enumerate(data))

    def _send(self, connection: socket.socket, packet: bytes) -> None:
        frame = b"\x82" + bytes([len(packet)]) if self.websocket else b""
        connection.sendall(frame + packet)


@contextmanager
def fake_broker(
    *, reason: int = 1, websocket: bool = False, flood: int = 0
) -> Iterator[FakeBroker]:
    """Serve on a free port until the block ends.

    `reason` answers subscriptions (0x87: refused); so many messages follow as `flood` says.
    """
    with socket.create_server(("127.0.0.1", 0)) as listener:
        broker = FakeBroker(listener.getsockname()[1], reason, websocket, flood)
        threads: list[threading.Thread] = []

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                threads.append(threading.Thread(target=broker.serve, args=(connection,)))
                threads[-1].start()

        accepting = threading.Thread(target=accept)
        accepting.start()
        yield broker
        listener.shutdown(socket.SHUT_RDWR)
        accepting.join(5)
        for thread in threads:
            thread.join(5)
