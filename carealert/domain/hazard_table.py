"""Which hazard an official message means, and which words or code said so.

The crosswalk comes as rows of `rules/hazards.tsv`; an earlier row wins where a code stands in
several, unless the text decides between them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from carealert.domain.hazard_rows import (
    UNSPACED,
    Phrase,
    Signs,
    codes_of,
    phrases_of,
    primary,
    words_of,
)
from carealert.domain.hazards import Hazard
from carealert.domain.warnings import Category, Named


@dataclass(frozen=True, slots=True)
class HazardFinding:
    """A hazard, and what in the message decided."""

    hazard: Hazard
    evidence: str


#: VTEC, awareness_level, awareness_type, eventtype.
Facts = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class _Known:
    """What event and codes say: a test by a code, a test by its words, what it warns of.

    `vague` is what an event means if nothing else in the message tells more.
    """

    marked: HazardFinding | None
    worded: HazardFinding | None
    real: HazardFinding | None
    vague: HazardFinding | None


#: A sign of eventCode `valueName` (in lower case) -> the system of its values.
_SYSTEMS = (
    ("oet", "oet"),
    ("same", "same"),
    ("nationalweatherservice", "same"),
    ("cap-cp:event", "cap-cp"),
    ("aueventlist", "au"),
    ("govshare.gov.au", "au"),
    ("cap-twp", "cap-twp"),
    ("hmceve", "hmceve"),
)
_VTEC = re.compile(r"/([OTEX])\.[A-Z]{3}\.[A-Z]{4}\.([A-Z]{2})\.[A-Z]\.\d{4}")
_MARKS = re.compile(r"[\[\](){}*#!:|/\-–—]+")
_NOT_A_TEST = ("not a test", "not a drill", "not an exercise", "no es un simulacro")
#: Shorter words of other languages than the info's own mean something else too often.
_FOREIGN_LENGTH = 5
_DESCRIPTION_LENGTH = 5
#: Texts up to this length are remembered with the phrases in them.
_SHORT = 200
_NOT_A_HAZARD = frozenset({Hazard.TEST_MESSAGE, Hazard.NO_WARNING, Hazard.OTHER})
#: Members of an enumeration, asked for by every message: to look one up costs as much as to search
#: a headline.
_TEST, _NO_WARNING, _OTHER = Hazard.TEST_MESSAGE, Hazard.NO_WARNING, Hazard.OTHER
_ONLY_TEST = (_TEST,)
#: NTWC and PTWC say by an event code of this name when nobody is to do anything.
_ONLY_INFORMATION = frozenset(("information", "information statement"))
#: A "Fire" burns in a building or in the bush; the rest of the message says where.
_VAGUE = frozenset(("fire",))
_FACTS = frozenset(("vtec", "nwsvtec", "awareness_level", "awareness_type", "eventtype"))
_NO_FACTS: Facts = ("", "", "", "")


class HazardTable:
    """The crosswalk, ready to be asked. Immutable; the same question gets the same answer."""

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Read rows of `rules/hazards.tsv`; raises ValueError for a code that is not a Hazard."""
        self._codes: dict[tuple[str, str], tuple[Hazard, ...]] = {}
        self._by_first: dict[str, list[Phrase]] = {}
        self._unspaced: list[Phrase] = []
        self._by_category: dict[str, tuple[Hazard, ...]] = {}
        for number, row in enumerate(rows):
            hazard = Hazard(row["code"])
            for system, code in codes_of(row):
                known = self._codes.get((system, code), ())
                self._codes[system, code] = known if hazard in known else (*known, hazard)
            for phrase in phrases_of(row, hazard, number):
                self._keep(phrase)
            if hazard not in _NOT_A_HAZARD:
                category = row.get("cap_category", "")
                self._by_category[category] = (*self._by_category.get(category, ()), hazard)
        self._unspaced.sort(key=lambda phrase: phrase.rank)
        every = (*self._unspaced, *(p for found in self._by_first.values() for p in found))
        tests = {phrase.text for phrase in every if phrase.hazard is _TEST}
        words = tuple(phrase for phrase in tests if " " not in phrase)
        self._test_words = Signs(tests, words)
        self._test_phrases = Signs((p for p in tests if " " in p or UNSPACED.search(p)), words)
        # Agencies use the same few events and headlines again and again.
        self._phrases_in = lru_cache(maxsize=2048)(self._find)
        self._remembered = lru_cache(maxsize=2048)(self._look_up)

    def meanings(self, system: str, code: str) -> tuple[Hazard, ...]:
        """What a code of a system (`oet`, `vtec`, `awareness_type`) means; the first one wins."""
        plain = code.upper() if system in ("vtec", "awareness_type", "eventtype") else None
        return self._codes.get((system, plain or _code(system, code)), ())

    def classify(
        self,
        event: str,
        event_codes: Named,
        parameters: Named,
        headline: str | None,
        description: str | None,
        categories: Sequence[Category],
        language: str | None,
    ) -> HazardFinding:
        """Weigh the evidence from the strongest to the weakest; `other` where nothing speaks.

        Test markers, an explicit "no warning", eventCode, VTEC, MeteoAlarm's awareness_type,
        GDACS's eventtype, then the words of event, headline and description, then the category.
        """
        spoken = primary(language)
        known = self._known(event, event_codes, _facts(parameters), spoken)
        test = known.marked or self._test(known, event, headline, description, spoken)
        return test or self._real(known, headline, description, categories, spoken)

    def classify_as_real(
        self,
        event: str,
        event_codes: Named,
        parameters: Named,
        headline: str | None,
        description: str | None,
        categories: Sequence[Category],
        language: str | None,
    ) -> HazardFinding:
        """The same, for a message of which somebody knows that it is no test."""
        spoken = primary(language)
        known = self._known(event, event_codes, _facts(parameters), spoken)
        return self._real(known, headline, description, categories, spoken)

    def test_in_note(self, note: str | None) -> HazardFinding | None:
        """What in the note of a message says that it is a test; None where nothing does."""
        if not note or not self._test_words.may_be_in(note):
            return None
        return _test_words(self._search(note.replace("'", " "), ""), "note", 1)

    def _real(
        self,
        known: "_Known",
        headline: str | None,
        description: str | None,
        categories: Sequence[Category],
        spoken: str,
    ) -> HazardFinding:
        return (
            known.real
            or _by_words(
                [p for p in self._search(headline, spoken) if p.text not in _VAGUE], "headline"
            )
            or _by_words(self._search(description, spoken), "description")
            or known.vague
            or self._by_the_category(categories)
        )

    def _known(self, event: str, codes: Named, facts: Facts, spoken: str) -> "_Known":
        """What the event and its codes say: the same few, again and again, are remembered."""
        size = len(event)
        for name, value in codes:
            size += len(name) + len(value)
        if facts is not _NO_FACTS:
            size += sum(map(len, facts))
        look_up = self._remembered if size < 2 * _SHORT else self._look_up
        return look_up(event, codes, facts, spoken)

    def _look_up(self, event: str, codes: Named, facts: Facts, spoken: str) -> "_Known":
        in_event = self._search(event, spoken)
        vtec, level, _, _ = facts
        return _Known(
            marked=self._marked_as_test(codes, vtec),
            worded=_test_words(in_event, "event", 1),
            real=_no_warning(in_event, codes, level)
            or self._by_code(codes, facts, in_event)
            or _by_words([p for p in in_event if p.text not in _VAGUE], "event"),
            vague=_by_words(in_event, "event"),
        )

    def _keep(self, phrase: Phrase) -> None:
        if UNSPACED.search(phrase.text):
            self._unspaced.append(phrase)
        else:
            self._by_first.setdefault(phrase.words[0], []).append(phrase)

    def _search(self, text: str | None, language: str) -> Sequence[Phrase]:
        """Phrases in the text, best first: the info's own language and English, else others."""
        if not text:
            return ()
        return (self._phrases_in if len(text) < _SHORT else self._find)(text, language)

    def _find(self, text: str, language: str) -> Sequence[Phrase]:
        words = words_of(text)
        found = [
            phrase
            for at, word in enumerate(words)
            for phrase in self._by_first.get(word, ())
            if words[at : at + len(phrase.words)] == phrase.words
        ]
        if UNSPACED.search(text):
            joined = " ".join(words)
            found += [phrase for phrase in self._unspaced if phrase.text in joined]
        if len(found) < 2 and not (found and found[0].language not in (language, "en")):
            return found
        own = [phrase for phrase in found if phrase.language in (language, "en")]
        if not own:
            own = [p for p in found if len(p.text) >= _FOREIGN_LENGTH or not p.text.isascii()]
        return sorted(own, key=lambda phrase: phrase.rank)

    def _marked_as_test(self, codes: Named, vtec: str) -> HazardFinding | None:
        for name, value in codes:
            if self._lookup(name, value) == _ONLY_TEST:
                return HazardFinding(_TEST, f"eventCode {name} {value}")
        found = _VTEC.search(vtec)
        if found and found[1] != "O":
            return HazardFinding(_TEST, f"VTEC class {found[1]}")
        return None

    def _test(
        self,
        known: "_Known",
        event: str,
        headline: str | None,
        description: str | None,
        language: str,
    ) -> HazardFinding | None:
        found = (
            known.worded
            or self._test_in_headline(headline, language)
            or self._test_in_text(description, "description", language)
        )
        if found and any(no in f"{event} {headline}".casefold() for no in _NOT_A_TEST):
            return None
        return found

    def _test_in_text(self, text: str | None, where: str, language: str) -> HazardFinding | None:
        # Two quick looks spare nearly every text the search by words.
        if not text or not self._test_phrases.may_be_in(text):
            return None
        if not self._test_phrases.are_in(text):
            return None
        return _test_words(self._search(text, language), where, 2)

    def _test_in_headline(self, headline: str | None, language: str) -> HazardFinding | None:
        """A whole phrase, or a single word that stands alone between marks: `[TEST]`, `TEST:`."""
        if not headline or not self._test_words.may_be_in(headline):
            return None
        found = self._test_in_text(headline, "headline", language)
        if found or not _MARKS.search(headline):
            return found
        for part in _MARKS.split(headline):
            if words := words_of(part):
                alone = [p for p in self._by_first.get(words[0], ()) if p.words == words]
                if found := _test_words(alone, "headline", 1):
                    return found
        return None

    def _lookup(self, name: str, value: str) -> tuple[Hazard, ...]:
        system = _system(name)
        return self._codes.get((system, _code(system, value)), ()) if system else ()

    def _by_code(
        self, event_codes: Named, facts: Facts, in_event: Sequence[Phrase]
    ) -> HazardFinding | None:
        vtec_code, _, awareness_type, event_type = facts
        for name, value in event_codes:
            hazards = self._lookup(name, value)
            if not hazards and name.casefold() == "nationalweatherservice":
                hazards = self._codes.get(("vtec", value[:2]), ())
            if found := _choose(hazards, in_event, f"eventCode {name} {value}"):
                return found
        if vtec := _VTEC.search(vtec_code):
            hazards = self._codes.get(("vtec", vtec[2]), ())
            if found := _choose(hazards, in_event, f"VTEC {vtec[2]}"):
                return found
        for name, text in (("awareness_type", awareness_type), ("eventtype", event_type)):
            value = text.partition(";")[0].strip()
            hazards = self._codes.get((name, value.upper()), ())
            if value and (found := _choose(hazards, in_event, f"{name} {value}")):
                return found
        return None

    def _by_the_category(self, categories: Sequence[Category]) -> HazardFinding:
        for category in categories:
            hazards = self._by_category.get(category.value, ())
            if len(hazards) == 1:
                return HazardFinding(hazards[0], f"category {category.value}")
        return HazardFinding(_OTHER, "nothing in the message names a hazard")


