"""How the daemon puts cases into words: facts, persons, spans and history in the reader's language."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from daemon import after_words, correction_words, verdicts
from daemon.config import Person
from daemon.followup import wording as callwords
from rules.after_events import Called, Drawn, Listed
from rules.conditions import FactValue
from rules.events import (
    Amended,
    Attached,
    Escalated,
    Event,
    Finding,
    Graded,
    JsonFacts,
    Lapsed,
    Noted,
    Opened,
    Origin,
    Party,
    Penalised,
    PenaltyState,
    PenaltyWithheld,
    Refused,
    Reminded,
    Reported,
    Resolved,
    TaskDone,
    TaskOpened,
    TaskOverdue,
)
from rules.facts import Facts, facts_from_json
from rules.fields import Catalogue, Field, FormKind, Kind
from rules.locales import Locale, Text
from rules.policy import Authority, ConcessionKind, Policy
from sheets.registry import CALLS, OPEN, PENALTIES


def _text(zh_hant: str, zh_hans: str, en: str) -> Text:
    return Text(zh_hant=zh_hant, zh_hans=zh_hans, en=en)


YES = _text("是", "是", "yes")
NO = _text("否", "否", "no")
UNITS = (
    (86400, _text("{n} 天", "{n} 天", "{n} days"), _text("1 天", "1 天", "1 day")),
    (3600, _text("{n} 小時", "{n} 小时", "{n} hours"), _text("1 小時", "1 小时", "1 hour")),
    (60, _text("{n} 分鐘", "{n} 分钟", "{n} minutes"), _text("1 分鐘", "1 分钟", "1 minute")),
    (1, _text("{n} 秒", "{n} 秒", "{n} seconds"), _text("1 秒", "1 秒", "1 second")),
)
MONEY = _text("{amount} 元", "{amount} 元", "CNY {amount}")
GRANTS = {
    ConcessionKind.DISCOUNT: _text(
        "優惠工時費 {amount}", "优惠工时费 {amount}", "{amount} off the labour fee"
    ),
    ConcessionKind.GIFT: _text("贈送精品 {amount}", "赠送精品 {amount}", "accessories worth {amount}"),
    ConcessionKind.CASH: _text("現金補償 {amount}", "现金补偿 {amount}", "{amount} in cash"),
}
UP_TO = _text("最多可{what}", "最多可{what}", "up to {what}")
OR = _text("；或", "；或", "; or ")
COLON = _text("：", "：", ": ")
JOIN = _text("、", "、", ", ")
NO_AUTHORITY = _text(
    "您沒有讓利權限，需要讓利時請交由有權限的主管決定",
    "您没有让利权限，需要让利时请交由有权限的主管决定",
    "You hold no authority for concessions; ask a manager who does",
)
PROMISED = _text("承諾：{what}", "承诺：{what}", "Promised: {what}")
MAY = _text("您的權限：{what}", "您的权限：{what}", "Your authority: {what}")

UNDELIVERED = _text(
    "本郵件無法送達 {who}",
    "本邮件无法送达 {who}",
    "This mail could not be delivered to {who}",
)
STANDING_IN = _text(
    "{who}請假中，由您代理；以代理人身分回報即可",
    "{who}请假中，由您代理；以代理人身份反馈即可",
    "{who} is on leave and you stand in; report in their place",
)
STANDING_IN_UNREACHED = _text(
    "寄給{who}的郵件被退回，請您代為處理；以代理人身分回報即可",
    "发给{who}的邮件被退回，请您代为处理；以代理人身份反馈即可",
    "Mails to {who} come back, so you stand in; report in their place",
)
FINED_UNTOLD = _text(
    "{who}在退信之前已因本案被罰；通知既未送達，罰款是否維持，請查明後處理",
    "{who}在退信之前已因本案被罚；通知既未送达，罚款是否维持，请查明后处理",
    "{who} was fined in this case before the mail came back; as the notice never arrived, please see whether the "
    "penalty should stand",
)
UNATTENDED = _text(
    "{who}請假中，沒有人代理，這件事目前無人處理，請安排",
    "{who}请假中，没有人代理，这件事目前无人处理，请安排",
    "{who} is on leave and nobody stands in, so that nobody attends to this; please arrange it",
)
OPENED = _text("收到抱怨單（{who}）", "收到抱怨单（{who}）", "Complaint form received ({who})")
AMENDED = _text("收到補正後的抱怨單", "收到补正后的抱怨单", "Corrected form received")
ATTACHED = _text(
    "同一抱怨重複寄來，併入本案",
    "同一抱怨重复发来，并入本案",
    "The same complaint came again and was put to this case",
)
GRADED = _text("評定為{grade}（{clause}）", "评定为{grade}（{clause}）", "Graded {grade} ({clause})")
LAPSED = _text(
    "{who}未在時限內解決（{clause}）",
    "{who}未在时限内解决（{clause}）",
    "Not resolved in time by {who} ({clause})",
)
ESCALATED = _text("升為{grade}，報告{who}", "升为{grade}，上报{who}", "Rose to {grade}, reported to {who}")
KEPT = _text("已報告{who}，維持{grade}", "已上报{who}，维持{grade}", "Reported to {who}; stays {grade}")
REMINDED = _text("提醒{who}", "提醒{who}", "Reminded {who}")
REPORTED = _text("{who}回報：{what}", "{who}反馈：{what}", "{who} reported: {what}")
REFUSED = _text(
    "退回{who}的回報（{clause}）", "退回{who}的反馈（{clause}）", "The report of {who} was refused ({clause})"
)
NOTED = _text("{who}填寫了{what}", "{who}填写了{what}", "{who} wrote in {what}")
RESOLVED = _text("{who}解決了本案", "{who}解决了本案", "Resolved by {who}")
TASK = _text(
    "{who}須回報處理情況（{clause}）", "{who}须反馈处理情况（{clause}）", "{who} owes a report ({clause})"
)
TASK_DONE = _text("{who}已回報（{clause}）", "{who}已反馈（{clause}）", "{who} has reported ({clause})")
CUSTOMER_SENDER = _text("同仁", "同事", "a colleague")
PASSED_ON = _text("{who}，由{by}轉寄", "{who}，由{by}转发", "{who}, forwarded by {by}")


def undelivered(whom: str, locale: Locale) -> str:
    """Say that a mail could not reach its reader; empty if `whom` is."""
    return UNDELIVERED.get(locale).format(who=whom) if whom else ""


def span(length: timedelta, locale: Locale) -> str:
    """Write a length of time in its largest whole unit: 2 小時, 90 minutes."""
    seconds = length.total_seconds()
    for size, many, one in UNITS:
        if seconds >= size and seconds % size == 0:
            number = int(seconds // size)
            return (one if number == 1 else many).get(locale).format(n=number)
    return UNITS[-1][1].get(locale).format(n=f"{seconds:g}")


def money(amount: Decimal, locale: Locale) -> str:
    """Write an amount with thousands set apart, its currency in the language."""
    number = f"{amount:,.2f}".removesuffix(".00")
    return MONEY.get(locale).format(amount=number)


def percentage(number: Decimal) -> str:
    """Write a percentage: 30%, 12.5%."""
    return f"{number.normalize():f}%"


def size(count: int) -> str:
    """Write a number of bytes: 340 KB, 1.2 MB."""
    if count < 1_000_000:
        return f"{max(1, round(count / 1000))} KB"
    return f"{count / 1_000_000:.1f} MB"


def shortened(text: str, most: int) -> str:
    """Return a text on one line, cut to at most so many characters."""
    line = " ".join(text.split())
    return line if len(line) <= most else line[: most - 1] + "…"


def moment(value: datetime, zone: ZoneInfo) -> str:
    """Write a time as the site's wall clock shows it."""
    return value.astimezone(zone).strftime("%Y-%m-%d %H:%M")


