"""What stands in the master workbook: the one registry of its sheets and columns.

A new sheet or column is added here and nowhere else in this package.
"""

from dataclasses import replace

from rules.locales import Text
from sheets.calls import calls_sheet
from sheets.columns import Column, ColumnKind, Owner, Sheet
from sheets.texts import say

# How a penalty stands (D26–D31).
PENALTY_STATES = {
    "proposed": say("待確認", "待确认", "Proposed"),
    "pending": say("待定金額", "待定金额", "Amount to be set"),
    "issued": say("已開立", "已开立", "Issued"),
    "appealed": say("申訴中", "申诉中", "Appealed"),
    "upheld": say("維持", "维持", "Upheld"),
    "revoked": say("撤銷", "撤销", "Revoked"),
    "dropped": say("不罰", "不罚", "Dropped"),
}

# What whoever rules on an appeal may decide (D31), by the decisions of the command.
RULINGS = {
    "uphold": say("維持", "维持", "Uphold"),
    "revoke": say("撤銷", "撤销", "Revoke"),
}

# How a case stands, as the status columns show it; `partly` is an open case of which a part was reported settled.
STATUSES = {
    "incomplete": say("待補資料", "待补资料", "Incomplete"),
    "open": say("處理中", "处理中", "Open"),
    "partly": say("部分解決", "部分解决", "Partly resolved"),
    "resolved": say("已解決", "已解决", "Resolved"),
    "closed": say("已結案", "已结案", "Closed"),
    "withdrawn": say("已撤案", "已撤案", "Withdrawn"),
    "merged": say("已併案", "已并案", "Merged"),
}

# What a manager may ask to change of a case (K06, K07), by the keys of the replies that ask the same.
DISPOSALS = {
    "correct": say("更正", "更正", "Correct"),
    "reassign": say("改派", "改派", "Reassign"),
    "merge": say("併入", "并入", "Merge"),
    "withdraw": say("撤案", "撤案", "Withdraw"),
    "hold": say("暫停", "暂停", "Hold"),
    "release": say("恢復計時", "恢复计时", "Resume"),
    "reopen": say("重啟", "重启", "Reopen"),
}


def _ours(key: str, kind: ColumnKind, width: float, header: Text, help_: Text) -> Column:
    return Column(key, header, width, kind, Owner.DAEMON, help_)


def _theirs(
    key: str, kind: ColumnKind, width: float, header: Text, help_: Text, choices: tuple[Text, ...] = ()
) -> Column:
    return Column(key, header, width, kind, Owner.MANAGER, help_, choices)


