"""What no real server does on demand, and some providers do all the same."""

import socket
import threading
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime

import pytest

from mailer.inbox import Inbox, MailboxUnavailable, RawMail
from tests.guards import eventually, no_endless_wait
from tests.mailer.inbound.mails import mail, settings_for
from tests.servers.scripted_imap import DROP, Answer, Call, ScriptedImap, body

ARRIVED = b'INTERNALDATE "22-Nov-2026 09:00:00 +0800"'
PLAIN = "IDLE MOVE UIDPLUS"


def inbox_on(server: ScriptedImap, **changes: object) -> Inbox:
    return Inbox(settings_for(server.host, server.port, **{"timeout": 60.0, **changes}))


def scripted(script: Mapping[str, Answer], capabilities: str = PLAIN) -> ScriptedImap:
    return ScriptedImap(script, capabilities=capabilities)


def body_answers(answer: Callable[[Call], bytes]) -> dict[str, Answer]:
    """A script for UID FETCH that leaves the question for sizes unanswered."""
    return {"UID FETCH": lambda call: answer(call) if "BODY" in call.arguments else call.ok()}


def fetched(server: ScriptedImap, uids: list[int]) -> tuple[list[RawMail], tuple[int, ...]]:
    with server, inbox_on(server) as inbox:
        mails = [found for group in inbox.fetch(uids) for found in group]
        return mails, inbox.missing


def behind_the_literal(sequence: int, uid: int, raw: bytes) -> bytes:
    head = b"* %d FETCH (BODY[] {%d}\r\n" % (sequence, len(raw))
    return head + raw + b" %s UID %d)\r\n" % (ARRIVED, uid)


def test_a_uid_behind_the_literal_belongs_to_the_mail_before_it() -> None:
    answers = body_answers(
        lambda call: (
            behind_the_literal(1, 5, mail("five")) + behind_the_literal(2, 6, mail("six")) + call.ok()
        )
    )
    mails, missing = fetched(scripted(answers), [5, 6])
    assert {found.uid: found.raw for found in mails} == {5: mail("five"), 6: mail("six")}
    assert mails[0].received_at == datetime(2026, 11, 22, 1, 0, tzinfo=UTC)
    assert missing == ()


def test_an_answer_nobody_asked_for_does_not_shift_the_others() -> None:
    unasked = rb"* 9 FETCH (FLAGS (\Seen)" + b")\r\n" + rb"* 1 FETCH (UID 5 FLAGS (\Seen $UID 6))" + b"\r\n"
    answers = body_answers(
        lambda call: (
            unasked + body(1, 5, mail("five")) + unasked + body(2, 6, mail("six")) + unasked + call.ok()
        )
    )
    mails, _ = fetched(scripted(answers), [5, 6])
    assert {found.uid: found.raw for found in mails} == {5: mail("five"), 6: mail("six")}


def test_a_flag_that_looks_like_a_uid_is_a_flag() -> None:
    flagged = b"* 1 FETCH (FLAGS (UID 9) UID 5 %s BODY[] {2}\r\nhi)\r\n" % ARRIVED
    mails, _ = fetched(scripted(body_answers(lambda call: flagged + call.ok())), [5])
    assert [(found.uid, found.raw) for found in mails] == [(5, b"hi")]


def test_a_mail_that_looks_like_an_answer_is_still_one_mail() -> None:
    raw = b"Subject: x\r\n\r\n)\r\n* 2 FETCH (UID 6 BODY[] {3}\r\nabc)\r\nUID 99\r\n"
    mails, _ = fetched(scripted(body_answers(lambda call: body(1, 5, raw) + call.ok())), [5])
    assert [(found.uid, found.raw) for found in mails] == [(5, raw)]


def test_a_mail_nobody_asked_for_is_not_taken() -> None:
    answers = body_answers(lambda call: body(1, 4, mail("old")) + body(2, 5, mail("five")) + call.ok())
    mails, _ = fetched(scripted(answers), [5])
    assert [found.uid for found in mails] == [5]


def test_an_empty_mail_sent_as_a_string_is_an_empty_mail() -> None:
    answers = body_answers(lambda call: b'* 1 FETCH (UID 5 %s BODY[] "")\r\n' % ARRIVED + call.ok())
    mails, missing = fetched(scripted(answers), [5])
    assert [found.raw for found in mails] == [b""]
    assert missing == ()


