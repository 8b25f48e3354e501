"""SMPP against an SMSC on the loopback that can refuse, keep silent and hang up."""

import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from carealert.adapters.channels.not_ready import ChannelNotReady
from carealert.adapters.channels.smpp import SmppChannel, SmppInbound, SmppReceipt
from carealert.adapters.channels.smpp_memory import ComeAgain, HalfTexts, Sent, SentTexts, spellings
from carealert.adapters.channels.smpp_pdu import NotSmpp, deliver_of, relative
from carealert.adapters.channels.smpp_session import Smsc
from carealert.adapters.channels.smpp_text import Piece, TooLong, parts_of
from carealert.domain.notices import DeliveryStatus
from carealert.domain.sms import BASIC, EXTENSION, encode
from carealert.services.ports.outbox import CannotLook, DeliveryFailed, FailureAction
from carealert.simulator.server import free_port
from tests.support.builders import NOW, a_phone
from tests.support.gateway import a_message
from tests.support.smsc import (
    DELIVER,
    DROP,
    ENQUIRE,
    SILENT,
    UNBIND,
    FakeSmsc,
    a_deliver,
    a_receipt,
    an_smsc,
)
from tests.support.tls import self_signed

PASSWORD = "a test secret"


@pytest.fixture
def smsc() -> Iterator[FakeSmsc]:
    with an_smsc() as smsc:
        yield smsc


class Desk:
    """Keeps what comes in, and can be too busy to take it."""

    def __init__(self) -> None:
        self.receipts: list[SmppReceipt] = []
        self.texts: list[SmppInbound] = []
        self.busy = 0
        self.changed = threading.Condition()

    def _take(self, kept: list[Any], one: Any) -> None:
        with self.changed:
            if self.busy:
                self.busy -= 1
                raise RuntimeError("busy")
            kept.append(one)
            self.changed.notify_all()

    def receipt(self, one: SmppReceipt) -> None:
        self._take(self.receipts, one)

    def text(self, one: SmppInbound) -> None:
        self._take(self.texts, one)

    def wait(self, is_there: Callable[[], bool]) -> None:
        with self.changed:
            assert self.changed.wait_for(is_there, 5)


@pytest.fixture
def desk() -> Desk:
    return Desk()


@pytest.fixture
def open_channel(desk: Desk) -> Iterator[Callable[..., SmppChannel]]:
    opened: list[SmppChannel] = []

    def make(port: int, *, sender: str = "7788", **changes: Any) -> SmppChannel:
        own = {key: changes.pop(key) for key in ("tls", "ca_file", "password") if key in changes}
        where = {"tls": False, "password": PASSWORD} | own
        given = {"answer_timeout": 2.0} | changes
        opened.append(
            SmppChannel(
                Smsc("127.0.0.1", port, "carealert", system_type="CA", **where),
                sender,
                desk.receipt,
                desk.text,
                **given,
            )
        )
        return opened[-1]

    yield make
    for channel in opened:
        channel.close()


@pytest.fixture
def channel(smsc: FakeSmsc, open_channel: Callable[..., SmppChannel]) -> SmppChannel:
    return open_channel(smsc.port)


def failure(channel: SmppChannel, **message: Any) -> DeliveryFailed:
    with pytest.raises(DeliveryFailed) as caught:
        channel.send(a_message(7, **message))
    return caught.value


# --- out


def test_a_text_arrives_with_everything_that_was_asked_for(
    channel: SmppChannel, smsc: FakeSmsc
) -> None:
    taken = channel.send(a_message(7, body="ñ @ €", valid_for=timedelta(hours=26, seconds=5)))
    assert (taken.provider_id, taken.status) == ("smpp:m1", DeliveryStatus.ACCEPTED)
    assert smsc.binds == [("carealert", PASSWORD, "CA")]
    (one,) = smsc.submitted
    assert one.source == (3, 0, "7788")
    assert one.to == (1, 1, a_phone(7).number[1:])
    assert (one.esm_class, one.coding, one.registered) == (0, 0, 1)
    assert one.validity == "000001020005000R"
    assert one.content == b"\x7d \x00 \x1b\x65"


