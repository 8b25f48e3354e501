"""A small directory with every field stated, and residents who agreed to be looked in on."""

from dataclasses import replace
from datetime import date

from carealert.domain.facilities import Contact
from carealert.domain.organisations import Organisation, OrganisationType
from carealert.domain.people import Consent, Phone, PhoneSharing, Purpose
from tests.support.register import AMINA, BARE

P4 = Purpose.SHARE_WITH_RESPONDERS
#: Both agreed to be looked in on, until withdrawn.
NANI = replace(AMINA, consent=Consent(frozenset({Purpose.ALERT_ME, P4})))
LILA = replace(BARE, area_code="BD20", consent=Consent(frozenset({P4})))

SAMITY = Organisation(
    ref="O-1",
    name="Amtali Mahila Samity",
    type=OrganisationType.WOMENS_GROUP,
    area_codes=("BD10040009", "BD20"),
    languages=("bn", "rkt"),
    services=("looks in", "boat"),
    contact=Contact("Rokeya Zztest", Phone("+12025550160", PhoneSharing.FACILITY), "bn"),
    households=("R-1", "R-2"),
    capacity=12,
    women_responders=True,
    verified_on=date(2026, 3, 1),
    notes="ask at the tailor's Zztest",
)
#: Only what cannot be left out.
POWER = Organisation("O-2", "Palli Bidyut", OrganisationType.UTILITY)
