"""Which rows a formula refers to, and the formula rewritten for a row that moves."""

import re
from collections.abc import Iterator

# Text in quotation marks, structured references and names of sheets are stepped over; what is left are references.
_TOKEN = re.compile(
    r"""(?P<text>"(?:[^"]|"")*")|(?P<structured>\[(?:[^\[\]]|\[[^\]]*\])*\])"""
    r"""|(?P<sheet>(?:'(?:[^']|'')*'|[\w.]+)!)?"""
    r"""(?:(?P<first>\$?[A-Za-z]{1,3}\$?\d{1,7})(?::(?P<last>\$?[A-Za-z]{1,3}\$?\d{1,7}))?(?![\w(.\[!])"""
    r"""|(?P<top>\$?\d{1,7}):(?P<bottom>\$?\d{1,7})(?![\w.]))"""
)
_NAME = re.compile(r"[\w.\\?]+")
_ROW = re.compile(r"(\$?)(\d+)$")


def rows_named(formula: str) -> Iterator[tuple[str, int, int, bool]]:
    """Yield sheet ('' for its own), first and last row of each reference, and whether a row in it is absolute."""
    for found in _references(formula):
        ends = [found["first"] or found["top"], found["last"] or found["bottom"]]
        rows = [row for end in ends if end and (row := _ROW.search(end))]
        sheet = (found["sheet"] or "").rstrip("!").strip("'").replace("''", "'")
        numbers = sorted(int(row[2]) for row in rows)
        yield sheet, numbers[0], numbers[-1], any(row[1] for row in rows)


def _references(formula: str) -> Iterator[re.Match[str]]:
    at = 0
    while at < len(formula):
        found = _TOKEN.match(formula, at)
        if found is None:
            name = _NAME.match(formula, at)
            at = name.end() if name else at + 1
            continue
        at = found.end()
        if found["first"] or found["top"]:
            yield found


def moved(formula: str, old: int, new: int) -> str:
    """Return the formula of a row that moves from `old` to `new`: relative references to its own row go along."""
    pieces, at = [], 0
    for found in _references(formula):
        for name in ("first", "last"):
            row = _ROW.search(found[name]) if found[name] and not found["sheet"] else None
            if row and not row[1] and int(row[2]) == old:
                place = found.start(name) + row.start(2)
                pieces += [formula[at:place], str(new)]
                at = found.start(name) + row.end(2)
    return "".join([*pieces, formula[at:]])
