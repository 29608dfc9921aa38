"""Settings that cannot be, what is never shown, and how long to wait before the next try."""

import dataclasses

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mailer.imap_fetch import batches, read_answers, read_internal_date, uid_set
from mailer.inbox import MailboxSettings, backoff
from tests.mailer.inbound.mails import PASSWORD, settings_for


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "::1", "localhost", "LOCALHOST"])
def test_plain_text_is_allowed_on_loopback(host: str) -> None:
    assert settings_for(host, 143).security == "plain"


@pytest.mark.parametrize("host", ["imap.example.com", "10.0.0.1", "localhost.example.com", "0.0.0.0", ""])  # noqa: S104 - must be refused
def test_plain_text_is_refused_everywhere_else(host: str) -> None:
    with pytest.raises(ValueError, match="loopback"):
        settings_for(host, 143)


def test_starttls_on_the_port_of_tls_is_refused() -> None:
    with pytest.raises(ValueError, match="993"):
        settings_for("imap.example.com", 993, security="starttls")


@pytest.mark.parametrize("name", ["username", "password", "folder", "done_folder"])
def test_a_line_break_cannot_begin_a_command_of_its_own(name: str) -> None:
    with pytest.raises(ValueError, match=name) as caught:
        settings_for("localhost", 143, **{name: "x\r\nA1 DELETE INBOX"})
    assert "DELETE" not in str(caught.value)


@pytest.mark.parametrize("name", ["done_folder", "quarantine_folder"])
def test_mail_is_not_moved_to_where_it_came_from(name: str) -> None:
    with pytest.raises(ValueError, match=name):
        settings_for("localhost", 143, **{name: "inbox"})


def test_the_password_is_never_shown() -> None:
    settings: MailboxSettings = settings_for("localhost", 143)
    assert PASSWORD not in repr(settings)
    assert PASSWORD not in str(settings)


def test_settings_do_not_change() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        settings_for("localhost", 143).port = 1  # type: ignore[misc]


@given(st.integers(min_value=1, max_value=10**9), st.floats(min_value=0, max_value=1, exclude_max=True))
def test_the_wait_is_between_a_second_and_five_minutes(attempt: int, chance: float) -> None:
    assert 1 <= backoff(attempt, lambda: chance) <= 300


def test_the_wait_grows_and_is_never_the_same_for_two_daemons() -> None:
    middle = [backoff(attempt, lambda: 0.5) for attempt in range(1, 12)]
    assert middle == sorted(middle)
    assert middle[0] < 2
    assert backoff(20, lambda: 0.0) < backoff(20, lambda: 0.99)


@given(st.sets(st.integers(min_value=1, max_value=200)))
def test_a_uid_set_names_exactly_its_uids(uids: set[int]) -> None:
    named: set[int] = set()
    for run in filter(None, uid_set(sorted(uids)).split(",")):
        first, _, last = run.partition(":")
        named |= set(range(int(first), int(last or first) + 1))
    assert named == uids


@given(
    st.lists(st.integers(min_value=0, max_value=100)),
    st.integers(min_value=1, max_value=5),
    st.integers(min_value=1, max_value=200),
)
def test_batches_keep_every_mail_in_order_and_both_bounds(
    sizes: list[int], most: int, most_bytes: int
) -> None:
    by_uid = dict(enumerate(sizes, start=1))
    cut = list(batches(list(by_uid), by_uid, most, most_bytes))
    assert [uid for batch in cut for uid in batch] == list(by_uid)
    for batch in cut:
        assert len(batch) <= most
        assert len(batch) == 1 or sum(by_uid[uid] for uid in batch) <= most_bytes


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (" 2-Nov-2026 09:00:00 +0800", "2026-11-02T09:00:00+08:00"),
        ("22-NOV-2026 09:00:00 -0330", "2026-11-22T09:00:00-03:30"),
        ("2-Nov-2026 09:00:00", "2026-11-02T09:00:00+00:00"),
    ],
)
def test_the_servers_dates_are_aware(text: str, expected: str) -> None:
    found = read_internal_date(text)
    assert found is not None
    assert found.isoformat() == expected


@pytest.mark.parametrize(
    "text", ["", "yesterday", "31-Feb-2026 09:00:00 +0000", "01-Foo-2026 09:00:00 +0000"]
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert read_internal_date(text) is None


_PARTS = st.one_of(
    st.binary(max_size=60), st.tuples(st.binary(max_size=60), st.binary(max_size=60)), st.none()
)


@given(st.lists(_PARTS))
def test_no_answer_whatever_it_holds_stops_the_reader(items: list[object]) -> None:
    read_answers(items)
