"""JMA's bulletins: what is in force becomes a warning, what is only told never does."""

from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.adapters.feeds.jma_body import position
from carealert.adapters.feeds.table import FeedReader
from carealert.adapters.hazard_file import load_interpreter
from carealert.domain.hazards import Hazard
from carealert.domain.meaning import Interpreter
from carealert.domain.severity_table import SeverityTable
from carealert.domain.warnings import (
    Certainty,
    HazardWarning,
    Info,
    MsgType,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)
from carealert.paths import shipped
from carealert.services.ports.feeds import Reading, UnreadableDocument
from tests.support.cap import SAMPLES, reader

READER = reader()
TOKYO = timezone(timedelta(hours=9))


def sample(name: str, **changes: str) -> bytes:
    """A sample with elements' texts changed: `InfoType="訂正"` for the first of that name."""
    text = (SAMPLES / name).read_text(encoding="utf-8")
    for element, value in changes.items():
        head, start, rest = text.partition(f"<{element}>")
        assert start, element
        text = head + start + value + rest[rest.index(f"</{element}>") :]
    return text.encode()


def read(name: str, **changes: str) -> Reading:
    return READER.read(sample(name, **changes), name)


def only(name: str, **changes: str) -> HazardWarning:
    (warning,) = read(name, **changes).warnings
    return warning


def notices(reading: Reading) -> list[str]:
    assert {problem.level for problem in reading.problems} <= {"notice"}
    return [problem.what for problem in reading.problems]


def places(info: Info) -> list[tuple[str, str, str]]:
    return [(area.area_desc, name, code) for area in info.areas for name, code in area.geocodes]


def test_a_tsunami_bulletin_has_an_info_for_each_grade_worst_first() -> None:
    reading = read("jma_tsunami.xml")
    (warning,) = reading.warnings
    assert reading.problems == ()
    assert (warning.status, warning.msg_type, warning.scope) == (
        Status.ACTUAL,
        MsgType.ALERT,
        Scope.PUBLIC,
    )
    assert [(info.event, info.severity) for info in warning.infos] == [
        ("大津波警報", Severity.EXTREME),
        ("津波警報", Severity.SEVERE),
        ("津波注意報", Severity.MODERATE),
    ]
    assert {info.hazard for info in warning.infos} == {Hazard.TSUNAMI}
    assert {info.urgency for info in warning.infos} == {Urgency.IMMEDIATE}
    assert {info.certainty for info in warning.infos} == {Certainty.LIKELY}


def test_a_tsunami_warning_names_its_coasts_by_their_own_table() -> None:
    """Code 100 is a coast here and a district of Hokkaido in the table of earthquakes."""
    major, plain, advisory = only("jma_tsunami.xml").infos
    coast = "JMA-AreaTsunami"
    assert places(major) == [("岩手県", coast, "210"), ("宮城県", coast, "220")]
    assert places(plain) == [("福島県", coast, "250"), ("北海道太平洋沿岸東部", coast, "100")]
    assert places(advisory) == [("茨城県", coast, "300")]
    assert all(area.geometry is None for area in major.areas)


def test_coasts_with_slight_changes_of_sea_level_or_none_are_no_part_of_a_warning() -> None:
    named = {area.area_desc for info in only("jma_tsunami.xml").infos for area in info.areas}
    assert not named & {"陸奥湾", "大阪府"}


def test_a_wave_that_is_there_has_no_onset_and_an_expected_one_its_earliest() -> None:
    major, plain, _ = only("jma_tsunami.xml").infos
    assert major.onset is None
    assert plain.onset == datetime(2026, 3, 11, 15, 10, tzinfo=TOKYO)


def test_jmas_own_words_and_figures_are_kept() -> None:
    major = only("jma_tsunami.xml").infos[0]
    assert major.language == "ja"
    assert major.sender_name == "気象庁"
    assert major.headline == "大津波警報・津波警報を発表しました。ただちに避難してください。"
    assert major.instruction == "ただちに避難してください。"
    assert major.event_codes == (("JMA TsunamiWarning", "53"),)
    assert major.parameters == (
        ("JMA tsunami", "大津波警報"),
        ("JMA tsunami height", "岩手県 巨大"),
        ("JMA tsunami height", "宮城県 １０ｍ超"),
        ("JMA hypocenter", "三陸沖"),
        ("JMA epicenter", "38.1,142.9"),
        ("JMA depth km", "20"),
        ("JMA magnitude", "7.6"),
    )


