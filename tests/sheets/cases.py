"""Cases to show in a master workbook, and the policy's wording for it."""

from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from rules.locales import Locale
from sheets.columns import Row
from sheets.master import MasterLabels

SHANGHAI = ZoneInfo("Asia/Shanghai")

GRADES = {
    Locale.ZH_HANT: {
        "extra": "特級",
        "level-1": "一級",
        "level-2": "二級",
        "level-3": "三級",
        "special": "特殊",
    },
    Locale.ZH_HANS: {
        "extra": "特级",
        "level-1": "一级",
        "level-2": "二级",
        "level-3": "三级",
        "special": "特殊",
    },
    Locale.EN: {
        "extra": "Extra",
        "level-1": "Level 1",
        "level-2": "Level 2",
        "level-3": "Level 3",
        "special": "Special",
    },
}
SETTLED = {Locale.ZH_HANT: "已解決", Locale.ZH_HANS: "已解决", Locale.EN: "Resolved"}


def labels(locale: Locale) -> MasterLabels:
    return MasterLabels("台中店", GRADES[locale], (SETTLED[locale],))


def case(number: int, **values: object) -> Row:
    """One case with something in most columns."""
    shown = {
        "grade": "二級",
        "status": "處理中",
        "department": "售後",
        "customer_name": f"客戶{number}",
        "customer_phone": f"0138{number:07d}",
        "description": "空調異響，<維修>三次 & 未好",
        "repair_amount": Decimal(100 * number),
        "owner": "售後總監",
        "opened_at": datetime(2026, 11, 21, 9, number % 60, tzinfo=SHANGHAI),
        "due_at": datetime(2026, 11, 21, 11, number % 60, tzinfo=SHANGHAI),
        "lapses": number % 3,
        **values,
    }
    return Row(f"K20261121-{number:03d}", shown)  # type: ignore[arg-type]
