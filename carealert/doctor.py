"""The checks behind `carealert doctor`: each is one line that says what to do."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from sqlalchemy.engine import make_url
from sqlalchemy.exc import OperationalError

from carealert.adapters.db import migrating
from carealert.adapters.feeds.brokers import takes_connections
from carealert.adapters.feeds.signatures import certificates_in, notes_on
from carealert.adapters.rules.files import InvalidRules
from carealert.adapters.texts.composer import LAST_LANGUAGE
from carealert.bootstrap import App
from carealert.domain.language_reviews import ReviewState, TextsInUse
from carealert.domain.rule_versions import OVERRIDE_LASTS, SignOff
from carealert.services import languages, retention, rule_versions, silencing
from carealert.services.consenting import ending
from carealert.services.feed_health import is_silent
from carealert.services.places import check_cells
from carealert.services.ports.text import TemplateProblem
from carealert.settings import SettingsProblem, SmsChannel, secret_of

_CONSENT_ENDS_SOON = timedelta(days=7)
_FREE = 500 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Check:
    """One line: its name, whether it passed, what was seen, and what to do if not."""

    name: str
    passed: bool
    seen: str
    fix: str = ""

    @property
    def line(self) -> str:
        """`OK   name: seen` or `FIX  name: seen. What to do.`"""
        mark = "OK " if self.passed else "FIX"
        return f"{mark}  {self.name}: {self.seen}." + (f" {self.fix}" if not self.passed else "")


def examine(app: App, now: datetime, only: frozenset[str] = frozenset()) -> Iterator[Check]:
    """Run the checks in order; `only` picks some by name."""
    checks: tuple[tuple[str, Callable[[App, datetime], Check]], ...] = (
        ("secret", _secret),
        ("database", _database),
        ("cells", _cells),
        ("rules", _rules),
        ("rule override", _override),
        ("loosened rules", _loosened),
        ("silences", _silences),
        ("templates", _templates),
        ("languages", _languages),
        ("channel", _channel),
        ("desk", _desk),
        ("feeds", _feeds),
        ("brokers", _brokers),
        ("certificates", _certificates),
        ("consents", _consents),
        ("retention", _retention),
        ("worker", _worker),
        ("console", _console),
        ("disk", _disk),
    )
    for name, check in checks:
        if not only or name in only:
            yield _guarded(name, check, app, now)


def _guarded(name: str, check: Callable[[App, datetime], Check], app: App, now: datetime) -> Check:
    try:
        return check(app, now)
    except OperationalError:
        return Check(
            name,
            False,
            "the database does not answer or has no tables",
            "Look at CAREALERT_DATABASE_URL, then run 'carealert db upgrade'.",
        )
    except SettingsProblem as problem:
        return Check(name, False, "a setting is missing", str(problem))


def _secret(app: App, _: datetime) -> Check:
    length = len(secret_of(app.settings))
    return Check("secret", length >= 16, f"{length} bytes", "Use at least 16 characters.")


def _database(app: App, _: datetime) -> Check:
    have, need = migrating.current(app.engine)
    return Check(
        "database",
        have == need,
        f"{app.engine.dialect.name} at revision {have or 'none'}",
        f"This version needs {need}: run 'carealert db upgrade'.",
    )


def _cells(app: App, _: datetime) -> Check:
    """The key by which a warning finds a home is that of its position."""
    checks = check_cells(app.db).values()
    wrong, looked = sum(one.wrong for one in checks), sum(one.looked_at for one in checks)
    rows = sum(one.rows for one in checks)
    looked_at = f"{looked} of {rows} positions, a sample" if looked < rows else f"{rows} positions"
    return Check(
        "cells",
        wrong == 0,
        f"{looked_at}, {wrong} with a wrong spatial key" if wrong else looked_at,
        "Warnings may miss these homes: run 'carealert db repair-cells'.",
    )


def _rules(app: App, _: datetime) -> Check:
    try:
        rules = app.rules
    except InvalidRules as problem:
        return Check("rules", False, "the rule files have errors", str(problem))
    enabled = sum(rule.enabled for rule in rules.rules)
    sign_off = app.settings.rule_sign_off
    agreed = "no second person is asked" if sign_off is SignOff.OFF else f"{sign_off} signs off"
    waits = "" if rules.version == app.folder_rules[0].version else "; the folder has others"
    return Check(
        "rules",
        enabled > 0,
        f"{enabled} rules in force, version {rules.version[:12]}, {agreed}{waits}",
        "No rule is enabled, so nobody is ever told: run 'carealert rules list'.",
    )


def _override(app: App, now: datetime) -> Check:
    step = rule_versions.overridden(app.db, now)
    if step is None:
        return Check("rule override", True, "none")
    ends = (step.effective + OVERRIDE_LASTS).astimezone(app.settings.zone)
    return Check(
        "rule override",
        False,
        f"version {step.version[:12]} holds without sign-off until {ends:%a %H:%M}",
        f"{step.by} put it in force ({step.note}): have it approved, or let it end.",
    )


def _loosened(app: App, now: datetime) -> Check:
    """Rules of an area that somebody allowed to be weaker than the one from above."""
    found = [one for one in app.rules_at(now).rules if one.enabled and one.override]
    said = ", ".join(
        f"{one.id} in {one.of_area} until {one.override.until:%Y-%m-%d} ({one.override.by})"
        for one in found
        if one.override and one.override.until > now
    )
    fix = "They end by themselves; after that the rule from above holds again."
    return Check("loosened rules", not said, said or "none", fix if said else "")


def _silences(app: App, now: datetime) -> Check:
    running = silencing.running(app.db, now)
    if not running:
        return Check("silences", True, "nothing is silenced")
    quiet = ", ".join(
        f"{one.what} until {one.until.astimezone(app.settings.zone):%a %H:%M}" for one in running
    )
    fix = "Nobody is told for these: end them with 'carealert rules unsilence' when they can go."
    return Check("silences", False, quiet, fix)


def _templates(app: App, _: datetime) -> Check:
    """The office's own texts and its language; the others are as they were checked and shipped."""
    known = app.texts.languages()
    looked_at = {app.settings.default_language, app.settings.desk_language, *app.own_languages}
    try:
        problems = app.texts.check(*sorted(looked_at.intersection(known) or {LAST_LANGUAGE}))
    except TemplateProblem as problem:
        return Check("templates", False, "a template cannot be read", str(problem))
    seen = f"languages {', '.join(sorted(known))}"
    return Check("templates", not problems, seen, "; ".join(map(str, problems)))


