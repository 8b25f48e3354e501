"""Messages a second, in the same run: 130,000 drafts in one call, each by itself, and plainly.

Plainly is one Jinja render a message, with everything that it could say: no room is made for what
matters most, and nothing is counted.
"""

import json
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import TypeVar
from zoneinfo import ZoneInfo

from carealert.adapters.texts.composer import TemplateComposer
from carealert.domain.hazards import Hazard
from carealert.domain.notices import (
    About,
    Channel,
    Facts,
    MessageKind,
    NoticeDraft,
    Recipient,
    RecipientKind,
    Wording,
)
from carealert.domain.people import Need, Phone, PhoneSharing
from carealert.domain.rules import Priority
from carealert.domain.warnings import Severity
from carealert.paths import shipped

T = TypeVar("T")
DRAFTS, ALONE = 130_000, 2_000
_DUE = datetime(2026, 5, 26, 6, 0, tzinfo=UTC)
_UPAZILAS = (("Amtali", "আমতলী"), ("Bamna", "বামনা"), ("Barguna Sadar", "বরগুনা সদর"))


def main() -> None:
    """Print one JSON line; one by one is measured on a part, each draft in a call of its own."""
    composer = TemplateComposer(
        [shipped("templates")],
        sender_tag="CareAlert",
        time_zone=ZoneInfo("Asia/Dhaka"),
        default_language="bn",
    )
    draw = random.Random(7)  # noqa: S311  a fixed population, nothing secret
    drafts = [_draft(number, draw) for number in range(DRAFTS)]
    composer.compose(drafts[:ALONE])  # the files are read and the templates compiled once
    together, grouped = _best(3, lambda: composer.compose(drafts))
    alone, single = _best(1, lambda: [composer.compose([draft])[0] for draft in drafts[:ALONE]])
    _, plain = _best(1, lambda: [composer.spoken(draft) for draft in drafts[:ALONE]])
    assert list(together[:ALONE]) == list(alone), "composing alone must give the same texts"
    units = [len(notice.text.body) for notice in together]
    print(
        json.dumps(
            {
                "benchmark": "compose",
                "drafts": DRAFTS,
                "grouped_per_s": round(DRAFTS / grouped),
                "one_by_one_per_s": round(ALONE / single),
                "plain_render_per_s": round(ALONE / plain),
                "seconds": round(grouped, 2),
                "times_one_by_one": round(DRAFTS / grouped / (ALONE / single), 1),
                "times_plain_render": round(DRAFTS / grouped / (ALONE / plain), 1),
                "mean_characters": round(sum(units) / DRAFTS),
                "segments": sum(notice.text.segments for notice in together),
            }
        )
    )


def _best(times: int, work: Callable[[], Sequence[T]]) -> tuple[Sequence[T], float]:
    """The result and the shortest of so many times, in seconds."""
    best = float("inf")
    result: Sequence[T] = ()
    for _ in range(times):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return result, best


#: As a decision has them: one for each place that the warning names, and one of the rule.
_FACTS = [
    Facts(
        Hazard.TROPICAL_CYCLONE,
        "Tropical cyclone",
        Severity.EXTREME,
        "Bangladesh Meteorological Department",
        {"en": english, "bn": bangla},
        _DUE,
        _DUE + timedelta(hours=30),
    )
    for english, bangla in _UPAZILAS
]
_REPLIES = {"safe": "1", "help": "2"}


def _draft(number: int, draw: random.Random) -> NoticeDraft:
    language = draw.choices(("bn", "en"), (3, 1))[0]
    people = tuple(
        About(f"r{number}-{n}", draw.choice(("Nani", "Dadu", "A", "নানি", "Moni")), _needs(draw))
        for n in range(draw.choices((1, 2, 3), (8, 2, 1))[0])
    )
    phone = Phone("+12025550100", PhoneSharing.PRIVATE)
    return NoticeDraft(
        incident="benchmark",
        recipient=Recipient(RecipientKind.CAREGIVER, f"c{number}", phone, language, None),
        about=people,
        about_self=False,
        rule="benchmark",
        step=0,
        revision=0,
        kind=MessageKind.ALERT,
        priority=Priority.LIFE_THREATENING,
        channel=Channel.SMS,
        wording=draw.choices(list(Wording), (55, 38, 7))[0],
        template="care_alert",
        checklist="cyclone",
        facts=draw.choice(_FACTS),
        expected_replies=_REPLIES,
        due_at=_DUE,
        expires_at=_DUE + timedelta(hours=30),
        reasons=(),
    )


def _needs(draw: random.Random) -> frozenset[Need]:
    return frozenset(draw.sample(list(Need), draw.choice((0, 1, 1, 2))))


if __name__ == "__main__":
    main()
