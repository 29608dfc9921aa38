"""What somebody is asked back whose request to change a case is not clear, with an example of how to write it."""

from parsers.change_verbs import ChangeKind
from parsers.wordings import say
from rules.locales import Text

_EXAMPLES: dict[ChangeKind, tuple[str, str, str]] = {
    ChangeKind.CORRECT: (
        "更正 維修金額=2400 原因：客戶補送發票",
        "更正 维修金额=2400 原因：客户补送发票",
        "correct repair amount=2400 because the customer sent the invoice",
    ),
    ChangeKind.REASSIGN: (
        "改派 售後總監 原因：服務經理是當事人",
        "改派 售后总监 原因：服务经理是当事人",
        "reassign to after-sales director because the service manager is involved",
    ),
    ChangeKind.MERGE: (
        "併入 KS-20261123-002 原因：同一位客戶的同一件事",
        "并入 KS-20261123-002 原因：同一位客户的同一件事",
        "merge into KS-20261123-002 because it is the same matter",
    ),
    ChangeKind.WITHDRAW: (
        "撤案 原因：客戶表示是誤會",
        "撤案 原因：客户表示是误会",
        "withdraw because the customer said it was a mistake",
    ),
    ChangeKind.REOPEN: (
        "重啟 原因：客戶表示問題沒有解決",
        "重启 原因：客户表示问题没有解决",
        "reopen because the customer says it is not solved",
    ),
    ChangeKind.HOLD: (
        "暫停至 11/25 12:00 原因：等候零件到貨",
        "暂停至 11/25 12:00 原因：等待零件到货",
        "hold until 2026-11-25 12:00 because parts are on order",
    ),
    ChangeKind.RELEASE: ("恢復計時", "恢复计时", "resume"),
}


def example(kind: ChangeKind) -> Text:
    """Return how to write such a request."""
    return say(*_EXAMPLES[kind])


def which_change(kind: ChangeKind, shown: str) -> Text:
    """Say that a request is not clear, and how to write it."""
    hant, hans, en = _EXAMPLES[kind]
    return say(
        f"「{shown}」看不出確切的要求，案件沒有更動。請寫例如「{hant}」",
        f"“{shown}”看不出确切的要求，案件没有改动。请写例如“{hans}”",
        f"'{shown}' does not say clearly what to change, and nothing was changed; write for example '{en}'",
    )


def why_change(kind: ChangeKind, shown: str) -> Text:
    """Say that a request lacks its reason, and how to write it."""
    hant, hans, en = _EXAMPLES[kind]
    return say(
        f"「{shown}」沒有寫原因，案件沒有更動。請連同原因再寫一次，例如「{hant}」",
        f"“{shown}”没有写原因，案件没有改动。请连同原因再写一次，例如“{hans}”",
        f"'{shown}' gives no reason, and nothing was changed; write it again with the reason, for example '{en}'",
    )


def which_office(shown: str) -> Text:
    """Ask to whom a case is to go."""
    hant, hans, en = _EXAMPLES[ChangeKind.REASSIGN]
    return say(
        f"「{shown}」看不出要改派給誰，案件沒有更動。請寫職務、姓名或電子郵件地址，例如「{hant}」",
        f"“{shown}”看不出要改派给谁，案件没有改动。请写职务、姓名或电子邮件地址，例如“{hans}”",
        f"'{shown}' does not say clearly who is to take over, and nothing was changed; write an office, a name or an "
        f"address, for example '{en}'",
    )


def no_such_field(shown: str) -> Text:
    """Say that the form has no such field."""
    hant, hans, en = _EXAMPLES[ChangeKind.CORRECT]
    return say(
        f"抱怨單沒有「{shown}」這個欄位，案件沒有更動。請用抱怨單上的欄位名稱，例如「{hant}」",
        f"抱怨单没有“{shown}”这个栏目，案件没有改动。请用抱怨单上的栏目名称，例如“{hans}”",
        f"the form has no field '{shown}', and nothing was changed; use the names that stand on the form, for example "
        f"'{en}'",
    )


def value_missing(label: Text) -> Text:
    """Say that nothing stands behind a field."""
    return say(
        f"「{label.zh_hant}」後面沒有寫正確的內容，案件沒有更動；確實沒有內容時請寫「無」",
        f"“{label.zh_hans}”后面没有写正确的内容，案件没有改动；确实没有内容时请写“无”",
        f"nothing stands behind '{label.en}', and nothing was changed; write 'none' where there is none",
    )
