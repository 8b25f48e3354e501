"""Which hazard an official message means, and which words or code said so.

The crosswalk comes as rows of `rules/hazards.tsv`; an earlier row wins where a code stands in
several, unless the text decides between them.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from carealert.domain.hazards import Hazard
from carealert.domain.warnings import Category, Named


@dataclass(frozen=True, slots=True)
class HazardFinding:
    """A hazard, and what in the message decided."""

    hazard: Hazard
    evidence: str


@dataclass(frozen=True, slots=True)
class _Phrase:
    """Normalised words that mean a hazard in one language (or in any, where it is empty)."""

    words: tuple[str, ...]
    language: str
    hazard: Hazard
    row: int

    @property
    def text(self) -> str:
        return " ".join(self.words)

    @property
    def rank(self) -> tuple[int, int, str]:
        """Longest first, then in the order of the table."""
        return (-len(self.text), self.row, self.text)


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
_SEPARATORS = re.compile(
    r"[\s!-&(-/:-@\[-`{-~।॥\u00a0-\u00bf\u2000-\u200a\u200e-\u200f\u2010-\u206f\u3000-\u303f]+"
)
_MARKS = re.compile(r"[\[\](){}*#!:|/\-–—]+")
#: Scripts written without spaces between words (Korean joins its particles to them).
_UNSPACED = re.compile(r"[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff"
                       r"\uac00-\ud7af\uf900-\ufaff]")  # fmt: skip
_NOT_A_TEST = ("not a test", "not a drill", "not an exercise", "no es un simulacro")
_SAME_LANGUAGE = {"tl": "fil", "in": "id", "iw": "he"}
#: Shorter words of other languages than the info's own mean something else too often.
_FOREIGN_LENGTH = 5
_DESCRIPTION_LENGTH = 5
_NOT_A_HAZARD = frozenset({Hazard.TEST_MESSAGE, Hazard.NO_WARNING, Hazard.OTHER})
_ONLY_TEST = (Hazard.TEST_MESSAGE,)


class HazardTable:
    """The crosswalk, ready to be asked. Immutable; the same question gets the same answer."""

    def __init__(self, rows: Iterable[Mapping[str, str]]) -> None:
        """Read rows of `rules/hazards.tsv`; raises ValueError for a code that is not a Hazard."""
        self._codes: dict[tuple[str, str], tuple[Hazard, ...]] = {}
        self._by_first: dict[str, list[_Phrase]] = {}
        self._unspaced: list[_Phrase] = []
        self._by_category: dict[str, tuple[Hazard, ...]] = {}
        for number, row in enumerate(rows):
            hazard = Hazard(row["code"])
            for system, code in _codes_of(row):
                known = self._codes.get((system, code), ())
                self._codes[system, code] = known if hazard in known else (*known, hazard)
            for phrase in _phrases_of(row, hazard, number):
                self._keep(phrase)
            if hazard not in _NOT_A_HAZARD:
                category = row.get("cap_category", "")
                self._by_category[category] = (*self._by_category.get(category, ()), hazard)
        self._unspaced.sort(key=lambda phrase: phrase.rank)
        every = (*self._unspaced, *(p for found in self._by_first.values() for p in found))
        tests = {phrase.text for phrase in every if phrase.hazard is Hazard.TEST_MESSAGE}
        self._test_signs = tuple(sorted({max(p.split(" "), key=len) for p in tests}))
        self._test_phrases = tuple(sorted(p for p in tests if " " in p or _UNSPACED.search(p)))

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
        spoken = _primary(language)
        in_event = self._search(event, spoken)
        facts = _facts(parameters)
        test = self._test(in_event, event, event_codes, facts, headline, description, spoken)
        return test or self._real(
            in_event, event_codes, facts, headline, description, categories, spoken
        )

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
        spoken = _primary(language)
        in_event = self._search(event, spoken)
        facts = _facts(parameters)
        return self._real(in_event, event_codes, facts, headline, description, categories, spoken)

    def _real(
        self,
        in_event: Sequence[_Phrase],
        event_codes: Named,
        facts: Mapping[str, str],
        headline: str | None,
        description: str | None,
        categories: Sequence[Category],
        spoken: str,
    ) -> HazardFinding:
        return (
            _no_warning(in_event, facts)
            or self._by_code(event_codes, facts, in_event)
            or _by_words(in_event, "event")
            or _by_words(self._search(headline, spoken), "headline")
            or _by_words(self._search(description, spoken), "description")
            or self._by_the_category(categories)
        )

    def _keep(self, phrase: _Phrase) -> None:
        if _UNSPACED.search(phrase.text):
            self._unspaced.append(phrase)
        else:
            self._by_first.setdefault(phrase.words[0], []).append(phrase)

    def _search(self, text: str | None, language: str) -> list[_Phrase]:
        """Phrases in the text, best first: the info's own language and English, else others."""
        if not text:
            return []
        words = _words(text)
        found = [
            phrase
            for at, word in enumerate(words)
            for phrase in self._by_first.get(word, ())
            if words[at : at + len(phrase.words)] == phrase.words
        ]
        if _UNSPACED.search(text):
            joined = " ".join(words)
            found += [phrase for phrase in self._unspaced if phrase.text in joined]
        if len(found) < 2 and not (found and found[0].language not in (language, "en")):
            return found
        own = [phrase for phrase in found if phrase.language in (language, "en")]
        if not own:
            own = [p for p in found if len(p.text) >= _FOREIGN_LENGTH or not p.text.isascii()]
        return sorted(own, key=lambda phrase: phrase.rank)

    def _test(
        self,
        in_event: Sequence[_Phrase],
        event: str,
        event_codes: Named,
        facts: Mapping[str, str],
        headline: str | None,
        description: str | None,
        language: str,
    ) -> HazardFinding | None:
        for name, value in event_codes:
            if self._lookup(name, value) == _ONLY_TEST:
                return HazardFinding(Hazard.TEST_MESSAGE, f"eventCode {name} {value}")
        vtec = _VTEC.search(facts.get("vtec", ""))
        if vtec and vtec[1] != "O":
            return HazardFinding(Hazard.TEST_MESSAGE, f"VTEC class {vtec[1]}")
        found = (
            _test_words(in_event, "event", 1)
            or self._test_in_headline(headline, language)
            or self._test_in_text(description, "description", language)
        )
        if found and any(no in f"{event} {headline}".casefold() for no in _NOT_A_TEST):
            return None
        return found

    def _test_in_text(self, text: str | None, where: str, language: str) -> HazardFinding | None:
        if not text:
            return None
        plain = " ".join(text.casefold().split())
        # Two quick looks spare nearly every text the search by words.
        if not any(sign in plain for sign in self._test_signs):
            return None
        if not any(phrase in plain for phrase in self._test_phrases):
            return None
        return _test_words(self._search(text, language), where, 2)

    def _test_in_headline(self, headline: str | None, language: str) -> HazardFinding | None:
        """A whole phrase, or a single word that stands alone between marks: `[TEST]`, `TEST:`."""
        found = self._test_in_text(headline, "headline", language)
        if found or not headline or not _MARKS.search(headline):
            return found
        for part in _MARKS.split(headline):
            if words := _words(part):
                alone = [p for p in self._by_first.get(words[0], ()) if p.words == words]
                if found := _test_words(alone, "headline", 1):
                    return found
        return None

    def _lookup(self, name: str, value: str) -> tuple[Hazard, ...]:
        system = _system(name)
        return self._codes.get((system, _code(system, value)), ()) if system else ()

    def _by_code(
        self, event_codes: Named, facts: Mapping[str, str], in_event: Sequence[_Phrase]
    ) -> HazardFinding | None:
        for name, value in event_codes:
            hazards = self._lookup(name, value)
            if not hazards and name.casefold() == "nationalweatherservice":
                hazards = self._codes.get(("vtec", value[:2]), ())
            if found := _choose(hazards, in_event, f"eventCode {name} {value}"):
                return found
        if vtec := _VTEC.search(facts.get("vtec", "")):
            hazards = self._codes.get(("vtec", vtec[2]), ())
            if found := _choose(hazards, in_event, f"VTEC {vtec[2]}"):
                return found
        for name in ("awareness_type", "eventtype"):
            value = facts.get(name, "").partition(";")[0].strip()
            hazards = self._codes.get((name, value.upper()), ())
            if value and (found := _choose(hazards, in_event, f"{name} {value}")):
                return found
        return None

    def _by_the_category(self, categories: Sequence[Category]) -> HazardFinding:
        for category in categories:
            hazards = self._by_category.get(category.value, ())
            if len(hazards) == 1:
                return HazardFinding(hazards[0], f"category {category.value}")
        return HazardFinding(Hazard.OTHER, "nothing in the message names a hazard")


