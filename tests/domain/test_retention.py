"""Whose ground to be held has ended, and when a night's run is due."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carealert.domain.consents import ConsentRecord, ConsentStatus, Medium
from carealert.domain.people import ChannelPreference, Purpose
from carealert.domain.retention import (
    FOREVER,
    PERIODS,
    Fate,
    Standing,
    ground_ends,
    judge,
    last_night,
)
from carealert.settings import Settings
from tests.support.builders import NOW

DAY = timedelta(days=1)
KEEP = 30 * DAY
P1, P2, P4 = Purpose.ALERT_ME, Purpose.ALERT_CARER, Purpose.SHARE_WITH_RESPONDERS


def given_(purpose: Purpose, expires: datetime | None = None) -> ConsentRecord:
    return ConsentRecord(
        purpose, ConsentStatus.GIVEN, NOW - 400 * DAY, Medium.PAPER, expires=expires
    )


def ended(
    purpose: Purpose, days: float, status: ConsentStatus = ConsentStatus.WITHDRAWN
) -> ConsentRecord:
    return ConsentRecord(purpose, status, NOW - days * DAY, Medium.VERBAL)


def one(
    *records: ConsentRecord,
    ref: str = "r1",
    stopped: float | None = None,
    channel: ChannelPreference = ChannelPreference.TEXT,
    identified: bool = True,
) -> Standing:
    stop = None if stopped is None else NOW - stopped * DAY
    return Standing(ref, channel, stop, records, identified)


@pytest.mark.parametrize(
    ("who", "fate"),
    [
        (one(given_(P1)), Fate.KEEP),
        (one(given_(P1, NOW + DAY), ended(P2, 100)), Fate.KEEP),
        (one(ended(P1, 29)), Fate.KEEP),
        (one(ended(P1, 30)), Fate.ERASE),
        (one(ended(P1, 100), ended(P2, 29)), Fate.KEEP),
        (one(given_(P1, NOW - 31 * DAY)), Fate.ERASE),
        (one(given_(P1, NOW - 29 * DAY)), Fate.KEEP),
        (one(ended(P1, 31, ConsentStatus.REFUSED)), Fate.ERASE),
        (one(given_(P1), given_(P2), stopped=31), Fate.ERASE),
        (one(given_(P1), stopped=29), Fate.KEEP),
        (one(given_(P1), given_(P4), stopped=31), Fate.KEEP),
        (one(given_(P1), stopped=31, channel=ChannelPreference.VISIT), Fate.KEEP),
        (one(stopped=31), Fate.ERASE),
        (one(ended(P1, 31), stopped=2), Fate.ERASE),
        (one(), Fate.KEEP),
    ],
)
def test_somebody_stays_as_long_as_one_ground_holds_and_a_month_more(
    who: Standing, fate: Fate
) -> None:
    assert judge(who, [], KEEP, NOW).fate is fate


def test_the_first_day_and_what_keeps_a_resident_are_named() -> None:
    gone = one(ended(P1, 40))
    assert judge(gone, [], KEEP, NOW).since == NOW - 10 * DAY
    carers = [
        one(given_(P2), ref="c2"),
        one(given_(P2, NOW - 5 * DAY), ref="c1"),
        one(given_(P2), ref="c3", stopped=60),
        one(given_(P4), ref="c4"),
    ]
    verdict = judge(gone, carers, KEEP, NOW)
    assert (verdict.fate, verdict.kept_by) == (Fate.STRIP, ("c1", "c2"))
    stripped = one(ended(P1, 40), identified=False)
    assert judge(stripped, carers, KEEP, NOW).fate is Fate.KEEP
    assert judge(gone, carers[2:], KEEP, NOW).fate is Fate.ERASE


@given(
    st.lists(
        st.tuples(
            st.sampled_from(Purpose),
            st.sampled_from(ConsentStatus),
            st.integers(0, 100),
            st.none() | st.integers(-100, 100),
        ),
        max_size=8,
    ),
    st.none() | st.integers(0, 100),
)
def test_nobody_goes_while_something_is_agreed_to_that_a_stop_does_not_end(
    entries: list[tuple[Purpose, ConsentStatus, int, int | None]], stop: int | None
) -> None:
    records = [
        ConsentRecord(
            purpose,
            status,
            NOW - ago * DAY,
            Medium.SMS,
            expires=None if end is None else NOW + end * DAY,
        )
        for purpose, status, ago, end in entries
    ]
    who = one(*records, stopped=stop)
    latest = {r.purpose: r for r in sorted(records, key=lambda r: r.at)}
    holds = [
        purpose
        for purpose, r in latest.items()
        if r.status is ConsentStatus.GIVEN
        and (r.expires is None or r.expires > NOW)
        and (stop is None or purpose not in (P1, P2))
    ]
    end = ground_ends(who)
    if holds:
        assert end is not None
        assert end > NOW
        assert judge(who, [], KEEP, NOW).fate is Fate.KEEP
    if records and not holds:
        assert end is not None
        assert end <= NOW
    assert end is None or end <= FOREVER


@pytest.mark.parametrize(
    ("now", "night"),
    [
        (datetime(2026, 5, 26, 19, 59, tzinfo=UTC), datetime(2026, 5, 25, 20, tzinfo=UTC)),
        (datetime(2026, 5, 26, 20, 0, tzinfo=UTC), datetime(2026, 5, 26, 20, tzinfo=UTC)),
        (datetime(2026, 5, 27, 19, 0, tzinfo=UTC), datetime(2026, 5, 26, 20, tzinfo=UTC)),
    ],
)
def test_a_night_begins_at_two_by_the_offices_clock(now: datetime, night: datetime) -> None:
    assert last_night(now, ZoneInfo("Asia/Dhaka")) == night


def test_the_table_is_that_of_the_settings() -> None:
    fields = Settings.model_fields
    assert {one.setting: one.days for one in PERIODS} == {
        name: field.default for name, field in fields.items() if name.startswith("keep_")
    }
    assert {one.kept: one.days for one in PERIODS} == {"texts": 90, "answers": 90, "contacts": 30}
