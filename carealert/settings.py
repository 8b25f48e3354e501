"""Every setting: its name, type, default and meaning; `docs/reference/settings.md` is made here.

Order: environment `CAREALERT_*`, then `carealert.toml` in the config folder, then the default.
"""

import os
import secrets
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, SecretStr, ValidationError
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)

from carealert.domain.drills import Drills
from carealert.domain.language_reviews import TextsInUse
from carealert.domain.retention import PERIODS, Periods
from carealert.domain.rule_versions import SignOff
from carealert.logs import LogFormat

CONFIG_FILE = "carealert.toml"
KEY_FILE = "secret.key"


class SettingsProblem(Exception):
    """A setting is wrong or missing; the message names it and says what to do."""


class SmsChannel(StrEnum):
    """Which gateway carries SMS."""

    CONSOLE = "console"
    TWILIO = "twilio"


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError("is not a time zone of the IANA list, such as Asia/Dhaka") from error
    return name


class Settings(BaseSettings):
    """The settings of one deployment."""

    model_config = SettingsConfigDict(
        env_prefix="CAREALERT_", env_ignore_empty=True, extra="forbid", frozen=True
    )

    config: Path | None = Field(
        None, description="Folder of your own carealert.toml, rules/ and templates/."
    )
    database_url: SecretStr = Field(
        SecretStr("sqlite:///carealert.db"),
        description="SQLAlchemy URL: sqlite:///FILE or postgresql+psycopg://USER:PASSWORD@HOST/DB.",
    )
    secret_key: SecretStr | None = Field(
        None,
        description="Secret of at least 16 characters under which personal data is encrypted. "
        "Without it the file secret.key in the config folder is read.",
    )
    public_url: str = Field(
        "http://127.0.0.1:8000",
        description="Address at which gateways and phones reach this server, without a final /.",
    )
    host: str = Field("127.0.0.1", description="Address that the web server listens on.")
    port: int = Field(8000, ge=0, le=65535, description="Port that the web server listens on.")
    console_password: SecretStr | None = Field(
        None,
        description="Password of the officers' console. Without it the console answers only "
        "requests from this machine.",
    )
    metrics_token: SecretStr | None = Field(
        None,
        description="Token, sent as 'Authorization: Bearer TOKEN', with which a monitoring system "
        "elsewhere may read /metrics and nothing else.",
    )
    log_format: LogFormat = Field(
        LogFormat.TEXT,
        description="How `run`, `serve` and `work` write their log to stderr: `text`, or `json` "
        "with one object a line. Neither holds a phone, nor what other libraries filled in.",
    )
    user: str | None = Field(
        None,
        description="Account of 'carealert users' as which commands act; without it they may do "
        "everything.",
    )
    sender_tag: str = Field(
        "CareAlert", max_length=20, description="Name that every message begins with."
    )
    time_zone: Annotated[str, AfterValidator(_zone)] = Field(
        "UTC", description="Time zone of the times in messages and on pages."
    )
    default_language: str = Field(
        "en", description="Language for people whose own languages have no template."
    )
    texts: TextsInUse = Field(
        TextsInUse.ANY,
        description="Which languages are used: `any`, or only `reviewed` ones, whose texts "
        "somebody has signed as they are now; who asked for another gets their second language or "
        "the default one.",
    )
    transliterate: str = Field(
        "",
        description="Languages, such as `es, pt-BR`, whose accents are left out where a text then "
        "takes fewer segments; only for a language that somebody has signed.",
    )
    phone_region: str | None = Field(
        None,
        pattern="^[A-Z]{2}$",
        description="Country (ISO 3166-1) of phone numbers that are written without a +.",
    )
    desk_phone: str | None = Field(
        None,
        pattern=r"^\+[1-9]\d{6,14}$",
        description="Phone of the city desk in E.164; without it the desk has the board only.",
    )
    office_phone: str | None = Field(
        None,
        pattern=r"^\+[1-9]\d{6,14}$",
        description="Phone in E.164 that the public may call; people who text INFO are told it.",
    )
    desk_language: str = Field("en", description="Language of messages to the city desk.")
    assumed_life_hours: int = Field(
        12, ge=1, le=240, description="Hours that a warning without `expires` is taken to hold."
    )
    consent_asks_a_day: int = Field(
        500,
        ge=0,
        description="How many people are asked in one day, by SMS, whether their consent goes on; "
        "0 asks nobody.",
    )
    keep_texts_days: int = Field(
        90, ge=1, description="Days after which the texts of messages are erased."
    )
    keep_answers_days: int = Field(
        90, ge=1, description="Days after which what people wrote to us is erased."
    )
    keep_contacts_days: int = Field(
        30,
        ge=1,
        description="Days after which somebody is forgotten who agrees to nothing any more, or "
        "whose phone said STOP.",
    )
    hold_minutes: int = Field(
        15,
        ge=1,
        le=240,
        description="Minutes that an officer has to say whether a warning that reads as a test is "
        "one, before the desk is alarmed.",
    )
    stale_after_days: int = Field(
        365,
        ge=1,
        description="Days after which a record that nobody added, changed or confirmed counts as "
        "stale in `people quality`.",
    )
    bounced_after: int = Field(
        1,
        ge=1,
        le=20,
        description="How many messages in a row must fail to arrive before `people quality` "
        "counts the phone as bounced.",
    )
    rule_sign_off: SignOff = Field(
        SignOff.OFF,
        description="Who else must agree before changed rules hold: off, second_officer, council.",
    )
    drills: Drills = Field(
        Drills.DESK,
        description="Who hears of an Exercise: `board` counts and shows it only, `desk` sends the "
        "city desk one text, `facilities` also asks facility managers, as an exercise.",
    )
    sms_channel: str = Field(
        SmsChannel.CONSOLE,
        pattern=r"^[a-z0-9_]+( *, *[a-z0-9_]+)*$",
        description="What carries SMS: `console` prints messages, `twilio` sends them, any other "
        "name is a file of gateways/ in the config folder (docs/how-to/add-a-gateway.md). Of "
        "several, such as `twilio, city_sms`, the first that can send does.",
    )
    sms_concurrency: int = Field(
        64, ge=1, le=500, description="How many messages one worker hands to the gateway at once."
    )
    segment_cost: float = Field(
        0.0, ge=0, description="Price of one SMS segment, for the estimate of `rules try`."
    )
    segments_per_second: float | None = Field(
        None,
        gt=0,
        description="SMS segments that your sender carries in a second (a long number 1, a short "
        "code 100): what is more waits here, where the urgent overtakes it. Without it nothing is "
        "held back, and `rules try` reckons with 1.",
    )
    twilio_account_sid: str | None = Field(None, description="Twilio account.")
    twilio_auth_token: SecretStr | None = Field(None, description="Twilio auth token.")
    twilio_auth_token_next: SecretStr | None = Field(
        None,
        description="Second auth token while you rotate: webhooks signed by it are good, "
        "and it is used as soon as the first one is refused.",
    )
    twilio_messaging_service_sid: str | None = Field(
        None, description="Messaging Service to send from."
    )
    twilio_from: str | None = Field(
        None, description="Number to send from, where there is no Messaging Service."
    )
    twilio_voice_from: str | None = Field(
        None,
        pattern=r"^\+[1-9]\d{6,14}$",
        description="Number to call from in E.164; without it nobody is called.",
    )
    twilio_base_url: str | None = Field(
        None, description="Address of a gateway that speaks Twilio's API, in place of Twilio."
    )
    heartbeat_url: SecretStr | None = Field(
        None,
        description="Address of a watcher outside, such as a check of healthchecks.io: asked every "
        "minute in which nothing is stuck, and told by a POST to /fail what is.",
    )
    feeds_at_once: int = Field(
        32, ge=2, le=200, description="How many feeds are polled at the same time."
    )
    feed_timeout_s: float = Field(20.0, gt=0, description="Longest time for one feed document.")
    feed_max_mb: int = Field(20, ge=1, description="Largest feed document that is read.")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,  # noqa: ARG003
        file_secret_settings: PydanticBaseSettingsSource,  # noqa: ARG003
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Environment over file over default."""
        folder = os.environ.get("CAREALERT_CONFIG")
        own = init_settings().get("config") or folder
        toml = Path(own) / CONFIG_FILE if own else None
        return (init_settings, env_settings, TomlConfigSettingsSource(settings_cls, toml))

    @property
    def sms_channels(self) -> tuple[str, ...]:
        """The names of what carries SMS, the preferred one first."""
        return tuple(dict.fromkeys(name.strip() for name in self.sms_channel.split(",")))

    @property
    def transliterated(self) -> frozenset[str]:
        """The languages whose accents the office wants left out."""
        return frozenset(self.transliterate.replace(",", " ").split())

    @property
    def zone(self) -> ZoneInfo:
        """The office's time zone."""
        return ZoneInfo(self.time_zone)

    @property
    def assumed_life(self) -> timedelta:
        """How long a warning without an end holds."""
        return timedelta(hours=self.assumed_life_hours)

    @property
    def periods(self) -> Periods:
        """How long texts, answers and contact data are kept."""
        return {one.kept: timedelta(days=getattr(self, one.setting)) for one in PERIODS}

    @property
    def hold_for(self) -> timedelta:
        """How long an officer has for a warning that reads as a test."""
        return timedelta(minutes=self.hold_minutes)


