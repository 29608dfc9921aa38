"""The master workbook's columns: one registry, and the only place that knows them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from zoneinfo import ZoneInfo

from rules.locales import Locale, Text
from sheets.texts import say

CellValue = str | Decimal | datetime | bool | int | None


class Owner(StrEnum):
    """Who writes a column."""

    DAEMON = "daemon"
    MANAGER = "manager"


class ColumnKind(StrEnum):
    """What stands in a column."""

    TEXT = "text"  # short text, kept as text whatever is typed
    PROSE = "prose"  # long text over several lines
    MONEY = "money"
    NUMBER = "number"
    DATETIME = "datetime"  # wall time of the site
    MARK = "mark"  # a dot where True
    REMAINING = "remaining"  # a formula: the time left until `due_at`


@dataclass(frozen=True)
class Column:
    """One column; `key` never changes, `header` is how it is found in a file, in any of the three languages.

    `width` is in characters, `help` is shown on the header and on the guide sheet.
    """

    key: str
    header: Text
    width: float
    kind: ColumnKind
    owner: Owner
    help: Text


@dataclass(frozen=True)
class Row:
    """One case as the workbook shows it; `values` holds display values by column key, `key` is the case number.

    Grade and status are display texts of the workbook's language; datetimes are aware.
    """

    key: str
    values: Mapping[str, CellValue]


def _ours(key: str, kind: ColumnKind, width: float, header: Text, help_: Text) -> Column:
    return Column(key, header, width, kind, Owner.DAEMON, help_)


def _theirs(key: str, kind: ColumnKind, width: float, header: Text, help_: Text) -> Column:
    return Column(key, header, width, kind, Owner.MANAGER, help_)


TABLE_NAME = "KesuCases"
MARK = "●"  # what a MARK column shows where it is True
KEY_COLUMN = "case_number"
DUE_COLUMN = "due_at"

COLUMNS: tuple[Column, ...] = (
    _ours(
        KEY_COLUMN,
        ColumnKind.TEXT,
        17,
        say("案件編號", "案件编号", "Case number"),
        say(
            "系統給的編號，郵件主旨也以它開頭。",
            "系统给的编号，邮件主题也以它开头。",
            "Given by the system; every mail's subject begins with it.",
        ),
    ),
    _ours(
        "grade",
        ColumnKind.TEXT,
        10.5,
        say("等級", "等级", "Grade"),
        say(
            "目前的等級；逾時未解決會自動升級。",
            "目前的等级；超时未解决会自动升级。",
            "The present grade; it rises when a window lapses.",
        ),
    ),
    _ours(
        "status",
        ColumnKind.TEXT,
        11,
        say("狀態", "状态", "Status"),
        say("案件目前走到哪一步。", "案件目前走到哪一步。", "How far the case has come."),
    ),
    _ours(
        "due_at",
        ColumnKind.DATETIME,
        16.5,
        say("處理期限", "处理期限", "Due at"),
        say(
            "此時之前要解決，逾時即升級；紅色已逾時，琥珀色不到 30 分鐘。",
            "此时之前要解决，超时即升级；红色已超时，琥珀色不到 30 分钟。",
            "To be resolved by then, or it escalates; red is overdue, amber under 30 minutes.",
        ),
    ),
    _ours(
        "remaining",
        ColumnKind.REMAINING,
        11,
        say("剩餘時間", "剩余时间", "Time left"),
        say(
            "距處理期限還有幾小時幾分，隨 Excel 重算更新；負數是已逾時。",
            "距处理期限还有几小时几分，随 Excel 重算更新；负数表示已超时。",
            "Hours and minutes until due, as of Excel's last calculation; negative when overdue.",
        ),
    ),
    _ours(
        "owner",
        ColumnKind.TEXT,
        17,
        say("負責人", "负责人", "Responsible"),
        say("現在該處理的人。", "现在该处理的人。", "Who has to act now."),
    ),
    _ours(
        "department",
        ColumnKind.TEXT,
        13.5,
        say("部門", "部门", "Department"),
        say("售後或銷售。", "售后或销售。", "After-sales or sales."),
    ),
    _ours(
        "customer_name",
        ColumnKind.TEXT,
        13,
        say("客戶姓名", "客户姓名", "Customer"),
        say("表單上的客戶。", "表单上的客户。", "The customer on the form."),
    ),
    _ours(
        "customer_phone",
        ColumnKind.TEXT,
        15.5,
        say("聯絡電話", "联系电话", "Phone"),
        say(
            "以文字保存，開頭的 0 不會不見。",
            "以文本保存，开头的 0 不会丢失。",
            "Kept as text, so leading zeros survive.",
        ),
    ),
    _ours(
        "plate_no",
        ColumnKind.TEXT,
        12,
        say("車牌號碼", "车牌号码", "Plate no."),
        say("表單上的車牌。", "表单上的车牌。", "The plate on the form."),
    ),
    _ours(
        "category",
        ColumnKind.TEXT,
        13.5,
        say("抱怨類型", "抱怨类型", "Category"),
        say("客戶抱怨的是哪一類的事。", "客户抱怨的是哪一类事。", "What kind of thing is complained of."),
    ),
    _ours(
        "description",
        ColumnKind.PROSE,
        38,
        say("抱怨內容", "抱怨内容", "Description"),
        say(
            "表單上的經過；全文在表單原件裡。",
            "表单上的经过；全文见原表单。",
            "What happened, as the form tells it.",
        ),
    ),
    _ours(
        "repair_amount",
        ColumnKind.MONEY,
        15,
        say("維修金額", "维修金额", "Repair amount"),
        say(
            "元，決定售後案件的等級。",
            "元，决定售后案件的等级。",
            "CNY; decides the grade of after-sales cases.",
        ),
    ),
    _ours(
        "source",
        ColumnKind.TEXT,
        12.5,
        say("抱怨來源", "抱怨来源", "Source"),
        say(
            "從哪裡知道的：來店、來電、廠家工單……",
            "从哪里得知：来店、来电、厂家工单……",
            "Where it came from: walk-in, phone, work order …",
        ),
    ),
    _ours(
        "opened_at",
        ColumnKind.DATETIME,
        16.5,
        say("立案時間", "立案时间", "Opened at"),
        say(
            "表單進來、時鐘開始走的時間。",
            "表单进来、开始计时的时间。",
            "When the form came in and the clock began.",
        ),
    ),
    _ours(
        "lapses",
        ColumnKind.NUMBER,
        10,
        say("逾時次數", "超时次数", "Lapses"),
        say("有幾個期限沒趕上。", "有几个期限没有赶上。", "How many windows were missed."),
    ),
    _ours(
        "feedback_due",
        ColumnKind.DATETIME,
        16.5,
        say("回饋期限", "反馈期限", "Feedback due"),
        say(
            "客戶關愛部發出的單，部門總監須在此時前回饋。",
            "客户关爱部发出的单，部门总监须在此时前反馈。",
            "For forms issued by customer care: the director reports back by then.",
        ),
    ),
    _ours(
        "resolution",
        ColumnKind.PROSE,
        32,
        say("處理方案", "处理方案", "Resolution"),
        say("回覆單上寫的處理方案。", "回复单上写的处理方案。", "The resolution as reported."),
    ),
    _ours(
        "concession",
        ColumnKind.TEXT,
        18,
        say("優惠內容", "优惠内容", "Concession"),
        say("給客戶的折扣、贈品或現金。", "给客户的折扣、赠品或现金。", "Discount, gift or cash granted."),
    ),
    _ours(
        "resolved_at",
        ColumnKind.DATETIME,
        16.5,
        say("解決時間", "解决时间", "Resolved at"),
        say(
            "解決的時間，從此不再計時。",
            "解决的时间，此后不再计时。",
            "When it was settled and the clock stopped.",
        ),
    ),
    _ours(
        "resolved_by",
        ColumnKind.TEXT,
        13,
        say("解決人", "解决人", "Resolved by"),
        say("回報解決的人。", "回报解决的人。", "Who reported it settled."),
    ),
    _ours(
        "last_action",
        ColumnKind.PROSE,
        28,
        say("最近動態", "最近动态", "Last action"),
        say("最近發生的一件事。", "最近发生的一件事。", "What happened last."),
    ),
    _ours(
        "incomplete",
        ColumnKind.MARK,
        12.5,
        say("資料不全", "资料不全", "Incomplete"),
        say(
            "有 ● 的案件缺必填資料，由客戶關愛部補齊。",
            "有 ● 的案件缺必填资料，由客户关爱部补齐。",
            "● marks cases that lack required facts; customer care completes them.",
        ),
    ),
    _ours(
        "warnings",
        ColumnKind.PROSE,
        26,
        say("提醒", "提醒", "Warnings"),
        say(
            "表單上不尋常、但不妨礙立案的地方。",
            "表单上不寻常、但不影响立案的地方。",
            "What was odd about the form without keeping it from being opened.",
        ),
    ),
    _theirs(
        "remarks",
        ColumnKind.PROSE,
        30,
        say("備註", "备注", "Remarks"),
        say("主管自由填寫。", "主管自由填写。", "For managers' own notes."),
    ),
    _theirs(
        "next_contact",
        ColumnKind.DATETIME,
        16.5,
        say("下次聯絡", "下次联系", "Next contact"),
        say(
            "打算何時再聯絡客戶，例：2026-11-21 14:30。",
            "打算何时再联系客户，例：2026-11-21 14:30。",
            "When to contact the customer again, e.g. 2026-11-21 14:30.",
        ),
    ),
)

_BY_KEY = {column.key: column for column in COLUMNS}


def _folded(text: str) -> str:
    return "".join(text.split()).casefold()


_BY_HEADER = {_folded(wording): column for column in COLUMNS for wording in column.header.all()}


def column(key: str) -> Column:
    """Return the column called `key`; KeyError if there is none."""
    return _BY_KEY[key]


def column_of_header(text: str) -> Column | None:
    """Return the column whose header reads `text` in any language, spaces and line breaks aside; None if none does."""
    return _BY_HEADER.get(_folded(text))


def header(key: str, locale: Locale) -> str:
    """Return the header of the column called `key`."""
    return _BY_KEY[key].header.get(locale)


def remaining_formula(due: str) -> str:
    """Return the formula of the time left until the cell `due`: hours and minutes as text, `-` where it is past."""
    return f'IF(ISNUMBER({due}),IF({due}<NOW(),"-","")&TEXT(ABS({due}-NOW()),"[h]:mm"),"")'


def wall_time(moment: datetime, zone: ZoneInfo) -> datetime:
    """Return the wall time in `zone`, to the second; ValueError if `moment` has no zone of its own."""
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no zone")
    return moment.astimezone(zone).replace(tzinfo=None, microsecond=0)
