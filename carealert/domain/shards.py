"""Who must be decided about together, so that the rest can be decided about apart.

Two people share a decision where one phone rings for both, or one caregiver is told about both: a
text for each of them would be one text too many. Everybody else is independent, and a city is
decided about in shards, each small enough for the memory and for a transaction of its own.
"""

from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

_Subject = TypeVar("_Subject", bound=Hashable)


def shards(
    subjects: Sequence[_Subject], ties: Iterable[tuple[_Subject, Hashable]], size: int
) -> list[list[_Subject]]:
    """The subjects in shards of about `size`, those with a tie in common in the same one.

    A tie is (subject, what ties it); ties of others are left out of account. A shard is larger
    than `size` only where more than that many hang together. The order of the subjects is kept
    as far as their ties allow.
    """
    groups = _groups(subjects, ties)
    found: list[list[_Subject]] = []
    for group in groups:
        if found and len(found[-1]) + len(group) <= size:
            found[-1] += group
        else:
            found.append(group)
    return found


def _groups(
    subjects: Sequence[_Subject], ties: Iterable[tuple[_Subject, Hashable]]
) -> list[list[_Subject]]:
    """Those who hang together, over however many ties."""
    number_of = {subject: number for number, subject in enumerate(subjects)}
    parents = list(range(len(subjects)))
    first: dict[Hashable, int] = {}
    for subject, what in ties:
        number = number_of.get(subject)
        if number is None:
            continue
        other = first.setdefault(what, number)
        if other != number:
            one, two = _root(parents, number), _root(parents, other)
            parents[max(one, two)] = min(one, two)
    groups: dict[int, list[_Subject]] = {}
    for number, subject in enumerate(subjects):
        groups.setdefault(_root(parents, number), []).append(subject)
    return list(groups.values())


def _root(parents: list[int], number: int) -> int:
    while parents[number] != number:
        parents[number] = parents[parents[number]]  # the next one walks half as far
        number = parents[number]
    return number
