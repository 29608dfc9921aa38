"""Strangers' files are read in a limited child process: a hang or a crash costs one attachment, not the daemon."""

import json
import logging
import threading
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from itertools import count
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

    def asked(self, number: int, *, second_reader_only: bool = False) -> bytes:
        """Return what the child is asked, in frames; its answer repeats `number`."""
        request = {
            "number": number,
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
    number: int
    sent_at: float = 0.0  # monotonic
    broke_a_child: bool = False
    parsed: ParsedFile | None = None
    unavailable: ReaderUnavailable | None = None

    @property
    def is_settled(self) -> bool:
        """Tell whether it is known what came of it."""
        return self.parsed is not None or self.unavailable is not None

    def send_to(self, child: Child) -> None:
        """Give the file to a child; where it broke one, for the second reader alone."""
        self.sent_at = time.monotonic()
        child.send(self.file.asked(self.number, second_reader_only=self.broke_a_child))


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
        self._numbers = count(1)
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
            self._held()

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
            child, asked = self._held(), Asked(file, next(self._numbers))
            self._line.append(asked)
            asked.send_to(child)
            return asked

    def is_settled(self, asked: Asked) -> bool:
        """Tell whether `result` would return at once; what the child has answered by now is read."""
        with self._lock, suppress(ReaderUnavailable):
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
        try:
            self._line[0].parsed = self._first_answer(self._line[0])
            self._line.popleft()
            self._answered_at = time.monotonic()
            if self._line:
                self._held()
        except ReaderUnavailable as error:
            self._give_up_all(error)

    def _first_answer(self, first: Asked) -> ParsedFile:
        child = self._held()
        begun = max(first.sent_at, self._answered_at, self._ready_at(child), child.supplied_at)
        try:
            return self._accept(child.answer(begun + self._limits.seconds), first)
        except Late:
            self._drop()
            return _given_up(first.file, TOO_SLOW)
        except Exception:  # no answer, or one that makes no sense: the child has read a stranger's file
            self._drop()
            left = self._limits.seconds - (time.monotonic() - begun)
            return self._read_anew(first, max(left, 0.0))

    def _read_anew(self, first: Asked, seconds: float) -> ParsedFile:
        """Read a file that broke a child with the second reader alone, in a new one."""
        first.broke_a_child = True
        child = self._held()
        self._ready_at(child)
        try:
            return self._accept(child.answer(time.monotonic() + seconds), first)
        except Late:
            reason = TOO_SLOW
        except Exception:  # as above
            reason = TOO_HEAVY
        self._drop()
        return _given_up(first.file, reason)

    def _give_up_all(self, error: ReaderUnavailable) -> None:
        for asked in self._line:
            asked.unavailable = error
        self._line.clear()

    def _ready_at(self, child: Child) -> float:
        """Return since when a child reads; ReaderUnavailable if it has not come up in time."""
        try:
            return child.wait_until_ready()
        except Failed as error:
            self._drop()
            raise ReaderUnavailable("the child gave no sign of readiness") from error

    def _held(self) -> Child:
        """Return the child that was given all that is in line, or start it; ReaderUnavailable if none can be.

        While anything is in line it may have died: what it answered before still counts, and whoever waits for the
        next answer finds what killed it.
        """
        if self._child is not None and (self._line or self._child.is_alive()):
            return self._child
        self._drop()
        try:
            self._child = Child(self._payload, self._limits)
        except OSError as error:
            log.exception("the reading child could not be started", extra={"action": "reader_not_started"})
            raise ReaderUnavailable("the reading child could not be started") from error
        for asked in self._line:
            asked.send_to(self._child)
        return self._child

    def _accept(self, answer: Any, asked: Asked) -> ParsedFile:
        if answer["number"] != asked.number:
            raise ValueError("it answers what it was not asked")
        parsed = file_from_json(answer["parsed"], self._catalogue, asked.file.zone)
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
