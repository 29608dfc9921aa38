"""Customer care hears of trouble with the master workbook: what happened, how to mend it, what goes on meanwhile."""

from datetime import timedelta
from email.message import EmailMessage
from itertools import product
from typing import Any

import pytest

from mailer.compose import compose
from mailer.letter import Content, Letter, Template
from rules.locales import Locale
from sheets.registry import OPEN, REFUSAL_COLUMN
from tests.mailer.outbound.letters import NOW, OPENED, bare, letter, trouble, words

KINDS = ("held", "unreadable", "emptied", "restored", "unwritable")
EVERY = list(product(KINDS, Locale))


def mail(locale: Locale, content: Content) -> EmailMessage:
    return compose(letter(Template.WORKBOOK, locale, content, subject_hint="", root=""), NOW)


def bodies(message: EmailMessage) -> tuple[str, str]:
    plain, markup = message.get_body(("plain",)), message.get_body(("html",))
    assert plain is not None
    assert markup is not None
    return str(plain.get_content()).replace("\r\n", "\n"), str(markup.get_content())


def said(locale: Locale, kind: str, **changes: Any) -> str:
    return bodies(mail(locale, trouble(locale, kind, **changes)))[0]


@pytest.mark.parametrize(("kind", "locale"), EVERY)
def test_each_trouble_shows_file_reason_and_where_to_look_meanwhile(kind: str, locale: Locale) -> None:
    content = trouble(locale, kind)
    known = content.workbook
    assert known is not None
    for body in bodies(mail(locale, content)):
        assert all(text in body for text in (known.name, known.live_copy, known.board, known.detail))


@pytest.mark.parametrize("locale", Locale)
def test_each_trouble_has_a_subject_of_its_own_and_no_case_number(locale: Locale) -> None:
    subjects = [str(mail(locale, trouble(locale, kind))["Subject"]) for kind in KINDS]
    subjects.append(str(mail(locale, bare("informed"))["Subject"]))
    assert len(set(subjects)) == len(KINDS) + 1
    assert not [subject for subject in subjects if subject.startswith("[")]


@pytest.mark.parametrize(("kind", "locale"), EVERY)
def test_clocks_and_mails_go_on_is_said_unless_all_is_well_again(kind: str, locale: Locale) -> None:
    phrase = {
        Locale.ZH_HANT: "計時與通知照常進行",
        Locale.ZH_HANS: "计时与通知照常进行",
        Locale.EN: "Clocks and mails go on",
    }[locale]
    assert (phrase in said(locale, kind)) is (kind != "restored")


def test_who_holds_it_since_when_and_how_many_wait() -> None:
    text = said(Locale.ZH_HANT, "held")
    assert text.startswith("【等候寫入】王大明一直開著總表，3 件案件等候寫入\n")
    assert "自 2026-11-23（一）08:33 起一直由王大明開著，至今 45 分鐘" in text
    assert "開啟的人：王大明" in text
    assert "開啟時間：2026-11-23（一）08:33，至今 45 分鐘" in text
    assert "等候寫入：3 件案件的變更" in text
    assert "請王大明存檔並關閉總表" in text
    assert "刪除同一資料夾裡的隱藏檔「~$客訴總表.xlsx」" in text
    assert "信中時間為當地時間（Asia/Shanghai）。" in text


def test_the_time_it_is_held_is_true_when_the_mail_is_sent() -> None:
    written: Letter = letter(Template.WORKBOOK, Locale.EN, trouble(Locale.EN, "held"))
    assert "(for 1 hour 27 min)" in bodies(compose(written, OPENED + timedelta(hours=1)))[0]


@pytest.mark.parametrize(
    ("locale", "somebody"), [(Locale.ZH_HANT, "有人"), (Locale.ZH_HANS, "有人"), (Locale.EN, "Somebody")]
)
@pytest.mark.parametrize("holder", ["?", "", " "])
def test_an_unknown_holder_is_somebody(locale: Locale, somebody: str, holder: str) -> None:
    text = said(locale, "held", holder=holder, since=None)
    assert somebody in text.partition("\n")[0]
    assert not {"?", "？"} & set(text)


@pytest.mark.parametrize(("waiting", "line"), [(1, "1 case waits"), (2, "2 cases wait")])
def test_one_case_is_one_case(waiting: int, line: str) -> None:
    for kind in ("held", "unwritable"):
        message = mail(Locale.EN, trouble(Locale.EN, kind, waiting=waiting))
        assert line in message["Subject"]
        assert line in bodies(message)[0]


@pytest.mark.parametrize(("kind", "locale"), EVERY)
def test_where_nothing_waits_nothing_is_said_of_it(kind: str, locale: Locale) -> None:
    message = mail(locale, trouble(locale, kind, waiting=0, name="w.xlsx", since=None, detail=""))
    text = bodies(message)[0]
    for word in ("0", "件案件", "not in it yet", "waiting changes"):
        assert word not in text + str(message["Subject"])


@pytest.mark.parametrize("locale", Locale)
@pytest.mark.parametrize(("live_copy", "board"), [("", ""), ("live.xlsx", ""), ("", "board.html")])
def test_only_files_that_are_kept_are_pointed_to(locale: Locale, live_copy: str, board: str) -> None:
    label = {Locale.ZH_HANT: "即時看板", Locale.ZH_HANS: "实时看板", Locale.EN: "live board"}[locale]
    copy = {Locale.ZH_HANT: "唯讀副本", Locale.ZH_HANS: "只读副本", Locale.EN: "read-only copy"}[locale]
    for kind in KINDS:
        text = said(locale, kind, live_copy=live_copy, board=board).lower()
        assert (label in text) is bool(board)
        assert (copy in text) is bool(live_copy)


@pytest.mark.parametrize("locale", Locale)
def test_an_emptied_or_unknown_workbook_names_every_way_out(locale: Locale) -> None:
    for kind in ("unreadable", "emptied"):
        text = said(locale, kind)
        assert "Ctrl+Z" in text
        assert "kesu workbook rebuild" in text


@pytest.mark.parametrize("locale", Locale)
def test_a_restored_workbook_names_the_column_as_the_sheet_does(locale: Locale) -> None:
    header = OPEN.header(REFUSAL_COLUMN, locale)
    text = said(locale, "restored")
    assert text.count(header) == 2
    assert words(locale)["workbook_restored"] in text
    assert "rebuild" not in text
