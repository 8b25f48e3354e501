"""Codes of areas: one spelling for all that agencies write, and no code taken for another."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from carealert.domain.geocodes import SYSTEMS, Geocode, parents, read, same_system


@pytest.mark.parametrize(
    ("name", "value", "system", "values"),
    [
        ("EMMA_ID", "UK105", "emma", ["UK105"]),
        ("emma_id", "uk105", "emma", ["UK105"]),
        ("NUTS3", " fr718\n", "nuts", ["FR718"]),
        ("NUTS 3 (2021)", "FR 718", "nuts", ["FR718"]),
        ("NUTS2", "ITC4, ITC1", "nuts", ["ITC4", "ITC1"]),
        ("SAME", "006037", "same", ["006037"]),
        ("FIPS6", "006037 006059", "same", ["006037", "006059"]),
        ("FIPS", "06037", "same", ["006037"]),
        ("FIPS", "EI30", "fips10", ["EI30"]),  # another FIPS: countries and their regions
        ("UGC", "nmz501", "ugc", ["NMZ501"]),
        ("UGC", "TXZ123-125>127-281200-", "ugc", ["TXZ123", "TXZ125", "TXZ126", "TXZ127"]),
        ("UGC", "NMZ501-TXC002", "ugc", ["NMZ501", "TXC002"]),
        ("UGC", "NMZALL", "ugc", ["NMZ000"]),
        ("ISO 3166-2", "AU_SA", "iso3166", ["AU-SA"]),
        ("http://www.iso.org/iso/country_codes.html", "AU-NSW", "iso3166", ["AU-NSW"]),
        (
            "urn:oasis:names:tc:emergency:cap:1.2:profile:CAP-AU:1.0:ISO3166-2",
            "AU-NSW",
            "iso3166",
            ["AU-NSW"],
        ),
        ("profile:CAP-CP:Location:0.3", "4716053", "capcp", ["4716053"]),
        ("profile:CAP-CP:Location:0.4", "01", "capcp", ["01"]),
        ("layer:EC-MSC-SMC:1.0:CLC", "041420", "clc", ["041420"]),
        ("P-code", "bd 10 04", "pcode", ["BD1004"]),
        ("ADM3_PCODE", "BD100428", "pcode", ["BD100428"]),
        ("PSGC", "1381200000", "psgc", ["1381200000"]),
        ("WARNCELLID", "814626190", "warncellid", ["814626190"]),
        ("INSEE", "2A004", "insee", ["2A004"]),
        ("LGD District Code", "444", "lgddistrict", ["444"]),
        ("AMOC-AreaCode", "NSW_PW002", "amoc", ["NSW_PW002"]),
        ("Taiwan_Geocode_100", "1000512", "taiwan", ["1000512"]),
        ("Zona di\n  Allerta", "Lomb-A", "zonadiallerta", ["LOMB-A"]),
        ("Forecast Region", "Reykjavik \n- Capital", "forecastregion", ["REYKJAVIK - CAPITAL"]),
        ("006009", "SAME", "same", ["006009"]),  # name and value exchanged
        ("SAME", "Bernalillo", "same", ["BERNALILLO"]),
        ("\N{FULLWIDTH LATIN CAPITAL LETTER J}MA", "1310100", "jma", ["1310100"]),
    ],
)
def test_every_spelling_means_the_same_code(
    name: str, value: str, system: str, values: list[str]
) -> None:
    assert read(name, value) == tuple(Geocode(system, one) for one in values)


@pytest.mark.parametrize(
    ("system", "value", "around"),
    [
        ("nuts", "FR718", ["FR71", "FR7", "FR"]),
        ("iso3166", "BD-10", ["BD"]),
        ("same", "106037", ["006037", "006000", "000000"]),
        ("same", "006000", ["000000"]),
        ("ugc", "NMZ501", ["NMZ000"]),
        ("ugc", "NMZ000", []),
        ("pcode", "BD1004", ["BD10", "BD1", "BD"]),
        ("psgc", "1381200001", ["1381200000", "1300000000"]),
        ("psgc", "137602005", ["137602000", "137600000", "130000000"]),
        ("capcp", "4716053", ["4716", "47"]),
        ("clc", "041420", ["041400"]),
        ("clc", "041400", []),
        ("warncellid", "814626190", ["114626000"]),
        ("insee", "97411", ["974"]),
        ("insee", "75056", ["75"]),
        ("jma", "1310100", ["130000"]),
        ("jma", "0110000", []),  # Hokkaido is warned in parts
        ("taiwan", "1000512", ["10005"]),
        ("emma", "UK105", []),
        ("lgddistrict", "444", []),
        ("zonadiallerta", "A", []),
        ("nuts", "NOT A CODE", []),
    ],
)
def test_a_code_lies_where_its_digits_say(system: str, value: str, around: list[str]) -> None:
    assert parents(Geocode(system, value)) == tuple(Geocode(system, one) for one in around)


def test_no_name_stands_for_two_systems_but_fips_whose_codes_tell() -> None:
    assert same_system("FIPS", "SAME")
    assert same_system("FIPS", "FIPS 10-4")
    assert not same_system("SAME", "FIPS 10-4")
    assert not same_system("LGD District Code", "LGD State Code")
    for name in ("EMMA_ID", "UGC", "PSGC", "CLC", "INSEE", "KMA", "JMA", "WARNCELLID", "nuts"):
        assert [key for key, one in SYSTEMS.items() if one.names.fullmatch(_plain(name))]


def _plain(name: str) -> str:
    return "".join(filter(str.isalnum, name.lower()))


@given(st.sampled_from(["UGC", "SAME", "NUTS3", "EMMA_ID", "P-code", "x", "", "FIPS"]), st.text())
def test_any_text_is_read_as_some_code_and_reading_it_again_changes_nothing(
    name: str, value: str
) -> None:
    codes = read(name, value)
    assert codes
    assert all(read(one.system, one.value) == (one,) for one in codes)
    assert all(one not in parents(one) for one in codes)
