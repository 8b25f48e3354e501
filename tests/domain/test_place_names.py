"""Names of places: the same name in any dress, and nothing that only resembles it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carealert.domain.place_names import parts_of, place_name


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Barguna", "BARGUNA  district"),
        ("Barguna", "District of Barguna"),
        ("Cox's Bazar", "Cox’s Bazar Zila"),
        ("Médéa", "Wilaya de Medea"),
        ("Iğdır", "IGDIR ili"),
        ("Łódź", "Lodz"),
        ("বরগুনা", "বরগুনা জেলা"),
        ("Île-de-France", "ile de france"),
    ],
)
def test_dress_makes_no_difference(one: str, other: str) -> None:
    mine, theirs = place_name(one), place_name(other)
    assert mine is not None
    assert theirs is not None
    assert mine.own == theirs.own
    assert mine.agrees(theirs)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Barguna", "Barguna Sadar"),
        ("Bhola", "North Bhola"),
        ("বরিশাল", "বরগুনা"),
        ("খুলনা", "খালনা"),  # vowel signs are no accents
        ("Kota Bogor", "Kabupaten Bogor"),
    ],
)
def test_another_place_is_another_name(one: str, other: str) -> None:
    mine, theirs = place_name(one), place_name(other)
    assert mine is not None
    assert theirs is not None
    assert mine.own != theirs.own or not mine.agrees(theirs)


@pytest.mark.parametrize("text", ["", "  ", "002", "District", "Ward 7", "-"])
def test_what_names_no_place_is_no_name(text: str) -> None:
    assert place_name(text) is None


@pytest.mark.parametrize(
    ("text", "parts"),
    [
        ("Barguna", [("Barguna", "Barguna")]),
        ("Barguna, Bhola;Patuakhali", [("Barguna",) * 2, ("Bhola",) * 2, ("Patuakhali",) * 2]),
        ("Barguna and Bhola", [("Barguna and Bhola", "Barguna", "Bhola")]),
        ("বরগুনা ও ভোলা", [("বরগুনা ও ভোলা", "বরগুনা", "ভোলা")]),
        ("Anderson", [("Anderson", "Anderson")]),
        ("All districts except Dhaka, Gazipur", []),
        ("Near Gazipur, Dhaka", []),
        ("Northern parts of Barguna, Bhola", []),
        ("ঢাকা ব্যতীত সকল জেলা", []),
        ("  ", []),
    ],
)
def test_a_list_is_taken_apart_and_what_is_no_list_is_not(
    text: str, parts: list[tuple[str, ...]]
) -> None:
    assert parts_of(text) == parts


@given(st.text(max_size=60))
def test_any_text_may_come(text: str) -> None:
    name = place_name(text)
    assert name is None or name.own
    assert all(part for parts in parts_of(text) for part in parts)
