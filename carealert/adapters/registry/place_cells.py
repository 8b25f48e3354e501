"""Cells that rows of facilities and of organisations have in common."""

from datetime import date

from carealert.adapters.registry.cells import Cells
from carealert.adapters.registry.values import language_of
from carealert.domain.facilities import Contact
from carealert.domain.opening_hours import UnclearHours, read_hours
from carealert.domain.people import Phone, PhoneSharing


def contact_of(cells: Cells, role: str) -> Contact | None:
    """The columns `ROLE_name`, `ROLE_phone` and `ROLE_language`; None without a phone."""
    name = cells.text(f"{role}_name", 200)
    language = cells.language(f"{role}_language") or cells.defaults.language
    number = cells.phone(f"{role}_phone")
    if number is None:
        if name and not cells.values.get(f"{role}_phone"):
            cells.wrong(f"{role}_phone", f"is empty, and {role}_name is not", "State the phone")
        return None
    return Contact(name, Phone(number, PhoneSharing.FACILITY), language)


def languages_of(cells: Cells, column: str = "languages") -> tuple[str, ...]:
    """Language tags of a list cell, each once, in their order."""
    found: dict[str, None] = {}
    for number, part in enumerate(cells.items(column), start=1):
        tag = language_of(part)
        if tag is None:
            what = f"is not a list of language tags (part {number})"
            cells.wrong(column, what, "Use BCP 47, such as bn, fil or pt-BR, with ; between")
            return ()
        found[tag] = None
    return tuple(found)


def past_day_of(cells: Cells, column: str) -> date | None:
    """A day that has been, on the office's calendar."""
    moment = cells.moment(column)
    if moment is None:
        return None
    if moment.date() > cells.defaults.now.astimezone(cells.defaults.zone).date():
        cells.wrong(column, "is in the future", "State the day on which somebody looked")
        return None
    return moment.date()


def service_hours_of(cells: Cells, services: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """`laundry=Mo-Fr 08:00-17:00;Sa off;day_care=24/7`: a part without = goes on with its service.

    Every service named has to be one of the facility's own.
    """
    column = "service_hours"
    found: dict[str, list[str]] = {}
    name = ""
    for number, part in enumerate(cells.items(column), start=1):
        before, equals, after = (one.strip() for one in part.partition("="))
        if equals:
            name = before
            if not _is_new(cells, column, number, name, services, found):
                return ()
        elif not name:
            fix = "Write SERVICE=HOURS, such as laundry=Mo-Fr 08:00-17:00"
            cells.wrong(column, "does not say whose hours they are (part 1)", fix)
            return ()
        found.setdefault(name, []).append(after if equals else before)
    hours = {service: "; ".join(rules) for service, rules in found.items()}
    for place, text in enumerate(hours.values(), start=1):
        try:
            read_hours(text)
        except UnclearHours as problem:
            what = f"holds hours that are not understood (service {place} of {len(hours)})"
            cells.wrong(column, what, str(problem))
            return ()
    return tuple(hours.items())


def _is_new(
    cells: Cells,
    column: str,
    number: int,
    name: str,
    services: tuple[str, ...],
    found: dict[str, list[str]],
) -> bool:
    if name not in services:
        what = f"names a service that is not in services (part {number})"
        cells.wrong(column, what, "Add it to services, or spell it as it stands there")
        return False
    if name in found:
        fix = "Put all hours of a service together, with ; between"
        cells.wrong(column, f"names a service twice (part {number})", fix)
        return False
    return True