_CASE_NUMBER = _ours(
    "case_number",
    ColumnKind.TEXT,
    17,
    say("案件編號", "案件编号", "Case number"),
    say(
        "系統給的編號，郵件主旨也以它開頭。",
        "系统给的编号，邮件主题也以它开头。",
        "Given by the system; every mail's subject begins with it.",
    ),
)
_GRADE = _ours(
    "grade",
    ColumnKind.TEXT,
    10.5,
    say("等級", "等级", "Grade"),
    say(
        "目前的等級；逾時未解決會自動升級。",
        "目前的等级；超时未解决会自动升级。",
        "The present grade; it rises when a window lapses.",
    ),
)
_STATUS = _theirs(
    "status",
    ColumnKind.TEXT,
    13,
    say("狀態", "状态", "Status"),
    say(
        "從清單選：處理中、部分解決、已解決。選「已解決」前請先填處理方案。",
        "从列表选：处理中、部分解决、已解决。选“已解决”前请先填处理方案。",
        "Choose from the list. Fill in the resolution before you choose Resolved.",
    ),
    choices=(STATUSES["open"], STATUSES["partly"], STATUSES["resolved"]),
)
_DUE_AT = _ours(
    "due_at",
    ColumnKind.DATETIME,
    16.5,
    say("處理期限", "处理期限", "Due at"),
    say(
        "此時之前要解決，逾時即升級；紅色已逾時，琥珀色不到 30 分鐘。",
        "此时之前要解决，超时即升级；红色已超时，琥珀色不到 30 分钟。",
        "To be resolved by then, or it escalates; red is overdue, amber under 30 minutes.",
    ),
)
_REMAINING = _ours(
    "remaining",
    ColumnKind.REMAINING,
    11,
    say("剩餘時間", "剩余时间", "Time left"),
    say(
        "距處理期限還有幾小時幾分，隨 Excel 重算更新；負數是已逾時。",
        "距处理期限还有几小时几分，随 Excel 重算更新；负数表示已超时。",
        "Hours and minutes until due, as of Excel's last calculation; negative when overdue.",
    ),
)
_OWNER = _ours(
    "owner",
    ColumnKind.TEXT,
    17,
    say("負責人", "负责人", "Responsible"),
    say("現在該處理的人。", "现在该处理的人。", "Who has to act now."),
)
_DEPARTMENT = _ours(
    "department",
    ColumnKind.TEXT,
    13.5,
    say("部門", "部门", "Department"),
    say("售後或銷售。", "售后或销售。", "After-sales or sales."),
)
_CUSTOMER_NAME = _ours(
    "customer_name",
    ColumnKind.TEXT,
    13,
    say("客戶姓名", "客户姓名", "Customer"),
    say("表單上的客戶。", "表单上的客户。", "The customer on the form."),
)
_CUSTOMER_PHONE = _ours(
    "customer_phone",
    ColumnKind.TEXT,
    15.5,
    say("聯絡電話", "联系电话", "Phone"),
    say(
        "以文字保存，開頭的 0 不會不見。",
        "以文本保存，开头的 0 不会丢失。",
        "Kept as text, so leading zeros survive.",
    ),
)
_PLATE_NO = _ours(
    "plate_no",
    ColumnKind.TEXT,
    12,
    say("車牌號碼", "车牌号码", "Plate no."),
    say("表單上的車牌。", "表单上的车牌。", "The plate on the form."),
)
_CATEGORY = _ours(
    "category",
    ColumnKind.TEXT,
    13.5,
    say("抱怨類型", "抱怨类型", "Category"),
    say("客戶抱怨的是哪一類的事。", "客户抱怨的是哪一类事。", "What kind of thing is complained of."),
)
_DESCRIPTION = _ours(
    "description",
    ColumnKind.PROSE,
    38,
    say("抱怨內容", "抱怨内容", "Description"),
    say(
        "表單上的經過；全文在表單原件裡。",
        "表单上的经过；全文见原表单。",
        "What happened, as the form tells it.",
    ),
)
_REPAIR_AMOUNT = _ours(
    "repair_amount",
    ColumnKind.MONEY,
    15,
    say("維修金額", "维修金额", "Repair amount"),
    say(
        "元，決定售後案件的等級。",
        "元，决定售后案件的等级。",
        "CNY; decides the grade of after-sales cases.",
    ),
)
_SOURCE = _ours(
    "source",
    ColumnKind.TEXT,
    12.5,
    say("抱怨來源", "抱怨来源", "Source"),
    say(
        "從哪裡知道的：來店、來電、廠家工單……",
        "从哪里得知：来店、来电、厂家工单……",
        "Where it came from: walk-in, phone, work order …",
    ),
)
_OPENED_AT = _ours(
    "opened_at",
    ColumnKind.DATETIME,
    16.5,
    say("立案時間", "立案时间", "Opened at"),
    say(
        "表單進來、時鐘開始走的時間。",
        "表单进来、开始计时的时间。",
        "When the form came in and the clock began.",
    ),
)
_LAPSES = _ours(
    "lapses",
    ColumnKind.NUMBER,
    10,
    say("逾時次數", "超时次数", "Lapses"),
    say("有幾個期限沒趕上。", "有几个期限没有赶上。", "How many windows were missed."),
)
_FEEDBACK_DUE = _ours(
    "feedback_due",
    ColumnKind.DATETIME,
    16.5,
    say("回饋期限", "反馈期限", "Feedback due"),
    say(
        "客戶關愛部發出的單，部門總監須在此時前回饋。",
        "客户关爱部发出的单，部门总监须在此时前反馈。",
        "For forms issued by customer care: the director reports back by then.",
    ),
)
_RESOLUTION = _theirs(
    "resolution",
    ColumnKind.PROSE,
    32,
    say("處理方案", "处理方案", "Resolution"),
    say(
        "怎麼處理的。解決前先寫在這裡，再把狀態改為「已解決」。",
        "怎么处理的。解决前先写在这里，再把状态改为“已解决”。",
        "What was done. Write it here first, then set the status to Resolved.",
    ),
)
_CONCESSION = _theirs(
    "concession",
    ColumnKind.TEXT,
    18,
    say("優惠內容", "优惠内容", "Concession"),
    say(
        "答應客戶的優惠，例：工時費 20%、精品 300 元、現金 500 元；沒有就留白。超出權限會退回並轉呈。",
        "答应客户的优惠，例：工时费 20%、精品 300 元、现金 500 元；没有就留空。超出权限会退回并上报。",
        "What was promised, e.g. labour 20%, gift 300, cash 500; empty if nothing. Over authority it is refused "
        "and sent on.",
    ),
)
_RESOLVED_AT = _ours(
    "resolved_at",
    ColumnKind.DATETIME,
    16.5,
    say("解決時間", "解决时间", "Resolved at"),
    say(
        "解決的時間，從此不再計時。",
        "解决的时间，此后不再计时。",
        "When it was settled and the clock stopped.",
    ),
)
_RESOLVED_BY = _ours(
    "resolved_by",
    ColumnKind.TEXT,
    17,
    say("解決人", "解决人", "Resolved by"),
    say("回報解決的人。", "回报解决的人。", "Who reported it settled."),
)
_LAST_ACTION = _ours(
    "last_action",
    ColumnKind.PROSE,
    28,
    say("最近動態", "最近动态", "Last action"),
    say("最近發生的一件事。", "最近发生的一件事。", "What happened last."),
)
_INCOMPLETE = _ours(
    "incomplete",
    ColumnKind.MARK,
    12.5,
    say("資料不全", "资料不全", "Incomplete"),
    say(
        "有 ● 的案件缺必填資料，由客戶關愛部補齊。",
        "有 ● 的案件缺必填资料，由客户关爱部补齐。",
        "● marks cases that lack required facts; customer care completes them.",
    ),
)
_WARNINGS = _ours(
    "warnings",
    ColumnKind.PROSE,
    26,
    say("提醒", "提醒", "Warnings"),
    say(
        "表單上不尋常、但不妨礙立案的地方。",
        "表单上不寻常、但不影响立案的地方。",
        "What was odd about the form without keeping it from being opened.",
    ),
)
_REMARKS = _theirs(
    "remarks",
    ColumnKind.PROSE,
    30,
    say("備註", "备注", "Remarks"),
    say("主管自由填寫。", "主管自由填写。", "For managers' own notes."),
)
_NEXT_CONTACT = _theirs(
    "next_contact",
    ColumnKind.DATETIME,
    16.5,
    say("下次聯絡", "下次联系", "Next contact"),
    say(
        "打算何時再聯絡客戶，例：2026-11-21 14:30。",
        "打算何时再联系客户，例：2026-11-21 14:30。",
        "When to contact the customer again, e.g. 2026-11-21 14:30.",
    ),
)
_REFUSAL = _ours(
    "refusal",
    ColumnKind.PROSE,
    46,
    say("退回原因", "退回原因", "Not accepted"),
    say(
        "您填的內容若沒有被接受，原因寫在這裡；改好之後會自動清除，也可以自己刪掉。",
        "您填的内容若没有被接受，原因写在这里；改好之后会自动清除，也可以自己删掉。",
        "Why an entry of yours was not accepted; it goes away once mended, or delete it yourself.",
    ),
)
_TOOK = _ours(
    "took",
    ColumnKind.HOURS,
    18,
    say("解決用時（小時）", "解决用时（小时）", "Hours to resolve"),
    say("從立案到解決用了幾小時。", "从立案到解决用了几小时。", "From opening to resolution, in hours."),
)
_SETTLED = _ours(
    "status",
    ColumnKind.TEXT,
    11,
    say("狀態", "状态", "Status"),
    say("案件最後的狀態。", "案件最后的状态。", "How the case ended."),
)
_SETTLEMENT = _ours(
    "resolution",
    ColumnKind.PROSE,
    32,
    say("處理方案", "处理方案", "Resolution"),
    say("回報的處理方案。", "上报的处理方案。", "The resolution as reported."),
)
_GRANTED = _ours(
    "concession",
    ColumnKind.TEXT,
    18,
    say("優惠內容", "优惠内容", "Concession"),
    say("給客戶的折扣、贈品或現金。", "给客户的折扣、赠品或现金。", "Discount, gift or cash granted."),
)
_AT = _ours(
    "at",
    ColumnKind.DATETIME,
    16.5,
    say("時間", "时间", "Time"),
    say(
        "發生的時間，最新的在最上面。", "发生的时间，最新的在最上面。", "When it happened; the newest on top."
    ),
)
_ACTION = _ours(
    "action",
    ColumnKind.PROSE,
    80,
    say("動作", "动作", "What was done"),
    say("系統做了什麼。", "系统做了什么。", "What the system did."),
)
_CLAUSE = _ours(
    "clause",
    ColumnKind.TEXT,
    10,
    say("條款", "条款", "Clause"),
    say("依據的條款。", "依据的条款。", "The clause it follows from."),
)

