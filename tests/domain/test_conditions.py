"""The vocabulary of rules: what each condition holds of, what it says, and what none can ask."""

import re
from dataclasses import fields, replace
from datetime import timedelta
from typing import Any

import pytest

from carealert.domain.condition_parts import (
    About,
    Cutoff,
    FacilityFacts,
    Facts,
    Parameter,
    Range,
    ResidentFacts,
    WarningFacts,
    number_in,
    warning_facts,
)
from carealert.domain.conditions import (
    VOCABULARY,
    AllOf,
    AnyOf,
    Condition,
    Not,
    Test,
    about,
    holds,
    reason,
    trace,
)
from carealert.domain.facilities import FacilityType
from carealert.domain.hazards import Hazard
from carealert.domain.people import AgeBand, CareRole, Exposure, Functioning, Need
from carealert.domain.warnings import (
    Area,
    Category,
    Certainty,
    MsgType,
    ResponseType,
    Severity,
    Status,
    Urgency,
)
from tests.support.builders import (
    NOW,
    a_caregiver,
    a_facility,
    a_link,
    a_phone,
    a_resident,
    a_warning,
    an_info,
    hours,
)

PARENTS = frozenset({"BD100428", "BD1004", "BD10"})


def warned(info: dict[str, Any] | None = None, **changes: Any) -> WarningFacts:
    """A warning of a cyclone that comes in eight hours and holds for a day."""
    own = {"onset": NOW + hours(8), "expires": NOW + hours(32), **(info or {})}
    return warning_facts(a_warning(an_info(**own), **changes), an_info(**own), hours(12), NOW)


def resident(*roles: CareRole, **changes: Any) -> ResidentFacts:
    carers = tuple(
        (a_caregiver(ref=f"c{n}"), replace(a_link(f"c{n}", "r1"), role=role))
        for n, role in enumerate(roles)
    )
    return ResidentFacts(a_resident(**changes), carers, PARENTS, warned())


def facility(**changes: Any) -> FacilityFacts:
    return FacilityFacts(a_facility(**changes), PARENTS, warned())


def words(*given: Any) -> frozenset[Any]:
    return frozenset(given)


NOWHERE = Area("Char Kukri", None, (("P-CODE", "BD1009"),), None, None)

