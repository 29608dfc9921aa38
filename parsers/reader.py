"""Strangers' files are read in a limited child process: a hang or a crash costs one attachment, not the daemon."""

import json
import logging
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from types import TracebackType
from typing import Any, Self
from zoneinfo import ZoneInfo

from parsers.reading_process import ORDINARY, Child, Failed, Late, Limits
from parsers.refusals import TOO_HEAVY, TOO_SLOW
from parsers.results import ParsedFile
from parsers.wire import file_from_json, frame, json_frame
from rules.fields import Catalogue
from rules.locales import Locale, Text

log = logging.getLogger(__name__)
_NO_ANSWER = (Failed, ValueError, LookupError, TypeError, AttributeError)  # or one that makes no sense


class ReaderUnavailable(OSError):
    """The reading child could not be brought up: nothing any file did; read again later."""


@dataclass(frozen=True)
class FileToRead:
    """One attachment: `name` only labels the result, `locale` is the form's where its labels do not say.

    `pasted`: no file, but a mail's own page and text, and the text of our mail that it answers, as JSON.
    """

    content: bytes = field(repr=False)
    name: str
    zone: ZoneInfo
    now: datetime
    locale: Locale
    issued_by: str | None = None
    pasted: bool = False

    def asked(self, *, second_reader_only: bool = False) -> bytes:
        """Return what the child is asked, in frames."""
        request = {
            "name": self.name,
            "zone": self.zone.key,
            "now": self.now.isoformat(),
            "locale": self.locale,
            "issued_by": self.issued_by,
            "second_reader_only": second_reader_only,
            "pasted": self.pasted,
        }
        return json_frame(request) + frame(self.content)

    def refused(self, reason: Text) -> ParsedFile:
        """Return that it could not be read."""
        return ParsedFile(file=self.name, forms=(), error=reason)


@dataclass(eq=False)
class Asked:
    """A file that the child was given to read, and what came of it."""

    file: FileToRead
    sent_at: float = 0.0  # monotonic
    parsed: ParsedFile | None = None
    unavailable: ReaderUnavailable | None = None

    @property
    def is_settled(self) -> bool:
        """Tell whether it is known what came of it."""
        return self.parsed is not None or self.unavailable is not None


