"""CAP is read whatever an agency did to it; what is missing is said and never invented."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from carealert.domain import geometry, rings
from carealert.domain.hazards import Hazard
from carealert.domain.shapes import Shape
from carealert.domain.warnings import (
    Category,
    Certainty,
    HazardWarning,
    MsgType,
    Reference,
    Resource,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
    is_over,
)
from carealert.services.ports.feeds import Reading, UnreadableDocument
from tests.support.cap import NOW, SAMPLES, area_xml, cap_xml, reader

READER = reader()


def read(name: str) -> Reading:
    return READER.read((SAMPLES / name).read_bytes(), name)


def only(name: str) -> HazardWarning:
    (warning,) = read(name).warnings
    return warning


def said(reading: Reading) -> set[tuple[str, str]]:
    return {(problem.where, problem.level) for problem in reading.problems}


def test_every_element_is_read_with_its_own_words() -> None:
    reading = read("full.xml")
    (warning,) = reading.warnings
    assert reading.problems == ()
    assert warning.key == (
        "warnings@met.example",
        "urn:example:2026:0001",
        datetime(2026, 5, 26, 3, tzinfo=UTC),
    )
    assert warning.sent.utcoffset() == timedelta(hours=6)
    assert (warning.status, warning.msg_type, warning.scope) == (
        Status.ACTUAL,
        MsgType.UPDATE,
        Scope.PUBLIC,
    )
    assert warning.source == "Storm Warning Centre"
    assert warning.restriction == "none"
    assert warning.addresses == ("one@office.example", "Coastal Desk", "two@office.example")
    assert warning.codes == ("profile:example:1", "second")
    assert warning.note == "An example of everything."
    assert warning.references == (
        Reference(
            "warnings@met.example", "urn:example:2026:0000", datetime(2026, 5, 25, 21, tzinfo=UTC)
        ),
        Reference("other@met.example", "urn:example:2026:X", datetime(2026, 5, 25, 21, tzinfo=UTC)),
        Reference(None, "lone-identifier", None),
    )
    assert warning.incidents == ("Cyclone Example", "second-incident")
    assert [info.language for info in warning.infos] == ["en", "bn"]


def test_every_element_of_an_info_is_read() -> None:
    info = only("full.xml").infos[0]
    assert info.categories == (Category.MET, Category.SAFETY)
    assert (info.event, info.hazard) == ("Tropical Cyclone", Hazard.TROPICAL_CYCLONE)
    assert info.response_types == (ResponseType.EVACUATE, ResponseType.SHELTER)
    assert (info.urgency, info.severity, info.certainty) == (
        Urgency.IMMEDIATE,
        Severity.EXTREME,
        Certainty.OBSERVED,
    )
    assert info.audience == "Everybody on the coast"
    assert info.event_codes == (("OET:v1.2", "OET-204"), ("local", "10"))
    assert info.effective == datetime(2026, 5, 26, 3, tzinfo=UTC)
    assert info.onset == datetime(2026, 5, 26, 12, tzinfo=UTC)
    assert info.expires == datetime(2026, 5, 27, 0, tzinfo=UTC)
    assert info.sender_name == "Example Met Office"
    assert info.headline == "Great danger signal 10"
    assert info.description == "Winds of 120 km/h & a surge of 3 m."
    assert info.instruction == "Go to the shelter now."
    assert info.web == "https://met.example/cyclone"
    assert info.contact == "desk@met.example"
    assert info.parameters == (("signal", "10"), ("signal", "great danger"))
    assert info.resources == (
        Resource(
            "Track",
            "image/png",
            2048,
            "https://met.example/track.png",
            "da39a3ee5e6b4b0d3255bfef95601890afd80709",
        ),
    )
    (area,) = info.areas
    assert area.area_desc == "Barguna and Patuakhali"
    assert area.geocodes == (("P-code", "BD1004"), ("P-code", "BD1078"))
    assert (area.altitude, area.ceiling) == (0.0, 32.8)
    assert area.geometry is not None
    assert area.geometry.bounds == (89.9, 21.8, 90.5, 22.4)


def test_what_is_absent_stays_absent() -> None:
    info = only("full.xml").infos[1]
    assert info.expires is info.onset is info.effective is info.headline is None
    assert info.event_codes == info.parameters == info.resources == info.response_types == ()
    assert info.areas[0].geometry is info.areas[0].altitude is None
    assert only("prefix.xml").infos[0].areas == ()


@pytest.mark.parametrize(
    ("name", "identifier", "event"),
    [
        ("prefix.xml", "prefix-1", "Flood"),
        ("no_namespace.xml", "bare-1", "Flood"),
        ("cap11.xml", "old-1", "Flood"),
        ("latin1.xml", "latin-1", "Inundación"),
        ("latin1_as_utf8.xml", "latin-2", "Inundación"),
        ("utf16.xml", "utf-16", "洪水"),
        ("bom.xml", "bom-1", "Flood"),
        ("leading_space.xml", "space-1", "Flood"),
        ("wrong_order.xml", "order-1", "Flood"),
        ("soap.xml", "soap-1", "Flood"),
    ],
)
def test_encodings_prefixes_and_envelopes_do_not_matter(
    name: str, identifier: str, event: str
) -> None:
    warning = only(name)
    assert (warning.identifier, warning.infos[0].event) == (identifier, event)
    assert warning.infos[0].hazard is Hazard.FLOOD


def test_a_wrong_encoding_is_read_and_told() -> None:
    assert ("document", "notice") in said(read("latin1_as_utf8.xml"))


def test_the_certainty_of_old_is_read_as_the_standard_asks() -> None:
    assert only("cap11.xml").infos[0].certainty is Certainty.LIKELY


def test_an_envelope_may_hold_many_and_its_own_status_is_told() -> None:
    reading = read("edxl.xml")
    assert [warning.identifier for warning in reading.warnings] == ["edxl-1", "edxl-2"]
    assert ("distributionStatus", "notice") in said(reading)


def test_one_identifier_used_twice_is_two_messages() -> None:
    first, second = read("duplicate_identifier.xml").warnings
    assert first.identifier == second.identifier
    assert first.key != second.key


def test_a_message_without_an_identity_is_an_error_and_hides_no_other() -> None:
    reading = read("no_identity.xml")
    assert [warning.identifier for warning in reading.warnings] == ["good-1"]
    errors = [problem for problem in reading.problems if problem.level == "error"]
    assert [problem.where for problem in errors] == ["alert[2]", "alert[3]"]
    assert "sent" in errors[0].what
    assert "sender" in errors[1].what


def test_a_cancel_needs_no_info() -> None:
    warning = only("cancel_without_info.xml")
    assert warning.msg_type is MsgType.CANCEL
    assert warning.infos == ()
    assert warning.references[0].identifier == "a-1"


def test_a_word_that_cap_does_not_know_is_none_and_told() -> None:
    reading = read("unknown_enum.xml")
    (warning,) = reading.warnings
    assert warning.status is Status.ACTUAL  # only the case was wrong
    assert warning.msg_type is None
    assert warning.infos[0].severity is None
    assert warning.infos[0].response_types == ()
    assert said(reading) == {
        ("alert[1]/status", "notice"),
        ("alert[1]/msgType", "notice"),
        ("alert[1]/info[1]/severity", "notice"),
        ("alert[1]/info[1]/responseType", "notice"),
    }


@pytest.fixture
def in_dhaka(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The machine's own zone is not UTC, and must not matter."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Asia/Dhaka")
        time.tzset()
        yield
    time.tzset()


@pytest.mark.usefixtures("in_dhaka")
def test_a_time_without_a_zone_is_utc_and_told_and_nonsense_is_no_time() -> None:
    reading = read("no_zone.xml")
    (warning,) = reading.warnings
    assert warning.sent == datetime(2026, 5, 26, 9, tzinfo=UTC)
    info = warning.infos[0]
    assert info.effective is None
    assert info.onset == datetime(2026, 5, 26, 9, tzinfo=UTC)
    assert info.expires == datetime(2026, 5, 27, 9, tzinfo=UTC)
    assert said(reading) == {
        ("alert[1]/sent", "notice"),
        ("alert[1]/info[1]/effective", "notice"),
        ("alert[1]/info[1]/onset", "notice"),
    }


@pytest.mark.parametrize(
    "sent", ["", "2026-05-26", "0001-01-01T00:00:00+07:00", "9999-12-31T23:59:59-01:00", "now"]
)
def test_a_time_that_no_database_could_hold_is_unreadable(sent: str) -> None:
    reading = READER.read(cap_xml(sent=sent), "x")
    assert reading.warnings == ()
    assert reading.problems[-1].level == "error"


def test_markup_inside_a_text_leaves_its_words() -> None:
    info = only("mixed_markup.xml").infos[0]
    assert info.headline == "Flood <b>now</b>"
    assert info.description == "Move  to high ground."


def test_markup_that_a_text_begins_with_glues_no_words_together() -> None:
    inside = "<instruction>\n <p><b>Do</b> <i>not</i></p> <p>go <b>out</b>side</p>\n</instruction>"
    (warning,) = READER.read(cap_xml(inside=inside), "x").warnings
    assert (warning.infos[0].instruction or "").split() == ["Do", "not", "go", "outside"]


def test_what_follows_a_text_with_markup_is_not_lost() -> None:
    inside = (
        "<description>Go <b>up</b></description><instruction>Now</instruction>"
        '<extension xmlns="urn:x"><a><event>Drought</event></a></extension><contact>117</contact>'
    )
    (warning,) = READER.read(cap_xml(inside=inside), "x").warnings
    info = warning.infos[0]
    assert (info.description, info.instruction, info.contact) == ("Go up", "Now", "117")
    assert info.event == "Flood"


def test_a_drill_in_one_language_is_a_drill_in_all() -> None:
    assert {info.hazard for info in only("drill_in_one_language.xml").infos} == {
        Hazard.TEST_MESSAGE
    }


def test_a_polygon_without_an_end_is_closed_and_told() -> None:
    reading = read("unclosed_polygon.xml")
    area = reading.warnings[0].infos[0].areas[0]
    assert area.geometry is not None
    assert area.geometry.area == pytest.approx(0.36)
    assert said(reading) == {("alert[1]/info[1]/area[1]/polygon[1]", "notice")}


def test_a_polygon_over_the_antimeridian_is_in_two_halves() -> None:
    area = only("antimeridian.xml").infos[0].areas[0]
    assert area.geometry is not None
    assert area.geometry.geom_type == "MultiPolygon"
    assert area.geometry.area == pytest.approx(6)


def test_a_bad_polygon_does_not_spoil_the_good_ones() -> None:
    reading = read("crossing_polygon.xml")
    area = reading.warnings[0].infos[0].areas[0]
    assert area.geometry is not None
    assert area.geometry.area == pytest.approx(1.5)
    assert len(reading.problems) == 3


def test_circles_become_shapes() -> None:
    area = only("circle.xml").infos[0].areas[0]
    assert area.geometry is not None
    assert area.geometry.is_valid
    west, south, east, north = area.geometry.bounds
    assert west < 90.4 - 0.24
    assert east >= 91.9
    assert south < 23.7 - 0.22
    assert north >= 24.9


def test_geocodes_keep_every_pair_and_half_of_one_is_told() -> None:
    reading = read("geocode_only.xml")
    area = reading.warnings[0].infos[0].areas[0]
    assert area.geometry is None
    assert area.geocodes == (("P-code", "BD1004"), ("SAME", "006109"), ("UGC", "CAZ072"))
    assert said(reading) == {("alert[1]/info[1]/area[1]/geocode", "notice")}


def test_numbers_that_json_cannot_hold_are_left_out() -> None:
    inside = area_xml("<altitude>NaN</altitude><ceiling>high</ceiling>")
    reading = READER.read(cap_xml(inside=inside), "x")
    area = reading.warnings[0].infos[0].areas[0]
    assert area.altitude is area.ceiling is None
    assert len(reading.problems) == 2


def test_an_identifier_that_no_index_could_hold_is_refused() -> None:
    reading = READER.read(cap_xml("x" * 5000), "x")
    assert reading.warnings == ()
    assert "longer" in reading.problems[0].what


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("entity_bomb.xml", "DOCTYPE"),
        ("external_entity.xml", "DOCTYPE"),
        ("doctype.xml", "DOCTYPE"),
        ("doctype_utf16.xml", "DOCTYPE"),
        ("page.html", "HTML page"),
        ("page_as_xml.xml", "HTML page"),
        ("empty.xml", "empty"),
        ("broken.xml", "well-formed"),
        ("truncated.xml", "well-formed"),
        ("other.xml", "<weather>"),
        ("list.json", "JSON"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(name: str, words: str) -> None:
    with pytest.raises(UnreadableDocument) as refused:
        read(name)
    sentence = str(refused.value)
    assert sentence.startswith(f"{name}: ")
    assert words in sentence
    assert "\n" not in sentence
    assert "passwd" not in sentence


def test_the_address_in_a_sentence_holds_no_secret() -> None:
    with pytest.raises(UnreadableDocument) as refused:
        READER.read(b"", "https://user:pass@met.example/feed?key=secret")
    assert str(refused.value).startswith("https://met.example/feed: ")


@pytest.mark.parametrize(
    ("name", "headline", "said"),
    [
        ("html_entities.xml", "River\u00a0level ≥ 3\u00a0m & rising", "&nbsp;, &ge;"),
        ("bare_ampersand.xml", "Wind & rain, A&B; &undefined; too", "3 bare ampersand(s)"),
        ("text_before.xml", None, "before the XML"),
        ("control_characters.xml", "Flood now", "3 control character(s)"),
        ("text_after.xml", None, "after the end"),
    ],
)
def test_a_slip_with_one_meaning_is_read_and_told(
    name: str, headline: str | None, said: str
) -> None:
    reading = read(name)
    assert reading.warnings[0].infos[0].headline == headline
    (told,) = [problem for problem in reading.problems if said in problem.what]
    assert (told.where, told.level) == ("document", "notice")


def test_what_stands_in_cdata_stays_as_it_is() -> None:
    assert only("html_entities.xml").infos[0].description == "Stay&nbsp;away"


@pytest.mark.parametrize("name", ["two_roots.xml", "broken.xml", "truncated.xml"])
def test_a_document_that_may_be_only_a_part_is_never_mended(name: str) -> None:
    with pytest.raises(UnreadableDocument, match="well-formed"):
        read(name)


@pytest.mark.parametrize("tail", [b"<heartbeat/>", b"<cap:alert></cap:alert>"])
def test_another_element_behind_the_message_is_no_text_to_leave_out(tail: bytes) -> None:
    with pytest.raises(UnreadableDocument, match="Extra content"):
        READER.read(cap_xml() + tail, "x")


def test_of_an_element_that_may_not_repeat_the_first_counts() -> None:
    body = cap_xml(inside="<event>Drought</event>", sent="2026-05-26T09:00:00+06:00")
    (warning,) = READER.read(body, "x").warnings
    assert warning.infos[0].event == "Flood"


def test_mending_lets_no_entities_in() -> None:
    body = b'junk &<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + cap_xml(
        inside="<headline>&x;</headline>"
    )
    with pytest.raises(UnreadableDocument, match="DOCTYPE"):
        READER.read(body, "x")


@pytest.mark.parametrize("part", [b"<![CDATA[", b"<!--", b"<?", b"&", b"&x", b"<?xml "])
def test_mending_a_hostile_document_takes_no_time(part: bytes) -> None:
    started = time.monotonic()
    with pytest.raises(UnreadableDocument):
        READER.read(b"<a>&" + part * 200_000, "x")
    assert time.monotonic() - started < 5


def test_a_drill_in_its_envelope_is_a_drill_whatever_it_says_itself() -> None:
    reading = read("edxl_test.xml")
    actual, draft = reading.warnings
    assert actual.status is Status.TEST
    assert actual.infos[0].evidence[-1] == (
        "the envelope says Test, the message Actual: read as Test"
    )
    assert draft.status is Status.DRAFT
    assert ("distributionStatus", "notice") in said(reading)


def test_a_message_inside_another_stays_a_message_of_its_own() -> None:
    outer, inner = read("alert_inside.xml").warnings
    assert [info.event for info in outer.infos] == ["Flood"]
    assert (inner.identifier, inner.status) == ("inner-1", Status.TEST)
    assert [info.event for info in inner.infos] == ["Drought"]


def test_an_exercise_in_the_note_of_an_actual_message_is_held() -> None:
    info = only("exercise_in_note.xml").infos[0]
    assert (info.hazard, info.hazard_if_real) == (Hazard.TEST_MESSAGE, Hazard.TSUNAMI)
    assert info.evidence[0] == "note 'exercise'"


def test_a_stale_expires_is_not_believed_and_a_fresh_one_is() -> None:
    stale, reading = only("stale_expires.xml").infos[0], read("stale_expires.xml")
    assert stale.expires is None
    assert stale.effective == datetime(2026, 4, 1, 3, tzinfo=UTC)
    assert "not believed" in stale.evidence[-1]
    assert ("alert[1]/info[1]/expires", "notice") in said(reading)
    assert only("just_expired.xml").infos[0].expires is not None


def test_the_event_ends_later_than_its_message() -> None:
    info = only("event_ending_time.xml").infos[0]
    assert info.expires == datetime(2026, 5, 27, 12, tzinfo=UTC)
    assert "eventEndingTime" in info.evidence[-1]


def test_an_end_before_expires_changes_nothing() -> None:
    inside = (
        "<expires>2026-05-26T15:00:00+06:00</expires><parameter><valueName>eventEndingTime"
        "</valueName><value>2026-05-26T12:00:00+06:00</value></parameter>"
    )
    (warning,) = READER.read(cap_xml(inside=inside), "x").warnings
    assert warning.infos[0].expires == datetime(2026, 5, 26, 9, tzinfo=UTC)


def test_a_time_without_a_zone_is_of_the_senders_own_where_a_rule_knows_it() -> None:
    reading = read("zone_of_sender.xml")
    (warning,) = reading.warnings
    assert warning.sent == datetime(2026, 5, 26, 1, tzinfo=UTC)
    assert warning.infos[0].expires == datetime(2026, 5, 26, 13, tzinfo=UTC)
    assert "UTC+08:00" in reading.problems[0].what


@pytest.mark.parametrize(
    ("text", "hour"),
    [
        ("2026/5/26 下午 01:02:03", 13),
        ("2026/5/26 上午 12:02:03", 0),
        ("2026/05/26 午後 12:02:03", 12),
        ("2026-05-26 01:02:03 PM", 13),
        ("2026/5/26 1:02:03 am", 1),
    ],
)
def test_halves_of_the_day_are_read_in_their_language(text: str, hour: int) -> None:
    reading = READER.read(cap_xml(sent=text), "x")
    assert reading.warnings[0].sent == datetime(2026, 5, 26, hour, 2, 3, tzinfo=UTC)
    assert len(reading.problems) == 2


def test_a_half_of_the_day_of_no_time_is_no_time() -> None:
    assert READER.read(cap_xml(sent="2026/13/26 下午 01:02:03"), "x").warnings == ()


def test_an_update_marked_as_final_ends() -> None:
    info = only("final_update.xml").infos[0]
    assert info.response_types == (ResponseType.ALL_CLEAR,)
    assert info.evidence[-1] == "the end: an Update that is marked as final"
    body = (SAMPLES / "final_update.xml").read_bytes()
    (alert,) = READER.read(body.replace(b">Update<", b">Alert<"), "x").warnings
    assert alert.infos[0].response_types == ()


def test_an_alert_that_ended_for_one_area_holds_for_the_other() -> None:
    north, south = only("ended_for_an_area.xml").infos
    assert not is_over(north, NOW)
    assert is_over(south, NOW)
    assert south.evidence[-1] == ("the end: layer:EC-MSC-SMC:1.0:Alert_Location_Status ended")
    assert ("layer:EC-MSC-SMC:1.0:Alert_Type", "warning") in north.parameters
    assert only("ended_for_an_area.xml").codes[0] == "profile:CAP-CP:0.4"


@pytest.mark.parametrize("name", ["tsunami_information.xml", "tsunami_category.xml"])
def test_a_bulletin_for_information_warns_nobody(name: str) -> None:
    info = only(name).infos[0]
    assert info.hazard is Hazard.NO_WARNING
    assert info.evidence[0].startswith(("event '", "eventCode Tsunami"))


def test_shapes_are_drawn_when_they_are_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    drawn: list[str] = []

    def polygon(text: str) -> Shape:
        drawn.append(text)
        return rings.polygon(text)

    monkeypatch.setattr(geometry, "polygon", polygon)
    (warning,) = read("unclosed_polygon.xml").warnings
    assert drawn == []
    area = warning.infos[0].areas[0]
    assert area.geometry is area.geometry
    assert len(drawn) == 1


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_no_damage_to_a_document_makes_reading_fail_otherwise(data: st.DataObject) -> None:
    body = bytearray((SAMPLES / "full.xml").read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(body) - 1))
        length = data.draw(st.integers(0, 40))
        body[at : at + length] = data.draw(st.binary(max_size=6))
    try:
        reading = READER.read(bytes(body), "damaged")
    except UnreadableDocument:
        return
    for warning in reading.warnings:
        assert warning.sent.astimezone(UTC).year < NOW.year + 300


texts = st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Cc", "Cs")), max_size=40)


@settings(max_examples=150, deadline=None)
@given(texts, texts, texts)
def test_no_text_in_a_field_makes_reading_fail(moment: str, references: str, shape: str) -> None:
    def escaped(text: str) -> str:
        return text.replace("&", "&amp;").replace("<", "&lt;").replace("]]>", "")

    inside = f"<expires>{escaped(moment)}</expires>" + area_xml(
        f"<polygon>{escaped(shape)}</polygon><circle>{escaped(shape)}</circle>"
    )
    body = cap_xml(inside=inside, references=escaped(references))
    try:
        (warning,) = READER.read(body, "x").warnings
    except UnreadableDocument:
        assume(False)  # U+FFFE and its like are not allowed in XML
    assert all(reference.identifier for reference in warning.references)
