"""A replay moves times and nothing else, and keeps the chain of references."""

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carealert.demo.replay import NothingToReplay, Showing, read_folder, rehearse, shift
from tests.support.demo_data import DEMO

NOW = datetime(2026, 12, 31, 23, 59, 40, 250_000, tzinfo=UTC)
EVERY = timedelta(seconds=20)
DAY = timedelta(days=1)
TIME = re.compile(rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


def cap(body: str = "", *, identifier: str = "a-1", sent: str = "2024-05-26T09:00:00+06:00") -> str:
    return (
        '<?xml version="1.0"?>\n<cap:alert xmlns:cap="urn:oasis:names:tc:emergency:cap:1.2">'
        f"<cap:identifier>{identifier}</cap:identifier><cap:sent>{sent}</cap:sent>{body}</cap:alert>"
    )


def replayed(folder: Path) -> dict[str, Showing]:
    return {s.name: s for s in rehearse(read_folder(folder).documents, NOW, EVERY)}


def found(showing: Showing, name: str) -> list[str]:
    return [m.decode() for m in re.findall(rb"<%s>([^<]*)</" % name.encode(), showing.body)]


def test_the_demo_documents_follow_one_another_in_the_order_they_were_sent() -> None:
    showings = rehearse(read_folder(DEMO / "warnings").documents, NOW, EVERY)
    assert [showing.name for showing in showings] == [
        "dhaka-heat-1-alert.xml",
        "dhaka-heat-2-update.xml",
        "exercise-flood.xml",
        "test-message.xml",
        "remal-1-alert.xml",
        "remal-2-update.xml",
        "remal-3-update.xml",
        "remal-4-cancel.xml",
    ]
    assert [showing.at - NOW for showing in showings] == [n * EVERY for n in range(8)]


def test_a_document_is_sent_at_the_second_in_which_it_is_published_in_its_own_offset() -> None:
    for showing in replayed(DEMO / "warnings").values():
        (sent,) = found(showing, "sent")
        assert sent.endswith("+06:00")
        assert datetime.fromisoformat(sent) == showing.at.replace(microsecond=0)


def test_times_keep_their_distance_to_sent() -> None:
    for name, showing in replayed(DEMO / "warnings").items():
        original = Showing(name, NOW, (DEMO / "warnings" / name).read_bytes())
        for element in ("effective", "onset", "expires"):
            assert _after_sent(showing, element) == _after_sent(original, element)


def _after_sent(showing: Showing, element: str) -> list[timedelta]:
    (sent,) = found(showing, "sent")
    start = datetime.fromisoformat(sent)
    return [datetime.fromisoformat(time) - start for time in found(showing, element)]


def test_references_hold_after_the_replay() -> None:
    showings = replayed(DEMO / "warnings")
    sent = {found(s, "identifier")[0]: found(s, "sent")[0] for s in showings.values()}
    named = 0
    for showing in showings.values():
        for triple in " ".join(found(showing, "references")).split():
            _, identifier, moment = triple.split(",")
            assert moment == sent[identifier]
            named += 1
    assert named == 6


def test_nothing_but_times_changes() -> None:
    for name, showing in replayed(DEMO / "warnings").items():
        original = (DEMO / "warnings" / name).read_bytes()
        assert TIME.sub(b"T", showing.body) == TIME.sub(b"T", original)
        assert showing.body != original


def test_a_time_in_a_text_a_comment_a_parameter_or_cdata_stays() -> None:
    kept = (
        b"<!-- <cap:expires>2024-05-26T09:00:00+06:00</cap:expires> -->"
        b"<cap:description>until 2024-05-26T09:00:00+06:00</cap:description>"
        b"<cap:parameter><cap:value>2024-05-26T09:00:00+06:00</cap:value></cap:parameter>"
        b"<cap:note><![CDATA[<sent>2024-05-26T09:00:00+06:00</sent>]]></cap:note>"
        b"<sentinel>2024-05-26T09:00:00+06:00</sentinel>"
    )
    assert shift(kept, DAY, {}) == kept


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("2024-02-28T23:00:00-11:00", "2024-02-29T23:00:00-11:00"),
        ("2024-05-26T09:00:00Z", "2024-05-27T09:00:00Z"),
        ("2024-05-26T09:00:00.123+05:45", "2024-05-27T09:00:00.123+05:45"),
        ("2024-05-26T09:00:00", "2024-05-27T09:00:00"),
        ("\n 2024-05-26T09:00:00-00:00 \n", "\n 2024-05-27T09:00:00-00:00 \n"),
        ("9999-01-01T00:00:00+00:00", "9999-01-01T00:00:00+00:00"),
        ("2024-05-26T09:00:60+06:00", "2024-05-26T09:00:60+06:00"),
        ("2024-13-26T09:00:00+06:00", "2024-13-26T09:00:00+06:00"),
        ("tomorrow", "tomorrow"),
        ("", ""),
    ],
)
def test_a_time_keeps_its_writing_and_what_is_none_stays(before: str, after: str) -> None:
    element = '<cap:expires xml:id="x">{}</cap:expires>'
    assert shift(element.format(before).encode(), DAY, {}) == element.format(after).encode()


