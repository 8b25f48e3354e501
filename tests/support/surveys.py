"""What the check finds in each shipped language, looked at once a process."""

from functools import cache
from pathlib import Path

from carealert.adapters.texts.check import Survey, survey
from tests.support.drafts import a_composer

COMPOSER = a_composer()
#: Every shipped language; one process looks at all that is said in one (support/scheduling.py).
LANGUAGES = COMPOSER.languages()


@cache
def surveyed(tag: str) -> Survey:
    """The whole product of one language: template, hazard, wording, kind, need, reader."""
    return COMPOSER.survey(tag)


def planted(folder: Path, name: str, content: str) -> list[str]:
    """What the check says of a file of an office's own, whose shipped one it takes the place of."""
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content, encoding="utf-8")
    tag = name.split("/")[1].partition(".")[0]
    only = [path.name.partition(".")[0]] if name.startswith("sms/") and "words" not in name else []
    return [problem.what for problem in survey(a_composer(folder), [tag], only).problems]
