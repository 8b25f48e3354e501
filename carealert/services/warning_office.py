"""What an officer does with warnings: reads them, enters one by hand, tries one on the rules."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from carealert.domain.access import Actor, Right
from carealert.domain.notices import Notice
from carealert.domain.plan import Plan
from carealert.domain.rules import RuleSet
from carealert.domain.warnings import HazardWarning
from carealert.services import alerting
from carealert.services.access import everywhere, needs
from carealert.services.alerting import OfficeSettings
from carealert.services.polling import PollResult, import_document
from carealert.services.ports.feeds import Reader, StoredWarning, UnmappedEvent
from carealert.services.ports.holds import HeldWarning
from carealert.services.ports.store import Database
from carealert.services.ports.text import Composer


@needs(Right.READ_BOARD)
def recent_warnings(db: Database, who: Actor, limit: int) -> Sequence[StoredWarning]:  # noqa: ARG001
    """Stored warnings, newest first."""
    with db.reading() as stores:
        return stores.warnings.recent(limit)


@needs(Right.READ_BOARD)
def one_warning(db: Database, who: Actor, warning_id: int) -> StoredWarning:  # noqa: ARG001
    """One stored warning; raises LookupError."""
    with db.reading() as stores:
        return stores.warnings.get(warning_id)


@needs(Right.READ_BOARD)
def held_warnings(db: Database, who: Actor) -> list[HeldWarning]:  # noqa: ARG001
    """Those that read as a test and wait for an officer's word, the first deadline first."""
    with db.reading() as stores:
        return [one for one in stores.holds.waiting() if not one.is_replaced]


@needs(Right.READ_BOARD)
def unmapped_events(db: Database, who: Actor) -> Sequence[UnmappedEvent]:  # noqa: ARG001
    """Events that no table of hazards knows, the most frequent first."""
    with db.reading() as stores:
        return stores.warnings.unmapped()


@needs(Right.DECIDE_WARNINGS)
def enter_document(
    db: Database, who: Actor, reader: Reader, name: str, body: bytes, now: datetime
) -> PollResult:
    """Store the warnings of a document as if a feed had brought them; the journal says who did.

    Raises NotAllowed for an actor with areas: a warning is for more than their part.
    """
    everywhere(who, "To enter a warning")
    result = import_document(db, reader, name, body, now)
    with db.transaction() as stores:
        for warning_id in result.new_warnings:
            stores.journal.write(now, "warning_entered", f"warning:{warning_id}", by=who.name)
    return result


@needs(Right.READ_REGISTER)
def try_warning(
    db: Database,
    who: Actor,
    rules: RuleSet,
    composer: Composer,
    warning: HazardWarning,
    office: OfficeSettings,
    now: datetime,
) -> tuple[Plan, Sequence[Notice], Mapping[str, int]]:
    """What a warning would lead to, with its notices and how many matched are of which gender.

    Nothing is saved. Raises TemplateProblem; the whole city is tried, so NotAllowed for an actor
    with areas of their own.
    """
    everywhere(who, "To try a warning")
    decided, notices = alerting.dry_run(db, rules, composer, warning, office, now)
    return decided, notices, alerting.matched_genders(db, decided)
