"""`kesu doctor`: tries everything a site needs and says what to mend."""

import shutil
import smtplib
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from daemon.attendance import gaps, today
from daemon.bootstrap import mailbox_settings, open_ledger, smtp_settings
from daemon.clock import Clock
from daemon.doctor_delivery import delivery
from daemon.doctor_files import files
from daemon.errors import ConfigurationError, KesuError
from daemon.mail_doctor import Service, advice, unset
from daemon.oauth2_check import standing
from daemon.secret_files import loose
from daemon.site import Site
from daemon.troubles import LEAST_FREE
from daemon.workbook.book import open_book
from daemon.workbook.editions import editions_of, path_of
from daemon.workbook.telling import missing_of
from mailer.inbox import Inbox, MailboxUnavailable
from mailer.oauth_advice import login_advice
from mailer.profiles import PROFILES
from mailer.smtp import Postman, TransportError
from sheets.columns import Row
from sheets.editions import Edition
from sheets.files import lock_holder
from sheets.patch import PatchRefused, patch_master

_PROBE = Row("KS-00000000-000", {})
_MEND_WORKBOOK = (
    "undo what was changed, or run `kesu workbook rebuild`: it keeps the old file and draws a new one"
)
_MEND_FOLDER = "its folder must be writable and have room for it"
_LEAST_ROOM = 2**16  # bytes; what a workbook of few cases takes
PATIENCE = 10.0  # seconds for each answer of a mail server


@dataclass(frozen=True)
class Finding:
    """One thing tried. `mend` is what to do, empty where nothing is wrong; `fatal`: kesu cannot work like this."""

    what: str
    said: str
    mend: str = ""
    fatal: bool = True

    @property
    def ok(self) -> bool:
        """Tell whether nothing keeps kesu from working."""
        return not self.mend or not self.fatal


def examine(site: Site, clock: Clock) -> list[Finding]:
    """Try everything, one finding each; nothing here raises."""
    return [
        Finding(
            "policy",
            f"{site.policy.key}: {len(site.policy.stages)} stages, {len(site.policy.clauses)} clauses",
        ),
        _people(site, clock),
        *_oauth2(site, clock),
        _tried("mailbox", lambda: _mailbox(site), lambda error: _mend(error, _service(site, "mailbox"))),
        _tried("smtp", lambda: _smtp(site), lambda error: _mend(error, _service(site, "smtp"))),
        _secrets(site),
        _senders(site),
        _tried("ledger", lambda: _ledger(site), "the ledger's folder must be writable and on a local disk"),
        _tried(
            "workbook",
            lambda: _workbook(site),
            _mend_workbook,
        ),
        _tried(
            "clock",
            lambda: _clock(site, clock),
            "set the machine's clock (NTP); every deadline depends on it",
        ),
        _disk(site),
        _callers(site),
        _quarantine(site),
        *(Finding(*said, fatal=False) for said in (*delivery(site), files(site))),
    ]


def _tried(what: str, attempt: Callable[[], str], mend: str | Callable[[Exception], str]) -> Finding:
    try:
        return Finding(what, attempt())
    except (
        MailboxUnavailable,
        TransportError,
        KesuError,
        PatchRefused,
        OSError,
        ValueError,
        smtplib.SMTPException,
    ) as error:
        return Finding(what, str(error), mend if isinstance(mend, str) else mend(error))


def _callers(site: Site) -> Finding:
    """Offices that owe follow-up calls and that nobody holds: their lists go to customer care (D22–D25)."""
    rules = () if site.policy.follow_up is None else site.policy.follow_up.calls
    vacant = sorted({rule.role for rule in rules if not site.people(rule.role)})
    mend = f"nobody is called by {', '.join(vacant)}: name them in [people]; customer care gets their lists"
    return Finding("calls", f"{len(rules)} kinds of follow-up calls", mend if vacant else "", fatal=False)


def _people(site: Site, clock: Clock) -> Finding:
    said = f"{sum(map(len, site.config.people.values()))} persons in {len(site.config.people)} roles"
    return Finding("people", said, "; ".join(gaps(today(site, clock.now()))), fatal=False)


def _oauth2(site: Site, clock: Clock) -> list[Finding]:
    """One finding for each source of access tokens."""
    found = standing(site.config, clock.now())
    return [Finding("oauth2", each.said, each.mend, fatal=each.fatal) for each in found]


def _service(site: Site, section: Literal["mailbox", "smtp"]) -> Service:
    account = site.config.mailbox if section == "mailbox" else site.config.smtp
    return Service(
        section=section,
        host=account.host,
        port=account.port,
        security=account.security,
        sender=site.own_address,
        profile=PROFILES.get(account.profile),
        tokens=account.oauth2 is not None,
    )


def _mend(error: Exception, service: Service) -> str:
    """What to change: of tokens and rights in Microsoft's and Google's terms, of the rest in the configuration's."""
    by_token = service.tokens or (service.profile is not None and service.profile.takes_tokens)
    if by_token and (mend := login_advice(str(error))):
        return mend
    # Where the configuration is at fault nothing was tried yet, and the line names what is missing.
    return unset(service) if isinstance(error, ConfigurationError) else advice(error, service)


def _mailbox(site: Site) -> str:
    settings = replace(mailbox_settings(site.config), timeout=PATIENCE)
    with Inbox(settings) as inbox:
        waiting, able = len(inbox.all_uids()), set(inbox.capabilities)
    by = "IDLE" if settings.idle and "IDLE" in able else f"looking every {settings.poll_seconds} s"
    stay = "" if able & {"MOVE", "UIDPLUS"} else "; mails can only be copied, they stay flagged as deleted"
    said = f"{settings.username} at {settings.host}:{settings.port}, {waiting} messages in {settings.folder}"
    return f"{said}; waits by {by}{stay}"