def value(field: Field, fact: FactValue, locale: Locale, zone: ZoneInfo) -> str:
    """Write one fact as a person reads it."""
    match fact:
        case bool():
            return (YES if fact else NO).get(locale)
        case Decimal():
            return percentage(fact) if field.kind is Kind.PERCENTAGE else money(fact, locale)
        case datetime():
            return moment(fact, zone)
        case date():
            return fact.isoformat()
        case _ if field.kind is Kind.CHOICE:
            return choice(field, str(fact), locale)
        case _:
            return str(fact)


def choice(field: Field, key: str, locale: Locale) -> str:
    """Write a choice by its label; an unknown key as it is."""
    found = field.choice(key)
    return key if found is None else found.label.get(locale)


def typed(facts: JsonFacts, catalogue: Catalogue, kind: FormKind) -> Facts:
    """Type facts read back from the ledger."""
    return facts_from_json(facts, catalogue.form(kind))


def lines(
    facts: JsonFacts, catalogue: Catalogue, kind: FormKind, locale: Locale, zone: ZoneInfo
) -> list[tuple[str, str]]:
    """Return label and value of every fact, in the form's order."""
    form = catalogue.form(kind)
    known = {key: fact for key, fact in facts.items() if key in form.by_key}
    given = facts_from_json(known, form)
    return [
        (field.label.get(locale), value(field, given[field.key], locale, zone))
        for field in form.fields
        if field.key in given
    ]


