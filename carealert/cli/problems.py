"""How what was odd in a document is printed."""

from collections.abc import Sequence

from carealert.services.ports.feeds import Problem


def problem_json(problem: Problem) -> dict[str, str]:
    """One problem as an object."""
    return {"where": problem.where, "what": problem.what, "level": problem.level}


def problem_lines(problems: Sequence[Problem]) -> list[str]:
    """One indented line for each problem."""
    return [f"  {problem.level}: {problem.where}: {problem.what}" for problem in problems]
