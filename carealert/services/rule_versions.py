"""Changing the rules: proposed, agreed to by somebody else, in force from a day on.

With sign-off turned off what lies in the folder holds, and its versions are kept all the same: a
decision names the version that made it, and its text can be shown years later.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from carealert.domain.access import Actor, Right
from carealert.domain.reasons import demand
from carealert.domain.rule_versions import (
    NotAgreed,
    SignOff,
    Step,
    StepKind,
    VersionState,
    demand_approval,
    in_force,
    override_of,
    shadow_of,
    state_of,
)
from carealert.domain.rules import RuleSet
from carealert.services.access import everywhere, needs
from carealert.services.ports.rule_versions import RuleText
from carealert.services.ports.store import Database, Stores

#: What the office's first rules are approved by: there is nobody before them to ask.
FIRST = "installation"
_FOLDER = "folder"
#: As many letters of a version as people give at least.
SHORTEST = 6

#: The rules of a version's texts; raises ValueError where they cannot be read.
Read = Callable[[Sequence[RuleText]], RuleSet]


class NoSuchVersion(LookupError):
    """No version, or several, begin so: the message says which."""


@dataclass(frozen=True, slots=True)
class Version:
    """A version with where it stands and everything that was done with it."""

    version: str
    kept_at: datetime
    state: VersionState
    steps: tuple[Step, ...]


def take_up(
    db: Database, rules: RuleSet, texts: Sequence[RuleText], sign_off: SignOff, now: datetime
) -> str:
    """The version in force now, given what lies in the folder; a cheap question where nothing
    changed.

    The first rules of an office hold without ceremony, and so does every change where no sign-off
    is asked for; else a changed folder changes nothing until it is proposed and approved.
    """
    with db.reading() as stores:
        holds = in_force(stores.rule_versions.steps(), now)
    if holds == rules.version or (holds is not None and sign_off is not SignOff.OFF):
        return holds
    with db.transaction() as stores:
        steps = stores.rule_versions.steps()
        override = override_of(steps, now)
        if override is not None:
            return override.version
        stores.rule_versions.add(rules.version, texts, now)
        by = FIRST if holds is None else _FOLDER
        _step(stores, rules.version, StepKind.APPROVED, by, now, now, "")
    return rules.version


@needs(Right.EDIT_RULES)
def propose(
    db: Database, who: Actor, rules: RuleSet, texts: Sequence[RuleText], note: str, now: datetime
) -> Version:
    """Propose rules; raises BadReason for a note that says nothing, NotAgreed if they hold."""
    everywhere(who, "To propose rules")
    said = demand(note)
    with db.transaction() as stores:
        if in_force(stores.rule_versions.steps(), now) == rules.version:
            raise NotAgreed("These rules are in force already: there is nothing to propose.")
        stores.rule_versions.add(rules.version, texts, now)
        _step(stores, rules.version, StepKind.PROPOSED, who.name, now, now, said)
        return _version(stores, rules.version, now)


@needs(Right.APPROVE_RULES)
def approve(
    db: Database,
    who: Actor,
    version: str,
    sign_off: SignOff,
    effective: datetime | None,
    now: datetime,
) -> Version:
    """Let a proposed version hold from `effective` on (now, where not given).

    Who may is the office's setting: raises NotAgreed and NoSuchVersion.
    """
    everywhere(who, "To approve rules")
    with db.transaction() as stores:
        found = _found(stores, version)
        demand_approval(found, stores.rule_versions.steps(), sign_off, who.name, who.role)
        start = max(effective or now, now)
        _step(stores, found, StepKind.APPROVED, who.name, now, start, "")
        return _version(stores, found, now)


@needs(Right.APPROVE_RULES)
def reject(db: Database, who: Actor, version: str, note: str, now: datetime) -> Version:
    """Say that a proposed version is not to hold; raises as `approve` and `propose` do."""
    everywhere(who, "To reject rules")
    said = demand(note)
    with db.transaction() as stores:
        found = _found(stores, version)
        if state_of(found, stores.rule_versions.steps(), now) is not VersionState.PROPOSED:
            raise NotAgreed("Only rules that are proposed can be rejected.")
        _step(stores, found, StepKind.REJECTED, who.name, now, now, said)
        return _version(stores, found, now)


@needs(Right.EDIT_RULES)
def override(db: Database, who: Actor, version: str, reason: str, now: datetime) -> Version:
    """Put a version in force at once, for a day; then what was approved holds again.

    Raises BadReason and NoSuchVersion.
    """
    everywhere(who, "To override rules")
    said = demand(reason)
    with db.transaction() as stores:
        found = _found(stores, version)
        _step(stores, found, StepKind.OVERRIDDEN, who.name, now, now, said)
        return _version(stores, found, now)


@needs(Right.EDIT_RULES)
def shadow(db: Database, who: Actor, version: str | None, now: datetime) -> str | None:
    """Let a kept version decide beside the one in force from now on; None ends it.

    Only one does at a time. Raises NoSuchVersion.
    """
    everywhere(who, "To shadow rules")
    with db.transaction() as stores:
        before = shadow_of(stores.rule_versions.steps())
        if version is None:
            if before is not None:
                _step(stores, before, StepKind.UNSHADOWED, who.name, now, now, "")
            return None
        found = _found(stores, version)
        _step(stores, found, StepKind.SHADOWED, who.name, now, now, "")
        return found


def shadowing(db: Database) -> str | None:
    """The version that decides beside the one in force."""
    with db.reading() as stores:
        return shadow_of(stores.rule_versions.steps())


@needs(Right.READ_BOARD)
def versions(db: Database, who: Actor, now: datetime) -> Sequence[Version]:  # noqa: ARG001
    """Every version there ever was, the newest first."""
    with db.reading() as stores:
        known = stores.rule_versions.versions()
        return [_version(stores, version, now) for version, _ in reversed(known)]


@needs(Right.READ_BOARD)
def texts_of(
    db: Database,
    who: Actor,  # noqa: ARG001 - the rules are of no place
    version: str,
) -> tuple[str, Sequence[RuleText]]:
    """A version's whole name and its files; raises NoSuchVersion."""
    with db.reading() as stores:
        found = _found(stores, version)
        return found, stores.rule_versions.texts(found)


