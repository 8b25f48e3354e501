"""The texts on the board: own files that are not used, who has read what, what was told how."""

from sqlalchemy import Connection

from carealert.adapters.db.languages import SqlLanguages
from carealert.domain.language_reviews import reviews_of
from carealert.domain.told_languages import by_first_language
from carealert.services.discretion import discreet_column
from carealert.services.ports.languages import TextsRow


def texts(connection: Connection) -> TextsRow:
    """As the worker last saw the texts."""
    store = SqlLanguages(connection)
    return TextsRow(tuple(store.faults()), reviews_of(store.in_use(), store.signatures()))


def told_otherwise(connection: Connection, incident: str) -> dict[str, str]:
    """First language -> notices in another, as text: small groups are hidden (rule G12)."""
    told = by_first_language(SqlLanguages(connection).told(incident))
    return discreet_column({tag: one.fallbacks for tag, one in told.items() if one.fallbacks})
