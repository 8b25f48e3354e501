"""Other people's columns: what a map says is done, what it leaves open is asked for."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import pytest

from carealert.adapters.registry.cells import Defaults
from carealert.adapters.registry.csv_text import UnreadableSheet
from carealert.adapters.registry.files import (
    RESIDENT_COLUMNS,
    Scan,
    Source,
    scan_caregivers,
    scan_facilities,
    scan_residents,
)
from carealert.adapters.registry.map_files import FileMap, read_map
from carealert.adapters.registry.rejects import write_rejects
from carealert.adapters.registry.rows import CaregiverRow
from carealert.adapters.registry.suggest import propose, suggest_map
from carealert.domain.people import CareRole, Gender, Need, Purpose, Resident

DEFAULTS = Defaults(datetime(2026, 5, 26, tzinfo=UTC), ZoneInfo("Asia/Dhaka"), "pt-BR", "US")

HOUSEHOLD = [
    "start",
    "person/full_name",
    "person/sex",
    "home",
    "_home_latitude",
    "_home_longitude",
    "care/needs",
    "care/needs/dialise",
    "care/needs/oxygen",
    "care/needs/wheelchair",
    "person/mobile",
    "agree",
    "_uuid",
    "_index",
]
GPS, CHOSEN = "22.35 90.33 4 5", "dialise wheelchair"
PEOPLE = [
    ["t", "Maria", "mulher", GPS, 22.35, 90.33, CHOSEN, 1, 0, 1, 12025550142, "yes", "u-1", 1],
    ["t", "João", "Homem", "", None, None, "", 0, 0, 0, None, "no", "u-2", 2],
]
CARERS = [
    ["carer/nome", "carer/telefone", "carer/consent", "_index", "_parent_index"],
    ["Ana", "202 555 0143", "yes", 1, 1],
    ["Rui", "202.555.0144", "no", 2, 1],
    ["Lia", "2025550145", "yes", 3, 2],
]
MAP = """\
sheet: Household
columns:
  ref: _uuid
  name: person/full_name
  gender: person/sex
  lat: _home_latitude
  lon: _home_longitude
  needs: care/needs
  phone: person/mobile
  consent_purposes: agree
values:
  gender: {mulher: woman, homem: man}
  consent_purposes: {yes: "P1;P6", no: ""}
  needs: {dialise: dialysis, oxygen: power_dependent_breathing, wheelchair: mobility}
constants:
  second_language: en
caregivers:
  sheet: carers
  columns:
    name: carer/nome
    phone: carer/telefone
    consent_purposes: carer/consent
  values:
    consent_purposes: {yes: P2, no: ""}
  constants: {role: backup}
