"""Calendars: clamped months, skipped and doubled hours, and the ends of windows."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.grocery import ZONE, at
from patron.core.account import NEVER
from patron.core.periods import life_end, minus, plus, window_end, window_name
from patron.core.program import EndOf, Span


@pytest.mark.parametrize(
    ("start", "span", "end"),
    [
        pytest.param("2025-01-31 10:00", Span(months=1), "2025-02-28 10:00", id="clamped"),
        pytest.param("2024-01-31 10:00", Span(months=1), "2024-02-29 10:00", id="leap-year"),
        pytest.param("2024-02-29 10:00", Span(months=12), "2025-02-28 10:00", id="leap-day"),
        pytest.param("2024-02-29 10:00", Span(months=48), "2028-02-29 10:00", id="four-years"),
        pytest.param("2025-11-30 10:00", Span(months=3), "2026-02-28 10:00", id="over-new-year"),
        pytest.param("2025-12-31 23:59", Span(days=1), "2026-01-01 23:59", id="a-day"),
        # Clocks went from 2:00 to 3:00 on 9 March, and from 2:00 to 1:00 on 2 November 2025.
        pytest.param("2025-03-08 10:00", Span(days=1), "2025-03-09 10:00", id="day-of-23-hours"),
        pytest.param("2025-03-08 10:00", Span(seconds=86400), "2025-03-09 11:00", id="24-hours"),
        pytest.param("2025-11-01 10:00", Span(seconds=86400), "2025-11-02 09:00", id="24-of-25"),
        pytest.param("2025-03-08 02:30", Span(days=1), "2025-03-09 03:30", id="skipped-hour"),
        pytest.param("2025-02-09 02:30", Span(months=1), "2025-03-09 03:30", id="skipped-month"),
    ],
)
def test_a_span_later(start: str, span: Span, end: str) -> None:
    assert plus(at(start), span, ZONE) == at(end)


def test_a_time_that_comes_twice_is_the_first_of_the_two() -> None:
    # 1:30 is 5:30 UTC by summer time, and 6:30 by winter time.
    first = datetime(2025, 11, 2, 5, 30, tzinfo=UTC)
    assert plus(at("2025-11-01 01:30"), Span(days=1), ZONE) == first
    assert minus(at("2025-11-03 01:30"), Span(days=1), ZONE) == first


def test_the_second_of_two_leads_to_the_first_of_two() -> None:
    second = datetime(2025, 11, 2, 6, 30, tzinfo=UTC)
    # 364 days later the clocks go back again.
    later = plus(second, Span(days=364), ZONE)
    assert later == datetime(2026, 11, 1, 5, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("end", "span", "start"),
    [
        pytest.param("2025-03-31 10:00", Span(months=1), "2025-02-28 10:00", id="clamped"),
        pytest.param("2025-03-10 10:00", Span(days=7), "2025-03-03 10:00", id="over-the-gap"),
        pytest.param("2025-03-09 11:00", Span(seconds=86400), "2025-03-08 10:00", id="24-hours"),
        pytest.param("2026-01-01 00:00", Span(months=1), "2025-12-01 00:00", id="over-new-year"),
    ],
)
def test_a_span_earlier(end: str, span: Span, start: str) -> None:
    assert minus(at(end), span, ZONE) == at(start)


@pytest.mark.parametrize(
    ("lives", "end_of", "end"),
    [
        pytest.param(Span(months=12), "exact", "2026-03-15 18:00", id="exact"),
        pytest.param(Span(months=12), "day", "2026-03-16 00:00", id="end-of-day"),
        pytest.param(Span(months=12), "month", "2026-04-01 00:00", id="end-of-month"),
        pytest.param(Span(months=12), "year", "2027-01-01 00:00", id="end-of-year"),
        pytest.param(Span(months=9), "month", "2026-01-01 00:00", id="end-of-december"),
        pytest.param(Span(days=14), "day", "2025-03-30 00:00", id="days"),
        pytest.param(Span(seconds=7 * 3600), "day", "2025-03-17 00:00", id="hours-past-midnight"),
        pytest.param(Span(seconds=5 * 3600), "day", "2025-03-16 00:00", id="hours-same-day"),
    ],
)
def test_a_lot_ends_where_its_life_or_the_period_around_it_ends(
    lives: Span, end_of: EndOf, end: str
) -> None:
    assert life_end(at("2025-03-15 18:00"), lives, end_of, ZONE) == at(end)


def test_a_lot_without_a_life_never_ends() -> None:
    assert life_end(at("2025-03-15"), None, "year", ZONE) == NEVER


def test_the_day_is_that_of_the_zone() -> None:
    # 3:00 UTC on 1 April is still March in New York.
    late = datetime(2025, 4, 1, 3, tzinfo=UTC)
    assert life_end(late, Span(months=1), "month", ZONE) == at("2025-05-01 00:00")
    assert life_end(late, Span(months=1), "month", "UTC") == datetime(2025, 6, 1, tzinfo=UTC)


def test_a_day_whose_midnight_is_skipped_starts_at_one() -> None:
    # In Cairo the clocks went from 0:00 to 1:00 on 25 April 2025.
    start = window_end("day", date(2025, 4, 24), "Africa/Cairo")
    assert start == datetime(2025, 4, 24, 22, tzinfo=UTC)


@pytest.mark.parametrize(
    ("kind", "day", "name", "end"),
    [
        pytest.param("year", date(2024, 12, 31), "2024", "2025-01-01 00:00", id="year"),
        pytest.param("half_year", date(2025, 6, 30), "2025-H1", "2025-07-01 00:00", id="half"),
        pytest.param("half_year", date(2025, 7, 1), "2025-H2", "2026-01-01 00:00", id="half-2"),
        pytest.param("quarter", date(2025, 3, 31), "2025-Q1", "2025-04-01 00:00", id="quarter"),
        pytest.param("quarter", date(2025, 10, 1), "2025-Q4", "2026-01-01 00:00", id="quarter-4"),
        pytest.param("month", date(2024, 2, 29), "2024-02", "2024-03-01 00:00", id="leap-month"),
        pytest.param("month", date(2025, 12, 1), "2025-12", "2026-01-01 00:00", id="december"),
        pytest.param("week", date(2025, 3, 9), "2025-W10", "2025-03-10 00:00", id="sunday"),
        pytest.param("week", date(2025, 3, 10), "2025-W11", "2025-03-17 00:00", id="monday"),
        pytest.param("week", date(2024, 12, 30), "2025-W01", "2025-01-06 00:00", id="iso-year"),
        pytest.param("day", date(2025, 3, 9), "2025-03-09", "2025-03-10 00:00", id="short-day"),
    ],
)
def test_a_window_has_a_name_and_an_end(kind: str, day: date, name: str, end: str) -> None:
    assert window_name(kind, day) == name
    assert window_end(kind, day, ZONE) == at(end)


def test_a_lifetime_has_no_end() -> None:
    assert window_name("lifetime", date(2025, 3, 9)) == "ever"
    assert window_end("lifetime", date(2025, 3, 9), ZONE, windows=2) == NEVER


def test_the_next_windows_end_is_the_end_of_the_second() -> None:
    assert window_end("year", date(2025, 3, 9), ZONE, windows=2) == at("2027-01-01 00:00")
    assert window_end("quarter", date(2025, 11, 9), ZONE, windows=2) == at("2026-04-01 00:00")


KINDS = ["year", "half_year", "quarter", "month", "week", "day"]
days = st.dates(date(1990, 1, 1), date(2090, 1, 1))


@given(st.sampled_from(KINDS), days, days)
def test_windows_of_a_kind_sort_by_time(kind: str, one: date, other: date) -> None:
    first, second = sorted((one, other))
    assert window_name(kind, first) <= window_name(kind, second)
    same = window_name(kind, first) == window_name(kind, second)
    assert same == (window_end(kind, first, ZONE) == window_end(kind, second, ZONE))


@given(st.sampled_from(KINDS), days)
def test_a_window_ends_where_the_next_one_starts(kind: str, day: date) -> None:
    end = window_end(kind, day, "UTC")
    last = (end - timedelta(microseconds=1)).date()
    assert window_name(kind, last) == window_name(kind, day)
    assert window_name(kind, end.date()) > window_name(kind, day)
