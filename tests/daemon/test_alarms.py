"""The second channel: what is out of order is told once it has lasted, daily while it lasts, and when it is over."""

import json
import logging
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from daemon.alarm_notices import ShortNotices
from daemon.alarm_urls import urls_of
from daemon.alarms import AGAIN, Alarms, Standing, follow
from daemon.bootstrap import build
from daemon.channel import Channel
from daemon.cli import main
from daemon.config import AlarmsSection, load_config
from daemon.errors import ConfigurationError
from daemon.health import CARE, MAILBOX, SMTP, Health
from daemon.ledger import LedgerUnavailable
from daemon.loop import Loop, run_once
from daemon.outbox import Outbox
from daemon.site import load_site
from daemon.troubles import Look, Trouble, Watch, same
from mailer.chat import Chat, Outcome
from mailer.inbox import MailboxUnavailable
from mailer.smtp import Postman, SmtpSettings
from rules.locales import Locale
from tests.daemon.office import CARE as CARE_ADDRESS
from tests.daemon.office import SERVICE_MANAGER, Office, complaint, mail, to, write_config
from tests.guards import eventually, no_endless_wait
from tests.mailer.inbound import bounced
from tests.servers.loopback import HOST, free_port
from tests.servers.smtp import DROP, RecordingSmtp
from tests.servers.webhook import Webhook

NOW = datetime(2026, 11, 23, 9, 0, tzinfo=UTC)
MINUTE, TEN = timedelta(minutes=1), timedelta(minutes=10)
DOWN = Look((Trouble("smtp", "smtp", same("no answer")),), frozenset())
UP = Look((), frozenset({"smtp"}))
UNKNOWN = Look((), frozenset())


class Notebook:
    """A line that writes down what it is told; `reached` as `mailer.chat.Chat` tells it."""

    def __init__(self) -> None:
        self.texts: list[tuple[str, str]] = []
        self.works = True

    def send(self, title: str, body: str) -> Outcome:
        if self.works:
            self.texts.append((title, body))
        return Outcome(("json",), ()) if self.works else Outcome((), ("json",))


@pytest.fixture
def notebook() -> Notebook:
    return Notebook()


@pytest.fixture
def health() -> Health:
    return Health()


def alarms(office: Office, health: Health, line: object) -> Alarms:
    watch = Watch(lambda: office.docket.site, office.ledger, health)
    return Alarms(lambda: office.docket.site, office.ledger, office.clock, watch.look, line)  # type: ignore[arg-type]


def told(notebook: Notebook) -> list[str]:
    return [line for _, body in notebook.texts for line in body.splitlines()]


# ---------------------------------------------------------------- when it speaks (pure)


def test_a_trouble_is_told_once_it_has_lasted_and_not_before() -> None:
    standing, sayings = follow({}, DOWN, NOW, TEN)
    assert (standing["smtp"].since, sayings) == (NOW, [])
    standing, sayings = follow(standing, DOWN, NOW + TEN - timedelta(seconds=1), TEN)
    assert sayings == []
    _, (saying,) = follow(standing, DOWN, NOW + TEN, TEN)
    assert (saying.key, saying.standing.since) == ("smtp", NOW)


def test_what_passes_before_it_was_told_is_never_told() -> None:
    standing, _ = follow({}, DOWN, NOW, TEN)
    assert follow(standing, UP, NOW + MINUTE, TEN) == ({}, [])


def test_what_a_person_must_mend_is_told_after_a_minute() -> None:
    refused = Look((Trouble("mailbox", "mailbox", same("wrong password"), at_once=True),), frozenset())
    standing, sayings = follow({}, refused, NOW, TEN)
    assert sayings == []
    assert len(follow(standing, refused, NOW + MINUTE, TEN)[1]) == 1


def test_it_is_repeated_daily_and_its_end_is_told() -> None:
    known = {"smtp": Standing("smtp", NOW, told=NOW + TEN)}
    assert follow(known, DOWN, NOW + TEN + AGAIN - MINUTE, TEN)[1] == []
    assert len(follow(known, DOWN, NOW + TEN + AGAIN, TEN)[1]) == 1
    standing, (saying,) = follow(known, UP, NOW + AGAIN, TEN)
    assert saying.trouble is None
    assert standing["smtp"].over, "until it was said"


def test_nobody_knows_after_a_start_whether_it_is_over() -> None:
    known = {"smtp": Standing("smtp", NOW, told=NOW)}
    assert follow(known, UNKNOWN, NOW + MINUTE, TEN) == (known, [])


