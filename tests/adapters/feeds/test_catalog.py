"""The table of public feeds is well-formed: every line could be added as it stands."""

import re

from carealert.adapters.feeds.catalog import WORLD, catalog, named, of_country
from carealert.adapters.feeds.guard import target_of
from carealert.adapters.feeds.table import FORMATS


def test_every_line_can_be_added() -> None:
    rows = catalog()
    assert 60 <= len(rows) <= 280
    for one in rows:
        assert re.fullmatch(r"[A-Z]{2}|\*", one.country), one
        assert re.fullmatch(r"[a-z0-9-]{2,40}", one.name), one
        assert target_of(one.url).user is None, one
        assert one.format == "auto" or one.format in FORMATS, one
        assert one.authority, one
        assert one.authority == one.authority.strip(), one
        assert all(re.fullmatch(r"[a-z]{2,3}(-[A-Za-z]+)?", code) for code in one.languages), one


def test_no_name_and_no_address_is_there_twice() -> None:
    rows = catalog()
    assert len({one.name for one in rows}) == len(rows)
    assert len({one.url for one in rows}) == len(rows)


def test_a_country_comes_before_the_world_and_case_does_not_matter() -> None:
    countries = [one.country for one in of_country("nz")]
    assert countries == sorted(countries, key=lambda country: country == WORLD)
    assert "NZ" in countries
    assert named("ph-pagasa-en") in of_country("PH")
    assert named("none-such") is None
