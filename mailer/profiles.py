"""What is known of each mail provider and server: addresses, habits and limits, by the name used in the configuration.

A limit of 0 means that the provider publishes none. Everything here was read, not measured, but for Dovecot, Cyrus and
Courier, which the tests run; docs/providers says which is which.
"""

from dataclasses import dataclass
from typing import Literal

Security = Literal["tls", "starttls", "plain"]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a server listens; no host where the site runs the server itself."""

    host: str
    port: int
    security: Security


@dataclass(frozen=True, slots=True)
class Profile:
    """One provider or server.

    `identifies`: say who we are (RFC 2971) before anything is selected, advertised or not. `idle`: announcements can
    be relied on. `takes_tokens`: logging in is a matter of OAuth2. `files_sent`: what we hand in by SMTP appears in
    its Sent folder by itself; None where that is a setting of the account's, or nobody says. `per_minute`, `per_day`
    and `session_mails` bound what one account may send.
    `password`: what the password has to be here.
    """

    key: str
    title: str
    imap: Endpoint
    smtp: Endpoint
    password: str
    page: str
    hosts: tuple[tuple[str, str], ...] = ()  # address' domain → what follows `imap.` and `smtp.`
    identifies: bool = False
    idle: bool = True
    poll_seconds: int = 30
    takes_tokens: bool = False
    files_sent: bool | None = None
    per_minute: int = 0
    per_day: int = 0
    session_mails: int = 0
    max_megabytes: int = 0
    switch_on: str = ""

    def endpoints(self, username: str) -> tuple[Endpoint, Endpoint]:
        """Return the IMAP and the SMTP server of this account; some providers have one for each domain."""
        rest = dict(self.hosts).get(username.rpartition("@")[2].lower())
        if rest is None:
            return self.imap, self.smtp
        return (
            Endpoint(f"imap.{rest}", self.imap.port, self.imap.security),
            Endpoint(f"smtp.{rest}", self.smtp.port, self.smtp.security),
        )


def _tls(host: str, port: int = 993) -> Endpoint:
    return Endpoint(host, port, "tls")


_OWN = (_tls(""), Endpoint("", 587, "starttls"))
_OWN_PASSWORD = "the account's password as this server knows it"  # noqa: S105 - advice, not a secret
_ENTRA = "basic authentication is off: use [mailbox.oauth2], see docs/providers"

_PROFILES = (
    Profile(
        key="microsoft365",
        title="Microsoft 365",
        imap=_tls("outlook.office365.com"),
        smtp=Endpoint("smtp.office365.com", 587, "starttls"),
        password=_ENTRA,
        page="microsoft365.md",
        takes_tokens=True,
        files_sent=True,  # Exchange Team Blog 607825: submitted mail is stored in Sent Items
        # Microsoft Learn "SMTP submission improvements": 30 messages a minute, 10,000 recipients a day
        per_minute=30,
        per_day=10_000,
        max_megabytes=35,  # Microsoft Learn "Exchange Online limits": what a mailbox may send by default
        switch_on="Set-CASMailbox -ImapEnabled $true -SmtpClientAuthenticationDisabled $false",
    ),
    Profile(
        key="microsoft365-china",
        title="Microsoft 365 operated by 21Vianet",
        imap=_tls("partner.outlook.cn"),
        smtp=Endpoint("smtp.partner.outlook.cn", 587, "starttls"),
        password=_ENTRA,
        page="microsoft365.md",
        takes_tokens=True,
        files_sent=True,
        per_minute=30,  # as Microsoft 365; 21Vianet's own page was not found
        per_day=10_000,
        max_megabytes=35,
        switch_on="Set-CASMailbox -ImapEnabled $true -SmtpClientAuthenticationDisabled $false",
    ),
    Profile(
        key="gmail",
        title="Gmail and Google Workspace",
        imap=_tls("imap.gmail.com"),
        smtp=_tls("smtp.gmail.com", 465),
        password="an app password (needs 2-step verification), or [mailbox.oauth2]",  # noqa: S106
        page="gmail.md",
        takes_tokens=True,
        files_sent=True,  # Google: mail sent by smtp.gmail.com is stored in Sent
        per_day=2000,  # Google Workspace "Gmail sending limits"; a free account has 500
        max_megabytes=25,  # Google: attachment size limit, the whole message counted
        switch_on="Gmail settings, Forwarding and POP/IMAP, Enable IMAP; Workspace: the admin console too",
    ),
    Profile(
        key="netease",
        title="NetEase 163, 126, yeah.net",
        imap=_tls("imap.163.com"),
        smtp=_tls("smtp.163.com", 465),
        hosts=(
            ("163.com", "163.com"),
            ("126.com", "126.com"),
            ("yeah.net", "yeah.net"),
            ("188.com", "188.com"),
            ("vip.163.com", "vip.163.com"),
            ("vip.126.com", "vip.126.com"),
        ),
        password="the authorisation code (授权码) from the web mail's settings, not the account's password",  # noqa: S106
        page="netease.md",
        identifies=True,  # himalaya#651, offlineimap#696: SELECT is refused as "Unsafe Login" otherwise
        idle=False,  # S22.Imap#167: no IDLE
        poll_seconds=30,
        files_sent=True,
        # NetEase names no figures: 451 MI:SFQ means too many within 15 minutes, 450 MI:DMC too many in one session.
        per_minute=20,  # ours, so that neither is met
        session_mails=10,  # ours
        max_megabytes=50,  # web mail's limit for ordinary attachments
        switch_on="web mail: 设置 › POP3/SMTP/IMAP › IMAP/SMTP服务 › 开启",
    ),
    Profile(
        key="netease-qiye",
        title="NetEase enterprise mail (qiye.163.com)",
        imap=_tls("imap.qiye.163.com"),
        smtp=_tls("smtp.qiye.163.com", 465),
        password="the client authorisation password (客户端授权密码) where the administrator asks for one",  # noqa: S106
        page="netease.md",
        identifies=True,
        idle=False,
        poll_seconds=30,
        files_sent=True,
        per_minute=30,  # ours
        session_mails=10,  # ours
        max_megabytes=50,
        switch_on="web mail: 设置 › 客户端设置; the administrator may forbid clients or addresses (ERR.LOGIN.IPDENY)",
    ),
    Profile(
        key="qq",
        title="QQ Mail, Foxmail",
        imap=_tls("imap.qq.com"),
        smtp=_tls("smtp.qq.com", 465),
        password="the authorisation code (授权码, 16 letters) from the web mail's settings; a new QQ password ends it",  # noqa: S106
        page="qq.md",
        identifies=True,
        idle=False,  # newer servers advertise neither IDLE nor MOVE nor UIDPLUS before login
        poll_seconds=60,  # it answers frequent logins with "login frequency limited"
        per_minute=10,  # ours; QQ publishes no figures
        max_megabytes=50,
        switch_on="web mail: 设置 › 账号 › POP3/IMAP/SMTP服务 › 开启服务 (QQ confirms it by a text message)",
    ),
    Profile(
        key="exmail",
        title="Tencent Exmail (腾讯企业邮箱)",
        imap=_tls("imap.exmail.qq.com"),
        smtp=_tls("smtp.exmail.qq.com", 465),
        password="the client password (客户端专用密码) if secure login is on, else the account's password",  # noqa: S106
        page="exmail.md",
        identifies=True,
        idle=False,
        poll_seconds=60,
        per_minute=30,  # ours; the quota of a domain is shared by its members and changes with their reputation
        max_megabytes=50,
        switch_on="web mail: 设置 › 收发信设置 › 开启IMAP/SMTP服务; the administrator may forbid it",
    ),
    Profile(
        key="aliyun",
        title="Alibaba Cloud enterprise mail (阿里邮箱)",
        imap=_tls("imap.qiye.aliyun.com"),
        smtp=_tls("smtp.qiye.aliyun.com", 465),
        password="the security password for clients (三方客户端安全密码) if it is on, else the account's password",  # noqa: S106
        page="aliyun.md",
        idle=True,
        poll_seconds=60,
        per_minute=10,  # ours: its limits are secret, it says "too frequently sending"
        max_megabytes=50,
        switch_on="the administrator: 允许使用三方客户端 (off for new domains)",
    ),
    # These only read mail: what is sent passes another server (Postfix, Exim), which files no copies.
    Profile(
        "dovecot", "Dovecot", *_OWN, _OWN_PASSWORD, "dovecot.md", files_sent=False, switch_on="protocols = imap"
    ),
    Profile(
        "cyrus",
        "Cyrus IMAP",
        *_OWN,
        _OWN_PASSWORD,
        "cyrus.md",
        files_sent=False,
        switch_on="SERVICES { imaps … } in cyrus.conf",
    ),
    # Its IDLE needs FAM or Gamin; without it only what other clients do is announced.
    Profile(
        "courier",
        "Courier IMAP",
        *_OWN,
        _OWN_PASSWORD,
        "courier.md",
        files_sent=False,
        switch_on="IMAPDSTART=YES in imapd",
    ),
)  # fmt: skip

PROFILES = {profile.key: profile for profile in _PROFILES}
