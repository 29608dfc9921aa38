"""The master workbook: ten changes and ten new rows of 30 columns, against load-and-save and a plain copy.

Every measurement runs in a process of its own; CPU seconds count, the best of a few rounds. A whole round is what the
daemon does with a file that changed: open it, read both two-way sheets, merge, patch and check, write the feeds and
the generation number; nothing of it is left out but the ledger's commit.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path

import openpyxl

from benchmarks.figures import Figure
from benchmarks.masters import (
    COLUMNS,
    HEADER,
    LABELS,
    LOCALE,
    NOON,
    ZONE,
    actions,
    draw,
    feeds,
    number_of,
    with_sheet_of_archived,
)
from daemon.workbook.book import drawn, merged, open_book, with_feeds
from sheets import writing
from sheets.cellvalues import ReadValue
from sheets.columns import CellValue, Row
from sheets.generation import stamped
from sheets.patch import patch_master
from sheets.peek import peek
from sheets.registry import ACTIONS

SIZES = (500, 1_000, 10_000)
ARCHIVED = 50_000  # rows that somebody keeps in a sheet of the same file
_ROUNDS = 5
_PEER = "openpyxl"

Rows = dict[str, dict[str, Mapping[str, ReadValue]]]


@dataclass(frozen=True)
class _Cost:
    """CPU seconds, and by how many MiB the process's peak rose."""

    seconds: float
    growth: float = 0.0


Work = Callable[[Path, int], _Cost]


def measure(sizes: tuple[int, ...] = SIZES) -> list[Figure]:
    """Measure at each number of rows; excelize only where it is installed."""
    with tempfile.TemporaryDirectory() as folder:
        found = [figure for size in sizes for figure in _measure(Path(folder) / f"{size}.xlsx", size)]
        return found + list(_beside_an_archive(Path(folder) / "archive.xlsx", min(sizes)))


def _measure(path: Path, size: int) -> Iterator[Figure]:
    draw(path, size)
    works = {name: work for name, work in _WORKS.items() if name != "excelize" or find_spec("excelize")}
    costs = {name: _apart(work, path, size) for name, work in works.items()}
    rival = costs[_PEER].seconds
    for name, cost in costs.items():
        times = "" if name == _PEER else f"{_PEER} takes {rival / cost.seconds:,.0f} times as long"
        yield Figure(f"{size:,} rows: {name}", cost.seconds * 1000, "ms CPU", _with_limit(name, size, times))
    if "excelize" not in costs:
        yield Figure(f"{size:,} rows: excelize", float("nan"), "", "skipped: excelize is not installed")
    for name in ("patch", "a whole round"):
        what = f"{size:,} rows: memory growth of {name}"
        yield Figure(what, costs[name].growth, "MiB", "limit 40" if size == max(SIZES) else "")
    over = costs["patch"].seconds / costs["copy and fsync"].seconds
    yield Figure(f"{size:,} rows: patch over copy and fsync", over, "times")


def _with_limit(name: str, size: int, note: str) -> str:
    """Add what the issue asks of the figure."""
    limits = {
        ("patch", 10_000): "at least 100",
        ("a whole round", 10_000): "at least 40",
        ("patch", 500): "under 15 ms",
        ("an unchanged file noticed", size): "under 1 ms",
    }
    limit = limits.get((name, size))
    return f"{note} ({limit})" if limit else note


