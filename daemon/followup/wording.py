"""How the daemon words follow-up calls: lists, draws, results and what is wrong with them (D22–D25, D30)."""

from rules.locales import Text


def _text(zh_hant: str, zh_hans: str, en: str) -> Text:
    return Text(zh_hant=zh_hant, zh_hans=zh_hans, en=en)


# ---------------------------------------------------------------- history
LISTED = _text(
    "{who}寄來 {day} 的交車清單，新增 {new} 筆",
    "{who}发来 {day} 的交车清单，新增 {new} 条",
    "{who} sent the deliveries of {day}: {new} new",
)
DRAWN = _text(
    "{who}應回訪 {n} 位客戶（{clause}）",
    "{who}应回访 {n} 位客户（{clause}）",
    "{who} has {n} to call ({clause})",
)
CALLED = _text("{who}已回訪（{clause}）", "{who}已回访（{clause}）", "Called by {who} ({clause})")
NOT_REACHED = _text(
    "{who}去電未接通（{clause}）", "{who}去电未接通（{clause}）", "Called by {who}, not reached ({clause})"
)
CONTENT = {
    True: _text("滿意", "满意", "satisfied"),
    False: _text("不滿意", "不满意", "not satisfied"),
}
TASK = _text(
    "{who}須完成電話回訪（{clause}）",
    "{who}须完成电话回访（{clause}）",
    "{who} owes follow-up calls ({clause})",
)
TASK_DONE = _text(
    "{who}的電話回訪已全部完成（{clause}）",
    "{who}的电话回访已全部完成（{clause}）",
    "All calls of {who} are made ({clause})",
)
TASK_OVERDUE = _text(
    "{who}的電話回訪逾時未完成（{clause}）",
    "{who}的电话回访超时未完成（{clause}）",
    "The calls of {who} are overdue ({clause})",
)
CLOSED = _text("當日回訪歸檔（{clause}）", "当日回访归档（{clause}）", "The day is filed ({clause})")

REFUSED_ASKING = {
    "deliveries": _text(
        "{who}寄來的交車清單沒有新增內容（{clause}）",
        "{who}发来的交车清单没有新增内容（{clause}）",
        "Nothing was new on the delivery list of {who} ({clause})",
    ),
    "call": _text(
        "退回{who}的回訪結果：{reason}（{clause}）",
        "退回{who}的回访结果：{reason}（{clause}）",
        "A call result of {who} was refused: {reason} ({clause})",
    ),
}

# ---------------------------------------------------------------- how they were drawn
WHOLE = _text("{pool} 位客戶全部回訪", "{pool} 位客户全部回访", "All {pool} customers are called")
SAMPLE = _text(
    "{pool} 位客戶的 {share} 為 {exact} 位，進位為 {n} 位；依日期、回訪項目和客戶的雜湊值（SHA-256）"
    "由小到大抽出，任何人都可以重算（kesu calls {number}）",
    "{pool} 位客户的 {share} 为 {exact} 位，进位为 {n} 位；按日期、回访项目和客户的哈希值（SHA-256）"
    "从小到大抽出，任何人都可以重算（kesu calls {number}）",
    "{share} of {pool} customers are {exact}, rounded up {n}: those whose hash (SHA-256) of day, duty and customer is "
    "lowest, which anybody can compute again (kesu calls {number})",
)

# ---------------------------------------------------------------- marks in lists
NEW = _text("新增", "新增", "new")
KEY_CUSTOMER = _text("重點客戶", "重点客户", "key customer")
TRIED = _text("去電未接通", "去电未接通", "called, not reached")
NAMED = _text("{customer}的電話回訪", "{customer}的电话回访", "the follow-up call to {customer}")
OF_A_DAY = _text("{day} 交車回訪", "{day} 交车回访", "Follow-up calls of {day}")
MADE = _text(
    "電話回訪，已完成 {made}／{total}",
    "电话回访，已完成 {made}／{total}",
    "follow-up calls, {made} of {total} made",
)
TO_VISIT = _text("今日到期的重點客戶回訪", "今日到期的重点客户回访", "Key customers to be called again today")

# ---------------------------------------------------------------- what is wrong with a row
FUTURE_DAY = _text(
    "是未來的日期，最多只能提前一天；請確認",
    "是未来的日期，最多只能提前一天；请确认",
    "lies in the future; lists may come one day ahead at most",
)
OLD_DAY = _text(
    "是 {days} 天以前的日期，不再安排回訪；請確認",
    "是 {days} 天以前的日期，不再安排回访；请确认",
    "is more than {days} days ago; nobody is called so late",
)
REACHED_MISSING = _text("請填是否接通", "请填是否接通", "please say whether the customer was reached")
CALLED_LATER = _text("是未來的時間，請確認", "是未来的时间，请确认", "lies in the future; please check")
CALLED_EARLIER = _text("早於交車日期，請確認", "早于交车日期，请确认", "is before the car was handed over")
LIST_TWICE = _text(
    "清單內容先前已全部收過，沒有新增",
    "清单内容之前已全部收到，没有新增",
    "everything on it was known already; nothing new",
)
NO_FOLLOW_UP = _text(
    "目前的規則沒有電話回訪", "目前的规则没有电话回访", "the rules in force know no follow-up calls"
)
REFUSALS = {
    "not-on-list": _text("不在任何交車清單上", "不在任何交车清单上", "is on no delivery list"),
    "not-entitled": _text("這位客戶不是由您回訪", "这位客户不是由您回访", "is not for you to call"),
    "already-recorded": _text("先前已登錄過", "之前已登记过", "was recorded before"),
    "nothing-asked": _text("沒有待辦的回訪", "没有待办的回访", "no call is asked for"),
}
DUTY_LINE = _text("{who}：{n} 位，{due} 前", "{who}：{n} 位，{due} 前", "{who}: {n}, by {due}")
DUTY_LATE = _text(
    "{who}：{n} 位；清單已逾回訪時限，不罰",
    "{who}：{n} 位；清单已过回访时限，不罚",
    "{who}: {n}; the list came too late, nobody is fined",
)
LIST_COUNTS = _text("新增 {new} 筆{known}", "新增 {new} 条{known}", "{new} new{known}")
KNOWN = _text("，{n} 筆先前收過", "，{n} 条之前已收到", ", {n} known already")
NOBODY_NEW = _text("沒有新增回訪", "没有新增回访", "no further calls")
UNLISTED = _text(
    "收到一筆回訪結果，但沒有任何交車清單列有這位客戶",
    "收到一条回访结果，但没有任何交车清单列有这位客户",
    "A call result came for a customer who is on no delivery list",
)
LABELS = {
    "delivered_on": _text("交車日期", "交车日期", "Handed over on"),
    "reached": _text("是否接通", "是否接通", "Reached"),
    "called_at": _text("回訪時間", "回访时间", "Called at"),
}
