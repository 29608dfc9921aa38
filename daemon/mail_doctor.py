"""What is wrong with a mail account, told from how the server failed us, and what to change in the configuration.

First what happened to the connection, then what the server said. Where the provider is known its own words for the
password and its own switch are named.
"""

import errno
import re
import smtplib
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from mailer.profiles import Profile

_PROBE_SECONDS = 3.0
_EXPIRED, _NOT_YET = 10, 9  # OpenSSL's X509_V_ERR_…
_OTHER_NAME = (62, 64)
_UNREACHABLE = (errno.EHOSTUNREACH, errno.ENETUNREACH)
_USUAL = {
    "mailbox": '993 with security = "tls", 143 with "starttls"',
    "smtp": '465 with security = "tls", 587 with "starttls"',
}


@dataclass(frozen=True)
class Service:
    """The server that failed: `section` of the configuration, where it was looked for, and whose it is.

    `tokens`: we log in with access tokens.
    """

    section: Literal["mailbox", "smtp"]
    host: str
    port: int
    security: str
    sender: str = ""
    profile: Profile | None = None
    tokens: bool = False

    @property
    def place(self) -> str:
        """Host and port."""
        return f"{self.host}:{self.port}"

    @property
    def password(self) -> str:
        """What the password has to be here."""
        if self.profile is not None:
            return self.profile.password
        return "often a code or password made for mail programs, not the account's own (docs/providers)"

    @property
    def switch(self) -> str:
        """How IMAP and SMTP are switched on here."""
        if self.profile is not None and self.profile.switch_on:
            return self.profile.switch_on
        return "in the settings of the web mail, or ask the administrator (docs/providers)"


def advice(error: BaseException, service: Service) -> str:
    """Return what to change so that `error` does not come again, in one line."""
    causes = list(_causes(error))
    words = " ".join(str(cause) for cause in causes)
    for look in (_connection, _encryption, _silence):
        if mend := look(causes, service):
            return mend
    for pattern, mend_of in _SAID:
        if pattern.search(words):
            return mend_of(service)
    return f"check [{service.section}] host, port, security, username and the password"


def unset(service: Service) -> str:
    """Return what to do where the configuration names a secret that is not there."""
    if service.tokens:
        return (
            "put it where the line says, for the user that kesu runs as; then `kesu mailbox login` tries it"
        )
    return f"set it where kesu is started (`export …`, EnvironmentFile=), or write the file; it is {service.password}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: BaseException | None = error
    while seen is not None:
        yield seen
        seen = seen.__cause__ or seen.__context__


def _connection(causes: list[BaseException], service: Service) -> str:
    section = service.section
    for cause in causes:
        if isinstance(cause, socket.gaierror):
            return f"[{section}] host: no name server knows {service.host}; check its spelling, or this machine's DNS"
        if isinstance(cause, ConnectionRefusedError):
            return f"nobody listens at {service.place}: [{section}] host and port; usual is {_USUAL[section]}"
        if isinstance(cause, OSError) and cause.errno in _UNREACHABLE:
            return f"there is no way to {service.host} from this machine: its network, a proxy or a firewall"
    return ""


def _encryption(causes: list[BaseException], service: Service) -> str:
    section = service.section
    for cause in causes:
        if isinstance(cause, ssl.SSLCertVerificationError):
            return _certificate(cause, service)
        if isinstance(cause, ssl.SSLError):
            return (
                f'{service.place} does not speak TLS from the first byte: [{section}] security = "starttls", '
                f"or the port of TLS; usual is {_USUAL[section]}"
            )
        if isinstance(cause, smtplib.SMTPNotSupportedError) and "STARTTLS" in str(cause):
            return f'{service.place} offers no STARTTLS: [smtp] port = 465 and security = "tls"'
        if "TLS not supported by server" in str(cause):
            return f'{service.place} offers no STARTTLS: [mailbox] port = 993 and security = "tls"'
    return ""


def _certificate(error: ssl.SSLCertVerificationError, service: Service) -> str:
    if error.verify_code == _EXPIRED:
        return f"the certificate of {service.host} has expired: have it renewed (or this machine's clock is wrong)"
    if error.verify_code == _NOT_YET:
        return f"the certificate of {service.host} is not valid yet: set this machine's clock (NTP)"
    if error.verify_code in _OTHER_NAME:
        return (
            f"the certificate is for another name: [{service.section}] host must be a name that stands in it"
        )
    return (
        f"nobody this machine trusts vouches for {service.host}: put the authority's certificate into a file and "
        f"name it in [{service.section}] ca_file; if you run no authority of your own, somebody may be listening"
    )