def _languages(app: App, _: datetime) -> Check:
    """Who has read the texts; a draft is told and is a fault only where nothing else may go out."""
    found = languages.standing(app.db, app.fingerprints)
    signed = [one.language for one in found if one.state is ReviewState.SIGNED]
    drafts = [one.language for one in found if one.state is ReviewState.DRAFT]
    stale = [one for one in found if one.state is ReviewState.STALE]
    counts = (("signed", signed), ("machine-drafted", drafts))
    seen = [f"{', '.join(tags)} {what}" for what, tags in counts if tags]
    seen += [f"{one.language} changed since it was signed" for one in stale]
    only_reviewed = app.settings.texts is TextsInUse.REVIEWED
    fix = [
        f"In {one.language} somebody reads {', '.join(one.changed)} and signs again: "
        f"'carealert languages sign {one.language} --reviewer NAME'."
        for one in stale
    ]
    for tag in sorted(app.settings.transliterated - app.transliterated):
        seen.append(f"{tag} keeps its accents")
        fix.append(
            f"CAREALERT_TRANSLITERATE names {tag}, which nobody has signed as it is now: have its "
            f"texts and templates/transliterations/{tag}.yaml read, then "
            f"'carealert languages sign {tag} --reviewer NAME'."
        )
    if only_reviewed and not signed:
        seen.append("only reviewed texts are to be used")
        fix.append(
            "No language is signed, so texts go out unread in the default language, rather than "
            "not at all: have one read, then 'carealert languages sign TAG --reviewer NAME'."
        )
    return Check("languages", not fix, "; ".join(seen) or "none", " ".join(fix))


def _channel(app: App, _: datetime) -> Check:
    settings = app.settings
    if SmsChannel.CONSOLE in settings.sms_channels:
        return Check("channel", True, "console: messages are printed, nobody is reached")
    missing = app.missing_twilio_settings()
    return Check(
        "channel",
        not missing,
        "Twilio" if not missing else "Twilio, not complete",
        f"Set {', '.join(missing)}.",
    )


