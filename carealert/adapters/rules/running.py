"""`rules test`: plays the cases of rule test files and says what came otherwise than expected."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from carealert.adapters.rules.files import load_rules, rule_files_in
from carealert.adapters.rules.rehearsal import Outcome, Sent, rehearse
from carealert.adapters.rules.shape import nearest, shaped
from carealert.adapters.rules.strict_yaml import Document, InvalidRules, read_document
from carealert.adapters.rules.test_model import (
    EXPECTATIONS,
    CaseEntry,
    ExpectedEntry,
    LaterEntry,
    TestFile,
    WarningEntry,
    offset_of,
)

_MINUTE = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class CaseResult:
    """How one case went; `where` is `file:line`, `failures` are sentences, none if it passed."""

    where: str
    name: str
    failures: tuple[str, ...]


def run_tests(paths: Iterable[Path]) -> list[CaseResult]:
    """Play every case of these files, or of the files of these folders; raises InvalidRules."""
    return [result for place in paths for path in rule_files_in(place) for result in _run(path)]


def rules_tested(folder: Path) -> frozenset[str]:
    """The ids of the rules that some case in `folder` expects a notice of; raises InvalidRules."""
    if not folder.is_dir():
        return frozenset()
    files = [shaped(TestFile, read_document(path)) for path in rule_files_in(folder)]
    expected = [
        entry
        for file in files
        for case in file.tests
        for entry in (*(case.expect or ()), *(case.expect_exactly or ()))
    ]
    return frozenset(entry.rule for entry in expected if entry.rule)


def _run(path: Path) -> list[CaseResult]:
    document = read_document(path)
    file = shaped(TestFile, document)
    rules = load_rules([path.parent / name for name in file.rule_files])
    results = []
    for number, case in enumerate(_extended(file.tests, document)):
        line, _ = document.places["tests", number]
        failures = tuple(_failures(case, rehearse(case, rules)))
        results.append(CaseResult(f"{path}:{line}", case.name, failures))
    return results


def _extended(cases: Sequence[CaseEntry], document: Document) -> list[CaseEntry]:
    """Each case with what it takes over from an earlier one."""
    done: dict[str, CaseEntry] = {}
    for number, case in enumerate(cases):
        at = ("tests", number)
        if case.name in done:
            raise InvalidRules([document.problem((*at, "name"), "this name is used before.")])
        base = done.get(case.extends) if case.extends else CaseEntry(name=case.name)
        if base is None:
            what = f"no case before this one is called '{case.extends}'."
            what += nearest(str(case.extends), done)
            raise InvalidRules([document.problem((*at, "extends"), what)])
        done[case.name] = _over(base, case)
    return list(done.values())


def _over(base: CaseEntry, case: CaseEntry) -> CaseEntry:
    own = {name: getattr(case, name) for name in case.model_fields_set}
    said = {name: getattr(case.warning, name) for name in case.warning.model_fields_set}
    warning = base.warning.model_copy(update=said)
    later: list[LaterEntry] = []
    for entry in own.get("then", base.then):
        before: WarningEntry = later[-1] if later else warning
        kept = {name: getattr(before, name) for name in WarningEntry.model_fields}
        later.append(
            entry.model_copy(
                update={n: v for n, v in kept.items() if n not in entry.model_fields_set}
            )
        )
    cleared = dict.fromkeys(EXPECTATIONS)
    return base.model_copy(update={**cleared, **own, "warning": warning, "then": later})


def _failures(case: CaseEntry, outcome: Outcome) -> Iterable[str]:
    got = "\n".join(f"      {_said(sent)}" for sent in outcome.sent) or "      nothing"
    exact = case.expect_exactly is not None
    wanted = case.expect_exactly if case.expect_exactly is not None else case.expect or []
    missing, surplus = _compared(wanted, outcome.sent)
    for entry in missing:
        yield f"expected {_wanted(entry)}\n    got\n{got}"
    if exact:
        for sent in surplus:
            yield f"expected nothing more\n    got {_said(sent)}"
    for name in case.expect_nobody or ():
        for sent in outcome.sent:
            if sent.to == name:
                yield f"expected nothing to {name}\n    got {_said(sent)}"
    yield from _wrong_states(case, outcome)
    yield from _wrong_reasons(case, outcome)


def _compared(
    wanted: Sequence[ExpectedEntry], sent: Sequence[Sent]
) -> tuple[list[ExpectedEntry], list[Sent]]:
    """(expected but not sent, sent but not expected); each notice meets one expectation."""
    left = list(sent)
    missing = []
    for entry in wanted:
        found = next((one for one in left if _meets(one, entry)), None)
        if found is None:
            missing.append(entry)
        else:
            left.remove(found)
    return missing, left


def _meets(sent: Sent, entry: ExpectedEntry) -> bool:
    draft = sent.draft
    pairs = (
        (entry.rule, draft.rule),
        (entry.template, draft.template),
        (entry.priority, draft.priority.name.lower()),
        (entry.kind, draft.kind),
        (sorted(entry.about) if entry.about else None, sorted(a.ref for a in draft.about)),
    )
    return (
        sent.at // _MINUTE == offset_of(entry.at) // _MINUTE  # a test file knows no seconds
        and sent.to == entry.to
        and all(wanted is None or wanted == found for wanted, found in pairs)
    )


def _wrong_states(case: CaseEntry, outcome: Outcome) -> Iterable[str]:
    found = {ref: state for (_, ref), state in outcome.states.items()}
    for ref, state in (case.expect_states or {}).items():
        if found.get(ref) is not state:
            yield f"expected {ref} to end as {state.value}\n    got {found.get(ref, 'no state')}"


def _wrong_reasons(case: CaseEntry, outcome: Outcome) -> Iterable[str]:
    for ref, reason in (case.expect_not_sent or {}).items():
        found = sorted({entry.reason.value for entry in outcome.not_sent if entry.ref == ref})
        if reason.value not in found:
            got = ", ".join(found) or "no reason"
            yield f"expected {ref} not to be told because of {reason.value}\n    got {got}"


def _said(sent: Sent) -> str:
    draft = sent.draft
    about = ", ".join(entry.ref for entry in draft.about)
    return (
        f"{_length(sent.at)} to {sent.to}: {draft.template} of {draft.rule}, "
        f"{draft.priority.name.lower()}, {draft.kind.value}, about {about or 'nobody'}"
    )


def _wanted(entry: ExpectedEntry) -> str:
    parts = [f"{key}: {value}" for key, value in entry if value is not None and key != "at"]
    return f"{entry.at} {', '.join(parts)}"


def _length(length: timedelta) -> str:
    return f"{length.total_seconds() / 60:g}m"
