"""A morning's backlog: mails of many members of staff, each with a filled complaint blank about another customer."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from email import policy
from email.message import EmailMessage
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile
from zoneinfo import ZoneInfo

from daemon import packs
from parsers.forms import parse_workbook
from rules.facts import Json, facts_from_json
from rules.fields import FormKind
from rules.locales import Locale
from sheets.blanks import blank_form

SENDERS = 40  # each writes 25 of 1,000: below the number from which the intake stops answering one address
_XLSX = ("application", "vnd.openxmlformats-officedocument.spreadsheetml.sheet")
_NAME, _PHONE, _PLATE = "客戶九九九九九", "13899999999", "滬A99999"
_SHEET = "xl/worksheets/sheet1.xml"

_FACTS: dict[str, Json] = {
    "department": "after-sales",
    "source": "phone",
    "reported_at": "2026-11-20T09:30:00+08:00",
    "customer_name": _NAME,
    "customer_phone": _PHONE,
    "plate_no": _PLATE,
    "car_model": "Passat",
    "mileage": "42000",
    "nature": "appeal",
    "category": "repair-quality",
    "description": "上週更換煞車片後仍有異音，來店兩次都說正常，希望重新檢查並說明原因。",
    "repair_amount": "800.00",
    "labour_fee": "300.00",
    "demand": "重新檢修",
    "filled_in_by": "小林",
}
GRADES = ("level-3", "level-2", "level-1")
_AMOUNTS = ("800.00", "1500.00", "3200.00")  # of these grades (D01-D03)


def messages(count: int) -> Iterator[bytes]:
    """Yield `count` raw mails, no two about the same customer."""
    drawn = [_drawn({**_FACTS, "repair_amount": amount}) for amount in _AMOUNTS]
    for number in range(count):
        yield _message(number, _for_customer(drawn[number % len(drawn)], number))


def cells() -> dict[str, str]:
    """Return which cell of the blank holds which fact, as somebody with a script of his own would know."""
    zone = ZoneInfo("Asia/Shanghai")
    now = datetime(2026, 11, 23, tzinfo=zone)
    parsed = parse_workbook(_drawn(_FACTS), "blank.xlsx", packs.catalogue(), zone, now, Locale.ZH_HANT)
    return {key: cell for key, cell in parsed.forms[0].cells.items() if key in _FACTS}


def _drawn(facts: Mapping[str, Json]) -> bytes:
    form = packs.catalogue().form(FormKind.COMPLAINT)
    blank = next(blank for blank in form.blanks if blank.key == facts["department"])
    return blank_form(form, blank, Locale.ZH_HANT, prefill=facts_from_json(facts, form))


def _for_customer(content: bytes, number: int) -> bytes:
    """Put another customer into a drawn form: drawing each of them anew would take longer than what is measured."""
    told = {
        _NAME: f"客戶{number:05}",
        _PHONE: f"138{number:08}",
        _PLATE: f"滬A{number:05}",
    }
    copy = BytesIO()
    with ZipFile(BytesIO(content)) as drawn, ZipFile(copy, "w", ZIP_DEFLATED) as filled:
        for part in drawn.namelist():
            data = drawn.read(part)
            if part == _SHEET:
                for old, new in told.items():
                    data = data.replace(old.encode(), new.encode())
            filled.writestr(part, data)
    return copy.getvalue()


def _message(number: int, workbook: bytes) -> bytes:
    message = EmailMessage(policy=policy.SMTP)
    message["From"] = f"Staff {number % SENDERS:02} <staff{number % SENDERS:02}@example.com>"
    message["To"] = "complaints@example.com"
    message["Subject"] = f"客訴 {number}"
    message["Date"] = "Fri, 20 Nov 2026 10:00:00 +0800"
    message["Message-ID"] = f"<backlog.{number}@example.com>"
    message.set_content("請處理，謝謝。\n")
    message.add_attachment(workbook, maintype=_XLSX[0], subtype=_XLSX[1], filename="客戶抱怨單.xlsx")
    return message.as_bytes()