#: name -> value, facts of which it holds, facts of which it does not. What is missing is last.
CASES: dict[str, tuple[Any, list[Facts], list[Facts]]] = {
    "hazard": (
        words(Hazard.FLOOD, Hazard.STORM_SURGE),
        [warned({"hazard": Hazard.FLOOD})],
        [warned()],
    ),
    "event": (
        words("Coastal  Flood"),
        [warned({"event": "coastal flood"})],
        [warned({"event": "coastal flood watch"}), warned({"event": ""})],
    ),
    "event_code": (
        words("SAME:FLW", "FFW"),
        [warned({"event_codes": (("SAME", "FLW"),)}), warned({"event_codes": (("X", "ffw"),)})],
        [warned({"event_codes": (("SAME", "FL"),)}), warned({"event_codes": ()})],
    ),
    "category": (
        words(Category.MET),
        [warned({"categories": (Category.GEO, Category.MET)})],
        [warned({"categories": (Category.GEO,)}), warned({"categories": ()})],
    ),
    "severity": (
        words(Severity.EXTREME),
        [warned({"severity": Severity.EXTREME})],
        [warned({"severity": Severity.SEVERE}), warned({"severity": None})],
    ),
    "urgency": (
        words(Urgency.IMMEDIATE),
        [warned({"urgency": Urgency.IMMEDIATE})],
        [warned(), warned({"urgency": None})],
    ),
    "certainty": (
        words(Certainty.OBSERVED),
        [warned({"certainty": Certainty.OBSERVED})],
        [warned(), warned({"certainty": None})],
    ),
    "response_type": (
        words(ResponseType.EVACUATE),
        [warned({"response_types": (ResponseType.PREPARE, ResponseType.EVACUATE)})],
        [warned(), warned({"response_types": ()})],
    ),
    "msg_type": (
        words(MsgType.UPDATE),
        [warned(msg_type=MsgType.UPDATE)],
        [warned(msg_type=MsgType.ALERT)],
    ),
    "status": (words(Status.ACTUAL), [warned()], [warned(status=Status.EXERCISE)]),
    "sender": (words("met@example.org"), [warned(sender="MET@example.org")], [warned(sender="x")]),
    "feed": (words("bmd"), [warned(feed="bmd")], [warned(feed="gdacs"), warned(feed=None)]),
    "area": (
        words("char kukri"),
        [warned({"areas": (NOWHERE,)})],
        [warned(), warned({"areas": ()})],
    ),
    "geocode": (
        words("P-CODE:BD1009", "BD77"),
        [warned({"areas": (NOWHERE,)})],
        [warned(), warned({"areas": ()})],
    ),
    "lead_time": (
        Range(6),
        [warned()],
        [warned({"onset": NOW + hours(5)}), warned({"onset": NOW - hours(1)})],
    ),
    "meteoalarm_level": (
        Range(3),
        [warned({"parameters": (("awareness_level", "3; orange; Severe"),)})],
        [warned({"parameters": (("awareness_level", "2; yellow"),)}), warned()],
    ),
    "gdacs_score": (
        Range(1.5),
        [warned({"parameters": (("gdacs:alertscore", "2"),)})],
        [warned({"parameters": (("gdacs:alertscore", "1.4"),)}), warned()],
    ),
    "magnitude": (
        Range(6, 7),
        [warned({"parameters": (("magnitude", "6.0"),)})],
        [warned({"parameters": (("magnitude", "7"),)}), warned()],
    ),
    "parameter": (
        (Parameter("Gust", Range(90)),),
        [warned({"parameters": (("gust", "110 km/h"),)})],
        [warned({"parameters": (("gust", "9"),)}), warned()],
    ),
    "needs": (
        words(Need.DIALYSIS),
        [resident(needs={Need.DIALYSIS, Need.MOBILITY})],
        [resident(needs={Need.MOBILITY}), resident(needs=set())],
    ),
    "functioning": (
        Cutoff(words("walking", "seeing"), 3),
        [resident(functioning=Functioning(walking=4))],
        [
            resident(functioning=Functioning(walking=2, hearing=4)),
            resident(functioning=Functioning()),
        ],
    ),
    "age": (
        Range(70),
        [
            resident(birth_year=NOW.year - 70),
            resident(birth_year=None, age_band=AgeBand.OLDEST),
        ],
        [resident(birth_year=NOW.year - 69), resident(birth_year=None, age_band=None)],
    ),
    "areas": (words("BD1004"), [resident(), facility()], []),
    "exposures": (
        words(Exposure.NO_LIFT),
        [resident(exposures={Exposure.NO_LIFT})],
        [resident(exposures={Exposure.LIVES_ALONE}), resident(exposures=set())],
    ),
    "lives_alone": (
        True,
        [resident(exposures={Exposure.LIVES_ALONE})],
        [resident(exposures={Exposure.NO_LIFT}), resident(exposures=set())],
    ),
    "backup_hours": (
        Range(below=12),
        [resident(backup_hours=11.5)],
        [resident(backup_hours=12), resident(backup_hours=None)],
    ),
    "backup_below_outage": (
        True,
        [resident(backup_hours=23)],
        [resident(backup_hours=24), resident(backup_hours=None)],
    ),
    "critical_after_h": (
        Range(below=24),
        [resident(critical_after_h=4)],
        [resident(critical_after_h=48), resident(critical_after_h=None)],
    ),
    "due_in_warning": (
        True,
        [resident(next_due=NOW + hours(8)), resident(next_due=NOW + hours(32))],
        [
            resident(next_due=NOW + hours(7)),
            resident(next_due=NOW + hours(33)),
            resident(next_due=None),
        ],
    ),
    "language": (words("bn"), [resident(language="bn-BD")], [resident(language="en")]),
    "no_phone": (True, [resident(phone=None)], [resident(phone=a_phone(1))]),
    "no_caregiver": (True, [resident()], [resident(CareRole.BACKUP)]),
    "no_backup_caregiver": (
        True,
        [resident(), resident(CareRole.PRIMARY)],
        [resident(CareRole.PRIMARY, CareRole.BACKUP)],
    ),
    "facility_type": (
        words(FacilityType.DIALYSIS),
        [facility(type=FacilityType.DIALYSIS)],
        [facility(type=FacilityType.SHELTER)],
    ),
    "service": (
        words("Dialysis"),
        [facility(services=("dialysis", "laundry"))],
        [facility(services=("laundry",)), facility(services=())],
    ),
    "backup_power_hours": (
        Range(below=24),
        [facility(backup_power_hours=8)],
        [facility(backup_power_hours=24), facility(backup_power_hours=None)],
    ),
    "water_hours": (
        Range(below=24),
        [facility(water_hours=8)],
        [facility(water_hours=24), facility(water_hours=None)],
    ),
    "capacity": (
        Range(50),
        [facility(capacity=50)],
        [facility(capacity=49), facility(capacity=None)],
    ),
    "readiness": (
        Range(below=50),
        [facility()],
        [
            facility(
                backup_power_hours=72.0,
                water_hours=72.0,
                cold_chain=True,
                ramp=True,
                verified_on=NOW.date(),
            )
        ],
    ),
}


