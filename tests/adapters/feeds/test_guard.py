"""Only public addresses are fetched, whatever a name, a redirect or a notation makes of them."""

from collections.abc import Iterator

import pytest

from carealert.adapters.feeds.guard import NotAllowed, addresses_for, is_public, target_of
from carealert.adapters.feeds.http import HttpFetcher
from carealert.services.ports.feeds import FetchFailed
from tests.support.http import Answer, Server, serving

OUTSIDE = "127.0.0.2"
PUBLIC = "93.184.215.14"


@pytest.fixture
def server() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def outside() -> Iterator[Server]:
    """Stands for a public place: the tests that use it let its address pass, and no other."""
    with serving(OUTSIDE) as server:
        yield server


@pytest.mark.parametrize(
    "address",
    [
        "10.1.2.3",
        "172.16.0.1",
        "192.168.1.1",
        "127.0.0.1",
        "127.9.9.9",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",  # noqa: S104  nothing is bound
        "0.1.2.3",
        "192.0.0.8",
        "192.0.2.1",
        "198.18.0.1",
        "224.0.0.1",
        "239.255.255.250",
        "240.0.0.1",
        "255.255.255.255",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "::ffff:169.254.169.254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "fc00::1",
        "fd12:3456::1",
        "ff02::1",
        "2001:db8::1",
        "2002:7f00:1::",  # 6to4 of 127.0.0.1
        "2002:a9fe:a9fe::",  # 6to4 of 169.254.169.254
        "64:ff9b::7f00:1",  # NAT64 of 127.0.0.1
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2001:0:7f00:1::1",  # Teredo with the server 127.0.0.1
        "not an address",
        "",
    ],
)
def test_what_is_not_public_is_not(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize(
    "address", [PUBLIC, "8.8.8.8", "::ffff:8.8.8.8", "2606:2800:21f::1", "64:ff9b::808:808"]
)
def test_what_is_public_is(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize(
    ("url", "host", "port", "name"),
    [
        ("http://met.example/x", "met.example", 80, "met.example"),
        ("https://Met.Example:443/x?a=b", "met.example", 443, "met.example"),
        ("https://met.example:8443", "met.example", 8443, "met.example:8443"),
        ("http://[2606:2800::1]:81/x", "2606:2800::1", 81, "[2606:2800::1]:81"),
        ("http://u:p@met.example@10.0.0.1/x", "10.0.0.1", 80, "10.0.0.1"),
        ("http://met.example#@10.0.0.1/", "met.example", 80, "met.example"),
        ("http://bücher.example/", "xn--bcher-kva.example", 80, "xn--bcher-kva.example"),
    ],
)
def test_the_host_that_is_judged_is_the_host_that_is_asked(
    url: str, host: str, port: int, name: str
) -> None:
    target = target_of(url)
    assert (target.host, target.port, target.name) == (host, port, name)


@pytest.mark.parametrize(
    "url",
    ["http://", "http:///x", "http://met.example:0/", "http://met.example:99999/", "http://[::1"],
)
def test_an_address_without_a_usable_host_or_port_is_refused(url: str) -> None:
    with pytest.raises(NotAllowed, match="not a usable address"):
        target_of(url)


def test_a_name_with_one_private_address_among_others_is_refused_whole() -> None:
    target = target_of("http://met.example/")
    with pytest.raises(NotAllowed, match="not public"):
        addresses_for(target, lambda *_: (PUBLIC, "10.0.0.1"), allow_private=False)
    assert addresses_for(target, lambda *_: ("10.0.0.1",), allow_private=True) == ("10.0.0.1",)


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:{port}/feed",
        "http://localhost:{port}/feed",
        "http://2130706433:{port}/feed",
        "http://0x7f.1:{port}/feed",
        "http://[::ffff:127.0.0.1]:{port}/feed",
        "http://user:pass@127.0.0.1:{port}/feed",
    ],
)
def test_no_notation_of_this_machine_is_fetched(server: Server, url: str) -> None:
    server.answers["/feed"] = Answer(b"<feed/>")
    port = server.url.rpartition(":")[2]
    with pytest.raises(FetchFailed, match=r"not public|cannot be reached"):
        HttpFetcher().get(url.format(port=port))
    assert server.asked == []


@pytest.mark.parametrize(
    "location", ["http://169.254.169.254/latest/meta-data/", "http://127.0.0.1:{port}/inside"]
)
def test_a_redirect_from_a_public_place_to_a_private_one_is_refused(
    outside: Server, location: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = outside.url.rpartition(":")[2]
    target = location.format(port=port)
    outside.answers["/feed"] = Answer(status=302, headers={"Location": target})
    outside.answers["/inside"] = Answer(b"<secret/>")
    monkeypatch.setattr(
        "carealert.adapters.feeds.guard.is_public", lambda address: address == OUTSIDE
    )
    names = {"met.example": (OUTSIDE,)}
    fetcher = HttpFetcher(resolve=lambda host, _: names.get(host, (host,)))
    with pytest.raises(FetchFailed, match="not public") as failed:
        fetcher.get(f"http://met.example:{port}/feed")
    assert outside.paths() == ["/feed"]
    assert "169.254" not in str(failed.value)


def test_a_name_is_looked_up_once_so_a_second_answer_changes_nothing(
    outside: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DNS rebinding: the first answer is public, the next ones are this machine."""
    outside.answers["/feed"] = Answer(b"<feed/>")
    port = outside.url.rpartition(":")[2]
    answers = iter([(OUTSIDE,), ("127.0.0.1",)])
    asked: list[str] = []

    def resolve(host: str, _: int) -> tuple[str, ...]:
        asked.append(host)
        return next(answers)

    monkeypatch.setattr(
        "carealert.adapters.feeds.guard.is_public", lambda address: address == OUTSIDE
    )
    fetcher = HttpFetcher(resolve=resolve)
    url = f"http://rebind.example:{port}/feed"
    assert fetcher.get(url).body == b"<feed/>"  # the name itself leads nowhere: it was pinned
    assert asked == ["rebind.example"]
    assert outside.asked[0][1]["Host"] == f"rebind.example:{port}"
    with pytest.raises(FetchFailed, match="not public"):
        fetcher.get(url)
    assert len(outside.asked) == 1


def test_a_feed_of_ones_own_network_is_fetched_when_it_is_allowed(server: Server) -> None:
    server.answers["/feed"] = Answer(status=302, headers={"Location": "/there"})
    server.answers["/there"] = Answer(b"<feed/>")
    fetched = HttpFetcher().get(f"{server.url}/feed", allow_private=True)
    assert (fetched.body, fetched.moved_to) == (b"<feed/>", f"{server.url}/there")