_FAULT_OF = _theirs(
    "fault_of",
    ColumnKind.TEXT,
    14,
    say("責任人", "责任人", "Person at fault"),
    say(
        "客戶關愛部調查後填：姓名或職務。和「責任認定」都填了才算。",
        "客户关爱部调查后填：姓名或职务。和“责任认定”都填了才算。",
        "Customer care fills in a name or an office; it counts once the finding stands beside it.",
    ),
)
_FAULT = _theirs(
    "fault",
    ColumnKind.TEXT,
    16,
    say("責任認定", "责任认定", "Finding"),
    say(
        "例：失職、處理不當、查無過失。有罰款的，先用郵件請客戶關愛部確認。",
        "例：失职、处理不当、查无过失。有罚款的，先用邮件请客户关爱部确认。",
        "E.g. neglect, improper, no fault. What it costs is first confirmed by customer care by e-mail.",
    ),
)
_PENALTY_NUMBER = _ours(
    "penalty_number",
    ColumnKind.TEXT,
    19,
    say("處罰編號", "处罚编号", "Penalty number"),
    say("案件編號加上第幾號。", "案件编号加上第几号。", "The case number and which of its penalties."),
)
_PENALISED = _ours(
    "penalised",
    ColumnKind.TEXT,
    20,
    say("受罰人", "受罚人", "Person"),
    say("職務和姓名。", "职务和姓名。", "Office and name."),
)
_CAUSE = _ours(
    "cause",
    ColumnKind.TEXT,
    22,
    say("事由", "事由", "Cause"),
    say("為什麼處罰。", "为什么处罚。", "What for."),
)
_AMOUNT = _ours(
    "amount",
    ColumnKind.MONEY,
    12,
    say("金額", "金额", "Amount"),
    say("元；空白表示待定。", "元；空白表示待定。", "CNY; empty where it has to be set."),
)
_PENALTY_STATE = _ours(
    "state",
    ColumnKind.TEXT,
    12,
    say("處罰狀態", "处罚状态", "State"),
    say(
        "待確認、待定金額、已開立、申訴中、維持、撤銷、不罰。",
        "待确认、待定金额、已开立、申诉中、维持、撤销、不罚。",
        "Proposed, pending, issued, appealed, upheld, revoked or dropped.",
    ),
)
_IMPOSED_AT = _ours(
    "imposed_at",
    ColumnKind.DATETIME,
    16.5,
    say("提出時間", "提出时间", "Raised at"),
    say("何時提出的。", "何时提出的。", "When it was raised."),
)
_CHANGED_AT = _ours(
    "changed_at",
    ColumnKind.DATETIME,
    16.5,
    say("更新時間", "更新时间", "Changed at"),
    say("狀態何時改變的。", "状态何时改变的。", "When its state changed last."),
)
_APPEAL = _theirs(
    "appeal",
    ColumnKind.PROSE,
    34,
    say("申訴理由", "申诉理由", "Appeal"),
    say(
        "受罰人對已開立的處罰寫下理由，即提出申訴；裁決期間暫停執行。",
        "受罚人对已开立的处罚写下理由，即提出申诉；裁决期间暂停执行。",
        "The person's reasons against an issued penalty; it is suspended until it is ruled on.",
    ),
)
_RULING = _theirs(
    "ruling",
    ColumnKind.TEXT,
    11,
    say("裁定", "裁定", "Ruling"),
    say(
        "申訴中的才能填，要連同裁定理由。系統發郵件請裁定人確認，他回覆後才生效；裁定後自動清空。",
        "申诉中的才能填，要连同裁定理由。系统发邮件请裁定人确认，他回复后才生效；裁定后自动清空。",
        "Against an appeal, with its reason. Counts once whoever rules confirms it by e-mail; then it is cleared.",
    ),
    tuple(RULINGS.values()),
)
_RULING_NOTE = _theirs(
    "ruling_note",
    ColumnKind.PROSE,
    34,
    say("裁定理由", "裁定理由", "Ruling: why"),
    say(
        "為什麼維持或撤銷；和「裁定」都填了才請裁定人確認。",
        "为什么维持或撤销；和“裁定”都填了才请裁定人确认。",
        "Why it is upheld or revoked; whoever rules is asked once both cells are filled in.",
    ),
)
_REVIEW = _theirs(
    "review",
    ColumnKind.PROSE,
    22,
    say("審核", "审核", "Review"),
    say(
        "處理單等候審閱時填「同意」，或「退回」加原因；生效後自動清空，未被採納的原因寫在「退回原因」。",
        "处理单等待审阅时填“同意”，或“退回”加原因；生效后自动清空，未被采纳的原因写在“退回原因”。",
        "Where an order waits for its review: approve, or reject and the reason. Cleared once it is carried out.",
    ),
)
_INFORMED_AT = _theirs(
    "customer_informed_at",
    ColumnKind.DATETIME,
    16.5,
    say("告知客戶時間", "告知客户时间", "Customer told at"),
    say(
        "何時把處理結果告訴了客戶，例：2026-11-21 14:30；沒填不能結案。",
        "何时把处理结果告诉了客户，例：2026-11-21 14:30；没填不能结案。",
        "When the customer was told the outcome, e.g. 2026-11-21 14:30; no case closes before.",
    ),
)
_OPINION = _theirs(
    "customer_opinion",
    ColumnKind.PROSE,
    28,
    say("客戶意見", "客户意见", "Customer's opinion"),
    say(
        "客戶對處理結果怎麼說。",
        "客户对处理结果怎么说。",
        "What the customer says of the outcome.",
    ),
)
_LACKING = _ours(
    "lacking",
    ColumnKind.PROSE,
    30,
    say("結案尚缺", "结案尚缺", "Missing to close"),
    say(
        "結案前還缺什麼；都齊了系統會自動結案。",
        "结案前还缺什么；都齐了系统会自动结案。",
        "What is missing before the case can be closed; it closes by itself once nothing is.",
    ),
)
_ATTACHMENTS = _ours(
    "attachments",
    ColumnKind.LINK,
    32,
    say("附件", "附件", "Files"),
    say(
        "隨案寄來的照片、發票等；點一下打開資料夾，括號裡是檔案數。",
        "随案发来的照片、发票等；点一下打开文件夹，括号里是文件数。",
        "Photos, invoices and the like; a click opens their folder, in brackets how many they are.",
    ),
)
_DISPOSAL = _theirs(
    "disposal",
    ColumnKind.TEXT,
    12,
    say("處置", "处置", "Change"),
    say(
        "要更正、改派、併入、撤案、暫停或恢復計時，從清單選，再在「處置說明」寫清楚；辦好後兩格會清空。",
        "要更正、改派、并入、撤案、暂停或恢复计时，从列表选，再在“处置说明”写清楚；办好后两格会清空。",
        "Choose what to change and explain it beside; both cells are emptied once it is done.",
    ),
    tuple(DISPOSALS[key] for key in ("correct", "reassign", "merge", "withdraw", "hold", "release")),
)
_DISPOSAL_NOTE = _theirs(
    "disposal_note",
    ColumnKind.PROSE,
    34,
    say("處置說明", "处置说明", "Change: what and why"),
    say(
        "內容與原因。更正：維修金額=2400 原因：補送發票；改派：售後總監 原因：…；暫停：至 11/25 12:00 原因：等零件。",
        "内容与原因。更正：维修金额=2400 原因：补送发票；改派：售后总监 原因：…；暂停：至 11/25 12:00 原因：等零件。",
        "What and why, e.g. repair amount=2400 because …; after-sales director because …; until 11/25 12:00 because …",
    ),
)
_REDISPOSAL = replace(_DISPOSAL, choices=tuple(DISPOSALS[key] for key in ("reopen", "correct")))
KEY_COLUMN = "case_number"
DUE_COLUMN = "due_at"
REFUSAL_COLUMN = "refusal"

