"""Comma-, tab- and otherwise separated values to a grid (RFC 4180, and what Excel makes of it)."""

import csv
import re
from collections.abc import Iterator

from parsers.grids import MAX_COLUMNS, MAX_ROWS, Grid, Place, Raw, bounded
from parsers.typed_text import typed

_SEPARATORS = "\t,;|"
_SAMPLE = 200_000  # characters
_SAMPLE_LINES = 60
_LEAST = 2  # separated lines that make a table
_LONGEST = 3_000_000  # characters of the whole text
_SAID = re.compile(r"\Asep=(.)\r?\n", re.IGNORECASE)  # Excel's own first line
_SHEET = "Sheet1"


def read_delimited(text: str) -> tuple[Grid, ...]:
    """Read separated values; a text whose lines are not separated by anything yields an empty sheet."""
    said = _SAID.match(text)
    if said:
        text = text[said.end() :]
    separator = said[1] if said else _separator(text)
    rows, cut = _rows(text[:_LONGEST], separator) if separator else ([], False)
    return (bounded(_SHEET, _cells(rows), (), cut=cut or len(text) > _LONGEST),)


def _separator(text: str) -> str:
    """Return what separates most of the first lines, "" if nothing separates two of them."""
    lines = [line for line in text[:_SAMPLE].splitlines()[:_SAMPLE_LINES] if line.strip()]
    separated = {one: sum(one in line for line in lines) for one in _SEPARATORS}
    best = max(separated, key=lambda one: separated[one])
    return best if separated[best] >= _LEAST else ""


def _rows(text: str, separator: str) -> tuple[list[list[str]], bool]:
    """Return the rows, and whether there are more: too many, or one beyond what the csv module takes."""
    lines = csv.reader(text.replace("\0", "").splitlines(keepends=True), delimiter=separator)
    rows: list[list[str]] = []
    try:
        for values in lines:
            if len(rows) == MAX_ROWS:
                return rows, True
            rows.append(values[: MAX_COLUMNS + 1])
    except csv.Error:
        return rows, True
    return rows, False


def _cells(rows: list[list[str]]) -> Iterator[tuple[Place, Raw]]:
    for row, values in enumerate(rows):
        for column, value in enumerate(values):
            if (said := typed(value.strip())) is not None:
                yield (row, column), said
