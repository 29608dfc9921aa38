"""Which of our mails stand in the account's own Sent folder: whatever stands there was accepted for delivery.

Gmail, Microsoft 365 and NetEase file there what is handed in by SMTP. The folder is read from its end by its headers,
never searched: SEARCH by header is broken on QQ and Alimail.
"""

import re
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from imaplib import IMAP4
from typing import Any

from imap_tools import BaseMailBox

from mailer.imap_errors import refused, translated
from mailer.imap_fetch import Answer, read_answers
from mailer.imap_login import drop, open_mailbox
from mailer.imap_settings import MailboxSettings

_SPECIAL_USE = "\\sent"  # RFC 6154
_AT_ONCE = 200
_MOST = 5000  # messages looked through; nobody sends more in the minutes that a mail is in doubt
_SLACK = timedelta(days=1)  # for a server whose clock is not ours
_GOODBYE_SECONDS = 2.0
# Whoever rewrites a Message-ID keeps ours in the second or third (Google does the last).
_HEADERS = "MESSAGE-ID X-KESU-MESSAGE-ID X-GOOGLE-ORIGINAL-MESSAGE-ID"
_ITEMS = f"(UID INTERNALDATE BODY.PEEK[HEADER.FIELDS ({_HEADERS})])"
_FOLDED = re.compile(rb"\r?\n[ \t]+")
_ID = re.compile(rb"<[^<>\s]+>")


class SentFolder:
    """The Sent folder of an account; each look is a connection of its own, for one thread.

    `folder` names it; empty: the one the server marks as such (RFC 6154).
    """

    def __init__(self, account: MailboxSettings, folder: str = "") -> None:
        self.account = account
        self.folder = folder

    def name(self) -> str:
        """Return the folder's name, empty where there is none; MailboxUnavailable if it cannot be asked for or read."""
        with self._opened() as mailbox:
            folder = self._found(mailbox)
            if folder:
                mailbox.folder.set(folder, readonly=True)
            return folder

    def find(self, wanted: Mapping[str, datetime]) -> dict[str, datetime]:
        """Return when those of the mails that stand there were filed, by Message-ID; MailboxUnavailable.

        `wanted` tells since when each can have been sent.
        """
        with self._opened() as mailbox:
            folder = self._found(mailbox)
            if not folder:
                return {}
            mailbox.folder.set(folder, readonly=True)
            return _look(mailbox.client, wanted)

    def _found(self, mailbox: BaseMailBox) -> str:
        if self.folder:
            return self.folder
        marked = (
            folder.name
            for folder in mailbox.folder.list()
            if _SPECIAL_USE in (flag.lower() for flag in folder.flags)
        )
        return next(marked, "")

    @contextmanager
    def _opened(self) -> Iterator[BaseMailBox]:
        mailbox = open_mailbox(self.account)
        try:
            with translated("looking up what was sent"):
                yield mailbox
        finally:
            with suppress(Exception):  # whatever a dying connection raises must not hide what happened before
                mailbox.client.sock.settimeout(_GOODBYE_SECONDS)
                mailbox.client.logout()
            drop(mailbox.client)


def _look(client: IMAP4, wanted: Mapping[str, datetime]) -> dict[str, datetime]:
    found: dict[str, datetime] = {}
    if not wanted:
        return found
    oldest = min(wanted.values()) - _SLACK
    for answers in _backwards(client):
        for answer in answers:
            for identity in _named(answer, wanted):
                found[identity] = max(answer.arrived or wanted[identity], wanted[identity])
        filed = [answer.arrived for answer in answers if answer.arrived is not None]
        if len(found) == len(wanted) or (filed and max(filed) < oldest):
            break
    return found


def _backwards(client: IMAP4) -> Iterator[list[Answer]]:
    """Yield what the folder holds from its end, so many messages at once."""
    told: list[Any] = client.untagged_responses.get("EXISTS") or [b"0"]
    last = int(told[-1] or 0)
    for end in range(last, max(0, last - _MOST), -_AT_ONCE):
        status, answer = client.fetch(f"{max(1, end - _AT_ONCE + 1)}:{end}", _ITEMS)
        if status != "OK":
            raise refused("the Sent folder cannot be read", answer)
        yield read_answers(answer)


def _named(answer: Answer, wanted: Collection[str]) -> list[str]:
    names = _ID.findall(_FOLDED.sub(b" ", answer.body or b""))
    return [identity for name in names if (identity := name.decode("utf-8", "replace")) in wanted]