def test_identity_is_the_event_the_title_the_serial_and_the_moment_of_sending() -> None:
    warning = only("jma_tsunami.xml")
    assert warning.key == (
        "jma.go.jp",
        "20260311144630/津波警報・注意報・予報a/-/2026-03-11T05:49:12Z",
        datetime(2026, 3, 11, 14, 49, tzinfo=TOKYO),
    )
    again = only("jma_tsunami.xml", DateTime="2026-03-11T05:49:50Z")
    assert again.key != warning.key, "two bulletins of one minute, neither of them numbered"


def test_shaking_and_waves_of_one_earthquake_are_two_events() -> None:
    """Else a report on shaking would supersede the tsunami warning."""
    assert only("jma_tsunami.xml").event_keys == ("jma:20260311144630:tsunami",)
    assert only("jma_intensity.xml").event_keys == ("jma:20260311144630:earthquake",)
    assert only("jma_intensity_districts.xml").event_keys == only("jma_intensity.xml").event_keys


def test_a_tsunami_of_two_earthquakes_is_known_by_both() -> None:
    both = only("jma_tsunami.xml", EventID="20260311144630 20260311151500")
    assert both.event_keys == ("jma:20260311144630:tsunami", "jma:20260311151500:tsunami")


def test_a_lifted_advisory_is_an_update_that_ends_it() -> None:
    warning = only("jma_tsunami_lifted.xml")
    assert warning.msg_type is MsgType.UPDATE
    (info,) = warning.infos
    assert info.response_types == (ResponseType.ALL_CLEAR,)
    assert info.urgency is Urgency.PAST
    assert info.hazard is Hazard.TSUNAMI
    assert [area.area_desc for area in info.areas] == ["岩手県", "宮城県"]


def test_a_warning_that_is_lowered_is_an_update_of_what_is_left() -> None:
    text = sample("jma_tsunami.xml").decode()
    text = text.replace(
        "<LastKind><Name>津波なし</Name><Code>00</Code></LastKind>",
        "<LastKind><Name>大津波警報</Name><Code>52</Code></LastKind>",
    )
    (warning,) = READER.read(text.encode(), "lowered").warnings
    assert warning.msg_type is MsgType.UPDATE
    assert len(warning.infos) == 3
    assert not any(info.response_types for info in warning.infos)


def test_slight_changes_of_sea_level_alone_never_warn() -> None:
    reading = read("jma_tsunami_none.xml")
    assert reading.warnings == ()
    assert notices(reading) == [
        "is information only: no tsunami, or slight changes of sea level only"
    ]


def test_an_unknown_grade_is_read_by_its_name_and_told() -> None:
    text = sample("jma_tsunami.xml").decode().replace("<Code>62</Code>", "<Code>63</Code>")
    reading = READER.read(text.encode(), "new")
    (warning,) = reading.warnings
    assert warning.infos[2].severity is Severity.MODERATE
    assert notices(reading) == ["code '63' is not known: read by its name, 津波注意報"]


def unknown_grade(last: str) -> Reading:
    text = sample("jma_tsunami_lifted.xml").decode()
    text = text.replace(
        "<Kind><Name>津波注意報解除</Name><Code>60</Code></Kind>",
        "<Kind><Name>新しい等級</Name><Code>99</Code></Kind>",
    ).replace("<Code>62</Code>", f"<Code>{last}</Code>")
    return READER.read(text.encode(), "strange")


def test_where_the_grade_is_unknown_what_was_in_force_stays_in_force() -> None:
    reading = unknown_grade("62")
    (warning,) = reading.warnings
    assert [area.area_desc for area in warning.infos[0].areas] == ["岩手県"]
    assert not warning.infos[0].response_types
    assert [problem.level for problem in reading.problems] == ["error"]


def test_nothing_is_lifted_while_one_grade_is_unknown() -> None:
    reading = unknown_grade("00")
    assert reading.warnings == ()
    assert "error" in [problem.level for problem in reading.problems]


def test_tsunami_information_repeats_the_warning_and_lifts_none() -> None:
    told = only("jma_tsunami.xml", InfoKind="津波情報", Title="津波情報a", Serial="1")
    assert told.msg_type is MsgType.UPDATE
    assert [info.event for info in told.infos] == ["大津波警報", "津波警報", "津波注意報"]
    reading = read("jma_tsunami_lifted.xml", InfoKind="津波情報")
    assert reading.warnings == ()
    assert notices(reading) == ["is information only: it tells of arrivals and heights"]


def test_withdrawn_tsunami_information_leaves_the_warning_in_force() -> None:
    reading = read("jma_tsunami.xml", InfoKind="津波情報", InfoType="取消")
    assert reading.warnings == ()
    assert notices(reading) == ["withdraws information: the warnings themselves stand"]


