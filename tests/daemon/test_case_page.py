"""A case's story: the same content in a terminal, on a page to print, and enclosed for whoever rules on an appeal."""

import io
import json
import re
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pytest
from rich.cells import cell_len

from daemon.casepage import Story, as_html, say_story, story_of
from daemon.casepage.parts import Section
from daemon.cli import main
from mailer.letter import Template
from rules.locales import Locale
from tests.daemon.office import (
    AFTER_SALES,
    CARE,
    MANAGER,
    SERVICE_MANAGER,
    STRANGER,
    Office,
    Posted,
    complaint,
    mail,
)

PNG = b"\x89PNG\r\n\x1a\n"


def to(posted: list[Posted], who: str, template: str) -> Posted:
    return next(one for one in posted if one.to == who and one.template == template)


@pytest.fixture
def fined(office: Office) -> tuple[Office, str, Posted]:
    """A case that customer care issued, whose director did not report in time; the mail about his penalty."""
    office.opened(description="空調不冷")
    office.clock.forward(hours=1)
    form = complaint(description="煞車 <script>alert(1)</script> 異音", labour_fee="600")
    office.receive(mail(CARE, files={"form.xlsx": form, "車門.png": PNG}))
    office.post()
    number = office.cases()[-1].number
    office.clock.forward(hours=2, minutes=1)
    office.lapses.run_due()
    office.post()
    office.clock.forward(hours=48)
    office.lapses.run_due()
    office.clock.forward(hours=3)
    office.lapses.run_due()
    return office, number, to(office.post(), AFTER_SALES, "penalty")


def story(office: Office, number: str, locale: Locale = Locale.ZH_HANT) -> Story:
    found = story_of(office.docket, number, locale, office.clock.now())
    assert found is not None
    return found


def section(page: Story, key: str) -> Section:
    return next(each for each in page.sections if each.key == key)


def shown(page: Story, monkeypatch: pytest.MonkeyPatch, width: int) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    stream = io.StringIO()
    say_story(page, stream)
    return stream.getvalue()


