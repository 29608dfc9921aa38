"""The patches every workbook of this suite goes through, each with what it is to leave behind."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from sheets.columns import Row
from sheets.patch import MasterPlan, carry_out, patch_master
from tests.preservation.comparing import Expected
from tests.preservation.grafting import LOCALE, key_of

SHANGHAI = ZoneInfo("Asia/Shanghai")
NOON = datetime(2026, 11, 22, 12, 30, tzinfo=SHANGHAI)

# Text that looks like a formula or like XML, numbers, a date, an emptied cell: in columns of the daemon's.
CHANGES = (
    Row(key_of(2), {"grade": "一級", "description": '=HYPERLINK("x")&<b>', "due_at": NOON}),
    Row(key_of(4), {"repair_amount": Decimal("1234.5"), "lapses": 7, "owner": None}),
    Row(key_of(5), {"customer_name": "+886 王、_x000D_", "grade": "特級"}),
)
ADDED = (
    Row(key_of(101), {"grade": "三級", "description": "@新案", "due_at": NOON, "repair_amount": Decimal(9)}),
    Row(key_of(102), {"grade": "二級", "customer_phone": "0912345678"}),
    Row(key_of(103), {}),
)
REMOVED = frozenset({key_of(3)})

Patched = tuple[bytes, Expected]


def changed(content: bytes) -> Patched:
    """Change cells of cases that stand there."""
    return patch_master(content, CHANGES, LOCALE, SHANGHAI), Expected(CHANGES)


def grown(content: bytes) -> Patched:
    """Add cases."""
    return patch_master(content, ADDED, LOCALE, SHANGHAI), Expected(added=ADDED)


def shrunk(content: bytes) -> Patched:
    """Take a case out."""
    outcome = carry_out(content, MasterPlan(removed=REMOVED), LOCALE, SHANGHAI)
    cleared, kept = frozenset(outcome.cleared), frozenset(outcome.kept)
    return outcome.content, Expected(removed=REMOVED, cleared=cleared, kept=kept)


def all_at_once(content: bytes) -> Patched:
    """Change, add and take out, as a round does."""
    plan = MasterPlan((*CHANGES, *ADDED), removed=REMOVED)
    outcome = carry_out(content, plan, LOCALE, SHANGHAI)
    cleared, kept = frozenset(outcome.cleared), frozenset(outcome.kept)
    return outcome.content, Expected(CHANGES, ADDED, REMOVED, cleared, kept)


PATCHES: dict[str, Callable[[bytes], Patched]] = {
    "changed": changed,
    "grown": grown,
    "shrunk": shrunk,
    "all at once": all_at_once,
}
