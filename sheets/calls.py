"""The sheet of follow-up calls: whom to call, revisit or look at again, and what came of it (D22–D25, D35, D36)."""

from rules.locales import Text
from sheets.columns import Column, ColumnKind, Owner, Sheet
from sheets.entry import NO, YES
from sheets.texts import say


def _ours(key: str, kind: ColumnKind, width: float, header: Text, help_: Text) -> Column:
    return Column(key, header, width, kind, Owner.DAEMON, help_)


def _theirs(
    key: str, kind: ColumnKind, width: float, header: Text, help_: Text, choices: tuple[Text, ...] = ()
) -> Column:
    return Column(key, header, width, kind, Owner.MANAGER, help_, choices)


_NUMBER = _ours(
    "call_number",
    ColumnKind.TEXT,
    30,
    say("回訪編號", "回访编号", "Call number"),
    say(
        "交車日或案件的編號、回訪項目和第幾位客戶。",
        "交车日或案件的编号、回访项目和第几位客户。",
        "The day or case, which duty, and which of its customers.",
    ),
)
_DUTY = _ours(
    "call_duty",
    ColumnKind.TEXT,
    24,
    say("回訪項目", "回访项目", "Kind of call"),
    say("為什麼要聯絡這位客戶。", "为什么要联系这位客户。", "Why this customer is contacted."),
)
_CALLER = _ours(
    "caller",
    ColumnKind.TEXT,
    16,
    say("應回訪人", "应回访人", "To be called by"),
    say(
        "由哪個職務回訪；在此填寫的結果即以該職務登錄。",
        "由哪个职务回访；在此填写的结果即以该职务登记。",
        "The office that owes the call; what is written here is recorded as its own.",
    ),
)
_BUSINESS = _ours(
    "business",
    ColumnKind.TEXT,
    14,
    say("業務或事由", "业务或事由", "Business or matter"),
    say(
        "這次來店的業務，或抱怨的事由。",
        "这次来店的业务，或投诉的事由。",
        "What the car was here for, or the complaint.",
    ),
)
_DAY = _ours(
    "delivered_on",
    ColumnKind.TEXT,
    13,
    say("交車日期", "交车日期", "Handed over on"),
    say("交車的日期。", "交车的日期。", "The day the car was handed over."),
)
_DUE = _ours(
    "call_due",
    ColumnKind.DATETIME,
    16.5,
    say("回訪期限", "回访期限", "Call due at"),
    say("此時之前要完成。", "此时之前要完成。", "To be done by then."),
)
_KEY_CUSTOMER = _ours(
    "key_customer",
    ColumnKind.MARK,
    12,
    say("重點客戶", "重点客户", "Key customer"),
    say("180 天內抱怨過的客戶。", "180 天内投诉过的客户。", "Complained within the last 180 days."),
)
_CALLED_AT = _theirs(
    "called_at",
    ColumnKind.DATETIME,
    16.5,
    say("回訪時間", "回访时间", "Called at"),
    say(
        "例：2026-11-21 14:30；可以留白。",
        "例：2026-11-21 14:30；可以留空。",
        "E.g. 2026-11-21 14:30; may stay empty.",
    ),
)
_REACHED = _theirs(
    "reached",
    ColumnKind.TEXT,
    11,
    say("是否接通", "是否接通", "Reached"),
    say(
        "填了才算：接通選「是」，沒接通選「否」；複查完成也選「是」。",
        "填了才算：接通选“是”，没接通选“否”；复查完成也选“是”。",
        "What counts: Yes if reached (or looked at again), No if not.",
    ),
    choices=(YES, NO),
)
_SATISFIED = _theirs(
    "satisfied",
    ColumnKind.TEXT,
    11,
    say("是否滿意", "是否满意", "Satisfied"),
    say("先填這格，再填是否接通。", "先填这格，再填是否接通。", "Fill this in before Reached."),
    choices=(YES, NO),
)
_COMPLAINT = _theirs(
    "complaint",
    ColumnKind.PROSE,
    34,
    say("客戶抱怨內容", "客户抱怨内容", "Complaint"),
    say(
        "客戶有抱怨才填；填了會自動立案。",
        "客户有抱怨才填；填了会自动立案。",
        "Only if the customer complains; a case is opened by itself.",
    ),
)
_NOTE = _theirs(
    "call_note",
    ColumnKind.PROSE,
    26,
    say("回訪備註", "回访备注", "Call remarks"),
    say("自由填寫。", "自由填写。", "For notes of your own."),
)


def calls_sheet(*, name: Column, phone: Column, plate: Column, refusal: Column) -> Sheet:
    """Return the sheet, with the columns it shares with others."""
    return Sheet(
        key="calls",
        title=say("回訪", "回访", "Follow-up calls"),
        table="KesuCalls",
        columns=(
            _NUMBER,
            _DUTY,
            _CALLER,
            name,
            phone,
            plate,
            _BUSINESS,
            _DAY,
            _DUE,
            _KEY_CUSTOMER,
            _CALLED_AT,
            _REACHED,
            _SATISFIED,
            _COMPLAINT,
            _NOTE,
            refusal,
        ),
        key_column="call_number",
        telling=("call_duty", name.key, phone.key, plate.key, "delivered_on"),
    )
