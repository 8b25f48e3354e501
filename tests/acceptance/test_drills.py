"""An exercise on a real feed: the desk and a manager take part, and no home hears of it."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from carealert.demo.replay import read_folder, rehearse
from carealert.domain.notices import SubjectState
from carealert.domain.people import Need
from carealert.paths import shipped
from tests.support.builders import a_caregiver, a_contact, a_facility, a_phone, a_resident
from tests.support.city import City, open_city

#: Inside the exercise's circle and inside the cyclone's area.
PATUAKHALI = (22.3540, 90.3350)
AMINA, RAHIM, MANAGER, DESK = (a_phone(n) for n in (10, 11, 12, 1))


@pytest.fixture
def city(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[City]:
    """Amina, Rahim who cares for her, and a clinic, all where the exercise is."""
    with open_city(tmp_path, drills=request.param) as city:
        lat, lon = PATUAKHALI
        amina = a_resident(
            ref="R-amina",
            lat=lat,
            lon=lon,
            area_code=None,
            needs=frozenset({Need.DIALYSIS}),
            phone=AMINA,
        )
        city.register(amina, a_caregiver(ref="C-rahim", phone=RAHIM))
        clinic = a_facility(
            ref="F-1", lat=lat, lon=lon, area_code=None, manager=a_contact(12), deputy=None
        )
        with city.stage.app.db.transaction() as stores:
            stores.facilities.put([clinic])
        yield city


def story(city: City) -> dict[str, bytes]:
    """The demo's messages, with their times moved to now."""
    documents = read_folder(shipped("db") / "demo" / "warnings").documents
    return {
        showing.name.removesuffix(".xml"): showing.body
        for showing in rehearse(documents, city.stage.now(), timedelta(seconds=1))
    }


def heard(city: City) -> list[int]:
    """How many texts Amina, Rahim, the manager and the desk have had."""
    return [len(city.texts(phone.number)) for phone in (AMINA, RAHIM, MANAGER, DESK)]


def states(city: City) -> set[SubjectState]:
    with city.stage.app.db.reading() as stores:
        incidents = {one.incident for one in stores.warnings.recent()}
        return {s for one in incidents for s in stores.escalations.states(one).values()}


@pytest.mark.parametrize("city", ["facilities"], indirect=True)
def test_a_whole_exercise_with_a_manager_and_then_the_real_thing(city: City) -> None:
    messages = story(city)
    city.publish("exercise.xml", messages["exercise-flood"])
    city.stage.skip(timedelta(seconds=10))
    city.stage.settle()

    assert heard(city) == [0, 0, 1, 1]
    (to_desk,), (to_manager,) = city.texts(DESK.number), city.texts(MANAGER.number)
    assert to_desk.startswith("CareAlert: EXERCISE. FLOOD. Patuakhali town")
    assert "If it were real, people told: 2, facilities asked: 1." in to_desk
    assert to_manager.startswith("CareAlert: EXERCISE. FLOOD. Tell us as if it were real")
    assert "5 open, 6 limited, 7 evacuating, 8 closed" in to_manager

    assert city.reply(MANAGER.number, "8") == (
        "CareAlert: Thank you. We noted your answer to the exercise. It changes nothing else.",
    )
    with city.stage.app.db.reading() as stores:
        assert stores.facilities.latest_reports() == {}
    assert states(city) == set()
    page = " ".join(requests.get(f"{city.stage.url}/", timeout=10).text.split())
    assert "Exercises: nobody is told" in page
    assert "Would have been told: 2 people, 1 facility" in page
    assert "Nothing waits for the desk" in page

    city.stage.skip(timedelta(minutes=45))
    city.stage.settle()
    assert heard(city) == [0, 0, 2, 1], "only the thanks: nothing escalates"

    city.publish("signal-10.xml", messages["remal-2-update"])
    assert heard(city) == [1, 1, 3, 1]
    assert "EXERCISE" not in city.texts(MANAGER.number)[2]
    city.reply(MANAGER.number, "1")
    with city.stage.app.db.reading() as stores:
        assert [one.status.value for one in stores.facilities.latest_reports().values()] == ["open"]


@pytest.mark.parametrize(("city", "desk"), [("desk", 1), ("board", 0)], indirect=["city"])
def test_an_exercise_without_the_managers(city: City, desk: int) -> None:
    messages = story(city)
    city.publish("exercise.xml", messages["exercise-flood"])
    city.publish("test.xml", messages["test-message"])
    city.publish("again.xml", messages["exercise-flood"])
    city.stage.skip(timedelta(minutes=45))
    city.stage.settle()
    assert heard(city) == [0, 0, 0, desk]
    page = " ".join(requests.get(f"{city.stage.url}/", timeout=10).text.split())
    assert "Would have been told: 2 people, 1 facility" in page
