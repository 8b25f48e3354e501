"""A list as an office keeps it: 200 rows, typed by several hands, saved by several programs.

Every name is invented and every phone fictitious. The same people come as a text file of mixed
encodings and as a workbook with merged header cells.
"""

import codecs
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date, datetime, time
from pathlib import Path

import openpyxl
from openpyxl.comments import Comment

ROWS = 200
_WIDE = {ord(str(n)): 0xFF10 + n for n in range(10)}
COLUMNS = (
    "ref",
    "name",
    "birth_year",
    "gender",
    "lat",
    "lon",
    "needs",
    "phone",
    "phone_sharing",
    "consent_purposes",
    "consent_expires",
    "next_due",
    "notes",
)
_NAMES = ("José Núñez", "Zoë Müller", "Ana Lima", "Chloé Besançon", "Rui Costa")
_PHONES: Sequence[Callable[[int], object]] = (
    lambda n: f"+1 202 555 01{n % 100:02}",
    lambda n: f"203.555.01{n % 100:02}",
    lambda n: f"(204) 555-01{n % 100:02}".replace("204", "205"),
    lambda n: f"1206555_01{n % 100:02}".replace("_", ""),
    lambda n: f"120755501{n % 100:02}.0",
    lambda n: f"001 208 555 01{n % 100:02}",
    lambda n: f"1.20955501{n % 100:02}E+10" if n % 10 else "",
    lambda _: "",
)
#: line of the file (from 1, the first row of people is in line 4) -> what was typed wrong there.
WRONG: Mapping[int, tuple[str, str]] = {
    12: ("phone", "1.20956E+10"),
    31: ("phone", "call the neighbour"),
    40: ("notes", "=1+1"),
    58: ("phone", "202 555 0111 / 202 555 0112"),
    60: ("needs", "dialysis;kidneys"),
    61: ("phone", "1.55555E+10"),
    62: ("phone", "=C62"),
    63: ("phone", "555 0142"),
    77: ("birth_year", "1905-05-04"),
    90: ("lat", "22,4"),
    101: ("ref", "M-020"),
    102: ("ref", "M-021"),
    150: ("gender", "F"),
    151: ("gender", "F"),
    152: ("gender", "M"),
    160: ("consent_expires", "next spring"),
}


def people() -> Iterator[dict[str, object]]:
    """The rows, as typed; dates and numbers as a spreadsheet holds them."""
    for n in range(ROWS):
        row: dict[str, object] = {
            "ref": f"M-{n:03}",
            "name": f"{_NAMES[n % 5]} {n}" if n % 11 else f"{_NAMES[n % 5]} ",
            "birth_year": (1930 + n % 60, f"{1930 + n % 60}.0", "")[n % 3],
            "gender": ("woman", "Man", "", "WOMAN ")[n % 4],
            "lat": f" {21.9 + n / 1000:.4f}",
            "lon": f"{90.1 + n / 1000:.4f}",
            "needs": ("dialysis", "mobility; dementia;", "", "INFANT")[n % 4],
            "phone": _PHONES[n % 8](n),
            "phone_sharing": ("private", "", "Shared_Household")[n % 3],
            "consent_purposes": ("P1;P6", "p1", "")[n % 3],
            "consent_expires": ("2027-01-31", "46418", "")[n % 3],
            "next_due": ("", "46170.5")[n % 20 == 3],
            "notes": ("", "house behind the mosque\ncall twice", "-", "")[n % 4],
        }
        if n == 24:  # typed on a phone that writes wide digits
            row["phone"] = "+1 202 555 0124".translate(_WIDE)
        if n == 25:  # pasted from a web page
            row["phone"] = "+1\u00a0203\u00a0555\u00a00125"
        if n == ROWS - 1:  # somebody who is on the list already
            row |= {"name": "NUNEZ, José", "phone": "+1 202 555 0108", "lat": "21.9081"}
            row |= {"lon": "90.1081", "birth_year": "1946"}
        if n == 16:
            row |= {"name": "José Núñez", "phone": "202-555-0108", "lat": "21.9080"}
            row |= {"lon": "90.1080"}
        if wrong := WRONG.get(n + 4):
            row[wrong[0]] = wrong[1]
        yield row


def write_messy_csv(path: Path) -> None:
    """A mark, semicolons, a title above the header, and rows pasted from a Windows program."""
    lines = [_line(["Register 2026", *[""] * (len(COLUMNS) - 1)]), "", _line(COLUMNS)]
    body = codecs.BOM_UTF8 + "\r\n".join(lines).encode() + b"\r\n"
    for n, row in enumerate(people()):
        row["notes"] = str(row["notes"]).replace("\n", " ")  # one row, one line: easy to count
        text = _line([str(row[name]) for name in COLUMNS]) + "\r\n"
        body += text.encode("cp1252" if 40 <= n < 80 else "utf-8")
    path.write_bytes(body)


def write_messy_xlsx(path: Path) -> None:
    """A title over all columns, groups over several, real dates and numbers in the cells.

    Before it lies a hidden sheet of codes, behind it an old list; cells have comments.
    """
    book = openpyxl.Workbook()
    codes = book.active
    assert codes is not None
    codes.title, codes.sheet_state = "Codes", "hidden"
    codes.append(["ref", "needs", "consent_purposes"])
    codes.append(["X-1", "dialysis", "P1"])
    sheet = book.create_sheet("Register")
    book.create_sheet("Old").append(["ref", "needs"])
    book.active = 1
    sheet.append(["Register 2026"])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(COLUMNS))
    groups = {"ref": "ref", "name": "Person", "lat": "Home", "notes": "notes"}
    sheet.append([groups.get(name) for name in COLUMNS])
    sheet.append([None if groups.get(name) == name else name for name in COLUMNS])
    for column in (1, len(COLUMNS)):  # `ref` and `notes` stand over both header rows
        sheet.merge_cells(start_row=2, start_column=column, end_row=3, end_column=column)
    sheet.merge_cells(start_row=2, start_column=2, end_row=2, end_column=4)
    sheet.merge_cells(start_row=2, start_column=5, end_row=2, end_column=6)
    for row in people():
        sheet.append([_typed(name, row[name]) for name in COLUMNS])
    for cell in ("B4", "H10"):
        sheet[cell].comment = Comment("ask her daughter", "the clerk")
    book.save(path)


def _line(cells: Sequence[str]) -> str:
    return ";".join(f'"{cell}"' if ";" in cell or '"' in cell else cell for cell in cells)


def _typed(name: str, value: object) -> object:
    """What a spreadsheet makes of it."""
    if name == "consent_expires" and value == "2027-01-31":
        return date(2027, 1, 31)
    if name == "next_due" and value == "46170.5":
        return datetime.combine(date(2026, 5, 28), time(12, 0))
    if name in ("lat", "lon", "birth_year", "consent_expires") and _is_number(value):
        return float(str(value))
    if name == "phone" and str(value).isdigit():
        return int(str(value))
    return value if value != "" else None


def _is_number(value: object) -> bool:
    return str(value).strip().replace(".", "", 1).isdigit()
