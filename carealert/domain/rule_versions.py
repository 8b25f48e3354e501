"""Which version of the rules holds at a moment, and who had to agree that it does.

A version is a whole rule set by its content hash, and never changes. What happens to it is a list
of steps that is only ever added to; everything else here is worked out from them, so that the
question which rules held years ago has the same answer then as now.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from carealert.domain.access import Role

#: An emergency override ends by itself: by then a second person must have looked.
OVERRIDE_LASTS = timedelta(hours=24)


class SignOff(StrEnum):
    """Who else must agree before changed rules hold."""

    OFF = "off"  # nobody: what lies in the folder holds
    SECOND_OFFICER = "second_officer"
    COUNCIL = "council"


class StepKind(StrEnum):
    """What was done with a version."""

    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    OVERRIDDEN = "overridden"  # put in force at once, for a day, because it could not wait
    SHADOWED = "shadowed"  # decides beside the one in force, and sends nothing
    UNSHADOWED = "unshadowed"


#: What changes nothing of where a version stands.
_BESIDE = (StepKind.SHADOWED, StepKind.UNSHADOWED)


class VersionState(StrEnum):
    """Where a version stands."""

    IN_FORCE = "in force"
    OVERRIDE = "in force by override"
    APPROVED = "approved for later"
    PROPOSED = "proposed"
    REJECTED = "rejected"
    RETIRED = "retired"


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that was done. Times are aware; `effective` is when an approval begins to hold."""

    version: str
    kind: StepKind
    by: str
    at: datetime
    effective: datetime
    note: str = ""


class NotAgreed(PermissionError):
    """Somebody may not take this step with this version: the message says why, and who may."""


def in_force(steps: Iterable[Step], now: datetime) -> str | None:
    """The version that holds at `now`; None before the first was approved.

    An override of the last day goes before what is approved; of several approvals the one that
    began to hold last.
    """
    known = [step for step in steps if step.effective <= now]
    overrides = [step for step in known if _lasts(step, now)]
    if overrides:
        return overrides[-1].version
    approved = [step for step in known if step.kind is StepKind.APPROVED]
    # Of those that began to hold at one moment the last one that was written.
    return max(reversed(approved), key=lambda step: step.effective).version if approved else None


def override_of(steps: Iterable[Step], now: datetime) -> Step | None:
    """The override that holds at `now`."""
    overrides = [step for step in steps if step.effective <= now and _lasts(step, now)]
    return overrides[-1] if overrides else None


def state_of(version: str, steps: Sequence[Step], now: datetime) -> VersionState:
    """Where a version stands; one that nobody did anything with is proposed."""
    own = [one for one in steps if one.version == version and one.kind not in _BESIDE]
    if in_force(steps, now) == version:
        lasting = override_of(steps, now)
        return VersionState.OVERRIDE if lasting else VersionState.IN_FORCE
    if any(step.kind is StepKind.APPROVED and step.effective > now for step in own):
        return VersionState.APPROVED
    last = own[-1].kind if own else StepKind.PROPOSED
    if last is StepKind.PROPOSED:
        return VersionState.PROPOSED
    return VersionState.REJECTED if last is StepKind.REJECTED else VersionState.RETIRED


def shadow_of(steps: Iterable[Step]) -> str | None:
    """The version that decides beside the one in force."""
    beside = [step for step in steps if step.kind in _BESIDE]
    if not beside or beside[-1].kind is StepKind.UNSHADOWED:
        return None
    return beside[-1].version


def demand_approval(
    version: str, steps: Sequence[Step], sign_off: SignOff, name: str, role: Role
) -> None:
    """Raise NotAgreed unless this person may approve this version."""
    proposed = [one for one in steps if one.version == version and one.kind is StepKind.PROPOSED]
    if not proposed:
        raise NotAgreed("It was never proposed: use 'carealert rules propose' first.")
    if sign_off is SignOff.OFF:
        return
    if proposed[-1].by == name:
        raise NotAgreed("Whoever proposed it cannot approve it as well: a second person must.")
    if sign_off is SignOff.COUNCIL and role is not Role.COUNCIL:
        raise NotAgreed(f"The role '{role}' cannot approve it here: the council must.")


def _lasts(step: Step, now: datetime) -> bool:
    return step.kind is StepKind.OVERRIDDEN and now < step.effective + OVERRIDE_LASTS
