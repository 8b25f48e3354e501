"""A small register with every field stated, and stores on a connection."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

from carealert.domain.facilities import Contact, Cost, Facility, FacilityType
from carealert.domain.people import (
    Administration,
    AgeBand,
    Caregiver,
    CareLink,
    CareRole,
    ChannelPreference,
    Consent,
    Exposure,
    Functioning,
    Gender,
    Need,
    Phone,
    PhoneSharing,
    Purpose,
    Resident,
)

NOW = datetime(2026, 5, 26, 6, 0, tzinfo=UTC)

AMINA = Resident(
    ref="R-1",
    name="Amina Khatun Zztest",
    label="Nani of the blue door",
    birth_year=1951,
    gender=Gender.WOMAN,
    lat=22.35,
    lon=90.33,
    area_code="BD10040009",
    language="bn",
    second_language="en",
    needs=frozenset({Need.DIALYSIS, Need.MOBILITY}),
    functioning=Functioning(
        seeing=1,
        hearing=2,
        walking=4,
        remembering=1,
        selfcare=3,
        administration=Administration.PROXY,
    ),
    phone=Phone("+12025550142", PhoneSharing.PRIVATE),
    channel=ChannelPreference.VOICE,
    consent=Consent(
        frozenset({Purpose.ALERT_ME, Purpose.STATISTICS}),
        "Rahima her daughter Zztest",
        datetime(2027, 1, 1, tzinfo=UTC),
    ),
    next_due=datetime(2026, 5, 28, 3, 30, tzinfo=UTC),
    backup_hours=6.5,
    notes="the second stair is broken Zztest",
    age_band=AgeBand.UNDER_80,
    exposures=frozenset({Exposure.NO_LIFT, Exposure.LIVES_ALONE}),
    critical_after_h=4.5,
)

#: Only what cannot be left out.
BARE = Resident(
    ref="R-2",
    name=None,
    label="R-2",
    birth_year=None,
    gender=Gender.NOT_STATED,
    lat=None,
    lon=None,
    area_code=None,
    language="en",
    second_language=None,
    needs=frozenset(),
    functioning=Functioning(),
    phone=None,
    channel=ChannelPreference.TEXT,
    consent=Consent(frozenset()),
)

RAHIMA = Caregiver(
    ref="C-1",
    name="Rahima Begum Zztest",
    phone=Phone("+12025550143", PhoneSharing.SHARED_HOUSEHOLD),
    channel=ChannelPreference.TEXT,
    literacy="with_help",
    gender=Gender.WOMAN,
    language="bn",
    second_language="en",
    paid=False,
    consent=Consent(frozenset({Purpose.ALERT_CARER}), "self", None),
    quiet_from=time(22, 0),
    quiet_to=time(6, 30),
    lat=22.36,
    lon=90.34,
    is_minor=False,
    hours_band="35+",
    capacity=2,
    never_from=time(0, 30),
    never_to=time(4, 0),
    responder_gender=Gender.WOMAN,
    companion=True,
)
KARIM = replace(
    RAHIMA,
    ref="C-2",
    name="Karim Zztest",
    gender=Gender.MAN,
    phone=Phone("+12025550144", PhoneSharing.PRIVATE),
    quiet_from=None,
    quiet_to=None,
)
LINKS = (
    CareLink("C-1", "R-1", "daughter", CareRole.PRIMARY),
    CareLink("C-2", "R-1", "neighbour", CareRole.BACKUP),
    CareLink("C-2", "R-2", None, CareRole.RELAY),
)

CLINIC = Facility(
    ref="F-1",
    name="Amtali Dialysis Centre",
    type=FacilityType.DIALYSIS,
    services=("dialysis", "cold_chain"),
    lat=22.3,
    lon=90.3,
    area_code="BD10040009",
    capacity=24,
    backup_power_hours=8.5,
    water_hours=0.0,
    cold_chain=True,
    ramp=False,
    women_staff=None,
    lit_separate_toilets=True,
    manager=Contact("Dr Shirin Zztest", Phone("+12025550150", PhoneSharing.FACILITY), "bn"),
    deputy=Contact(None, Phone("+12025550151", PhoneSharing.FACILITY), "en"),
    opening_hours="Sa-Th 08:00-20:00",
    service_hours=(("dialysis", "Mo-Sa 06:00-22:00; Fr off"),),
    cost=Cost.SUBSIDISED,
    languages=("bn", "en"),
    verified_on=date(2026, 3, 1),
)


def resident_at(ref: str, lon: float | None, lat: float | None, **changes: object) -> Resident:
    """A resident of whom no more than a place is known."""
    return replace(BARE, ref=ref, label=ref, lon=lon, lat=lat, **changes)  # type: ignore[arg-type]
