"""What a refusal of a mail server means: of this mail or of everything, for good or for a while, for its size."""

import re
import smtplib

CLOSING = 421  # the server closes the session
NOT_LOGGED_IN = frozenset({530, 534, 535, 538})  # the account is at fault, not the letter
_TOO_MUCH_STORAGE = 552
# The account may not send so much: providers say so with permanent codes at any stage, and mean for a while.
_ACCOUNT_LIMITS = re.compile(
    r"^\W*5\.(4\.5|7\.30)\b|submission ?quota|\bsend(ing)? (limit|quota|rate)", re.IGNORECASE
)
_LIMIT_WORDS = re.compile(
    r"limit|quota|frequen|\btoo (many|fast|much mail)\b|\brate\b|throttl|[頻频][繁率]|限制|上限|超限",
    re.IGNORECASE,
)
# Words of limits that are not the account's: the letter is too big, it went in circles, the reader's mailbox is full.
_MAILS_OWN = re.compile(
    r"^\W*[45]\.(2\.\d+|3\.4|4\.6)\b|\bhops?\b|(message|mail) ?(size|length)|too (big|large)|大小"
    r"|mail ?box.*\b(full|quota|space|storage)|\b(full|quota).*mail ?box|over ?quota|已[满滿]|容量",
    re.IGNORECASE,
)
_TOO_BIG = re.compile(r"^\W*5\.(2\.3|3\.4)\b")
_TOO_BIG_WORDS = re.compile(r"size|length|too (big|large)|大小", re.IGNORECASE)


class TransportError(Exception):
    """A mail was not accepted, or nobody knows.

    `permanent`: another try is useless. `uncertain`: the mail may have been accepted all the same, so try again only
    under the same Message-ID. `session`: no mail can be sent just now (connection, login, the account's limits), so
    it says nothing about this one. `most_bytes`: the mail is too large, and may be accepted if it has no more than so
    many. `reply`: what the server said, or what went wrong.
    """

    def __init__(
        self,
        reply: str,
        *,
        permanent: bool = False,
        uncertain: bool = False,
        session: bool = False,
        most_bytes: int | None = None,
    ) -> None:
        super().__init__(reply)
        self.permanent = permanent
        self.uncertain = uncertain
        self.session = session
        self.most_bytes = most_bytes
        self.reply = reply


def refusal(code: int, reply: bytes, *, of_sender: bool = False, size: int = 0) -> TransportError:
    """Tell what a refusal means of a mail of `size` bytes.

    `of_sender`: it was said of the account that sends, before any reader was named.
    """
    words = _decoded(reply)
    too_big = code >= 500 and _is_too_big(code, words)
    of_account = not too_big and (of_sender or _is_account_limit(words))
    session = code == CLOSING or code in NOT_LOGGED_IN or of_account
    return TransportError(
        said(code, reply),
        permanent=code >= 500 and not session,
        session=session,
        most_bytes=size - 1 if too_big and size else None,
    )


def _is_account_limit(words: str) -> bool:
    if _ACCOUNT_LIMITS.search(words):
        return True
    return _LIMIT_WORDS.search(words) is not None and _MAILS_OWN.search(words) is None


def _is_too_big(code: int, words: str) -> bool:
    """Tell whether the letter is refused for its size, which servers say as soon as MAIL FROM announces it."""
    if _TOO_BIG.search(words):
        return True
    return code == _TOO_MUCH_STORAGE and _TOO_BIG_WORDS.search(words) is not None


def _decoded(reply: bytes) -> str:
    """Return a server's words, in UTF-8 or as mainland servers write them; ends of lines and the like are spaces."""
    try:
        text = reply.decode("utf-8")
    except UnicodeDecodeError:
        text = reply.decode("gb18030", "replace")
    return " ".join(text.split())


def said(code: int, reply: bytes) -> str:
    """Return an answer as one line of text."""
    return f"{code} {_decoded(reply)}"


def reason(failure: Exception) -> str:
    """Return what went wrong with a connection, in the server's words where it said any."""
    if isinstance(failure, smtplib.SMTPResponseException):
        error = failure.smtp_error
        return said(failure.smtp_code, error if isinstance(error, bytes) else str(error).encode())
    return str(failure) or type(failure).__name__
