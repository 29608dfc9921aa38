"""The one place that names concrete classes and puts them together."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Literal

from daemon import __version__
from daemon.alarm_notices import ShortNotices
from daemon.alarm_urls import urls_of
from daemon.alarms import Alarms
from daemon.alone import Alone
from daemon.attachments.filing import Filing
from daemon.bell import Bells
from daemon.clock import Clock, SystemClock
from daemon.config import Config
from daemon.digest import DailyDigest
from daemon.docket import Docket
from daemon.doubts import SETTLING, Doubts
from daemon.errors import ConfigurationError
from daemon.fetching import Fetching
from daemon.followup.morning import call_lists
from daemon.health import Health
from daemon.intake import Intake
from daemon.jobs import Job, Jobs, daily
from daemon.lapses import Lapses
from daemon.ledger import Ledger, LedgerError
from daemon.morning import MorningLists
from daemon.oauth2 import Tokens
from daemon.outbox import Copies, Outbox
from daemon.report.monthly import MonthlyReports
from daemon.site import Site
from daemon.troubles import Watch
from daemon.workbook import Workbook
from mailer.chat import Chat
from mailer.inbox import MailboxSettings
from mailer.oauth import CachedTokens
from mailer.pace import Pace
from mailer.profiles import PROFILES
from mailer.sent import SentFolder
from mailer.smtp import Postman, SmtpSettings
from parsers.reader import FormReader

A_COMMAND = 3.0  # seconds that one of ours may have the ledger to itself while the daemon starts


@dataclass(frozen=True)
class House:
    """Everything a running daemon is made of."""

    site: Site
    ledger: Ledger
    docket: Docket
    reader: FormReader
    bells: Bells
    clock: Clock
    fetching: Fetching
    lapses: Lapses
    outbox: Outbox
    doubts: Doubts
    health: Health
    watch: Watch
    alarms: Alarms
    short_notices: ShortNotices
    workbook: Workbook
    jobs: Jobs
    filing: Filing
    alone: Alone

    def close(self) -> None:
        """Hang up and put everything away."""
        self.fetching.hang_up()
        self.outbox.close()
        self.reader.close()
        self.ledger.close()
        self.alone.release()


def open_ledger(config: Config, *, create: bool = True) -> Ledger:
    """Open the site's ledger; ConfigurationError says why it cannot be."""
    try:
        return Ledger.open(config.ledger_url, site=config.daemon.site, version=__version__, create=create)
    except LedgerError as error:
        raise ConfigurationError("daemon.ledger", str(error)) from error


def build(site: Site, *, clock: Clock | None = None, copies: Copies | None = None) -> House:
    """Put a daemon together; nothing is connected yet. ConfigurationError if another one has the ledger."""
    tokens = Tokens(site.config.base)
    mailbox, smtp = mailbox_settings(site.config, tokens), smtp_settings(site.config, tokens)
    clock = clock or SystemClock()
    ledger, alone = _own_ledger(site.config)
    sent = sent_folder(site.config, mailbox, smtp)
    ledger.outbox_free(clock.now() + (SETTLING if sent else timedelta()))
    docket = Docket(ledger, site)
    docket.remember_settled()
    reader = FormReader(site.catalogue)
    bells = Bells()
    intake = Intake(docket, reader, clock)
    pace, health = pace_of(site.config), Health()
    watch, line = Watch(lambda: docket.site, ledger, health), _second_channel(site.config)
    return House(
        site=site,
        ledger=ledger,
        docket=docket,
        reader=reader,
        bells=bells,
        clock=clock,
        fetching=Fetching(docket, intake, mailbox, clock),
        lapses=Lapses(docket, clock, bells),
        outbox=Outbox(
            docket, _postman(smtp, pace), clock, copies, pace=pace, looks_up=sent is not None, health=health
        ),
        doubts=Doubts(ledger, sent, clock, bells),
        workbook=Workbook(docket, clock, bells),
        jobs=Jobs(ledger, clock, jobs_of(docket)),
        filing=Filing(docket, clock),
        health=health,
        watch=watch,
        alarms=Alarms(lambda: docket.site, ledger, clock, watch.look, line),
        short_notices=ShortNotices(lambda: docket.site, ledger, clock, line),
        alone=alone,
    )


def jobs_of(docket: Docket) -> list[Job]:
    """Return what is done by the calendar, in the order it is done."""

    def every_day(now: datetime) -> str:
        return daily(docket.site.config.digest.at, docket.site.zone)(now)  # asked anew: SIGHUP may change it

    reports = MonthlyReports(docket)
    return [
        Job("digest", every_day, DailyDigest(docket).prepare),
        Job("morning", every_day, MorningLists(docket, (call_lists(docket),)).prepare),
        Job("report", reports.occasion, reports.prepare),
    ]


