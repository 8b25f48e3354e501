"""A fresh SQLite database for each example of a property, on one engine that keeps its statements.

To compile the statements anew for each example takes longer than to run them.
"""

import shutil
from pathlib import Path

from sqlalchemy import Engine

from carealert.adapters.db.engine import open_engine


class FreshDatabases:
    """Empty databases with every table, one after the other or several by name."""

    def __init__(self, template: Path, folder: Path) -> None:
        self._template, self._folder = template, folder
        self._engines: dict[str, Engine] = {}

    def take(self, name: str = "fresh") -> Engine:
        """The engine of this name, on an empty database: what it held before is gone."""
        path = self._folder / f"{name}.db"
        if name in self._engines:
            self._engines[name].dispose()
        for old in self._folder.glob(f"{name}.db*"):
            old.unlink()
        shutil.copy(self._template, path)
        if name not in self._engines:
            self._engines[name] = open_engine(f"sqlite:///{path}")
        return self._engines[name]

    def close(self) -> None:
        """Let go of all of them."""
        for engine in self._engines.values():
            engine.dispose()