def _silence(causes: list[BaseException], service: Service) -> str:
    if not any(isinstance(cause, TimeoutError) for cause in causes):
        return ""
    if service.security != "tls" and _speaks_tls(service):
        return f'{service.place} speaks TLS from the first byte: [{service.section}] security = "tls"'
    if service.port == 25:
        return 'port 25 is blocked by many networks and clouds: [smtp] port = 465 with "tls", or 587 with "starttls"'
    return (
        f"{service.place} does not answer: a firewall, or the wrong port; usual is {_USUAL[service.section]}"
    )


def _speaks_tls(service: Service) -> bool:
    """Begin TLS where none was expected; that the certificate is refused shows it too."""
    try:
        with socket.create_connection((service.host, service.port), _PROBE_SECONDS) as plain:
            ssl.create_default_context().wrap_socket(plain, server_hostname=service.host).close()
    except ssl.SSLCertVerificationError:
        return True
    except OSError:
        return False
    return True


def _unsafe(service: Service) -> str:
    if service.profile is not None and service.profile.identifies:
        return "the provider has locked the account: log in to its web mail once, then try again"
    return '[mailbox] profile = "netease": this server wants to know who we are'


def _folder(_: Service) -> str:
    return "make the folder in the web mail or let the account make folders; [mailbox] done_folder, quarantine_folder"


_Mend = Callable[[Service], str]
_SAID: list[tuple[re.Pattern[str], _Mend]] = [
    (re.compile(pattern, re.IGNORECASE), mend)
    for pattern, mend in (
        (r"unsafe login", _unsafe),
        (
            r"authenticated but not connected",
            lambda _: (
                "the login is good, the mailbox is not: the account lacks full access to the shared mailbox, or the "
                "mailbox has no licence (docs/providers/microsoft365.md)"
            ),
        ),
        (
            r"5\.7\.30|basic authentication is (disabled|not supported)",
            lambda service: (
                f"passwords are switched off there: [{service.section}.oauth2], see docs/providers"
            ),
        ),
        (r"5\.7\.139|SmtpClientAuthentication", lambda service: f"sending is switched off: {service.switch}"),
        (
            r"IPDENY|ip.{0,20}not allowed",
            lambda _: "the administrator allows other addresses only: have ours added",
        ),
        (
            r"PREAUTH",
            lambda _: "this is no server for mail programs, or somebody is between us: check host and port",
        ),
        (
            r"relay|5\.7\.54\b|authentication required|\b530\b",
            lambda service: (
                f"{service.host} takes mail for others only from who logs in: [smtp] username and password_env"
            ),
        ),
        (
            r"5\.7\.60|SendAs|not owned by|must equal|sender.{0,10}(rejected|denied|not allowed)|501 .{0,40}from|553 ",
            lambda service: (
                f"the account may not send as {service.sender}: [smtp] sender must be its own address, "
                "or the provider must allow the other"
            ),
        ),
        (
            r"AUTH extension not supported|No suitable authentication",
            lambda _: (
                "this port takes no login: use 465 or 587, or leave out [smtp] username for a relay of your own"
            ),
        ),
        (
            r"not enabled for IMAP|service is not open|IMAP.{0,20}(disabled|not enabled|is off)|未开启|服务未开",
            lambda service: (
                f"IMAP may not be switched on: {service.switch}; and the password: {service.password}"
            ),
        ),
        (
            r"LOGINDISABLED|PRIVACYREQUIRED",
            lambda _: (
                'the server wants encryption first: [mailbox] security = "starttls", or port 993 with "tls"'
            ),
        ),
        (
            r"login of .* refused.*(too many|frequen|later|THROTTLED|LIMIT)|频繁|頻繁",
            lambda _: "the provider wants a pause: stop other programs that use the account, wait an hour",
        ),
        (r"cannot create the folder", _folder),
        (
            r"cannot select",
            lambda _: (
                "[mailbox] folder: there is no such folder, or the account may not open it; usual is INBOX"
            ),
        ),
        (
            r"lasting UIDs",
            lambda _: "this folder is a view or a search: [mailbox] folder must name a real one",
        ),
        (
            r"login of .* refused|\b535\b|\b534\b|authenticat|password|credential|授权码",
            lambda service: (
                f"[{service.section}] username and password: {service.password}; switched on? {service.switch}"
            ),
        ),
    )
]
