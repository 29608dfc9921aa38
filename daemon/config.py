"""`config.toml`: read, overridden from the environment, checked as a whole (contract.md).

Every fault is reported at once, by its key. Secrets never stand in the file.
"""

import datetime
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import (
    AfterValidator,
    BeforeValidator,
    Field,
    PlainSerializer,
    ValidationError,
    field_validator,
    model_validator,
)

from daemon.accounts import MailboxSection, SmtpSection
from daemon.errors import ConfigurationError
from daemon.oauth2 import inherited
from daemon.permissions import refuse_if_writable
from daemon.providers import with_profiles
from daemon.section import Section
from mailer.letter import Template
from rules.locales import Locale


def _an_address(text: str) -> str:
    if not re.fullmatch(r"[^@\s<>,;]+@[^@\s<>,;]+", text):
        raise ValueError(f"{text!r} is not an e-mail address; write one such as name@example.com")
    return text


EmailText = Annotated[str, AfterValidator(_an_address)]
ENVIRONMENT_PREFIX = "KESU_"
_LISTS = (
    ("access", "senders"),
    ("alarms", "notices"),
    ("oauth2", "scopes"),
    ("privacy", "fines"),
    ("privacy", "phones"),
)


class DaemonSection(Section):
    """Which site this is, its zone, language, rules and ledger."""

    site: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,31}$")] = "main"
    timezone: str = "Asia/Shanghai"
    locale: Locale = Locale.ZH_HANT
    policy: str = "dealership"
    ledger: str = "sqlite:///var/kesu.db"

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, name: str) -> str:
        try:
            ZoneInfo(name)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            raise ValueError(
                f"{name!r} is no time zone; write one such as Asia/Shanghai or Asia/Taipei"
            ) from None
        return name

    @field_validator("ledger")
    @classmethod
    def _known_ledger(cls, url: str) -> str:
        if not url.startswith("sqlite:///"):
            raise ValueError("only sqlite:///path is supported in this release")
        return url

    @property
    def zone(self) -> ZoneInfo:
        """The site's time zone."""
        return ZoneInfo(self.timezone)


class WorkbookSection(Section):
    """Where the master workbook stands, and who acts in it."""

    path: str = "var/master.xlsx"
    penalties: str = ""  # a workbook of its own for fault and fines, which then stand nowhere else
    archive: str = "var/archive"
    keep_closed_days: Annotated[int, Field(ge=0, le=3650)] = 60
    role: str = ""  # the policy's workbook_role where it is empty
    held_minutes: Annotated[int, Field(ge=1)] = 30
    live_copy: bool = True
    board: bool = True

    @field_validator("path", "penalties")
    @classmethod
    def _a_workbook(cls, path: str) -> str:
        if path and Path(path).suffix.lower() not in (".xlsx", ".xlsm"):
            raise ValueError(f"{path!r} is no workbook's name; it must end in .xlsx")
        return path

    @model_validator(mode="after")
    def _two_files(self) -> Self:
        if not self.path:
            raise ValueError("path names no workbook; it must end in .xlsx")
        if Path(self.penalties) == Path(self.path):
            raise ValueError("penalties must be another file than path")
        return self


class ReportsSection(Section):
    """Where the statistics of a month are written."""

    path: str = "var/reports"


class DigestSection(Section):
    """When the day's mails go out, and from when on many notices of a kind leave as one."""

    time: str = "08:00"  # of the site; empty: no daily mails
    at_once: Annotated[int, Field(ge=1, le=1000)] = 5
    within_seconds: Annotated[int, Field(ge=1, le=3600)] = 60

    @field_validator("time")
    @classmethod
    def _a_time_of_day(cls, text: str) -> str:
        if text and not re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", text):
            raise ValueError(f"{text!r} is no time of day; write one such as 08:00, or leave it empty")
        return text

    @property
    def at(self) -> datetime.time | None:
        """When the day's mails go out, by the site's clocks; None: never."""
        return datetime.time.fromisoformat(self.time) if self.time else None

    @property
    def within(self) -> datetime.timedelta:
        """The span within which notices of a kind count as coming at once."""
        return datetime.timedelta(seconds=self.within_seconds)


class AttachmentsSection(Section):
    """What is kept of the files that come with mails, where it is written out, and what goes out again by mail."""

    path: str = ""  # `attachments` beside the master workbook where it is empty
    per_mail: Annotated[int, Field(ge=0, le=500)] = 20
    per_mail_megabytes: Annotated[int, Field(ge=0, le=1000)] = 30
    per_case: Annotated[int, Field(ge=0, le=5000)] = 100
    per_case_megabytes: Annotated[int, Field(ge=0, le=10_000)] = 200
    mail_megabytes: Annotated[Decimal, Field(ge=0, le=25)] = Decimal(5)
    link_base: str = ""

    @field_validator("link_base")
    @classmethod
    def _a_place(cls, base: str) -> str:
        if base and urlsplit(base).scheme not in ("file", "http", "https"):
            raise ValueError(
                f"{base!r} is no address of a folder; write one such as file://server/share/attachments"
            )
        if not base.isprintable() or set(base) & set(' "<>'):
            raise ValueError("blanks and quotation marks in an address are written as %20 and %22")
        return base.rstrip("/")


class AccessSection(Section):
    """Who may send forms."""

    senders: tuple[str, ...] = ()
    authserv_id: str = ""  # several separated by commas, `*` in them; empty: nobody is verified
    unsigned: Literal["hold", "take"] = "hold"  # mail in which that server has written nothing
    tokens: Literal["replies", "all", "off"] = "replies"
    answers_per_hour: Annotated[int, Field(ge=1, le=10_000)] = 60  # to one address
    all_answers_per_hour: Annotated[int, Field(ge=1, le=1_000_000)] = 3000

    @field_validator("authserv_id")
    @classmethod
    def _one_server(cls, named: str) -> str:
        if any(not word.strip().strip("*.") for word in named.split(",")) and named.strip():
            raise ValueError(f"{named!r} would believe every server; write your own one's name")
        return named.strip()


