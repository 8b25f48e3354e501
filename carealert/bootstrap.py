"""Builds the application: the only module that names concrete adapters."""

import logging
import os
import socket
from collections.abc import Mapping
from datetime import datetime, timedelta
from functools import cached_property

from sqlalchemy import Engine

from carealert import clock
from carealert.adapters.channels.gateway_config import HttpGateway
from carealert.adapters.channels.table import open_senders, read_gateways
from carealert.adapters.channels.twilio_http import GatewayHttp
from carealert.adapters.channels.twilio_voice import TwilioVoice
from carealert.adapters.db.engine import open_engine
from carealert.adapters.db.keyring import open_sealer
from carealert.adapters.db.stores import SqlDatabase
from carealert.adapters.feeds.http import HttpFetcher
from carealert.adapters.feeds.signatures import XmlSignatures
from carealert.adapters.feeds.table import FeedReader
from carealert.adapters.hazard_file import load_interpreter
from carealert.adapters.heartbeat import HttpHeartbeat
from carealert.adapters.rules.files import InvalidRules
from carealert.adapters.rules.stored import read_folders, rules_of
from carealert.adapters.texts.composer import TemplateComposer
from carealert.adapters.texts.files import NOTHING, Ignored, tags_in
from carealert.adapters.texts.fingerprints import OWN, fingerprints
from carealert.adapters.texts.keywords import read_words
from carealert.adapters.texts.published import PublishedComposer
from carealert.adapters.texts.speech import Speech
from carealert.adapters.texts.voice import read_voices
from carealert.domain.access import Actor, Role
from carealert.domain.channels import Ways
from carealert.domain.language_reviews import TextsInUse
from carealert.domain.notices import Channel
from carealert.domain.replies import Words
from carealert.domain.rule_versions import SignOff
from carealert.domain.rules import RuleSet
from carealert.paths import with_overrides
from carealert.services import languages, rule_versions
from carealert.services.alerting import OfficeSettings
from carealert.services.harvesting import Tools
from carealert.services.officers import actor_named
from carealert.services.polling import Poller
from carealert.services.ports.rule_versions import RuleText
from carealert.services.ports.senders import Sender
from carealert.settings import Settings, load, secret_of

log = logging.getLogger(__name__)

#: Twilio's default: one call a second; who is allowed more, asks Twilio and tells us.
_CALLS_A_SECOND, _CALLS_AT_ONCE = 1.0, 4


