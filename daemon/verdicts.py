"""How the daemon words lateness, findings, penalties and what is refused about them (D26–D31)."""

from rules.events import PenaltyState
from rules.locales import Text


def _text(zh_hant: str, zh_hans: str, en: str) -> Text:
    return Text(zh_hant=zh_hant, zh_hans=zh_hans, en=en)


TASK_OVERDUE = _text(
    "{who}逾期未回報（{clause}）", "{who}逾期未反馈（{clause}）", "The report of {who} is overdue ({clause})"
)
WITHHELD = {
    "not-told": _text(
        "{who}未收到通知，暫不處罰（{clause}）",
        "{who}未收到通知，暂不处罚（{clause}）",
        "{who} never got the notice; no penalty so far ({clause})",
    ),
    "told-late": _text(
        "{who}較晚收到通知，順延處罰（{clause}）",
        "{who}较晚收到通知，顺延处罚（{clause}）",
        "{who} got the notice late; the penalty is put off ({clause})",
    ),
    "fined-before": _text(
        "{who}已因此受罰，不再處罰（{clause}）",
        "{who}已因此受罚，不再处罚（{clause}）",
        "{who} was penalised for this before ({clause})",
    ),
}
FINDING = _text(
    "{by}認定{who}：{what}（{clause}）",
    "{by}认定{who}：{what}（{clause}）",
    "{by} found of {who}: {what} ({clause})",
)
PENALTY = {
    PenaltyState.PROPOSED: _text(
        "擬處罰{who}{amount}，待確認（第 {n} 號，{clause}）",
        "拟处罚{who}{amount}，待确认（第 {n} 号，{clause}）",
        "Penalty {n} proposed: {who}, {amount}, to be confirmed ({clause})",
    ),
    PenaltyState.PENDING: _text(
        "擬處罰{who}，金額待定：{reason}（第 {n} 號，{clause}）",
        "拟处罚{who}，金额待定：{reason}（第 {n} 号，{clause}）",
        "Penalty {n} pending: {who}, amount to be set: {reason} ({clause})",
    ),
    PenaltyState.ISSUED: _text(
        "處罰{who}{amount}（第 {n} 號，{clause}）",
        "处罚{who}{amount}（第 {n} 号，{clause}）",
        "Penalty {n}: {who}, {amount} ({clause})",
    ),
    PenaltyState.APPEALED: _text(
        "{by}對第 {n} 號處罰提出申訴，處罰暫停執行",
        "{by}对第 {n} 号处罚提出申诉，处罚暂停执行",
        "{by} appealed against penalty {n}; it is suspended",
    ),
    PenaltyState.UPHELD: _text(
        "{by}維持第 {n} 號處罰：{who}{amount}",
        "{by}维持第 {n} 号处罚：{who}{amount}",
        "{by} upheld penalty {n}: {who}, {amount}",
    ),
    PenaltyState.REVOKED: _text("{by}撤銷第 {n} 號處罰", "{by}撤销第 {n} 号处罚", "{by} revoked penalty {n}"),
    PenaltyState.DROPPED: _text(
        "{by}決定不予處罰（第 {n} 號）", "{by}决定不予处罚（第 {n} 号）", "{by} dropped penalty {n}"
    ),
}
PENDING = {
    "labour-fee-unknown": _text("工時費不詳", "工时费不详", "the labour fee is not known"),
    "no-authority": _text("其職務沒有讓利權限", "其职务没有让利权限", "the role has no authority of its own"),
    "role-unclear": _text("兼任數職，權限不同", "兼任数职，权限不同", "several roles of different authority"),
    "amount-zero": _text("按規定計算為零", "按规定计算为零", "the rules come to nothing"),
}
RULING_ENTERED = _text(
    "總表裡為這筆處罰填了裁定「{ruling}」，理由：{why}。這還不算裁定；要照此裁定，請回覆「{ruling}」並寫上理由，否則請回覆您自己的裁定。",
    "总表里为这笔处罚填了裁定“{ruling}”，理由：{why}。这还不算裁定；要照此裁定，请回复“{ruling}”并写上理由，否则请回复您自己的裁定。",
    "In the workbook somebody entered the ruling “{ruling}” for this penalty, because: {why}. It does not count yet: "
    "to rule so, reply “{ruling}” and why; else reply with your own ruling.",
)
REFUSED_ASKING = {
    "finding": _text(
        "退回{who}的責任認定：{reason}（{clause}）",
        "退回{who}的责任认定：{reason}（{clause}）",
        "The finding of {who} was refused: {reason} ({clause})",
    ),
    "confirmation": _text(
        "退回{who}對處罰的確認：{reason}（{clause}）",
        "退回{who}对处罚的确认：{reason}（{clause}）",
        "The decision of {who} on a penalty was refused: {reason} ({clause})",
    ),
    "appeal": _text(
        "退回{who}的申訴：{reason}（{clause}）",
        "退回{who}的申诉：{reason}（{clause}）",
        "The appeal of {who} was refused: {reason} ({clause})",
    ),
    "ruling": _text(
        "退回{who}的裁定：{reason}（{clause}）",
        "退回{who}的裁定：{reason}（{clause}）",
        "The ruling of {who} was refused: {reason} ({clause})",
    ),
    "correction": _text(
        "退回{who}的更正：{reason}（{clause}）",
        "退回{who}的更正：{reason}（{clause}）",
        "The correction of {who} was refused: {reason} ({clause})",
    ),
    "hold": _text(
        "退回{who}的暫停或恢復：{reason}（{clause}）",
        "退回{who}的暂停或恢复：{reason}（{clause}）",
        "The hold asked for by {who} was refused: {reason} ({clause})",
    ),
    "review": _text(
        "退回{who}的決定：{reason}（{clause}）",
        "退回{who}的决定：{reason}（{clause}）",
        "The decision of {who} was refused: {reason} ({clause})",
    ),
}
REFUSALS = {
    "unclear": _text("看不出要求什麼", "看不出要求什么", "not clear what is asked"),
    "not-entitled": _text("無此權限", "无此权限", "not entitled"),
    "unknown-person": _text("查無此人或此職務", "查无此人或此职务", "no such person or office"),
    "unknown-cause": _text("沒有這種認定事由", "没有这种认定事由", "no such cause"),
    "unknown-penalty": _text("本案沒有這一號處罰", "本案没有这一号处罚", "the case has no such penalty"),
    "already-recorded": _text("同一事由已經處理過", "同一事由已经处理过", "this was dealt with before"),
    "amount-missing": _text("須填寫金額", "须填写金额", "an amount is needed"),
    "amount-fixed": _text("金額依規定計算，不得更改", "金额按规定计算，不得更改", "the rules set the amount"),
    "amount-invalid": _text("金額無效", "金额无效", "not a valid amount"),
    "not-issued": _text("處罰尚未生效", "处罚尚未生效", "the penalty was not issued"),
    "not-appealed": _text("沒有人提出申訴", "没有人提出申诉", "nobody appealed"),
    "already-issued": _text("已經決定過", "已经决定过", "decided before"),
    "already-appealed": _text("已經提出過申訴", "已经提出过申诉", "appealed against before"),
    "case-closed": _text("案件已經結案", "案件已经结案", "the case is closed"),
    "incomplete": _text("填寫不全", "填写不全", "not complete"),
    "nothing-asked": _text("沒有等候這項回覆", "没有等待这项回复", "nothing was asked for"),
    "not-open": _text("案件目前的狀態不允許", "案件目前的状态不允许", "the case does not allow it"),
    "no-reason": _text("沒有寫原因", "没有写原因", "no reason was given"),
    "unknown-fact": _text("抱怨單沒有這個欄位", "抱怨单没有这个栏目", "the form has no such field"),
    "unknown-case": _text(
        "找不到要併入的案件", "找不到要并入的案件", "there is no such open case to merge into"
    ),
    "too-long": _text("暫停的時間不合規定", "暂停的时间不合规定", "the time of the hold is not allowed"),
    "already-ruled": _text("已經裁定", "已经裁定", "ruled on before"),
}