# What hardly two cases have in common.
_OF_THE_FORM = ("customer_name", "customer_phone", "plate_no", "description", "repair_amount", "opened_at")

OPEN = Sheet(
    key="open",
    title=say("未結案件", "未结案件", "Open cases"),
    table="KesuCases",
    columns=(
        _CASE_NUMBER,
        _GRADE,
        _CUSTOMER_NAME,
        _CATEGORY,
        _DESCRIPTION,
        _OWNER,
        _DUE_AT,
        _REMAINING,
        _STATUS,
        _RESOLUTION,
        _CONCESSION,
        _REFUSAL,
        _REMARKS,
        _NEXT_CONTACT,
        _CUSTOMER_PHONE,
        _PLATE_NO,
        _DEPARTMENT,
        _REPAIR_AMOUNT,
        _SOURCE,
        _OPENED_AT,
        _LAPSES,
        _FEEDBACK_DUE,
        _INCOMPLETE,
        _WARNINGS,
        _LAST_ACTION,
        _FAULT_OF,
        _FAULT,
        _ATTACHMENTS,
        _REVIEW,
        _DISPOSAL,
        _DISPOSAL_NOTE,
    ),
    key_column="case_number",
    essential=True,
    telling=(*_OF_THE_FORM, "due_at", "feedback_due"),
)