"""


def kobo(path: Path, people: Sequence[Sequence[object]] = PEOPLE) -> Path:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Household"
    for row in [HOUSEHOLD, *people]:
        sheet.append(list(row))
    carers = book.create_sheet("carers")
    for row in CARERS:
        carers.append(list(row))
    book.save(path)
    return path


def mapped(folder: Path, text: str = MAP, name: str = "map.yaml") -> FileMap:
    path = folder / name
    path.write_text(text, "utf-8")
    return read_map(path)


def scans(file: Path, columns: FileMap) -> tuple[Scan[Resident], Scan[CaregiverRow]]:
    assert columns.residents
    assert columns.caregivers
    main = Source(file, columns.residents.sheet, columns.residents)
    carers = Source(file, columns.caregivers.sheet, columns.caregivers, main)
    return scan_residents(main, DEFAULTS), scan_caregivers(carers, DEFAULTS)


def test_a_kobo_export_with_its_repeat_group_is_read(tmp_path: Path) -> None:
    residents, caregivers = scans(kobo(tmp_path / "k.xlsx"), mapped(tmp_path))
    assert residents.errors == caregivers.errors == []
    maria, joao = residents.items
    assert (maria.ref, maria.name, maria.gender) == ("u-1", "Maria", Gender.WOMAN)
    assert (maria.lat, maria.lon) == (22.35, 90.33)
    assert maria.needs == {Need.DIALYSIS, Need.MOBILITY}
    assert maria.phone is not None
    assert maria.phone.number == "+12025550142"
    assert maria.consent.purposes == {Purpose.ALERT_ME, Purpose.STATISTICS}
    assert (maria.language, maria.second_language) == ("pt-BR", "en")
    assert (joao.gender, joao.needs, joao.lat, joao.phone) == (Gender.MAN, set(), None, None)
    assert joao.consent.purposes == set()
    assert [(who.ref, who.name, links[0].resident_ref) for who, links in caregivers.items] == [
        ("u-1/1", "Ana", "u-1"),
        ("u-1/2", "Rui", "u-1"),
        ("u-2/1", "Lia", "u-2"),
    ]
    (ana, links), (rui, _), _ = caregivers.items
    assert ana.consent.purposes == {Purpose.ALERT_CARER}
    assert rui.consent.purposes == set()
    assert links[0].role is CareRole.BACKUP


def test_answers_in_one_cell_and_a_point_in_one_cell_are_taken_apart(tmp_path: Path) -> None:
    text = MAP.replace("_home_latitude", "home").replace("_home_longitude", "home")
    people = [row[:7] + row[10:] for row in PEOPLE]
    header = HOUSEHOLD[:7] + HOUSEHOLD[10:]
    path = tmp_path / "k.csv"
    lines = [header, *people]
    path.write_text("\n".join(",".join(str(c or "") for c in row) for row in lines) + "\n")
    columns = mapped(tmp_path, text.replace("sheet: Household\n", ""))
    scan = scan_residents(Source(path, None, columns.residents), DEFAULTS)
    assert scan.errors == []
    maria = scan.items[0]
    assert maria.needs == {Need.DIALYSIS, Need.MOBILITY}
    assert (maria.lat, maria.lon) == (22.35, 90.33)


def test_a_question_that_stands_in_its_answers_alone_is_enough(tmp_path: Path) -> None:
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Household"
    for row in [HOUSEHOLD, *PEOPLE]:
        sheet.append([*row[:6], *row[7:]])
    book.create_sheet("carers").append(CARERS[0])
    book.save(tmp_path / "k.xlsx")
    residents, _ = scans(tmp_path / "k.xlsx", mapped(tmp_path))
    assert residents.errors == []
    assert residents.items[0].needs == {Need.DIALYSIS, Need.MOBILITY}


def test_errors_name_their_heading_and_ours(tmp_path: Path) -> None:
    people = [["t", "Maria", "other", "", None, None, "", 1, 0, 0, "12", "yes", "u-1", 1]]
    residents, _ = scans(kobo(tmp_path / "k.xlsx", people), mapped(tmp_path))
    said = [str(error) for error in residents.errors]
    assert said[0].startswith("k.xlsx[Household], line 2, column person/sex (gender): ")
    assert said[1].startswith("k.xlsx[Household], line 2, column person/mobile (phone): ")


def test_an_answer_without_a_word_of_ours_is_refused(tmp_path: Path) -> None:
    text = MAP.replace(", wheelchair: mobility", "")
    residents, _ = scans(kobo(tmp_path / "k.xlsx"), mapped(tmp_path, text))
    (error,) = residents.errors
    assert "column care/needs (needs): is not a word of the list (part 2" in str(error)


def test_a_heading_that_is_not_in_the_file_is_named_with_its_neighbour(tmp_path: Path) -> None:
    text = MAP.replace("person/mobile", "person/mobil")
    residents, _ = scans(kobo(tmp_path / "k.xlsx"), mapped(tmp_path, text))
    (error,) = residents.errors
    assert "column person/mobil: is in the mapping and not in the file" in str(error)
    assert "Write person/mobile, if that is meant." in str(error)
    residents, _ = scans(
        kobo(tmp_path / "k.xlsx"), mapped(tmp_path, MAP.replace("Household", "Home"))
    )
    assert "there is no sheet 'Home'. Its sheets are Household, carers" in str(residents.errors[0])


def test_caregivers_may_stand_in_the_row_of_their_resident(tmp_path: Path) -> None:
    path = tmp_path / "h.csv"
    path.write_text("id,needs,ok,carer,tel\nA,infant,P1,Ana,+12025550143\nB,infant,P1,,\n")
    text = """\
columns: {ref: id, needs: needs, consent_purposes: ok}
caregivers:
  columns: {name: carer, phone: tel, consent_purposes: tel}
  values: {consent_purposes: {"+12025550143": P2}}
"""
    residents, caregivers = scans(path, mapped(tmp_path, text))
    assert [one.ref for one in residents.items] == ["A", "B"]
    ((ana, links),) = caregivers.items
    assert (ana.ref, links[0].resident_ref) == ("A/1", "A")


def test_a_map_may_be_toml(tmp_path: Path) -> None:
    text = """\
