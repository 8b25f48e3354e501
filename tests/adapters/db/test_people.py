"""People in the store, on both databases."""

from dataclasses import fields, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from shapely import box
from sqlalchemy import Engine, select, text

from carealert.adapters.db.areas import SqlAreas
from carealert.adapters.db.facilities import SqlFacilities
from carealert.adapters.db.people import SqlPeople
from carealert.adapters.db.tables import caregiver, metadata, resident
from carealert.adapters.sealing import Sealer, WrongKey
from carealert.domain.people import CareLink, CareRole, Consent, Phone, PhoneSharing, Purpose
from carealert.services.ports.registry import ImportCounts, PlaceArea, UnknownResidents
from tests.support.register import (
    AMINA,
    BARE,
    CLINIC,
    KARIM,
    LINKS,
    NOW,
    RAHIMA,
    resident_at,
)


def _filled(engine: Engine, sealer: Sealer) -> None:
    with engine.begin() as connection:
        people = SqlPeople(connection, sealer)
        people.put_residents([AMINA, BARE])
        people.put_caregivers([RAHIMA, KARIM], LINKS)
        SqlFacilities(connection, sealer).put([CLINIC])


def test_every_field_of_a_resident_comes_back(engine: Engine, sealer: Sealer) -> None:
    with engine.begin() as connection:
        SqlPeople(connection, sealer).put_residents([AMINA, BARE])
    with engine.connect() as connection:
        assert SqlPeople(connection, sealer).residents(["R-2", "R-1", "R-9"]) == [AMINA, BARE]
        assert SqlPeople(connection, sealer).resident_refs() == {"R-1", "R-2"}


def test_every_field_of_a_caregiver_comes_back_with_the_link(
    engine: Engine, sealer: Sealer
) -> None:
    _filled(engine, sealer)
    with engine.connect() as connection:
        found = SqlPeople(connection, sealer).caregivers_of(["R-1", "R-2", "R-9"])
    assert found == {
        "R-1": [(RAHIMA, LINKS[0]), (KARIM, LINKS[1])],
        "R-2": [(KARIM, LINKS[2])],
        "R-9": [],
    }


def test_putting_the_same_rows_again_changes_nothing(engine: Engine, sealer: Sealer) -> None:
    _filled(engine, sealer)
    with engine.connect() as connection:
        before = {t.name: connection.execute(select(t)).fetchall() for t in metadata.sorted_tables}
    with engine.begin() as connection:
        people = SqlPeople(connection, sealer)
        assert people.put_residents([AMINA, BARE]) == ImportCounts(0, 0, 2)
        assert people.put_caregivers([KARIM, RAHIMA], LINKS[::-1]) == ImportCounts(0, 0, 2)
        assert SqlFacilities(connection, sealer).put([CLINIC]) == ImportCounts(0, 0, 1)
    with engine.connect() as connection:
        after = {t.name: connection.execute(select(t)).fetchall() for t in metadata.sorted_tables}
    assert after == before


OTHERS = {
    "name": "Amina Begum",
    "label": "N",
    "birth_year": 1950,
    "gender": BARE.gender,
    "lat": 22.36,
    "lon": 90.34,
    "area_code": None,
    "language": "en",
    "second_language": None,
    "needs": frozenset(),
    "functioning": BARE.functioning,
    "phone": replace(AMINA.phone, sharing=PhoneSharing.BORROWED),  # type: ignore[type-var]
    "channel": BARE.channel,
    "consent": replace(AMINA.consent, expires=None),
    "next_due": None,
    "backup_hours": 7.0,
    "notes": None,
    "age_band": None,
    "exposures": frozenset(),
    "critical_after_h": 4.0,
}


def test_a_change_in_any_single_field_is_noticed_and_written(
    sqlite_engine: Engine, sealer: Sealer
) -> None:
    assert set(OTHERS) == {field.name for field in fields(AMINA)} - {"ref"}
    with sqlite_engine.begin() as connection:
        people = SqlPeople(connection, sealer)
        people.put_residents([AMINA])
        for name, value in OTHERS.items():
            changed = replace(AMINA, **{name: value})
            assert people.put_residents([changed]) == ImportCounts(0, 1, 0), name
            assert people.residents(["R-1"]) == [changed]
            people.put_residents([AMINA])


