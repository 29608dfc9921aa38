"""Managers and the daemon take turns on one workbook, crashes strike between any two steps: no entry is ever lost.

Whatever a manager typed and a round has seen stands in the ledger in the end: as an event of its case, or in what was
told about it. Ledger and workbook agree once everybody rests. `KESU_EXAMPLES` sets how many stories are played.
"""

import json
import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from daemon import packs
from daemon.ledger import Ledger
from daemon.workbook import channel
from daemon.workbook.preview import preview
from parsers.reader import FormReader
from rules.commands import OpenCase, Report
from rules.events import event_to_json
from rules.facts import facts_from_json
from rules.fields import FormKind
from sheets.columns import Row
from sheets.patch import MasterPlan, carry_out
from sheets.reading import read_master
from sheets.registry import CLOSED, OPEN
from sheets.standing import open_master
from tests.daemon.office import COMPLAINT, SERVICE_MANAGER, Office, open_office
from tests.daemon.spreadsheet import Master
from tests.guards import PATIENT

EXAMPLES = int(os.environ.get("KESU_EXAMPLES", "12"))
which = st.integers(0, 20)
NOT_READ = "不會讀取"


class Crash(BaseException):
    """The process dies."""


@contextmanager
def dying_at(step: int) -> Iterator[None]:
    """Let the process die before or after the `step`-th commit or replacement of the file."""
    left = [step]

    def count() -> None:
        left[0] -= 1
        if left[0] == 0:
            raise Crash

    def around(real: Any) -> Any:
        def wrapped(*arguments: Any, **named: Any) -> Any:
            count()
            result = real(*arguments, **named)
            count()
            return result

        return wrapped

    real_writing = Ledger.writing

    @contextmanager
    def writing(self: Ledger) -> Iterator[Any]:
        count()
        with real_writing(self) as entry:
            yield entry
        count()

    with ExitStack() as stack:
        stack.enter_context(mock.patch.object(Ledger, "writing", writing))
        stack.enter_context(
            mock.patch.object(channel, "write_if_unchanged", around(channel.write_if_unchanged))
        )
        yield