[columns]
ref = "id"
needs = "n"
consent_purposes = "ok"
[values.needs]
dialise = "dialysis"
"""
    columns = mapped(tmp_path, text, "map.toml").residents
    assert columns is not None
    assert columns.values == {"needs": {"dialise": "dialysis"}}


def test_facilities_have_maps_too(tmp_path: Path) -> None:
    (tmp_path / "m.yaml").write_text(
        "columns: {ref: id, name: nome, type: tipo}\nvalues: {type: {abrigo: shelter}}\n"
    )
    (tmp_path / "f.csv").write_text("id,nome,tipo,x\nF-1,Escola,Abrigo,1\n")
    columns = read_map(tmp_path / "m.yaml", facilities=True).facilities
    scan = scan_facilities(Source(tmp_path / "f.csv", None, columns), DEFAULTS)
    assert [(one.ref, one.type.value) for one in scan.items] == [("F-1", "shelter")]


NEEDED = "columns: {ref: a, needs: b, consent_purposes: c}\n"
WRONG_MAPS = [
    ("columns: {ref: a}\n", "columns.needs: is missing"),
    (NEEDED + "constants: {consent_purposes: P1}\n", "cannot be the same for everybody"),
    (NEEDED.replace("needs", "need"), "columns.need: is not a column of ours. Write needs, if"),
    (NEEDED + "value: {}\n", "value: is not known. Known are sheet, columns"),
    (NEEDED + "values: {needs: dialysis}\n", "needs: is not a group of names and values"),
    (NEEDED + "values: 7\n", "values: is not a group of names and values"),
    (NEEDED + "sheet: [a]\n", "sheet: is not a text"),
    (NEEDED + "caregivers: {columns: {name: x}}\n", "caregivers.columns.phone: is missing"),
    (NEEDED + "caregivers: 1\n", "caregivers: is not a group of settings"),
    ("constants: {language: bn}\n", "columns: is missing"),
    ("[1]\n", "the file is not a mapping"),
    ("columns: {a: [\n", "is not YAML"),
    ("columns: &x {ref: a}\n", "anchors"),
]


@pytest.mark.parametrize(("text", "says"), WRONG_MAPS)
def test_a_wrong_map_says_what_and_where(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UnreadableSheet) as problem:
        mapped(tmp_path, text)
    told = [str(error) for error in problem.value.errors]
    assert any(one.startswith("map.yaml") and says in one for one in told), told


def test_a_map_that_is_not_there_or_no_toml_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UnreadableSheet, match="cannot be opened"):
        read_map(tmp_path / "none.yaml")
    with pytest.raises(UnreadableSheet, match="not TOML"):
        mapped(tmp_path, "columns = [", "m.toml")


def test_the_proposed_map_of_an_export_can_be_read_and_says_what_it_lacks(tmp_path: Path) -> None:
    text = suggest_map(kobo(tmp_path / "k.xlsx"))
    columns = mapped(tmp_path, text)
    assert columns.residents
    assert columns.caregivers
    assert columns.residents.columns["lat"] == "_home_latitude"
    assert columns.residents.columns["ref"] == "_uuid"
    assert columns.residents.columns["phone"] == "person/mobile"
    assert columns.residents.values["needs"]["dialise"] == "dialysis"
    assert columns.residents.values["needs"]["wheelchair"] == "mobility"
    assert columns.caregivers.columns["name"] == "carer/nome"
    assert columns.caregivers.columns["phone"] == "carer/telefone"
    assert columns.caregivers.sheet == "carers"
    for private in ("Maria", "2025550", "Ana", "mulher"):
        assert private not in text, "cells are not looked at"


HEADINGS = [
    ("Nombre completo,Sexo,Teléfono,Idioma,Año de nacimiento,Necesidades,Consentimiento", "es"),
    ("Nome,Sexo,Celular,Língua,Ano de nascimento,Necessidades,Consentimento", "pt"),
    ("Nom complet,Sexe,Téléphone,Langue,Année de naissance,Besoins,Consentement", "fr"),
    ("Nama,Jenis kelamin,Nomor HP,Bahasa,Tahun lahir,Kebutuhan,Persetujuan", "id"),
    ("নাম,লিঙ্গ,মোবাইল,ভাষা,জন্ম সাল,প্রয়োজন,সম্মতি", "bn"),
    ("Full name,Sex,Mobile number,Language,Year of birth,Needs,Consent", "en"),
]
OURS = ("name", "gender", "phone", "language", "birth_year", "needs", "consent_purposes")


@pytest.mark.parametrize(("header", "language"), HEADINGS, ids=[one[1] for one in HEADINGS])
def test_headings_of_other_languages_are_recognised(header: str, language: str) -> None:  # noqa: ARG001
    names = header.split(",")
    found = propose(names, RESIDENT_COLUMNS)
    assert {ours: found.columns[ours][0] for ours in OURS} == dict(zip(OURS, names, strict=True))


def test_headings_that_are_like_nothing_of_ours_are_left() -> None:
    found = propose(["Blood group", "Kitchen", "ref"], RESIDENT_COLUMNS)
    assert found.columns == {"ref": ("ref", 1.0)}
    assert found.left == ["Blood group", "Kitchen"]


def test_rejects_of_a_mapped_file_keep_their_own_columns(tmp_path: Path) -> None:
    people = [*PEOPLE, ["t", "=1+1", "x", "", None, None, "", 0, 0, 0, "1", "yes", "u-3", 3]]
    columns = mapped(tmp_path)
    residents, _ = scans(kobo(tmp_path / "k.xlsx", people), columns)
    assert write_rejects(residents, tmp_path / "bad.csv") == 1
    header, row = (tmp_path / "bad.csv").read_text("utf-8-sig").splitlines()
    assert header == ",".join([*HOUSEHOLD, "problem"])
    assert row.startswith("t,'=1+1,x,")