def _choose(
    hazards: Sequence[Hazard], in_event: Sequence[Phrase], evidence: str
) -> HazardFinding | None:
    """The first row's hazard, or the one of several that the event's words name."""
    named = [hazard for hazard in hazards if hazard not in _NOT_A_HAZARD]
    if not named:
        return None
    for phrase in in_event:
        if phrase.hazard in named:
            return HazardFinding(phrase.hazard, evidence)
    return HazardFinding(named[0], evidence)


def _no_warning(in_event: Sequence[Phrase], codes: Named, level: str) -> HazardFinding | None:
    if level.partition(";")[0].strip() == "1":
        return HazardFinding(_NO_WARNING, f"awareness_level {level}")
    for name, value in codes:
        if name.casefold() == "tsunamisystemcategory" and value.casefold() in _ONLY_INFORMATION:
            return HazardFinding(_NO_WARNING, f"eventCode {name} {value}")
    phrase = next((p for p in in_event if p.hazard is _NO_WARNING), None)
    return HazardFinding(_NO_WARNING, f"event '{phrase.text}'") if phrase else None


def _by_words(found: Sequence[Phrase], where: str) -> HazardFinding | None:
    telling = (p for p in found if p.hazard not in _NOT_A_HAZARD)
    if where == "description":  # a "Rural Fire Service" is no fire
        telling = (p for p in telling if len(p.text) >= _DESCRIPTION_LENGTH or not p.text.isascii())
    phrase = next(telling, None)
    return HazardFinding(phrase.hazard, f"{where} '{phrase.text}'") if phrase else None


