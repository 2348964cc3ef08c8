"""Calendar arithmetic in a program's own zone: spans, ends and named windows.

Every instant in and out is aware and in UTC. Windows and validities are half-open:
the end of a day is the first instant of the next. Months and days keep the wall clock,
and clamp to the month's last day; seconds elapse. A wall-clock time that a change of
the clocks skips is read with the offset from before it, one that comes twice is the
first of the two (PEP 495, fold 0).
"""

from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import count
from zoneinfo import ZoneInfo

from patron.core.account import NEVER
from patron.core.program import EndOf, MonthDay, Span

EVER = "ever"  # The one window of a lifetime.
MIDNIGHT = time()
CALENDAR = frozenset({"lifetime", "year", "half_year", "quarter", "month", "week", "day"})


@lru_cache(maxsize=64)
def zone_named(name: str) -> ZoneInfo:
    """The zone of that IANA name; `ZoneInfoNotFoundError` if there is none."""
    return ZoneInfo(name)


def plus(at: datetime, span: Span, zone: str) -> datetime:
    """The instant one span later."""
    if span.months or span.days:
        local = at.astimezone(zone_named(zone))
        day = days_after(local.date(), span)
        at = datetime.combine(day, local.time().replace(fold=0), zone_named(zone)).astimezone(UTC)
    return at + timedelta(seconds=span.seconds)


def minus(at: datetime, span: Span, zone: str) -> datetime:
    """The instant one span earlier; months clamp as they do forwards."""
    at -= timedelta(seconds=span.seconds)
    if span.months or span.days:
        local = at.astimezone(zone_named(zone))
        day = _months_later(local.date() - timedelta(days=span.days), -span.months)
        at = datetime.combine(day, local.time().replace(fold=0), zone_named(zone)).astimezone(UTC)
    return at


@lru_cache(maxsize=4096)
def reminded_at(ends_at: datetime, ahead: Span, zone: str) -> datetime:
    """One span before an end. Many lots end at one instant, so results are kept."""
    return minus(ends_at, ahead, zone)


def days_after(day: date, span: Span) -> date:
    """The day one span of months and days later."""
    return _months_later(day, span.months) + timedelta(days=span.days)


def _months_later(day: date, months: int) -> date:
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def life_end(earned_at: datetime, lives: Span | None, end_of: EndOf, zone: str) -> datetime:
    """When a lot that was earned then ends."""
    if lives is None:
        return NEVER
    if end_of == "exact":
        return plus(earned_at, lives, zone)
    if lives.seconds:
        return _end_of(
            plus(earned_at, lives, zone).astimezone(zone_named(zone)).date(), end_of, zone
        )

    return _life_end_of_day(earned_at.astimezone(zone_named(zone)).date(), lives, end_of, zone)


@lru_cache(maxsize=4096)
def _life_end_of_day(day: date, lives: Span, end_of: EndOf, zone: str) -> datetime:
    # Many lots are earned on one day, and all of them end together.
    return _end_of(days_after(day, lives), end_of, zone)


def day_in(year: int, date_of_year: MonthDay) -> date:
    """That date in a year; where the year lacks it, the month's last day."""
    month, day = date_of_year
    return date(year, month, min(day, monthrange(year, month)[1]))


def dated_end(
    earned_at: datetime, on: MonthDay, earned_before: MonthDay | None, zone: str
) -> datetime:
    """When a lot ends that goes on a date of each year, if it was earned before its cut-off."""
    return _dated_end_of_day(local_day(earned_at, zone), on, earned_before, zone)


@lru_cache(maxsize=4096)
def _dated_end_of_day(
    day: date, on: MonthDay, earned_before: MonthDay | None, zone: str
) -> datetime:
    for year in count(day.year):
        after = day_in(year, on) + timedelta(days=1)
        if day < (after if earned_before is None else _latest_before(after, earned_before)):
            return day_start(after, zone)
    raise AssertionError("some year's cut-off lies after every day")


def _latest_before(day: date, date_of_year: MonthDay) -> date:
    this_year = day_in(day.year, date_of_year)
    return this_year if this_year < day else day_in(day.year - 1, date_of_year)


def _end_of(day: date, end_of: EndOf, zone: str) -> datetime:
    if end_of == "year":
        day = date(day.year + 1, 1, 1)
    elif end_of == "month":
        day = _first_of_month(day.year, day.month + 1)
    else:
        day += timedelta(days=1)
    return day_start(day, zone)


def day_start(day: date, zone: str) -> datetime:
    """The first instant of a local day."""
    return datetime.combine(day, MIDNIGHT, zone_named(zone)).astimezone(UTC)


def _first_of_month(year: int, month: int) -> date:
    return date(year + (month - 1) // 12, (month - 1) % 12 + 1, 1)


def local_day(at: datetime, zone: str) -> date:
    """The day that a calendar on that zone's wall shows."""
    return at.astimezone(zone_named(zone)).date()


@lru_cache(maxsize=4096)
def window_name(kind: str, day: date) -> str:
    """The name of the window that holds a local day; names of one kind sort by time."""
    if kind == "lifetime":
        return EVER
    if kind == "year":
        return f"{day.year:04}"
    if kind == "half_year":
        return f"{day.year:04}-H{(day.month + 5) // 6}"
    if kind == "quarter":
        return f"{day.year:04}-Q{(day.month + 2) // 3}"
    if kind == "month":
        return f"{day.year:04}-{day.month:02}"
    if kind == "week":
        year, week, _ = day.isocalendar()
        return f"{year:04}-W{week:02}"

    assert kind == "day"
    return day.isoformat()


def first_day_of(kind: str, name: str) -> date | None:
    """The first local day of a window, by its name; None where that names none of the kind."""
    year, _, part = name.partition("-")
    number = part.lstrip("HQW")
    try:
        if kind == "year":
            day = date(int(year), 1, 1)
        elif kind == "week":
            day = date.fromisocalendar(int(year), int(number), 1)
        elif kind == "day":
            day = date.fromisoformat(name)
        else:
            months = {"half_year": 6, "quarter": 3, "month": 1}[kind]
            day = date(int(year), (int(number) - 1) * months + 1, 1)
    except ValueError:
        return None
    return day if window_name(kind, day) == name else None


@lru_cache(maxsize=4096)
def window_end(kind: str, day: date, zone: str, *, windows: int = 1) -> datetime:
    """The end of the window that holds a local day, or of the `windows`-th from it on."""
    if kind == "lifetime":
        return NEVER

    for _ in range(windows):
        day = _next_window(kind, day)
    return day_start(day, zone)


def _next_window(kind: str, day: date) -> date:
    if kind == "year":
        return date(day.year + 1, 1, 1)
    if kind == "half_year":
        return _first_of_month(day.year, 7 if day.month <= 6 else 13)
    if kind == "quarter":
        return _first_of_month(day.year, (day.month + 2) // 3 * 3 + 1)
    if kind == "month":
        return _first_of_month(day.year, day.month + 1)
    if kind == "week":
        return day + timedelta(days=8 - day.isoweekday())

    assert kind == "day"
    return day + timedelta(days=1)


def stamp(at: datetime) -> str:
    """RFC 3339 in UTC, as every notice and document writes an instant."""
    return at.isoformat().replace("+00:00", "Z")
