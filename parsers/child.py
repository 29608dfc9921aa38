"""The reading child: `python -m parsers.child MEMORY SECONDS` reads strangers' files under limits.

It ends when its standard input does, by the kernel's alarm when one file takes too long, and by its memory limit.
"""

import json
import resource
import signal
import sys
from collections.abc import Mapping
from datetime import datetime
from typing import Any, BinaryIO
from zoneinfo import ZoneInfo

from parsers.forms import parse_workbook
from parsers.refusals import DAMAGED, TOO_HEAVY
from parsers.results import ParsedFile
from parsers.wire import HEADER, file_to_json, json_frame
from rules.fields import Catalogue
from rules.locales import Locale

GRACE = 1.0  # seconds the parent has to notice first


def main() -> None:
    """Take the limits from the arguments, a catalogue as the first frame, then a request and its file at a time."""
    memory, seconds = int(sys.argv[1]), float(sys.argv[2])
    source, sink = sys.stdin.buffer, sys.stdout.buffer
    payload = _next(source)
    if payload is None:
        return
    catalogue = Catalogue.model_validate_json(payload)
    _warm_up(catalogue)
    _limit(memory)
    _send(sink, {"ready": True})
    while (request := _next(source)) is not None and (content := _next(source)) is not None:
        # The default action of SIGALRM ends the process.
        signal.setitimer(signal.ITIMER_REAL, seconds + GRACE)
        asked = json.loads(request)
        answer = _answer(asked, content, catalogue)
        signal.setitimer(signal.ITIMER_REAL, 0)
        _send(sink, {"number": asked["number"], **answer})


def _limit(memory: int) -> None:
    """Bound the address space, and leave no core file of a customer's data behind."""
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _warm_up(catalogue: Catalogue) -> None:
    """Import what reads nearly every file, and index the catalogue, before the first file's clock runs.

    The second readers, and what reads tables in a mail's text, are imported by the first that needs one: most days
    none does.
    """
    import python_calamine  # noqa: F401 imported for its being loaded

    from parsers.forms import books_of

    books_of(catalogue)


def _answer(request: Mapping[str, Any], content: bytes, catalogue: Catalogue) -> dict[str, Any]:
    """Read one file; after running out of memory the answer asks for a new child."""
    name = str(request["name"])
    try:
        parsed = _parsed(request, content, catalogue)
        return {"parsed": file_to_json(parsed), "worn": False}
    except MemoryError:
        return {"parsed": file_to_json(ParsedFile(file=name, forms=(), error=TOO_HEAVY)), "worn": True}
    except Exception as error:
        refused = ParsedFile(file=name, forms=(), error=DAMAGED)
        return {
            "parsed": file_to_json(refused),
            "worn": True,
            "fault": f"{type(error).__name__} at {_where(error)}",
        }


def _parsed(request: Mapping[str, Any], content: bytes, catalogue: Catalogue) -> ParsedFile:
    zone, now = ZoneInfo(request["zone"]), datetime.fromisoformat(request["now"])
    locale, issued_by = Locale(request["locale"]), request["issued_by"]
    if request["pasted"]:
        from parsers.pasted import parse_pasted

        page, text, answered = json.loads(content)
        return parse_pasted(page, text, answered, catalogue, zone, now, locale, issued_by)
    return parse_workbook(
        content,
        str(request["name"]),
        catalogue,
        zone,
        now,
        locale,
        issued_by,
        second_reader_only=request["second_reader_only"],
    )


def _where(error: BaseException) -> str:
    """Name the line of ours that failed, without the data it failed on."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    return f"{trace.tb_frame.f_code.co_filename.rpartition('/')[2]}:{trace.tb_lineno}" if trace else "?"


def _next(source: BinaryIO) -> bytes | None:
    """Read one frame; None when the parent is gone."""
    header = source.read(HEADER.size)
    if len(header) < HEADER.size:
        return None
    (length,) = HEADER.unpack(header)
    payload = source.read(length)
    return payload if len(payload) == length else None


def _send(sink: BinaryIO, document: Mapping[str, Any]) -> None:
    sink.write(json_frame(document))
    sink.flush()


if __name__ == "__main__":
    main()
