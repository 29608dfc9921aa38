"""Commands that read the ledger: `kesu cases`, `kesu case`, `kesu penalties`, `kesu ledger verify`."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from daemon import words
from daemon.bootstrap import open_ledger
from daemon.cli.output import print_json, say
from daemon.cli.penalties import run_penalties
from daemon.docket import site_under
from daemon.errors import AnswerIsNo
from daemon.followup import wording as callwords
from daemon.ledger import Ledger, OutboxEntry, RecordedEvent
from daemon.site import Site, load_site
from rules.case import Case
from rules.events import event_to_json

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def register(commands: "Commands") -> None:
    """Add the family's commands."""
    command = commands.add_parser("cases", help="the cases in the ledger")
    _with_config(command)
    command.add_argument("--open", action="store_true", help="only those whose clock runs")
    command.set_defaults(run=run_cases)
    command = commands.add_parser("case", help="one case with its whole history")
    command.add_argument("number")
    _with_config(command)
    command.set_defaults(run=run_case)
    command = commands.add_parser("penalties", help="every penalty: whose, how much, why, and how it stands")
    _with_config(command)
    command.set_defaults(run=run_penalties)
    ledger = commands.add_parser("ledger", help="the ledger itself").add_subparsers(
        required=True, metavar="ACTION"
    )
    command = ledger.add_parser("verify", help="is the hash chain intact, do the projections follow from it?")
    _with_config(command)
    command.set_defaults(run=run_verify)


def _with_config(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", type=Path, default=Path("config.toml"), metavar="F")
    command.add_argument("--json", action="store_true")


def run_cases(arguments: argparse.Namespace) -> int:
    """Carry out `kesu cases`."""
    site = load_site(arguments.config)
    with open_ledger(site.config, create=False) as ledger:
        cases = list(ledger.cases(open_only=arguments.open))
        keys = set() if arguments.json else {case.policy for case in cases}
        sites = {key: site_under(site, ledger, key) for key in keys}
    if arguments.json:
        print_json([case_as_json(case, site.zone) for case in cases])
        return 0
    for case in cases:
        say(_line(case, sites[case.policy]))
    return 0


def _line(case: Case, site: Site) -> str:
    due = words.moment(case.due, site.zone) if case.due else "-"
    owners = words.role_titles(case.owners, site.policy, site.locale)
    grade = site.policy.grade(case.grade).title.get(site.locale)
    customer = case.facts.get("customer_name", "")
    return f"{case.number}  {case.status.value:<10}  {grade}  {due}  {customer}  {owners}"


def run_case(arguments: argparse.Namespace) -> int:
    """Carry out `kesu case N`."""
    site = load_site(arguments.config)
    with open_ledger(site.config, create=False) as ledger:
        case = ledger.case(arguments.number)
        if case is None:
            raise AnswerIsNo(f"{arguments.number}: there is no such case")
        events, mails = ledger.events(case.number), ledger.outbox_of(case.number)
        if arguments.json:
            print_json(_history_as_json(case, events, mails, ledger, site.zone))
        else:
            _say_case(case, events, mails, site_under(site, ledger, case.policy))
    return 0


def run_verify(arguments: argparse.Namespace) -> int:
    """Carry out `kesu ledger verify`: exit 1 if anything in the ledger is not as it was written."""
    site = load_site(arguments.config)
    with open_ledger(site.config, create=False) as ledger:
        faults = ledger.verify()
        seq, head = ledger.head()
    if arguments.json:
        print_json(
            {"ok": not faults, "events": seq, "head": head, "faults": [str(fault) for fault in faults]}
        )
    else:
        for fault in faults:
            say(f"✗ {fault}")
        if not faults:
            say(f"✓ {seq} events, chain intact, head {head[:16]}…")
    return 1 if faults else 0


def case_as_json(case: Case, zone: ZoneInfo) -> dict[str, object]:
    """Return a case as `kesu cases --json` shows it; times in the site's zone."""
    return {
        "case": case.number,
        "status": case.status.value,
        "grade": case.grade,
        "clause": case.grade_clause,
        "stage": case.stage,
        "owner_roles": list(case.owners),
        "opened_at": case.opened_at.astimezone(zone).isoformat(),
        "due": None if case.due is None else case.due.astimezone(zone).isoformat(),
        "lapses": len(case.lapses),
        "facts": case.facts,
        "issued_by": case.issued_by,
        "missing": list(case.missing),
        "warnings": list(case.warnings),
        "tasks": [task.model_dump(mode="json") for task in case.tasks],
        "resolution": case.resolution,
        "resolved_at": None if case.resolved_at is None else case.resolved_at.astimezone(zone).isoformat(),
    }


def _history_as_json(
    case: Case, events: list[RecordedEvent], mails: list[OutboxEntry], ledger: Ledger, zone: ZoneInfo
) -> dict[str, object]:
    return {
        **case_as_json(case, zone),
        "history": [
            {"seq": row.seq, **event_to_json(row.event), "policy": row.policy_hash} for row in events
        ],
        "mails": [_mail_as_json(mail, zone) for mail in mails],
        "attachments": [
            {"name": kept.name, "sha256": kept.sha256, "size": kept.size}
            for kept in ledger.attachments(case.number)
        ],
    }


def _mail_as_json(mail: OutboxEntry, zone: ZoneInfo) -> dict[str, object]:
    return {
        "template": mail.template,
        "recipient": mail.recipient,
        "state": mail.state.value,
        "message_id": mail.message_id,
        "queued_at": mail.created_at.astimezone(zone).isoformat(),
        "sent_at": None if mail.sent_at is None else mail.sent_at.astimezone(zone).isoformat(),
        "error": mail.last_error,
    }


def _say_case(case: Case, events: list[RecordedEvent], mails: list[OutboxEntry], site: Site) -> None:
    if case.kind == "complaint":
        title = site.policy.grade(case.grade).title.get(site.locale)
    else:
        title = callwords.OF_A_DAY.get(site.locale).format(day=case.day)
    say(f"{case.number}  {case.status.value}  {title}")
    for row in events:
        text = words.step(row.event, site.policy, site.locale)
        clause = getattr(row.event, "clause", "")
        if text:
            say(f"  {words.moment(row.event.at, site.zone)}  {text}{f'  [{clause}]' if clause else ''}")
    for mail in mails:
        say(f"  ✉ {mail.template:<18} {mail.recipient:<32} {mail.state.value} {mail.last_error}".rstrip())