def _desk(app: App, _: datetime) -> Check:
    has_phone = app.settings.desk_phone is not None
    return Check(
        "desk",
        has_phone,
        "has a phone" if has_phone else "has no phone: only the board shows what waits for it",
        "Set CAREALERT_DESK_PHONE, or nobody is called when answers or decisions are overdue.",
    )


def _feeds(app: App, now: datetime) -> Check:
    with app.db.reading() as stores:
        feeds = [health for health in stores.feeds.all() if health.feed.enabled]
    if not feeds:
        return Check("feeds", False, "none", "Add one: carealert feeds add NAME URL.")
    silent = [
        health.feed.name for health in feeds if not health.last_ok_at or is_silent(health, now)
    ]
    heard = len(feeds) - len(silent)
    return Check(
        "feeds",
        not silent,
        f"{heard} of {len(feeds)} heard",
        f"Silent: {', '.join(silent)}. See 'carealert feeds list'.",
    )


def _brokers(app: App, _: datetime) -> Check:
    """Each push feed's broker takes a connection."""
    with app.db.reading() as stores:
        feeds = [health.feed for health in stores.feeds.all()]
    feeds = [feed for feed in feeds if feed.enabled and not feed.is_polled]
    away = [feed.name for feed in feeds if not takes_connections(feed.url)]
    return Check(
        "brokers",
        not away,
        f"{len(feeds) - len(away)} of {len(feeds)} answer" if feeds else "no feed pushes",
        f"Out of reach: {', '.join(away)}. Look at host, port and firewall.",
    )


def _certificates(app: App, now: datetime) -> Check:
    """What feeds' signatures are checked with can be read; expiry is told and is no fault."""
    with app.db.reading() as stores:
        pinned = [(one.feed.name, one.feed.certificates) for one in stores.feeds.all()]
    broken: list[str] = []
    notes: list[str] = []
    count = 0
    for name, pem in pinned:
        try:
            count += len(certificates_in(pem)) if pem else 0
            notes += notes_on(pem, now) if pem else ()
        except ValueError:
            broken.append(name)
    return Check(
        "certificates",
        not broken,
        "; ".join((f"{count} pinned", *notes)),
        f"Not PEM: {', '.join(broken)}. Give them anew with 'carealert feeds add'.",
    )


def _consents(app: App, now: datetime) -> Check:
    """Consents that end within a week, and whose people nobody will ask by SMS any more."""
    with app.db.reading() as stores:
        soon = len(ending(stores, now, _CONSENT_ENDS_SOON))
    return Check(
        "consents",
        not soon,
        f"{soon} end within {_CONSENT_ENDS_SOON.days} days",
        f"Call them: carealert consents expiring --days {_CONSENT_ENDS_SOON.days}.",
    )


def _retention(app: App, now: datetime) -> Check:
    """Nothing is kept much longer than the office has said."""
    keeping = retention.Keeping(app.settings.periods, app.settings.assumed_life)
    late = retention.overdue(app.db, keeping, now)
    held = f"; {late.held} wait for an incident that is still open" if late.held else ""
    seen = f"{late.texts} texts, {late.answers} answers and {late.ready} people are overdue"
    return Check(
        "retention",
        late.count == 0,
        (seen if late.count else "nothing is overdue") + held,
        "Run 'carealert db retention', and look why no night's run did it.",
    )


def _worker(app: App, now: datetime) -> Check:
    with app.db.reading() as stores:
        until = stores.leases.until("leader")
    alive = until is not None and until > now - timedelta(seconds=30)
    return Check(
        "worker",
        alive,
        "one leads" if alive else "none leads",
        "Start one: carealert work (or carealert run).",
    )


def _console(app: App, _: datetime) -> Check:
    settings = app.settings
    open_to_all = settings.host not in ("127.0.0.1", "::1", "localhost")
    guarded = settings.console_password is not None
    seen = "asks for a password" if guarded else "answers this machine only"
    return Check(
        "console",
        guarded or not open_to_all,
        seen,
        "The server listens to others: set CAREALERT_CONSOLE_PASSWORD.",
    )


def _disk(app: App, _: datetime) -> Check:
    url = make_url(app.engine.url)
    place = Path(url.database or ".").parent if app.engine.dialect.name == "sqlite" else Path()
    free = shutil.disk_usage(place if place.exists() else Path()).free
    return Check("disk", free > _FREE, f"{free // 2**20} MiB free", "Free some: below 500 MiB.")
