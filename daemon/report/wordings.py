"""What the month's report calls things."""

from sheets.texts import say

TITLE = say("客戶抱怨月報 {month}", "客户抱怨月报 {month}", "Complaints: report for {month}")
MONTH = say("{year} 年 {number} 月", "{year} 年 {number} 月", "{name} {year}")
MONTHS_EN = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
OVER = say(
    "{site} · 統計至 {until}；數字出自帳本，月份結束後不再變動",
    "{site} · 统计至 {until}；数字出自账本，月份结束后不再变动",
    "{site} · counted up to {until}; the figures come from the ledger and stay as they are once the month is over",
)
RUNNING = say(
    "{site} · 統計至 {until}，本月尚未結束",
    "{site} · 统计至 {until}，本月尚未结束",
    "{site} · counted up to {until}; the month is not over yet",
)
UNKNOWN_CASES = say(
    "另有 {count} 件案件的資料已刪除，未列入統計",
    "另有 {count} 件案件的资料已删除，未列入统计",
    "{count} more cases are not counted: their data was erased",
)
UNSAID = say("未填", "未填", "Not given")
NOBODY = say("未指名", "未指名", "Not named")
TOTAL = say("合計", "合计", "Total")
ALL = say("全部", "全部", "All")
NONE = say("–", "–", "–")

# ---------------------------------------------------------------- the figures

OPEN_BEFORE = say("月初未結", "月初未结", "Open at the beginning")
OPENED = say("新增案件", "新增案件", "New cases")
REOPENED = say("再次發生（重新開啟）", "再次发生（重新打开）", "Recurred (reopened)")
SETTLED = say("結案", "结案", "Settled")
OPEN_AFTER = say("月底未結", "月底未结", "Open at the end")
OPEN_NOW = say("目前未結", "目前未结", "Open now")
LAPSES = say("逾時次數", "超时次数", "Lapses")
MEDIAN = say("解決用時中位數", "解决用时中位数", "Median time to resolution")
P90 = say("九成案件的解決用時不超過", "九成案件的解决用时不超过", "Nine of ten resolved within")
FINES = say("開立罰款", "开出罚款", "Penalties issued")
APPEALS_OPEN = say("未裁定的申訴", "未裁定的申诉", "Appeals not ruled on")
COUNTED = say("{count} 筆，{amount}", "{count} 笔，{amount}", "{count} ({amount})")
CASES = say("{count} 件", "{count} 件", "{count}")
TIMES_COUNT = say("{count} 次", "{count} 次", "{count}")
UNITS = (
    say("{count} 天", "{count} 天", "{count} d"),
    say("{count} 小時", "{count} 小时", "{count} h"),
    say("{count} 分鐘", "{count} 分钟", "{count} min"),
)

# ---------------------------------------------------------------- tables

FLOW = say("案件進出", "案件进出", "Flow of cases")
DAYS = say("每日新增與結案", "每日新增与结案", "New and settled by day")
DEPARTMENTS = say("新增案件（依部門）", "新增案件（按部门）", "New cases by department")
GRADES = say("新增案件（依等級）", "新增案件（按等级）", "New cases by grade")
CATEGORIES = say("新增案件（依類型）", "新增案件（按类型）", "New cases by category")
SOURCES = say("新增案件（依來源）", "新增案件（按来源）", "New cases by source")
STAGES = say("逾時（依處理階段）", "超时（按处理阶段）", "Lapses by stage")
ROLES = say("逾時（依負責人）", "超时（按负责人）", "Lapses by responsible person")
TIMES = say("解決用時", "解决用时", "Time to resolution")
CALLS = say("回訪（已打／應打）", "回访（已打／应打）", "Follow-up calls made of calls due")
CALLS_NOTE = say(
    "本月到期的回訪；打過但未接通也算已打，名單遲到的另計",
    "本月到期的回访；打过但未接通也算已打，名单迟到的另计",
    "Calls that fell due this month; an attempt counts as a call, late lists are counted apart",
)
DUTIES = say("待辦事項", "待办事项", "Duties")
DUTIES_NOTE = say(
    "本月到期的回報、處理單、告知、回訪與複查",
    "本月到期的反馈、处理单、告知、回访与复查",
    "Reports, orders, calls and checks that fell due this month",
)
DUTY = say("事項", "事项", "Duty")
DUE = say("應辦", "应办", "Due")
IN_TIME = say("準時", "准时", "In time")
LATER = say("逾期補辦", "逾期补办", "Late")
MISSED = say("未辦", "未办", "Not done")
LATE_LISTS = say("名單遲到", "名单迟到", "List came late")
PENALTY_FLOW = say("罰款與申訴", "罚款与申诉", "Penalties and appeals")
PENALISED = say("罰款（依人員）", "罚款（按人员）", "Penalties by person")
PENALTY_LIST = say("罰款明細", "罚款明细", "List of penalties")
CASE_LIST = say("案件明細", "案件明细", "List of cases")

