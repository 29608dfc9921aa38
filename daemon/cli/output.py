"""What commands print: one JSON document, or plain lines for people."""

import json
import sys

from daemon.visible import visible


def print_json(document: object) -> None:
    """Print one JSON document on standard output."""
    written = json.dumps(document, ensure_ascii=False, indent=2)
    sys.stdout.write(_harmless_json(written) + "\n")


def say(line: str = "", *, now: bool = False) -> None:
    """Print one line for a person on standard output; `now`, although what follows takes long."""
    sys.stdout.write(visible(line) + "\n")
    if now:
        sys.stdout.flush()


def complain(line: str) -> None:
    """Print one line of advice on standard error."""
    sys.stderr.write(visible(line) + "\n")


def _harmless_json(written: str) -> str:
    r"""Return a document with what a terminal obeys as `\u009b`; what is left of it after `json` stands in strings."""
    lines = (
        "".join(sign if visible(sign) == sign else f"\\u{ord(sign):04x}" for sign in line)
        if visible(line) != line
        else line
        for line in written.split("\n")
    )
    return "\n".join(lines)
