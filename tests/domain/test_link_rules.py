"""Rules that rewrite a feed's links: exactly what they name, and nothing that begins alike."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carealert.domain.link_rules import BadLinkRule, parse, rewrite

INSIDE = "http://10.0.0.4:8080/cap/ => https://cap.example.org/files/"


@pytest.mark.parametrize(
    ("rule", "url", "wanted"),
    [
        ("https", "http://met.example/a.xml?x=1#y", "https://met.example/a.xml?x=1#y"),
        ("HTTPS", "HTTP://met.example/a.xml", "https://met.example/a.xml"),
        ("https", "https://met.example/a.xml", "https://met.example/a.xml"),
        (INSIDE, "http://10.0.0.4:8080/cap/1.xml?a=b", "https://cap.example.org/files/1.xml?a=b"),
        (INSIDE, "http://10.0.0.4/cap/1.xml", "http://10.0.0.4/cap/1.xml"),
        (INSIDE, "http://10.0.0.4:8080/capital/1.xml", "http://10.0.0.4:8080/capital/1.xml"),
        (INSIDE, "https://10.0.0.4:8080/cap/1.xml", "https://10.0.0.4:8080/cap/1.xml"),
        ("http://a.example/ => https://b.example/", "http://A.EXAMPLE:80/x", "https://b.example/x"),
        ("http://a.example/ => https://b.example/", "http://a.example", "https://b.example/"),
        ("http://a.example/ => https://b.example/", "http://a.example?q", "https://b.example/?q"),
        (
            "http://a.example/ => https://b.example/",
            "http://a.example.evil.example/x",
            "http://a.example.evil.example/x",
        ),
        (
            "http://a.example/ => https://b.example/",
            "http://a.example@evil.example/x",
            "http://a.example@evil.example/x",
        ),
    ],
)
def test_a_link_is_rewritten_where_host_and_folder_are_the_rule_s(
    rule: str, url: str, wanted: str
) -> None:
    assert rewrite(url, [parse(rule)]) == wanted


def test_the_first_rule_that_says_something_counts() -> None:
    rules = [parse(INSIDE), parse("https")]
    assert rewrite("http://10.0.0.4:8080/cap/1", rules) == "https://cap.example.org/files/1"
    assert rewrite("http://other.example/1", rules) == "https://other.example/1"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "http",
        "http://a.example/",
        "http://a.example => https://b.example/",
        "http://a.example/ => https://b.example",
        "ftp://a.example/ => https://b.example/",
        "http:/// => https://b.example/",
        "http://a.example/?x=/ => https://b.example/",
        "http://user:secret@a.example/ => https://b.example/",
        "http://a.example:99999/ => https://b.example/",
    ],
)
def test_a_rule_that_could_mean_more_than_it_says_is_refused(text: str) -> None:
    with pytest.raises(BadLinkRule):
        parse(text)


@pytest.mark.parametrize("text", ["https", INSIDE])
def test_a_rule_is_written_as_it_was_read(text: str) -> None:
    assert str(parse(text)) == text


@given(st.text(max_size=60))
def test_no_link_makes_a_rule_fail(url: str) -> None:
    rewrite(url, [parse(INSIDE), parse("https")])
    rewrite(f"http://10.0.0.4:8080/cap/{url}", [parse(INSIDE)])
