"""The ticks: what runs how often. All state is in rows; a tick only looks for rows that are due.

APScheduler's jobs live in memory (no shared job store: its own documentation forbids that). One
leader by lease polls, plans and follows up; every process delivers.
"""

import logging
from collections.abc import Callable
from datetime import datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from carealert import clock
from carealert.bootstrap import App
from carealert.services import alerting, delivering, following_up, polling

log = logging.getLogger(__name__)

#: A leader that dies is replaced after this long; polls and plans are idempotent all the same.
LEASE = timedelta(seconds=15)


class Ticks:
    """One process's share of the work; `holder` names the process in leases and claims."""

    def __init__(self, app: App, holder: str, now: Callable[[], datetime] = clock.now) -> None:
        self._app = app
        self._holder = holder
        self._now = now

    def poll(self) -> None:
        """Poll every feed that is due."""
        if self._leads():
            app = self._app
            polling.poll_due(app.db, app.fetcher, app.reader, self._now())
            self.plan()

    def plan(self) -> None:
        """Plan every warning that is not planned yet."""
        if self._leads():
            app = self._app
            alerting.plan_waiting(app.db, app.rules, app.composer, app.office, self._now())

    def follow_up(self) -> None:
        """Run the escalation steps that are due."""
        if self._leads():
            app = self._app
            following_up.follow_up(app.db, app.rules, app.composer, app.office, self._now())

    def deliver(self) -> None:
        """Hand over what waits in the outbox, most urgent first."""
        app = self._app
        delivering.deliver_until_empty(
            app.db,
            app.channel,
            self._holder,
            self._now,
            concurrency=app.settings.sms_concurrency,
        )

    def reconcile(self) -> None:
        """Give back what a dead worker held, and find out what became of lost posts."""
        delivering.reap_and_reconcile(self._app.db, self._app.channel, self._now())

    def _leads(self) -> bool:
        with self._app.db.transaction() as stores:
            fence = stores.leases.take("leader", self._holder, clock.now(), LEASE)
        return fence is not None


def start(ticks: Ticks, *, every: timedelta = timedelta(seconds=1)) -> BackgroundScheduler:
    """Start the ticks in the background; the caller stops the scheduler that is returned."""
    scheduler = BackgroundScheduler(timezone="UTC")
    jobs: tuple[tuple[Callable[[], None], timedelta], ...] = (
        (ticks.poll, every),
        (ticks.deliver, every),
        (ticks.plan, every * 5),
        (ticks.follow_up, every * 2),
        (ticks.reconcile, every * 15),
    )
    for job, interval in jobs:
        scheduler.add_job(
            job,
            "interval",
            seconds=interval.total_seconds(),
            coalesce=True,
            max_instances=1,
            id=job.__name__,
            misfire_grace_time=None,
            next_run_time=clock.now(),
        )
    scheduler.start()
    return scheduler
