"""Files that came to cases: photos, invoices and the like, each known from the event on that it came with."""

from collections.abc import Mapping
from enum import StrEnum

from sqlalchemy import ColumnElement, Connection, bindparam, func, select

from daemon.ledger import intake
from daemon.ledger.rows import StoredAttachment
from daemon.ledger.schema import attachments, mail_cases, mail_in
from daemon.ledger.sqlite import insert


class Kind(StrEnum):
    """What became of a file."""

    FILE = "file"
    OVER = "over"  # more than the case may hold: it stays in the mail
    FORM = "form"  # kept before forms were left to their mails


_ATTACH = insert(attachments).on_conflict_do_nothing()
_CAUSED = select(mail_cases.c.event_seq).where(
    mail_cases.c.mail_id == bindparam("mail_id"), mail_cases.c.case_number == bindparam("case_number")
)
_IS_FILE = attachments.c.kind == Kind.FILE.value
_OF_CASE = attachments.c.case_number == bindparam("case_number")


def attach(
    connection: Connection,
    case_number: str,
    name: str,
    media_type: str,
    content: bytes,
    mail_id: int | None,
    head: int,
) -> None:
    """Keep a file with a case; the same file under the same name is kept once of each mail."""
    known = {"name": name, "media_type": media_type, "size": len(content)}
    _put(
        connection,
        case_number,
        Kind.FILE,
        known | {"sha256": intake.keep(connection, content)},
        mail_id,
        head,
    )


def leave_out(
    connection: Connection, case_number: str, name: str, media_type: str, size: int, mail_id: int, head: int
) -> None:
    """Say that a file came which the case may not hold any more; the mail it came in still has it."""
    known = {"name": name, "media_type": media_type, "size": size}
    known |= {"sha256": intake.mail(connection, mail_id).sha256}
    _put(connection, case_number, Kind.OVER, known, mail_id, head)


def _put(
    connection: Connection,
    case_number: str,
    kind: Kind,
    known: Mapping[str, object],
    mail_id: int | None,
    head: int,
) -> None:
    """Write the row; a file whose mail caused nothing in the case is known with whatever happens next, after `head`."""
    caused = connection.execute(_CAUSED, {"mail_id": mail_id, "case_number": case_number}).scalar()
    row = {"case_number": case_number, "mail_id": mail_id, "kind": kind.value, **known}
    connection.execute(_ATTACH, {**row, "seq": head + 1 if caused is None else caused})


def held(connection: Connection, case_number: str) -> tuple[int, int]:
    """Return how many files a case holds, and how many bytes they are."""
    query = select(func.count(), func.coalesce(func.sum(attachments.c.size), 0)).where(_OF_CASE, _IS_FILE)
    count, size = connection.execute(query, {"case_number": case_number}).one()
    return count, size


def of_case(connection: Connection, case_number: str, as_of: int | None) -> list[StoredAttachment]:
    """Return the files of a case in the order they came, each once; those known at event `as_of` where it is given."""
    wanted = [_OF_CASE, attachments.c.kind != Kind.FORM.value]
    if as_of is not None:
        wanted.append(attachments.c.seq <= as_of)
    return _rows(connection, case_number, *wanted)


def of_event(connection: Connection, case_number: str, event_seq: int) -> list[StoredAttachment]:
    """Return the files that came in the mail which caused an event of a case, the last one it caused."""
    mails = select(mail_cases.c.mail_id).where(
        mail_cases.c.case_number == bindparam("case_number"), mail_cases.c.event_seq == event_seq
    )
    return _rows(
        connection,
        case_number,
        _OF_CASE,
        attachments.c.kind != Kind.FORM.value,
        attachments.c.mail_id.in_(mails),
    )


def _rows(connection: Connection, case_number: str, *wanted: ColumnElement[bool]) -> list[StoredAttachment]:
    query = (
        select(
            attachments.c.name,
            attachments.c.media_type,
            attachments.c.sha256,
            attachments.c.size,
            (attachments.c.kind == Kind.OVER.value).label("over"),
            attachments.c.mail_id,
            mail_in.c.sender,
            mail_in.c.received_at,
        )
        .join(mail_in, mail_in.c.id == attachments.c.mail_id, isouter=True)
        .where(*wanted)
        .order_by(attachments.c.id)
    )
    found: dict[tuple[str, str], StoredAttachment] = {}
    for row in connection.execute(query, {"case_number": case_number}):
        file = StoredAttachment(**{**row._mapping, "over": bool(row.over), "sender": row.sender or ""})
        found.setdefault((file.name, file.sha256), file)
    return list(found.values())


def last_id(connection: Connection) -> int:
    """Return the id of the file that came last, 0 before the first."""
    highest: int = connection.execute(select(func.coalesce(func.max(attachments.c.id), 0))).scalar_one()
    return highest


def counts_since(connection: Connection, after: int) -> dict[str, int]:
    """Return how many files each case holds to which one came after the one of that id; each is counted once."""
    grown = select(attachments.c.case_number).where(attachments.c.id > after, _IS_FILE)
    each = (
        select(attachments.c.case_number, attachments.c.name, attachments.c.sha256)
        .where(_IS_FILE, attachments.c.case_number.in_(grown))
        .distinct()
        .subquery()
    )
    files = func.count().label("files")
    query = select(each.c.case_number, files).group_by(each.c.case_number).order_by(each.c.case_number)
    return {row.case_number: row.files for row in connection.execute(query)}
