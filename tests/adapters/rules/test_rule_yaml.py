"""YAML without surprises: what an officer writes is what is read, or a sentence with its place."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.adapters.rules.strict_yaml import MAX_BYTES, MAX_DEPTH, InvalidRules, parse_document


def read(text: str) -> object:
    return parse_document(text.encode(), "x.yaml").data


def problem(body: bytes | str) -> str:
    body = body.encode() if isinstance(body, str) else body
    with pytest.raises(InvalidRules) as caught:
        parse_document(body, "x.yaml")
    return str(caught.value)


@pytest.mark.parametrize(
    "word",
    [
        "no",
        "yes",
        "on",
        "off",
        "NO",
        "True",
        "null",
        "~",
        "21:30",
        "2027-05-01",
        "1_000",
        "0x1F",
        "010",
        "1e3",
        ".5",
        ".inf",
        "+5",
        "12:30:45",
        "<<",
        "=",
    ],
)
def test_a_word_stays_the_text_that_it_is(word: str) -> None:
    assert read(f"key: {word}") == {"key": word}


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("false", False), ("12", 12), ("-3", -3), ("0", 0), ("1.5", 1.5)],
)
def test_plain_numbers_and_true_and_false_are_read_as_such_but_not_in_quotes(
    text: str, value: object
) -> None:
    assert read(f"a: {text}\nb: '{text}'\nc: |-\n  {text}") == {"a": value, "b": text, "c": text}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: 1\nb: 2\na: 3", "x.yaml:3:1: the key 'a' is here twice; the first is on line 1."),
        ("a:\n  - {b: 1, b: 2}", "x.yaml:2:12: the key 'b' is here twice"),
        ("<<: {a: 1}\nb: 2", "x.yaml:1:1: merge keys (<<) are not allowed: repeat the lines."),
        ("a: &x 1", "x.yaml:1:4: anchors and aliases"),
        ("a: 1\nb: *a", "x.yaml:2:4: anchors and aliases"),
        ("a: !!python/object/apply:os.system [ls]", "x.yaml:1:4: the tag"),
        ("a: !!str 1", "x.yaml:1:4: the tag"),
        ("a: 1\n---\nb: 2", "x.yaml:2:1: a second document"),
        ("? [a, b]\n: c", "x.yaml:1:3: a key must be one word"),
        ("", "x.yaml:1:1: is empty"),
        ("# a comment only\n", "x.yaml:1:1: is empty"),
        ("a: [1, 2\nb: 3\n", "x.yaml:2:2: is not YAML"),
        ("a: 1\n\tb: 2", "x.yaml:2:1: is not YAML"),
        ("a: 'open", "is not YAML"),
        ("a: \x07", "x.yaml:1:1: is not YAML"),
    ],
)
def test_what_is_refused_is_named_with_its_line_and_column(text: str, expected: str) -> None:
    assert expected in problem(text)


def test_what_is_not_utf_8_is_named_with_its_line() -> None:
    assert problem(b"a: 1\nb: \xe9\n") == "x.yaml:2:1: is not UTF-8: save the file as UTF-8."


def test_a_file_of_one_megabyte_is_refused_unread() -> None:
    assert "larger than 256 KiB" in problem(b"a: " + b"x" * 2**20)
    assert read("a: " + "x" * (MAX_BYTES - 10))


@pytest.mark.parametrize("opening", ["[", "{a: ", "- "])
def test_deep_nesting_is_refused_before_anything_is_built(opening: str) -> None:
    assert f"nested more than {MAX_DEPTH} levels" in problem(opening * 50_000)


def test_the_limit_of_nesting_is_where_it_says() -> None:
    assert read("[" * MAX_DEPTH + "]" * MAX_DEPTH) is not None
    assert "nested more" in problem("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1))


def test_a_billion_laughs_are_refused() -> None:
    lines = ["a0: &a0 [x, x]"]
    lines += [f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]" for n in range(1, 30)]
    assert "anchors" in problem("\n".join(lines))


def test_every_value_has_its_place() -> None:
    document = parse_document(b"a:\n  - b: 1\n    c: [2, 3]\n", "x.yaml")
    assert document.places["a",] == (1, 1)
    assert document.places["a", 0, "c"] == (3, 5)
    assert document.places["a", 0, "c", 1] == (3, 12)
    assert str(document.problem(("a", 0, "zzz", 4), "lost")) == "x.yaml:2:5: lost"


@settings(max_examples=150, deadline=None)
@given(st.text(max_size=60) | st.binary(max_size=60))
def test_any_input_is_read_or_refused_with_a_place(body: str | bytes) -> None:
    raw = body.encode("utf-8", "surrogatepass") if isinstance(body, str) else body
    said = "x.yaml:"
    try:
        parse_document(raw, "x.yaml")
    except InvalidRules as error:
        said = str(error)
    assert said.startswith("x.yaml:")
