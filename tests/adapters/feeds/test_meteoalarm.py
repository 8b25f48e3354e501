"""MeteoAlarm: one message for many entries of its index, and a level that decides."""

from carealert.domain.hazards import Hazard
from carealert.domain.warnings import HazardWarning, Severity
from carealert.services.ports.feeds import Reading
from carealert.services.ports.links import Link
from tests.support.cap import SAMPLES, cap_xml, reader

READER = reader()


def read(name: str) -> Reading:
    return READER.read((SAMPLES / name).read_bytes(), "https://feeds.example/legacy-atom-xx")


def with_level(level: str, kind: str = "1; Wind") -> HazardWarning:
    inside = "".join(
        f"<parameter><valueName>{name}</valueName><value>{value}</value></parameter>"
        for name, value in (("awareness_level", level), ("awareness_type", kind))
    )
    (warning,) = READER.read(cap_xml(inside=inside), "x").warnings
    return warning


def test_an_entry_for_each_area_and_language_is_one_document_to_fetch() -> None:
    reading = read("meteoalarm.atom")
    assert reading.links == (
        Link("https://feeds.example/api/v1/warnings/feeds-xx/0001", "2026-05-26T03:00:00Z"),
    )
    assert reading.warnings == ()
    assert reading.problems == ()


def test_the_level_gives_the_severity_and_the_number_the_hazard() -> None:
    info = with_level("4; red; Extreme", "5; high-temperature").infos[0]
    assert (info.severity, info.effective_severity) == (Severity.SEVERE, Severity.EXTREME)
    assert info.hazard is Hazard.HEAT
    assert info.evidence == ("awareness_type 5", "awareness_level 4: is Extreme")


def test_green_is_no_warning_whatever_the_event_says() -> None:
    for level in ("1; green; Minor", "1", "1;Green"):
        info = with_level(level).infos[0]
        assert info.hazard is Hazard.NO_WARNING
        assert info.evidence[0] == f"awareness_level {level}"


def test_a_coastal_event_is_of_the_coast_unless_its_text_says_surge() -> None:
    assert with_level("2; yellow; Moderate", "7; coastalevent").infos[0].hazard is (
        Hazard.COASTAL_HAZARD
    )
