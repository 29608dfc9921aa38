"""The reading child as its parent sees it: a process and two pipes, requests in a row, answers in their order."""

import fcntl
import json
import os
import selectors
import subprocess
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from parsers.wire import HEADER, LARGEST_ANSWER, frame

_ROOT = Path(__file__).resolve().parents[1]
_CHUNK = 65_536
_PIPE = 2**20  # bytes
_GRACE = 1.0  # seconds at most to read an answer that waits for us already


@dataclass(frozen=True)
class Limits:
    """What one file may cost: bytes of address space, seconds, and seconds for the child's start."""

    memory: int = 300 * 1024 * 1024
    seconds: float = 5.0
    start_seconds: float = 30.0


ORDINARY = Limits()


class Failed(Exception):
    """The child gave no answer."""


class Late(Failed):
    """The child did not answer in time."""


class Child:
    """One child, which may be given requests while it still starts; OSError if it cannot be started at all."""

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
        self._unsent: deque[memoryview] = deque()
        self._supplied_at = time.monotonic()
        self._received = bytearray()
        self._ended = False
        self._ready = selectors.DefaultSelector()
        self._source, self._sink = self._pipes()
        self._ready.register(self._sink, selectors.EVENT_READ)
        self._ready_by = time.monotonic() + limits.start_seconds
        self.ready_at: float | None = None  # monotonic
        self.send(frame(catalogue))

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        source, sink = self._process.stdin, self._process.stdout
        if source is None or sink is None:
            raise Failed("no pipes")
        for pipe in (source, sink):
            os.set_blocking(pipe.fileno(), False)
            _widen(pipe)
        return source, sink

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    @property
    def supplied_at(self) -> float:
        """When (monotonic) it was last given what its pipe had no room for: now, while anything is left.

        A file that came in pieces because its sender was busy elsewhere is not to blame for that.
        """
        return time.monotonic() if self._unsent else self._supplied_at

    def is_alive(self) -> bool:
        """Tell whether the process still runs."""
        return self._process.poll() is None

    def kill(self) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.wait()
        self._ready.close()
        for pipe in (self._source, self._sink):
            pipe.close()

    def send(self, request: bytes) -> None:
        """Send a request behind the others, as much of it as the pipe takes; the rest goes while answers are awaited.

        That the child has died is found by whoever waits for its answer.
        """
        self._unsent.append(memoryview(request))
        if len(self._unsent) == 1 and not self._write():
            self._ready.register(self._source, selectors.EVENT_WRITE)

    def wait_until_ready(self) -> float:
        """Return since when it reads files (monotonic), waiting for that; Failed if it never does."""
        if self.ready_at is None:
            self._answer(self._ready_by)
            self.ready_at = time.monotonic()
        return self.ready_at

    def has_answered(self) -> bool:
        """Tell whether `answer` would wait for nothing, be it an answer or the child's end."""
        try:
            if self._frame_length() is None:
                self._exchange(0)
            if self.ready_at is None and self._frame_length() is not None:
                self.wait_until_ready()
            return self._ended or self._frame_length() is not None
        except Failed:
            return True

    def answer(self, deadline: float) -> Any:
        """Return the JSON that answers the oldest request without one; Late at `deadline` (monotonic), or Failed.

        What has come by then counts, however long its reader was busy elsewhere.
        """
        self.wait_until_ready()
        return self._answer(deadline)

    def _answer(self, deadline: float) -> Any:
        end = max(deadline, time.monotonic() + _GRACE)
        while (length := self._frame_length()) is None:
            if self._ended:
                raise Failed("the child ended")
            if not self._exchange(max(0.0, deadline - time.monotonic())) or time.monotonic() > end:
                raise Late
        answer = bytes(self._received[HEADER.size : length])
        del self._received[:length]
        try:
            return json.loads(answer)
        except ValueError as error:
            raise Failed("the answer is no JSON") from error

    def _frame_length(self) -> int | None:
        """Return the length of the first frame received, its header included; None while part of it is missing."""
        if len(self._received) < HEADER.size:
            return None
        (length,) = HEADER.unpack_from(self._received)
        if length > LARGEST_ANSWER:
            raise Failed("the answer is too long")
        return HEADER.size + length if len(self._received) >= HEADER.size + length else None

    def _exchange(self, seconds: float) -> bool:
        """Send and receive what goes without waiting, after `seconds` at most; tell whether anything went."""
        events = self._ready.select(seconds)
        for key, _ in events:
            if key.fileobj is self._sink:
                self._read()
            elif self._write():
                self._ready.unregister(self._source)
                self._supplied_at = time.monotonic()
        return bool(events)

    def _read(self) -> None:
        chunk = os.read(self._sink.fileno(), _CHUNK)
        self._ended = not chunk
        self._received += chunk

    def _write(self) -> bool:
        """Write what the pipe takes; tell whether nothing is left, as nothing is for a child that has died."""
        try:
            while self._unsent:
                written = os.write(self._source.fileno(), self._unsent[0][:_CHUNK])
                self._unsent[0] = self._unsent[0][written:]
                if not self._unsent[0]:
                    self._unsent.popleft()
        except BlockingIOError:
            return False
        except OSError:
            self._unsent.clear()
        return True


def _widen(pipe: IO[bytes]) -> None:
    """Let a pipe hold the files of a batch, where the system can: the child need not wait for its parent then."""
    with suppress(AttributeError, OSError):
        fcntl.fcntl(pipe.fileno(), fcntl.F_SETPIPE_SZ, _PIPE)


def _environment() -> dict[str, str]:
    """What the child may know of the daemon's environment: none of its secrets."""
    return {"PYTHONPATH": str(_ROOT), "PATH": os.environ.get("PATH", ""), "PYTHONUTF8": "1"}
