"""Rule files: what they mean, what is refused with which sentence, and which rule wins."""

import json
import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from carealert.adapters.rules.condition_model import SubjectConditions
from carealert.adapters.rules.files import InvalidRules, load_rules, read_rule_text, version_of
from carealert.adapters.rules.model import RuleFile, json_schema
from carealert.domain.condition_parts import About, Range
from carealert.domain.conditions import AllOf, AnyOf, Condition, Not, Test, about
from carealert.domain.facilities import FacilityType
from carealert.domain.hazards import Hazard
from carealert.domain.people import Need
from carealert.domain.rules import Audience, EscalationStep, Priority, Rule, SubjectKind
from carealert.domain.warnings import MsgType, Severity

ROOT = Path(__file__).resolve().parents[3]
SHIPPED = ROOT / "rules"


def needs(*words: Need) -> Condition:
    return Test("needs", frozenset(words))


def areas(*codes: str) -> Condition:
    return Test("areas", frozenset(codes))


def age(at_least: int | None = None, below: int | None = None) -> Condition:
    return Test("age", Range(at_least, below))


FILE = """\
apiVersion: carealert/v1
kind: RuleSet
metadata: {id: test-rules, title: Test rules, owner: Test office, review_by: "2027-11-01"}
rules:
  - id: flood-leave
    title: Leave early
    why: SOP 4.2
    when: {hazard: [flood], severity: [Extreme, Severe], msg_type: [Alert, Update]}
    who: {kind: resident, any: [{needs: [mobility]}, {age: {at_least: 70}}]}
    do:
      priority: life_threatening
      template: care_alert
      checklist: flood
      to: [caregivers, resident]
      expect_reply: {safe: "1", help: "2"}
      escalate:
        - {after: 10m, to: [caregivers], template: reminder}
        - {after: 2h, to: [city_desk], template: desk}
"""
FACILITY = """\
apiVersion: carealert/v1
kind: RuleSet
metadata: {id: test-rules, title: Test rules, owner: Test office}
rules:
  - id: flood-confirm
    title: Confirm
    why: SOP 5
    when: {hazard: [flood]}
    who: {kind: facility, facility_type: [dialysis]}
    do:
      priority: urgent
      template: facility_confirm
      to: [facility_manager]
      expect_reply: {open: "1", closed: "2"}
"""


def rule(text: str = FILE) -> Rule:
    return read_rule_text(text, "x.yaml").rules[0]


def problems(text: str) -> str:
    with pytest.raises(InvalidRules) as caught:
        read_rule_text(text, "x.yaml")
    return str(caught.value)


def test_a_rule_file_means_what_it_says() -> None:
    found = rule()
    assert (found.id, found.why, found.enabled, found.origin) == (
        "flood-leave",
        "SOP 4.2",
        True,
        "x.yaml:5",
    )
    assert found.when.condition == AllOf(
        (
            Test("hazard", frozenset({Hazard.FLOOD})),
            Test("severity", frozenset({Severity.EXTREME, Severity.SEVERE})),
            Test("msg_type", frozenset({MsgType.ALERT, MsgType.UPDATE})),
        )
    )
    assert found.who.condition == AnyOf((needs(Need.MOBILITY), age(70)))
    assert found.do.priority is Priority.LIFE_THREATENING
    assert found.do.to == (Audience.CAREGIVERS, Audience.RESIDENT)
    assert found.do.escalate[1] == EscalationStep(timedelta(hours=2), (Audience.CITY_DESK,), "desk")


def test_a_facility_rule_means_what_it_says() -> None:
    found = rule(FACILITY)
    assert found.who.kind is SubjectKind.FACILITY
    assert found.who.condition == Test("facility_type", frozenset({FacilityType.DIALYSIS}))
    assert dict(found.do.expect_reply or {}) == {"open": "1", "closed": "2"}


