"""Where the rules, templates and database files are: in the wheel, or in a checkout."""

from pathlib import Path

_PACKAGE = Path(__file__).resolve().parent


def shipped(name: str) -> Path:
    """The shipped folder `rules`, `templates` or `db`.

    An editable install has no `_shipped` folder: there the checkout's own folders serve.
    """
    packed = _PACKAGE / "_shipped" / name
    return packed if packed.is_dir() else _PACKAGE.parent / name


def with_overrides(name: str, config: Path | None) -> tuple[Path, ...]:
    """The folders to search, the user's own first."""
    own = config / name if config else None
    return (own, shipped(name)) if own and own.is_dir() else (shipped(name),)