def load(config: Path | None = None, **overrides: Any) -> Settings:
    """Read the settings; raises SettingsProblem with one sentence for each that is wrong."""
    folder = config or (Path("config") if Path("config", CONFIG_FILE).is_file() else None)
    if folder is not None and not folder.is_dir():
        raise SettingsProblem(f"The config folder {folder} does not exist: run 'carealert init'.")
    given: dict[str, Any] = {"config": folder} if folder else {}
    try:
        return Settings(**(given | overrides))
    except ValidationError as error:
        raise SettingsProblem(_sentences(error)) from error


def _sentences(error: ValidationError) -> str:
    lines = []
    for problem in error.errors(include_input=False, include_url=False):
        name = str(problem["loc"][0]) if problem["loc"] else "settings"
        if problem["type"] == "extra_forbidden":
            lines.append(f"There is no setting '{name}': see 'carealert doctor --settings'.")
        else:
            what = problem["msg"].removeprefix("Value error, ")
            lines.append(f"The setting {name} (CAREALERT_{name.upper()}) is wrong: {what}.")
    return "\n".join(lines)


def secret_of(settings: Settings) -> bytes:
    """The office's secret, from the setting or the key file; raises SettingsProblem."""
    if settings.secret_key:
        return settings.secret_key.get_secret_value().encode()
    path = (settings.config or Path()) / KEY_FILE
    try:
        return path.read_bytes().strip()
    except OSError as error:
        raise SettingsProblem(
            f"No secret key: set CAREALERT_SECRET_KEY, or run 'carealert init' to make {path}."
        ) from error


def write_key_file(folder: Path) -> Path:
    """Make a new key file that only its owner can read; an existing one is kept."""
    path = folder / KEY_FILE
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(32) + "\n")
    return path