@pytest.mark.parametrize(
    ("who", "condition"),
    [
        ("{kind: resident}", None),
        ("{kind: resident, needs: [dialysis]}", needs(Need.DIALYSIS)),
        ("{kind: resident, areas: [BD1004]}", areas("BD1004")),
        (
            "{kind: resident, all: [{age: {at_least: 60, below: 70}}, {needs: [dementia]}]}",
            AllOf((age(60, 70), needs(Need.DEMENTIA))),
        ),
        (
            "{kind: resident, age: {below: 5}, not: {needs: [infant]}}",
            AllOf(
                (
                    age(None, 5),
                    Not(needs(Need.INFANT)),
                )
            ),
        ),
        (
            "{kind: resident, any: [{needs: [mobility], areas: [BD10]}]}",
            AnyOf((AllOf((needs(Need.MOBILITY), areas("BD10"))),)),
        ),
    ],
)
def test_several_keys_mean_all_of_them_and_any_means_one(who: str, condition: object) -> None:
    text = re.sub(r"who: .*", f"who: {who}", FILE)
    assert rule(text).who.condition == condition


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        (
            "severity:",
            "severty:",
            (
                "x.yaml:8:29: the key 'severty' is not known here. Did you mean"
                " 'severity'? Allowed: hazard, severity,"
            ),
        ),
        (
            "[flood]",
            "[floood]",
            ("x.yaml:8:21: the text 'floood' is not known here. Did you mean 'flood'?"),
        ),
        (
            "[flood]",
            "flood",
            ("x.yaml:8:12: expected a list, such as [one, two], found the text 'flood'."),
        ),
        ("Extreme,", "extreme,", "Did you mean 'Extreme'? Allowed: Extreme, Severe,"),
        ("severity:", "SEVERITY:", "Did you mean 'severity'?"),
        ("hazard: [flood]", "hazard: []", "'hazard' must not be empty"),
        ("[Alert, Update]", "[Cancel]", "x.yaml:8:69: the text 'Cancel' is not known here."),
        (
            "at_least: 70",
            'at_least: "70"',
            ("expected a whole number without quotes, found the text '70'."),
        ),
        ("at_least: 70", "atleast: 70", "Did you mean 'at_least'?"),
        (
            "needs: [mobility]",
            "gender: [woman]",
            "the key 'gender' is not known here. Allowed: needs, functioning, age,",
        ),
        ("{needs: [mobility]}", "{}", "must have at least one key"),
        ("kind: resident", "kind: residents", "Did you mean 'resident'?"),
        ("life_threatening", "urgnt", "Did you mean 'urgent'? Allowed: life_threatening, urgent,"),
        (
            "10m",
            "10 minutes",
            ("x.yaml:17:12: the text '10 minutes' is not a length of time such as 10m, 12h or 2d."),
        ),
        ("10m", "0m", "is not a length of time"),
        ('safe: "1"', "safe: 1", "x.yaml:15:22: expected text in quotes, found the number '1'."),
        ('safe: "1"', 'safe: "11"', "is not one digit in quotes"),
        ("id: flood-leave", "id: Flood leave", "is not a name of small letters"),
        ("    why: SOP 4.2\n", "", "x.yaml:5:5: the key 'why' is missing."),
        (
            "title: Leave early",
            "title: Leave early\n    enabled: no",
            ("expected true or false, found the text 'no'."),
        ),
        ("carealert/v1", "carealert/v2", "x.yaml:1:1: the text 'carealert/v2' is not known here."),
        ("template: care_alert", "template: care alert", "is not a template of templates/"),
        ("rules:\n", "rule:\n", "Did you mean 'rules'?"),
        ("at_least: 70", "at_least: 700", "the number '700' is out of range. Allowed: 0 to"),
        ("at_least: 70", "at_least: true", "expected a whole number without quotes, found true."),
        ("kind: resident,", "kind: resident, within_km: 0,", "Allowed: more than 0 to 100."),
        (
            "hazard: [flood]",
            "hazard: []",
            "give it a value or remove it. Allowed: tropical_cyclone,",
        ),
        ("hazard: [flood]", "hazard: flood", "Allowed: tropical_cyclone,"),
        ("[Alert, Update]", "[]", "'msg_type' must not be empty"),
    ],
)
def test_a_slip_is_named_with_its_place_and_the_nearest_word(
    before: str, after: str, expected: str
) -> None:
    assert before in FILE
    assert expected in problems(FILE.replace(before, after, 1))


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ("2027-11-01", "2027-02-30", "x.yaml:3:67: there is no day '2027-02-30'."),
        ("[flood]", "[test_message]", "'test_message' never reaches people"),
        (
            "kind: resident,",
            "kind: resident, facility_type: [clinic],",
            "'facility_type' is about facilities: remove it from a resident rule",
        ),
        (
            "at_least: 70",
            "at_least: 70, below: 60",
            "no value can meet this: at_least must be smaller than below",
        ),
        (
            "at_least: 70",
            "at_least: 70, below: 70",
            "no value can meet this: at_least must be smaller than below",
        ),
        (
            "[caregivers, resident]",
            "[facility_manager]",
            (
                "x.yaml:14:12: 'facility_manager' is not"
                " told by a rule about a resident. Allowed: resident, caregivers, relay,"
                " community_group, city_desk."
            ),
        ),
        ("[city_desk]", "[deputy_manager]", "'deputy_manager' is not told"),
        ("safe:", "stop:", "carriers take the word 'stop' for themselves"),
        ("safe:", "END:", "carriers take the word 'END'"),
        ("safe:", "sfae:", "the answer 'sfae' is not known. Did you mean 'safe'?"),
        ('"1"', '"0"', "the digit 0 is kept for leaving the list"),
        ('help: "2"', 'help: "1"', "the digit 1 means 'safe' already"),
        ("after: 2h", "after: 10m", "x.yaml:18:12: 10m is not later than the step before"),
        ("to: [city_desk]", "to: [caregivers]", "x.yaml:16:7: must end at city_desk"),
        (
            "{after: 10m, to: [caregivers]",
            "{after: 10m, to: [community_group]",
            "x.yaml:17:29: 'community_group' is not told that somebody is silent.",
        ),
        (
            "template: desk}",
            """template: desk}
      escalate_by_severity:
        Extreme: [{after: 5m, to: [caregivers], template: reminder}]""",
            "x.yaml:20:9: must end at city_desk: silence needs a person.",
        ),
        (
            "checklist: flood",
            "start_earlier: 6h",
            "x.yaml:13:7: needs a lead_time in 'when'",
        ),
        ("checklist: flood", "repeat_every: 59m", "is too often: once in an hour at most."),
        ("checklist: flood", "follow_up: [3d, 24h]", "24h is not later than the step before it"),
        ("checklist: flood", "follow_up: [24h, 15d]", "15d is not between an hour and 14 days"),
    ],
)
def test_a_rule_that_would_leave_somebody_out_is_not_loaded(
    before: str, after: str, expected: str
) -> None:
    assert before in FILE
    assert expected in problems(FILE.replace(before, after, 1))


