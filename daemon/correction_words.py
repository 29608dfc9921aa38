"""How the daemon words changes of a case: corrections, reassignments, doubles, withdrawals and holds (K06, K07)."""

from zoneinfo import ZoneInfo

from daemon import packs
from rules.after_events import Corrected, Held, Merged, Resumed, Withdrawn
from rules.case import Case
from rules.events import Assigned, Attached, Event, Party
from rules.fields import FormKind
from rules.locales import Locale, Text


def _text(zh_hant: str, zh_hans: str, en: str) -> Text:
    return Text(zh_hant=zh_hant, zh_hans=zh_hans, en=en)


HELD_UNTIL = _text("暫停至 {until}", "暂停至 {until}", "On hold until {until}")
_CORRECTED = _text(
    "{who}更正{fields}：{note}（{clause}）",
    "{who}更正{fields}：{note}（{clause}）",
    "{who} corrected {fields}: {note} ({clause})",
)
_REASSIGNED = _text(
    "{who}改派{roles}：{note}（{clause}）",
    "{who}改派{roles}：{note}（{clause}）",
    "{who} reassigned it to {roles}: {note} ({clause})",
)
_WITHDRAWN = _text(
    "{who}撤案：{note}（{clause}）", "{who}撤案：{note}（{clause}）", "Withdrawn by {who}: {note} ({clause})"
)
_MERGED = _text(
    "{who}將本案併入 {other}：{note}（{clause}）",
    "{who}将本案并入 {other}：{note}（{clause}）",
    "{who} merged it into {other}: {note} ({clause})",
)
_JOINED = _text(
    "案件 {other} 併入本案（{clause}）",
    "案件 {other} 并入本案（{clause}）",
    "Case {other} was merged into this one ({clause})",
)
_HELD = _text(
    "暫停計時至 {until}，由{who}提出：{note}（{clause}）",
    "暂停计时至 {until}，由{who}提出：{note}（{clause}）",
    "On hold until {until}, as {who} asked: {note} ({clause})",
)
_RELEASED = _text(
    "{who}恢復計時（{clause}）", "{who}恢复计时（{clause}）", "{who} let the clock run again ({clause})"
)
_RESUMED = _text(
    "暫停時間已到，恢復計時（{clause}）",
    "暂停时间已到，恢复计时（{clause}）",
    "The hold is over; the clock runs again ({clause})",
)
_JOIN = _text("、", "、", ", ")


def held(case: Case, zone: ZoneInfo, locale: Locale) -> str:
    """Say until when a case is held, in the site's wall time; empty where its clock runs (K07)."""
    if case.held_until is None:
        return ""
    return HELD_UNTIL.get(locale).format(until=f"{case.held_until.astimezone(zone):%Y-%m-%d %H:%M}")


def wording(event: Event) -> Text | None:
    """Return the wording of a change of a case; None for any other event."""
    match event:
        case Corrected():
            return _CORRECTED
        case Assigned():
            return _REASSIGNED if event.because == "correction" and event.note else None
        case Withdrawn():
            return _WITHDRAWN
        case Merged():
            return _MERGED
        case Attached():
            return _JOINED if event.merged else None
        case Held():
            return _HELD
        case Resumed():
            return _RESUMED if event.by == Party() else _RELEASED
        case _:
            return None


def parts(event: Event, locale: Locale) -> dict[str, str]:
    """Return what only these wordings name: the fields corrected, never their values, another case, a time."""
    match event:
        case Corrected():
            return {"fields": _fields(event, locale)}
        case Merged():
            return {"other": event.into}
        case Attached():
            return {"other": event.merged}
        case Held():
            return {"until": f"{event.until:%Y-%m-%d %H:%M}"}
        case _:
            return {}


def _fields(event: Corrected, locale: Locale) -> str:
    form = packs.catalogue().form(FormKind.COMPLAINT)
    labels = (field.label.get(locale) for field in form.fields if field.key in event.entries)
    return _JOIN.get(locale).join(labels)
