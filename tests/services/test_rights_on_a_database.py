"""Every gated service by every role, with real arguments on a real database."""

import inspect
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import event

from carealert.adapters.db import migrating
from carealert.bootstrap import App
from carealert.domain.access import GRANTS, Actor, Role
from carealert.domain.consents import ConsentRecord, ConsentStatus, Medium
from carealert.domain.facilities import ContinuityStatus
from carealert.domain.people import Purpose
from carealert.domain.retention import Kept
from carealert.domain.rule_versions import NotAgreed, SignOff
from carealert.services.access import NotAllowed
from carealert.services.holding import NotHeld
from carealert.services.organisations import HouseholdsRefused
from carealert.services.ports.consents import PersonKind
from carealert.services.ports.feeds import Feed
from carealert.services.ports.notices import Wanted
from carealert.services.ports.registry import PlaceArea
from carealert.services.ports.rule_versions import RuleText
from carealert.services.retention import Keeping
from carealert.settings import load
from tests.services.test_rights import GATED
from tests.support.cap import cap_xml, message
from tests.support.directory import SAMITY
from tests.support.register import AMINA, BARE, CLINIC, NOW, RAHIMA

#: What is given for a parameter of this name; a new name has to be added here.
GIVEN: dict[str, Any] = {
    "breaches": (),
    "fingerprints": {"en": {"sms/en/words.yaml": "0"}},
    "areas": [PlaceArea("P-code", "BD1", 1, None, {"en": "North"}, None)],
    "area": "BD1",
    "body": cap_xml(),
    "caregivers": [],
    "effective": None,
    "end": NOW,
    "id_start": "5f0c2a1b",
    "ids": ["n-1"],
    "incident": None,
    "length": timedelta(minutes=5),
    "facilities": [],
    "feed": Feed("met", "https://warnings.example.org/cap.xml", "cap", timedelta(minutes=5)),
    "keeping": Keeping({kept: timedelta(days=90) for kept in Kept}, timedelta(hours=12)),
    "kind": PersonKind.RESIDENT,
    "language": "en",
    "limit": 10,
    "medium": Medium.PAPER,
    "name": "nobody",
    "now": NOW,
    "note": "a test of the rights",
    "number": "+12025550142",
    "organisations": [replace(SAMITY, households=("R-1",))],
    "purposes": [Purpose.STATISTICS],
    "reason": "a test of the rights",
    "records": [ConsentRecord(Purpose.STATISTICS, ConsentStatus.GIVEN, NOW, Medium.PAPER)],
    "ref": "R-1",
    "reviewer": "R. Akter",
    "refs": ["R-1"],
    "residents": [BARE],
    "role": Role.OFFICER,
    "rule": None,
    "sign_off": SignOff.SECOND_OFFICER,
    "soon": timedelta(days=30),
    "start": NOW,
    "status": ContinuityStatus.OPEN,
    "text": "Khatun",
    "until": NOW + timedelta(hours=1),
    "texts": [RuleText(0, "rules.yaml", "")],
    "valid_for": timedelta(hours=1),
    "version": "0123456789",
    "wanted": Wanted(),
    "warning": message("w-1", 6),
    "what": "routine",
    "why": "a test of the rights",
    "warning_id": 1,
    "zone": ZoneInfo("Asia/Dhaka"),
}
#: Where one name means several things.
INSTEAD: dict[str, dict[str, Any]] = {
    "languages.sign": {"role": "midwife"},
    "feed_office.list_feeds": {"records": 3},
    "officers.put_officer": {"areas": [], "facilities": []},
    "registering.import_facilities": {"facilities": [CLINIC]},
    "reporting.report_status": {"ref": CLINIC.ref},
}


class _Files:
    """Takes an export, and reads all of it."""

    def _take(self, every: Any) -> None:
        list(every)

    residents = caregivers = facilities = organisations = _take


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[App]:
    """An office on SQLite with one resident, one caregiver and one facility."""
    folder = tmp_path_factory.mktemp("rights")
    app = App(
        load(
            database_url=f"sqlite:///{folder / 'office.db'}",
            secret_key="a secret of a test, long enough",
        )
    )
    migrating.upgrade(app.engine)
    with app.db.transaction() as stores:
        stores.people.put_residents([AMINA])
        stores.people.put_caregivers([RAHIMA], [])
        stores.facilities.put([CLINIC], NOW)
    yield app
    app.engine.dispose()


@pytest.fixture
def statements(app: App) -> Iterator[list[str]]:
    """What the database was asked."""
    seen: list[str] = []

    def note(_c: object, _k: object, statement: str, *_rest: object) -> None:
        seen.append(statement)

    event.listen(app.engine, "before_cursor_execute", note)
    yield seen
    event.remove(app.engine, "before_cursor_execute", note)


def _call(app: App, name: str, who: Actor) -> Callable[[], Any]:
    """The call with everything it takes, not made yet: an argument that is missing must be seen."""
    service: Callable[..., Any] = GATED[name]
    first, _, *rest = inspect.signature(service).parameters.values()
    given = {
        **GIVEN,
        "composer": app.composer,
        "file": _Files(),
        "files": _Files(),
        "office": app.office,
        "reader": app.reader,
        "new": app.rules,
        "old": app.rules,
        "rules": app.rules,
        "scrub": lambda: True,
        **INSTEAD.get(name, {}),
    }
    wanted = {one.name: given[one.name] for one in rest if one.default is one.empty}
    db = app.poller if first.name == "poller" else app.db
    return partial(service, db, who, **wanted)


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("name", sorted(GATED))
def test_a_real_call_asks_the_database_only_for_who_may(
    app: App, statements: list[str], name: str, role: Role
) -> None:
    own = frozenset({CLINIC.ref}) if role is Role.FACILITY else frozenset()
    call = _call(app, name, Actor("A", role, facilities=own))
    if GATED[name].right not in GRANTS[role]:  # type: ignore[attr-defined]
        with pytest.raises(NotAllowed):
            call()
        assert statements == []
        return
    # What is asked for may be gone by now, or never was.
    with suppress(LookupError, ValueError, NotHeld, HouseholdsRefused, NotAgreed):
        call()
    assert statements


def test_the_arguments_here_are_those_of_services() -> None:
    asked = {one for found in GATED.values() for one in inspect.signature(found).parameters}
    assert GIVEN.keys() <= asked
