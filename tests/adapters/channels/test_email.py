"""E-mail against a real SMTP server on the loopback."""

from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default
from pathlib import Path
from typing import Any

import pytest

from carealert.adapters.channels.email import EmailChannel, MailServer, address
from carealert.adapters.channels.not_ready import ChannelNotReady
from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import CannotLook, DeliveryFailed, FailureAction
from carealert.simulator.server import free_port
from tests.support.builders import NOW
from tests.support.delivery import SetClock
from tests.support.gateway import a_message
from tests.support.smtp import PASSWORD, USER, MailRoom, mail_room
from tests.support.tls import self_signed

TO = "manager@example.org"
SENDER = "alerts@city.example"


@pytest.fixture(scope="module")
def pem(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return self_signed(tmp_path_factory.mktemp("mail"), "127.0.0.1")


@pytest.fixture
def room(pem: Path) -> Iterator[MailRoom]:
    with mail_room(pem) as room:
        yield room


def channel(port: int, pem: Path | None, read_timeout: float = 5.0, **changes: Any) -> EmailChannel:
    given = {
        "host": "127.0.0.1",
        "port": port,
        "sender": SENDER,
        "user": USER,
        "password": PASSWORD,
        "ca_file": str(pem) if pem else None,
    }
    return EmailChannel(MailServer(**given | changes), SetClock(), read_timeout=read_timeout)


def failure(port: int, pem: Path | None, **changes: Any) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        channel(port, pem, **changes).send(a_message(1, to=TO))
    return caught.value


def test_a_mail_says_nothing_outside_and_all_inside(room: MailRoom, pem: Path) -> None:
    body = "বন্যা: 1 = নিরাপদ\n.\nñ"
    taken = channel(room.port, pem).send(a_message(1, to=TO, body=body, language="bn"))
    assert (taken.provider_id, taken.status) == ("notice-1.1", DeliveryStatus.SENT)
    ((sender, to, content),) = room.mails
    assert sender.startswith(f"FROM:<{SENDER}>")
    assert to == f"TO:<{TO}>"
    mail = message_from_bytes(content, policy=default)
    assert mail["Subject"] == "A message for you"
    assert (mail["From"], mail["To"]) == (SENDER, TO)
    assert mail["Message-ID"] == "<notice-1.1@city.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["Date"].datetime == NOW.replace(microsecond=0)
    assert mail["Content-Language"] == "bn"
    assert mail.get_content_type() == "text/plain"
    assert content.isascii()
    assert mail.get_content().replace("\r\n", "\n") == body + "\n"


def test_nobody_is_named_before_the_line_is_sealed(room: MailRoom, pem: Path) -> None:
    channel(room.port, pem).send(a_message(1, to=TO))
    assert room.in_the_clear == ["ehlo city.example", "STARTTLS"]


def test_tls_may_begin_with_the_first_byte(pem: Path) -> None:
    with mail_room(pem, tls=True) as room:
        channel(room.port, pem, security="tls").send(a_message(1, to=TO))
        assert len(room.mails) == 1
        assert room.in_the_clear == []


def test_a_server_without_tls_gets_nothing(room: MailRoom, pem: Path) -> None:
    room.offers_tls = False
    assert failure(room.port, pem).action is FailureAction.STOP_SENDER
    assert room.commands == ["EHLO"]


@pytest.mark.parametrize("security", ["tls", "starttls"])
def test_a_stranger_s_certificate_is_no_connection(pem: Path, security: str) -> None:
    with mail_room(pem, tls=security == "tls") as room:
        failed = failure(room.port, None, security=security)
        assert (failed.action, failed.code) == (FailureAction.UNREACHABLE, "connect")
        assert "AUTH" not in room.commands


def test_a_certificate_for_another_name_is_no_connection(tmp_path: Path) -> None:
    other = self_signed(tmp_path, "mail.example.org")
    with mail_room(other, tls=True) as room:
        assert failure(room.port, other, security="tls").action is FailureAction.UNREACHABLE
    with mail_room(other) as room:
        assert failure(room.port, other).action is FailureAction.UNREACHABLE


@pytest.mark.parametrize(
    ("command", "answer", "action"),
    [
        ("GREETING", "421 later", FailureAction.THROTTLED),
        ("GREETING", "554 go away", FailureAction.UNREACHABLE),
        ("GREETING", None, FailureAction.UNREACHABLE),
        ("EHLO", None, FailureAction.UNREACHABLE),
        ("STARTTLS", "454 not now", FailureAction.RETRY),
        ("STARTTLS", "502 never", FailureAction.STOP_SENDER),
        ("STARTTLS", None, FailureAction.UNREACHABLE),
        ("AUTH", "535 wrong", FailureAction.STOP_SENDER),
        ("AUTH", "454 not now", FailureAction.RETRY),
        ("AUTH", None, FailureAction.UNREACHABLE),
        ("MAIL", "550 not you", FailureAction.STOP_SENDER),
        ("MAIL", "452 full", FailureAction.THROTTLED),
        ("MAIL", None, FailureAction.UNREACHABLE),
        ("RCPT", "550 no such user", FailureAction.PERMANENT),
        ("RCPT", "450 greylisted", FailureAction.RETRY),
        ("RCPT", "251 forwards", None),
        ("RCPT", None, FailureAction.UNREACHABLE),
        ("DATA", "554 no", FailureAction.PERMANENT),
        ("DATA", "451 later", FailureAction.RETRY),
        ("DATA", None, FailureAction.UNKNOWN),
        ("BODY", "554 spam", FailureAction.PERMANENT),
        ("BODY", "452 full", FailureAction.THROTTLED),
        ("BODY", "451 later", FailureAction.RETRY),
        ("BODY", None, FailureAction.UNKNOWN),
    ],
)
def test_every_refusal_asks_for_what_it_means(
    room: MailRoom, pem: Path, command: str, answer: str | None, action: FailureAction | None
) -> None:
    room.answers[command] = answer
    if action is None:
        channel(room.port, pem).send(a_message(1, to=TO))
        return
    assert failure(room.port, pem).action is action
    assert room.commands.count("DATA") <= 1


def test_a_wrong_password_stops_the_sender(room: MailRoom, pem: Path) -> None:
    failed = failure(room.port, pem, password="wrong")
    assert (failed.action, failed.code) == (FailureAction.STOP_SENDER, "535")
    assert room.mails == []


def test_a_server_may_trust_its_own_network(room: MailRoom, pem: Path) -> None:
    channel(room.port, pem, user=None, password=None).send(a_message(1, to=TO))
    assert "AUTH" not in room.commands
    assert len(room.mails) == 1


def test_a_slow_answer_after_the_text_is_unknown(room: MailRoom, pem: Path) -> None:
    room.delay = 0.5
    assert failure(room.port, pem, read_timeout=0.2).action is FailureAction.UNKNOWN
    assert len(room.mails) == 1


def test_no_connection_means_not_submitted(pem: Path) -> None:
    assert failure(free_port(), pem).action is FailureAction.UNREACHABLE


@pytest.mark.parametrize(
    "to", ["", "nobody", "a@b\r\nRCPT TO:<c@d>", "a b@c", "a@b@c", "<a@b>", "a@", "é@example.org"]
)
def test_what_is_no_address_goes_nowhere(room: MailRoom, pem: Path, to: str) -> None:
    with pytest.raises(DeliveryFailed) as caught:
        channel(room.port, pem).send(a_message(1, to=to))
    assert caught.value.action is FailureAction.PERMANENT
    assert room.commands == []


def test_an_international_domain_is_written_as_servers_do() -> None:
    assert address("desk@münchen.example") == "desk@xn--mnchen-3ya.example"


def test_a_mail_cannot_be_looked_for(pem: Path) -> None:
    mail = channel(1, pem)
    with pytest.raises(CannotLook):
        mail.find(a_message(1, to=TO), NOW)


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sender": "nobody"}, "sender of e-mail"),
        ({"subject": "a\nBcc: x@y"}, "one line"),
        ({"password": None}, "user and a password"),
        ({"ca_file": "/nowhere.pem"}, "certificates for e-mail"),
    ],
)
def test_a_wrong_setting_says_what_to_do(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ChannelNotReady, match=says):
        channel(1, None, **changes)


def test_the_password_is_in_no_repr() -> None:
    server = MailServer("127.0.0.1", 1, SENDER, USER, PASSWORD)
    assert PASSWORD not in repr(server)
