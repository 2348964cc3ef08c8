"""Over what meters count: which part of a window something falls into, and what is in one.

A calendar period, a year from joining, a member's first days and a campaign are windows
with a name of their own, and one number each. A rolling window has no beginning: it keeps
a number for each local day (for each instant, where it elapses), and what it shows is the
sum of those that have not left. They leave by themselves, so time alone can lower it.
"""

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from functools import lru_cache

from patron.core.account import NEVER
from patron.core.periods import CALENDAR, day_start, days_after, local_day, window_end, window_name
from patron.core.program import Meter, Program, Span, Window

ROLLING, CAMPAIGN, JOINING = "rolling", "campaign", "joining"
Parts = Mapping[str, int]


@lru_cache(maxsize=256)
def counts_from_joining(program: Program) -> bool:
    """Whether this program asks when a member joined."""
    kinds = {meter.window.kind for meter in program.meters.values()}
    by_window = not kinds.isdisjoint({"anniversary", JOINING})
    return by_window or "joining" in ages_asked(program)


@lru_cache(maxsize=256)
def ages_asked(program: Program) -> frozenset[str]:
    """From what the ages count that this program's belongings ask for."""
    return frozenset(age.since for each in program.belongings for age in each.condition.ages)


def part_of(
    window: Window, at: datetime, day: date, *, joined_at: datetime | None, zone: str
) -> str:
    """The part that counts what happened at `at`, on that local day; "" outside any window."""
    kind = window.kind
    if kind in CALENDAR:
        return window_name(kind, day)
    if kind == ROLLING:
        assert window.lives is not None
        return at.isoformat() if window.lives.seconds else day.isoformat()
    if kind == CAMPAIGN:
        assert window.begins_at is not None
        assert window.ends_at is not None
        return CAMPAIGN if window.begins_at <= at < window.ends_at else ""

    if kind == JOINING:
        return JOINING if at < _end_of_first(window, joined_at or at, zone) else ""

    assert kind == "anniversary"
    return _anniversary(day, joined_at, zone, years=0).isoformat()


def window_of(window: Window, part: str) -> str:
    """The window that a part belongs to, by name: its own, but for rolling ones."""
    return ROLLING if window.kind == ROLLING else part


def end_of(
    window: Window, at: datetime, *, joined_at: datetime | None, zone: str, windows: int = 1
) -> datetime:
    """The end of the window around `at`, or of the `windows`-th from it on."""
    if window.kind in CALENDAR:
        return window_end(window.kind, local_day(at, zone), zone, windows=windows)
    if window.kind == CAMPAIGN:
        assert window.ends_at is not None
        return window.ends_at
    if window.kind == JOINING:
        return _end_of_first(window, joined_at or at, zone)
    if window.kind == "anniversary":
        first = _anniversary(local_day(at, zone), joined_at, zone, years=windows)
        return day_start(first, zone)

    return NEVER


def _end_of_first(window: Window, joined_at: datetime, zone: str) -> datetime:
    """The end of a member's first so many days, or elapsed hours."""
    assert window.lives is not None
    if window.lives.seconds:
        return joined_at + timedelta(seconds=window.lives.seconds)

    return day_start(days_after(local_day(joined_at, zone), window.lives), zone)


def _anniversary(day: date, joined_at: datetime | None, zone: str, *, years: int) -> date:
    """The first day of the member's year around `day`, or of one `years` later."""
    joined = day if joined_at is None else local_day(joined_at, zone)
    passed = day.year - joined.year
    if days_after(joined, Span(months=12 * passed)) > day if passed > 0 else passed < 0:
        passed -= 1
    passed += years
    return days_after(joined, Span(months=12 * passed)) if passed > 0 else joined


def reading(parts: Parts, meter: Meter, window: str, *, at: datetime, zone: str) -> int:
    """What a meter shows for a window; a rolling one as of `at`."""
    if window != ROLLING:
        return parts.get(window, 0)

    return sum(amount for _, amount in _living(parts, meter, at, zone))


def reading_at(
    parts: Parts, meter: Meter, at: datetime, *, joined_at: datetime | None, zone: str
) -> int:
    """What a meter shows at an instant, for the window around it."""
    day = local_day(at, zone)
    part = part_of(meter.window, at, day, joined_at=joined_at, zone=zone)
    return reading(parts, meter, window_of(meter.window, part), at=at, zone=zone)


def shown(parts: Parts, meter: Meter, *, at: datetime, zone: str) -> dict[str, int]:
    """A meter by window, as people read it."""
    if meter.window.kind == ROLLING:
        return {ROLLING: reading(parts, meter, ROLLING, at=at, zone=zone)}

    return dict(sorted(parts.items()))


def falls_below(parts: Parts, meter: Meter, threshold: int, *, at: datetime, zone: str) -> datetime:
    """When a rolling meter no longer meets a threshold, if nothing more comes; `at` if now."""
    living = _living(parts, meter, at, zone)
    total = sum(amount for _, amount in living)
    if total < threshold:
        return at
    for leaves_at, amount in living:
        total -= amount
        if total < threshold:
            return leaves_at
    return NEVER


def crossings(
    parts: Parts, meter: Meter, limit: int, *, at: datetime, zone: str
) -> Iterator[datetime]:
    """When a rolling meter will pass a limit, up or down, if nothing more comes."""
    living = _living(parts, meter, at, zone)
    total = sum(amount for _, amount in living)
    for leaves_at, amount in living:
        was_below, total = total < limit, total - amount
        if (total < limit) != was_below:
            yield leaves_at


def without_old(parts: Parts, meter: Meter, *, since: datetime, zone: str) -> dict[str, int]:
    """The parts of a rolling meter that had not left by `since`."""
    assert meter.window.lives is not None
    lives = meter.window.lives
    return {name: n for name, n in parts.items() if leaves_at(name, lives, zone) > since}


def _living(parts: Parts, meter: Meter, at: datetime, zone: str) -> list[tuple[datetime, int]]:
    """The parts that a rolling meter counts at an instant, with when they leave, first first."""
    lives = meter.window.lives
    assert lives is not None
    latest = at.isoformat() if lives.seconds else local_day(at, zone).isoformat()
    begun = [name for name in sorted(parts) if name <= latest]
    living = [(leaves_at(name, lives, zone), parts[name]) for name in begun]
    return [part for part in living if part[0] > at]


@lru_cache(maxsize=4096)
def leaves_at(part: str, lives: Span, zone: str) -> datetime:
    """When a part of a rolling window leaves it; of local days the first one counts."""
    if lives.seconds:
        return datetime.fromisoformat(part) + timedelta(seconds=lives.seconds)

    return day_start(days_after(date.fromisoformat(part), lives), zone)
