"""Changed rules hold when somebody agreed, in every process alike."""

from pathlib import Path

import pytest
from sqlalchemy import Engine

from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.rules.stored import read_folders, rules_of
from carealert.adapters.sealing import Sealer
from carealert.domain.access import Actor, Role
from carealert.domain.reasons import BadReason
from carealert.domain.rule_changes import changes
from carealert.domain.rule_versions import NotAgreed, SignOff, VersionState
from carealert.domain.rules import RuleSet
from carealert.services.access import NotAllowed
from carealert.services.ports.rule_versions import RuleText
from carealert.services.rule_versions import (
    NoSuchVersion,
    approve,
    holding,
    overridden,
    override,
    propose,
    reject,
    rules_in_force,
    take_up,
    texts_of,
    versions,
)
from tests.adapters.rules.test_rule_files import FILE
from tests.support.builders import NOW, hours

RAHMAN = Actor("A. Rahman", Role.OFFICER)
DAS = Actor("B. Das", Role.OFFICER)
COUNCIL = Actor("Council", Role.COUNCIL)
SECOND = SignOff.SECOND_OFFICER
Loaded = tuple[RuleSet, tuple[RuleText, ...]]


@pytest.fixture
def db(engine: Engine, sealer: Sealer) -> SqlDatabase:
    """An empty store."""
    return SqlDatabase(engine, sealer)


@pytest.fixture
def first(tmp_path: Path) -> Loaded:
    """The rules that an office begins with."""
    return loaded(tmp_path / "first", FILE)


@pytest.fixture
def second(tmp_path: Path) -> Loaded:
    """The same with somebody older."""
    return loaded(tmp_path / "second", FILE.replace("at_least: 70", "at_least: 80"))


def loaded(folder: Path, text: str) -> Loaded:
    folder.mkdir()
    (folder / "flood.yaml").write_text(text)
    return read_folders([folder])


def state(db: SqlDatabase, version: str, at: float = 0) -> VersionState:
    found = versions(db, RAHMAN, NOW + hours(at))
    return next(one.state for one in found if one.version == version)


def test_the_first_rules_of_an_office_hold_without_ceremony(db: SqlDatabase, first: Loaded) -> None:
    assert take_up(db, *first, SECOND, NOW) == first[0].version
    assert state(db, first[0].version) is VersionState.IN_FORCE
    with db.reading() as stores:
        assert [line.event for line in stores.journal.recent()] == ["rules_approved"]


def test_without_sign_off_a_changed_folder_holds_at_once_and_the_old_text_stays(
    db: SqlDatabase, first: Loaded, second: Loaded
) -> None:
    take_up(db, *first, SignOff.OFF, NOW)
    for _ in range(2):
        assert take_up(db, *second, SignOff.OFF, NOW + hours(1)) == second[0].version
    assert len(versions(db, RAHMAN, NOW + hours(1))) == 2
    assert take_up(db, *first, SignOff.OFF, NOW + hours(2)) == first[0].version
    _, texts = texts_of(db, RAHMAN, second[0].version[:8])
    assert "at_least: 80" in texts[0].text


def test_with_sign_off_a_changed_folder_changes_nothing_until_a_second_person_agreed(
    db: SqlDatabase, first: Loaded, second: Loaded
) -> None:
    take_up(db, *first, SECOND, NOW)
    assert take_up(db, *second, SECOND, NOW) == first[0].version
    proposed = propose(db, RAHMAN, *second, "as the SOP of May says", NOW)
    assert proposed.state is VersionState.PROPOSED
    with pytest.raises(NotAgreed, match="a second person"):
        approve(db, RAHMAN, second[0].version, SECOND, None, NOW)
    assert take_up(db, *second, SECOND, NOW) == first[0].version
    approve(db, DAS, second[0].version[:8], SECOND, None, NOW + hours(1))
    assert take_up(db, *first, SECOND, NOW + hours(1)) == second[0].version
    assert rules_in_force(db, second[0].version, rules_of) == second[0]


