"""What a mail carries beside its matter: files of the case, the customer's other cases, and the case's story.

Composed when the mail is sent, out of the ledger as it stood at the event the mail is about.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from daemon import words
from daemon.attachments.folders import place_of
from daemon.attachments.names import safe_name
from daemon.attachments.sending import candidates, is_what_it_says
from daemon.ledger import StoredAttachment
from daemon.letters import LetterOrder, Writer
from daemon.othercases import OtherCase, other_cases, settled_at
from mailer.letter import Enclosure, KnownCase, Paper
from rules.case import Case
from rules.events import Event, Penalised
from rules.locales import Locale
from sheets.registry import STATUSES

if TYPE_CHECKING:
    from daemon.docket import Docket, NoticeOrder

_OF_THE_CASE = frozenset({"assignment", "escalation", "rectification-order"})
_ACTING = frozenset({"owner", "covering"})


def with_context(
    order: LetterOrder, docket: "Docket", case: Case, event: Event, event_seq: int, notice: "NoticeOrder"
) -> LetterOrder:
    """Return the letter with what its reader should have at hand; `case` is as it stood when the mail became due."""
    if isinstance(event, Penalised):
        return _about_appeal(order, docket, case, event_seq, notice)
    covers = notice.reader == "covering"
    if notice.template not in _OF_THE_CASE and not covers:
        return order
    files = docket.ledger.attachments(case.number, as_of=notice.as_of)
    order = _with_files(order, docket, case.number, files, sends=notice.reader in _ACTING)
    return _with_other_cases(order, docket, case, notice.as_of)


def _about_appeal(
    order: LetterOrder, docket: "Docket", case: Case, event_seq: int, notice: "NoticeOrder"
) -> LetterOrder:
    """Give whoever rules on an appeal what came with it, and the case's whole story (D31)."""
    if notice.template != "appeal" or notice.reader != "owner":
        return order
    files = docket.ledger.attachments_of_event(case.number, event_seq)
    return _with_files(order, docket, case.number, files, sends=True)


def _with_files(
    order: LetterOrder, docket: "Docket", number: str, files: Sequence[StoredAttachment], *, sends: bool
) -> LetterOrder:
    if not files:
        return order
    sent = _sent(docket, files) if sends else {}
    papers = tuple(
        Paper(name=file.name, size=words.size(file.size), where=_where(file, sent)) for file in files
    )
    folder, link = place_of(number, docket.site, order.locale)
    told = {"papers": papers, "papers_folder": folder, "papers_link": link}
    if all(file.over for file in files):
        told |= {"papers_folder": "", "papers_link": ""}
    content = order.content.model_copy(update=told)
    return order.model_copy(update={"content": content, "files": (*order.files, *sent.values())})


def _sent(docket: "Docket", files: Sequence[StoredAttachment]) -> dict[tuple[str, str], Enclosure]:
    """Return the files that go with the mail: pictures and PDFs that are what their names say."""
    found = {}
    for file in candidates(files, docket.site.config.attachments.mail_megabytes):
        content = docket.ledger.raw(file.sha256)
        if media_type := is_what_it_says(file.name, content):
            name = safe_name(file.name)
            found[file.name, file.sha256] = Enclosure(name=name, content=content, media_type=media_type)
    return found


def _where(file: StoredAttachment, sent: dict[tuple[str, str], Enclosure]) -> str:
    if file.over:
        return "mail"
    return "enclosed" if (file.name, file.sha256) in sent else "folder"


def _with_other_cases(order: LetterOrder, docket: "Docket", case: Case, as_of: int) -> LetterOrder:
    known = other_cases(docket, case, as_of)
    told = {
        "other_cases": tuple(_known(one, order.locale) for one in known.cases),
        "more_cases": known.more,
    }
    return order.model_copy(update={"content": order.content.model_copy(update=told)})


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


def outcome(one: OtherCase, locale: Locale) -> str:
    """Say how another case ended, or how it stands: 處理中：服務經理."""
    case, site = one.case, one.site
    stands = STATUSES.get(case.status.value, STATUSES["resolved"]).get(locale)
    settled = settled_at(case)
    if settled is None:
        told = words.role_titles(case.owners, site.policy, locale)
    else:
        stands = f"{stands} {settled.astimezone(site.zone):%Y-%m-%d}"
        told = words.shortened(str(case.resolution.get("resolution", "")), 60)
    return words.COLON.get(locale).join(filter(None, (stands, told)))