class Text(HTMLParser):
    """The words of a page, and every address in it."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.words: list[str] = []
        self.tags: set[str] = set()
        self.addresses: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.addresses += [str(value) for name, value in attributes if name in ("src", "href")]

    def handle_data(self, data: str) -> None:
        self.words.append(data)


# ---------------------------------------------------------------- what it says


def test_it_says_who_is_responsible_until_when(office: Office) -> None:
    case = office.opened()
    office.clock.forward(minutes=30)
    pairs = {pair.label: pair.value for pair in section(story(office, case.number), "standing").pairs}
    assert pairs["負責人"] == "服務經理 王經理、車間主任 陳主任"
    assert pairs["處理期限"] == "2026-11-23 11:00，還有 1 小時 30 分"
    office.clock.forward(hours=2)
    late = {pair.label: pair for pair in section(story(office, case.number), "standing").pairs}["處理期限"]
    assert (late.value, late.mood) == ("2026-11-23 11:00，已逾時 30 分鐘", "bad")


def test_it_says_how_the_case_was_settled(office: Office) -> None:
    case = office.opened()
    office.vouching = True
    office.receive(mail(SERVICE_MANAGER, subject=f"[{case.number}]", text="已解決 換新，優惠工時費20%"))
    page = story(office, case.number)
    pairs = {pair.label: pair.value for pair in section(page, "standing").pairs}
    assert (page.status, page.mood) == ("已解決", "good")
    assert pairs["解決人"] == "服務經理 王經理"
    assert pairs["優惠工時費比例"] == "20%"
    assert "負責人" not in pairs


def test_what_happened_is_told_in_local_time_and_each_clause_is_worded_once(office: Office) -> None:
    case = office.opened()
    office.clock.forward(hours=2)
    office.lapses.run_due()
    steps = section(story(office, case.number), "history").steps
    assert steps[0].at == "2026-11-23 09:00"
    graded = next(step for step in steps if step.clause == "D01")
    assert graded.text == "評定為三級"
    assert graded.wording == office.site.policy.clause("D01").text.get(Locale.ZH_HANT)
    cited = [step.clause for step in steps if step.wording]
    assert len(cited) == len(set(cited))
    assert {step.clause for step in steps if step.clause} == set(cited)


def test_it_tells_of_duties_penalties_files_mails_and_other_cases(fined: tuple[Office, str, Posted]) -> None:
    office, number, _ = fined
    page = story(office, number)
    (duty,) = [entry for entry in section(page, "duties").entries if entry.clause == "D26"]
    assert (duty.title, duty.state) == ("回報處理情況", "已逾期")
    assert duty.details == ("售後總監 林總監，2026-11-25 10:00 前",)
    (penalty,) = section(page, "penalties").entries
    assert "50 元" in penalty.title
    assert penalty.state == "已開立"
    (file,) = section(page, "files").entries
    assert (file.title, file.details) == ("車門.png", ("2026-11-23 10:00 客戶關愛部 寄來",))
    assert section(page, "others").entries[0].title.startswith("KS-20261123-001")
    mails = [(entry.title.split("　")[1], entry.details[0]) for entry in section(page, "mails").entries]
    assert ("罰款通知", "林總監 <after-sales@example.com>") in mails
    assert all(entry.mood == "good" for entry in section(page, "mails").entries)


def test_a_mail_that_was_given_up_and_one_that_waits_say_so(office: Office) -> None:
    case = office.opened()
    office.clock.forward(hours=2)
    office.lapses.run_due()
    (first, *_) = office.ledger.outbox_lease(office.clock.now(), office.clock.now() - office.clock.now(), 1)
    office.ledger.outbox_failed(first.id, "550 no such mailbox", office.clock.now())
    states = [entry.state for entry in section(story(office, case.number), "mails").entries]
    assert "無法寄達：550 no such mailbox" in states
    assert "等候寄出" in states


def test_every_template_has_a_name_in_every_language() -> None:
    from daemon.casepage.wordings import TEMPLATES

    assert {template.value for template in Template} <= set(TEMPLATES)


@pytest.mark.parametrize("locale", Locale)
def test_the_page_speaks_the_readers_language(fined: tuple[Office, str, Posted], locale: Locale) -> None:
    office, number, _ = fined
    headings = [each.heading for each in story(office, number, locale).sections]
    wanted = {Locale.ZH_HANT: "處理經過", Locale.ZH_HANS: "处理经过", Locale.EN: "What happened"}[locale]
    assert wanted in headings


# ---------------------------------------------------------------- how it is shown


def test_terminal_and_page_say_the_same(
    fined: tuple[Office, str, Posted], monkeypatch: pytest.MonkeyPatch
) -> None:
    office, number, _ = fined
    page = story(office, number)
    html = "".join(Text(as_html(page)).words)
    terminal = re.sub(r"\s", "", shown(page, monkeypatch, 110))
    said = [pair.value for each in page.sections for pair in each.pairs]
    said += [step.text for each in page.sections for step in each.steps]
    said += [entry.title for each in page.sections for entry in each.entries]
    for text in said:
        assert text in html
        assert re.sub(r"\s", "", text) in terminal


def test_the_page_fetches_nothing_and_runs_nothing(fined: tuple[Office, str, Posted]) -> None:
    office, number, _ = fined
    page = as_html(story(office, number))
    read = Text(page)
    assert "<script>alert" not in page
    assert any("<script>alert(1)</script>" in words for words in read.words)
    assert read.tags.isdisjoint({"script", "link", "img", "iframe", "form"})
    assert read.addresses == []
    assert "url(" not in page
    assert "@import" not in page


@pytest.mark.parametrize("width", [40, 60, 80, 100])
def test_no_line_is_wider_than_the_terminal(
    fined: tuple[Office, str, Posted], monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    office, number, _ = fined
    lines = shown(story(office, number), monkeypatch, width).splitlines()
    assert max(cell_len(line) for line in lines) <= width
    assert not any(line.endswith(" ") for line in lines)


def test_no_color_is_honoured(fined: tuple[Office, str, Posted], monkeypatch: pytest.MonkeyPatch) -> None:
    office, number, _ = fined
    page = story(office, number)
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert re.search(r"\x1b\[[0-9;]*3[1-6]m", shown(page, monkeypatch, 100))
    monkeypatch.setenv("NO_COLOR", "1")
    assert not re.search(r"\x1b\[[0-9;]*3[1-6]m", shown(page, monkeypatch, 100))


# ---------------------------------------------------------------- the commands


@pytest.fixture
def kesu(capsys: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, str, str]]:
    def run(office: Office, *arguments: str) -> tuple[int, str, str]:
        status = main([*arguments, "--config", str(office.folder / "config.toml")])
        out, err = capsys.readouterr()
        return status, out, err

    return run


Run = Callable[..., tuple[int, str, str]]


def test_a_page_is_written_to_a_file(fined: tuple[Office, str, Posted], kesu: Run, tmp_path: Path) -> None:
    office, number, _ = fined
    target = tmp_path / "page.html"
    status, out, _ = kesu(office, "case", number, "--html", str(target), "--locale", "en")
    assert (status, out) == (0, "")
    page = target.read_text(encoding="utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert '<html lang="en">' in page
    assert kesu(office, "case", number, "--html", str(tmp_path / "away" / "page.html"))[0] == 2


def test_json_has_files_penalties_and_other_cases(fined: tuple[Office, str, Posted], kesu: Run) -> None:
    office, number, _ = fined
    found = json.loads(kesu(office, "case", number, "--json")[1])
    assert [(file["name"], file["written_as"], file["over"]) for file in found["attachments"]] == [
        ("車門.png", "車門.png", False)
    ]
    assert [(each["number"], each["amount"], each["state"]) for each in found["penalties"]] == [
        (f"{number}/1", "50.00", "issued")
    ]
    assert [each["case"] for each in found["other_cases"]] == ["KS-20261123-001"]


def test_the_commands_write_nothing_into_the_ledger(fined: tuple[Office, str, Posted], kesu: Run) -> None:
    office, number, _ = fined
    before = office.ledger.head()
    kesu(office, "case", number)
    kesu(office, "tasks")
    assert office.ledger.head() == before


def test_tasks_lists_what_is_owed_and_by_whom(fined: tuple[Office, str, Posted], kesu: Run) -> None:
    office, number, _ = fined
    owed = json.loads(kesu(office, "tasks", "--json")[1])
    assert [each["due"] for each in owed] == sorted(each["due"] for each in owed)
    (task,) = [each for each in owed if each["clause"] == "D26"]
    assert task == {
        "kind": "feedback-after-sales",
        "case": number,
        "role": "after-sales-director",
        "persons": [{"name": "林總監", "email": AFTER_SALES}],
        "starts": None,
        "due": "2026-11-25T10:00:00+08:00",
        "overdue": True,
        "done": False,
        "clause": "D26",
    }
    status, out, _ = kesu(office, "tasks")
    assert status == 0
    assert number in out
    assert "已逾期" in out
    assert "回報處理情況  D26" in out


def test_tasks_that_are_done_are_shown_if_asked_for(office: Office, kesu: Run) -> None:
    office.receive(mail(CARE, files={"f.xlsx": complaint()}))
    (assignment,) = [one for one in office.post() if one.to == AFTER_SALES]
    office.receive(mail(AFTER_SALES, text="未解決 已聯絡客戶", answers=assignment))
    assert json.loads(kesu(office, "tasks", "--json")[1]) == []
    (task,) = json.loads(kesu(office, "tasks", "--all", "--json")[1])
    assert (task["done"], task["overdue"]) == (True, False)


# ---------------------------------------------------------------- an appeal


def appealed(office: Office, penalty: Posted, **files: bytes) -> list[Posted]:
    named = {name.replace("__", "."): content for name, content in files.items()}
    office.clock.forward(hours=1)
    office.receive(mail(AFTER_SALES, text="申訴 當時在出差，附上登機證", answers=penalty, files=named))
    return office.post()


def test_D31_whoever_rules_gets_the_cases_story_and_what_came_with_the_appeal(
    fined: tuple[Office, str, Posted],
) -> None:
    office, number, penalty = fined
    posted = appealed(office, penalty, pass__png=PNG + b"pass")
    ruling = to(posted, MANAGER, "appeal")
    assert set(ruling.enclosures) == {"pass.png", f"{number}.html", "罚款裁定单.xlsx"}
    assert ruling.enclosures["pass.png"] == PNG + b"pass"
    page = ruling.enclosures[f"{number}.html"].decode()
    assert '<html lang="zh-Hans">' in page  # the general manager's own language
    assert "當時在出差，附上登機證" in page
    assert "D26" in page
    assert "整个案件的始末另附一页" in ruling.text
    for one in posted:
        if one.to != MANAGER:
            assert one.enclosures == {}


def test_D31_a_photo_of_the_form_is_not_taken_for_evidence_of_the_appeal(
    fined: tuple[Office, str, Posted],
) -> None:
    office, _, penalty = fined
    assert not any(
        name.endswith(".png") for name in to(appealed(office, penalty), MANAGER, "appeal").enclosures
    )


def test_D31_the_same_photo_sent_again_with_the_appeal_goes_to_the_ruler(
    fined: tuple[Office, str, Posted],
) -> None:
    office, _, penalty = fined
    posted = to(appealed(office, penalty, 車門__png=PNG), MANAGER, "appeal")
    assert posted.enclosures["車門.png"] == PNG


def test_D31_the_story_is_told_as_of_the_appeal_and_only_of_that_persons_penalties(
    fined: tuple[Office, str, Posted],
) -> None:
    office, number, penalty = fined
    office.vouching = True
    office.receive(mail(CARE, subject=f"[{number}]", text="責任認定：王經理 失職\n未回電客戶"))
    office.post()
    assert len(office.case(number).penalties) == 2
    office.clock.forward(hours=1)
    office.receive(mail(AFTER_SALES, text="申訴 當時在出差", answers=penalty))
    office.receive(mail(MANAGER, subject=f"[{number}]", text="撤銷 1 屬實"))  # before the mail could leave
    page = to(office.post(), MANAGER, "appeal").enclosures[f"{number}.html"].decode()
    assert "林總監" in page
    assert "未回電客戶" not in page
    assert "200 元" not in page
    assert "撤销第 1 号" not in page


@pytest.mark.parametrize("locale", list(Locale))
def test_the_story_says_who_let_a_strangers_mail_in(office: Office, locale: Locale) -> None:
    office.receive(mail(STRANGER, files={"f.xlsx": complaint()}))
    (notice,) = office.post()
    office.clock.forward(minutes=5)
    office.receive(mail(CARE, text="放行", answers=notice))
    told = story(office, office.case().number, locale)
    label, reason = {
        Locale.ZH_HANT: ("放行", "寄件人不在名單內"),
        Locale.ZH_HANS: ("放行", "发件人不在名单内"),
        Locale.EN: ("Let in", "the sender is not on the list"),
    }[locale]
    pairs = next(section.pairs for section in told.sections if section.key == "complaint")
    (said,) = (pair.value for pair in pairs if pair.label == label)
    person = office.site.person(CARE)
    assert person is not None
    assert person.name in said
    assert reason in said


def test_a_case_of_our_own_people_was_let_in_by_nobody(office: Office) -> None:
    office.opened()
    assert "放行" not in str(story(office, office.case().number))
