"""What a mail carries beside its matter: files of the case, the customer's other cases, and the case's story.

Composed when the mail is sent, out of the ledger as it stood at the event the mail is about.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from daemon import words
from daemon.attachments.folders import place_of
from daemon.attachments.names import safe_name
from daemon.attachments.sending import candidates, is_what_it_says
from daemon.casepage import as_html, story_of
from daemon.ledger import StoredAttachment
from daemon.letters import LetterOrder, Writer
from daemon.othercases import OtherCase, OtherCases, other_cases, outcome
from daemon.privacy import PHONE, without_phones
from daemon.records import Records
from mailer.letter import Enclosure, KnownCase, Paper
from rules.case import Case
from rules.events import Event, Penalised
from rules.locales import Locale
from rules.notices import Reader

_OF_THE_CASE = frozenset({"assignment", "escalation", "rectification-order"})
_ACTING = frozenset({"owner", "covering"})
_Sent = Mapping[tuple[str, str], Enclosure]  # by the file's name and hash


@dataclass(frozen=True)
class Occasion:
    """Why a mail is written: an event, and the case as it stood after event `as_of`, the last of the same command."""

    case: Case
    event: Event
    event_seq: int
    as_of: int
    template: str
    reader: Reader
    hidden: frozenset[str] | None = None  # numbers its reader may not see; None: he sees customers' numbers


def with_context(order: LetterOrder, records: Records, why: Occasion) -> LetterOrder:
    """Return the letter with what its reader should have at hand, as far as he may see it."""
    order = _with_all(order, records, why)
    return order if why.hidden is None else order.without_phones(why.hidden)


def _with_all(order: LetterOrder, records: Records, why: Occasion) -> LetterOrder:
    if why.template == "appeal" and why.reader == "owner" and isinstance(why.event, Penalised):
        files = records.ledger.attachments_of_event(why.case.number, why.event_seq)
        order = _with_files(order, records, why.case.number, files, sends=True)
        return _with_story(order, records, why, why.event)
    if why.template not in _OF_THE_CASE and why.reader != "covering":
        return order
    files = records.ledger.attachments(why.case.number, as_of=why.as_of)
    order = _with_files(order, records, why.case.number, files, sends=why.reader in _ACTING)
    return _with_other_cases(order, records, why)


# ---------------------------------------------------------------- files


def _with_files(
    order: LetterOrder, records: Records, number: str, files: Sequence[StoredAttachment], *, sends: bool
) -> LetterOrder:
    if not files:
        return order
    sent = _sent(records, files) if sends else {}
    papers = tuple(
        Paper(name=file.name, size=words.size(file.size), where=_where(file, sent)) for file in files
    )
    in_folder = any(not file.over for file in files)
    place, link = place_of(number, records.site, order.locale) if in_folder else ("", "")
    told = {"papers": papers, "papers_folder": place, "papers_link": link}
    content = order.content.model_copy(update=told)
    return order.model_copy(update={"content": content, "files": (*order.files, *sent.values())})


def _sent(records: Records, files: Sequence[StoredAttachment]) -> _Sent:
    """Return the files that go with the mail: pictures and PDFs that are what their names say."""
    found = {}
    for file in candidates(files, records.site.config.attachments.mail_megabytes):
        content = records.ledger.raw(file.sha256)
        if media_type := is_what_it_says(file.name, content):
            name = safe_name(file.name)
            found[file.name, file.sha256] = Enclosure(
                name=name, content=content, media_type=media_type, paper=file.name
            )
    return found


def _where(file: StoredAttachment, sent: _Sent) -> Literal["mail", "enclosed", "folder"]:
    if file.over:
        return "mail"
    return "enclosed" if (file.name, file.sha256) in sent else "folder"


# ---------------------------------------------------------------- the case's story


def _with_story(order: LetterOrder, records: Records, why: Occasion, event: Penalised) -> LetterOrder:
    """Enclose the case's whole story as of the appeal (D31); of penalties it tells only those of the same person."""
    story = story_of(records, why.case.number, order.locale, event.at, as_of=why.as_of, penalised=event.party)
    if story is None:
        return order
    if why.hidden is not None:
        known = other_cases(records, why.case, why.as_of)
        story = without_phones(story, why.hidden | _phones(known))
    page = Enclosure(name=f"{why.case.number}.html", content=as_html(story).encode(), media_type="text/html")
    return order.model_copy(update={"files": (*order.files, page)})


# ---------------------------------------------------------------- the customer's other cases


def _with_other_cases(order: LetterOrder, records: Records, why: Occasion) -> LetterOrder:
    known = other_cases(records, why.case, why.as_of)
    told = {
        "other_cases": tuple(_known(one, order.locale) for one in known.cases),
        "more_cases": known.more,
    }
    order = order.model_copy(update={"content": order.content.model_copy(update=told)})
    return order if why.hidden is None else order.without_phones(_phones(known))


def _phones(known: OtherCases) -> frozenset[str]:
    """Return the numbers the customer gave in other cases: one that was found by the plate may have another."""
    return frozenset(str(one.case.facts.get(PHONE) or "") for one in known.cases)


def _known(one: OtherCase, locale: Locale) -> KnownCase:
    case, writer = one.case, Writer(one.case, (), one.site)
    return KnownCase(
        number=case.number,
        opened_at=case.opened_at,
        category=writer.summary_category(locale),
        summary=writer.short_description(),
        grade=one.site.policy.grade(case.grade).title.get(locale) if case.grade else "",
        grade_key=case.grade,
        outcome=outcome(one, locale),
    )
