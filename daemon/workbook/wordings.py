"""What managers are told about what they did in the workbook, in three languages."""

from collections import defaultdict

from sheets.texts import say

WORKBOOK = say("總表", "总表", "master workbook")
ENTERED_IN = say("（總表）", "（总表）", "(master workbook)")
LISTED = say("、", "、", ", ")
ALSO = say("；", "；", "; ")

RESOLUTION_FIRST = say(
    "請先填「處理方案」，再把狀態改為「已解決」",
    "请先填“处理方案”，再把状态改为“已解决”",
    "Fill in the resolution first, then set the status to Resolved",
)
UNKNOWN_STATUS = say(
    "看不懂狀態「{found}」，請從清單選：處理中、部分解決、已解決",
    "看不懂状态“{found}”，请从列表选：处理中、部分解决、已解决",
    "The status “{found}” is not known; choose Open, Partly resolved or Resolved",
)
UNKNOWN_CONCESSION = say(
    "看不懂優惠內容「{found}」，請寫例如「工時費 20%」「精品 300 元」「現金 500 元」；沒有優惠就留白",
    "看不懂优惠内容“{found}”，请写例如“工时费 20%”“精品 300 元”“现金 500 元”；没有优惠就留空",
    "The concession “{found}” cannot be read; write e.g. labour 20%, gift 300 or cash 500, nothing if none was made",
)
NOT_A_TIME = say(
    "「{column}」的「{found}」不是日期時間，請寫例如 2026-11-21 14:30",
    "“{column}”的“{found}”不是日期时间，请写例如 2026-11-21 14:30",
    "“{found}” in {column} is no date and time; write e.g. 2026-11-21 14:30",
)
NOT_A_VALUE = say(
    "「{column}」的公式算出錯誤（{found}），沒有採用",
    "“{column}”的公式算出错误（{found}），没有采用",
    "The formula in {column} comes to an error ({found}) and was not taken",
)
OVER_AUTHORITY = say(
    "「{promised}」超出權限（{clause}），案件還未解決；已轉請{who}決定",
    "“{promised}”超出权限（{clause}），案件还未解决；已转请{who}决定",
    "“{promised}” is over authority ({clause}); the case is still open, {who} may decide",
)
OVER_ALL_AUTHORITY = say(
    "沒有人有「{promised}」這項權限（{clause}），案件還未解決；請改提別的方案",
    "没有人有“{promised}”这项权限（{clause}），案件还未解决；请改提别的方案",
    "Nobody may promise “{promised}” ({clause}); the case is still open, please offer something else",
)
NOT_ENTITLED = say(
    "在總表裡填寫的人以「{role}」的身分處理，而這個身分不能回報本案（{clause}）；請負責人用郵件回報",
    "在总表里填写的人以“{role}”的身份处理，而这个身份不能上报本案（{clause}）；请负责人用邮件上报",
    "Whoever writes here acts as {role}, who may not report on this case ({clause}); the responsible person answers by "
    "e-mail",
)
ALREADY_CLOSED = say(
    "案件已經結案，沒有再更動", "案件已经结案，没有再改动", "The case is settled already; nothing was changed"
)
CLOSES_BY_ITSELF = say(
    "處理完成請選「已解決」；該補的都齊了，系統會自動結案",
    "处理完成请选“已解决”；该补的都齐了，系统会自动结案",
    "Choose Resolved once it is settled; the case closes by itself when nothing is missing",
)
CANNOT_GO_BACK = say(
    "狀態不能改回「{found}」",
    "状态不能改回“{found}”",
    "The status cannot be set back to {found}",
)
UNKNOWN_PERSON = say(
    "沒有「{found}」這個人或職務，請寫姓名或職務",
    "没有“{found}”这个人或职务，请写姓名或职务",
    "Nobody is called “{found}”; write a name or an office",
)
UNKNOWN_CAUSE = say(
    "看不懂責任認定「{found}」；可以寫：{known}",
    "看不懂责任认定“{found}”；可以写：{known}",
    "The finding “{found}” is not known; there are: {known}",
)
UNKNOWN_CHANGE = say(
    "看不懂處置「{found}」，請從清單選",
    "看不懂处置“{found}”，请从列表选",
    "The change “{found}” is not known; choose one from the list",
)
CHANGE_REFUSED = say(
    "處置未採納：{why}（{clause}）",
    "处置未采纳：{why}（{clause}）",
    "The change was not accepted: {why} ({clause})",
)
_CANNOT = say(
    "依{clause}不能這樣處理",
    "依{clause}不能这样处理",
    "{clause} does not allow that",
)
NOT_JUDGED = defaultdict(
    lambda: _CANNOT,
    {
        "not-entitled": say(
            "在總表裡填寫的人沒有這個權限（{clause}），請有權限的人用郵件處理",
            "在总表里填写的人没有这个权限（{clause}），请有权限的人用邮件处理",
            "Whoever writes here may not do that ({clause}); it is done by e-mail",
        ),
        "already-recorded": say(
            "這個人的這項責任已經記錄過（{clause}）",
            "这个人的这项责任已经记录过（{clause}）",
            "That was found of him before ({clause})",
        ),
        "already-appealed": say(
            "已經申訴過（{clause}）", "已经申诉过（{clause}）", "It was appealed before ({clause})"
        ),
        "already-ruled": say(
            "已經裁決，不能再申訴（{clause}）",
            "已经裁决，不能再申诉（{clause}）",
            "It is ruled on already ({clause})",
        ),
        "not-issued": say(
            "處罰還沒有開立，不必申訴（{clause}）",
            "处罚还没有开立，不必申诉（{clause}）",
            "It is not issued yet ({clause})",
        ),
    },
)
UNKNOWN_REVIEW = say(
    "看不懂審核意見「{found}」；請填「同意」，或填「退回」加原因",
    "看不懂审核意见“{found}”；请填“同意”，或填“退回”加原因",
    "The review “{found}” is not clear; write approve, or reject and the reason",
)
NOT_A_MOMENT = say(
    "「告知客戶時間」的「{found}」不是日期時間，請寫例如 2026-11-21 14:30",
    "“告知客户时间”的“{found}”不是日期时间，请写例如 2026-11-21 14:30",
    "Customer told at: “{found}” is no date and time; write it as 2026-11-21 14:30",
)
SAID = say("{why}：「{found}」", "{why}：“{found}”", "{why}: “{found}”")
NOT_THEN = say(
    "「告知客戶時間」要在立案之後，不能晚於現在",
    "“告知客户时间”要在立案之后，不能晚于现在",
    "Customer told at must lie after the case was opened and not in the future",
)
UNKNOWN_RULING = say(
    "看不懂裁定「{found}」；請從清單選「維持」或「撤銷」",
    "看不懂裁定“{found}”；请从列表选“维持”或“撤销”",
    "The ruling “{found}” is not clear; choose Uphold or Revoke from the list",
)
RULING_NEEDS_REASON = say(
    "請再填「裁定理由」，才會請裁定人確認",
    "请再填“裁定理由”，才会请裁定人确认",
    "Please fill in why as well; only then is whoever rules asked to confirm it",
)
NOBODY_RULES = say(
    "名冊上找不到裁定人，沒有人可以確認（{clause}）",
    "名册上找不到裁定人，没有人可以确认（{clause}）",
    "Nobody is known who could confirm the ruling ({clause})",
)
NOT_SETTLED = {  # what was asked, why not
    "ruling": {
        "already-ruled": say(
            "已經裁定過（{clause}）", "已经裁定过（{clause}）", "It is ruled on already ({clause})"
        ),
        "not-appealed": say(
            "沒有人申訴，不必裁定（{clause}）",
            "没有人申诉，不必裁定（{clause}）",
            "Nobody appealed; there is nothing to rule on ({clause})",
        ),
    },
    "review": {
        "nothing-asked": say(
            "目前沒有等候審核的事項（{clause}）",
            "目前没有等待审批的事项（{clause}）",
            "Nothing waits for a review ({clause})",
        ),
        "already-recorded": say(
            "先前已經審核過（{clause}）", "之前已经审批过（{clause}）", "It was reviewed before ({clause})"
        ),
    },
    "call": {
        "not-open": say(
            "案件還沒有解決，不能先記錄告知客戶（{clause}）",
            "案件还没有解决，不能先记录告知客户（{clause}）",
            "The case is not resolved yet ({clause})",
        ),
        "case-closed": say(
            "案件已經結案，沒有再更動（{clause}）",
            "案件已经结案，没有再改动（{clause}）",
            "The case is closed; nothing was changed ({clause})",
        ),
    },
}
RESTORED = say(
    "「{column}」由系統維護，您填的「{found}」已還原",
    "“{column}”由系统维护，您填的“{found}”已还原",
    "{column} is kept by the system; what you wrote there (“{found}”) was undone",
)
CONFLICT = say(
    "這份檔案是較舊的版本：「{column}」的「{found}」與後來的內容不同，沒有採用",
    "这份文件是较旧的版本：“{column}”的“{found}”与后来的内容不同，没有采用",
    "This file was an older version: “{found}” in {column} differs from what came later and was not taken",
)
KEY_OVERTYPED = say(
    "案件編號被改成「{found}」，已改回",
    "案件编号被改成“{found}”，已改回",
    "The case number had been overtyped with “{found}” and was put back",
)
MIXED = say(
    "這一列混有別的案件的儲存格（可能只排序了部分欄位），沒有採用",
    "这一行混有别的案件的单元格（可能只排序了部分列），没有采用",
    "This row holds cells of other cases (were only some columns sorted?); nothing of it was taken",
)
MIXED_SEEN = say(
    "總表第 {row} 列混有別的案件的儲存格，{key} 照原樣還原",
    "总表第 {row} 行混有别的案件的单元格，{key} 照原样还原",
    "Row {row} held cells of other cases; {key} was put back as it was",
)
COPY = say(
    "這一列是 {key} 的複本，不會讀取，可以刪除",
    "这一行是 {key} 的副本，不会读取，可以删除",
    "This row is a copy of {key}; it is not read and may be deleted",
)
NOT_TAKEN = say("（未採用：{entered}）", "（未采用：{entered}）", " (not taken: {entered})")
NO_NUMBER = say(
    "這一列沒有案件編號，不會讀取。新的抱怨請用表單寄到客訴信箱",
    "这一行没有案件编号，不会读取。新的投诉请用表单发到投诉邮箱",
    "This row has no case number and is not read. A new complaint is sent as a form to the mailbox",
)
UNKNOWN_NUMBER = say(
    "{found} 不是這張表上的案件，這一列不會讀取，可以刪除",
    "{found} 不是这张表上的案件，这一行不会读取，可以删除",
    "{found} is no case of this sheet; this row is not read and may be deleted",
)

