"""Letters as the daemon would write them: one richly filled case in each language, and the barest one."""

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from mailer.letter import (
    Address,
    CaseLine,
    Content,
    Enclosure,
    Flaw,
    Letter,
    Line,
    Step,
    Template,
    Why,
)
from rules.locales import Locale

ZONE = ZoneInfo("Asia/Shanghai")
OPENED = datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)  # a Monday
NOW = OPENED + timedelta(minutes=18)
DUE = OPENED + timedelta(hours=2)
NUMBER = "KS-20261123-001"
FORM = Enclosure(
    name="客戶抱怨回覆單.xlsx",
    content=b"PK\x03\x04 form",
    media_type="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
)

_WORDS: dict[Locale, tuple[str, ...]] = {
    Locale.ZH_HANT: (
        "客戶關愛部|服務經理|三級|二級|陳美玲|維修質量：上週更換煞車片後仍有異音，且方向盤抖動，要求重新檢修並說明原因。",
        "服務經理 王大明、車間主任 李文山|2 小時|售後總監 林志豪|維修金額在 1000 元以內",
        "售後三級由服務經理與車間主任首先負責，時限 2 小時；逾時立即上報售後總監與客戶關愛部，並升為二級。",
        "工時費優惠最多 30%|聯絡電話|維修金額|800.00 元|抱怨內容|上週三更換煞車片，週五起低速煞車有異音。\n要求重新檢修，並說明原因。",
        "立案，分為三級|已通知服務經理與車間主任|回報時優惠工時費 50%，您的權限為 30%|處理方案|重新研磨煞車盤，免費試車",
        "售後|維修金額|「一千左右」不是金額，請填數字，例如 1200。|抱怨時間|年份只有兩位數，請填四位數，例如 2026-11-21。",
        "檔案有密碼保護|報表時間早於今天 365 天以上|趙先生|交車延遲：約定 10 月底交車，至今未到|總經理 周建國|特殊",
    ),
    Locale.ZH_HANS: (
        "客户关爱部|服务经理|三级|二级|陈美玲|维修质量：上周更换刹车片后仍有异响，且方向盘抖动，要求重新检修并说明原因。",
        "服务经理 王大明、车间主任 李文山|2 小时|售后总监 林志豪|维修金额在 1000 元以内",
        "售后三级由服务经理与车间主任首先负责，时限 2 小时；超时立即上报售后总监与客户关爱部，并升为二级。",
        "工时费优惠最多 30%|联系电话|维修金额|800.00 元|抱怨内容|上周三更换刹车片，周五起低速刹车有异响。\n要求重新检修，并说明原因。",
        "立案，定为三级|已通知服务经理与车间主任|反馈时优惠工时费 50%，您的权限为 30%|处理方案|重新打磨刹车盘，免费试车",
        "售后|维修金额|“一千左右”不是金额，请填数字，例如 1200。|抱怨时间|年份只有两位数，请填四位数，例如 2026-11-21。",
        "文件有密码保护|报告时间早于今天 365 天以上|赵先生|交车延迟：约定 10 月底交车，至今未到|总经理 周建国|特殊",
    ),
    Locale.EN: (
        "Customer care|Service manager|Level 3|Level 2|Chen Meiling|Repair quality: noise after the brake pads were changed last week, the wheel shakes; wants it repaired again and explained.",
        "Service manager Wang Daming, workshop director Li Wenshan|2 hours|After-sales director Lin Zhihao|Repair amount up to 1000",
        "After-sales level 3 is first with the service manager and the workshop director, 2 hours; on lapse it is reported at once to the after-sales director and customer care and becomes level 2.",
        "Up to 30% off the labour fee|Phone|Repair amount|CNY 800.00|Description|Brake pads changed last Wednesday; noise when braking slowly since Friday.\nWants it repaired again and the reason explained.",
        "Opened as level 3|Service manager and workshop director notified|The report grants 50% off the labour fee; your authority is 30%|Resolution|Brake discs resurfaced, free test drive",
        "After-sales|Repair amount|“about a thousand” is not an amount; write digits, e.g. 1200.|Reported at|The year has two digits; write four, e.g. 2026-11-21.",
        "The file is protected by a password|Reported more than 365 days ago|Mr Zhao|Delivery delay: agreed for the end of October, not here yet|General manager Zhou Jianguo|Special",
    ),
}


