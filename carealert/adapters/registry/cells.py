"""One row of a register file, cell by cell: values out, errors collected, nothing repeated.

An error never says what stood in the cell: the file is personal, the error may be logged.
"""

import math
import re
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar, cast
from zoneinfo import ZoneInfo

from carealert.adapters.file_errors import RowError, shape_of
from carealert.adapters.registry.numbers import Unclear, e164
from carealert.adapters.registry.remarks import Remark, Remarks
from carealert.adapters.registry.values import (
    clock_of,
    day_of,
    language_of,
    moment_of,
    word_of,
    words_of,
)
from carealert.domain.people import Consent, Phone, PhoneSharing, Purpose

Word = TypeVar("Word", bound=StrEnum)
Number = TypeVar("Number", int, float)

_REF = re.compile(r"[\w.:/-]{1,60}")
_CODE = re.compile(r"[\w.:/ -]{1,60}")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029]")
_UNKNOWN_BYTES = re.compile("[\ud800-\udfff]")
#: What no plain cell has: the quick look that nearly every cell passes.
_ODD = re.compile("^[=@#]|[\x00-\x1f\x7f\u2028\u2029\ud800-\udfff]")
_SHEET_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!"}
)
#: Day numbers of spreadsheets, counted from here, that can be meant: 1954 to 2119.
_DAY_ZERO = date(1899, 12, 30)
_DAY_NUMBER = re.compile(r"[2-7]\d{4}(\.\d+)?")
_DAY_FRACTION = re.compile(r"0(\.\d+)?")
_POINT_ZERO = re.compile(r"(?<=\d)\.0+$")
#: A year that a spreadsheet shows as a date falls into this one, and so means nothing.
_YEARS_AS_DATES = 1905
_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


_PHONE_PROBLEMS: Mapping[Unclear | None, tuple[str, str]] = {
    None: ("cannot be a phone number", "Write it as text with + and the country's code"),
    Unclear.WORN_DOWN: (
        "is a number that a spreadsheet has rounded",
        "Write it again in full, as text with + and the country's code",
    ),
    Unclear.MORE_THAN_ONE: (
        "holds more than one phone number",
        "Keep one of them, and register the other person, too",
    ),
}


_NO_COUNTRY = (
    "does not say its country",
    "Write it with + and the country's code, or set phone_region if all are of one country",
)
_BARE_NUMBER = re.compile(r"[\d\s().-]{7,}")


@dataclass(frozen=True, slots=True)
class Defaults:
    """What a file leaves open: the moment of import and the office's settings.

    `region` (ISO 3166-1) reads phones without a +; None refuses them. `zone` is that of moments
    without an offset. `language` stands where none is stated.
    """

    now: datetime
    zone: ZoneInfo
    language: str
    region: str | None = None


