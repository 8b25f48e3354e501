"""The compose file, read as the engine would read it: none runs where the tests run."""

from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]


def test_there_are_an_app_a_worker_and_a_postgresql() -> None:
    assert {"app", "worker", "database", "migrate"} == set(SERVICES)
    assert SERVICES["database"]["image"].startswith("postgres:")
    assert SERVICES["app"]["command"] == ["carealert", "serve"]
    assert SERVICES["worker"]["command"] == ["carealert", "work"]


def test_everything_that_stays_up_has_a_health_check_and_starts_again() -> None:
    for name in ("app", "worker", "database"):
        assert SERVICES[name]["healthcheck"]["test"], name
        assert SERVICES[name]["restart"] == "unless-stopped", name


def test_the_data_lies_in_a_named_volume() -> None:
    assert "database" in COMPOSE["volumes"]
    assert SERVICES["database"]["volumes"] == ["database:/var/lib/postgresql/data"]


def test_nothing_starts_before_the_tables_are_there() -> None:
    for name in ("app", "worker"):
        assert SERVICES[name]["depends_on"]["migrate"] == {
            "condition": "service_completed_successfully"
        }
    assert SERVICES["migrate"]["depends_on"]["database"] == {"condition": "service_healthy"}


def test_no_secret_stands_in_the_file_and_the_port_is_not_open_to_the_world() -> None:
    environment = SERVICES["app"]["environment"]
    for name in ("CAREALERT_SECRET_KEY", "CAREALERT_CONSOLE_PASSWORD", "CAREALERT_DATABASE_URL"):
        assert ":?set " in environment[name], f"{name} must be demanded from .env"
    assert all(port.startswith("127.0.0.1:") for port in SERVICES["app"]["ports"])


def test_every_variable_of_the_file_is_a_setting_and_stands_in_the_example() -> None:
    from carealert.settings import Settings

    known = {f"CAREALERT_{name.upper()}" for name in Settings.model_fields}
    assert set(SERVICES["app"]["environment"]) <= known
    example = (ROOT / ".env.example").read_text()
    for name in known & set(SERVICES["app"]["environment"]) - {"CAREALERT_DATABASE_URL"}:
        assert f"{name}=" in example