def _test_words(found: Sequence[Phrase], where: str, at_least: int) -> HazardFinding | None:
    """A test phrase; outside of `event` single words say too little ("test results")."""
    for phrase in found:
        unspaced = where == "headline" and UNSPACED.match(phrase.text)
        if phrase.hazard is _TEST and (len(phrase.words) >= at_least or unspaced):
            return HazardFinding(_TEST, f"{where} '{phrase.text}'")
    return None


def _facts(parameters: Named) -> Facts:
    """The parameters that classify: VTEC, awareness_level, awareness_type, GDACS's eventtype.

    The first value of each, or "".
    """
    found: dict[str, str] = {}
    for name, value in parameters:
        plain = name.casefold()
        if plain in _FACTS and plain not in found:
            found[plain] = value
    if not found:
        return _NO_FACTS
    get = found.get
    return (
        get("vtec") or get("nwsvtec", ""),
        get("awareness_level", ""),
        get("awareness_type", ""),
        get("eventtype", ""),
    )


def _system(name: str) -> str | None:
    plain = name.casefold()
    if plain == "ii":  # Deutscher Wetterdienst's event number
        return "dwd ii"
    return next((system for sign, system in _SYSTEMS if sign in plain), None)


def _code(system: str, value: str) -> str:
    digits = value.strip().upper().removeprefix("OET-")
    return f"OET-{digits:0>3}" if system == "oet" else value.strip().casefold()
