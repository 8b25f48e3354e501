"""Opening hours: what is read is right to the minute, and the rest is refused."""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.domain.opening_hours import UnclearHours, is_open, read_hours

MONDAY = datetime(2026, 5, 25, tzinfo=ZoneInfo("Asia/Dhaka"))
DAYS = ("Mo", "Tu", "We", "Th", "Fr", "Sa", "Su")
DAY = 24 * 60


def at(day: str, clock: str) -> datetime:
    hour, minute = map(int, clock.split(":"))
    return MONDAY + timedelta(days=DAYS.index(day), hours=hour, minutes=minute)


@pytest.mark.parametrize(
    ("text", "opened", "shut"),
    [
        ("24/7", ["Mo 00:00", "Su 23:59"], []),
        ("Mo-Fr 08:00-17:00", ["Mo 08:00", "Fr 16:59"], ["Mo 07:59", "Fr 17:00", "Sa 12:00"]),
        ("Mo-Fr 08:00-12:00,13:00-17:00", ["Tu 11:59", "Tu 13:00"], ["Tu 12:00", "Tu 12:59"]),
        ("Sa-Th 8:00-20:00", ["Su 09:00", "We 09:00"], ["Fr 09:00"]),
        ("09:00-10:00", ["Mo 09:00", "Su 09:30"], ["Su 10:00"]),
        ("00:00-24:00", ["Mo 00:00", "Mo 23:59", "Su 23:59"], []),
        ("Mo-Fr 08:00-17:00, Sa 09:00-12:00", ["Mo 16:00", "Sa 11:00"], ["Sa 13:00"]),
        ("Mo-Fr 08:00-17:00; We off", ["Tu 09:00"], ["We 09:00"]),
        ("Mo-Fr 08:00-17:00; We 10:00-11:00", ["We 10:30"], ["We 09:00", "We 12:00"]),
        ("Mo 08:00-10:00, Mo 14:00-16:00", ["Mo 09:00", "Mo 15:00"], ["Mo 12:00"]),
        (" mo–FR:  8:00 – 9:00 ", ["Mo 08:30"], ["Sa 08:30"]),
    ],
)
def test_an_ordinary_week_is_read(text: str, opened: list[str], shut: list[str]) -> None:
    hours = read_hours(text)
    for moment in opened:
        assert is_open(hours, at(*moment.split())), moment
    for moment in shut:
        assert not is_open(hours, at(*moment.split())), moment


def test_a_night_belongs_to_the_day_on_which_it_begins() -> None:
    hours = read_hours("Fr-Su 22:00-06:00; Sa off")
    assert is_open(hours, at("Fr", "23:00"))
    assert is_open(hours, at("Sa", "05:59")), "Saturday is off, and Friday's night is not over"
    assert not is_open(hours, at("Sa", "06:00"))
    assert not is_open(hours, at("Su", "03:00"))
    assert is_open(hours, at("Mo", "03:00")), "Sunday's night goes on over the end of the week"
    assert not is_open(hours, at("Fr", "03:00"))


@pytest.mark.parametrize(
    "text",
    [
        *("", ";", "Mo-Fr", "PH off", "Mo-Fr,PH 08:00-17:00", "Mo-Fr 08:00+", "sunrise-sunset"),
        *(
            "Jan-Mar 08:00-17:00",
            "Mo[1] 08:00-09:00",
            "Mo-Fr 8-17",
            "Mo 08:00-26:00",
            "24:00-25:00",
        ),
        *("Mo 08:60-09:00", "Mo 08:00-08:00", "Mo 08:00-17:00 || We off", "open", "9 to 5"),
        *("Mo 08:00-17:00;", "24/7; Mo off", 'Mo 08:00-17:00 "by appointment"'),
    ],
)
def test_what_is_only_half_understood_is_refused(text: str) -> None:
    with pytest.raises(UnclearHours):
        read_hours(text)


def test_a_refusal_says_what_to_write_and_never_what_was_written() -> None:
    with pytest.raises(UnclearHours, match="Mo-Fr 08:00-17:00") as problem:
        read_hours("ask Rahima")
    assert "ahima" not in str(problem.value)


spans = st.tuples(st.integers(0, DAY - 1), st.integers(1, DAY)).filter(lambda one: one[0] != one[1])
weeks = st.lists(st.lists(spans, max_size=3), min_size=7, max_size=7)


def clock(minute: int) -> str:
    return f"{minute // 60:02}:{minute % 60:02}"


def written(week: list[list[tuple[int, int]]]) -> str:
    rules = [
        f"{day} {','.join(f'{clock(a)}-{clock(b)}' for a, b in own)}" if own else f"{day} off"
        for day, own in zip(DAYS, week, strict=True)
    ]
    return "; ".join(rules)


@settings(max_examples=150, deadline=None)
@given(weeks, st.integers(0, 7 * DAY - 1))
def test_it_is_open_in_just_those_minutes_that_the_week_names(
    week: list[list[tuple[int, int]]], minute: int
) -> None:
    """The oracle lays all spans out on one line of minutes, three weeks long."""
    opened = set()
    for n in range(-7, 8):
        for start, end in week[n % 7]:
            length = end - start if end > start else end - start + DAY
            opened.update(range(n * DAY + start, n * DAY + start + length))
    hours = read_hours(written(week))
    moments = [minute, *(n * DAY + edge for n in range(7) for own in week for edge in sum(own, ()))]
    for one in moments:
        inside = one % (7 * DAY)
        assert is_open(hours, MONDAY + timedelta(minutes=inside)) is (inside in opened)


@settings(max_examples=200, deadline=None)
@given(st.text("MoTuWe FrSaSu0123456789:-,;/off+PH", max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        hours = read_hours(text)
    except UnclearHours:
        return
    assert len(hours.days) == 7
    assert all(0 <= a < DAY and a < b <= 2 * DAY for day in hours.days for a, b in day)