class FormReader:
    """Reads attachments in one reusable child process; a context manager, safe to share between threads.

    Nothing a file holds raises: what went wrong stands in `ParsedFile.error` in three languages, and the next file
    gets a fresh child. ReaderUnavailable if no child can be started, which is not the file's fault.
    """

    def __init__(self, catalogue: Catalogue, limits: Limits = ORDINARY) -> None:
        self._catalogue = catalogue
        self._payload = catalogue.model_dump_json(by_alias=True).encode()
        self._limits = limits
        self._child: Child | None = None
        self._line: deque[Asked] = deque()  # what the child was asked and has not answered, in this order
        self._answered_at = 0.0  # monotonic: since then it is at the first of the line
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def warm_up(self) -> None:
        """Start the child ahead of the first file, and do not wait for it; never raises."""
        with suppress(ReaderUnavailable), self._lock:  # whoever reads will hear of it
            self._running()

    def close(self) -> None:
        """End the child; a later read starts another."""
        with self._lock:
            self._drop()
            self._give_up_all(ReaderUnavailable("the reader was closed"))

    def read(
        self,
        content: bytes,
        name: str,
        *,
        zone: ZoneInfo,
        now: datetime,
        locale: Locale,
        issued_by: str | None = None,
    ) -> ParsedFile:
        """Read one attachment: `name` only labels the result, `locale` is the form's where its labels do not say."""
        return self.result(self.submit(FileToRead(content, name, zone, now, locale, issued_by)))

    def read_pasted(
        self,
        page: str,
        text: str,
        answered: str,
        *,
        zone: ZoneInfo,
        now: datetime,
        locale: Locale,
        issued_by: str | None = None,
    ) -> ParsedFile:
        """Read the forms in a mail's own text (`pasted.parse_pasted`), under the same limits."""
        content = json.dumps([page, text, answered]).encode("ascii")
        return self.result(self.submit(FileToRead(content, "", zone, now, locale, issued_by, pasted=True)))

    def submit(self, file: FileToRead) -> Asked:
        """Give the child a file to read after those it has; it reads while its caller does something else."""
        with self._lock:
            child = self._held() if self._line else self._running()
            asked = Asked(file, time.monotonic())
            self._line.append(asked)
            child.send(file.asked())
            return asked

    def is_settled(self, asked: Asked) -> bool:
        """Tell whether `result` would return at once; what the child has answered by now is read."""
        with self._lock:
            while not asked.is_settled and self._held().has_answered():
                self._settle_first()
        return asked.is_settled

    def result(self, asked: Asked) -> ParsedFile:
        """Return what stood in a file, waiting for it; one that breaks the child costs those behind it nothing."""
        with self._lock:
            while not asked.is_settled:
                self._settle_first()
        if asked.parsed is None:
            raise asked.unavailable or ReaderUnavailable("the file was not read")
        return asked.parsed

    def _settle_first(self) -> None:
        """Wait for what comes of the first file in line; where it ends the child, the others go to the next one."""
        first, child = self._line[0], self._child
        try:
            first.parsed = self._first_answer(first)
            if self._child is not child:
                self._send_again()
        except ReaderUnavailable as error:
            self._give_up_all(error)
        if self._line and self._line[0] is first:
            self._line.popleft()
        self._answered_at = time.monotonic()

    def _first_answer(self, first: Asked) -> ParsedFile:
        child = self._held()
        begun = max(first.sent_at, self._answered_at, self._ready_at(child))
        try:
            return self._accept(child.answer(begun + self._limits.seconds), first.file.zone)
        except Late:
            self._drop()
            return _given_up(first.file, TOO_SLOW)
        except _NO_ANSWER:
            self._drop()
            left = self._limits.seconds - (time.monotonic() - begun)
            return self._read_anew(first.file, max(left, 0.0))

    def _read_anew(self, file: FileToRead, seconds: float) -> ParsedFile:
        """Read a file that broke a child with the second reader alone, in a new one."""
        child = self._running()
        self._ready_at(child)
        try:
            child.send(file.asked(second_reader_only=True))
            return self._accept(child.answer(time.monotonic() + seconds), file.zone)
        except Late:
            reason = TOO_SLOW
        except _NO_ANSWER:
            reason = TOO_HEAVY
        self._drop()
        return _given_up(file, reason)

    def _send_again(self) -> None:
        """Give the next child what the last one was asked behind the file that ended it."""
        for asked in list(self._line)[1:]:
            asked.sent_at = time.monotonic()
            self._running().send(asked.file.asked())

    def _give_up_all(self, error: ReaderUnavailable) -> None:
        for asked in self._line:
            asked.unavailable = error
        self._line.clear()

    def _held(self) -> Child:
        """Return the child that was asked, which may have died since: what it answered before still counts."""
        if self._child is None:
            raise Failed("the child was ended")
        return self._child

    def _ready_at(self, child: Child) -> float:
        """Return since when a child reads; ReaderUnavailable if it has not come up in time."""
        try:
            return child.wait_until_ready()
        except Failed as error:
            self._drop()
            raise ReaderUnavailable("the child gave no sign of readiness") from error

    def _running(self) -> Child:
        """Return a child that runs, or starts; ReaderUnavailable if none can be started."""
        if self._child is not None and self._child.is_alive():
            return self._child
        self._drop()
        try:
            self._child = Child(self._payload, self._limits)
        except OSError as error:
            log.exception("the reading child could not be started", extra={"action": "reader_not_started"})
            raise ReaderUnavailable("the reading child could not be started") from error
        return self._child

    def _accept(self, answer: Any, zone: ZoneInfo) -> ParsedFile:
        parsed = file_from_json(answer["parsed"], self._catalogue, zone)
        if "fault" in answer:
            log.error("a reader failed: %s", answer["fault"], extra={"action": "reader_fault"})
        if answer["worn"]:
            self._drop()
        return parsed

    def _drop(self) -> None:
        if self._child is not None:
            self._child.kill()
            self._child = None


def _given_up(file: FileToRead, reason: Text) -> ParsedFile:
    log.warning("a file broke the reading child", extra={"action": "reader_broken", "reason": reason.en})
    return file.refused(reason)
