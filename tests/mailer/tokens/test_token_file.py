"""The stored sign-in: nobody else's to read, whole after any crash, and safe with two processes at it."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mailer.oauth import TokenUnavailable
from mailer.oauth_web import Web
from mailer.token_file import TokenFile
from tests.guards import PATIENCE
from tests.mailer.tokens.conftest import by_person, signed_in
from tests.servers.oauth import TokenServer

REFRESH = "refresh_token"

# Another process that renews the sign-in: `when` it kills itself, as `kill -9` or a power cut would.
RENEW = """
import os, signal, sys
from pathlib import Path
from mailer import token_file
from mailer.oauth_microsoft import Delegated, MicrosoftApp
from mailer.oauth_web import Web
from tests.mailer.tokens.conftest import APP, USER_SCOPES
from tests.servers.oauth import TENANT

authority, ca_file, path, when, times = sys.argv[1:]

def die(*_):
    os.kill(os.getpid(), signal.SIGKILL)

class Dying(token_file.TokenFile):
    def write(self, text):
        if when == "before":
            die()
        if when == "between":
            self._draft(text)
            die()
        super().write(text)
        if when == "after":
            die()

source = Delegated(MicrosoftApp(authority, TENANT, APP, USER_SCOPES), Dying(Path(path)), Web(Path(ca_file)))
for _ in range(int(times)):
    source.grant(True)
