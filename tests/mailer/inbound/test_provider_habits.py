"""Each provider's habits, played by a scripted server to an inbox with that provider's profile."""

import random
import threading
from collections.abc import Mapping

import pytest

from daemon.channel import Channel
from mailer.inbox import Inbox, MailboxUnavailable, MoveRefused
from mailer.profiles import PROFILES
from tests.mailer.inbound.mails import mail, settings_for
from tests.servers.scripted_imap import DROP, Answer, Call, ScriptedImap, body

THERE = b'* LIST () "/" "%s"\r\n'


def inbox_on(server: ScriptedImap, profile: str = "", **changes: object) -> Inbox:
    """An inbox as the profile's settings make it."""
    habits: dict[str, object] = {"timeout": 60.0}
    if profile:
        known = PROFILES[profile]
        habits |= {"idle": known.idle, "identifies": known.identifies}
    return Inbox(settings_for(server.host, server.port, **{**habits, **changes}))


class Watched(threading.Event):
    """Is set by the first who waits for it, and knows how long he would have waited."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout or 0)
        self.set()
        return True


def names(server: ScriptedImap) -> list[str]:
    return server.names()


# ---------------------------------------------------------------- NetEase: who is there?


def netease_select(call: Call) -> bytes:
    if "ID" not in call.before:
        return call.no("SELECT Unsafe Login. Please contact kefu@188.com for help")
    return b"* 0 EXISTS\r\n* OK [UIDVALIDITY 1] ok\r\n" + call.ok("[READ-WRITE] SELECT completed")


@pytest.mark.parametrize(("before", "after"), [("ID", "ID"), ("", "ID"), ("", "")])
@pytest.mark.parametrize("profile", ["netease", "netease-qiye"])
def test_netease_is_told_who_we_are_before_select_advertised_or_not(
    profile: str, before: str, after: str
) -> None:
    server = ScriptedImap({"SELECT": netease_select}, capabilities=before, after_login=after)
    with server, inbox_on(server, profile) as inbox:
        assert inbox.uidvalidity == 1
    assert names(server).index("LOGIN") < names(server).index("ID") < names(server).index("SELECT")
    assert names(server).count("SELECT") == 1


def test_netease_without_its_profile_is_told_once_it_asks() -> None:
    with ScriptedImap({"SELECT": netease_select}) as server, inbox_on(server) as inbox:
        assert inbox.uidvalidity == 1
    assert [name for name in names(server) if name in ("SELECT", "ID")] == ["SELECT", "ID", "SELECT"]


def test_a_server_that_does_not_know_id_is_no_worse_for_it() -> None:
    with (
        ScriptedImap({"ID": lambda call: call.bad("unknown command")}) as server,
        inbox_on(server, "netease") as inbox,
    ):
        assert inbox.all_uids() == []


def test_an_account_that_is_locked_stays_refused_for_good() -> None:
    script: dict[str, Answer] = {
        "SELECT": lambda call: call.no("SELECT Unsafe Login. Please contact kefu@188.com")
    }
    with (
        ScriptedImap(script) as server,
        pytest.raises(MailboxUnavailable, match="Unsafe Login") as caught,
        inbox_on(server, "netease"),
    ):
        pass
    assert caught.value.permanent
    assert names(server).count("SELECT") == 2


# ---------------------------------------------------------------- QQ, Exmail: neither IDLE nor MOVE nor UIDPLUS


class Shelf:
    """A mailbox without MOVE and UIDPLUS: mails by UID with their flags, copies by folder."""

    def __init__(self, *uids: int) -> None:
        self.flags: dict[int, str] = dict.fromkeys(uids, "")
        self.copies: list[tuple[str, str]] = []

    def script(self) -> Mapping[str, Answer]:
        return {
            "UID SEARCH": lambda call: f"* SEARCH {' '.join(map(str, self.flags))}\r\n".encode() + call.ok(),
            "UID FETCH": self._fetch,
            "UID COPY": self._copy,
            "UID STORE": self._store,
        }

    def _fetch(self, call: Call) -> bytes:
        lines = "".join(
            f"* {at} FETCH (UID {uid} FLAGS ({flags}))\r\n"
            for at, (uid, flags) in enumerate(self.flags.items(), 1)
        )
        return lines.encode() + call.ok()

    def _copy(self, call: Call) -> bytes:
        uids, _, folder = call.arguments.partition(" ")
        self.copies.append((uids, folder))
        return call.ok()

    def _store(self, call: Call) -> bytes:
        for uid in call.arguments.split()[0].split(","):
            self.flags[int(uid)] = r"\Deleted"
        return call.ok()


@pytest.mark.parametrize("profile", ["qq", "exmail"])
def test_without_move_and_uidplus_a_mail_is_copied_once_and_nobody_elses_is_expunged(profile: str) -> None:
    shelf = Shelf(5, 6)
    shelf.flags[6] = r"\Deleted"  # by somebody else, who may want it back
    with ScriptedImap(shelf.script(), capabilities="ID") as server, inbox_on(server, profile) as inbox:
        inbox.move([5], "Processed")
        inbox.move([5], "Processed")
    assert shelf.copies == [("5", '"Processed"')]
    assert shelf.flags == {5: r"\Deleted", 6: r"\Deleted"}
    assert not {"EXPUNGE", "CLOSE", "UID EXPUNGE", "UID MOVE"} & set(names(server))


def test_without_idle_it_looks_after_its_own_interval_though_asked_to_wait_long() -> None:
    with ScriptedImap({}) as server, inbox_on(server, idle=True, poll_seconds=1) as inbox:
        inbox.all_uids()
        stop = Watched()
        inbox.wait(stop, 300)
        assert stop.waited == [1]
        assert "IDLE" not in names(server)


def test_what_is_told_only_after_the_login_is_used() -> None:
    server = ScriptedImap({}, capabilities="ID AUTH=PLAIN", after_login="ID UIDPLUS MOVE IDLE")
    with server, inbox_on(server, "qq") as inbox:
        inbox.move([5], "Processed")
        assert "MOVE" in inbox.capabilities
    assert "UID MOVE" in names(server)


def test_folders_made_under_a_folder_of_the_providers_own_are_found_there() -> None:
    """QQ and Exmail: what a mail program makes lies under 其他文件夹."""
    made: list[str] = []

    def create(call: Call) -> bytes:
        made.append(call.arguments)
        return call.ok()

    def listing(call: Call) -> bytes:
        if not call.arguments.endswith('"*"'):
            return call.ok()
        under = b"".join(THERE % b"&UXZO1mWHTvZZOQ-/%s" % name.strip('"').encode() for name in made)
        return THERE % b"INBOX" + under + call.ok()

    script: dict[str, Answer] = {"LIST": listing, "CREATE": create}
    with ScriptedImap(script, capabilities="MOVE") as server, inbox_on(server, "qq") as inbox:
        inbox.move([5], "隔離")
        inbox.move([6], "Processed")
    moves = [call.arguments for call in server.calls if call.name == "UID MOVE"]
    assert moves == ['5 "&UXZO1mWHTvZZOQ-/&lpSW4g-"', '6 "&UXZO1mWHTvZZOQ-/Processed"']
    assert len(made) == 2


def test_one_refusal_for_five_reasons_is_tried_again_after_a_minute_at_least() -> None:
    says = (
        "Login fail. Account is abnormal, service is not open, password is incorrect, login frequency limited"
    )
    with (
        ScriptedImap({"LOGIN": lambda call: call.no(says)}) as server,
        pytest.raises(MailboxUnavailable) as caught,
        inbox_on(server, "qq"),
    ):
        pass
    assert caught.value.least_wait >= 60


# ---------------------------------------------------------------- too much, too often


@pytest.mark.parametrize(
    "words",
    [
        "too frequently, please try again later",
        "[THROTTLED] Request is throttled. Suggested backoff time 4000 ms",
        "[LIMIT] too many connections",
        "[ALERT] Too many simultaneous connections. (Failure)",
        "登录过于频繁，请稍后再试",
    ],
)
def test_a_server_that_wants_a_pause_gets_one(words: str) -> None:
    with (
        ScriptedImap({"LOGIN": lambda call: f"{call.tag} NO {words}\r\n".encode("gb18030")}) as server,
        pytest.raises(MailboxUnavailable) as caught,
        inbox_on(server, "aliyun"),
    ):
        pass
    assert not caught.value.permanent
    assert caught.value.least_wait >= 60


def test_the_channel_keeps_the_pause_a_server_asks_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("daemon.channel.backoff", lambda _attempt, _random: random.random())
    stop = Watched()

    def work() -> None:
        raise MailboxUnavailable("too frequently", permanent=False, least_wait=60)

    Channel("test", work, stop).run()
    assert stop.waited == [60]


def test_a_full_mailbox_refuses_the_move_and_the_connection_still_stands() -> None:
    script: dict[str, Answer] = {
        "UID MOVE": lambda call: call.no("[OVERQUOTA] mailbox full"),
        "UID SEARCH": lambda call: b"* SEARCH 5\r\n" + call.ok(),
    }
    with ScriptedImap(script, capabilities="MOVE") as server, inbox_on(server) as inbox:
        with pytest.raises(MoveRefused, match="mailbox full") as caught:
            inbox.move([5], "Processed")
        assert not caught.value.permanent
        assert inbox.all_uids() == [5]


# ---------------------------------------------------------------- Exchange

STUB = (
    b"MIME-Version: 1.0\r\nFrom: %s\r\nSubject: Retrieval using the IMAP4 protocol failed for the following\r\n"
    b" message: 5\r\n\r\nThe server couldn't retrieve the following message:\r\n"
)


@pytest.mark.parametrize("sender", [b"Microsoft Exchange Server 2010", b"<microsoft@unknown>"])
def test_freescout_3203_exchanges_notice_is_not_the_mail(sender: bytes) -> None:
    def answer(call: Call) -> bytes:
        if "BODY" not in call.arguments:
            return call.ok()
        return body(1, 5, STUB % sender) + body(2, 6, mail("six")) + call.ok()

    with ScriptedImap({"UID FETCH": answer}) as server, inbox_on(server, "microsoft365") as inbox:
        mails = [found.uid for group in inbox.fetch([5, 6]) for found in group]
        assert (mails, inbox.missing) == ([6], (5,))


def test_a_persons_mail_about_such_a_notice_is_a_mail() -> None:
    raw = STUB % b"Wang <wang@microsoft-partner.example.com>"
    with (
        ScriptedImap({"UID FETCH": lambda call: body(1, 5, raw) + call.ok()}) as server,
        inbox_on(server) as inbox,
    ):
        assert [found.uid for group in inbox.fetch([5]) for found in group] == [5]


def test_authenticated_but_not_connected_passes_by_itself() -> None:
    script: dict[str, Answer] = {"SELECT": lambda call: call.bad("User is authenticated but not connected.")}
    with (
        ScriptedImap(script) as server,
        pytest.raises(MailboxUnavailable) as caught,
        inbox_on(server, "microsoft365"),
    ):
        pass
    assert not caught.value.permanent


def test_a_goodbye_in_the_middle_of_a_fetch_is_no_end_of_the_mailbox() -> None:
    def answer(call: Call) -> bytes:
        if "BODY" not in call.arguments:
            return call.ok()
        return body(1, 5, mail("five")) + b"* BYE Session invalidated - AccessTokenExpired\r\n" + DROP

    with ScriptedImap({"UID FETCH": answer}) as server, inbox_on(server, "microsoft365") as inbox:
        with pytest.raises(MailboxUnavailable) as caught:
            list(inbox.fetch([5, 6]))
        assert not caught.value.permanent


# ---------------------------------------------------------------- before the login


def test_a_server_that_logs_us_in_by_itself_is_refused() -> None:
    server = ScriptedImap({}, greeting=b"* PREAUTH [CAPABILITY IMAP4rev1] hello\r\n")
    with server, pytest.raises(MailboxUnavailable, match="PREAUTH") as caught, inbox_on(server):
        pass
    assert caught.value.permanent
    assert "LOGIN" not in names(server)


def test_a_greeting_that_is_a_goodbye_passes() -> None:
    server = ScriptedImap({}, greeting=b"* BYE too many connections\r\n" + DROP)
    with server, pytest.raises(MailboxUnavailable) as caught, inbox_on(server):
        pass
    assert not caught.value.permanent


def test_where_login_is_off_the_password_goes_by_authenticate() -> None:
    script: dict[str, Answer] = {"AUTHENTICATE": lambda call: call.no("wait for TLS")}
    server = ScriptedImap(script, capabilities="LOGINDISABLED AUTH=PLAIN")
    with server, pytest.raises(MailboxUnavailable, match="wait for TLS"), inbox_on(server):
        pass
    assert "LOGIN" not in names(server)


# ---------------------------------------------------------------- folders


def courier_like(call: Call) -> bytes:
    return b'* NAMESPACE (("INBOX." ".")) NIL (("#shared." "."))\r\n' + call.ok()


def test_folders_lie_under_the_prefix_the_server_names() -> None:
    made: list[str] = []

    def create(call: Call) -> bytes:
        made.append(call.arguments)
        return call.ok() if call.arguments.startswith('"INBOX.') else call.no("Invalid mailbox name.")

    script: dict[str, Answer] = {
        "NAMESPACE": courier_like,
        "LIST": lambda call: (THERE % b"x" if call.arguments.partition(" ")[2] in made else b"") + call.ok(),
        "CREATE": create,
    }
    with ScriptedImap(script, capabilities="NAMESPACE MOVE") as server, inbox_on(server, "courier") as inbox:
        inbox.move([5], "Processed")
    assert made == ['"INBOX.Processed"', '"INBOX.&lpSW4g-"']
    assert [call.arguments for call in server.calls if call.name == "UID MOVE"] == ['5 "INBOX.Processed"']


def test_a_folder_of_another_name_is_selected_under_the_prefix() -> None:
    script: dict[str, Answer] = {
        "NAMESPACE": courier_like,
        "LIST": lambda call: (THERE % b"x" if '"INBOX.' in call.arguments else b"") + call.ok(),
    }
    with ScriptedImap(script, capabilities="NAMESPACE") as server, inbox_on(server, folder="Complaints"):
        pass
    assert [call.arguments for call in server.calls if call.name == "SELECT"] == ['"INBOX.Complaints"']


@pytest.mark.parametrize(
    "line",
    [
        b'* LIST () "/" "&bad"\r\n',
        b'* LIST () "/" "\xb8\xf4\xeb\x78"\r\n',
        b"* LIST () NIL flat\r\n",
        b'* LIST () "\\\\" "a\\\\b"\r\n',
        b"* LIST nonsense\r\n",
        b'* LIST () "/" {3}\r\na"b\r\n',
    ],
    ids=["no UTF-7", "GBK bytes", "no delimiter", "backslash", "no list at all", "a literal"],
)
def test_folder_names_in_no_known_encoding_stop_nothing(line: bytes) -> None:
    script: dict[str, Answer] = {
        "LIST": lambda call: line + call.ok(),
        "CREATE": lambda call: call.ok(),
    }
    with ScriptedImap(script) as server, inbox_on(server) as inbox:
        assert inbox.all_uids() == []


def test_a_name_that_holds_no_mail_is_not_the_folder() -> None:
    made: list[str] = []

    def create(call: Call) -> bytes:
        made.append(call.arguments)
        return call.ok()

    script: dict[str, Answer] = {
        "LIST": lambda call: b'* LIST (\\Noselect \\HasChildren) "/" Processed\r\n' + call.ok(),
        "CREATE": create,
    }
    with ScriptedImap(script) as server, inbox_on(server):
        pass
    assert '"Processed"' in made


def test_a_folder_that_may_not_be_made_is_named_for_good() -> None:
    script: dict[str, Answer] = {
        "LIST": lambda call: call.ok(),
        "CREATE": lambda call: call.no("[NOPERM] Permission denied"),
    }
    with (
        ScriptedImap(script) as server,
        pytest.raises(MailboxUnavailable, match=r"cannot create the folder Processed.*Permission") as caught,
        inbox_on(server),
    ):
        pass
    assert caught.value.permanent


# ---------------------------------------------------------------- UIDs and announcements


def test_imapclient_441_an_announcement_followed_by_an_old_mail_brings_nothing_twice() -> None:
    """EXISTS was heard, and the fetch brings the mail that was last before: it is no new one, and the next round
    brings the new one."""
    searches = iter([b"* SEARCH 41\r\n", b"* SEARCH 41 42\r\n"])
    script: dict[str, Answer] = {
        "UID SEARCH": lambda call: next(searches) + call.ok(),
        "UID FETCH": lambda call: (body(1, 41, mail("old")) if "BODY" in call.arguments else b"") + call.ok(),
    }
    with ScriptedImap(script) as server, inbox_on(server) as inbox:
        assert inbox.uids_above(41) == []
        fresh = inbox.uids_above(41)
        assert fresh == [42]
        assert [found.uid for group in inbox.fetch(fresh) for found in group] == []
        assert inbox.missing == (42,)


def test_a_folder_whose_uidvalidity_is_0_has_no_lasting_numbers() -> None:
    script: dict[str, Answer] = {"SELECT": lambda call: b"* OK [UIDVALIDITY 0] none\r\n" + call.ok()}
    with (
        ScriptedImap(script) as server,
        pytest.raises(MailboxUnavailable, match="no lasting UIDs"),
        inbox_on(server),
    ):
        pass


def test_a_half_open_connection_is_found_when_the_wait_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The router forgot us while we idled: no word comes, and none goes. Wait and time-out both end."""
    monkeypatch.setattr("mailer.inbox._LONGEST_WAIT", 0.3)
    script: dict[str, Answer] = {"IDLE": lambda _: b"+ idling\r\n", "DONE": lambda _: b""}
    with (
        ScriptedImap(script, capabilities="IDLE") as server,
        inbox_on(server, timeout=2.0) as inbox,
    ):
        inbox.all_uids()
        with pytest.raises(MailboxUnavailable) as caught:
            inbox.wait(threading.Event(), 300)
        with pytest.raises(MailboxUnavailable):
            inbox.all_uids()
    assert not caught.value.permanent