def test_a_move_takes_the_resident_out_of_the_old_place_and_into_the_new(
    engine: Engine, sealer: Sealer
) -> None:
    with engine.begin() as connection:
        people = SqlPeople(connection, sealer)
        people.put_residents([AMINA])
        people.put_residents([replace(AMINA, lat=10.5, lon=50.5)])
        assert people.inside(box(90, 22, 91, 23)) == frozenset()
        assert people.inside(box(50, 10, 51, 11)) == {"R-1"}
        people.put_residents([replace(AMINA, lat=None, lon=None)])
        assert people.inside(box(-180, -90, 180, 90)) == frozenset()


def test_links_of_a_changed_caregiver_are_replaced_and_others_stay(
    engine: Engine, sealer: Sealer
) -> None:
    _filled(engine, sealer)
    now_only = CareLink("C-2", "R-2", "friend", CareRole.BACKUP)
    with engine.begin() as connection:
        people = SqlPeople(connection, sealer)
        assert people.put_caregivers([KARIM], [now_only]) == ImportCounts(0, 1, 0)
        found = people.caregivers_of(["R-1", "R-2"])
    assert found == {"R-1": [(RAHIMA, LINKS[0])], "R-2": [(KARIM, now_only)]}


def test_a_link_to_an_unknown_resident_names_the_refs_and_nothing_stays(
    engine: Engine, sealer: Sealer
) -> None:
    links = [CareLink("C-1", ref, None, CareRole.PRIMARY) for ref in ("R-8", "R-1", "R-7")]
    with (  # noqa: PT012 - the transaction is what is tested
        pytest.raises(UnknownResidents, match=r"R-7, R-8\. Import"),
        engine.begin() as connection,
    ):
        SqlPeople(connection, sealer).put_residents([AMINA])
        SqlPeople(connection, sealer).put_caregivers([RAHIMA], links)
    with engine.connect() as connection:
        assert set(SqlPeople(connection, sealer).counts().values()) == {0}


def test_a_link_of_a_caregiver_who_is_not_given_is_refused(
    sqlite_engine: Engine, sealer: Sealer
) -> None:
    with sqlite_engine.begin() as connection, pytest.raises(ValueError, match="C-2"):
        SqlPeople(connection, sealer).put_caregivers([RAHIMA], LINKS)


SECRETS = (
    "Zztest",
    "Amina",
    "Rahima",
    "Nani of",
    "stair",
    "2025550142",
    "2025550143",
    "2025550150",
    "2025550151",
    "mobility",
)


def test_nothing_personal_stands_in_any_table(engine: Engine, sealer: Sealer) -> None:
    _filled(engine, sealer)
    with engine.begin() as connection:
        SqlPeople(connection, sealer).suppress("+12025550142", NOW, "inbound")
    with engine.connect() as connection:
        cells = [
            value
            for table in metadata.sorted_tables
            for row in connection.execute(select(table))
            for value in row
        ]
    text_of = " ".join(repr(value) for value in cells)
    raw = b" ".join(bytes(value) for value in cells if isinstance(value, bytes | memoryview))
    assert len(cells) > 100
    assert "F-1" in text_of
    for secret in SECRETS:
        assert secret not in text_of, secret
        assert secret.encode() not in raw, secret


def test_nothing_personal_stands_in_the_bytes_of_the_database_file(
    sqlite_engine: Engine, sealer: Sealer
) -> None:
    _filled(sqlite_engine, sealer)
    path = Path(str(sqlite_engine.url.database))
    files = [path, *path.parent.glob(f"{path.name}-*")]
    written = b"".join(file.read_bytes() for file in files)
    assert b"Amtali Dialysis Centre" in written  # the search would find what is there
    for secret in SECRETS:
        assert secret.encode() not in written, secret


def test_another_key_opens_nothing_and_says_so(engine: Engine, sealer: Sealer) -> None:
    _filled(engine, sealer)
    with engine.connect() as connection:
        stranger = SqlPeople(connection, Sealer(b"quite another secret key"))
        with pytest.raises(WrongKey, match="CAREALERT_SECRET_KEY"):
            stranger.residents(["R-1"])
        with pytest.raises(WrongKey):
            stranger.caregivers_of(["R-1"])
        with pytest.raises(WrongKey):
            SqlFacilities(connection, Sealer(b"quite another secret key")).get(["F-1"])
        assert stranger.owners_of("+12025550142") == []


