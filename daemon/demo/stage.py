"""The demo's stage: a folder, two servers, and the real daemon as a process of its own."""

import os
import re
import shutil
import signal
import smtplib
import subprocess
import sys
import time
from email import policy
from email.message import EmailMessage
from email.utils import make_msgid, parseaddr
from pathlib import Path

from daemon import packs
from daemon.bootstrap import open_ledger
from daemon.demo.script import REMIND_SECONDS, WINDOW_SECONDS, Reply, Sending, Typing
from daemon.demo.servers import HOST, EmbeddedImap, PostOffice
from daemon.errors import UsageError
from daemon.ledger import Ledger
from daemon.site import Site, load_site
from sheets.columns import Row
from sheets.files import WorkbookBusy, WorkbookChanged, fingerprint, write_if_unchanged
from sheets.patch import MasterPlan, PatchRefused, carry_out

MAILBOX = "complaints@example.com"
_PASSWORD = "shown-in-a-demo"  # noqa: S105 a mailbox on loopback that lives for a minute
_LONGEST_STOP = 30.0  # seconds; a daemon that is well needs a few
_BUNDLES_WITHIN = 4  # seconds
_MARK = ".kesu-demo"
_CASE = re.compile(r"\[([A-Z0-9]+-\d{8}-\d+)\]")
_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")

_CONFIG = """\
# The demo's configuration: the shipped example on loopback, with windows of seconds (policy.toml).
[daemon]
site = "demo"
timezone = "Asia/Shanghai"
locale = "zh-Hant"
policy = "policy.toml"
ledger = "sqlite:///kesu.db"

[mailbox]
host = "{host}"
port = {imap}
security = "plain"
username = "{mailbox}"
password_env = "KESU_IMAP_PASSWORD"
poll_seconds = 1

[smtp]
host = "{host}"
port = {smtp}
security = "plain"
sender = "客戶關愛部 <{mailbox}>"

[workbook]
path = "master.xlsx"
archive = "archive"
keep_closed_days = 0

[digest]
time = ""
within_seconds = {bundles}

[access]
senders = ["*@example.com"]

[people]
service-manager        = [{{ name = "王建國", email = "service.manager@example.com" }}]
workshop-director      = [{{ name = "陳志明", email = "workshop@example.com" }}]
after-sales-director   = [{{ name = "林淑芬", email = "after-sales@example.com" }}]
retail-manager         = [{{ name = "Grace Chang", email = "retail@example.com", locale = "en" }}]
sales-director         = [{{ name = "李文雄", email = "sales@example.com" }}]
general-manager        = [{{ name = "周伟明", email = "gm@example.com", locale = "zh-Hans" }}]
board                  = [{{ name = "郑文静", email = "board@example.com", locale = "zh-Hans" }}]
customer-care          = [{{ name = "客戶關愛部", email = "care@example.com" }}]
customer-care-director = [{{ name = "吳美玲", email = "care.director@example.com" }}]
showroom-manager       = [{{ name = "趙心怡", email = "showroom@example.com" }}]
body-paint-supervisor  = [{{ name = "黃師傅", email = "body.paint@example.com" }}]
"""


def short_policy(text: str, pace: int = 1) -> str:
    """Return the dealership's rules with hours turned into seconds and a week into none; nothing else is changed."""
    seconds = {
        'window = "2h"': f'window = "{WINDOW_SECONDS * pace}s"',
        'remind_before = "30m"': f'remind_before = "{REMIND_SECONDS * pace}s"',
        'every = "1d"': f'every = "{WINDOW_SECONDS * pace}s"',
        "\ndays = 7\n": "\ndays = 0\n",  # the revisit after a week is due today
    }
    for long, short in seconds.items():
        text = text.replace(long, short)
    return text


