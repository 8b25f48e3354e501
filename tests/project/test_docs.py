"""Documentation that cannot rot: the pages name what the code has, and link to what is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_relative_link_leads_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?://|#|mailto:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_every_dependency_has_its_line_of_reason() -> None:
    project = (ROOT / "pyproject.toml").read_text()
    reasons = (ROOT / "docs/decisions/0002-dependencies.md").read_text()
    block = project.split("dependencies = [")[1].split("]\n")[0]
    for name in re.findall(r'"([a-z][a-z0-9-]*)', block):
        assert name in reasons, name


def test_the_glossary_has_the_words_of_the_domain() -> None:
    words = {
        line.split("|")[1].strip().lower()
        for line in (ROOT / "docs/glossary.md").read_text().splitlines()
        if line.startswith("| ")
    }
    for word in (
        "feed",
        "warning",
        "info",
        "area",
        "incident",
        "hazard",
        "resident",
        "need",
        "caregiver",
        "facility",
        "service",
        "continuity status",
        "status report",
        "rule",
        "match",
        "plan",
        "notice",
        "attempt",
        "delivery status",
        "reply",
        "acknowledgement",
        "escalation step",
        "task",
        "silence",
        "checklist",
        "officer",
        "manager",
        "journal",
    ):
        assert word in words, word
