"""Real public feeds by country, as far as the world's registers of alerting authorities name them.

The table `catalog.tsv` is ours: facts from WMO's Register of Alerting Authorities and from the
agencies' own pages. A line there says where a feed was, not that it answers today.
"""

import csv
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

#: The country of feeds that cover the whole world.
WORLD = "*"


@dataclass(frozen=True, slots=True)
class Listed:
    """One public feed. `country` is of ISO 3166-1 (two letters) or WORLD; languages of BCP 47."""

    country: str
    authority: str
    name: str
    url: str
    format: str
    languages: tuple[str, ...]
    notes: str


@cache
def catalog() -> tuple[Listed, ...]:
    """Every line of the table, by country and name."""
    text = files(__package__).joinpath("catalog.tsv").read_text("utf-8")
    rows = csv.reader(text.splitlines()[1:], delimiter="\t", quoting=csv.QUOTE_NONE)
    return tuple(
        Listed(country, authority, name, url, format_name, tuple(languages.split(";")), notes)
        for country, authority, name, url, format_name, languages, notes in rows
    )


def of_country(country: str) -> Sequence[Listed]:
    """The feeds of a country, in any case, and those of the whole world after them."""
    wanted = country.upper()
    return [one for one in catalog() if one.country in (wanted, WORLD)]


def named(name: str) -> Listed | None:
    """The feed of this name."""
    return next((one for one in catalog() if one.name == name), None)
