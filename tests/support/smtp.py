"""A mail server on the loopback, as small as RFC 5321 allows, that can refuse and hang up."""

import asyncio
import base64
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

USER, PASSWORD = "carealert", "a long test secret"


@dataclass
class MailRoom:
    """What came in, and what to answer: `answers` once, by command (`GREETING`, `EHLO`, … `BODY`).

    An answer of None hangs up. `offers_tls` says whether STARTTLS is announced.
    """

    port: int = 0
    answers: dict[str, str | None] = field(default_factory=dict)
    offers_tls: bool = True
    delay: float = 0.0
    mails: list[tuple[str, str, bytes]] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    in_the_clear: list[str] = field(default_factory=list)


class _HungUp(Exception):
    pass


class _Session:
    def __init__(
        self,
        room: MailRoom,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        *,
        tls: bool,
    ) -> None:
        self.room, self.reader, self.writer, self.tls = room, reader, writer, tls
        self.sender = self.to = ""

    async def say(self, command: str, usual: str) -> bool:
        """Answer as the test wants; whether it was the usual answer."""
        said = self.room.answers.pop(command, usual)
        if said is None:
            raise _HungUp
        self.writer.write(said.encode() + b"\r\n")
        await self.writer.drain()
        return said == usual

    async def line(self) -> str:
        line = (await self.reader.readline()).decode()
        if not line:
            raise _HungUp
        return line.rstrip("\r\n")

    async def live(self, context: ssl.SSLContext) -> None:
        await self.say("GREETING", "220 ready")
        while True:
            line = await self.line()
            command, _, rest = line.partition(" ")
            command = command.upper()
            self.room.commands.append(command)
            if not self.tls:
                self.room.in_the_clear.append(line)
            if command == "STARTTLS" and await self.say("STARTTLS", "220 go on"):
                await self.writer.start_tls(context)
                self.tls = True
            elif command == "DATA" and await self.say("DATA", "354 go on"):
                await self.body()
            elif command not in ("STARTTLS", "DATA"):
                await self.say(command, self.usual(command, rest))

    def usual(self, command: str, rest: str) -> str:
        if command == "EHLO":
            return self.features()
        if command == "AUTH":
            right = base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()).decode()
            return "235 come in" if rest == f"PLAIN {right}" else "535 go away"
        if command == "MAIL":
            self.sender = rest
        elif command == "RCPT":
            self.to = rest
        return "250 ok" if command in ("MAIL", "RCPT") else "500 what?"

    def features(self) -> str:
        lines = ["mail.test", "AUTH PLAIN"]
        if self.room.offers_tls and not self.tls:
            lines.append("STARTTLS")
        return "\r\n".join([*(f"250-{one}" for one in lines[:-1]), f"250 {lines[-1]}"])

    async def body(self) -> None:
        content = b""
        while not content.endswith(b"\r\n.\r\n"):
            content += await self.reader.readline()
        unstuffed = content.removesuffix(b".\r\n").replace(b"\r\n..", b"\r\n.")
        self.room.mails.append((self.sender, self.to, unstuffed))
        await asyncio.sleep(self.room.delay)
        await self.say("BODY", "250 taken")


@contextmanager
def mail_room(pem: Path, *, tls: bool = False) -> Iterator[MailRoom]:
    """Serve in a thread of its own until the block ends; `tls` from the first byte."""
    room = MailRoom()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    loop = asyncio.new_event_loop()
    up = threading.Event()
    done = asyncio.Event()

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await _Session(room, reader, writer, tls=tls).live(context)
        except (_HungUp, OSError):
            pass
        finally:
            writer.close()

    async def serve() -> None:
        server = await asyncio.start_server(talk, "127.0.0.1", 0, ssl=context if tls else None)
        async with server:
            room.port = server.sockets[0].getsockname()[1]
            up.set()
            await done.wait()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    assert up.wait(10)
    try:
        yield room
    finally:
        loop.call_soon_threadsafe(done.set)
        thread.join(10)
