"""Lists as people of a dealership send them: cars handed over, customers called."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from io import BytesIO
from typing import Any

from openpyxl import load_workbook

from daemon.site import load_site
from tests.daemon.office import Office, Posted, saved, typed

DAY = date(2026, 11, 23)
NUMBER = "HF-20261123-001"
SHOWROOM = "showroom@example.com"
BODY_PAINT = "body.paint@example.com"
HEADER = ["客戶姓名", "聯絡電話", "車牌號碼", "交車日期", "業務類別"]


def car(number: int, business: str = "保養", day: object = DAY) -> list[object]:
    """One row of a delivery list."""
    return [f"客戶{number}", f"139{number:08d}", f"滬A{number:05d}", day, business]


def phone(number: int) -> str:
    return f"139{number:08d}"


def deliveries(rows: Iterable[Sequence[object]]) -> bytes:
    """A delivery list as somebody types it."""
    return typed([HEADER, *rows], title="交車清單", sheet="交車")


def results(rows: Iterable[Sequence[object]]) -> bytes:
    """Call results as somebody types them: telephone, day, whether reached, satisfied, complaint."""
    header = ["聯絡電話", "交車日期", "回訪時間", "是否接通", "是否滿意", "客戶抱怨內容"]
    return typed([header, *rows], title="電話回訪表", sheet="回訪")


def with_callers(office: Office) -> None:
    """Put somebody into the offices that only call."""
    path = office.folder / "config.toml"
    more = (
        f'showroom-manager = [{{ name = "趙經理", email = "{SHOWROOM}" }}]\n'
        f'body-paint-supervisor = [{{ name = "孫主任", email = "{BODY_PAINT}" }}]\n'
    )
    path.write_text(path.read_text(encoding="utf-8") + more, encoding="utf-8")
    office.site = load_site(path)
    office.docket.adopt(office.site)
    office.restart_workbook()


def called(content: bytes, answers: Mapping[str, Mapping[str, Any]]) -> bytes:
    """Fill in a call list that was sent out: by telephone number, the cells by their headers."""
    book = load_workbook(BytesIO(content))
    page = book.worksheets[0]
    header = next(row for row in page.iter_rows() if row[0].value == "客戶姓名")
    columns = {cell.value: cell.column for cell in header}
    for row in page.iter_rows(min_row=header[0].row + 1):
        for name, value in answers.get(str(row[columns["聯絡電話"] - 1].value), {}).items():
            page.cell(row[0].row, columns[name]).value = value
    return saved(book)


def list_of(posted: Posted) -> bytes:
    """The call list that goes with a mail."""
    (content,) = (content for name, content in posted.enclosures.items() if name.startswith("電話回訪表"))
    return content


def customers_in(content: bytes) -> list[str]:
    """The telephone numbers on a call list, in its order."""
    page = load_workbook(BytesIO(content)).worksheets[0]
    header = next(row for row in page.iter_rows() if row[0].value == "客戶姓名")
    return [str(row[1].value) for row in page.iter_rows(min_row=header[0].row + 1) if row[1].value]