class Stage:
    """Everything the demo runs on; enter it to start it. Every window has `pace` times its seconds."""

    def __init__(self, directory: Path, pace: int = 1) -> None:
        self.directory = directory.resolve()
        self.pace = pace
        _clear(self.directory)
        self.imap = EmbeddedImap(self.directory / "mailbox", MAILBOX, _PASSWORD)
        self.office = PostOffice(MAILBOX, self.imap.deliver, self.directory / "mails")
        self._daemon: subprocess.Popen[bytes] | None = None
        self._ledger: Ledger | None = None
        self._site: Site | None = None
        self._sent = 0

    def start(self) -> None:
        """Write the configuration, start the servers and the daemon; return once it has opened its ledger."""
        self._write_configuration()
        self.imap.start()
        self.office.start()
        environment = {**os.environ, "KESU_IMAP_PASSWORD": _PASSWORD, "PYTHONUNBUFFERED": "1"}
        command = [sys.executable, "-m", "daemon", "run", "--config", str(self.directory / "config.toml")]
        with (self.directory / "kesu.log").open("wb") as log:
            self._daemon = subprocess.Popen(command, env=environment, stderr=log)  # noqa: S603 our own interpreter
        self._wait_for_ledger()

    @property
    def ledger(self) -> Ledger:
        """The daemon's ledger, to look at."""
        if self._ledger is None:
            raise RuntimeError("the stage has not started")
        return self._ledger

    @property
    def site(self) -> Site:
        """The demo's site."""
        if self._site is None:
            raise RuntimeError("the stage has not started")
        return self._site

    def stop(self) -> int | None:
        """Stop the daemon as a service manager does and return its exit status; None if it does not run."""
        if self._daemon is None:
            return None
        self._daemon.send_signal(signal.SIGTERM)
        try:
            status = self._daemon.wait(timeout=_LONGEST_STOP)
        except subprocess.TimeoutExpired:
            self._daemon.kill()
            status = self._daemon.wait()
        self._daemon = None
        return status

    def close(self) -> None:
        """Stop whatever still runs and let go of the ledger."""
        self.stop()
        self.office.stop()
        self.imap.stop()
        if self._ledger is not None:
            self._ledger.close()

    # ------------------------------------------------------------ what people do

    def send(self, sending: Sending) -> None:
        """Send a mail of a member of staff."""
        message = _message(sending.sender, sending.subject, sending.text, sending.files)
        self._hand_in(message)

    def answer(self, reply: Reply, mail: EmailMessage) -> None:
        """Send somebody's answer to a mail he got."""
        number = _CASE.search(str(mail["Subject"]))
        files = (("handling.xlsx", reply.form(number[1])),) if reply.form and number else ()
        quoted = f"{reply.text}\n\n> {mail['Subject']}\n"
        message = _message(reply.reader, f"Re: {mail['Subject']}", quoted, files)
        message["In-Reply-To"] = str(mail["Message-ID"])
        message["References"] = f"{mail.get('References', '')} {mail['Message-ID']}".strip()
        self._hand_in(message)

    def type(self, typing: Typing) -> bool:
        """Save the workbook with what a manager typed into it; False if he has to try again."""
        path = self.directory / "master.xlsx"
        number = next(
            (c.number for c in self.ledger.cases() if c.facts.get("customer_name") == typing.customer), ""
        )
        before = fingerprint(path)
        if before is None or not number:
            return False
        plan = MasterPlan([Row(number, typing.cells)])
        try:
            saved = carry_out(path.read_bytes(), plan, self.site.locale, self.site.zone).content
            write_if_unchanged(path, saved, before)
        except (WorkbookBusy, WorkbookChanged, PatchRefused):
            return False
        return True

    def mails(self) -> list[EmailMessage]:
        """Return the mails people have got so far."""
        return self.office.received()

    def _hand_in(self, message: EmailMessage) -> None:
        self._sent += 1
        folder = self.directory / "sent-by-staff"
        folder.mkdir(exist_ok=True)
        (folder / f"{self._sent:02}.eml").write_bytes(message.as_bytes())
        with smtplib.SMTP(HOST, self.office.port, timeout=60) as smtp:
            smtp.send_message(message)

    def _write_configuration(self) -> None:
        text = _CONFIG.format(
            host=HOST,
            imap=self.imap.port,
            smtp=self.office.port,
            mailbox=MAILBOX,
            bundles=_BUNDLES_WITHIN * self.pace,
        )
        (self.directory / "config.toml").write_text(text, encoding="utf-8")
        policy_file = self.directory / "policy.toml"
        policy_file.write_text(short_policy(packs.policy_text("dealership"), self.pace), encoding="utf-8")
        self._site = load_site(self.directory / "config.toml")

    def _wait_for_ledger(self, seconds: float = 120.0) -> None:
        deadline = time.monotonic() + seconds
        log = self.directory / "kesu.log"
        while "running site=demo" not in log.read_text(encoding="utf-8", errors="replace"):
            if time.monotonic() > deadline or (self._daemon and self._daemon.poll() is not None):
                raise UsageError(f"the daemon does not start; see {log}")
            time.sleep(0.05)
        self._ledger = open_ledger(self.site.config, create=False)


def reader_of(mail: EmailMessage) -> str:
    """Return whom a mail is for."""
    return parseaddr(str(mail["To"]))[1]


def _message(sender: str, subject: str, text: str, files: tuple[tuple[str, bytes], ...]) -> EmailMessage:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = sender
    message["To"] = MAILBOX
    message["Subject"] = subject
    message["Message-ID"] = make_msgid(domain="example.com")
    message.set_content(text or " ")
    for name, content in files:
        main, sub = ("image", "png") if name.endswith(".png") else _XLSX
        message.add_attachment(content, maintype=main, subtype=sub, filename=name)
    return message


def _clear(directory: Path) -> None:
    """Make room for a new run: what an earlier run left is removed, anything else is never touched."""
    if directory.exists() and not directory.is_dir():
        raise UsageError(f"{directory} is no folder; name another with --directory")
    if directory.exists() and any(directory.iterdir()):
        if not (directory / _MARK).exists():
            raise UsageError(f"{directory} is not empty and no demo made it; name another with --directory")
        shutil.rmtree(directory)
    directory.mkdir(parents=True, exist_ok=True)
    (directory / _MARK).write_text("made by `kesu demo`; removed by the next one\n", encoding="utf-8")
