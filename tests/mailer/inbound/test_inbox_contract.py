"""What the intake may rely on, run against every real IMAP server that stands here."""

import hashlib
import imaplib
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta

import pytest

from mailer.inbox import Inbox, MailboxUnavailable, RawMail
from tests.guards import no_endless_wait
from tests.mailer.inbound.mails import PASSWORD, USER, mail, settings_for
from tests.servers import courier, cyrus, unpacked
from tests.servers.courier import Courier
from tests.servers.cyrus import Cyrus
from tests.servers.dovecot import PROGRAM, Dovecot
from tests.servers.pymap_server import Pymap

Server = Dovecot | Pymap | Cyrus | Courier


def fetched(inbox: Inbox, uids: list[int], batch: int = 50) -> list[RawMail]:
    return [found for batch_of_mails in inbox.fetch(uids, batch) for found in batch_of_mails]


def as_sent(raw: bytes) -> bytes:
    """pymap's Maildir turns CRLF into LF; what counts here is that it is the right mail."""
    return raw.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")


def somebody_else(server: Server) -> imaplib.IMAP4:
    """Another mail program on the same mailbox."""
    client = imaplib.IMAP4(server.host, server.port, timeout=60)
    client.login(USER, PASSWORD)
    client.select()
    return client


class InboxContract:
    """Subclasses say which server."""

    told = frozenset({"MOVE", "UIDPLUS", "IDLE"})

    @pytest.fixture
    def server(self) -> Iterator[Server]:
        raise NotImplementedError

    @pytest.fixture
    def connected(self, server: Server) -> Callable[..., AbstractContextManager[Inbox]]:
        def connect(**changes: object) -> AbstractContextManager[Inbox]:
            return Inbox(settings_for(server.host, server.port, **changes))

        return connect

    @pytest.fixture
    def inbox(self, connected: Callable[..., AbstractContextManager[Inbox]]) -> Iterator[Inbox]:
        with connected() as inbox:
            yield inbox

    def test_an_empty_mailbox_has_no_mail_and_a_uidvalidity(self, inbox: Inbox) -> None:
        assert inbox.all_uids() == []
        assert inbox.uids_above(0) == []
        assert inbox.uidvalidity > 0

    def test_the_capabilities_are_those_told_after_the_login(self, inbox: Inbox) -> None:
        assert self.told <= set(inbox.capabilities)

    def test_new_mail_is_found_above_a_mark_though_it_came_while_we_were_connected(
        self, server: Server, inbox: Inbox
    ) -> None:
        server.deliver(USER, mail("one"))
        server.deliver(USER, mail("two"))
        first, second = inbox.uids_above(0)
        server.deliver(USER, mail("three"))

        assert inbox.uids_above(first)[0] == second
        assert len(inbox.uids_above(second)) == 1
        assert inbox.all_uids() == inbox.uids_above(0)

    def test_nothing_is_above_the_last_uid(self, server: Server, inbox: Inbox) -> None:
        server.deliver(USER, mail("one"))
        (only,) = inbox.all_uids()
        assert inbox.uids_above(only) == []
        assert inbox.uids_above(only + 1000) == []

    def test_a_batch_brings_each_mail_under_its_own_uid(self, server: Server, inbox: Inbox) -> None:
        for number in range(7):
            server.deliver(USER, mail(f"number {number}"))
        uids = inbox.all_uids()
        other = somebody_else(server)
        one_by_one = {uid: other.uid("FETCH", str(uid), "(BODY.PEEK[])")[1][0][1] for uid in uids}
        other.logout()

        groups = list(inbox.fetch(uids, batch=3))

        assert [len(group) for group in groups] == [3, 3, 1]
        mails = [found for group in groups for found in group]
        assert [found.uid for found in mails] == uids
        assert {found.uid: found.raw for found in mails} == one_by_one
        assert len(set(one_by_one.values())) == 7
        assert {found.uidvalidity for found in mails} == {inbox.uidvalidity}
        assert inbox.missing == ()

    def test_a_mail_keeps_the_time_it_was_received(self, server: Server, inbox: Inbox) -> None:
        received = datetime(2026, 11, 22, 9, 30, tzinfo=UTC)
        server.deliver(USER, mail("one"), received_at=received)
        (found,) = fetched(inbox, inbox.all_uids())
        assert found.received_at == received
        assert found.received_at.utcoffset() is not None

    def test_reading_leaves_mail_unseen(self, server: Server, inbox: Inbox) -> None:
        server.deliver(USER, mail("one"))
        fetched(inbox, inbox.all_uids())
        other = somebody_else(server)
        assert other.uid("SEARCH", "UNSEEN")[1] == [b"1"]
        other.logout()

    def test_mail_others_have_read_is_found_all_the_same(self, server: Server, inbox: Inbox) -> None:
        server.deliver(USER, mail("one"))
        other = somebody_else(server)
        other.uid("STORE", "1", "+FLAGS", r"(\Seen)")
        other.logout()
        assert inbox.uids_above(0) == [1]

    def test_moved_mail_is_in_the_other_folder_once(self, server: Server, inbox: Inbox) -> None:
        server.deliver(USER, mail("one"))
        server.deliver(USER, mail("two"))
        first, second = inbox.all_uids()
        (moved,) = fetched(inbox, [first])

        inbox.move([first], "Processed")

        assert inbox.all_uids() == [second]
        assert [as_sent(raw) for raw in server.messages(USER, "Processed")] == [as_sent(moved.raw)]

    def test_a_move_may_be_repeated(self, server: Server, inbox: Inbox) -> None:
        server.deliver(USER, mail("one"))
        server.deliver(USER, mail("two"))
        uids = inbox.all_uids()
        inbox.move(uids[:1], "隔離")

        inbox.move(uids[:1], "隔離")
        inbox.move(uids, "隔離")

        assert inbox.all_uids() == []
        assert len(server.messages(USER, "隔離")) == 2

    def test_a_folder_deleted_meanwhile_is_made_again(self, server: Server, inbox: Inbox) -> None:
        server.deliver(USER, mail("one"))
        other = somebody_else(server)
        assert other.delete(f"{getattr(server, 'prefix', '')}Processed")[0] == "OK"
        other.logout()

        inbox.move(inbox.all_uids(), "Processed")

        assert len(server.messages(USER, "Processed")) == 1

    def test_mail_somebody_else_marked_deleted_is_never_expunged(self, server: Server, inbox: Inbox) -> None:
        for subject in ("theirs", "ours", "also ours"):
            server.deliver(USER, mail(subject))
        theirs, ours, also_ours = inbox.all_uids()
        other = somebody_else(server)
        other.uid("STORE", str(theirs), "+FLAGS", r"(\Deleted)")

        inbox.move([ours], "Processed")
        inbox._mailbox.client.capabilities = ("IMAP4REV1", "UIDPLUS")  # type: ignore[union-attr]  # the way without MOVE
        inbox.move([also_ours], "Processed")

        assert inbox.all_uids() == [theirs]
        assert len(server.messages(USER, "Processed")) == 2
        other.shutdown()

    def test_without_move_a_repeated_move_copies_nothing_twice(self, server: Server, inbox: Inbox) -> None:
        server.deliver(USER, mail("one"))
        uids = inbox.all_uids()
        inbox._mailbox.client.capabilities = ("IMAP4REV1",)  # type: ignore[union-attr]

        inbox.move(uids, "Processed")
        inbox.move(uids, "Processed")

        assert len(server.messages(USER, "Processed")) == 1
        assert inbox.all_uids() == uids  # still there, flagged: only a folder-wide EXPUNGE could remove it
        assert "T" in server.flags(USER)[0]

    def test_mail_that_vanished_before_the_fetch_is_named_missing(self, server: Server, inbox: Inbox) -> None:
        for subject in ("one", "two", "three"):
            server.deliver(USER, mail(subject))
        first, second, third = inbox.all_uids()
        other = somebody_else(server)
        other.uid("STORE", str(second), "+FLAGS", r"(\Deleted)")
        other.expunge()
        other.logout()

        mails = fetched(inbox, [first, second, third])

        assert [found.uid for found in mails] == [first, third]
        assert inbox.missing == (second,)

    def test_a_mail_over_the_limit_comes_as_its_header(self, server: Server) -> None:
        server.deliver(USER, mail("large", size=50_000))
        server.deliver(USER, mail("small"))
        with Inbox(settings_for(server.host, server.port), max_bytes=10_000) as inbox:
            large, small = sorted(
                fetched(inbox, inbox.all_uids()), key=lambda found: found.size, reverse=True
            )
        assert large.truncated
        assert large.size > 50_000
        assert b"Subject: large" in large.raw
        assert b"xxx" not in large.raw
        assert not small.truncated
        assert as_sent(small.raw) == mail("small")

    def test_a_changed_uidvalidity_shows_at_the_next_connection(
        self, server: Server, connected: Callable[..., AbstractContextManager[Inbox]]
    ) -> None:
        server.deliver(USER, mail("one"))
        with connected() as inbox:
            before = inbox.uidvalidity
        with connected() as inbox:
            assert inbox.uidvalidity == before
        server.kill()
        server.renumber(USER)
        server.start()
        with connected() as inbox:
            assert inbox.uidvalidity != before

    def test_waiting_wakes_when_mail_arrives(self, server: Server, inbox: Inbox) -> None:
        inbox.all_uids()
        threading.Timer(0.3, server.deliver, (USER, mail("one"))).start()
        with no_endless_wait():
            assert inbox.wait(threading.Event(), 300)
        assert inbox.uids_above(0) == [1]

    def test_mail_that_came_between_the_search_and_the_wait_wakes_it(
        self, server: Server, inbox: Inbox
    ) -> None:
        inbox.all_uids()
        server.deliver(USER, mail("one"))
        with no_endless_wait():
            inbox.wait(threading.Event(), 300)

    def test_waiting_ends_when_its_time_is_over_and_the_connection_still_works(
        self, server: Server, inbox: Inbox
    ) -> None:
        inbox.all_uids()
        assert not inbox.wait(threading.Event(), 0.2)
        server.deliver(USER, mail("one"))
        assert inbox.uids_above(0) == [1]

    @pytest.mark.parametrize("idle", [True, False])
    def test_stop_ends_the_wait_long_before_its_time(
        self, connected: Callable[..., AbstractContextManager[Inbox]], idle: bool
    ) -> None:
        stop = threading.Event()
        with connected(idle=idle) as inbox:
            inbox.all_uids()
            threading.Timer(0.2, stop.set).start()
            with no_endless_wait(30):
                inbox.wait(stop, 300)

    def test_polling_without_idle_finds_new_mail(
        self, server: Server, connected: Callable[..., AbstractContextManager[Inbox]]
    ) -> None:
        with connected(idle=False) as inbox:
            inbox.all_uids()
            server.deliver(USER, mail("one"))
            assert not inbox.wait(threading.Event(), 0.1)
            assert inbox.uids_above(0) == [1]

    def test_a_wrong_password_is_permanent_and_not_repeated_aloud(
        self, connected: Callable[..., AbstractContextManager[Inbox]]
    ) -> None:
        with pytest.raises(MailboxUnavailable) as caught, connected(password="nobody may see this either"):
            pass
        assert caught.value.permanent
        assert USER in caught.value.reason
        assert "nobody may see" not in repr(caught.value)

    def test_a_password_beyond_ascii_is_refused_by_the_server_and_not_by_us(
        self, connected: Callable[..., AbstractContextManager[Inbox]]
    ) -> None:
        with pytest.raises(MailboxUnavailable) as caught, connected(password="密碼"):
            pass
        assert caught.value.permanent

    def test_a_server_killed_while_idling_is_unavailable_and_comes_back(
        self, server: Server, connected: Callable[..., AbstractContextManager[Inbox]]
    ) -> None:
        server.deliver(USER, mail("one"))
        with connected() as inbox:
            inbox.all_uids()
            threading.Timer(0.3, server.kill).start()
            with no_endless_wait(), pytest.raises(MailboxUnavailable) as caught:
                inbox.wait(threading.Event(), 300)
            assert not caught.value.permanent
            with pytest.raises(MailboxUnavailable):
                inbox.all_uids()
        server.start()
        with connected() as inbox:
            assert inbox.uids_above(0) == [1]

    def test_one_inbox_can_connect_again(self, server: Server, connected: Callable[..., Inbox]) -> None:
        inbox = connected()
        inbox.connect()
        server.restart()
        with pytest.raises(MailboxUnavailable):
            inbox.all_uids()
        inbox.connect()
        assert inbox.all_uids() == []
        inbox.close()
        inbox.close()

    def test_no_server_at_all_is_unavailable_for_now(
        self, server: Server, connected: Callable[..., AbstractContextManager[Inbox]]
    ) -> None:
        server.kill()
        with pytest.raises(MailboxUnavailable) as caught, connected():
            pass
        assert not caught.value.permanent

    def test_a_folder_that_is_not_there_is_permanent(
        self, connected: Callable[..., AbstractContextManager[Inbox]]
    ) -> None:
        with pytest.raises(MailboxUnavailable) as caught, connected(folder="Nowhere"):
            pass
        assert caught.value.permanent
        assert "Nowhere" in caught.value.reason


