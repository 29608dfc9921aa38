"""Letters become mails: headers and threads, every template in every language for every reader, nothing to inject."""

import re
from datetime import timedelta
from email import message_from_bytes, policy
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.utils import parseaddr
from html.parser import HTMLParser
from itertools import product
from typing import Any, get_args
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.compose import AddressError, compose
from mailer.letter import (
    Address,
    ApprovalStanding,
    Content,
    Enclosure,
    Letter,
    Line,
    OrderStanding,
    PenaltyStanding,
    Template,
    WorkbookTrouble,
)
from rules.events import Asked, RefusalReason
from rules.locales import Locale
from tests.mailer.outbound.letters import (
    DUE,
    FORM,
    NOW,
    NUMBER,
    bare,
    flaws,
    full,
    letter,
    listed,
    outcome,
    raised,
    standing,
    trouble,
    words,
)

READERS = ("owner", "informed", "sender", "reporter", "covering")
REFUSALS = ("over-authority", "not-entitled", "case-closed", "unclear", "unknown-case")
SITUATIONS: tuple[dict[str, Any], ...] = (
    {},
    {"task": True},
    {"standing": True, "due": None},
    {"incomplete": True},
)
PROBLEMS: tuple[dict[str, Any], ...] = (
    {},
    {"no_form": True},
    {"unreadable": (Line(label="a.xls", value="?"),)},
)
ASKED: tuple[dict[str, Any], ...] = tuple(
    {"asked": asked, "refusal": reason}
    for asked, reason in product(get_args(Asked), ("", *get_args(RefusalReason)))
    if asked != "report"
)
STATES = ("proposed", "pending", "issued", "appealed", "upheld", "revoked", "dropped")
ABOUT_PENALTIES = (Template.PENALTY, Template.APPEAL, Template.RULING)
LATE: tuple[dict[str, Any], ...] = tuple(
    {"task": True, "unfined": why, "fine_at": at} for why in ("not-told", "told-late") for at in (DUE, None)
)
DUTIES: tuple[dict[str, Any], ...] = tuple(
    {"duty_title": "DUTY", "duty_done_by": how, "next_told": "BOSS"}
    for how in ("", "rectification", "informing", "call", "check", "approval")
)
APPROVALS: tuple[dict[str, Any], ...] = tuple(
    {"approval": ApprovalStanding.model_validate({"what": what, "state": state, **said})}
    for what, state, said in product(
        ("rectification", "correction", "hold"),
        ("requested", "approved", "rejected"),
        ({}, {"by": "BY", "decided_by": "JUDGE", "note": "NOTE", "lines": (Line(label="a", value="b"),)}),
    )
)
ORDERS: tuple[dict[str, Any], ...] = (
    {"rectification": OrderStanding()},
    {"rectification": OrderStanding(lines=(Line(label="a", value="b"),), by="BY", required="CAUSE")},
)
AFTERWARDS: dict[Template, tuple[dict[str, Any], ...]] = {
    Template.ACKNOWLEDGEMENT: tuple(
        {"cases": (listed(Locale.EN)[0].model_copy(update=mark),)}
        for mark in ({"reopened": True}, {"again": True, "settled": True})
    ),
    Template.RECTIFICATION_ORDER: ORDERS,
    Template.RECTIFICATION_INCOMPLETE: ORDERS,
    Template.APPROVAL_REQUEST: APPROVALS,
    Template.RESOLVED: (
        {"informing": True},
        {"informing": True, "lacking": ("CAUSE",)},
        {"lacking": ("CAUSE",)},
    ),
    Template.REMINDER: DUTIES,
}
TROUBLES = ("held", "unreadable", "emptied", "restored", "unwritable")
EVERY = list(product(Template, Locale, READERS))
CASE_MAILS = (Template.ASSIGNMENT, Template.REMINDER, Template.ESCALATION, Template.OVERDUE)
CONTROLS = st.characters(codec="utf-8", categories=("L", "N", "P", "S", "Z", "Cc", "Cf"))


def text(message: EmailMessage) -> str:
    body = message.get_body(("plain",))
    assert body is not None
    return str(body.get_content()).replace("\r\n", "\n")


