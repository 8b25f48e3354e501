"""Codes of areas, in the spellings that agencies use for one and the same code.

CAP 1.2 (section 3.2.4) leaves the name of a code system to the sender: `emma_id`, `EMMA_ID`;
`FIPS6`, `SAME`. Here each system has one name and each code one spelling. Where a system's codes
nest by their digits, `parents` says in what a code lies.
"""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache

#: More codes than one value of UGC can mean.
_MOST = 1000


@dataclass(frozen=True, slots=True)
class Geocode:
    """A code in its one spelling; `system` is a name of `SYSTEMS` or the sender's own, plain."""

    system: str
    value: str


def _alone(_: str) -> Iterable[str]:
    """The codes say nothing about each other."""
    return ()


@dataclass(frozen=True, slots=True)
class System:
    """A system of codes: its names without case and punctuation, its codes, their parents.

    `parents` gives the codes around one, nearest first, by its digits alone.
    """

    names: re.Pattern[str]
    codes: re.Pattern[str]
    parents: Callable[[str], Iterable[str]]


def _prefixes(*lengths: int) -> Callable[[str], Iterable[str]]:
    return lambda value: [value[:n] for n in sorted(lengths, reverse=True) if n < len(value)]


def _around_pcode(value: str) -> Iterable[str]:
    """OCHA: each level adds two digits or more to the country's two letters."""
    return [value[:n] for n in range(len(value) - 2, 1, -1)]


def _around_same(value: str) -> Iterable[str]:
    """47 CFR 11.31: PSSCCC; P is a part of the county, CCC 000 the whole state."""
    return [one for one in ("0" + value[1:], f"0{value[1:3]}000", "000000") if one != value]


def _around_ugc(value: str) -> Iterable[str]:
    """NWS Instruction 10-1702: 000 is every zone (Z) or county (C) of the state."""
    return [value[:3] + "000"] if value[3:] != "000" else []


def _around_psgc(value: str) -> Iterable[str]:
    """PSA: region, province, municipality and barangay; zeros where a level is not meant."""
    ends = (7, 5, 2) if len(value) == 10 else (6, 4, 2)
    found = [value[:end].ljust(len(value), "0") for end in ends]
    return [one for one in dict.fromkeys(found) if one != value]


def _around_clc(value: str) -> Iterable[str]:
    """Environment Canada: the last two digits are a part of the region that ends in 00."""
    return [value[:4] + "00"] if value[4:] != "00" else []


def _around_warncell(value: str) -> Iterable[str]:
    """DWD: 8 and a commune's eight digits lie in 1 and the district's five digits."""
    return [f"1{value[1:6]}000"] if value[0] == "8" else []


def _around_insee(value: str) -> Iterable[str]:
    """A commune begins with its département, of three digits overseas."""
    department = value[: 3 if value[:2] in ("97", "98") else 2]
    return [department] if department != value else []


def _around_jma(value: str) -> Iterable[str]:
    """A municipality lies in its prefecture; three of these are warned in parts of their own."""
    prefecture = value[:2] + "0000"
    return [] if value[:2] in ("01", "46", "47") or value == prefecture else [prefecture]


def _system(names: str, codes: str, parents: Callable[[str], Iterable[str]] = _alone) -> System:
    return System(re.compile(names), re.compile(codes), parents)


#: The systems that are known by name; any other is taken as its sender writes it.
SYSTEMS = {
    "pcode": _system(r"(ocha|un|adm\d?)*(p|place)codes?", r"[A-Z]{2}\d+", _around_pcode),
    "psgc": _system(r"psgc(code)?(10|9)?(digits?)?", r"\d{9,10}", _around_psgc),
    "same": _system(r"same(code)?|fips6?|uscountyfips", r"\d{5,6}", _around_same),
    "fips10": _system(r"fips(104)?", r"[A-Z]{2}\d{2}", _prefixes(2)),
    "ugc": _system(r"ugc(code)?|nwszone", r"[A-Z]{2}[CZ](\d{3}|ALL)", _around_ugc),
    "nuts": _system(r"nuts[0-3]?(code)?(20\d\d)?", r"[A-Z]{2}[A-Z\d]{0,3}", _prefixes(2, 3, 4)),
    "emma": _system(r"emma(id)?", r"[A-Z]{2}[A-Z\d]+"),
    "iso3166": _system(
        r"(.*profilecapau\d*)?iso3166([12]|1alpha2)?|.*isocountrycodes(html)?",
        r"[A-Z]{2}(-[A-Z\d]{1,3})?",
        _prefixes(2),
    ),
    "capcp": _system(r"(profile)?capcplocation\d*|sgc", r"\d{2}(\d{2}(\d{3})?)?", _prefixes(2, 4)),
    "clc": _system(r"(layerecmscsmc\d*)?clc(code)?", r"\d{6}", _around_clc),
    "warncellid": _system(r"(dwd)?warncellid", r"[189]\d{8}", _around_warncell),
    "insee": _system(r"(code)?insee(code)?(commune)?", r"\d[\dAB](\d|\d{3})?", _around_insee),
    "jma": _system(r"jma(area|region)?(code)?", r"\d{6,7}", _around_jma),
    "kma": _system(r"kma(area|region|zone)?(code|id)?", r"[A-Z\d]{2,12}"),
    "lgdstate": _system(r"lgdstate(code)?", r"\d{1,2}"),
    "lgddistrict": _system(r"lgddistrict(code)?", r"\d{1,3}"),
    "lgdsubdistrict": _system(r"lgdsubdistrict(code)?", r"\d{1,5}"),
    "amoc": _system(r"amoc(area)?code", r"[A-Z]{2,4}_[A-Z\d]+"),
    "taiwan": _system(r"taiwangeocode\d*", r"\d{5}(\d{2})?", _prefixes(5)),
}

