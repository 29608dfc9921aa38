"""The master workbook: ten changes and ten new rows of 30 columns, against load-and-save and a plain copy.

Every measurement runs in a process of its own; CPU seconds count, the best of a few rounds.
"""

import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from importlib import import_module
from importlib.util import find_spec
from multiprocessing import get_context
from pathlib import Path
from zoneinfo import ZoneInfo

import openpyxl
import xlsxwriter

from benchmarks.figures import Figure
from rules.locales import Locale
from sheets import writing
from sheets.columns import COLUMNS, CellValue, ColumnKind, Row, remaining_formula
from sheets.merge import merge
from sheets.patch import MasterPlan, carry_out, patch_master
from sheets.peek import peek
from sheets.reading import read_master
from sheets.standing import open_master

ZONE, LOCALE = ZoneInfo("Asia/Shanghai"), Locale.ZH_HANT
SIZES = (500, 1_000, 10_000)
_COLUMNS, _HEADER = 30, 3
_NOON = datetime(2026, 11, 21, 12, tzinfo=ZONE)
_ROUNDS = 5
_TEXTS = {"customer_name", "customer_phone", "plate_no"}


@dataclass(frozen=True)
class _Cost:
    """CPU seconds, and by how many MiB the process's peak rose."""

    seconds: float
    growth: float = 0.0


def measure(sizes: tuple[int, ...] = SIZES) -> list[Figure]:
    """Measure at each number of rows; excelize only where it is installed."""
    with tempfile.TemporaryDirectory() as folder:
        return [figure for size in sizes for figure in _measure(Path(folder) / f"{size}.xlsx", size)]


def _measure(path: Path, size: int) -> Iterator[Figure]:
    _draw(path, size)
    costs = {
        name: _apart(work, path, size) for name, work in _WORKS.items() if name != "excelize" or _excelize()
    }
    alone, rival = costs["patch"].seconds, costs["openpyxl"].seconds
    for name, cost in costs.items():
        share = "" if name == "openpyxl" else f"openpyxl takes {rival / cost.seconds:,.0f} times as long"
        yield Figure(f"{size:,} rows: {name}", cost.seconds * 1000, "ms CPU", share)
    yield Figure(
        f"{size:,} rows: memory growth of a patch", costs["patch"].growth, "MiB", "limit 40 at 10,000"
    )
    yield Figure(f"{size:,} rows: patch over copy", alone / costs["copy and fsync"].seconds, "times")


def _excelize() -> bool:
    return find_spec("excelize") is not None


def _apart(work: Callable[[Path, int], _Cost], path: Path, size: int) -> _Cost:
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


