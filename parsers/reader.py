"""Strangers' files are read in a limited child process: a hang or a crash costs one attachment, not the daemon."""

import json
import logging
import os
import selectors
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
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
        deadline = time.monotonic() + seconds
        source, sink = self._pipes()
        unsent, received = memoryview(request), bytearray()
        with selectors.DefaultSelector() as ready:
            ready.register(sink, selectors.EVENT_READ)
            ready.register(source, selectors.EVENT_WRITE)
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
        return answer


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
    """Return the JSON of a whole frame, None while part of it is missing."""
    if len(received) < HEADER.size:
        return None
    (length,) = HEADER.unpack_from(received)
    if length > LARGEST_ANSWER:
        raise _Failed("the answer is too long")
    if len(received) < HEADER.size + length:
        return None
    try:
        return json.loads(bytes(received[HEADER.size : HEADER.size + length]))
    except ValueError as error:
        raise _Failed("the answer is no JSON") from error


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
        request = {
            "name": name,
            "zone": zone.key,
            "now": now.isoformat(),
            "locale": locale,
            "issued_by": issued_by,
        }
        with self._lock:
            return self._read(request, content, zone)

    def _read(self, request: dict[str, Any], content: bytes, zone: ZoneInfo) -> ParsedFile:
        """Try both readers in the child, then, if the first broke it, the second alone in a new one."""
        end = time.monotonic() + self._limits.seconds
        reason = TOO_HEAVY
        for second_only in (False, True):
            try:
                child, started = self._running()
                end += started
                asked = json_frame({**request, "second_reader_only": second_only}) + frame(content)
                answer = child.exchange(asked, max(end - time.monotonic(), 0.0))
                return self._accept(answer, zone)
            except _Late:
                self._drop()
                reason = TOO_SLOW
                break
            except (_Failed, ValueError, KeyError, TypeError):
                self._drop()
            except OSError as error:
                log.exception(
                    "the reading child could not be started", extra={"action": "reader_not_started"}
                )
                raise ReaderUnavailable("the reading child could not be started") from error
        log.warning("a file broke the reading child", extra={"action": "reader_broken", "reason": reason.en})
        return _refusal(request, reason)

    def _running(self) -> tuple[_Child, float]:
        """Return a child, and the seconds its start took, which are not the file's."""
        if self._child is not None and self._child.is_alive():
            return self._child, 0.0
        self._drop()
        before = time.monotonic()
        self._child = _Child(self._payload, self._limits)
        return self._child, time.monotonic() - before

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


def _refusal(request: dict[str, Any], reason: Text) -> ParsedFile:
    return ParsedFile(file=str(request["name"]), forms=(), error=reason)
