"""A rule test played through in memory: messages, answers and silence, with no clock and no store.

Deciding and following up are the very functions of live running; only the outbox is a list.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from carealert.adapters.rules.cast import Cast, warning_of
from carealert.adapters.rules.test_model import (
    CaseEntry,
    LaterEntry,
    ReplyEntry,
    WarningEntry,
    offset_of,
)
from carealert.domain.afterwards import ask_afterwards
from carealert.domain.condition_parts import HOUR
from carealert.domain.following import follow
from carealert.domain.looks import Look, LookKind, afterwards, next_look
from carealert.domain.notices import (
    MessageKind,
    NoticeDraft,
    Recipient,
    RecipientKind,
    SubjectState,
)
from carealert.domain.plan import (
    IncidentHistory,
    Match,
    NotSent,
    Plan,
    Timer,
    Told,
)
from carealert.domain.planning import active_infos, plan
from carealert.domain.rules import RuleSet, SubjectKind
from carealert.domain.warnings import HazardWarning

_SUFFIXES = {RecipientKind.FACILITY_MANAGER: "/manager", RecipientKind.DEPUTY_MANAGER: "/deputy"}
_MEANINGS = {
    "safe": SubjectState.SAFE,
    "well": SubjectState.SAFE,
    "missing": SubjectState.NEEDS_HELP,
    "help": SubjectState.NEEDS_HELP,
    "told": SubjectState.RELAYED,
    "not_told": SubjectState.WITH_DESK,
}


@dataclass(frozen=True, slots=True)
class Sent:
    """A notice that went out `at` this long after the start."""

    at: timedelta
    to: str
    draft: NoticeDraft


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that happened in a case."""

    sent: tuple[Sent, ...]
    not_sent: tuple[NotSent, ...]
    states: Mapping[tuple[SubjectKind, str], SubjectState]


def rehearse(case: CaseEntry, rules: RuleSet) -> Outcome:
    """Play `case` with `rules` until nothing is left to happen."""
    return _Rehearsal(case, rules).play()


def name_of(recipient: Recipient) -> str:
    """How tests call a recipient: `c1`, `f1/manager`, `f1/deputy` or `desk`."""
    return recipient.ref + _SUFFIXES.get(recipient.kind, "")


