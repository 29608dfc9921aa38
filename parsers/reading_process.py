"""The reading child as its parent sees it: a process and two pipes, requests in a row, answers in their order."""

import json
import os
import selectors
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from parsers.wire import HEADER, LARGEST_ANSWER, frame

_ROOT = Path(__file__).resolve().parents[1]
_CHUNK = 65_536
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
    """One running child. `Failed` from the start if it never becomes ready, OSError if it cannot be started at all."""

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
        self._received = bytearray()
        self._ready = selectors.DefaultSelector()
        self._source, self._sink = self._pipes()
        self._ready.register(self._sink, selectors.EVENT_READ)
        try:
            self.send(frame(catalogue))
            self.answer(time.monotonic() + limits.start_seconds)
        except Failed:
            self.kill()
            raise

    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        source, sink = self._process.stdin, self._process.stdout
        if source is None or sink is None:
            raise Failed("no pipes")
        for pipe in (source, sink):
            os.set_blocking(pipe.fileno(), False)
        return source, sink

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

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
        """Send a request behind the others, as much of it as the pipe takes; the rest goes while we wait for answers.

        That the child has died is found by whoever waits for its answer.
        """
        if not self._unsent:
            self._ready.register(self._source, selectors.EVENT_WRITE)
        self._unsent.append(memoryview(request))
        self._write()

    def answer(self, deadline: float) -> Any:
        """Return the JSON that answers the oldest request without one; Late at `deadline` (monotonic), or Failed.

        What has come by then counts, however long its reader was busy elsewhere.
        """
        end = max(deadline, time.monotonic() + _GRACE)
        while (answer := self._complete()) is None:
            events = self._ready.select(max(0.0, deadline - time.monotonic()))
            if not events or time.monotonic() > end:
                raise Late
            for key, _ in events:
                if key.fileobj is self._sink:
                    self._read()
                else:
                    self._write()
        return answer

    def _read(self) -> None:
        chunk = os.read(self._sink.fileno(), _CHUNK)
        if not chunk:
            raise Failed("the child ended")
        self._received += chunk

    def _write(self) -> None:
        try:
            while self._unsent:
                written = os.write(self._source.fileno(), self._unsent[0][:_CHUNK])
                self._unsent[0] = self._unsent[0][written:]
                if not self._unsent[0]:
                    self._unsent.popleft()
        except BlockingIOError:
            return
        except OSError:
            self._unsent.clear()
        self._ready.unregister(self._source)

    def _complete(self) -> Any:
        """Take a whole frame off the front of what was received and return its JSON, None while part is missing."""
        received = self._received
        if len(received) < HEADER.size:
            return None
        (length,) = HEADER.unpack_from(received)
        if length > LARGEST_ANSWER:
            raise Failed("the answer is too long")
        if len(received) < HEADER.size + length:
            return None
        answer = bytes(received[HEADER.size : HEADER.size + length])
        del received[: HEADER.size + length]
        try:
            return json.loads(answer)
        except ValueError as error:
            raise Failed("the answer is no JSON") from error


def _environment() -> dict[str, str]:
    """What the child may know of the daemon's environment: none of its secrets."""
    return {"PYTHONPATH": str(_ROOT), "PATH": os.environ.get("PATH", ""), "PYTHONUTF8": "1"}
