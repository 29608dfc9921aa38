"""Commands about the rules alone: `kesu decide`, `kesu play`."""

import argparse
import json
import sys
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from daemon import packs
from daemon.cli.output import print_json, say
from daemon.clock import SystemClock
from daemon.decision import decision
from daemon.errors import AnswerIsNo, UsageError
from daemon.play import load_scenario, play
from rules.facts import FactError, facts_from_json
from rules.fields import FormKind
from rules.grading import FactsMissing
from rules.locales import Locale

if TYPE_CHECKING:
    from collections.abc import Mapping

    Commands = argparse._SubParsersAction[argparse.ArgumentParser]


def register(commands: "Commands") -> None:
    """Add the family's commands."""
    command = commands.add_parser("decide", help="what a policy says of a set of facts")
    command.add_argument("--policy", default="dealership", help="a shipped pack's name, or a file")
    command.add_argument(
        "--facts", required=True, metavar="F", help="a JSON object of facts; - for standard input"
    )
    command.add_argument(
        "--timezone", default="Asia/Shanghai", help="the site's zone, in which days are counted"
    )
    command.add_argument("--locale", default="en", choices=[locale.value for locale in Locale])
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=run_decide)
    command = commands.add_parser("play", help="run a scenario on a virtual clock")
    command.add_argument("scenario", type=Path)
    command.add_argument("--json", action="store_true")
    command.set_defaults(run=run_play)


def run_decide(arguments: argparse.Namespace) -> int:
    """Carry out `kesu decide`."""
    policy = packs.read_policy(packs.policy_text(arguments.policy), arguments.policy)
    raw = _read_object(arguments.facts)
    try:
        zone = ZoneInfo(arguments.timezone)
    except (LookupError, ValueError, OSError) as error:
        raise UsageError(f"--timezone: {arguments.timezone!r} is no time zone") from error
    try:
        facts = facts_from_json(raw, packs.catalogue().form(FormKind.COMPLAINT))
        answer = decision(facts, policy, SystemClock().now(), zone, Locale(arguments.locale))
    except (FactError, FactsMissing) as error:
        raise AnswerIsNo(str(error)) from error
    if arguments.json:
        print_json(answer)
    else:
        _say_decision(answer)
    return 0


def run_play(arguments: argparse.Namespace) -> int:
    """Carry out `kesu play`."""
    outcome = play(load_scenario(arguments.scenario))
    if arguments.json:
        print_json(outcome)
        return 0
    timeline: Any = outcome["timeline"]
    for entry in timeline:
        rest = {
            key: value
            for key, value in entry.items()
            if key not in ("at", "case", "event", "facts") and value
        }
        say(f"{entry['at']}  {entry['case']:<8} {entry['event']:<10} {_words(rest)}")
    return 0


def _read_object(name: str) -> dict[str, object]:
    try:
        text = sys.stdin.read() if name == "-" else Path(name).read_text(encoding="utf-8")
        raw = json.loads(text, parse_float=Decimal, parse_constant=_no_constant, object_pairs_hook=_once)
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"--facts {name}: {error}") from error
    if not isinstance(raw, dict):
        raise UsageError(f"--facts {name}: a JSON object expected")
    return raw


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    """Refuse an object that says two things of one fact."""
    keys = [key for key, _ in pairs]
    for key in keys:
        if keys.count(key) > 1:
            raise ValueError(f"{key!r} stands there twice")
    return dict(pairs)


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is no number")


def _say_decision(answer: "Mapping[str, object]") -> None:
    for key, value in answer.items():
        say(f"{key:<12} {value}")


def _words(rest: "Mapping[str, object]") -> str:
    return "  ".join(
        f"{key}={','.join(map(str, value)) if isinstance(value, list) else value}"
        for key, value in rest.items()
    )