def test_one_session_serves_many_threads(channel: SmppChannel, smsc: FakeSmsc) -> None:
    with ThreadPoolExecutor(8) as pool:
        taken = list(pool.map(lambda n: channel.send(a_message(n)).provider_id, range(40)))
    assert len(set(taken)) == 40
    assert len(smsc.binds) == 1
    # Each was told the id of its own text.
    by_number = {f"smpp:m{at}": one.to[2] for at, one in enumerate(smsc.submitted, 1)}
    assert [by_number[one] for one in taken] == [a_phone(n).number[1:] for n in range(40)]


def test_other_scripts_travel_as_ucs_2(channel: SmppChannel, smsc: FakeSmsc) -> None:
    channel.send(a_message(7, body="বন্যা 🌊"))
    assert smsc.submitted[0].coding == 8
    assert smsc.submitted[0].content.decode("utf-16-be") == "বন্যা 🌊"


@pytest.mark.parametrize(
    ("sender", "address"),
    [("+12025550199", (1, 1, "12025550199")), ("CITY", (5, 0, "CITY")), ("7788", (3, 0, "7788"))],
)
def test_the_sender_s_kind_is_told(
    smsc: FakeSmsc,
    open_channel: Callable[..., SmppChannel],
    sender: str,
    address: tuple[int, int, str],
) -> None:
    open_channel(smsc.port, sender=sender).send(a_message(7))
    assert smsc.submitted[0].source == address


def test_a_long_text_goes_in_parts_that_a_phone_can_join(
    channel: SmppChannel, smsc: FakeSmsc
) -> None:
    body = "x" * 152 + "€" + "y" * 200
    taken = channel.send(a_message(7, body=body))
    channel.send(a_message(7, body=body))
    assert taken.provider_id == "smpp:m1"
    heads = [one.content[:6] for one in smsc.submitted]
    assert [head[:3] + head[4:] for head in heads] == [
        b"\5\0\3\3" + bytes([n]) for n in (1, 2, 3)
    ] * 2
    assert len({head[3] for head in heads}) == 2  # another text, another reference
    assert all(one.esm_class == 0x40 for one in smsc.submitted)
    contents = [one.content[6:] for one in smsc.submitted[:3]]
    assert contents[0] == b"x" * 152
    assert contents[1] == b"\x1b\x65" + b"y" * 151
    assert max(map(len, contents)) <= 153


@pytest.mark.parametrize("text", ["€" * 400, "x" * 1000, "বন্যা " * 60, "🌊" * 200, "x" * 160])
def test_parts_are_as_many_as_were_counted_and_give_the_text_back(text: str) -> None:
    parts = parts_of(text, 7)
    assert len(parts) == encode(text).segments
    skip = 0 if len(parts) == 1 else 6
    if parts[0].data_coding == 8:
        assert "".join(part.content[skip:].decode("utf-16-be") for part in parts) == text
    assert all(len(part.content) <= 140 or part.data_coding == 0 for part in parts)


def test_a_text_that_no_phone_can_join_is_refused(channel: SmppChannel, smsc: FakeSmsc) -> None:
    with pytest.raises(TooLong):
        parts_of("বন্যা " * 4000, 1)
    assert failure(channel, body="বন্যা " * 4000).action is FailureAction.PERMANENT
    assert smsc.submitted == []


@pytest.mark.parametrize("to", ["", "12025550107", "+1202555010x", "+", "+١٢٣٤٥٦٧"])
def test_what_is_no_number_goes_nowhere(channel: SmppChannel, smsc: FakeSmsc, to: str) -> None:
    assert failure(channel, to=to).action is FailureAction.PERMANENT
    assert smsc.binds == []


@pytest.mark.parametrize(
    ("length", "said"),
    [
        (timedelta(0), "000000000001000R"),
        (timedelta(minutes=61), "000000010100000R"),
        (timedelta(days=90), "000030000000000R"),
    ],
)
def test_a_length_of_time_is_relative(length: timedelta, said: str) -> None:
    assert relative(length) == said


