"""`kesu case N`: the whole story of one case, for people in the terminal or on a page, for programs as JSON."""

import argparse
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from daemon.attachments.folders import named
from daemon.bootstrap import open_ledger
from daemon.casepage import as_html, say_story, story_of
from daemon.casepage.machines import MachineMail, machine_mails
from daemon.cli.output import complain, print_json
from daemon.cli.shapes import case_as_json
from daemon.clock import SystemClock
from daemon.errors import AnswerIsNo, UsageError
from daemon.ledger import OutboxEntry, StoredAttachment
from daemon.othercases import OtherCase, other_cases
from daemon.records import Reader
from daemon.site import load_site
from rules.case import Case, Penalty
from rules.events import event_to_json
from rules.locales import Locale

_ALL = 10_000


def run_case(arguments: argparse.Namespace) -> int:
    """Carry out `kesu case N`."""
    site = load_site(arguments.config)
    locale = Locale(arguments.locale) if arguments.locale else site.locale
    with open_ledger(site.config, create=False) as ledger:
        records = Reader(ledger, site)
        case = ledger.case(arguments.number)
        if case is None:
            raise AnswerIsNo(f"{arguments.number}: there is no such case")
        if arguments.json:
            print_json(_as_json(records, case, site.zone))
            return 0
        story = story_of(records, case.number, locale, SystemClock().now())
    if story is None:
        raise AnswerIsNo(f"{arguments.number}: what happened to it was erased")
    if arguments.html is None:
        say_story(story)
    else:
        _write(arguments.html, as_html(story))
    return 0


def _write(path: Path, page: str) -> None:
    if str(path) == "-":
        sys.stdout.write(page)
        return
    try:
        path.write_text(page, encoding="utf-8")
    except OSError as error:
        raise UsageError(f"--html: {path} cannot be written: {error.strerror}") from error
    complain(f"written: {path}")


def _as_json(records: Reader, case: Case, zone: ZoneInfo) -> dict[str, object]:
    ledger = records.ledger
    files = ledger.attachments(case.number)
    names = {(file.name, file.sha256): name for name, file in named(files)}
    known = other_cases(records, case, ledger.last_seq(), _ALL)
    return {
        **case_as_json(case, zone),
        "history": [
            {"seq": row.seq, **event_to_json(row.event), "policy": row.policy_hash}
            for row in ledger.events(case.number)
        ],
        "mails": [_mail(mail, zone) for mail in ledger.outbox_of(case.number)],
        "automatic_mails": [_machine(one, zone) for one in machine_mails(ledger, case.number)],
        "attachments": [_file(file, names.get((file.name, file.sha256)), zone) for file in files],
        "penalties": [_penalty(case, penalty) for penalty in case.penalties],
        "other_cases": [_other(one, zone) for one in known.cases],
    }


def _mail(mail: OutboxEntry, zone: ZoneInfo) -> dict[str, object]:
    return {
        "template": mail.template,
        "recipient": mail.recipient,
        "state": mail.state.value,
        "message_id": mail.message_id,
        "queued_at": mail.created_at.astimezone(zone).isoformat(),
        "sent_at": _moment(mail.sent_at, zone),
        "error": mail.last_error,
    }


def _machine(one: MachineMail, zone: ZoneInfo) -> dict[str, object]:
    return {
        "sender": one.sender,
        "received_at": _moment(one.at, zone),
        "said": one.said,
        "acted_on": one.counted,
    }


def _file(file: StoredAttachment, written_as: str | None, zone: ZoneInfo) -> dict[str, object]:
    """Return a file; of one that is `over` what the case may hold the hash is the whole mail's."""
    return {
        "name": file.name,
        "sha256": file.sha256,
        "size": file.size,
        "over": file.over,
        "written_as": written_as,
        "sender": file.sender,
        "received_at": _moment(file.received_at, zone),
    }


def _penalty(case: Case, penalty: Penalty) -> dict[str, object]:
    return {
        "number": f"{case.number}/{penalty.number}",
        "person": penalty.person,
        "role": penalty.role,
        "amount": None if penalty.amount is None else f"{penalty.amount:.2f}",
        "clause": penalty.clause,
        "state": penalty.state.value,
    }


def _other(one: OtherCase, zone: ZoneInfo) -> dict[str, object]:
    case = one.case
    return {
        "case": case.number,
        "status": case.status.value,
        "grade": case.grade,
        "opened_at": _moment(case.opened_at, zone),
        "resolved_at": _moment(case.resolved_at, zone),
    }


def _moment(at: datetime | None, zone: ZoneInfo) -> str | None:
    return None if at is None else at.astimezone(zone).isoformat()
