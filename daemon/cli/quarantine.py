"""Commands about mail that was put aside: `kesu quarantine list / show / retry / release / discard`."""

import argparse
import getpass
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.admission import BY_SENDER
from daemon.alone import Alone
from daemon.bootstrap import open_ledger
from daemon.cli.output import print_json, say
from daemon.clock import SystemClock
from daemon.docket import Docket
from daemon.errors import AnswerIsNo, ConfigurationError, UsageError
from daemon.intake import Intake
from daemon.ledger import Decision, HeldFor, HeldMail, HeldState, Ledger, MailState
from daemon.site import Site, load_site
from mailer.authenticity import authenticity
from mailer.message import Message, head_of, read_message
from parsers.reader import FormReader, ReaderUnavailable
from parsers.results import ParsedFile

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

PATIENCE = 30.0  # seconds that a running daemon may take to take a message in again
_WORDS = 1_000  # characters shown of what a message says
_NOT_TO_BE_TAKEN = {
    HeldFor.TOO_LARGE: "only its header was fetched; have it sent again without large files",
    HeldFor.PLACEHOLDER: "its server gave a notice in place of it; look at the original there",
    HeldFor.FLAWED: "its form has opened a case already; correct that, or have the form sent again",
}


def register(commands: "Commands") -> None:
    """Add the family's commands."""
    family = commands.add_parser("quarantine", help="mail that could not be taken in").add_subparsers(
        required=True, metavar="ACTION"
    )
    command = family.add_parser("list", help="what waits for a decision")
    command.add_argument("--all", action="store_true", help="what was decided on as well")
    _common(command)
    command.set_defaults(run=run_list)
    command = family.add_parser("show", help="one message: who sent it, its files, what is wrong with it")
    command.add_argument("number", type=_number, metavar="N")
    _common(command)
    command.set_defaults(run=run_show)
    for decision, told in (
        (Decision.RETRY, "read it again, as after a change of people or rules"),
        (Decision.RELEASE, "take its forms in, whoever sent it"),
        (Decision.DISCARD, "leave it where it is, and wait no more"),
    ):
        command = family.add_parser(decision.value, help=told)
        command.add_argument("numbers", type=_number, nargs="+", metavar="N")
        _common(command)
        command.set_defaults(run=run_decision, decision=decision)


def _number(text: str) -> int:
    """Read a message's number; what no ledger counts up to is none."""
    number = int(text)
    if not 0 < number < 2**63:
        raise ValueError
    return number