def test_a_mail_sent_as_nil_is_none_at_all() -> None:
    """Dovecot says NIL of a mail whose file it cannot open: an empty mail in its place would hide it for ever."""
    answers = body_answers(lambda call: b"* 1 FETCH (UID 5 %s BODY[] NIL)\r\n" % ARRIVED + call.ok())
    mails, missing = fetched(scripted(answers), [5])
    assert (mails, missing) == ([], (5,))


def test_what_a_batch_leaves_out_is_asked_for_once_more_by_itself() -> None:
    def answer(call: Call) -> bytes:
        asked = call.arguments.split()[0]
        if asked == "5:7":
            return body(1, 5, mail("five")) + call.ok()
        return (body(2, 6, mail("six")) if asked == "6" else b"") + call.ok()

    mails, missing = fetched(scripted(body_answers(answer)), [5, 6, 7])
    assert [found.uid for found in mails] == [5, 6]
    assert missing == (7,)


def test_a_batch_refused_for_one_bad_mail_still_brings_the_others() -> None:
    def answer(call: Call) -> bytes:
        asked = call.arguments.split()[0]
        if asked == "6":
            return call.bad("internal error")
        if asked == "5":
            return body(1, 5, mail("five")) + call.ok()
        return body(3, 7, mail("seven")) + call.no("some could not be read")

    mails, missing = fetched(scripted(body_answers(answer)), [5, 6, 7])
    assert {found.uid: found.raw for found in mails} == {5: mail("five"), 7: mail("seven")}
    assert missing == (6,)


def test_a_large_mail_behind_a_wrong_size_is_cut() -> None:
    raw = mail("large", size=200_000)
    with scripted(body_answers(lambda call: body(1, 5, raw) + call.ok())) as server:
        inbox = Inbox(settings_for(server.host, server.port), max_bytes=100_000)
        with inbox:
            ((found,),) = inbox.fetch([5])
    assert found.truncated
    assert found.size == len(raw)
    assert len(found.raw) < 100_000


def test_a_connection_cut_in_the_middle_of_a_mail_is_unavailable() -> None:
    cut = body(1, 5, mail("five", size=1000))[:500] + DROP
    with scripted(body_answers(lambda _: cut)) as server, inbox_on(server) as inbox:
        with pytest.raises(MailboxUnavailable) as caught:
            list(inbox.fetch([5]))
        assert not caught.value.permanent


def test_a_server_that_falls_silent_is_unavailable_after_the_timeout() -> None:
    with scripted({"UID SEARCH": lambda _: b""}) as server, inbox_on(server, timeout=2.0) as inbox:
        with pytest.raises(MailboxUnavailable) as caught:
            inbox.all_uids()
        assert not caught.value.permanent


def test_the_last_mail_below_the_mark_is_not_new() -> None:
    """`n:*` names the last mail even when its UID is smaller than n."""
    with (
        scripted({"UID SEARCH": lambda call: b"* SEARCH 41\r\n" + call.ok()}) as server,
        inbox_on(server) as inbox,
    ):
        assert inbox.uids_above(41) == []
        assert inbox.uids_above(40) == [41]


def test_a_search_answered_in_several_lines_is_one_answer() -> None:
    lines = b"* SEARCH 9 3\r\n* SEARCH 12 (MODSEQ 917 )\r\n"
    with scripted({"UID SEARCH": lambda call: lines + call.ok()}) as server, inbox_on(server) as inbox:
        assert inbox.all_uids() == [3, 9, 12]


def test_searches_name_uid_ranges_and_nothing_else() -> None:
    with (
        scripted({"UID SEARCH": lambda call: b"* SEARCH\r\n" + call.ok()}) as server,
        inbox_on(server) as inbox,
    ):
        inbox.uids_above(7)
        inbox.all_uids()
        searches = [call.arguments for call in server.calls if call.name == "UID SEARCH"]
    assert searches == ["UID 8:*", "UID 1:*"]


def unsafe_login(call: Call) -> bytes:
    """NetEase (163, 126): nothing may be selected by a client that has not said who it is."""
    if "ID" not in call.before:
        return call.no("SELECT Unsafe Login. Please contact kefu@188.com for help")
    return b"* 0 EXISTS\r\n* OK [UIDVALIDITY 7] valid\r\n" + call.ok()


def test_id_comes_between_login_and_select_where_it_is_advertised() -> None:
    server = ScriptedImap({"SELECT": unsafe_login}, capabilities="", after_login="ID")
    with server, inbox_on(server) as inbox:
        assert inbox.uidvalidity == 7
    names = server.names()
    assert names.index("LOGIN") < names.index("ID") < names.index("SELECT")


