"""What the web application is told by its settings."""

from dataclasses import dataclass, field
from datetime import tzinfo
from pathlib import Path

#: Nothing from elsewhere, nothing inline: a text that slips into a page cannot run or call home.
CONTENT_SECURITY_POLICY = (
    "default-src 'self'; object-src 'none'; base-uri 'none'; form-action 'self'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class WebOptions:
    """Options of one web process.

    `time_zone` is that of every time on a page. Without `console_password` the console answers
    this machine only. `templates` are folders searched before the shipped one. `demo` shows a
    banner on every page, with a link to the simulated phones if `phones_url` is given. With
    `metrics_token`, whoever bears it may read `/metrics` from elsewhere.
    """

    time_zone: tzinfo
    sender_tag: str = "CareAlert"
    phones_url: str | None = None
    console_password: str | None = field(default=None, repr=False)
    metrics_token: str | None = field(default=None, repr=False)
    csp: str = CONTENT_SECURITY_POLICY
    demo: bool = False
    templates: tuple[Path, ...] = ()
