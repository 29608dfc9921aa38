"""No mail, however broken or hostile, raises or takes long."""

import email
import os
from collections.abc import Iterator
from email.message import Message as StandardMessage
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from mailer.message import read_message
from tests.guards import no_endless_work

CORPUS = Path(os.environ.get("KESU_CORPUS", Path(__file__).parents[4] / "shared" / "corpus")) / "mails"
MAILS = sorted(file for file in CORPUS.glob("*") if file.suffix != ".tsv") if CORPUS.is_dir() else []

_LINES = rb"""
From: |Subject: |References: <|Date: |--b|--b--|Content-Type: multipart/mixed; boundary=b|Content-Type: message/rfc822
Content-Type: text/html|Content-Transfer-Encoding: base64|Content-Transfer-Encoding: quoted-printable
Content-Transfer-Encoding: x-uuencode|begin 644 a|; charset=|hz|utf-7|iso-2022-jp|gb2312|; name*0*=|; name*1=|''|%E6
"|<|>|(|=?gbk?B?|=?utf-8?Q?=|?=|@|,|&#xD800;|<!--|<script>
"""
_BYTES = [
    b"\r\n",
    b"\n",
    b"\n\n",
    b"\r",
    b" ",
    b"\0",
    b"PK\x03\x04",
    b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1",
    b"\xff\xfe",
]
_FRAGMENTS = st.sampled_from([*_LINES.strip().replace(b"\n", b"|").split(b"|"), *_BYTES])
_MAILS = st.lists(_FRAGMENTS | st.binary(max_size=12), max_size=60).map(b"".join)


def readable(raw: bytes) -> None:
    message = read_message(raw)
    # The guard of last resort would hide a bug: it must not be what keeps this promise.
    assert not any(defect.startswith("unreadable") for defect in message.defects), message.defects
    for text in (
        message.subject,
        message.text,
        message.sender.name,
        *(found.name for found in message.attachments),
    ):
        text.encode()


@given(st.binary(max_size=2000))
@example(b"Content-Type: multipart/mixed; boundary=\n\n--\n--\n")
def test_arbitrary_bytes_never_raise(raw: bytes) -> None:
    readable(raw)


@given(_MAILS)
def test_anything_made_of_a_mails_pieces_never_raises(raw: bytes) -> None:
    readable(raw)


_HOSTILE = {
    "multiparts": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(20_000)
    ),
    "mails": b"Content-Type: message/rfc822\n\n" * 100_000,
    "parts": b"Content-Type: multipart/mixed; boundary=b\n\n" + b"--b\n\nx\n" * 300_000,
    "no boundaries": b"".join(
        b"Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n" % (n, n) for n in range(19)
    )
    + b"\n--" * 16_000_000,
    "words": b"Subject: " + b"=?a?q?" * 500_000,
    "parameters": b"Content-Type: text/plain;" + b';a="' * 500_000,
    "addresses": b"From: " + b'"<(' * 500_000,
    "comments": b"Content-Type: text/html\n\n" + b"<!--<script><" * 200_000,
    "entities": b"Content-Type: text/html\n\n" + b"&<" * 1_000_000,
    "base64": b"Content-Transfer-Encoding: base64\n\n" + b"=A" * 500_000,
    "folds": b"Subject: x" + b"\n " * 500_000,
    "ids": b"References: " + b"<" * 1_000_000,
    "zip": b"\n\nPK\x03\x04" + b"xl/" * 1_000_000,
    "stray lines": b"From: a\n" + (b"stray\n" * 5 + b"To: x\n") * 100_000 + b"stray\n" * 500_000,
    "names": b"Content-Type: a/b\nContent-Disposition: " + b'name="' * 500_000,
    "sections": b"Content-Type: a/b" + b";name*1*=utf-8'" * 500_000,
    "unfinished words": b"Subject: " + b"=?utf-8?B?" + b"5oqV" * 500_000,
    "words in words": b"Subject: =?utf-8?Q?" + b"=3D=3Futf-8=3FQ=3F" * 100_000 + b"?=",
    "wrong charset": b"Content-Type: text/plain; charset=iso-8859-1\n\n"
    + b"\xcd\xb6\xcb\xdf" * 1_000_000
    + b"\xff",
    "pairs": b"Subject: " + b"\x81\x30" * 1_000_000 + b"\n\n" + b"\xa1a" * 1_000_000,
    "shifts": b"Content-Type: text/plain; charset=iso-2022-cn\n\n\x1b$)A"
    + b"\x0e!!" * 1_000_000
    + b"~{" * 500_000,
}


@pytest.mark.parametrize("raw", _HOSTILE.values(), ids=_HOSTILE)
def test_a_hostile_mail_takes_no_longer_than_its_size_allows(raw: bytes) -> None:
    with no_endless_work():
        readable(raw)


@pytest.mark.skipif(not MAILS, reason="the corpus of mails is not here (KESU_CORPUS)")
@pytest.mark.parametrize("file", MAILS, ids=lambda file: file.name)
def test_every_file_the_standard_library_finds_in_a_corpus_mail_is_found(file: Path) -> None:
    raw = file.read_bytes()
    readable(raw)
    ours = [_comparable(found.content) for found in read_message(raw).attachments]
    for content in _standard_files(email.message_from_bytes(raw)):
        if content in ours or not _is_packed(content):
            assert content in ours
            ours.remove(content)


def _standard_files(message: StandardMessage) -> Iterator[bytes]:
    """What the standard library takes for files; not what stands inside a fragment of a mail, or is broken."""
    if message.get_content_type() == "message/partial":
        return
    if message.is_multipart():
        for inner in message.get_payload():
            yield from _standard_files(inner)  # type: ignore[arg-type]
        return
    is_text = message.get_content_type() in ("text/plain", "text/html")
    attached = message.get_filename() or message.get_content_disposition() == "attachment"
    content = message.get_payload(decode=True)
    if message.get_content_maintype() == "multipart" or message.defects or (is_text and not attached):
        return
    if isinstance(content, bytes) and content.strip():
        yield _comparable(content)


def _is_packed(content: bytes) -> bool:
    """What the standard library leaves packed may have been opened: test_corpus_mails names what came of it."""
    return content.startswith((b"PK\x03\x04", b"\x78\x9f\x3e\x22"))


def _comparable(content: bytes) -> bytes:
    """Line ends differ: the standard library's parser makes all of them \\n."""
    return content.replace(b"\r\n", b"\n").strip()
