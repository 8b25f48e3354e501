"""The rules that the documentation shows can be loaded, and read as the text says."""

import re
from pathlib import Path

from carealert.adapters.rules.files import read_rule_text
from carealert.adapters.rules.model import DoEntry
from carealert.domain.rule_sentences import say_rule

PAGE = Path(__file__).resolve().parents[3] / "docs" / "how-to" / "write-a-rule.md"


def test_the_file_on_the_page_is_one_that_loads() -> None:
    [text] = re.findall(r"```yaml\n(.*?)```", PAGE.read_text(), re.DOTALL)
    leave, confirm = read_rule_text(text, "page.yaml").rules
    assert (leave.do.programme, confirm.do.repeat_every is not None) == ("flood-top-up", True)
    assert "6 hours earlier for people who need help to move" in say_rule(leave)
    assert "ask again 1 days and 3 days after it ended" in say_rule(leave).replace(
        "1 day ", "1 days "
    )
    assert "say it again every 12 hours while the warning holds" in say_rule(confirm)


def test_every_key_of_do_is_on_the_page() -> None:
    shown = set(re.findall(r"`([a-z_]+)`", PAGE.read_text()))
    assert {field.alias or name for name, field in DoEntry.model_fields.items()} <= shown
