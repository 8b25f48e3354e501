"""What a source's own grade is worth, by the shipped table and by one's own."""

import pytest

from carealert.adapters.hazard_file import load_interpreter, load_severity_table
from carealert.domain.hazards import Hazard
from carealert.domain.severity_table import SeverityTable
from carealert.domain.warnings import Severity
from carealert.paths import shipped

TABLE = load_severity_table(shipped("rules") / "severity.tsv")
VTEC = "/{}.NEW.KTAE.FL.{}.0012.260526T0600Z-260527T0600Z/"


@pytest.mark.parametrize(
    ("name", "value", "stated", "assessed"),
    [
        ("VTEC", VTEC.format("O", "W"), Severity.MODERATE, Severity.SEVERE),
        ("VTEC", VTEC.format("O", "W"), Severity.EXTREME, Severity.EXTREME),
        ("VTEC", VTEC.format("O", "A"), Severity.EXTREME, Severity.SEVERE),
        ("VTEC", VTEC.format("O", "Y"), Severity.SEVERE, Severity.MODERATE),
        ("VTEC", VTEC.format("O", "Y"), Severity.MINOR, Severity.MINOR),
        ("VTEC", VTEC.format("O", "Y"), Severity.UNKNOWN, Severity.MODERATE),
        ("awareness_level", "3; orange; Severe", Severity.EXTREME, Severity.SEVERE),
        ("awareness_level", "4;red;Extreme", Severity.SEVERE, Severity.EXTREME),
        ("Awareness_Level", " 2; Yellow ; Moderate", None, Severity.MODERATE),
        ("alertlevel", "Green", Severity.SEVERE, Severity.MINOR),
        ("alertlevel", "RED", Severity.MINOR, Severity.EXTREME),
    ],
)
def test_the_shipped_table(
    name: str, value: str, stated: Severity | None, assessed: Severity
) -> None:
    found = TABLE.assess(stated, (("other", "1"), (name, value)))
    assert found is not None
    assert found.severity is assessed
    assert found.evidence.startswith(name)


@pytest.mark.parametrize(
    "pair",
    [
        ("VTEC", VTEC.format("T", "W")),  # a test of the system says nothing about danger
        ("VTEC", "garbage"),
        ("awareness_level", "7; purple"),
        ("awareness_level", ""),
        ("level", "4"),
    ],
)
def test_what_is_not_in_the_table_changes_nothing(pair: tuple[str, str]) -> None:
    assert TABLE.assess(Severity.SEVERE, (pair,)) is None


@pytest.mark.parametrize(
    "row",
    [
        {"parameter": "x", "value": "1", "bound": "about", "severity": "Severe"},
        {"parameter": "x", "value": "1", "bound": "is", "severity": "Bad"},
        {"parameter": "x", "bound": "is", "severity": "Minor"},
    ],
)
def test_a_row_that_cannot_be_understood_is_named(row: dict[str, str]) -> None:
    good = {"parameter": "x", "value": "2", "bound": "is", "severity": "Minor"}
    with pytest.raises(ValueError, match=r"line 3 .*at_least"):
        SeverityTable([good, row])


def test_a_message_that_reads_as_a_test_says_what_it_would_be() -> None:
    meaning = load_interpreter((shipped("rules"),)).interpret(
        "Test of flood warning", (), (), "THIS IS A TEST", None, (), "en", Severity.SEVERE
    )
    assert meaning.hazard is Hazard.TEST_MESSAGE
    assert meaning.hazard_if_real is Hazard.FLOOD
