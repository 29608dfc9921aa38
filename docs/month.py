"""A month at a dealership, played through the real rules and ledger on a clock that a hand moves; it ends now.

The README's pictures of the workbook and of its board are taken from what is left at the end.
"""

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks.household import furnish
from daemon.bell import Bells
from daemon.docket import Docket
from daemon.lapses import Lapses
from daemon.ledger import Ledger
from daemon.site import Site
from daemon.workbook import Workbook
from rules.case import Case
from rules.commands import Annotate, OpenCase, Report
from rules.events import Party
from rules.facts import Json, facts_from_json
from rules.fields import FormKind
from sheets.columns import Row
from sheets.patch import MasterPlan, carry_out

SITE = "taichung"
DAYS = 30
STEP = timedelta(minutes=5)
LATEST = (290, 230, 150, 114, 92, 61, 33, 8)  # minutes before the end: the picture shows clocks that run
OPENING, CLOSING = 9, 18  # hours of the site in which people bring complaints and answer them
_CUSTOMERS = (
    *("許雅婷", "陳冠宇", "林怡君", "張志豪", "黃淑惠", "吳宗翰", "蔡佩珊", "鄭文傑", "賴美玲", "周柏翰"),
    *("赵女士", "刘先生", "孙小姐", "Ms Harper", "Mr Sun", "高先生", "葉小姐", "馬先生", "郭太太", "徐先生"),
)
_TROUBLES: tuple[dict[str, Json], ...] = (
    {
        "category": "repair-quality",
        "description": "更換煞車片後仍有異音，來店兩次都說正常。",
        "repair_amount": "800",
    },
    {"category": "waiting", "description": "保養預約十點，等到下午一點才開始。", "repair_amount": "650"},
    {"category": "attitude", "description": "服務顧問態度冷淡，問了三次才回答。", "repair_amount": "450"},
    {"category": "parts", "description": "缺件等待兩週，沒有人主動回覆進度。", "repair_amount": "1600"},
    {"category": "price", "description": "結帳金額比報價多出四百元，沒有事先說明。", "repair_amount": "1450"},
    {
        "category": "repair-quality",
        "description": "變速箱修完兩週後又打滑，要求重新檢修。",
        "repair_amount": "5200",
    },
)
_SALES: tuple[dict[str, Json], ...] = (
    {"category": "discount", "description": "同款車朋友多拿一萬元折扣。"},
    {"category": "waiting", "description": "下訂四個月還沒有交車日期。", "ordered_on": "2026-06-11"},
    {"category": "conflict", "description": "在展廳與銷售顧問發生爭執，要求見主管。"},
)
_SETTLED = (
    "重新檢修並試車，客戶接受",
    "致歉並說明原因，客戶滿意",
    "更換零件，當日交車",
    "補送保養一次，客戶同意",
)


class Hand:
    """A clock that is put forward by hand."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Return the time it shows."""
        return self._at

    def forward(self, span: timedelta) -> None:
        """Put it forward."""
        self._at += span


class Month:
    """One site through one month."""

    def __init__(self, folder: Path) -> None:
        self.site: Site = furnish(folder, name=SITE)
        self.ledger = Ledger.open(self.site.config.ledger_url, site=SITE, version="picture")
        self._dice = random.Random(8)  # noqa: S311 - a story, not a secret
        self._end = datetime.now(UTC).replace(microsecond=0)
        self._clock = Hand(self._end - timedelta(days=DAYS))
        self._docket = Docket(self.ledger, self.site)
        self._lapses = Lapses(self._docket, self._clock, Bells())
        self._opened = 0

    def play(self) -> Path:
        """Play the month and return the workbook it leaves."""
        latest = [self._end - timedelta(minutes=minutes) for minutes in LATEST]
        while self._clock.now() < self._end:
            self._clock.forward(STEP)
            self._lapses.run_due()
            if latest and self._clock.now() < latest[0] - timedelta(hours=1):
                self._work()
            while latest and latest[0] <= self._clock.now():
                self._open(latest.pop(0))
        path = self.site.config.path(self.site.config.workbook.path)
        workbook = Workbook(self._docket, self._clock)
        workbook.round()
        self._type(path)
        for _ in range(2):
            self._clock.forward(timedelta(seconds=11))
            workbook.round()
        self.ledger.close()
        return path

    def _type(self, path: Path) -> None:
        """Let managers write in the workbook: an entry that is taken, one that is sent back, one half done."""
        first, second, third = [case.number for case in self.ledger.cases(open_only=True)][-5:-2]
        tomorrow = self._end + timedelta(days=1)
        rows = [
            Row(
                first, {"remarks": "客戶週三下午可到店", "next_contact": tomorrow.replace(minute=0, second=0)}
            ),
            Row(
                second,
                {"resolution": "重新檢修，免費代步車一日", "concession": "工時費 20%", "status": "已解決"},
            ),
            Row(third, {"resolution": "零件已訂，預計兩天到貨", "status": "部分解決"}),
        ]
        content = carry_out(path.read_bytes(), MasterPlan(rows), self.site.locale, self.site.zone).content
        path.write_bytes(content)

    def _work(self) -> None:
        if not OPENING <= self._clock.now().astimezone(self.site.zone).hour < CLOSING:
            return
        if self._dice.random() < 0.028:
            self._open(self._clock.now())
        for case in self.ledger.cases(open_only=True):
            if self._dice.random() < 0.033:
                self._settle(case)

    def _open(self, at: datetime) -> None:
        is_sale = self._dice.random() < 0.3
        trouble = self._dice.choice(_SALES if is_sale else _TROUBLES)
        told: dict[str, Json] = {
            "department": "sales" if is_sale else "after-sales",
            "source": self._dice.choice(["walk-in", "phone", "phone", "manufacturer-work-order"]),
            "customer_name": _CUSTOMERS[self._opened % len(_CUSTOMERS)],
            "customer_phone": f"09{self._dice.randrange(10**8):08}",
            "plate_no": f"ABC-{self._dice.randrange(1000, 9999)}",
            **trouble,
        }
        self._opened += 1
        facts = facts_from_json(told, self.site.catalogue.form(FormKind.COMPLAINT))
        with self.ledger.writing() as entry:
            self._docket.open(entry, OpenCase(facts=facts), at)

    def _settle(self, case: Case) -> None:
        now = self._clock.now()
        by = Party(roles=case.owners[:1], name=self.site.people(case.owners[0])[0].name)
        facts = {"result": "resolved", "resolution": self._dice.choice(_SETTLED)}
        with self.ledger.writing() as entry:
            if self._dice.random() < 0.3:
                case = self._docket.perform(
                    entry, case, Annotate(by, {"remarks": "客戶希望下次由同一位技師處理"}), now
                )
            self._docket.perform(entry, case, Report(by, facts), now)
