"""List-shaped sheets: a header row of three or more labels side by side, and one form per filled row below it."""

from collections.abc import Iterator
from dataclasses import dataclass

from parsers.cells import Answer, Reader
from parsers.choices import ChoiceBook
from parsers.folding import fold
from parsers.labels import is_signature, looks_like_label
from parsers.readings import NOTHING, Reading
from parsers.regions import Hit, Region
from parsers.ticks import are_boxes, read_ticks
from parsers.values import is_printed, means_empty
from parsers.workbook import Area, Place
from rules.fields import Form

MAX_LIST_ROWS = 500
HEADER_LABELS = 3
_GAP = 2  # empty rows that end a table
_TOTAL_WORDS = (
    "合計",
    "總計",
    "小計",
    "總金額",
    "金額合計",
    "共計",
    "總和",
    "total",
    "totals",
    "sum",
    "subtotal",
    "grand total",
)
_TELLING = frozenset({"customer_name", "customer_phone", "description"})
_TOTALS = frozenset(fold(word) for word in _TOTAL_WORDS)


@dataclass(frozen=True)
class Table:
    """A header row and the rows below it that hold a form each."""

    header: tuple[Hit, ...]
    rows: tuple[int, ...]
    next_row: int | None = None  # the first row left unread because there were too many
    stray_row: int | None = None  # a filled row below the table's end

    @property
    def top(self) -> int:
        """The header's row."""
        return min(hit.at[0] for hit in self.header)


def find_table(reader: Reader, region: Region) -> Table | None:
    """Find the table of a region; None if it is a form with labels beside (or above) single values."""
    headers = [run for run in _header_runs(reader, region) if len(_keys(run)) >= HEADER_LABELS]
    if not headers:
        return None
    tables = [_table(reader, region, header) for header in headers]
    first = tables[0]
    if len(tables) > 1 and all(len(table.rows) <= 1 for table in tables):
        return None  # a form drawn as bands of labels with their values beneath
    if len(first.rows) == 1 and not _is_ample(reader.form, first):
        return None
    return max(tables, key=lambda table: (len(table.rows), len(table.header))) if first.rows else None


def is_empty_list(reader: Reader, region: Region) -> bool:
    """Tell whether a region is a header of our lists with nothing below it yet."""
    headers = [run for run in _header_runs(reader, region) if len(_keys(run)) >= HEADER_LABELS]
    return bool(headers) and not any(_table(reader, region, header).rows for header in headers)


def _is_ample(form: Form, table: Table) -> bool:
    """Tell whether one row could be a form of its own: its header names half of what is always required."""
    required = {field.key for field in form.fields if field.required and not field.required_when}
    return len(_keys(table.header) & required) * 2 >= len(required)


def _keys(run: tuple[Hit, ...]) -> set[str]:
    return {hit.label.known[0] for hit in run}


def _header_runs(reader: Reader, region: Region) -> Iterator[tuple[Hit, ...]]:
    """Yield, row by row, the labels that stand side by side; a column of no field may stand between."""
    by_row: dict[int, dict[int, Hit]] = {}
    for hit in region.hits[reader.form.kind]:
        if not hit.label.inline and len(hit.label.keys) == 1:
            for row in {hit.area.top, hit.area.bottom}:  # a header of two rows is read by its lower one
                by_row.setdefault(row, {})[hit.at[1]] = hit
    for row, hits in sorted(by_row.items()):
        if len(hits) >= HEADER_LABELS:
            yield max(_runs(reader, region, row, hits), key=len)


def _runs(reader: Reader, region: Region, row: int, hits: dict[int, Hit]) -> Iterator[tuple[Hit, ...]]:
    run: list[Hit] = []
    edge: int | None = None
    for column in sorted({*reader.grid.rows.get(row, ()), *hits}):
        if not region.bounds.left <= column <= region.bounds.right:
            continue
        if edge is not None and column != edge + 1:
            yield tuple(run)
            run = []
        if column in hits:
            run.append(hits[column])
        edge = hits[column].area.right if column in hits else reader.grid.area((row, column)).right
    yield tuple(run)