def test_intensity_is_read_by_municipality_from_5_lower_on() -> None:
    reading = read("jma_intensity.xml")
    (warning,) = reading.warnings
    assert reading.problems == ()
    assert [(info.event, info.severity, places(info)) for info in warning.infos] == [
        ("地震 震度６強", Severity.EXTREME, [("栗原市", "JMA", "0421300")]),
        ("地震 震度５弱", Severity.MODERATE, [("登米市", "JMA", "0421200")]),
        (
            "地震 震度５弱以上未入電",
            Severity.MODERATE,
            [("石巻市", "JMA", "0420200"), ("女川町", "JMA", "0458100")],
        ),
    ]
    assert {info.hazard for info in warning.infos} == {Hazard.EARTHQUAKE}
    assert [info.certainty for info in warning.infos] == [
        Certainty.OBSERVED,
        Certainty.OBSERVED,
        None,
    ]


def test_a_fixed_sentence_that_there_is_no_tsunami_does_not_silence_an_earthquake() -> None:
    warning = only("jma_intensity.xml")
    assert warning.infos[0].description == "この地震による津波の心配はありません。"
    assert Hazard.NO_WARNING not in {info.hazard for info in warning.infos}


def test_the_first_report_names_districts_by_their_own_table() -> None:
    infos = only("jma_intensity_districts.xml").infos
    assert [places(info) for info in infos] == [
        [("宮城県北部", "JMA-AreaForecastLocalE", "220")],
        [("宮城県中部", "JMA-AreaForecastLocalE", "222")],
    ]


@pytest.mark.parametrize(
    ("grade", "severity"),
    [
        ("7", Severity.EXTREME),
        ("6+", Severity.EXTREME),
        ("6-", Severity.SEVERE),
        ("5+", Severity.SEVERE),
        ("5-", Severity.MODERATE),
    ],
)
def test_every_intensity_has_its_severity(grade: str, severity: Severity) -> None:
    text = sample("jma_intensity_low.xml").decode().replace("<MaxInt>4<", f"<MaxInt>{grade}<")
    (warning,) = READER.read(text.encode(), "quake").warnings
    (info,) = warning.infos
    assert info.severity is severity
    assert ("JMA intensity", grade) in info.parameters


def test_the_office_may_grade_otherwise() -> None:
    """The table of sources has the last word, as for every agency's own grades."""
    own = [
        {"parameter": "JMA intensity", "value": "5-", "bound": "is", "severity": "Severe"},
        {"parameter": "JMA tsunami", "value": "津波注意報", "bound": "is", "severity": "Minor"},
    ]
    shipped_tables = load_interpreter((shipped("rules"),))
    interpreter = Interpreter(shipped_tables.hazards, SeverityTable(own))
    for name, number, expected in (
        ("jma_intensity.xml", 1, Severity.SEVERE),
        ("jma_tsunami.xml", 2, Severity.MINOR),
    ):
        (warning,) = FeedReader(interpreter).read(sample(name), name).warnings
        assert warning.infos[number].effective_severity is expected


def test_a_weaker_earthquake_is_information_only() -> None:
    reading = read("jma_intensity_low.xml")
    assert reading.warnings == ()
    assert notices(reading) == ["is information only: the intensity is below 5-lower (震度５弱)"]


def test_an_intensity_that_is_not_known_is_an_error() -> None:
    text = sample("jma_intensity_low.xml").decode().replace("<MaxInt>4<", "<MaxInt>8<")
    reading = READER.read(text.encode(), "quake")
    assert ("Intensity 双葉町", "error") in {(one.where, one.level) for one in reading.problems}


def test_where_an_earthquake_was_is_information_only() -> None:
    reading = read("jma_hypocenter.xml")
    assert reading.warnings == ()
    assert notices(reading) == [
        "is information only: it tells where the earthquake was, and no intensity"
    ]


def test_a_correction_below_the_limit_takes_the_warning_back() -> None:
    warning = only("jma_intensity_low.xml", InfoType="訂正")
    assert warning.msg_type is MsgType.UPDATE
    (info,) = warning.infos
    assert info.response_types == (ResponseType.ALL_CLEAR,)


def test_a_withdrawn_report_is_a_cancel_with_what_jma_says() -> None:
    warning = only("jma_withdrawn.xml")
    assert (warning.msg_type, warning.infos) == (MsgType.CANCEL, ())
    assert warning.note == "先ほどの、震度速報を取り消します。"
    assert warning.event_keys == ("jma:20260311144630:earthquake",)


