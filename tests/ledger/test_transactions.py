"""A transaction is whole or nothing, whatever goes wrong in it, and readers see only what is whole."""

import resource
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from threading import Event as Signal
from threading import Thread

import pytest

from daemon.ledger import Ledger, LedgerRefused, LedgerUnavailable
from daemon.ledger.sqlite import writing_engine
from daemon.ledger.writer import Writer
from rules.events import Reminded
from tests.ledger.clerk import NINE, POLICY_TEXT, TWO_HOURS, Clerk, open_ledger, outgoing

NewCase = Callable[..., str]


def test_nothing_is_seen_before_the_end_and_all_of_it_after(ledger: Ledger, clerk: Clerk) -> None:
    with ledger.writing() as entry:
        number = clerk.open_case(entry)
        entry.queue(outgoing("notice", case_number=number))
        assert entry.case(number) is not None
        assert ledger.case(number) is None
        assert ledger.last_seq() == 0
    assert ledger.case(number) is not None
    assert len(ledger.outbox_of(number)) == 1


def test_an_exception_undoes_everything(ledger: Ledger, clerk: Clerk) -> None:
    with suppress(InterruptedError), ledger.writing() as entry:
        number = clerk.open_case(entry)
        entry.queue(outgoing("notice", case_number=number))
        entry.store_mail(
            "INBOX", 1, 7, b"raw", received_at=NINE, stored_at=NINE, message_id="<m@x>", sender="a@b"
        )
        raise InterruptedError
    assert list(ledger.cases()) == []
    assert ledger.known_uids("INBOX", 1) == frozenset()
    assert sum(ledger.outbox_counts().values()) == 0
    assert ledger.verify() == []


def test_what_follows_an_undone_transaction_hangs_on_what_was_before_it(
    ledger: Ledger, clerk: Clerk, new_case: NewCase
) -> None:
    new_case()
    with suppress(InterruptedError), ledger.writing() as entry:
        clerk.open_case(entry)
        raise InterruptedError
    new_case()
    assert ledger.last_seq() == 6
    assert ledger.verify() == []


def test_what_was_undone_is_forgotten_before_anybody_else_has_his_turn(path: Path) -> None:
    writer, order = Writer(writing_engine(path, 5.0)), []

    def write() -> None:
        with writer.transaction():
            order.append("the next")

    def forget() -> None:
        other.start()
        other.join(timeout=0.2)  # it is quick, where it need not wait for its turn
        order.append("undone")

    other = Thread(target=write)
    with suppress(InterruptedError), writer.transaction(undone=forget):
        raise InterruptedError
    other.join()
    writer.close()
    assert order == ["undone", "the next"]


def test_a_database_error_costs_the_transaction_even_if_it_is_caught(ledger: Ledger, clerk: Clerk) -> None:
    def catch_and_go_on() -> None:
        with ledger.writing() as entry:
            clerk.open_case(entry)
            with suppress(LedgerRefused):
                entry.attach("KS-20261123-999", "photo.jpg", "image/jpeg", b"...")

    with pytest.raises(LedgerUnavailable, match="nothing of it is kept"):
        catch_and_go_on()
    assert list(ledger.cases()) == []


def test_a_caught_error_costs_a_transaction_that_recorded_no_event(ledger: Ledger) -> None:
    def catch_and_go_on() -> None:
        with ledger.writing() as entry:
            entry.queue(outgoing("notice"))
            with suppress(LedgerRefused):
                entry.attach("KS-none", "photo.jpg", "image/jpeg", b"...")

    with pytest.raises(LedgerUnavailable, match="nothing of it is kept"):
        catch_and_go_on()
    assert sum(ledger.outbox_counts().values()) == 0


def test_after_a_database_error_nothing_more_can_be_said(ledger: Ledger, clerk: Clerk) -> None:
    with suppress(LedgerUnavailable), ledger.writing() as entry:
        number = clerk.open_case(entry)
        with pytest.raises(LedgerRefused):
            entry.attach("KS-20261123-999", "photo.jpg", "image/jpeg", b"...")
        with pytest.raises(LedgerUnavailable):
            entry.attach(number, "photo.jpg", "image/jpeg", b"...")
    assert list(ledger.cases()) == []


