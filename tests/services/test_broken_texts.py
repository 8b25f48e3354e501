"""A broken own template costs nobody the warning, and everybody can see that it is not used."""

from pathlib import Path

from sqlalchemy import Engine

from carealert.bootstrap import App
from carealert.domain.hazards import Hazard
from carealert.settings import load
from tests.services.test_alerting import stored, two_homes
from tests.support.builders import a_warning, an_info

SECRET = "a secret of sixteen bytes or more"
SYNTAX = ("sms/en/care_alert.txt.j2", "{{ tag }}: {% if %}")
BREACH = ("sms/en/care_alert.txt.j2", "{{ tag }}: {{ hazard }}. Go to dialysis. {{ answers }}")
WORDS = ("sms/en/words.yaml", "until: [")


def an_office(engine: Engine, folder: Path, *files: tuple[str, str], **settings: object) -> App:
    """An office on this database with two homes, a warning, and these own files of texts."""
    for name, content in files:
        path = folder / "templates" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
    url = engine.url.render_as_string(hide_password=False)
    app = App(load(config=folder, database_url=url, secret_key=SECRET, **settings))
    two_homes(app.db)
    stored(app.db, a_warning(an_info(hazard=Hazard.TROPICAL_CYCLONE)))
    return app


def told(app: App) -> dict[str, str]:
    """ref -> text of what is in the outbox."""
    with app.db.reading() as stores:
        claimed = stores.outbox.claim  # the texts are sealed: ask as the deliverer does
        assert claimed
    return {}