@pytest.mark.parametrize(
    ("words", "permanent"),
    [
        ("[AUTHENTICATIONFAILED] invalid credentials", True),
        ("Login fail. Please use the authorization code", True),
        ("[UNAVAILABLE] temporary failure", False),
        ("[ALERT] Too many simultaneous connections.", False),
        ("login frequency limited, try again later", False),
    ],
)
def test_a_refused_login_is_permanent_unless_the_server_says_it_passes(words: str, permanent: bool) -> None:
    server = ScriptedImap({"LOGIN": lambda call: call.no(words)})
    with server, pytest.raises(MailboxUnavailable) as caught, inbox_on(server):
        pass
    assert caught.value.permanent is permanent


def test_a_greeting_that_says_goodbye_is_no_refusal() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def turn_away() -> None:
            connection, _ = listener.accept()
            connection.sendall(b"* BYE too many connections\r\n")
            connection.close()

        threading.Thread(target=turn_away, daemon=True).start()
        inbox = Inbox(settings_for("127.0.0.1", listener.getsockname()[1]))
        with pytest.raises(MailboxUnavailable) as caught:
            inbox.connect()
    assert not caught.value.permanent


def test_missing_folders_are_made_and_those_that_stand_are_left_alone() -> None:
    made: list[str] = []

    def listing(call: Call) -> bytes:
        there = b'* LIST () "/" Processed\r\n' if "Processed" in call.arguments else b""
        return there + call.ok()

    def create(call: Call) -> bytes:
        made.append(call.arguments)
        return call.ok()

    with scripted({"LIST": listing, "CREATE": create}) as server, inbox_on(server):
        pass
    assert made == ['"&lpSW4g-"']  # 隔離


def test_a_move_is_one_command_where_the_server_has_it() -> None:
    with (
        scripted({"UID SEARCH": lambda call: b"* SEARCH 5 6\r\n" + call.ok()}) as server,
        inbox_on(server) as inbox,
    ):
        inbox.move([6, 5], "Processed")
    uid_commands = [(call.name, call.arguments) for call in server.calls if call.name.startswith("UID ")]
    assert uid_commands == [("UID MOVE", '5:6 "Processed"')]


def test_without_move_only_our_own_mails_are_expunged() -> None:
    search = {"UID SEARCH": lambda call: b"* SEARCH 5\r\n" + call.ok()}
    with scripted(search, capabilities="UIDPLUS") as server, inbox_on(server) as inbox:
        inbox.move([5, 6], "Processed")
    uid_commands = [(call.name, call.arguments) for call in server.calls if call.name.startswith("UID ")]
    assert uid_commands == [
        ("UID SEARCH", "UID 5:6"),
        ("UID COPY", '5 "Processed"'),
        ("UID STORE", r"5 +FLAGS.SILENT (\Deleted)"),
        ("UID EXPUNGE", "5"),
    ]
    assert "EXPUNGE" not in server.names()
    assert "CLOSE" not in server.names()


def test_a_refused_move_says_why() -> None:
    script: dict[str, Answer] = {
        "UID MOVE": lambda call: call.no("[OVERQUOTA] mailbox full"),
        "UID SEARCH": lambda call: b"* SEARCH 5\r\n" + call.ok(),
    }
    with (
        scripted(script) as server,
        inbox_on(server) as inbox,
        pytest.raises(MailboxUnavailable, match="mailbox full"),
    ):
        inbox.move([5], "Processed")


def idling(first: bytes, *, done: bytes = b"") -> dict[str, Answer]:
    """A script in which IDLE is answered with `first`, and DONE with `done` and the tagged line."""
    tags: list[str] = []

    def idle(call: Call) -> bytes:
        tags.append(call.tag)
        return first

    return {"IDLE": idle, "DONE": lambda _: done + f"{tags[-1]} OK idled\r\n".encode()}


@pytest.mark.parametrize(
    "first",
    [
        b"+ idling\r\n* 3 EXISTS\r\n",
        b"* 3 EXISTS\r\n+ idling\r\n",
        b"+ idling\r\n* OK still here\r\n* 3 EXISTS\r\n",
    ],
    ids=["in the same segment", "before the plus", "behind a sign of life"],
)
def test_mail_announced_with_the_start_of_idle_is_heard(first: bytes) -> None:
    with scripted(idling(first)) as server, inbox_on(server) as inbox:
        inbox.all_uids()
        with no_endless_wait():
            assert inbox.wait(threading.Event(), 300)


