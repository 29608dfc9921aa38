"""The master's guide sheet: what the colours mean, what each column holds and whose it is, what managers may do."""

from openpyxl.styles import PatternFill
from openpyxl.workbook import Workbook
from openpyxl.worksheet.worksheet import Worksheet

from rules.locales import Locale
from sheets.columns import COLUMNS, Owner
from sheets.looks import HAIRLINE, INK, MIST, MUTED, NAVY, PAPER, TEAL, Look, cell_at, paint, put
from sheets.page import fit_to_width
from sheets.signals import OVERDUE, SETTLED, SETTLED_INK, SOON, STRIPE, MasterLabels, grade_colours
from sheets.texts import say

LEGEND_DAEMON = say(
    "深藍標題：系統維護，改動會被還原",
    "深蓝标题：系统维护，改动会被还原",
    "Dark blue header: kept by the system, changes are undone",
)
LEGEND_MANAGER = say("綠色標題：由主管填寫", "绿色标题：由主管填写", "Green header: for managers to fill in")

_SHEET = say("說明", "说明", "Guide")
_TITLE = say("總表說明", "总表说明", "How to read this workbook")
_COLOURS = say("顏色的意思", "颜色的含义", "What the colours mean")
_COLUMNS = say("各欄說明", "各列说明", "The columns")
_MAY = say("主管可以做什麼", "主管可以做什么", "What managers may do")
_SYSTEM, _MANAGER = say("系統", "系统", "System"), say("主管", "主管", "Managers")

_SIGNALS = (
    (OVERDUE, PAPER, say("已逾時", "已超时", "Overdue"), say(
        "處理期限已過，案件正在升級。", "处理期限已过，案件正在升级。", "The window has lapsed; the case escalates.")),
    (SOON, INK, say("快到期", "即将到期", "Due soon"), say(
        "不到 30 分鐘就到處理期限。", "不到 30 分钟就到处理期限。", "Less than 30 minutes are left.")),
    (SETTLED, SETTLED_INK, say("已解決", "已解决", "Settled"), say(
        "不再計時，整列轉為灰字。", "不再计时，整行转为灰字。", "The clock stands still; the row turns grey.")),
)  # fmt: skip
_STRIPES = (
    say("資料不全", "资料不全", "Incomplete"),
    say(
        "灰色斜紋：缺必填資料，由客戶關愛部補齊。",
        "灰色斜纹：缺必填资料，由客户关爱部补齐。",
        "Grey stripes: required facts are missing; customer care completes them.",
    ),
)
_GRADE = say(
    "等級欄的底色。案件逾時未解決，等級會自動上升。",
    "等级列的底色。案件超时未解决，等级会自动上升。",
    "Fill of the grade column. A case that lapses rises by itself.",
)
_PERMITTED = (
    say(
        "排序、篩選、隱藏、上色、加註解都可以，不會影響系統。",
        "排序、筛选、隐藏、上色、加批注都可以，不会影响系统。",
        "Sort, filter, hide, colour and comment as you like; the system is not disturbed.",
    ),
    say(
        "可以加自己的欄、圖表和工作表，也可以移動欄的位置；請保留原來的欄名。",
        "可以加自己的列、图表和工作表，也可以移动列的位置；请保留原来的列名。",
        "Add columns, charts and sheets of your own, and move columns; please keep the headers' wording.",
    ),
    say(
        "綠色標題的欄由主管填寫；深藍標題的欄由系統更新，手動改的內容會被覆寫。",
        "绿色标题的列由主管填写；深蓝标题的列由系统更新，手动修改的内容会被覆盖。",
        "Green columns are yours. Dark blue ones are written by the system, and what is typed there is overwritten.",
    ),
    say(
        "請勿合併儲存格、不要開啟「合計列」，也不要在表格正下方寫東西：新案件會接在最後一列之後。",
        "请勿合并单元格、不要打开“汇总行”，也不要在表格正下方写内容：新案件会接在最后一行之后。",
        "Please do not merge cells, add a totals row, or write right below the table: new cases follow its last row.",
    ),
    say(
        "檔案開著時系統不會寫入，會等您關閉後再更新；計時和通知照常進行。",
        "文件打开时系统不会写入，会等您关闭后再更新；计时和通知照常进行。",
        "While the file is open the system waits with writing; clocks and mails go on.",
    ),
    say(
        "時間都是本地時間；顏色和剩餘時間在 Excel 重算時更新（按 F9）。",
        "时间都是本地时间；颜色和剩余时间在 Excel 重算时更新（按 F9）。",
        "Times are local; colours and the time left are as of Excel's last calculation (press F9).",
    ),
)