def _choose(
    hazards: Sequence[Hazard], in_event: Sequence[_Phrase], evidence: str
) -> HazardFinding | None:
    """The first row's hazard, or the one of several that the event's words name."""
    named = [hazard for hazard in hazards if hazard not in _NOT_A_HAZARD]
    if not named:
        return None
    for phrase in in_event:
        if phrase.hazard in named:
            return HazardFinding(phrase.hazard, evidence)
    return HazardFinding(named[0], evidence)


def _no_warning(in_event: Sequence[_Phrase], facts: Mapping[str, str]) -> HazardFinding | None:
    level = facts.get("awareness_level", "")
    if level.partition(";")[0].strip() == "1":
        return HazardFinding(Hazard.NO_WARNING, f"awareness_level {level}")
    phrase = next((p for p in in_event if p.hazard is Hazard.NO_WARNING), None)
    return HazardFinding(Hazard.NO_WARNING, f"event '{phrase.text}'") if phrase else None


def _by_words(found: Sequence[_Phrase], where: str) -> HazardFinding | None:
    telling = (p for p in found if p.hazard not in _NOT_A_HAZARD)
    if where == "description":  # a "Rural Fire Service" is no fire
        telling = (p for p in telling if len(p.text) >= _DESCRIPTION_LENGTH or not p.text.isascii())
    phrase = next(telling, None)
    return HazardFinding(phrase.hazard, f"{where} '{phrase.text}'") if phrase else None