CLOSED = Sheet(
    key="closed",
    title=say("近期結案", "近期结案", "Recently closed"),
    table="KesuClosed",
    columns=(
        _CASE_NUMBER,
        _GRADE,
        _CUSTOMER_NAME,
        _CATEGORY,
        _DESCRIPTION,
        _SETTLED,
        _SETTLEMENT,
        _GRANTED,
        _RESOLVED_AT,
        _TOOK,
        _RESOLVED_BY,
        _LAPSES,
        _REMARKS,
        _NEXT_CONTACT,
        _REFUSAL,
        _CUSTOMER_PHONE,
        _PLATE_NO,
        _DEPARTMENT,
        _REPAIR_AMOUNT,
        _SOURCE,
        _OPENED_AT,
        _FAULT_OF,
        _FAULT,
        _ATTACHMENTS,
        _REVIEW,
        _INFORMED_AT,
        _OPINION,
        _LACKING,
        _REDISPOSAL,
        _DISPOSAL_NOTE,
    ),
    key_column="case_number",
    telling=(*_OF_THE_FORM, "resolved_at"),
)

PENALTIES = Sheet(
    key="penalties",
    title=say("罰款", "罚款", "Penalties"),
    table="KesuPenalties",
    columns=(
        _PENALTY_NUMBER,
        _CASE_NUMBER,
        _PENALISED,
        _CAUSE,
        _AMOUNT,
        _PENALTY_STATE,
        _CLAUSE,
        _IMPOSED_AT,
        _CHANGED_AT,
        _APPEAL,
        _RULING,
        _RULING_NOTE,
        _REFUSAL,
    ),
    key_column="penalty_number",
    telling=("case_number", "penalised", "cause", "imposed_at"),
)

