"""What can go wrong with a mailbox, as one typed error that says whether a person has to mend it."""

import imaplib
import re
import ssl
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from imap_tools.errors import ImapToolsError, UnexpectedCommandStatusError

# A refusal with one of these passes by itself: RFC 5530's codes, and how providers say it without a code.
_PASSES = re.compile(
    r"\[(UNAVAILABLE|INUSE|LIMIT|SERVERBUG|EXPUNGEISSUED|THROTTLED|OVERQUOTA)\b|too many|try again|later|temporar"
    r"|frequen|timeout|not connected|频繁|頻繁|稍后|稍後",
    re.IGNORECASE,
)
# We have asked too much, and asking soon again makes it worse.
_TOO_MUCH = re.compile(r"\[(LIMIT|THROTTLED)\b|too many|frequen|throttl|频繁|頻繁", re.IGNORECASE)
_BREATHER = 60.0  # seconds


class MailboxUnavailable(Exception):
    """The mailbox cannot be used now.

    `permanent` means that trying again will not help until a person changes something (a refused login, a missing
    folder, a certificate that cannot be trusted); everything else passes with time and a new connection, after
    `least_wait` seconds at the earliest.
    """

    def __init__(self, reason: str, permanent: bool, least_wait: float = 0) -> None:
        super().__init__(reason)
        self.reason = reason
        self.permanent = permanent
        self.least_wait = least_wait


class MoveRefused(MailboxUnavailable):
    """The server would not move mails; everything else on this connection goes on."""


def refused(what: str, answer: Sequence[Any], least_wait: float = 0) -> MailboxUnavailable:
    """The error for a server's NO or BAD to `what`; permanent unless the words say that it passes."""
    words = said(b" ".join(part for part in answer if isinstance(part, bytes)))
    wait = max(least_wait, _BREATHER if _TOO_MUCH.search(words) else 0)
    return MailboxUnavailable(f"{what}: {words or 'refused'}", _PASSES.search(words) is None, wait)


def said(words: bytes) -> str:
    """A server's words, in UTF-8 or as mainland servers write them."""
    try:
        return words.decode("utf-8")
    except UnicodeDecodeError:
        return words.decode("gb18030", "replace")


@contextmanager
def translated(what: str) -> Iterator[None]:
    """Turn whatever imap-tools, imaplib, ssl or the socket raises inside into MailboxUnavailable."""
    try:
        yield
    except MailboxUnavailable:
        raise
    except UnexpectedCommandStatusError as error:
        raise refused(what, error.command_result[1]) from error
    except (ssl.SSLCertVerificationError, imaplib.IMAP4.readonly) as error:
        raise MailboxUnavailable(f"{what}: {error}", permanent=True) from error
    except (imaplib.IMAP4.error, ImapToolsError, OSError, EOFError, ValueError) as error:
        # ValueError: imaplib reads from a closed file, or cannot decode what is no IMAP at all.
        raise MailboxUnavailable(f"{what}: {error or type(error).__name__}", permanent=False) from error
