"""What strangers write reaches no terminal and no log as anything but words (CWE-117, CWE-150, CVE-2021-42574)."""

import json
import logging
from base64 import b64encode
from collections.abc import Callable
from io import StringIO
from pathlib import Path

import pytest

from daemon.casepage import as_html, story_of
from daemon.cli import main
from daemon.cli.output import print_json, say
from daemon.errors import ConfigurationError
from daemon.logs import OURS, DiscreetFormatter, log_to_stderr
from daemon.visible import visible, visible_lines
from mailer.smtp import TransportError
from rules.locales import Locale
from tests.daemon.office import SERVICE_MANAGER, STAFF, STRANGER, Office, complaint, mail

ESCAPES = "\x1b]0;pwned\x07\x1b[2J\x9b31m\rok\u202etxt.exe\u2066"
HARMFUL = set("\x1b\x07\x9b\r\u202e\u2066\x00\x7f\u2028")
PNG = b"\x89PNG\r\n\x1a\n"
Run = Callable[..., str]


@pytest.fixture
def kesu(office: Office, capsys: pytest.CaptureFixture[str]) -> Run:
    def run(*arguments: str) -> str:
        main([*arguments, "--config", str(office.folder / "config.toml")])
        said = capsys.readouterr()
        return said.out + said.err

    return run


def encoded(text: str) -> str:
    """A header's words as a mail carries anything at all (RFC 2047)."""
    return f"=?utf-8?b?{b64encode(text.encode()).decode()}?="


@pytest.fixture
def attacked(office: Office) -> Office:
    """A case whose sender's name, file's name and settlement carry escapes."""
    sender = f"{encoded('林' + ESCAPES.replace(chr(13), ''))} <{STAFF}>"
    raw = mail(files={"form.xlsx": complaint(), "NAME.png": PNG}).as_bytes()
    raw = raw.replace(f"From: {STAFF}".encode(), f"From: {sender}".encode())
    office.receive(raw.replace(b"NAME.png", encoded(f"照片{ESCAPES}.png").encode()))
    (case,) = office.cases()
    office.receive(
        office.vouched(mail(SERVICE_MANAGER, f"[{case.number}]", f"已解決 換新{ESCAPES}，優惠工時費20%"))
    )
    assert office.case().resolution
    office.post()
    return office


@pytest.mark.parametrize("sign", sorted(HARMFUL | {"\n", "\u200b", "\ud800"}))
def test_a_harmful_sign_is_written_out(sign: str) -> None:
    written = visible(f"a{sign}b")
    assert written == "a" + sign.encode("unicode_escape").decode() + "b"
    assert written.isprintable()


def test_words_of_any_language_and_their_signs_stay_as_they_are() -> None:
    words = "客戶「許雅婷」：異音‼ 👨‍👩‍👧 é ñ ａ１　½"
    assert visible(words) == words
    assert visible_lines(f"{words}\n{words}") == f"{words}\n{words}"


def test_what_is_said_is_one_line_however_many_a_stranger_wrote(capsys: pytest.CaptureFixture[str]) -> None:
    say(f"主旨 {ESCAPES}\nkesu: all is well")
    said = capsys.readouterr().out
    assert said.count("\n") == 1
    assert not set(said) & HARMFUL


def test_json_is_harmless_to_look_at_and_means_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    told = {"subject": f"主旨{ESCAPES}\n\u2028\ud800", "list": [ESCAPES, 1, None], ESCAPES: "鍵"}
    print_json(told)
    said = capsys.readouterr().out
    assert not set(said) & HARMFUL
    assert "主旨" in said
    assert json.loads(said) == told


def test_an_errors_words_reach_the_terminal_harmless(kesu: Run) -> None:
    said = kesu("case", f"KS-1{ESCAPES}")
    assert "there is no such case" in said
    assert not set(said) & HARMFUL


@pytest.mark.parametrize("arguments", [["cases"], ["case", "NUMBER"], ["tasks", "--all"], ["penalties"]])
@pytest.mark.parametrize("form", [[], ["--json"]])
def test_a_case_full_of_escapes_can_be_looked_at(
    attacked: Office, kesu: Run, arguments: list[str], form: list[str]
) -> None:
    number = attacked.case().number
    said = kesu(*(number if word == "NUMBER" else word for word in arguments), *form)
    assert arguments == ["penalties"] or number in said
    assert not {sign for sign in said.replace("\n", "") if not sign.isprintable()} - {"\u3000"}


def test_a_cases_page_holds_no_controls_and_no_turned_writing(attacked: Office) -> None:
    story = story_of(attacked.docket, attacked.case().number, Locale.EN, attacked.clock.now())
    assert story is not None
    page = as_html(story)
    assert "pwned" in page
    assert not set(page) & HARMFUL


# ---------------------------------------------------------------- the log


