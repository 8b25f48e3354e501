"""The shape of a rule test file: a warning, a few people, and who must hear what when.

Times are counted from `now`: `+8h` for the warning's own times, `10m` for what happens later.
"""

from datetime import datetime, timedelta
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

from carealert.adapters.rules.condition_model import length_of
from carealert.domain.facilities import FacilityType
from carealert.domain.hazards import Hazard
from carealert.domain.notices import MessageKind, SubjectState
from carealert.domain.people import ChannelPreference, Exposure, Need, PhoneSharing
from carealert.domain.plan import WhyNot
from carealert.domain.warnings import Certainty, MsgType, ResponseType, Severity, Status, Urgency

Offset = Annotated[
    str,
    Field(pattern=r"^[+-][0-9]{1,4}(m|h|d)$", description="a time from now such as +8h or -30m"),
]
Moment = Annotated[
    str, Field(pattern=r"^[0-9]{1,4}(m|h|d)$", description="a time after the start such as 10m")
]
Clock = Annotated[
    str, Field(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description='a time such as "22:00"')
]
Ref = Annotated[str, Field(pattern=r"^[A-Za-z0-9_-]{1,40}$", description="a short name such as r1")]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class WarningEntry(_Part):
    """One message; a later message keeps what it does not say from the one before it."""

    hazard: Hazard | None = Field(default=None, strict=False)
    severity: Severity | None = Field(default=None, strict=False)
    urgency: Urgency | None = Field(default=None, strict=False)
    certainty: Certainty | None = Field(default=None, strict=False)
    msg_type: MsgType = Field(default=MsgType.ALERT, strict=False)
    status: Status = Field(default=Status.ACTUAL, strict=False)
    response_type: list[Annotated[ResponseType, Field(strict=False)]] = Field(default_factory=list)
    onset: Offset = "+8h"
    expires: Offset = "+32h"


class LaterEntry(WarningEntry):
    """A later message of the same incident; `inside` names who is in its area, if others are."""

    at: Moment
    inside: list[Ref] | None = None


class _Reached(_Part):
    """Somebody with a phone."""

    id: Ref
    phone: Ref | None = Field(
        default=None, description="People with the same name here share a phone; none has no phone."
    )
    sharing: PhoneSharing = Field(default=PhoneSharing.PRIVATE, strict=False)
    channel: ChannelPreference = Field(default=ChannelPreference.TEXT, strict=False)
    consent: Literal["given", "withdrawn", "expired"] = "given"
    stopped: bool = Field(default=False, description="Said STOP before.")


class ResidentEntry(_Reached):
    """A resident; inside the warned area unless said otherwise."""

    needs: list[Annotated[Need, Field(strict=False)]] = Field(default_factory=list)
    age: int | None = Field(default=None, ge=0, le=130)
    birth_year: int | None = Field(default=None, ge=1890, le=2200)
    areas: list[str] = Field(default_factory=list)
    exposures: list[Annotated[Exposure, Field(strict=False)]] = Field(default_factory=list)
    inside: bool = True
    caregivers: list[Ref] = Field(default_factory=list)
    messengers: list[Ref] = Field(default_factory=list)


class CaregiverEntry(_Reached):
    """A caregiver who is not as everybody: those named by residents only have a phone."""

    quiet_from: Clock | None = None
    quiet_to: Clock | None = None


class FacilityEntry(_Part):
    """A facility with a manager and a deputy, unless said otherwise."""

    id: Ref
    type: FacilityType = Field(default=FacilityType.CLINIC, strict=False)
    inside: bool = True
    manager: bool = True
    deputy: bool = True


class ReplyEntry(_Part):
    """Somebody answers; `sender` is a name as in `to`."""

    at: Moment
    sender: str = Field(alias="from")
    text: str


class ExpectedEntry(_Part):
    """A notice: when and to whom; what is not said is not compared."""

    at: Moment
    to: str = Field(
        description="A resident or caregiver, or f1/manager, f1/deputy, or desk.", max_length=60
    )
    rule: str | None = None
    template: str | None = None
    priority: Literal["life_threatening", "urgent", "routine"] | None = None
    kind: MessageKind | None = Field(default=None, strict=False)
    about: list[Ref] | None = None


class CaseEntry(_Part):
    """One case. One that extends another takes over what it does not say, but no expectation."""

    name: str = Field(min_length=1, max_length=200)
    extends: str | None = None
    now: str = "2026-05-26T12:00:00+06:00"
    warning: WarningEntry = WarningEntry()
    then: list[LaterEntry] = Field(default_factory=list)
    residents: list[ResidentEntry] = Field(default_factory=list)
    caregivers: list[CaregiverEntry] = Field(default_factory=list)
    facilities: list[FacilityEntry] = Field(default_factory=list)
    replies: list[ReplyEntry] = Field(default_factory=list)
    expect: list[ExpectedEntry] | None = None
    expect_exactly: list[ExpectedEntry] | None = None
    expect_nobody: list[str] | None = None
    expect_states: dict[Ref, Annotated[SubjectState, Field(strict=False)]] | None = None
    expect_not_sent: dict[str, Annotated[WhyNot, Field(strict=False)]] | None = None

    @field_validator("now")
    @classmethod
    def _is_a_moment(cls, value: str) -> str:
        if datetime.fromisoformat(value).tzinfo is None:
            raise ValueError("a moment needs its offset, such as 2026-05-26T12:00:00+06:00")
        return value

    @property
    def starts_at(self) -> datetime:
        """`now` as an aware moment."""
        return datetime.fromisoformat(self.now)


EXPECTATIONS = ("expect", "expect_exactly", "expect_nobody", "expect_states", "expect_not_sent")


class TestFile(_Part):
    """One rule test file; `rule_files` are relative to it."""

    __test__ = False  # not a test of pytest's

    rule_files: list[str] = Field(min_length=1)
    tests: list[CaseEntry] = Field(min_length=1)


def offset_of(text: str) -> timedelta:
    """`+8h`, `-30m` or `10m` as a length of time."""
    length = length_of(text.lstrip("+-"))
    return -length if text.startswith("-") else length
