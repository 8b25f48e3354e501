"""Event keys: the source's own number of an event."""

from datetime import UTC, datetime, timedelta, timezone

import pytest

from carealert.domain.event_keys import event_keys
from carealert.domain.warnings import Named

SENT = datetime(2026, 5, 26, 12, tzinfo=UTC)


def vtec(value: str, sent: datetime = SENT) -> tuple[str, ...]:
    return event_keys((("VTEC", value),), sent)


def test_a_vtec_names_office_phenomenon_significance_number_and_the_year_of_its_begin() -> None:
    assert vtec("/O.NEW.KTAE.FL.W.0012.261231T1800Z-270102T0000Z/") == ("vtec:KTAE.FL.W.0012.2026",)


def test_an_event_under_way_has_the_year_in_which_the_message_was_sent_in_utc() -> None:
    code = "/O.CON.KTAE.FL.W.0012.000000T0000Z-270102T0000Z/"
    assert vtec(code) == ("vtec:KTAE.FL.W.0012.2026",)
    late = datetime(2026, 12, 31, 22, tzinfo=timezone(timedelta(hours=-6)))
    assert vtec(code, late) == ("vtec:KTAE.FL.W.0012.2027",)


@pytest.mark.parametrize("kind", ["T", "E", "X"])
def test_a_test_or_an_experiment_has_no_key(kind: str) -> None:
    assert vtec(f"/{kind}.NEW.KTAE.FL.W.0012.260526T0000Z-260527T0000Z/") == ()


@pytest.mark.parametrize("routine", ["O.ROU.KTAE.FL.W.0012", "O.NEW.KTAE.FL.W.0000"])
def test_a_routine_statement_has_no_number_of_an_event(routine: str) -> None:
    assert vtec(f"/{routine}.260526T0000Z-260527T0000Z/") == ()


def test_several_codes_give_several_keys_each_once() -> None:
    flood = "/O.CON.KTFX.FF.A.0003.000000T0000Z-260830T1800Z/"
    river = "/00000.0.ER.000000T0000Z.000000T0000Z.000000T0000Z.OO/"
    wind = "/O.NEW.KTFX.HW.W.0007.260830T1800Z-260831T1800Z/"
    named: Named = (("NWSVTEC", flood + river), ("vtec", wind), ("VTEC", flood))
    assert event_keys(named, SENT) == ("vtec:KTFX.FF.A.0003.2026", "vtec:KTFX.HW.W.0007.2026")


def test_gdacs_gives_the_type_and_the_number() -> None:
    named: Named = (("eventid", " 1001234 "), ("currentepisodeid", "5"), ("eventtype", "tc"))
    assert event_keys(named, SENT) == ("gdacs:TC1001234",)


@pytest.mark.parametrize(
    "named",
    [
        (),
        (("eventid", "1001234"),),
        (("eventtype", "TC"),),
        (("eventtype", "TC"), ("eventid", "")),
        (("eventtype", "Cyclone"), ("eventid", "12")),
        (("eventtype", "TC"), ("eventid", "12; drop")),
        (("AWIPSidentifier", "/O.NEW.KTAE.FL.W.0012.260526T0000Z-260527T0000Z/"),),
        (("VTEC", "O.NEW.KTAE.FL.W.0012.260526T0000Z-260527T0000Z"),),
        (("VTEC", ""),),
    ],
)
def test_what_is_no_number_of_an_event_gives_no_key(named: Named) -> None:
    assert event_keys(named, SENT) == ()