SHARES_NOTE = say(
    "結案、未結、曾逾時都是這些案件到統計截止時的狀態",
    "结案、未结、曾超时都是这些案件到统计截止时的状态",
    "Settled, open and lapsed: how these cases stood when counting stopped",
)
GRADES_NOTE = say(
    "最初等級是首次評定的；目前等級計入逾時升級與更正",
    "最初等级是首次评定的；目前等级计入超时升级与更正",
    "First: as graded at the beginning; reached: after lapses and corrections",
)
ROLES_NOTE = say(
    "兩人共同負責的案件逾時，兩人各計一次，因此合計可能大於逾時次數",
    "两人共同负责的案件超时，两人各计一次，因此合计可能大于超时次数",
    "Where two share a case its lapse counts for both, so the total may exceed the number of lapses",
)
TIMES_NOTE = say(
    "從立案（或重新開啟）到回報解決，含夜間與假日；本月結案的案件",
    "从立案（或重新打开）到反馈解决，含夜间与假日；本月结案的案件",
    "Cases resolved this month, from opening (or reopening) to the report of it, nights and holidays included",
)
PENALISED_NOTE = say(
    "本月開立的罰款；申訴中的暫緩執行，仍列在開立",
    "本月开立的罚款；申诉中的暂缓执行，仍列在开立",
    "Penalties issued this month; those under appeal are suspended and still listed as issued",
)
CASE_LIST_NOTE = say(
    "本月新增、結案或重新開啟的案件；逾時次數是整個案件的",
    "本月新增、结案或重新打开的案件；超时次数是整个案件的",
    "Cases opened, settled or reopened this month; lapses are those of the whole case",
)

# ---------------------------------------------------------------- columns

WHAT = say("項目", "项目", "Item")
COUNT = say("件數", "件数", "Count")
DAY = say("日期", "日期", "Day")
DEPARTMENT = say("部門", "部门", "Department")
GRADE = say("等級", "等级", "Grade")
FIRST_GRADE = say("最初等級", "最初等级", "First grade")
REACHED = say("目前等級", "目前等级", "Grade reached")
CATEGORY = say("類型", "类型", "Category")
SOURCE = say("來源", "来源", "Source")
STILL_OPEN = say("未結", "未结", "Open")
LAPSED = say("曾逾時", "曾超时", "Lapsed")
STAGE = say("處理階段", "处理阶段", "Stage")
RESPONSIBLE = say("負責人", "负责人", "Responsible")
OVERDUE = say("逾期回報", "逾期反馈", "Reports overdue")
RESOLVED = say("解決件數", "解决件数", "Resolved")
MEDIAN_HOURS = say("中位數（小時）", "中位数（小时）", "Median (h)")
P90_HOURS = say("九成以內（小時）", "九成以内（小时）", "90 % within (h)")
PERSON = say("人員", "人员", "Person")
ISSUED = say("開立", "开立", "Issued")
ISSUED_AMOUNT = say("開立金額", "开立金额", "Issued, CNY")
REVOKED = say("撤銷", "撤销", "Revoked")
REVOKED_AMOUNT = say("撤銷金額", "撤销金额", "Revoked, CNY")
NET = say("應繳金額", "应缴金额", "Payable, CNY")
AMOUNT = say("金額", "金额", "Amount, CNY")
CASE = say("案件編號", "案件编号", "Case")
PENALTY = say("編號", "编号", "Number")
CLAUSE = say("條款", "条款", "Clause")
CAUSE = say("事由", "事由", "Cause")
STATE = say("狀態", "状态", "State")
ISSUED_AT = say("開立時間", "开立时间", "Issued at")
CHANGED_AT = say("最後變動", "最后变动", "Last changed")
OPENED_AT = say("立案時間", "立案时间", "Opened")
SETTLED_AT = say("結案時間", "结案时间", "Settled at")
HOURS = say("用時（小時）", "用时（小时）", "Took (h)")
TIMES_REOPENED = say("重新開啟", "重新打开", "Reopened")

PENALTIES_ISSUED = say("本月開立", "本月开立", "Issued this month")
OF_THESE = say("其中：{state}", "其中：{state}", "of these: {state}")
PENALTIES_REVOKED = say(
    "本月撤銷（含以前開立的）", "本月撤销（含以前开立的）", "Revoked this month, whenever issued"
)
APPEALS_BEFORE = say("月初未裁定的申訴", "月初未裁定的申诉", "Appeals open at the beginning")
APPEALED = say("本月提出申訴", "本月提出申诉", "Appeals made")
UPHELD = say("本月裁定維持", "本月裁定维持", "Appeals ruled: upheld")
APPEAL_REVOKED = say("本月裁定撤銷", "本月裁定撤销", "Appeals ruled: revoked")
APPEALS_AFTER = say("統計時未裁定的申訴", "统计时未裁定的申诉", "Appeals open at the end")
WAITING = say(
    "待確認或待定金額（尚未開立）", "待确认或待定金额（尚未开立）", "Not issued yet (to be confirmed)"
)

# ---------------------------------------------------------------- in the mail only

APART = say("、", "、", ", ")
DAYS_TOLD = say(
    "有案件的日子（新增/結案）：{days}",
    "有案件的日子（新增/结案）：{days}",
    "Days with cases (new/settled): {days}",
)
QUIET = say("本月沒有新增或結案的案件", "本月没有新增或结案的案件", "No case was opened or settled")
MORE = say(
    "另有 {count} 項，請見附件", "另有 {count} 项，请见附件", "{count} more are in the attached workbook"
)
AT_FIRST = say("最初評定 {count}", "最初评定 {count}", "first graded {count}")
