"""`kesu calls`: the days of follow-up calls, and of one day why these customers were drawn (D22–D25)."""

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from daemon import words
from daemon.bootstrap import open_ledger
from daemon.cli.output import print_json, say
from daemon.docket import site_under
from daemon.errors import AnswerIsNo
from daemon.followup.standing import Draw, calls_made, draws_of
from daemon.ledger import Ledger
from daemon.site import Site, load_site
from rules.case import Case

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def register(commands: "Commands") -> None:
    """Add the command."""
    command = commands.add_parser(
        "calls", help="follow-up calls: how far each day is, how its customers were drawn"
    )
    command.add_argument(
        "number", nargs="?", help="a day's number (HF-20261123-001): its draw, customer by customer"
    )
    command.add_argument("--open", action="store_true", help="only days with calls that are not made")
    command.add_argument("--config", type=Path, default=Path("config.toml"), metavar="F")
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=run_calls)


def run_calls(arguments: argparse.Namespace) -> int:
    """Carry out `kesu calls`."""
    site = load_site(arguments.config)
    with open_ledger(site.config, create=False) as ledger:
        days = _days(ledger, arguments.number, open_only=arguments.open)
        known = [(case, site_under(site, ledger, case.policy)) for case in days]
    if arguments.json:
        told = [day_as_json(case, under, explain=bool(arguments.number)) for case, under in known]
        print_json(told[0] if arguments.number else told)
        return 0
    for case, under in known:
        _say_day(case, under)
        for draw in draws_of(case, under.policy) if arguments.number else ():
            _say_draw(draw, under)
    return 0


def _days(ledger: Ledger, number: str | None, *, open_only: bool) -> list[Case]:
    if number is None:
        return ledger.follow_ups(open_only=open_only)
    case = ledger.case(number)
    if case is None or case.kind != "follow-up":
        raise AnswerIsNo(f"{number}: there is no such day of calls")
    return [case]


def day_as_json(case: Case, site: Site, *, explain: bool = False) -> dict[str, object]:
    """Return a day of calls as plain values; `explain` adds every customer with his lot."""
    return {
        "number": case.number,
        "day": str(case.day),
        "status": case.status.value,
        "cars": len(case.deliveries),
        "duties": [_draw_as_json(draw, case, site, explain=explain) for draw in draws_of(case, site.policy)],
    }


def _draw_as_json(draw: Draw, case: Case, site: Site, *, explain: bool) -> dict[str, object]:
    made, total = calls_made(case, draw.task)
    told: dict[str, object] = {
        "task": draw.task.task,
        "role": draw.task.role,
        "clause": draw.task.clause,
        "due": draw.task.due.astimezone(site.zone).isoformat(),
        "made": made,
        "total": total,
        "pool": len(draw.pool),
        "share": float(draw.rule.share),
    }
    if not explain:
        return told
    return {
        **told,
        "lots": [
            {
                "lot": lot,
                "customer": delivery.customer_name,
                "phone": delivery.customer_phone,
                "plate_no": delivery.plate_no,
                "drawn": call is not None,
                "attempts": 0 if call is None else call.attempts,
                "reached": call is not None and call.reached,
            }
            for lot, delivery, call in draw.pool
        ],
    }


def _say_day(case: Case, site: Site) -> None:
    parts = []
    for draw in draws_of(case, site.policy):
        made, total = calls_made(case, draw.task)
        parts.append(f"{words.role_titles([draw.task.role], site.policy, site.locale)} {made}/{total}")
    say(f"{case.number}  {case.status.value:<7} {len(case.deliveries):>4}  {'  '.join(parts)}")


def _say_draw(draw: Draw, site: Site) -> None:
    share = (
        f"{words.percentage(draw.rule.share)} × {len(draw.pool)} = {draw.exact.normalize():f} → {draw.drawn}"
    )
    due = words.moment(draw.task.due, site.zone)
    say()
    say(f"{draw.rule.title.get(site.locale)}  [{draw.task.clause}]  {share}  {due}")
    say(f"  sha256(DAY|{draw.rule.key}|CUSTOMER):")
    for lot, delivery, call in draw.pool:
        sign = "✓" if call is not None and call.reached else "·" if call is not None else " "
        chosen = "→" if call is not None else " "
        say(
            f"  {chosen} {lot[:16]}  {delivery.customer_name}  {delivery.plate_no or delivery.vin}  {sign}".rstrip()
        )