def words(locale: Locale) -> list[list[str]]:
    """The sample texts in one language."""
    return [line.split("|") for line in _WORDS[locale]]


def full(locale: Locale, **changes: Any) -> Content:
    """A case with everything known about it; `changes` replace fields."""
    (_, role, grade, previous, customer, summary), (owners, window, following, reason), *rest = words(locale)
    (why,), (authority, phone, repair, amount, description, told), (opened, notified, *_), *_ = rest
    known: dict[str, Any] = {
        "reader": "owner",
        "zone": "Asia/Shanghai",
        "case_number": NUMBER,
        "reader_role": role,
        "grade": grade,
        "grade_key": "level-3",
        "customer": customer,
        "summary": summary,
        "opened_at": OPENED,
        "due": DUE,
        "window": window,
        "owners": owners,
        "next_owners": following,
        "why": (Why(clause="D06", text=why),),
        "reason": reason,
        "facts": (
            Line(label=phone, value="13800001111"),
            Line(label=repair, value=amount),
            Line(label=description, value=told),
        ),
        "history": (Step(at=OPENED, text=opened), Step(at=OPENED + timedelta(seconds=2), text=notified)),
        "authority": authority,
    }
    del previous
    return Content(**{**known, **changes})


def raised(locale: Locale, **changes: Any) -> Content:
    """The same case after its first window lapsed, 18 minutes ago."""
    (_, _, grade, higher, *_), (owners, _, following, _), *_, (*_, boss, _special) = words(locale)
    known: dict[str, Any] = {
        "grade": higher,
        "grade_key": "level-2",
        "previous_grade": grade,
        "previous_owners": owners,
        "owners": following,
        "next_owners": boss,
        "lapsed_at": OPENED,
        "due": DUE,
    }
    return full(locale, **{**known, **changes})


def flaws(locale: Locale) -> tuple[Flaw, ...]:
    """A form with a bad required field and a bad optional one."""
    sheet, amount, bad_amount, reported, bad_time = words(locale)[5]
    return (
        Flaw(file="售後1121.xlsx", sheet=sheet, cell="C7", label=amount, message=bad_amount, required=True),
        Flaw(file="售後1121.xlsx", sheet=sheet, cell="F4", label=reported, message=bad_time, required=False),
    )


def outcome(locale: Locale) -> tuple[Line, ...]:
    """What a report says."""
    label, value = words(locale)[4][3:5]
    return (Line(label=label, value=value),)


def listed(locale: Locale) -> tuple[CaseLine, ...]:
    """Two new cases and one that was known."""
    (_, _, grade, higher, customer, summary), (owners, *_), *_, last = words(locale)
    _, _, other, delay, boss, special = last
    mine = CaseLine(
        number=NUMBER,
        customer=customer,
        summary=summary,
        grade=grade,
        grade_key="level-3",
        owners=owners,
        due=DUE,
    )
    theirs = mine.model_copy(
        update={
            "number": "KS-20261123-002",
            "customer": other,
            "summary": delay,
            "grade": higher,
            "grade_key": "level-2",
            "owners": boss,
        }
    )
    known = theirs.model_copy(
        update={"number": "KS-20261119-007", "grade": special, "grade_key": "special", "again": True}
    )
    return (mine, theirs, known)


def bare(reader: str, **changes: Any) -> Content:
    """The least a letter can say."""
    return Content(**{"reader": reader, "zone": "Asia/Shanghai", **changes})


def letter(template: Template, locale: Locale, content: Content, **changes: Any) -> Letter:
    """A letter to Mr Wang about `content`."""
    known: dict[str, Any] = {
        "template": template,
        "locale": locale,
        "sender": Address(email="complaints@example.com", name=words(locale)[0][0]),
        "to": Address(email="wang@example.com", name="王大明"),
        "message_id": "<kesu.0001@example.com>",
        "root": "<kesu.case.KS-20261123-001@example.com>",
        "subject_hint": words(locale)[0][4],
        "content": content,
    }
    return Letter(**{**known, **changes})
