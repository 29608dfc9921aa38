"""Where a label's value stands: right of it, else below it, else behind its colon (forms.md)."""

from collections.abc import Iterator
from itertools import islice

from parsers.cells import Answer, Reader
from parsers.choices import ChoiceBook
from parsers.dates import time_beside
from parsers.labels import is_signature, looks_like_label
from parsers.marks import has_mark, lone_mark
from parsers.readings import NOTHING, Reading
from parsers.regions import Hit, Region
from parsers.ticks import Box, are_boxes, read_ticks
from parsers.values import is_printed, means_empty, written
from parsers.wordings import parts_unclear
from parsers.workbook import Area, Place, Raw
from rules.fields import Field, Kind

_TALLEST = 60  # rows of a merged label that are searched
_WIDEST = 40  # filled cells of a row that are searched
_FOOTNOTE = 30  # characters from which a text below a short field is a remark on the page
_TICK_ROWS = 12


class Layout:
    """One label-value form: its labels, and the values found for them."""

    def __init__(self, reader: Reader, region: Region, *, above: int | None = None) -> None:
        self._reader = reader
        self._grid = reader.grid
        bounds = region.bounds
        self._bounds = bounds if above is None else Area(bounds.top, bounds.left, above - 1, bounds.right)
        every = [hit for hit in region.hits[reader.form.kind] if self._bounds.covers(hit.at)]
        self._titles = {title.at for title in region.titles}
        self._every = every
        self._at = {hit.at: hit for hit in every}
        self._ending: dict[int, list[Hit]] = {}  # by the last column
        for hit in every:
            self._ending.setdefault(hit.area.right, []).append(hit)
        self._labels = {hit.at for hit in every}
        self.hits = [hit for hit in every if not self._is_answer(hit)]
        self._labels = {hit.at for hit in self.hits}
        self._firsts: dict[tuple[Place, str], tuple[Place, ...]] = {}

    def answers(self) -> Iterator[Answer]:
        """Read every label's value, in reading order."""
        for hit in self.hits:
            yield from self._answers_of(hit)

    def further_columns(self) -> list[list[Place]]:
        """Find columns of values right of those that were read: further complaints, one per column."""
        columns: dict[int, list[tuple[Place, str]]] = {}
        for hit in self.hits:
            if len(hit.label.known) != 1 or hit.label.inline:
                continue
            field = self._reader.field(hit.label.known[0])
            if field.kind is Kind.CHOICE and hit.label.known[0] != "category":
                continue
            if len(self._first_right(hit, field)) < 2:
                continue
            for at in islice(self._right(hit, field), 1, None):
                if self._reader.read(field, at, self._grid.cells[at]).value is not None:
                    columns.setdefault(at[1], []).append((at, field.key))
        return [
            [at for at, _ in found]
            for _, found in sorted(columns.items())
            if len(found) >= 3 and {"customer_phone", "category"} & {key for _, key in found}
        ]

    # --- a cell that reads as a label but answers the label before it

    def _is_answer(self, hit: Hit) -> bool:
        return self._is_text_answer(hit) or self._is_choice_answer(hit)

    def _is_text_answer(self, hit: Hit) -> bool:
        """`抱怨內容 | 要求：退車`: what stands right beside the label of a long text is that text."""
        if not hit.label.inline:
            return False
        before = self._hit_ending_at(hit.at[0], hit.area.left - 1)
        if before is None or before.label.inline or len(before.label.known) != 1:
            return False
        return self._reader.field(before.label.known[0]).multiline

    def _is_choice_answer(self, hit: Hit) -> bool:
        """`抱怨來源 | 電話 | 聯絡電話 | 0912…`: a choice that is also a label, and is not needed as one."""
        if hit.label.inline or len(hit.label.keys) != 1 or not self._reader.is_option(hit.text):
            return False
        asker, adjacent = self._asker(hit)
        if asker is None or self._labels_something(hit, asker):
            return False
        return adjacent or (self._has_other_label(hit) and not self._right_neighbour_is_value(hit))

    def _asker(self, hit: Hit) -> tuple[Hit | None, bool]:
        """Find the choice field's label this cell may answer, and whether nothing empty stands between."""
        row, edge, adjacent = hit.at[0], hit.area.left, True
        for column in reversed(self._grid.columns(row, self._bounds.left, hit.at[1] - 1)):
            area = self._grid.area((row, column))
            adjacent = adjacent and area.right + 1 == edge
            edge = area.left
            other = self._at.get((row, column))
            if other is not None and self._offers(other, hit.text):
                return other, adjacent
            if other is not None and not self._reader.is_option(other.text) and lone_mark(other.text) is None:
                return None, False
        return None, False

    def _offers(self, hit: Hit, text: str) -> bool:
        """Tell whether the text is one of the choices of the field this label names."""
        if hit.label.inline or len(hit.label.known) != 1:
            return False
        book = self._reader.choices.get(hit.label.known[0])
        return book is not None and book.key(text) is not None

    def _labels_something(self, hit: Hit, asker: Hit) -> bool:
        """Tell whether a value that fits this label stands right of it, or below it in a row of values."""
        field = self._reader.field(hit.label.known[0])
        below = (hit.area.bottom + 1, hit.at[1])
        under_asker = (asker.area.bottom + 1, asker.at[1])
        if self._fits(field, self._next_right(hit)):
            return True
        return below in self._grid.cells and under_asker not in self._labels and self._fits(field, below)

    def _fits(self, field: Field, at: Place | None) -> bool:
        if at is None or at in self._labels or at not in self._grid.cells:
            return False
        reading = self._reader.read(field, at, self._grid.cells[at])
        return reading.value is not None

    def _has_other_label(self, hit: Hit) -> bool:
        return any(other.at != hit.at and hit.label.known[0] in other.label.known for other in self._every)

    def _right_neighbour_is_value(self, hit: Hit) -> bool:
        at = self._next_right(hit)
        return at is not None and at not in self._labels

    def _next_right(self, hit: Hit) -> Place | None:
        row = hit.at[0]
        columns = self._grid.columns(row, hit.area.right + 1, self._bounds.right)
        return (row, columns[0]) if columns else None

    def _hit_ending_at(self, row: int, column: int) -> Hit | None:
        ending = self._ending.get(column, ())
        return next((hit for hit in ending if hit.area.top <= row <= hit.area.bottom), None)

    # --- the value of one label

    def _answers_of(self, hit: Hit) -> Iterator[Answer]:
        rank = hit.label.rank
        if len(hit.label.keys) > 1 and not hit.label.inline:
            yield from self._shared_answers(hit)
            return
        inline = dict(hit.label.inline)
        for key in hit.label.known:
            field = self._reader.field(key)
            sole = len(hit.label.keys) == 1
            at, reading = self._beside(hit, field) if sole else (hit.at, NOTHING)
            if reading == NOTHING and at == hit.at and key in inline:
                at, reading = hit.at, self._inline(field, hit, inline[key])
            yield Answer(key, at, reading, rank)

    def _inline(self, field: Field, hit: Hit, text: str) -> Reading:
        book = self._reader.choices.get(field.key)
        boxes = [Box(hit.at, hit.area, text)]
        if book is not None and are_boxes(boxes, book):
            return read_ticks(boxes, book, hit.at[1])[0]
        return self._reader.read(field, hit.at, text, hit.text)

    def _beside(self, hit: Hit, field: Field) -> tuple[Place, Reading]:
        """Read the value right of the label, else below it."""
        book = self._reader.choices.get(field.key)
        if book is not None:
            return self._choice(hit, field, book)
        at = next(iter(self._first_right(hit, field)), None)
        if at is None and not hit.label.inline:
            at = self._below(hit, field)
        return (hit.at, NOTHING) if at is None else (at, self._read_on(hit, field, at))

    def _read_on(self, hit: Hit, field: Field, at: Place) -> Reading:
        """Read a value with what goes on in the cells behind it: the rows of a long text, the time beside a day."""
        raw = self._grid.cells[at]
        if field.multiline and isinstance(raw, str):
            rows = [raw, *(written(self._grid.cells[further]) for further in self._further_rows(hit, at))]
            return self._reader.read(field, at, "\n".join(rows))
        if field.kind is Kind.DATETIME and (clock := self._clock_beside(at)) is not None:
            raw = f"{written(raw)} {clock}"
        return self._reader.read(field, at, raw, hit.text)

    def _further_rows(self, hit: Hit, at: Place) -> Iterator[Place]:
        """Yield the rows a long text goes on in, down to the next label or two empty rows."""
        empty = 0
        start = hit.area.left if at[0] > hit.area.bottom else hit.area.right + 1
        first = self._grid.area(at).bottom + 1
        for row in range(first, min(first + _TALLEST, self._bounds.bottom + 1)):
            inside = self._grid.columns(row, self._bounds.left, self._bounds.right)
            columns = [column for column in inside if (row, column) != hit.at]
            if not columns:
                empty += row > hit.area.bottom
                if empty > 1:
                    return
                continue
            place = (row, columns[0])
            if columns[0] < start or self._is_foot(row, columns):
                return
            if columns[0] != at[1]:
                return
            empty = 0
            if not self._is_furniture(place):
                yield place

    def _is_foot(self, row: int, columns: list[int]) -> bool:
        """Tell whether a row holds a label of any kind, or begins with a page's foot."""
        if any((row, c) in self._labels or (row, c) in self._titles for c in columns):
            return True
        head = self._grid.cells[row, columns[0]]
        return isinstance(head, str) and (looks_like_label(head) or is_signature(head))

    def _clock_beside(self, at: Place) -> str | None:
        """Return the time of day right of a day without one."""
        beside = (at[0], self._grid.area(at).right + 1)
        if beside not in self._grid.cells or beside in self._labels or beside[1] > self._bounds.right:
            return None
        return time_beside(self._grid.cells[at], self._grid.cells[beside], self._reader.around)

    def _first_right(self, hit: Hit, field: Field) -> tuple[Place, ...]:
        """Return the first two filled cells right of a label: its value, and whether another stands behind."""
        known = self._firsts.get((hit.at, field.key))
        if known is None:
            known = tuple(islice(self._right(hit, field), 2))
            self._firsts[hit.at, field.key] = known
        return known

    def _right(self, hit: Hit, field: Field) -> Iterator[Place]:
        """Yield the filled cells right of a label's merged area, up to the next label, row by row."""
        for row in range(hit.area.top, min(hit.area.bottom, hit.area.top + _TALLEST) + 1):
            edge = hit.area.right
            columns = self._grid.columns(row, hit.area.right + 1, self._bounds.right)
            for column in columns[:_WIDEST]:
                at = (row, column)
                if self._ends_search(at, field, gap=column > edge + 1):
                    break
                edge = self._grid.area(at).right
                if not self._is_furniture(at):
                    yield at

    def _ends_search(self, at: Place, field: Field, *, gap: bool) -> bool:
        if at in self._labels or at in self._titles:
            return True
        raw = self._grid.cells[at]
        if not isinstance(raw, str) or self._is_choice_of(field, raw):
            return False
        return looks_like_label(raw) or (gap and self._heads_a_pair(at, raw))

    def _is_choice_of(self, field: Field, text: str) -> bool:
        book = self._reader.choices.get(field.key)
        return book is not None and (
            book.key(text) is not None or has_mark(text) or lone_mark(text) is not None
        )

    def _heads_a_pair(self, at: Place, text: str) -> bool:
        """`客戶姓名 | (empty) | 年資 | 3年`: a short word behind a gap with a value of its own is an unknown label."""
        if len(text.strip()) > 8 or any(character.isdigit() for character in text):
            return False
        neighbour = (at[0], self._grid.area(at).right + 1)
        return (
            neighbour in self._grid.cells
            and neighbour not in self._labels
            and not self._is_furniture(neighbour)
        )

    def _is_furniture(self, at: Place) -> bool:
        """Tell whether a cell is printed on the form: a unit, a hint."""
        raw = self._grid.cells[at]
        return isinstance(raw, str) and (is_printed(raw) or self._reader.book.is_hint(raw))

    def _below(self, hit: Hit, field: Field) -> Place | None:
        """Return the filled cell right under a label, unless it is another label's or a remark on the page."""
        row = hit.area.bottom + 1
        if row > self._bounds.bottom:
            return None
        columns = self._grid.columns(row, hit.area.left, hit.area.right)
        at = (row, columns[0]) if columns else None
        if at is None or at in self._labels or at in self._titles or self._is_furniture(at):
            return None
        raw = self._grid.cells[at]
        if isinstance(raw, str) and (looks_like_label(raw) or self._is_remark(field, raw)):
            return None
        if self._answers_label_beside(at):
            return None
        return None if self._begins_its_own_row(hit, at) else at

    def _answers_label_beside(self, at: Place) -> bool:
        """`客戶姓名 | 車主` above `抱怨類型 | 維修質量`: what stands right beside a label is that label's value."""
        before = self._hit_ending_at(at[0], at[1] - 1)
        return before is not None and before.at in self._labels and not before.label.inline

    def _is_remark(self, field: Field, text: str) -> bool:
        short = field.kind is not Kind.TEXT or not field.multiline
        return short and not self._is_choice_of(field, text) and (len(text) > _FOOTNOTE or "。" in text)

    def _begins_its_own_row(self, hit: Hit, at: Place) -> bool:
        """`客戶姓名 | (empty)` above `年資 | 3年`: the label has its box, the cell below is another's label."""
        beside_label = (hit.at[0], hit.area.right + 1)
        beside_below = (at[0], self._grid.area(at).right + 1)
        has_box = beside_label not in self._grid.cells and hit.area.right < self._bounds.right
        return has_box and beside_below in self._grid.cells and beside_below not in self._labels

    # --- choices

    def _choice(self, hit: Hit, field: Field, book: ChoiceBook) -> tuple[Place, Reading]:
        places = [*self._right(hit, field), *self._further_boxes(hit, field, hit.area.right + 1)]
        start = hit.area.right + 1
        if not places and not hit.label.inline and (below := self._below(hit, field)) is not None:
            start = below[1]
            places = [below, *self._row_from(below, field), *self._further_boxes(hit, field, start, below[0])]
        boxes = [self._reader.box(at) for at in dict.fromkeys(places)]
        if are_boxes(boxes, book):
            reading, at = read_ticks(boxes, book, start)
            return at or hit.at, reading
        if not boxes or self._are_printed_options(boxes, book):
            return hit.at, NOTHING
        return boxes[0].at, self._reader.read(field, boxes[0].at, boxes[0].raw)

    def _are_printed_options(self, boxes: list[Box], book: ChoiceBook) -> bool:
        """Several choices side by side and no tick anywhere: what the form offers, not what anyone chose."""
        return len(boxes) > 1 and len({book.key(box.text) for box in boxes} - {None}) > 1

    def _row_from(self, at: Place, field: Field) -> Iterator[Place]:
        for column in self._grid.columns(at[0], at[1] + 1, self._bounds.right):
            if self._ends_search((at[0], column), field, gap=False):
                return
            yield at[0], column

    def _further_boxes(self, hit: Hit, field: Field, start: int, above: int | None = None) -> Iterator[Place]:
        """Yield the choices and ticks that go on in the rows below, where no label begins the row."""
        first = max(hit.area.bottom, above or 0) + 1
        for row in range(first, min(first + _TICK_ROWS, self._bounds.bottom + 1)):
            columns = self._grid.columns(row, self._bounds.left, self._bounds.right)
            inside = [c for c in columns if c >= start]
            if not inside or any(hit.area.left <= c < start for c in columns):
                return
            if not all(self._is_box((row, column), field) for column in inside[:1]):
                return
            for column in inside:
                if not self._is_box((row, column), field):
                    break
                yield row, column

    def _is_box(self, at: Place, field: Field) -> bool:
        raw = self._grid.cells[at]
        return at not in self._labels and isinstance(raw, str) and self._is_choice_of(field, raw)

    # --- two labels in one cell

    def _shared_answers(self, hit: Hit) -> Iterator[Answer]:
        """Give each of several labels in one cell its own value: a cell each, or the parts of one."""
        keys = hit.label.keys
        any_field = self._reader.field(hit.label.known[0])
        places = list(self._right(hit, any_field))
        if not places and (below := self._below(hit, any_field)) is not None:
            places = [below]
        filled = [at for at in places if not means_empty(self._grid.cells[at])]
        pieces: list[tuple[Place, Raw]] | None
        if len(filled) == 1:
            parts = _split(self._grid.cells[filled[0]], len(keys))
            pieces = [(filled[0], part) for part in parts] if parts else None
        else:
            pieces = (
                [(at, self._grid.cells[at]) for at in filled[: len(keys)]]
                if len(filled) >= len(keys)
                else None
            )
        for index, key in enumerate(keys):
            if key is not None:
                yield self._shared_answer(hit, key, index, filled, pieces)

    def _shared_answer(
        self, hit: Hit, key: str, index: int, filled: list[Place], pieces: list[tuple[Place, Raw]] | None
    ) -> Answer:
        if not filled:
            return Answer(key, hit.at, NOTHING, hit.label.rank)
        field = self._reader.field(key)
        if pieces is not None:
            at, raw = pieces[index]
            return Answer(key, at, self._reader.read(field, at, raw, hit.text), hit.label.rank)
        whole = self._grid.cells[filled[0]]
        reading = self._reader.read(field, filled[0], whole)
        if reading.problem or len(hit.label.known) > 1:
            reading = Reading(problem=parts_unclear(written(whole), len(hit.label.keys)))
        return Answer(key, filled[0], reading, hit.label.rank)


def _split(raw: Raw, count: int) -> list[str] | None:
    """Split one cell's text into as many values as there are labels; None if it does not come out even."""
    text = written(raw).strip()
    for separator in ("\n", "  ", " ", "/", "、", ",", "，"):
        parts = [part.strip() for part in text.split(separator, count - 1)]
        if len(parts) == count and all(parts):
            return parts
    return None
