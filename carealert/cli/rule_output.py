"""How the command line shows what rules made of somebody."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from carealert.domain.condition_parts import HOUR
from carealert.domain.conditions import Trace
from carealert.domain.explaining import Answer, RuleTrace, plain_seen, tests_of
from carealert.services.explaining import Explanation

_SAID = {
    Answer.MATCHES: "matches",
    Answer.OFF: "is turned off",
    Answer.OTHER_WARNING: "is about other warnings",
    Answer.NOT_THERE: "holds elsewhere",
    Answer.NOT_THEM: "is about others",
    Answer.OTHER_AREA: "is a rule of another area",
    Answer.REPLACED: "has another in its place here",
}


def explanation_data(found: Explanation) -> dict[str, Any]:
    """The whole explanation as JSON."""
    return {
        "kind": found.kind.value,
        "ref": found.ref,
        "inside": sorted(found.inside),
        "near_km": {str(number): km for number, km in sorted(found.near.items())},
        "refusal": found.refusal,
        "rules": [
            {
                "id": one.rule.id,
                "answer": one.answer.value,
                "info": one.info,
                "starts_earlier": one.earlier,
                "when": _tests(one.when, found),
                "who": _tests(one.who, found),
            }
            for one in found.rules
        ],
    }


def explanation_text(found: Explanation) -> str:
    """For people: first the rules that come to a look at the person, the others in short."""
    lines = [f"{found.kind.value} {found.ref} is {_where(found)}."]
    if found.refusal:
        lines.append(f"The warning reaches nobody: {found.refusal}.")
    short: dict[str, list[str]] = defaultdict(list)
    for one in found.rules:
        if one.answer in (Answer.MATCHES, Answer.NOT_THEM):
            lines += _rule_lines(one, found)
        else:
            missed = next((seen for seen, held in _seen(one.when, found) if not held), None)
            because = f" ({missed})" if one.answer is Answer.OTHER_WARNING and missed else ""
            short[_SAID[one.answer] + because].append(one.rule.id)
    lines += [f"{why}: {', '.join(ids)}" for why, ids in short.items()]
    return "\n".join(lines)


def _where(found: Explanation) -> str:
    if found.inside:
        return "inside the warned area"
    if found.near:
        return f"up to {min(found.near.values()):g} km from the warned area"
    return "outside the warned area"


def _rule_lines(one: RuleTrace, found: Explanation) -> Iterator[str]:
    yield f"{one.rule.id} {_SAID[one.answer]}: {one.rule.title}"
    if one.earlier:
        hours = one.rule.do.start_earlier / HOUR
        why = " needs help to move" if found.in_words else " a condition of the rule holds"
        yield f"    yes  {found.kind.value}:{why}, so the warning is seen {hours:g} h earlier"
    for part, of in (("the warning", one.when), (found.kind.value, one.who)):
        for seen, held in _seen(of, found):
            yield f"    {'yes' if held else 'no '}  {part}: {seen}"


def _seen(one: Trace | None, found: Explanation) -> Iterator[tuple[str, bool]]:
    for test, part in tests_of(one) if one is not None else ():
        yield part.seen if found.in_words else plain_seen(test, part), part.holds


def _tests(one: Trace | None, found: Explanation) -> list[dict[str, Any]] | None:
    if one is None:
        return None
    return [
        {
            "test": test.name,
            "holds": part.holds,
            "seen": part.seen if found.in_words else plain_seen(test, part),
        }
        for test, part in tests_of(one)
    ]
