"""Drafts for tests of texts, and a composer over the shipped templates or a folder before them."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from carealert.adapters.texts.composer import TemplateComposer
from carealert.domain.hazards import Hazard
from carealert.domain.notices import (
    About,
    MessageKind,
    NoticeDraft,
    RecipientKind,
    Text,
    Wording,
)
from carealert.domain.people import Need
from carealert.paths import shipped
from tests.support.builders import a_draft, a_phone, a_recipient, some_facts

#: Tuesday 26 May 2026, 12:00 in Dhaka.
DUE = datetime(2026, 5, 26, 6, 0, tzinfo=UTC)
STATUSES = {"open": "1", "limited": "2", "evacuating": "3", "closed": "4"}
NOT_PRIVATE = (Wording.NEUTRAL, Wording.CARE_CARD)


def a_composer(*own: Path, tag: str = "CareAlert", default: str = "en") -> TemplateComposer:
    """The shipped templates, after the folders in `own`; times are those of Dhaka."""
    return TemplateComposer(
        (*own, shipped("templates")),
        sender_tag=tag,
        time_zone=ZoneInfo("Asia/Dhaka"),
        default_language=default,
    )


def somebody(label: str = "Nani", *needs: Need, ref: str = "r1") -> About:
    """A person with these needs, under the name that the caregiver chose."""
    return About(ref, label, frozenset(needs))


def a_care_draft(
    *about: About,
    hazard: Hazard = Hazard.FLOOD,
    language: str = "en",
    facts: dict[str, Any] | None = None,
    **changes: Any,
) -> NoticeDraft:
    """What a caregiver (or the person, with `about_self`) is told; until Wednesday 18:00."""
    kind = RecipientKind.RESIDENT if changes.get("about_self") else RecipientKind.CAREGIVER
    second = changes.pop("second_language", None)
    told = {
        "hazard": hazard,
        "onset": DUE,
        "expires": DUE + timedelta(hours=30),
        "places": {"en": "Amtali", "bn": "আমতলী"},
        **(facts or {}),
    }
    recipient = a_recipient(kind=kind, phone=a_phone(5), language=language, second_language=second)
    return a_draft(
        **{
            "recipient": recipient,
            "about": about or (somebody(),),
            "facts": some_facts(**told),
            "due_at": DUE,
            **changes,
        }
    )


def a_facility_draft(name: str = "Shapla Care Block", **changes: Any) -> NoticeDraft:
    """What a facility's manager is asked on the facility's phone."""
    defaults: dict[str, Any] = {
        "template": "facility_confirm",
        "kind": MessageKind.FACILITY_CONFIRM,
        "wording": Wording.NEUTRAL,
        "expected_replies": STATUSES,
    }
    draft = a_care_draft(About("f1", name), **{**defaults, **changes})
    manager = a_recipient(
        kind=RecipientKind.FACILITY_MANAGER, language=changes.get("language", "en")
    )
    return a_draft(**{**_fields(draft), "recipient": manager})


def text_of(composer: TemplateComposer, draft: NoticeDraft) -> Text:
    """The text of one draft."""
    return composer.compose([draft])[0].text


def bodies(composer: TemplateComposer, drafts: Iterable[NoticeDraft]) -> list[str]:
    """The texts of many drafts."""
    return [notice.text.body for notice in composer.compose(drafts)]


def _fields(draft: NoticeDraft) -> dict[str, Any]:
    return {name: getattr(draft, name) for name in draft.__slots__}
