"""A Plan as the JSON that `rules try` prints: a stable interface, and without personal data."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from carealert.domain.drills import is_drill, would_tell
from carealert.domain.notices import MessageKind, Notice
from carealert.domain.plan import Plan
from carealert.domain.rules import RuleSet, SubjectKind


@dataclass(frozen=True, slots=True)
class Rates:
    """What the estimates rest on: price of a segment, and segments a second of the sender."""

    segment_cost: float = 0.0
    segments_per_second: float = 1.0


def plan_json(
    decided: Plan,
    notices: Sequence[Notice],
    genders: Mapping[str, int],
    rates: Rates,
    rules: RuleSet,
    now: datetime,
) -> dict[str, Any]:
    """The whole decision; people appear by ref only, never by phone or name.

    `genders` counts the matched residents, `programmes` those of them whom a rule is for.
    `lead_minutes` is the time from `now` to the first of what is warned of, None where nobody is
    told of a start; `late_minutes` is how much longer than that sending takes. Moments are
    RFC 3339.
    """
    summary = _summary(decided, notices, genders, rates)
    lead = _lead_minutes(notices, now)
    summary["lead_minutes"] = lead
    late = 0.0 if lead is None else max(0.0, summary["estimated_minutes"] - lead)
    summary["late_minutes"] = round(late, 2)
    summary["programmes"] = _programmes(decided, rules)
    return {
        "warning": _warning(decided),
        "matches": [
            {"kind": m.kind.value, "ref": m.ref, "rule": m.rule, "reasons": list(m.reasons)}
            for m in decided.matches
        ],
        "notices": [_notice(notice) for notice in notices],
        "not_sent": [
            {"kind": entry.kind, "ref": entry.ref, "rule": entry.rule, "reason": entry.text}
            for entry in decided.not_sent
        ],
        "summary": summary,
        "drill": _drill(decided),
    }


def _lead_minutes(notices: Sequence[Notice], now: datetime) -> float | None:
    """How long until the earliest thing that somebody is warned of; 0 once it has begun."""
    asking = (MessageKind.ALERT, MessageKind.UPDATE, MessageKind.FACILITY_CONFIRM)
    drafts = [one.draft for one in notices if one.draft.kind in asking]
    starts = [draft.facts.onset for draft in drafts if draft.facts.onset is not None]
    if not starts:
        return None
    return round(max(0.0, (min(starts) - now).total_seconds() / 60), 2)


def _programmes(decided: Plan, rules: RuleSet) -> dict[str, int]:
    """How many residents match for each social-protection programme."""
    found: dict[str, set[str]] = {}
    for match in decided.matches:
        rule = rules.by_id(match.rule)
        if rule is not None and rule.do.programme and match.kind is SubjectKind.RESIDENT:
            found.setdefault(rule.do.programme, set()).add(match.ref)
    return {programme: len(refs) for programme, refs in sorted(found.items())}


def _drill(decided: Plan) -> dict[str, Any] | None:
    """Whom an Exercise would have told, were it real; None for anything else."""
    if not is_drill(decided.warning):
        return None
    would = would_tell(decided)
    return {
        "people": would.people,
        "facilities": would.facilities,
        "by_rule": dict(would.by_rule or {}),
    }


def _warning(decided: Plan) -> dict[str, Any]:
    warning = decided.warning
    return {
        "identifier": warning.identifier,
        "sender": warning.sender,
        "sent": warning.sent.isoformat(),
        "status": warning.status.value if warning.status else None,
        "msg_type": warning.msg_type.value if warning.msg_type else None,
    }


def _notice(notice: Notice) -> dict[str, Any]:
    draft, text = notice.draft, notice.text
    return {
        "recipient_kind": draft.recipient.kind.value,
        "recipient_ref": draft.recipient.ref,
        "about": [about.ref for about in draft.about],
        "rule": draft.rule,
        "step": draft.step,
        "priority": draft.priority.name.lower(),
        "channel": draft.channel.value,
        "language": text.language,
        "template": draft.template,
        "text": text.body,
        "encoding": text.encoding.value,
        "segments": text.segments,
        "due_at": draft.due_at.isoformat(),
        "expires_at": draft.expires_at.isoformat(),
        "idempotency_key": draft.idempotency_key,
        "reasons": list(draft.reasons),
    }


def _summary(
    decided: Plan, notices: Sequence[Notice], genders: Mapping[str, int], rates: Rates
) -> dict[str, Any]:
    subjects = {(match.kind, match.ref) for match in decided.matches}
    recipients = {(n.draft.recipient.kind, n.draft.recipient.ref) for n in notices}
    segments = sum(notice.text.segments for notice in notices)
    return {
        "residents": sum(kind is SubjectKind.RESIDENT for kind, _ in subjects),
        "facilities": sum(kind is SubjectKind.FACILITY for kind, _ in subjects),
        "recipients": len(recipients),
        "notices": len(notices),
        "segments": segments,
        "by_gender": dict(genders),
        "by_language": dict(sorted(Counter(n.text.language for n in notices).items())),
        "estimated_cost": round(segments * rates.segment_cost, 4),
        "estimated_minutes": round(segments / rates.segments_per_second / 60, 2),
    }