class _Rehearsal:
    """The state between two moments."""

    def __init__(self, case: CaseEntry, rules: RuleSet) -> None:
        self._case, self._rules = case, rules
        self._start = case.starts_at
        self._cast = Cast(case)
        self._sent: list[Sent] = []
        self._not_sent: list[NotSent] = []
        self._told: dict[tuple[RecipientKind, str], tuple[Told, datetime]] = {}
        self._states: dict[tuple[SubjectKind, str], SubjectState] = {}
        self._timers: list[Timer] = []
        self._messages: list[HazardWarning] = []
        self._inside: list[list[str] | None] = []
        self._looks: list[Look] = []
        self._matches: list[Match] = []
        self._planned_at = self._start

    def play(self) -> Outcome:
        """Take the next thing that happens, in the order of time, until nothing is left."""
        waiting: list[LaterEntry | ReplyEntry] = [*self._case.then, *self._case.replies]
        waiting.sort(key=lambda entry: offset_of(entry.at))
        self._message(self._case.warning, None, timedelta(0))
        while waiting or self._timers or self._looks:
            moments = [t.due_at for t in self._timers] + [one.due_at for one in self._looks]
            due = min(moments, default=None)
            if waiting and (due is None or self._start + offset_of(waiting[0].at) <= due):
                entry = waiting.pop(0)
                if isinstance(entry, LaterEntry):
                    self._message(entry, entry.inside, offset_of(entry.at))
                else:
                    self._reply(entry)
            elif due is not None and any(timer.due_at == due for timer in self._timers):
                self._silence(due)
            elif due is not None:
                self._look()
        return Outcome(tuple(self._sent), tuple(self._not_sent), self._states)

    def _message(self, entry: WarningEntry, inside: list[str] | None, at: timedelta) -> None:
        now = self._start + at
        warning = warning_of(entry, len(self._messages), self._start, now)
        self._messages.append(warning)
        history = self._history(now)
        self._inside.append(inside)
        residents, facilities = self._cast.candidates(inside)
        decided = plan(warning, self._rules, residents, facilities, history, self._cast.office, now)
        self._apply(decided, now)
        self._look_ahead(warning, now)

    def _look_ahead(self, warning: HazardWarning, now: datetime) -> None:
        """What time alone will bring; a later message takes the place of this one."""
        office, rules = self._cast.office, self._rules.rules
        self._planned_at = now
        active = active_infos(warning, office, now)
        self._looks = [*afterwards(rules, warning, active, now, office.assumed_life)]
        self._add_look(warning, 1, now)

    def _add_look(self, warning: HazardWarning, number: int, now: datetime) -> None:
        office = self._cast.office
        found = next_look(
            self._rules.rules,
            warning,
            active_infos(warning, office, now),
            number,
            self._planned_at,
            now,
            office.assumed_life,
        )
        self._looks += [found] if found else []

    def _look(self) -> None:
        """Decide again, or ask afterwards, as the worker does when the moment has come."""
        look = min(self._looks, key=lambda one: one.due_at)
        self._looks.remove(look)
        warning, now = self._messages[-1], look.due_at
        history = replace(self._history(now), round=look.round, repeats=look.repeats)
        if look.kind is LookKind.AFTERWARDS:
            self._ask(look, warning, history, now)
            return
        residents, facilities = self._cast.candidates(self._inside[-1])
        told = {ref for one in history.told.values() for ref in one.about}
        known = {(kind, ref) for kind in SubjectKind for ref in told} | history.subjects.keys()
        decided = plan(
            warning,
            self._rules,
            residents,
            facilities,
            history,
            self._cast.office,
            now,
            still_warned=frozenset(known),
        )
        self._apply(decided, now)
        self._add_look(warning, look.number + 1, now)

    def _ask(
        self, look: Look, warning: HazardWarning, history: IncidentHistory, now: datetime
    ) -> None:
        asking = {
            rule.id for rule in self._rules.rules if look.number * HOUR in rule.do.check_after
        }
        people = {one.resident.ref: one for one in self._cast.candidates(self._inside[-1])[0]}
        matches = [one for one in self._matches if one.rule in asking]
        drafts, _ = ask_afterwards(
            matches, warning, self._rules, people, history, self._cast.office, now
        )
        self._put(drafts)

    def _history(self, now: datetime) -> IncidentHistory:
        return IncidentHistory(
            "rehearsal",
            len(self._messages) - 1,
            {key: replace(told, pending=due > now) for key, (told, due) in self._told.items()},
            dict(self._states),
        )

    def _apply(self, decided: Plan, now: datetime) -> None:
        kept = [sent for sent in self._sent if not self._is_superseded(sent, decided, now)]
        self._sent = kept
        for key in decided.superseded:
            self._told.pop(key, None)
        self._matches += decided.matches
        self._put(decided.drafts)
        self._not_sent += decided.not_sent
        self._states |= decided.states
        self._timers = [t for t in self._timers if (t.kind, t.ref) not in decided.states]
        self._timers += decided.timers

    def _is_superseded(self, sent: Sent, decided: Plan, now: datetime) -> bool:
        recipient = sent.draft.recipient
        key = (recipient.kind, recipient.ref)
        return self._start + sent.at > now and key in decided.superseded

    def _put(self, drafts: Iterable[NoticeDraft]) -> None:
        for draft in drafts:
            recipient = draft.recipient
            self._sent.append(Sent(draft.due_at - self._start, name_of(recipient), draft))
            key = (recipient.kind, recipient.ref)
            if draft.kind is MessageKind.STAND_DOWN:
                self._told.pop(key, None)
            elif draft.kind is not MessageKind.FOLLOW_UP:
                about = tuple(entry.ref for entry in draft.about)
                told = Told(recipient, about, draft.facts, draft.priority, draft.rule, False)
                self._told[key] = (told, draft.due_at)

    def _reply(self, entry: ReplyEntry) -> None:
        at = offset_of(entry.at)
        numbers = {
            sent.draft.recipient.phone.number for sent in self._sent if sent.to == entry.sender
        }
        asked = [
            sent.draft
            for sent in self._sent
            if sent.draft.recipient.phone.number in numbers
            and sent.draft.expected_replies
            and sent.at <= at
        ]
        meanings = (
            {digit: word for word, digit in asked[-1].expected_replies.items()} if asked else {}
        )
        answer = meanings.get(entry.text.strip())
        if answer is None:
            return
        for subject in _subjects_of(asked[-1]):
            self._states[subject] = _MEANINGS.get(answer, SubjectState.CONFIRMED)

    def _silence(self, now: datetime) -> None:
        """Fire the timers of one step that are due; those who answered are left alone."""
        first = min(
            (timer for timer in self._timers if timer.due_at == now),
            key=lambda timer: (timer.revision, timer.step),
        )
        due = [
            timer
            for timer in self._timers
            if (timer.due_at, timer.revision, timer.step) == (now, first.revision, first.step)
        ]
        self._timers = [timer for timer in self._timers if timer not in due]
        silent = [timer for timer in due if not self._states[timer.kind, timer.ref].is_answered]
        warning = self._messages[first.revision]
        done = follow(silent, warning, self._rules, self._cast.subjects, self._cast.office, now)
        self._put(done.drafts)
        self._not_sent += done.not_sent
        self._states |= {(t.kind, t.ref): SubjectState.WITH_DESK for t in done.tasks}
        self._timers += [following for _, following in done.advances if following]


def _subjects_of(draft: NoticeDraft) -> list[tuple[SubjectKind, str]]:
    place = draft.recipient.kind in _SUFFIXES
    kind = SubjectKind.FACILITY if place else SubjectKind.RESIDENT
    return [(kind, about.ref) for about in draft.about]
