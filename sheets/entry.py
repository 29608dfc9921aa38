"""How a form's value is entered: its cell format, its validation, and how a fact is written into it."""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from types import MappingProxyType
from zoneinfo import ZoneInfo

from openpyxl.utils import get_column_letter, quote_sheetname
from openpyxl.workbook import Workbook
from openpyxl.worksheet.datavalidation import DataValidation

from rules.conditions import Condition, FactValue
from rules.fields import Field, Kind
from rules.locales import Locale, Text
from sheets.looks import DATE_FORMAT, DATETIME_FORMAT, MONEY_FORMAT, TEXT_FORMAT
from sheets.texts import plain_text, say

YES = say("是", "是", "Yes")
NO = say("否", "否", "No")

# A percentage cell holds text: Excel turns a typed 100% into a bare 1, which the reader must refuse as ambiguous.
_FORMATS = {
    Kind.MONEY: MONEY_FORMAT,
    Kind.DATE: DATE_FORMAT,
    Kind.DATETIME: DATETIME_FORMAT,
    Kind.PERCENTAGE: TEXT_FORMAT,
    Kind.PHONE: TEXT_FORMAT,
    Kind.CHOICE: TEXT_FORMAT,
    Kind.YES_NO: TEXT_FORMAT,
    Kind.TEXT: TEXT_FORMAT,
}

_HINTS = {
    Kind.MONEY: say("請填數字，單位：元", "请填数字，单位：元", "A number, in CNY"),
    Kind.DATE: say("例：2026-11-21", "例：2026-11-21", "e.g. 2026-11-21"),
    Kind.DATETIME: say("例：2026-11-21 14:30", "例：2026-11-21 14:30", "e.g. 2026-11-21 14:30"),
    Kind.PERCENTAGE: say("例：30% 或 七折", "例：30% 或 七折", "e.g. 30%"),
    Kind.PHONE: say("市話請含區碼，例：021-62345678", "座机请含区号，例：021-62345678", "With area code"),
    Kind.CHOICE: say("請由清單選擇", "请从列表中选择", "Please choose from the list"),
    Kind.YES_NO: say("請由清單選擇", "请从列表中选择", "Please choose from the list"),
}

_COMPLAINTS = {
    Kind.MONEY: say(
        "請填 0 到 100,000,000 的數字，不含文字。",
        "请填 0 到 100,000,000 的数字，不含文字。",
        "Please enter a number from 0 to 100,000,000, without words.",
    ),
    Kind.DATE: say(
        "這不像日期。例：2026-11-21", "这不像日期。例：2026-11-21", "This is not a date. E.g. 2026-11-21"
    ),
    Kind.DATETIME: say(
        "這不像日期時間。例：2026-11-21 14:30",
        "这不像日期时间。例：2026-11-21 14:30",
        "This is not a date and time. E.g. 2026-11-21 14:30",
    ),
    Kind.PERCENTAGE: say(
        "請填 0% 到 100%，例：30% 或 七折。",
        "请填 0% 到 100%，例：30% 或 七折。",
        "Please enter a percentage from 0% to 100%, e.g. 30%.",
    ),
    Kind.CHOICE: say("請由清單選擇一項。", "请从列表中选择一项。", "Please choose one from the list."),
    Kind.YES_NO: say("請選「是」或「否」。", "请选“是”或“否”。", "Please choose Yes or No."),
}
_CHECK = say("請檢查", "请检查", "Please check")

_LIST_LIMIT = 255  # characters of a list written into the validation itself
_TITLE_LIMIT = 32
_MESSAGE_LIMIT = 255


def number_format(field: Field) -> str:
    """Return the Excel number format of the field's value cell.

    A tall box is not a text cell: older Excel shows `####` for long text in those.
    """
    return "General" if field.multiline else _FORMATS[field.kind]


def hint(field: Field) -> Text | None:
    """Return what to tell the person who fills the field in, None where it speaks for itself."""
    return field.hint or _HINTS.get(field.kind)


def is_required(field: Field, implied: Mapping[str, str] = MappingProxyType({})) -> bool:
    """Tell whether the field must be filled in, given what the blank's title implies already."""
    return field.required and all(
        _may_hold(condition, implied.get(key)) for key, condition in field.required_when.items()
    )


def _may_hold(condition: Condition, value: str | None) -> bool:
    return condition.holds(value) is not False