@dataclass(slots=True)
class Cells:
    """The cells of one row. What is wrong lands in `errors`; the value is then the default.

    `shown` gives our columns the headings that the file has for them.
    """

    file: str
    line: int
    values: Mapping[str, str]
    defaults: Defaults
    remarks: Remarks
    shown: Mapping[str, str] = field(default_factory=dict)
    errors: list[RowError] = field(default_factory=list)

    def wrong(self, column: str, what: str, fix: str, *, looks: bool = True) -> None:
        """Collect an error of this row; with `looks` it says what the cell looks like."""
        name = self.shown.get(column, column)
        shape = shape_of(self.values.get(column, "")) if looks else None
        self.errors.append(RowError(self.file, self.line, name, what, fix, shape))

    def remark(self, remark: Remark, column: str) -> None:
        """Count a kindness to this cell."""
        self.remarks.add(remark, self.line, self.shown.get(column, column))

    def text(self, column: str, longest: int, *, lines: bool = False) -> str | None:
        """Free text, or None where the cell is empty."""
        value = self.values.get(column)
        if not value:
            return None
        if len(value) <= longest and not _ODD.search(value):
            return value
        return self._odd_text(column, value, longest, lines)

    def _odd_text(self, column: str, value: str, longest: int, lines: bool) -> str | None:
        problem = _text_problem(value, longest, lines=lines)
        if problem is None:
            return value
        self.wrong(column, *problem, looks=False)
        return None

    def required(self, column: str, longest: int) -> str:
        """Text that cannot be left out."""
        before = len(self.errors)
        value = self.text(column, longest)
        if value is None and len(self.errors) == before:
            self.wrong(column, "is empty", "Every row needs it")
        return value or ""

    def ref(self, column: str = "ref") -> str:
        """The office's own name for this row: it shows in addresses, lists and logs."""
        value = self.required(column, 60)
        if value and not is_ref(value):
            self.wrong(column, "is not a ref", f"Use {REF_RULE}")
        return value

    def items(self, column: str) -> list[str]:
        """The parts of a list cell; empty parts are left out."""
        value = self.text(column, 4000) or ""
        return [part.strip() for part in value.split(";") if part.strip()]

    def parts(self, column: str) -> list[str]:
        """The parts of a list cell in their places, the empty ones too; none in an empty cell."""
        value = self.text(column, 4000)
        return [part.strip() for part in value.split(";")] if value else []

    def choice(self, column: str, words: type[Word], default: Word) -> Word:
        """One word of a closed list; `default` where the cell is empty."""
        return self.word(column, words) or default

    def word(self, column: str, words: type[Word]) -> Word | None:
        """One word of a closed list, or None where the cell is empty."""
        value = self.text(column, 60)
        if value is None:
            return None
        found = cast(Word | None, word_of(words, value.casefold()))
        if found is None:
            self._not_a_word(column, words)
        return found

    def choices(self, column: str, words: type[Word]) -> frozenset[Word]:
        """Any words of a closed list."""
        value = self.text(column, 4000)
        if value is None:
            return frozenset()
        found, strange, many = words_of(words, value.casefold())
        if strange is not None:
            part = f" (part {strange} of the list)" if many > 1 else ""
            self._not_a_word(column, words, part)
        return cast(frozenset[Word], found)

    def _not_a_word(self, column: str, words: type[StrEnum], part: str = "") -> None:
        allowed = ", ".join(word.value for word in words)
        what = f"is not a word of the list{part}"
        self.wrong(column, what, f"Use one of: {allowed}", looks=not part)

    def one_of(self, column: str, words: Iterable[str]) -> str | None:
        """One of these words, or None where the cell is empty."""
        value = (self.text(column, 60) or "").casefold()
        if value and value not in words:
            self.wrong(column, "is not a word of the list", f"Use one of: {', '.join(words)}")
        return value or None

    def yes_no(self, column: str) -> bool | None:
        """Yes, no, or None for not stated."""
        value = self.one_of(column, _YES_NO)
        return _YES_NO.get(value) if value else None

    def whole(self, column: str, low: int, high: int) -> int | None:
        """A whole number from `low` to `high`, also as 4.0, or None where the cell is empty."""
        return self._number(column, low, high, _whole)

    def number(self, column: str, low: float, high: float) -> float | None:
        """A number from `low` to `high`, or None where the cell is empty."""
        return self._number(column, low, high, float)

    def _number(
        self, column: str, low: Number, high: Number, read: Callable[[str], Number]
    ) -> Number | None:
        value = self.text(column, 40)
        if value is None:
            return None
        try:
            number = read(value.replace("_", "?"))  # Python would read 1_0 as ten
        except ValueError:
            what = "a whole number" if read is _whole else "a number"
            self.wrong(column, f"is not {what}", "Use digits, and a point for decimals")
            return None
        if not (math.isfinite(number) and low <= number <= high):
            self.wrong(column, "is out of range", f"Use {low} to {high}")
            return None
        return number

    def year(self, column: str, low: int, high: int) -> int | None:
        """A year; of a whole date the year is kept, for no more was asked."""
        value = self.values.get(column, "")
        day = day_of(value) if len(value) == _DATE_LENGTH else None
        if day is None:
            return self.whole(column, low, high)
        if day.year == _YEARS_AS_DATES or not low <= day.year <= high:
            fix = "Format the column as a number, and write the year with four digits"
            self.wrong(column, "is a date that a spreadsheet made of something else", fix)
            return None
        self.remark(Remark.YEAR_OF_DATE, column)
        return day.year

    def place(self) -> tuple[float | None, float | None]:
        """(lat, lon) in WGS 84 degrees; both or neither."""
        raw = [self.values.get(column, "") for column in ("lat", "lon")]
        if all(raw) and _looks_swapped(*raw):
            fix = "lat is north-south and at most 90, lon is east-west: are they swapped?"
            self.wrong("lat", "is out of range", fix)
            return None, None
        before = len(self.errors)
        lat, lon = self.number("lat", -90.0, 90.0), self.number("lon", -180.0, 180.0)
        if (lat is None) is not (lon is None) and len(self.errors) == before:
            missing = "lat" if lat is None else "lon"
            self.wrong(missing, "is empty, and its partner is not", "State both, or neither")
        return lat, lon

    def code(self, column: str) -> str | None:
        """An area's code, or None."""
        value = self.text(column, 60)
        if value is not None and not _CODE.fullmatch(value):
            self.wrong(column, "is not a code", "Use letters, digits and . : / -")
        return sys.intern(value) if value else None

    def language(self, column: str) -> str | None:
        """A language tag, spelled as RFC 5646 recommends, or None."""
        value = self.text(column, 35)
        found = language_of(value) if value else None
        if value and not found:
            self.wrong(column, "is not a language tag", "Use BCP 47, such as bn, fil or pt-BR")
        return found

    def clock(self, column: str) -> time | None:
        """A time of day, or None."""
        value = self.text(column, 25)
        if value is None:
            return None
        if _DAY_FRACTION.fullmatch(value):
            minutes = round(float(value) * 24 * 60) % (24 * 60)
            self.remark(Remark.TIME_FRACTION, column)
            return time(*divmod(minutes, 60))
        found = clock_of(value)
        if found is None:
            self.wrong(column, "is not a time", "Use HH:MM, from 00:00 to 23:59")
        return found

    def moment(self, column: str, *, whole_day: bool = False) -> datetime | None:
        """An aware moment; a date alone is its first moment, or with `whole_day` its last."""
        value = self.text(column, 40)
        return self._moment(column, value, whole_day) if value else None

    def _moment(self, column: str, value: str, whole_day: bool) -> datetime | None:
        if _DAY_NUMBER.fullmatch(value):
            value = _from_day_number(float(value))
            self.remark(Remark.DAY_NUMBER, column)
        moment = moment_of(value, whole_day, self.defaults.zone)
        if moment is None:
            fix = "Use 2026-05-31 or 2026-05-31T14:30, with an offset if not in the office's zone"
            self.wrong(column, "is not a date or moment", fix)
        return moment

    def phone(self, column: str) -> str | None:
        """A number in E.164 that can exist, or None where the cell is empty."""
        value = self.text(column, 60)
        if value is None:
            return None
        number = e164(value, self.defaults.region)
        if isinstance(number, str):
            return number
        if number is None and self.defaults.region is None and _BARE_NUMBER.fullmatch(value):
            self.wrong(column, *_NO_COUNTRY)
        else:
            self.wrong(column, *_PHONE_PROBLEMS[number])
        return None

    def shared_phone(self) -> Phone | None:
        """The columns `phone` and `phone_sharing`."""
        sharing = self.choice("phone_sharing", PhoneSharing, PhoneSharing.UNKNOWN)
        number = self.phone("phone")
        return Phone(number, sharing) if number else None

    def consent(self) -> Consent:
        """The consent columns; a date in `consent_expires` is the last day that it holds.

        It has one moment for all purposes, or one for each in the order of the cell.
        """
        giver = self.text("consent_giver", 100)
        purposes = self.choices("consent_purposes", Purpose)
        if ";" not in self.values.get("consent_expires", ""):
            return Consent(purposes, giver, self.moment("consent_expires", whole_day=True))
        return Consent(purposes, giver, ends=self._ends())

    def _ends(self) -> tuple[tuple[Purpose, datetime], ...]:
        column = "consent_expires"
        given = self.items("consent_purposes")
        moments = self.parts(column)
        if len(given) != len(moments):
            what = f"has {len(moments)} parts for {len(given)} purposes"
            self.wrong(column, what, "Give one for all, or one for each purpose")
            return ()
        ends = {}
        for purpose, value in zip(given, moments, strict=True):
            word = word_of(Purpose, purpose.casefold())
            end = self._moment(column, value, whole_day=True) if value else None
            if word is not None and end is not None:
                ends[cast(Purpose, word)] = end
        return tuple(sorted(ends.items()))


