"""The board as a web page in which every character keeps to its cell, whatever the fonts make of Chinese."""

from collections.abc import Iterator, Sequence
from html import escape
from io import StringIO

from rich.cells import cell_len
from rich.color import Color
from rich.console import Console, RenderableType
from rich.segment import Segment
from rich.style import Style
from rich.terminal_theme import MONOKAI

CELL = (9, 20)  # pixels
MARGIN = 16
_PAGE = """<!doctype html><meta charset="utf-8"><title>kesu demo</title><style>
body {{ margin: 0; background: #101418; width: {width}px; height: {height}px; position: relative; }}
i {{ position: absolute; font: normal 15px/20px "DejaVu Sans Mono", "Noto Sans Mono CJK TC", monospace; height: 20px;
     text-align: center; white-space: pre; overflow: hidden; }}
</style>{cells}
"""


def page_size(columns: int, lines: int) -> tuple[int, int]:
    """Return the page's width and height in pixels."""
    return columns * CELL[0] + 2 * MARGIN, lines * CELL[1] + 2 * MARGIN


def as_page(board: RenderableType, columns: int, lines: int) -> str:
    """Draw a renderable on a page of that many cells."""
    console = Console(
        width=columns, height=lines, file=StringIO(), force_terminal=True, color_system="truecolor"
    )
    rows = console.render_lines(board, console.options.update(width=columns, height=lines))
    cells = "".join(cell for number, row in enumerate(rows) for cell in _cells(number, row))
    width, height = page_size(columns, lines)
    return _PAGE.format(width=width, height=height, cells=cells)


def _cells(line: int, row: Sequence[Segment]) -> Iterator[str]:
    column = 0
    for text, style, _ in row:
        look = _look(style or Style())
        for character in text:
            width = cell_len(character)
            if character.strip() or "background" in look:
                left, top = MARGIN + column * CELL[0], MARGIN + line * CELL[1]
                place = f"left:{left}px;top:{top}px;width:{width * CELL[0]}px"
                yield f'<i style="{place};{look}">{escape(character)}</i>'
            column += width


def _look(style: Style) -> str:
    parts = [f"color:{_colour(style.color, foreground=True)}"]
    if style.bgcolor is not None and not style.bgcolor.is_default:
        parts.append(f"background:{_colour(style.bgcolor, foreground=False)}")
    if style.bold:
        parts.append("font-weight:bold")
    return ";".join(parts)


def _colour(colour: Color | None, *, foreground: bool) -> str:
    if colour is None or colour.is_default:
        return "#d8dee4"
    red, green, blue = colour.get_truecolor(MONOKAI, foreground=foreground)
    return f"#{red:02x}{green:02x}{blue:02x}"
