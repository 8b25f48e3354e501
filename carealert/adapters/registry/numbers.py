"""Phone numbers as people and spreadsheets write them, as E.164 (ITU-T) or not at all.

A number that works inside its own town only cannot be reached by a gateway, and a guessed country
would send somebody's message to a stranger: both are refused.
"""

import re
from enum import Enum

import phonenumbers


class Unclear(Enum):
    """Why a number that looks like one was refused."""

    WORN_DOWN = "a spreadsheet kept its first digits only"
    MORE_THAN_ONE = "there are two of them"


_FRACTION = re.compile(r"\+?(\d{7,15})\.0")
_SCIENTIFIC = re.compile(r"(\d)[.,]?(\d*)[eE]\+?(\d{1,2})")
_ABROAD = re.compile(r"^00[\s.-]*(?=[1-9][\d\s().-]{7,}$)")
_SEVERAL = re.compile(r"[/,;|]|\b(?:or|and|o|ou|e)\b")
_LEAST_DIGITS = 7


def e164(value: str, region: str | None) -> str | Unclear | None:
    """The number in E.164; None where it cannot be one.

    `region` (ISO 3166-1) reads numbers without a +; 00 stands for the +. Spaces, dots, brackets
    and dashes do not count. What a spreadsheet made of a number (12025550142.0 or
    1.2025550142E+10) is read while no digit is lost.
    """
    value = value.replace("\u00a0", " ")
    if whole := _FRACTION.fullmatch(value):
        value = value[: whole.end(1)]
    elif short := _SCIENTIFIC.fullmatch(value):
        first, rest, power = short.groups()
        if len(rest) != int(power):
            return Unclear.WORN_DOWN
        value = first + rest
    value = _ABROAD.sub("+", value)
    number = _parsed(value, region)
    if number is not None:
        return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    parts = [part for part in _SEVERAL.split(value) if sum(map(str.isdigit, part)) >= _LEAST_DIGITS]
    return Unclear.MORE_THAN_ONE if len(parts) > 1 else None


def _parsed(value: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        number = phonenumbers.parse(value, region)
    except phonenumbers.NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(number)
    whole = reason == phonenumbers.ValidationResult.IS_POSSIBLE and not number.extension
    return number if whole else None
