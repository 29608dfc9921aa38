"""How the daemon words what happens after the grade: orders, approvals, telling the customer, closing."""

from rules.after_events import Approval, Closed, Informed, Rectified, Reopened
from rules.case import Task
from rules.events import Event, Refused, Reminded, TaskDone, TaskOpened, TaskOverdue
from rules.locales import Text
from rules.policy import Policy


def _text(zh_hant: str, zh_hans: str, en: str) -> Text:
    return Text(zh_hant=zh_hant, zh_hans=zh_hans, en=en)


RECTIFIED = _text(
    "{who}交回客戶抱怨處理單，內容完整（{clause}）",
    "{who}交回客户抱怨处理单，内容完整（{clause}）",
    "{who} returned the rectification order, complete ({clause})",
)
INFORMED = _text(
    "{who}已告知客戶處理結果{opinion}（{clause}）",
    "{who}已告知客户处理结果{opinion}（{clause}）",
    "{who} told the customer the outcome{opinion} ({clause})",
)
OPINION = _text("，客戶意見：{said}", "，客户意见：{said}", "; the customer says: {said}")
CLOSED = _text("結案（{clause}）", "结案（{clause}）", "Case closed ({clause})")
REOPENED = {
    "recurrence": _text(
        "同一客戶同一事由再次抱怨，重啟本案（{clause}）",
        "同一客户同一事由再次抱怨，重启本案（{clause}）",
        "The same customer complained of the same matter again; the case is open again ({clause})",
    ),
    "correction": _text(
        "{who}重啟本案：{note}（{clause}）",
        "{who}重启本案：{note}（{clause}）",
        "{who} opened the case again: {note} ({clause})",
    ),
}
REPORTING = _text("回報處理情況", "反馈处理情况", "Report how it was handled")
APPROVALS = {  # what somebody is asked to approve of, by its title
    "rectification": _text("審閱客戶抱怨處理單", "审阅客户抱怨处理单", "Review the rectification order"),
    "correction": _text(
        "決定降低等級的更正", "决定降低等级的更正", "Decide on a correction that lowers the grade"
    ),
    "hold": _text("決定暫停計時的申請", "决定暂停计时的申请", "Decide on a request to stop the clock"),
}
_APPROVED = {
    ("rectification", "requested"): _text(
        "處理單送請{role}審閱（{clause}）",
        "处理单送请{role}审阅（{clause}）",
        "The order went to {role} for review ({clause})",
    ),
    ("rectification", "approved"): _text(
        "{who}審閱同意，處理單歸檔（{clause}）",
        "{who}审阅同意，处理单归档（{clause}）",
        "{who} reviewed the order; it is filed ({clause})",
    ),
    ("rectification", "rejected"): _text(
        "{who}審閱後退回處理單：{note}（{clause}）",
        "{who}审阅后退回处理单：{note}（{clause}）",
        "{who} sent the order back: {note} ({clause})",
    ),
    ("correction", "requested"): _text(
        "更正會降低等級，送請{role}同意（{clause}）",
        "更正会降低等级，送请{role}同意（{clause}）",
        "The correction would lower the grade; {role} was asked to consent ({clause})",
    ),
    ("correction", "approved"): _text(
        "{who}同意降低等級的更正（{clause}）",
        "{who}同意降低等级的更正（{clause}）",
        "{who} consented to the correction ({clause})",
    ),
    ("correction", "rejected"): _text(
        "{who}不同意降低等級的更正：{note}（{clause}）",
        "{who}不同意降低等级的更正：{note}（{clause}）",
        "{who} did not consent to the correction: {note} ({clause})",
    ),
    ("hold", "requested"): _text(
        "{who}申請暫停計時：{note}（{clause}）",
        "{who}申请暂停计时：{note}（{clause}）",
        "{who} asked to stop the clock: {note} ({clause})",
    ),
    ("hold", "approved"): _text(
        "{who}核准暫停計時（{clause}）", "{who}批准暂停计时（{clause}）", "{who} granted the hold ({clause})"
    ),
    ("hold", "rejected"): _text(
        "{who}未核准暫停計時：{note}（{clause}）",
        "{who}未批准暂停计时：{note}（{clause}）",
        "{who} did not grant the hold: {note} ({clause})",
    ),
}
_ORDERED = _text(
    "開出客戶抱怨處理單給{role}（{clause}）",
    "开出客户抱怨处理单给{role}（{clause}）",
    "A rectification order was issued to {role} ({clause})",
)
_ORDERED_AGAIN = _text(
    "處理單退回{role}修改（{clause}）",
    "处理单退回{role}修改（{clause}）",
    "The order went back to {role} to be revised ({clause})",
)
_OWED = _text(
    "{role}須：{duty}（{clause}）", "{role}须：{duty}（{clause}）", "{role} owes: {duty} ({clause})"
)
_DONE = _text(
    "{role}已完成：{duty}（{clause}）",
    "{role}已完成：{duty}（{clause}）",
    "Done by {role}: {duty} ({clause})",
)
_OVERDUE = _text(
    "{role}逾期未完成：{duty}（{clause}）",
    "{role}逾期未完成：{duty}（{clause}）",
    "Overdue from {role}: {duty} ({clause})",
)
_REMINDED = _text("提醒{roles}：{duty}", "提醒{roles}：{duty}", "Reminded {roles}: {duty}")
_INCOMPLETE = _text(
    "退回{who}交回的處理單：填寫不全（{clause}）",
    "退回{who}交回的处理单：填写不全（{clause}）",
    "The order that {who} returned is incomplete and went back ({clause})",
)
REFUSED_ASKING = {
    "rectification": _text(
        "退回{who}交回的處理單：{reason}（{clause}）",
        "退回{who}交回的处理单：{reason}（{clause}）",
        "The order that {who} returned was refused: {reason} ({clause})",
    ),
    "review": _text(
        "退回{who}的審核：{reason}（{clause}）",
        "退回{who}的审批：{reason}（{clause}）",
        "The decision of {who} was refused: {reason} ({clause})",
    ),
}