def html(message: EmailMessage) -> str:
    body = message.get_body(("html",))
    assert body is not None
    return str(body.get_content())


def mail(template: Template, locale: Locale, content: Content, **changes: Any) -> EmailMessage:
    return compose(letter(template, locale, content, **changes), NOW)


def read_back(message: EmailMessage) -> EmailMessage:
    parsed = message_from_bytes(message.as_bytes(), policy=policy.default)
    assert isinstance(parsed, EmailMessage)
    return parsed


def enclosed(message: EmailMessage) -> EmailMessage:
    found = next(iter(read_back(message).iter_attachments()))
    assert isinstance(found, EmailMessage)
    return found


def situations(template: Template) -> list[dict[str, Any]]:
    if template is Template.AUTHORITY_EXCEEDED:
        return [{"refusal": refusal} for refusal in REFUSALS] + [dict(refused) for refused in ASKED]
    if template in ABOUT_PENALTIES:
        return [
            {"penalty": None},
            *({"penalty": barely(state, own)} for state in STATES for own in (True, False)),
        ]
    if template is Template.OVERDUE:
        return [dict(situation) for situation in (*SITUATIONS, *LATE, *DUTIES)]
    if template is Template.FORM_PROBLEMS:
        return [dict(problem) for problem in PROBLEMS]
    if template is Template.WORKBOOK:
        return [{}, *({"workbook": WorkbookTrouble(kind=kind, name="a.xlsx")} for kind in TROUBLES)]
    return [dict(situation) for situation in (*SITUATIONS, *AFTERWARDS.get(template, ()))]


def barely(state: str, own: bool) -> PenaltyStanding:
    return PenaltyStanding.model_validate(
        {"number": 1, "state": state, "person": "", "cause": "", "own": own}
    )


# ---------------------------------------------------------------- everything renders


@pytest.mark.parametrize(("template", "locale", "reader"), EVERY)
def test_every_mail_renders_with_everything_known(template: Template, locale: Locale, reader: str) -> None:
    for situation in situations(template):
        content = raised(
            locale,
            **{
                "reader": reader,
                "flaws": flaws(locale),
                "cases": listed(locale),
                "outcome": outcome(locale),
                **situation,
            },
        )
        if content.penalty:
            known = standing(locale, content.penalty.state, own=content.penalty.own, unreached=True)
            content = content.model_copy(update={"penalty": known})
        message = mail(template, locale, content, enclosures=(FORM,))
        assert_well_formed(text(message), html(message))


@pytest.mark.parametrize(("template", "locale", "reader"), EVERY)
def test_every_mail_renders_with_the_least_known(template: Template, locale: Locale, reader: str) -> None:
    for situation in situations(template):
        message = mail(template, locale, bare(reader, **situation), subject_hint="", root="")
        assert_well_formed(text(message), html(message))
        assert message["Subject"].strip()


@pytest.mark.parametrize(("kind", "locale"), list(product(TROUBLES, Locale)))
def test_every_mail_about_the_workbook_renders_with_everything_known(kind: str, locale: Locale) -> None:
    message = mail(Template.WORKBOOK, locale, trouble(locale, kind), subject_hint="", root="")
    assert_well_formed(text(message), html(message))


def assert_well_formed(plain: str, markup: str) -> None:
    assert not re.search(
        r"None|\{\{|\}\}|Undefined|（）|\(\)|「」|“”|，，|。。|  ,| \.(?!xlsx)|(?<!例如)：\n|(?<!example):\s*\n",
        plain,
    )
    assert not re.search(r"[一-鿿]  +[一-鿿]", plain)
    assert "\n\n\n" not in plain
    assert_balanced(markup)


