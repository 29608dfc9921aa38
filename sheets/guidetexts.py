"""What the master's help sheet says; `{file}` is the workbook's name without its ending."""

from rules.locales import Text
from sheets.texts import say

SHEET = say("說明", "说明", "Help")
TITLE = say("總表使用說明", "总表使用说明", "How to work with this workbook")
COLOURS = say("顏色的意思", "颜色的含义", "What the colours mean")
OPEN_COLUMNS = say("「未結案件」各欄", "“未结案件”各列", "The columns of Open cases")
CLOSED_COLUMNS = say(
    "「近期結案」不同的欄（其餘同上）",
    "“近期结案”不同的列（其余同上）",
    "The columns of Recently closed that differ (the others as above)",
)
MORE_COLUMNS = say(
    "「{sheet}」不同的欄（其餘同上）",
    "“{sheet}”不同的列（其余同上）",
    "The columns of {sheet} that differ (the others as above)",
)
SYSTEM, MANAGER = say("系統", "系统", "System"), say("主管", "主管", "Managers")

OVERDUE = (
    say("已逾時", "已超时", "Overdue"),
    say(
        "處理期限已過，案件正在升級。",
        "处理期限已过，案件正在升级。",
        "The window has lapsed; the case escalates.",
    ),
)
SOON = (
    say("快到期", "即将到期", "Due soon"),
    say("不到 30 分鐘就到處理期限。", "不到 30 分钟就到处理期限。", "Less than 30 minutes are left."),
)
SETTLED = (
    say("已解決", "已解决", "Resolved"),
    say(
        "您剛改成已解決；系統接受後，案件移到「近期結案」。",
        "您刚改成已解决；系统接受后，案件移到“近期结案”。",
        "Just set by you; once accepted the case moves to Recently closed.",
    ),
)
REFUSED = (
    say("退回", "退回", "Not accepted"),
    say(
        "填的內容沒有被接受，原因寫在「退回原因」欄。",
        "填的内容没有被接受，原因写在“退回原因”列。",
        "An entry was not accepted; the reason stands in the column Not accepted.",
    ),
)
YOURS = (
    say("可填寫", "可填写", "Yours"),
    say(
        "淺綠底的格子由主管填寫。",
        "浅绿底的单元格由主管填写。",
        "Pale green cells are for managers to fill in.",
    ),
)
STRIPES = (
    say("資料不全", "资料不全", "Incomplete"),
    say(
        "灰色斜紋：缺必填資料，由客戶關愛部補齊。",
        "灰色斜纹：缺必填资料，由客户关爱部补齐。",
        "Grey stripes: required facts are missing; customer care completes them.",
    ),
)
GRADE = say(
    "等級欄的底色。案件逾時未解決，等級會自動上升。",
    "等级列的底色。案件超时未解决，等级会自动上升。",
    "Fill of the grade column. A case that lapses rises by itself.",
)

