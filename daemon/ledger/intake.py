"""What came in: raw messages in the archive, what became of them, and which cases they concern."""

import zlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from functools import cached_property
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Select, bindparam, func, select, update

from daemon.ledger.errors import LedgerDamaged, LedgerRefused
from daemon.ledger.packing import pack, unpack
from daemon.ledger.rows import MailState, StoredMail
from daemon.ledger.schema import archive, intake_parts, mail_cases, mail_in, outbox
from daemon.ledger.sqlite import insert, run, run_many

_MOST_REFERENCES = 200  # a References header can be as long as its writer likes

_KNOWN = select(mail_in.c.uid).where(
    mail_in.c.folder == bindparam("folder"),
    mail_in.c.uidvalidity == bindparam("uidvalidity"),
    mail_in.c.uid.in_(bindparam("uids", expanding=True)),
)
_STORE = insert(mail_in).returning(mail_in.c.id, sort_by_parameter_order=True)
_SETTLE = update(mail_in).where(mail_in.c.id == bindparam("mail_id"))
_KEPT = select(archive.c.sha256).where(archive.c.sha256 == bindparam("digest"))
_KEEP = insert(archive).on_conflict_do_nothing()
_CONTENT = select(archive.c.content).where(archive.c.sha256 == bindparam("digest"))
_CLAIM = insert(intake_parts).on_conflict_do_nothing().returning(intake_parts.c.mail_id)
_LINK = insert(mail_cases).on_conflict_do_nothing()
_FIELDS = [field.name for field in fields(StoredMail)]
_STATE = _FIELDS.index("state")
_MAILS: Select[*tuple[Any, ...]] = select(
    *(archive.c.size if name == "size" else mail_in.c[name] for name in _FIELDS)
).join(archive)


