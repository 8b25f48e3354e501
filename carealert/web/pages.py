"""Renders the console's templates: one environment, the office's time zone, no inline anything."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from hashlib import sha256

from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from carealert.paths import shipped
from carealert.web import words
from carealert.web.assets import url_of
from carealert.web.options import WebOptions

_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Moments:
    """Writes moments as the office reads them, seen from `now`."""

    now: datetime
    zone: tzinfo

    def stamp(self, moment: datetime | None) -> Markup:
        """Clock time, with the day where it is not today; machine-readable inside."""
        if moment is None:
            return Markup("–")
        local = moment.astimezone(self.zone)
        utc = moment.astimezone(UTC).isoformat(timespec="seconds")
        return Markup('<time datetime="{}">{}</time>').format(utc, self._words(local))

    def _words(self, local: datetime) -> str:
        today = self.now.astimezone(self.zone).date()
        if local.date() == today:
            return f"{local:%H:%M}"
        if local.date() == today + _DAY:
            return f"tomorrow {local:%H:%M}"
        if local.date() == today - _DAY:
            return f"yesterday {local:%H:%M}"
        return f"{local:%a} {local.day} {local:%b} {local:%H:%M}"

    def ago(self, moment: datetime | None) -> str:
        """How long ago, in the largest useful unit; whole minutes, so pages stay the same."""
        if moment is None:
            return "never"
        passed = self.now - moment
        return "just now" if passed < timedelta(minutes=1) else f"{lasting(passed)} ago"

    @property
    def zone_name(self) -> str:
        """The zone as people say it."""
        return str(self.zone)


def lasting(length: timedelta) -> str:
    """`40 s`, `8 min`, `3 h`, `2 days`."""
    seconds = int(length.total_seconds())
    if seconds < 60:
        return f"{seconds} s"
    minutes = seconds // 60
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"


class Pages:
    """Makes HTML answers from templates and views."""

    def __init__(self, options: WebOptions, clock: Callable[[], datetime]) -> None:
        self._options = options
        self._clock = clock
        folders = [folder / "web" for folder in (*options.templates, shipped("templates"))]
        self._environment = Environment(
            loader=FileSystemLoader(folders),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        self._environment.globals |= {
            "asset": url_of,
            "options": options,
            "words": words,
            "plain": words.plain,
            "counted": words.counted,
            "lasting": lasting,
        }

    def page(self, name: str, *, status: int = 200, **context: object) -> HTMLResponse:
        """A whole page."""
        return HTMLResponse(self._render(name, **context), status_code=status)

    def live(self, part: str, address: str, view: Mapping[str, object]) -> Markup:
        """A part that refreshes itself from `address` (path and query), marked by its content.

        The mark is a hash: as long as it stays the same the server answers 204 and the page is
        left alone, so nobody's reading, focus or screen reader is disturbed.
        """
        inner = Markup(self._render(part, **view))  # noqa: S704 - rendered with autoescape
        mark = sha256(inner.encode()).hexdigest()[:12]
        joint = "&" if "?" in address else "?"
        source = f"{address}{joint}seen={mark}"
        return Markup(self._render("parts/live.html", inner=inner, source=source, mark=mark))  # noqa: S704

    def fragment(
        self, part: str, address: str, seen: str | None, view: Mapping[str, object]
    ) -> Response:
        """The answer to a refresh: 204 if `seen` is still what the part looks like."""
        live = self.live(part, address, view)
        if seen and f"seen={seen}" in live:
            return Response(status_code=204)
        return HTMLResponse(live)

    def _render(self, name: str, **context: object) -> str:
        moments = Moments(self._clock(), self._options.time_zone)
        template = self._environment.get_template(name)
        return template.render(**context, at=moments, stamp=moments.stamp, ago=moments.ago)
