"""Strangers' files are read in a limited child process: a hang or a crash costs one attachment, not the daemon."""

import json
import logging
import os
import selectors
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from zoneinfo import ZoneInfo

from parsers.refusals import TOO_HEAVY, TOO_SLOW
from parsers.results import ParsedFile
from parsers.wire import HEADER, LARGEST_ANSWER, file_from_json, frame, json_frame
from rules.fields import Catalogue
from rules.locales import Locale, Text

log = logging.getLogger(__name__)
_ROOT = Path(__file__).resolve().parents[1]
_CHUNK = 65_536


@dataclass(frozen=True)
class Limits:
    """What one file may cost: bytes of address space, seconds, and seconds for the child's start."""

    memory: int = 300 * 1024 * 1024
    seconds: float = 5.0
    start_seconds: float = 30.0


class _Failed(Exception):
    """The child gave no answer."""


class _Late(_Failed):
    """The child did not answer in time."""


class ReaderUnavailable(OSError):
    """The reading child could not be brought up: nothing any file did; read again later."""


class _Child:
    """One running child and the two pipes to it."""

    def __init__(self, catalogue: bytes, limits: Limits) -> None:
        command = [sys.executable, "-P", "-m", "parsers.child", str(limits.memory), str(limits.seconds)]
        self._process = subprocess.Popen(  # noqa: S603 our own module, no user input
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,  # a panicking reader prints the file's insides
            env=_environment(),
            start_new_session=True,  # Ctrl-C is the daemon's to handle
        )
        for pipe in self._pipes():
            os.set_blocking(pipe.fileno(), False)
        try:
            self.exchange(frame(catalogue), limits.start_seconds)
        except _Failed as error:
            self.kill()
            raise ReaderUnavailable("the child gave no sign of readiness") from error

    def is_alive(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        for pipe in self._pipes():
            pipe.close()

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        if self._process.stdin is None or self._process.stdout is None:
            raise _Failed("no pipes")
        return self._process.stdin, self._process.stdout

    def exchange(self, request: bytes, seconds: float) -> Any:
        """Send frames and return the answering JSON; _Late or _Failed if none comes."""
        return next(self.exchange_all(request, 1, seconds))

    def exchange_all(self, requests: bytes, count: int, seconds: float) -> Iterator[Any]:
        """Send the frames of `count` requests and yield their answers, each `seconds` after the one before at most.

        The child finds the next request in the pipe while we are busy with its last answer. _Late or _Failed come
        in place of the first answer that does not.
        """
        source, sink = self._pipes()
        unsent, received = memoryview(requests), bytearray()
        with selectors.DefaultSelector() as ready:
            ready.register(sink, selectors.EVENT_READ)
            ready.register(source, selectors.EVENT_WRITE)
            for _ in range(count):
                deadline = time.monotonic() + seconds
                while (answer := _complete(received)) is None:
                    events = ready.select(deadline - time.monotonic())
                    if not events or time.monotonic() > deadline:
                        raise _Late
                    for key, _ in events:
                        if key.fileobj is sink:
                            received += _receive(sink)
                        else:
                            unsent = unsent[_send(source, unsent) :]
                            if not unsent:
                                ready.unregister(source)
                yield answer


def _environment() -> dict[str, str]:
    """What the child may know of the daemon's environment: none of its secrets."""
    return {"PYTHONPATH": str(_ROOT), "PATH": os.environ.get("PATH", ""), "PYTHONUTF8": "1"}


def _receive(pipe: IO[bytes]) -> bytes:
    chunk = os.read(pipe.fileno(), _CHUNK)
    if not chunk:
        raise _Failed("the child ended")
    return chunk


def _send(pipe: IO[bytes], unsent: memoryview) -> int:
    try:
        return os.write(pipe.fileno(), unsent[:_CHUNK])
    except BlockingIOError:
        return 0
    except OSError as error:
        raise _Failed("the child ended") from error


def _complete(received: bytearray) -> Any:
    """Take a whole frame off the front and return its JSON, None while part of it is missing."""
    if len(received) < HEADER.size:
        return None
    (length,) = HEADER.unpack_from(received)
    if length > LARGEST_ANSWER:
        raise _Failed("the answer is too long")
    if len(received) < HEADER.size + length:
        return None
    answer = bytes(received[HEADER.size : HEADER.size + length])
    del received[: HEADER.size + length]
    try:
        return json.loads(answer)
    except ValueError as error:
        raise _Failed("the answer is no JSON") from error


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


class FormReader:
    """Reads attachments in one reusable child process; a context manager, safe to share between threads.

    Nothing a file holds raises: what went wrong stands in `ParsedFile.error` in three languages, and the next file
    gets a fresh child. ReaderUnavailable if no child can be started, which is not the file's fault.
    """

    def __init__(self, catalogue: Catalogue, limits: Limits = Limits()) -> None:
        self._catalogue = catalogue
        self._payload = catalogue.model_dump_json(by_alias=True).encode()
        self._limits = limits
        self._child: _Child | None = None
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def warm_up(self) -> None:
        """Start the child ahead of the first file, which need not wait for it then; never raises."""
        with suppress(ReaderUnavailable), self._lock:  # whoever reads will hear of it
            self._running()

    def close(self) -> None:
        """End the child; a later read starts another."""
        with self._lock:
            self._drop()

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
        return self.read_all([FileToRead(content, name, zone, now, locale, issued_by)])[0]

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
        return self.read_all([FileToRead(content, "", zone, now, locale, issued_by, pasted=True)])[0]

    def read_all(self, files: Sequence[FileToRead]) -> list[ParsedFile]:
        """Read attachments in their order; one that breaks the child costs the others nothing."""
        read: list[ParsedFile] = []
        with self._lock:
            while len(read) < len(files):
                read += self._read_on(files[len(read) :])
        return read

    def _read_on(self, files: Sequence[FileToRead]) -> list[ParsedFile]:
        """Read files until one costs the child its life, and that one by itself."""
        child, read = self._running(), list[ParsedFile]()
        begun = time.monotonic()
        requests = b"".join(file.asked() for file in files)
        try:
            for file, answer in zip(
                files, child.exchange_all(requests, len(files), self._limits.seconds), strict=True
            ):
                read.append(self._accept(answer, file.zone))
                begun = time.monotonic()
                if answer["worn"]:
                    break
        except _Late:
            self._drop()
            read.append(_given_up(files[len(read)], TOO_SLOW))
        except (_Failed, ValueError, KeyError, TypeError):
            self._drop()
            left = self._limits.seconds - (time.monotonic() - begun)
            read.append(self._read_anew(files[len(read)], max(left, 0.0)))
        return read

    def _read_anew(self, file: FileToRead, seconds: float) -> ParsedFile:
        """Read a file that broke a child with the second reader alone, in a new one."""
        child = self._running()
        try:
            answer = child.exchange(file.asked(second_reader_only=True), seconds)
            return self._accept(answer, file.zone)
        except _Late:
            reason = TOO_SLOW
        except (_Failed, ValueError, KeyError, TypeError):
            reason = TOO_HEAVY
        self._drop()
        return _given_up(file, reason)

    def _running(self) -> _Child:
        """Return a child that runs; ReaderUnavailable if none can be started."""
        if self._child is not None and self._child.is_alive():
            return self._child
        self._drop()
        try:
            self._child = _Child(self._payload, self._limits)
        except ReaderUnavailable:
            raise
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
