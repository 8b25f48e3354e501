"""The languages that people are told in: who has read the texts, and which are in use."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from carealert.domain.access import Actor, Right
from carealert.domain.language_reviews import Review, ReviewState, Signature, reviews_of
from carealert.domain.reasons import demand
from carealert.domain.told_languages import LanguageCounts, by_first_language
from carealert.services.access import everywhere, needs
from carealert.services.ports.languages import TextFault
from carealert.services.ports.store import Database

#: Language -> file -> SHA-256 of what it says.
Fingerprints = Mapping[str, Mapping[str, str]]
LONGEST_NAME = 60


class NotSigned(ValueError):
    """The texts cannot be signed like this: says why, and what to do."""


@needs(Right.EDIT_RULES)
def sign(
    db: Database,
    who: Actor,
    fingerprints: Fingerprints,
    language: str,
    reviewer: str,
    role: str,
    note: str,
    breaches: Sequence[str],
    now: datetime,
) -> Signature:
    """Put down that `reviewer` has read all texts of this language as they are now.

    `breaches` are what the check finds wrong with them: who signs over one would vouch for it.
    Raises NotSigned, BadReason for the note, and NotAllowed for an actor with areas.
    """
    everywhere(who, "To sign the texts of a language")
    if not fingerprints.get(language):
        raise NotSigned(f"There are no texts in '{language}': see 'carealert languages list'.")
    if breaches:
        raise NotSigned(
            f"{len(breaches)} things are wrong with the texts of '{language}': mend them first, "
            f"see 'carealert languages check {language}'."
        )
    name = _work_name(reviewer, "reviewer")
    as_what = _work_name(role, "role") if role else ""
    said = demand(note) if note else ""
    signature = Signature(0, language, name, as_what, said, fingerprints[language], who.name, now)
    with db.transaction() as stores:
        made = stores.languages.sign(signature)
        stores.journal.write(
            now,
            "language_signed",
            f"language:{language}",
            reviewer=name,
            role=as_what,
            note=said,
            files=str(len(made.files)),
            digest=made.digest,
            by=who.name,
        )
    return made


@needs(Right.READ_BOARD)
def reviews(
    db: Database,
    who: Actor,  # noqa: ARG001 - who has read the texts is everybody's to know
    fingerprints: Fingerprints,
) -> Sequence[Review]:
    """How each of these languages stands."""
    return standing(db, fingerprints)


@needs(Right.READ_BOARD)
def told(db: Database, who: Actor) -> Mapping[str, LanguageCounts]:
    """First language -> how many notices went out, and how many in another (rule G12).

    It is of the whole city: raises NotAllowed for an actor with areas of their own.
    """
    everywhere(who, "In which languages people were told")
    with db.reading() as stores:
        return by_first_language(stores.languages.told())


def standing(db: Database, fingerprints: Fingerprints) -> Sequence[Review]:
    """How each of these languages stands, for the machine."""
    with db.reading() as stores:
        return reviews_of(fingerprints, stores.languages.signatures())


def reviewed(db: Database, fingerprints: Fingerprints) -> frozenset[str]:
    """The languages whose texts somebody has read as they are now."""
    found = standing(db, fingerprints)
    return frozenset(one.language for one in found if one.state is ReviewState.SIGNED)


def note_texts(
    db: Database, fingerprints: Fingerprints, faults: Mapping[str, str], now: datetime
) -> None:
    """Put down what the worker uses, and which own files it does not (file -> why).

    The journal has a line when a file is first not used, and one when it is again.
    """
    with db.transaction() as stores:
        if stores.languages.in_use() != fingerprints:
            stores.languages.use(fingerprints, now)
        known = {one.file: one for one in stores.languages.faults()}
        if {one.file: one.problem for one in known.values()} == dict(faults):
            return
        for file in sorted(faults.keys() - known.keys()):
            stores.journal.write(now, "text_refused", f"text:{file}", problem=faults[file])
        for file in sorted(known.keys() - faults.keys()):
            stores.journal.write(now, "text_used_again", f"text:{file}")
        stores.languages.put_faults(
            [
                TextFault(file, problem, known[file].since if file in known else now)
                for file, problem in sorted(faults.items())
            ]
        )


def _work_name(text: str, what: str) -> str:
    """One line of letters: neither a phone nor an address has a place in a name."""
    name = " ".join(text.split())
    if not 2 <= len(name) <= LONGEST_NAME or not name.isprintable():
        raise NotSigned(f"The {what} takes 2 to {LONGEST_NAME} characters in one line.")
    if "@" in name or any(map(str.isdigit, name)):
        raise NotSigned(f"The {what} is a name as at work, without phone or e-mail address.")
    return name
