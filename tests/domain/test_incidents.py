"""Which messages tell of one event, and which takes the other's place: two at a time."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely import intersection
from shapely.errors import GEOSException
from shapely.geometry import Polygon, box

from carealert.domain.gist import Gist, gist_of
from carealert.domain.hazards import Hazard
from carealert.domain.incidents import (
    Link,
    Tie,
    by_content,
    by_reference,
    ends_only_a_part,
    same_event,
)
from carealert.domain.nearby import Nearby
from carealert.domain.warnings import (
    Area,
    HazardWarning,
    MsgType,
    Reference,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from tests.support.builders import NOW, a_warning, an_area, an_info, hours, minutes

SQUARE = box(90, 22, 91, 23)
BESIDE = box(91.2, 22, 92, 23)
OTHER = "other@example.org"
GDACS = ("gdacs:TC1001234",)
VTEC = ("vtec:KTAE.FL.W.0012.2026",)


def placed(*codes: str, shape: Any = None, name: str = "", system: str = "UGC") -> Area:
    return Area(name, shape, tuple((system, code) for code in codes), None, None)


def told(
    *areas: Area, hazard: Hazard = Hazard.FLOOD, sent: float = 0, vtec: str = "", **changes: Any
) -> HazardWarning:
    """A flood warning, sent so many hours after `NOW`."""
    info_fields = {"severity", "urgency", "expires", "onset", "response_types", "hazard_if_real"}
    info = {name: changes.pop(name) for name in info_fields & changes.keys()}
    given = an_info(
        hazard=hazard,
        areas=areas or (placed(shape=SQUARE),),
        parameters=(("VTEC", vtec),) if vtec else (),
        **info,
    )
    own = {"identifier": f"w{sent}", "sent": NOW + hours(sent), **changes}
    return a_warning(given, **own)


def code(action: str, event: str = "KTAE.FL.W.0012") -> str:
    return f"/O.{action}.{event}.260526T0000Z-260527T0000Z/"


def link(later: HazardWarning, earlier: HazardWarning) -> Link | None:
    """The link, which must be the same from either side but for its words."""
    one, other = gist_of(later), gist_of(earlier)
    there, back = by_content(one, other), by_content(other, one)
    assert (there and (there.tie, there.replaces)) == (back and (back.tie, back.replaces))
    return there


def tie(later: HazardWarning, earlier: HazardWarning) -> tuple[Tie, bool] | None:
    found = link(later, earlier)
    return (found.tie, found.replaces) if found else None


# --- one identifier used again


def test_an_identifier_used_again_for_the_same_thing_takes_the_earlier_ones_place() -> None:
    first, again = told(identifier="x"), told(identifier="x", sent=1)
    assert tie(again, first) == (Tie.IDENTIFIER, True)


@pytest.mark.parametrize(
    "again",
    [
        told(identifier="x", sent=1, hazard=Hazard.HEAT),
        told(placed(shape=BESIDE), identifier="x", sent=1),
        told(identifier="x", sent=1, sender=OTHER),
        told(identifier="x", sent=1, status=Status.EXERCISE),
        told(identifier="x", sent=1, scope=Scope.PRIVATE),
    ],
)
def test_an_identifier_used_again_for_something_else_is_something_else(
    again: HazardWarning,
) -> None:
    assert tie(again, told(identifier="x")) is None


def test_a_bare_cancel_under_the_same_identifier_ends_it() -> None:
    first = told(identifier="x")
    bare = replace(first, sent=NOW + hours(1), msg_type=MsgType.CANCEL, infos=())
    assert tie(bare, first) == (Tie.IDENTIFIER, True)


def test_the_same_identifier_with_references_goes_by_its_references() -> None:
    first = told(identifier="x")
    named = told(placed(shape=BESIDE), identifier="x", sent=1)
    named = replace(named, references=(Reference(None, "y", None),))
    assert tie(named, first) is None


def test_a_corrected_text_takes_the_place_of_the_one_that_read_as_a_test() -> None:
    test = told(identifier="x", hazard=Hazard.TEST_MESSAGE, hazard_if_real=Hazard.FLOOD)
    assert tie(told(identifier="x", sent=1), test) == (Tie.IDENTIFIER, True)
    late = replace(test, sent=NOW + hours(2))
    assert tie(late, told(identifier="x", sent=1)) == (Tie.IDENTIFIER, False)


# --- event keys


def test_an_event_key_joins_whatever_the_sender_and_only_the_same_sender_replaces() -> None:
    first = told(event_keys=GDACS)
    moved = told(placed(shape=BESIDE), sent=1, event_keys=GDACS)
    assert tie(moved, first) == (Tie.EVENT_KEY, True)
    assert tie(replace(moved, sender=OTHER), first) == (Tie.EVENT_KEY, False)


def test_a_part_of_a_vtec_event_takes_no_place_but_that_of_its_own_area() -> None:
    """EXA adds counties by a message for these alone: the first ones stay warned."""
    first = told(placed("A", "B"), event_keys=VTEC, vtec=code("NEW"))
    added = told(placed("C"), sent=1, event_keys=VTEC, vtec=code("EXA"))
    part = told(placed("A"), sent=1, event_keys=VTEC, vtec=code("CON"))
    whole = told(placed("B", "A", "C"), sent=1, event_keys=VTEC, vtec=code("EXB"))
    assert tie(added, first) == (Tie.EVENT_KEY, False)
    assert tie(part, first) == (Tie.EVENT_KEY, False)
    assert tie(whole, first) == (Tie.EVENT_KEY, True)


def test_the_finest_codes_say_whether_an_area_is_covered() -> None:
    """Two forecast zones lie in one county: the county's code covers both, the zone's does not."""
    county = ("SAME", "037001")
    both = replace(placed(), geocodes=(("UGC", "A"), ("UGC", "B"), county))
    one = replace(placed(), geocodes=(("UGC", "A"), county))
    first = told(both, event_keys=VTEC)
    assert tie(told(one, sent=1, event_keys=VTEC), first) == (Tie.EVENT_KEY, False)


def test_one_key_for_bulletins_on_different_hazards_replaces_none() -> None:
    """JMA numbers an earthquake and its tsunami alike."""
    tsunami = told(hazard=Hazard.TSUNAMI, event_keys=("jma:1",))
    quake = told(hazard=Hazard.EARTHQUAKE, sent=1, event_keys=("jma:1",))
    assert tie(quake, tsunami) == (Tie.EVENT_KEY, False)


@pytest.mark.parametrize("action", ["CAN", "EXP", "UPG"])
def test_a_vtec_end_for_a_part_leaves_the_rest_standing_even_where_it_names_the_message(
    action: str,
) -> None:
    first = told(placed("A", "B"), event_keys=VTEC, vtec=code("NEW"))
    part = told(placed("A"), sent=1, event_keys=VTEC, vtec=code(action), msg_type=MsgType.CANCEL)
    whole = told(
        placed("A", "B"), sent=1, event_keys=VTEC, vtec=code(action), msg_type=MsgType.CANCEL
    )
    assert ends_only_a_part(gist_of(part), gist_of(first))
    assert not by_reference(gist_of(part), gist_of(first)).replaces
    assert by_reference(gist_of(whole), gist_of(first)).replaces
    assert tie(whole, first) == (Tie.EVENT_KEY, True)


def test_what_goes_on_for_a_part_under_a_reference_takes_the_whole_place() -> None:
    """An Update that shrinks the area: those who left it get the all-clear."""
    first = told(placed("A", "B"), event_keys=VTEC, vtec=code("NEW"))
    part = told(placed("A"), sent=1, event_keys=VTEC, vtec=code("CON"), msg_type=MsgType.UPDATE)
    assert by_reference(gist_of(part), gist_of(first)).replaces


# --- silent re-issues


def test_the_same_warning_under_a_new_identifier_is_a_re_issue() -> None:
    first, again = told(placed("FR01")), told(placed(" fr 01 "), sent=1)
    found = link(again, first)
    assert found == Link(Tie.REISSUE, "re-issue of w0", replaces=True)
    back = by_content(gist_of(first), gist_of(again))
    assert back is not None
    assert back.because == "re-issued as w1"


@pytest.mark.parametrize(
    "again",
    [
        told(placed("A"), sent=1, sender=OTHER),
        told(placed("A"), sent=1, hazard=Hazard.HEAT),
        told(placed("A", "B"), sent=1),
        told(placed("B"), sent=1),
        told(placed("A"), sent=0, identifier="twin"),
        told(placed("A"), sent=33, onset=NOW + hours(33), expires=NOW + hours(40)),
        told(placed("A"), sent=1, onset=NOW + hours(32), expires=NOW + hours(40)),
        told(placed("A"), sent=1, msg_type=MsgType.CANCEL),
        told(placed("A"), sent=1, msg_type=MsgType.ACK),
        told(placed("A"), sent=1, status=Status.EXERCISE),
        told(placed("A"), sent=1, references=(Reference(None, "y", None),)),
    ],
    ids=[
        "sender",
        "hazard",
        "wider",
        "elsewhere",
        "moment",
        "later",
        "after",
        "cancel",
        "ack",
        "drill",
        "named",
    ],
)
def test_what_differs_in_more_than_its_identifier_is_no_re_issue(again: HazardWarning) -> None:
    assert tie(again, told(placed("A"))) is None


def test_a_re_issue_of_another_grade_joins_and_leaves_the_first_standing() -> None:
    first = told(placed("A"), severity=Severity.MODERATE)
    worse = told(placed("A"), sent=1, severity=Severity.EXTREME)
    assert tie(worse, first) == (Tie.REISSUE, False)


def test_an_all_clear_without_a_reference_ends_what_is_the_same_in_all_else() -> None:
    first = told(placed("A"), severity=Severity.SEVERE)
    clear = {"severity": Severity.MINOR, "response_types": (ResponseType.ALL_CLEAR,)}
    ended = told(placed("A"), sent=9, onset=NOW + hours(40), expires=NOW + hours(50), **clear)
    assert tie(ended, first) == (Tie.REISSUE, True)
    past = told(placed("A"), sent=9, urgency=Urgency.PAST, severity=Severity.MINOR)
    assert tie(past, first) == (Tie.REISSUE, True)


def test_a_text_that_reads_as_a_test_takes_no_real_place() -> None:
    test = told(placed("A"), sent=1, hazard=Hazard.TEST_MESSAGE, msg_type=MsgType.UPDATE)
    first = gist_of(told(placed("A")))
    assert not by_reference(gist_of(test), first).replaces
    assert by_reference(gist_of(replace(test, identifier="y", sent=NOW + hours(2))), gist_of(test))


def test_two_storms_that_the_sender_numbers_apart_stay_apart() -> None:
    first = told(event_keys=VTEC)
    second = told(sent=1, event_keys=("vtec:KTAE.FL.W.0013.2026",))
    assert tie(second, first) is None
    same_name = replace(second, identifier=first.identifier)
    assert tie(same_name, first) is None
    other_system = replace(second, event_keys=GDACS)
    assert tie(other_system, first) == (Tie.REISSUE, True)


@pytest.mark.parametrize(
    ("shape", "same"),
    [
        (box(90, 22, 91, 23), True),
        (box(90.005, 22.005, 91.005, 23.005), True),
        (box(90.1, 22, 91.1, 23), False),
        (box(90, 22, 91, 24), False),
    ],
)
def test_one_area_may_be_drawn_a_little_differently(shape: Any, *, same: bool) -> None:
    again = told(placed(shape=shape), sent=1)
    assert (tie(again, told()) == (Tie.REISSUE, True)) is same


def test_a_polygon_counts_where_codes_say_the_same() -> None:
    """Two storms of one county have the county's code and polygons of their own."""
    here, there = placed("037001", shape=SQUARE), placed("037001", shape=BESIDE)
    assert tie(told(there, sent=1), told(here)) is None


