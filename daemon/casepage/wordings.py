"""The words of the page: headings, labels, states."""

from rules.locales import Text


def _text(zh_hant: str, zh_hans: str, en: str) -> Text:
    return Text(zh_hant=zh_hant, zh_hans=zh_hans, en=en)


TITLE = _text("客戶抱怨案件", "客户抱怨案件", "Customer complaint")
STANDING = _text("目前情形", "目前情况", "How it stands")
COMPLAINT = _text("抱怨了什麼", "抱怨了什么", "What was complained of")
DUTIES = _text("待辦與義務", "待办与义务", "Duties")
PENALTIES = _text("罰款與申訴", "罚款与申诉", "Penalties and appeals")
FILES = _text("附件", "附件", "Files")
OTHERS = _text("這位客戶的其他案件", "该客户的其他案件", "The customer's other cases")
HISTORY = _text("處理經過", "处理经过", "What happened")
MAILS = _text("寄出的郵件", "发出的邮件", "Mails that were sent")
MACHINES = _text("自動回覆與退信", "自动回复与退信", "Automatic replies and bounces")
CLAUSES = _text("引用的條款", "引用的条款", "The clauses cited")

STATUS = _text("狀態", "状态", "Status")
GRADE = _text("等級", "等级", "Grade")
REASON = _text("分級依據", "分级依据", "Why this grade")
OWNERS = _text("負責人", "负责人", "Responsible")
DUE = _text("處理期限", "处理期限", "Due")
OPENED = _text("受理時間", "受理时间", "Opened")
SENDER = _text("送單人", "送单人", "Form sent by")
MISSING = _text("缺少的資料", "缺少的资料", "Still missing")
WARNINGS = _text("請留意", "请留意", "Odd about the form")
LET_IN = _text("放行", "放行", "Let in")
LET_IN_BY = _text(
    "{when}　{who}（郵件原先擱置：{why}）",
    "{when}　{who}（邮件原先搁置：{why}）",
    "{when}　{who} (the mail had been put aside: {why})",
)
RESOLVED_AT = _text("解決時間", "解决时间", "Resolved")
RESOLVED_BY = _text("解決人", "解决人", "Resolved by")
NOTHING_RUNS = _text(
    "目前不另設時限，持續提醒", "目前不另设时限，持续提醒", "no window runs; reminders go on"
)
LEFT = _text("{due}，還有 {span}", "{due}，还有 {span}", "{due}, {span} left")
OVER = _text("{due}，已逾時 {span}", "{due}，已超时 {span}", "{due}, overdue by {span}")

DONE = _text("已完成", "已完成", "done")
OPEN_DUTY = _text("未完成", "未完成", "open")
OVERDUE = _text("已逾期", "已逾期", "overdue")
OWED = _text("{who}，{due} 前", "{who}，{due} 前", "{who}, by {due}")

NUMBER = _text("第 {n} 號", "第 {n} 号", "No. {n}")
AMOUNT_OPEN = _text("金額待定", "金额待定", "amount to be set")

KEPT = _text("在案件資料夾：{where}", "在案件文件夹：{where}", "in the case's folder: {where}")
IN_MAIL = _text(
    "超過保存上限，只留在原始郵件中",
    "超过保存上限，只留在原始邮件中",
    "over the limit; only in the original mail",
)
FILE_FROM = _text("{when} {who} 寄來", "{when} {who} 发来", "sent by {who}, {when}")
MORE = _text("另有 {n} 件較早的案件", "另有 {n} 件较早的案件", "and {n} earlier ones")

SENT = _text("{when} 已被郵件伺服器接收", "{when} 已被邮件服务器接收", "accepted by the mail server {when}")
WAITING = _text("等候寄出", "等候发送", "waiting to be sent")
FAILED = _text("無法寄達：{why}", "无法送达：{why}", "could not be delivered: {why}")
RETURNED = _text(
    "{when} 被退回，未送達：{why}", "{when} 被退回，未送达：{why}", "came back {when}, not delivered: {why}"
)
TRIED = _text("等候重試：{why}", "等候重试：{why}", "waiting to be tried again: {why}")

AS_OF = _text(
    "截至 {when}（{zone}）的案件紀錄，由 kesu 客訴系統產生。",
    "截至 {when}（{zone}）的案件记录，由 kesu 客诉系统生成。",
    "The case as of {when} ({zone}), by kesu.",
)
CONFIDENTIAL = _text(
    "內含個人資料，請勿轉寄給無關的人。",
    "内含个人资料，请勿转发给无关人员。",
    "Contains personal data; please do not pass it on.",
)
NOT_ACTED_ON = _text("僅供參考", "仅供参考", "kept, not acted on")
COUNTED = _text("已處理", "已处理", "acted on")
NONE = _text("沒有", "没有", "none")

TEMPLATES = {
    "acknowledgement": _text("受理通知", "受理通知", "acknowledgement"),
    "form-problems": _text("表單更正通知", "表单更正通知", "problems of a form"),
    "assignment": _text("交辦通知", "交办通知", "assignment"),
    "reminder": _text("提醒", "提醒", "reminder"),
    "escalation": _text("升級通知", "升级通知", "escalation"),
    "overdue": _text("逾時通知", "超时通知", "overdue notice"),
    "penalty": _text("罰款通知", "罚款通知", "penalty notice"),
    "appeal": _text("申訴通知", "申诉通知", "appeal"),
    "ruling": _text("裁定通知", "裁定通知", "ruling"),
    "resolved": _text("解決通知", "解决通知", "resolved"),
    "authority-exceeded": _text("退回或轉呈", "退回或转呈", "refused or sent on"),
    "rectification-order": _text("處理單", "处理单", "rectification order"),
    "rectification-incomplete": _text("處理單退回補填", "处理单退回补填", "rectification order sent back"),
    "approval-request": _text("請求審核", "请求审批", "request for approval"),
    "task-list": _text("待辦清單", "待办清单", "list of duties"),
    "digest": _text("彙總", "汇总", "digest"),
    "urging-note": _text("催辦單", "催办单", "urging note"),
    "query-note": _text("查詢單", "查询单", "query note"),
    "monthly-report": _text("月報", "月报", "monthly report"),
    "agenda": _text("議程", "议程", "agenda"),
    "workbook": _text("總表通知", "总表通知", "about the workbook"),
    "absence": _text("請假通知", "请假通知", "leave and deputies"),
    "changed": _text("異動通知", "变更通知", "change of the case"),
    "confirm-request": _text("請求確認身分", "请求确认身份", "question whose a mail is"),
    "quarantine": _text("被隔離的來信", "被隔离的来信", "mail set aside"),
}

REPORT_REFUSED = {
    "over-authority": _text("承諾超出權限", "承诺超出权限", "more was promised than the authority allows"),
    "not-entitled": _text("不是本案的負責人", "不是本案的负责人", "not one of those responsible"),
    "case-closed": _text("案件已經結束", "案件已经结束", "the case is settled already"),
    "unclear": _text("看不出回報的內容", "看不出反馈的内容", "the report could not be understood"),
}