@pytest.fixture
def logged() -> Callable[..., str]:
    """What a record becomes at the usual level, or with --verbose."""
    log = logging.getLogger("kesu.test")
    log.setLevel(logging.DEBUG)

    def written(act: Callable[[logging.Logger], object], *, verbose: bool = False) -> str:
        stream = StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(DiscreetFormatter(telling=verbose))
        log.addHandler(handler)
        try:
            act(log)
        finally:
            log.removeHandler(handler)
        return stream.getvalue()

    return written


def test_a_record_is_one_line_whatever_it_tells(logged: Callable[..., str]) -> None:
    for verbose in (False, True):
        line = logged(
            lambda log: log.warning("folder %s", f"x{ESCAPES}\n2026 CRITICAL all is lost"), verbose=verbose
        )
        assert line.count("\n") == 1
        assert not set(line) & HARMFUL
        assert "\\n2026" in line


def failing(log: logging.Logger) -> None:
    try:
        read_wrongly()
    except KeyError:
        log.exception("case %s cannot be decided on", "KS-1")


def read_wrongly() -> None:
    try:
        int(f"許雅婷 0912-345-678{ESCAPES}")
    except ValueError as error:
        raise KeyError("滬A12345") from error


def quoted_out(trace: str) -> str:
    """A trace without the lines of source it quotes, which here hold the words themselves."""
    source = {line.strip() for line in Path(__file__).read_text(encoding="utf-8").splitlines()}
    return "\n".join(line for line in trace.splitlines() if line.strip() not in source)


def test_a_trace_tells_where_and_what_kind_and_no_customers_data(logged: Callable[..., str]) -> None:
    told = logged(failing)
    assert "KS-1" in told
    assert "ValueError\n" in told
    assert told.rstrip().endswith("KeyError")
    assert "in read_wrongly" in told
    assert not [word for word in ("許雅婷", "0912", "滬A12345") if word in quoted_out(told)]


def test_verbose_tells_the_words_too_and_no_escapes(logged: Callable[..., str]) -> None:
    told = logged(failing, verbose=True)
    assert "許雅婷 0912-345-678" in told
    assert not set(told) & HARMFUL


def test_words_of_servers_and_of_our_own_are_told(logged: Callable[..., str]) -> None:
    for error in (
        TransportError("550 no such user"),
        ConfigurationError("mailbox.host", "is empty"),
        OSError(28, "full"),
    ):
        assert str(error) in logged(lambda log, said=error: log.warning("it failed: %s", said))
    odd = ValueError("許雅婷")
    assert "ValueError" in logged(lambda log: log.warning("it failed: %s", odd))
    assert "許雅婷" not in logged(lambda log: log.warning("it failed: %s", odd))


def test_another_handler_still_gets_the_record_as_it_was(logged: Callable[..., str]) -> None:
    record = logging.LogRecord("kesu", logging.INFO, "f", 1, "it failed: %s", (ValueError("words"),), None)
    assert DiscreetFormatter(telling=False).format(record).endswith("it failed: ValueError")
    assert record.getMessage() == "it failed: words"


def test_libraries_say_nothing_below_a_warning_even_with_verbose(monkeypatch: pytest.MonkeyPatch) -> None:
    """What msal, google-auth, urllib3 and apprise tell at DEBUG holds tokens and addresses with keys in them."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    monkeypatch.setattr(root, "level", root.level)
    for name in OURS:
        monkeypatch.setattr(logging.getLogger(name), "level", logging.NOTSET)
    log_to_stderr(verbose=True)
    for name in (
        "msal",
        "google.auth",
        "urllib3",
        "apprise",
        "imaplib",
        "sqlalchemy.engine",
        "anything.at.all",
    ):
        assert not logging.getLogger(name).isEnabledFor(logging.INFO)
    for name in ("kesu.outbox", "parsers.reader", "daemon.ledger.ledger"):
        assert logging.getLogger(name).isEnabledFor(logging.DEBUG)
    root.setLevel(logging.WARNING)


def test_what_a_stranger_writes_is_in_no_record_of_the_daemon(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    words = {
        "customer_name": "石破天",
        "customer_phone": "0987-654-321",
        "description": "引擎漏油漏到路上",
        "plate_no": "滬Z99999",
    }
    office.receive(mail(subject="關於石破天", files={"form.xlsx": complaint(**words), "滬Z99999.png": PNG}))
    office.receive(
        mail(STRANGER, subject="石破天", text="引擎漏油漏到路上", files={"form.xlsx": complaint(**words)})
    )
    office.receive(mail(files={"石破天.xlsx": b"PK broken"}))
    office.workbook.round()
    office.clock.forward(hours=3)
    office.lapses.run_due()
    office.post()
    formatter = DiscreetFormatter(telling=False)
    told = "\n".join(formatter.format(record) for record in caplog.records)
    assert "state=taken" in told
    assert not [word for word in (*words.values(), "0987654321") if word in told]
