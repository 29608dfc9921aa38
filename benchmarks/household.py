"""A site to measure: its configuration in a folder of its own, with a ledger file on the real disk."""

from pathlib import Path

from daemon.site import Site, load_site

MAILBOX = "complaints@example.com"
PASSWORD = "loopback-only"  # noqa: S105 - a server that lives for a minute, on loopback
_NO_SERVER = 9  # the discard port; nothing is ever sent from here

_CONFIG = """\
[daemon]
site = "{site}"
ledger = "sqlite:///kesu.db"

[mailbox]
host = "127.0.0.1"
port = {port}
security = "plain"
username = "{mailbox}"
password_file = "password"

[smtp]
host = "127.0.0.1"
port = {smtp}
security = "plain"
sender = "Customer care <{mailbox}>"

[workbook]
path = "master.xlsx"
archive = "archive"

[access]
senders = ["*@example.com"]

[people]
service-manager        = [{{ name = "王建國", email = "service.manager@example.com" }}]
workshop-director      = [{{ name = "陳志明", email = "workshop@example.com" }}]
after-sales-director   = [{{ name = "林淑芬", email = "after-sales@example.com" }}]
retail-manager         = [{{ name = "Grace Chang", email = "retail@example.com", locale = "en" }}]
sales-director         = [{{ name = "李文雄", email = "sales@example.com" }}]
general-manager        = [{{ name = "周总经理", email = "gm@example.com", locale = "zh-Hans" }}]
board                  = [{{ name = "董事会秘书", email = "board@example.com", locale = "zh-Hans" }}]
customer-care          = [{{ name = "客戶關愛部", email = "care@example.com" }}]
customer-care-director = [{{ name = "吳美玲", email = "care.director@example.com" }}]
"""


def furnish(
    folder: Path,
    *,
    imap_port: int = _NO_SERVER,
    smtp_port: int = _NO_SERVER,
    mailbox: str = MAILBOX,
    name: str = "bench",
) -> Site:
    """Write a site's configuration into `folder` and load it: the shipped dealership rules, unchanged."""
    text = _CONFIG.format(site=name, port=imap_port, smtp=smtp_port, mailbox=mailbox)
    (folder / "config.toml").write_text(text, encoding="utf-8")
    (folder / "password").write_text(PASSWORD, encoding="utf-8")
    return load_site(folder / "config.toml")