class AlarmsSection(Section):
    """The second channel: whom short texts reach when mail itself is down. Its addresses are secrets."""

    urls_env: str = ""
    urls_file: str = ""
    after_minutes: Annotated[int, Field(ge=1, le=1440)] = 10
    notices: tuple[str, ...] = ()

    @model_validator(mode="before")
    @classmethod
    def _no_address_in_the_file(cls, raw: Any) -> Any:
        if isinstance(raw, dict) and "urls" in raw:
            raise ValueError(
                "addresses hold secrets and do not belong in this file; name urls_env or urls_file"
            )
        return raw

    @field_validator("notices")
    @classmethod
    def _known_kinds(cls, kinds: tuple[str, ...]) -> tuple[str, ...]:
        if unknown := [kind for kind in kinds if kind not in set(Template)]:
            raise ValueError(f"{', '.join(unknown)}: no such mail; it is one of {', '.join(Template)}")
        return kinds


class PrivacySection(Section):
    """Which roles see other people's fines and customers' telephone numbers; `*` is everybody.

    Without `fines` they are those whom the policy lets decide on penalties, or has told of them.
    """

    fines: tuple[str, ...] | None = None
    phones: tuple[str, ...] = ("*",)


class Days(NamedTuple):
    """Whole days of the site's calendar, both of them among it."""

    first: date
    last: date


def _days(written: object) -> Days:
    """Read `2026-12-01..2026-12-05`, or one day."""
    first, dots, last = str(written).partition("..")
    try:
        days = Days(date.fromisoformat(first.strip()), date.fromisoformat((last if dots else first).strip()))
    except ValueError:
        raise ValueError(
            f"{str(written)!r} are no days; write 2026-12-01 or 2026-12-01..2026-12-05"
        ) from None
    if days.last < days.first:
        raise ValueError(f"{str(written)!r} ends before it begins")
    return days


DaysText = Annotated[
    Days,
    BeforeValidator(lambda raw: raw if isinstance(raw, Days | list | tuple) else _days(raw)),
    PlainSerializer(lambda days: f"{days.first}..{days.last}"),
]


class Person(Section):
    """Somebody behind a role: when he is `absent`, his `deputy` (an address among the people) stands in for him."""

    name: Annotated[str, Field(min_length=1)]
    email: EmailText
    locale: Locale | None = None
    absent: tuple[DaysText, ...] = ()
    deputy: str = ""


class Config(Section):
    """A whole configuration file; `base` is the folder that relative paths start from."""

    daemon: DaemonSection = DaemonSection()
    mailbox: MailboxSection
    smtp: SmtpSection
    workbook: WorkbookSection = WorkbookSection()
    reports: ReportsSection = ReportsSection()
    digest: DigestSection = DigestSection()
    attachments: AttachmentsSection = AttachmentsSection()
    access: AccessSection = AccessSection()
    alarms: AlarmsSection = AlarmsSection()
    privacy: PrivacySection = PrivacySection()
    people: dict[str, tuple[Person, ...]]
    base: Path = Path()

    def path(self, relative: str) -> Path:
        """Return a path of the configuration as seen from the configuration file."""
        return (self.base / relative).resolve()

    @property
    def attachments_path(self) -> Path:
        """The folder that attachments are written out to."""
        beside = self.path(self.workbook.path).parent / "attachments"
        return self.path(self.attachments.path) if self.attachments.path else beside

    @property
    def ledger_url(self) -> str:
        """The ledger's URL with its path made absolute."""
        return f"sqlite:///{self.path(self.daemon.ledger.removeprefix('sqlite:///'))}"


def load_config(path: Path, environment: Mapping[str, str] | None = None) -> Config:
    """Read a configuration; ConfigurationError names every key at fault in one line."""
    refuse_if_writable(path, str(path))
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigurationError(str(path), "there is no such file; `kesu init DIR` writes one") from None
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigurationError(str(path), str(error)) from error
    if "base" in raw:
        raise ConfigurationError("base", "unknown key")
    _override(raw, os.environ if environment is None else environment)
    try:
        filled = with_profiles(inherited(raw))
        return Config.model_validate({**filled, "base": path.resolve().parent})
    except ValidationError as error:
        raise ConfigurationError(str(path), "; ".join(_faults(error))) from error


def _override(raw: dict[str, Any], environment: Mapping[str, str]) -> None:
    """Let `KESU_MAILBOX__HOST` take the place of `host` in `[mailbox]`, and so in `[mailbox.oauth2]`."""
    for name, value in environment.items():
        section, separator, key = name.removeprefix(ENVIRONMENT_PREFIX).lower().partition("__")
        if not name.startswith(ENVIRONMENT_PREFIX) or not separator:
            continue
        table = raw.setdefault(section, {})
        if key.startswith("oauth2__") and isinstance(table, dict):
            section, key = "oauth2", key.removeprefix("oauth2__")
            table = table.setdefault("oauth2", {})
        if section == "people" or not isinstance(table, dict):
            raise ConfigurationError(name, "only single values of a section can be overridden")
        table[key] = value.split(",") if (section, key) in _LISTS else value


def _faults(error: ValidationError) -> Iterator[str]:
    for fault in error.errors():
        key = ".".join(str(part) for part in fault["loc"])
        message = (
            "unknown key"
            if fault["type"] == "extra_forbidden"
            else fault["msg"].removeprefix("Value error, ")
        )
        yield f"{key}: {message}"