def test_words_alone_are_an_area_where_nothing_else_is() -> None:
    assert tie(told(placed(name="West  UP"), sent=1), told(placed(name="west up")))
    assert tie(told(placed(name=""), sent=1), told(placed(name=""))) is None


# --- one event from two senders


def overlap(one: HazardWarning, other: HazardWarning) -> float | None:
    found = same_event(gist_of(one), gist_of(other))
    back = same_event(gist_of(other), gist_of(one))
    assert (found and found[0]) == (back and back[0])
    return round(found[0], 2) if found else None


def test_two_senders_tell_of_one_event_and_the_reason_has_the_numbers() -> None:
    estimate = told(placed(shape=box(90.18, 22, 95, 27)), sender="gdacs", event_keys=GDACS)
    found = same_event(gist_of(estimate), gist_of(told()))
    assert found is not None
    assert found[1] == Link(Tie.SAME_EVENT, "same event as met@example.org (overlap 0.82)")


@pytest.mark.parametrize(
    "changes",
    [
        {"sender": "met@example.org"},
        {"status": Status.EXERCISE},
        {"scope": Scope.RESTRICTED},
        {"msg_type": MsgType.CANCEL},
        {"hazard": Hazard.HEAT},
        {"hazard": Hazard.TEST_MESSAGE},
        {"urgency": Urgency.PAST},
        {"onset": NOW + hours(33), "expires": NOW + hours(40)},
        {"onset": NOW - hours(90), "sent": -73},
    ],
)
def test_what_is_not_alike_is_not_one_event(changes: dict[str, Any]) -> None:
    other = told(**{"sender": OTHER, "identifier": "o", **changes})
    assert overlap(told(), other) is None