def test_a_clock_that_is_put_back_does_not_silence_it() -> None:
    known = {"smtp": Standing("smtp", NOW + 365 * AGAIN)}
    standing, _ = follow(known, DOWN, NOW, TEN)
    assert len(follow(standing, DOWN, NOW + TEN, TEN)[1]) == 1


# ---------------------------------------------------------------- what it says, and how often


def test_mail_that_is_down_is_told_where_mail_does_not_matter(
    office: Office, health: Health, notebook: Notebook
) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    nobody = Postman(SmtpSettings(HOST, free_port(), "plain", timeout=60))
    channel = alarms(office, health, notebook)
    with closing(Outbox(office.docket, nobody, office.clock, health=health)) as outbox:
        for _ in range(12):
            outbox.send_due()
            channel.round()
            office.clock.forward(minutes=1)
    (text,) = notebook.texts
    assert text[0] == "[kesu main] 警報"
    assert text[1].startswith("郵件寄不出去（自 11-23 09:00 起）：")
    with RecordingSmtp() as smtp:
        back = Postman(SmtpSettings(smtp.host, smtp.port, "plain", timeout=60))
        with closing(Outbox(office.docket, back, office.clock, health=health)) as outbox:
            office.clock.forward(minutes=31)
            outbox.send_due()
            channel.round()
            channel.round()
    assert notebook.texts[1:] == [("[kesu main] 警報", "已恢復：郵件寄不出去（自 11-23 09:00 起）")]


def test_a_restart_neither_repeats_nor_forgets_what_was_told(
    office: Office, health: Health, notebook: Notebook
) -> None:
    health.ill(MAILBOX, "login refused", permanent=True)
    alarms(office, health, notebook).round()
    office.clock.forward(minutes=2)
    for _ in range(3):
        alarms(office, health, notebook).round()
    assert told(notebook) == ["收信信箱連不上（自 11-23 09:00 起）：login refused"]
    fresh = Health()
    alarms(office, fresh, notebook).round()
    assert len(notebook.texts) == 1, "nobody knows yet"
    fresh.well(MAILBOX)
    alarms(office, fresh, notebook).round()
    assert told(notebook)[1] == "已恢復：收信信箱連不上（自 11-23 09:00 起）"


def test_what_nobody_took_is_said_again_until_somebody_does(
    office: Office, health: Health, notebook: Notebook
) -> None:
    health.ill(SMTP, "no answer")
    channel = alarms(office, health, notebook)
    channel.round()
    office.clock.forward(minutes=10)
    notebook.works = False
    assert not channel.round()
    notebook.works = True
    assert channel.round()
    assert len(notebook.texts) == 1
    health.well(SMTP)
    notebook.works = False
    channel.round()
    notebook.works = True
    channel.round()
    assert len(notebook.texts) == 2


def test_mail_to_customer_care_that_comes_back_is_told_where_mail_does_not_matter(
    office: Office, health: Health, notebook: Notebook
) -> None:
    office.receive(mail("someone@elsewhere.example", "offer", "offer"))
    (notice,) = to(office.post(), CARE_ADDRESS)
    office.receive(bounced.postfix(str(notice.message["Message-ID"]), CARE_ADDRESS))
    assert office.post() == [], "mail cannot tell that mail does not arrive"
    for _ in range(3):
        health.well("care")  # the server goes on taking what comes back later
        alarms(office, health, notebook).round()
        office.clock.forward(minutes=1)
    (line,) = told(notebook)
    assert line.startswith("客戶關愛部收不到郵件（自 11-23 09:00 起）：")
    assert "User unknown" in line
    office.clock.forward(days=7)
    alarms(office, health, notebook).round()
    assert told(notebook)[1:] == ["已恢復：客戶關愛部收不到郵件（自 11-23 09:00 起）"]


def test_one_mail_that_a_server_would_not_take_is_over_once_it_takes_the_next(
    office: Office, health: Health, notebook: Notebook
) -> None:
    office.receive(mail("someone@elsewhere.example", "offer", "offer"))
    (refused,) = office.ledger.outbox_lease(office.clock.now(), timedelta(minutes=5), 1)
    office.docket.undeliverable(refused, "550 5.7.1 looks like spam", office.clock.now())
    health.well(CARE)
    for _ in range(3):
        alarms(office, health, notebook).round()
        office.clock.forward(minutes=1)
    assert notebook.texts == []


