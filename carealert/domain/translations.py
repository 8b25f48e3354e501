"""One message that is published once in each language, under one identity.

CAP keeps the languages of a message as its infos (CAP 1.2, section 3.2.2). Agencies with a feed
for each language (Indonesia's BMKG) send the same sender, identifier and time in both, and each
document holds one language only.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from carealert.domain.warnings import Area, HazardWarning, Info

#: The language of an info that states none (CAP 1.2, section 3.2.2).
DEFAULT = "en-US"


def with_translations(known: HazardWarning, other: HazardWarning) -> HazardWarning | None:
    """The known warning with the other's infos in languages it has not; None if there are none.

    An info is a translation where one of the known says the same of what, how bad, when and
    where. Only then can it be added without warning anybody who was not warned before.
    """
    if known.key != other.key or _kind(known) != _kind(other):
        return None
    spoken = {_primary(info.language) for info in known.infos}
    added = [
        info
        for info in other.infos
        if info.language
        and _primary(info.language) not in spoken
        and any(_says_the_same(info, one) for one in known.infos)
    ]
    return replace(known, infos=(*known.infos, *added)) if added else None


def instructions_of(infos: Sequence[Info], number: int) -> dict[str, str]:
    """Language -> what the sender tells people to do, of this info and of its translations."""
    chosen = infos[number]
    found = {
        info.language or DEFAULT: info.instruction
        for info in infos
        if info.instruction and (info is chosen or _says_the_same(info, chosen))
    }
    return found | ({chosen.language or DEFAULT: chosen.instruction} if chosen.instruction else {})


def _kind(warning: HazardWarning) -> tuple[object, ...]:
    return (warning.status, warning.msg_type, warning.scope)


def _primary(language: str | None) -> str:
    """The language without script and country; CAP's default is en-US."""
    return (language or DEFAULT).partition("-")[0].lower()


def _says_the_same(one: Info, other: Info) -> bool:
    return _substance(one) == _substance(other) and _same_places(one.areas, other.areas)


def _substance(info: Info) -> tuple[object, ...]:
    """All that CAP says in closed words and times."""
    return (
        frozenset(info.categories),
        frozenset(info.response_types),
        info.urgency,
        info.severity,
        info.certainty,
        info.onset,
        info.expires,
        info.hazard_if_real is None,  # whether it reads as a test
    )


def _same_places(some: Iterable[Area], others: Iterable[Area]) -> bool:
    """The same outlines and codes in any order; names are what is translated.

    Where neither an outline nor a code says where, the names alone would: they cannot be compared.
    """
    places = _places(some)
    return None not in places and places == _places(others)


def _places(areas: Iterable[Area]) -> frozenset[object]:
    return frozenset(_place(area) for area in areas)


def _place(area: Area) -> object:
    if area.geometry is None and not area.geocodes:
        return None
    outline = None if area.geometry is None else area.geometry.normalize().wkb
    return (outline, frozenset(area.geocodes), area.altitude, area.ceiling)