def test_a_record_cut_short_by_any_error_costs_the_transaction(
    ledger: Ledger, clerk: Clerk, new_case: NewCase
) -> None:
    """The chain in memory would be ahead of the one in the file."""
    case = ledger.case(new_case())
    assert case is not None
    impossible = case.model_copy(update={"facts": {"description": "\ud800"}})
    reminder = Reminded(at=NINE, stage=case.stage, roles=(), due=None, clause="D06")

    def catch_and_go_on() -> None:
        with ledger.writing() as entry:
            policy_hash = entry.keep_policy("dealership", POLICY_TEXT)
            with suppress(ValueError):
                entry.record(impossible, [reminder], [], policy_hash=policy_hash)

    with pytest.raises(LedgerUnavailable, match="nothing of it is kept"):
        catch_and_go_on()
    assert ledger.last_seq() == 3
    assert ledger.verify() == []


def test_a_transaction_inside_another_is_a_mistake_not_a_deadlock(ledger: Ledger) -> None:
    with ledger.writing():
        with pytest.raises(RuntimeError, match="already writing"), ledger.writing():
            pass
        with pytest.raises(RuntimeError, match="already writing"):
            ledger.outbox_sent(1, NINE, "250 OK")
        with pytest.raises(RuntimeError, match="already writing"):
            ledger.close()


def test_a_closed_ledger_says_so(path: Path) -> None:
    ledger = open_ledger(path)
    ledger.close()
    ledger.close()
    with pytest.raises(LedgerUnavailable, match="closed"):
        ledger.case("KS-20261123-001")
    with pytest.raises(LedgerUnavailable, match="closed"), ledger.writing():
        pass
    assert sorted(file.name for file in path.parent.iterdir()) == ["kesu.db"]


# ---------------------------------------------------------------- when the machine is in the way


def test_another_process_that_holds_the_lock_is_waited_for_then_reported(
    path: Path, ledger: Ledger, clerk: Clerk
) -> None:
    with (
        open_ledger(path, busy_seconds=0.1) as impatient,
        closing(sqlite3.connect(path, isolation_level=None)) as other,
    ):
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(LedgerUnavailable, match="locked"), impatient.writing():
            pass
        assert impatient.case("KS-20261123-001") is None  # reading goes on
        other.execute("ROLLBACK")
        with impatient.writing() as entry:
            clerk.open_case(entry)
    assert ledger.last_seq() == 3


@contextmanager
def disk_full_at(size: int) -> Iterator[None]:
    """Let no file grow beyond `size` bytes, as on a disk that has no room left."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_undoes_the_transaction_and_the_next_one_works(
    path: Path, ledger: Ledger, new_case: NewCase
) -> None:
    number = new_case()
    log = path.with_name(f"{path.name}-wal")
    with disk_full_at(log.stat().st_size), pytest.raises(LedgerUnavailable):
        new_case()
    assert [case.number for case in ledger.cases()] == [number]
    assert ledger.verify() == []
    new_case()
    assert ledger.last_seq() == 6
    assert ledger.verify() == []


# ---------------------------------------------------------------- many at once


def test_readers_beside_a_writer_always_see_a_whole_ledger(ledger: Ledger, clerk: Clerk) -> None:
    done, failures = Signal(), list[str]()

    def read() -> None:
        up_to = 0
        while not done.is_set():
            changes = ledger.changed_since(up_to, 1000)
            if changes.up_to < up_to or (changes.up_to > up_to) != bool(changes.cases):
                failures.append(f"{changes.up_to} after {up_to} with {len(changes.cases)} cases")
            up_to = changes.up_to
            failures.extend(str(fault) for fault in ledger.verify())

    with _threads(read, read, read):
        for _ in range(30):
            with ledger.writing() as entry:
                number = clerk.open_case(entry)
                clerk.lapse(entry, number, NINE + TWO_HOURS)
        done.set()
    assert failures == []
    assert ledger.last_seq() == 180


def test_writers_take_turns(ledger: Ledger, clerk: Clerk) -> None:
    def write() -> None:
        for _ in range(20):
            with ledger.writing() as entry:
                clerk.open_case(entry)

    with _threads(write, write, write):
        pass
    assert len(list(ledger.cases())) == 60
    assert ledger.verify() == []


def test_two_processes_on_one_file_do_not_fork_the_chain(path: Path, ledger: Ledger, clerk: Clerk) -> None:
    with open_ledger(path) as second:

        def write(own: Ledger) -> None:
            for _ in range(20):
                with own.writing() as entry:
                    clerk.open_case(entry)

        with _threads(lambda: write(ledger), lambda: write(second)):
            pass
    assert len(list(ledger.cases())) == 40
    assert ledger.verify() == []


@contextmanager
def _threads(*work: Callable[[], None]) -> Iterator[None]:
    errors: list[BaseException] = []

    def guarded(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:
            errors.append(error)

    threads = [Thread(target=guarded, args=(task,)) for task in work]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        for thread in threads:
            thread.join()
    assert errors == []
