"""Every table, a file for each stretch of a warning's way; the migrations build just these.

Personal data: names, labels, needs, phones, notes and texts are encrypted (`*_sealed`); a phone is
looked up by a keyed hash (`*_hash`). Moments are UTC.
"""

from carealert.adapters.db.tables.base import metadata
from carealert.adapters.db.tables.decisions import (
    decision,
    escalation_timer,
    match,
    not_sent,
    subject,
    task,
)
from carealert.adapters.db.tables.directory import household, organisation
from carealert.adapters.db.tables.languages import (
    broken_text,
    language_signature,
    language_text,
)
from carealert.adapters.db.tables.looks import look
from carealert.adapters.db.tables.officers import officer
from carealert.adapters.db.tables.outbox import (
    attempt,
    delivery_event,
    inbound,
    notice,
    notice_about,
)
from carealert.adapters.db.tables.records import journal, keyring, lease
from carealert.adapters.db.tables.register import (
    area,
    care_link,
    caregiver,
    consent,
    erasure,
    facility,
    facility_contact,
    resident,
    status_report,
    suppression,
)
from carealert.adapters.db.tables.rule_versions import rule_step, rule_version
from carealert.adapters.db.tables.senders import pause, sender
from carealert.adapters.db.tables.settling import settled
from carealert.adapters.db.tables.silences import silence
from carealert.adapters.db.tables.warnings import (
    document,
    feed,
    fetch,
    hold,
    reference,
    unknown_area,
    warning,
)

__all__ = [
    "area",
    "attempt",
    "broken_text",
    "care_link",
    "caregiver",
    "consent",
    "decision",
    "delivery_event",
    "document",
    "erasure",
    "escalation_timer",
    "facility",
    "facility_contact",
    "feed",
    "fetch",
    "hold",
    "household",
    "inbound",
    "journal",
    "keyring",
    "language_signature",
    "language_text",
    "lease",
    "look",
    "match",
    "metadata",
    "not_sent",
    "notice",
    "notice_about",
    "officer",
    "organisation",
    "pause",
    "reference",
    "resident",
    "rule_step",
    "rule_version",
    "sender",
    "settled",
    "silence",
    "status_report",
    "subject",
    "suppression",
    "task",
    "unknown_area",
    "warning",
]