def _table(reader: Reader, region: Region, header: tuple[Hit, ...]) -> Table:
    """Collect the rows below a header, down to two empty rows, a totals row or the next label."""
    rows: list[int] = []
    bottom = max(hit.area.bottom for hit in header)
    empty = 0
    for row in range(bottom + 1, region.bounds.bottom + 1):
        if _ends_table(reader, region, header, row):
            return Table(header, tuple(rows))
        if not _is_filled(reader, header, row):
            empty += 1
            if empty == _GAP:
                return Table(header, tuple(rows), stray_row=_stray(reader, region, header, row))
            continue
        empty = 0
        if not _is_form_row(reader, header, row):
            continue
        if len(rows) == MAX_LIST_ROWS:
            return Table(header, tuple(rows), next_row=row)
        rows.append(row)
    return Table(header, tuple(rows))


def _stray(reader: Reader, region: Region, header: tuple[Hit, ...], row: int) -> int | None:
    """Find a row below the gap that fills most of the table's columns."""
    for below in range(row + 1, min(region.bounds.bottom, row + MAX_LIST_ROWS) + 1):
        if _ends_table(reader, region, header, below):
            return None
        filled = sum(1 for hit in header if _cell(reader, hit, below) is not None)
        if filled * 2 > len(header):
            return below
    return None


def _ends_table(reader: Reader, region: Region, header: tuple[Hit, ...], row: int) -> bool:
    columns = reader.grid.columns(row, region.bounds.left, region.bounds.right)
    texts = [reader.grid.cells[row, column] for column in columns]
    if any(isinstance(text, str) and _is_total(text) for text in texts[:3]):
        return True
    labels = [
        hit for hit in region.hits[reader.form.kind] if hit.at[0] == row and not _answers(reader, header, hit)
    ]
    if len(labels) >= HEADER_LABELS:
        return True
    first = texts[0] if texts else None
    begins = any(hit.at == (row, columns[0]) for hit in labels) if columns else False
    return begins or (isinstance(first, str) and (looks_like_label(first) or is_signature(first)))


def _is_total(text: str) -> bool:
    return fold(text.replace("：", ":").partition(":")[0]) in _TOTALS


def _answers(reader: Reader, header: tuple[Hit, ...], hit: Hit) -> bool:
    """Tell whether a label-like cell in a row answers its column (`電話` under 抱怨來源, text under 抱怨內容)."""
    above = next((head for head in header if head.area.left <= hit.at[1] <= head.area.right), None)
    if above is None:
        return False
    book = reader.choices.get(above.label.known[0])
    if book is not None:
        return book.key(hit.text) is not None
    return reader.field(above.label.known[0]).multiline


def _is_filled(reader: Reader, header: tuple[Hit, ...], row: int) -> bool:
    """Tell whether a row says anything in a column of ours; boxes without a tick say nothing."""
    return any(answer.reading != NOTHING for answer in row_answers(reader, header, row))


def _is_form_row(reader: Reader, header: tuple[Hit, ...], row: int) -> bool:
    """Tell a complaint from a page's foot: two filled columns at most, and none that tells who or what, are none."""
    if not _keys(header) & _TELLING:
        return True
    filled = {answer.key for answer in row_answers(reader, header, row) if answer.reading != NOTHING}
    return len(filled) > 2 or bool(filled & _TELLING)


def row_answers(reader: Reader, header: tuple[Hit, ...], row: int) -> Iterator[Answer]:
    """Read one row by the header's labels."""
    for hit in header:
        key = hit.label.known[0]
        at = _cell(reader, hit, row)
        reading = NOTHING if at is None else _read(reader, key, at, hit.text)
        yield Answer(key, at or (row, hit.at[1]), reading, hit.label.rank)


def _read(reader: Reader, key: str, at: Place, label: str) -> Reading:
    box = reader.box(at)
    book: ChoiceBook | None = reader.choices.get(key)
    if book is not None and are_boxes([box], book):
        return read_ticks([box], book, at[1])[0]
    return reader.read(reader.field(key), at, box.raw, label)


def _cell(reader: Reader, hit: Hit, row: int) -> Place | None:
    """Return the filled cell of a row under a label; a cell merged over several rows speaks for each of them."""
    for column in range(hit.area.left, min(hit.area.right, hit.area.left + 20) + 1):
        at = (row, column)
        if at in reader.grid.cells:
            raw = reader.grid.cells[at]
            if not means_empty(raw) and not is_printed(raw):
                return at
    covering = (_covering(area, hit, row) for area in reader.grid.merged)
    return next((at for at in covering if at is not None), None)


def _covering(area: Area, hit: Hit, row: int) -> Place | None:
    below_header = area.top > hit.area.bottom
    return (
        (area.top, area.left) if below_header and area.top < row and area.covers((row, hit.at[1])) else None
    )
