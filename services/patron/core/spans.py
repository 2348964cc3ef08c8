"""Lengths of time and dates of the year, as programs write them."""

from dataclasses import dataclass
from typing import NamedTuple


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A length of time: calendar months and days keep the wall clock, seconds elapse."""

    months: int = 0
    days: int = 0  # Local calendar days.
    seconds: int = 0

    def __post_init__(self) -> None:
        assert self.months >= 0
        assert self.days >= 0
        assert self.seconds >= 0
        assert self.months or self.days or self.seconds


class MonthDay(NamedTuple):
    """A date of each year; in a year that lacks it, the month's last day."""

    month: int
    day: int
