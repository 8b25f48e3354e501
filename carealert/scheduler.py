"""The ticks: what runs how often. All state is in rows; a tick only looks for rows that are due.

APScheduler's jobs live in memory (no shared job store: its own documentation forbids that). One
leader by lease polls, plans and follows up; every process delivers.
"""

import logging
import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cached_property, partial

from apscheduler.events import EVENT_SCHEDULER_SHUTDOWN
from apscheduler.schedulers.background import BackgroundScheduler

from carealert import clock
from carealert.adapters.db.retention import scrub
from carealert.adapters.feeds.push import PushFeeds
from carealert.bootstrap import App
from carealert.domain.notices import Channel
from carealert.services import (
    alerting,
    auditing,
    consent_asking,
    delivering,
    drilling,
    feed_health,
    following_up,
    holding,
    journal,
    languages,
    looking_again,
    reconciling,
    replaying,
    retention,
    settling,
)
from carealert.services.feed_pool import Polls
from carealert.services.posting import PACE, Pace
from carealert.settings import secret_of

log = logging.getLogger(__name__)

#: A leader that dies is replaced after this long; polls and plans are idempotent all the same.
LEASE = timedelta(seconds=15)


class Ticks:
    """One process's share of the work; `holder` names the process in leases and claims."""

    def __init__(
        self,
        app: App,
        holder: str,
        now: Callable[[], datetime] = clock.now,
        pace: Pace = PACE,
    ) -> None:
        self._app = app
        self._pace = pace
        self._holder = holder
        self._now = now
        self._planning = threading.Lock()
        self._plan_again = threading.Event()
        self._shadowed: datetime | None = None
        self._texts: tuple[languages.Fingerprints, Mapping[str, str]] | None = None

    def poll(self) -> None:
        """Poll every feed that is due, wait for all of them, and plan what they brought."""
        if self._leads():
            self._app.poller.poll_due(self._now())
            self.plan()

    def start_polls(self) -> None:
        """Start polling what is due, and wait for nothing; what comes is planned as it comes."""
        if self._leads():
            self._polls.start_due(self._now())
            self._push.start()
        elif "_push" in self.__dict__:
            self._push.close()

    def watch_feeds(self) -> None:
        """Raise the alarm for feeds that have fallen silent, also where none is polled."""
        if self._leads():
            for name in feed_health.watch(self._app.db, self._now()):
                log.error("the feed '%s' has fallen silent: see 'carealert feeds list'", name)

    def close(self) -> None:
        """End the polls that are under way."""
        if "_polls" in self.__dict__:
            self._polls.close()
        if "_push" in self.__dict__:
            self._push.close()
        self._app.fetcher.close()

    @cached_property
    def _polls(self) -> Polls:
        return Polls(self._app.poller, self._app.settings.feeds_at_once, self.plan)

    @cached_property
    def _push(self) -> PushFeeds:
        secret = secret_of(self._app.settings)
        return PushFeeds(self._app.poller.tools, secret, self._now, self.plan)

    def chain_journal(self) -> None:
        """Give the journal's new lines their place in its chain."""
        if self._leads():
            journal.chain(self._app.db)

    def plan(self) -> None:
        """Plan every warning that is not planned yet.

        Whoever comes while another plans leaves the work to that one, which looks once more.
        """
        self._plan_again.set()
        while self._plan_again.is_set() and self._planning.acquire(blocking=False):
            try:
                self._plan_again.clear()
                self._plan()
            finally:
                self._planning.release()

    def _plan(self) -> None:
        if self._leads():
            app = self._app
            now = self._now()
            alerting.plan_waiting(app.db, app.rules_at(now), app.composer, app.office, now)
            self._note_texts(now)

    def _note_texts(self, now: datetime) -> None:
        """Put down which texts are in use, and which own ones are not, when that changes."""
        state = (self._app.fingerprints, self._app.composer.refused)
        if state != self._texts:
            languages.note_texts(self._app.db, *state, now)
            self._texts = state

    def shadow(self) -> None:
        """Compare what was planned with the rules that decide beside those in force.

        Apart from planning, which never waits for it.
        """
        now = self._now()
        start, self._shadowed = self._shadowed or now, now
        rules = self._app.shadow_rules() if self._leads() else None
        if rules is not None:
            app = self._app
            replaying.shadow(app.db, app.rules_at(now), rules, app.office, start, now)

    def drills(self) -> None:
        """Plan the exercises that wait, apart from real warnings: those never wait for these."""
        if self._leads():
            app = self._app
            now = self._now()
            drilling.rehearse_waiting(app.db, app.rules_at(now), app.composer, app.office, now)

    def holds(self) -> None:
        """Close the holds that no longer matter, and raise the alarm for those overdue."""
        if self._leads():
            app = self._app
            if holding.watch(app.db, app.composer, app.office, self._now()).alarms:
                log.error("a held warning is overdue: see 'carealert warnings held'")

    def ask_again(self) -> None:
        """Ask those by SMS whose consent is about to end."""
        if self._leads():
            app = self._app
            a_day = app.settings.consent_asks_a_day
            consent_asking.ask_again(app.db, app.composer, app.office, a_day, self._now())

    def keep_to_periods(self) -> None:
        """Once a night, end what is kept for a time only."""
        if self._leads():
            app = self._app
            keeping = retention.Keeping(app.settings.periods, app.settings.assumed_life)
            zone = app.settings.zone
            retention.nightly(app.db, keeping, partial(scrub, app.engine), zone, self._now())

    def follow_up(self) -> None:
        """Run the escalation steps that are due."""
        if self._leads():
            app = self._app
            now = self._now()
            following_up.follow_up(
                app.db, app.rules_at(now), app.composer, app.office, now, app.rules_of_version
            )

    def settle(self) -> None:
        """Tell the others what somebody answered."""
        if self._leads():
            app = self._app
            settling.tell_the_others(app.db, app.composer, app.office, self._now())

    def look_again(self) -> None:
        """Look again at the warnings whose time has come."""
        if self._leads():
            app = self._app
            now = self._now()
            looking_again.look_again(app.db, app.rules_at(now), app.composer, app.office, now)

    def deliver(self, channel: Channel = Channel.SMS) -> None:
        """Hand over what waits in the outbox for this channel, most urgent first."""
        senders = self._app.senders_of(channel)
        delivering.deliver(self._app.db, senders, self._holder, self._now, pace=self._pace)

    def call(self) -> None:
        """Place the calls that wait, apart from texts: a call takes its time."""
        self.deliver(Channel.VOICE)

    def ask_about(self) -> None:
        """Ask the gateways for the end of messages whose callbacks were lost."""
        if self._leads():
            app = self._app
            reconciling.ask_about(app.db, app.senders, self._now(), pace=self._pace)

    def audit(self) -> None:
        """Look whether anything is stuck, and tell the watcher outside."""
        if self._leads():
            for found in auditing.audit(self._app.db, self._app.heartbeat, self._now()):
                log.error("%s: %d, see 'carealert notices list'", found.what.value, found.many)

    def reconcile(self) -> None:
        """Give back what a dead worker held, and find out what became of lost posts."""
        app = self._app
        reconciling.reap_and_reconcile(app.db, app.senders, self._now(), pace=self._pace)

    def _leads(self) -> bool:
        with self._app.db.transaction() as stores:
            fence = stores.leases.take("leader", self._holder, clock.now(), LEASE)
        return fence is not None


