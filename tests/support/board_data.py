"""A filled database for the console: one cyclone in full, a heat wave, an exercise, an old flood.

The "sealed" columns hold plain markers on purpose: a page that shows one of them is caught.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import NAMESPACE_URL, uuid5

import shapely
from shapely.geometry import box, mapping
from sqlalchemy import Connection, Engine, insert, update

from carealert.adapters.db import tables
from carealert.domain.cells import cell_of

NOW = datetime(2026, 5, 26, 6, 12, tzinfo=UTC)  # 12:12 in Dhaka
CYCLONE = str(uuid5(NAMESPACE_URL, "cyclone"))
HEAT = str(uuid5(NAMESPACE_URL, "heat"))
EXERCISE = str(uuid5(NAMESPACE_URL, "exercise"))
FLOOD = str(uuid5(NAMESPACE_URL, "flood"))
ELSEWHERE = str(uuid5(NAMESPACE_URL, "elsewhere"))

#: Nothing of this may be on any page or in any answer of the API.
SECRETS = (
    "Amina",
    "Khatun",
    "+1202555",
    "12025550",
    "power_dependent_breathing",
    "dementia",
    "infant",
    "insulin",
    "age 84",
    "the blue door",
    "s3cr3t-key",
)

_RESIDENTS = 48
_MINUTE = timedelta(minutes=1)
_HOUR = timedelta(hours=1)


@dataclass(frozen=True)
class _Clock:
    """Moments by minutes before NOW."""

    now: datetime

    def ago(self, minutes: float) -> datetime:
        return self.now - minutes * _MINUTE


def fill(engine: Engine, now: datetime = NOW) -> None:
    """Write everything; `now` is the moment that the console will show."""
    at = _Clock(now)
    with engine.begin() as connection:
        _feeds(connection, at)
        _areas(connection)
        _people(connection)
        _facilities(connection, at)
        _cyclone(connection, at)
        _other_incidents(connection, at)
        _journal(connection, at)


def ask_for_help(engine: Engine, ref: str, now: datetime = NOW) -> None:
    """What the database looks like after somebody answered `2`."""
    mine = tables.subject.c
    with engine.begin() as connection:
        connection.execute(
            update(tables.subject)
            .where(mine.incident == CYCLONE, mine.kind == "resident", mine.ref == ref)
            .values(state="needs_help", since=now)
        )
        _insert(connection, tables.task, [_task(CYCLONE, "resident", ref, "asked for help", now)])


def _insert(connection: Connection, table: Any, rows: list[dict[str, Any]]) -> None:
    connection.execute(insert(table), rows)


def _feeds(connection: Connection, at: _Clock) -> None:
    heard = {"format": "cap", "interval_s": 60, "enabled": True, "failures": 0}
    _insert(
        connection,
        tables.feed,
        [
            {
                **heard,
                "name": "National met service",
                "url": "https://warnings.example.org/cap/index.xml?key=s3cr3t-key",
                "last_ok_at": at.ago(0.4),
                "next_poll_at": at.ago(-1),
                "last_error": None,
            },
            {
                **heard,
                "name": "Flood forecasting centre",
                "url": "https://floods.example.org/rss",
                "interval_s": 300,
                "last_ok_at": at.ago(3),
                "next_poll_at": at.ago(-2),
                "last_error": None,
            },
            {
                **heard,
                "name": "Regional cyclone centre",
                "url": "https://cyclones.example.org/atom",
                "interval_s": 120,
                "last_ok_at": at.ago(47),
                "next_poll_at": at.ago(-3),
                "failures": 12,
                "last_error": "https://cyclones.example.org/atom?key=s3cr3t-key did not answer "
                "within 20 s: is the address still right?",
            },
        ],
    )
    _insert(
        connection,
        tables.document,
        [
            _document(1, at.ago(700), None),
            _document(2, at.ago(95), "line 14: the element 'onset' is not a date"),
        ],
    )


def _document(number: int, fetched_at: datetime, problem: str | None) -> dict[str, Any]:
    return {
        "id": number,
        "feed": "National met service",
        "url": f"https://warnings.example.org/cap/{number}.xml?key=s3cr3t-key",
        "updated": None,
        "sha256": f"{number:064d}",
        "body": b"<alert/>",
        "fetched_at": fetched_at,
        "problem": problem,
    }


def _areas(connection: Connection) -> None:
    places = {
        "BD10040028": ("Barguna Sadar", box(89.98, 21.97, 90.23, 22.25)),
        "BD10780066": ("Kalapara", box(90.08, 21.79, 90.38, 21.96)),
        "BD10780097": ("Rangabali", box(90.38, 21.80, 90.62, 22.09)),
    }
    _insert(
        connection,
        tables.area,
        [
            {
                "code_system": "P-code",
                "code": code,
                "level": 3,
                "parent_code": code[:6],
                "names": {"en": name},
                "geometry": shapely.to_wkb(outline),
            }
            for code, (name, outline) in places.items()
        ],
    )


def _people(connection: Connection) -> None:
    consent = {"purposes": ["P1", "P2"]}
    _insert(
        connection,
        tables.resident,
        [
            {
                "id": n,
                "ref": f"R-{n:03d}",
                "name_sealed": b"Amina Khatun",
                "label_sealed": b"Amina",
                "gender": "woman" if n % 2 else "man",
                "lat": 22.0,
                "lon": 90.1,
                "cell": cell_of(90.1, 22.0),
                "language": "bn",
                "needs_sealed": b"power_dependent_breathing",
                "functioning": {},
                "phone_sealed": b"+12025550142",
                "phone_hash": b"h",
                "phone_sharing": "private",
                "channel": "text",
                "consent": consent,
                "notes_sealed": b"the blue door",
                "digest": "0" * 64,
            }
            for n in range(1, _RESIDENTS + 1)
        ],
    )
    _insert(
        connection,
        tables.caregiver,
        [
            {
                "id": n,
                "ref": f"C-{n:03d}",
                "name_sealed": b"Amina Khatun",
                "phone_sealed": b"+12025550143",
                "phone_hash": b"h",
                "phone_sharing": _sharing(n),
                "channel": "text",
                "gender": _gender(n),
                "language": _language(n),
                "consent": consent,
                "digest": "0" * 64,
            }
            for n in range(1, _RESIDENTS + 1)
        ],
    )


def _gender(n: int) -> str:
    return "man" if n % 3 == 0 else "non_binary" if n == 7 else "woman"


def _language(n: int) -> str:
    return "en" if n % 4 == 0 else "bn"


def _sharing(n: int) -> str:
    return ("private", "shared_household", "private", "borrowed")[n % 4]


_FACILITIES = (
    ("F-01", "Kalapara Dialysis Centre", "dialysis", ["dialysis"], 21.99, 90.24, 6),
    ("F-02", "Barguna District Clinic", "clinic", ["clinic", "maternity"], 22.15, 90.12, 24),
    ("F-03", "Sunrise Day Care", "day_care", ["day care", "meals"], 22.16, 90.13, None),
    ("F-04", "Amtali Home for Elders", "elder_home", ["residential care"], 22.13, 90.23, 12),
    ("F-05", "Rangabali Cyclone Shelter 3", "shelter", ["shelter"], 21.93, 90.44, None),
    ("F-06", "Patharghata Community Kitchen", "community_kitchen", ["meals"], 22.04, 89.97, None),
    ("F-07", "Mirzaganj Care Block", "care_block", ["laundry", "day care"], 22.35, 90.23, 4),
    ("F-08", "Taltali Mothers' Centre", "mothers_centre", ["maternity"], 21.99, 90.05, None),
)
_FACILITY_STATES = {
    "F-01": "with_desk",
    "F-02": "confirmed",
    "F-03": "confirmed",
    "F-04": "confirmed",
    "F-05": "confirmed",
    "F-06": "waiting",
}
_REPORTED = {"F-02": "open", "F-03": "limited", "F-04": "evacuating", "F-05": "open"}


def _facilities(connection: Connection, at: _Clock) -> None:
    _insert(
        connection,
        tables.facility,
        [
            {
                "ref": ref,
                "name": name,
                "type": kind,
                "services": services,
                "lat": lat,
                "lon": lon,
                "cell": cell_of(lon, lat),
                "details": {"backup_power_hours": hours},
                "digest": "0" * 64,
            }
            for ref, name, kind, services, lat, lon, hours in _FACILITIES
        ],
    )
    reports = [
        ("F-01", "open", at.ago(600)),  # older than the question: it does not answer it
        ("F-08", "closed_for_good", at.ago(900)),
        *((ref, status, at.ago(9)) for ref, status in _REPORTED.items()),
    ]
    _insert(
        connection,
        tables.status_report,
        [
            {
                "facility_ref": ref,
                "status": status,
                "reported_at": moment,
                "valid_until": moment + 48 * _HOUR,
                "source": "sms",
            }
            for ref, status, moment in reports
        ],
    )


def _info(event: str, hazard: str, levels: tuple[str, str, str], **more: Any) -> dict[str, Any]:
    severity, urgency, certainty = levels
    return {
        "language": "en",
        "categories": ["Met"],
        "event": event,
        "hazard": hazard,
        "response_types": [],
        "urgency": urgency,
        "severity": severity,
        "certainty": certainty,
        "sender_name": "National Meteorological Service",
        "headline": event,
        "description": None,
        "instruction": None,
        "web": "https://warnings.example.org/",
        "contact": None,
        "onset": None,
        "expires": None,
        "areas": [],
        **more,
    }


def _area(name: str, outline: Any = None, codes: dict[str, list[str]] | None = None) -> Any:
    return {
        "area_desc": name,
        "geometry": mapping(outline) if outline else None,
        "geocodes": codes or {},
    }


def _warning(number: int, incident: str, sent: datetime, **more: Any) -> dict[str, Any]:
    infos = more.pop("infos", [])
    return {
        "id": number,
        "sender": "cap@met.example.org",
        "identifier": f"urn:oid:2.49.0.1.50.{number}",
        "sent": sent,
        "incident": incident,
        "revision": 0,
        "status": "Actual",
        "msg_type": "Alert",
        "body": {"infos": infos},
        "document_id": 1,
        "received_at": sent + _MINUTE / 4,
        "planned_at": sent + _MINUTE / 3,
        "superseded_by": None,
        **more,
    }


def _cyclone_infos(at: _Clock, severity: str) -> list[dict[str, Any]]:
    coast = [
        _area("Barguna", box(89.88, 21.85, 90.28, 22.48)),
        _area("Kalapara", None, {"P-Code": ["BD10780066"]}),
        _area("Rangabali", None, {"pcode": ["BD10780097"]}),
    ]
    when = {
        "onset": at.ago(-6 * 60).isoformat(),
        "expires": at.ago(-30 * 60).isoformat(),
        "areas": coast,
    }
    english = _info(
        "Tropical cyclone signal 10",
        "tropical_cyclone",
        (severity, "Expected", "Likely"),
        headline="Great danger signal 10: severe cyclone to cross the Barguna coast tonight",
        description="Winds of 110 to 120 km/h. A surge of 8 to 12 feet above the tide.",
        instruction="Move to the nearest cyclone shelter before 18:00.",
        **when,
    )
    bangla = {
        **english,
        "language": "bn",
        "event": "ঘূর্ণিঝড় মহাবিপদ সংকেত ১০",
        "headline": "মহাবিপদ সংকেত ১০",
        "description": "বাতাসের গতি ঘণ্টায় ১১০–১২০ কিমি।",
        "instruction": "সন্ধ্যার আগে নিকটস্থ আশ্রয়কেন্দ্রে যান।",
    }
    return [english, bangla]


def _cyclone(connection: Connection, at: _Clock) -> None:
    _insert(
        connection,
        tables.warning,
        [
            _warning(2, CYCLONE, at.ago(14), msg_type="Update", revision=1)
            | {"body": {"infos": _cyclone_infos(at, "Extreme")}},
            _warning(1, CYCLONE, at.ago(130), infos=_cyclone_infos(at, "Severe"))
            | {"superseded_by": 2},
        ],
    )
    _decisions(connection, at)
    _subjects(connection, at)
    _notices(connection, at)
    timer = {"incident": CYCLONE, "rule": "cyclone-care", "info": 0, "warning_id": 2}
    _insert(
        connection,
        tables.escalation_timer,
        [
            {
                **timer,
                "kind": "resident",
                "ref": f"R-{n:03d}",
                "step": 1,
                "revision": 1,
                "started_at": at.ago(13),
                "due_at": at.ago(3),
                "state": "fired" if n <= 12 else "stopped",
            }
            for n in range(1, 20)
        ]
        + [
            {
                **timer,
                "kind": "resident",
                "ref": f"R-{n:03d}",
                "step": 2,
                "revision": 1,
                "started_at": at.ago(13),
                "due_at": at.ago(-7),
                "state": "waiting",
            }
            for n in range(32, 46)
        ],
    )


def _decisions(connection: Connection, at: _Clock) -> None:
    _insert(
        connection,
        tables.decision,
        [
            {
                "id": n,
                "warning_id": n,
                "incident": CYCLONE,
                "rules_version": "a" * 64,
                "decided_at": moment,
            }
            for n, moment in ((1, at.ago(129)), (2, at.ago(13.5)))
        ],
    )
    inside = "inside tropical_cyclone (Extreme, Expected, Likely): Barguna"
    earlier = "inside tropical_cyclone (Severe, Future, Possible): Barguna"
    hidden = ("needs power_dependent_breathing; age 84", "needs dementia", "needs infant")
    people = [
        {
            "decision_id": number,
            "kind": "resident",
            "ref": f"R-{n:03d}",
            "rule": "cyclone-power" if n % 9 == 0 else "cyclone-care",
            "info": 0,
            "reasons": [inside if number == 2 else earlier, hidden[n % 3]],
        }
        for number, many in ((1, 20), (2, _RESIDENTS))
        for n in range(1, many + 1)
    ]
    places = [
        {
            "decision_id": 2,
            "kind": "facility",
            "ref": ref,
            "rule": "facility-confirm",
            "info": 0,
            "reasons": [inside, "a care place"],
        }
        for ref in _FACILITY_STATES
    ]
    _insert(connection, tables.match, people + places)
    refusals = [("no_phone", 3), ("no_consent", 2), ("opted_out", 1), ("same_phone", 5)]
    _insert(
        connection,
        tables.not_sent,
        [
            {
                "decision_id": decision,
                "kind": "caregiver",
                "ref": f"C-9{n}{reason}",
                "rule": "cyclone-care",
                "reason": reason,
                "detail": "told elsewhere",
            }
            for decision in (1, 2)
            for reason, many in refusals
            for n in range(many)
        ],
    )


def _state(n: int) -> str:
    if n <= 2:
        return "needs_help"
    if n <= 5:
        return "with_desk"
    return "safe" if n <= 31 else "waiting"


def _subjects(connection: Connection, at: _Clock) -> None:
    people = [
        {
            "incident": CYCLONE,
            "kind": "resident",
            "ref": f"R-{n:03d}",
            "state": _state(n),
            "since": at.ago(12 - n / 10),
        }
        for n in range(1, _RESIDENTS + 1)
    ]
    places = [
        {
            "incident": CYCLONE,
            "kind": "facility",
            "ref": ref,
            "state": state,
            # an answered one changes state just after the report came in
            "since": at.ago(8.9 if state == "confirmed" else 11),
        }
        for ref, state in _FACILITY_STATES.items()
    ]
    _insert(connection, tables.subject, people + places)
    _insert(
        connection,
        tables.task,
        [
            _task(CYCLONE, "resident", "R-001", "asked for help", at.ago(8)),
            _task(CYCLONE, "resident", "R-002", "asked for help", at.ago(6)),
            *(
                _task(CYCLONE, "resident", f"R-00{n}", "nobody can be told by SMS", at.ago(13))
                for n in (3, 4, 5)
            ),
            _task(CYCLONE, "facility", "F-01", "nobody answered for the facility", at.ago(2)),
            _task(CYCLONE, "resident", "R-030", "asked for help", at.ago(11))
            | {"closed_at": at.ago(4)},
        ],
    )


def _task(incident: str, kind: str, ref: str, what: str, created_at: datetime) -> dict[str, Any]:
    return {
        "incident": incident,
        "kind": kind,
        "ref": ref,
        "what": what,
        "created_at": created_at,
        "closed_at": None,
    }


def _notices(connection: Connection, at: _Clock) -> None:
    rows = [_notice(n, at) for n in range(1, _RESIDENTS + 1) if n not in (3, 4, 5)]
    rows.append(
        _notice(99, at)
        | {"recipient_kind": "city_desk", "recipient_ref": "desk", "kind": "desk", "about": []}
    )
    _insert(connection, tables.notice, rows)
    _insert(
        connection,
        tables.notice_about,
        [
            {"incident": CYCLONE, "kind": "resident", "ref": ref, "notice_id": row["id"]}
            for row in rows
            for ref in row["about"]
        ],
    )
    _insert(
        connection,
        tables.attempt,
        [
            {
                "notice_id": row["id"],
                "number": 1,
                "started_at": at.ago(13.2),
                "finished_at": at.ago(13.1),
                "state": "accepted" if row["state"] == "sent" else "failed",
                "provider_id": f"SM{n:032d}",
                "error_code": row["error_code"],
            }
            for n, row in enumerate(rows)
            if row["state"] in ("sent", "failed")
        ],
    )


def _notice(n: int, at: _Clock) -> dict[str, Any]:
    state = "failed" if n == 47 else "ready" if n == 48 else "sent"
    arrived = state == "sent" and n != 46
    answer = ("safe" if n > 2 else "help") if n <= 31 else None
    return {
        "id": str(uuid5(NAMESPACE_URL, f"notice-{n}")),
        "idempotency_key": f"k{n}",
        "incident": CYCLONE,
        "revision": 1,
        "warning_id": 2,
        "recipient_kind": "caregiver",
        "recipient_ref": f"C-{n:03d}",
        "phone_hash": b"h",
        "phone_sealed": b"+12025550143",
        "phone_sharing": _sharing(n),
        "about": [f"R-{n:03d}"],
        "rule": "cyclone-care",
        "step": 0,
        "kind": "alert",
        "priority": 0,
        "channel": "sms",
        "wording": "private",
        "template": "cyclone",
        "language": _language(n) if n % 5 else "en",
        "wanted_language": _language(n),
        "facts": {"needs": ["insulin"]},
        "text_sealed": b"Amina: keep the insulin cold",
        "encoding": "UCS-2",
        "segments": 2,
        "expected_replies": {"safe": "1", "help": "2"},
        "reasons": ["needs dementia"],
        "created_at": at.ago(13.4),
        "due_at": at.ago(13.4),
        "expires_at": at.ago(-600),
        "state": state,
        "attempts": 1,
        "delivery_status": "delivered" if arrived else "undelivered" if n == 46 else None,
        "delivered_at": at.ago(13 - n / 60) if arrived else None,
        "error_code": "30003" if n in (46, 47) else None,
        "answer": answer,
        "answered_at": at.ago(12 - n / 10) if answer else None,
    }


def _other_incidents(connection: Connection, at: _Clock) -> None:
    heat = _info(
        "Heat wave",
        "heat",
        ("Severe", "Immediate", "Observed"),
        headline="Severe heat wave over Dhaka: 40 to 41 °C until Thursday",
        expires=at.ago(-40 * 60).isoformat(),
        areas=[_area("Dhaka", box(90.33, 23.66, 90.51, 23.90))],
    )
    drill = _info(
        "Storm surge",
        "storm_surge",
        ("Extreme", "Immediate", "Observed"),
        headline="EXERCISE: surge drill at Kalapara",
        expires=at.ago(-120).isoformat(),
    )
    flood = _info(
        "Flood",
        "flood",
        ("Moderate", "Expected", "Likely"),
        headline="Rivers of Sylhet fall below the danger level",
        expires=at.ago(-600).isoformat(),
    )
    fog = _info("Dense fog", "fog", ("Minor", "Expected", "Likely"), headline="Fog in Rangpur")
    _insert(
        connection,
        tables.warning,
        [
            _warning(10, HEAT, at.ago(60), infos=[heat]),
            _warning(11, EXERCISE, at.ago(30), infos=[drill], status="Exercise"),
            _warning(13, FLOOD, at.ago(240), msg_type="Cancel", revision=1),  # says nothing itself
            _warning(14, ELSEWHERE, at.ago(200), infos=[fog]),
            _warning(12, FLOOD, at.ago(900), infos=[flood], superseded_by=13),
        ],
    )
    _insert(
        connection,
        tables.subject,
        [
            {
                "incident": HEAT,
                "kind": "resident",
                "ref": f"R-{n:03d}",
                "state": "waiting",
                "since": at.ago(55),
            }
            for n in range(30, 42)
        ],
    )


def _journal(connection: Connection, at: _Clock) -> None:
    lines = [
        (14, "warning_received", "urn:oid:2.49.0.1.50.2"),
        (13.5, "warning_planned", "urn:oid:2.49.0.1.50.2"),
        (8, "help_asked", "R-001"),
        (5, "feed_failed", "Regional cyclone centre"),
        (4, "phone_changed", "+12025550143"),  # must be masked even if one slips in
    ]
    _insert(
        connection,
        tables.journal,
        [
            {"at": at.ago(minutes), "event": event, "subject": subject, "details": {}}
            for minutes, event, subject in lines
        ],
    )
