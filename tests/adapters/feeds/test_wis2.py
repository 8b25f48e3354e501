"""WIS2 notifications: a document inside is read only if it is the announced one; else its link."""

import base64
import gzip
import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.services.integrity import Stated, fault, stated_in
from carealert.services.ports.feeds import Reading, UnreadableDocument
from carealert.services.ports.links import Link
from tests.support.cap import SAMPLES, cap_xml, reader

READER = reader()
CAP = cap_xml("wis2-1")
UPDATE = "http://def.wmo.int/def/rel/wnm/-/update"


def sample(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((SAMPLES / name).read_bytes())
    return found


def read(message: Any, format_name: str = "auto") -> Reading:
    return READER.read(json.dumps(message).encode(), "mqtts://user:pw@broker.example/", format_name)


def inline(encoding: Any, value: Any, method: str = "", digest: str = "") -> dict[str, Any]:
    message = sample("wis2_inline.json")
    message["properties"]["content"] = {"encoding": encoding, "size": len(CAP), "value": value}
    if method:
        message["properties"]["integrity"] = {"method": method, "value": digest}
    return message


def b64(body: bytes) -> str:
    return base64.b64encode(body).decode()


@pytest.mark.parametrize(
    ("encoding", "value"),
    [
        ("utf-8", CAP.decode()),
        ("base64", b64(CAP)),
        ("gzip", b64(gzip.compress(CAP))),
    ],
)
def test_a_document_inside_is_read_in_every_encoding(encoding: str, value: str) -> None:
    reading = read(inline(encoding, value))
    assert reading.format == "wis2"
    assert [warning.identifier for warning in reading.warnings] == ["wis2-1"]
    assert reading.links == (), "what is inside needs not be fetched"


@pytest.mark.parametrize(
    ("method", "name"),
    [
        ("sha256", "sha256"),
        ("sha384", "sha384"),
        ("sha512", "sha512"),
        ("SHA512", "sha512"),
        ("sha3-256", "sha3_256"),
        ("sha3-384", "sha3_384"),
        ("sha3-512", "sha3_512"),
    ],
)
def test_integrity_is_checked_by_every_method(method: str, name: str) -> None:
    right = b64(hashlib.new(name, CAP).digest())
    wrong = b64(hashlib.new(name, CAP + b" ").digest())
    assert read(inline("base64", b64(CAP), method=method, digest=right)).warnings
    with pytest.raises(UnreadableDocument, match="not those that were announced"):
        read(inline("base64", b64(CAP), method=method, digest=wrong))


def test_integrity_is_of_the_document_and_not_of_its_packing() -> None:
    packed = gzip.compress(CAP)
    wrong = b64(hashlib.sha512(packed).digest())
    with pytest.raises(UnreadableDocument, match="announced"):
        read(inline("gzip", b64(packed), method="sha512", digest=wrong))


def test_integrity_that_proves_nothing_is_no_integrity() -> None:
    assert read(inline("base64", b64(CAP), method="md5", digest="whatever")).warnings
    assert read(inline("base64", b64(CAP), method="arbitrary", digest="v1")).warnings


@pytest.mark.parametrize(
    ("encoding", "value", "words"),
    [
        ("base64", "not base64!", "not base64"),
        ("gzip", b64(b"not packed"), "not gzip"),
        ("gzip", b64(gzip.compress(CAP)[:-12]), "not gzip"),
        ("gzip", b64(gzip.compress(b" " * 2**21)), "not gzip"),
        ("rot13", "nyreg", "unknown encoding, 'rot13'"),
        (None, "x", "unknown encoding"),
    ],
)
def test_content_that_is_not_what_it_says_is_refused(encoding: Any, value: str, words: str) -> None:
    with pytest.raises(UnreadableDocument, match=words):
        read(inline(encoding, value))


def test_a_link_is_followed_with_the_moment_of_publication() -> None:
    reading = READER.read((SAMPLES / "wis2_link.json").read_bytes(), "broker")
    assert (reading.format, reading.warnings, reading.problems) == ("wis2", (), ())
    assert reading.links == (
        Link("https://wis2.met.example/data/warnings/wis2-1.xml?v=1", "2026-05-26T03:00:05Z"),
    )


def test_an_update_gives_the_link_to_the_new_version() -> None:
    message = sample("wis2_link.json")
    message["links"][1]["rel"] = UPDATE
    assert len(read(message).links) == 1


def test_a_deletion_takes_no_warning_back() -> None:
    reading = READER.read((SAMPLES / "wis2_deletion.json").read_bytes(), "broker")
    assert (reading.warnings, reading.links) == ((), ())
    assert [problem.level for problem in reading.problems] == ["notice"]


@pytest.mark.parametrize("href", ["ftp://wis2.met.example/a.xml", "file:///etc/passwd"])
def test_a_link_that_is_not_http_is_left_out_and_told(href: str) -> None:
    message = sample("wis2_link.json")
    message["links"][1]["href"] = href
    reading = read(message)
    assert reading.links == ()
    assert [problem.where for problem in reading.problems] == ["link"]


@pytest.mark.parametrize("links", [[], None, "x", [{"rel": "canonical"}], [{"href": 1}], [3]])
def test_a_notification_without_a_usable_link_is_an_error(links: Any) -> None:
    reading = read({**sample("wis2_link.json"), "links": links})
    assert reading.links == ()
    assert [problem.level for problem in reading.problems] == ["error"]


@pytest.mark.parametrize(
    "message",
    [
        [],
        {},
        {"type": "Feature", "properties": None},
        {"type": "Feature", "properties": {"data_id": "a"}},
        {"type": "Feature", "properties": {"data_id": "a", "pubtime": 3}},
        {"type": "Earthquake", "properties": {"data_id": "a", "pubtime": "2026"}},
    ],
)
def test_other_json_is_no_notification(message: Any) -> None:
    with pytest.raises(UnreadableDocument, match="no WIS2 notification"):
        read(message, "wis2")


def test_credentials_of_the_broker_are_in_no_message() -> None:
    with pytest.raises(UnreadableDocument) as refused:
        read({}, "wis2")
    assert "pw" not in str(refused.value)
    assert "broker.example" in str(refused.value)


@settings(max_examples=100, deadline=None)
@given(st.data())
def test_any_json_in_any_place_is_read_or_refused(data: st.DataObject) -> None:
    junk = st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from(["value", "encoding", "href", "rel", "a"]), inner)
        ),
        max_leaves=6,
    )
    message = sample("wis2_inline.json")
    where = data.draw(st.sampled_from([message, message["properties"]]))
    where[data.draw(st.sampled_from(sorted(where)))] = data.draw(junk)
    try:
        read(message, "wis2")
    except UnreadableDocument:
        return


def test_a_length_counts_only_where_no_digest_is_stated() -> None:
    digest = b64(hashlib.sha256(CAP).digest())
    assert fault(Stated("sha256", digest, 1), CAP) is None
    assert fault(Stated(None, None, len(CAP)), CAP) is None
    assert "1 were announced" in (fault(Stated(None, None, 1), CAP) or "")
    assert "not base64" in (fault(Stated("sha256", "%%", None), CAP) or "")
    assert "differs" in (fault(Stated("sha256", None, None), CAP) or "")


@pytest.mark.parametrize(
    ("integrity", "length", "expected"),
    [
        (None, None, Stated()),
        ("sha512", -1, Stated()),
        ({"method": 3, "value": []}, True, Stated()),
        ({"method": "SHA512", "value": "x"}, 7, Stated("sha512", "x", 7)),
    ],
)
def test_what_is_stated_is_read_with_care(integrity: Any, length: Any, expected: Stated) -> None:
    assert stated_in(integrity, length) == expected