@pytest.mark.parametrize(
    ("status", "action"),
    [
        (0x58, FailureAction.THROTTLED),
        (0x14, FailureAction.THROTTLED),
        (0x0B, FailureAction.PERMANENT),
        (0x0A, FailureAction.STOP_SENDER),
        (0x08, FailureAction.RETRY),
        (0x66, FailureAction.PERMANENT),
        (0x0400, FailureAction.RETRY),
        (0x04A1, FailureAction.RETRY),
    ],
)
def test_refusals_ask_for_what_they_mean(
    channel: SmppChannel, smsc: FakeSmsc, status: int, action: FailureAction
) -> None:
    smsc.answers = [status]
    failed = failure(channel)
    assert (failed.action, failed.code) == (action, f"0x{status:02X}")
    assert len(smsc.submitted) == 1
    channel.send(a_message(7))
    assert len(smsc.binds) == 1  # the session is as good as before


def test_a_part_that_is_refused_refuses_the_text(
    open_channel: Callable[..., SmppChannel], smsc: FakeSmsc
) -> None:
    channel = open_channel(smsc.port, answer_timeout=0.5)
    smsc.answers = [0, 0x58]
    assert failure(channel, body="x" * 300).action is FailureAction.THROTTLED
    smsc.answers = [SILENT, 0x58]
    assert failure(channel, body="x" * 300).action is FailureAction.UNKNOWN


@pytest.mark.parametrize("how", [DROP, SILENT])
def test_a_lost_answer_is_unknown_and_nothing_is_sent_again(
    open_channel: Callable[..., SmppChannel], smsc: FakeSmsc, how: str
) -> None:
    channel = open_channel(smsc.port, answer_timeout=0.3)
    smsc.answers = [how]
    failed = failure(channel)
    assert (failed.action, failed.code) == (FailureAction.UNKNOWN, "lost")
    assert len(smsc.submitted) == 1
    channel.send(a_message(8))
    assert len(smsc.submitted) == 2


def test_a_line_that_broke_is_bound_anew(channel: SmppChannel, smsc: FakeSmsc) -> None:
    channel.send(a_message(7))
    session = channel._session
    smsc.hang_up()
    assert session is not None
    session._reader.join(5)
    channel.send(a_message(8))
    assert len(smsc.binds) == 2
    assert len(smsc.submitted) == 2


def test_no_connection_means_not_submitted(open_channel: Callable[..., SmppChannel]) -> None:
    channel = open_channel(free_port())
    assert failure(channel).action is FailureAction.UNREACHABLE
    assert not channel.keep_bound()


@pytest.mark.parametrize(
    ("status", "action"),
    [
        (0x0E, FailureAction.STOP_SENDER),
        (0x0F, FailureAction.STOP_SENDER),
        (0x0D, FailureAction.STOP_SENDER),
        (0x7777, FailureAction.STOP_SENDER),
        (0x05, FailureAction.UNREACHABLE),
        (0x58, FailureAction.THROTTLED),
    ],
)
def test_a_bind_that_is_refused_says_why(
    channel: SmppChannel, smsc: FakeSmsc, status: int, action: FailureAction
) -> None:
    smsc.bind_status = status
    failed = failure(channel)
    assert failed.action is action
    assert PASSWORD not in str(failed)
    smsc.bind_status = 0
    channel.send(a_message(7))


def test_a_bind_without_answer_is_no_connection_and_tried_once_for_all(
    open_channel: Callable[..., SmppChannel], smsc: FakeSmsc
) -> None:
    smsc.binds_in_silence = True
    channel = open_channel(smsc.port, answer_timeout=0.4)
    with ThreadPoolExecutor(8) as pool:
        actions = list(pool.map(lambda n: failure(channel, reference=f"n.{n}").action, range(8)))
    assert set(actions) == {FailureAction.UNREACHABLE}
    assert len(smsc.binds) < 8  # who waited for the first does not try again


def test_the_line_is_sealed_where_it_should_be(
    tmp_path: Path, open_channel: Callable[..., SmppChannel]
) -> None:
    pem = self_signed(tmp_path, "127.0.0.1")
    with an_smsc(pem) as smsc:
        channel = open_channel(smsc.port, tls=True, ca_file=str(pem))
        channel.send(a_message(7))
        assert len(smsc.submitted) == 1
        channel.close()
        stranger = open_channel(smsc.port, tls=True)
        assert failure(stranger).action is FailureAction.UNREACHABLE
        assert len(smsc.binds) == 1


