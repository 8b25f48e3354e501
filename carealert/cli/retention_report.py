"""What `carealert db retention` prints: counts, and refs of people; never who they are."""

from dataclasses import asdict
from typing import Any

from carealert.domain.retention import Fate
from carealert.services.retention import Done, Due, Waiting

_WILL = {Fate.ERASE: "is forgotten", Fate.STRIP: "loses name, phone and notes"}


def due(found: Waiting) -> dict[str, Any]:
    """What is due, as JSON."""
    return {
        "texts": found.texts,
        "answers": found.answers,
        "people": [_person(one) for one in found.people],
        "held_texts": found.held_texts,
        "held_answers": found.held_answers,
    }


def due_text(found: Waiting) -> str:
    """The same for people."""
    lines = [f"Due: {found.texts} texts, {found.answers} answers, {found.ready} people."]
    if found.held_texts or found.held_answers:
        lines.append(
            f"Kept until their incident is over: {found.held_texts} texts, "
            f"{found.held_answers} answers."
        )
    return "\n".join([*lines, *(f"  {_line(one)}" for one in found.people)])


def done(what: Done) -> dict[str, Any]:
    """What was done, as JSON."""
    return asdict(what)


def done_text(what: Done) -> str:
    """The same for people."""
    first = (
        f"Done: {what.texts} texts reduced, {what.answers} answers deleted, "
        f"{what.erased} people forgotten, {what.stripped} without name and phone now."
    )
    lines = [first]
    if what.held:
        lines.append(f"{what.held} wait for an incident that is still open.")
    if what.nobody_left:
        lines.append(
            f"{what.nobody_left} residents have no caregiver left: see 'carealert people quality'."
        )
    if not what.scrubbed:
        lines.append("The database was being read: run this again to empty its log.")
    return "\n".join(lines)


def _person(one: Due) -> dict[str, Any]:
    since = one.verdict.since
    return {
        "kind": one.kind.value,
        "ref": one.ref,
        "fate": one.verdict.fate.value,
        "since": since.isoformat() if since else None,
        "kept_by": list(one.verdict.kept_by),
        "held": one.held,
    }


def _line(one: Due) -> str:
    since = one.verdict.since
    day = f" (due since {since:%Y-%m-%d})" if since else ""
    if one.held:
        return f"{one.kind} {one.ref}: waits for an open incident{day}"
    carers = ", ".join(one.verdict.kept_by)
    stays = f", the rest stays for {carers} (P2)" if carers else ""
    return f"{one.kind} {one.ref}: {_WILL[one.verdict.fate]}{stays}{day}"
