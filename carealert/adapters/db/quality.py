"""How complete the register is, counted where the rows are."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    Table,
    and_,
    exists,
    func,
    or_,
    select,
    update,
)

from carealert.adapters.db.lists import one_of
from carealert.adapters.db.outbox_rows import NOT_HEARD
from carealert.adapters.db.tables import care_link, caregiver, facility, journal, notice, resident
from carealert.domain.people import Gender, PhoneSharing, Purpose
from carealert.services.ports.registry import Quality, QualityLimits

_BATCH = 5000


def quality(
    connection: Connection, now: datetime, soon: timedelta, limits: QualityLimits
) -> Quality:
    """Counts of people; `soon` is how near the end of a consent is worth saying."""
    has_carer = exists().where(care_link.c.resident_id == resident.c.id)
    has_home = exists().where(care_link.c.caregiver_id == caregiver.c.id)
    own = {
        "no_position": resident.c.cell.is_(None),
        "no_position_and_no_area": and_(resident.c.cell.is_(None), resident.c.area_code.is_(None)),
        "no_caregiver": ~has_carer,
        "no_age": and_(resident.c.birth_year.is_(None), resident.c.age_band.is_(None)),
    }
    carers = {
        "cares_for_nobody": ~has_home,
        "paid_not_stated": caregiver.c.paid.is_(None),
    }
    return Quality(
        _counts(connection, resident, own, limits, now)
        | _consents(connection, resident, Purpose.ALERT_ME, now, now + soon),
        _counts(connection, caregiver, carers, limits, now)
        | _consents(connection, caregiver, Purpose.ALERT_CARER, now, now + soon),
        _languages(connection),
        connection.scalar(
            select(func.max(journal.c.at)).where(journal.c.event == "people_imported")
        ),
        _row(connection, facility, {"stale": _is_stale(facility, limits, now)}),
    )


def confirm(connection: Connection, table: Table, refs: Iterable[str], now: datetime) -> int:
    """Note that the records with these refs were found to be right; how many there were."""
    found = connection.execute(
        update(table).where(one_of(connection, table.c.ref, refs)).values(confirmed_at=now)
    )
    return found.rowcount


def _is_stale(table: Table, limits: QualityLimits, now: datetime) -> ColumnElement[bool]:
    """Neither added, changed nor confirmed for so long, as far as anybody knows."""
    confirmed = table.c.confirmed_at
    return or_(confirmed.is_(None), confirmed <= now - limits.stale_after)


def _counts(
    connection: Connection,
    table: Table,
    own: Mapping[str, ColumnElement[bool]],
    limits: QualityLimits,
    now: datetime,
) -> dict[str, int]:
    has_phone = table.c.phone_hash.is_not(None)
    conditions = {
        "no_name": table.c.name_sealed.is_(None),
        "gender_not_stated": table.c.gender == Gender.NOT_STATED.value,
        "no_phone": ~has_phone,
        "phone_sharing_unknown": and_(
            has_phone, table.c.phone_sharing == PhoneSharing.UNKNOWN.value
        ),
        "phone_bounced": table.c.phone_hash.in_(_bounced(limits.bounced_after)),
        "stale": _is_stale(table, limits, now),
        **own,
    }
    return _row(connection, table, conditions)


def _row(
    connection: Connection, table: Table, conditions: Mapping[str, ColumnElement[bool]]
) -> dict[str, int]:
    columns = [func.count().filter(holds).label(name) for name, holds in conditions.items()]
    row = connection.execute(select(func.count().label("all"), *columns).select_from(table)).one()
    return {name: int(value) for name, value in row._asdict().items()}


def _bounced(after: int) -> Select[Any]:
    """Phones whose newest so many messages with a known end all did not arrive."""
    newest = func.row_number().over(
        partition_by=notice.c.phone_hash, order_by=(notice.c.created_at.desc(), notice.c.id.desc())
    )
    ended = (
        select(notice.c.phone_hash, notice.c.delivery_status, newest.label("place"))
        .where(notice.c.delivery_status.is_not(None))
        .subquery()
    )
    unheard = [status.value for status in NOT_HEARD]
    failed = func.count().filter(ended.c.delivery_status.in_(unheard))
    return (
        select(ended.c.phone_hash)
        .where(ended.c.place <= after)
        .group_by(ended.c.phone_hash)
        .having(failed == after)
    )


def _consents(
    connection: Connection, table: Table, purpose: Purpose, now: datetime, soon: datetime
) -> dict[str, int]:
    """How many have no valid consent to this purpose, and how many have one that ends soon."""
    none = ending = 0
    for consent in _stored(connection, table):
        end = consent.get("ends", {}).get(purpose.value, consent.get("expires"))
        moment = datetime.fromisoformat(end) if end else None
        if purpose.value not in consent["purposes"] or (moment is not None and moment <= now):
            none += 1
        elif moment is not None and moment <= soon:
            ending += 1
    return {f"no_valid_{purpose.value}": none, "consent_ends_soon": ending}


def _stored(connection: Connection, table: Table) -> Iterator[Mapping[str, Any]]:
    query = select(table.c.consent).execution_options(yield_per=_BATCH)
    with connection.execute(query) as found:
        yield from found.scalars()


def _languages(connection: Connection) -> dict[str, int]:
    counted: dict[str, int] = {}
    for table in (resident, caregiver):
        query = select(table.c.language, func.count()).group_by(table.c.language)
        for language, many in connection.execute(query):
            counted[language] = counted.get(language, 0) + many
    return dict(sorted(counted.items(), key=lambda one: (-one[1], one[0])))
