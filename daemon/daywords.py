"""How the daemon words the mails of the day: what waits, what happened, what could not be delivered."""

from collections.abc import Iterable

from daemon import words
from daemon.ledger import HeldFor
from daemon.site import Site
from rules.locales import Locale, Text


def _text(zh_hant: str, zh_hans: str, en: str) -> Text:
    return Text(zh_hant=zh_hant, zh_hans=zh_hans, en=en)


UNREPORTED = _text("等候回報處理結果", "等待反馈处理结果", "waits for a report")
PARTLY = _text("部分已解決，時限照計", "部分已解决，时限照计", "settled in part; the clock runs on")
STANDING = _text("仍未解決，持續負責", "仍未解决，持续负责", "not resolved; responsible until it is")
INCOMPLETE = _text("抱怨單資料不全，等候補齊", "抱怨单资料不全，等待补齐", "the form lacks required details")
DUTY = _text("{text}（{clause}）", "{text}（{clause}）", "{text} ({clause})")
PENALTY = _text(
    "罰款第 {n} 號：{cause}，{amount}", "罚款第 {n} 号：{cause}，{amount}", "penalty {n}: {cause}, {amount}"
)
AMOUNT_OPEN = _text("金額待定", "金额待定", "amount to be set")
UNREACHED = _text("{what}寄給 {whom}：{why}", "{what}发给 {whom}：{why}", "{what} to {whom}: {why}")

NO_FORM = _text("信中沒有表單", "邮件中没有表单", "there is no form in it")
TAKEN_BEFORE = _text(
    "同一封信先前已經辦理過", "同一封邮件之前已经办理过", "the same message was taken in before"
)
WHY_HELD = {  # a message put aside; `kesu quarantine show` knows more, in the operator's English
    HeldFor.STRANGER: _text("寄件人不在名單內", "发件人不在名单内", "the sender is not on the list"),
    HeldFor.UNVERIFIED: _text(
        "無法確定是寄件人本人寄的", "无法确定是发件人本人发的", "it is not certain that it is its sender's"
    ),
    HeldFor.FORGED: _text("寄件人查驗未通過", "发件人核验未通过", "it failed the sender check"),
    HeldFor.UNCONFIRMED: _text(
        "需要寄件人本人確認，但無法詢問",
        "需要发件人本人确认，但无法询问",
        "its sender would have to confirm it",
    ),
    HeldFor.UNREADABLE: _text("附件無法讀取", "附件无法读取", "a file in it cannot be read"),
    HeldFor.FLAWED: _text(
        "表單有地方需要更正，案件已先立案",
        "表单有地方需要更正，案件已先立案",
        "a form in it has to be mended; its case is open",
    ),
    HeldFor.TOO_LARGE: _text("郵件過大，無法收取", "邮件过大，无法收取", "too large to be taken in"),
    HeldFor.PLACEHOLDER: _text(
        "郵件伺服器給出的不是原信",
        "邮件服务器给出的不是原邮件",
        "the mail server gave a notice in place of it",
    ),
    HeldFor.DEFECT: _text(
        "處理時發生錯誤，請洽系統管理員",
        "处理时发生错误，请联系系统管理员",
        "taking it in failed; please ask the operator",
    ),
}


def holders(roles: Iterable[str], site: Site, locale: Locale) -> str:
    """Name offices and who holds them."""
    named = (words.office_holders(role, site.people(role), site.policy, locale) for role in roles)
    return words.JOIN.get(locale).join(named)