class TestPymap(InboxContract):
    @pytest.fixture
    def server(self) -> Iterator[Server]:
        with Pymap({USER: PASSWORD}) as server:
            yield server


@pytest.mark.skipif(PROGRAM is None, reason="dovecot is not installed")
class TestDovecot(InboxContract):
    @pytest.fixture
    def server(self) -> Iterator[Server]:
        with Dovecot({USER: PASSWORD}) as server:
            yield server

    def test_the_raw_bytes_are_those_that_were_sent(self, server: Server, inbox: Inbox) -> None:
        raw = mail("one") + bytes(range(1, 256)) + b"\r\n"
        server.deliver(USER, raw)
        (found,) = fetched(inbox, inbox.all_uids())
        assert hashlib.sha256(found.raw.replace(b"\r\n", b"\n")).digest() == (
            hashlib.sha256(raw.replace(b"\r\n", b"\n")).digest()
        )

    def test_a_thousand_mails_come_in_order(self, server: Server, inbox: Inbox) -> None:
        start = datetime(2026, 11, 22, tzinfo=UTC)
        for number in range(1000):
            server.deliver(USER, mail(f"{number}"), received_at=start + timedelta(minutes=number))
        mails = fetched(inbox, inbox.all_uids(), batch=200)
        assert [found.uid for found in mails] == list(range(1, 1001))
        assert all(f"Subject: {number}\r\n".encode() in found.raw for number, found in enumerate(mails))

    def test_a_changed_password_is_permanent_until_the_settings_change_too(
        self, server: Dovecot, connected: Callable[..., AbstractContextManager[Inbox]]
    ) -> None:
        server.add_user(USER, "changed")
        with pytest.raises(MailboxUnavailable) as caught, connected():
            pass
        assert caught.value.permanent
        with connected(password="changed") as inbox:
            assert inbox.all_uids() == []


@pytest.mark.skipif(cyrus.PROGRAM is None, reason=f"Cyrus is {unpacked.WHY_NOT}")
class TestCyrus(InboxContract):
    @pytest.fixture
    def server(self) -> Iterator[Server]:
        with Cyrus({USER: PASSWORD}) as server:
            yield server


@pytest.mark.skipif(courier.PROGRAM is None, reason=f"Courier is {courier.WHY_NOT}")
class TestCourier(InboxContract):
    told = frozenset({"UIDPLUS", "IDLE"})

    @pytest.fixture
    def server(self) -> Iterator[Server]:
        with Courier({USER: PASSWORD}) as server:
            yield server
