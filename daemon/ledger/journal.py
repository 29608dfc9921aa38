"""Recording what happened: the chain grows, the projections follow, in the caller's transaction."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from hashlib import sha256

from sqlalchemy import Connection, bindparam, select, update

from daemon.ledger import reading
from daemon.ledger.chain import Link, canonical, commitment, link_hash, promise_of
from daemon.ledger.columns import utc_text
from daemon.ledger.errors import LedgerRefused, PromiseBroken
from daemon.ledger.projections import put_cases, replace_deadlines, replace_keys, row_of
from daemon.ledger.schema import chain_head, events, policies
from daemon.ledger.sqlite import insert, run, whole
from daemon.ledger.unwritten import Linked, Unwritten, add_events
from rules.after_events import Listed
from rules.case import Case
from rules.deadlines import Deadline
from rules.events import Event, Opened, event_to_json

_SALT_BYTES = 16

_PAST = (
    select(events.c.n, events.c.promise)
    .where(events.c.case_number == bindparam("number"))
    .order_by(events.c.n.desc())
)
_KEPT_POLICY = select(policies.c.hash).where(policies.c.hash == bindparam("policy_hash"))
_ADD_POLICY = insert(policies).on_conflict_do_nothing()
_MOVE_HEAD = update(chain_head).where(chain_head.c.seq == bindparam("head"))


class Journal:
    """The chain and its projections while one transaction adds to them."""

    def __init__(self, connection: Connection, unwritten: Unwritten, site: str, version: str) -> None:
        self._connection = connection
        self._unwritten = unwritten
        self._site = site
        self._version = version
        self._seq, self._hash = reading.head(connection)
        self._head = self._seq
        self._grown: dict[
            str, int
        ] = {}  # cases to which something happened in this transaction, and what last
        self._policies: dict[str, str] = {}  # kept in this transaction, by text
        self._kept: set[str] = set()  # the hashes of policies known to be kept

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
        so_far = self._checked(number, happened, policy_hash)
        head = self._seq
        with whole(self._connection):
            linked = self._link_all(number, so_far, happened, policy_hash)
            if so_far:
                self._go_on(case_after, linked, due, keys)
            else:
                row = row_of(case_after, self._site, self._seq)
                self._unwritten.open(case_after, linked, row, due, keys or {})
        if linked:
            self._grown[number] = self._seq
        return list(range(head + 1, self._seq + 1))

    def _checked(self, number: str, happened: Sequence[Event], policy_hash: str) -> int:
        """Look before anything is written whether all this may happen; return how many events the case has so far."""
        if self._unwritten.opens(number):
            self._unwritten.write()
        past = run(self._connection, _PAST, {"number": number}).fetchall()
        so_far: int = past[0][0] if past else 0
        _refuse_false_start(number, so_far, happened)
        _refuse_broken_promises(number, {promise for _, promise in past}, happened)
        if happened and policy_hash not in self._kept:
            self._refuse_unkept(policy_hash)
        return so_far

    def _go_on(
        self,
        case: Case,
        linked: Sequence[Linked],
        due: Sequence[Deadline],
        keys: Mapping[str, str] | None,
    ) -> None:
        """Write what happened to a case that was opened before, after all that waits."""
        self._unwritten.write()
        add_events(self._connection, linked)
        if linked:
            put_cases(self._connection, [row_of(case, self._site, self._seq)])
        replace_deadlines(self._connection, case.number, due)
        if keys is not None:
            replace_keys(self._connection, case.number, keys)

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
        if run(self._connection, _MOVE_HEAD, end).rowcount != 1:
            raise LedgerRefused("the chain has grown elsewhere meanwhile")

    def _refuse_unkept(self, policy_hash: str) -> None:
        """Ask, once: the database itself would say so only when the events are written."""
        if run(self._connection, _KEPT_POLICY, {"policy_hash": policy_hash}).fetchone() is None:
            raise LedgerRefused(f"no policy is kept under {policy_hash}")
        self._kept.add(policy_hash)

    def _link_all(
        self, number: str, so_far: int, happened: Sequence[Event], policy_hash: str
    ) -> list[Linked]:
        salts = secrets.token_bytes(_SALT_BYTES * len(happened))
        return [
            self._link(number, so_far + n, event, salts[_SALT_BYTES * (n - 1) : _SALT_BYTES * n], policy_hash)
            for n, event in enumerate(happened, 1)
        ]

    def _link(self, number: str, n: int, event: Event, salt: bytes, policy_hash: str) -> Linked:
        body = canonical(event_to_json(event))
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