def test_what_a_rule_does_beside_telling_is_read_as_it_is_written() -> None:
    do = rule(
        FILE.replace(
            "      checklist: flood\n",
            """      escalate_by_severity:
        Extreme: [{after: 5m, to: [caregivers, relay], template: reminder},
                  {after: 15m, to: [city_desk], template: desk}]
      start_earlier: 6h
      repeat_every: 12h
      follow_up: [24h, 72h]
      programme: cash-for-care
""",
        ).replace("msg_type: [Alert, Update]", "lead_time: {below: 12h}")
    ).do
    assert [step.after for step in do.chain(Severity.EXTREME)] == [
        timedelta(minutes=5),
        timedelta(minutes=15),
    ]
    assert do.chain(Severity.SEVERE) == do.chain(None) == do.escalate
    assert do.names(Audience.RELAY)
    assert not do.names(Audience.COMMUNITY_GROUP)
    assert (do.start_earlier, do.repeat_every) == (timedelta(hours=6), timedelta(hours=12))
    assert do.check_after == (timedelta(hours=24), timedelta(hours=72))
    assert do.programme == "cash-for-care"


@pytest.mark.parametrize("key", ["start_earlier: 6h", "follow_up: [24h]", "to: [relay]"])
def test_what_is_for_people_has_no_place_in_a_facility_rule(key: str) -> None:
    with_key = (
        FACILITY.replace("to: [facility_manager]", key)
        if "to:" in key
        else (FACILITY.replace("priority: urgent", f"priority: urgent\n      {key}"))
    )
    assert "remove it" in problems(with_key) or "is not told by a rule" in problems(with_key)