def _beside_an_archive(path: Path, size: int) -> Iterator[Figure]:
    """Measure what history costs: where it belongs, in another workbook, and where nobody should keep it."""
    draw(path, size)
    alone = _apart(_patch, path, size)
    draw(path.with_name("archive-2026-11.xlsx"), ARCHIVED // 10)
    beside = _apart(_patch, path, size)
    with_sheet_of_archived(path, size, ARCHIVED)
    within = _apart(_patch, path, size)
    note = f"{alone.seconds * 1000:.1f} ms before"
    yield Figure(f"{size} rows: patch beside an archive workbook", beside.seconds * 1000, "ms CPU", note)
    what = f"{size} rows: patch with {ARCHIVED:,} archived rows in the same file"
    yield Figure(what, within.seconds * 1000, "ms CPU", "their bytes are copied")


def _apart(work: Work, path: Path, size: int) -> _Cost:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        return pool.submit(work, path, size).result()


def _best(work: Callable[[], object], rounds: int = _ROUNDS) -> _Cost:
    """Run `work` a few times; the first one, which also imports and compiles, counts for memory alone."""
    before = _peak()
    work()
    growth, spent = _peak() - before, []
    for _ in range(rounds):
        began = time.process_time()
        work()
        spent.append(time.process_time() - began)
    return _Cost(min(spent), growth)


def _peak() -> float:
    """Return the peak of the resident memory in MiB, and begin a new peak; 0 where /proc does not tell."""
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    except OSError:
        return 0.0
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


def _changes(size: int) -> list[Row]:
    """Return ten cases of which five cells change, and ten new ones."""
    values: dict[str, CellValue] = {
        "owner": "總經理", "grade": "一級", "repair_amount": Decimal("12.50"), "due_at": NOON, "lapses": 3,
    }  # fmt: skip
    known = [Row(number_of(place * size // 10), values) for place in range(10)]
    return known + [Row(f"K20261122-{place:06d}", {**values, "description": "新"}) for place in range(10)]


def _patch(path: Path, size: int) -> _Cost:
    """The patch alone: its checks, which a round runs too, are measured with the round."""
    vars(writing)["check_package"] = lambda *_: None  # this process ends after the measurement
    content, rows = path.read_bytes(), _changes(size)
    return _best(lambda: patch_master(content, rows, LOCALE, ZONE))


def _checked(path: Path, size: int) -> _Cost:
    content, rows = path.read_bytes(), _changes(size)
    return _best(lambda: patch_master(content, rows, LOCALE, ZONE))


def _again(path: Path, size: int) -> _Cost:
    vars(writing)["check_package"] = lambda *_: None
    content, rows = patch_master(path.read_bytes(), _changes(size), LOCALE, ZONE), _changes(size)
    return _best(lambda: patch_master(content, rows, LOCALE, ZONE))


def _round(path: Path, size: int) -> _Cost:
    """A round after one in which nobody but the daemon wrote: ten cases changed, ten are new."""
    return _best(round_of(path, size))


def _round_with_feeds(path: Path, size: int) -> _Cost:
    """The same with twenty lines of news, which move all 500, and new figures behind every chart."""
    return _best(round_of(path, size, with_news=True))


def round_of(path: Path, size: int, *, with_news: bool = False) -> Callable[[], bytes]:
    """Return a whole round as one call, everything a running daemon remembers made ready."""
    content = path.read_bytes()
    before = open_book(content, LOCALE, ZONE)
    base: Rows = {
        name: {row.key: row.values for row in reading.rows} for name, reading in before.readings.items()
    }
    ours: Rows = {name: dict(rows) for name, rows in base.items()}
    changed = {row.key: {**ours["open"].get(row.key, {}), **row.values} for row in _changes(size)}
    ours["open"] = {**ours["open"], **changed}
    later = NOON + timedelta(minutes=5)
    wanted = [*feeds(LABELS, later if with_news else NOON), (ACTIONS, actions(20 if with_news else 0))]

    def turn() -> bytes:
        book = open_book(content, LOCALE, ZONE, before.readings)
        found = merged(book, base, ours)
        after = drawn(book, base, ours, found, {}, LOCALE, ZONE)
        return stamped(with_feeds(after.archive or after.content, wanted, LOCALE, ZONE), 42)

    return turn


def _first_reading(path: Path, _size: int) -> _Cost:
    content = path.read_bytes()
    return _best(lambda: open_book(content, LOCALE, ZONE), 2)


def _peek(path: Path, _size: int) -> _Cost:
    def hundred() -> None:
        for _ in range(100):
            peek(path)

    return _Cost(_best(hundred).seconds / 100)


def _copy(path: Path, _size: int) -> _Cost:
    target = path.with_name("copy.xlsx")

    def copy() -> None:
        shutil.copyfile(path, target)
        with target.open("rb+") as stream:
            os.fsync(stream.fileno())

    return _best(copy)


def _openpyxl(path: Path, size: int) -> _Cost:
    def load_and_save() -> None:
        book = openpyxl.load_workbook(path)
        sheet = book.worksheets[0]
        for row in range(10):
            sheet.cell(HEADER + 1 + row * size // 10, 3).value = "已解決"
            sheet.append(["新"] * COLUMNS)
        book.save(path.with_name("saved.xlsx"))

    began = time.process_time()
    load_and_save()
    return _Cost(time.process_time() - began)


def _by_excelize(path: Path, size: int) -> _Cost:
    excelize = import_module("excelize")

    def load_and_save() -> None:
        book = excelize.open_file(str(path))
        title = book.get_sheet_list()[0]
        for row in range(10):
            book.set_cell_value(title, f"C{HEADER + 1 + row * size // 10}", "已解決")
            book.set_sheet_row(title, f"A{HEADER + 1 + size + row}", ["新"] * COLUMNS)
        book.save_as(str(path.with_name("saved.xlsx")))

    began = time.process_time()
    load_and_save()
    return _Cost(time.process_time() - began)


_WORKS: dict[str, Work] = {
    "copy and fsync": _copy,
    "an unchanged file noticed": _peek,
    "patch": _patch,
    "patch of a file patched before": _again,
    "patch and checks": _checked,
    "a whole round": _round,
    "a whole round with news in every feed": _round_with_feeds,
    "first reading": _first_reading,
    "excelize": _by_excelize,
    _PEER: _openpyxl,
}