@pytest.mark.parametrize(
    ("shape", "found"),
    [(box(90.5, 22, 91.5, 23), 0.5), (box(90.51, 22, 91.51, 23), None), (BESIDE, None)],
)
def test_half_of_the_smaller_area_must_be_common(shape: Any, found: float | None) -> None:
    assert overlap(told(), told(placed(shape=shape), sender=OTHER)) == found


def test_shared_codes_count_where_there_are_no_shapes() -> None:
    ours = told(placed("A", "B", "C"))
    assert overlap(ours, told(placed("C", "A", "X", "Y"), sender=OTHER)) == 0.67
    assert overlap(ours, told(placed("A", system="NUTS3"), sender=OTHER)) is None


def test_hazards_that_ask_the_same_are_alike_and_two_quakes_are_two() -> None:
    assert overlap(told(), told(hazard=Hazard.FLASH_FLOOD, sender=OTHER)) == 1
    quake = told(hazard=Hazard.EARTHQUAKE, onset=NOW)
    same = told(hazard=Hazard.EARTHQUAKE, onset=NOW + minutes(9), sender=OTHER)
    aftershock = told(hazard=Hazard.EARTHQUAKE, onset=NOW + minutes(11), sender=OTHER)
    assert overlap(quake, same) == 1
    assert overlap(quake, aftershock) is None


