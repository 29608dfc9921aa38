"""`python -m benchmarks [name…]`: run all benchmarks, or the named ones, and print what they found."""

import argparse
from collections.abc import Callable

from benchmarks import intake, lapses, promptness, workbook
from benchmarks.figures import Figure, Skipped, machine_facts, print_table

Measure = Callable[[argparse.Namespace], list[Figure]]
BENCHMARKS: dict[str, tuple[str, Measure]] = {
    "intake": (
        "Intake: a backlog on Dovecot, from log-in to committed cases with their mails",
        lambda options: intake.measure(options.forms, options.rounds),
    ),
    "promptness": (
        "Promptness: one form at a time, from its delivery to the running daemon's doing",
        lambda options: promptness.measure(options.mails),
    ),
    "lapses": (
        "Lapses: from the end of a window to the commit with its mails",
        lambda options: lapses.measure(options.open_cases),
    ),
    "workbook": (
        "Workbook: ten changes and ten new rows, 30 columns; a whole round over all its sheets",
        lambda _: workbook.measure(),
    ),
}


def main() -> None:
    """Run the benchmarks that were asked for; one that cannot run here says why."""
    options = _options()
    print(machine_facts())
    for name in options.names or BENCHMARKS:
        title, measure = BENCHMARKS[name]
        print(f"\n{name} …", flush=True)
        try:
            print_table(title, measure(options))
        except Skipped as reason:
            print(f"  skipped: {reason}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="name", help=f"one of {', '.join(BENCHMARKS)}")
    parser.add_argument("--rounds", type=int, default=2, help="times each intake is run (default 2)")
    parser.add_argument("--forms", type=int, default=2000, help="messages in the backlog (default 2000)")
    parser.add_argument("--mails", type=int, default=40, help="forms sent one by one (default 40)")
    parser.add_argument("--open-cases", type=int, default=10_000, help="cases in the ledger (default 10000)")
    options = parser.parse_args()
    unknown = [name for name in options.names if name not in BENCHMARKS]
    if unknown:
        parser.error(f"no benchmark is called {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    return options


if __name__ == "__main__":
    main()
