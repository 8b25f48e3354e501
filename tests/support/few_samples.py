"""Fewer samples for the check of texts, where a test asks what becomes of a breach.

That every hazard is looked at is asked of all shipped languages in tests/care_rules.
"""

from collections.abc import Iterator

from carealert.adapters.texts.samples import samples
from carealert.domain.hazards import Hazard
from carealert.domain.notices import NoticeDraft

#: One with steps of its own, and the one that tells the sender's own word for the event.
FEW_HAZARDS = (Hazard.FLOOD, Hazard.OTHER)


def few(template: str, language: str) -> Iterator[NoticeDraft]:
    """The samples about two hazards: every wording, kind, need and length that the others have."""
    return (draft for draft in samples(template, language) if draft.facts.hazard in FEW_HAZARDS)
