"""One warning in, one Plan out: the same function for a dry run and for a live run.

The order of the stages is the order of the questions: may this warning reach anybody? Whom do
the rules match? Who answers for them, and may we tell them? What did they hear before? The
result names everybody who is told, and everybody who is not, with the reason.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from carealert.domain.audiences import Reach, can_visit, reach
from carealert.domain.consequences import is_warned, strongest_first, with_consequences
from carealert.domain.endings import is_ended, is_upgraded
from carealert.domain.facts import FactsByPlace, end_of
from carealert.domain.hazards import Hazard
from carealert.domain.holds import reads_as_test
from carealert.domain.matching import is_anybody_s, match_all
from carealert.domain.notices import About, MessageKind, NoticeDraft
from carealert.domain.plan import (
    Candidate,
    FacilityCandidate,
    IncidentHistory,
    Match,
    NotSent,
    Office,
    Plan,
    WhyNot,
)
from carealert.domain.rules import Audience, RuleSet, SubjectKind
from carealert.domain.silences import Silence, silence_of
from carealert.domain.telling import (
    Wish,
    line_of,
    merge,
    stand_down_draft,
    wishes_of,
)
from carealert.domain.updates import Hearing, what_changed
from carealert.domain.warnings import HazardWarning, Info, MsgType, Scope, Status, is_over

_WARNS = (MsgType.ALERT, MsgType.UPDATE)
_NAMELESS: Mapping[str, str] = {}


def plan(
    warning: HazardWarning,
    rules: RuleSet,
    residents: Sequence[Candidate],
    facilities: Sequence[FacilityCandidate],
    history: IncidentHistory,
    office: Office,
    now: datetime,
    *,
    unresolved: frozenset[int] = frozenset(),
    still_warned: frozenset[tuple[SubjectKind, str]] = frozenset(),
    told_elsewhere: frozenset[tuple[SubjectKind, str]] = frozenset(),
    hearing: Hearing = Hearing.ALL,
    silences: Sequence[Silence] = (),
) -> Plan:
    """Decide who is told what about `warning` at `now` (aware).

    `unresolved` numbers the infos that have an area which could not be placed on the map: they
    match only the people found otherwise, and nobody is stood down because of them.
    `still_warned` are subjects under another message of the incident that holds: an agency may
    run several at once, and the end of one is no all-clear for those under the other.
    `told_elsewhere` are subjects who heard of the event from somebody who knows better, in
    another incident. `hearing` says what is news to those told in this one. `silences` are those
    that run: whom they keep from being told is not stood down by them either.
    """
    anybody_told = bool(history.told or history.subjects)
    if (refusal := why_nobody(warning, anybody_told=anybody_told)) is not None:
        return Plan(warning, not_sent=(refusal,))
    active = active_infos(warning, office, now)
    matched, not_sent = match_all(
        warning, active, rules.rules, residents, facilities, now, office.assumed_life
    )
    subjects = _subjects(residents, facilities)
    matches, kept_quiet = _to_be_told(matched, subjects, silences, told_elsewhere)
    not_sent += kept_quiet
    not_sent += of_the_whole(
        warning,
        active,
        unresolved,
        anybody_told=bool(history.told),
        has_rule=is_anybody_s(rules.rules, warning, active, now, office.assumed_life),
    )
    wishes, refused = _wishes(
        warning, strongest_first(matches, rules), rules, subjects, office, now
    )
    drafts, collapsed = merge(wishes, history, office, now, kind=MessageKind.ALERT, step=0)
    drafts, unchanged = _only_news(drafts, history, hearing)
    still = still_warned | {(match.kind, match.ref) for match in matched}
    placed = not (unresolved & active.keys())
    ends, unheard = _stand_downs(warning, drafts, still, history, office, now, placed)
    refused = [*not_sent, *refused, *collapsed, *unchanged, *unheard]
    return with_consequences(
        Plan(warning, tuple(matches), (*drafts, *ends), tuple(refused)),
        wishes,
        rules,
        history,
        still,
        visited=lambda subject: can_visit(subjects.get(subject), office, now),
        now=now,
    )


def of_the_whole(
    warning: HazardWarning,
    active: Mapping[int, Info],
    unresolved: frozenset[int],
    *,
    anybody_told: bool,
    has_rule: bool = True,
) -> list[NotSent]:
    """What is to be said of the warning itself, once, whomever it reaches."""
    found = []
    if active and not has_rule:
        found.append(_about_warning(warning, WhyNot.NO_RULE, "no rule is about such a warning"))
    if not active and not anybody_told:
        found.append(_about_warning(warning, WhyNot.OVER, "every part of it is over"))
    if unresolved & active.keys():
        found.append(
            _about_warning(
                warning,
                WhyNot.AREA_UNRESOLVED,
                "an area has no polygon, no circle and no known code; an officer must look",
            )
        )
    return found


def desk_plan(
    warning: HazardWarning,
    rules: RuleSet,
    matches: Iterable[Match],
    history: IncidentHistory,
    office: Office,
    now: datetime,
) -> Plan:
    """What the city desk is told of a decision that was made in shards: one text about all.

    `matches` are those of the rules that tell the desk.
    """
    say = FactsByPlace(warning, office)
    wishes = [
        Wish(
            office.desk,
            About(match.ref, match.ref),
            False,
            (match.kind, match.ref),
            rules.get(match.rule),
            say.of(match.info, _NAMELESS),
            match.reasons,
        )
        for match in strongest_first(matches, rules)
        if office.desk is not None
    ]
    drafts, _ = merge(wishes, history, office, now, kind=MessageKind.ALERT, step=0)
    told = frozenset((draft.recipient.kind, draft.recipient.ref) for draft in drafts)
    return Plan(warning, drafts=tuple(drafts), superseded=told)


def why_nobody(warning: HazardWarning, *, anybody_told: bool) -> NotSent | None:
    """The reason why this warning may reach nobody at all, or None."""
    if warning.status is not Status.ACTUAL:
        status = warning.status.value if warning.status else "missing"
        return _about_warning(warning, WhyNot.NOT_ACTUAL, f"its status is {status}")
    if warning.scope not in (Scope.PUBLIC, None):
        return _about_warning(warning, WhyNot.NOT_PUBLIC, f"its scope is {warning.scope.value}")
    if reads_as_test(warning):
        # Seen in real feeds: a test of the system sent with status Actual.
        return _about_warning(warning, WhyNot.NOT_ACTUAL, "its event is a test or a drill")
    if is_upgraded(warning):
        detail = "a higher warning took its place and tells people itself (VTEC UPG)"
        return _about_warning(warning, WhyNot.SUPERSEDED, detail)
    if warning.msg_type is MsgType.CANCEL:
        if anybody_told:
            return None
        return _about_warning(
            warning, WhyNot.CANCEL_WITHOUT_ALERT, "nobody was told what it cancels"
        )
    if warning.msg_type not in _WARNS:
        kind = warning.msg_type.value if warning.msg_type else "missing"
        return _about_warning(warning, WhyNot.NOT_A_WARNING, f"its msgType is {kind}")
    return None


def active_infos(warning: HazardWarning, office: Office, now: datetime) -> dict[int, Info]:
    """The infos that still warn somebody at `now`, by their number; none for a Cancel."""
    if warning.msg_type is MsgType.CANCEL:
        return {}
    return {
        n: info
        for n, info in enumerate(warning.infos)
        if not is_over(info, now)
        and not is_ended(warning, info)
        and end_of(warning, info, office) > now
        and info.hazard is not Hazard.NO_WARNING
    }


def _about_warning(warning: HazardWarning, reason: WhyNot, detail: str) -> NotSent:
    return NotSent("warning", warning.identifier, None, reason, detail)


def _to_be_told(
    matched: Sequence[Match],
    subjects: Mapping[tuple[SubjectKind, str], Candidate | FacilityCandidate],
    silences: Sequence[Silence],
    told: frozenset[tuple[SubjectKind, str]],
) -> tuple[list[Match], list[NotSent]]:
    """The matches that neither a silence nor a better message keeps quiet, and why the rest."""
    loud, not_sent = _not_silenced(matched, subjects, silences)
    not_sent += _told_elsewhere(loud, told)
    return [one for one in loud if (one.kind, one.ref) not in told], not_sent


def _told_elsewhere(
    matches: Iterable[Match], told: frozenset[tuple[SubjectKind, str]]
) -> list[NotSent]:
    """Once for each subject, however many rules match it."""
    detail = "an authority warns of it already, in an incident of its own"
    refused = {
        (one.kind, one.ref): NotSent(
            one.kind.value, one.ref, one.rule, WhyNot.TOLD_ELSEWHERE, detail
        )
        for one in matches
        if (one.kind, one.ref) in told
    }
    return list(refused.values())


def _wishes(
    warning: HazardWarning,
    matches: Iterable[Match],
    rules: RuleSet,
    subjects: Mapping[tuple[SubjectKind, str], Candidate | FacilityCandidate],
    office: Office,
    now: datetime,
) -> tuple[list[Wish], list[NotSent]]:
    """Everybody whom any matching rule tells; a refusal is said once, however many rules agree."""
    say = FactsByPlace(warning, office)
    # Rules that match one person mostly tell the same people.
    reached: dict[tuple[SubjectKind, str, tuple[Audience, ...]], Reach] = {}
    wishes: list[Wish] = []
    refusals: dict[tuple[str, str, WhyNot], NotSent] = {}
    for match in matches:
        rule, subject = rules.get(match.rule), subjects[match.kind, match.ref]
        key = (match.kind, match.ref, rule.do.to)
        found = reached.get(key)
        if found is None:
            found = reached[key] = reach(subject, rule.do.to, office, now)
        told, refused = wishes_of(found, rule, match, say.of(match.info, subject.places))
        wishes += told
        for entry in refused:
            refusals.setdefault((entry.kind, entry.ref, entry.reason), entry)
    return wishes, list(refusals.values())


def _subjects(
    residents: Iterable[Candidate], facilities: Iterable[FacilityCandidate]
) -> dict[tuple[SubjectKind, str], Candidate | FacilityCandidate]:
    found: dict[tuple[SubjectKind, str], Candidate | FacilityCandidate] = {}
    found |= {one.subject: one for one in residents}
    found |= {place.subject: place for place in facilities}
    return found


def _not_silenced(
    matches: Sequence[Match],
    subjects: Mapping[tuple[SubjectKind, str], Candidate | FacilityCandidate],
    silences: Sequence[Silence],
) -> tuple[list[Match], list[NotSent]]:
    """The matches that nothing keeps quiet, and a record of each that something does."""
    if not silences:
        return list(matches), []
    loud: list[Match] = []
    quiet: list[NotSent] = []
    for match in matches:
        codes = subjects[match.kind, match.ref].area_codes
        silence = silence_of(match.rule, codes, silences)
        if silence is None:
            loud.append(match)
        else:
            detail = f"{silence.what} is silenced until {silence.until:%Y-%m-%d %H:%M %Z}"
            reason = WhyNot.SILENCED
            quiet.append(NotSent(match.kind.value, match.ref, match.rule, reason, detail))
    return loud, quiet


def _only_news(
    drafts: Iterable[NoticeDraft], history: IncidentHistory, hearing: Hearing
) -> tuple[list[NoticeDraft], list[NotSent]]:
    """Drop what a recipient was told already; what changed becomes an update."""
    news: list[NoticeDraft] = []
    old: list[NotSent] = []
    for draft in drafts:
        before = history.told.get((draft.recipient.kind, draft.recipient.ref))
        if before is None:
            news.append(draft)
            continue
        changes = what_changed(before, draft, hearing)
        if not changes and draft.rule in history.repeats and not before.pending:
            again = "said again while the warning holds"
            news.append(replace(draft, kind=MessageKind.REMINDER, reasons=(*draft.reasons, again)))
        elif changes:
            kind = draft.kind if before.pending else MessageKind.UPDATE
            news.append(replace(draft, kind=kind, reasons=(*draft.reasons, *changes)))
        else:
            old.append(
                NotSent(
                    draft.recipient.kind.value,
                    draft.recipient.ref,
                    draft.rule,
                    WhyNot.NOTHING_CHANGED,
                    "was told this already in this incident",
                )
            )
    return news, old


def _stand_downs(
    warning: HazardWarning,
    drafts: Sequence[NoticeDraft],
    still: frozenset[tuple[SubjectKind, str]],
    history: IncidentHistory,
    office: Office,
    now: datetime,
    placed: bool,
) -> tuple[list[NoticeDraft], list[NotSent]]:
    """An end of the story for exactly those who heard its beginning and are no longer warned.

    Somebody who only may not be told any more (consent, another phone) is still in danger: to
    tell them that it is over would be false. Nobody can be said to be out of a warning that is
    not wholly `placed` on the map.
    """
    if not history.told or not placed:
        return [], []
    lines = {line_of(draft.recipient) for draft in drafts}
    ends: list[NoticeDraft] = []
    unheard: list[NotSent] = []
    for (kind, ref), told in history.told.items():
        if told.pending or line_of(told.recipient) in lines or is_warned(told, still):
            continue
        if told.recipient.phone.number in office.suppressed:
            detail = "the phone said STOP"
            unheard.append(NotSent(kind.value, ref, told.rule, WhyNot.OPTED_OUT, detail))
        else:
            ends.append(stand_down_draft(told, warning, history, office, now))
            lines.add(line_of(told.recipient))
    return ends, unheard