def holding(db: Database, now: datetime) -> str | None:
    """The version in force, whatever lies in the folder."""
    with db.reading() as stores:
        return in_force(stores.rule_versions.steps(), now)


def rules_in_force(db: Database, version: str, read: Read) -> RuleSet:
    """The rules of a version that was kept."""
    with db.reading() as stores:
        return read(stores.rule_versions.texts(version))


def overridden(db: Database, now: datetime) -> Step | None:
    """The emergency override that holds now, which everybody should see."""
    with db.reading() as stores:
        return override_of(stores.rule_versions.steps(), now)


def _step(
    stores: Stores,
    version: str,
    kind: StepKind,
    by: str,
    now: datetime,
    effective: datetime,
    note: str,
) -> None:
    stores.rule_versions.write(Step(version, kind, by, now, effective, note))
    stores.journal.write(
        now,
        f"rules_{kind.value}",
        f"rules:{version[:12]}",
        by=by,
        effective=effective.isoformat(),
        **({"note": note} if note else {}),
    )


def _version(stores: Stores, version: str, now: datetime) -> Version:
    steps = stores.rule_versions.steps()
    kept = dict(stores.rule_versions.versions())[version]
    own = tuple(step for step in steps if step.version == version)
    return Version(version, kept, state_of(version, steps, now), own)


def _found(stores: Stores, start: str) -> str:
    """The one version that begins so."""
    known = [version for version, _ in stores.rule_versions.versions()]
    found = [version for version in known if version.startswith(start)]
    if len(start) < SHORTEST or not found:
        raise NoSuchVersion(
            f"There is no version '{start}' (give {SHORTEST} letters or more): see 'carealert "
            "rules versions'."
        )
    if len(found) > 1:
        raise NoSuchVersion(f"Several versions begin with '{start}': {', '.join(found)}.")
    return found[0]
