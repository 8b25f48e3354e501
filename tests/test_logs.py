"""Nothing that is logged holds a phone, a name or a text, whoever logs it."""

import json
import logging
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carealert.logs import HIDDEN, DiscreetFormatter, LogFormat, without_phones

ZEROS = "0٠۰०০੦௦０"  # ASCII, Arabic, Persian, Devanagari, Bangla, Gurmukhi, Tamil, full width
BETWEEN = ("", " ", "-", ".", " (", ") ", "/", "\u00a0", "\u2011", "\u200e", "\u202f", "%20")
BOTH = pytest.mark.parametrize("how", LogFormat)


@st.composite
def phones(draw: st.DrawFn) -> tuple[str, str]:
    """(a phone as somebody may write it, its last four digits in the same script)."""
    zero = ord(draw(st.sampled_from(ZEROS)))
    digits = [chr(zero + n) for n in (1, 2, 0, 2, 5, 5, 5, 0, 1, 2, 3)]
    gaps = draw(st.lists(st.sampled_from(BETWEEN), min_size=10, max_size=10))
    body = digits[0] + "".join(gap + digit for gap, digit in zip(gaps, digits[1:], strict=True))
    return draw(st.sampled_from(("+", "00", "", "tel:", "whatsapp:+"))) + body, "".join(digits[-4:])


def written(how: LogFormat, name: str, message: str, *args: object, error: object = None) -> str:
    info = (type(error), error, None) if isinstance(error, Exception) else None
    record = logging.LogRecord(name, logging.WARNING, __file__, 1, message, args, info)
    return DiscreetFormatter(how).format(record)


def digits_of(text: str) -> str:
    return "".join(str(int(c)) for c in text if c.isdecimal())


@given(phone=phones(), before=st.sampled_from(("", "to ", "?To=", "'", "তাকে ")))
def test_a_phone_in_any_script_and_grouping_comes_out_redacted(
    phone: tuple[str, str], before: str
) -> None:
    number, _ = phone
    for how in LogFormat:
        for line in (
            written(how, "carealert.services.x", "sent %s away", before + number),
            written(how, "carealert.services.x", f"sent {before}{number} away"),
            written(how, "carealert.services.x", "broke", error=ValueError(number)),
            written(how, "urllib3.connectionpool", "%s asked", number),
        ):
            said = json.loads(line) if how is LogFormat.JSON else {"message": line, "at": ""}
            rest = " ".join(value for key, value in said.items() if key != "at")
            assert "0123" not in digits_of(rest)
            assert "555" not in digits_of(rest)


@BOTH
@pytest.mark.parametrize("name", ["twilio.http_client", "urllib3", "aiohttp.client", "sqlalchemy"])
def test_other_libraries_keep_their_template_and_nothing_else(how: LogFormat, name: str) -> None:
    filled = written(how, name, "POST %s gave %d", "Body=Amina, leave now", 400)
    whole = written(how, name, "POST with Body=Amina, leave now")
    assert "POST %s gave %d" in filled
    assert HIDDEN in whole
    assert "Amina" not in filled + whole


@BOTH
def test_of_an_exception_stand_its_class_and_place_and_not_its_text(how: LogFormat) -> None:
    try:
        int("Amina Khatun must leave")
    except ValueError:
        record = logging.LogRecord("apscheduler", 40, __file__, 1, "job %s", ("x",), sys.exc_info())
    line = DiscreetFormatter(how).format(record)
    assert "ValueError at" in line
    assert "test_logs.py" in line
    assert "Amina" not in line


def test_digits_in_circles_are_digits() -> None:
    assert without_phones("to ①②⓪②⑤⑤⑤⓪①②③") == f"to {HIDDEN}"


def test_ids_moments_and_counts_stay() -> None:
    for kept in (
        "5f0c2a1b-1234-5678-9012-123456789012",
        "SM" + "0123456789abcdef" * 2,
        "2026-05-26T06:12:00.123456",
        "2026-05-26 06:12:00",
        "30007",
        "123456",
    ):
        assert without_phones(f"about {kept} now") == f"about {kept} now"


def test_a_line_is_one_json_object_with_the_fields_that_were_given() -> None:
    record = logging.LogRecord("carealert.x", 40, __file__, 1, "a\nb %s", ("c",), None)
    record.sender, record.lane, record.code, record.body = "twilio", "urgent", "30007", "secret"
    record.event = "sender_stopped"
    line = DiscreetFormatter(LogFormat.JSON).format(record)
    assert "\n" not in line
    said = json.loads(line)
    assert (said["event"], said["message"]) == ("sender_stopped", "a b c")
    assert (said["sender"], said["lane"], said["code"]) == ("twilio", "urgent", "30007")
    assert "secret" not in line


@BOTH
def test_a_line_that_does_not_fit_its_template_is_written_all_the_same(how: LogFormat) -> None:
    assert "%d done" in written(how, "carealert.x", "%d done", "no number")