# What the sheet "what kesu did" tells of the workbook itself.
ROW_RETURNED = say(
    "總表裡 {key} 的列被刪除，已放回",
    "总表里 {key} 的行被删除，已放回",
    "The row of {key} was deleted from the workbook and put back",
)
CELL_RESTORED = say(
    "{key}「{column}」被改為「{found}」，已還原",
    "{key}“{column}”被改为“{found}”，已还原",
    "{column} of {key} was overwritten with “{found}” and restored",
)
ENTRY_REFUSED = say(
    "{key} 的填寫被退回：{why}", "{key} 的填写被退回：{why}", "An entry for {key} was not accepted: {why}"
)
ANSWERED_BACK = say(
    "有人在 {key} 的「退回原因」裡寫了「{found}」；這一欄由系統填寫，請改寫在「備註」",
    "有人在 {key} 的“退回原因”里写了“{found}”；这一列由系统填写，请改写在“备注”",
    "Somebody wrote “{found}” where {key} is told what was not accepted; please write it in the remarks",
)
COPY_SEEN = say(
    "總表第 {row} 列是 {key} 的複本，不讀取",
    "总表第 {row} 行是 {key} 的副本，不读取",
    "Row {row} is a copy of {key} and is not read",
)
STRANGE_SEEN = say(
    "總表第 {row} 列不屬於任何案件，不讀取",
    "总表第 {row} 行不属于任何案件，不读取",
    "Row {row} belongs to no case and is not read",
)
COLUMNS_MISSING = say(
    "總表「{sheet}」缺少這些欄，暫不更新：{columns}",
    "总表“{sheet}”缺少这些列，暂不更新：{columns}",
    "The sheet {sheet} lacks these columns, which are not kept up: {columns}",
)
SHEET_MISSING = say(
    "總表缺少「{sheet}」，暫不更新",
    "总表缺少“{sheet}”，暂不更新",
    "The sheet {sheet} is missing from the workbook and is not kept up",
)
DRAWN = say("重新畫出總表", "重新生成总表", "The workbook was drawn anew")
ROW_KEPT = say(
    "{key} 的列無法移出總表：{why}",
    "{key} 的行无法移出总表：{why}",
    "The row of {key} cannot be taken out of the workbook: {why}",
)
HELD_BY = say(
    "{who} 從 {since} 起開著總表；這裡的內容仍是最新的",
    "{who} 从 {since} 起打开着总表；这里的内容仍是最新的",
    "{who} has had the workbook open since {since}; what you see here is current all the same",
)
OLD_VERSION = say(
    "總表是較舊的版本（第 {found} 版）：可能是從備份還原，或有人把較早打開的檔案存了檔",
    "总表是较旧的版本（第 {found} 版）：可能是从备份还原，或有人把较早打开的文件存了盘",
    "The workbook is an older version ({found}): restored from a backup, or saved by somebody who opened it earlier",
)
NEWER_VERSION = say(
    "總表的版本（第 {found} 版）比帳本記得的還新：帳本可能是從備份還原的，較新的案件請從郵件重新立案",
    "总表的版本（第 {found} 版）比账本记得的还新：账本可能是从备份还原的，较新的案件请从邮件重新立案",
    "The workbook's version ({found}) is newer than any the ledger knows: was the ledger restored from a backup?",
)
ANOTHER_SITE = say(
    "這是另一個站點（{site}）的總表",
    "这是另一个站点（{site}）的总表",
    "This is the workbook of another site ({site})",
)
OUR_FAULT = say(
    "處理這個檔案時發生系統錯誤（{error}），請維運人員查看記錄檔",
    "处理这个文件时发生系统错误（{error}），请运维人员查看日志",
    "The system failed over this file ({error}); the operator finds more in the log",
)
NOT_TAKEN_IN = say(
    "這一列的填寫無法處理，沒有採用；請重新填寫",
    "这一行的填写无法处理，没有采用；请重新填写",
    "What was entered in this row cannot be taken in; please write it again",
)
AND_MORE = say("……還有 {count} 則類似的", "……还有 {count} 条类似的", "… and {count} more of the kind")
SOMEBODY = say("有人", "有人", "Somebody")
LIVE_COPY_EDITED = say(
    "有人改了即時副本，他的檔案另存為 {name}；副本裡的內容不會讀取",
    "有人改了实时副本，他的文件另存为 {name}；副本里的内容不会读取",
    "Somebody changed the live copy; his file was kept as {name}. What stands in a copy is not read",
)
ARCHIVED = say(
    "{count} 個早已結案的案件移到封存檔",
    "{count} 个早已结案的案件移到归档文件",
    "{count} cases settled long ago were moved to the archive workbooks",
)
MAIL_SENT = say("寄出「{template}」給{who}", "发出“{template}”给{who}", "Sent “{template}” to {who}")
YES_OR_NO = say(
    "「{found}」不是「是」或「否」，請由清單選擇",
    "“{found}”不是“是”或“否”，请从列表选择",
    "“{found}” is neither Yes nor No; please choose from the list",
)