def test_a_quiet_line_is_tried_and_left_when_it_is_dead(
    open_channel: Callable[..., SmppChannel], smsc: FakeSmsc
) -> None:
    channel = open_channel(smsc.port, quiet=0.05)
    channel.send(a_message(7))
    smsc.wait_for("links", 2)
    assert channel.keep_bound()
    smsc.answers_links = False
    session = channel._session
    assert session is not None
    session._reader.join(5)
    assert session.is_broken
    smsc.answers_links = True
    channel.send(a_message(8))
    assert len(smsc.binds) == 2


def test_the_end_is_said(channel: SmppChannel, smsc: FakeSmsc) -> None:
    channel.send(a_message(7))
    channel.close()
    assert smsc.unbinds == 1


# --- in


@pytest.mark.parametrize(
    ("word", "status"),
    [
        ("DELIVRD", DeliveryStatus.DELIVERED),
        ("UNDELIV", DeliveryStatus.UNDELIVERED),
        ("EXPIRED", DeliveryStatus.UNDELIVERED),
        ("REJECTD", DeliveryStatus.FAILED),
        ("DELETED", DeliveryStatus.CANCELED),
        ("ENROUTE", DeliveryStatus.SENT),
    ],
)
def test_a_receipt_comes_with_our_reference(
    channel: SmppChannel, smsc: FakeSmsc, desk: Desk, word: str, status: DeliveryStatus
) -> None:
    channel.send(a_message(7))
    assert smsc.deliver(a_receipt("m1", word, "00A")) == 0
    assert desk.receipts == [SmppReceipt("notice-7.1", "smpp:m1", status, "00A")]


def test_a_receipt_that_overtakes_us_finds_its_text(
    channel: SmppChannel, smsc: FakeSmsc, desk: Desk
) -> None:
    smsc.receipts = ["ENROUTE", "DELIVRD"]
    for number in range(20):
        channel.send(a_message(number))
    desk.wait(lambda: len(desk.receipts) == 40)
    assert {one.reference for one in desk.receipts} == {f"notice-{n}.1" for n in range(20)}


def test_a_text_of_parts_arrives_with_the_last_one_and_fails_with_any(
    channel: SmppChannel, smsc: FakeSmsc, desk: Desk
) -> None:
    channel.send(a_message(7, body="x" * 300))
    smsc.deliver(a_receipt("m2"))
    smsc.deliver(a_receipt("m2"))
    assert desk.receipts == []
    smsc.deliver(a_receipt("m1"))
    channel.send(a_message(8, body="x" * 300))
    smsc.deliver(a_receipt("m4", "UNDELIV"))
    assert [(one.provider_id, one.status.value) for one in desk.receipts] == [
        ("smpp:m1", "delivered"),
        ("smpp:m3", "undelivered"),
    ]


def test_a_receipt_before_the_first_answer_comes_again() -> None:
    sent, known = Sent("notice-1.1", 2), SentTexts()
    known.add(sent, 1, "second")
    assert known.told("second", DeliveryStatus.DELIVERED) == (sent, False)
    with pytest.raises(ComeAgain):
        known.told("second", DeliveryStatus.UNDELIVERED)
    known.add(sent, 0, "first")
    assert known.told("second", DeliveryStatus.UNDELIVERED) == (sent, True)


def test_memory_is_bounded() -> None:
    known, halves = SentTexts(most=2), HalfTexts(most=2)
    for at in range(5):
        known.add(Sent(str(at), 1), 0, str(at + 100))
        halves.whole(str(at), Piece(1, 2, 1, "x"))
    assert known.told("100", DeliveryStatus.SENT) is None
    assert known.told("104", DeliveryStatus.SENT) is not None
    assert len(known._sent) == len(halves._half) == 2


def test_after_a_restart_the_reference_is_looked_up(
    smsc: FakeSmsc, open_channel: Callable[..., SmppChannel], desk: Desk
) -> None:
    ours = {"smpp:7f": "notice-1.1"}
    channel = open_channel(smsc.port, reference_of=ours.get)
    assert channel.keep_bound()
    assert smsc.deliver(a_receipt("127")) == 0  # the same id in decimal
    assert smsc.deliver(a_receipt("999999")) == 0
    assert desk.receipts == [SmppReceipt("notice-1.1", "smpp:7f", DeliveryStatus.DELIVERED, "000")]


