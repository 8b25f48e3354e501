"""What people write, in every language that is shipped or that the office added."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml

from carealert.adapters.texts.files import tags_in
from carealert.adapters.yaml_loader import BaseLoader
from carealert.domain.replies import REQUESTS, WORDS, Spoken, Words, with_languages

_REQUESTS = tuple(REQUESTS.values())
#: Keys of `keywords/<language>.yaml` that answers come from.
_COMMANDS = ("stop", "start", "info", "delete", "more", "help", "harmless", "no", *_REQUESTS)


def read_words(folders: Sequence[Path]) -> Words:
    """The words of all languages in these folders beside those that always count."""
    return with_languages(WORDS, [_spoken(folders, tag) for tag in tags_in(folders)])


def _spoken(folders: Sequence[Path], tag: str) -> Spoken:
    found: dict[str, set[str]] = {name: set() for name in _COMMANDS}
    answers: dict[str, set[str]] = {}
    for folder in folders:
        keywords = _mapping(folder / "keywords" / f"{tag}.yaml")
        for name in _COMMANDS:
            found[name] |= _listed(keywords.get(name))
        own = _mapping(folder / "sms" / tag / "words.yaml").get("reply_words")
        for answer, words in (own if isinstance(own, dict) else {}).items():
            answers.setdefault(answer, set()).update(_listed(words))
    answers.setdefault("help", set()).update(found["help"])
    return Spoken(
        stop=frozenset(found["stop"]),
        start=frozenset(found["start"]),
        info=frozenset(found["info"]),
        delete=frozenset(found["delete"]),
        more=frozenset(found["more"]) | answers.pop("more", frozenset()),
        requests={name: frozenset(found[name]) for name in _REQUESTS},
        answers={name: frozenset(words) for name, words in answers.items()},
        harmless=frozenset(found["harmless"]),
        no=frozenset(found["no"]),
    )


def _mapping(path: Path) -> Mapping[str, object]:
    """A file's keys, every word a text: YAML takes a bare no for false. Nothing where none is."""
    try:
        found = yaml.load(path.read_text(encoding="utf-8"), Loader=BaseLoader)  # noqa: S506
    except (OSError, UnicodeDecodeError, yaml.YAMLError):
        return {}  # `languages check` tells; what people write in other languages still counts
    return found if isinstance(found, dict) else {}


def _listed(value: object) -> set[str]:
    return {str(word) for word in value} if isinstance(value, list) else set()
