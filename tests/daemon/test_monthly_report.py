"""`kesu report` and the monthly mail (K04): figures that are the ledger's, sent once to each reader."""

import dataclasses
import json
import re
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from openpyxl import load_workbook

from daemon.bootstrap import build, jobs_of
from daemon.cli import main
from daemon.jobs import Jobs
from daemon.ledger import OutboxState
from daemon.loop import run_once
from daemon.report.counting import count
from daemon.report.labels import Labels
from daemon.report.letter import report_letter
from daemon.report.monthly import queue, readers
from daemon.report.plain import as_json
from mailer.letter import Address
from rules.commands import Appeal, OpenCase, RecordFinding, Report
from rules.facts import facts_from_json
from rules.fields import FormKind
from rules.locales import Locale
from rules.monthly import MonthlyReport
from rules.months import Month
from tests.daemon.office import CARE, COMPLAINT, MANAGER, SALES, SERVICE_MANAGER, HandClock, Office, Posted

DIRECTOR = "care.director@example.com"
READERS = {MANAGER, DIRECTOR, CARE}
MARCH = Month(2025, 3)
SHANGHAI = ZoneInfo("Asia/Shanghai")
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def kesu(office: Office, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> tuple[int, str, str]:
        status = main([*arguments, "--config", str(office.folder / "config.toml")])
        said = capsys.readouterr()
        return status, said.out, said.err

    return run


@pytest.fixture
def march(office: Office) -> Office:
    """Three cases of March 2025: one lapsed and open, one resolved, one of sales; a penalty under appeal."""
    office.clock._now = datetime(2025, 3, 12, 1, 0, tzinfo=UTC)
    opened(office, "0900-000-001")
    second = opened(office, "0900-000-002")
    office.clock.forward(minutes=90)
    resolve(office, second)
    office.clock.forward(minutes=40)
    office.lapses.run_due()
    opened(office, "0900-000-003", department="sales", category="attitude", repair_amount=None)
    with office.ledger.writing() as entry:
        who = office.site.party(SERVICE_MANAGER)
        found = RecordFinding(by=office.site.party(CARE), party=who, cause="neglect", confirmed=True)
        case = office.docket.perform(entry, office.case(second), found, office.clock.now())
        office.docket.perform(entry, case, Appeal(by=who, penalty=1, text="無過失"), office.clock.now())
    for waiting in office.ledger.outbox_lease(office.clock.now(), timedelta(minutes=5), 99):
        office.ledger.outbox_sent(waiting.id, office.clock.now(), "250 taken")
    return office


def opened(office: Office, phone: str, **facts: object) -> str:
    """Open a case and return its number."""
    told = {**COMPLAINT, "customer_phone": phone, **facts}
    known = {key: value for key, value in told.items() if value is not None}
    typed = facts_from_json(known, office.site.catalogue.form(FormKind.COMPLAINT))
    with office.ledger.writing() as entry:
        return office.docket.open(entry, OpenCase(typed), office.clock.now()).number


def resolve(office: Office, number: str) -> None:
    """Let the service manager report a case as settled."""
    report = Report(office.site.party(SERVICE_MANAGER), {"result": "resolved", "resolution": "換新"})
    with office.ledger.writing() as entry:
        office.docket.perform(entry, office.case(number), report, office.clock.now())


def queued_at(office: Office, *moment: int) -> int:
    """How many reports the daemon queues when it looks at a moment of the site's clock."""
    put_clock(office, *moment)
    before = waiting(office)
    monthly = [job for job in jobs_of(office.docket) if job.name == "report"]
    Jobs(office.ledger, office.clock, monthly).run_due()
    return waiting(office) - before


def put_clock(office: Office, *moment: int) -> None:
    office.clock._now = datetime(*moment, tzinfo=SHANGHAI).astimezone(UTC)


def waiting(office: Office) -> int:
    return office.ledger.outbox_counts()[OutboxState.QUEUED]


def reports(office: Office) -> list[Posted]:
    return [each for each in office.post() if each.template == "monthly-report"]


# ---------------------------------------------------------------- by itself


def test_K04_the_report_of_the_month_before_goes_out_on_the_tenth_at_eight_to_each_reader(march) -> None:
    assert queued_at(march, 2025, 4, 10, 7, 59) == 0
    assert queued_at(march, 2025, 4, 10, 8, 0) == 3
    sent = reports(march)
    assert {each.to for each in sent} == READERS
    assert all("2025" in each.subject for each in sent)


def test_it_goes_out_once_however_often_the_daemon_looks_and_starts(march) -> None:
    assert queued_at(march, 2025, 4, 10, 8, 0) == 3
    assert queued_at(march, 2025, 4, 10, 8, 1) == 0
    assert queued_at(march, 2025, 4, 30, 23, 59) == 0
    assert len(reports(march)) == 3
    assert queued_at(march, 2025, 5, 10, 8, 0) == 3


def test_a_daemon_that_was_off_on_the_tenth_sends_it_as_soon_as_it_runs(march) -> None:
    assert queued_at(march, 2025, 4, 27, 3, 0) == 3
    assert queued_at(march, 2025, 6, 9, 23, 0) == 3  # April's, the latest that is owed
    assert {"2025 年 3 月" in each.text or "March" in each.text for each in reports(march)} == {True, False}


def test_a_month_before_the_first_case_has_no_report(march) -> None:
    assert queued_at(march, 2025, 3, 31, 12, 0) == 0


def test_a_ledger_without_any_case_has_no_report(office) -> None:
    assert queued_at(office, 2025, 4, 10, 8, 0) == 0


def test_who_holds_two_of_the_offices_gets_one_report(march) -> None:
    people = {**march.site.config.people, "customer-care-director": march.site.people("general-manager")}
    config = march.site.config.model_copy(update={"people": people})
    march.docket.adopt(dataclasses.replace(march.site, config=config))
    assert [person.email for person in readers(march.docket.site)] == [MANAGER, CARE]
    assert queued_at(march, 2025, 4, 10, 8, 0) == 2


def test_what_fails_halfway_is_queued_for_nobody_and_later_for_all(march, monkeypatch) -> None:
    owe, calls = march.docket.owe_report, iter((True, False))

    def dies(*arguments: object) -> bool:
        if not next(calls):
            raise RuntimeError("kill -9")
        return owe(*arguments)

    monkeypatch.setattr(march.docket, "owe_report", dies)
    assert queued_at(march, 2025, 4, 10, 8, 0) == 0
    monkeypatch.undo()
    assert reports(march) == []
    assert queued_at(march, 2025, 4, 10, 8, 1) == 3


def test_rules_without_a_monthly_report_send_none(march) -> None:
    policy = march.site.policy.model_copy(update={"monthly_report": None})
    march.docket.adopt(dataclasses.replace(march.site, policy=policy))
    assert queued_at(march, 2025, 4, 10, 8, 0) == 0


def test_one_pass_of_everything_due_queues_it_too(march) -> None:
    march.ledger.close()
    house = build(march.site, clock=HandClock(datetime(2025, 4, 10, 0, 0, tzinfo=UTC)))
    try:
        run_once(house)  # there are no servers here: the mails wait
        waiting = house.ledger.outbox_lease(
            datetime(2025, 4, 11, tzinfo=UTC), house.clock.now() - march.clock.now(), 99
        )
        assert sum(each.template == "monthly-report" for each in waiting) == 3
    finally:
        house.close()


@pytest.mark.parametrize(
    ("now", "month"),
    [
        ((2025, 4, 10, 8, 0), "2025-03"),
        ((2025, 4, 10, 7, 59), "2025-02"),
        ((2025, 1, 10, 8, 0), "2024-12"),
        ((2025, 1, 9, 8, 0), "2024-11"),
        ((2025, 12, 31, 23, 59), "2025-11"),
    ],
)
def test_the_report_that_is_owed_is_that_of_the_latest_month_whose_day_has_come(now, month) -> None:
    rule = MonthlyReport(roles=("customer-care",), day=10, clause="K04")
    assert str(rule.last_due(datetime(*now, tzinfo=SHANGHAI), SHANGHAI)) == month


# ---------------------------------------------------------------- what it says


def test_each_reader_gets_it_in_his_language_with_the_workbook_attached(march) -> None:
    queued_at(march, 2025, 4, 10, 8, 0)
    by_reader = {each.to: each for each in reports(march)}
    assert "客户抱怨月报" in by_reader[MANAGER].subject  # his locale is zh-Hans
    assert "客戶抱怨月報" in by_reader[CARE].subject
    for each in by_reader.values():
        (content,) = each.enclosures.values()
        book = load_workbook(BytesIO(content))
        assert len(book.worksheets) > 10
        assert sum(len(sheet._charts) for sheet in book.worksheets) >= 12


def test_the_mail_says_the_months_figures_as_text(march) -> None:
    queued_at(march, 2025, 4, 10, 8, 0)
    text = next(each for each in reports(march) if each.to == CARE).text
    for line in (
        "新增案件：3 件",
        "結案：1 件",
        "月底未結：2 件",
        "逾時次數：1 次",
        "1 小時 30 分鐘",
        "1 筆，200 元",
    ):
        assert line in text


def test_pictures_stand_in_the_mail_as_related_png_parts_that_its_html_names(march) -> None:
    queued_at(march, 2025, 4, 10, 8, 0)
    for each in reports(march):
        html = each.message.get_body(("html",)).get_content()
        parts = {
            str(part["Content-ID"]).strip("<>"): part.get_payload(decode=True)
            for part in each.message.walk()
            if part.get_content_type() == "image/png"
        }
        assert set(re.findall(r'src="cid:([^"]+)"', html)) == set(parts)
        assert all(content.startswith(b"\x89PNG") for content in parts.values())
        related = [part for part in each.message.walk() if part.get_content_type() == "multipart/related"]
        assert len(related) == 1


def test_a_report_of_a_running_month_shows_the_ledger_as_it_was_when_it_was_ordered(march) -> None:
    assert len(queue(march.docket, MARCH, march.clock.now())) == 3
    march.clock.forward(hours=1)
    resolve(march, march.cases()[0].number)
    assert sum(not case.is_open for case in march.cases()) == 2
    text = next(each for each in reports(march) if each.to == CARE).text
    assert "結案：1 件" in text
    assert "尚未結束" in text


# ---------------------------------------------------------------- the command


def test_the_figures_are_those_that_anybody_counts_in_the_ledger(march, kesu) -> None:
    status, out, _ = kesu("report", "--month", "2025-03", "--json")
    figures = json.loads(out)
    assert status == 0
    events = [row.event for case in march.cases() for row in march.ledger.events(case.number)]
    kinds = Counter(event.kind for event in events)
    assert figures["flow"] == {
        "open_before": 0,
        "opened": kinds["opened"],
        "reopened": 0,
        "settled": kinds["resolved"],
        "open_after": sum(case.is_open for case in march.cases()),
    }
    assert sum(stage["lapses"] for stage in figures["stages"]) == kinds["lapsed"]
    penalties = [penalty for case in march.cases() for penalty in case.penalties]
    assert figures["penalties"]["issued"] == {
        "count": len(penalties),
        "amount": f"{sum((penalty.amount for penalty in penalties), Decimal(0)):.2f}",
    }
    assert figures["penalties"]["appeals_after"] == 1
    assert figures["times"][-1]["median"] == 90 * 60
    assert figures["month"] == "2025-03"
    assert figures["since"] == "2025-03-01T00:00:00+08:00"


def test_workbook_page_and_mail_are_written_and_agree_with_one_another(march, kesu, tmp_path) -> None:
    status, out, _ = kesu("report", "--month", "2025-03", "--out", str(tmp_path / "reports"))
    assert status == 0
    paths = {path.suffix: path for path in (tmp_path / "reports").iterdir()}
    assert {path.name for path in paths.values()} == {
        f"report-2025-03{end}" for end in (".xlsx", ".html", ".eml")
    }
    assert all(str(path) in out for path in paths.values())
    book = load_workbook(paths[".xlsx"])
    totals = {
        sheet.title: [cell.value for cell in sheet[sheet.max_row]]
        for sheet in book.worksheets
        if "新增案件" in sheet.title
    }
    assert {title: row[-4:] for title, row in totals.items()} == {title: [3, 1, 2, 1] for title in totals}
    assert len(totals) == 4
    page = paths[".html"].read_text(encoding="utf-8")
    assert "cid:" not in page
    assert "data:image/png;base64," in page
    assert "1 筆，200 元" in page


def test_reports_are_written_beside_the_ledger_by_default(march, kesu) -> None:
    assert kesu("report", "--month", "2025-03")[0] == 0
    assert (march.folder / "var" / "reports" / "report-2025-03.xlsx").is_file()


def test_with_json_nothing_else_is_printed_and_nothing_is_written(march, kesu) -> None:
    _, out, _ = kesu("report", "--month", "2025-03", "--json")
    assert json.loads(out)
    assert not (march.folder / "var").exists()


@pytest.mark.parametrize("month", ["2025-13", "2025-3", "202503", "march", "9999-12", ""])
def test_a_wrong_month_is_exit_2_and_says_so(march, kesu, month: str) -> None:
    status, out, err = kesu("report", "--month", month)
    assert (status, out) == (2, "")
    assert "--month" in err


def test_a_folder_that_cannot_be_written_is_exit_2(march, kesu) -> None:
    (march.folder / "taken").write_text("a file")
    status, _, err = kesu("report", "--month", "2025-03", "--out", str(march.folder / "taken"))
    assert status == 2
    assert "taken" in err


def test_sending_by_hand_twice_and_by_itself_makes_one_mail_for_each_reader(march, kesu) -> None:
    _, first, _ = kesu("report", "--month", "2025-03", "--send")
    _, second, _ = kesu("report", "--month", "2025-03", "--send")
    assert first.count("queued for") == 3
    assert "queued before" in second
    assert queued_at(march, 2025, 4, 10, 8, 0) == 0
    put_clock(march, 2099, 1, 1)  # the command queued by the machine's own clock
    assert len(reports(march)) == 3


def test_a_month_without_any_case_is_told_as_such(march, kesu, tmp_path: Path) -> None:
    status, *_ = kesu("report", "--month", "2025-01", "--out", str(tmp_path))
    assert status == 0
    assert "本月沒有新增或結案的案件" in (tmp_path / "report-2025-01.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("length", "said"),
    [
        ({"seconds": 20}, "0 min"),
        ({"minutes": 90}, "1 h 30 min"),
        ({"hours": 20}, "20 h"),
        ({"hours": 49, "minutes": 31}, "2 d 2 h"),
        ({"minutes": 59, "seconds": 40}, "1 h"),
    ],
)
def test_times_are_told_by_their_two_largest_units(office, length, said) -> None:
    assert Labels(office.site, Locale.EN).span(timedelta(**length)) == said


@pytest.mark.parametrize("locale", Locale)
def test_who_may_not_see_fines_finds_none_in_mail_workbook_and_json(march, locale: Locale) -> None:
    figures = count(march.ledger, MARCH, datetime(2025, 4, 10, tzinfo=UTC), SHANGHAI)
    labels = Labels(march.site, locale)
    seen, unseen = (
        report_letter(figures, Address(email=CARE), labels, fines=fines) for fines in (True, False)
    )
    assert "200" in seen.content.model_dump_json()
    assert "200" not in unseen.content.model_dump_json().replace("2025", "")
    titles = [load_workbook(BytesIO(order.files[0].content)).sheetnames for order in (seen, unseen)]
    assert len(titles[0]) - len(titles[1]) == 3
    assert not {"penalties", "penalised", "penalty_lines"} & set(as_json(figures, SHANGHAI, fines=False))


def configure(office: Office, old: str, new: str) -> None:
    path = office.folder / "config.toml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new, 1), encoding="utf-8")
    office.configure()


def test_each_reader_finds_fines_as_his_roles_may_see_them(march, kesu, tmp_path) -> None:
    configure(march, "[people]", '[privacy]\nfines = ["general-manager"]\n\n[people]')
    assert queued_at(march, 2025, 4, 10, 8, 0) == 3
    by_reader = {each.to: each.text for each in reports(march)}
    assert "200元" in by_reader[MANAGER].replace(" ", "")
    assert "200" not in by_reader[CARE].replace("2025", "")
    kesu("report", "--month", "2025-03", "--out", str(tmp_path / "reports"))
    page = (tmp_path / "reports" / "report-2025-03.html").read_text(encoding="utf-8")
    assert "1 筆，200 元" not in page, "the files are for all readers"
    assert "penalties" not in json.loads(kesu("report", "--month", "2025-03", "--json")[1])


def test_who_stands_in_for_a_reader_on_leave_gets_the_report_as_he_would(march) -> None:
    away = f'{MANAGER}", absent = ["2025-04-10"], deputy = "{SALES}"'
    configure(march, f'{MANAGER}"', away)
    configure(march, "[people]", '[privacy]\nfines = ["general-manager"]\n\n[people]')
    assert queued_at(march, 2025, 4, 10, 8, 0) == 3
    by_reader = {each.to: each.text for each in reports(march)}
    assert set(by_reader) == READERS - {MANAGER} | {SALES}
    assert "1 筆，200 元" in by_reader[SALES]
