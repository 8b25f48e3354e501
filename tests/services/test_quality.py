"""What the register lacks is counted, and the counts are those of plain SQL."""

from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import DateTime, Engine, bindparam, text

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.duplicates import Sign
from carealert.domain.notices import About, DeliveryStatus
from carealert.domain.people import Consent, Gender, Phone, PhoneSharing, Purpose
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import QualityLimits
from carealert.services.quality import find_duplicates, measure
from carealert.services.registering import import_facilities, import_people
from tests.support.actors import ADMIN
from tests.support.builders import a_draft, a_notice, a_recipient
from tests.support.delivery import add, send_all
from tests.support.register import AMINA, BARE, CLINIC, KARIM, LINKS, NOW, RAHIMA, resident_at

CARERS = [(RAHIMA, LINKS[:1]), (KARIM, LINKS[1:])]
DAY = timedelta(days=1)


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    return SqlDatabase(engine, sealer)


def test_an_empty_register_lacks_nothing(db: SqlDatabase) -> None:
    measured = measure(db, ADMIN, NOW)
    assert set(measured.residents.values()) == set(measured.caregivers.values()) == {0}
    assert (measured.languages, measured.last_import) == ({}, None)


def test_what_is_missing_is_counted(db: SqlDatabase) -> None:
    area = resident_at("R-3", None, None, area_code="BD1")
    import_people(db, ADMIN, [AMINA, BARE, area], CARERS, NOW)
    measured = measure(db, ADMIN, NOW)
    assert measured.residents == {
        "all": 3,
        "no_name": 2,
        "gender_not_stated": 2,
        "no_phone": 2,
        "phone_sharing_unknown": 0,
        "phone_bounced": 0,
        "stale": 0,
        "no_position": 2,
        "no_position_and_no_area": 1,
        "no_caregiver": 1,
        "no_age": 2,
        "no_valid_P1": 2,
        "consent_ends_soon": 0,
    }
    assert measured.caregivers["all"] == 2
    assert measured.caregivers["cares_for_nobody"] == 0
    assert measured.languages == {"bn": 3, "en": 2}
    assert measured.last_import == NOW


SQL = {
    "all": "SELECT count(*) FROM {table}",
    "gender_not_stated": "SELECT count(*) FROM {table} WHERE gender = 'not_stated'",
    "no_phone": "SELECT count(*) FROM {table} WHERE phone_hash IS NULL",
    "no_name": "SELECT count(*) FROM {table} WHERE name_sealed IS NULL",
    "phone_sharing_unknown": "SELECT count(*) FROM {table} WHERE phone_sharing = 'unknown'",
}


def test_the_counts_are_those_of_plain_sql(db: SqlDatabase) -> None:
    people = [
        replace(
            AMINA,
            ref=f"R-{n}",
            gender=list(Gender)[n % 6],
            name=None if n % 3 == 0 else AMINA.name,
            phone=None if n % 4 == 0 else Phone("+12025550142", list(PhoneSharing)[n % 5]),
        )
        for n in range(40)
    ]
    carers = [
        (replace(KARIM, ref=f"C-{n}", phone=None if n % 2 else KARIM.phone), ()) for n in range(9)
    ]
    import_people(db, ADMIN, people, carers, NOW)
    measured = measure(db, ADMIN, NOW)
    with db.engine.connect() as connection:
        for table, counts in (("resident", measured.residents), ("caregiver", measured.caregivers)):
            for name, sql in SQL.items():
                assert counts[name] == connection.scalar(text(sql.format(table=table))), name
    assert measured.residents["no_phone"] == 10
    assert measured.caregivers["cares_for_nobody"] == 9


def test_consents_are_measured_at_the_moment_and_before_they_end(db: SqlDatabase) -> None:
    both = frozenset({Purpose.ALERT_ME, Purpose.STATISTICS})
    consents = {
        "R-now": Consent(both, None, NOW),
        "R-soon": Consent(both, None, NOW + 30 * DAY),
        "R-later": Consent(both, None, NOW + 31 * DAY),
        "R-open": Consent(both),
        "R-other": Consent(frozenset({Purpose.STATISTICS}), None, NOW + DAY),
    }
    import_people(
        db, ADMIN, [replace(BARE, ref=r, consent=c) for r, c in consents.items()], [], NOW
    )
    residents = measure(db, ADMIN, NOW).residents
    assert (residents["no_valid_P1"], residents["consent_ends_soon"]) == (2, 1)


def test_a_phone_bounced_where_its_last_known_message_did_not_arrive(db: SqlDatabase) -> None:
    import_people(db, ADMIN, [AMINA, BARE], CARERS, NOW)

    def told(rule: str, outcome: DeliveryStatus, later: int) -> None:
        recipient = a_recipient(ref="C-2", phone=KARIM.phone)
        draft = a_draft(recipient=recipient, about=(About("R-1", "N"),), rule=rule)
        add(db, a_notice(draft), now=NOW + later * DAY)
        (claimed,) = send_all(db, NOW + timedelta(seconds=later))
        with db.transaction() as stores:
            reference = f"{claimed.id}.1"
            sid = f"SM-{claimed.id}"
            stores.outbox.receipt(reference, sid, outcome, None, NOW + later * DAY)

    assert measure(db, ADMIN, NOW).caregivers["phone_bounced"] == 0
    told("a", DeliveryStatus.UNDELIVERED, 0)
    assert measure(db, ADMIN, NOW).caregivers["phone_bounced"] == 1
    assert measure(db, ADMIN, NOW).residents["phone_bounced"] == 0
    told("b", DeliveryStatus.DELIVERED, 1)
    assert measure(db, ADMIN, NOW).caregivers["phone_bounced"] == 0
    told("c", DeliveryStatus.FAILED, 2)
    assert measure(db, ADMIN, NOW).caregivers["phone_bounced"] == 1


