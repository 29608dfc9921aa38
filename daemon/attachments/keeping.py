"""Which files of a message are kept with its case: no forms, no decoration, and no more than a case may hold."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from daemon.attachments.sending import MEGABYTE
from daemon.config import AttachmentsSection
from daemon.ledger import Entry
from mailer.message import Attachment
from parsers.results import ParsedFile

DECORATION = 8 * 2**10  # bytes; smaller pictures inside the text are logos and signatures, not photos


@dataclass
class Room:
    """How many files, and bytes of them, may still be kept."""

    files: int
    size: int

    def takes(self, file: Attachment) -> bool:
        """Tell whether a file finds room."""
        return self.files > 0 and len(file.content) <= self.size

    def fill(self, file: Attachment) -> None:
        """Let a file take its room."""
        self.files, self.size = self.files - 1, self.size - len(file.content)


def beside_forms(
    others: Sequence[Attachment], sheets: Sequence[Attachment], read: Sequence[ParsedFile]
) -> list[Attachment]:
    """Return what came beside the forms, workbooks that are none among it: a form's mail and facts are kept anyway."""
    formless = [sheet for sheet, file in zip(sheets, read, strict=True) if not file.forms]
    return [file for file in (*others, *formless) if not _is_decoration(file)]


def keep(
    entry: Entry, case_number: str, mail_id: int, files: Iterable[Attachment], limits: AttachmentsSection
) -> None:
    """Keep files with a case, as far as they find room; of the others the ledger says that the mail has them."""
    of_mail = Room(limits.per_mail, limits.per_mail_megabytes * MEGABYTE)
    held, size = entry.attached(case_number)
    of_case = Room(limits.per_case - held, limits.per_case_megabytes * MEGABYTE - size)
    for file in files:
        if of_mail.takes(file) and of_case.takes(file):
            of_mail.fill(file)
            of_case.fill(file)
            entry.attach(case_number, file.name, file.media_type, file.content, mail_id=mail_id)
        else:
            entry.leave_out(case_number, file.name, file.media_type, len(file.content), mail_id=mail_id)


def _is_decoration(file: Attachment) -> bool:
    return file.inline and file.media_type.startswith("image/") and len(file.content) < DECORATION