class Turns(RuleBasedStateMachine):
    """One site; `owed` are the words that must not be lost, `typed` those that no round has seen yet."""

    def __init__(self) -> None:
        super().__init__()
        self.owed: set[str] = set()
        self.typed: dict[tuple[str, str], str] = {}
        self.backup: bytes | None = None
        self.words = 0

    @initialize()
    def begin(self) -> None:
        os.environ["KESU_IMAP_PASSWORD"] = "secret"
        self.folder = tempfile.TemporaryDirectory()
        self.office: Office = open_office(Path(self.folder.name), FormReader(packs.catalogue(), PATIENT))
        self.open_case()
        self.open_case()
        assert self.office.workbook.round()

    def teardown(self) -> None:
        if not hasattr(self, "office"):
            return
        try:
            self.come_to_rest()
            self.check()
        finally:
            self.office.ledger.close()
            self.office.reader.close()
            self.folder.cleanup()

    # ------------------------------------------------------------ what happens elsewhere

    @rule()
    def open_case(self) -> None:
        self.words += 1
        form = self.office.site.catalogue.form(FormKind.COMPLAINT)
        told = {**COMPLAINT, "customer_name": f"客戶{self.words}", "customer_phone": f"0900-{self.words:06}"}
        with self.office.ledger.writing() as entry:
            self.office.docket.open(
                entry, OpenCase(facts=facts_from_json(told, form)), self.office.clock.now()
            )

    @rule()
    def a_window_lapses(self) -> None:
        self.office.clock.forward(hours=2)
        self.office.lapses.run_due()

    @rule(at=which)
    def a_case_is_settled_by_mail(self, at: int) -> None:
        open_cases = [case for case in self.office.cases() if case.is_open]
        if open_cases:
            case = open_cases[at % len(open_cases)]
            by = self.office.site.party(SERVICE_MANAGER)
            report = Report(by, {"result": "resolved", "resolution": "以郵件解決"})
            with self.office.ledger.writing() as entry:
                self.office.docket.perform(entry, case, report, self.office.clock.now())

    # ------------------------------------------------------------ what managers do

    @property
    def path(self) -> Path:
        return self.office.folder / "master.xlsx"

    def word(self) -> str:
        self.words += 1
        return f"字{self.words:05}"

    def shown(self, sheet: str = "KesuCases") -> list[str]:
        """The cases that stand in a sheet, but for rows that say that they are not read."""
        rows = Master(self.path).numbers(sheet).values()
        read = (row["案件編號"] for row in rows if NOT_READ not in str(row["退回原因"]))
        return list(dict.fromkeys(str(number) for number in read if number))

    def save(self, number: str, cells: dict[str, str], sheet: Any = OPEN) -> None:
        """Type into a row and save, as a program does that writes nothing else."""
        site = self.office.site
        standing = open_master(self.path.read_bytes(), site.locale, sheet)
        copies = [
            row.row_number for row in read_master(standing, site.locale, site.zone, None, sheet).duplicates
        ]
        plan = MasterPlan([Row(number, cells)], copies=copies)
        self.path.write_bytes(carry_out(standing, plan, site.locale, site.zone, sheet).content)
        for column, text in cells.items():
            self.typed.pop((number, column), None)  # what stood there was overwritten before anybody saw it
            if text.startswith("字"):
                self.typed[(number, column)] = text

    @rule(at=which, column=st.sampled_from(["remarks", "resolution", "concession", "next_contact"]))
    def a_manager_writes(self, at: int, column: str) -> None:
        if rows := self.shown():
            self.save(rows[at % len(rows)], {column: self.word()})

    @rule(at=which)
    def a_manager_writes_beside_a_closed_case(self, at: int) -> None:
        if rows := self.shown("KesuClosed"):
            self.save(rows[at % len(rows)], {"remarks": self.word()}, CLOSED)

    @rule(at=which, status=st.sampled_from(["已解決", "部分解決", "處理中", "字不認得"]))
    def a_manager_sets_the_status(self, at: int, status: str) -> None:
        if rows := self.shown():
            number = rows[at % len(rows)]
            self.save(number, {"resolution": self.word()})
            self.save(number, {"status": self.word() if status == "字不認得" else status})

    @rule(at=which, column=st.sampled_from(["grade", "customer_name", "warnings"]))
    def a_manager_overwrites_the_daemon(self, at: int, column: str) -> None:
        if rows := self.shown():
            self.save(rows[at % len(rows)], {column: self.word()})

    @rule(one=which, other=which)
    def a_manager_sorts(self, one: int, other: int) -> None:
        rows = self.shown()
        if len(rows) > 1 and one % len(rows) != other % len(rows):
            with Master(self.path) as book:
                book.swap(rows[one % len(rows)], rows[other % len(rows)])

    @rule(at=which)
    def a_manager_deletes_a_row(self, at: int) -> None:
        rows = self.shown()
        if len(rows) > 1:
            number = rows[at % len(rows)]
            with Master(self.path) as book:
                gone = str(book.numbers()[book.row_of(number)])  # it may be a copy of the case's row
                book.clear(number)
            self.typed = {place: text for place, text in self.typed.items() if text not in gone}
            if NOT_READ in gone:  # what stood in a copy is his to throw away
                self.owed -= {word for word in self.owed if word in gone}

    @rule(at=which)
    def a_manager_copies_a_row(self, at: int) -> None:
        if rows := self.shown():
            number, word = rows[at % len(rows)], self.word()
            with Master(self.path) as book:
                values = {name: value for name, value in book.rows()[number].items() if name != "剩餘時間"}
                row = book.grow({**values, "備註": word})
            self.typed[(f"row {row}", "remarks")] = word

    # ------------------------------------------------------------ the file itself

    @rule()
    def somebody_opens_it(self) -> None:
        (self.office.folder / ".~lock.master.xlsx#").write_bytes(b",wang,pc,,;")

    @rule()
    def he_closes_it(self) -> None:
        (self.office.folder / ".~lock.master.xlsx#").unlink(missing_ok=True)

    @rule()
    def somebody_makes_a_backup(self) -> None:
        if not self.typed:  # words that no round has seen would come back with it
            self.backup = self.path.read_bytes()

    @precondition(lambda self: self.backup is not None)
    @rule()
    def somebody_puts_the_backup_back(self) -> None:
        assert self.backup is not None
        self.path.write_bytes(self.backup)
        self.typed = {}

    # ------------------------------------------------------------ rounds

    @rule()
    def a_round(self) -> None:
        self.office.workbook.round()
        self.seen()

    @rule(step=st.integers(1, 12))
    def a_round_that_dies(self, step: int) -> None:
        try:
            with dying_at(step):
                self.office.workbook.round()
        except Crash:
            self.office.restart_workbook()
        else:
            self.seen()

    @rule()
    def the_daemon_starts_anew(self) -> None:
        self.office.restart_workbook()

    def seen(self) -> None:
        """Whatever was typed is owed from now on."""
        self.owed |= set(self.typed.values())
        self.typed = {}

    # ------------------------------------------------------------ what must hold

    @invariant()
    def the_ledger_is_whole(self) -> None:
        if hasattr(self, "office"):
            assert self.office.ledger.verify() == []

    def come_to_rest(self) -> None:
        self.he_closes_it()
        for _ in range(5):
            self.office.clock.forward(seconds=11)
            if self.office.workbook.round():
                self.seen()

    def check(self) -> None:
        kept = self.told() + self.in_copies()
        missing = {word for word in self.owed if word not in kept}
        assert not missing, f"{missing} is told nowhere"
        open_cases = {case.number for case in self.office.cases() if case.is_open}
        closed = {case.number for case in self.office.cases()} - open_cases
        assert set(self.shown()) == open_cases
        assert set(self.shown("KesuClosed")) == closed
        left = preview(self.office.docket, self.office.clock)[0].steps
        assert [step for step in left if step.action not in ("copy", "strange")] == []

    def in_copies(self) -> str:
        """What stands in rows that say that they are not read: of many at once the ledger names the first."""
        rows = Master(self.path).numbers().values()
        return "\n".join(str(row) for row in rows if NOT_READ in str(row["退回原因"]))

    def told(self) -> str:
        """Everything the ledger says of cases and of the workbook."""
        events = [
            json.dumps(event_to_json(row.event), ensure_ascii=False)
            for case in self.office.cases()
            for row in self.office.ledger.events(case.number)
        ]
        activity = [line.body for line in self.office.ledger.recent_activity(10_000)]
        return "\n".join([*events, *activity])


Turns.TestCase.settings = settings(
    max_examples=EXAMPLES,
    derandomize="KESU_EXAMPLES"
    not in os.environ,  # `make test` plays the same stories each time, `make soak` new ones
    stateful_step_count=25,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    phases=(
        Phase.explicit,
        Phase.reuse,
        Phase.generate,
    ),  # a story takes seconds: making it shorter takes too long
    report_multiple_bugs=False,
)
TestTurns = Turns.TestCase
