"""Links that open a ready reply (RFC 6068), as the mail programs of phones, Outlook and Foxmail all take them."""

from urllib.parse import quote

LONGEST = 1_900  # characters; Outlook and Android cut or refuse links somewhat above 2,000


def mailto(address: str, subject: str, body: str) -> str:
    """Return the link: everything percent-encoded UTF-8, line breaks as CRLF; the subject is cut where it is long."""
    to, said = quote(address, safe="@"), _encoded(body)
    while True:
        link = f"mailto:{to}?subject={_encoded(subject)}&body={said}"
        if len(link) < LONGEST or not subject:
            return link
        subject = subject[: -max(1, (len(link) - LONGEST) // 9)]


def _encoded(text: str) -> str:
    return quote(text.replace("\r\n", "\n").replace("\n", "\r\n"), safe="")
