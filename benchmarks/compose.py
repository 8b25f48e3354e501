"""Messages a second: 20,000 drafts composed in one call, and one by one, in the same run."""

import json
import random
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from carealert.adapters.texts.composer import TemplateComposer
from carealert.domain.hazards import Hazard
from carealert.domain.notices import (
    About,
    Channel,
    Facts,
    MessageKind,
    Notice,
    NoticeDraft,
    Recipient,
    RecipientKind,
    Wording,
)
from carealert.domain.people import Need, Phone, PhoneSharing
from carealert.domain.rules import Priority
from carealert.domain.warnings import Severity
from carealert.paths import shipped

DRAFTS, ALONE = 20_000, 2_000
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
    assert list(together[:ALONE]) == list(alone), "composing alone must give the same texts"
    units = [len(notice.text.body) for notice in together]
    print(
        json.dumps(
            {
                "benchmark": "compose",
                "drafts": DRAFTS,
                "grouped_per_s": round(DRAFTS / grouped),
                "one_by_one_per_s": round(ALONE / single),
                "ratio": round(DRAFTS / grouped / (ALONE / single), 1),
                "mean_characters": round(sum(units) / DRAFTS),
                "segments": sum(notice.text.segments for notice in together),
            }
        )
    )


def _best(times: int, work: Callable[[], Sequence[Notice]]) -> tuple[Sequence[Notice], float]:
    """The result and the shortest of so many times, in seconds."""
    best, result = float("inf"), ()
    for _ in range(times):
        start = time.perf_counter()
        result = work()
        best = min(best, time.perf_counter() - start)
    return result, best


def _draft(number: int, draw: random.Random) -> NoticeDraft:
    language = draw.choices(("bn", "en"), (3, 1))[0]
    english, bangla = draw.choice(_UPAZILAS)
    facts = Facts(
        Hazard.TROPICAL_CYCLONE,
        "Tropical cyclone",
        Severity.EXTREME,
        "Bangladesh Meteorological Department",
        {"en": english, "bn": bangla},
        _DUE,
        _DUE + timedelta(hours=30),
    )
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
        facts=facts,
        expected_replies={"safe": "1", "help": "2"},
        due_at=_DUE,
        expires_at=_DUE + timedelta(hours=30),
        reasons=(),
    )


def _needs(draw: random.Random) -> frozenset[Need]:
    return frozenset(draw.sample(list(Need), draw.choice((0, 1, 1, 2))))


if __name__ == "__main__":
    main()
