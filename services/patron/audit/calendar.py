"""Local time: windows, and instants that lie a span away.

Written for itself: a mistake of the engine's own calendar must not be made here too.
Everything that comes in or goes out is an aware instant in UTC.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from patron_schemas.program import Stretch

NEVER = datetime(9999, 1, 1, tzinfo=UTC)
WITH_ACTIVITY = datetime(9998, 1, 1, tzinfo=UTC)  # What a row says of an end that moves.

_SPAN = re.compile(
    r"P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?"
)


class Window(NamedTuple):
    """A period, `[begins, ends)`; its name is its kind and its first local day."""

    name: str
    begins: datetime
    ends: datetime


def window(kind: str, at: datetime, zone: ZoneInfo) -> Window:
    """The window of this kind (day, week, month, quarter, half_year, year) around `at`."""
    if kind == "lifetime":
        return Window("lifetime", datetime(1, 1, 1, tzinfo=UTC), NEVER)

    day = at.astimezone(zone).date()
    first = _first_day(kind, day)
    after = _first_day_after(kind, first)
    return Window(f"{kind} {first}", _midnight(first, zone), _midnight(after, zone))


def around(
    setting: str | Stretch, at: datetime, zone: ZoneInfo, *, joined_at: datetime
) -> Window | None:
    """The window of a meter around `at`; None outside of any."""
    if setting == "anniversary":
        return _year_of_membership(at, joined_at, zone)
    if isinstance(setting, str):
        return window(setting, at, zone)
    if setting.rolling is not None:
        return Window("rolling", datetime(1, 1, 1, tzinfo=UTC), NEVER)

    if setting.from_joining is not None:
        day = joined_at.astimezone(zone).date()
        begins = joined_at if "T" in setting.from_joining else _midnight(day, zone)
        ends = plus(begins, setting.from_joining, zone)
        return Window("joining", begins, ends) if at < ends else None

    assert setting.from_ is not None
    assert setting.to is not None
    begins = _midnight(date.fromisoformat(setting.from_), zone)
    ends = _midnight(date.fromisoformat(setting.to), zone)
    return Window("campaign", begins, ends) if begins <= at < ends else None


def _year_of_membership(at: datetime, joined_at: datetime, zone: ZoneInfo) -> Window:
    joined = joined_at.astimezone(zone).date()
    month_day = joined.strftime("%m-%d")
    year = joined.year
    while True:
        first, next_first = day_of_year(year, month_day), day_of_year(year + 1, month_day)
        ends = _midnight(next_first, zone)
        if at < ends:
            return Window(f"year from {first}", _midnight(first, zone), ends)
        year += 1


def leaves(of: datetime, rolling: str, zone: ZoneInfo) -> datetime:
    """When what happened at `of` leaves a rolling window. Of local days the first counts."""
    if "T" in rolling:
        return plus(of, rolling, zone)
    noon = _instant(datetime.combine(of.astimezone(zone).date(), time(12)), zone)
    return _midnight(plus(noon, rolling, zone).astimezone(zone).date(), zone)


def has_begun(of: datetime, rolling: str, now: datetime, zone: ZoneInfo) -> bool:
    """Whether what happened at `of` is in a rolling window already, seen from `now`."""
    if "T" in rolling:
        return of <= now
    return of.astimezone(zone).date() <= now.astimezone(zone).date()


def plus(at: datetime, span: str, zone: ZoneInfo, *, sign: int = 1) -> datetime:
    """The instant a span (ISO 8601) after `at`, or before it with sign -1.

    Hours are elapsed time. Years and months keep the wall clock and end on the month's
    last day where they must. Days are local ones, and the first counts as one.
    """
    found = _SPAN.fullmatch(span)
    assert found is not None, span
    years, months, weeks, days, hours, minutes, seconds = (int(n or 0) for n in found.groups())
    if hours or minutes or seconds:
        return at + sign * timedelta(hours=hours, minutes=minutes, seconds=seconds)

    local = at.astimezone(zone)
    if weeks or days:
        return _instant(local.replace(tzinfo=None) + sign * timedelta(days=7 * weeks + days), zone)

    month = local.year * 12 + local.month - 1 + sign * (12 * years + months)
    first = date(month // 12, month % 12 + 1, 1)
    last_day = (_first_day_after("month", first) - timedelta(days=1)).day
    there = local.replace(tzinfo=None, year=first.year, month=first.month, day=1)
    return _instant(there + timedelta(days=min(local.day, last_day) - 1), zone)


def day_of_year(year: int, month_day: str) -> date:
    """That date of a year ("02-29"), or the month's last day where the year has no such."""
    month, day = (int(part) for part in month_day.split("-"))
    while True:
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


def at_hour(day: date, hour: int, zone: ZoneInfo) -> datetime:
    """The instant at which a local day's clock shows that full hour."""
    return _instant(datetime(day.year, day.month, day.day, hour), zone)


def yearly_end(earned_at: datetime, on: str, earned_before: str | None, zone: ZoneInfo) -> datetime:
    """The end of the first such day of a year whose cut-off lies after the earning."""
    year = earned_at.astimezone(zone).year
    while True:
        last = day_of_year(year, on)
        end = _midnight(last + timedelta(days=1), zone)
        cut_offs = [end]
        if earned_before is not None:
            days = (day_of_year(y, earned_before) for y in (year - 1, year))
            cut_offs = [_midnight(day, zone) for day in days if day <= last]
        if earned_at < max(cut_offs):
            return end
        year += 1


def rounded_up(at: datetime, to: str, zone: ZoneInfo) -> datetime:
    """The end of the local day, month or year in which `at` lies; `exact` leaves it."""
    return at if to == "exact" else window(to, at, zone).ends


def _first_day(kind: str, day: date) -> date:
    match kind:
        case "day":
            return day
        case "week":
            return day - timedelta(days=day.weekday())
        case "month":
            return day.replace(day=1)
        case "quarter":
            return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
        case "half_year":
            return date(day.year, 1 if day.month <= 6 else 7, 1)
        case "year":
            return date(day.year, 1, 1)
    raise ValueError(kind)


@cache
def _first_day_after(kind: str, first: date) -> date:
    longest = {"day": 1, "week": 7, "month": 31, "quarter": 92, "half_year": 184, "year": 366}
    day = first + timedelta(days=1)
    while _first_day(kind, day) == first:
        day += timedelta(days=1)
        assert (day - first).days <= longest[kind]
    return day


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return _instant(datetime(day.year, day.month, day.day), zone)


def _instant(wall_clock: datetime, zone: ZoneInfo) -> datetime:
    return wall_clock.replace(tzinfo=zone).astimezone(UTC)
