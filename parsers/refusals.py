"""Why a whole file could not be read, in three languages, and the error that carries it."""

from parsers.wordings import say
from rules.locales import Text


class Refused(Exception):
    """A file that is not read further; `reason` is what its sender is told."""

    def __init__(self, reason: Text) -> None:
        super().__init__(reason.en)
        self.reason = reason


NOT_A_WORKBOOK = say(
    "這個檔案不是 Excel 活頁簿，請用 Excel 另存成 .xlsx 後重寄",
    "这个文件不是 Excel 工作簿，请用 Excel 另存为 .xlsx 后重发",
    "this file is not an Excel workbook; save it as .xlsx and send it again",
)
EMPTY_FILE = say(
    "檔案是空的（0 位元組），請重新附上",
    "文件是空的（0 字节），请重新添加附件",
    "the file is empty (0 bytes); attach it again",
)
WEB_PAGE = say(
    "這個檔案其實是網頁或純文字，裡面沒有表格，請用 Excel 開啟後另存成 .xlsx 再寄",
    "这个文件其实是网页或纯文本，里面没有表格，请用 Excel 打开后另存为 .xlsx 再发",
    "this file is a web page or plain text without a table; open it in Excel, save it as .xlsx and send it again",
)
OTHER_DOCUMENT = say(
    "這是壓縮檔或其他文件（例如 Word），裡面沒有活頁簿，請直接附上 .xlsx 檔",
    "这是压缩包或其他文件（例如 Word），里面没有工作簿，请直接附上 .xlsx 文件",
    "this is an archive or another document (such as Word) without a workbook; attach the .xlsx file itself",
)
PASSWORD = say(
    "檔案有密碼保護，無法讀取，請在 Excel「檔案 → 資訊 → 保護活頁簿 → 以密碼加密」清空密碼，存檔後重寄",
    "文件有密码保护，无法读取，请在 Excel“文件 → 信息 → 保护工作簿 → 用密码进行加密”清空密码，保存后重发",
    "the file is protected by a password; clear it in Excel (File → Info → Protect Workbook → Encrypt with Password), "
    "save the file and send it again",
)
RIGHTS_MANAGED = say(
    "檔案設有權限管理（IRM），無法讀取，請在 Excel「檔案 → 資訊 → 保護活頁簿 → 限制存取」改為不限制，存檔後重寄",
    "文件设有权限管理（IRM），无法读取，请在 Excel“文件 → 信息 → 保护工作簿 → 限制访问”改为无限制访问，保存后重发",
    "access to the file is restricted (IRM); choose unrestricted access in Excel (File → Info → Protect Workbook → "
    "Restrict Access), save the file and send it again",
)
LOCKED_BY_COMPANY = say(
    "檔案被公司的文件加密軟體鎖住，無法讀取，請先解密（或申請外發），再重寄",
    "文件被公司的文档加密软件锁住，无法读取，请先解密（或申请外发），再重发",
    "the file is locked by the company's file encryption; decrypt it (or ask for it to be released) and send it again",
)
NUMBERS = say(
    "這是 Apple Numbers 檔案，無法讀取，請在 Numbers「檔案 → 輸出至 → Excel」存成 .xlsx 後重寄",
    "这是 Apple Numbers 文件，无法读取，请在 Numbers“文件 → 导出为 → Excel”存成 .xlsx 后重发",
    "this is an Apple Numbers file; export it in Numbers (File → Export To → Excel) and send the .xlsx",
)
OLD_FORMAT = say(
    "這是舊式的試算表文字格式（SYLK 或 DIF），不予讀取，請用 Excel 或 WPS 開啟後另存成 .xlsx 再寄",
    "这是旧式的电子表格文本格式（SYLK 或 DIF），不予读取，请用 Excel 或 WPS 打开后另存为 .xlsx 再发",
    "this is an old text format for spreadsheets (SYLK or DIF) and is not read; open it in Excel or WPS, save it "
    "as .xlsx and send it again",
)
CELLS_UNREAD = say(
    "檔案裡有內容，但讀不出來（格式異常），請用 Excel 或 WPS 開啟後另存成 .xlsx 再寄",
    "文件里有内容，但读不出来（格式异常），请用 Excel 或 WPS 打开后另存为 .xlsx 再发",
    "the file has content that cannot be read (its format is odd); open it in Excel or WPS, save it as .xlsx and "
    "send it again",
)
FORMULAS_ONLY = say(
    "檔案裡只有公式，沒有算出的結果，請用 Excel 或 WPS 開啟並存檔（或把公式貼成值）後重寄",
    "文件里只有公式，没有算出的结果，请用 Excel 或 WPS 打开并保存（或把公式粘贴为值）后重发",
    "the file has only formulas without their results; open and save it in Excel or WPS (or paste the values) and send "
    "it again",
)
DAMAGED = say(
    "檔案已損毀或格式不合，無法讀取，請用 Excel 開啟後另存成 .xlsx 再寄",
    "文件已损坏或格式不符，无法读取，请用 Excel 打开后另存为 .xlsx 再发",
    "the file is damaged or malformed; open it in Excel, save it as .xlsx and send it again",
)
TOO_LARGE = say(
    "檔案解壓縮後過大，為安全起見不予讀取，請只寄表單本身",
    "文件解压后过大，为安全起见不予读取，请只发表单本身",
    "the file is too large once unpacked and was not read; send the form only",
)
TOO_MANY_PARTS = say(
    "檔案內含的項目過多，為安全起見不予讀取，請只寄表單本身",
    "文件内含的项目过多，为安全起见不予读取，请只发表单本身",
    "the file has too many parts and was not read; send the form only",
)
UNSAFE_XML = say(
    "檔案內含外部定義（DTD），為安全起見不予讀取，請用 Excel 另存成 .xlsx 後重寄",
    "文件内含外部定义（DTD），为安全起见不予读取，请用 Excel 另存为 .xlsx 后重发",
    "the file carries a document type definition and was not read; save it as .xlsx in Excel and send it again",
)
TOO_SLOW = say(
    "檔案讀取時間過長，已中止，請只寄表單本身，並刪去多餘的列與欄",
    "文件读取时间过长，已中止，请只发表单本身，并删去多余的行与列",
    "reading the file took too long and was stopped; send the form only, without surplus rows and columns",
)
TOO_HEAVY = say(
    "讀取檔案時記憶體不足或讀取程式中斷，請只寄表單本身，並刪去多餘的列與欄",
    "读取文件时内存不足或读取程序中断，请只发表单本身，并删去多余的行与列",
    "the file needs too much memory or broke the reader; send the form only, without surplus rows and columns",
)
NO_FORM = say(
    "檔案裡找不到抱怨單或其他認得的表單，請用附上的空白表單填寫",
    "文件里找不到抱怨单或其他认得的表单，请用附上的空白表单填写",
    "no complaint form or other known form was found in the file; please use the blank form",
)
EMPTY_FORM = say(
    "表單是空白的，沒有填寫任何內容，請填妥後重寄",
    "表单是空白的，没有填写任何内容，请填好后重发",
    "the form is empty; fill it in and send it again",
)
EMPTY_WORKBOOK = say(
    "活頁簿裡沒有任何內容，找不到表單，請填妥表單後重寄",
    "工作簿里没有任何内容，找不到表单，请填好表单后重发",
    "the workbook has no content, no form was found; fill in a form and send it again",
)
