"""What readers tell the sender, in three languages: each says what is wrong and how to mend it."""

from rules.locales import Text

SHOWN = 40  # characters of a value quoted in a message


def say(hant: str, hans: str, en: str) -> Text:
    """Make a wording from its three languages."""
    return Text.model_validate({"zh-Hant": hant, "zh-Hans": hans, "en": en})


def quoted(value: object) -> str:
    """Shorten a value so that it can be quoted in one line."""
    line = " ".join("".join(c if c.isprintable() else " " for c in str(value)[: SHOWN * 4]).split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


def not_an_amount(value: object) -> Text:
    """Say that a text is no amount."""
    shown = quoted(value)
    return say(
        f"「{shown}」不是金額，請填數字，例如 1200",
        f"“{shown}”不是金额，请填数字，例如 1200",
        f"'{shown}' is not an amount; write a number such as 1200",
    )


def not_cny(value: object) -> Text:
    """Say that an amount is in another currency."""
    shown = quoted(value)
    return say(
        f"「{shown}」不是人民幣，請換算成人民幣後填數字，例如 1200",
        f"“{shown}”不是人民币，请换算成人民币后填数字，例如 1200",
        f"'{shown}' is not in CNY; convert it and write a number such as 1200",
    )


def amount_negative(value: object) -> Text:
    """Say that an amount is below zero."""
    shown = quoted(value)
    return say(
        f"金額「{shown}」不能是負數，請填 0 以上的數字",
        f"金额“{shown}”不能是负数，请填 0 以上的数字",
        f"the amount '{shown}' is negative; write a number from 0 up",
    )


def amount_too_large(value: object) -> Text:
    """Say that an amount is over the limit of 100 000 000."""
    shown = quoted(value)
    return say(
        f"金額「{shown}」超過一億元，請檢查是否多打了零",
        f"金额“{shown}”超过一亿元，请检查是否多打了零",
        f"the amount '{shown}' is over 100,000,000; check it for surplus zeros",
    )


def amount_too_fine(value: object) -> Text:
    """Say that an amount has more than two decimals."""
    shown = quoted(value)
    return say(
        f"金額「{shown}」的小數超過兩位，請填到分為止，例如 1200.50",
        f"金额“{shown}”的小数超过两位，请填到分为止，例如 1200.50",
        f"the amount '{shown}' has more than two decimals; round it to cents, e.g. 1200.50",
    )


def not_a_percentage(value: object) -> Text:
    """Say that a text is no percentage."""
    shown = quoted(value)
    return say(
        f"「{shown}」不是優惠比例，請填例如 30% 或 七折",
        f"“{shown}”不是优惠比例，请填例如 30% 或 七折",
        f"'{shown}' is not a percentage; write it as 30%",
    )


def percentage_ambiguous(value: object) -> Text:
    """Say that a bare 1 may mean 1 % or 100 %."""
    shown = quoted(value)
    return say(
        f"「{shown}」可能是 1%，也可能是 100%，請寫明百分號",
        f"“{shown}”可能是 1%，也可能是 100%，请写明百分号",
        f"'{shown}' may mean 1% or 100%; write the percent sign",
    )


def percentage_out_of_range(value: object) -> Text:
    """Say that a percentage is not from 0 to 100."""
    shown = quoted(value)
    return say(
        f"比例「{shown}」不在 0% 到 100% 之間，請更正",
        f"比例“{shown}”不在 0% 到 100% 之间，请更正",
        f"the percentage '{shown}' is not between 0% and 100%; correct it",
    )


def not_a_date(value: object) -> Text:
    """Say that a text is no date."""
    shown = quoted(value)
    return say(
        f"「{shown}」不是日期，請填例如 2026-11-21",
        f"“{shown}”不是日期，请填例如 2026-11-21",
        f"'{shown}' is not a date; write it as 2026-11-21",
    )


def not_a_time(value: object) -> Text:
    """Say that a text is no date and time."""
    shown = quoted(value)
    return say(
        f"「{shown}」不是日期時間，請填例如 2026-11-21 14:30",
        f"“{shown}”不是日期时间，请填例如 2026-11-21 14:30",
        f"'{shown}' is not a date and time; write it as 2026-11-21 14:30",
    )


def year_of_two_digits(value: object) -> Text:
    """Say that a year of two digits is not accepted."""
    shown = quoted(value)
    return say(
        f"「{shown}」的年份只有兩位數，請寫四位西元年，例如 2026-11-21，或民國年，例如 民國115年11月21日",
        f"“{shown}”的年份只有两位数，请写四位年份，例如 2026-11-21",
        f"the year in '{shown}' has only two digits; write four, e.g. 2026-11-21",
    )


def year_missing(value: object) -> Text:
    """Say that a date has no year."""
    shown = quoted(value)
    return say(
        f"「{shown}」沒有年份，請寫例如 2026-11-21",
        f"“{shown}”没有年份，请写例如 2026-11-21",
        f"'{shown}' has no year; write it as 2026-11-21",
    )


def day_assumed(value: object, day: str) -> Text:
    """Note that a time without a date was taken for today's."""
    shown = quoted(value)
    return say(
        f"「{shown}」沒有日期，先以當天（{day}）計算，如不正確請更正",
        f"“{shown}”没有日期，先按当天（{day}）计算，如不正确请更正",
        f"'{shown}' has no date; today ({day}) was taken, correct it if that is wrong",
    )


def in_the_future(moment: str) -> Text:
    """Note that a time lies ahead."""
    return say(
        f"{moment} 晚於現在，請檢查日期和時間",
        f"{moment} 晚于现在，请检查日期和时间",
        f"{moment} is in the future; check the date and time",
    )


def long_ago(moment: str) -> Text:
    """Note that a time is older than 365 days."""
    return say(
        f"{moment} 距今已超過 365 天，請檢查年份",
        f"{moment} 距今已超过 365 天，请检查年份",
        f"{moment} is more than 365 days ago; check the year",
    )


def not_a_phone(value: object) -> Text:
    """Say that a text is no phone number."""
    shown = quoted(value)
    return say(
        f"「{shown}」不是電話號碼，請填數字，例如 0912345678",
        f"“{shown}”不是电话号码，请填数字，例如 13800138000",
        f"'{shown}' is not a phone number; write its digits, e.g. 13800138000",
    )


def phone_digits_lost(value: object) -> Text:
    """Say that a spreadsheet turned a phone number into a rounded number."""
    shown = quoted(value)
    return say(
        f"電話「{shown}」被 Excel 轉成數字，號碼已不完整，請把儲存格設為文字後重新輸入",
        f"电话“{shown}”被 Excel 转成了数字，号码已不完整，请把单元格设为文本后重新输入",
        f"Excel turned the phone '{shown}' into a number and lost digits; format the cell as text and type it again",
    )


def phone_zero_lost(value: object) -> Text:
    """Note that a phone number stored as a number may have lost a leading zero."""
    shown = quoted(value)
    return say(
        f"電話「{shown}」存成了數字，開頭的 0 可能已遺失，請核對",
        f"电话“{shown}”存成了数字，开头的 0 可能已丢失，请核对",
        f"the phone '{shown}' is stored as a number; a leading 0 may be lost, please check",
    )


def phone_second(kept: str) -> Text:
    """Note that of several phone numbers the first was kept."""
    return say(
        f"填了一個以上的電話，先採用第一個（{kept}）",
        f"填了一个以上的电话，先采用第一个（{kept}）",
        f"there is more than one phone number; the first ({kept}) was taken",
    )


def not_a_choice(value: object, offered: Text) -> Text:
    """Say that a text is none of the choices."""
    shown = quoted(value)
    return say(
        f"「{shown}」不在選項之內，請填其中一項：{offered.zh_hant}",
        f"“{shown}”不在选项之内，请填其中一项：{offered.zh_hans}",
        f"'{shown}' is none of the choices; write one of: {offered.en}",
    )


def several_choices(chosen: Text) -> Text:
    """Say that more than one choice was given."""
    return say(
        f"同時選了{chosen.zh_hant}，請只留一項",
        f"同时选了{chosen.zh_hans}，请只留一项",
        f"more than one is chosen ({chosen.en}); leave only one",
    )


def text_cut(limit: int) -> Text:
    """Note that a text was cut."""
    return say(
        f"內容超過 {limit} 字，其後已截去，全文請見原附件",
        f"内容超过 {limit} 字，其后已截去，全文请见原附件",
        f"the text is longer than {limit} characters and was cut; the attachment has it whole",
    )


def digits_lost(value: object) -> Text:
    """Note that a long number lost its last digits in a spreadsheet."""
    shown = quoted(value)
    return say(
        f"「{shown}」位數過長，Excel 已改動末幾位，請把儲存格設為文字後重新輸入",
        f"“{shown}”位数过长，Excel 已改动末几位，请把单元格设为文本后重新输入",
        f"'{shown}' is too long a number, Excel changed its last digits; format the cell as text and type it again",
    )


def missing() -> Text:
    """Say that a required value is missing."""
    return say("必填，請補上", "必填，请补上", "this is required; please fill it in")


def parts_unclear(value: object, count: int) -> Text:
    """Say that one cell should hold several values but they cannot be told apart."""
    shown = quoted(value)
    return say(
        f"這一格要填 {count} 項，「{shown}」分不出各項，請用空格或換行隔開",
        f"这一格要填 {count} 项，“{shown}”分不出各项，请用空格或换行隔开",
        f"this cell holds {count} values but '{shown}' cannot be told apart; put a space or a line break between",
    )


def title_says_otherwise(title: Text, cell: Text) -> Text:
    """Note that the title of the form and a filled cell disagree, and that the cell was followed."""
    return say(
        f"表單標題是「{title.zh_hant}」，此處填的是「{cell.zh_hant}」，以此處為準",
        f"表单标题是“{title.zh_hans}”，此处填的是“{cell.zh_hans}”，以此处为准",
        f"the form's title says {title.en} but this cell says {cell.en}; the cell was followed",
    )


def list_too_long(limit: int) -> Text:
    """Say that a table has more rows than are read."""
    return say(
        f"一張表最多讀 {limit} 列，從這一列起未讀取，請另存成一個檔案再寄一次",
        f"一张表最多读 {limit} 行，从这一行起未读取，请另存成一个文件再发一次",
        f"at most {limit} rows are read from a table; from this row on send them again in another file",
    )


def rows_after_gap() -> Text:
    """Say that filled rows stand below the end of a table."""
    return say(
        "表格下方隔了空白列還有資料，未讀取，請刪去空白列後重寄",
        "表格下方隔了空行还有数据，未读取，请删去空行后重发",
        "there are filled rows below a gap in the table; they were not read, remove the gap and send it again",
    )


def sheet_too_large(rows: int, columns: int) -> Text:
    """Say that a sheet is larger than what is read of it."""
    return say(
        f"工作表過大，只讀了前 {rows} 列、{columns} 欄，其餘未讀取",
        f"工作表过大，只读了前 {rows} 行、{columns} 列，其余未读取",
        f"the sheet is too large; only its first {rows} rows and {columns} columns were read",
    )


def too_many_forms(limit: int) -> Text:
    """Say that a file holds more forms than are read."""
    return say(
        f"一個檔案最多讀 {limit} 張表單，其後未讀取，請分成幾個檔案再寄",
        f"一个文件最多读 {limit} 张表单，其后未读取，请分成几个文件再发",
        f"at most {limit} forms are read from one file; send the others in further files",
    )


def said_twice(cells: str) -> Text:
    """Say that two cells give the same fact different values."""
    return say(
        f"{cells} 填的是同一項，內容卻不同，請統一或只留一個",
        f"{cells} 填的是同一项，内容却不同，请统一或只留一个",
        f"{cells} give different values for the same thing; make them agree or leave only one",
    )


def sheet_hidden() -> Text:
    """Note that a form stands on a hidden sheet."""
    return say(
        "這張表單在隱藏的工作表裡，仍已讀取，請確認是否要送出",
        "这张表单在隐藏的工作表里，仍已读取，请确认是否要提交",
        "this form stands on a hidden sheet; it was read all the same, please check that it was meant",
    )


def column_unread(cells: str) -> Text:
    """Say that a further complaint stands beside the one that was read."""
    return say(
        f"{cells} 像是另一件抱怨，未讀取，請每件用一張表單另寄",
        f"{cells} 像是另一件抱怨，未读取，请每件用一张表单另发",
        f"{cells} look like a further complaint and were not read; send it in a form of its own",
    )


def formulas_without_values(cells: str) -> Text:
    """Say that cells hold formulas whose results the file does not carry, or which are errors."""
    return say(
        f"公式沒有結果，或結果是錯誤值，因此讀不到（{cells}），請用 Excel 或 WPS 開啟並存檔後重寄，或直接填入結果",
        f"公式没有结果，或结果是错误值，因此读不到（{cells}），请用 Excel 或 WPS 打开并保存后重发，或直接填入结果",
        f"formulas without their results, or with an error as one, could not be read ({cells}); open and save the file "
        "in Excel or WPS and send it again, or write the results",
    )


def partly_unread() -> Text:
    """Say that a file holds more than could be read."""
    return say(
        "檔案格式異常，有部分內容讀不出來，請核對，必要時用 Excel 或 WPS 另存成 .xlsx 後重寄",
        "文件格式异常，有部分内容读不出来，请核对，必要时用 Excel 或 WPS 另存为 .xlsx 后重发",
        "the file's format is odd and part of it could not be read; check what was read, or save it as .xlsx in Excel "
        "or WPS and send it again",
    )
