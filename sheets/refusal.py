"""Why a workbook is not patched: typed, in the reader's language, and always before anything is written."""

from rules.locales import Text
from sheets.texts import say


class PatchRefused(Exception):
    """The workbook cannot be changed for certain; it stands as it was. `reason` says why in three languages."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


def not_a_workbook() -> PatchRefused:
    """The bytes are no .xlsx package."""
    return PatchRefused(
        say(
            "這不是 .xlsx 活頁簿，或檔案已損壞。",
            "这不是 .xlsx 工作簿，或文件已损坏。",
            "This is no .xlsx workbook, or it is damaged.",
        )
    )


def damaged(part: str) -> PatchRefused:
    """One part cannot be read."""
    return PatchRefused(
        say(
            f"活頁簿裡的 {part} 已損壞。",
            f"工作簿中的 {part} 已损坏。",
            f"The part {part} of the workbook is damaged.",
        )
    )


def too_large(part: str) -> PatchRefused:
    """One part, or the file, is larger than a master can be."""
    return PatchRefused(
        say(
            f"活頁簿裡的 {part} 過大。",
            f"工作簿中的 {part} 过大。",
            f"The part {part} of the workbook is too large.",
        )
    )


def unexpected(part: str, what: str) -> PatchRefused:
    """The XML is not as a spreadsheet program writes it."""
    return PatchRefused(
        say(
            f"{part} 的內容不是系統認得的寫法（{what}）。",
            f"{part} 的内容不是系统认得的写法（{what}）。",
            f"The part {part} is not written in a way the system knows ({what}).",
        )
    )


def no_table() -> PatchRefused:
    """There is no table of cases."""
    return PatchRefused(
        say(
            "找不到案件表格：表格被刪除或轉成了一般範圍。",
            "找不到案件表格：表格被删除或转成了普通区域。",
            "The table of cases is missing: it was deleted or turned into a plain range.",
        )
    )


def several_tables() -> PatchRefused:
    """More than one table could be the table of cases."""
    return PatchRefused(
        say(
            "有一個以上的表格像案件表格，無法確定是哪一個。",
            "有一个以上的表格像案件表格，无法确定是哪一个。",
            "More than one table looks like the table of cases.",
        )
    )


def no_key_column() -> PatchRefused:
    """The column of case numbers is gone."""
    return PatchRefused(
        say(
            "找不到「案件編號」欄：欄被刪除或改了名。",
            "找不到“案件编号”列：列被删除或改了名。",
            "The column of case numbers is missing: it was deleted or renamed.",
        )
    )


def column_twice(header: str) -> PatchRefused:
    """Two columns claim to be the same."""
    return PatchRefused(
        say(
            f"「{header}」欄出現兩次。",
            f"“{header}”列出现两次。",
            f"The column “{header}” stands there twice.",
        )
    )


def header_differs(header: str) -> PatchRefused:
    """The header cell and the table disagree."""
    return PatchRefused(
        say(
            f"標題列的文字和表格記錄的「{header}」不同。",
            f"标题行的文字和表格记录的“{header}”不同。",
            f"The header row and the table's own record of “{header}” differ.",
        )
    )


def totals_row() -> PatchRefused:
    """The table ends in a totals row."""
    return PatchRefused(
        say(
            "表格開著「合計列」，請關閉。",
            "表格打开了“汇总行”，请关闭。",
            "The table has a totals row; please switch it off.",
        )
    )


def case_twice(number: str) -> PatchRefused:
    """A case number stands in two rows, or is to be written twice."""
    return PatchRefused(
        say(
            f"案件 {number} 出現在兩列。",
            f"案件 {number} 出现在两行。",
            f"The case {number} stands in two rows.",
        )
    )


def formula_in_the_way(cell: str) -> PatchRefused:
    """A formula that other cells depend on stands in a cell to be replaced."""
    return PatchRefused(
        say(
            f"{cell} 有共用或陣列公式，無法只換這一格。",
            f"{cell} 有共享或数组公式，无法只替换这一格。",
            f"A shared or array formula stands in {cell}; that cell cannot be replaced alone.",
        )
    )


def something_below(cell: str) -> PatchRefused:
    """There is no room for new rows."""
    return PatchRefused(
        say(
            f"表格下方的 {cell} 有內容，新案件沒有地方接續。",
            f"表格下方的 {cell} 有内容，新案件没有地方接续。",
            f"Something stands below the table, in {cell}; there is no room for new cases.",
        )
    )


def merged(area: str) -> PatchRefused:
    """A cell to be written lies in a merged area."""
    return PatchRefused(
        say(
            f"{area} 是合併儲存格，請取消合併。",
            f"{area} 是合并单元格，请取消合并。",
            f"{area} is merged; please unmerge it.",
        )
    )


def rows_in_use(what: str) -> PatchRefused:
    """Rows cannot move because something else depends on where they are."""
    return PatchRefused(
        say(
            f"表格的列不能移動：{what} 依賴它們的位置。",
            f"表格的行不能移动：{what} 依赖它们的位置。",
            f"The rows of the table cannot move: {what} depends on where they are.",
        )
    )


def row_kept(what: str) -> PatchRefused:
    """A row cannot be emptied because of what a manager fastened to it."""
    return PatchRefused(
        say(
            f"{what} 上有批註、合併或公式，該列先保留。",
            f"{what} 上有批注、合并或公式，该行先保留。",
            f"A comment, link, merged area or shared formula is fastened to {what}; the row stays.",
        )
    )
