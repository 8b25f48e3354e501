"""What the demo says at its end: the counts that an officer would ask for first."""

from collections.abc import Mapping
from dataclasses import asdict

from carealert.services.ports.summary import Outcome


def render(outcome: Outcome) -> str:
    """`outcome` as lines of label, number and details; ends without a line break."""
    lines = (
        ("Warnings read", sum(outcome.warnings.values()), _listed(outcome.warnings)),
        ("Residents matched", outcome.residents_matched, ""),
        ("Facilities matched", outcome.facilities_matched, ""),
        ("Notices", outcome.notices, _listed(outcome.notices_by_state)),
        ("  by priority", None, _listed(outcome.notices_by_priority)),
        ("  by channel", None, _listed(outcome.notices_by_channel)),
        ("  by language", None, _listed(outcome.notices_by_language)),
        ("  by kind", None, _listed(outcome.notices_by_kind)),
        ("SMS segments", outcome.segments, ""),
        ("Delivered", outcome.delivered, ""),
        ("Answered", outcome.answered, ""),
        ("Escalated", outcome.escalated, "people and places nobody answered for in time"),
        ("With the city desk", outcome.open_tasks, "open tasks"),
        ("Not sent", sum(outcome.not_sent.values()), _listed(outcome.not_sent)),
        ("Where they stand", sum(outcome.subjects.values()), _listed(outcome.subjects)),
    )
    return "\n".join(_line(*line) for line in lines)


def as_data(outcome: Outcome) -> dict[str, object]:
    """`outcome` as plain data, with the number of all notices."""
    return {**asdict(outcome), "notices": outcome.notices}


def _line(label: str, number: int | None, details: str) -> str:
    count = "" if number is None else f"{number:,}"
    return f"{label:<20}{count:>8}  {details}".rstrip()


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{word} {count:,}" for word, count in counts.items()) or "none"