def add_guide(workbook: Workbook, locale: Locale, labels: MasterLabels) -> None:
    """Add the guide as the last sheet."""
    sheet = workbook.create_sheet(_SHEET.get(locale))
    for letter, width in zip("ABCD", (3, 20, 14, 74), strict=True):
        sheet.column_dimensions[letter].width = width
    _line(sheet, 1, _TITLE.get(locale), Look(size=20, bold=True, colour=NAVY, wrap=False), locale, height=42)
    row = _add_colours(sheet, 2, locale, labels)
    row = _add_permissions(sheet, row, locale)
    _add_columns(sheet, row, locale)
    sheet.sheet_view.showGridLines = False
    sheet.sheet_properties.tabColor = TEAL
    fit_to_width(sheet, _TITLE.get(locale), locale)


def _line(
    sheet: Worksheet, row: int, text: str, look: Look, locale: Locale, *, height: float, column: int = 2
) -> None:
    cell = cell_at(sheet, row, column)
    put(cell, text)
    paint(cell, look, locale)
    sheet.row_dimensions[row].height = height


def _heading(sheet: Worksheet, row: int, text: str, locale: Locale) -> None:
    _line(
        sheet,
        row,
        text,
        Look(size=13, bold=True, colour=NAVY, vertical="bottom", wrap=False),
        locale,
        height=34,
    )


def _add_colours(sheet: Worksheet, row: int, locale: Locale, labels: MasterLabels) -> int:
    _heading(sheet, row, _COLOURS.get(locale), locale)
    swatches = [(fill, ink, labels.grades[key], _GRADE) for key, (fill, ink) in grade_colours(labels).items()]
    swatches += [(fill, ink, name.get(locale), meaning) for fill, ink, name, meaning in _SIGNALS]
    for fill, ink, name, meaning in swatches:
        row += 1
        _line(
            sheet,
            row,
            name,
            Look(bold=True, colour=ink, fill=fill, line=PAPER, horizontal="center"),
            locale,
            height=22,
        )
        _line(
            sheet,
            row,
            meaning.get(locale),
            Look(colour=INK, wrap=False, indent=1),
            locale,
            height=22,
            column=3,
        )
    row += 1
    _line(sheet, row, _STRIPES[0].get(locale), Look(colour=INK, horizontal="center"), locale, height=22)
    sheet.cell(row, 2).fill = PatternFill("lightUp", fgColor=STRIPE, bgColor=MIST)
    _line(
        sheet,
        row,
        _STRIPES[1].get(locale),
        Look(colour=INK, wrap=False, indent=1),
        locale,
        height=22,
        column=3,
    )
    return row + 1


def _add_permissions(sheet: Worksheet, row: int, locale: Locale) -> int:
    _heading(sheet, row, _MAY.get(locale), locale)
    for sentence in _PERMITTED:
        row += 1
        _line(sheet, row, f"▸ {sentence.get(locale)}", Look(colour=INK), locale, height=32)
        sheet.merge_cells(start_row=row, start_column=2, end_row=row, end_column=4)
    return row + 1


def _add_columns(sheet: Worksheet, row: int, locale: Locale) -> None:
    _heading(sheet, row, _COLUMNS.get(locale), locale)
    for column in COLUMNS:
        row += 1
        ours = column.owner is Owner.DAEMON
        name = Look(bold=True, colour=PAPER, fill=NAVY if ours else TEAL, line=PAPER, indent=1)
        _line(sheet, row, column.header.get(locale), name, locale, height=24)
        owner = (_SYSTEM if ours else _MANAGER).get(locale)
        _line(
            sheet,
            row,
            owner,
            Look(colour=MUTED, line=HAIRLINE, horizontal="center"),
            locale,
            height=24,
            column=3,
        )
        _line(sheet, row, column.help.get(locale), Look(line=HAIRLINE, indent=1), locale, height=24, column=4)
