"""Mails that a server lists and does not give: asked for again and again, and told to customer care once.

They stay where they are. What the server gives later is taken in as if nothing had been.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from daemon.answers import to_care
from daemon.docket import Docket
from mailer.inbox import Inbox
from mailer.letter import Line
from mailer.message import read_message
from rules.locales import Locale, Text

log = logging.getLogger("kesu.fetching")

PATIENCE = timedelta(minutes=10)  # servers that are being moved or repaired give a mail a little later
_MOST_TRIES = 50  # then only when all UIDs are compared
UNFETCHED = Text(
    zh_hant="郵件伺服器列出這封郵件，卻不給出內容",
    zh_hans="邮件服务器列出了这封邮件，却不给出内容",
    en="the mail server lists this e-mail but does not give its content",
)


@dataclass
class _Try:
    since: datetime
    times: int = 0
    told: bool = False


class Unfetched:
    """What one mailbox owes us, by UID."""

    def __init__(self, docket: Docket) -> None:
        self._docket = docket
        self._tries: dict[int, _Try] = {}

    def wanted(self, mark: int) -> list[int]:
        """The UIDs up to `mark` worth asking for again; those above it are asked for anyhow."""
        return [uid for uid, tried in self._tries.items() if uid <= mark and tried.times < _MOST_TRIES]

    def forget(self) -> None:
        """Begin anew: after a reconnect a UID may mean another mail."""
        self._tries.clear()

    def note(self, inbox: Inbox, folder: str, now: datetime) -> None:
        """Note what the last fetch was asked for and did not bring; tell of what has been owed for too long."""
        missing = set(inbox.missing)
        if missing:
            missing &= set(inbox.all_uids())  # the others were moved or deleted meanwhile
        self._tries = {uid: self._tries.get(uid, _Try(now)) for uid in missing}
        for uid, tried in self._tries.items():
            tried.times += 1
            if tried.times == 1:
                log.warning("the server lists message uid=%d and does not give it", uid)
        self._tell(
            inbox, folder, [uid for uid, tried in self._tries.items() if self._is_overdue(tried, now)], now
        )

    @staticmethod
    def _is_overdue(tried: _Try, now: datetime) -> bool:
        return not tried.told and tried.times > 1 and now - tried.since >= PATIENCE

    def _tell(self, inbox: Inbox, folder: str, uids: Iterable[int], now: datetime) -> None:
        for uid in uids:
            key = f"unfetched:{folder}:{inbox.uidvalidity}:{uid}"  # once, whatever is restarted
            line = _name(inbox.peek_header(uid), uid)
            with self._docket.ledger.writing() as entry:
                for order in to_care(self._docket, partial(_line, line), now, quarantined=False):
                    self._docket.tell(entry, order, now, key)
            self._tries[uid].told = True
            log.error("message uid=%d cannot be had; customer care is told", uid)


def _name(header: bytes, uid: int) -> str:
    message = read_message(header)
    named = (message.sender.email or message.sender.name, message.subject[:80])
    return " — ".join(part for part in named if part) or f"UID {uid}"


def _line(name: str, locale: Locale) -> Line:
    return Line(label=name, value=UNFETCHED.get(locale))