class App:
    """Everything a process needs, each part built when it is first asked for.

    A command that only parses a file needs no database, and one that only moves tables needs no
    rules: what is wrong elsewhere must not stop it.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._kept: RuleSet | None = None

    @cached_property
    def engine(self) -> Engine:
        """The database engine."""
        settings = self.settings
        url = settings.database_url.get_secret_value()
        return open_engine(url)

    @cached_property
    def db(self) -> SqlDatabase:
        """The store."""
        return SqlDatabase(self.engine, open_sealer(self.engine, secret_of(self.settings)))

    @cached_property
    def fetcher(self) -> HttpFetcher:
        """How feeds are fetched."""
        settings = self.settings
        return HttpFetcher(
            max_bytes=settings.feed_max_mb * 2**20,
            deadline=timedelta(seconds=settings.feed_timeout_s),
        )

    @cached_property
    def poller(self) -> Poller:
        """How feeds are polled."""
        return Poller(Tools(self.db, self.fetcher, self.reader, XmlSignatures(self.reader)))

    @cached_property
    def reader(self) -> FeedReader:
        """How documents are read."""
        return FeedReader(load_interpreter(with_overrides("rules", self.settings.config)))

    @cached_property
    def folder_rules(self) -> tuple[RuleSet, tuple[RuleText, ...]]:
        """The shipped rules with the office's own over them; raises InvalidRules."""
        return read_folders(tuple(reversed(with_overrides("rules", self.settings.config))))

    @property
    def rules(self) -> RuleSet:
        """The rules in force for a person who asks; without sign-off those of the folder."""
        if self.settings.rule_sign_off is SignOff.OFF:
            return self.folder_rules[0]
        return self.rules_at(clock.now())

    def rules_at(self, now: datetime) -> RuleSet:
        """The rules in force, as every process of the office sees them.

        A folder that cannot be read changes nothing: what was in force stays so.
        Raises InvalidRules where nothing ever was.
        """
        try:
            own, texts = self.folder_rules
            version = rule_versions.take_up(self.db, own, texts, self.settings.rule_sign_off, now)
        except InvalidRules as problem:
            known = rule_versions.holding(self.db, now)
            if known is None:
                raise
            log.warning("the rule files cannot be read; what was in force stays so: %s", problem)
            return self._kept_rules(known)
        return own if version == own.version else self._kept_rules(version)

    def rules_of_version(self, version: str) -> RuleSet | None:
        """The rules of a version that was in force; None where they are not kept any more."""
        try:
            own, _ = self.folder_rules
            return own if version == own.version else self._kept_rules(version)
        except (InvalidRules, LookupError):
            return None

    def shadow_rules(self) -> RuleSet | None:
        """The rules that decide beside those in force and send nothing."""
        version = rule_versions.shadowing(self.db)
        if version is None:
            return None
        return rule_versions.rules_in_force(self.db, version, rules_of)

    def _kept_rules(self, version: str) -> RuleSet:
        if self._kept is None or self._kept.version != version:
            self._kept = rule_versions.rules_in_force(self.db, version, rules_of)
        return self._kept

    @cached_property
    def texts(self) -> TemplateComposer:
        """The texts as they stand in the files, for checks and previews."""
        return self._composer_of()

    @cached_property
    def composer(self) -> PublishedComposer:
        """How texts that go out are made; own ones that break are passed over."""
        asked = self.settings.texts is TextsInUse.REVIEWED
        return PublishedComposer(
            self._composer_of,
            with_overrides("templates", self.settings.config),
            (lambda: languages.reviewed(self.db, self.fingerprints)) if asked else None,
        )

    @cached_property
    def transliterated(self) -> frozenset[str]:
        """The languages that leave out accents: asked for, and signed as their files are now."""
        wanted = self.settings.transliterated
        if not wanted:
            return wanted
        folders = with_overrides("templates", self.settings.config)
        files = {tag: fingerprints(folders, tag) for tag in tags_in(folders) if tag in wanted}
        return wanted & languages.reviewed(self.db, files)

    @cached_property
    def words(self) -> Words:
        """What people write, in all languages."""
        return read_words(with_overrides("templates", self.settings.config))

    @cached_property
    def fingerprints(self) -> Mapping[str, Mapping[str, str]]:
        """Language -> file -> hash, as this process found the files."""
        folders = with_overrides("templates", self.settings.config)
        return {tag: fingerprints(folders, tag) for tag in self.texts.languages()}

    @property
    def own_languages(self) -> tuple[str, ...]:
        """The languages of which the office changed a text."""
        return tuple(
            tag
            for tag, files in self.fingerprints.items()
            if any(name.startswith(OWN) for name in files)
        )

    def _composer_of(
        self, *, ignored: Ignored = NOTHING, reviewed: frozenset[str] | None = None
    ) -> TemplateComposer:
        settings = self.settings
        return TemplateComposer(
            with_overrides("templates", settings.config),
            sender_tag=settings.sender_tag,
            time_zone=settings.zone,
            default_language=settings.default_language,
            office_phone=settings.office_phone or "",
            ignored=ignored,
            reviewed=reviewed,
            transliterated=self.transliterated,
        )

    @cached_property
    def office(self) -> OfficeSettings:
        """What planning needs to know of the office."""
        settings = self.settings
        return OfficeSettings(
            default_language=settings.default_language,
            time_zone=settings.zone,
            assumed_life=settings.assumed_life,
            desk_phone=settings.desk_phone,
            desk_language=settings.desk_language,
            hold_for=settings.hold_for,
            drills=settings.drills,
            ways=self._ways(),
        )

    def _ways(self) -> Ways:
        """Calls, where there is a number to place them from, in the languages they can speak."""
        if not self._can_call:
            return Ways()
        tags = (tag for tag in self.texts.languages() if self.speech.speaks(tag))
        return Ways(frozenset(tags))

    @property
    def _can_call(self) -> bool:
        settings = self.settings
        return bool(
            settings.twilio_voice_from
            and settings.twilio_account_sid
            and settings.twilio_auth_token
        )

    @cached_property
    def operator(self) -> Actor:
        """Who works at this machine's command line; raises NoSuchOfficer.

        They hold the secret, so without a name they may do all.
        """
        name = self.settings.user
        return Actor("command line", Role.ADMIN) if name is None else actor_named(self.db, name)

    @cached_property
    def senders(self) -> tuple[Sender, ...]:
        """The ways out, in the order in which they are preferred."""
        senders = open_senders(self.settings, self.gateways, os.environ)
        return (*senders, *self._callers())

    @cached_property
    def gateways(self) -> Mapping[str, HttpGateway]:
        """The office's own gateways that it uses, by name; raises ChannelNotReady."""
        return read_gateways(self.settings)

    @cached_property
    def speech(self) -> Speech:
        """What calls say."""
        folders = with_overrides("templates", self.settings.config)
        return Speech(self.texts, read_voices(folders, NOTHING))

    def _callers(self) -> tuple[Sender, ...]:
        """Who calls, where the office has a number for it."""
        settings = self.settings
        account, token = settings.twilio_account_sid, settings.twilio_auth_token
        if settings.twilio_voice_from is None or not account or not token:
            return ()
        following = settings.twilio_auth_token_next
        http = GatewayHttp(
            settings.twilio_base_url,
            pool_size=_CALLS_AT_ONCE,
            next_token=following.get_secret_value() if following else None,
        )
        voice = TwilioVoice(
            http,
            account,
            token.get_secret_value(),
            public_url=settings.public_url,
            sender=settings.twilio_voice_from,
            speech=self.speech,
            clock=clock.now,
        )
        return (Sender("twilio_voice", voice, Channel.VOICE, _CALLS_A_SECOND, _CALLS_AT_ONCE),)

    def senders_of(self, channel: Channel) -> tuple[Sender, ...]:
        """Those that carry this channel."""
        return tuple(one for one in self.senders if one.carries is channel)

    @cached_property
    def heartbeat(self) -> HttpHeartbeat | None:
        """The watcher outside, where there is one."""
        url = self.settings.heartbeat_url
        return HttpHeartbeat(url.get_secret_value()) if url else None

    def auth_tokens(self) -> tuple[str, ...]:
        """The tokens under which a webhook's signature is good; two of them while one rotates."""
        settings = self.settings
        tokens = (settings.twilio_auth_token, settings.twilio_auth_token_next)
        return tuple(token.get_secret_value() for token in tokens if token)

    def missing_twilio_settings(self) -> tuple[str, ...]:
        """The environment names of what Twilio still needs."""
        settings = self.settings
        needed = {
            "CAREALERT_TWILIO_ACCOUNT_SID": settings.twilio_account_sid,
            "CAREALERT_TWILIO_AUTH_TOKEN": settings.twilio_auth_token,
            "CAREALERT_TWILIO_MESSAGING_SERVICE_SID or CAREALERT_TWILIO_FROM": (
                settings.twilio_messaging_service_sid or settings.twilio_from
            ),
        }
        return tuple(name for name, value in needed.items() if not value)


def open_app() -> App:
    """The application with the settings of this environment."""
    return App(load())


def holder_name() -> str:
    """What this process is called in leases and claims."""
    return f"{socket.gethostname()}:{os.getpid()}"
