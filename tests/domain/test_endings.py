"""The end of an event in its source's own words and codes."""

import pytest

from carealert.domain.endings import is_ended, is_upgraded, vtec_actions, vtec_ends
from carealert.domain.warnings import HazardWarning, MsgType, Urgency
from tests.support.builders import a_warning, an_info


def code(action: str, event: str = "KTAE.FL.W.0012") -> str:
    return f"/O.{action}.{event}.000000T0000Z-260527T0000Z/"


def with_vtec(*codes: str, name: str = "VTEC") -> HazardWarning:
    return a_warning(an_info(parameters=tuple((name, one) for one in codes)))


@pytest.mark.parametrize(
    ("codes", "ended"),
    [
        (("CON",), False),
        (("EXT",), False),
        (("CAN",), True),
        (("EXP",), True),
        (("UPG",), True),
        (("CAN", "EXP"), True),
    ],
)
def test_a_vtec_action_says_whether_an_event_goes_on(
    codes: tuple[str, ...], *, ended: bool
) -> None:
    warning = with_vtec(*(code(one, f"KTAE.FL.W.{n:04}") for n, one in enumerate(codes)))
    assert is_ended(warning, warning.infos[0]) is ended


def test_an_end_beside_something_that_goes_on_is_no_end() -> None:
    both = with_vtec(code("UPG", "KTAE.FL.A.0003") + "\n" + code("NEW"))
    assert not is_ended(both, both.infos[0])
    assert not is_upgraded(both)
    twice = with_vtec(code("CON"), code("CAN"))
    assert not is_ended(twice, twice.infos[0])


def test_only_an_upgrade_is_no_all_clear() -> None:
    assert is_upgraded(with_vtec(code("UPG")))
    assert is_upgraded(with_vtec(code("UPG"), code("CAN", "KTAE.FL.W.0013")))
    assert not is_upgraded(with_vtec(code("CAN")))
    assert not is_upgraded(a_warning())


def test_tests_of_the_system_are_no_actions() -> None:
    assert not vtec_actions(with_vtec(code("CAN").replace("/O.", "/T.")))
    assert not vtec_ends({})


def test_actions_are_told_by_event() -> None:
    assert vtec_actions(with_vtec(code("CAN"), name="NWSVTEC")) == {"KTAE.FL.W.0012": "CAN"}


@pytest.mark.parametrize(
    ("words", "changes", "ended"),
    [
        ({"headline": "General Flood Advisory No. 5 (FINAL)"}, {}, True),
        ({"event": "Flood Advisory [ final ]"}, {}, True),
        ({"headline": "Final preparations for the flood"}, {}, False),
        ({"headline": "No. 5 (FINAL)"}, {"msg_type": MsgType.ALERT}, False),
        ({"headline": "No. 5 (FINAL)", "urgency": Urgency.IMMEDIATE}, {}, False),
    ],
)
def test_the_last_bulletin_of_a_series_is_the_end(
    words: dict[str, object], changes: dict[str, object], *, ended: bool
) -> None:
    info = an_info(**words)
    warning = a_warning(info, **{"msg_type": MsgType.UPDATE, **changes})
    assert is_ended(warning, info) is ended
