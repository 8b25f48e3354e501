"""The files that the page shows are files that work."""

import re
from pathlib import Path

import pytest

from carealert.adapters.channels.gateway_config import HttpGateway
from carealert.adapters.channels.gateway_files import open_gateway, preset_names, read_gateway
from carealert.adapters.channels.gateway_words import WORDS
from carealert.domain.notices import DeliveryStatus
from carealert.services.ports.outbox import DeliveryFailed, FailureAction
from tests.support.builders import NOW, a_phone
from tests.support.gateway import a_message
from tests.support.gateways import PUBLIC, SECRETS
from tests.support.posts import Said, post_server

PAGE = Path(__file__).parents[3] / "docs" / "how-to" / "add-a-gateway.md"
BLOCKS = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)


@pytest.fixture
def example(tmp_path: Path) -> Path:
    path = tmp_path / "city_sms.yaml"
    path.write_text(BLOCKS[0])
    return path


def at(url: str, path: Path) -> HttpGateway:
    path.write_text(path.read_text().replace("https://sms.example.org", url))
    return read_gateway(path)


def test_every_file_on_the_page_can_be_read(tmp_path: Path) -> None:
    names = []
    for number, block in enumerate(BLOCKS):
        (tmp_path / f"{number}.yaml").write_text(block)
        names.append(read_gateway(tmp_path / f"{number}.yaml").name)
    assert names == ["city_sms", "desk_phone"]


def test_the_worked_example_does_what_it_says(example: Path) -> None:
    with post_server() as server:
        gateway = at(server.url, example)
        secrets = dict.fromkeys(gateway.secrets(), "a long test secret")
        channel = open_gateway(gateway, secrets, public_url=PUBLIC)
        server.answers = [
            Said(202, {"status": "queued", "message": {"id": "m1"}}),
            Said(200, {"messages": [{"id": "m1"}]}),
            Said(400, {"error": {"code": "NO_CREDIT"}}),
        ]
        taken = channel.send(a_message(7))
        (found,) = channel.find(a_message(7), NOW)
        with pytest.raises(DeliveryFailed) as caught:
            channel.send(a_message(8))
    assert (taken.provider_id, taken.status) == ("city_sms:m1", DeliveryStatus.ACCEPTED)
    assert found == taken
    assert caught.value.action is FailureAction.STOP_SENDER
    assert server.asked[0].json == {
        "from": "CITY",
        "to": a_phone(7).number,
        "text": "text 7",
        "client_ref": "notice-7.1",
        "ttl": 3600,
        "callback": f"{PUBLIC}/hooks/gateway/city_sms/status",
    }
    assert server.asked[0].headers["Authorization"] == "Bearer a long test secret"
    assert server.asked[1].path == "/api/v1/messages?client_ref=notice-7.1"


def test_the_page_knows_every_placeholder_preset_and_action() -> None:
    page = PAGE.read_text()
    for word in WORDS:
        assert f"`{{{word}}}`" in page
    for name in preset_names():
        assert f"| `{name}` |" in page
    for action in FailureAction:
        assert action.value in page
    assert not any(secret in page for secret in SECRETS.values())
