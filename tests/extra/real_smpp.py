"""Our SMPP beside that of two libraries: `python -m pytest tests/extra/real_smpp.py`.

They are not dependencies; they read what we write and write what we read. Its name keeps this file
out of the ordinary run.
"""

import contextlib
from datetime import timedelta

import pytest
import smpplib
from aiosmpplib import protocol, utils
from aiosmpplib.codec import GSM7BitCodec
from aiosmpplib.state import NPI, TON, PhoneNumber
from smpplib import client, consts

from carealert.adapters.channels.smpp_pdu import (
    HEADER,
    Command,
    Pdu,
    address_of,
    bind,
    deliver_of,
    submit,
)
from carealert.adapters.channels.smpp_text import parts_of, piece_of, told_by
from carealert.domain.sms import BASIC, EXTENSION
from tests.support.smsc import a_deliver, a_receipt, an_smsc


def theirs(pdu: Pdu) -> protocol.SmppMessage:
    data = pdu.packed()
    header = protocol.SmppMessage.parse_header(data[:HEADER])
    return protocol.MESSAGE_TYPE_MAP[header.smpp_command].from_pdu(data, header, "gsm0338")


@pytest.mark.parametrize("text", ["plain @ € ñ", "বন্যা 🌊"])
def test_our_submit_sm_is_read_as_it_was_meant(text: str) -> None:
    (part,) = parts_of(text, 0)
    body = submit(
        address_of("CITY"),
        address_of("+12025550107"),
        esm_class=part.esm_class,
        data_coding=part.data_coding,
        content=part.content,
        validity=timedelta(hours=26, seconds=5),
    )
    read = theirs(Pdu(Command.SUBMIT_SM, 0, 7, body))
    assert isinstance(read, protocol.SubmitSm)
    assert (read.short_message, read.sequence_num) == (text, 7)
    assert (read.destination.number, read.destination.ton) == ("12025550107", TON.INTERNATIONAL)
    assert (read.source.number, read.source.ton) == ("CITY", TON.ALPHANUMERIC)
    assert read.validity_period == timedelta(hours=26, seconds=5)
    assert read.registered_delivery == 1


def test_our_bind_is_read_as_it_was_meant() -> None:
    read = theirs(Pdu(Command.BIND_TRANSCEIVER, 0, 1, bind("us", "secret", "CA")))
    assert isinstance(read, protocol.BindTransceiver)
    assert (read.system_id, read.password, read.system_type) == ("us", "secret", "CA")
    assert read.interface_version == 0x34


def test_the_alphabet_is_the_same() -> None:
    for character in BASIC | EXTENSION:
        ours = parts_of(character, 0)[0].content
        assert ours == GSM7BitCodec().encode(character)[0]


@pytest.mark.parametrize("text", ["x" * 152 + "ñ" + "y" * 200, "বন্যা " * 60, "a" * 161])
def test_long_texts_are_split_alike(text: str) -> None:
    # Without € and its like: theirs counts them once, and such a part gets a septet too long.
    ours = [part.content for part in parts_of(text, 9)]
    encoding = "ucs2" if parts_of(text, 9)[0].data_coding == 8 else "gsm0338"
    assert ours == utils.split_sms_udh(text, encoding, 9)


def test_their_deliver_sm_is_read_by_us() -> None:
    made = protocol.DeliverSm(
        short_message="1 €",
        source=PhoneNumber("12025550107", TON.INTERNATIONAL, NPI.ISDN),
        destination=PhoneNumber("7788"),
        encoding="gsm0338",
    )
    read = deliver_of(made.pdu()[HEADER:])
    assert (read.source.ton, read.source.digits) == (1, "12025550107")
    assert piece_of(read).text == "1 €"


def test_their_receipt_is_read_by_us_and_ours_by_them() -> None:
    told = told_by(deliver_of(a_receipt("m1", "UNDELIV", "017")))
    read = theirs(Pdu(Command.DELIVER_SM, 0, 1, a_receipt("m1", "UNDELIV", "017")))
    assert isinstance(read, protocol.DeliverSm)
    assert read.is_receipt()
    assert told is not None
    assert (told.message_id, told.code) == (read.parse_receipt()["id"], "017")


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_our_smsc_serves_another_s_client() -> None:
    with an_smsc() as smsc:
        other = client.Client("127.0.0.1", smsc.port, allow_unknown_opt_params=True)
        other.connect()
        other.bind_transceiver(system_id="them", password="secret")
        got: list[bytes] = []
        other.set_message_received_handler(lambda pdu: got.append(pdu.short_message))
        other.set_message_sent_handler(lambda pdu: got.append(pdu.message_id))
        other.send_message(
            source_addr_ton=consts.SMPP_TON_ALNUM,
            source_addr="CITY",
            dest_addr_ton=consts.SMPP_TON_INTL,
            dest_addr_npi=consts.SMPP_NPI_ISDN,
            destination_addr="12025550107",
            short_message=b"hello",
            registered_delivery=True,
        )
        other.read_once()
        smsc.lines[-1].request(5, a_deliver("12025550107", b"1"))
        other.read_once()
        smsc.wait_for("acknowledged", 1)
        assert got == [b"m1", b"1"]
        assert smsc.submitted[0].to == (1, 1, "12025550107")
        with contextlib.suppress(smpplib.exceptions.ConnectionError):
            other.unbind()
        other.disconnect()
