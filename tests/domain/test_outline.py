"""What a text leaves out first."""

from itertools import pairwise

from carealert.domain.notices import Encoding
from carealert.domain.outline import Outline, Step, by_person, fits, outlines, sentences_of
from carealert.domain.sms import Size

WHOLE = Outline((Step(("Go now.", "Help others.")), Step(("Charge it.", "Write it."), (0,))))


def test_second_sentences_go_first_and_the_first_step_for_the_hazard_never() -> None:
    shorter = list(outlines(WHOLE))
    assert shorter[0] is WHOLE
    assert [step.text for step in shorter[1].steps] == ["Go now. Help others.", "Charge it."]
    assert [step.text for step in shorter[2].steps] == ["Go now.", "Charge it."]
    assert all(outline.steps[0].sentences[0] == "Go now." for outline in shorter)


def test_steps_for_needs_outlive_details_and_names_outlive_steps() -> None:
    order = [outline.left_out[-1] for outline in outlines(WHOLE) if outline.left_out]
    assert order == [
        "a sentence of step 2",
        "a sentence of step 1",
        "the start",
        "detail of the place",
        "part of the source",
        "what the template can spare",
        "a step",
        "names after 3",
        "names after 1",
        "names after 0",
    ]


def test_each_outline_says_less_than_the_one_before() -> None:
    shorter = list(outlines(WHOLE))
    for before, after in pairwise(shorter):
        assert after.left_out[:-1] == before.left_out
        assert after != before


def test_people_with_the_same_step_share_it() -> None:
    steps = by_person([(0, "Charge it."), (2, "Call now. Wait."), (1, "Charge it.")])
    assert steps == [Step(("Charge it.",), (0, 1)), Step(("Call now.", "Wait."), (2,))]


def test_bangla_sentences_end_in_a_danda() -> None:
    assert sentences_of("এখনই যান। জিনিস পরে।") == ("এখনই যান।", "জিনিস পরে।")


def test_the_budget_depends_on_how_a_text_travels() -> None:
    assert fits(Size(Encoding.GSM_7, 306, 2))
    assert not fits(Size(Encoding.GSM_7, 307, 3))
    assert fits(Size(Encoding.UCS_2, 201, 3))
    assert not fits(Size(Encoding.UCS_2, 202, 4))