@pytest.mark.parametrize(
    ("word", "msg_type"),
    [("発表", MsgType.ALERT), ("遅延", MsgType.ALERT), ("訂正", MsgType.UPDATE)],
)
def test_the_kind_of_message_is_jmas(word: str, msg_type: MsgType) -> None:
    assert only("jma_tsunami.xml", InfoType=word).msg_type is msg_type


def test_an_unknown_kind_of_message_is_read_as_issued_and_told() -> None:
    reading = read("jma_tsunami.xml", InfoType="新規")
    assert [warning.msg_type for warning in reading.warnings] == [MsgType.ALERT]
    assert notices(reading) == ["'新規' is not one of JMA's: read as issued"]


def test_a_second_report_is_an_update() -> None:
    assert only("jma_intensity.xml", Serial="2").msg_type is MsgType.UPDATE


@pytest.mark.parametrize(
    ("word", "status"), [("訓練", Status.EXERCISE), ("試験", Status.TEST), ("未知", None)]
)
def test_only_the_word_for_normal_is_real(word: str, status: Status | None) -> None:
    assert only("jma_tsunami.xml", Status=word).status is status


def test_another_kind_of_bulletin_is_told_and_not_guessed() -> None:
    reading = read("jma_other_kind.xml")
    assert reading.warnings == ()
    assert notices(reading) == ["'気象警報・注意報' is a kind of bulletin that is not read here"]


@pytest.mark.parametrize("element", ["EventID", "ReportDateTime", "Title"])
def test_a_bulletin_without_identity_is_an_error(element: str) -> None:
    reading = read("jma_tsunami.xml", **{element: ""})
    assert reading.warnings == ()
    assert ("Report", "error") in {(one.where, one.level) for one in reading.problems}


def test_a_report_of_somebody_else_is_refused() -> None:
    body = sample("jma_tsunami.xml").replace(b"xml.kishou.go.jp/jmaxml1/", b"other.example/")
    with pytest.raises(UnreadableDocument, match="no bulletin of JMA"):
        READER.read(body, "report", "jma")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("+34.3+135.2+0/", (("JMA epicenter", "34.3,135.2"), ("JMA depth km", "0"))),
        ("+37.6+141.6-50000/", (("JMA epicenter", "37.6,141.6"), ("JMA depth km", "50"))),
        ("-20.3-175.4/", (("JMA epicenter", "-20.3,-175.4"),)),
        ("+95.0+141.6/", ()),
        ("", ()),
        ("somewhere", ()),
    ],
)
def test_coordinates_are_read_as_iso_6709(text: str, expected: tuple[tuple[str, str], ...]) -> None:
    assert position(text) == expected


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_no_part_that_is_cut_out_makes_a_bulletin_crash_or_warn_of_more(
    data: st.DataObject,
) -> None:
    whole = sample("jma_tsunami.xml").decode()
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, len(whole)))
    try:
        reading = READER.read((whole[:start] + whole[end:]).encode(), "cut", "jma")
    except UnreadableDocument:
        return
    everything = {"岩手県", "宮城県", "福島県", "北海道太平洋沿岸東部", "茨城県"}
    for warning in reading.warnings:
        for info in warning.infos:
            for area in info.areas:
                assert area.area_desc in everything or area.area_desc not in whole


@pytest.mark.shared
def test_captured_bulletins_are_of_weak_earthquakes_and_warn_of_nothing(shared: Path) -> None:
    """All of them have intensity 3 at most, or none, as their MaxInt says."""
    folder = shared / "feeds" / "p2pquake+jmaxml-seis-parser-go"
    found = sorted(folder.glob("*.xml"))
    assert len(found) == 12
    for path in found:
        reading = READER.read(path.read_bytes(), path.name)
        assert (reading.format, reading.warnings) == ("jma", ()), path.name
        (said,) = notices(reading)
        expected = "no intensity" if "VXSE52" in path.name else "below 5-lower"
        assert expected in said, path.name


@pytest.mark.shared
def test_a_captured_bulletin_would_warn_if_it_had_been_stronger(shared: Path) -> None:
    folder = shared / "feeds" / "p2pquake+jmaxml-seis-parser-go"
    body = (folder / "20210217140958_0_VXSE53_010000.xml").read_text(encoding="utf-8")
    stronger = body.replace("<MaxInt>3</MaxInt>", "<MaxInt>6-</MaxInt>")
    (warning,) = READER.read(stronger.encode(), "stronger").warnings
    (info,) = warning.infos
    assert [area.area_desc for area in info.areas] == ["石巻市", "双葉町"]
    assert warning.sent == datetime(2021, 2, 17, 23, 9, tzinfo=TOKYO)
