"""Places by name: the text of an `areaDesc` against the names of areas, in any language.

Names compare without case, accents, punctuation and words for a kind of area. Nothing is guessed:
a name must be the same, and belong to one place only.
"""

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

#: A list of places: a part is looked up as a whole before it is taken apart at "and".
_LIST = re.compile(r"[,;/|\n\u060c\u3001\uff0c\uff1b\u2022]+")
_AND = re.compile(r"\s+(?:and|&|y|e|et|und|og|och|dan|ve|এবং|ও|और|व|तथा|اور|و|и|та|และ|và)\s+")
#: Words that turn a list into its opposite, or mean another place than the one they name.
_NOT_A_LIST = re.compile(
    r"\b(?:near|around|between|adjacent|surrounding|off|except|excluding|outside|without|"
    r"parts? of|portions? of|(?:nor|sou)th(?:ern)? of|(?:ea|we)st(?:ern)? of|other than|apart from|"
    r"excepto|salvo|sauf|hormis|excepté|außer|ausgenommen|ohne|exceto|kecuali|maliban|hariç|"
    r"tranne|eccetto|кроме)\b|ব্যতীত|ছাড়া|छोड़कर|के अलावा|ماعدا|باستثناء|除く"
)
_KINDS = """
    district districts zila zilla jela upazila upazilla upozila thana subdistrict division
    divisions province provinces state county counties region municipality municipal regency
    governorate prefecture canton commune parish borough department departement departamento
    provincia provincie provinz distrito distrik municipio municipiu estado région oblast rayon
    raion okrug krai landkreis kreis kabupaten kecamatan kelurahan kota barangay bgy brgy il ilçe
    ili ilçesi wilaya wilayah mohafazah woreda zone ward taluk taluka tehsil tahsil mandal block
    জেলা উপজেলা বিভাগ থানা ইউনিয়ন जिला ज़िला राज्य तहसील ضلع محافظة ولاية область район
"""
_FILLERS = frozenset({"of", "de", "du", "des", "del", "di", "da", "do", "d", "the"})
_MARKS = dict.fromkeys([*range(0x300, 0x370), *range(0x64B, 0x653), 0x640])
_LETTERS = str.maketrans("ıøłđðþæœ", "iolddtao")


@dataclass(frozen=True, slots=True)
class PlaceName:
    """A name as it compares: its own words, and the words for a kind of area beside them."""

    own: str
    kinds: frozenset[str]

    def agrees(self, other: "PlaceName") -> bool:
        """True unless both say what kind of area they are, and differ."""
        return not (self.kinds and other.kinds) or self.kinds == other.kinds


@lru_cache(maxsize=65536)
def place_name(text: str) -> PlaceName | None:
    """A name to be compared; None where nothing of it is left, or only digits."""
    folded = unicodedata.normalize("NFKD", text.casefold()).translate(_MARKS)
    words = _words(unicodedata.normalize("NFC", folded).translate(_LETTERS))
    kinds = [word for word in words if word in _PLAIN_KINDS]
    own = [word for word in words if word not in _PLAIN_KINDS]
    if kinds:  # "the district of Barguna"
        own = [word for word in own if word not in _FILLERS]
    if not own or all(word.isdigit() for word in own):
        return None
    return PlaceName(" ".join(own), frozenset(kinds))


def parts_of(text: str) -> list[tuple[str, ...]]:
    """The places that a description lists, each as spellings to try: whole, then at "and".

    Empty where it cannot be read as a list: "all districts except Dhaka" names the wrong place.
    """
    if not text.strip() or _NOT_A_LIST.search(text.casefold()):
        return []
    return [
        tuple(one.strip() for one in (part, *_AND.split(part)) if one.strip())
        for part in _LIST.split(text)
        if part.strip()
    ]


def _words(text: str) -> list[str]:
    """Punctuation parts words, but not the signs that Indic scripts write inside them."""
    spaced = "".join(
        letter if letter.isspace() or unicodedata.category(letter)[0] in "LMN" else " "
        for letter in text
    )
    return spaced.split()


def _plain_kind(word: str) -> str:
    folded = unicodedata.normalize("NFKD", word.casefold()).translate(_MARKS)
    return unicodedata.normalize("NFC", folded).translate(_LETTERS)


_PLAIN_KINDS = frozenset(map(_plain_kind, _KINDS.split()))