AREA = FILE.replace("owner: Test office,", "owner: Test office, area: BD1004,")


def test_a_file_of_an_area_has_rules_of_that_area() -> None:
    override = "override: {by: A. Officer, reason: SOP 9, until: 2027-06-01T06:00+06:00}"
    found = rule(AREA.replace("why: SOP 4.2", f"why: SOP 4.2\n    replaces: metro\n    {override}"))
    assert (found.of_area, found.replaces) == ("BD1004", "metro")
    assert found.override is not None
    assert found.override.until.isoformat() == "2027-06-01T06:00:00+06:00"


@pytest.mark.parametrize(
    ("text", "added", "expected"),
    [
        (FILE, "replaces: metro", "only a rule of an area replaces another"),
        (AREA, "override: {by: A, reason: B, until: 2027-06-01T06:00Z}", "say which"),
        (
            AREA,
            "replaces: metro\n    override: {by: A, reason: B, until: 2027-06-31T06:00Z}",
            "there is no moment '2027-06-31T06:00Z'",
        ),
        (AREA, "override: {by: A, reason: B, until: tomorrow}", "is not a moment with its offset"),
    ],
)
def test_a_slip_about_areas_is_named(text: str, added: str, expected: str) -> None:
    assert expected in problems(text.replace("why: SOP 4.2", f"why: SOP 4.2\n    {added}"))


def test_a_key_that_a_rule_leaves_out_does_not_change_its_version() -> None:
    one = rule()
    assert version_of([one]) == version_of([replace(one, of_area=None, override=None)])
    assert version_of([one]) != version_of([replace(one, of_area="BD1004")])
    assert version_of([one]) != version_of([replace(one, do=replace(one.do, programme="x"))])


def test_a_life_threatening_rule_without_a_chain_is_not_loaded() -> None:
    assert "must end its escalate at city_desk" in problems(FILE[: FILE.index("      escalate")])


@pytest.mark.parametrize("key", ["needs: [dialysis]", "age: {below: 5}", "no_phone: true"])
def test_a_condition_on_people_has_no_place_in_a_facility_rule(key: str) -> None:
    text = FACILITY.replace("kind: facility,", f"kind: facility, {key},")
    assert "is about residents: remove it from a facility rule" in problems(text)


def test_a_facility_s_answers_are_its_continuity_statuses() -> None:
    assert "Did you mean 'closed'?" in problems(FACILITY.replace("closed:", "close:"))
    assert "'unknown' is not known" in problems(FACILITY.replace("closed:", "unknown:"))


def test_every_slip_of_a_file_is_said_at_once_and_in_order() -> None:
    text = FILE.replace("severity:", "severty:").replace("10m", "ten").replace('"1"', "1")
    lines = problems(text).splitlines()
    assert [line.split(":")[1] for line in lines] == ["8", "15", "17"]


def write(folder: Path, name: str, text: str) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(text)
    return folder


def test_the_office_s_own_rule_replaces_the_shipped_one_whole(tmp_path: Path) -> None:
    shipped = write(
        tmp_path / "shipped",
        "a.yaml",
        FILE + FILE[FILE.index("  - id") :].replace("flood-leave", "flood-other"),
    )
    own = write(tmp_path / "own", "mine.yaml", FACILITY.replace("flood-confirm", "flood-leave"))
    found = load_rules([shipped, own])
    assert [one.id for one in found.rules] == ["flood-leave", "flood-other"]
    assert found.get("flood-leave").who.kind is SubjectKind.FACILITY
    assert found.get("flood-leave").why == "SOP 5"
    assert found.get("flood-leave").origin.endswith("own/mine.yaml:5")


