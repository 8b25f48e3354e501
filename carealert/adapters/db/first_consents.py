"""The consents with which somebody enters the register, made ready beside the other writers."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from carealert.adapters.db.bulk import Bulk, Ready
from carealert.adapters.db.lists import one_of
from carealert.adapters.db.persons import TABLES
from carealert.adapters.db.tables import consent
from carealert.adapters.sealing import Sealer
from carealert.domain.consents import changes
from carealert.domain.people import Consent
from carealert.services.ports.consents import PersonKind

_LEDGER = tuple(column.name for column in consent.columns if column.name != "id")


def people_bulk(connection: Connection, kind: PersonKind) -> Bulk:
    """How whole rows of people are written."""
    table = TABLES[kind]
    names = [column.name for column in table.columns if column.name != "id"]
    return Bulk(connection, table, names, ("ref",))


def first_consents(
    connection: Connection,
    sealer: Sealer,
    kind: PersonKind,
    stated: Mapping[str, Consent],
    now: datetime,
) -> list[tuple[str, Ready]]:
    """(ref, row of the ledger) for people of whom it says nothing yet."""
    bulk = Bulk(connection, consent, _LEDGER)
    found = []
    for ref, one in stated.items():
        giver = sealer.seal_optional(one.giver)
        for record in changes({}, one, now):
            row = {
                "person_kind": kind.value,
                "person_ref": ref,
                "purpose": record.purpose.value,
                "status": record.status.value,
                "at": record.at,
                "medium": record.medium.value,
                "giver_sealed": giver,
                "delegation": record.delegation.value,
                "notice_language": record.notice_language,
                "notice_version": record.notice_version,
                "expires": record.expires,
            }
            found.append((ref, bulk.ready(row)))
    return found


def keep_first_consents(
    connection: Connection,
    kind: PersonKind,
    refs: Sequence[str],
    records: Sequence[tuple[str, Ready]],
) -> frozenset[str]:
    """Write them; the refs of whom the ledger says something already, which is left as it is."""
    query = select(consent.c.person_ref).where(
        consent.c.person_kind == kind.value, one_of(connection, consent.c.person_ref, refs)
    )
    known = frozenset(connection.scalars(query.distinct()))
    rows = [row for ref, row in records if ref not in known]
    Bulk(connection, consent, _LEDGER).write(connection, rows)
    return known
