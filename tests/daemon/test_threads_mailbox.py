"""What went wrong with mailboxes elsewhere does not go wrong here; each test names the thread it comes from.

The intake's own fetching works on a real Dovecot, or on a scripted server for what no real one does on demand.
"""

import imaplib
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from email.message import EmailMessage

import pytest

from daemon.arriving import Arrived, Arriving
from daemon.channel import Channel
from daemon.fetching import COMPARE_EVERY, Fetching
from daemon.ledger import MailState
from mailer.inbox import MailboxUnavailable
from tests.daemon.office import CARE, MAILBOX, NINE, Office, complaint, mail, to
from tests.guards import PATIENCE, eventually
from tests.servers.dovecot import PROGRAM, Dovecot
from tests.servers.mailbox import settings_for
from tests.servers.scripted_imap import Answer, Call, ScriptedImap, body

PASSWORD = "secret"
needs_dovecot = pytest.mark.skipif(
    PROGRAM is None, reason="dovecot is not installed (apt-get install dovecot-imapd)"
)


@pytest.fixture
def dovecot() -> Iterator[Dovecot]:
    with Dovecot({MAILBOX: PASSWORD}) as server:
        yield server


def fetching(office: Office, port: int, **changes: object) -> Fetching:
    return Fetching(office.docket, office.intake, settings_for("127.0.0.1", port, **changes), office.clock)


@pytest.fixture
def fetch(office: Office, dovecot: Dovecot) -> Iterator[Fetching]:
    opened = fetching(office, dovecot.port)
    yield opened
    opened.hang_up()


def form(name: str) -> EmailMessage:
    """A mail with a customer's complaint."""
    own = {"customer_phone": f"09{ord(name):08d}", "plate_no": f"{name}-{ord(name)}", "vin": None}
    return mail(files={f"{name}.xlsx": complaint(customer_name=f"{name}先生", **own)})


def customers(office: Office) -> str:
    return "".join(sorted(str(case.facts.get("customer_name"))[0] for case in office.cases()))


# ---------------------------------------------------------------- numbers that begin anew


@needs_dovecot
def test_paperless_ngx_8944_and_8939_uidvalidity_changes_and_new_mail_under_an_old_number_is_taken(
    office: Office, dovecot: Dovecot, fetch: Fetching
) -> None:
    dovecot.deliver(MAILBOX, form("甲").as_bytes())
    assert fetch.round() == 1
    fetch.hang_up()
    dovecot.kill()
    dovecot.renumber(MAILBOX)  # the mailbox was made anew: numbers begin at 1 again
    dovecot.deliver(MAILBOX, form("乙").as_bytes())
    dovecot.start()

    assert fetch.round() == 1
    assert customers(office) == "乙甲"
    first, second = office.ledger.mail(1), office.ledger.mail(2)
    assert first.uid == second.uid == 1
    assert first.uidvalidity != second.uidvalidity


@needs_dovecot
def test_paperless_ngx_8944_a_restored_mailbox_opens_no_case_twice(
    office: Office, dovecot: Dovecot, fetch: Fetching
) -> None:
    """UIDVALIDITY changes while taken mails lie in the inbox still: they come again, and are known."""
    raw = form("甲").as_bytes()
    dovecot.deliver(MAILBOX, raw)
    fetch.round()
    fetch.hang_up()
    dovecot.kill()
    dovecot.renumber(MAILBOX)
    dovecot.deliver(MAILBOX, raw)  # the backup put it back
    dovecot.start()
    assert fetch.round() == 1
    assert customers(office) == "甲"


@needs_dovecot
def test_paperless_ngx_10080_another_account_with_the_same_numbers_is_read_from_the_start(
    office: Office, dovecot: Dovecot, fetch: Fetching
) -> None:
    dovecot.deliver(MAILBOX, form("甲").as_bytes())
    fetch.round()
    time.sleep(1.1)  # Dovecot's UIDVALIDITY is a time in seconds
    with Dovecot({"other@example.com": PASSWORD}) as another:
        another.deliver("other@example.com", form("乙").as_bytes())
        moved = fetching(office, another.port, username="other@example.com")
        assert moved.round() == 1
        moved.hang_up()
    assert customers(office) == "乙甲"


