"""Dates and times as people and spreadsheets write them (forms.md, Values)."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from parsers.dates import read_date, read_datetime
from parsers.readings import Surroundings

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 11, 21, 16, 0, tzinfo=ZONE)
AROUND = Surroundings(ZONE, NOW)
DAYS = st.dates(date(1980, 1, 1), date(2199, 12, 31))
MOMENTS = st.datetimes(datetime.fromisoformat("1980-01-01"), datetime.fromisoformat("2199-12-30")).map(
    lambda moment: moment.replace(second=0, microsecond=0)
)


@pytest.mark.parametrize(
    "written",
    [
        "2026-11-21 14:30",
        "2026/11/21 14:30",
        "2026.11.21 14:30",
        "2026年11月21日 14時30分",
        "2026年11月21日14时30分",
        "民國115年11月21日 14:30",
        "115/11/21 14:30",
        "2026-11-21 下午2:30",
        "2026-11-21 下午2點半",
        "２０２６－１１－２１　１４：３０",
        "2026-11-21T14:30:00+08:00",
        "2026-11-21T06:30:00Z",
        "2026年11月21日（星期六）14:30",
        "21 Nov 2026 2:30 PM",
        "Nov 21, 2026 14:30",
        "20261121 14:30",
        46347 + 14.5 / 24,
        datetime.fromisoformat("2026-11-21 14:30"),
    ],
)
def test_a_moment_is_read_in_the_sites_zone(written: object) -> None:
    reading = read_datetime(written, AROUND)
    assert reading.problem is None
    assert reading.warning is None
    assert reading.value == datetime(2026, 11, 21, 14, 30, tzinfo=ZONE)
    assert isinstance(reading.value, datetime)
    assert reading.value.tzinfo is ZONE


@pytest.mark.parametrize(
    "written",
    ["2026/11/21", "2026年11月21日", "民國115年11月21日", "115.11.21", 46347, 20261121, date(2026, 11, 21)],
)
def test_a_day_is_read(written: object) -> None:
    assert read_date(written, AROUND).value == date(2026, 11, 21)


@pytest.mark.parametrize("written", ["26/11/21", "95.3.1", "26年11月21日"])
def test_a_year_of_two_digits_is_refused_with_a_clear_message(written: str) -> None:
    reading = read_date(written, AROUND)
    assert reading.value is None
    assert reading.problem is not None
    assert "兩位數" in reading.problem.zh_hant
    assert "two digits" in reading.problem.en


def test_a_day_without_a_year_is_refused_with_a_message_of_its_own() -> None:
    problem = read_date("11月21日", AROUND).problem
    assert problem is not None
    assert "沒有年份" in problem.zh_hant


@pytest.mark.parametrize(
    "written", ["2026-13-01", "2026-02-30", "昨天", "2026", 2026, "999/1/1", True, "2026-11-21 25:00"]
)
def test_what_is_no_date_is_refused(written: object) -> None:
    assert read_datetime(written, AROUND).value is None
    assert read_datetime(written, AROUND).problem is not None


def test_serials_count_from_1904_where_the_workbook_says_so() -> None:
    assert read_date(44885, Surroundings(ZONE, NOW, epoch_1904=True)).value == date(2026, 11, 21)


@pytest.mark.parametrize("written", ["下午2:30", time(14, 30), 14.5 / 24])
def test_a_time_alone_is_todays_with_a_warning(written: object) -> None:
    reading = read_datetime(written, AROUND)
    assert reading.value == datetime(2026, 11, 21, 14, 30, tzinfo=ZONE)
    assert reading.warning is not None
    assert read_date(written, AROUND).problem is not None


def test_more_than_ten_minutes_ahead_is_a_warning_and_ten_are_not() -> None:
    late, soon = NOW + timedelta(minutes=11), NOW + timedelta(minutes=10)
    assert read_datetime(late.isoformat(), AROUND).warning is not None
    assert read_datetime(soon.isoformat(), AROUND).warning is None


def test_older_than_365_days_is_a_warning_and_365_are_not() -> None:
    assert read_datetime((NOW - timedelta(days=365, minutes=1)).isoformat(), AROUND).warning is not None
    assert read_datetime((NOW - timedelta(days=365)).isoformat(), AROUND).warning is None


@given(DAYS)
def test_every_spelling_of_a_day_reads_back(day: date) -> None:
    spellings = [
        day.isoformat(),
        f"{day:%Y/%m/%d}",
        f"{day.year}.{day.month}.{day.day}",
        f"{day.year}年{day.month}月{day.day}日",
        f"民國{day.year - 1911}年{day.month}月{day.day}日",
        f"{day:%Y%m%d}",
        (day - date(1899, 12, 30)).days,
    ]
    assert {read_date(spelling, AROUND).value for spelling in spellings} == {day}


@given(MOMENTS)
def test_every_spelling_of_a_moment_reads_back(moment: datetime) -> None:
    aware = moment.replace(tzinfo=ZONE)
    half = "下午" if moment.hour >= 12 else "上午"
    spellings = [
        moment.isoformat(" "),
        f"{moment:%Y/%m/%d %H:%M}",
        f"{moment:%Y年%m月%d日 %H時%M分}",
        f"{moment:%Y-%m-%d %I:%M %p}",
        f"{moment:%Y-%m-%d} {half}{moment.hour % 12 or 12}:{moment:%M}",
        aware.astimezone(UTC).isoformat(),
    ]
    assert {read_datetime(spelling, AROUND).value for spelling in spellings} == {aware}


@given(
    st.one_of(
        st.text(), st.floats(), st.integers(), st.text("0123456789年月日/.-: 民國上下午時點", max_size=20)
    )
)
def test_dates_never_raise(raw: object) -> None:
    for read in (read_date, read_datetime):
        reading = read(raw, AROUND)
        assert (reading.value is None) is not (reading.problem is None)
