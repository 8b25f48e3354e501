"""Conditions on residents and facilities as SQL, for what the columns can answer.

The names are those of the domain's table, and so are the values; the closures there stay the
measure. Some conditions no column can answer: needs are sealed, and services are compared as
texts are, without case. Those are named in `left`, and the SQL is then true of everybody of whom
the condition may hold: who asks has to hold the closure against what was found.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Table,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    not_,
    or_,
    true,
)

from carealert.adapters.db.descent import codes_below
from carealert.adapters.db.tables import care_link, facility, resident
from carealert.domain.condition_parts import Cutoff, Range, WarningFacts
from carealert.domain.conditions import AllOf, AnyOf, Condition, Not, Test, names
from carealert.domain.people import AgeBand, CareRole, Exposure
from carealert.domain.resident_conditions import FUNCTIONS, outage_hours
from carealert.domain.rules import SubjectKind


@dataclass(frozen=True, slots=True)
class SqlCondition:
    """What to put behind WHERE, never null; without `left` it selects as the closure does.

    `left` has the names of the conditions that it does not ask for, in their order.
    """

    where: ColumnElement[bool]
    left: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Asked:
    """What SQL is made for."""

    connection: Connection
    table: Table
    warned: WarningFacts


_Make = Callable[[Any, _Asked], ColumnElement[bool]]
#: Where a condition surely holds, and where it may.
_Bounds = tuple[ColumnElement[bool], ColumnElement[bool]]


def sql_condition(
    connection: Connection,
    kind: SubjectKind,
    condition: Condition | None,
    warned: WarningFacts,
) -> SqlCondition:
    """The condition for a query on the table of residents or of facilities."""
    if condition is None:
        return SqlCondition(true())
    makers = MAKERS[kind]
    asked = _Asked(connection, _TABLES[kind], warned)
    _, may = _bounds(condition, makers, asked)
    return SqlCondition(may, tuple(name for name in names(condition) if name not in makers))


def _bounds(condition: Condition, makers: Mapping[str, _Make], asked: _Asked) -> _Bounds:
    """No condition gets lost under `not`: what may hold there is what does not surely hold."""
    match condition:
        case Test(name, value):
            if name not in makers:
                return false(), true()
            made = makers[name](value, asked)
            return made, made
        case AllOf(parts):
            sure, may = zip(*(_bounds(part, makers, asked) for part in parts), strict=True)
            return and_(true(), *sure), and_(true(), *may)
        case AnyOf(parts):
            sure, may = zip(*(_bounds(part, makers, asked) for part in parts), strict=True)
            return or_(false(), *sure), or_(false(), *may)
        case Not(part):
            inner_sure, inner_may = _bounds(part, makers, asked)
            return not_(inner_may), not_(inner_sure)


def _known(column: ColumnElement[Any], *asked: ColumnElement[bool]) -> ColumnElement[bool]:
    """What is not stated never holds, and is no null either: `not` must turn it round."""
    return and_(column.is_not(None), *asked)


def _in_range(column: ColumnElement[Any], value: Range) -> ColumnElement[bool]:
    low = [] if value.at_least is None else [column >= value.at_least]
    high = [] if value.below is None else [column < value.below]
    return _known(column, *low, *high)


def _number(name: str) -> _Make:
    return lambda value, asked: _in_range(asked.table.c[name], value)


def _detail(name: str) -> _Make:
    return lambda value, asked: _in_range(asked.table.c.details[name].as_float(), value)


def _age(value: Range, asked: _Asked) -> ColumnElement[bool]:
    """A birth year decides; a band only where none is stated."""
    born, band = asked.table.c.birth_year, asked.table.c.age_band
    bands = [one.value for one in AgeBand if value.may_hold(*one.years)]
    return or_(
        _in_range(asked.warned.warning.sent.year - born, value),
        and_(born.is_(None), _known(band, band.in_(bands))),
    )


def _functioning(value: Cutoff, asked: _Asked) -> ColumnElement[bool]:
    degrees = asked.table.c.functioning
    return or_(
        false(),
        *(
            _in_range(degrees[name].as_integer(), Range(value.at_least))
            for name in sorted(value.functions or FUNCTIONS)
        ),
    )


def _areas(value: frozenset[str], asked: _Asked) -> ColumnElement[bool]:
    code = asked.table.c.area_code
    return _known(code, code.in_(codes_below(asked.connection, value)))


def _exposures(value: Iterable[Exposure], asked: _Asked) -> ColumnElement[bool]:
    """The words are of a closed list: one in quotes is found in the text of the list or not."""
    text = cast(asked.table.c.exposures, Text)
    return or_(
        false(), *(text.contains(f'"{word.value}"', autoescape=True) for word in sorted(value))
    )


def _language(value: frozenset[str], asked: _Asked) -> ColumnElement[bool]:
    tag = func.lower(asked.table.c.language)
    regions = (tag.startswith(f"{code}-", autoescape=True) for code in sorted(value))
    return or_(tag.in_(sorted(value)), *regions)


def _runs_short(_: object, asked: _Asked) -> ColumnElement[bool]:
    hours = asked.table.c.backup_hours
    return _known(hours, hours < outage_hours(asked.warned))


def _is_due(_: object, asked: _Asked) -> ColumnElement[bool]:
    due = asked.table.c.next_due
    return _known(due, due >= asked.warned.start, due <= asked.warned.end)


def _without_caregiver(*role: CareRole) -> _Make:
    """Nobody is linked, or nobody in this role."""

    def made(_: object, asked: _Asked) -> ColumnElement[bool]:
        links = care_link.c.resident_id == asked.table.c.id
        return ~exists().where(links, *(care_link.c.role == one.value for one in role))

    return made


_RESIDENT: Mapping[str, _Make] = {
    "functioning": _functioning,
    "age": _age,
    "areas": _areas,
    "exposures": _exposures,
    "lives_alone": lambda _, asked: _exposures((Exposure.LIVES_ALONE,), asked),
    "backup_hours": _number("backup_hours"),
    "backup_below_outage": _runs_short,
    "critical_after_h": _number("critical_after_h"),
    "due_in_warning": _is_due,
    "language": _language,
    "no_phone": lambda _, asked: asked.table.c.phone_sealed.is_(None),
    "no_caregiver": _without_caregiver(),
    "no_backup_caregiver": _without_caregiver(CareRole.BACKUP),
}
_FACILITY: Mapping[str, _Make] = {
    "areas": _areas,
    "facility_type": lambda value, asked: asked.table.c.type.in_(sorted(value)),
    "backup_power_hours": _detail("backup_power_hours"),
    "water_hours": _detail("water_hours"),
    "capacity": _detail("capacity"),
}
#: What columns answer, and how.
MAKERS: Mapping[SubjectKind, Mapping[str, _Make]] = MappingProxyType(
    {SubjectKind.RESIDENT: _RESIDENT, SubjectKind.FACILITY: _FACILITY}
)
#: What no column answers, and why.
NO_COLUMN: Mapping[SubjectKind, Mapping[str, str]] = MappingProxyType(
    {
        SubjectKind.RESIDENT: {"needs": "sealed"},
        SubjectKind.FACILITY: {
            "service": "compared without case, in every script",
            "readiness": "weighed from the whole record and what was heard",
        },
    }
)
_TABLES = {SubjectKind.RESIDENT: resident, SubjectKind.FACILITY: facility}