def test_a_shipped_rule_is_turned_off_by_its_id(tmp_path: Path) -> None:
    shipped = write(tmp_path / "shipped", "a.yaml", FILE)
    own = write(
        tmp_path / "own",
        "off.yaml",
        FILE.replace("title: Leave", "enabled: false\n    title: Leave"),
    )
    found = load_rules([shipped, own])
    assert [one.enabled for one in found.rules] == [False]


def test_an_id_that_is_used_twice_in_one_folder_is_refused(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", FILE)
    write(tmp_path, "b.yaml", FILE)
    with pytest.raises(InvalidRules, match=r"b\.yaml:5:1: the id 'flood-leave' is used twice"):
        load_rules([tmp_path])


def test_no_rule_at_all_is_a_problem_and_not_a_silence(tmp_path: Path) -> None:
    with pytest.raises(InvalidRules, match="nobody is told"):
        load_rules([tmp_path])


def test_every_broken_file_is_named_in_one_go(tmp_path: Path) -> None:
    write(tmp_path, "a.yaml", FILE.replace("10m", "ten"))
    write(tmp_path, "b.yaml", "a: &x 1")
    with pytest.raises(InvalidRules) as caught:
        load_rules([tmp_path])
    assert len(caught.value.problems) == 2


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidRules, match=r"none\.yaml:1:1: cannot be read"):
        load_rules([tmp_path / "none.yaml"])


def test_the_version_is_of_what_the_rules_say_and_of_nothing_else(tmp_path: Path) -> None:
    def version(name: str, text: str) -> str:
        return load_rules([write(tmp_path / name, "r.yaml", text)]).version

    first = version("a", FILE)
    same = "# a comment\n" + FILE.replace("[Extreme, Severe]", "[Severe, Extreme]")
    assert version("b", same) == first
    for changed in (
        FILE.replace("10m", "11m"),
        FILE.replace("[flood]", "[cold]"),
        FILE.replace("at_least: 70", "at_least: 71"),
        FILE.replace("at_least: 70", "below: 70"),
        FILE.replace("title: Leave", "enabled: false\n    title: Leave"),
    ):
        assert version(f"c{hash(changed)}", changed) != first
    assert re.fullmatch("[0-9a-f]{64}", first)


def test_the_published_schema_is_that_of_the_model() -> None:
    published = json.loads((SHIPPED / "carealert-rule.schema.json").read_text())
    assert published == json_schema(), "run 'carealert rules schema' and save its answer"


def models(kind: type[BaseModel]) -> set[type[BaseModel]]:
    return {kind}.union(*(models(sub) for sub in kind.__subclasses__()))


def test_no_key_of_a_rule_file_reads_gender_and_the_conditions_are_the_domain_s() -> None:
    """Gender never decides who is told (rule G10); a new key must not bring it in."""
    keys = {
        name
        for kind in models(BaseModel)
        if kind.__module__.startswith("carealert.adapters.rules.")
        for name in kind.model_fields
    }
    assert len(keys) > 20
    assert not [name for name in keys if "gender" in name or "sex" in name]
    assert "gender" not in json.dumps(json_schema()).casefold()
    conditions = set(SubjectConditions.model_fields) - {"any", "all", "not_"}
    assert conditions == {*about(About.RESIDENT), *about(About.FACILITY)}


def keys_of(schema: Any) -> set[str]:
    if isinstance(schema, dict):
        return set(schema) | {key for value in schema.values() for key in keys_of(value)}
    return (
        {key for value in schema for key in keys_of(value)} if isinstance(schema, list) else set()
    )


def test_every_part_of_the_schema_refuses_unknown_keys_and_null() -> None:
    schema = json_schema()
    parts = [part for part in schema["$defs"].values() if part["type"] == "object"]
    assert all(part["additionalProperties"] is False for part in [schema, *parts])
    assert '"null"' not in json.dumps(schema)
    assert "anyOf" not in keys_of(schema)
    assert RuleFile.model_fields
