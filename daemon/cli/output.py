"""What commands print: one JSON document, or plain lines for people."""

import json
import sys


def print_json(document: object) -> None:
    """Print one JSON document on standard output."""
    json.dump(document, sys.stdout, ensure_ascii=False, indent=2)
    sys.stdout.write("\n")


def say(line: str = "", *, now: bool = False) -> None:
    """Print one line for a person on standard output; `now`, although what follows takes long."""
    sys.stdout.write(line + "\n")
    if now:
        sys.stdout.flush()


def complain(line: str) -> None:
    """Print one line of advice on standard error."""
    sys.stderr.write(line + "\n")
