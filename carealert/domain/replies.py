"""What somebody meant by a text message: an answer in one digit, STOP, START, or unclear.

The two mistakes do not weigh the same. An answer that ends the worry ("safe", "open") counts only
where nothing else is said that we do not know; one that asks for a person counts whatever else is
said. What stays unclear leaves the question open, and silence escalates.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from enum import StrEnum

#: How to ask for the next steps, in every message that a household gets (requirements, section 8).
MORE, MORE_DIGIT = "more", "9"
#: What the checklists tell people to write for: word -> request.
REQUESTS = {"ride": "ride", "place": "place", "rest": "rest", "backup": "backup"}


class MeaningKind(StrEnum):
    """What kind of thing was said."""

    ANSWER = "answer"
    STOP = "stop"
    START = "start"
    INFO = "info"  # what is held of them
    REQUEST = "request"  # for somebody of the city, by the name in `answer`: a ride, a place …
    MORE = "more"  # the next steps of the checklist
    DELETE = "delete"  # erase it; with the code that they were sent, if they sent it back
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Meaning:
    """What was said; `answer` names the expected reply, or holds the code of a DELETE."""

    kind: MeaningKind
    answer: str | None = None


@dataclass(frozen=True, slots=True)
class Words:
    """Words people write instead of a digit, or beside one; lower case.

    `stop`, `start`, `info`, `more`, `requests` and `delete` count as whole messages only, the
    last with a code behind it. `answers` gives the answers that words mean; `harmless` may stand
    beside a digit without changing what it says.
    """

    stop: frozenset[str]
    start: frozenset[str]
    answers: Mapping[str, str]
    harmless: frozenset[str]
    info: frozenset[str] = frozenset({"info", "information", "data", "তথ্য", "আমার তথ্য"})
    delete: frozenset[str] = frozenset(
        {"delete", "erase", "delete me", "মুছুন", "মুছে দিন", "মুছে ফেলুন", "ডিলিট"}
    )
    more: frozenset[str] = frozenset({"more", "more steps", "আরও", "আরও বলুন"})
    requests: Mapping[str, str] = field(default_factory=lambda: dict(REQUESTS))


@dataclass(frozen=True, slots=True)
class Spoken:
    """What people write in one language; `answers` is answer -> words and short phrases."""

    stop: frozenset[str] = frozenset()
    start: frozenset[str] = frozenset()
    info: frozenset[str] = frozenset()
    delete: frozenset[str] = frozenset()
    more: frozenset[str] = frozenset()
    requests: Mapping[str, frozenset[str]] = field(default_factory=dict)
    answers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    harmless: frozenset[str] = frozenset()
    no: frozenset[str] = frozenset()


#: Opt-out words of the carriers (Twilio, "Advanced opt-out") and of some languages. Words that
#: are common answers elsewhere are left out: "acha" is stop in Swahili, but fine in Hindi.
STOP_WORDS = frozenset(
    {
        *("stop", "stopall", "stop all", "unsubscribe", "end", "quit", "revoke", "optout"),
        *("opt out", "cancel", "বন্ধ", "বন্ধ করুন", "থামুন", "বাতিল", "baja", "parar", "arret"),
        *(
            "arrêt",
            "bondho",
            "tigil",
            "berhenti",
            "बंद",
            "बंद करें",
            "रोकें",
            "قف",
            "توقف",
            "إيقاف",
            "стоп",
        ),
        *("bondho", "หยุด", "停止"),
    }
)
START_WORDS = frozenset({"start", "unstop", "yes", "শুরু", "শুরু করুন", "शुरू", "alta", "ابدأ"})

WORDS = Words(
    STOP_WORDS,
    START_WORDS,
    {
        **dict.fromkeys(("help", "sos", "সাহায্য", "ayuda", "aide", "ajuda", "saidia"), "help"),
        **dict.fromkeys(("tulong", "tolong", "मदद", "مساعدة", "مدد", "النجدة"), "help"),
        **dict.fromkeys(("safe", "নিরাপদ", "সুরক্ষিত", "सुरक्षित"), "safe"),
        **dict.fromkeys(("open", "খোলা", "चालू"), "open"),
        **dict.fromkeys(("closed", "বন্ধ", "bondho", "बंद"), "closed"),
    },
    frozenset(
        {
            *("reply", "answer", "ans", "press", "option", "number", "is", "my", "the", "i", "we"),
            *("am", "are", "all", "ok", "okay", "fine", "good", "thanks", "thank", "you", "yes"),
            *("please", "hi", "hello", "everyone", "and", "well", "dear", "sir", "madam"),
            *("উত্তর", "আমি", "আমরা", "আছি", "সবাই", "ভালো", "ভাল", "ধন্যবাদ", "হ্যাঁ", "জি"),
            *("respuesta", "gracias", "si", "sí", "bien", "merci", "oui", "réponse"),
        }
    ),
)

#: Answers after which nobody looks any further.
_REASSURING = frozenset({"safe", "open", "told", "well", "again"})
#: Between a digit and a letter of a script that sets no space there: 1번, 1ค่ะ. "2nd" stays one.
_JOINED = re.compile(r"(?<=\d)(?=[^\W\d_\u0000-\u024f])")
_QUESTIONS = "?؟？՞"
#: Drawn on top of a digit on phones' keyboards; no part of the word.
_ORNAMENTS = {"\ufe0e", "\ufe0f", "\u20e3"}


def with_languages(base: Words, languages: Iterable[Spoken]) -> Words:
    """The words of these languages beside those of `base`, as messages are compared.

    Nobody says in which language they write. A word that means one thing here and another there
    counts for neither, one that says nothing anywhere is no answer elsewhere, one that denies
    anywhere is never harmless, and a word for leaving that is an answer anywhere does not take a
    phone off the list: such a message stays unclear, and the question open. What `base` says
    stands.
    """
    every = tuple(languages)
    means: dict[str, set[str]] = {}
    for one in every:
        for answer, words in one.answers.items():
            for word in map(_key, words):
                means.setdefault(word, set()).add(answer)
    asks: dict[str, set[str]] = {}
    for one in every:
        for request, words in one.requests.items():
            for word in map(_key, words):
                asks.setdefault(word, set()).add(request)
    denying = _denying(word for one in every for word in one.no)
    own_harmless = {_key(word) for one in every for word in one.harmless} - denying
    harmless = own_harmless | base.harmless
    taken = harmless | base.stop | base.start | base.info | base.delete | base.more | {""}
    answers = {
        word: next(iter(found))
        for word, found in means.items()
        if len(found) == 1 and word not in taken
    }
    commands = {
        name: {_key(word) for one in every for word in getattr(one, name)} - {""}
        for name in ("stop", "start", "info", "delete", "more")
    }
    known = means.keys() | base.answers.keys() | harmless
    clear = {
        name: frozenset(
            word
            for word in words - known
            if not any(word in other for at, other in commands.items() if at != name)
        )
        for name, words in commands.items()
    }
    return Words(
        base.stop | clear["stop"],
        base.start | clear["start"],
        {**answers, **base.answers},
        frozenset(harmless),
        base.info | clear["info"],
        base.delete | clear["delete"],
        base.more | clear["more"],
        {**_clear_requests(asks, known.union(*commands.values())), **base.requests},
    )


def _clear_requests(asks: Mapping[str, set[str]], taken: AbstractSet[str]) -> dict[str, str]:
    """Word -> request, of the words that mean one thing in every language."""
    return {
        word: next(iter(found))
        for word, found in asks.items()
        if word and len(found) == 1 and word not in taken
    }


def _denying(phrases: Iterable[str]) -> set[str]:
    """Words that deny: of a phrase around one ("hindi po") only that one, else all of them."""
    split = [frozenset(_words_in(phrase)) for phrase in phrases]
    alone = {word for words in split if len(words) == 1 for word in words}
    return alone.union(*(words for words in split if not words & alone))


def _key(word: str) -> str:
    return " ".join(_words_in(word))


def understand(body: str, expected_replies: Mapping[str, str], words: Words = WORDS) -> Meaning:
    """Read `body` as an answer to a question whose replies are `expected_replies`.

    That maps an answer to its digit, such as {"safe": "1"}; digits count in any script.
    """
    said = _words_in(body)
    whole = " ".join(said)
    # A manager who is asked whether the place is open writes "বন্ধ" for closed, not for STOP.
    if words.answers.get(whole) not in expected_replies:
        if whole in words.stop:
            return Meaning(MeaningKind.STOP)
        if whole in words.start:
            return Meaning(MeaningKind.START)
        if whole in words.info:
            return Meaning(MeaningKind.INFO)
        command, code = _with_code(said)
        if command in words.delete:
            return Meaning(MeaningKind.DELETE, code)
    answer = _answer(said, expected_replies, words)
    if answer in _REASSURING and any(mark in body for mark in _QUESTIONS):
        return Meaning(MeaningKind.UNCLEAR)  # "are we safe?" is no answer
    if answer:
        return Meaning(MeaningKind.ANSWER, answer)
    if _asks_for_more(whole, words):
        return Meaning(MeaningKind.MORE)
    request = words.requests.get(whole)
    return Meaning(MeaningKind.REQUEST if request else MeaningKind.UNCLEAR, request)


def _asks_for_more(whole: str, words: Words) -> bool:
    """A word for it, or its digit, and nothing beside: "we are 9" is no request."""
    return whole == MORE_DIGIT or whole in words.more


def _with_code(said: list[str]) -> tuple[str, str | None]:
    """A command, and the number behind it."""
    if len(said) > 1 and said[-1].isdecimal():
        return " ".join(said[:-1]), said[-1]
    return " ".join(said), None


def _answer(said: list[str], expected: Mapping[str, str], words: Words) -> str | None:
    meant = {word: answer for word, answer in words.answers.items() if answer in expected}
    meant |= {name: name for name in expected}
    meant |= {digit: name for name, digit in expected.items()}
    whole = meant.get(" ".join(said))
    if whole is not None:
        return whole
    answers = {meant[word] for word in said if word in meant}
    digits = any(word.isdecimal() for word in said)
    if "help" in answers and answers - {"help"} <= _REASSURING and not digits:
        return "help"  # "not safe, please help"
    if len(answers) != 1:
        return None
    (answer,) = answers
    rest = {word for word in said if word not in meant}
    return None if answer in _REASSURING and rest - words.harmless else answer


def _words_in(body: str) -> list[str]:
    """Words and numbers in lower case, digits as 0 to 9, everything else as a gap."""
    text = unicodedata.normalize("NFKC", body).casefold()
    plain = "".join(_plain(character) for character in text)
    return _JOINED.sub(" ", plain).split()


def _plain(character: str) -> str:
    if character in _ORNAMENTS:
        return ""
    digit = unicodedata.digit(character, None)
    if digit is not None:
        return str(digit)
    category = unicodedata.category(character)
    if category == "Cf":  # marks of direction and joining stand inside words
        return ""
    return character if category[0] in "LNM" else " "
