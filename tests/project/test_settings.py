"""Settings say what is wrong by name, and never show a secret."""

from pathlib import Path

import pytest

from carealert import settings


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "carealert.toml").write_text('sender_tag = "Barguna"\nport = 9000\n')
    monkeypatch.setenv("CAREALERT_PORT", "9001")
    loaded = settings.load(tmp_path)
    assert (loaded.sender_tag, loaded.port, loaded.host) == ("Barguna", 9001, "127.0.0.1")


def test_an_unknown_setting_and_a_wrong_one_are_named_in_one_go(tmp_path: Path) -> None:
    (tmp_path / "carealert.toml").write_text('sender_tg = "x"\ntime_zone = "Mars/Phobos"\n')
    with pytest.raises(settings.SettingsProblem) as problem:
        settings.load(tmp_path)
    assert "There is no setting 'sender_tg'" in str(problem.value)
    assert "time_zone (CAREALERT_TIME_ZONE) is wrong: is not a time zone" in str(problem.value)


def test_a_secret_is_shown_nowhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAREALERT_SECRET_KEY", "hunter2hunter2hunter2")
    monkeypatch.setenv("CAREALERT_TWILIO_AUTH_TOKEN", "hunter2hunter2")
    monkeypatch.setenv("CAREALERT_DATABASE_URL", "postgresql+psycopg://u:hunter2@db/x")
    monkeypatch.setenv("CAREALERT_PORT", "no")
    with pytest.raises(settings.SettingsProblem) as problem:
        settings.load(tmp_path)
    monkeypatch.setenv("CAREALERT_PORT", "8001")
    loaded = settings.load(tmp_path)
    assert "hunter2" not in f"{problem.value}{loaded!r}{loaded}{loaded.model_dump_json()}"


def test_a_missing_key_says_how_to_make_one(tmp_path: Path) -> None:
    loaded = settings.load(tmp_path)
    with pytest.raises(settings.SettingsProblem, match="run 'carealert init'"):
        settings.secret_of(loaded)
    path = settings.write_key_file(tmp_path)
    first = settings.secret_of(loaded)
    assert len(first) > 30
    assert path.stat().st_mode & 0o077 == 0
    settings.write_key_file(tmp_path)
    assert settings.secret_of(loaded) == first, "an existing key must never be replaced"
