"""What a blank tells the person who fills it in. No cell here may read as a label with its value."""

from collections.abc import Iterable

from openpyxl.workbook import Workbook

from rules.fields import Field
from rules.locales import Locale, Text
from sheets.entry import hint
from sheets.looks import INK, MUTED, NAVY, Look, cell_at, paint, put
from sheets.page import fit_to_width
from sheets.texts import say

SHEET_NAME = say("抱怨表單", "抱怨表单", "Form")
INSTRUCTIONS = say("填寫說明", "填写说明", "Instructions")
CASE_NUMBER = say("案件編號", "案件编号", "Case number")

TOP_LINE = say(
    "標有 ● 的項目為必填。填好存檔後，請以附件寄到客訴信箱；一份表單寫一件抱怨。",
    "标有 ● 的项目为必填。填好保存后，请作为附件发到投诉邮箱；一份表单填一件投诉。",
    "Items marked ● must be filled in. Save, then e-mail the file to the complaints mailbox; one complaint per form.",
)
MEND_LINE = say(
    "請改正紅色的儲存格（右側有說明），存檔後回覆原郵件寄回。",
    "请改正红色的单元格（右侧有说明），保存后回复原邮件发回。",
    "Please mend the red cells (explained on the right), save, and send the file back in reply to the mail.",
)

CONTEXT_LINE = say(
    "▸▸ 本案資料（系統填寫，只供參考，不必填寫）",
    "▸▸ 本案资料（系统填写，仅供参考，不必填写）",
    "▸▸ The case (filled in by the system; for your information only)",
)

_STEPS = (
    say(
        "1. 只填標題欄右邊的空白格，其他文字請不要更動；系統是依這些文字找到內容的。",
        "1. 只填标题栏右边的空白格，其他文字请不要改动；系统是按这些文字找到内容的。",
        "1. Fill in only the boxes to the right of the wording. The wording tells the system where everything is.",
    ),
    say(
        "2. 有 ● 的是必填；還不知道的選填項目留白就好，不必寫「無」。",
        "2. 有 ● 的是必填；还不清楚的选填项目留空即可，不必写“无”。",
        "2. Items with ● are needed. Leave what you do not know empty.",
    ),
    say(
        "3. 有下拉箭頭的格子請由清單選擇。",
        "3. 有下拉箭头的格子请从列表中选择。",
        "3. Where a cell has a drop-down arrow, choose from its list.",
    ),
    say(
        "4. 照片、發票等可以和這份表單一起附在同一封郵件裡。",
        "4. 照片、发票等可以和这份表单一起附在同一封邮件里。",
        "4. Photos and invoices may travel in the same mail.",
    ),
    say(
        "5. 存成 .xlsx 後寄出。若有看不懂的地方，系統會立刻回信說明哪一格要改。",
        "5. 保存为 .xlsx 后发送。若有看不懂的地方，系统会立即回信说明哪一格需要修改。",
        "5. Save as .xlsx and send. If something cannot be read, you get a mail at once that says which cell to mend.",
    ),
)
_HOW_TO_WRITE = say("寫法舉例", "写法举例", "Ways to write it")


def add_instructions(workbook: Workbook, fields: Iterable[Field], locale: Locale) -> None:
    """Add the sheet of instructions: the steps, then how to write what has a fixed form."""
    sheet = workbook.create_sheet(INSTRUCTIONS.get(locale))
    sheet.column_dimensions["A"].width = 76
    title = INSTRUCTIONS.get(locale)
    lines = [(title, Look(size=18, bold=True, colour=NAVY), 36.0)]
    lines += [(step.get(locale), Look(size=11, colour=INK), 34.0) for step in _STEPS]
    lines.append((_HOW_TO_WRITE.get(locale), Look(size=12, bold=True, colour=NAVY, vertical="bottom"), 34.0))
    lines += [(line, Look(size=10.5, colour=MUTED), 20.0) for line in _examples(fields, locale)]
    for row, (text, look, height) in enumerate(lines, start=1):
        cell = cell_at(sheet, row, 1)
        put(cell, text)
        paint(cell, look, locale)
        sheet.row_dimensions[row].height = height
    sheet.sheet_view.showGridLines = False
    sheet.protection.sheet = True
    fit_to_width(sheet, title, locale)


def _examples(fields: Iterable[Field], locale: Locale) -> list[str]:
    """Name the labels of each advice once; quotation marks first, so that no line begins with a label and a colon."""
    labels: dict[str, list[str]] = {}
    for field in fields:
        advice: Text | None = hint(field)
        if advice is not None and not field.choices:
            labels.setdefault(advice.get(locale), []).append(field.label.get(locale))
    joint = ", " if locale is Locale.EN else "、"
    return [f"▸ {joint.join(names)} — {advice}" for advice, names in labels.items()]
