"""One cell of a form read as one of its fields: by the field's kind, the label's unit and the cell's format."""

from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from parsers.amounts import scale_of, scale_of_format
from parsers.choices import ChoiceBook
from parsers.labels import FormBook, LabelBook
from parsers.readings import Reading, Surroundings
from parsers.ticks import Box
from parsers.values import read_value
from parsers.workbook import Grid, Place, Raw, Workbook
from rules.fields import Field, Form, Kind


class Answer(NamedTuple):
    """What a label's value was read as. `at` is the value's cell, the label's where there is no value."""

    key: str
    at: Place
    reading: Reading
    rank: int


@dataclass(frozen=True)
class Reader:
    """Reads the cells of one form by its fields."""

    workbook: Workbook
    grid: Grid
    form: Form
    book: FormBook
    choices: dict[str, ChoiceBook]
    around: Surroundings

    @cached_property
    def _labels(self) -> LabelBook:
        return self.book.labels[self.form.kind]

    def field(self, key: str) -> Field:
        """Return the form's field called `key`."""
        return self._labels.fields[key]

    def is_option(self, text: str) -> bool:
        """Tell whether a text names a choice of any of the form's fields."""
        return self._labels.is_option(text)

    def read(self, field: Field, at: Place, raw: Raw, label: str = "") -> Reading:
        """Read one cell as one field; a unit in the label (萬元) or the cell's format scales a bare amount."""
        percent = field.kind is Kind.PERCENTAGE and isinstance(raw, int | float) and raw >= 1
        shown = percent and self.workbook.is_percentage(self.grid.name, at)
        return read_value(
            field,
            raw,
            self.around,
            self.choices.get(field.key),
            shown_as_percentage=shown,
            scale=self._scale(field, at, raw, label),
        )

    def _scale(self, field: Field, at: Place, raw: Raw, label: str) -> int:
        if field.kind is not Kind.MONEY:
            return 1
        named = scale_of(label)
        if named != 1 or not isinstance(raw, int | float):
            return named
        return scale_of_format(self.workbook.money_format(self.grid.name, at))

    def box(self, at: Place) -> Box:
        """Return a filled cell with its merged area."""
        return Box(at, self.grid.area(at), self.grid.cells[at])
