"""Filling the patterns of `words.yaml`: names in a row, answers by digit, languages by tag."""

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from babel import Locale, UnknownLocaleError

from carealert.adapters.texts.files import Words


def fill(pattern: str, **values: str) -> str:
    """`pattern` with each {name} replaced, in one pass: a value may hold braces of its own."""
    return _BRACES.sub(lambda found: values.get(found[1], found[0]), pattern)


def listed(names: Sequence[str], limit: int | None, words: Words) -> str:
    """The names in a row; those after `limit` are only counted."""
    if limit is not None and len(names) > limit:
        few = words.comma.join(names[:limit])
        return fill(words.and_more, names=few, count=str(len(names) - limit))
    if len(names) == 1:
        return names[0]
    return fill(words.and_, first=words.comma.join(names[:-1]), last=names[-1])


def answers_in(replies: Sequence[tuple[str, str]], words: Words, *, by_voice: bool = False) -> str:
    """How to reply: each answer with its digit; "" where the rule expects none."""
    if not replies:
        return ""
    # An answer that a rule invents is told by its own name.
    parts = [
        fill(words.answers.get(name, "{digit} {name}"), digit=digit, name=name.replace("_", " "))
        for name, digit in replies
    ]
    return fill(words.press if by_voice else words.reply, answers=words.comma.join(parts))


@cache
def locale_of(tag: str) -> Locale:
    """What CLDR knows of the language; English where it knows nothing."""
    try:
        return Locale.parse(tag, sep="-")
    except (UnknownLocaleError, ValueError):
        return Locale("en")  # CLDR has no data for Fijian, Samoan, Tongan and others


def counted(details: Mapping[str, str], words: Words, tag: str) -> dict[str, str]:
    """Numbers among `details` with their noun in the right plural form, where the words have it."""
    found = dict(details)
    for name, forms in words.counted.items():
        value = found.get(name, "")
        if value.isdecimal():
            form = getattr(forms, locale_of(tag).plural_form(int(value))) or forms.other
            found[name] = fill(form, count=value)
    return found


def base_of(tag: str) -> str:
    """The language of a tag: `bn` of `bn-BD`."""
    return tag.partition("-")[0]


def tags_of(tags: Sequence[str | None]) -> Iterator[str]:
    """Each stated tag and then its language, in order."""
    for tag in tags:
        if tag:
            plain = tag.replace("_", "-")
            yield plain
            yield base_of(plain)


_BRACES = re.compile(r"\{(\w+)\}")
