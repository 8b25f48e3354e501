"""An office whose people have names, phones and notes that nobody else writes (see markers.py).

Every personal cell of its files holds a marker, so that a marker found anywhere else is a leak.
"""

import csv
from pathlib import Path

import openpyxl

NAME, LABEL, GIVER, NOTE = "Qzxamínah Qzxkhatoon", "Qzxnanima", "Qzxgivenby", "Qzxstairwell"
CARER, OTHER_CARER, MANAGER, DEPUTY = "Qzxrahimah", "Qzxkarimul", "Qzxshirinah", "Qzxdeputee"
SAID, REJECTED, UNKNOWN = "Qzxcomequickly", "Qzxrejected", "Qzxstranger"
WORDS = (
    *(*NAME.split(), LABEL, GIVER, NOTE, CARER, OTHER_CARER),
    *(MANAGER, DEPUTY, SAID, REJECTED, UNKNOWN),
)
RESIDENT_PHONE, CARER_PHONE, OTHER_PHONE = "+12025550173", "+12035550184", "+12055550195"
MANAGER_PHONE, DEPUTY_PHONE = "+12065550176", "+12075550187"
REJECTED_PHONE, STRANGER_PHONE = "+12085550198", "+12095550179"
PHONES = (
    *(RESIDENT_PHONE, CARER_PHONE, OTHER_PHONE, MANAGER_PHONE, DEPUTY_PHONE),
    *(REJECTED_PHONE, STRANGER_PHONE),
)
#: Needs that no facility is called by: in a row about a person they are in the clear nowhere.
NEEDS = ("power_dependent_breathing", "cold_chain_medicine")

_NEEDED = ";".join(NEEDS)
_RESIDENTS = f"""\
ref,name,label,lat,lon,language,needs,phone,phone_sharing,consent_purposes,consent_giver,notes
R-1,{NAME},{LABEL},22.05,89.97,en,{_NEEDED},+1 202 555 0173,private,P1;P6,{GIVER},{NOTE}
R-2,{OTHER_CARER},{LABEL},22.051,89.971,bn,dialysis,,,P1,{GIVER},{NOTE}
R-3,{NAME},{LABEL},23.7806,90.4074,en,{_NEEDED},,,P1,{GIVER},{NOTE}
"""
_CAREGIVERS = f"""\
ref,name,phone,phone_sharing,language,cares_for,role,consent_purposes
C-1,{CARER},(203) 555-0184,private,en,R-1;R-2;R-3,primary,P2
C-2,{OTHER_CARER},1 205 555 0195,shared_household,en,R-2,backup,P2
"""
_FACILITIES = f"""\
ref,name,type,lat,lon,manager_name,manager_phone,deputy_name,deputy_phone
F-1,River Clinic,clinic,22.052,89.972,{MANAGER},{MANAGER_PHONE},{DEPUTY},{DEPUTY_PHONE}
"""
#: A marker in every cell: what is wrong with each is told, and none of them is repeated.
_WRONG = f"""\
ref,name,gender,language,needs,phone,lat,lon,consent_purposes,birth_year,next_due
{REJECTED} 1,={REJECTED},{REJECTED},{REJECTED},{REJECTED},{REJECTED_PHONE}/{REJECTED_PHONE},\
{REJECTED},{REJECTED},{REJECTED},{REJECTED},{REJECTED}
R-8,{REJECTED},{REJECTED},,{REJECTED},20855501,,,P1,{REJECTED},{REJECTED},{REJECTED}
R-9,{REJECTED},,,,call {REJECTED_PHONE},99,,P1,,
R-9,{REJECTED},,,,{REJECTED_PHONE[1:]},,,P1,,
"""


def write_files(folder: Path) -> None:
    """residents.csv, caregivers.xlsx, facilities.csv; wrong.csv, of which no row is good."""
    folder.mkdir()
    for name, text in (
        ("residents.csv", _RESIDENTS),
        ("facilities.csv", _FACILITIES),
        ("wrong.csv", _WRONG),
        ("headless.csv", f"{REJECTED},{REJECTED_PHONE},P1\n"),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    book = openpyxl.Workbook()
    assert book.active is not None
    for row in csv.reader(_CAREGIVERS.splitlines()):
        book.active.append(row)
    book.save(folder / "caregivers.xlsx")