def _common(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", type=Path, default=Path("config.toml"), metavar="F")
    command.add_argument("--json", action="store_true")


# ---------------------------------------------------------------- looking


def run_list(arguments: argparse.Namespace) -> int:
    """Carry out `kesu quarantine list`."""
    site = load_site(arguments.config)
    with open_ledger(site.config, create=False) as ledger:
        held = ledger.quarantine_ever() if arguments.all else ledger.quarantine_waiting()
        found = [_as_json(one, read_message(head_of(ledger.raw(one.mail.sha256))), site) for one in held]
    if arguments.json:
        print_json(found)
        return 0
    for row in found:
        decided = "" if row["state"] == HeldState.WAITING.value else f"  [{row['state']}]"
        say(f"{row['number']:>5}  {str(row['at'])[:16].replace('T', ' ')}  {row['sender']}{decided}")
        say(f"       {_printable(str(row['subject'])) or '—'}")
        say(f"       {_printable(str(row['reason']))}")
    if not found:
        say("nothing waits in quarantine")
    return 0


def run_show(arguments: argparse.Namespace) -> int:
    """Carry out `kesu quarantine show`."""
    site = load_site(arguments.config)
    with open_ledger(site.config, create=False) as ledger:
        held = _held(ledger, arguments.number)
        message = read_message(ledger.raw(held.mail.sha256))
    shown = {**_as_json(held, message, site), **_contents(message, site)}
    if arguments.json:
        print_json(shown)
    else:
        _say(shown)
    return 0


def _as_json(held: HeldMail, message: Message, site: Site) -> dict[str, object]:
    return {
        "number": held.mail.id,
        "at": _moment(held.mail.received_at, site),
        "sender": message.sender.email or held.mail.sender,
        "name": message.sender.name,
        "subject": message.subject,
        "why": held.why.value,
        "reason": held.mail.reason,
        "state": held.state.value,
        "decided_by": held.decided_by,
        "decided_at": None if held.decided_at is None else _moment(held.decided_at, site),
        "became": held.mail.state.value,
    }


def _moment(at: datetime, site: Site) -> str:
    return at.astimezone(site.zone).isoformat(timespec="seconds")


def _contents(message: Message, site: Site) -> dict[str, object]:
    """Return what a message carries, and what reading it comes to now."""
    trusted = site.config.access.authserv_id
    found = authenticity(message, trusted) if trusted else None
    return {
        "message_id": message.message_id,
        "to": [address.email for address in message.to],
        "verified": None if found is None else {"verdict": found.verdict.value, "why": found.why},
        "attachments": [
            {"name": file.name, "type": file.media_type, "size": len(file.content)}
            for file in message.attachments
        ],
        "problems": list(_problems(message, site)),
        "defects": list(message.defects),
        "text": message.text[:_WORDS],
    }


def _problems(message: Message, site: Site) -> Iterator[dict[str, str]]:
    try:
        with FormReader(site.catalogue) as reader:
            for attachment in message.attachments:
                now, locale = SystemClock().now(), site.locale
                file = reader.read(
                    attachment.content, attachment.name, zone=site.zone, now=now, locale=locale
                )
                yield from _of_file(file, attachment.name, site)
    except ReaderUnavailable as error:
        raise UsageError(str(error)) from error


def _of_file(file: ParsedFile, name: str, site: Site) -> Iterator[dict[str, str]]:
    if file.error is not None:
        yield {"file": name, "cell": "", "message": file.error.get(site.locale)}
    for form in file.forms:
        for problem in form.problems:
            place = f"{problem.sheet}!{problem.cell}" if problem.cell else problem.sheet
            message = f"{problem.label.get(site.locale)}: {problem.message.get(site.locale)}"
            yield {"file": name, "cell": place, "message": message}


def _say(shown: dict[str, object]) -> None:
    for key in ("number", "at", "sender", "name", "subject", "reason", "state", "decided_by", "became"):
        if shown[key]:
            say(f"{key:<11} {_printable(str(shown[key]))}")
    verified = shown["verified"]
    if isinstance(verified, dict):
        say(f"{'verified':<11} {verified['verdict']}: {verified['why']}")
    for key, line in (
        ("attachments", "{name} ({type}, {size} bytes)"),
        ("problems", "{file} {cell} {message}"),
    ):
        rows = shown[key]
        for row in rows if isinstance(rows, list) else ():
            say(f"{key[:-1]:<11} {_printable(line.format(**row))}")
    say()
    for words in str(shown["text"]).splitlines():
        say(f"  {_printable(words)}")


def _printable(text: str) -> str:
    """Keep what a stranger wrote from steering the terminal."""
    return "".join(character if character.isprintable() else " " for character in text)


# ---------------------------------------------------------------- deciding


def run_decision(arguments: argparse.Namespace) -> int:
    """Carry out `kesu quarantine retry`, `release` or `discard`: exit 1 if a message is put aside again."""
    site = load_site(arguments.config)
    numbers: Sequence[int] = list(dict.fromkeys(arguments.numbers))
    decision: Decision = arguments.decision
    with open_ledger(site.config, create=False) as ledger:
        for number in numbers:
            _check(_held(ledger, number), decision)
        with ledger.writing() as entry:  # all of them, or none
            for number in numbers:
                if not entry.decide_quarantined(number, decision, _who(), SystemClock().now()):
                    raise AnswerIsNo(_decided(ledger, number))
        if decision is not Decision.DISCARD:
            _take(ledger, site, numbers)
        found = [_held(ledger, number) for number in numbers]
    _tell(found, decision, as_json=arguments.json)
    again = decision is not Decision.DISCARD and any(_lies_there(held) for held in found)
    return 1 if again else 0


def _lies_there(held: HeldMail) -> bool:
    return held.mail.state is MailState.QUARANTINED


def _check(held: HeldMail, decision: Decision) -> None:
    number, why = held.mail.id, held.why
    if decision is Decision.DISCARD:
        return
    if why in _NOT_TO_BE_TAKEN:
        raise AnswerIsNo(f"message {number} cannot be taken: {_NOT_TO_BE_TAKEN[why]}")
    if decision is Decision.RELEASE and why not in BY_SENDER:
        raise AnswerIsNo(
            f"message {number} was not put aside for its sender; `kesu quarantine retry` reads it again"
        )


def _take(ledger: Ledger, site: Site, numbers: Sequence[int]) -> None:
    """Take the messages in; where a daemon runs it does so within a second."""
    with _alone(ledger) as mine:
        if not mine:
            _wait_for_the_daemon(ledger, numbers)
            return
        with FormReader(site.catalogue) as reader:
            Intake(Docket(ledger, site), reader, SystemClock()).take_waiting()


@contextmanager
def _alone(ledger: Ledger) -> Iterator[bool]:
    """Hold the ledger for this command, if no daemon does; tell whether it is held."""
    alone = Alone(ledger.path)
    try:
        alone.hold()
    except ConfigurationError:
        yield False
        return
    try:
        yield True
    finally:
        alone.release()


def _wait_for_the_daemon(ledger: Ledger, numbers: Sequence[int]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not ledger.returned_mail().keys().isdisjoint(numbers):
        if time.monotonic() > deadline:
            raise AnswerIsNo("the running daemon was asked but has not done it yet; see its log")
        time.sleep(0.1)


def _tell(found: Sequence[HeldMail], decision: Decision, *, as_json: bool) -> None:
    if as_json:
        rows = [
            {
                "number": held.mail.id,
                "state": held.state.value,
                "became": held.mail.state.value,
                "reason": held.mail.reason,
            }
            for held in found
        ]
        print_json(rows)
        return
    for held in found:
        became = "left in quarantine" if decision is Decision.DISCARD else held.mail.state.value
        reason = f": {held.mail.reason}" if held.mail.reason and decision is not Decision.DISCARD else ""
        say(f"{held.mail.id}  {became}{reason}")


def _held(ledger: Ledger, number: int) -> HeldMail:
    held = ledger.quarantined(number)
    if held is None:
        raise AnswerIsNo(f"no message {number} was ever put aside; `kesu quarantine list --all` shows all")
    return held


def _decided(ledger: Ledger, number: int) -> str:
    held = _held(ledger, number)
    by = f" by {held.decided_by}" if held.decided_by else ""
    return f"message {number} was {held.state.value} before{by}; it is {held.mail.state.value} now"


def _who() -> str:
    try:
        return f"{getpass.getuser()} (command line)"
    except (KeyError, OSError):
        return "command line"