def _own_ledger(config: Config) -> tuple[Ledger, Alone]:
    """Open the ledger for this process alone."""
    ledger = open_ledger(config)
    alone = Alone(ledger.path)
    try:
        alone.hold(A_COMMAND)
    except ConfigurationError:
        ledger.close()
        raise
    return ledger, alone


def mailbox_settings(config: Config, tokens: Tokens | None = None) -> MailboxSettings:
    """Return how to reach the mailbox, its password read; ConfigurationError if that is impossible."""
    section = config.mailbox
    source = token_source(config, "mailbox", tokens)
    return MailboxSettings(
        host=section.host,
        port=section.port,
        security=section.security,
        username=section.username,
        password=section.secret("mailbox", config.base) if source is None else "",
        tokens=source,
        folder=section.folder,
        done_folder=section.done_folder,
        quarantine_folder=section.quarantine_folder,
        idle=section.idle,
        poll_seconds=section.poll_seconds,
        ca_file=section.authority("mailbox", config.base),
        identifies=section.profile in PROFILES and PROFILES[section.profile].identifies,
    )


def smtp_settings(config: Config, tokens: Tokens | None = None) -> SmtpSettings:
    """Return how mail leaves, the password read where the server wants one."""
    section = config.smtp
    source = token_source(config, "smtp", tokens)
    by_password = section.username and source is None
    return SmtpSettings(
        host=section.host,
        port=section.port,
        security=section.security,
        username=section.username or None,
        password=section.secret("smtp", config.base) if by_password else None,
        tokens=source,
        ca_file=section.authority("smtp", config.base),
    )


def pace_of(config: Config) -> Pace:
    """Return how much the provider takes: what the configuration names, else its profile, as far as that is known."""
    profile, smtp = PROFILES.get(config.smtp.profile), config.smtp
    if profile is None:
        return Pace(per_minute=smtp.per_minute, per_day=smtp.per_day)
    return Pace(
        per_minute=smtp.per_minute or profile.per_minute,
        per_day=smtp.per_day or profile.per_day,
        session_mails=profile.session_mails,
        max_megabytes=profile.max_megabytes,
    )


def _second_channel(config: Config) -> Chat | None:
    """Return where alarms go, None where nowhere; nothing is connected yet, and its library not loaded."""
    urls = urls_of(config.alarms, config.base)
    return Chat(urls) if urls else None


def _postman(settings: SmtpSettings, pace: Pace) -> Postman:
    return Postman(settings, session_mails=pace.session_mails, most_bytes=pace.most_bytes)


def sent_folder(config: Config, mailbox: MailboxSettings, smtp: SmtpSettings) -> SentFolder | None:
    """Return where mails in doubt are looked up; None where nobody can know that they would be filed there.

    A folder that the configuration names is the mailbox's. Else the account that sends has one, if its provider files
    there; where that is not known, only the mailbox's own is looked into.
    """
    profile = PROFILES.get(config.smtp.profile)
    own = (smtp.username or "").lower() == mailbox.username.lower()
    files = profile.files_sent if profile else None
    if config.smtp.sent_folder:
        return SentFolder(mailbox, config.smtp.sent_folder)
    if own:
        return None if files is False else SentFolder(mailbox)
    return SentFolder(_account_that_sends(config, mailbox, smtp)) if files and smtp.username else None


def _account_that_sends(config: Config, mailbox: MailboxSettings, smtp: SmtpSettings) -> MailboxSettings:
    """Return how the account that sends is read: on the mailbox's server where that is its own too."""
    profile, account = PROFILES[config.smtp.profile], smtp.username or ""
    place, _ = profile.endpoints(account)
    at_home = config.mailbox.profile == profile.key and place == profile.endpoints(mailbox.username)[0]
    login = replace(mailbox, username=account, password=smtp.password or "", tokens=smtp.tokens)
    if at_home:
        return login
    return replace(
        login,
        host=place.host,
        port=place.port,
        security=place.security,
        ca_file=smtp.ca_file,
        identifies=profile.identifies,
    )


def token_source(
    config: Config, name: Literal["mailbox", "smtp"], tokens: Tokens | None
) -> CachedTokens | None:
    """Return where a section's access tokens come from, None if it logs in by password."""
    section = config.mailbox if name == "mailbox" else config.smtp
    if section.oauth2 is None:
        return None
    return (tokens or Tokens(config.base)).source(section.oauth2, f"{name}.oauth2", section.username)
