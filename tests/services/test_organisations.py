"""The directory: who may see and change what, whose households count, and what is written down."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import Engine, func, select

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.db.tables import journal, organisation
from carealert.adapters.sealing import Sealer
from carealert.domain.access import Actor, Role
from carealert.domain.consents import Medium
from carealert.domain.organisations import Organisation, OrganisationType
from carealert.domain.people import Consent, Purpose
from carealert.domain.reasons import BadReason
from carealert.services import consenting
from carealert.services.access import NotAllowed
from carealert.services.organisations import (
    HouseholdsRefused,
    NoOrganisationHasRef,
    export_organisations,
    forget_organisation,
    import_organisations,
    list_organisations,
    refused_households,
    reveal_organisation,
    show_organisation,
)
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import ImportCounts, PlaceArea
from carealert.services.registering import import_areas, import_people
from tests.support.directory import LILA, NANI, P4, POWER, SAMITY
from tests.support.register import NOW

ADMIN, OFFICER = Actor("Boss", Role.ADMIN), Actor("Office", Role.OFFICER)
#: She answers for one union of the upazila in which the women's group works.
LOCAL = Actor("Local", Role.SOCIAL, frozenset({"BD10040009"}))
COUNCIL = Actor("Council", Role.COUNCIL)
LOCAL_GROUP = replace(
    SAMITY, ref="O-5", area_codes=("BD100400091",), households=("R-1",), contact=None
)
AREAS = [
    PlaceArea("P-code", "BD1004", 2, None, {"en": "Barguna"}, None),
    PlaceArea("P-code", "BD10040009", 3, "BD1004", {"en": "Amtali"}, None),
    PlaceArea("P-code", "BD100400091", 4, "BD10040009", {"en": "A union"}, None),
    PlaceArea("P-code", "BD20", 1, None, {"en": "Sylhet"}, None),
]


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    db = SqlDatabase(engine, sealer)
    import_areas(db, ADMIN, AREAS, NOW)
    import_people(db, ADMIN, [NANI, LILA], [], NOW)
    return db


def count(db: SqlDatabase) -> int:
    with db.engine.connect() as connection:
        return connection.scalar(select(func.count()).select_from(organisation)) or 0


def lines(db: SqlDatabase) -> list[tuple[str, str, dict[str, str]]]:
    with db.engine.connect() as connection:
        rows = connection.execute(select(journal).order_by(journal.c.id))
        return [(row.event, row.subject, row.details) for row in rows]


def refs(db: SqlDatabase, who: Actor = ADMIN, **wanted: object) -> list[str]:
    return [one.ref for one in list_organisations(db, who, NOW, **wanted)]  # type: ignore[arg-type]


def test_an_import_counts_notes_and_is_written_down_without_anything_personal(
    db: SqlDatabase,
) -> None:
    report = import_organisations(db, OFFICER, [SAMITY, POWER], NOW)
    assert report.counts == {"organisations": ImportCounts(2, 0, 0)}
    assert report.notes == (
        "1 have no contact: nobody can ask them.",
        "1 state no area: they are found by no area.",
    )
    details = {"by": "Office", "added": "2", "changed": "0", "unchanged": "0"}
    assert lines(db)[-1] == ("organisations_imported", "directory", details)
    again = import_organisations(db, OFFICER, [POWER, SAMITY], NOW)
    assert again.counts == {"organisations": ImportCounts(0, 0, 2)}


def test_a_dry_run_says_the_same_and_keeps_nothing(db: SqlDatabase) -> None:
    before = lines(db)
    tried = import_organisations(db, ADMIN, [SAMITY, POWER], NOW, dry_run=True)
    assert (count(db), lines(db)) == (0, before)
    assert tried == replace(import_organisations(db, ADMIN, [SAMITY, POWER], NOW), dry_run=True)


def test_nobody_is_a_household_without_p4_and_then_nothing_is_imported(db: SqlDatabase) -> None:
    no_p4 = replace(LILA, ref="R-3", consent=Consent(frozenset(Purpose) - {P4}))
    over = replace(LILA, ref="R-4", consent=Consent(frozenset({P4}), expires=NOW))
    import_people(db, ADMIN, [no_p4, over], [], NOW)
    wrong = replace(SAMITY, households=("R-1", "R-3", "R-4", "R-9"))
    refused = refused_households(db, ADMIN, [POWER, wrong], NOW)
    assert refused.of(wrong) == (["R-9"], ["R-3", "R-4"])
    assert refused.of(POWER) == ([], [])
    before = lines(db)
    with pytest.raises(HouseholdsRefused, match="R-3, R-4, R-9") as problem:
        import_organisations(db, ADMIN, [POWER, wrong], NOW)
    assert problem.value.refused == refused
    assert (count(db), lines(db)) == (0, before)


def test_a_household_that_withdraws_is_shown_to_nobody_any_more(db: SqlDatabase) -> None:
    import_organisations(db, ADMIN, [SAMITY], NOW)
    consenting.withdraw(db, ADMIN, PersonKind.RESIDENT, "R-1", [P4], Medium.SMS, NOW)
    shown = show_organisation(db, ADMIN, "O-1", NOW)
    assert (shown.households, shown.not_counted, shown.line.households) == (("R-2",), 1, 1)
    assert import_refused(db, SAMITY) == {"R-1"}


def import_refused(db: SqlDatabase, one: Organisation) -> frozenset[str]:
    return refused_households(db, ADMIN, [one], NOW).not_agreed


def test_lists_are_narrowed_by_type_area_and_age(db: SqlDatabase) -> None:
    old = replace(POWER, ref="O-3", verified_on=NOW.date() - timedelta(days=184))
    wide = replace(POWER, ref="O-4", area_codes=("BD1004",), verified_on=NOW.date())
    import_organisations(db, ADMIN, [SAMITY, POWER, old, wide, LOCAL_GROUP], NOW)
    assert refs(db) == ["O-1", "O-2", "O-3", "O-4", "O-5"]
    assert refs(db, type_=OrganisationType.WOMENS_GROUP) == ["O-1", "O-5"]
    assert refs(db, only_stale=True) == ["O-2", "O-3"]
    assert refs(db, area="BD10040009") == ["O-1", "O-4", "O-5"], "in it, around it, in a part"
    assert refs(db, area="BD20") == ["O-1"]
    assert refs(db, area="BD30") == []
    assert refs(db, area="BD20", type_=OrganisationType.UTILITY) == []


def test_a_phone_is_masked_until_somebody_says_why(db: SqlDatabase) -> None:
    import_organisations(db, ADMIN, [SAMITY, POWER], NOW)
    shown = show_organisation(db, OFFICER, "O-1", NOW)
    assert (shown.phone, shown.contact_name) == ("…60", "Rokeya Zztest")
    assert show_organisation(db, OFFICER, "O-2", NOW).phone is None
    assert "Zztest" not in repr(shown)
    opened = reveal_organisation(db, OFFICER, "O-1", "a flood, and nobody answers", NOW)
    assert opened == replace(shown, phone="+12025550160")
    details = {"by": "Office", "reason": "a flood, and nobody answers"}
    assert lines(db)[-1] == ("revealed", "organisation:O-1", details)
    before = lines(db)
    for reason in ("", "call Rokeya", "call +1 202 555 0160"):
        with pytest.raises(BadReason):
            reveal_organisation(db, OFFICER, "O-1", reason, NOW)
    assert lines(db) == before


def test_who_may_not_read_the_register_sees_neither_person_nor_home(db: SqlDatabase) -> None:
    import_organisations(db, ADMIN, [SAMITY], NOW)
    shown = show_organisation(db, COUNCIL, "O-1", NOW)
    assert (shown.contact_name, shown.phone, shown.households, shown.notes) == (
        None,
        None,
        (),
        None,
    )
    assert shown.line == show_organisation(db, ADMIN, "O-1", NOW).line


def test_an_officer_of_one_area_sees_who_works_there_and_their_own_households(
    db: SqlDatabase,
) -> None:
    wide = replace(POWER, ref="O-4", area_codes=("BD1004",))
    far = replace(POWER, ref="O-6", area_codes=("BD20",))
    import_organisations(db, ADMIN, [SAMITY, POWER, wide, far, LOCAL_GROUP], NOW)
    assert refs(db, LOCAL) == ["O-1", "O-4", "O-5"]
    assert show_organisation(db, LOCAL, "O-1", NOW).households == ("R-1",)
    assert show_organisation(db, LOCAL, "O-1", NOW).line.households == 1
    for ref in ("O-6", "O-2", "O-404"):
        with pytest.raises(NoOrganisationHasRef, match=f"'{ref}'"):
            show_organisation(db, LOCAL, ref, NOW)


def test_an_officer_of_one_area_changes_only_who_works_nowhere_else(db: SqlDatabase) -> None:
    import_organisations(db, ADMIN, [SAMITY], NOW)
    assert import_organisations(db, LOCAL, [LOCAL_GROUP], NOW).counts["organisations"].added == 1
    for one in (
        SAMITY,
        POWER,
        replace(SAMITY, area_codes=("BD10040009",), households=()),  # it works elsewhere until now
        replace(LOCAL_GROUP, area_codes=("BD1004",)),
    ):
        with pytest.raises(NotAllowed, match=one.ref):
            import_organisations(db, LOCAL, [one], NOW)
    with pytest.raises(NotAllowed):
        forget_organisation(db, LOCAL, "O-1", "they moved away", NOW)
    forget_organisation(db, LOCAL, "O-5", "they moved away", NOW)
    assert refs(db) == ["O-1"]


def test_somebody_else_s_resident_is_nobody_to_an_officer_of_one_area(db: SqlDatabase) -> None:
    stranger = replace(LOCAL_GROUP, households=("R-1", "R-2"))
    assert refused_households(db, LOCAL, [stranger], NOW).unknown == {"R-2"}
    with pytest.raises(HouseholdsRefused, match="R-2"):
        import_organisations(db, LOCAL, [stranger], NOW)


class Files:
    """Keeps what it is given."""

    taken: tuple[Organisation, ...] = ()

    def organisations(self, organisations: object) -> None:
        self.taken = tuple(organisations)  # type: ignore[call-overload]


def test_an_export_leaves_out_who_does_not_agree_and_is_written_down(db: SqlDatabase) -> None:
    import_organisations(db, ADMIN, [SAMITY, POWER], NOW)
    consenting.withdraw(db, ADMIN, PersonKind.RESIDENT, "R-1", [P4], Medium.SMS, NOW)
    files = Files()
    assert export_organisations(db, ADMIN, files, "yearly check", NOW) == 2
    assert files.taken == (replace(SAMITY, households=("R-2",)), POWER)
    details = {"by": "Boss", "organisations": "2", "reason": "yearly check"}
    assert lines(db)[-1] == ("exported", "directory", details)
    untouched = Files()
    with pytest.raises(BadReason):
        export_organisations(db, ADMIN, untouched, " ", NOW)
    assert untouched.taken == ()


def test_forgetting_does_not_say_who(db: SqlDatabase) -> None:
    import_organisations(db, ADMIN, [SAMITY], NOW)
    for reason in ("no", "Rokeya left"):
        with pytest.raises(BadReason):
            forget_organisation(db, OFFICER, "O-1", reason, NOW)
    forget_organisation(db, OFFICER, "O-1", "the group has ended", NOW)
    assert count(db) == 0
    event, subject, details = lines(db)[-1]
    assert (event, subject) == ("forgotten", "directory")
    assert "O-1" not in str(details)
    with pytest.raises(NoOrganisationHasRef):
        forget_organisation(db, OFFICER, "O-1", "the group has ended", NOW)


@pytest.mark.parametrize("role", Role)
def test_every_service_asks_for_its_right(db: SqlDatabase, role: Role) -> None:
    import_organisations(db, ADMIN, [SAMITY], NOW)
    who = Actor("A", role)
    reads = {*Role} - {Role.FACILITY}
    edits = {Role.OFFICER, Role.SOCIAL, Role.WOMENS_OFFICE, Role.ADMIN}
    reveals = {Role.OFFICER, Role.HEALTH, Role.SOCIAL, Role.ADMIN}
    calls = [
        (reads, lambda: list_organisations(db, who, NOW)),
        (reads, lambda: show_organisation(db, who, "O-1", NOW)),
        (reveals, lambda: reveal_organisation(db, who, "O-1", "a flood is near", NOW)),
        (edits, lambda: refused_households(db, who, [SAMITY], NOW)),
        (edits, lambda: import_organisations(db, who, [SAMITY], NOW)),
        ({Role.ADMIN}, lambda: export_organisations(db, who, Files(), "yearly check", NOW)),
        (edits, lambda: forget_organisation(db, who, "O-1", "the group has ended", NOW)),
    ]
    for allowed, call in calls:
        if role in allowed:
            call()
        else:
            with pytest.raises(NotAllowed):
                call()


def test_the_day_of_a_look_is_the_office_s(db: SqlDatabase) -> None:
    seen = replace(POWER, verified_on=date(2025, 11, 24))
    import_organisations(db, ADMIN, [seen], NOW)
    assert (NOW.date() - seen.verified_on).days == 183  # type: ignore[operator]
    assert refs(db, only_stale=True) == []
    later = NOW + timedelta(days=1)
    assert [one.is_stale for one in list_organisations(db, ADMIN, later)] == [True]
