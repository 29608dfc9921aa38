"""Whoever changes the past is found out; whoever erases personal data as the law asks is not a forger."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from hashlib import sha256
from pathlib import Path

import pytest

from daemon.ledger import Fault, Ledger, LedgerDamaged
from rules.deadlines import deadlines
from tests.ledger.clerk import NINE, TWO_HOURS, Clerk

NewCase = Callable[..., str]
Tamper = Callable[[str], None]


@pytest.fixture
def number(ledger: Ledger, clerk: Clerk, new_case: NewCase) -> str:
    """Two cases; the first lapsed once, which is a penalty somebody may want to be rid of."""
    first = new_case()
    new_case()
    with ledger.writing() as entry:
        clerk.lapse(entry, first, NINE + TWO_HOURS)
    assert ledger.verify() == []
    return first


FORGERIES = {
    "a payload": (
        "UPDATE payloads SET body = replace(body, '王小明', '李大華') WHERE seq = 1",
        Fault("its payload was changed", 1, "KS-20261123-001"),
    ),
    "an event's time": (
        "UPDATE events SET at = '2026-11-23T02:59:00.000000Z' WHERE seq = 7",
        Fault("the event was changed: its hash is that of another", 7, "KS-20261123-001"),
    ),
    "an event's time into no time": (
        "UPDATE events SET at = 'never' WHERE seq = 7",
        Fault("the event was changed: its hash is that of another", 7, "KS-20261123-001"),
    ),
    "an event's clause": (
        "UPDATE events SET clause = 'D99' WHERE seq = 7",
        Fault("the event was changed: its hash is that of another", 7, "KS-20261123-001"),
    ),
    "the software's version": (
        "UPDATE events SET version = '9.9.9' WHERE seq = 2",
        Fault("the event was changed: its hash is that of another", 2, "KS-20261123-001"),
    ),
    "a hash": (
        "UPDATE events SET hash = 'f' WHERE seq = 2",
        Fault("it does not hang on the event before it", 3, "KS-20261123-001"),
    ),
    "a promise, so that a stage may lapse again": (
        "UPDATE events SET promise = NULL WHERE seq = 7",
        Fault("its payload tells of something else than the event", 7, "KS-20261123-001"),
    ),
    "the tail cut off": (
        "DELETE FROM payloads WHERE seq > 6; DELETE FROM events WHERE seq > 6",
        Fault("the chain ends with event 6, but its head says 9: its tail was cut off", 6),
    ),
    "the tail cut off and its head moved back": (
        "DELETE FROM payloads WHERE seq > 6; DELETE FROM events WHERE seq > 6; UPDATE chain_head SET seq = 6",
        Fault("the chain's head is not its last event", 6),
    ),
    "an event taken out of the middle": (
        "DELETE FROM payloads WHERE seq = 7; DELETE FROM events WHERE seq = 7",
        Fault("events are missing before it: the last one is 6", 8, "KS-20261123-001"),
    ),
    "two events changing places": (
        """
        UPDATE events SET seq = 100 WHERE seq = 7; UPDATE payloads SET seq = 100 WHERE seq = 7;
        UPDATE events SET seq = 7 WHERE seq = 8; UPDATE payloads SET seq = 7 WHERE seq = 8;
        UPDATE events SET seq = 8 WHERE seq = 100; UPDATE payloads SET seq = 8 WHERE seq = 100;
        """,
        Fault("it is event 5 of its case, but 3 came before it", 7, "KS-20261123-001"),
    ),
    "the head taken away": ("DELETE FROM chain_head", Fault("the chain has lost its head")),
    "a case's grade": (
        "UPDATE cases SET grade = 'level-3' WHERE number = 'KS-20261123-001'",
        Fault("the case is not what its events make it", 9, "KS-20261123-001"),
    ),
    "a case's due time": (
        "UPDATE cases SET due = '2027-01-01T00:00:00.000000Z' WHERE number = 'KS-20261123-001'",
        Fault("the case is not what its events make it", 9, "KS-20261123-001"),
    ),
    "a case closed for all who look for open ones": (
        "UPDATE cases SET resolved_at = '2026-11-23T03:00:00.000000Z' WHERE number = 'KS-20261123-001'",
        Fault("the case is not what its events make it", 9, "KS-20261123-001"),
    ),
    "what a case says of itself": (
        "UPDATE cases SET body = replace(body, '800.00', '8.00') WHERE number = 'KS-20261123-001'",
        Fault("the case is not what its events make it", 9, "KS-20261123-001"),
    ),
    "a case's body into rubbish": (
        "UPDATE cases SET body = '{' WHERE number = 'KS-20261123-001'",
        Fault("the case is not what its events make it", 9, "KS-20261123-001"),
    ),
    "a case taken away": (
        """
        DELETE FROM deadlines WHERE case_number = 'KS-20261123-001';
        DELETE FROM case_keys WHERE case_number = 'KS-20261123-001';
        DELETE FROM cases WHERE number = 'KS-20261123-001';
        """,
        Fault("the case is missing", 9, "KS-20261123-001"),
    ),
    "a case invented": (
        """
        INSERT INTO cases
        SELECT 'KS-20261123-777', site, 'resolved', grade, stage, due, opened_at, 99, body, NULL, kind, NULL
        FROM cases LIMIT 1;
        """,
        Fault("the case has no events", None, "KS-20261123-777"),
    ),
    "a case's deadlines": (
        "DELETE FROM deadlines WHERE case_number = 'KS-20261123-002'",
        Fault("the case is open, but nothing will ever remind anybody of it", None, "KS-20261123-002"),
    ),
    "a policy taken away": (
        "DELETE FROM policies",
        Fault("a row of events refers to a row of policies that is not there"),
    ),
}


@pytest.mark.parametrize("what", FORGERIES)
def test_a_forgery_is_found(what: str, number: str, ledger: Ledger, tamper: Tamper) -> None:
    script, fault = FORGERIES[what]
    tamper(script)
    assert fault in ledger.verify()


def test_a_new_payload_with_a_new_commitment_breaks_the_hash(
    number: str, ledger: Ledger, tamper: Tamper
) -> None:
    """A forger who knows how commitments are made gets one link further."""
    tamper(
        f"""
        UPDATE payloads SET salt = x'', body = '{{}}' WHERE seq = 8;
        UPDATE events SET commitment = '{sha256(b"{}").hexdigest()}' WHERE seq = 8;
        """  # noqa: S608 - the forger's own words
    )
    faults = [fault.what for fault in ledger.verify() if fault.seq == 8]
    assert faults == ["the event was changed: its hash is that of another", "its payload cannot be replayed"]


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("UPDATE events SET clause = ''", "events are never changed"),
        ("DELETE FROM events", "events are never deleted"),
        ("UPDATE payloads SET body = ''", "payloads are never changed"),
        ("UPDATE policies SET text = ''", "policies are never changed"),
        ("DELETE FROM policies", "policies are never deleted"),
    ],
)
def test_the_file_itself_refuses_to_rewrite_the_past(
    number: str, path: Path, statement: str, refusal: str
) -> None:
    with closing(sqlite3.connect(path)) as connection, pytest.raises(sqlite3.IntegrityError, match=refusal):
        connection.execute(statement)


def test_an_erased_payload_leaves_the_chain_whole(number: str, ledger: Ledger, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("DELETE FROM payloads WHERE seq = 1")
        connection.commit()
    assert ledger.verify() == []
    assert [recorded.seq for recorded in ledger.events(number)] == [2, 3, 7, 8, 9]


def test_a_forgery_beside_an_erased_payload_is_found(number: str, ledger: Ledger, tamper: Tamper) -> None:
    tamper("DELETE FROM payloads WHERE seq = 1; UPDATE events SET clause = 'D99' WHERE seq = 1")
    assert [fault.seq for fault in ledger.verify()] == [1]


def test_a_fault_names_its_place(number: str, ledger: Ledger, tamper: Tamper) -> None:
    tamper("UPDATE payloads SET body = '{}' WHERE seq = 9")
    assert str(ledger.verify()[0]) == "event 9: KS-20261123-001: its payload was changed"


def test_nothing_is_derived_from_a_forged_chain(
    number: str, ledger: Ledger, clerk: Clerk, tamper: Tamper
) -> None:
    tamper("UPDATE events SET clause = 'D99' WHERE seq = 7")
    with pytest.raises(LedgerDamaged, match="event 7"):
        ledger.rebuild_projections(lambda case: deadlines(case, clerk.policy))


def test_a_chain_without_its_head_takes_nothing_more(
    number: str, ledger: Ledger, clerk: Clerk, tamper: Tamper
) -> None:
    tamper("DELETE FROM chain_head")
    with pytest.raises(LedgerDamaged, match="lost its head"), ledger.writing() as entry:
        clerk.lapse(entry, number, NINE + 2 * TWO_HOURS)


def test_what_the_chain_is_bound_to_is_canonical(number: str, ledger: Ledger, path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        bodies = connection.execute("SELECT body FROM payloads").fetchall()
    assert len(bodies) == 9
    for (body,) in bodies:
        assert body == json.dumps(json.loads(body), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