CALLS = calls_sheet(name=_CUSTOMER_NAME, phone=_CUSTOMER_PHONE, plate=_PLATE_NO, refusal=_REFUSAL)

ACTIONS = Sheet(
    key="actions",
    title=say("系統動態", "系统动态", "What kesu did"),
    table="KesuActions",
    columns=(
        _AT,
        _CASE_NUMBER,
        _ACTION,
        _CLAUSE,
    ),
)

# The one sheet of a month's archive workbook: what stood among the recently closed, and nobody's to change any more.
ARCHIVED = Sheet(
    key="archived",
    title=say("結案存檔", "结案存档", "Closed cases"),
    table="KesuArchive",
    columns=tuple(replace(column, owner=Owner.DAEMON) for column in CLOSED.columns),
    key_column=CLOSED.key_column,
    essential=True,
)

# The sheets whose rows are merged with what managers make of them, in the order of a round.
TWO_WAY = (OPEN, CLOSED, PENALTIES, CALLS)

# Findings where they stand in the workbook of penalties instead of beside the cases, open or closed.
FINDINGS = Sheet(
    key="findings",
    title=say("責任認定", "责任认定", "Findings"),
    table="KesuFindings",
    columns=(
        _CASE_NUMBER,
        _GRADE,
        _CUSTOMER_NAME,
        _PLATE_NO,
        _CATEGORY,
        _DESCRIPTION,
        _SETTLED,
        _OPENED_AT,
        _LAPSES,
        _FAULT_OF,
        _FAULT,
        _REFUSAL,
    ),
    key_column="case_number",
    essential=True,
    telling=("customer_name", "plate_no", "description", "opened_at"),
)
FAULT_COLUMNS = frozenset({_FAULT_OF.key, _FAULT.key})
