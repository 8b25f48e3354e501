"""The same real story with and without exercises in between ends alike for everybody."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely.geometry import box
from sqlalchemy import select

from carealert.adapters.db import tables
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.sealing import Sealer
from carealert.domain.drills import Drills
from carealert.domain.hazards import Hazard
from carealert.domain.warnings import HazardWarning, MsgType, Reference, Severity, Status
from carealert.services.alerting import OfficeSettings, plan_waiting
from carealert.services.answering import receive_reply
from carealert.services.drilling import rehearse_waiting
from carealert.services.following_up import follow_up
from tests.services.test_alerting import OFFICE, RULES, stored, two_homes
from tests.support.builders import COAST, NOW, a_phone, a_warning, an_area, an_info, minutes
from tests.support.fakes import PlainComposer
from tests.support.fresh import FreshDatabases

UNREAL = (
    Status.EXERCISE,
    Status.EXERCISE,
    Status.EXERCISE,
    Status.TEST,
    Status.SYSTEM,
    Status.DRAFT,
)
PHONES = {"manager": a_phone(3).number, "caregiver": a_phone(11).number}
EAST = box(90.2, 22.0, 90.6, 22.4)
HOMES = {"resident", "caregiver"}


@dataclass(frozen=True)
class Step:
    """What happens at one moment: a message comes, or somebody answers."""

    at: datetime
    message: HazardWarning | None = None
    answer: tuple[str, str] | None = None
    real: bool = True


_MESSAGES = st.fixed_dictionaries(
    {
        "msg_type": st.sampled_from(
            (MsgType.ALERT, MsgType.UPDATE, MsgType.UPDATE, MsgType.CANCEL)
        ),
        "hazard": st.sampled_from((Hazard.FLOOD, Hazard.FLASH_FLOOD)),
        "severity": st.sampled_from((Severity.SEVERE, Severity.EXTREME)),
        "shape": st.sampled_from((COAST, EAST, box(100, 10, 101, 11))),
        "sender": st.sampled_from(("met@example.org", "met@example.org", "water@example.org")),
        "incidents": st.sampled_from(((), ("storm",))),
        "keys": st.sampled_from(((), ("gdacs:FL:7",))),
        "names": st.frozensets(st.integers(0, 7), max_size=3),
    }
)
_STEPS = st.tuples(
    st.sampled_from(("real", "drill", "drill", "answer")),
    _MESSAGES,
    st.sampled_from(UNREAL),
    st.sampled_from(
        (("manager", "1"), ("manager", "closed"), ("caregiver", "1"), ("caregiver", "2"))
    ),
)


@given(drawn=st.lists(_STEPS, min_size=2, max_size=8), setting=st.sampled_from(list(Drills)))
@settings(
    max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_exercises_tests_and_drafts_in_any_order_change_nothing_real(
    fresh: FreshDatabases, sealer: Sealer, drawn: Sequence[Any], setting: Drills
) -> None:
    steps = _story(drawn)
    with_drills = _played(fresh, sealer, steps, setting)
    without = _played(fresh, sealer, [one for one in steps if one.real], setting)
    assert with_drills.outcome == without.outcome
    assert not with_drills.unreal_to_homes


def _story(drawn: Sequence[Any]) -> list[Step]:
    """Each step a minute after the one before; messages may name any that came earlier."""
    steps: list[Step] = []
    sent: list[HazardWarning] = []
    for number, (what, parts, status, answer) in enumerate(drawn):
        if what == "answer":
            steps.append(Step(NOW + minutes(number), answer=answer))
            continue
        real = what == "real"
        message = _message(number, parts, Status.ACTUAL if real else status, sent)
        sent.append(message)
        steps.append(Step(message.sent, message, None, real))
    return steps


def _message(
    number: int, parts: dict[str, Any], status: Status, sent: Sequence[HazardWarning]
) -> HazardWarning:
    named = [one for n, one in enumerate(sent) if n in parts["names"]]
    info = an_info(
        hazard=parts["hazard"],
        event="Flood",
        severity=parts["severity"],
        areas=(an_area(geometry=parts["shape"], geocodes=()),),
    )
    return a_warning(
        info,
        identifier=f"m{number}",
        sender=parts["sender"],
        status=status,
        msg_type=parts["msg_type"],
        sent=NOW + minutes(number),
        references=tuple(Reference(one.sender, one.identifier, one.sent) for one in named),
        incidents=parts["incidents"],
        event_keys=parts["keys"],
    )


@dataclass(frozen=True)
class Played:
    """What a story led to: everything real, and what went to homes of what is not."""

    outcome: Any
    unreal_to_homes: bool


def _played(
    fresh: FreshDatabases, sealer: Sealer, steps: Sequence[Step], setting: Drills
) -> Played:
    db = SqlDatabase(fresh.take(), sealer)
    two_homes(db)
    for step in steps:
        _happens(db, step, replace(OFFICE, drills=setting))
    follow_up(db, RULES, PlainComposer(), OFFICE, NOW + minutes(50))
    return Played(_outcome(db), _unreal_to_homes(db))


def _happens(db: SqlDatabase, step: Step, office: OfficeSettings) -> None:
    at = step.at
    if step.message is not None:
        stored(db, step.message, at)
    plan_waiting(db, RULES, PlainComposer(), office, at)
    rehearse_waiting(db, RULES, PlainComposer(), office, at)
    with db.transaction() as stores:
        stores.outbox.claim("w", at + minutes(0.9), minutes(1), 200)
    with db.engine.begin() as connection:
        claimed = tables.notice.c.state == "claimed"
        connection.execute(tables.notice.update().where(claimed).values(state="sent"))
    if step.answer is not None:
        who, body = step.answer
        receive_reply(db, PlainComposer(), f"SM{at.isoformat()}", PHONES[who], body, None, at)


def _outcome(db: SqlDatabase) -> Any:
    """Everything real, by names that do not depend on row numbers or on when a step came."""
    n, s, t, r = tables.notice.c, tables.subject.c, tables.task.c, tables.status_report.c
    timer, w = tables.escalation_timer.c, tables.warning.c
    queries = (
        select(n.incident, n.recipient_kind, n.recipient_ref, n.kind, n.step, n.state, n.answer)
        .add_columns(n.priority, n.rule, n.error_code)
        .where(n.kind != "drill"),
        select(s.incident, s.kind, s.ref, s.state),
        select(t.incident, t.kind, t.ref, t.what),
        select(r.facility_ref, r.status),
        select(timer.incident, timer.kind, timer.ref, timer.rule, timer.step, timer.state),
        select(w.identifier, w.incident).where(w.status == "Actual"),
    )
    with db.engine.connect() as connection:
        found = [sorted(map(repr, connection.execute(query))) for query in queries]
        later = tables.warning.alias("later")
        superseded = (
            select(w.identifier, later.c.identifier)
            .join(later, later.c.id == w.superseded_by)
            .where(w.status == "Actual")
        )
        return [*found, sorted(map(repr, connection.execute(superseded)))]


def _unreal_to_homes(db: SqlDatabase) -> bool:
    n, w = tables.notice.c, tables.warning.c
    query = (
        select(n.id)
        .join(tables.warning, w.id == n.warning_id)
        .where(w.status != "Actual", n.recipient_kind.in_(HOMES))
    )
    with db.engine.connect() as connection:
        return connection.execute(query).first() is not None
