"""`carealert users`, and commands that act as one of them; in real processes."""

import json
from pathlib import Path

import pytest

from tests.support import command_line
from tests.support.command_line import Done


class Office:
    """A folder with its own database, and the command line in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.settings = {
            "CAREALERT_SECRET_KEY": "a secret of a test, long enough",
            "CAREALERT_DATABASE_URL": f"sqlite:///{folder / 'office.db'}",
            "CAREALERT_CONFIG": str(folder),
        }

    def run(self, *words: str, user: str | None = None) -> Done:
        return command_line.run(*words, folder=self.folder, settings=self._as(user))

    def spawn(self, *words: str, user: str | None = None) -> Done:
        """In a process of its own."""
        return command_line.spawn(*words, folder=self.folder, settings=self._as(user))

    def _as(self, user: str | None) -> dict[str, str]:
        return {**self.settings, **({"CAREALERT_USER": user} if user else {})}


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Office:
    office = Office(tmp_path_factory.mktemp("office"))
    assert office.run("db", "upgrade").returncode == 0
    assert office.spawn("users", "add", "C. Roy", "--role", "council").returncode == 0
    return office


def test_an_account_is_listed_with_its_role(office: Office) -> None:
    listed = json.loads(office.run("users", "list", "--json").stdout)
    (one,) = (one for one in listed if one["name"] == "C. Roy")
    assert (one["role"], one["areas"], one["ended_at"]) == ("council", [], None)


def test_who_acts_as_an_account_may_do_what_its_role_may(office: Office) -> None:
    assert office.run("feeds", "list", user="C. Roy").returncode == 0
    refused = office.run("people", "find", "Khatun", user="C. Roy")
    assert refused.returncode == 1
    assert refused.stdout == ""
    assert "The role 'council' may not do this" in refused.stderr
    assert "Traceback" not in refused.stderr
    refusals = json.loads(office.run("journal", "list", "--event", "refused", "--json").stdout)
    (line,) = (one for one in refusals if one["subject"] == "officer:C. Roy")
    assert line["details"] == {"what": "read_register", "role": "council"}


def test_an_unknown_account_is_a_fault_of_the_settings(office: Office) -> None:
    done = office.run("feeds", "list", user="Nobody")
    assert done.returncode == 4
    assert "CAREALERT_USER: Nobody works here as 'Nobody'" in done.stderr


def test_mistakes_are_one_sentence(office: Office) -> None:
    wrong = office.run("users", "add", "A", "--role", "officer", "--area", "BD404")
    assert wrong.returncode == 2
    assert "no area 'BD404'" in wrong.stderr
    assert office.run("users", "end", "Nobody").returncode == 3


RESIDENTS = """ref,label,language,area_code,needs,consent_purposes
R-1,one,en,BD1A,,
R-2,two,en,BD2,,
R-3,three,en,,,
"""


def test_rows_of_people_elsewhere_are_refused_by_line(office: Office, tmp_path: Path) -> None:
    areas = tmp_path / "areas.geojson"
    square = {"type": "Polygon", "coordinates": [[[0, 0], [0, 1], [1, 1], [1, 0], [0, 0]]]}
    named = {"code_system": "P-code", "code": "BD1A", "level": 2, "name": "North"}
    one = {"type": "Feature", "geometry": square, "properties": named}
    areas.write_text(json.dumps({"type": "FeatureCollection", "features": [one]}))
    done = office.run("areas", "import", str(areas))
    assert done.returncode == 0, done.stderr
    assert (
        office.run("users", "add", "B. Das", "--role", "social", "--area", "BD1A").returncode == 0
    )
    file = tmp_path / "residents.csv"
    file.write_text(RESIDENTS)
    command = ("people", "import", "--residents", str(file))
    for words in (command, (*command, "--dry-run")):
        refused = office.run(*words, user="B. Das")
        assert (refused.returncode, refused.stdout) == (1, "")
        lines = refused.stderr.splitlines()
        assert [line for line in lines if "line 3" in line and "outside your areas" in line]
        assert [line for line in lines if "line 4" in line and "outside your areas" in line]
        assert not [line for line in lines if "line 2" in line]
        assert "2 rows are of people outside your areas, such as R-2, R-3" in lines[-1]
    refusals = json.loads(office.run("journal", "list", "--event", "refused", "--json").stdout)
    assert refusals[0]["subject"] == "officer:B. Das"
    assert refusals[0]["details"] == {"what": "place", "role": "social"}
    file.write_text("\n".join(RESIDENTS.splitlines()[:2]) + "\n")
    assert office.run(*command, user="B. Das").returncode == 0


def test_nobody_decides_under_another_s_name(office: Office) -> None:
    assert office.run("users", "add", "D. Sen", "--role", "officer").returncode == 0
    other = office.run("warnings", "release", "7", "--by", "C. Roy", user="D. Sen")
    assert other.returncode == 2
    assert "'D. Sen'" in other.stderr
    own = office.run("warnings", "release", "7", user="D. Sen")
    assert own.returncode == 3, "there is none, which is said after who asks is known"
    assert office.run("warnings", "release", "7").returncode == 2, "a decision needs a name"
