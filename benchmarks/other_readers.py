"""Two peers of the intake: getmail6 with an openpyxl loop behind it, and the bare sum of the reading itself.

getmail6 is a program of its own that `make peers` installs beside the product, never a part of it. The bare sum is
what any reader has to do at least: raw fetch in batches, the standard library's parser, calamine on the attachment. It
stores nothing, decides nothing and answers nobody.
"""

import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Mapping
from email import message_from_bytes, policy
from email.message import EmailMessage
from imaplib import IMAP4
from io import BytesIO
from pathlib import Path

from openpyxl import load_workbook
from python_calamine import CalamineWorkbook

GETMAIL = Path(sys.executable).parent.parent / "peers" / "bin" / "getmail"
_NOBODY = "nobody"  # getmail6 does not deliver as root
_BATCH = 50

_RC = """\
[retriever]
type = SimpleIMAPRetriever
server = 127.0.0.1
port = {port}
username = {user}
password = {password}
mailboxes = ("INBOX",)

[destination]
type = Maildir
path = {maildir}/
{owner}

[options]
delete = true
verbose = 0
"""


def getmail_and_openpyxl(port: int, user: str, password: str, folder: Path, cells: Mapping[str, str]) -> int:
    """Empty a mailbox into a Maildir with getmail6, then read each form's cells; return how many were read."""
    maildir = folder / "Maildir"
    settings = _settings(folder, maildir, _RC, port=port, user=user, password=password)
    subprocess.run([GETMAIL, "--getmaildir", settings], check=True, capture_output=True)
    count = 0
    for file in (maildir / "new").iterdir():
        message = message_from_bytes(file.read_bytes(), policy=policy.default)
        if not isinstance(message, EmailMessage):
            continue
        for attachment in message.iter_attachments():
            sheet = load_workbook(BytesIO(attachment.get_content()), data_only=True).worksheets[0]
            count += bool({key: sheet[cell].value for key, cell in cells.items()})
    return count


def bare_sum(port: int, user: str, password: str) -> int:
    """Fetch, parse and read every message and keep nothing; return how many sheets had something in them."""
    client = IMAP4("127.0.0.1", port)
    client.login(user, password)
    client.select("INBOX", readonly=True)
    _, found = client.uid("SEARCH", "ALL")
    uids = found[0].split()
    count = 0
    for start in range(0, len(uids), _BATCH):
        batch = b",".join(uids[start : start + _BATCH]).decode()
        _, answers = client.uid("FETCH", batch, "(UID BODY.PEEK[])")
        count += sum(_read(answer[1]) for answer in answers if isinstance(answer, tuple))
    client.logout()
    return count


def _read(raw: bytes) -> int:
    for part in message_from_bytes(raw).walk():
        if part.get_filename():
            content = part.get_payload(decode=True)
            book = CalamineWorkbook.from_filelike(BytesIO(content if isinstance(content, bytes) else b""))
            return bool([book.get_sheet_by_name(name).to_python() for name in book.sheet_names])
    return 0


def _settings(folder: Path, maildir: Path, template: str, **values: object) -> Path:
    """Write getmail6's configuration, and the folders it wants."""
    as_root = os.geteuid() == 0
    for place in (maildir, *(maildir / name for name in ("cur", "new", "tmp"))):
        place.mkdir()
        if as_root:
            shutil.chown(place, _NOBODY, pwd.getpwnam(_NOBODY).pw_gid)
    if as_root:
        folder.chmod(0o755)
    settings = folder / "getmail"
    settings.mkdir(mode=0o700)
    owner = f"user = {_NOBODY}" if as_root else ""
    file = settings / "getmailrc"
    file.write_text(template.format(maildir=maildir, owner=owner, **values), encoding="utf-8")
    file.chmod(0o600)
    return settings