# ---------------------------------------------------------------- two rounds at a time


@needs_dovecot
def test_paperless_ngx_9436_and_13336_overlapping_rounds_take_a_mail_once(
    office: Office, dovecot: Dovecot
) -> None:
    for name in "甲乙丙丁":
        dovecot.deliver(MAILBOX, form(name).as_bytes())
    pair = [fetching(office, dovecot.port), fetching(office, dovecot.port)]
    first_inbox, second_inbox = pair[0]._connected(), pair[1]._connected()
    # Both have looked before either has stored or moved anything.
    first, second = (list(one.fetch(one.all_uids())) for one in (first_inbox, second_inbox))
    for one, batches in zip(pair, (first, second), strict=True):
        for batch in batches:
            one._store([Arrived.ready(raw) for raw in batch])
        office.intake.take_waiting()
        one.file()
        one.hang_up()
    assert customers(office) == "丁丙乙甲"
    assert len(dovecot.messages(MAILBOX, "Processed")) == 4
    assert dovecot.messages(MAILBOX) == []


# ---------------------------------------------------------------- moved only when it is safe


@needs_dovecot
def test_paperless_ngx_2396_parsedmarc_242_and_367_nothing_is_moved_before_it_is_stored(
    office: Office, dovecot: Dovecot, fetch: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver(MAILBOX, form("甲").as_bytes())

    def disk_full(*_: object, **__: object) -> int:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr("daemon.ledger.entry.intake.store_mails", disk_full)
        with pytest.raises(OSError, match="No space"):
            fetch.round()
    fetch.hang_up()
    assert len(dovecot.messages(MAILBOX)) == 1
    assert dovecot.messages(MAILBOX, "Processed") == []
    assert dovecot.flags(MAILBOX) == [""]

    assert fetch.round() == 1
    assert customers(office) == "甲"
    assert len(dovecot.messages(MAILBOX, "Processed")) == 1


@needs_dovecot
def test_parsedmarc_242_a_mail_stored_but_not_taken_in_stays_where_it_is(
    office: Office, dovecot: Dovecot, fetch: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    dovecot.deliver(MAILBOX, form("甲").as_bytes())
    with monkeypatch.context() as broken:
        # as if killed between the two commits
        broken.setattr(office.intake, "take_waiting", lambda _, arriving: arriving.store(wait=True))
        fetch.round()
    assert len(dovecot.messages(MAILBOX)) == 1
    assert fetch.round() == 0
    assert customers(office) == "甲"
    assert dovecot.messages(MAILBOX) == []


# ---------------------------------------------------------------- not again and again


@needs_dovecot
def test_paperless_ngx_pr_13173_and_osticket_5645_a_mail_that_yields_nothing_is_fetched_once(
    office: Office, dovecot: Dovecot, fetch: Fetching
) -> None:
    dovecot.deliver(MAILBOX, mail(text="謝謝", subject="thanks").as_bytes())
    dovecot.deliver(MAILBOX, mail("stranger@elsewhere.example", text="buy").as_bytes())
    fetched = [fetch.round() for _ in range(COMPARE_EVERY + 2)]
    assert fetched == [2] + [0] * (COMPARE_EVERY + 1)


def test_osticket_5645_a_mail_the_server_will_not_move_is_fetched_once(office: Office) -> None:
    """Fetched, taken in, and the move is refused: it stays in the inbox and is no new mail in any round."""
    server, bodies = stubborn(unmovable=True)
    with server:
        fetch = fetching(office, server.port)
        fetched = [fetch.round() for _ in range(COMPARE_EVERY + 2)]
        fetch.hang_up()
    assert fetched[0] == 2
    assert not any(fetched[1:])
    assert sorted(bodies) == [1, 2]
    assert customers(office) == "乙甲"


def test_osticket_5645_neither_where_mails_can_only_be_copied(office: Office) -> None:
    """No MOVE, no UIDPLUS (QQ): the mail stays, flagged; a new connection does not take it for new."""
    server, bodies = stubborn(capabilities="ID")
    with server:
        for _ in range(3):
            fetch = fetching(office, server.port)
            fetch.round()
            fetch.hang_up()
    assert sorted(bodies) == [1, 2]
    assert customers(office) == "乙甲"


def stubborn(
    *, unmovable: bool = False, ungiven: int = 0, capabilities: str = "MOVE"
) -> tuple[ScriptedImap, list[int]]:
    """A server with the mails 1 and 2, never any other; the bodies it was asked for, one by one."""
    mails = {1: form("甲").as_bytes(), 2: form("乙").as_bytes()}
    asked: list[int] = []

    def answer(call: Call) -> bytes:
        uids = _uids(call.arguments.split()[0])
        if "BODY.PEEK[]" not in call.arguments:
            flags = "".join(
                f"* {uid} FETCH (UID {uid} FLAGS ())\r\n" for uid in uids if "FLAGS" in call.arguments
            )
            head = b"From: staff.lin@example.com\r\nSubject: form\r\n\r\n"
            if "HEADER" in call.arguments:
                return (
                    b"* 1 FETCH (UID %d BODY[HEADER.FIELDS (FROM SUBJECT DATE)] {%d}\r\n"
                    % (
                        uids[0],
                        len(head),
                    )
                    + head
                    + b")\r\n"
                    + call.ok()
                )
            return flags.encode() + call.ok()
        given = [uid for uid in uids if uid != ungiven]
        asked.extend(given)
        end = call.no("some could not be read") if ungiven in uids else call.ok()
        return b"".join(body(uid, uid, mails[uid]) for uid in given) + end

    script: dict[str, Answer] = {
        "UID SEARCH": lambda call: b"* SEARCH 1 2\r\n" + call.ok(),
        "UID FETCH": answer,
    }
    if unmovable:
        script["UID MOVE"] = lambda call: call.no("[CANNOT] held for litigation")
    return ScriptedImap(script, capabilities=capabilities), asked


def _uids(text: str) -> list[int]:
    found: list[int] = []
    for run in text.split(","):
        first, _, last = run.partition(":")
        found += range(int(first), int(last or first) + 1)
    return found


# ---------------------------------------------------------------- one bad mail and all the others

BAD_MAILS = {
    "no header at all": b"\x00\xff\xfe" * 400,
    "a header that never ends": b"Subject: " + b"x" * 200_000,
    "no boundary": b"From: staff.lin@example.com\r\nContent-Type: multipart/mixed\r\n\r\n--x\r\n",
    "an address that is none": b'From: <""@syma.com.br>\r\nTo: <>\r\nReturn-Path: <>\r\n\r\nx',
    "an unknown charset": b"From: staff.lin@example.com\r\nContent-Type: text/plain; charset=klingon\r\n\r\n\xb5\xd8",
    "a base64 that is none": b"From: staff.lin@example.com\r\nContent-Type: application/vnd.ms-excel\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\n!!!!",
    "an empty message": b"\r\n",
}


@needs_dovecot
def test_paperless_ng_404_freescout_4740_4624_and_glpi_24200_one_defective_mail_stops_hides_and_loops_nothing(
    office: Office, dovecot: Dovecot, fetch: Fetching
) -> None:
    for raw in BAD_MAILS.values():
        dovecot.deliver(MAILBOX, raw)
    for name in "甲乙":
        dovecot.deliver(MAILBOX, form(name).as_bytes())

    assert fetch.round() == len(BAD_MAILS) + 2
    assert customers(office) == "乙甲"
    assert dovecot.messages(MAILBOX) == []
    kept = dovecot.messages(MAILBOX, "Processed") + dovecot.messages(MAILBOX, "Quarantine")
    assert len(kept) == len(BAD_MAILS) + 2
    assert [fetch.round() for _ in range(COMPARE_EVERY)] == [0] * COMPARE_EVERY


@needs_dovecot
def test_freescout_4740_a_mail_that_breaks_the_intake_itself_is_set_aside_and_told(
    office: Office, dovecot: Dovecot, fetch: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    settle = office.intake._settle

    def fragile(entry: object, stored_mail: object, reading: object) -> None:
        if "poison" in reading.message.subject:  # type: ignore[attr-defined]
            raise RecursionError("too deep")
        settle(entry, stored_mail, reading)  # type: ignore[arg-type]

    monkeypatch.setattr(office.intake, "_settle", fragile)
    dovecot.deliver(MAILBOX, form("甲").as_bytes())
    dovecot.deliver(MAILBOX, mail(subject="poison").as_bytes())
    dovecot.deliver(MAILBOX, form("乙").as_bytes())
    assert fetch.round() == 3
    assert customers(office) == "乙甲"
    assert len(dovecot.messages(MAILBOX, "Quarantine")) == 1
    (aside,) = office.ledger.quarantine()
    assert aside.state is MailState.QUARANTINED
    assert to(office.post(), CARE, "form-problems")


@needs_dovecot
def test_glpi_24200_a_mail_the_store_cannot_read_hides_no_other(
    office: Office, dovecot: Dovecot, fetch: Fetching
) -> None:
    """A file of Dovecot's own store that cannot be opened: it answers NO for the batch, or drops the connection."""
    for name in "甲乙丙":
        dovecot.deliver(MAILBOX, form(name).as_bytes())
    broken = sorted((dovecot.maildir(MAILBOX) / "new").iterdir())[1]
    content = broken.read_bytes()
    broken.unlink()
    broken.symlink_to(broken)  # nobody, root included, can open this
    for _ in range(4):
        try:
            fetch.round()
        except MailboxUnavailable:
            fetch.hang_up()
    assert {"甲", "丙"} <= set(customers(office))
    (broken,) = dovecot.maildir(MAILBOX).glob(f"*/{broken.name}*")  # Dovecot has given it its flags meanwhile
    broken.unlink()
    broken.write_bytes(content)
    if os.getuid() == 0:
        shutil.chown(broken, "nobody", "nogroup")
    for _ in range(COMPARE_EVERY + 1):
        try:
            fetch.round()
        except MailboxUnavailable:
            fetch.hang_up()
    assert customers(office) == "丙乙甲"


def test_freescout_4624_a_mail_the_server_will_not_give_is_told_to_customer_care_once_and_taken_when_it_comes(
    office: Office,
) -> None:
    server, _ = stubborn(ungiven=2)
    with server:
        fetch = fetching(office, server.port)
        for _ in range(3):
            fetch.round()
        assert customers(office) == "甲"
        told = to(office.post(), CARE, "form-problems")
        assert told == []  # it may be a matter of minutes
        office.clock.forward(minutes=11)
        for _ in range(3):
            fetch.round()
        fetch.hang_up()
        again = fetching(office, server.port)  # a restart
        for _ in range(3):
            again.round()
            office.clock.forward(minutes=11)
        again.hang_up()
    (notice,) = to(office.post(), CARE, "form-problems")
    assert "staff.lin@example.com" in notice.text
    assert "郵件伺服器列出這封郵件" in notice.text

    server, _ = stubborn()
    with server:
        healed = fetching(office, server.port)
        healed.round()
        healed.hang_up()
    assert customers(office) == "乙甲"


def test_glpi_24200_a_mail_that_will_not_move_keeps_no_other_from_moving(office: Office) -> None:
    moved: list[str] = []

    def move(call: Call) -> bytes:
        uids = call.arguments.split()[0]
        if 2 in _uids(uids):
            return call.no("[CANNOT] corrupt")
        moved.append(uids)
        return call.ok()

    server, _ = stubborn()
    server._script["UID MOVE"] = move
    with server:
        fetch = fetching(office, server.port)
        fetch.round()
        fetch.round()
        fetch.hang_up()
    assert moved == ["1"]
    assert customers(office) == "乙甲"


# ---------------------------------------------------------------- connections that end


@needs_dovecot
def test_parsedmarc_211_and_163_a_server_gone_for_several_tries_ends_nothing(
    office: Office, dovecot: Dovecot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.channel.backoff", lambda _attempt, _random: 0.1)
    stop = threading.Event()
    fetch = fetching(office, dovecot.port)

    def work() -> None:
        fetch.round(stop.is_set)
        fetch.wait(stop)

    dovecot.deliver(MAILBOX, form("甲").as_bytes())
    channel = Channel("intake", work, stop, fetch.hang_up)
    channel.start()
    try:
        eventually(lambda: customers(office) == "甲")
        dovecot.kill()  # in the middle of IDLE
        eventually(lambda: channel.failures >= 3)  # connecting anew failed too, again and again
        dovecot.deliver(MAILBOX, form("乙").as_bytes())
        dovecot.start()
        eventually(lambda: customers(office) == "乙甲")
        assert channel.is_alive()
    finally:
        stop.set()
        channel.join(PATIENCE)
    assert not channel.is_alive()


@needs_dovecot
def test_parsedmarc_219_a_connection_lost_during_a_long_parse_costs_nothing(
    office: Office, dovecot: Dovecot, fetch: Fetching, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The server hangs up while a mail is being read: the move afterwards fails, and is done by the next round."""
    take = office.intake.take_waiting

    def long_parse(stopped: Callable[[], bool], arriving: Arriving) -> int:
        taken = take(stopped, arriving)
        dovecot.restart()
        return taken

    dovecot.deliver(MAILBOX, form("甲").as_bytes())
    with monkeypatch.context() as slow:
        slow.setattr(office.intake, "take_waiting", long_parse)
        with pytest.raises(MailboxUnavailable):
            fetch.round()
    assert customers(office) == "甲"
    fetch.hang_up()

    assert fetch.round() == 0
    assert dovecot.messages(MAILBOX) == []
    assert len(dovecot.messages(MAILBOX, "Processed")) == 1
    assert customers(office) == "甲"


# ---------------------------------------------------------------- what is announced


def test_imapclient_441_the_new_mail_is_taken_though_the_first_look_shows_the_old_one(office: Office) -> None:
    searches = iter([b"* SEARCH 1\r\n", b"* SEARCH 1\r\n", b"* SEARCH 1 2\r\n"])
    server, asked = stubborn()
    server._script["UID SEARCH"] = lambda call: next(searches, b"* SEARCH 1 2\r\n") + call.ok()
    with server:
        fetch = fetching(office, server.port)
        assert [fetch.round() for _ in range(3)] == [1, 0, 1]
        fetch.hang_up()
    assert asked == [1, 2]


def test_freescout_3203_exchanges_notice_opens_no_case_and_hides_no_mail(office: Office) -> None:
    stub = (
        b"From: <microsoft@unknown>\r\nSubject: Retrieval using the IMAP4 protocol failed for the following message: 2"
        b"\r\n\r\nThe server couldn't retrieve the following message:\r\n"
    )
    mails = {1: form("甲").as_bytes(), 2: stub}
    script: dict[str, Answer] = {
        "UID SEARCH": lambda call: b"* SEARCH 1 2\r\n" + call.ok(),
        "UID FETCH": lambda call: (
            (
                b"".join(body(uid, uid, mails[uid]) for uid in _uids(call.arguments.split()[0]))
                if "BODY.PEEK[]" in call.arguments
                else b""
            )
            + call.ok()
        ),
    }
    with ScriptedImap(script, capabilities="MOVE") as server:
        fetch = fetching(office, server.port)
        fetch.round()
        assert customers(office) == "甲"
        assert office.ledger.quarantine() == []
        mails[2] = form("乙").as_bytes()  # Exchange has mended it
        fetch.round()
        fetch.hang_up()
    assert customers(office) == "乙甲"


@needs_dovecot
def test_mail_others_have_read_or_flagged_is_taken_all_the_same(
    office: Office, dovecot: Dovecot, fetch: Fetching
) -> None:
    dovecot.deliver(MAILBOX, form("甲").as_bytes(), received_at=NINE)
    somebody = imaplib.IMAP4(dovecot.host, dovecot.port, timeout=5)
    somebody.login(MAILBOX, PASSWORD)
    somebody.select()
    somebody.uid("STORE", "1", "+FLAGS", r"(\Seen \Answered \Flagged)")
    somebody.logout()
    assert fetch.round() == 1
    assert customers(office) == "甲"