class _Balance(HTMLParser):
    void = frozenset({"meta", "br", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in self.void:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def assert_balanced(markup: str) -> _Balance:
    parser = _Balance()
    parser.feed(markup)
    parser.close()
    assert parser.open == []
    return parser


# ---------------------------------------------------------------- headers and threads


def test_the_mail_has_text_and_html_beside_its_enclosures() -> None:
    message = read_back(mail(Template.ASSIGNMENT, Locale.ZH_HANT, full(Locale.ZH_HANT), enclosures=(FORM,)))
    assert message.get_content_type() == "multipart/mixed"
    inner, form = message.iter_parts()
    assert [part.get_content_type() for part in inner.iter_parts()] == ["text/plain", "text/html"]
    assert (form.get_filename(), form.get_content()) == (FORM.name, FORM.content)


def test_a_mail_without_enclosures_is_a_plain_alternative() -> None:
    message = mail(Template.ASSIGNMENT, Locale.EN, full(Locale.EN))
    assert message.get_content_type() == "multipart/alternative"


def test_headers_say_who_answers_whom_and_that_a_machine_wrote_it() -> None:
    message = read_back(
        mail(
            Template.ACKNOWLEDGEMENT,
            Locale.ZH_HANT,
            full(Locale.ZH_HANT, reader="sender"),
            in_reply_to="<their.mail@qq.com>",
            automatic_reply=True,
        )
    )
    assert message["From"] == "客戶關愛部 <complaints@example.com>"
    assert message["Reply-To"] == message["From"]
    assert message["To"] == "王大明 <wang@example.com>"
    assert message["Message-ID"] == "<kesu.0001@example.com>"
    assert message["In-Reply-To"] == "<their.mail@qq.com>"
    assert message["References"].split() == ["<kesu.case.KS-20261123-001@example.com>", "<their.mail@qq.com>"]
    assert message["Date"].datetime == NOW
    assert message["Auto-Submitted"] == "auto-replied"
    assert message["X-Auto-Response-Suppress"] == "All"


def test_a_notice_of_our_own_is_auto_generated() -> None:
    message = mail(Template.REMINDER, Locale.EN, full(Locale.EN))
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["In-Reply-To"] is None


def test_every_mail_of_a_case_has_the_same_subject() -> None:
    for locale in Locale:
        content = full(locale, refusal="unclear")
        subjects = {str(mail(template, locale, content)["Subject"]) for template in Template}
        assert subjects == {f"[{NUMBER}] {words(locale)['customer']}"}


@pytest.mark.parametrize("template", CASE_MAILS)
def test_the_kind_of_mail_stands_first_in_text_and_preheader(template: Template) -> None:
    message = mail(template, Locale.ZH_HANT, raised(Locale.ZH_HANT))
    first = text(message).partition("\n")[0]
    kind = {"assignment": "新案件", "reminder": "提醒", "escalation": "升級", "overdue": "逾時"}[
        template.value
    ]
    assert first.startswith(f"【{kind}】")
    shown = re.sub(r"<[^>]+>", "", html(message).partition("<body")[2].partition(">")[2])
    assert shown.strip().startswith(first)


def test_only_mails_that_cannot_wait_are_marked_important() -> None:
    important = {
        (template, reader)
        for template, reader in product(Template, ("owner", "informed"))
        if mail(template, Locale.EN, full(Locale.EN, reader=reader))["Importance"] == "high"
    }
    assert important == {
        (Template.REMINDER, "owner"),
        (Template.ESCALATION, "owner"),
        (Template.OVERDUE, "owner"),
        (Template.OVERDUE, "informed"),
    }


@pytest.mark.parametrize(
    ("content", "template", "subject"),
    [
        (bare("sender", cases=listed(Locale.ZH_HANT)), Template.ACKNOWLEDGEMENT, "抱怨單已收到，共 3 件"),
        (bare("sender", no_form=True), Template.FORM_PROBLEMS, "信中沒有找到抱怨單"),
        (bare("sender", flaws=flaws(Locale.ZH_HANT)), Template.FORM_PROBLEMS, "表單有 1 處需要更正"),
        (bare("reporter", refusal="unknown-case"), Template.AUTHORITY_EXCEEDED, "找不到您回報的案件"),
    ],
)
def test_a_mail_about_no_single_case_has_a_subject_of_its_own(
    content: Content, template: Template, subject: str
) -> None:
    assert mail(template, Locale.ZH_HANT, content)["Subject"] == subject


def test_an_acknowledgement_that_lists_one_case_speaks_of_that_case() -> None:
    message = mail(Template.ACKNOWLEDGEMENT, Locale.ZH_HANT, bare("sender", cases=listed(Locale.ZH_HANT)[:1]))
    assert message["Subject"].startswith(f"[{NUMBER}] ")
    assert "11:00 前，還有 1 小時 42 分" in text(message)
    assert "案件一覽" not in text(message)


def test_ids_longer_than_a_line_stay_whole() -> None:
    long = f"<{'A' * 60}@{'b' * 60}.prod.outlook.com>"
    raw = mail(
        Template.ACKNOWLEDGEMENT, Locale.EN, full(Locale.EN), in_reply_to=long, root="<root@example.com>"
    ).as_bytes()
    assert f"In-Reply-To: {long}\r\n".encode() in raw
    assert f"References: <root@example.com>\r\n {long}\r\n".encode() in raw


def test_names_of_enclosures_are_readable_for_programs_that_know_only_one_of_the_two_ways() -> None:
    name = '客戶抱怨回覆單（售後服務部門專用）王大明 2026-11-23 "更正".xlsx'
    raw = mail(
        Template.ASSIGNMENT,
        Locale.ZH_HANT,
        full(Locale.ZH_HANT),
        enclosures=(FORM.model_copy(update={"name": name}),),
    )
    assert raw.as_bytes().isascii()
    part = enclosed(raw)
    assert part.get_filename() == name
    assert part["Content-Type"].params["name"] == name
    head = raw.as_bytes().partition(b'name="=?utf-8?')[2]
    assert head, "Content-Type carries the name as RFC 2047 words"


def test_an_enclosure_cannot_name_a_folder_or_be_a_message() -> None:
    odd = Enclosure(name="../../etc/a\r\nX-Evil: 1.xlsx", content=b"x", media_type="message/rfc822")
    part = enclosed(mail(Template.ASSIGNMENT, Locale.EN, full(Locale.EN), enclosures=(odd,)))
    assert part.get_filename() == ".._.._etc_a X-Evil: 1.xlsx"
    assert part.get_content_type() == "application/octet-stream"
    assert part["X-Evil"] is None


@given(st.text(CONTROLS, max_size=120), st.text(CONTROLS, max_size=60), st.text(CONTROLS, max_size=40))
def test_no_value_can_break_out_of_its_header(hint: str, name: str, number: str) -> None:
    evil = "\r\nBcc: victim@example.com\r\n\r\n"
    written = letter(
        Template.ASSIGNMENT,
        Locale.EN,
        bare("owner", case_number=number + evil),
        subject_hint=hint + evil,
        sender=Address(email="complaints@example.com", name=name + evil),
        root=f"<a@b>{evil}<c@d>",
    )
    message = read_back(compose(written, NOW))
    allowed = {"from", "to", "reply-to", "subject", "date", "message-id", "references", "auto-submitted"}
    allowed |= {"x-auto-response-suppress", "mime-version", "content-type"}
    assert {key.lower() for key in message.keys()} == allowed  # noqa: SIM118 a message iterates otherwise
    assert [address.addr_spec for address in message["From"].addresses] == ["complaints@example.com"]


@given(
    st.text(st.characters(codec="utf-8", categories=("L", "N", "P", "S")), min_size=1, max_size=80),
    st.booleans(),
)
def test_subjects_and_names_arrive_as_written(words_: str, spaced: bool) -> None:
    hint = " ".join(words_) if spaced else words_
    written = letter(
        Template.ASSIGNMENT,
        Locale.EN,
        full(Locale.EN),
        subject_hint=hint,
        to=Address(email="wang@example.com", name=hint),
    )
    raw = message_from_bytes(compose(written, NOW).as_bytes(), policy=policy.compat32)
    assert decoded(raw["Subject"]) == f"[{NUMBER}] {hint}"
    name, address = parseaddr(raw["To"].replace("\r\n", ""))
    assert (decoded(name), address) == (hint, "wang@example.com")


def decoded(header: str) -> str:
    """Read a header by the older of Python's two decoders: the newer one puts blanks between RFC 2047 words."""
    return str(make_header(decode_header(header.replace("\r\n", ""))))


@pytest.mark.parametrize("address", ["", "nobody", "a@b\r\nBcc: c@d", "a b@c", "@", "a@"])
def test_a_broken_address_is_named(address: str) -> None:
    written = letter(Template.ASSIGNMENT, Locale.EN, full(Locale.EN), to=Address(email=address))
    with pytest.raises(AddressError) as caught:
        compose(written, NOW)
    assert caught.value.address == address


# ---------------------------------------------------------------- what the mails say


@pytest.mark.parametrize(
    ("locale", "line"),
    [
        (Locale.ZH_HANT, "2026-11-23（一）11:00 前，還有 1 小時 42 分"),
        (Locale.ZH_HANS, "2026-11-23（周一）11:00 前，还剩 1 小时 42 分"),
        (Locale.EN, "By Mon 2026-11-23 11:00 (1 hour 42 min left)"),
    ],
)
@pytest.mark.parametrize("template", [Template.ASSIGNMENT, Template.REMINDER, Template.ESCALATION])
def test_the_deadline_is_shown_in_local_time_with_what_is_left(
    template: Template, locale: Locale, line: str
) -> None:
    message = mail(template, locale, full(locale))
    assert line in text(message)
    main, _, rest = re.split("(，| \\()", line, maxsplit=1)
    assert main in html(message)
    assert rest.rstrip(")") in html(message)


def test_times_follow_the_site_not_the_server() -> None:
    written = letter(Template.ASSIGNMENT, Locale.EN, full(Locale.EN, zone="Europe/Berlin", due=DUE))
    message = compose(written, NOW.astimezone(ZoneInfo("UTC")))
    assert "By Mon 2026-11-23 04:00 (1 hour 42 min left)" in text(message)
    assert message["Date"].datetime.utcoffset() == timedelta(hours=1)
    assert "By Mon 2026-11-23 12:00 (" in text(compose(written, NOW, ZoneInfo("Asia/Tokyo")))


def test_what_is_left_is_true_when_the_mail_is_sent_not_when_it_was_written() -> None:
    written = letter(Template.ASSIGNMENT, Locale.ZH_HANT, full(Locale.ZH_HANT))
    assert "還有 5 分鐘" in text(compose(written, DUE - timedelta(minutes=5)))
    assert "11:00 已到期，已逾時 18 分鐘" in text(compose(written, DUE + timedelta(minutes=18)))
    assert "已逾時 0 秒" in text(compose(written, DUE))


def test_an_overdue_says_how_long_whose_it_was_and_whose_it_is_now() -> None:
    said = text(mail(Template.OVERDUE, Locale.ZH_HANT, raised(Locale.ZH_HANT, reader="informed")))
    assert "【逾時】服務經理 王大明、車間主任 李文山逾時未解決" in said
    assert "2026-11-23（一）09:00 已到期，已逾時 18 分鐘" in said
    assert "現由售後總監 林志豪負責，新的時限為 2026-11-23（一）11:00 前，還有 1 小時 42 分" in said
    assert "三級 → 二級" in said
    assert "您不需要處理" in said


def test_an_escalation_tells_the_new_owner_what_passed_to_him_and_what_comes_next() -> None:
    said = text(mail(Template.ESCALATION, Locale.ZH_HANT, raised(Locale.ZH_HANT), enclosures=(FORM,)))
    assert "客戶抱怨升為二級，請您接手處理" in said
    assert "原由服務經理 王大明、車間主任 李文山負責" in said
    assert "由三級升為二級" in said
    assert "前一時限已於 2026-11-23（一）09:00 屆滿" in said
    assert "屆時仍未解決，案件將自動轉由總經理 周建國負責" in said


@pytest.mark.parametrize("locale", Locale)
def test_an_owner_is_told_why_what_he_may_promise_what_happened_and_how_to_answer(locale: Locale) -> None:
    content = full(locale)
    message = mail(Template.ASSIGNMENT, locale, content, enclosures=(FORM,))
    start = {Locale.ZH_HANT: "已解決 ", Locale.ZH_HANS: "已解决 ", Locale.EN: "resolved "}[locale]
    assert re.search(f"^ +{start}", text(message), re.MULTILINE)
    for body in (text(message), html(message)):
        assert content.authority in body
        assert content.why[0].clause in body
        assert content.why[0].text in body
        assert content.reason in body
        assert all(step.text in body for step in content.history)
        assert all(line.label in body for line in content.facts)
        assert NUMBER in body


def test_the_answer_names_a_concession_and_the_enclosed_form_only_if_there_is_one() -> None:
    content = full(Locale.ZH_HANT)
    without = text(mail(Template.ASSIGNMENT, Locale.ZH_HANT, content))
    enclosed = text(mail(Template.ASSIGNMENT, Locale.ZH_HANT, content, enclosures=(FORM,)))
    assert "「優惠工時費30%」" in without
    assert "回覆單" not in without
    assert "填寫附件的回覆單" in enclosed


@pytest.mark.parametrize("template", CASE_MAILS)
def test_who_need_only_know_is_not_asked_to_act(template: Template) -> None:
    said = text(mail(template, Locale.ZH_HANT, full(Locale.ZH_HANT, reader="informed"), enclosures=(FORM,)))
    assert "您需要做什麼" in said
    assert "怎麼回報" not in said
    assert "您可以承諾" not in said


def test_a_case_without_a_window_says_so() -> None:
    said = text(mail(Template.REMINDER, Locale.ZH_HANT, full(Locale.ZH_HANT, standing=True, due=None)))
    assert "目前不另設時限" in said
    assert "持續提醒您" in said
    assert "還有" not in said


def test_a_duty_asks_for_a_report_not_for_a_solution() -> None:
    said = text(
        mail(Template.ASSIGNMENT, Locale.ZH_HANT, full(Locale.ZH_HANT, task=True), enclosures=(FORM,))
    )
    assert "■ 回報期限" in said
    assert "請您調查並回報" in said
    assert "尚未解決，也請用回覆單回報目前進度" in said


def test_an_incomplete_case_asks_customer_care_for_what_is_missing() -> None:
    content = full(
        Locale.ZH_HANT, incomplete=True, grade="", grade_key="incomplete", flaws=flaws(Locale.ZH_HANT)
    )
    said = text(mail(Template.ASSIGNMENT, Locale.ZH_HANT, content, enclosures=(FORM,)))
    assert "■ 補件時限" in said
    assert "請您補齊" in said
    assert "售後!C7 維修金額" in said


def test_form_problems_names_every_flaw_by_sheet_cell_and_label() -> None:
    content = full(
        Locale.ZH_HANT,
        reader="sender",
        incomplete=True,
        flaws=flaws(Locale.ZH_HANT),
        cases=listed(Locale.ZH_HANT)[1:2],
    )
    message = mail(Template.FORM_PROBLEMS, Locale.ZH_HANT, content, enclosures=(FORM,))
    said = text(message)
    assert "售後!C7 維修金額：「一千左右」不是金額" in said
    assert "售後!F4 抱怨時間：" in said
    assert said.index("需要更正的欄位") < said.index("C7") < said.index("請確認的欄位") < said.index("F4")
    assert "要更正的儲存格已標上顏色，旁邊附有說明" in said
    assert "取代先前的草稿，不會另立新案" in said
    assert "計時也已開始，時限為 2026-11-23（一）11:00 前，還有 1 小時 42 分" in said
    assert "KS-20261123-002" in said.partition("同一封信中已立案的案件")[2]
    assert "售後!C7" in html(message)


def test_flaws_of_several_files_name_their_file() -> None:
    first, second = flaws(Locale.EN)
    content = bare("sender", flaws=(first, second.model_copy(update={"file": "b.xlsx"})))
    said = text(mail(Template.FORM_PROBLEMS, Locale.EN, content))
    assert "售後1121.xlsx · After-sales!C7 Repair amount: “about a thousand”" in said
    assert "b.xlsx · After-sales!F4 Reported at" in said


def test_a_flaw_without_a_cell_names_its_sheet_and_label() -> None:
    flaw = flaws(Locale.ZH_HANT)[0].model_copy(update={"cell": ""})
    assert "- 售後 維修金額：" in text(
        mail(Template.FORM_PROBLEMS, Locale.ZH_HANT, bare("sender", flaws=(flaw,)))
    )


def test_a_mail_without_a_form_is_answered_with_a_blank() -> None:
    said = text(
        mail(Template.FORM_PROBLEMS, Locale.ZH_HANT, bare("sender", no_form=True), enclosures=(FORM,))
    )
    assert "感謝您的來信" in said
    assert "還沒有立案" in said
    assert "填寫附件中的空白抱怨單" in said


def test_an_unreadable_file_is_named_with_its_reason() -> None:
    content = bare("sender", unreadable=(Line(label="投訴.xls", value="檔案有密碼保護"),), quarantined=True)
    said = text(mail(Template.FORM_PROBLEMS, Locale.ZH_HANT, content))
    assert "投訴.xls：檔案有密碼保護" in said
    assert "另存為未加密的 .xlsx" in said
    assert "原封不動保存在隔離資料夾" in said


def test_customer_care_is_told_of_a_mail_set_aside_in_words_meant_for_it() -> None:
    content = bare(
        "informed", unreadable=(Line(label="seller@elsewhere", value="不在名單內"),), quarantined=True
    )
    said = text(mail(Template.FORM_PROBLEMS, Locale.ZH_HANT, content))
    assert "有一封郵件被隔離" in said
    assert "seller@elsewhere：不在名單內" in said
    assert "感謝您" not in said
    assert "重新寄送附件" not in said
    assert "另存為" not in said


@pytest.mark.parametrize("locale", list(Locale))
def test_where_nobody_takes_over_the_next_lapse_is_only_reported(locale: Locale) -> None:
    said = text(mail(Template.ASSIGNMENT, locale, full(locale, next_owners="", next_told="BOARD")))
    (line,) = [line for line in said.splitlines() if "BOARD" in line]
    assert any(word in line for word in ("報告", "上报", "reported to"))


def test_a_form_that_was_known_opens_no_second_case() -> None:
    known = listed(Locale.ZH_HANT)[2:]
    said = text(mail(Template.ACKNOWLEDGEMENT, Locale.ZH_HANT, bare("sender", cases=known)))
    assert "已併入原案" in said
    assert "沒有重複立案" in said
    several = text(
        mail(Template.ACKNOWLEDGEMENT, Locale.ZH_HANT, bare("sender", cases=listed(Locale.ZH_HANT)))
    )
    assert several.count("併入原案") == 1


@pytest.mark.parametrize(
    ("reader", "refusal", "said"),
    [
        ("reporter", "over-authority", "承諾超出您的權限"),
        ("covering", "over-authority", "有一項承諾需要您核定"),
        ("reporter", "not-entitled", "您不是本案目前的負責人"),
        ("reporter", "case-closed", "本案先前已解決"),
        ("reporter", "unclear", "無法判讀您的回報"),
        ("reporter", "unknown-case", "找不到您回報的案件"),
    ],
)
def test_each_refusal_says_what_is_wrong(reader: str, refusal: str, said: str) -> None:
    content = full(
        Locale.ZH_HANT,
        reader=reader,
        refusal=refusal,
        refusal_detail="承諾 50%，權限 30%",
        sent_to="售後總監",
    )
    body = text(mail(Template.AUTHORITY_EXCEEDED, Locale.ZH_HANT, content))
    assert said in body
    assert "承諾 50%，權限 30%" in body
    assert ("怎麼回報" in body.split("\n■ ", 1)[1]) is (
        refusal in ("over-authority", "unclear") or reader == "covering"
    )


def test_a_promise_beyond_authority_tells_where_it_was_sent() -> None:
    content = full(Locale.ZH_HANT, reader="reporter", refusal="over-authority", sent_to="售後總監 林志豪")
    said = text(mail(Template.AUTHORITY_EXCEEDED, Locale.ZH_HANT, content))
    assert "已轉請售後總監 林志豪核定" in said
    assert "請先不要答應客戶" in said


@pytest.mark.parametrize("reader", READERS)
def test_a_resolved_case_shows_its_outcome_and_no_deadline(reader: str) -> None:
    content = full(
        Locale.ZH_HANT, reader=reader, outcome=outcome(Locale.ZH_HANT), resolved_by="服務經理 王大明"
    )
    said = text(mail(Template.RESOLVED, Locale.ZH_HANT, content))
    assert "處理方案：重新研磨煞車盤，免費試車" in said
    assert "停止計時" in said
    assert "處理時限" not in said


# ---------------------------------------------------------------- what people typed


NASTY = '<script>alert(1)</script><img src="https://evil.example/x.png">{{ 7*7 }}'


@pytest.mark.parametrize("template", Template)
def test_markup_in_what_people_typed_stays_text(template: Template) -> None:
    content = full(
        Locale.EN,
        customer=NASTY,
        summary=NASTY,
        owners=NASTY,
        authority=NASTY,
        reason=NASTY,
        refusal="unclear",
        refusal_detail=NASTY,
        facts=(Line(label=NASTY, value=NASTY),),
        outcome=(Line(label="Outcome", value=NASTY),),
        unreadable=(Line(label=NASTY, value=NASTY),),
        warnings=(NASTY,),
        flaws=tuple(flaw.model_copy(update={"sheet": NASTY, "message": NASTY}) for flaw in flaws(Locale.EN)),
        cases=tuple(case.model_copy(update={"customer": NASTY}) for case in listed(Locale.EN)),
        workbook=WorkbookTrouble(
            kind="held", name=NASTY, holder=NASTY, detail=NASTY, live_copy=NASTY, board=NASTY
        ),
        penalty=standing(Locale.EN, "revoked").model_copy(
            update=dict.fromkeys(
                ("person", "cause", "found_by", "found", "appeal", "ruled_by", "ruling"), NASTY
            )
        ),
    )
    message = mail(template, Locale.EN, content, subject_hint=NASTY)
    markup = html(message)
    parsed = assert_balanced(markup)
    assert not {"script", "img", "a", "link", "iframe"} & {tag for tag, _ in parsed.seen}
    assert "&lt;script&gt;" in markup
    assert NASTY in text(message)


@pytest.mark.parametrize(("template", "locale"), list(product(Template, Locale)))
def test_nothing_in_the_html_is_remote(template: Template, locale: Locale) -> None:
    content = raised(locale, flaws=flaws(locale), cases=listed(locale), outcome=outcome(locale))
    markup = html(mail(template, locale, content))
    assert not re.search(r"https?:|//[a-z]|url\(|@import|src=|href=|<link|<script|float", markup)
    assert "@media (prefers-color-scheme: dark)" in markup
    assert f'lang="{locale}"' in markup


def test_styles_stand_in_the_elements() -> None:
    parsed = assert_balanced(html(mail(Template.ASSIGNMENT, Locale.EN, full(Locale.EN))))
    headline = next(attrs for tag, attrs in parsed.seen if tag == "h1")
    assert "font-weight: 700" in (headline["style"] or "")


def test_line_breaks_are_kept_and_control_characters_dropped() -> None:
    typed = "first\r\nsecond\x00\x1b[31m\u202ethird\ufeff\ud800\n\n\n\n■ Deadline\n  never"
    message = mail(Template.ASSIGNMENT, Locale.EN, full(Locale.EN, facts=(Line(label="Said", value=typed),)))
    assert "first<br>second[31mthird<br><br>■ Deadline<br>" in html(message)
    assert "  Said: first\n    second[31mthird\n\n    ■ Deadline\n      never\n" in text(message)


def test_a_grade_no_one_foresaw_has_a_colour_too() -> None:
    assert "#1f4e79" in html(mail(Template.ASSIGNMENT, Locale.EN, full(Locale.EN, grade_key="major")))


@given(st.text(max_size=200))
def test_any_text_at_all_makes_a_mail_that_can_be_sent(typed: str) -> None:
    content = full(Locale.EN, customer=typed, summary=typed, facts=(Line(label=typed, value=typed),))
    message = mail(Template.ASSIGNMENT, Locale.EN, content, subject_hint=typed)
    raw = message.as_bytes()
    assert raw.isascii()
    assert b"\n" not in raw.replace(b"\r\n", b"")
    assert max(map(len, raw.split(b"\r\n"))) <= 998


def test_a_letter_survives_the_ledger_and_says_the_same() -> None:
    written = letter(Template.ASSIGNMENT, Locale.ZH_HANS, full(Locale.ZH_HANS))
    again = Letter.model_validate_json(written.model_dump_json())
    assert text(compose(again, NOW)) == text(compose(written, NOW))