def _test_words(found: Sequence[_Phrase], where: str, at_least: int) -> HazardFinding | None:
    """A test phrase; outside of `event` single words say too little ("test results")."""
    for phrase in found:
        unspaced = where == "headline" and _UNSPACED.match(phrase.text)
        if phrase.hazard is Hazard.TEST_MESSAGE and (len(phrase.words) >= at_least or unspaced):
            return HazardFinding(Hazard.TEST_MESSAGE, f"{where} '{phrase.text}'")
    return None


def _facts(parameters: Named) -> dict[str, str]:
    """The parameters that classify, by name in lower case; the first value of each."""
    facts: dict[str, str] = {}
    for name, value in parameters:
        facts.setdefault(name.casefold(), value)
    if "nwsvtec" in facts:
        facts.setdefault("vtec", facts["nwsvtec"])
    return facts


def _system(name: str) -> str | None:
    plain = name.casefold()
    if plain == "ii":  # Deutscher Wetterdienst's event number
        return "dwd ii"
    return next((system for sign, system in _SYSTEMS if sign in plain), None)


def _code(system: str, value: str) -> str:
    digits = value.strip().upper().removeprefix("OET-")
    return f"OET-{digits:0>3}" if system == "oet" else value.strip().casefold()


def _primary(language: str | None) -> str:
    plain = (language or "").strip().casefold().replace("_", "-").partition("-")[0]
    return _SAME_LANGUAGE.get(plain, plain)


def _words(text: str) -> tuple[str, ...]:
    """Words without case, punctuation and a plural's final s."""
    plain = text if text.isascii() else unicodedata.normalize("NFC", text)
    plain = plain.casefold().replace("\u200c", "").replace("\u200d", "").replace("\u200b", "")
    return tuple(
        word[:-1] if word[-1] == "s" and len(word) > 4 else word
        for word in _SEPARATORS.split(plain)
        if word
    )


def _codes_of(row: Mapping[str, str]) -> Iterable[tuple[str, str]]:
    yield from (("oet", code) for code in row.get("oet_v1_2", "").split())
    yield from (("vtec", code) for code in row.get("nws_vtec", "").split())
    yield from (("same", code.casefold()) for code in row.get("nws_same", "").split())
    yield from (("eventtype", code) for code in row.get("gdacs", "").split())
    number = row.get("meteoalarm_type", "").partition(";")[0].strip()
    if number.isdigit():
        yield ("awareness_type", number)
    for entry in row.get("other_codes", "").split(";"):
        yield from _other_codes(entry.strip())


def _other_codes(entry: str) -> Iterable[tuple[str, str]]:
    """`CAP-CP hurricane/tropStorm`, `AU flood`, `DWD II 31-48 95`, `HMCEVE 216`, `CAP-TWP x`."""
    for system in ("cap-cp", "au", "cap-twp", "hmceve"):
        if entry.casefold().startswith(f"{system} "):
            codes = entry[len(system) + 1 :].split("/")
            yield from ((system, code.strip().casefold()) for code in codes)
    if entry.startswith("DWD II "):
        for part in entry.removeprefix("DWD II ").split():
            first, _, last = part.partition("-")
            numbers = range(int(first), int(last or first) + 1)
            yield from (("dwd ii", str(number)) for number in numbers)


def _phrases_of(row: Mapping[str, str], hazard: Hazard, number: int) -> Iterable[_Phrase]:
    """`en:Flood; Flood Warning | es:…` and `id:banjir,rob|fil:…`: language, then its phrases."""
    for column, comma in (("text_seen", ";"), ("text_proposed", ",")):
        for entry in row.get(column, "").split("|"):
            language, _, phrases = entry.partition(":")
            for phrase in phrases.split(comma):
                if words := _words(phrase):
                    yield _Phrase(words, _primary(language), hazard, number)