def _rows(size: int) -> list[Row]:
    values: dict[str, CellValue] = {
        "status": "已解決", "grade": "一級", "repair_amount": Decimal("12.50"), "due_at": _NOON, "lapses": 3,
    }  # fmt: skip
    known = [Row(_number(place * size // 10), values) for place in range(10)]
    return known + [Row(f"K20261122-{place:06d}", {**values, "description": "新"}) for place in range(10)]


def _patch(path: Path, size: int) -> _Cost:
    """The patch alone: its checks, which a round runs too, are measured with the round."""
    writing.check_package = lambda *_: None  # this process ends after the measurement
    content, rows = path.read_bytes(), _rows(size)
    return _best(lambda: patch_master(content, rows, LOCALE, ZONE))


def _checked(path: Path, size: int) -> _Cost:
    content, rows = path.read_bytes(), _rows(size)
    return _best(lambda: patch_master(content, rows, LOCALE, ZONE))


def _again(path: Path, size: int) -> _Cost:
    writing.check_package = lambda *_: None
    content, rows = patch_master(path.read_bytes(), _rows(size), LOCALE, ZONE), _rows(size)
    return _best(lambda: patch_master(content, rows, LOCALE, ZONE))


def _round(path: Path, size: int) -> _Cost:
    """Read, merge, patch, check, after a round in which nobody but the daemon wrote."""
    content, rows = path.read_bytes(), _rows(size)
    before = read_master(content, LOCALE, ZONE)
    base = {row.key: row.values for row in before.rows}
    ours = {**base, **{row.key: {**base.get(row.key, {}), **row.values} for row in rows}}

    def turn() -> None:
        standing = open_master(content, LOCALE)
        merge(base, read_master(standing, LOCALE, ZONE, before), ours)
        carry_out(standing, MasterPlan(rows), LOCALE, ZONE)

    return _best(turn)


def _first_reading(path: Path, _size: int) -> _Cost:
    content = path.read_bytes()
    return _best(lambda: read_master(content, LOCALE, ZONE), 2)


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
            sheet.cell(_HEADER + 1 + row * size // 10, 3).value = "已解決"
            sheet.append(["新"] * _COLUMNS)
        book.save(path.with_name("saved.xlsx"))

    began = time.process_time()
    load_and_save()
    return _Cost(time.process_time() - began)


def _by_excelize(path: Path, size: int) -> _Cost:
    excelize = import_module("excelize")

    def load_and_save() -> None:
        book = excelize.open_file(str(path))
        for row in range(10):
            book.set_cell_value("案件", f"C{_HEADER + 1 + row * size // 10}", "已解決")
            book.set_sheet_row("案件", f"A{_HEADER + 1 + size + row}", ["新"] * _COLUMNS)
        book.save_as(str(path.with_name("saved.xlsx")))

    began = time.process_time()
    load_and_save()
    return _Cost(time.process_time() - began)


_WORKS: dict[str, Callable[[Path, int], _Cost]] = {
    "copy and fsync": _copy,
    "peek": _peek,
    "patch": _patch,
    "patch of a file patched before": _again,
    "patch and checks": _checked,
    "a whole round": _round,
    "first reading": _first_reading,
    "excelize": _by_excelize,
    "openpyxl": _openpyxl,
}


def _number(place: int) -> str:
    return f"K20261121-{place:06d}"


def _draw(path: Path, size: int) -> None:
    """Draw a master as Excel saves it, with shared strings, and with columns of a manager's own."""
    book = xlsxwriter.Workbook(path, {"remove_timezone": True})
    sheet = book.add_worksheet("案件")
    dates = book.add_format({"num_format": "yyyy-mm-dd hh:mm", "border": 1})
    plain = book.add_format({"num_format": "@", "border": 1})
    headers = [known.header.get(LOCALE) for known in COLUMNS]
    headers += [f"我的欄 {number}" for number in range(_COLUMNS - len(headers))]
    for place in range(size):
        row = _HEADER + place
        for at, value in enumerate(_shown(place)):
            if isinstance(value, datetime):
                sheet.write_datetime(row, at, value, dates)
            elif isinstance(value, str) and value.startswith("="):
                sheet.write_formula(row, at, value, plain, "1:00")
            else:
                sheet.write(row, at, value, plain)
        for at in range(len(COLUMNS), _COLUMNS):
            sheet.write(row, at, f"註 {place % 50}", plain)
    table = {"name": "KesuCases", "columns": [{"header": header} for header in headers]}
    sheet.add_table(_HEADER - 1, 0, _HEADER - 1 + size, _COLUMNS - 1, table)
    book.close()


def _shown(place: int) -> Iterator[CellValue]:
    for known in COLUMNS:
        match known.kind:
            case _ if known.key == "case_number":
                yield _number(place)
            case ColumnKind.DATETIME:
                yield _NOON.replace(day=1 + place % 28, hour=place % 24)
            case ColumnKind.MONEY | ColumnKind.NUMBER:
                yield place % 9_000
            case ColumnKind.REMAINING:
                yield f"={remaining_formula(f'D{_HEADER + 1 + place}')}"
            case ColumnKind.PROSE:
                yield f"上週更換煞車片後仍有異音，來店兩次都說正常，希望重新檢查 {place % 500}"
            case _:
                yield (
                    f"{known.key}{place:07d}"
                    if known.key in _TEXTS
                    else ("售後", "處理中", "二級")[place % 3]
                )
