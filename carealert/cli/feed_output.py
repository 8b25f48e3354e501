"""How feeds, their health and the catalogue are printed."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from carealert.adapters.feeds.catalog import Listed
from carealert.adapters.feeds.reading import public_url
from carealert.cli.problems import problem_json, problem_lines
from carealert.domain.warnings import HazardWarning, is_over
from carealert.services.feed_health import is_silent, silent_since
from carealert.services.polling import Trial
from carealert.services.ports.feeds import FeedHealth, FetchRecord, Problem


def health_json(
    health: FeedHealth, records: Sequence[FetchRecord], now: datetime
) -> dict[str, Any]:
    """One feed as an object. Times are RFC 3339 in UTC."""
    feed = health.feed
    return {
        "name": feed.name,
        "url": public_url(feed.url),
        "format": feed.format,
        "interval_s": int(feed.interval.total_seconds()),
        "enabled": feed.enabled,
        "allow_private": feed.allow_private,
        "signatures": feed.signatures,
        "link_rules": [str(rule) for rule in feed.link_rules],
        "last_ok_at": _time(health.last_ok_at),
        "next_poll_at": _time(health.next_poll_at),
        "failures": health.failures,
        "last_error": health.last_error,
        "silent": is_silent(health, now),
        "alarmed_at": _time(health.alarmed_at),
        "fetches": [_record_json(record) for record in records],
    }


def health_text(health: FeedHealth, records: Sequence[FetchRecord], now: datetime) -> str:
    """One feed in a few lines."""
    feed = health.feed
    heard = health.last_ok_at.isoformat() if health.last_ok_at else "never"
    lines = [f"{feed.name}  {public_url(feed.url)}  last heard {heard}"]
    if is_silent(health, now):
        missing = now - (silent_since(health) or now)
        lines.append(f"  SILENT for {_lasting(missing)}: it is polled every {feed.interval}")
    if health.failures:
        lines.append(f"  {health.failures} failure(s) in a row")
    lines += [f"  {line}" for line in (health.last_error or "").splitlines()]
    lines += [f"  {_record_text(record)}" for record in records]
    return "\n".join(lines)


def listed_json(one: Listed) -> dict[str, Any]:
    """One line of the catalogue as an object."""
    return {
        "country": one.country,
        "authority": one.authority,
        "name": one.name,
        "url": one.url,
        "format": one.format,
        "languages": list(one.languages),
        "notes": one.notes,
    }


def listed_text(one: Listed) -> str:
    """One line of the catalogue."""
    country = "world" if one.country == "*" else one.country
    note = f" ({one.notes})" if one.notes else ""
    spoken = ", ".join(one.languages)
    return f"{country}  {one.name}  {one.authority} [{spoken}]{note}\n  {one.url}"


def warnings_json(warnings: Sequence[HazardWarning], now: datetime) -> dict[str, Any]:
    """What many warnings are, in numbers. `active` are those that still warn of something."""
    infos = [info for warning in warnings for info in warning.infos]
    return {
        "warnings": len(warnings),
        "active": sum(_is_active(warning, now) for warning in warnings),
        "senders": dict(Counter(warning.sender for warning in warnings).most_common()),
        "hazards": dict(Counter(str(info.hazard) for info in infos).most_common()),
    }


def warnings_text(facts: dict[str, Any]) -> list[str]:
    """The same in words."""
    return [
        f"  {what}: " + ", ".join(f"{name} ({count})" for name, count in facts[what].items())
        for what in ("senders", "hazards")
        if facts[what]
    ]


def trial_json(name: str, trial: Trial) -> dict[str, Any]:
    """What a poll would bring, as an object."""
    return {
        "feed": name,
        "documents": trial.documents,
        "known_warnings": trial.known_warnings,
        "new_warnings": [
            {
                "sender": one.sender,
                "identifier": one.identifier,
                "sent": one.sent.isoformat(),
                "events": [info.event for info in one.infos],
            }
            for one in trial.new_warnings
        ],
        "problems": [problem_json(problem) for problem in trial.problems],
    }


def trial_text(name: str, trial: Trial) -> str:
    """The same in lines."""
    summary = (
        f"{name}: {trial.documents} document(s), {len(trial.new_warnings)} new warning(s), "
        f"{trial.known_warnings} known; nothing was stored"
    )
    lines = [summary]
    for one in trial.new_warnings:
        events = ", ".join(dict.fromkeys(info.event for info in one.infos)) or "no info"
        lines.append(f"  {one.sent.isoformat()}  {one.sender}  {one.identifier}  {events}")
    return "\n".join((*lines, *problem_lines(trial.problems)))


def said(problems: Sequence[Problem]) -> list[str]:
    """Problems, those of the same kind told once with how many there are."""
    found = Counter((problem.level, problem.where, problem.what) for problem in problems)
    shown = [Problem(where, what, level) for level, where, what in list(found)[:_SHOWN]]
    more = len(found) - len(shown)
    return problem_lines(shown) + ([f"  and {more} more"] if more > 0 else [])


_SHOWN = 30


def _is_active(warning: HazardWarning, now: datetime) -> bool:
    return any(not is_over(info, now) for info in warning.infos)


def _record_json(record: FetchRecord) -> dict[str, Any]:
    return {
        "at": record.at.isoformat(),
        "status": record.status,
        "bytes": record.bytes,
        "new": record.new,
        "updated": record.updated,
        "unread": record.unread,
        "ms": record.ms,
        "problem": record.problem,
    }


def _record_text(record: FetchRecord) -> str:
    status = record.status if record.status is not None else "no answer"
    return (
        f"{record.at.isoformat(timespec='seconds')}  {status}  {record.bytes} bytes  "
        f"{record.new} new, {record.updated} updated, {record.unread} unread  {record.ms} ms"
    )


def _time(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None


def _lasting(length: timedelta) -> str:
    minutes = int(length.total_seconds() // 60)
    return f"{minutes} min" if minutes < 120 else f"{minutes // 60} h"