def _smtp(site: Site) -> str:
    settings = replace(smtp_settings(site.config), timeout=PATIENCE)
    care = [person.email for role in site.policy.resolved_notice for person in site.people(role)]
    postman = Postman(settings)
    try:
        postman.would_take(site.own_address, care[0] if care else site.own_address)
    finally:
        postman.close()
    return f"{settings.host}:{settings.port} takes mail as {site.own_address}"


def _secrets(site: Site) -> Finding:
    """Files with passwords that others on this machine can get at."""
    named = {site.config.mailbox.password_file, site.config.smtp.password_file} - {""}
    loosely = [f"{name}: {why}" for name in sorted(named) if (why := loose(site.config.base / name))]
    mend = f"`chmod 600`: {'; '.join(loosely)}" if loosely else ""
    return Finding("secrets", f"{len(named)} files with passwords", mend, fatal=False)


def _senders(site: Site) -> Finding:
    access = site.config.access
    said = f"forms are taken from {', '.join(access.senders) or 'nobody but [people]'}"
    if "*" in access.senders or "*@*" in access.senders:
        return Finding(
            "senders", said, "[access] senders admits the whole world; name your own domain", fatal=False
        )
    if access.tokens == "off":
        mend = 'tokens = "off": whoever forges a From can report, appeal and rule; "replies" asks for a proof'
        return Finding("senders", said, mend, fatal=False)
    if not access.authserv_id:
        mend = "the sender of a mail is not verified: whoever forges a From passes; name [access] authserv_id"
        return Finding("senders", said, mend, fatal=False)
    said = f"{said}, verified by {access.authserv_id}"
    if access.unsigned == "take":
        mend = (
            'unsigned = "take": mail in which that server has written nothing passes as it is; '
            "it must write into all mail from outside"
        )
        return Finding("senders", said, mend, fatal=False)
    return Finding("senders", said)


def _quarantine(site: Site) -> Finding:
    try:
        with open_ledger(site.config, create=False) as ledger:
            waiting = ledger.quarantine_to_decide()
    except KesuError:
        waiting = 0  # there is none yet, or its own line says what is wrong
    mend = "decide on them: `kesu quarantine list`" if waiting else ""
    return Finding("quarantine", f"{waiting} mails wait for a decision", mend, fatal=False)


def _ledger(site: Site) -> str:
    with open_ledger(site.config) as ledger:
        return f"{ledger.path}, {ledger.last_seq()} events"


def _workbook(site: Site) -> str:
    return "; ".join(_one_workbook(site, edition) for edition in editions_of(site))


def _one_workbook(site: Site, edition: Edition) -> str:
    path = path_of(edition, site)
    if not path.parent.is_dir() and _was_written(site, edition):  # a share that is gone; not to be made anew
        raise FileNotFoundError(f"the folder {path.parent} is not there")
    _writable(path.parent, path.stat().st_size if path.is_file() else _LEAST_ROOM)
    if not path.exists():
        return f"{path} will be drawn at the first case"
    holder = lock_holder(path)
    if holder is not None:
        return f"{path} is open at {holder}: writing waits until it is closed"
    book = open_book(path.read_bytes(), site.locale, site.zone, edition=edition)
    if lines := missing_of(book):
        raise ConfigurationError("workbook", "; ".join(line.get(site.locale) for line in lines))
    patch_master(
        book.content, [_PROBE], site.locale, site.zone, edition.sheets[0]
    )  # what comes out is not written
    return f"{path} can be written; whoever writes in it acts as {site.workbook_role or 'nobody'}"


def _was_written(site: Site, edition: Edition) -> bool:
    with open_ledger(site.config) as ledger:
        return ledger.generation(edition.key)[0] > 0


def _mend_workbook(error: Exception) -> str:
    in_the_way = isinstance(error, IsADirectoryError)  # of the file itself
    return _MEND_FOLDER if isinstance(error, OSError) and not in_the_way else _MEND_WORKBOOK


def _writable(folder: Path, size: int) -> None:
    """Try whether a file of this size can be written there; on a full disk an empty one can."""
    folder.mkdir(parents=True, exist_ok=True)
    probe = folder / ".kesu-doctor"
    try:
        probe.write_bytes(bytes(size))
    finally:
        probe.unlink(missing_ok=True)


def _clock(site: Site, clock: Clock) -> str:
    now = clock.now()
    with open_ledger(site.config) as ledger:
        last = max((case.last_at for case in ledger.cases()), default=now)
    if last > now:
        raise ConfigurationError(
            "clock", f"the machine says {now:%Y-%m-%d %H:%M} UTC, the ledger is at {last:%Y-%m-%d %H:%M}"
        )
    return f"{now.astimezone(site.zone):%Y-%m-%d %H:%M} in {site.config.daemon.timezone}"


def _disk(site: Site) -> Finding:
    folder = site.config.path(site.config.daemon.ledger.removeprefix("sqlite:///")).parent
    existing = next(parent for parent in (folder, *folder.parents) if parent.exists())
    free = shutil.disk_usage(existing).free
    said = f"{free / 2**30:.1f} GiB free at {existing}"
    return Finding("disk", said, "" if free >= LEAST_FREE else "make room: the ledger and the archive grow")
