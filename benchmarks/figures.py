"""Figures, how they are printed, and the facts about the machine that they hang on."""

import os
import platform
import sqlite3
import tempfile
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

_SYNCS = 50
_PAGE = b"\0" * 4096


@dataclass(frozen=True)
class Figure:
    """One measured number; `unit` says of what, `note` how it came about."""

    what: str
    value: float
    unit: str
    note: str = ""

    @property
    def shown(self) -> str:
        """The value with as many digits as mean something."""
        digits = 0 if abs(self.value) >= 100 else 1 if abs(self.value) >= 10 else 2
        return f"{self.value:,.{digits}f}"


class Skipped(Exception):
    """A benchmark cannot run here; the text says what is missing."""


def percentile(values: Iterable[float], share: float) -> float:
    """Return the smallest value that at least `share` of all (0 to 1) do not exceed."""
    ordered = sorted(values)
    reached = next(n for n in range(1, len(ordered) + 1) if n >= share * len(ordered))
    return ordered[reached - 1]


def print_table(title: str, figures: Sequence[Figure]) -> None:
    """Print one benchmark's figures, aligned."""
    print(f"\n{title}")
    names = max(len(figure.what) for figure in figures)
    values = max(len(figure.shown) for figure in figures)
    units = max(len(figure.unit) for figure in figures)
    for figure in figures:
        line = f"  {figure.what:<{names}}  {figure.shown:>{values}} {figure.unit:<{units}}  {figure.note}"
        print(line.rstrip())


def machine_facts() -> str:
    """Name what the figures depend on: processors, versions, and how quickly the disk says that something is safe."""
    facts = (
        f"{os.cpu_count()} CPUs",
        f"{platform.system()} {platform.machine()}",
        f"Python {platform.python_version()}",
        f"SQLite {sqlite3.sqlite_version}",
        f"{_syncs_per_second():.0f} fsync/s under {tempfile.gettempdir()}",
        f"load {os.getloadavg()[0]:.1f}",
    )
    return ", ".join(facts)


def _syncs_per_second() -> float:
    with tempfile.TemporaryFile(buffering=0) as file:
        start = time.perf_counter()
        for _ in range(_SYNCS):
            file.write(_PAGE)
            os.fsync(file.fileno())
        return _SYNCS / (time.perf_counter() - start)


def peak_memory() -> tuple[float, float]:
    """Return the peak resident memory of this process and of its largest child, in MiB; 0 where /proc does not tell.

    getrusage would count the parent's memory as a child's, from the moment between fork and exec.
    """
    children = (_peak_of(child) for child in _children())
    return _peak_of(os.getpid()), max(children, default=0.0)


def _children() -> Iterator[int]:
    for task in Path("/proc/self/task").glob("*/children"):
        yield from (int(pid) for pid in task.read_text(encoding="ascii").split())


def _peak_of(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0.0
    kilobytes = next((line.split()[1] for line in lines if line.startswith("VmHWM:")), "0")
    return int(kilobytes) / 1024
