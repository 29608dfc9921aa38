"""Excel's XML of 2003 (SpreadsheetML, `urn:schemas-microsoft-com:office:spreadsheet`) to grids."""

from dataclasses import dataclass, field
from datetime import datetime
from xml.parsers.expat import ExpatError, ParserCreate

from parsers.grids import MAX_CELLS, MAX_ROWS, MAX_SHEETS, Area, Grid, Place, Raw, bounded
from parsers.refusals import DAMAGED, TOO_LARGE, UNSAFE_XML, Refused

_NAMESPACE = "urn:schemas-microsoft-com:office:spreadsheet"
_EXCEL = "urn:schemas-microsoft-com:office:excel"
_SEPARATOR = " "
_MAX_DEPTH = 100
_MAX_CHARACTERS = 32 * 1024 * 1024


@dataclass
class _Sheet:
    name: str
    cells: dict[Place, Raw] = field(default_factory=dict)
    merged: list[Area] = field(default_factory=list)
    hidden: bool = False
    cut: bool = False


def read_spreadsheet_xml(text: str) -> tuple[Grid, ...]:
    """Read all sheets; Refused if the XML is malformed, deeper than any workbook or has a document type definition."""
    if len(text) > _MAX_CHARACTERS:
        raise Refused(TOO_LARGE)
    reading = _Reading()
    parser = ParserCreate("utf-8", _SEPARATOR)  # the text is decoded already, whatever it says of itself
    parser.buffer_text = True
    parser.StartElementHandler = reading.begin
    parser.EndElementHandler = reading.end
    parser.CharacterDataHandler = reading.text
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(text.encode("utf-8", "replace"), True)
    except ExpatError as error:
        raise Refused(DAMAGED) from error
    return tuple(_grid(sheet) for sheet in reading.sheets)


def _refuse(*_: object) -> None:
    raise Refused(UNSAFE_XML)


def _grid(sheet: _Sheet) -> Grid:
    grid = bounded(sheet.name, sheet.cells.items(), sheet.merged, cut=sheet.cut)
    return Grid(grid.name, grid.cells, grid.merged, sheet.hidden, grid.cut)


class _Reading:
    """Follows the elements that count: Worksheet, Row, Cell and its Data; comments and styles are passed over."""

    def __init__(self) -> None:
        self.sheets: list[_Sheet] = []
        self._row = self._column = self._covered = -1
        self._path: list[str] = []
        self._kind = ""
        self._pieces: list[str] | None = None

    def begin(self, name: str, attributes: dict[str, str]) -> None:
        """Take the start of an element."""
        self._path.append(name)
        if len(self._path) > _MAX_DEPTH:
            raise Refused(DAMAGED)
        space, _, local = name.rpartition(_SEPARATOR)
        said = {key.rpartition(_SEPARATOR)[2]: value for key, value in attributes.items()}
        if space == _NAMESPACE:
            self._begin(local, said)
        elif name == f"{_EXCEL} Visible":
            self._pieces = []

    def _begin(self, local: str, said: dict[str, str]) -> None:
        if local == "Worksheet":
            self.sheets.append(_Sheet(said.get("Name", "")))
            self._row = -1
        elif local == "Row":
            self._row = _number(said.get("Index"), self._row + 2) - 1
            self._column = -1
        elif local == "Cell" and self.sheets:
            self._begin_cell(said)
        elif local == "Data" and self._path[-2].endswith(" Cell"):
            self._kind, self._pieces = said.get("Type", "String"), []

    def _begin_cell(self, said: dict[str, str]) -> None:
        self._column = _number(said.get("Index"), self._column + 2) - 1
        right = self._column + _number(said.get("MergeAcross"), 0)
        bottom = self._row + _number(said.get("MergeDown"), 0)
        if (bottom, right) != (self._row, self._column) and len(self.sheets[-1].merged) < MAX_CELLS:
            self.sheets[-1].merged.append(Area(self._row, self._column, bottom, right))
        self._covered = right

    def end(self, name: str) -> None:
        """Take the end of an element."""
        self._path.pop()
        space, _, local = name.rpartition(_SEPARATOR)
        if space == _NAMESPACE and local == "Data" and self._pieces is not None:
            self._keep("".join(self._pieces))
            self._pieces = None
        elif space == _NAMESPACE and local == "Cell" and self.sheets:
            self._column = self._covered
        elif space == _NAMESPACE and local == "Row" and self._row > MAX_ROWS and self.sheets:
            self.sheets[-1].cut = True
        elif space == _EXCEL and local == "Visible":
            self._hide()

    def text(self, text: str) -> None:
        """Take characters."""
        if self._pieces is not None:
            self._pieces.append(text)

    def _keep(self, text: str) -> None:
        if not self.sheets or self._kind == "Error" or len(self.sheets) > MAX_SHEETS:
            return
        if len(self.sheets[-1].cells) >= MAX_CELLS:
            self.sheets[-1].cut = True
            return
        self.sheets[-1].cells[self._row, self._column] = _value(text, self._kind)

    def _hide(self) -> None:
        said = "".join(self._pieces or ())
        self._pieces = None
        if self.sheets and said.strip().startswith("SheetHidden"):
            self.sheets[-1].hidden = True


def _value(text: str, kind: str) -> Raw:
    try:
        if kind == "Number":
            return float(text)
        if kind == "DateTime":
            return datetime.fromisoformat(text.strip())
    except (OverflowError, ValueError):
        return text
    return text.strip() == "1" if kind == "Boolean" else text


def _number(said: str | None, otherwise: int) -> int:
    """Return an index or a span; absurd ones are left for the bounds to cut."""
    return (
        int(said) if said is not None and said.isascii() and said.isdigit() and len(said) < 10 else otherwise
    )
