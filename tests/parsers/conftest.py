"""Workbooks made on the fly, and the circumstances every parse needs."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from openpyxl import Workbook

from parsers.forms import parse_workbook
from parsers.reader import FormReader
from parsers.readings import Surroundings
from parsers.results import ParsedFile, ParsedForm
from rules.fields import Catalogue
from rules.locales import Locale
from tests.guards import PATIENT

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 16, 0, tzinfo=ZONE)
ROOT = Path(__file__).resolve().parents[2]

Rows = list[list[Any]]


def workbook(sheets: dict[str, Rows], merged: dict[str, list[str]] | None = None) -> bytes:
    """Make an .xlsx: each sheet's rows from A1 on, with these areas merged."""
    book = Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
        for area in (merged or {}).get(name, ()):
            sheet.merge_cells(area)
    stream = BytesIO()
    book.save(stream)
    return stream.getvalue()


@pytest.fixture(scope="session")
def make_xlsx() -> Callable[..., bytes]:
    """Make an .xlsx from sheets of rows."""
    return workbook


@pytest.fixture
def parse(catalogue: Catalogue) -> Callable[..., ParsedFile]:
    """Parse sheets of rows, or ready bytes, in this process."""

    def run(
        content: bytes | Rows | dict[str, Rows], *, issued_by: str | None = None, **kwargs: Any
    ) -> ParsedFile:
        if isinstance(content, list):
            content = {"Sheet1": content}
        data = content if isinstance(content, bytes) else workbook(content, **kwargs)
        return parse_workbook(data, "form.xlsx", catalogue, ZONE, NOW, Locale.ZH_HANT, issued_by)

    return run


@pytest.fixture
def parse_one(parse: Callable[..., ParsedFile]) -> Callable[..., ParsedForm]:
    """Parse what must hold exactly one form."""

    def run(*args: Any, **kwargs: Any) -> ParsedForm:
        parsed = parse(*args, **kwargs)
        assert parsed.error is None
        assert len(parsed.forms) == 1
        return parsed.forms[0]

    return run


@pytest.fixture
def around() -> Surroundings:
    """A site in Shanghai on the afternoon of 2026-11-21."""
    return Surroundings(ZONE, NOW)


@pytest.fixture(scope="module")
def reader(catalogue: Catalogue) -> Iterator[FormReader]:
    """A reader with its child, shared by a file's tests; a slow machine makes no file too slow for it."""
    with FormReader(catalogue, PATIENT) as running:
        yield running


@pytest.fixture(scope="session")
def corpus() -> Path:
    """The folder of other people's files."""
    folder = Path(os.environ.get("KESU_CORPUS", str(ROOT.parent / "shared" / "corpus")))
    if not folder.is_absolute():
        folder = ROOT / folder
    if not folder.is_dir():
        pytest.skip("no corpus: KESU_CORPUS names no folder")
    return folder


@pytest.fixture(scope="session")
def to_xls(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes], bytes]:
    """Convert an .xlsx of ours to a real .xls with LibreOffice."""
    office = shutil.which("soffice")
    if office is None:
        pytest.skip("LibreOffice (soffice) is not installed")

    def convert(content: bytes) -> bytes:
        folder = tmp_path_factory.mktemp("xls")
        (folder / "form.xlsx").write_bytes(content)
        profile = f"-env:UserInstallation=file://{folder}/profile"
        command = [office, profile, "--headless", "--convert-to", "xls:MS Excel 97", "--outdir", str(folder)]
        subprocess.run([*command, str(folder / "form.xlsx")], check=True, capture_output=True, timeout=600)
        return (folder / "form.xls").read_bytes()

    return convert
