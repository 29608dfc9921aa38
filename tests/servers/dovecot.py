"""A real Dovecot 2.3 on a loopback port, for root and for anybody else.

    with Dovecot({"complaints@example.com": "secret"}) as server:
        server.deliver("complaints@example.com", raw)
        MailBoxUnencrypted(server.host, server.port)

Started by root it drops to the users that Debian's package makes, and keeps the mails as `nobody`; otherwise every
part of it runs as whoever started it.
"""

import grp
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.servers import maildirs
from tests.servers.loopback import HOST, free_port, wait_for_greeting

PROGRAM = shutil.which("dovecot", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin")

_CONFIGURATION = """
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
protocols = imap
listen = {host}
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_failure_delay = 0
default_internal_user = {internal}
default_internal_group = {group}
default_login_user = {login}
default_process_limit = 256
default_client_limit = 1000
mail_uid = {mail_uid}
mail_gid = {mail_gid}
first_valid_uid = 1
first_valid_gid = 1
mail_location = maildir:~/Maildir
mail_max_userip_connections = 0
mail_fsync = never
passdb {{
  driver = passwd-file
  args = {root}/users
}}
userdb {{
  driver = static
  args = home={root}/mail/%u
}}
namespace inbox {{
  inbox = yes
}}
service imap-login {{
  chroot =
  service_count = 0
  inet_listener imap {{
    port = {port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
  # The penalty for wrong passwords counts by address, and all tests come from one.
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service stats {{
  chroot =
}}
{tls}
"""


class Dovecot:
    """One server; enter it to start it. `port` speaks plain IMAP (and STARTTLS with a certificate), `tls_port` IMAPS.

    `certificate` is a pair of PEM files, certificate and key. With `introspection_url` it takes access tokens too, and
    asks there (RFC 7662) whether one is good and whose `email` it is for; `mechanisms` are what it offers then.
    Everything lies in a short path of its own under the
    system's temporary folder (unix sockets allow about 100 characters) and is deleted on exit.
    """

    def __init__(
        self,
        users: Mapping[str, str],
        *,
        certificate: tuple[Path, Path] | None = None,
        settings: str = "",
        introspection_url: str = "",
        mechanisms: str = "xoauth2 oauthbearer",
    ) -> None:
        self._introspection_url = introspection_url
        self._mechanisms = mechanisms
        self.host = HOST
        self.port = free_port()
        self.tls_port = free_port() if certificate else 0
        self.users = dict(users)
        self._certificate = certificate
        self._settings = settings
        self._root = Path()
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        self._root = Path(tempfile.mkdtemp(prefix="kesu-dovecot-"))
        self._root.chmod(0o755)
        self._prepare()
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        shutil.rmtree(self._root, ignore_errors=True)

    def start(self) -> None:
        """Start it on the mails that are there, and return once it greets (some hundredths of a second)."""
        if PROGRAM is None:
            raise FileNotFoundError("dovecot is not installed")
        shutil.rmtree(self._root / "run", ignore_errors=True)
        command = [PROGRAM, "-F", "-c", str(self._root / "dovecot.conf")]
        self._process = subprocess.Popen(command, start_new_session=True)
        try:
            wait_for_greeting(self.port)
        except TimeoutError as late:
            self.kill()
            raise TimeoutError(f"dovecot did not start: {self.log()}") from late

    def kill(self) -> None:
        """Kill it with all its children, as a power cut would; connections are cut without a word."""
        # Taken first: a test may kill it in one thread and start it anew in another as soon as it is gone.
        process, self._process = self._process, None
        if process is None:
            return
        # The master leads a session of its own, so its group is the whole server and nothing else.
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()

    def restart(self) -> None:
        """Kill it and start it again on the same port: mails, UIDs and UIDVALIDITY stay."""
        self.kill()
        self.start()

    def add_user(self, user: str, password: str) -> None:
        """Let somebody else log in, or change a password, without a restart; takes a second."""
        self.users[user] = password
        self._write_users()
        time.sleep(1.1)  # Dovecot looks at the file once in a second

    def deliver(
        self, user: str, raw: bytes, folder: str = "INBOX", *, received_at: datetime | None = None
    ) -> None:
        """Put a mail into a folder, as a delivery agent would. `received_at` becomes its INTERNALDATE."""
        home = self._root / "mail" / user.lower()
        if not home.is_dir():
            home.mkdir(mode=0o700)
            self._own(home)
        maildirs.deliver(self.maildir(user, folder), raw, self._mail_owner(), received_at)

    def messages(self, user: str, folder: str = "INBOX") -> list[bytes]:
        """The raw mails in a folder, in the order of delivery; empty when there is no such folder."""
        return maildirs.contents(self.maildir(user, folder))

    def flags(self, user: str, folder: str = "INBOX") -> list[str]:
        """The flags of each mail in Maildir letters: `S` seen, `T` deleted, `F` flagged."""
        return maildirs.flags(self.maildir(user, folder))

    def maildir(self, user: str, folder: str = "INBOX") -> Path:
        """Where a folder's mails lie."""
        return maildirs.subfolder(self._root / "mail" / user.lower() / "Maildir", folder)

    def renumber(self, user: str) -> None:
        """Forget all UIDs of the INBOX, as a restored backup does: at the next restart UIDVALIDITY is another."""
        # The list of UIDs and the indexes go; the file that counts validities stays, so that the next one is new.
        for file in self.maildir(user).iterdir():
            if file.name == "dovecot-uidlist" or file.name.startswith("dovecot.index"):
                file.unlink()

    def log(self) -> str:
        """What the server has logged so far."""
        file = self._root / "log"
        return file.read_text(encoding="utf-8") if file.exists() else ""

    def _prepare(self) -> None:
        self._write_users()
        mail = self._root / "mail"
        mail.mkdir(mode=0o755)
        self._own(mail)
        internal, login = self._system_users()
        uid, gid = self._mail_owner()
        group = grp.getgrgid(pwd.getpwnam(internal).pw_gid).gr_name
        text = _CONFIGURATION.format(
            root=self._root,
            host=self.host,
            port=self.port,
            tls_port=self.tls_port,
            internal=internal,
            group=group,
            login=login,
            mail_uid=uid,
            mail_gid=gid,
            tls=self._tls_settings(),
        )
        (self._root / "dovecot.conf").write_text(text + self._tokens() + self._settings, encoding="utf-8")

    def _tokens(self) -> str:
        if not self._introspection_url:
            return ""
        (self._root / "oauth2.conf").write_text(
            f"introspection_mode = post\nintrospection_url = {self._introspection_url}\n"
            "username_attribute = email\nactive_attribute = active\nactive_value = true\n",
            encoding="utf-8",
        )
        return (
            f"auth_mechanisms = {self._mechanisms}\n"
            "passdb {\n  driver = oauth2\n  mechanisms = xoauth2 oauthbearer\n"
            f"  args = {self._root}/oauth2.conf\n}}\n"
        )

    def _tls_settings(self) -> str:
        if self._certificate is None:
            return "ssl = no"
        certificate, key = self._certificate
        return f"ssl = yes\nssl_cert = <{certificate}\nssl_key = <{key}"

    def _write_users(self) -> None:
        lines = (f"{user.lower()}:{{PLAIN}}{password}\n" for user, password in self.users.items())
        file = self._root / "users"
        fresh = file.with_suffix(".new")
        fresh.write_text("".join(lines), encoding="utf-8")
        fresh.chmod(0o644)
        fresh.replace(file)

    def _own(self, path: Path) -> None:
        if os.getuid() == 0:
            os.chown(path, *self._mail_owner())

    @staticmethod
    def _system_users() -> tuple[str, str]:
        if os.getuid() == 0:
            return "dovecot", "dovenull"
        me = pwd.getpwuid(os.getuid()).pw_name
        return me, me

    @staticmethod
    def _mail_owner() -> tuple[int, int]:
        if os.getuid() == 0:  # Dovecot refuses to touch mails as root
            nobody = pwd.getpwnam("nobody")
            return nobody.pw_uid, nobody.pw_gid
        return os.getuid(), os.getgid()