"""


def renewing(server: TokenServer, file: Path, when: str = "", times: int = 1) -> subprocess.Popen[bytes]:
    arguments = [server.authority, str(server.ca_file), str(file), when, str(times)]
    return subprocess.Popen([sys.executable, "-c", RENEW, *arguments], stderr=subprocess.PIPE)


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "var" / "token.json"


def test_the_sign_in_is_its_owners_alone(server: TokenServer, web: Web, file: Path) -> None:
    before = os.umask(0)
    try:
        signed_in(server, web, file).grant(True)
    finally:
        os.umask(before)
    assert [path.name for path in sorted(file.parent.iterdir())] == ["token.json", "token.json.lock"]
    assert {stat.S_IMODE(path.stat().st_mode) for path in file.parent.iterdir()} == {0o600}


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o602, 0o604])
def test_a_sign_in_that_others_could_read_or_write_is_refused(
    server: TokenServer, web: Web, file: Path, mode: int
) -> None:
    source = signed_in(server, web, file)
    file.chmod(mode)
    with pytest.raises(TokenUnavailable, match="open to others") as caught:
        source.grant(False)
    assert caught.value.permanent
    assert "chmod 600" in caught.value.advice


def test_paperless_ngx_11341_a_rotated_refresh_token_is_stored_at_once(
    server: TokenServer, web: Web, file: Path
) -> None:
    server.strict = True
    source = signed_in(server, web, file)
    for _ in range(3):
        assert server.is_good(source.grant(True).token)
    assert server.is_good(by_person(server, web, file).grant(True).token)  # after a restart
    used = [form[REFRESH] for _, form in server.requests if REFRESH in form]
    assert len(set(used)) == 4


@pytest.mark.parametrize("when", ["before", "between", "after"])
def test_a_kill_in_the_midst_of_a_renewal_leaves_a_sign_in_that_works(
    server: TokenServer, web: Web, file: Path, when: str
) -> None:
    """As Entra does it: the refresh token that was used lives on."""
    source = signed_in(server, web, file)
    with renewing(server, file, when) as other:
        assert other.wait(PATIENCE) == -signal.SIGKILL
    assert server.is_good(source.grant(True).token)
    assert server.asked("refresh_token") == 2


@pytest.mark.parametrize(("when", "survives"), [("before", False), ("after", True)])
def test_with_refresh_tokens_that_die_at_once_a_kill_costs_a_new_sign_in_at_worst(
    server: TokenServer, web: Web, file: Path, when: str, survives: bool
) -> None:
    server.strict = True
    source = signed_in(server, web, file)
    with renewing(server, file, when) as other:
        assert other.wait(PATIENCE) == -signal.SIGKILL
    if survives:
        assert server.is_good(source.grant(True).token)
        return
    with pytest.raises(TokenUnavailable) as caught:
        source.grant(True)
    assert "kesu mailbox login" in caught.value.advice
    assert server.is_good(signed_in(server, web, file).grant(True).token)


def test_processes_side_by_side_never_use_a_refresh_token_twice(
    server: TokenServer, web: Web, file: Path
) -> None:
    server.strict = True
    source = signed_in(server, web, file)
    others = [renewing(server, file, times=5) for _ in range(3)]
    for _ in range(5):
        source.grant(True)
    for other in others:
        _, said = other.communicate(timeout=PATIENCE)
        assert other.returncode == 0, said.decode()
    used = [form[REFRESH] for _, form in server.requests if REFRESH in form]
    assert len(used) == len(set(used)) == 20
    assert server.is_good(source.grant(True).token)


def test_the_sign_in_of_another_process_is_taken_up(server: TokenServer, web: Web, file: Path) -> None:
    daemon = by_person(server, web, file)
    with pytest.raises(TokenUnavailable):
        daemon.grant(False)
    signed_in(server, web, file)
    assert server.is_good(daemon.grant(False).token)
    assert daemon.account() == "care@example.com"


def test_whoever_waits_for_the_lock_too_long_is_told_so(file: Path) -> None:
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with TokenFile(file).locked():
            held.set()
            done.wait(PATIENCE)

    thread = threading.Thread(target=hold)
    thread.start()
    assert held.wait(PATIENCE)
    with (
        pytest.raises(TokenUnavailable, match="another process") as caught,
        TokenFile(file, wait=0.1).locked(),
    ):
        pass
    assert not caught.value.permanent
    done.set()
    thread.join(PATIENCE)


@pytest.mark.parametrize("content", ["", "nonsense", "[]", '{"RefreshToken": 7}', "{}"])
def test_a_damaged_file_asks_for_a_new_sign_in(
    server: TokenServer, web: Web, file: Path, content: str
) -> None:
    stored = TokenFile(file)
    with stored.locked():
        stored.write(content)
    with pytest.raises(TokenUnavailable) as caught:
        by_person(server, web, file).grant(False)
    assert "kesu mailbox login" in caught.value.advice
    assert server.is_good(signed_in(server, web, file).grant(False).token)


def test_the_refresh_token_is_not_spent_where_its_successor_cannot_be_stored(
    server: TokenServer, web: Web, file: Path
) -> None:
    source = signed_in(server, web, file)
    (file.parent / "token.json.new").mkdir()  # nothing can be written there, not even by root
    with pytest.raises(TokenUnavailable, match="cannot be written"):
        source.grant(True)
    assert server.asked("refresh_token") == 0


def test_a_draft_left_over_from_a_crash_is_in_nobodys_way(server: TokenServer, web: Web, file: Path) -> None:
    source = signed_in(server, web, file)
    (file.parent / "token.json.new").write_text("half of it", encoding="utf-8")
    source.grant(True)
    assert "RefreshToken" in json.loads(file.read_text(encoding="utf-8"))
    assert not (file.parent / "token.json.new").exists()


def test_what_root_stores_still_belongs_to_the_daemons_user(
    server: TokenServer, web: Web, file: Path
) -> None:
    owner = 65534 if os.geteuid() == 0 else os.geteuid()
    source = signed_in(server, web, file)
    for path in (file.parent, *file.parent.iterdir()):
        os.chown(path, owner, -1)
    source.grant(True)
    assert {path.stat().st_uid for path in file.parent.iterdir()} == {owner}


def test_a_renewal_that_is_declined_leaves_the_stored_sign_in_alone(
    server: TokenServer, web: Web, file: Path
) -> None:
    source = signed_in(server, web, file)
    before = file.read_bytes()
    login = by_person(server, web, file)
    code = login.begin()
    server.decline()
    with pytest.raises(TokenUnavailable, match="declined"):
        login.finish(code)
    assert file.read_bytes() == before
    assert server.is_good(source.grant(True).token)