def start(ticks: Ticks, *, every: timedelta = timedelta(seconds=1)) -> BackgroundScheduler:
    """Start the ticks in the background; the caller stops the scheduler that is returned."""
    scheduler = BackgroundScheduler(timezone="UTC")
    jobs: tuple[tuple[Callable[[], None], timedelta], ...] = (
        (ticks.start_polls, every),
        (ticks.deliver, every / 4),
        (ticks.call, every),
        (ticks.plan, every * 5),
        (ticks.follow_up, every * 2),
        (ticks.settle, every * 2),
        (ticks.look_again, every * 5),
        (ticks.holds, every * 5),
        (ticks.drills, every * 5),
        (ticks.shadow, every * 30),
        (ticks.reconcile, every * 15),
        (ticks.watch_feeds, every * 15),
        (ticks.audit, every * 60),
        (ticks.ask_about, every * 60),
        (ticks.chain_journal, every * 5),
        (ticks.ask_again, every * 600),
        (ticks.keep_to_periods, every * 600),
    )
    patient = (ticks.watch_feeds, ticks.audit)
    for job, interval in jobs:
        scheduler.add_job(
            job,
            "interval",
            seconds=interval.total_seconds(),
            coalesce=True,
            max_instances=1,
            id=job.__name__,
            misfire_grace_time=None,
            # What stood still only because nothing ran here has time to move first.
            next_run_time=clock.now() + (interval if job in patient else timedelta()),
        )
    scheduler.add_listener(lambda _: ticks.close(), EVENT_SCHEDULER_SHUTDOWN)
    scheduler.start()
    return scheduler