def written(
    field: Field, value: FactValue, locale: Locale, zone: ZoneInfo | None
) -> str | Decimal | datetime:
    """Return `value` as it is put into a cell: choices as labels, times as wall time in `zone`."""
    match value:
        case bool():
            return (YES if value else NO).get(locale)
        case datetime():
            return _wall_time(value, zone)
        case date():
            return datetime(value.year, value.month, value.day)  # noqa: DTZ001 # a day has no zone
        case Decimal():
            return f"{value.normalize():f}%" if field.kind is Kind.PERCENTAGE else value
    labels = {choice.key: choice.label.get(locale) for choice in field.choices}
    return labels.get(value, value)


def _wall_time(moment: datetime, zone: ZoneInfo | None) -> datetime:
    local = moment.astimezone(zone) if zone is not None and moment.tzinfo is not None else moment
    return local.replace(tzinfo=None)


def choice_labels(field: Field, locale: Locale) -> tuple[str, ...]:
    """Return what the field's list offers; nothing if it is not chosen from a list."""
    if field.kind is Kind.YES_NO:
        return (YES.get(locale), NO.get(locale))
    return tuple(plain_text(choice.label.get(locale)) for choice in field.choices)


class ChoiceLists:
    """Where lists stand that are too long for a validation: columns of a hidden sheet, made when first needed."""

    SHEET = "_lists"

    def __init__(self, workbook: Workbook) -> None:
        self._workbook = workbook
        self._ranges: dict[tuple[str, ...], str] = {}

    def formula(self, labels: tuple[str, ...]) -> str:
        """Return the validation's list formula for `labels`."""
        inline = ",".join(labels)
        if len(inline) <= _LIST_LIMIT and not any("," in label or '"' in label for label in labels):
            return f'"{inline}"'
        if labels not in self._ranges:
            self._ranges[labels] = self._write(labels)
        return self._ranges[labels]

    def _write(self, labels: tuple[str, ...]) -> str:
        if self.SHEET not in self._workbook.sheetnames:
            self._workbook.create_sheet(self.SHEET).sheet_state = "hidden"
        sheet = self._workbook[self.SHEET]
        column = len(self._ranges) + 1
        for row, label in enumerate(labels, start=1):
            sheet.cell(row, column).value = label
            sheet.cell(row, column).data_type = "s"
        letter = get_column_letter(column)
        return f"{quote_sheetname(self.SHEET)}!${letter}$1:${letter}${len(labels)}"


def validation(field: Field, first_cell: str, locale: Locale, lists: ChoiceLists) -> DataValidation | None:
    """Return what Excel checks and tells at the field's cells, None where there is nothing to say.

    `first_cell` is the A1 reference that relative formulas are written for. Unreadable dates can be confirmed: the
    reader knows more spellings (ROC years) than Excel does.
    """
    rule = _rule(field, first_cell, locale, lists)
    advice = hint(field)
    if rule is None and advice is None:
        return None
    rule = rule or DataValidation()
    rule.allow_blank = True
    if advice is not None:
        rule.showInputMessage = True
        rule.promptTitle = field.label.get(locale)[:_TITLE_LIMIT]
        rule.prompt = advice.get(locale)[:_MESSAGE_LIMIT]
    if field.kind in _COMPLAINTS:
        rule.showErrorMessage = True
        rule.errorStyle = "warning" if field.kind in (Kind.DATE, Kind.DATETIME) else "stop"
        rule.errorTitle = _CHECK.get(locale)
        rule.error = _COMPLAINTS[field.kind].get(locale)[:_MESSAGE_LIMIT]
    return rule


def _rule(field: Field, first_cell: str, locale: Locale, lists: ChoiceLists) -> DataValidation | None:
    match field.kind:
        case Kind.CHOICE | Kind.YES_NO:
            return DataValidation(type="list", formula1=lists.formula(choice_labels(field, locale)))
        case Kind.MONEY:
            return DataValidation(type="decimal", operator="between", formula1="0", formula2="100000000")
        case Kind.DATE | Kind.DATETIME:
            return DataValidation(
                type="date", operator="between", formula1="DATE(2000,1,1)", formula2="DATE(2099,12,31)"
            )
        case Kind.PERCENTAGE:
            return DataValidation(type="custom", formula1=_percentage_formula(first_cell))
        case _:
            return None


def _percentage_formula(cell: str) -> str:
    """0 to 100 with or without a percent sign, or a Chinese discount such as 七折."""
    return f'IFERROR(AND(VALUE({cell})>=0,VALUE({cell})<=100),ISNUMBER(SEARCH("折",{cell})))'