def test_a_line_in_two_segments_is_one_line() -> None:
    with scripted(idling(b"+ idling\r\n")) as server, inbox_on(server) as inbox:
        inbox.all_uids()
        threading.Thread(target=in_two_segments, args=(server,), daemon=True).start()
        with no_endless_wait():
            assert inbox.wait(threading.Event(), 300)


def in_two_segments(server: ScriptedImap) -> None:
    eventually(lambda: "IDLE" in server.answered)
    server.push(b"* 3 EX")
    time.sleep(0.3)  # or else they would come as one
    server.push(b"ISTS\r\n")


def test_mail_announced_with_the_end_of_idle_is_heard() -> None:
    with scripted(idling(b"+ idling\r\n", done=b"* 3 EXISTS\r\n")) as server, inbox_on(server) as inbox:
        inbox.all_uids()
        assert inbox.wait(threading.Event(), 0.2)


def test_changed_flags_do_not_wake_the_wait() -> None:
    chatter = rb"* 1 FETCH (FLAGS (\Seen))" + b"\r\n* 2 RECENT\r\n"
    with scripted(idling(b"+ idling\r\n" + chatter)) as server, inbox_on(server) as inbox:
        inbox.all_uids()
        assert not inbox.wait(threading.Event(), 0.3)


def test_mail_announced_during_a_move_is_not_slept_over() -> None:
    moved: dict[str, Answer] = {"UID MOVE": lambda call: b"* 4 EXISTS\r\n" + call.ok()}
    with scripted({**idling(b"+ idling\r\n"), **moved}) as server, inbox_on(server) as inbox:
        inbox.all_uids()
        inbox.move([5], "Processed")
        with no_endless_wait():
            assert inbox.wait(threading.Event(), 300)


def test_mail_announced_during_a_move_is_not_slept_over_without_idle() -> None:
    moved: dict[str, Answer] = {"UID MOVE": lambda call: b"* 4 EXISTS\r\n" + call.ok()}
    with scripted(moved) as server, inbox_on(server, idle=False) as inbox:
        inbox.all_uids()
        inbox.move([5], "Processed")
        with no_endless_wait():
            assert inbox.wait(threading.Event(), 300)


def test_a_server_that_refuses_to_idle_is_polled() -> None:
    with scripted({"IDLE": lambda call: call.no("not now")}) as server, inbox_on(server) as inbox:
        inbox.all_uids()
        assert not inbox.wait(threading.Event(), 0.1)
        assert not inbox.wait(threading.Event(), 0.1)
        assert server.names().count("IDLE") == 1
        assert inbox.all_uids() == []


def test_a_connection_dropped_in_idle_is_unavailable_at_once() -> None:
    with scripted(idling(b"+ idling\r\n* BYE shutting down\r\n" + DROP)) as server, inbox_on(server) as inbox:
        inbox.all_uids()
        with no_endless_wait(), pytest.raises(MailboxUnavailable):
            inbox.wait(threading.Event(), 300)


def test_closing_a_dead_connection_raises_nothing() -> None:
    with scripted({"LOGOUT": lambda _: DROP}) as server:
        inbox = inbox_on(server)
        inbox.connect()
        inbox.close()
        inbox.close()


def test_an_error_inside_is_not_hidden_by_the_logout() -> None:
    with (
        scripted({"LOGOUT": lambda _: DROP}) as server,
        pytest.raises(RuntimeError, match="the first error"),
        inbox_on(server),
    ):
        raise RuntimeError("the first error")


def test_a_uidvalidity_that_changes_under_us_ends_the_connection() -> None:
    search = {"UID SEARCH": lambda call: b"* OK [UIDVALIDITY 8] new\r\n* SEARCH 1\r\n" + call.ok()}
    with (
        scripted(search) as server,
        inbox_on(server) as inbox,
        pytest.raises(MailboxUnavailable, match="UIDVALIDITY"),
    ):
        inbox.all_uids()


def test_a_folder_without_lasting_uids_is_refused() -> None:
    select = {"SELECT": lambda call: b"* 0 EXISTS\r\n" + call.ok()}
    with scripted(select) as server, pytest.raises(MailboxUnavailable) as caught, inbox_on(server):
        pass
    assert caught.value.permanent
