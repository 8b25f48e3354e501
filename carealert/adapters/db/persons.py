"""What tells registered people apart, and who of them has a name."""

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, Table, func, select

from carealert.adapters.db.lists import one_of
from carealert.adapters.db.tables import care_link, caregiver, notice, resident
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


def homes_of(
    connection: Connection, kind: PersonKind, refs: Iterable[str]
) -> dict[str, frozenset[str | None]]:
    """ref -> codes of the areas, stated or found by position, of their home or of whom they help.

    Who has no home here, or cares for nobody, is not in it.
    """
    code = func.coalesce(resident.c.area_code, resident.c.located_code)
    if kind is PersonKind.RESIDENT:
        query = select(resident.c.ref, code).where(one_of(connection, resident.c.ref, refs))
    else:
        query = (
            select(caregiver.c.ref, code)
            .select_from(caregiver.join(care_link).join(resident))
            .where(one_of(connection, caregiver.c.ref, refs))
        )
    found: dict[str, set[str | None]] = {}
    for ref, where in connection.execute(query):
        found.setdefault(ref, set()).add(where)
    return {ref: frozenset(codes) for ref, codes in found.items()}


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