_RESOLVING = (
    say("回報案件已解決", "上报案件已解决", "Reporting a case resolved"),
    (
        say(
            "先在「處理方案」寫下怎麼處理的；有答應客戶優惠，寫在「優惠內容」。",
            "先在“处理方案”写下怎么处理的；有答应客户优惠，写在“优惠内容”。",
            "Write what was done under Resolution, and what was promised to the customer under Concession.",
        ),
        say(
            "再把「狀態」改成「已解決」並存檔。系統讀到後停止計時，案件移到「近期結案」。",
            "再把“状态”改成“已解决”并保存。系统读到后停止计时，案件移到“近期结案”。",
            "Then set Status to Resolved and save. The clock stops as soon as the system has read it, and the "
            "case moves to Recently closed.",
        ),
        say(
            "優惠這樣寫：工時費 20%、精品 300 元、現金 500 元；幾項之間用頓號隔開，沒有就留白。",
            "优惠这样写：工时费 20%、精品 300 元、现金 500 元；几项之间用顿号隔开，没有就留空。",
            "Write concessions like this: labour 20%, gift 300, cash 500. Leave the cell empty if there is none.",
        ),
        say(
            "超出權限的優惠不會生效：會退回，並轉呈有權限的主管決定。",
            "超出权限的优惠不会生效：会退回，并上报有权限的主管决定。",
            "A concession above your authority does not take effect: it is refused and sent on to whoever may "
            "decide.",
        ),
    ),
)
_REFUSALS = (
    say("填的內容被退回時", "填的内容被退回时", "When an entry is not accepted"),
    (
        say(
            "沒被接受的內容，原因會寫在同一列的「退回原因」（紅字）；案件照常計時。",
            "没被接受的内容，原因会写在同一行的“退回原因”（红字）；案件照常计时。",
            "The reason appears in red in the same row, under Not accepted; the case's clock goes on.",
        ),
        say(
            "照原因改好再存檔，退回原因會自動清除；不想改，也可以自己刪掉那段文字。",
            "照原因改好再保存，退回原因会自动清除；不想改，也可以自己删掉那段文字。",
            "Mend the entry and save: the reason goes away by itself. You may also just delete it.",
        ),
        say(
            "同一格若同時有人用郵件回報，以系統先收到的為準，另一個內容也寫在退回原因裡，不會遺失。",
            "同一格若同时有人用邮件上报，以系统先收到的为准，另一个内容也写在退回原因里，不会丢失。",
            "If somebody reports by mail at the same time, what came first stands; the other entry is kept in "
            "the reason, never lost.",
        ),
    ),
)
_ROWS = (
    say("刪除、複製、新增列", "删除、复制、新增行", "Deleted, copied and new rows"),
    (
        say(
            "新案件只能用表單寄信立案；在表格裡自己加的列不會成為案件，並會註明原因。",
            "新案件只能用表单发邮件立案；在表格里自己加的行不会成为案件，并会注明原因。",
            "New cases come only by form and mail. A row typed in here does not become a case, and says so.",
        ),
        say(
            "刪掉的列下次更新會回來；案件編號被改掉會還原。",
            "删掉的行下次更新会回来；案件编号被改掉会还原。",
            "Deleted rows come back with the next update; a case number typed over is restored.",
        ),
        say(
            "複製出來的列不算數，只認原來那一列；請自行刪除複製的列。",
            "复制出来的行不算数，只认原来那一行；请自行删除复制的行。",
            "A copied row does not count, only the first one does; please delete the copy.",
        ),
        say(
            "整張表被清空時，系統不讀也不寫，並通知客戶關愛部：請按復原，或由即時副本貼回。",
            "整张表被清空时，系统不读也不写，并通知客户关爱部：请撤销，或从实时副本粘贴回来。",
            "If the sheet is emptied, the system neither reads nor writes it and tells customer care: undo, or "
            "paste the rows back from the live copy.",
        ),
    ),
)
_FREEDOMS = (
    say("可以放心做的事", "可以放心做的事", "What you may do freely"),
    (
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
            "淺綠底的欄由主管填寫；深色標題的欄由系統更新，手動改的內容會被還原。",
            "浅绿底的列由主管填写；深色标题的列由系统更新，手动修改的内容会被还原。",
            "Pale green columns are yours. Those with a dark header are kept by the system, and what is typed "
            "there is undone.",
        ),
        say(
            "請勿合併儲存格、不要開啟「合計列」，也不要在表格正下方寫東西：新案件會接在最後一列之後。",
            "请勿合并单元格、不要打开“汇总行”，也不要在表格正下方写内容：新案件会接在最后一行之后。",
            "Please do not merge cells, add a totals row, or write right below the table: new cases follow its "
            "last row.",
        ),
        say(
            "總表裡填的內容，一律記為本店總表所設定的職務所填；請勿把檔案給不該填的人。",
            "总表里填的内容，一律记为本店总表所设定的职务所填；请勿把文件给不该填的人。",
            "Whatever is entered here counts as entered by the role that this workbook is configured for; keep "
            "the file among those who may.",
        ),
    ),
)
_OPEN_FILE = (
    say("整天開著檔案時", "整天开着文件时", "Keeping the file open all day"),
    (
        say(
            "檔案開著時系統不會寫入，會等您關閉後再更新；您存檔的內容照樣讀取，計時和通知照常進行。",
            "文件打开时系统不会写入，会等您关闭后再更新；您保存的内容照样读取，计时和通知照常进行。",
            "While the file is open the system waits with writing. What you save is read all the same; clocks "
            "and mails go on.",
        ),
        say(
            "要看最新情況，請開同一資料夾的 {file}-live.xlsx（唯讀副本），"
            "或用瀏覽器開 {file}.html（自動更新的看板）。",
            "要看最新情况，请打开同一文件夹的 {file}-live.xlsx（只读副本），"
            "或用浏览器打开 {file}.html（自动刷新的看板）。",
            "For the latest state open {file}-live.xlsx (a read-only copy) in the same folder, or {file}.html (a "
            "board that refreshes itself) in a browser.",
        ),
        say(
            "時間都是本地時間；顏色、剩餘時間和未結的數字在開檔和 Excel 重算時更新（按 F9）。",
            "时间都是本地时间；颜色、剩余时间和未结的数字在打开文件和 Excel 重算时更新（按 F9）。",
            "Times are local. Colours, the time left and the counters are right at each opening and "
            "recalculation (press F9).",
        ),
    ),
)
_OLD_CASES = (
    say("較早的案件", "较早的案件", "Older cases"),
    (
        say(
            "結案一段時間後，案件移到同一資料夾的存檔活頁簿，每月一個檔案；存檔只供查閱，改動不會被讀取。",
            "结案一段时间后，案件移到同一文件夹的存档工作簿，每月一个文件；存档仅供查阅，改动不会被读取。",
            "Some time after closing, cases move to an archive workbook beside this one, one per month. Archives "
            "are for reading; changes there are not taken.",
        ),
    ),
)

Chapter = tuple[Text, tuple[Text, ...]]
CHAPTERS: tuple[Chapter, ...] = (_RESOLVING, _REFUSALS, _ROWS, _FREEDOMS, _OPEN_FILE, _OLD_CASES)
