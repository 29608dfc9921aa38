"""Writes into a ledger until it is killed, and says what it has committed."""

import sys
from pathlib import Path

from tests.ledger.clerk import NINE, TWO_HOURS, Clerk, open_ledger, outgoing


def write_forever(path: Path) -> None:
    """Print each case number once its commit has returned."""
    clerk = Clerk()
    with open_ledger(path) as ledger:
        while True:
            with ledger.writing() as entry:
                number = clerk.open_case(entry)
                clerk.lapse(entry, number, NINE + TWO_HOURS)
                entry.queue(outgoing(number, case_number=number))
            sys.stdout.write(f"{number}\n")
            sys.stdout.flush()


if __name__ == "__main__":
    write_forever(Path(sys.argv[1]))