REF_RULE = "1 to 60 letters, digits and . _ : / -"
_DATE_LENGTH = len("2026-05-31")


def _text_problem(value: str, longest: int, *, lines: bool) -> tuple[str, str] | None:
    """What is wrong with a text, and how to mend it."""
    if value.startswith(("=", "@")):
        return "begins with = or @", "Write the value itself, not a formula"
    if value in _SHEET_ERRORS:
        return "holds a spreadsheet's error", "Mend the formula, or clear the cell"
    if _UNKNOWN_BYTES.search(value):
        return "is in an unknown encoding", "Save the file as 'CSV UTF-8'"
    if _UNPRINTABLE.search(value) or (not lines and re.search(r"[\r\n\t]", value)):
        return "holds a line break or a control character", "Write it in one line"
    if len(value) > longest:
        return f"has {len(value)} characters", f"Use at most {longest}"
    return None


def is_ref(value: str) -> bool:
    """True if the office may use this as a row's name."""
    return _REF.fullmatch(value) is not None


def is_code(value: str) -> bool:
    """True if this may be an area's code."""
    return _CODE.fullmatch(value) is not None


def _whole(text: str) -> int:
    return int(_POINT_ZERO.sub("", text))


def _from_day_number(number: float) -> str:
    days, rest = divmod(number, 1)
    day = (_DAY_ZERO + timedelta(days=int(days))).isoformat()
    hours, minutes = divmod(min(round(rest * 24 * 60), 24 * 60 - 1), 60)
    return f"{day}T{hours:02}:{minutes:02}" if rest else day


def _looks_swapped(lat: str, lon: str) -> bool:
    try:
        north, east = float(lat), float(lon)
    except ValueError:
        return False
    return 90 < abs(north) <= 180 and abs(east) <= 90