def role_titles(roles: Iterable[str], policy: Policy, locale: Locale) -> str:
    """Name offices: 服務經理、車間主任."""
    return JOIN.get(locale).join(policy.role_title(role, locale) for role in roles)


def _names_of(role: str, policy: Policy) -> set[str]:
    """Return what an office is called in any language: a mailbox that bears its office's name is named once."""
    return set(policy.role_titles(role))


def office_holders(role: str, people: Iterable[Person], policy: Policy, locale: Locale) -> str:
    """Name an office and who holds it: 服務經理 王小明."""
    title = role_titles([role], policy, locale)
    known = _names_of(role, policy)
    names = JOIN.get(locale).join(person.name for person in people if person.name not in known)
    return f"{title} {names}".rstrip()


def party(who: Party, policy: Policy, locale: Locale) -> str:
    """Name somebody who acted: office and name, as far as known."""
    known = set().union(*(_names_of(role, policy) for role in who.roles[:1]))
    name = who.name or ("" if who.roles else who.email)
    words = [role_titles(who.roles[:1], policy, locale), "" if name in known else name]
    named = (" ".join(filter(None, words)) or CUSTOMER_SENDER.get(locale)).replace(" （", "（")
    return named if who.origin is None else PASSED_ON.get(locale).format(who=origin(who.origin), by=named)


def origin(whose: Origin) -> str:
    """Name whose mail was passed on: name and address, as far as known."""
    if not (whose.name and whose.email):
        return whose.name or whose.email
    return f"{whose.name} <{whose.email}>"


def concession(facts: JsonFacts, locale: Locale) -> str:
    """Put what was promised into words; empty if nothing was."""
    promised = [(kind, Decimal(str(facts[kind.value]))) for kind in ConcessionKind if facts.get(kind.value)]
    return JOIN.get(locale).join(_grant(kind, amount, locale) for kind, amount in promised if amount > 0)


def authority(grants: Iterable[Authority], roles: Iterable[str], locale: Locale) -> str:
    """Put what somebody may promise into words: 最多可優惠工時費 30%."""
    mine = set(roles)
    limits: dict[ConcessionKind, Decimal] = {}
    for grant in grants:
        if grant.role in mine:
            limits[grant.kind] = max(limits.get(grant.kind, Decimal(0)), grant.limit)
    if not limits:
        return NO_AUTHORITY.get(locale)
    what = OR.get(locale).join(_grant(kind, limit, locale) for kind, limit in limits.items())
    return UP_TO.get(locale).format(what=what)


def _grant(kind: ConcessionKind, amount: Decimal, locale: Locale) -> str:
    written = percentage(amount) if kind is ConcessionKind.DISCOUNT else money(amount, locale)
    return GRANTS[kind].get(locale).format(amount=written)


