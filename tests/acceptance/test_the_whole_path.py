"""A real warning in, an SMS out, an answer back; and silence that ends with a person who acts."""

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
import requests

from carealert.demo.replay import read_folder, rehearse
from carealert.domain.people import Need, PhoneSharing, Purpose
from carealert.paths import shipped
from tests.support.builders import a_caregiver, a_consent, a_phone, a_resident
from tests.support.city import City, open_city

PATHARGHATA = (22.0500, 89.9700)
DHAKA = (23.7806, 90.4074)
AMINA, RAHIM, SALMA, KAMAL, DESK = (a_phone(n) for n in (10, 11, 12, 13, 1))


@pytest.fixture
def city(tmp_path: Path) -> Iterator[City]:
    """Amina in Patharghata needs dialysis; Rahim and Salma care for her. Kamal is in Dhaka."""
    with open_city(tmp_path) as city:
        amina = a_resident(
            ref="R-amina",
            label="Amma",
            lat=PATHARGHATA[0],
            lon=PATHARGHATA[1],
            area_code=None,
            language="bn",
            needs=frozenset({Need.DIALYSIS}),
            phone=AMINA,
        )
        rahim = a_caregiver(ref="C-rahim", phone=RAHIM, language="bn")
        salma = a_caregiver(
            ref="C-salma", phone=replace(SALMA, sharing=PhoneSharing.SHARED_HOUSEHOLD)
        )
        city.register(amina, rahim, salma)
        away = a_resident(
            ref="R-away",
            lat=DHAKA[0],
            lon=DHAKA[1],
            area_code=None,
            phone=None,
            needs=frozenset({Need.DIALYSIS}),
        )
        city.register(away, a_caregiver(ref="C-kamal", phone=KAMAL))
        yield city


def remal(city: City) -> dict[str, bytes]:
    """The story of Cyclone Remal, with its times moved to now."""
    documents = read_folder(shipped("db") / "demo" / "warnings").documents
    return {
        showing.name.removesuffix(".xml"): showing.body
        for showing in rehearse(documents, city.stage.now(), timedelta(seconds=1))
    }


def test_a_cyclone_warning_becomes_one_sms_to_each_who_cares_and_their_answer_reaches_the_board(
    city: City,
) -> None:
    story = remal(city)

    city.publish("signal-10.xml", story["remal-2-update"])

    assert [len(city.texts(p.number)) for p in (AMINA, RAHIM, SALMA, KAMAL)] == [1, 1, 1, 0]
    to_rahim, to_salma = city.texts(RAHIM.number)[0], city.texts(SALMA.number)[0]
    assert unicodedata.normalize("NFC", "ঘূর্ণিঝড়") in unicodedata.normalize("NFC", to_rahim)
    assert "বরগুনা জেলা" in to_rahim
    assert "CYCLONE" in to_salma
    assert "Barguna district" in to_salma
    assert "Reply 1 if safe, 2 if you need help" in to_salma
    assert "dialysis" not in to_salma.lower(), "a shared phone must not tell of the need"

    assert city.reply(RAHIM.number, "১"), "an answer in Bangla digits is thanked for"

    page = requests.get(f"{city.stage.url}/", timeout=10).text
    assert "cyclone" in page.lower()
    with city.stage.app.db.reading() as stores:
        incident = stores.warnings.recent()[0].incident
        states = stores.escalations.states(incident)
    assert {ref: state.value for (_, ref), state in states.items()} == {"R-amina": "safe"}
    for phone in (AMINA, RAHIM, SALMA):
        assert phone.number not in page


def test_nobody_hears_a_minor_update_or_a_drill_and_everybody_told_hears_the_end(
    city: City,
) -> None:
    story = remal(city)
    city.publish("test.xml", story["test-message"])
    city.publish("exercise.xml", story["exercise-flood"])
    assert city.stage.outside.world.message_count() == 0

    city.publish("signal-10.xml", story["remal-2-update"])
    city.publish("half-an-hour-longer.xml", story["remal-3-update"])
    assert len(city.texts(RAHIM.number)) == 1, "the same news must not come twice"

    city.publish("cancel.xml", story["remal-4-cancel"])
    for phone in (AMINA, RAHIM, SALMA):
        assert len(city.texts(phone.number)) == 2
    assert city.texts(KAMAL.number) == []


def test_silence_is_followed_by_one_reminder_and_then_by_the_city_desk(city: City) -> None:
    city.publish("signal-10.xml", remal(city)["remal-2-update"])

    city.stage.skip(timedelta(minutes=11))
    city.stage.settle()
    assert len(city.texts(RAHIM.number)) == 2
    assert len(city.texts(SALMA.number)) == 2
    assert city.texts(DESK.number) == []

    city.stage.skip(timedelta(minutes=20))
    city.stage.settle()
    city.stage.settle()
    to_desk = city.texts(DESK.number)
    assert len(to_desk) == 1
    assert "R-amina" in to_desk[0]
    assert "dialysis" not in to_desk[0].lower()
    assert len(city.texts(RAHIM.number)) == 2, "the chain does not begin again"


def test_an_answer_before_the_reminder_stops_the_chain(city: City) -> None:
    city.publish("signal-10.xml", remal(city)["remal-2-update"])
    city.reply(SALMA.number, "1")

    city.stage.skip(timedelta(minutes=45))
    city.stage.settle()

    assert len(city.texts(RAHIM.number)) == 1
    assert city.texts(DESK.number) == []


def test_a_call_for_help_is_a_task_of_the_city_desk_at_once(city: City) -> None:
    city.publish("signal-10.xml", remal(city)["remal-2-update"])
    city.reply(RAHIM.number, "2")

    tasks = requests.get(f"{city.stage.url}/tasks", timeout=10).text
    assert "R-amina" in tasks
    assert RAHIM.number not in tasks


def test_stop_works_at_once_and_nobody_without_consent_is_told(city: City) -> None:
    unwilling = a_caregiver(ref="C-no", phone=a_phone(14), consent=a_consent(Purpose.ALERT_ME))
    city.register(
        a_resident(ref="R-b", lat=PATHARGHATA[0], lon=PATHARGHATA[1], area_code=None, phone=None),
        unwilling,
    )
    city.publish("signal-7.xml", remal(city)["remal-1-alert"])
    city.reply(RAHIM.number, "STOP")
    city.publish("signal-10.xml", remal(city)["remal-2-update"])

    assert city.texts(a_phone(14).number) == []
    carealert = [text for text in city.texts(RAHIM.number) if re.match(r"CareAlert: ", text)]
    assert len(carealert) == 1, "nothing after STOP but the gateway's own confirmation"
    assert len(city.texts(SALMA.number)) == 2


def test_the_same_document_polled_again_and_again_tells_nobody_twice(city: City) -> None:
    body = remal(city)["remal-2-update"]
    city.publish("signal-10.xml", body)
    city.publish("the-same-under-another-name.xml", body)
    for _ in range(3):
        city.stage.skip(timedelta(seconds=5))
        city.stage.settle()

    assert len(city.texts(RAHIM.number)) == 1