def test_an_approval_may_begin_later(db: SqlDatabase, first: Loaded, second: Loaded) -> None:
    take_up(db, *first, SECOND, NOW)
    propose(db, RAHMAN, *second, "for the season", NOW)
    approve(db, DAS, second[0].version, SECOND, NOW + hours(48), NOW)
    assert holding(db, NOW + hours(47)) == first[0].version
    assert state(db, second[0].version, 47) is VersionState.APPROVED
    assert holding(db, NOW + hours(48)) == second[0].version


def test_an_override_holds_for_a_day_and_everybody_sees_it(
    db: SqlDatabase, first: Loaded, second: Loaded
) -> None:
    take_up(db, *first, SignOff.COUNCIL, NOW)
    propose(db, RAHMAN, *second, "the dam upstream", NOW)
    with pytest.raises(BadReason):
        override(db, RAHMAN, second[0].version, "", NOW)
    override(db, RAHMAN, second[0].version, "the dam upstream has opened", NOW)
    for sign_off in SignOff:
        assert take_up(db, *first, sign_off, NOW + hours(23)) == second[0].version
    seen = overridden(db, NOW + hours(23))
    assert seen is not None
    assert (seen.by, seen.note) == ("A. Rahman", "the dam upstream has opened")
    assert overridden(db, NOW + hours(24)) is None
    assert take_up(db, *second, SignOff.COUNCIL, NOW + hours(24)) == first[0].version


def test_only_what_is_proposed_is_rejected(db: SqlDatabase, first: Loaded, second: Loaded) -> None:
    take_up(db, *first, SECOND, NOW)
    propose(db, RAHMAN, *second, "for the season", NOW)
    with pytest.raises(NotAgreed):
        reject(db, DAS, first[0].version, "it is too wide", NOW)
    assert reject(db, DAS, second[0].version, "it is too wide", NOW).state is VersionState.REJECTED
    with pytest.raises(NotAgreed):
        propose(db, RAHMAN, *first, "these hold already", NOW)


def test_names_are_found_by_their_first_letters(db: SqlDatabase, first: Loaded) -> None:
    take_up(db, *first, SECOND, NOW)
    assert texts_of(db, COUNCIL, first[0].version[:6])[0] == first[0].version
    for wrong in ("", "zzzzzz", first[0].version[:5]):
        with pytest.raises(NoSuchVersion):
            texts_of(db, COUNCIL, wrong)


def test_an_officer_of_a_part_changes_no_rules_of_the_whole(
    db: SqlDatabase, first: Loaded, second: Loaded
) -> None:
    take_up(db, *first, SECOND, NOW)
    local = Actor("L", Role.OFFICER, areas=frozenset({"BD1004"}))
    with pytest.raises(NotAllowed):
        propose(db, local, *second, "for our part", NOW)


def test_the_office_s_own_files_go_before_the_shipped_ones_when_read_again(
    tmp_path: Path, first: Loaded
) -> None:
    shipped, own = tmp_path / "shipped", tmp_path / "own"
    for folder, text in ((shipped, FILE), (own, FILE.replace("at_least: 70", "at_least: 90"))):
        folder.mkdir()
        (folder / "a.yaml").write_text(text)
    rules, texts = read_folders([shipped, own])
    assert rules_of(tuple(reversed(texts))) == rules
    assert rules.version != first[0].version


def test_a_difference_is_said_rule_by_rule(first: Loaded, second: Loaded, tmp_path: Path) -> None:
    other, _ = loaded(tmp_path / "other", FILE.replace("id: flood-leave", "id: flood-go"))
    said = list(changes(first[0], second[0]))
    assert said[0] == "~ flood-leave (who.condition):"
    assert "age 70 or more" in said[1]
    assert "age 80 or more" in said[2]
    assert [line[:13] for line in changes(first[0], other)] == ["+ flood-go: W", "- flood-leave"]
    assert list(changes(first[0], first[0])) == []