@dataclass(frozen=True)
class Incoming:
    """A message as it was fetched, and what is known of it before it is read."""

    uid: int
    raw: bytes = field(repr=False)
    message_id: str
    sender: str
    received_at: datetime

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of its bytes."""
        return sha256(self.raw).hexdigest()

    @cached_property
    def packed(self) -> bytes:
        """Its bytes as the archive holds them."""
        return pack(self.raw)


def store_mails(
    connection: Connection, folder: str, uidvalidity: int, mails: Sequence[Incoming], at: datetime
) -> list[int | None]:
    """Archive messages of one folder and return their ids; None where a place is known already."""
    named = {"folder": folder, "uidvalidity": uidvalidity, "uids": [mail.uid for mail in mails]}
    known = set(connection.execute(_KNOWN, named).scalars())
    fresh = [mail for mail in {mail.uid: mail for mail in mails}.values() if mail.uid not in known]
    if not fresh:
        return [None] * len(mails)
    kept = [{"sha256": mail.digest, "size": len(mail.raw), "content": mail.packed} for mail in fresh]
    run_many(connection, _KEEP, kept)
    rows = [
        {
            "folder": folder,
            "uidvalidity": uidvalidity,
            "uid": mail.uid,
            "sha256": mail.digest,
            "message_id": mail.message_id,
            "sender": mail.sender,
            "received_at": mail.received_at,
            "stored_at": at,
            "state": MailState.RECEIVED.value,
            "reason": "",
            "target_folder": "",
        }
        for mail in fresh
    ]
    ids = dict(zip((mail.uid for mail in fresh), connection.execute(_STORE, rows).scalars(), strict=True))
    return [ids.pop(mail.uid, None) for mail in mails]


def keep(connection: Connection, content: bytes) -> str:
    """Put bytes into the archive, once, and return their SHA-256."""
    digest = sha256(content).hexdigest()
    if connection.execute(_KEPT, {"digest": digest}).first() is None:
        connection.execute(_KEEP, {"sha256": digest, "size": len(content), "content": pack(content)})
    return digest


def raw(connection: Connection, digest: str) -> bytes:
    """Return archived bytes; LedgerRefused if there are none of this SHA-256, LedgerDamaged if they changed."""
    packed = connection.execute(_CONTENT, {"digest": digest}).scalar()
    if packed is None:
        raise LedgerRefused(f"nothing is archived under {digest}")
    try:
        content = unpack(packed)
    except zlib.error:
        content = b""
    if sha256(content).hexdigest() != digest:
        raise LedgerDamaged(f"what is archived under {digest} is not what was put there")
    return content


def fate_of(mail_id: int, state: MailState, reason: str, target_folder: str) -> dict[str, object]:
    """Return what became of a message, and where it is to be moved, as `settle_mails` writes it."""
    return {"mail_id": mail_id, "state": state.value, "reason": reason, "target_folder": target_folder}


def settle_mails(connection: Connection, fates: Sequence[Mapping[str, object]]) -> None:
    """Say what became of messages."""
    if run_many(connection, _SETTLE, fates) != len(fates):
        ids = ", ".join(str(fate["mail_id"]) for fate in fates)
        raise LedgerRefused(f"not every one of these is a message's id: {ids}")


def mark_moved(connection: Connection, ids: Iterable[int], at: datetime) -> None:
    """Say that messages now lie in their target folder."""
    connection.execute(update(mail_in).where(mail_in.c.id.in_(list(ids))).values(moved_at=at))


def claim_part(connection: Connection, message_id: str, digest: str, mail_id: int) -> bool:
    """Claim one attachment of one message for this intake; False if it was taken before.

    A message without a Message-ID is known by its own bytes.
    """
    claim = {
        "message_id": message_id or f"sha256:{mail(connection, mail_id).sha256}",
        "sha256": digest,
        "mail_id": mail_id,
    }
    return run(connection, _CLAIM, claim).fetchone() is not None


def link_of(mail_id: int, case_number: str, caused: int | None) -> dict[str, object]:
    """Return, as `link_mails` writes it, that a message concerns a case, and the last event that was its doing."""
    return {"mail_id": mail_id, "case_number": case_number, "event_seq": caused}


def link_mails(connection: Connection, links: Sequence[Mapping[str, object]]) -> None:
    """Say which cases messages concern."""
    run_many(connection, _LINK, links)


def mail(connection: Connection, mail_id: int) -> StoredMail:
    """Return one message; LedgerRefused if there is none of this id."""
    for found in _mails(connection, _MAILS.where(mail_in.c.id == mail_id)):
        return found
    raise LedgerRefused(f"no message has the id {mail_id}")


def mails_about(connection: Connection, case_number: str) -> list[StoredMail]:
    """Return the messages that concern a case, oldest first."""
    query = _MAILS.join(mail_cases, mail_cases.c.mail_id == mail_in.c.id)
    return _mails(connection, query.where(mail_cases.c.case_number == case_number).order_by(mail_in.c.id))


def mails_in_state(
    connection: Connection, state: MailState, limit: int | None = None, after: int = 0
) -> list[StoredMail]:
    """Return the messages in `state`, oldest first, from behind the id `after` on."""
    query = _MAILS.where(mail_in.c.state == state.value, mail_in.c.id > after)
    return _mails(connection, query.order_by(mail_in.c.id).limit(limit))


def unmoved_mail(connection: Connection, limit: int) -> list[StoredMail]:
    """Return settled messages that do not lie in their target folder yet."""
    waiting = (mail_in.c.moved_at.is_(None), mail_in.c.target_folder != "")
    return _mails(connection, _MAILS.where(*waiting).order_by(mail_in.c.id).limit(limit))


def highest_uid(connection: Connection, folder: str, uidvalidity: int) -> int:
    """Return the highest UID stored of a folder, 0 if none is."""
    query = select(func.coalesce(func.max(mail_in.c.uid), 0)).where(
        mail_in.c.folder == folder, mail_in.c.uidvalidity == uidvalidity
    )
    highest: int = connection.execute(query).scalar_one()
    return highest


def known_uids(connection: Connection, folder: str, uidvalidity: int) -> frozenset[int]:
    """Return every UID stored of a folder."""
    query = select(mail_in.c.uid).where(mail_in.c.folder == folder, mail_in.c.uidvalidity == uidvalidity)
    return frozenset(connection.execute(query).scalars())


def case_of_message(connection: Connection, message_ids: Sequence[str]) -> str | None:
    """Return the case that the first telling Message-ID belongs to; one that concerns several cases tells nothing.

    Our own mails go first: their Message-IDs are ours, those of incoming mails are whatever their senders chose.
    """
    wanted = list(dict.fromkeys(message_ids))[:_MOST_REFERENCES]
    if not wanted:
        return None
    ours = select(outbox.c.message_id, outbox.c.case_number).where(
        outbox.c.message_id.in_(wanted), outbox.c.case_number.is_not(None)
    )
    theirs = (
        select(mail_in.c.message_id, mail_cases.c.case_number)
        .join(mail_cases)
        .where(mail_in.c.message_id.in_(wanted))
    )
    found = _by_message(connection, theirs) | _by_message(connection, ours)
    telling = (found.get(message_id, set()) for message_id in wanted)
    return next((next(iter(numbers)) for numbers in telling if len(numbers) == 1), None)


def _by_message(connection: Connection, query: Select[str, str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = {}
    for message_id, case_number in connection.execute(query):
        found.setdefault(message_id, set()).add(case_number)
    return found


def _mails(connection: Connection, query: Select[*tuple[Any, ...]]) -> list[StoredMail]:
    return [_stored(row) for row in connection.execute(query)]


def _stored(row: Sequence[Any]) -> StoredMail:
    values = list(row)
    values[_STATE] = MailState(values[_STATE])
    return StoredMail(*values)
