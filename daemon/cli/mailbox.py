"""`kesu mailbox login`: somebody signs in for the mailbox once, in a browser anywhere."""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from daemon.bootstrap import mailbox_settings, smtp_settings
from daemon.cli.output import complain, say
from daemon.config import Config
from daemon.errors import AnswerIsNo, UsageError
from daemon.oauth2 import OAuth2Section, delegated
from daemon.oauth2_check import tables
from daemon.site import load_site
from mailer.inbox import Inbox, MailboxUnavailable
from mailer.oauth import TokenUnavailable
from mailer.oauth_advice import login_advice
from mailer.smtp import Postman, TransportError
from rules.locales import Locale, Text

if TYPE_CHECKING:
    Commands = argparse._SubParsersAction[argparse.ArgumentParser]

_ENTER = Text(
    zh_hant="請用瀏覽器開啟 {url}\n輸入代碼 {code}，再以能存取信箱 {mailbox} 的帳號登入。"
    "代碼在 {minutes} 分鐘內有效，此處等候中…",
    zh_hans="请用浏览器打开 {url}\n输入代码 {code}，再用能访问邮箱 {mailbox} 的账号登录。"
    "代码在 {minutes} 分钟内有效，此处等候中…",
    en="Open {url} in a browser,\n"
    "enter the code {code} and sign in with an account that may use the mailbox {mailbox}.\n"
    "The code is good for {minutes} minutes; waiting …",
)
_SIGNED_IN = Text(
    zh_hant="已以 {account} 登入，登入憑證存於 {path}，只有擁有者能讀取。",
    zh_hans="已用 {account} 登录，登录凭证存于 {path}，只有所有者可读。",
    en="Signed in as {account}; kept in {path}, which its owner alone can read.",
)
_NO_NEED = Text(
    zh_hant="此設定由程式自行取得權杖，不需要有人登入；直接試用。",
    zh_hans="此配置由程序自行获取令牌，无需有人登录；直接试用。",
    en="With this configuration tokens are fetched without anybody signing in; trying it.",
)
_RECEIVES = Text(
    zh_hant="✓ IMAP {host}：可以登入 {account}，{folder} 有 {count} 封郵件",
    zh_hans="✓ IMAP {host}：可以登录 {account}，{folder} 有 {count} 封邮件",
    en="✓ IMAP {host}: logged in as {account}, {count} messages in {folder}",
)
_SENDS = Text(
    zh_hant="✓ SMTP {host}：可以登入，未寄出任何郵件",
    zh_hans="✓ SMTP {host}：可以登录，未发送任何邮件",
    en="✓ SMTP {host}: logged in, nothing was sent",
)


def register(commands: "Commands") -> None:
    """Add the family's commands."""
    family = commands.add_parser("mailbox", help="the shared mailbox's own sign-in (OAuth2)")
    actions = family.add_subparsers(dest="action", required=True, metavar="ACTION")
    command = actions.add_parser("login", help="sign in for the mailbox in a browser, then try IMAP and SMTP")
    command.add_argument("--config", type=Path, default=Path("config.toml"), metavar="F")
    command.set_defaults(run=run_login)


def run_login(arguments: argparse.Namespace) -> int:
    """Carry out `kesu mailbox login`: exit 1 if nobody signed in, or a server does not take the token."""
    site = load_site(arguments.config)
    config, locale = site.config, site.locale
    known = tables(config)
    if not known:
        raise UsageError("mailbox.oauth2: there is no such table; this mailbox is entered with a password")
    by_file = {
        section.token_file: (section, account) for section, account in known.values() if section.device
    }
    for section, account in by_file.values():
        _sign_in(section, account, config, locale)
    if not by_file:
        say(_NO_NEED.get(locale))
    worked = [_tried("IMAP", lambda: _receive(config, locale)), _tried("SMTP", lambda: _send(config, locale))]
    return 0 if all(worked) else 1


def _sign_in(section: OAuth2Section, account: str, config: Config, locale: Locale) -> None:
    login = delegated(section, config.base)
    try:
        code = login.begin()
        say(
            _ENTER.get(locale).format(url=code.url, code=code.code, mailbox=account, minutes=code.minutes),
            now=True,
        )
        who = login.finish(code)
    except TokenUnavailable as error:
        raise AnswerIsNo(str(error)) from error
    say(_SIGNED_IN.get(locale).format(account=who, path=config.path(section.token_file)))


def _tried(what: str, attempt: Callable[[], str]) -> bool:
    try:
        say(attempt())
    except (MailboxUnavailable, TransportError) as error:
        mend = login_advice(str(error))
        complain(f"✗ {what} {error}" + (f" → {mend}" if mend else ""))
        return False
    return True


def _receive(config: Config, locale: Locale) -> str:
    settings = mailbox_settings(config)
    with Inbox(settings) as inbox:
        count = len(inbox.all_uids())
    return _RECEIVES.get(locale).format(
        host=settings.host, account=settings.username, folder=settings.folder, count=count
    )


def _send(config: Config, locale: Locale) -> str:
    settings = smtp_settings(config)
    postman = Postman(settings)
    try:
        postman.connect()
    finally:
        postman.close()
    return _SENDS.get(locale).format(host=settings.host)