def test_a_colleague_whose_mail_comes_back_is_no_trouble_of_the_house(
    office: Office, health: Health, notebook: Notebook
) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    (notice,) = to(office.post(), SERVICE_MANAGER, "assignment")
    office.receive(bounced.postfix(str(notice.message["Message-ID"]), SERVICE_MANAGER))
    for _ in range(3):
        alarms(office, health, notebook).round()
        office.clock.forward(minutes=1)
    assert notebook.texts == []


def test_it_speaks_the_sites_language(office: Office, health: Health, notebook: Notebook) -> None:
    office.configure(locale=Locale.EN)
    health.ill(SMTP, "no answer")
    channel = alarms(office, health, notebook)
    channel.round()
    office.clock.forward(minutes=10)
    channel.round()
    office.clock.forward(days=1)
    channel.round()
    assert told(notebook) == [
        "No mail can be sent (since 11-23 09:00): no answer",
        "Still so: No mail can be sent (since 11-23 09:00): no answer",
    ]


def test_it_speaks_although_the_ledger_cannot_be_used(
    office: Office, health: Health, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise LedgerUnavailable("disk I/O error")

    channel = alarms(office, health, notebook)
    for name in ("outbox_waiting", "mark_value", "writing"):
        monkeypatch.setattr(office.ledger, name, broken)
    channel.round()
    office.clock.forward(minutes=10)
    channel.round()
    channel.round()
    assert told(notebook) == ["帳本無法使用（自 11-23 09:00 起）：disk I/O error"]


def test_a_ledger_locked_by_somebody_is_told_too(office: Office, health: Health, notebook: Notebook) -> None:
    channel = alarms(office, health, notebook)
    office.ledger.close()
    with closing(sqlite3.connect(office.ledger.path)):
        channel.round()
        office.clock.forward(minutes=10)
        channel.round()
    assert told(notebook)[0].startswith("帳本無法使用")


def test_a_channel_that_ended_and_one_that_always_fails_are_told(office: Office, notebook: Notebook) -> None:
    stop = threading.Event()

    def fail() -> None:
        raise KeyError("a customer's name")

    def fine() -> None:
        stop.wait(0.01)

    def cut_off() -> None:
        raise MailboxUnavailable("no answer", permanent=False)

    works = {"lapses": fine, "jobs": fail, "outbox": fine, "intake": cut_off}
    dead, failing, working, intake = channels = [Channel(name, work, stop) for name, work in works.items()]
    for channel in (failing, working, intake):
        channel.start()
    eventually(lambda: failing.failure and working.worked and intake.failure)
    watch = Watch(lambda: office.docket.site, office.ledger, Health())
    watch.channels = channels
    alarm = Alarms(lambda: office.docket.site, office.ledger, office.clock, watch.look, notebook)
    alarm.round()
    office.clock.forward(minutes=10)
    alarm.round()
    stop.set()
    assert not dead.is_alive()
    assert told(notebook) == [  # the mailbox tells of itself
        "程式的一部分停止運作（自 11-23 09:00 起）：lapses 已停止",
        "程式的一部分停止運作（自 11-23 09:00 起）：jobs 一再出錯（KeyError）",
    ]


def test_a_workbook_that_cannot_be_written_is_told_since_when(
    office: Office, health: Health, notebook: Notebook
) -> None:
    since = office.clock.now() - timedelta(minutes=30)
    with office.ledger.writing() as entry:
        entry.mark("workbook:unwritable", json.dumps({"since": since.isoformat(), "told": True}))
    channel = alarms(office, health, notebook)
    channel.round()
    assert told(notebook) == ["總表無法寫入（自 11-23 08:30 起）：無法寫入 master.xlsx"]
    with office.ledger.writing() as entry:
        entry.mark("workbook:unwritable", "")
    channel.round()
    assert told(notebook)[1].startswith("已恢復")


def test_mail_that_could_leave_and_does_not_is_told(
    office: Office, health: Health, notebook: Notebook
) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    office.clock.forward(minutes=10)
    alarms(office, health, notebook).round()
    assert told(notebook) == ["待寄郵件積壓（自 11-23 09:00 起）：3 封待寄"]


def test_a_full_disk_is_told(
    office: Office, health: Health, notebook: Notebook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("daemon.troubles.LEAST_FREE", 2**70)
    channel = alarms(office, health, notebook)
    channel.round()
    office.clock.forward(minutes=10)
    channel.round()
    assert told(notebook)[0].startswith("磁碟空間不足（自 11-23 09:00 起）：只剩 ")


def test_that_customer_care_cannot_be_reached_by_mail_is_told_otherwise(
    office: Office, health: Health, notebook: Notebook
) -> None:
    channel = alarms(office, health, notebook)
    with RecordingSmtp() as smtp:
        smtp.misbehave("RCPT", "550 5.1.1 no such user", when=lambda argument: CARE_ADDRESS in argument)
        postman = Postman(SmtpSettings(smtp.host, smtp.port, "plain", timeout=60))
        with closing(Outbox(office.docket, postman, office.clock, health=health)) as outbox:
            office.receive(mail(files={"f.xlsx": complaint()}))
            office.clock.forward(hours=2)
            office.lapses.run_due()
            outbox.send_due()
            assert health.is_ill(CARE)
            channel.round()
            office.clock.forward(minutes=1)
            channel.round()
            assert "客戶關愛部收不到郵件" in told(notebook)[0]
            smtp.behave()
            office.clock.forward(hours=2)
            office.lapses.run_due()
            outbox.send_due()
    assert not health.is_ill(CARE)


# ---------------------------------------------------------------- notices


def test_chosen_notices_are_told_as_a_line_for_each_case_without_the_customer(
    office: Office, notebook: Notebook
) -> None:
    path = office.folder / "config.toml"
    path.write_text(path.read_text() + '\n[alarms]\nnotices = ["escalation"]\n', encoding="utf-8")
    office.docket.adopt(load_site(path))
    notices = ShortNotices(lambda: office.docket.site, office.ledger, office.clock, notebook)
    notices.round()
    office.receive(mail(files={"f.xlsx": complaint()}))
    notices.round()
    assert notebook.texts == [], "an assignment was not chosen"
    office.clock.forward(hours=2)
    office.lapses.run_due()
    notebook.works = False
    assert not notices.round()
    notebook.works = True
    assert notices.round()
    assert notices.round()
    (text,) = notebook.texts
    assert text[0] == "[kesu main] 通知"
    number = office.case().number
    assert (
        text[1]
        == f"升級 {number} {office.site.policy.grade('level-2').title.get(Locale.ZH_HANT)} 期限 11-23 13:00"
    )
    assert "許雅婷" not in text[1]


def test_what_happened_before_notices_were_chosen_is_not_told(office: Office, notebook: Notebook) -> None:
    office.receive(mail(files={"f.xlsx": complaint()}))
    path = office.folder / "config.toml"
    path.write_text(path.read_text() + '\n[alarms]\nnotices = ["assignment"]\n', encoding="utf-8")
    office.docket.adopt(load_site(path))
    notices = ShortNotices(lambda: office.docket.site, office.ledger, office.clock, notebook)
    for _ in range(3):
        assert notices.round()
    assert notebook.texts == []


# ---------------------------------------------------------------- configuration, doctor, the whole house


def test_addresses_come_from_the_environment_or_a_file_never_from_the_configuration(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert urls_of(AlarmsSection(), tmp_path) == ()
    monkeypatch.setenv("CHAT", "wecombot://KEY\n# remark\n feishu://TOKEN  json://127.0.0.1/a,b")
    named = AlarmsSection(urls_env="CHAT")
    assert urls_of(named, tmp_path) == ("wecombot://KEY", "feishu://TOKEN", "json://127.0.0.1/a,b")
    (tmp_path / "urls").write_text("# nothing\n", encoding="utf-8")
    for section, wrong in (
        (AlarmsSection(urls_env="NOWHERE"), "NOWHERE is not set"),
        (AlarmsSection(urls_file="urls"), "holds no address"),
        (AlarmsSection(urls_file="missing"), "cannot be read"),
    ):
        with pytest.raises(ConfigurationError, match=wrong):
            urls_of(section, tmp_path)


def test_a_file_of_addresses_that_everybody_may_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "urls").write_text("wecombot://KEY\n", encoding="utf-8")
    (tmp_path / "urls").chmod(0o666)
    with pytest.raises(ConfigurationError, match=r"alarms\.urls_file: everybody may write"):
        urls_of(AlarmsSection(urls_file="urls"), tmp_path)


@pytest.mark.parametrize(
    ("lines", "wrong"),
    [
        ('urls = ["wecombot://KEY"]', "do not belong in this file"),
        ('notices = ["escalations"]', "escalations: no such mail"),
        ("after_minutes = 0", "alarms.after_minutes"),
    ],
)
def test_a_faulty_section_is_named(tmp_path: Path, lines: str, wrong: str) -> None:
    path = write_config(tmp_path)
    path.write_text(path.read_text() + f"\n[alarms]\n{lines}\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match=wrong):
        load_config(path)


@pytest.fixture
def hook() -> Iterator[Webhook]:
    with Webhook() as server:
        yield server


@pytest.fixture
def house(tmp_path: Path, hook: Webhook, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A site whose mail servers are both down and whose second channel works."""
    monkeypatch.setenv("KESU_IMAP_PASSWORD", "secret")
    path = write_config(tmp_path, imap=free_port(), smtp=free_port())
    secrets = tmp_path / "urls"
    secrets.write_text(hook.url, encoding="utf-8")
    secrets.chmod(0o600)
    path.write_text(
        path.read_text() + '\n[alarms]\nurls_file = "urls"\nafter_minutes = 1\n', encoding="utf-8"
    )
    return path


def test_the_daemon_tells_over_the_webhook_that_its_mailbox_is_down_and_its_log_names_no_address(
    house: Path, hook: Webhook, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("daemon.loop.ALARMS_EVERY", 0.05)
    monkeypatch.setattr("daemon.alarms.SOON", timedelta(0))
    monkeypatch.setattr("daemon.alarms.timedelta", lambda **_: timedelta(0))
    opened = build(load_site(house))
    loop = Loop(opened)
    with caplog.at_level(logging.DEBUG), closing(opened):
        loop.start()
        eventually(lambda: hook.posts, "the alarm")
        loop.stop()
        assert loop.join(), "nothing holds up a stop"
    assert "收信信箱連不上" in hook.posts[0].body["message"]
    assert "SECRETPATH" not in caplog.text


def test_one_pass_tells_it_too(house: Path, hook: Webhook) -> None:
    for minutes in (0, 2):
        clock = _Later(minutes)
        with closing(build(load_site(house), clock=clock)) as opened:
            assert not run_once(opened)
    (posted,) = hook.posts
    assert posted.body["title"] == "[kesu main] 警報"


class _Later:
    def __init__(self, minutes: int) -> None:
        self._now = NOW + timedelta(minutes=minutes)

    def now(self) -> datetime:
        return self._now


def doctor(path: Path, capsys: pytest.CaptureFixture[str], *more: str) -> dict[str, dict[str, str]]:
    main(["doctor", "--config", str(path), "--json", *more])
    return {finding["what"]: finding for finding in json.loads(capsys.readouterr().out)}


def test_the_doctor_says_whether_the_channel_stands_and_sends_a_test_only_when_asked(
    house: Path, hook: Webhook, capsys: pytest.CaptureFixture[str]
) -> None:
    found = doctor(house, capsys)
    assert (found["alarms"]["said"], found["alarms"]["mend"]) == ("alarms go to json", "")
    assert hook.posts == []
    assert doctor(house, capsys, "--alarm")["alarm"]["ok"]
    assert "測試訊息" in hook.posts[0].body["message"]
    hook.status = 500
    assert not doctor(house, capsys, "--alarm")["alarm"]["ok"]


def test_the_doctor_warns_of_secrets_that_others_can_read_and_of_addresses_that_are_none(
    house: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secrets = house.parent / "urls"
    secrets.chmod(0o644)
    assert "chmod 600" in doctor(house, capsys)["alarms"]["mend"]
    secrets.write_text("nonsense://SECRET", encoding="utf-8")
    said = doctor(house, capsys)["alarms"]
    assert "address 1 (nonsense)" in said["said"]
    assert "SECRET" not in json.dumps(said)


def test_a_service_that_hangs_holds_up_nothing_but_its_own_thread(
    office: Office, health: Health, monkeypatch: pytest.MonkeyPatch
) -> None:
    with RecordingSmtp() as hanging:  # it greets and then waits for a command: no HTTP answer ever comes
        hanging.misbehave("CONNECT", DROP, times=0)
        chat = Chat([f"json://{HOST}:{hanging.port}/?rto=0.3&cto=0.3"])
        health.ill(SMTP, "no answer")
        channel = alarms(office, health, chat)
        channel.round()
        office.clock.forward(minutes=10)
        with no_endless_wait():  # the service would keep us for an hour
            assert not channel.round()