def test_a_reference_moves_with_what_it_names_or_else_with_its_own_document() -> None:
    known = {(b"a-1", datetime(2024, 5, 26, 3, tzinfo=UTC)): 2 * DAY}
    body = (
        b"<references>x@y,a-1,2024-05-26T09:00:00+06:00 x@y,a-2,2024-05-26T09:00:00+06:00\n"
        b"x@y, a-1 ,2024-05-26T03:00:00Z a-3</references>"
    )
    assert shift(body, DAY, known) == (
        b"<references>x@y,a-1,2024-05-28T09:00:00+06:00 x@y,a-2,2024-05-27T09:00:00+06:00\n"
        b"x@y, a-1 ,2024-05-28T03:00:00Z a-3</references>"
    )


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="<"), max_size=20)
_LOCAL = NOW.replace(tzinfo=None)
_MOMENT = st.datetimes(_LOCAL.replace(year=1995), _LOCAL.replace(year=2095))
_ZONES = st.sampled_from(["Z", "+06:00", "-09:30", "", ".5+00:00"])
_ELEMENTS = st.sampled_from(["sent", "cap:expires", "onset", "description", "effective", "value"])


@given(
    st.lists(st.tuples(_ELEMENTS, _TEXT, _MOMENT, _ZONES), max_size=6),
    st.binary(max_size=20),
    st.integers(-(10**9), 10**9),
)
def test_moving_back_gives_the_original_byte_for_byte(
    parts: list[tuple[str, str, datetime, str]], rubbish: bytes, seconds: int
) -> None:
    body = rubbish + "".join(
        f"{t}<{e}>{m.isoformat(timespec='seconds')}{z}</{e}>"
        f"<references>a,b,{m.isoformat(timespec='seconds')}{z}</references>"
        for e, t, m, z in parts
    ).encode("utf-8")
    offset = timedelta(seconds=seconds)
    assert shift(shift(body, offset, {}), -offset, {}) == body


def test_a_folder_says_which_files_it_leaves_out_and_why(tmp_path: Path) -> None:
    (tmp_path / "b.cap").write_text("\ufeff<!-- note -->\n" + cap(sent="2024-05-26T09:00:00Z")[22:])
    (tmp_path / "a.xml").write_text(cap(identifier="a-2", sent="2024-05-27T09:00:00Z"))
    (tmp_path / "MANIFEST.tsv").write_text("file\tcountry\n")
    (tmp_path / "feed.atom").write_text('<feed xmlns="http://www.w3.org/2005/Atom"></feed>')
    (tmp_path / "unsent.xml").write_text(cap(sent="yesterday"))
    (tmp_path / "more").mkdir()
    folder = read_folder(tmp_path)
    assert [document.name for document in folder.documents] == ["b.cap", "a.xml"]
    assert folder.left_out == {
        "MANIFEST.tsv": "its root is not a CAP <alert>",
        "feed.atom": "its root is not a CAP <alert>",
        "unsent.xml": "it has no <identifier> or no readable <sent>",
    }


def test_a_folder_without_documents_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(NothingToReplay, match="holds no CAP document"):
        read_folder(tmp_path)


@pytest.mark.shared
def test_captured_documents_of_many_agencies_move_and_move_back(shared: Path) -> None:
    moved = 0
    for path in sorted((shared / "feeds").rglob("*")):
        if path.suffix not in {".xml", ".cap"} or not path.is_file():
            continue
        body = path.read_bytes()
        there = shift(body, 500 * DAY, {})
        assert shift(there, -500 * DAY, {}) == body
        assert TIME.sub(b"T", there) == TIME.sub(b"T", body)
        moved += there != body
    assert moved > 100