@pytest.mark.parametrize("name", VOCABULARY)
def test_a_condition_holds_where_it_is_stated_so_and_nowhere_else(name: str) -> None:
    value, holding, others = CASES[name]
    for facts in holding:
        assert Test(name, value).holds(facts), Test(name, value).seen(facts)
    for facts in others:
        assert not Test(name, value).holds(facts), Test(name, value).seen(facts)


def test_every_condition_has_its_cases() -> None:
    assert CASES.keys() == VOCABULARY.keys()


@pytest.mark.parametrize("name", about(About.RESIDENT))
def test_what_is_said_of_a_person_begins_with_its_opening(name: str) -> None:
    value, holding, others = CASES[name]
    for facts in (*holding, *others):
        if isinstance(facts, ResidentFacts):
            first = Test(name, value).seen(facts).split(" ")[0]
            assert first == VOCABULARY[name].opening
    assert VOCABULARY[name].plain


DIALYSIS, OLD = Test("needs", words(Need.DIALYSIS)), Test("age", Range(70))


@pytest.mark.parametrize(
    ("condition", "changes", "said"),
    [
        (DIALYSIS, {"needs": {Need.DIALYSIS, Need.MOBILITY}}, "needs dialysis"),
        (
            Test("needs", words(*Need)),
            {"needs": {Need.MOBILITY, Need.DEMENTIA}},
            "needs dementia, mobility",
        ),
        (OLD, {"birth_year": 1956}, "age 70"),
        (Test("areas", words("BD1004")), {}, "lives in BD1004"),
        (AllOf((DIALYSIS, OLD)), {"needs": {Need.DIALYSIS}}, "needs dialysis; age 70"),
        (AllOf((DIALYSIS, OLD)), {"needs": set()}, None),
        (AnyOf((DIALYSIS, OLD)), {"needs": set()}, "age 70"),
        (AnyOf((DIALYSIS, OLD)), {"birth_year": 2000, "needs": set()}, None),
        (Not(DIALYSIS), {"needs": set()}, "not needs"),
        (Not(DIALYSIS), {"needs": {Need.DIALYSIS}}, None),
        (Not(AnyOf((DIALYSIS, OLD))), {"needs": set(), "birth_year": 2000}, "not needs or age"),
    ],
)
def test_the_reason_names_what_held(
    condition: Condition, changes: dict[str, object], said: str | None
) -> None:
    facts = resident(**{"birth_year": 1956, **changes})
    assert reason(condition, facts) == said
    assert holds(condition, facts) is (said is not None)
    assert trace(condition, facts).holds is (said is not None)


def test_an_unknown_age_is_neither_old_nor_young() -> None:
    unknown = resident(birth_year=None, age_band=None)
    assert not holds(Test("age", Range(0)), unknown)
    assert not holds(Test("age", Range(below=200)), unknown)
    assert holds(Not(OLD), unknown), "what is not stated never holds, so its contrary does"


def test_an_age_is_that_of_the_year_of_the_warning_and_not_of_today() -> None:
    later = replace(warned(), now=NOW + timedelta(days=400))
    assert holds(Test("age", Range(below=70)), replace(resident(birth_year=1957), warned=later))


def test_a_trace_shows_also_what_decided_nothing() -> None:
    found = trace(AnyOf((DIALYSIS, OLD)), resident(needs={Need.DIALYSIS}, birth_year=2000))
    assert [(part.holds, part.seen) for part in found.parts] == [
        (True, "needs dialysis"),
        (False, "age 26"),
    ]


@pytest.mark.parametrize(
    ("text", "number"),
    [("3; orange", 3), ("-1.5", -1.5), ("M 6", None), ("6.1.2", None), ("", None), ("90km/h", 90)],
)
def test_a_parameter_counts_as_the_number_that_it_begins_with(
    text: str, number: float | None
) -> None:
    assert number_in(text) == number


def test_no_condition_reads_gender() -> None:
    """Gender measures reach and never decides it; the vocabulary is closed to it (rule G10)."""
    said = " ".join(f"{one.name} {one.text} {one.sentence}" for one in VOCABULARY.values())
    words_said = set(re.findall("[a-z]+", said.casefold()))
    assert not words_said & {"gender", "sex", "woman", "women", "man", "men", "female", "male"}
    known = {field.name for kind in (ResidentFacts, FacilityFacts) for field in fields(kind)}
    assert "gender" not in known
