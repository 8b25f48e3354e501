"""An exercise planned in full on paper, from what is in the register now."""

from dataclasses import replace
from datetime import datetime

from carealert.domain.drills import Drills, as_if_real, drill_plan
from carealert.domain.matching import distances
from carealert.domain.plan import IncidentHistory, Office, Plan
from carealert.domain.planning import active_infos, plan, why_nobody
from carealert.domain.rules import RuleSet
from carealert.domain.warnings import HazardWarning
from carealert.services.candidates import find_inside, load_facilities, load_residents
from carealert.services.ports.store import Stores


def decide_drill(
    stores: Stores,
    rules: RuleSet,
    warning: HazardWarning,
    incident: str,
    office: Office,
    setting: Drills,
    now: datetime,
) -> Plan:
    """What an Exercise leads to; each message of it as if nobody had heard anything yet."""
    real, history = as_if_real(warning), IncidentHistory(incident, 0)
    if why_nobody(real, anybody_told=False) is not None:
        on_paper = plan(real, rules, (), (), history, office, now)
        return drill_plan(warning, on_paper, rules, setting, office, incident, now)
    active = active_infos(real, office, now)
    around_km = distances(rules.rules, real, active, now, office.assumed_life)
    inside = find_inside(stores, active, around_km)
    on_paper = plan(
        real,
        rules,
        load_residents(stores, inside),
        load_facilities(stores, inside, evidence=rules.ask("readiness")),
        history,
        office,
        now,
        unresolved=inside.unresolved,
    )
    decided = drill_plan(warning, on_paper, rules, setting, office, incident, now)
    return replace(decided, unknown_areas=inside.unknown, area_notes=inside.notes)