def test_options_of_a_receipt_count_before_its_words(
    channel: SmppChannel, smsc: FakeSmsc, desk: Desk
) -> None:
    channel.send(a_message(7))
    body = a_deliver(
        "1", b"id:other stat:DELIVRD err:000", esm=0x04, options={0x1E: b"m1\0", 0x0427: b"\x05"}
    )
    assert smsc.deliver(body) == 0
    assert [(one.reference, one.status.value) for one in desk.receipts] == [
        ("notice-7.1", "undelivered")
    ]


@pytest.mark.parametrize("text", [b"", b"hello", b"id:m1", b"id:m1 stat:WHATEVR"])
def test_a_receipt_of_nothing_is_passed_over(
    channel: SmppChannel, smsc: FakeSmsc, desk: Desk, text: bytes
) -> None:
    channel.send(a_message(7))
    assert smsc.deliver(a_deliver("1", text, esm=0x04)) == 0
    assert desk.receipts == []


def test_a_reply_comes_in_and_each_delivery_has_an_id(
    channel: SmppChannel, smsc: FakeSmsc, desk: Desk
) -> None:
    assert channel.keep_bound()
    phone = a_phone(3).number
    assert smsc.deliver(a_deliver(phone[1:], b"1 \x00 \x1b\x65")) == 0
    smsc.deliver(a_deliver(phone, "নিরাপদ".encode("utf-16-be"), ton=0, coding=8))
    smsc.deliver(a_deliver(phone[1:], b"caf\xe9", coding=3))
    assert [(one.number, one.text) for one in desk.texts] == [
        (phone, "1 @ €"),
        (phone, "নিরাপদ"),
        (phone, "café"),
    ]
    assert len({one.provider_id for one in desk.texts}) == 3
    assert phone[1:] not in repr(desk.texts)


def test_a_reply_in_the_long_field_is_read(
    channel: SmppChannel, smsc: FakeSmsc, desk: Desk
) -> None:
    assert channel.keep_bound()
    smsc.deliver(a_deliver(a_phone(3).number[1:], b"", options={0x0424: b"a long one"}))
    assert [one.text for one in desk.texts] == ["a long one"]


def test_a_sender_without_a_country_is_nobody_unless_the_country_is_set(
    smsc: FakeSmsc, open_channel: Callable[..., SmppChannel], desk: Desk
) -> None:
    local = a_phone(3).number[2:]
    for region in (None, "US"):
        channel = open_channel(smsc.port, region=region)
        assert channel.keep_bound()
        assert smsc.deliver(a_deliver(local, b"1", ton=2)) == 0
        assert smsc.deliver(a_deliver("CITY", b"1", ton=5)) == 0
        channel.close()
    assert [one.number for one in desk.texts] == [a_phone(3).number]


@pytest.mark.parametrize("head", [b"\5\0\3\x09\2", b"\6\x08\4\1\x09\2", b"\7\x24\0\0\3\x09\2"])
def test_a_reply_in_parts_is_joined_in_any_order(
    channel: SmppChannel, smsc: FakeSmsc, desk: Desk, head: bytes
) -> None:
    assert channel.keep_bound()
    phone = a_phone(3).number[1:]
    smsc.deliver(a_deliver(phone, head + b"\2" + b"world", esm=0x40))
    smsc.deliver(a_deliver(phone, head + b"\2" + b"world", esm=0x40))
    assert desk.texts == []
    smsc.deliver(a_deliver(phone, head + b"\1" + b"hello ", esm=0x40))
    assert [one.text for one in desk.texts] == ["hello world"]


def test_what_could_not_be_taken_in_comes_again(
    channel: SmppChannel, smsc: FakeSmsc, desk: Desk
) -> None:
    assert channel.keep_bound()
    desk.busy = 1
    body = a_deliver(a_phone(3).number[1:], b"1")
    assert smsc.deliver(body) == 0x64
    assert desk.texts == []
    assert smsc.deliver(body) == 0
    assert len(desk.texts) == 1


