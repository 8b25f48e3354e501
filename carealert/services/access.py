"""The gate in front of every service that an officer can call.

`needs` names the right; what a service returns or changes it narrows to the actor's areas itself,
by `reach`. Services without an actor are called by the machine alone: by ticks, by webhooks that
prove themselves, or inside another service.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import wraps
from typing import Concatenate, ParamSpec, TypeVar

from carealert.domain.access import Actor, Right, Role
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.store import Stores

D = TypeVar("D")
P = ParamSpec("P")
R = TypeVar("R")


class NotAllowed(PermissionError):
    """The actor's role or areas do not allow this; says which right or place was missing.

    `what` is the right, or "place": what may be written down of it.
    """

    def __init__(self, message: str, what: str = "place") -> None:
        super().__init__(message)
        self.what = what


def needs(
    right: Right,
) -> Callable[[Callable[Concatenate[D, Actor, P], R]], Callable[Concatenate[D, Actor, P], R]]:
    """Let only those pass whose role has the right; raises NotAllowed for the others.

    The service takes the database first and the actor second.
    """

    def gate(
        service: Callable[Concatenate[D, Actor, P], R],
    ) -> Callable[Concatenate[D, Actor, P], R]:
        @wraps(service)
        def guarded(db: D, who: Actor, /, *args: P.args, **kwargs: P.kwargs) -> R:
            allow(who, right)
            return service(db, who, *args, **kwargs)

        guarded.__dict__["right"] = right
        return guarded

    return gate


def allow(who: Actor, right: Right) -> None:
    """Raise NotAllowed unless the actor's role has the right."""
    if not who.may(right):
        raise NotAllowed(f"The role '{who.role}' may not do this (right '{right}').", right)


@dataclass(frozen=True, slots=True)
class Reach:
    """Which places an actor reaches. `codes` None is everywhere, else these area codes."""

    codes: frozenset[str] | None
    facilities: frozenset[str] | None = None

    def has(self, area_code: str | None) -> bool:
        """Whether somebody registered under this code is theirs.

        Who has no area belongs to nobody's part of the city: only those without areas of their
        own see them.
        """
        return self.codes is None or area_code in self.codes

    def has_facility(self, ref: str, area_code: str | None) -> bool:
        """Whether this facility is theirs."""
        if self.facilities is not None:
            return ref in self.facilities
        return self.has(area_code)


def reach(stores: Stores, who: Actor) -> Reach:
    """The actor's areas with everything below them."""
    facilities = who.facilities if who.role is Role.FACILITY else None
    if who.is_everywhere:
        return Reach(None, facilities)
    return Reach(stores.areas.with_descendants(who.areas), facilities)


def within(
    stores: Stores, theirs: Reach, kind: PersonKind, refs: Collection[str]
) -> frozenset[str]:
    """Those of these people who are theirs; a caregiver is where those live whom they care for."""
    if theirs.codes is None:
        return frozenset(refs)
    homes = stores.people.homes(kind, refs)
    return frozenset(ref for ref in refs if any(map(theirs.has, homes.get(ref, ()))))


def everywhere(who: Actor, what: str) -> None:
    """Let only those pass who have no areas of their own: what is asked for has no place."""
    if not who.is_everywhere:
        raise NotAllowed(f"{what} is for those who see the whole city: '{who.name}' sees a part.")
