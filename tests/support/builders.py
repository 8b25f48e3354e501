"""Small builders with harmless defaults: a test names only what it is about.

`NOW` is the moment of every test that does not say otherwise. All phones are fictitious ones.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from shapely.geometry import box

from carealert.domain import condition_parts
from carealert.domain.conditions import VOCABULARY, AllOf, Condition, Test
from carealert.domain.facilities import Contact, Facility, FacilityType
from carealert.domain.hazards import Hazard
from carealert.domain.notices import (
    About,
    Channel,
    Encoding,
    Facts,
    MessageKind,
    Notice,
    NoticeDraft,
    Recipient,
    RecipientKind,
    Text,
    Wording,
)
from carealert.domain.organisations import Organisation, OrganisationType
from carealert.domain.people import (
    Caregiver,
    CareLink,
    CareRole,
    ChannelPreference,
    Consent,
    Functioning,
    Gender,
    Phone,
    PhoneSharing,
    Purpose,
    Resident,
)
from carealert.domain.plan import Candidate, FacilityCandidate, IncidentHistory, Office
from carealert.domain.rules import (
    Audience,
    Do,
    EscalationStep,
    Priority,
    Rule,
    RuleSet,
    SubjectKind,
    When,
    Who,
)
from carealert.domain.warnings import (
    Area,
    Category,
    Certainty,
    HazardWarning,
    Info,
    MsgType,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)

NOW = datetime(2026, 5, 26, 6, 0, tzinfo=UTC)
#: A square on the coast of Barguna; `HOME` lies inside it, `AWAY` does not.
COAST = box(90.0, 22.0, 90.4, 22.4)
HOME = (22.15, 90.15)
AWAY = (23.75, 90.38)


def minutes(number: float) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=number)


def hours(number: float) -> timedelta:
    """So many hours."""
    return timedelta(hours=number)


def a_phone(number: int = 0, sharing: PhoneSharing = PhoneSharing.PRIVATE) -> Phone:
    """One of the 800 fictitious phones: 0 to 99 in +1 202 555-01xx, and so on by area code."""
    area = ("202", "212", "213", "214", "215", "216", "217", "218")[number // 100]
    return Phone(f"+1{area}55501{number % 100:02d}", sharing)


def a_consent(*purposes: Purpose, expires: datetime | None = None) -> Consent:
    """Consent to these purposes; to all of them where none is named."""
    return Consent(frozenset(purposes or Purpose), "self", expires)


def an_area(**changes: Any) -> Area:
    """The square `COAST` with one geocode."""
    return replace(Area("Barguna coast", COAST, (("P-CODE", "BD1004"),), None, None), **changes)


def an_info(**changes: Any) -> Info:
    """A severe tropical cyclone that is likely, expected in eight hours, for a day."""
    return replace(
        Info(
            language="en",
            categories=(Category.MET,),
            event="Tropical cyclone",
            hazard=Hazard.TROPICAL_CYCLONE,
            response_types=(ResponseType.PREPARE,),
            urgency=Urgency.EXPECTED,
            severity=Severity.SEVERE,
            certainty=Certainty.LIKELY,
            audience=None,
            event_codes=(),
            effective=NOW - hours(1),
            onset=NOW + hours(8),
            expires=NOW + hours(32),
            sender_name="Weather Service",
            headline=None,
            description=None,
            instruction=None,
            web=None,
            contact=None,
            parameters=(),
            resources=(),
            areas=(an_area(),),
        ),
        **changes,
    )


def a_warning(*infos: Info, **changes: Any) -> HazardWarning:
    """An actual public Alert, sent an hour ago, with one info where none is given."""
    return replace(
        HazardWarning(
            identifier="warning-1",
            sender="met@example.org",
            sent=NOW - hours(1),
            status=Status.ACTUAL,
            msg_type=MsgType.ALERT,
            scope=Scope.PUBLIC,
            source=None,
            restriction=None,
            addresses=(),
            codes=(),
            note=None,
            references=(),
            incidents=(),
            infos=infos or (an_info(),),
        ),
        **changes,
    )


def a_resident(**changes: Any) -> Resident:
    """A woman of 70 at `HOME` with a private phone and every consent, and no need."""
    resident = Resident(
        ref="r1",
        name=None,
        label="Nani",
        birth_year=1956,
        gender=Gender.WOMAN,
        lat=HOME[0],
        lon=HOME[1],
        area_code="BD100428",
        language="en",
        second_language=None,
        needs=frozenset(),
        functioning=Functioning(),
        phone=a_phone(1),
        channel=ChannelPreference.TEXT,
        consent=a_consent(),
    )
    return replace(resident, **_frozen(changes))


def a_caregiver(**changes: Any) -> Caregiver:
    """Somebody with a private phone and every consent."""
    caregiver = Caregiver(
        ref="c1",
        name=None,
        phone=a_phone(2),
        channel=ChannelPreference.TEXT,
        literacy=None,
        gender=Gender.NOT_STATED,
        language="en",
        second_language=None,
        paid=None,
        consent=a_consent(),
    )
    return replace(caregiver, **changes)


def a_link(
    caregiver: str = "c1", resident: str = "r1", role: CareRole = CareRole.PRIMARY
) -> CareLink:
    """`caregiver` cares for `resident`."""
    return CareLink(caregiver, resident, None, role)


def a_contact(number: int = 3, **changes: Any) -> Contact:
    """A manager with a phone."""
    return replace(Contact(None, a_phone(number), "en"), **changes)


def a_facility(**changes: Any) -> Facility:
    """A dialysis centre at `HOME` with a manager and a deputy."""
    facility = Facility(
        ref="f1",
        name="River Clinic",
        type=FacilityType.DIALYSIS,
        services=("dialysis",),
        lat=HOME[0],
        lon=HOME[1],
        area_code="BD100428",
        manager=a_contact(3),
        deputy=a_contact(4),
    )
    return replace(facility, **changes)


def a_rule(**changes: Any) -> Rule:
    """Caregivers and residents, life threatening, whatever the warning, no escalation.

    Fields of `who` and `do` may be given by their own names, and conditions by theirs:
    `a_rule(severity={...}, kind=SubjectKind.FACILITY, to=(Audience.FACILITY_MANAGER,))`.
    """
    changes = _with_conditions(changes)
    parts: dict[str, Any] = {
        "when": When(),
        "who": Who(SubjectKind.RESIDENT),
        "do": Do(
            Priority.LIFE_THREATENING,
            "care_alert",
            (Audience.CAREGIVERS, Audience.RESIDENT),
            expect_reply={"safe": "1", "help": "2"},
        ),
    }
    own = _frozen(changes)
    for name, part in parts.items():
        if name not in own:
            # `when` has a condition as well: what it asks is given by the words' own names.
            names = () if name == "when" else part.__slots__
            inner = {key: own.pop(key) for key in names if key in own}
            own[name] = replace(part, **inner)
    return replace(Rule("rule-1", "A rule", parts["when"], parts["who"], parts["do"]), **own)


def asked(**tests: Any) -> Condition | None:
    """A condition of these tests, all of which must hold: `asked(hazard={...}, age=Range(60))`."""
    parts = tuple(
        Test(name, frozenset(value) if isinstance(value, set) else value)
        for name, value in tests.items()
    )
    return AllOf(parts) if len(parts) > 1 else next(iter(parts), None)


def _with_conditions(changes: dict[str, Any]) -> dict[str, Any]:
    rest = {key: value for key, value in changes.items() if key not in VOCABULARY}
    given = {key: value for key, value in changes.items() if key in VOCABULARY}
    warned = {
        key: one
        for key, one in given.items()
        if condition_parts.About.WARNING in VOCABULARY[key].about
    }
    if warned:
        rest["when"] = When(asked(**warned))
    if len(given) > len(warned):
        rest["condition"] = asked(**{key: given[key] for key in given.keys() - warned})
    return rest


def a_facility_rule(**changes: Any) -> Rule:
    """The manager confirms, with the four digits; the deputy after 20 minutes, then the desk."""
    defaults: dict[str, Any] = {
        "id": "confirm",
        "kind": SubjectKind.FACILITY,
        "priority": Priority.URGENT,
        "template": "facility_confirm",
        "to": (Audience.FACILITY_MANAGER,),
        "expect_reply": {"open": "1", "limited": "2", "evacuating": "3", "closed": "4"},
        "escalate": (
            EscalationStep(minutes(20), (Audience.DEPUTY_MANAGER,), "facility_confirm"),
            EscalationStep(minutes(40), (Audience.CITY_DESK,), "desk"),
        ),
    }
    return a_rule(**{**defaults, **changes})


def a_chain(first: float = 10, desk: float = 30) -> tuple[EscalationStep, ...]:
    """Caregivers again after `first` minutes, then the city desk after `desk` minutes."""
    return (
        EscalationStep(minutes(first), (Audience.CAREGIVERS,), "reminder"),
        EscalationStep(minutes(desk), (Audience.CITY_DESK,), "desk"),
    )


def rules_of(*rules: Rule) -> RuleSet:
    """These rules as a rule set."""
    return RuleSet(rules or (a_rule(),), "test")


def an_organisation(
    ref: str,
    phone: Phone | None,
    areas: tuple[str, ...] = (),
    households: tuple[str, ...] = (),
) -> Organisation:
    """A women's group whose contact reads English."""
    return Organisation(
        ref,
        f"Group {ref}",
        OrganisationType.WOMENS_GROUP,
        area_codes=areas,
        contact=Contact(None, phone, "en") if phone else None,
        households=households,
    )


