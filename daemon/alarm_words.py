"""What the second channel says, in three languages. It names parts of the house, never customers."""

from rules.locales import Text

TROUBLE = Text(zh_hant="警報", zh_hans="警报", en="alarm")
TEST = Text(zh_hant="測試", zh_hans="测试", en="test")
NEWS = Text(zh_hant="通知", zh_hans="通知", en="notices")
TESTED = Text(
    zh_hant="這是一則測試訊息：收到即表示警報管道可用。",
    zh_hans="这是一条测试消息：收到即表示警报渠道可用。",
    en="This is a test: whoever reads it gets the alarms.",
)
SINCE = Text(
    zh_hant="{what}（自 {since} 起）：{reason}",
    zh_hans="{what}（自 {since} 起）：{reason}",
    en="{what} (since {since}): {reason}",
)
STILL = Text(zh_hant="仍未恢復：{said}", zh_hans="仍未恢复：{said}", en="Still so: {said}")
OVER = Text(
    zh_hant="已恢復：{what}（自 {since} 起）",
    zh_hans="已恢复：{what}（自 {since} 起）",
    en="It works again: {what} (since {since})",
)
MORE = Text(zh_hant="另有 {count} 則", zh_hans="另有 {count} 条", en="and {count} more")
DUE = Text(zh_hant="期限 {due}", zh_hans="期限 {due}", en="due {due}")

WHAT = {
    "mailbox": Text(zh_hant="收信信箱連不上", zh_hans="收件邮箱连不上", en="The mailbox cannot be read"),
    "smtp": Text(zh_hant="郵件寄不出去", zh_hans="邮件发不出去", en="No mail can be sent"),
    "outbox": Text(zh_hant="待寄郵件積壓", zh_hans="待发邮件积压", en="Mail waits to be sent"),
    "care": Text(
        zh_hant="客戶關愛部收不到郵件",
        zh_hans="客户关爱部收不到邮件",
        en="Customer care cannot be reached by mail",
    ),
    "workbook": Text(zh_hant="總表無法寫入", zh_hans="总表无法写入", en="The workbook cannot be written"),
    "ledger": Text(zh_hant="帳本無法使用", zh_hans="账本无法使用", en="The ledger cannot be used"),
    "disk": Text(zh_hant="磁碟空間不足", zh_hans="磁盘空间不足", en="The disk is nearly full"),
    "channel": Text(
        zh_hant="程式的一部分停止運作", zh_hans="程序的一部分停止运行", en="A part of kesu does not work"
    ),
}
WAITING = Text(zh_hant="{count} 封待寄", zh_hans="{count} 封待发", en="{count} to be sent")
FREE = Text(zh_hant="只剩 {free} MB", zh_hans="只剩 {free} MB", en="{free} MB left")
ENDED = Text(zh_hant="{part} 已停止", zh_hans="{part} 已停止", en="{part} has ended")
FAILS = Text(
    zh_hant="{part} 一再出錯（{error}）", zh_hans="{part} 反复出错（{error}）", en="{part} fails ({error})"
)
WORKBOOK = {
    "unwritable": Text(zh_hant="無法寫入 {name}", zh_hans="无法写入 {name}", en="{name} cannot be written"),
    "unreadable": Text(zh_hant="無法辨認 {name}", zh_hans="无法识别 {name}", en="{name} is not recognised"),
    "emptied": Text(zh_hant="{name} 像是被清空了", zh_hans="{name} 像是被清空了", en="{name} looks emptied"),
}
