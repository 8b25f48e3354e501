"""Facilities in the store, on both databases."""

from dataclasses import replace
from datetime import timedelta

from shapely import box
from sqlalchemy import Engine, update

from carealert.adapters.db.board.facilities import facility_rows
from carealert.adapters.db.facilities import SqlFacilities
from carealert.adapters.db.tables import facility
from carealert.adapters.sealing import Sealer
from carealert.domain.facilities import ContinuityStatus, Facility, FacilityType, StatusReport
from carealert.services.ports.registry import ImportCounts
from tests.support.register import CLINIC, NOW

BARE = Facility("F-2", "Hall", FacilityType.SHELTER, (), None, None, None)


def test_every_field_comes_back_and_not_stated_is_never_no(engine: Engine, sealer: Sealer) -> None:
    with engine.begin() as connection:
        store = SqlFacilities(connection, sealer)
        assert store.put([CLINIC, BARE]) == ImportCounts(2, 0, 0)
        assert store.get(["F-2", "F-1", "F-3"]) == [CLINIC, BARE]
        assert store.refs() == {"F-1", "F-2"}
        assert store.get(["F-2"])[0].ramp is None


def test_a_changed_facility_replaces_its_contacts(engine: Engine, sealer: Sealer) -> None:
    changed = replace(CLINIC, manager=CLINIC.deputy, deputy=None, water_hours=None)
    with engine.begin() as connection:
        store = SqlFacilities(connection, sealer)
        store.put([CLINIC, BARE])
        assert store.put([changed, BARE]) == ImportCounts(0, 1, 1)
        assert store.get(["F-1"]) == [changed]


def test_places_are_found_by_geometry_and_by_area(engine: Engine, sealer: Sealer) -> None:
    with engine.begin() as connection:
        store = SqlFacilities(connection, sealer)
        store.put([CLINIC, BARE])
        assert store.inside(box(90, 22, 90.3, 23)) == {"F-1"}, "on the edge is inside"
        assert store.inside(box(90, 22, 90.2, 23)) == frozenset()
        assert store.with_area_codes(["BD10040009"]) == {"F-1"}


def test_the_newest_report_counts_even_if_an_older_one_comes_after(
    engine: Engine, sealer: Sealer
) -> None:
    def report(status: ContinuityStatus, hours: int) -> StatusReport:
        at = NOW + timedelta(hours=hours)
        return StatusReport("F-1", status, at, at + timedelta(hours=12), "sms")

    with engine.begin() as connection:
        store = SqlFacilities(connection, sealer)
        for one in (
            report(ContinuityStatus.OPEN, 0),
            report(ContinuityStatus.CLOSED, 2),
            report(ContinuityStatus.LIMITED, 1),
        ):
            store.report(one)
        assert store.latest_reports() == {"F-1": report(ContinuityStatus.CLOSED, 2)}
        store.report(report(ContinuityStatus.EVACUATING, 2))
        assert store.latest_reports()["F-1"].status is ContinuityStatus.EVACUATING


def test_a_report_of_one_service_is_none_of_the_facility(engine: Engine, sealer: Sealer) -> None:
    until = NOW + timedelta(hours=12)
    whole = StatusReport("F-1", ContinuityStatus.OPEN, NOW, until, "sms")
    later = NOW + timedelta(hours=1)
    laundry = StatusReport("F-1", ContinuityStatus.CLOSED, later, until, "officer", "laundry")
    older = StatusReport("F-1", ContinuityStatus.OPEN, NOW, until, "officer", "laundry")
    care = StatusReport("F-1", ContinuityStatus.LIMITED, NOW, until, "officer", "day_care")
    with engine.begin() as connection:
        store = SqlFacilities(connection, sealer)
        store.put([CLINIC])
        for one in (whole, laundry, older, care):
            store.report(one)
        assert store.latest_reports() == {"F-1": whole}
        assert store.service_reports() == {"F-1": {"laundry": laundry, "day_care": care}}
        (row,) = facility_rows(connection, later, [])
        assert row.status == "open", "the board shows the facility, not its laundry"


def test_rows_from_before_a_field_was_known_are_read_as_not_stated(
    engine: Engine, sealer: Sealer
) -> None:
    new = ("service_hours", "cost", "languages", "verified_on")
    with engine.begin() as connection:
        store = SqlFacilities(connection, sealer)
        store.put([CLINIC])
        (details,) = connection.scalars(facility.select().with_only_columns(facility.c.details))
        kept = {name: value for name, value in details.items() if name not in new}
        connection.execute(update(facility).values(details=kept))
        (one,) = store.get(["F-1"])
    bare = replace(CLINIC, service_hours=(), cost=None, languages=(), verified_on=None)
    assert one == bare
