"""Recording what happened: the chain grows, the projections follow, in the caller's transaction."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from sqlalchemy import Connection, bindparam, select, update

from daemon.ledger import reading
from daemon.ledger.chain import Link, canonical, commitment, link_hash, promise_of
from daemon.ledger.columns import utc_text
from daemon.ledger.errors import LedgerRefused, PromiseBroken
from daemon.ledger.projections import put_case, replace_deadlines, replace_keys
from daemon.ledger.schema import chain_head, events, payloads, policies
from daemon.ledger.sqlite import insert, run, run_many, whole
from rules.after_events import Listed
from rules.case import Case
from rules.deadlines import Deadline
from rules.events import Event, Opened, event_to_json

_SALT_BYTES = 16
_Row = dict[str, object]

_PAST = (
    select(events.c.n, events.c.promise)
    .where(events.c.case_number == bindparam("number"))
    .order_by(events.c.n.desc())
)
_ADD_EVENTS = insert(events)
_ADD_PAYLOADS = insert(payloads)
_ADD_POLICY = insert(policies).on_conflict_do_nothing()
_MOVE_HEAD = update(chain_head).where(chain_head.c.seq == bindparam("head"))


class Journal:
    """The chain and its projections while one transaction adds to them."""

    def __init__(self, connection: Connection, site: str, version: str) -> None:
        self._connection = connection
        self._site = site
        self._version = version
        self._seq, self._hash = reading.head(connection)
        self._head = self._seq
        self._grown: dict[
            str, int
        ] = {}  # cases to which something happened in this transaction, and what last
        self._policies: dict[str, str] = {}  # kept in this transaction, by text

    @property
    def seq(self) -> int:
        """The last event's seq."""
        return self._seq

    def record(
        self,
        case_after: Case,
        happened: Sequence[Event],
        due: Sequence[Deadline],
        policy_hash: str,
        keys: Mapping[str, str] | None,
    ) -> list[int]:
        """Append `happened`, make the case what it now is, and return the events' seqs."""
        number = case_after.number
        past = run(self._connection, _PAST, {"number": number}).fetchall()
        so_far = past[0][0] if past else 0
        _refuse_false_start(number, so_far, happened)
        _refuse_broken_promises(number, {promise for _, promise in past}, happened)
        with whole(self._connection):
            seqs = self._append(number, so_far, happened, policy_hash)
            if seqs:
                self._grown[number] = seqs[-1]
                put_case(self._connection, case_after, self._site, seqs[-1])
            new = so_far == 0  # then there is nothing of it to replace
            replace_deadlines(self._connection, number, due, new=new)
            if keys is not None:
                replace_keys(self._connection, case_after, keys, new=new)
        return seqs

    def caused(self, number: str, since: int) -> int | None:
        """Return the last event of a case after `since`, of which this transaction was at that time; None if none."""
        last = self._grown.get(number, 0)
        return last if last > since else None

    def keep_policy(self, key: str, text: str) -> str:
        """Keep a policy's text for good and return its hash."""
        if text in self._policies:
            return self._policies[text]
        policy_hash = self._policies[text] = sha256(text.encode()).hexdigest()
        row = {"hash": policy_hash, "key": key, "first_seq": self._seq + 1, "text": text}
        self._connection.execute(_ADD_POLICY, row)
        return policy_hash

    def finish(self) -> None:
        """Write the chain's new end; the last thing a transaction does."""
        if self._seq == self._head:
            return
        end = {"head": self._head, "seq": self._seq, "hash": self._hash}
        moved = self._connection.execute(_MOVE_HEAD, end)
        if moved.rowcount != 1:
            raise LedgerRefused("the chain has grown elsewhere meanwhile")

    def _append(self, number: str, so_far: int, happened: Sequence[Event], policy_hash: str) -> list[int]:
        if not happened:
            return []
        linked = [self._link(number, n, event, policy_hash) for n, event in enumerate(happened, so_far + 1)]
        run_many(self._connection, _ADD_EVENTS, [event_row for event_row, _ in linked])
        run_many(self._connection, _ADD_PAYLOADS, [payload_row for _, payload_row in linked])
        return list(range(self._seq - len(linked) + 1, self._seq + 1))

    def _link(self, number: str, n: int, event: Event, policy_hash: str) -> tuple[_Row, _Row]:
        body, salt = canonical(event_to_json(event)), secrets.token_bytes(_SALT_BYTES)
        link = Link(
            seq=self._seq + 1,
            case_number=number,
            n=n,
            kind=event.kind,
            at=utc_text(event.at),
            clause=getattr(event, "clause", ""),
            policy_hash=policy_hash,
            version=self._version,
            commitment=commitment(salt, body),
        )
        before, self._seq, self._hash = self._hash, link.seq, link_hash(self._hash, link)
        chained = {"at": event.at, "promise": promise_of(event), "prev_hash": before, "hash": self._hash}
        return {**link._asdict(), **chained}, {"seq": link.seq, "salt": salt, "body": body}


def _refuse_false_start(number: str, so_far: int, happened: Sequence[Event]) -> None:
    if so_far:
        return
    if not happened or not isinstance(happened[0], Opened | Listed):
        kind = happened[0].kind if happened else "nothing"
        raise ValueError(f"{number}: a case begins with 'opened', not {kind!r}")


def _refuse_broken_promises(number: str, kept: set[str | None], happened: Iterable[Event]) -> None:
    """Look before writing, so that a command that comes too late leaves the transaction as it was."""
    for event in happened:
        promise = promise_of(event)
        if promise is not None and promise in kept:
            raise PromiseBroken(promise, number)
        kept.add(promise)
