"""How the daemon words the mails of the day: what waits, what happened, what could not be delivered."""

from collections.abc import Iterable

from daemon import words
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


def holders(roles: Iterable[str], site: Site, locale: Locale) -> str:
    """Name offices and who holds them."""
    named = (words.office_holders(role, site.people(role), site.policy, locale) for role in roles)
    return words.JOIN.get(locale).join(named)
