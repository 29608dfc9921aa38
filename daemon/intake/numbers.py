"""Which case a message or a form is about: by its thread, its subject, or the number written on it."""

import re
import unicodedata

from daemon.ledger import Entry
from mailer.message import Message
from parsers.results import ParsedForm

CASE_NUMBER = "case_number"
_NUMBER = r"[A-Z][A-Z0-9]{0,7}-\d{8}-\d{2,9}"
_IN_SUBJECT = re.compile(rf"\[({_NUMBER})\]")
_DASHES = str.maketrans(dict.fromkeys("‐‑‒–—−", "-"))


def thread_of(entry: Entry, message: Message) -> str:
    """Return the number of the case a message belongs to, by its thread, else by its subject; empty if none."""
    references = [message.in_reply_to, *reversed(message.references)]
    known = entry.case_of_message([reference for reference in references if reference])
    if known is not None:
        return known
    return number_in(message.subject)


def number_in(text: str) -> str:
    """Return the first case number that stands in a text as our subjects have it; empty if none."""
    found = _IN_SUBJECT.search(text)
    return found[1] if found else ""


def case_number(text: str) -> str:
    """Return the case number in a text however it was copied: in brackets, in lower case, in full width."""
    found = re.search(_NUMBER, unicodedata.normalize("NFKC", text).translate(_DASHES).upper())
    return found[0] if found else text.strip()


def written_number(form: ParsedForm) -> str:
    """Return the case number that somebody wrote on a form."""
    return case_number(str(form.facts.get(CASE_NUMBER) or ""))
