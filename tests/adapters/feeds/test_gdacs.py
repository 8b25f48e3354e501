"""GDACS: its index leads to its CAP, and what stands for itself warns nobody by a map's window."""

from datetime import UTC, datetime

from carealert.domain.hazards import Hazard
from carealert.domain.warnings import Severity, Urgency, is_over
from carealert.services.ports.feeds import Reading
from carealert.services.ports.links import Link
from tests.support.cap import NOW, SAMPLES, reader

READER = reader()


def read(name: str) -> Reading:
    return READER.read((SAMPLES / name).read_bytes(), "https://www.gdacs.example/xml/rss.xml")


def test_an_item_leads_to_its_cap_and_every_episode_is_news() -> None:
    reading = read("gdacs.rss")
    assert reading.format == "gdacs"
    assert reading.links == (
        Link(
            "http://www.gdacs.org/contentdata/resources/TC/1009999/cap_1009999.xml",
            "Tue, 26 May 2026 00:00:00 GMT 3 2",
        ),
    )
    body = (SAMPLES / "gdacs.rss").read_bytes()
    next_episode = body.replace(b"<gdacs:episodeid>3<", b"<gdacs:episodeid>4<")
    assert READER.read(next_episode, "https://x.example/").links[0].updated != (
        reading.links[0].updated
    )


def test_an_item_without_cap_is_read_without_a_shape() -> None:
    flood = read("gdacs.rss").warnings[0]
    assert flood.identifier == "GDACS_FL_1109999_1"
    assert flood.sent == datetime(2026, 5, 26, 2, tzinfo=UTC)
    assert flood.event_keys == ("gdacs:FL1109999",)
    (info,) = flood.infos
    assert info.hazard is Hazard.FLOOD
    assert info.effective_severity is Severity.SEVERE  # orange
    assert info.expires == datetime(2026, 5, 27, tzinfo=UTC)  # todate and a day
    (area,) = info.areas
    assert (area.area_desc, area.geometry) == ("Bangladesh", None)
    assert area.geocodes == (("ISO 3166-1", "BGD"),)
    assert ("bbox", "88 92 21 26") in info.parameters
    assert not is_over(info, NOW)


def test_what_is_not_current_any_more_is_over() -> None:
    earthquake = read("gdacs.rss").warnings[1]
    assert earthquake.infos[0].urgency is Urgency.PAST
    assert is_over(earthquake.infos[0], NOW)
    assert earthquake.infos[0].effective_severity is Severity.MINOR  # green


def test_an_item_without_an_event_is_told() -> None:
    assert "item[4]" in {problem.where for problem in read("gdacs.rss").problems}


def test_its_cap_is_read_with_brackets_and_longitudes_beyond_the_antimeridian() -> None:
    reading = read("gdacs_cap.xml")
    (warning,) = reading.warnings
    assert warning.event_keys == ("gdacs:TC1009999",)
    (info,) = warning.infos
    assert (info.language, info.expires) == (None, None)
    assert info.effective_severity is Severity.MINOR  # green
    assert is_over(info, NOW)
    (area,) = info.areas
    assert area.geometry is not None
    assert area.geometry.is_valid
    assert area.geometry.geom_type == "MultiPolygon"
    assert area.geometry.area == 8
