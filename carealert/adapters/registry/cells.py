"""One row of a register file, cell by cell: values out, errors collected, nothing repeated.

An error never says what stood in the cell: the file is personal, the error may be logged.
"""

import math
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import TypeVar
from zoneinfo import ZoneInfo

import phonenumbers

from carealert.adapters.file_errors import RowError
from carealert.domain.people import Consent, Phone, PhoneSharing, Purpose

Word = TypeVar("Word", bound=StrEnum)
Number = TypeVar("Number", int, float)

_REF = re.compile(r"[\w.:/-]{1,60}")
_CODE = re.compile(r"[\w.:/ -]{1,60}")
#: Language, script, region of RFC 5646 (BCP 47); variants and extensions do not choose a text.
_LANGUAGE = re.compile(r"([a-z]{2,3})(?:-([a-z]{4}))?(?:-([a-z]{2}|\d{3}))?", re.IGNORECASE)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::00)?")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\u2028\u2029]")
_SHEET_ERRORS = frozenset(
    {"#N/A", "#REF!", "#VALUE!", "#DIV/0!", "#NAME?", "#NULL!", "#NUM!", "#SPILL!"}
)
_FIRST_YEAR, _LAST_YEAR = 1900, 2200
_YES_NO = {"yes": True, "true": True, "1": True, "no": False, "false": False, "0": False}


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
    """The cells of one row. What is wrong lands in `errors`; the value is then the default."""

    file: str
    line: int
    values: Mapping[str, str]
    defaults: Defaults
    errors: list[RowError] = field(default_factory=list)

    def wrong(self, column: str | None, what: str, fix: str) -> None:
        """Collect an error of this row."""
        self.errors.append(RowError(self.file, self.line, column, what, fix))

    def text(self, column: str, longest: int, *, lines: bool = False) -> str | None:
        """Free text, or None where the cell is empty."""
        value = self.values.get(column, "")
        if value.startswith(("=", "@")):
            self.wrong(column, "begins with = or @", "Write the value itself, not a formula")
        elif value in _SHEET_ERRORS:
            self.wrong(column, "holds a spreadsheet's error", "Mend the formula, or clear the cell")
        elif _UNPRINTABLE.search(value) or (not lines and re.search(r"[\r\n\t]", value)):
            self.wrong(column, "holds a line break or a control character", "Write it in one line")
        elif len(value) > longest:
            self.wrong(column, f"has {len(value)} characters", f"Use at most {longest}")
        else:
            return value or None
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

    def choice(self, column: str, words: type[Word], default: Word) -> Word:
        """One word of a closed list; `default` where the cell is empty."""
        found = self._words(column, words, [value] if (value := self.text(column, 60)) else [])
        return found[0] if found else default

    def word(self, column: str, words: type[Word]) -> Word | None:
        """One word of a closed list, or None where the cell is empty."""
        found = self._words(column, words, [value] if (value := self.text(column, 60)) else [])
        return found[0] if found else None

    def choices(self, column: str, words: type[Word]) -> frozenset[Word]:
        """Any words of a closed list."""
        return frozenset(self._words(column, words, self.items(column)))

    def _words(self, column: str, words: type[Word], given: Iterable[str]) -> list[Word]:
        known = {word.value.casefold(): word for word in words}
        found = [known.get(item.casefold()) for item in given]
        if None in found:
            many = f" (part {found.index(None) + 1} of the list)" if len(found) > 1 else ""
            allowed = ", ".join(word.value for word in words)
            self.wrong(column, f"is not a word of the list{many}", f"Use one of: {allowed}")
        return [word for word in found if word is not None]

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
        """A whole number from `low` to `high`, or None where the cell is empty."""
        return self._number(column, low, high, int)

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
            what = "a whole number" if read is int else "a number"
            self.wrong(column, f"is not {what}", "Use digits, and a point for decimals")
            return None
        if not (math.isfinite(number) and low <= number <= high):
            self.wrong(column, "is out of range", f"Use {low} to {high}")
            return None
        return number

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
        return value

    def language(self, column: str) -> str | None:
        """A language tag, spelled as RFC 5646 recommends, or None."""
        value = self.text(column, 35)
        found = _LANGUAGE.fullmatch(value) if value else None
        if value and not found:
            self.wrong(column, "is not a language tag", "Use BCP 47, such as bn, fil or pt-BR")
        if not found:
            return None
        language, script, region = found.groups()
        parts = (language.lower(), (script or "").title(), (region or "").upper())
        return "-".join(part for part in parts if part)

    def clock(self, column: str) -> time | None:
        """A time of day, or None."""
        value = self.text(column, 20)
        found = _CLOCK.fullmatch(value) if value else None
        if value and not found:
            self.wrong(column, "is not a time", "Use HH:MM, from 00:00 to 23:59")
        return time(int(found[1]), int(found[2])) if found else None

    def moment(self, column: str, *, whole_day: bool = False) -> datetime | None:
        """An aware moment; a date alone is its first moment, or with `whole_day` its last."""
        value = self.text(column, 40)
        if value is None:
            return None
        moment = self._moment(value, whole_day)
        if moment is None:
            fix = "Use 2026-05-31 or 2026-05-31T14:30, with an offset if not in the office's zone"
            self.wrong(column, "is not a date or moment", fix)
        return moment

    def _moment(self, value: str, whole_day: bool) -> datetime | None:
        try:
            day = date.fromisoformat(value)
        except ValueError:  # not a date alone
            try:
                moment = datetime.fromisoformat(value)
            except ValueError:
                return None
        else:
            moment = datetime.combine(day, time(0))
            # The last days of the calendar have no next day, and no honest use here.
            moment += timedelta(days=whole_day and day.year < _LAST_YEAR)
        if not _FIRST_YEAR <= moment.year <= _LAST_YEAR:
            return None
        return moment if moment.tzinfo else moment.replace(tzinfo=self.defaults.zone)

    def phone(self, column: str) -> str | None:
        """A number in E.164 that can exist, or None where the cell is empty."""
        value = self.text(column, 60)
        if value is None:
            return None
        number = _parsed(value, self.defaults.region)
        if number is None:
            fix = "Write it as text with + and the country's code"
            self.wrong(column, "cannot be a phone number", fix)
            return None
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)

    def shared_phone(self) -> Phone | None:
        """The columns `phone` and `phone_sharing`."""
        sharing = self.choice("phone_sharing", PhoneSharing, PhoneSharing.UNKNOWN)
        number = self.phone("phone")
        return Phone(number, sharing) if number else None

    def consent(self) -> Consent:
        """The consent columns; a date in `consent_expires` is the last day that it holds."""
        return Consent(
            self.choices("consent_purposes", Purpose),
            self.text("consent_giver", 100),
            self.moment("consent_expires", whole_day=True),
        )


REF_RULE = "1 to 60 letters, digits and . _ : / -"


def is_ref(value: str) -> bool:
    """True if the office may use this as a row's name."""
    return _REF.fullmatch(value) is not None


def _looks_swapped(lat: str, lon: str) -> bool:
    try:
        north, east = float(lat), float(lon)
    except ValueError:
        return False
    return 90 < abs(north) <= 180 and abs(east) <= 90


def _parsed(value: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    # A number that works inside its own town only cannot be reached by a gateway.
    reason = phonenumbers.is_possible_number_with_reason(number)
    whole = reason == phonenumbers.ValidationResult.IS_POSSIBLE and not number.extension
    return number if whole else None
