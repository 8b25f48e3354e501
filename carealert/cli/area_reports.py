"""How reports on areas read: what to mend first, then what to look at, with a place to look."""

from collections.abc import Iterator, Sequence

from carealert.adapters.file_errors import RowError
from carealert.domain.atlas import Fault, Finding
from carealert.domain.locating import MISPLACED_KM
from carealert.services.places import AreaCoverage, Astray

#: Lines of one kind that are shown; --json has all.
_SHOWN = 15
_TITLES = {
    Fault.CODE_TWICE: "one code several times",
    Fault.CIRCLE: "areas that lie in themselves",
    Fault.NOT_ABOVE: "levels that are not below their parent's",
    Fault.INVALID: "outlines that are not valid",
    Fault.SWAPPED: "latitude and longitude exchanged",
    Fault.AWAY: "areas nowhere near their parent",
    Fault.TWO_PLACES: "codes that mean two places",
    Fault.NO_PARENT: "parents that are not known",
    Fault.LEVEL_SKIPPED: "levels left out",
    Fault.NO_NAME: "no name in the office's language",
    Fault.NO_OUTLINE: "no outline",
    Fault.STICKS_OUT: "areas that stick out of the one around them",
    Fault.OVERLAP: "areas of one level that overlap",
    Fault.GAP: "gaps between the parts of an area",
}


def summary(findings: Sequence[Finding]) -> list[str]:
    """One line for errors and one for the rest; none where there is nothing to look at."""
    lines = []
    for title, some in _split(findings):
        counted = ", ".join(f"{_TITLES[fault]}: {len(own)}" for fault, own in _by_fault(some))
        if counted:
            lines.append(f"{title}: {counted}. See 'carealert areas check'.")
    return lines


def report(areas: int, findings: Sequence[Finding], problems: Sequence[str]) -> str:
    """The whole report for people. `problems` are what the files themselves got wrong."""
    lines = [f"{areas} areas checked."]
    if problems:
        lines += ["", f"To mend in the files ({len(problems)}):"]
        lines += [f"  {text}" for text in problems[:_SHOWN]]
        lines += _more(len(problems))
    for title, some in _split(findings):
        for fault, own in _by_fault(some):
            lines += ["", f"{title}, {_TITLES[fault]} ({len(own)}):"]
            lines += [f"  {_line(one)}" for one in own[:_SHOWN]]
            lines += _more(len(own))
    if not findings and not problems:
        lines.append("Nothing to mend or to look at.")
    return "\n".join(lines)


def finding_json(one: Finding) -> dict[str, object]:
    """One finding for programs."""
    return {
        "fault": one.fault.value,
        "level": "error" if one.is_error else "warning",
        "areas": [{"code_system": system, "code": code} for system, code in one.areas],
        "what": one.what,
        "lon": one.at[0] if one.at else None,
        "lat": one.at[1] if one.at else None,
        "km2": round(one.km2, 4) if one.km2 is not None else None,
        "share": round(one.share, 5) if one.share is not None else None,
    }


def problem_json(one: RowError) -> dict[str, object]:
    """What a file got wrong, for programs."""
    return {"file": one.file, "where": one.column, "what": one.what, "fix": one.fix}


def astray_text(found: Sequence[Astray]) -> str:
    """Who lies where their area is not; nobody is named but by ref."""
    away = [one for one in found if one.km is not None]
    lost = [one for one in found if one.km is None]
    lines = [
        f"{len(away)} with a position more than {MISPLACED_KM:g} km outside of their stated area",
        *(f"{one.km:9g} km  {one.kind.value:8}  {one.ref:20}  {one.area_code}" for one in away),
        f"{len(lost)} with a position in no known area, and no area stated",
        *(f"{'':12}  {one.kind.value:8}  {one.ref}" for one in lost),
    ]
    return "\n".join(lines)


def astray_json(one: Astray) -> dict[str, object]:
    """One of them for programs."""
    return {
        "kind": one.kind.value,
        "ref": one.ref,
        "area_code": one.area_code,
        "km_outside": one.km,
    }


def coverage_text(found: Sequence[AreaCoverage], only_empty: bool) -> str:
    """Counts by area, the levels indented."""
    shown = [one for one in found if one.is_empty] if only_empty else found
    lines = [f"{'people':>8}  {'places':>6}  {'code':24}  area, with all below it"] if shown else []
    lines += [_coverage_line(one) for one in shown]
    known = [one for one in found if one.area is not None]
    empty = sum(one.is_empty for one in known)
    lines.append(f"{empty} of {len(known)} areas without a resident in the register.")
    return "\n".join(lines)


def coverage_json(one: AreaCoverage) -> dict[str, object]:
    """One area for programs."""
    return {
        "code_system": one.area.code_system if one.area else None,
        "code": one.code,
        "level": one.area.level if one.area else None,
        "residents": one.residents,
        "facilities": one.facilities,
        "is_empty": one.is_empty,
    }


def _coverage_line(one: AreaCoverage) -> str:
    if one.area is not None:
        name = "  " * one.area.level + " / ".join(one.area.names.values())
    else:
        name = "(no area has this code)" if one.code else "(neither a code nor an area around them)"
    return f"{one.residents:8}  {one.facilities:6}  {one.code or '-':24}  {name}"


def _split(findings: Sequence[Finding]) -> Iterator[tuple[str, list[Finding]]]:
    yield "To mend", [one for one in findings if one.is_error]
    yield "To look at", [one for one in findings if not one.is_error]


def _by_fault(findings: Sequence[Finding]) -> Iterator[tuple[Fault, list[Finding]]]:
    for fault in Fault:
        own = [one for one in findings if one.fault is fault]
        if own:
            yield fault, own


def _line(one: Finding) -> str:
    system, code = one.areas[0]
    at = f". Look at lon {one.at[0]}, lat {one.at[1]}" if one.at else ""
    return f"{system} {code}: {one.what}{at}."


def _more(many: int) -> list[str]:
    return [f"  and {many - _SHOWN} more: see --json"] if many > _SHOWN else []