def test_a_shape_that_crosses_itself_stops_nothing() -> None:
    star = Polygon([(0, 0), (4, 4), (4, 0), (0, 4), (2, -1), (3, 5), (0, 2), (5, 1)])
    with pytest.raises(GEOSException):
        intersection(star, box(1, 1, 3, 3))
    twisted = told(placed(shape=star), sender=OTHER)
    assert overlap(told(placed(shape=box(1, 1, 3, 3))), twisted) is not None


# --- what spares comparisons must not lose any


edges = st.tuples(
    st.floats(-170, 160), st.floats(-80, 60), st.floats(0.1, 30), st.floats(0.1, 15)
).map(lambda t: box(t[0], t[1], min(t[0] + t[2], 180), min(t[1] + t[3], 90)))
areas = st.builds(
    placed,
    st.sampled_from("ABC"),
    shape=st.none() | edges,
    name=st.sampled_from(["", "coast", "hills"]),
    system=st.sampled_from(["UGC", "NUTS"]),
) | st.builds(placed, shape=st.none() | edges, name=st.sampled_from(["", "coast", "hills"]))


@given(areas, areas)
@settings(max_examples=200, deadline=None)
def test_whatever_overlaps_is_found_nearby(one: Area, other: Area) -> None:
    mine, theirs = gist_of(told(one)), gist_of(told(other, sender=OTHER))
    nearby = Nearby()
    nearby.add(7, theirs)
    found = nearby.find(mine, [Hazard.FLOOD])
    assert found <= {7}
    if mine.overlap(theirs) > 0:
        assert found == {7}
    assert not nearby.find(mine, [Hazard.HEAT])


def test_an_infos_languages_share_one_area() -> None:
    info = an_info(hazard=Hazard.FLOOD)
    bangla = replace(info, language="bn", areas=(an_area(area_desc="উপকূল"),))
    gist: Gist = gist_of(a_warning(info, bangla))
    assert gist.shape is not None
    assert gist.shape.area == pytest.approx(0.16)
    assert len(gist.names) == 2


@pytest.mark.parametrize("other", [box(-10, 10, 40, 45), box(0.2, 30.2, 0.4, 30.4)])
def test_small_and_wide_areas_find_each_other(other: Any) -> None:
    small, wide = gist_of(told(placed(shape=box(0, 30, 1, 31)))), gist_of(told(placed(shape=other)))
    for one, two in ((small, wide), (wide, small)):
        nearby = Nearby()
        nearby.add(7, one)
        assert nearby.find(two, [Hazard.FLOOD]) == {7}
    far = gist_of(told(placed(shape=box(100, -40, 101, -39))))
    assert not nearby.find(far, [Hazard.FLOOD])
