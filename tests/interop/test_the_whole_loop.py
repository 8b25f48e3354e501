"""From the outbox to an emulator that others wrote, and back by its signed webhooks."""

import html
import re
from collections import Counter
from pathlib import Path

import pytest

from carealert.adapters.db import tables
from carealert.domain.notices import NoticeState
from carealert.services.answering import ASKED_FOR_HELP
from carealert.services.ports.outbox import FailureAction
from tests.support.builders import a_phone
from tests.support.emulator import SERVICE, SERVICE_NUMBER
from tests.support.interop_office import INBOUND, STATUS, Office, open_office

pytestmark = pytest.mark.interop

MANY = 40


def answer_to(office: Office) -> str | None:
    """The text that the last reply was answered with."""
    last = office.heard(INBOUND)[-1]
    assert last.status == 200
    found = re.search(r"<Message>(.*)</Message>", last.answer.decode(), re.DOTALL)
    return html.unescape(found[1]) if found else None


def test_each_notice_becomes_one_message_and_its_receipts_come_back(office: Office) -> None:
    notices = [office.told(n) for n in range(MANY)]
    office.put(*notices)

    assert office.deliver().accepted == MANY
    assert office.deliver().claimed == 0

    messages = office.gateway.messages()
    wanted = Counter((one.draft.recipient.phone.number, one.text.body) for one in notices)
    assert Counter((one["to"], one["body"]) for one in messages) == wanted
    assert {row.delivery_status for row in office.notices()} == {"queued"}
    for one in messages:
        office.gateway.becomes(one["sid"], "sent", "delivered")
    assert {(row.state, row.delivery_status) for row in office.notices()} == {
        (NoticeState.SENT.value, "delivered")
    }
    calls = office.heard(STATUS)
    assert [one.status for one in calls] == [204] * (3 * MANY)
    assert {one.path.removeprefix(STATUS) for one in calls} == {
        f"{row.id}.1" for row in office.notices()
    }
    assert len(office.gateway.messages()) == MANY


def test_any_script_survives_the_way_there_and_back(office: Office) -> None:
    body = "CareAlert: বন্যা & 50% + ñ 😀 <b>\n1 = নিরাপদ"
    office.put(office.told(0, body=body))
    office.deliver()
    (message,) = office.gateway.messages()
    assert message["body"] == body
    assert office.heard(STATUS)[0].form["Body"] == body, "and its signature was right"
    assert office.heard(STATUS)[0].status == 204


def test_receipts_in_any_order_and_twice_end_the_same(office: Office) -> None:
    office.put(office.told(0))
    office.deliver()
    (message,) = office.gateway.messages()
    office.gateway.becomes(message["sid"], "delivered", "sent", "delivered", "sending", "queued")
    (row,) = office.notices()
    assert row.delivery_status == "delivered"


def test_what_does_not_arrive_is_known(office: Office) -> None:
    office.put(office.told(0), office.told(1))
    office.deliver()
    for message, end in zip(office.gateway.messages(), ("undelivered", "failed"), strict=True):
        office.gateway.becomes(message["sid"], "sent", end)
    assert sorted(row.delivery_status for row in office.notices()) == ["failed", "undelivered"]
    assert office.deliver().claimed == 0, "a message that the gateway had is never sent again"


@pytest.mark.parametrize(
    ("reply", "answer", "template"),
    [
        ("1", "safe", "thanks_safe"),
        (" ১ ", "safe", "thanks_safe"),
        ("2", "help", "help_coming"),
        ("2 & বাঁচাও +", "help", "help_coming"),
    ],
)
def test_a_reply_is_understood_and_answered(
    office: Office, reply: str, answer: str, template: str
) -> None:
    office.put(office.told(0), office.told(1))
    office.deliver()
    office.gateway.reply(a_phone(0).number, reply)

    assert answer_to(office) == office.app.composer.answer(template, "en").body
    answers = {row.recipient_ref: row.answer for row in office.notices()}
    assert answers == {"c0": answer, "c1": None}
    assert office.opened_tasks() == ([ASKED_FOR_HELP] if answer == "help" else [])


def test_nobody_is_told_anything_after_stop(office: Office) -> None:
    office.put(office.told(0))
    office.deliver()
    office.gateway.reply(a_phone(0).number, "STOP")
    assert answer_to(office) == office.app.composer.answer("stopped", "en").body

    office.put(office.told(0, body="a second text", revision=1), office.told(1))
    assert office.deliver().accepted == 1
    assert [one["to"] for one in office.gateway.messages()] == [
        a_phone(0).number,
        a_phone(1).number,
    ]
    states = Counter(row.state for row in office.notices())
    assert states == {NoticeState.SENT.value: 2, NoticeState.CANCELLED.value: 1}


def test_a_stranger_gets_no_answer(office: Office) -> None:
    office.gateway.reply(a_phone(700).number, "1")
    assert answer_to(office) is None


def test_a_messaging_service_sends_and_takes_replies(tmp_path: Path, sqlite_url: str) -> None:
    with open_office(
        tmp_path, sqlite_url, 1, twilio_from=None, twilio_messaging_service_sid=SERVICE
    ) as office:
        office.put(office.told(0))
        office.deliver()
        (message,) = office.gateway.messages()
        assert (message["messaging_service_sid"], message["from"]) == (SERVICE, SERVICE_NUMBER)
        office.gateway.becomes(message["sid"], "delivered")
        office.gateway.reply(a_phone(0).number, "1", to=SERVICE_NUMBER)
        assert office.heard(INBOUND)[0].form["MessagingServiceSid"] == SERVICE
        (row,) = office.notices()
        assert (row.delivery_status, row.answer) == ("delivered", "safe")


def test_a_callback_that_another_account_signed_changes_nothing(office: Office) -> None:
    office.put(office.told(0))
    office.deliver()
    before = office.notices()
    office.gateway.stranger_writes(a_phone(0).number, office.url + STATUS + f"{before[0].id}.1")

    (ours, theirs) = office.heard(STATUS)
    assert (ours.status, theirs.status) == (204, 403)
    assert theirs.path == ours.path
    assert office.notices() == before
    assert [row.event for row in office.rows(tables.journal)] == ["webhook_refused"]


def test_an_office_with_the_wrong_token_believes_nothing_and_sends_nothing(
    tmp_path: Path, sqlite_url: str
) -> None:
    with open_office(tmp_path, sqlite_url, 1, twilio_auth_token="another token") as office:
        office.put(office.told(0))
        assert office.deliver().braked is FailureAction.STOP_SENDER
        office.gateway.reply(a_phone(0).number, "STOP")
        assert [one.status for one in office.heard(INBOUND)] == [403]
        assert office.gateway.messages() == []
        assert [row.state for row in office.notices()] == [NoticeState.READY.value]