def a_candidate(
    resident: Resident | None = None, *caregivers: Caregiver, inside: Iterable[int] = (0,)
) -> Candidate:
    """`resident` inside these infos, cared for by these caregivers (by one where none is given)."""
    resident = resident or a_resident()
    linked = caregivers or (a_caregiver(),)
    return Candidate(
        resident,
        tuple((caregiver, a_link(caregiver.ref, resident.ref)) for caregiver in linked),
        frozenset(inside),
        frozenset({"BD100428", "BD1004", "BD10"}),
        {"en": "Amtali", "bn": "আমতলী"},
    )


def alone(resident: Resident, inside: Iterable[int] = (0,)) -> Candidate:
    """`resident` with no caregiver at all."""
    return replace(a_candidate(resident, inside=inside), caregivers=())


def a_place(facility: Facility | None = None, inside: Iterable[int] = (0,)) -> FacilityCandidate:
    """`facility` inside these infos."""
    return FacilityCandidate(facility or a_facility(), frozenset(inside), {"en": "Amtali"})


def a_recipient(**changes: Any) -> Recipient:
    """The default caregiver as a recipient."""
    return replace(Recipient(RecipientKind.CAREGIVER, "c1", a_phone(2), "en", None), **changes)


def a_desk() -> Recipient:
    """The city desk with a phone of its own."""
    return Recipient(RecipientKind.CITY_DESK, "desk", a_phone(99), "en", None)