def step(event: Event, policy: Policy, locale: Locale) -> str:
    """Put one event into words for the history; empty for what needs no telling."""
    if (said := correction_words.wording(event) or after_words.wording(event, policy)) is not None:
        return said.get(locale).format(**_parts(event, policy, locale))
    found = _STEPS.get(type(event))
    if found is None:
        return ""
    wording, fill = found
    parts = {name: part(event, policy, locale) for name, part in fill.items()}
    return (_by_what_it_says(event, policy) or wording).get(locale).format(**parts)


def _parts(event: Event, policy: Policy, locale: Locale) -> dict[str, str]:
    """Return what the wording of an event after the grade may name; empty where the event does not say it."""
    roles = getattr(event, "roles", None) or (getattr(event, "role", ""),)
    title, opinion = after_words.duty_title(event, policy), str(getattr(event, "opinion", "") or "")
    return {
        "who": party(getattr(event, "by", Party()), policy, locale),
        "role": role_titles(filter(None, roles[:1]), policy, locale),
        "roles": role_titles(filter(None, roles), policy, locale),
        "duty": "" if title is None else title.get(locale),
        "note": str(getattr(event, "note", "") or "—")[:120],
        "opinion": after_words.OPINION.get(locale).format(said=opinion[:120]) if opinion else "",
        "reason": _reason(event, policy, locale) if isinstance(event, Refused) else "",
        "clause": str(getattr(event, "clause", "")),
        **correction_words.parts(event, locale),
    }


def _by_what_it_says(event: Event, policy: Policy) -> Text | None:
    """Return the wording of an event whose wording hangs on more than its kind."""
    match event:
        case Escalated() if event.from_ == event.to:
            return KEPT
        case Penalised():
            return verdicts.PENALTY[event.state]
        case PenaltyWithheld():
            return verdicts.WITHHELD[event.reason]
        case TaskOpened() | TaskDone() | TaskOverdue() if _is_of_calls(event.task, policy):
            return {TaskOpened: callwords.TASK, TaskDone: callwords.TASK_DONE}.get(
                type(event), callwords.TASK_OVERDUE
            )
        case Called() if not event.reached:
            return callwords.NOT_REACHED
        case Refused():
            return verdicts.REFUSED_ASKING.get(event.asked) or callwords.REFUSED_ASKING.get(event.asked)
        case _:
            return None


def _is_of_calls(task: str, policy: Policy) -> bool:
    return policy.follow_up is not None and any(calls.task == task for calls in policy.follow_up.calls)


def penalised(who: Party, role: str, policy: Policy, locale: Locale) -> str:
    """Name whom a penalty concerns: office and name, as far as known."""
    named = Party(roles=(role,) if role else (), name=who.name, email=who.email)
    return party(named, policy, locale)


def _amount(event: Penalised, _policy: Policy, locale: Locale) -> str:
    written = "" if event.amount is None else money(event.amount, locale)
    return written if locale is Locale.EN or not written else f" {written}"


def cause(key: str, policy: Policy, locale: Locale) -> str:
    """Name what was found."""
    known = {} if policy.findings is None else policy.findings.causes
    return known[key].title.get(locale) if key in known else key


def _reason(event: Refused | Penalised, _policy: Policy, locale: Locale) -> str:
    known = verdicts.PENDING if isinstance(event, Penalised) else {**callwords.REFUSALS, **verdicts.REFUSALS}
    if isinstance(event, Refused) and event.asked == "call":
        known = {**known, **callwords.REFUSALS}
    wording = known.get(str(event.reason))
    return "" if wording is None else wording.get(locale)


def _grade(event: Graded | Escalated, policy: Policy, locale: Locale) -> str:
    return policy.grade(event.grade if isinstance(event, Graded) else event.to).title.get(locale)


def _clause(event: Graded, _policy: Policy, _locale: Locale) -> str:
    return event.clause


def _entries(entries: JsonFacts, locale: Locale) -> str:
    """Name the columns a manager wrote in, and what."""
    colon = COLON.get(locale)
    told = (
        column_title(key, locale)
        if value is None
        else f"{column_title(key, locale)}{colon}{_entry(key, value)}"
        for key, value in entries.items()
    )
    return JOIN.get(locale).join(told)