_SEPARATORS = re.compile(r"[\s,;]+")
_UGC = re.compile(r"([A-Z]{2}[CZ])?(\d{3}|ALL)(?:>(\d{3}))?")
_ISO = re.compile(r"[_\u2010-\u2015]")


def read(name: str, value: str) -> tuple[Geocode, ...]:
    """The codes that one CAP `geocode` means: several where the value lists them."""
    return _read(name, value)


@lru_cache(maxsize=65536)
def _read(name: str, value: str) -> tuple[Geocode, ...]:
    text = " ".join(unicodedata.normalize("NFKC", value).split()).upper()
    candidates = _systems_named(name)
    if not candidates and _systems_named(value) and len(value) > 3:
        # Some senders exchange the two elements.
        return _read(value, name)
    for system in candidates:
        values = _values(system, text)
        if values:
            return tuple(Geocode(system, one) for one in dict.fromkeys(values))
    return (Geocode(candidates[0] if candidates else plain(name), text),)


def parents(code: Geocode) -> tuple[Geocode, ...]:
    """The codes in which `code` lies as its digits say, nearest first; empty if they do not."""
    return _parents(code)


@lru_cache(maxsize=65536)
def _parents(code: Geocode) -> tuple[Geocode, ...]:
    system = SYSTEMS.get(code.system)
    if system is None or not system.codes.fullmatch(code.value):
        return ()
    return tuple(Geocode(code.system, one) for one in system.parents(code.value))


def spellings(code: Geocode) -> frozenset[str]:
    """Ways in which a table may write the code: they find it fast, none is sure to be there."""
    value = code.value
    found = {value, value.lower()}
    if code.system == "same" and value.startswith("0"):
        found.add(value[1:])
    if code.system == "iso3166":
        found |= {value.replace("-", "_"), value.replace("-", "")}
    return frozenset(found)


def is_known(name: str) -> bool:
    """True if the name is that of one of `SYSTEMS`."""
    return bool(_systems_named(name))


def same_system(name: str, other: str) -> bool:
    """True if both names can stand for one system."""
    mine, others = _systems_named(name), _systems_named(other)
    return plain(name) == plain(other) or not set(mine).isdisjoint(others)


def plain(name: str) -> str:
    """A system's name as agencies mean it: `P-Code`, `p code` and `PCODE` are one."""
    return "".join(filter(str.isalnum, unicodedata.normalize("NFKC", name).casefold()))


@lru_cache(maxsize=1024)
def _systems_named(name: str) -> tuple[str, ...]:
    """Several where a name stands for more than one system: its codes tell which."""
    text = plain(name)
    return tuple(key for key, system in SYSTEMS.items() if system.names.fullmatch(text))


def _values(system: str, text: str) -> list[str]:
    """The codes in a text, in their one spelling; empty where it holds none of this system.

    A list is taken apart only where each piece is a code by itself: `FR 718` is one code.
    """
    if system == "ugc":
        return list(_zones(text))
    if system == "iso3166":
        text = _ISO.sub("-", text)
    codes = SYSTEMS[system].codes
    pieces = [piece for piece in _SEPARATORS.split(text) if piece]
    if not all(codes.fullmatch(piece) for piece in pieces):
        pieces = ["".join(pieces)]
    if not all(codes.fullmatch(piece) for piece in pieces):
        return []
    return [piece.zfill(6) for piece in pieces] if system == "same" else pieces


def _zones(text: str) -> Iterator[str]:
    """NWS Instruction 10-1702: `TXZ123-125>127` is 123, 125, 126 and 127; a hyphen lists."""
    state = ""
    for piece in re.split(r"[\s,;-]+", text):
        found = _UGC.fullmatch(piece)
        if found is None or not (found[1] or state):
            continue
        state = found[1] or state
        if found[2] == "ALL":
            yield f"{state}000"
            continue
        first, last = int(found[2]), int(found[3] or found[2])
        yield from (f"{state}{n:03}" for n in range(first, min(last, first + _MOST) + 1))
