"""Where fuzzing begins: our own blanks, made files, the corpus, and what the tests of replies and values say."""

import ast
import os
from collections.abc import Iterator
from pathlib import Path

from rules.fields import FormKind
from rules.locales import Locale
from sheets.blanks import blank_form
from tests.fuzz.targets import ROOT, catalogue
from tests.parsers import hostile_files as made

_LARGEST = 60_000  # bytes; larger files teach little and cost much


def seeds(target: str) -> list[bytes]:
    """Return the inputs a target begins with, the same ones in the same order each time."""
    found = {"workbook": _workbooks, "page": _pages, "reply": _replies, "value": _values}[target]()
    return [data for data in dict.fromkeys(found) if len(data) <= _LARGEST]


def _workbooks() -> Iterator[bytes]:
    yield made.good()
    for form in catalogue().forms:
        if form.kind in (FormKind.COMPLAINT, FormKind.HANDLING):
            for blank in form.blanks:
                for locale in (Locale.ZH_HANT, Locale.EN):
                    yield blank_form(form, blank, locale)
    yield from _corpus()


def _corpus() -> Iterator[bytes]:
    folder = Path(os.environ.get("KESU_CORPUS", str(ROOT.parent / "shared" / "corpus")))
    for name in ("sheets", "forms"):
        for file in sorted((folder / name).glob("*.*")) if folder.is_dir() else ():
            if file.suffix not in (".tsv", ".md") and file.stat().st_size <= _LARGEST:
                yield file.read_bytes()


def _pages() -> Iterator[bytes]:
    yield from (
        made.html_table(),
        made.html_table(charset="big5"),
        made.web_archive(),
        made.spreadsheet_xml(),
    )
    yield from (made.separated(",", "utf-8"), made.separated("\t", "utf-16"), made.separated(";", "gb18030"))
    yield b'<table><tr><td rowspan=2 colspan="3">a<br>b<td><input type=checkbox checked>&nbsp;&#x4e00;</table>'
    yield b'="0912",=1+1,-2,@SUM(1)\n"a""b",c\n'


def _replies() -> Iterator[bytes]:
    for file in sorted((ROOT / "tests" / "parsers").glob("test_repl*.py")):
        yield from _texts(file)


def _values() -> Iterator[bytes]:
    for name in ("test_dates.py", "test_money.py", "test_percentages.py", "test_values.py"):
        yield from _texts(ROOT / "tests" / "parsers" / name)


def _texts(file: Path) -> Iterator[bytes]:
    """Yield every text in a test: what people write, as far as we know."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) > 1:
            yield node.value.encode("utf-8", "replace")
