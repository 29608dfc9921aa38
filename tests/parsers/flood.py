"""Thousands of hostile files through one reader, and what they leave behind: `python -m tests.parsers.flood 10000`."""

import os
import resource
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import cycle, islice
from pathlib import Path
from zoneinfo import ZoneInfo

from parsers.reader import FormReader
from rules.locales import Locale
from tests.fuzz.mutating import blindly, mutated
from tests.fuzz.seeds import seeds
from tests.fuzz.targets import catalogue
from tests.parsers import hostile_files as made

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 16, tzinfo=ZONE)
SLOWEST = 40.0  # seconds: five for the file, a restart of the child, and a machine that is slow and busy


@dataclass(frozen=True)
class Standing:
    """What the daemon's process holds: kilobytes of memory, open files, and children that ended but are not reaped."""

    resident: int
    files: int
    zombies: int


@dataclass
class Flood:
    """How a flood went, in kilobytes and seconds."""

    files: int = 0
    read: int = 0
    refused: int = 0
    slowest: float = 0.0
    child: int = 0  # the most any child held
    restarts: int = 0
    before: Standing = Standing(0, 0, 0)
    after: Standing = Standing(0, 0, 0)


def run(reader: FormReader, count: int) -> Flood:
    """Read so many files, a good form after every tenth; what the first few dozen cost is not counted as growth."""
    flood, last = Flood(), 0
    settled = min(60, count // 3)
    for number, content in enumerate(islice(_files(), count)):
        if number == settled:
            flood.before = standing()
        begin = time.monotonic()
        parsed = reader.read(content, "flood.xls", zone=ZONE, now=NOW, locale=Locale.EN)
        flood.slowest = max(flood.slowest, time.monotonic() - begin)
        flood.files += 1
        flood.read, flood.refused = (
            flood.read + bool(parsed.forms),
            flood.refused + (parsed.error is not None),
        )
        child = reader._child.pid if reader._child is not None else 0
        flood.restarts, last = flood.restarts + (child != last), child
        flood.child = max(flood.child, _peak_of(child))
    flood.after = standing()
    flood.child = max(flood.child, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
    return flood


def _files() -> Iterator[bytes]:
    """Yield hostile files without end: made ones, what others left, and mutations of both."""
    hostile = [content for _, content in made.everything()]
    planted = seeds("workbook") + seeds("page")
    changed = cycle(planted)
    for number in cycle(range(10**9)):
        if number % 10 == 0:
            yield made.good()
        elif number % 10 == 1:
            yield hostile[number // 10 % len(hostile)]
        else:
            seed = next(changed)
            yield seed if number % 2 else mutated(seed, 200_000, number, blindly(number))


def standing() -> Standing:
    """Measure this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return Standing(pages * resource.getpagesize() // 1024, len(os.listdir("/proc/self/fd")), _zombies())  # noqa: PTH208


def _zombies() -> int:
    found = 0
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                state, parent = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()[:2]
            except OSError:
                continue
            found += state == "Z" and int(parent) == os.getpid()
    return found


def _peak_of(process: int) -> int:
    """Return the most a running process held (VmHWM)."""
    try:
        lines = Path(f"/proc/{process}/status").read_text(encoding="utf-8").splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmHWM")), 0)


def main() -> None:
    """Run a flood and print what it left behind."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    begin = time.monotonic()
    with FormReader(catalogue()) as reader:
        flood = run(reader, count)
    print(
        f"{flood.files} files in {time.monotonic() - begin:.0f} s: {flood.read} read, {flood.refused} refused"
    )
    print(
        f"slowest {flood.slowest:.2f} s; children: {flood.restarts} started, at most {flood.child // 1024} MB"
    )
    grown = flood.after.resident - flood.before.resident
    print(f"daemon: {flood.before.resident // 1024} MB after 60 files, {grown / 1024:+.1f} MB since")
    print(f"open files {flood.before.files} → {flood.after.files}; zombies {flood.after.zombies}")
    if complaints := list(complaints_of(flood)):
        sys.exit("\n".join(complaints))


def complaints_of(flood: Flood) -> Iterator[str]:
    """Yield what must not be."""
    if flood.slowest > SLOWEST:
        yield f"a file took {flood.slowest:.1f} s"
    if flood.child > 310 * 1024:
        yield f"a child held {flood.child // 1024} MB"
    if flood.after.resident - flood.before.resident > 16 * 1024:
        yield "the daemon's memory grew"
    if flood.after.files > flood.before.files + 2:
        yield "files stay open"
    if flood.after.zombies:
        yield "children are not reaped"
    if flood.read < flood.files // 20:
        yield "good forms were not read"


if __name__ == "__main__":
    main()