def wording(event: Event, policy: Policy) -> Text | None:
    """Return the wording of an event after the grade; None for any other, and for a written report (D26)."""
    match event:
        case Rectified():
            return RECTIFIED
        case Informed():
            return INFORMED
        case Closed():
            return CLOSED
        case Reopened():
            return REOPENED[event.because]
        case Approval():
            return _APPROVED[event.what, event.state]
        case Refused() if event.asked == "rectification" and event.reason == "incomplete":
            return _INCOMPLETE
        case Refused():
            return REFUSED_ASKING.get(event.asked)
        case _:
            return _of_duty(event, policy)


def _of_duty(event: Event, policy: Policy) -> Text | None:
    if isinstance(event, Reminded):
        return _REMINDED if event.about else None
    if not isinstance(event, TaskOpened | TaskDone | TaskOverdue):
        return None
    duty = policy.duty(event.task)
    if duty is None or duty.done_by == "report":
        return None
    if isinstance(event, TaskOpened) and duty.done_by == "rectification":
        return _ORDERED_AGAIN if event.note else _ORDERED
    return {TaskOpened: _OWED, TaskDone: _DONE, TaskOverdue: _OVERDUE}[type(event)]


def titled(task: Task, policy: Policy) -> Text:
    """Name a duty by its title; where the rules give it none, by what it asks for, else by its clause's wording."""
    duty = policy.duty(task.task)
    if duty is None:
        return policy.clause(task.clause).text
    return duty.title or (REPORTING if duty.done_by == "report" else policy.clause(task.clause).text)


def duty_title(event: Event, policy: Policy) -> Text | None:
    """Name the duty, or the approval, that an event is about; None where it is about none that has a title."""
    what = event.about if isinstance(event, Reminded) else f"task:{getattr(event, 'task', '')}"
    kind, _, key = what.partition(":")
    if kind == "approval":
        return APPROVALS[key]
    duty = policy.duty(key)
    return None if duty is None else duty.title