def test_an_answer_may_be_sent_while_a_reply_is_taken_in(
    channel: SmppChannel, smsc: FakeSmsc
) -> None:
    channel._on_text = lambda one: channel.send(a_message(1, to=one.number, body="thanks"))
    assert channel.keep_bound()
    assert smsc.deliver(a_deliver(a_phone(3).number[1:], b"1")) == 0
    assert [one.content for one in smsc.submitted] == [b"thanks"]


def test_an_answer_is_sent_on_a_new_line_where_the_old_one_broke_meanwhile(
    channel: SmppChannel, smsc: FakeSmsc
) -> None:
    done = threading.Event()

    def answer(one: SmppInbound) -> None:
        session = channel._session
        assert session is not None
        smsc.hang_up()
        session._reader.join(5)
        channel.send(a_message(1, to=one.number, body="thanks"))
        done.set()

    channel._on_text = answer
    assert channel.keep_bound()
    smsc.lines[-1].request(DELIVER, a_deliver(a_phone(3).number[1:], b"1"))
    assert done.wait(5)
    assert [one.content for one in smsc.submitted] == [b"thanks"]
    assert len(smsc.binds) == 2


def test_the_smsc_s_own_requests_are_answered(channel: SmppChannel, smsc: FakeSmsc) -> None:
    assert channel.keep_bound()
    assert smsc.ask(ENQUIRE) == 0
    assert smsc.ask(0x0103) == 0x10003  # data_sm, which nobody agreed on: generic_nack
    assert smsc.ask(UNBIND) == 0
    session = channel._session
    assert session is not None
    session._reader.join(5)
    assert session.is_broken


@pytest.mark.parametrize("body", [b"", b"\0", b"\0\1\1123", a_receipt("m1")[:30]])
def test_a_delivery_that_is_none_is_taken_off_the_line(
    channel: SmppChannel, smsc: FakeSmsc, body: bytes
) -> None:
    with pytest.raises(NotSmpp):
        deliver_of(body)
    assert channel.keep_bound()
    assert smsc.deliver(body) == 0
    channel.send(a_message(7))
    assert len(smsc.binds) == 1


@pytest.mark.parametrize(
    "rubbish", [b"HTTP/1.1 400 Bad Request\r\n", struct.pack("!IIII", 8, 5, 0, 1)]
)
def test_rubbish_ends_the_session(channel: SmppChannel, smsc: FakeSmsc, rubbish: bytes) -> None:
    assert channel.keep_bound()
    session = channel._session
    assert session is not None
    smsc.lines[-1].link.sendall(rubbish)
    session._reader.join(5)
    assert session.is_broken
    channel.send(a_message(7))


def test_an_id_has_several_spellings() -> None:
    assert "7f" in spellings("127")
    assert "127" in spellings("7F")
    assert "255" in spellings("000000FF")
    assert spellings("m1") == ["m1"]


def test_the_alphabet_is_whole() -> None:
    assert len(parts_of("".join(sorted(BASIC)), 0)) == 1
    for character in BASIC | EXTENSION:
        assert len(parts_of(character, 0)[0].content) == (2 if character in EXTENSION else 1)


def test_an_smsc_cannot_be_asked_for_a_text(channel: SmppChannel) -> None:
    with pytest.raises(CannotLook):
        channel.find(a_message(1), NOW)


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: Smsc("h", 1, "a name that is too long", "x"), "system id"),
        (lambda: Smsc("h", 1, "a", "pässword"), "password"),
        (lambda: SmppChannel(Smsc("h", 1, "a", "b"), "", print, print), "sender"),
        (lambda: SmppChannel(Smsc("h", 1, "a", "b"), "né", print, print), "sender"),
    ],
)
def test_a_wrong_setting_says_what_to_do(make: Callable[[], object], says: str) -> None:
    with pytest.raises(ChannelNotReady, match=says):
        make()
    assert PASSWORD not in repr(Smsc("h", 1, "a", PASSWORD))


def test_certificates_that_cannot_be_read_are_named(
    open_channel: Callable[..., SmppChannel],
) -> None:
    with pytest.raises(ChannelNotReady, match="certificates for SMPP"):
        open_channel(1, tls=True, ca_file="/nowhere.pem").keep_bound()
