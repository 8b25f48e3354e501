"""What tells registered people apart, and who of them has a name."""

from collections.abc import Iterator

from sqlalchemy import Connection, Table, select

from carealert.adapters.db.tables import caregiver, notice, resident
from carealert.adapters.sealing import Sealer
from carealert.domain.duplicates import Trace, is_shared, name_key
from carealert.domain.people import PhoneSharing
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.registry import Sent

TABLES: dict[PersonKind, Table] = {
    PersonKind.RESIDENT: resident,
    PersonKind.CAREGIVER: caregiver,
}
_BATCH = 5000


def traces(connection: Connection, sealer: Sealer, kind: PersonKind) -> Iterator[Trace]:
    """One for everybody of this kind, row by row; raises WrongKey."""
    table = TABLES[kind]
    names = ("ref", "name_sealed", "phone_sealed", "phone_sharing", "lat", "lon")
    own = ("area_code", "birth_year") if kind is PersonKind.RESIDENT else ()
    query = select(*(table.c[name] for name in (*names, *own))).order_by(table.c.ref)
    # Closed also by who stops looking half way: the cursor lives on the server.
    with connection.execute(query.execution_options(yield_per=_BATCH)) as found:
        for ref, name, phone, sharing, *rest in found:
            yield Trace(
                ref,
                name_key(sealer.open_optional(name)),
                sealer.open_optional(phone),
                sharing is not None and is_shared(PhoneSharing(sharing)),
                *rest,
            )


def names(
    connection: Connection, sealer: Sealer, kind: PersonKind, most: int
) -> Iterator[tuple[str, str]]:
    """(ref, name) of those who have one, by ref, `most` of them; raises WrongKey."""
    table = TABLES[kind]
    query = select(table.c.ref, table.c.name_sealed).where(table.c.name_sealed.is_not(None))
    some = query.order_by(table.c.ref).limit(most).execution_options(yield_per=_BATCH)
    with connection.execute(some) as found:
        for ref, name in found:
            yield ref, sealer.open(name)


def last_sent(connection: Connection, phone_hash: bytes) -> Sent | None:
    """The newest message to this phone."""
    query = (
        select(notice.c.created_at, notice.c.state, notice.c.delivery_status)
        .where(notice.c.phone_hash == phone_hash)
        .order_by(notice.c.created_at.desc(), notice.c.id.desc())
        .limit(1)
    )
    row = connection.execute(query).one_or_none()
    return Sent(row.created_at, row.state, row.delivery_status) if row else None
