"""The product as it runs: the daemon as a process of its own between a real Dovecot and a real SMTP server."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email.message import EmailMessage
from pathlib import Path

from openpyxl import load_workbook

from daemon import packs
from daemon.ledger import Ledger, OutboxState
from rules.case import Case
from tests.daemon.office import MAILBOX, Posted, write_config
from tests.guards import PATIENCE
from tests.servers.dovecot import Dovecot
from tests.servers.smtp import RecordingSmtp

PASSWORD = "secret"
STOPS_WITHIN = 20.0  # seconds: four, and a slow machine; what hangs would hold the daemon up for thirty
_SETTLED = (OutboxState.SENT, OutboxState.FAILED, OutboxState.BOUNCED)


def short_rules(*, window: str, remind: str = "30m", every: str = "1d") -> str:
    """The dealership's rules with other lengths of time; nothing else is changed."""
    text = packs.policy_text("dealership")
    for long, short in {
        'window = "2h"': f'window = "{window}"',
        'remind_before = "30m"': f'remind_before = "{remind}"',
        'every = "1d"': f'every = "{every}"',
    }.items():
        assert long in text
        text = text.replace(long, short)
    return text


class World:
    """One site, its two servers, and its daemon, which can be started, stopped and killed."""

    def __init__(self, folder: Path, imap: Dovecot, smtp: RecordingSmtp, rules: str) -> None:
        self.folder = folder
        self.imap = imap
        self.smtp = smtp
        (folder / "policy.toml").write_text(rules, encoding="utf-8")
        self.config = write_config(folder, imap=imap.port, smtp=smtp.port, rules="policy.toml")
        text = self.config.read_text(encoding="utf-8")
        digest = (
            '[digest]\ntime = ""\nwithin_seconds = 6\n\n[access]'  # the mails of the day go by the real clock
        )
        self.config.write_text(text.replace("[access]", digest), encoding="utf-8")
        self._process: subprocess.Popen[bytes] | None = None

    # ------------------------------------------------------------ the daemon

    def command(self, *arguments: str) -> list[str]:
        return [sys.executable, "-m", "daemon", *arguments, "--config", str(self.config)]

    def environment(self) -> dict[str, str]:
        return {**os.environ, "KESU_IMAP_PASSWORD": PASSWORD}

    def start(self) -> None:
        """Start the daemon and return once it runs."""
        before = self.log().count("running site=")
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(self.command("run"), env=self.environment(), stderr=log)
        self.wait("the daemon to run", lambda: self.log().count("running site=") > before)

    def once(self) -> int:
        """Let one pass of everything due be done; return the exit status."""
        with (self.folder / "log").open("ab") as log:
            ended = subprocess.run(
                self.command("run", "--once"), env=self.environment(), stderr=log, timeout=PATIENCE
            )
        return ended.returncode

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def stop(self) -> int:
        """Stop the daemon as a service manager does; return its exit status."""
        assert self._process is not None
        self.signal(signal.SIGTERM)
        status = self._process.wait(timeout=STOPS_WITHIN)
        self._process = None
        return status

    def kill(self) -> None:
        """End the daemon as a power cut does."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None

    def log(self) -> str:
        path = self.folder / "log"
        return path.read_text(encoding="utf-8", errors="replace") if path.exists() else ""

    # ------------------------------------------------------------ what people send and get

    def send(self, message: EmailMessage) -> None:
        self.imap.deliver(MAILBOX, message.as_bytes())

    def mails(self, address: str = "", template: str = "") -> list[Posted]:
        """The mails people have got so far."""
        posted = [
            Posted(str(mail.message["X-Kesu-Template"]), mail.recipients[0], mail.message)
            for mail in list(self.smtp.mails)
        ]
        return [one for one in posted if address in ("", one.to) and template in ("", one.template)]

    def copies(self) -> Counter[str]:
        """How often each Message-ID was delivered."""
        return Counter(str(mail.message["Message-ID"]) for mail in list(self.smtp.mails))

    def folder_of(self, name: str) -> list[bytes]:
        return self.imap.messages(MAILBOX, name)

    # ------------------------------------------------------------ what stands where

    @contextmanager
    def ledger(self) -> Iterator[Ledger]:
        url = f"sqlite:///{self.folder / 'kesu.db'}"
        with Ledger.open(url, site="main", version="test", create=False) as opened:
            yield opened

    def cases(self) -> list[Case]:
        with self.ledger() as ledger:
            return list(ledger.cases())

    def case_of(self, customer: str) -> Case:
        (found,) = [case for case in self.cases() if case.facts.get("customer_name") == customer]
        return found

    def waiting_mails(self) -> int:
        """How many mails have not left."""
        with self.ledger() as ledger:
            counts = ledger.outbox_counts()
        return sum(count for state, count in counts.items() if state not in _SETTLED)

    def rows(self) -> dict[str, list[object]]:
        """The rows of the master workbook by case number, open cases and closed ones."""
        path = self.folder / "master.xlsx"
        if not path.exists():
            return {}
        book = load_workbook(path)
        sheets = [sheet for sheet in book.worksheets if {"KesuCases", "KesuClosed"} & sheet.tables.keys()]
        lines = [line for sheet in sheets for line in sheet.iter_rows(values_only=True)]
        return {str(line[0]): list(line) for line in lines if str(line[0]).startswith("KS-")}

    def wait(self, what: str, holds: Callable[[], bool]) -> None:
        """Return once `holds`; fail with the daemon's last words if it never does."""
        deadline = time.monotonic() + PATIENCE
        while not holds():
            if self._process is not None and self._process.poll() is not None:
                raise AssertionError(f"the daemon ended; its log:\n{self.log()[-3000:]}")
            if time.monotonic() > deadline:
                raise AssertionError(f"waited in vain for {what}; the log ends:\n{self.log()[-3000:]}")
            time.sleep(0.05)