def test_a_phone_may_be_allowed_to_fail_a_few_times(db: SqlDatabase) -> None:
    import_people(db, ADMIN, [AMINA, BARE], CARERS, NOW)
    outcomes = (DeliveryStatus.UNDELIVERED, DeliveryStatus.DELIVERED, DeliveryStatus.FAILED)
    counts: list[list[int]] = []
    for n, outcome in enumerate([*outcomes, DeliveryStatus.FAILED]):
        recipient = a_recipient(ref="C-2", phone=KARIM.phone)
        draft = a_draft(recipient=recipient, about=(About("R-1", "N"),), rule=f"rule{n}")
        add(db, a_notice(draft), now=NOW + n * DAY)
        (claimed,) = send_all(db, NOW + timedelta(seconds=n))
        with db.transaction() as stores:
            stores.outbox.receipt(
                f"{claimed.id}.1", f"SM-{claimed.id}", outcome, None, NOW + n * DAY
            )
        limits = [QualityLimits(bounced_after=after) for after in (1, 2, 3)]
        counts.append(
            [measure(db, ADMIN, NOW, limits=one).caregivers["phone_bounced"] for one in limits]
        )
    assert counts == [[1, 0, 0], [0, 0, 0], [1, 0, 0], [1, 1, 0]]
    with db.engine.connect() as connection:
        last_two = connection.scalars(text(LAST_TWO)).all()
    assert last_two == ["failed", "failed"]


LAST_TWO = """
    SELECT delivery_status FROM notice WHERE delivery_status IS NOT NULL
    ORDER BY created_at DESC LIMIT 2
"""
STALE = "SELECT count(*) FROM {table} WHERE confirmed_at IS NULL OR confirmed_at <= :before"


def test_what_nobody_confirmed_for_so_long_is_stale(db: SqlDatabase) -> None:
    """Added, changed and confirmed count alike; an import that changes nothing confirms nothing."""
    import_people(db, ADMIN, [AMINA, BARE], CARERS, NOW)
    import_facilities(db, ADMIN, [CLINIC], NOW)
    later = NOW + 100 * DAY
    import_people(db, ADMIN, [AMINA, replace(BARE, language="bn")], CARERS[:1], later)
    with db.transaction() as stores:
        assert stores.people.confirm(PersonKind.CAREGIVER, ["C-1", "nobody"], later) == 1
    with db.engine.begin() as connection:  # as a database from before this was kept
        connection.execute(text("UPDATE facility SET confirmed_at = NULL"))

    def stale(days: int, after: int) -> list[int]:
        limits = QualityLimits(stale_after=timedelta(days=after))
        found = measure(db, ADMIN, NOW + days * DAY, limits=limits)
        counted = [found.residents["stale"], found.caregivers["stale"], found.facilities["stale"]]
        before = NOW + (days - after) * DAY
        bound = before if db.engine.dialect.name == "postgresql" else before.replace(tzinfo=None)
        with db.engine.connect() as connection:
            for table, many in zip(("resident", "caregiver", "facility"), counted, strict=True):
                query = text(STALE.format(table=table)).bindparams(
                    bindparam("before", bound, DateTime(timezone=bound.tzinfo is not None))
                )
                assert many == connection.scalar(query), table
        return counted

    assert stale(364, 365) == [0, 0, 1]
    assert stale(365, 365) == [1, 1, 1]
    assert stale(465, 365) == [2, 2, 1]
    assert stale(150, 90) == [1, 1, 1]


def test_duplicates_in_the_register_are_proposed_by_ref(db: SqlDatabase) -> None:
    twin = replace(AMINA, ref="R-9", name="khatun zztest AMINA")
    import_people(db, ADMIN, [AMINA, BARE, twin], CARERS, NOW)
    found = find_duplicates(db, ADMIN)
    (pair,) = found["residents"].pairs
    assert (pair.first, pair.second) == ("R-1", "R-9")
    assert set(pair.signs) == {Sign.PHONE, Sign.NAME_AND_PLACE, Sign.NAME_AND_YEAR}
    assert found["caregivers"].pairs == ()
    assert "Zztest" not in repr(found)
    assert "2025550142" not in repr(found)


def test_an_import_proposes_duplicates_in_the_file_and_against_the_register(
    db: SqlDatabase,
) -> None:
    import_people(db, ADMIN, [AMINA, BARE], CARERS, NOW)
    news = [replace(AMINA, ref=ref) for ref in ("N-1", "N-2")]
    for dry_run in (True, False):
        alike = import_people(db, ADMIN, news, [], NOW, dry_run=dry_run).alike["residents"]
        refs = {(pair.first, pair.second) for pair in alike.pairs}
        assert refs == {("N-1", "N-2"), ("N-1", "R-1"), ("N-2", "R-1")}
    assert measure(db, ADMIN, NOW).residents["all"] == 4, "nobody was merged"
    assert (
        import_people(db, ADMIN, [replace(BARE, ref="R-2")], [], NOW).alike["residents"].pairs == ()
    )
