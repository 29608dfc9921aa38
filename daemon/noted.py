"""What customer care is told of the mailbox beside its cases: floods, loops, mails that may not have arrived; once."""

from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING

from daemon.ledger import Entry
from daemon.letters import LetterOrder
from mailer.letter import Address, Content, Line, Template
from rules.locales import Locale, Text

if TYPE_CHECKING:
    from daemon.docket import Docket

PERHAPS_LOST = Text(
    zh_hant="寄給這位的案件郵件可能沒有送達（{why}）。這封退信無法證實，系統未作任何變更；請以其他方式確認他是否知情",
    zh_hans="发给这位的案件邮件可能没有送达（{why}）。这封退信无法证实，系统未作任何变更；请用其他方式确认他是否知情",
    en="A mail of this case to this person may not have arrived ({why}). Nothing proves the bounce, so nothing was "
    "changed; please ask in another way whether they know of it",
)
SENDER_CAPPED = Text(
    zh_hant="一小時內已自動回覆這個地址 {n} 次，暫停回覆，一小時後恢復。寄來的表單照常受理；"
    "請查看是否為自動回信或誤設的轉寄",
    zh_hans="一小时内已自动回复这个地址 {n} 次，暂停回复，一小时后恢复。发来的表单照常受理；"
    "请查看是否为自动回信或误设的转发",
    en="This address was answered {n} times within an hour; it gets no more answers until the hour is over. Its forms "
    "are taken all the same; please see whether a machine answers, or mail is forwarded by mistake",
)
ALL_CAPPED = Text(
    zh_hant="一小時內已自動回覆 {n} 次，達到上限，暫停自動回覆，一小時後恢復。表單照常受理，"
    "通知與時限不受影響；請查看信箱",
    zh_hans="一小时内已自动回复 {n} 次，达到上限，暂停自动回复，一小时后恢复。表单照常受理，"
    "通知与时限不受影响；请查看邮箱",
    en="{n} automatic answers were sent within an hour, which is the limit; there are no more until the hour is over. "
    "Forms are taken, notices leave and clocks run all the same; please look into the mailbox",
)
REFUSALS_CAPPED = Text(
    zh_hant="這個地址一小時內有 {n} 次回報看不出內容，可能是自動回信；暫停告知退回，回報仍照常記錄。請直接與他確認",
    zh_hans="这个地址一小时内有 {n} 次反馈看不出内容，可能是自动回信；暂停告知退回，反馈仍照常记录。请直接与他确认",
    en="{n} messages of this address about the case were refused within an hour, so perhaps a machine answers. It is "
    "told of no more for now, but they are recorded. Please ask the person directly",
)
CARE_CAPPED = Text(
    zh_hant="一小時內已有 {n} 封郵件被隔離並通知您，之後的不再逐封通知；請直接查看隔離資料夾",
    zh_hans="一小时内已有 {n} 封邮件被隔离并通知您，之后的不再逐封通知；请直接查看隔离文件夹",
    en="{n} mails were set aside within an hour and you were told of each. You are not told of more one by one; please "
    "look into the quarantine folder",
)


def perhaps_lost(docket: "Docket", entry: Entry, number: str, reader: str, why: str, now: datetime) -> None:
    """Tell of a mail of a case that may have come back; once for each case and reader, but never him."""
    person = docket.site.person(reader)
    whom = reader if person is None else f"{person.name} <{reader}>"
    _tell(
        docket, entry, f"{number} {whom}", PERHAPS_LOST, {"why": why}, now, f"perhaps-lost:{number}", reader
    )


def sender_capped(docket: "Docket", entry: Entry, sender: str, count: int, now: datetime) -> None:
    """Tell, once a day, that somebody was answered so often that he is answered no more."""
    _tell(docket, entry, sender, SENDER_CAPPED, {"n": count}, now, f"capped:{_day(docket, now)}", sender)


def all_capped(docket: "Docket", entry: Entry, count: int, now: datetime) -> None:
    """Tell, once a day, that so many answers were sent that there are no more."""
    _tell(
        docket, entry, docket.site.own_address, ALL_CAPPED, {"n": count}, now, f"capped:{_day(docket, now)}"
    )


def refusals_capped(
    docket: "Docket", entry: Entry, number: str, sender: str, count: int, now: datetime
) -> None:
    """Tell, once a day and case, that somebody was refused so often that he is not told any more."""
    key = f"refused:{_day(docket, now)}:{number}"
    _tell(docket, entry, f"{number} {sender}", REFUSALS_CAPPED, {"n": count}, now, key, sender)


def care_capped(docket: "Docket", entry: Entry, count: int, now: datetime) -> None:
    """Tell, once a day, that more is set aside than customer care is told of."""
    _tell(docket, entry, docket.site.own_address, CARE_CAPPED, {"n": count}, now, f"care:{_day(docket, now)}")


def _day(docket: "Docket", now: datetime) -> str:
    return f"{now.astimezone(docket.site.zone):%Y-%m-%d}"


def _tell(
    docket: "Docket",
    entry: Entry,
    about: str,
    said: Text,
    values: dict[str, object],
    now: datetime,
    key: str,
    never: str = "",
) -> None:
    """Tell customer care something, under a key, but for the one whom it is about: his machine might answer."""

    def line(locale: Locale) -> Line:
        return Line(label=about, value=said.get(locale).format(**values))

    for order in _orders(docket, entry, line, now):
        if order.to.email.lower() != never.lower():
            docket.tell(entry, order, now, f"noted:{key}:{never.lower()}")


def _orders(
    docket: "Docket", entry: Entry, line: Callable[[Locale], Line], now: datetime
) -> list[LetterOrder]:
    orders = []
    for person in docket.care(now, entry):
        locale = person.locale or docket.site.locale
        content = Content(
            reader="informed", zone=docket.site.config.daemon.timezone, unreadable=(line(locale),)
        )
        to = Address(email=person.email, name=person.name)
        orders.append(LetterOrder(template=Template.FORM_PROBLEMS, locale=locale, to=to, content=content))
    return orders
