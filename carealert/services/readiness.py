"""How ready facilities are, worst first, from the register and what was heard of them."""

from dataclasses import dataclass
from datetime import datetime

from carealert.domain.access import Actor, Right
from carealert.domain.facilities import Facility, FacilityType
from carealert.domain.readiness import Readiness, readiness
from carealert.services.access import needs, reach
from carealert.services.evidence import evidence_of
from carealert.services.ports.store import Database
from carealert.services.reporting import facility_within


@dataclass(frozen=True, slots=True)
class ReadinessLine:
    """One facility with its readiness."""

    ref: str
    name: str
    type: FacilityType
    area_code: str | None
    readiness: Readiness


@needs(Right.READ_FACILITIES)
def list_readiness(
    db: Database, who: Actor, now: datetime, ref: str | None = None
) -> list[ReadinessLine]:
    """Facilities by their score, the least ready first; or the one with this ref.

    `now` is aware, and its day is the office's. Raises NoFacilityHasRef.
    """
    with db.reading() as stores:
        if ref is None:
            theirs = reach(stores, who)
            known = stores.facilities.get(stores.facilities.refs())
            wanted = [one for one in known if theirs.has_facility(one.ref, one.area_code)]
        else:
            wanted = [facility_within(stores, who, ref)]
        known_of = evidence_of(stores, wanted)
    lines = [_line(one, readiness(one, known_of[one.ref], now)) for one in wanted]
    return sorted(lines, key=lambda line: (line.readiness.score, line.ref))


def _line(one: Facility, found: Readiness) -> ReadinessLine:
    return ReadinessLine(one.ref, one.name, one.type, one.area_code, found)
