"""Which fields stand together on a printed form.

Section titles must not read as labels: a form that comes back is read by its labels (forms.md, How a value is found).
"""

from collections.abc import Iterable
from dataclasses import dataclass

from rules.fields import Field, Kind
from rules.locales import Text
from sheets.texts import say


@dataclass(frozen=True)
class Section:
    """A titled group of fields; `keys` are the facts that belong to it."""

    title: Text
    keys: frozenset[str]


def _section(title: Text, *keys: str) -> Section:
    return Section(title, frozenset(keys))


INTAKE = _section(
    say("受理資訊", "受理信息", "Intake"),
    "department",
    "source",
    "reported_at",
    "nature",
    "category",
    "business",
)
CASE = _section(
    say("案件與結果", "案件与结果", "Case and outcome"),
    "case_number",
    "result",
    "resolved_at",
    "resolution",
    "customer_satisfied",
    "penalty",
    "decision",
    "reason",
)
CUSTOMER = _section(
    say("客戶與車輛", "客户与车辆", "Customer and car"),
    "customer_name",
    "customer_phone",
    "plate_no",
    "vin",
    "car_model",
    "mileage",
    "order_no",
    "ordered_on",
    "contract_delivery_on",
    "delivered_on",
)
COMPLAINT = _section(
    say("抱怨情形", "抱怨情况", "What is wrong"), "description", "demand", "caused_by", "matter"
)
AMOUNTS = _section(
    say("相關金額", "相关金额", "Money"), "repair_amount", "labour_fee", "parts_amount", "claim_amount"
)
CONCESSION = _section(
    say("給客戶的優惠", "给客户的优惠", "Concession"), "discount_percent", "gift_amount", "cash_amount"
)
CAUSE = _section(
    say("原因與整改", "原因与整改", "Cause and mending"),
    "cause",
    "corrective_action",
    "preventive_action",
    "persons_responsible",
    "decision_on_persons",
    "staff_educated",
)
CUSTOMER_TOLD = _section(
    say("告知客戶", "告知客户", "Telling the customer"), "customer_informed_at", "customer_opinion"
)
FURTHER = _section(say("其他事項", "其他事项", "Further items"))
SIGNED = _section(say("簽署", "签署", "Signed"), "filled_in_by")

SECTIONS = (CASE, INTAKE, CUSTOMER, COMPLAINT, AMOUNTS, CAUSE, CONCESSION, CUSTOMER_TOLD, FURTHER, SIGNED)


def grouped(fields: Iterable[Field]) -> list[tuple[Section, list[Field]]]:
    """Group fields by section, sections in printed order, fields in the order given; empty sections are left out."""
    groups: dict[Section, list[Field]] = {section: [] for section in SECTIONS}
    for field in fields:
        groups[_home(field)].append(field)
    return [(section, members) for section, members in groups.items() if members]


def _home(field: Field) -> Section:
    for section in SECTIONS:
        if field.key in section.keys:
            return section
    return AMOUNTS if field.kind is Kind.MONEY else FURTHER
