"""The mailbox that complaints arrive in: what is new by UID, the raw bytes, and where they go when they are safe.

The order that survives a crash is the daemon's: `uids_above` or `all_uids`, `fetch` (which leaves mails unseen), store
and commit, then `move`, which may be repeated. The seen flag means nothing here: people read a shared mailbox.
"""

import re
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from itertools import pairwise
from types import TracebackType
from typing import Any, Self, TypeVar

from imap_tools import BaseMailBox
from imap_tools.errors import MailboxFolderSelectError

from mailer import imap_idle
from mailer.imap_errors import MailboxUnavailable, MoveRefused, refused, translated
from mailer.imap_fetch import Answer, batches, read_answers, uid_set
from mailer.imap_folders import Folders
from mailer.imap_login import drop, identify, open_mailbox
from mailer.imap_move import move, read_search
from mailer.imap_settings import MailboxSettings
from mailer.imap_stub import is_stub

__all__ = ["Inbox", "MailboxSettings", "MailboxUnavailable", "MoveRefused", "RawMail", "backoff"]

_T = TypeVar("_T")

_LONGEST_WAIT = 300.0  # seconds; routers forget a silent connection, servers log it off after half an hour
_LONGEST_BACKOFF = 300.0
_SIZES_AT_ONCE = 500
_BATCH_BYTES = 16 * 2**20
_HEADER_BYTES = 64 * 2**10  # of a mail that is too large
_GOODBYE_SECONDS = 2.0
_UNSAFE = re.compile(r"unsafe login", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class RawMail:
    """One mail as the server holds it; (folder, uidvalidity, uid) names it for ever.

    `received_at` is the server's INTERNALDATE. A mail over the size limit comes `truncated`: `raw` then holds the
    beginning of its header only, and `size` says how large it is in bytes.
    """

    folder: str
    uidvalidity: int
    uid: int
    raw: bytes = field(repr=False)
    received_at: datetime
    size: int
    truncated: bool = False


def backoff(attempt: int, random: Callable[[], float]) -> float:
    """Seconds to wait before connection attempt number `attempt` + 1: 1 s doubling to 5 min, with jitter.

    `attempt` counts failures from 1; `random` gives a number in [0, 1).
    """
    longest = min(_LONGEST_BACKOFF, 2.0 ** min(attempt, 10))
    return max(1.0, longest / 2 * (1 + random()))


class Inbox:
    """One connection to one folder, for one thread at a time.

    Every method raises MailboxUnavailable for whatever goes wrong; then close it and connect anew. `max_bytes` bounds
    a mail.
    """

    def __init__(self, settings: MailboxSettings, *, max_bytes: int = 50 * 2**20) -> None:
        self._settings = settings
        self._max_bytes = max_bytes
        self._folders: Folders | None = None
        self._mailbox: BaseMailBox | None = None
        self._uidvalidity = 0
        self._idle_refused = False
        self._missing: list[int] = []

    def __enter__(self) -> Self:
        self.connect()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def uidvalidity(self) -> int:
        """The folder's UIDVALIDITY: when it is not the one stored with a UID, that UID means nothing any more."""
        return self._uidvalidity

    @property
    def missing(self) -> tuple[int, ...]:
        """UIDs the last `fetch` was asked for and did not get, even one by one.

        Most have been moved or deleted meanwhile; one that `all_uids` still lists is one the server will not give.
        """
        return tuple(self._missing)

    @property
    def capabilities(self) -> tuple[str, ...]:
        """What the server said after the login that it can do."""
        return tuple(self._connected().client.capabilities)

    def connect(self) -> None:
        """Log in, introduce ourselves, make the folders that are missing, and select ours."""
        self.close()
        self._mailbox = open_mailbox(self._settings)
        self._folders = Folders(self._mailbox.client)
        for folder in (self._settings.done_folder, self._settings.quarantine_folder):
            self._guarded(f"cannot create the folder {folder}", partial(self._folders.ensure, folder))
        self._guarded(f"cannot select {self._settings.folder}", self._select)

    def close(self) -> None:
        """Log out if the server still listens; never raises."""
        mailbox, self._mailbox = self._mailbox, None
        if mailbox is None:
            return
        with suppress(Exception):  # whatever a dying connection raises must not hide what happened before
            mailbox.client.sock.settimeout(_GOODBYE_SECONDS)
            mailbox.client.logout()
        drop(mailbox.client)

    def uids_above(self, mark: int) -> list[int]:
        """The UIDs in the folder that are greater than `mark`, sorted."""
        # `n:*` always names the last mail, even one below n (RFC 3501 6.4.8).
        return [uid for uid in self._search(f"UID {mark + 1}:*") if uid > mark]

    def all_uids(self) -> list[int]:
        """Every UID in the folder, sorted."""
        return self._search("UID 1:*")

    def fetch(self, uids: Iterable[int], batch: int = 50) -> Iterator[list[RawMail]]:
        """The raw mails in batches, by UID, without marking them seen; `missing` then says what did not come.

        A batch holds at most `batch` mails and about 16 MiB (or one mail, if that is larger).
        """
        self._missing.clear()
        wanted = sorted(set(uids))
        # Of the first batch alone, so that whoever waits has something to do soon.
        bounds = {0, *range(batch, len(wanted), _SIZES_AT_ONCE), len(wanted)}
        for start, end in pairwise(sorted(bounds)):
            chunk = wanted[start:end]
            sizes = self._sizes(chunk)
            for group in batches(chunk, sizes, batch, _BATCH_BYTES):
                mails = self._fetch_group(group, sizes)
                if mails:
                    yield mails

    def peek_header(self, uid: int) -> bytes:
        """The header of one mail, or as much of it as the server gives; may be empty."""
        fields = "BODY.PEEK[HEADER.FIELDS (FROM SUBJECT DATE)]"
        answers = self._fetch([uid], f"(UID {fields})")
        return next((answer.body for answer in answers if answer.uid == uid and answer.body), b"")

    def move(self, uids: Iterable[int], folder: str) -> None:
        """Move mails to `folder`, making it where needed; those already gone are passed over, so it may be repeated.

        On a server with neither MOVE nor UIDPLUS (RFC 6851, 4315) the mails stay, copied and flagged \\Deleted: only
        a folder-wide EXPUNGE could remove them there, which would erase what other people marked. MoveRefused when the
        server would not: the connection still stands, and some may have been moved.
        """
        wanted = sorted(set(uids))
        if wanted:
            try:
                name = self._folder(
                    folder
                )  # one that was configured when the mail was settled may be new here
                move(self._run, self.capabilities, wanted, name, lambda _: self._make_folder(folder))
            except MailboxUnavailable as error:
                if self._mailbox is None:
                    raise
                raise MoveRefused(error.reason, error.permanent, error.least_wait) from error

    def wait(self, stop: threading.Event, seconds: float) -> bool:
        """Wait for mail, at most `seconds` and never over 5 minutes; `stop` ends it within about a second.

        True when the server announced mail. Servers lose announcements, so search by UID whatever it returns.
        """
        seconds = min(seconds, _LONGEST_WAIT)
        client = self._connected().client
        try:
            if imap_idle.announced(client):
                return True
            idled = self._idle(stop, seconds)
            if idled is None:
                stop.wait(min(seconds, self._settings.poll_seconds))
            return bool(idled)
        finally:
            imap_idle.forget(client)

    def _idle(self, stop: threading.Event, seconds: float) -> bool | None:
        client = self._connected().client
        if self._idle_refused or not self._settings.idle or "IDLE" not in client.capabilities:
            return None
        idled = self._guarded("waiting for mail", lambda: imap_idle.idle(client, stop, seconds))
        self._idle_refused = idled is None
        return idled

    def _select(self) -> None:
        mailbox = self._connected()
        name = self._known_folders().find(self._settings.folder)
        try:
            mailbox.folder.set(name)
        except MailboxFolderSelectError as error:
            if not _UNSAFE.search(str(error)):
                raise
            identify(mailbox.client)  # NetEase, without its profile and without advertising ID
            mailbox.folder.set(name)
        self._uidvalidity = _validity(mailbox.client)
        if not self._uidvalidity:
            raise MailboxUnavailable(f"{self._settings.folder} has no lasting UIDs", permanent=True)

    def _search(self, criterion: str) -> list[int]:
        client = self._connected().client
        self._guarded("noop", client.noop)  # some servers show new mail only after one
        imap_idle.forget(client)
        status, answer = self._run("SEARCH", criterion)
        if status != "OK":
            raise refused("search refused", answer)
        return sorted(set(read_search(answer)))

    def _sizes(self, uids: Sequence[int]) -> dict[int, int]:
        answers = self._fetch(uids, "(UID RFC822.SIZE)")
        return {answer.uid: answer.size for answer in answers if answer.size is not None}

    def _fetch_group(self, uids: Sequence[int], sizes: dict[int, int]) -> list[RawMail]:
        large = [uid for uid in uids if sizes.get(uid, 0) > self._max_bytes]
        mails = self._read([uid for uid in uids if uid not in large], "[]", sizes)
        mails |= self._read(large, f"[HEADER]<0.{_HEADER_BYTES}>", sizes)
        for uid in uids:
            if uid not in mails:
                mails |= self._read([uid], "[HEADER]" if uid in large else "[]", sizes)
        self._missing += [uid for uid in uids if uid not in mails]
        return [mails[uid] for uid in uids if uid in mails]

    def _read(self, uids: Sequence[int], section: str, sizes: dict[int, int]) -> dict[int, RawMail]:
        answers = self._fetch(uids, f"(UID INTERNALDATE BODY.PEEK{section})")
        mails = (self._mail(answer, section != "[]", sizes) for answer in answers)
        return {mail.uid: mail for mail in mails if mail is not None}

    def _mail(self, answer: Answer, header_only: bool, sizes: dict[int, int]) -> RawMail | None:
        if answer.body is None or answer.arrived is None or is_stub(answer.body):
            return None  # an answer to something else, such as a changed flag; or none to what was asked
        # Exchange's RFC822.SIZE is an estimate, so what really came is measured too.
        truncated = header_only or len(answer.body) > self._max_bytes
        return RawMail(
            folder=self._settings.folder,
            uidvalidity=self._uidvalidity,
            uid=answer.uid,
            raw=answer.body[:_HEADER_BYTES] if truncated else answer.body,
            received_at=answer.arrived,
            size=max(sizes.get(answer.uid, 0), len(answer.body)),
            truncated=truncated,
        )

    def _fetch(self, uids: Sequence[int], items: str) -> list[Answer]:
        if not uids:
            return []
        # A NO means that some could not be had; the others have come all the same.
        _, answer = self._run("FETCH", uid_set(uids), items)
        return read_answers(answer)

    def _run(self, *command: Any) -> tuple[str, list[Any]]:
        """One UID command: its status and data. For a refused FETCH, what came before the refusal."""
        return self._guarded(command[0].lower(), lambda: self._uid(*command))

    def _uid(self, *command: Any) -> tuple[str, list[Any]]:
        client = self._connected().client
        client.untagged_responses.pop("FETCH", None)  # told unasked before; it answers nothing of ours
        try:
            status, answer = client.uid(*command)
        except client.abort:
            raise
        except client.error as error:
            if "command error: BAD" not in str(error):
                raise
            status, answer = "BAD", [str(error).encode()]
        self._expect_same_validity(client)
        came = client.untagged_responses.pop("FETCH", []) if command[0] == "FETCH" else []
        return status, [*answer, *came]

    def _expect_same_validity(self, client: Any) -> None:
        if _validity(client) not in (0, self._uidvalidity):
            raise MailboxUnavailable("UIDVALIDITY changed while we were connected", permanent=False)

    def _folder(self, folder: str) -> str:
        """What the server calls `folder`, made where it is missing; a refusal leaves the connection as it is."""
        try:
            return self._known_folders().ensure(folder)
        except MailboxUnavailable as error:
            if not error.permanent:
                self._cut()
            raise

    def _make_folder(self, folder: str) -> str:
        return self._guarded(
            f"cannot create the folder {folder}", lambda: self._known_folders().ensure(folder, anew=True)
        )

    def _known_folders(self) -> Folders:
        if self._folders is None:
            raise MailboxUnavailable("not connected", permanent=False)
        return self._folders

    def _guarded(self, what: str, action: Callable[[], _T]) -> _T:
        """Do `action`; on any error the connection is in an unknown state, so it is cut."""
        try:
            with translated(what):
                return action()
        except MailboxUnavailable:
            self._cut()
            raise

    def _cut(self) -> None:
        mailbox, self._mailbox = self._mailbox, None
        if mailbox is not None:
            drop(mailbox.client)

    def _connected(self) -> BaseMailBox:
        if self._mailbox is None:
            raise MailboxUnavailable("not connected", permanent=False)
        return self._mailbox


def _validity(client: Any) -> int:
    """The last UIDVALIDITY the server told, 0 when it told none."""
    told: list[bytes] = client.untagged_responses.get("UIDVALIDITY", [])
    return int(told[-1]) if told else 0