def column_title(key: str, locale: Locale) -> str:
    """Name the column of a note: one of a case, or `appeal 2` or `ruling 2` beside its second penalty."""
    name, _, number = key.partition(" ")
    if name == "call":
        which, _, column = number.rpartition(" ")
        return f"{CALLS.header(column, locale)} {which}"
    if name in ("appeal", "ruling", "ruling_note"):
        return f"{PENALTIES.header(name, locale)} {number}".strip()
    return OPEN.header(key, locale)


def _entry(key: str, value: object) -> str:
    if key == "next_contact" or key.endswith(" called_at"):
        return f"{datetime.fromisoformat(str(value)):%Y-%m-%d %H:%M}"
    return str(value)[:80]


_Teller = Callable[[Any, Policy, Locale], str]
_STEPS: dict[type, tuple[Text, dict[str, _Teller]]] = {
    Opened: (OPENED, {"who": lambda e, p, lo: party(e.sender, p, lo)}),
    Amended: (AMENDED, {}),
    Attached: (ATTACHED, {}),
    Graded: (GRADED, {"grade": _grade, "clause": _clause}),
    Lapsed: (LAPSED, {"who": lambda e, p, lo: role_titles(e.roles, p, lo), "clause": _clause}),
    Escalated: (
        ESCALATED,
        {"grade": _grade, "who": lambda e, p, lo: role_titles((*e.report_to, *e.notify), p, lo)},
    ),
    Reminded: (REMINDED, {"who": lambda e, p, lo: role_titles(e.roles, p, lo)}),
    Reported: (
        REPORTED,
        {
            "who": lambda e, p, lo: party(e.by, p, lo),
            "what": lambda e, _p, _lo: str(e.facts.get("resolution", ""))[:120],
        },
    ),
    Noted: (
        NOTED,
        {"who": lambda e, p, lo: party(e.by, p, lo), "what": lambda e, _p, lo: _entries(e.entries, lo)},
    ),
    Refused: (
        REFUSED,
        {"who": lambda e, p, lo: party(e.by, p, lo), "clause": _clause, "reason": _reason},
    ),
    Resolved: (RESOLVED, {"who": lambda e, p, lo: party(e.by, p, lo)}),
    TaskOpened: (TASK, {"who": lambda e, p, lo: role_titles([e.role], p, lo), "clause": _clause}),
    TaskDone: (TASK_DONE, {"who": lambda e, p, lo: role_titles([e.role], p, lo), "clause": _clause}),
    TaskOverdue: (
        verdicts.TASK_OVERDUE,
        {"who": lambda e, p, lo: role_titles([e.role], p, lo), "clause": _clause},
    ),
    PenaltyWithheld: (
        verdicts.WITHHELD["not-told"],
        {"who": lambda e, p, lo: role_titles([e.role], p, lo), "clause": _clause},
    ),
    Listed: (
        callwords.LISTED,
        {
            "who": lambda e, p, lo: party(e.by, p, lo),
            "day": lambda e, _p, _lo: str(e.day),
            "new": lambda e, _p, _lo: str(len(e.rows)),
        },
    ),
    Drawn: (
        callwords.DRAWN,
        {
            "who": lambda e, p, lo: role_titles([e.role], p, lo),
            "n": lambda e, _p, _lo: str(len(e.customers)),
            "clause": _clause,
        },
    ),
    Called: (callwords.CALLED, {"who": lambda e, p, lo: party(e.by, p, lo), "clause": _clause}),
    Finding: (
        verdicts.FINDING,
        {
            "by": lambda e, p, lo: party(e.by, p, lo),
            "who": lambda e, p, lo: party(e.party, p, lo),
            "what": lambda e, p, lo: cause(e.cause, p, lo),
            "clause": _clause,
        },
    ),
    Penalised: (
        verdicts.PENALTY[PenaltyState.ISSUED],
        {
            "by": lambda e, p, lo: party(e.by, p, lo),
            "who": lambda e, p, lo: penalised(e.party, e.role, p, lo),
            "amount": _amount,
            "n": lambda e, _p, _lo: str(e.penalty),
            "reason": _reason,
            "clause": _clause,
        },
    ),
}
