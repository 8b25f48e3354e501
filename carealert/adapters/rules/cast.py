"""The people, places and messages of a rule test, made of what the case says of them."""

from collections.abc import Iterable
from datetime import datetime, time, timedelta
from itertools import count

from carealert.adapters.rules.test_model import (
    CaregiverEntry,
    CaseEntry,
    FacilityEntry,
    ResidentEntry,
    WarningEntry,
    offset_of,
)
from carealert.domain.facilities import Contact, Facility
from carealert.domain.hazards import Hazard
from carealert.domain.notices import (
    Recipient,
    RecipientKind,
)
from carealert.domain.organisations import Organisation, OrganisationType
from carealert.domain.people import (
    Caregiver,
    CareLink,
    CareRole,
    Consent,
    Functioning,
    Gender,
    Phone,
    PhoneSharing,
    Purpose,
    Resident,
)
from carealert.domain.plan import (
    Candidate,
    FacilityCandidate,
    Office,
)
from carealert.domain.rules import SubjectKind
from carealert.domain.warnings import Area, HazardWarning, Info, Scope


class Cast:
    """A case's people and places, with phones of the fictitious +1 555-01xx range."""

    def __init__(self, case: CaseEntry) -> None:
        self._now = case.starts_at
        self._numbers: dict[str, str] = {}
        self._counter = count()
        own = {entry.id: entry for entry in case.caregivers}
        self._inside = {entry.id for entry in case.residents if entry.inside}
        self._inside |= {entry.id for entry in case.facilities if entry.inside}
        self._residents = {
            entry.id: self._resident(
                entry, [own.get(ref, CaregiverEntry(id=ref)) for ref in entry.caregivers]
            )
            for entry in case.residents
        }
        self._facilities = {entry.id: self._facility(entry) for entry in case.facilities}
        reached = (*case.residents, *case.caregivers)
        stopped = {self._number(entry.phone or entry.id) for entry in reached if entry.stopped}
        desk = Recipient(RecipientKind.CITY_DESK, "desk", self._phone("desk"), "en", None)
        zone = self._now.tzinfo
        if zone is None:
            raise ValueError("a case starts at a moment with an offset")
        self.office = Office("en", zone, desk, frozenset(stopped), timedelta(hours=12))

    @property
    def subjects(self) -> dict[tuple[SubjectKind, str], Candidate | FacilityCandidate]:
        """Everybody, wherever they are."""
        found: dict[tuple[SubjectKind, str], Candidate | FacilityCandidate] = {}
        for ref, candidate in self._residents.items():
            found[SubjectKind.RESIDENT, ref] = candidate
        for ref, place in self._facilities.items():
            found[SubjectKind.FACILITY, ref] = place
        return found

    def candidates(
        self, inside: Iterable[str] | None
    ) -> tuple[list[Candidate], list[FacilityCandidate]]:
        """Those inside: the named ones, or those of the case."""
        refs = self._inside if inside is None else set(inside)
        residents = [candidate for ref, candidate in self._residents.items() if ref in refs]
        return residents, [place for ref, place in self._facilities.items() if ref in refs]

    def _number(self, name: str) -> str:
        if name not in self._numbers:
            number = next(self._counter)
            self._numbers[name] = f"+1{202 + number // 100}55501{number % 100:02d}"
        return self._numbers[name]

    def _phone(self, name: str, sharing: PhoneSharing = PhoneSharing.PRIVATE) -> Phone:
        return Phone(self._number(name), sharing)

    def _phone_of(self, entry: ResidentEntry | CaregiverEntry) -> Phone | None:
        return (
            None if entry.phone == "none" else self._phone(entry.phone or entry.id, entry.sharing)
        )

    def _consent(self, entry: ResidentEntry | CaregiverEntry) -> Consent:
        given = frozenset(Purpose) if entry.consent != "withdrawn" else frozenset[Purpose]()
        ended = self._now - timedelta(days=1) if entry.consent == "expired" else None
        return Consent(given, None, ended)

    def _resident(self, entry: ResidentEntry, caregivers: list[CaregiverEntry]) -> Candidate:
        born = entry.birth_year
        if born is None and entry.age is not None:
            born = self._now.year - entry.age
        resident = Resident(
            ref=entry.id,
            name=None,
            label=entry.id,
            birth_year=born,
            gender=Gender.NOT_STATED,
            lat=None,
            lon=None,
            area_code=None,
            language="en",
            second_language=None,
            needs=frozenset(entry.needs),
            functioning=Functioning(),
            phone=self._phone_of(entry),
            channel=entry.channel,
            consent=self._consent(entry),
            exposures=frozenset(entry.exposures),
        )
        linked = tuple(
            (self._caregiver(one), CareLink(one.id, entry.id, None, CareRole.PRIMARY))
            for one in caregivers
        )
        messengers = tuple(self._messenger(ref) for ref in entry.messengers)
        inside, areas = frozenset({0}), frozenset(entry.areas)
        return Candidate(resident, linked, inside, areas, {}, messengers=messengers)

    def _messenger(self, ref: str) -> Organisation:
        contact = Contact(None, self._phone(ref, PhoneSharing.FACILITY), "en")
        return Organisation(ref, ref, OrganisationType.NEIGHBOURS, contact=contact)

    def _caregiver(self, entry: CaregiverEntry) -> Caregiver:
        return Caregiver(
            ref=entry.id,
            name=None,
            phone=self._phone_of(entry),
            channel=entry.channel,
            literacy=None,
            gender=Gender.NOT_STATED,
            language="en",
            second_language=None,
            paid=None,
            consent=self._consent(entry),
            quiet_from=time.fromisoformat(entry.quiet_from) if entry.quiet_from else None,
            quiet_to=time.fromisoformat(entry.quiet_to) if entry.quiet_to else None,
        )

    def _facility(self, entry: FacilityEntry) -> FacilityCandidate:
        def contact(wanted: bool, role: str) -> Contact | None:
            return Contact(None, self._phone(f"{entry.id}/{role}"), "en") if wanted else None

        facility = Facility(
            ref=entry.id,
            name=entry.id,
            type=entry.type,
            services=(),
            lat=None,
            lon=None,
            area_code=None,
            manager=contact(entry.manager, "manager"),
            deputy=contact(entry.deputy, "deputy"),
        )
        return FacilityCandidate(facility, frozenset({0}), {})


def warning_of(entry: WarningEntry, number: int, start: datetime, sent: datetime) -> HazardWarning:
    """A message of one info; its times count from `start`, and it was sent at `sent`."""
    hazard = entry.hazard or Hazard.OTHER
    info = Info(
        language="en",
        categories=(),
        event=hazard.value,
        hazard=hazard,
        response_types=tuple(entry.response_type),
        urgency=entry.urgency,
        severity=entry.severity,
        certainty=entry.certainty,
        audience=None,
        event_codes=(),
        effective=None,
        onset=start + offset_of(entry.onset),
        expires=start + offset_of(entry.expires),
        sender_name="Rehearsal",
        headline=None,
        description=None,
        instruction=None,
        web=None,
        contact=None,
        parameters=(),
        resources=(),
        areas=(Area("the warned area", None, (), None, None),),
    )
    return HazardWarning(
        identifier=f"rehearsal-{number}",
        sender="rehearsal",
        sent=sent,
        status=entry.status,
        msg_type=entry.msg_type,
        scope=Scope.PUBLIC,
        source=None,
        restriction=None,
        addresses=(),
        codes=(),
        note=None,
        references=(),
        incidents=(),
        infos=(info,),
    )
