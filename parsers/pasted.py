"""Forms pasted into the text of a mail: its tables, or lines with tabs or colons, read as a sheet would be.

Only what the writer put there himself counts. A reply quotes our own mails, whose tables show a case under the very
labels of its form: what stands below a quotation, in a blockquote, or in a table of ours is left out.
"""

import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from parsers.folding import fold
from parsers.forms import parse_grids
from parsers.html_tables import HtmlTable, tables
from parsers.reply_quotes import Answered, begins_quotation, own_text
from parsers.reply_tokens import tokens_in
from parsers.results import ParsedFile
from parsers.workbook import Area, Grid, Place, Raw, Workbook
from rules.fields import Catalogue, FormKind
from rules.locales import Locale

LONGEST = 1_000_000  # characters of a page that are looked at
OWN_MARK = "kesu-mail"  # class of the outermost elements of our own mails
OWN_LABELS = (  # of rows that stand in our mails, and on no form
    "等級", "受理時間", "負責人", "分級依據", "等级", "受理时间", "负责人", "分级依据",
    "Grade", "Received", "Responsible", "Reason for the grade",
)  # fmt: skip
_OURS_AT_LEAST = 2  # of these labels in one table
_LEAST_ROWS = 3  # fewer hold no form
_MOST_LINES = 5_000  # of a page or text that are looked at
_QUOTED_PART = re.compile(  # how mail programs wrap the mail that is answered or forwarded
    r"<[a-z]{1,12}\s[^<>]{0,600}?(?:gmail_quote|divRplyFwdMsg|appendonsend|OLK_SRC_BODY_SECTION|mail-editor-reference-message"
    r"|moz-cite-prefix|moz-forward-container|yahoo_quoted|ntes-mailmaster-quote|isReplyContent|protonmail_quote"
    rf"|xmail_quote|{OWN_MARK})",
    re.IGNORECASE,
)
_BLOCKS = frozenset(
    (
        "br",
        "p",
        "div",
        "table",
        "tr",
        "li",
        "ul",
        "ol",
        "h1",
        "h2",
        "h3",
        "h4",
        "h5",
        "h6",
        "hr",
        "blockquote",
        "pre",
    )
)
_NAME = re.compile(r"/?([a-z][a-z0-9]{0,11})", re.IGNORECASE)
_ENTITY = re.compile(r"&(?:nbsp|#160|#xa0);", re.IGNORECASE)
_COLON = re.compile("[:：]")
_OWN_FOLDED = frozenset(map(fold, OWN_LABELS))


def parse_pasted(
    page: str,
    text: str,
    answered: str,
    catalogue: Catalogue,
    zone: ZoneInfo,
    now: datetime,
    locale: Locale,
    issued_by: str | None = None,
) -> ParsedFile:
    """Read the complaint forms in a mail's own words; `answered` is the text of our mail that it answers.

    None found is a file without forms. Nothing is raised, but a hostile page may use up time: go through
    `reader.FormReader`.
    """
    workbook = Workbook(tuple(own_grids(page, text, answered)))
    parsed = parse_grids(workbook, "", catalogue, zone, now, locale, issued_by)
    forms = tuple(form for form in parsed.forms if form.kind is FormKind.COMPLAINT)
    return ParsedFile(file="", forms=forms, error=None)


def may_hold_form(page: str, text: str) -> bool:
    """Tell cheaply whether it is worth while to look for a form: a table, or lines that may be labels and values."""
    if "<table" in page.lower():
        return True
    return (
        sum("\t" in line or ":" in line or "：" in line for line in text.split("\n", _MOST_LINES))
        >= _LEAST_ROWS
    )


def own_grids(page: str, text: str, answered: str) -> Iterator[Grid]:
    """Yield the tables a writer put into his mail himself; without a page his lines, cut at tabs."""
    page = page[:LONGEST]
    if "<table" not in page.lower():
        lines = own_text(text, answered).split("\n")[:_MOST_LINES]
        yield from _usable([_of_lines(lines)], answered)
        return
    end = _end_of_own(page, answered)
    own = (table for table in tables(page[:end]) if not table.quoted)
    yield from _usable([_of_table(table) for table in own], answered)


def _usable(grids: Sequence[Grid], answered: str) -> Iterator[Grid]:
    ours = _bare(answered)
    for grid in grids:
        if len(grid.rows) >= _LEAST_ROWS and not _is_ours(grid, ours):
            yield grid


def _of_table(table: HtmlTable) -> Grid:
    cells: dict[Place, Raw] = dict(table.cells)
    return Grid("", cells, tuple(Area(*span) for span in table.merged), cut=table.cut)


def _of_lines(lines: Sequence[str]) -> Grid:
    cells: dict[Place, Raw] = {
        (row, column): cell.strip()
        for row, line in enumerate(lines)
        for column, cell in enumerate(line.split("\t")[:256])
        if cell.strip()
    }
    return Grid("", cells)


def _is_ours(grid: Grid, ours: str) -> bool:
    """Tell whether a table is one of our mails': by its labels, or as most rows stand in the one answered."""
    rows = [[str(grid.cells[row, column]) for column in columns] for row, columns in grid.rows.items()]
    texts = [text for cells in rows for text in cells]
    if sum(fold(_COLON.split(text, maxsplit=1)[0]) in _OWN_FOLDED for text in texts) >= _OURS_AT_LEAST or any(
        map(tokens_in, texts)
    ):
        return True
    told = [bare for cells in rows if len(cells) > 1 and (bare := _bare("".join(cells)))]
    return bool(ours) and bool(told) and 2 * sum(bare in ours for bare in told) >= len(told)


def _bare(text: str) -> str:
    """Text without all that mail programs change on the way: spaces, marks, width and script."""
    return re.sub(r"[\W_]+", "", fold(text))


def _end_of_own(page: str, answered: str) -> int:
    """Return where a page stops being its writer's: at an element that holds a quotation, or a line that begins one."""
    wrapped = _QUOTED_PART.search(page)
    end = wrapped.start() if wrapped else len(page)
    ours = Answered(answered)
    for number, (place, line, in_table) in enumerate(_lines(page[:end])):
        if number >= _MOST_LINES or begins_quotation(line, ours, told=in_table):
            return place
    return end


def _lines(page: str) -> Iterator[tuple[int, str, bool]]:
    """Yield the lines a reader sees, with the place each begins at, and whether it stands in a table."""
    place, start, depth = 0, 0, 0
    pieces: list[str] = []
    for chunk in page.split("<"):
        tag, closed, text = chunk.partition(">") if place else ("", "", chunk)
        named = _NAME.match(tag)
        name = named[1].lower() if named and closed else ""
        if name in _BLOCKS:
            if line := _line(pieces):
                yield start, line, depth > 0
            pieces, start = [], max(place - 1, 0)
            depth = max(depth + (-1 if tag.startswith("/") else 1), 0) if name == "table" else depth
        elif name in ("td", "th"):
            pieces.append("\t")
        pieces.append(text if closed or not place else chunk)
        place += len(chunk) + 1
    if line := _line(pieces):
        yield start, line, depth > 0


def _line(pieces: Sequence[str]) -> str:
    joined = _ENTITY.sub(" ", "".join(pieces)).replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
    return " ".join(joined.split())[:500]