def an_office(**changes: Any) -> Office:
    """An office in UTC whose desk has a phone; nobody said STOP."""
    return replace(Office("en", UTC, a_desk(), frozenset(), hours(12)), **changes)


def a_history(**changes: Any) -> IncidentHistory:
    """An incident in which nothing has happened yet."""
    return replace(IncidentHistory("incident-1", 0), **changes)


def some_facts(**changes: Any) -> Facts:
    """What a message says of `a_warning()`."""
    info = an_info()
    return replace(
        Facts(
            info.hazard,
            info.event,
            info.severity,
            "Weather Service",
            {"en": "Amtali"},
            info.onset,
            info.expires,
        ),
        **changes,
    )


def a_draft(**changes: Any) -> NoticeDraft:
    """What the default caregiver is told about the default resident."""
    return replace(
        NoticeDraft(
            incident="incident-1",
            recipient=a_recipient(),
            about=(About("r1", "Nani"),),
            about_self=False,
            rule="rule-1",
            step=0,
            revision=0,
            kind=MessageKind.ALERT,
            priority=Priority.LIFE_THREATENING,
            channel=Channel.SMS,
            wording=Wording.PRIVATE,
            template="care_alert",
            checklist=None,
            facts=some_facts(),
            expected_replies={"safe": "1", "help": "2"},
            due_at=NOW,
            expires_at=NOW + hours(32),
            reasons=("a reason",),
        ),
        **changes,
    )


def a_notice(draft: NoticeDraft | None = None, body: str = "CareAlert: a text") -> Notice:
    """`draft` with a text."""
    draft = draft or a_draft()
    return Notice(draft, Text(body, draft.recipient.language, Encoding.GSM_7, 1))


def _frozen(changes: dict[str, Any]) -> dict[str, Any]:
    """Sets may be written as plain sets."""
    return {k: frozenset(v) if isinstance(v, set) else v for k, v in changes.items()}
