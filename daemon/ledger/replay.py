"""Walking the chain: is it whole, and what do its events make of each case?"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import Connection, RowMapping, Text, select, type_coerce

from daemon.ledger.chain import Link, commitment, genesis, link_hash, promise_of
from daemon.ledger.errors import LedgerDamaged
from daemon.ledger.rows import Fault
from daemon.ledger.schema import chain_head, events, payloads
from rules.case import Case, apply
from rules.events import event_from_json

_AT_ONCE = 1000


@dataclass
class Replay:
    """Every case as its events make it, with how many there are and the seq of the last.

    `partial` are cases of which a payload is erased or unreadable: their events cannot be replayed in full.
    """

    cases: dict[str, Case] = field(default_factory=dict)
    counts: dict[str, int] = field(default_factory=dict)
    updated: dict[str, int] = field(default_factory=dict)
    partial: set[str] = field(default_factory=set)

    def whole(self) -> Iterator[tuple[Case, int]]:
        """Yield the cases replayed in full, each with the seq of its last event."""
        yield from (
            (case, self.updated[number]) for number, case in self.cases.items() if number not in self.partial
        )


def replay_all(connection: Connection, site: str) -> Replay:
    """Replay every case; LedgerDamaged at the first fault of the chain, as nothing may be derived from that."""
    replay = Replay()
    for fault in faults_of_chain(connection, site, replay):
        raise LedgerDamaged(str(fault))
    return replay


def faults_of_chain(connection: Connection, site: str, replay: Replay) -> Iterator[Fault]:
    """Walk the chain from its beginning, telling what is wrong and filling `replay` with what it says."""
    seq, last_hash = 0, genesis(site)
    for row in _links(connection):
        problems = [*_wrong_in_chain(row, seq, last_hash), *_wrong_in_case(row, replay)]
        yield from (Fault(problem, row["seq"], row["case_number"]) for problem in problems)
        seq, last_hash = row["seq"], row["hash"]
    yield from _faults_of_head(connection, seq, last_hash)


def _links(connection: Connection) -> Iterator[RowMapping]:
    as_it_stands = type_coerce(events.c.at, Text).label("at")  # hashed even if it is no time any more
    columns = [as_it_stands if column.name == "at" else column for column in events.c]
    query = select(*columns, payloads.c.salt, payloads.c.body).outerjoin(payloads).order_by(events.c.seq)
    yield from connection.execute(query.execution_options(yield_per=_AT_ONCE)).mappings()


def _wrong_in_chain(row: RowMapping, seq: int, last_hash: str) -> Iterator[str]:
    if row["seq"] != seq + 1:
        yield f"events are missing before it: the last one is {seq}"
    if row["prev_hash"] != last_hash:
        yield "it does not hang on the event before it"
    if link_hash(row["prev_hash"], Link(*(row[name] for name in Link._fields))) != row["hash"]:
        yield "the event was changed: its hash is that of another"


def _wrong_in_case(row: RowMapping, replay: Replay) -> Iterator[str]:
    number = row["case_number"]
    if row["n"] != replay.counts.get(number, 0) + 1:
        yield f"it is event {row['n']} of its case, but {replay.counts.get(number, 0)} came before it"
    replay.counts[number], replay.updated[number] = row["n"], row["seq"]
    if row["body"] is None:
        replay.partial.add(number)
        return
    if commitment(row["salt"], row["body"]) != row["commitment"]:
        yield "its payload was changed"
    if number not in replay.partial:
        yield from _wrong_in_replay(row, replay)


def _wrong_in_replay(row: RowMapping, replay: Replay) -> Iterator[str]:
    number = row["case_number"]
    try:
        event = event_from_json(json.loads(row["body"]))
        replay.cases[number] = apply(replay.cases.get(number), event, number)
    except ValueError:  # of JSON, of pydantic, or of a case that does not begin with its opening
        replay.partial.add(number)
        yield "its payload cannot be replayed"
        return
    if (event.kind, promise_of(event)) != (row["kind"], row["promise"]):
        yield "its payload tells of something else than the event"


def _faults_of_head(connection: Connection, seq: int, last_hash: str) -> Iterator[Fault]:
    heads = connection.execute(select(chain_head.c.seq, chain_head.c.hash)).all()
    if len(heads) != 1:
        yield Fault("the chain has lost its head")
    for head_seq, head_hash in heads:
        if head_seq != seq:
            yield Fault(
                f"the chain ends with event {seq}, but its head says {head_seq}: its tail was cut off", seq
            )
        elif head_hash != last_hash:
            yield Fault("the chain's head is not its last event", seq)
