"""What is done by the calendar: once for each occasion, after an outage too, and no job costs another its turn."""

from datetime import UTC, datetime, time
from zoneinfo import ZoneInfo

import pytest

from daemon.jobs import Job, Jobs, Saying, daily
from daemon.ledger import Entry
from tests.daemon.office import HandClock, Office

SHANGHAI = ZoneInfo("Asia/Shanghai")
EIGHT = time(8)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SHANGHAI).astimezone(UTC)


class Diary:
    """A job that writes down its occasions, in the ledger and for the test; `broken` makes it fail."""

    def __init__(self, *, broken: str = "") -> None:
        self.said: list[str] = []
        self.broken = broken

    def prepare(self, occasion: str, now: datetime) -> Saying:
        if self.broken == "preparing":
            raise RuntimeError("no ink")

        def say(entry: Entry) -> None:
            entry.note_activity(now, "diary", f'"{occasion}"')
            if self.broken == "saying":
                raise RuntimeError("no paper")
            self.said.append(occasion)

        return say


def rounds(office: Office, clock: HandClock, *diaries: Diary) -> Jobs:
    jobs = [Job(f"diary-{n}", daily(EIGHT, SHANGHAI), diary.prepare) for n, diary in enumerate(diaries)]
    return Jobs(office.ledger, clock, jobs)


def test_a_daily_job_has_its_turn_from_its_time_until_midnight_of_the_site() -> None:
    turn = daily(EIGHT, SHANGHAI)
    assert turn(at("2026-11-23 07:59:59")) == ""
    assert turn(at("2026-11-23 08:00")) == turn(at("2026-11-23 23:59")) == "2026-11-23"
    assert turn(at("2026-11-24 00:00")) == ""
    assert daily(None, SHANGHAI)(at("2026-11-23 12:00")) == ""


def test_a_job_is_done_once_a_day_however_often_it_is_asked_and_by_whom(office: Office) -> None:
    clock, diary = HandClock(at("2026-11-23 08:00")), Diary()
    for _ in range(3):
        assert rounds(office, clock, diary).run_due()  # a new one each time, as after a restart
        clock.forward(minutes=1)
    clock.forward(days=1)
    rounds(office, clock, diary).run_due()
    assert diary.said == ["2026-11-23", "2026-11-24"]


def test_after_days_of_outage_only_the_present_day_has_its_turn(office: Office) -> None:
    clock, diary = HandClock(at("2026-11-23 08:00")), Diary()
    rounds(office, clock, diary).run_due()
    clock.forward(days=4, hours=9)
    rounds(office, clock, diary).run_due()
    assert diary.said == ["2026-11-23", "2026-11-27"]


def test_a_clock_that_is_put_back_brings_no_occasion_back(office: Office) -> None:
    clock, diary = HandClock(at("2026-11-24 08:00")), Diary()
    rounds(office, clock, diary).run_due()
    clock.forward(days=-1)
    rounds(office, clock, diary).run_due()
    assert diary.said == ["2026-11-24"]


@pytest.mark.parametrize("broken", ["preparing", "saying"])
def test_a_job_that_fails_leaves_nothing_behind_and_has_its_turn_again(office: Office, broken: str) -> None:
    clock, unlucky, other = HandClock(at("2026-11-23 08:00")), Diary(broken=broken), Diary()
    assert not rounds(office, clock, unlucky, other).run_due()
    assert (unlucky.said, other.said) == ([], ["2026-11-23"])
    assert len(office.ledger.recent_activity(10)) == 1
    unlucky.broken = ""
    assert rounds(office, clock, unlucky, other).run_due()
    assert (unlucky.said, other.said) == (["2026-11-23"], ["2026-11-23"])
