"""One row of `organisations.csv` as the organisation that it states."""

from carealert.adapters.registry.cells import REF_RULE, Cells, is_code, is_ref
from carealert.adapters.registry.place_cells import contact_of, languages_of, past_day_of
from carealert.domain.organisations import Organisation, OrganisationType


def organisation_of(cells: Cells) -> Organisation:
    """The organisation of one row."""
    if not cells.values.get("type"):
        cells.wrong("type", "is empty", "Every row needs it")
    return Organisation(
        ref=cells.ref(),
        name=cells.required("name", 200),
        type=cells.choice("type", OrganisationType, OrganisationType.OTHER),
        area_codes=_area_codes(cells),
        languages=languages_of(cells),
        services=tuple(dict.fromkeys(cells.items("services"))),
        contact=contact_of(cells, "contact"),
        households=_households(cells),
        capacity=cells.whole("capacity", 0, 1_000_000),
        women_responders=cells.yes_no("women_responders"),
        verified_on=past_day_of(cells, "verified_on"),
        notes=cells.text("notes", 2000, lines=True),
    )


def _area_codes(cells: Cells) -> tuple[str, ...]:
    column = "area_codes"
    codes = tuple(dict.fromkeys(cells.items(column)))
    if not all(is_code(code) for code in codes):
        fix = "Use letters, digits and . : / -, with ; between"
        cells.wrong(column, "holds something that is not a code", fix)
        return ()
    return codes


def _households(cells: Cells) -> tuple[str, ...]:
    column = "households"
    homes = cells.items(column)
    if not all(is_ref(home) for home in homes):
        cells.wrong(column, "holds something that is not a ref", f"Use {REF_RULE}, with ;")
        return ()
    if len(set(homes)) < len(homes):
        cells.wrong(column, "names a resident twice", "Name each once")
    return tuple(sorted(set(homes)))