def test_a_phone_finds_everybody_who_is_told_on_it(engine: Engine, sealer: Sealer) -> None:
    shared = Phone("+12025550142", PhoneSharing.SHARED_HOUSEHOLD)
    deputy = replace(CLINIC.deputy, phone=shared)  # type: ignore[type-var]
    with engine.begin() as connection:
        people = SqlPeople(connection, sealer)
        people.put_residents([AMINA, BARE])
        people.put_caregivers([replace(RAHIMA, phone=shared), KARIM], LINKS)
        SqlFacilities(connection, sealer).put([replace(CLINIC, deputy=deputy)])
        found = [(o.kind, o.ref, o.language) for o in people.owners_of("+12025550142")]
        manager = [(o.kind, o.ref) for o in people.owners_of("+12025550150")]
        assert people.owners_of("+12025550199") == []
    assert found == [
        ("caregiver", "C-1", "bn"),
        ("resident", "R-1", "bn"),
        ("deputy_manager", "F-1", "en"),
    ]
    assert manager == [("facility_manager", "F-1")]


def test_a_stop_holds_until_a_later_start(engine: Engine, sealer: Sealer) -> None:
    with engine.begin() as connection:
        people = SqlPeople(connection, sealer)
        people.suppress("+12025550142", NOW, "inbound")
        people.suppress("+12025550142", NOW + timedelta(hours=2), "gateway")
        people.suppress("+12025550142", NOW + timedelta(hours=1), "inbound")
        assert people.suppressed() == {"+12025550142"}
        people.unsuppress("+12025550142", NOW + timedelta(hours=1))
        assert people.suppressed() == {"+12025550142"}
        people.unsuppress("+12025550142", NOW + timedelta(hours=3))
        assert people.suppressed() == frozenset()
        people.unsuppress("+12025550142", NOW + timedelta(hours=3))


def test_consent_that_runs_out_comes_back_to_the_second(engine: Engine, sealer: Sealer) -> None:
    expires = datetime(2026, 6, 1, 18, 0, tzinfo=UTC)
    consent = Consent(frozenset({Purpose.ALERT_ME}), "self", expires)
    with engine.begin() as connection:
        people = SqlPeople(connection, sealer)
        people.put_residents([replace(AMINA, consent=consent)])
        (stored,) = people.residents(["R-1"])
    assert stored.consent.allows(Purpose.ALERT_ME, expires - timedelta(seconds=1))
    assert not stored.consent.allows(Purpose.ALERT_ME, expires)
    assert not stored.consent.allows(Purpose.STATISTICS, NOW)


def _tree(*pairs: tuple[str, str | None]) -> list[PlaceArea]:
    return [PlaceArea("P-code", code, 1, parent, {"en": code}, None) for code, parent in pairs]


def test_area_codes_take_in_everything_below_and_end_in_a_circle(
    engine: Engine, sealer: Sealer
) -> None:
    areas = _tree(("A", "C"), ("B", "A"), ("C", "B"), ("D", "B"), ("E", None))
    homes = [resident_at(f"in-{code}", None, None, area_code=code) for code in ("A", "D", "E", "X")]
    with engine.begin() as connection:
        SqlAreas(connection).put(areas)
        people = SqlPeople(connection, sealer)
        people.put_residents([*homes, BARE])
        assert people.with_area_codes(["B"]) == {"in-A", "in-D"}
        assert people.with_area_codes(["D", "E"]) == {"in-D", "in-E"}
        assert people.with_area_codes(["X"]) == {"in-X"}, "a code that no area file explains"
        assert people.with_area_codes([]) == frozenset()


def test_lists_longer_than_a_statement_may_have_parameters_are_taken(
    engine: Engine, sealer: Sealer
) -> None:
    many = [resident_at(f"R{n}", None, None) for n in range(3)]
    refs = [f"R{n}" for n in range(70_000)]
    with engine.begin() as connection:
        people = SqlPeople(connection, sealer)
        people.put_residents(many)
        assert len(people.residents(refs)) == 3
        assert people.counts()["residents"] == 3


def test_deleting_people_takes_their_links_along(engine: Engine, sealer: Sealer) -> None:
    _filled(engine, sealer)
    with engine.begin() as connection:
        connection.execute(resident.delete().where(resident.c.ref == "R-1"))
        connection.execute(caregiver.delete().where(caregiver.c.ref == "C-1"))
        assert connection.scalar(text("SELECT count(*) FROM care_link")) == 1
