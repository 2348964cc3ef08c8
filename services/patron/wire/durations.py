"""ISO 8601 durations, as documents write them, to spans of time.

Years and months are months of the calendar, weeks and days are local calendar days, and
what follows a T is elapsed time. The form was checked by the contract.
"""

import re

from patron.core.program import Span

_PART = re.compile(r"([0-9]+)([YMWDHS])", re.ASCII)
_MONTHS = {"Y": 12, "M": 1}
_DAYS = {"W": 7, "D": 1}
_SECONDS = {"H": 3600, "M": 60, "S": 1}

# For comparing spans only: no account's time is ever reckoned with these.
_MONTH_S = 2_629_746
DAY_S = 86_400


def span_of(text: str) -> Span:
    """The span of a duration: P12M, P2Y, P2W, P14D, PT336H, PT90M."""
    calendar, _, clock = text.removeprefix("P").partition("T")
    parts = [(int(number), unit) for number, unit in _PART.findall(calendar)]
    return Span(
        months=sum(number * _MONTHS.get(unit, 0) for number, unit in parts),
        days=sum(number * _DAYS.get(unit, 0) for number, unit in parts),
        seconds=sum(int(number) * _SECONDS[unit] for number, unit in _PART.findall(clock)),
    )


def roughly_s(span: Span) -> int:
    """About how many seconds a span lasts, with months of a year's mean length."""
    return span.months * _MONTH_S + span.days * DAY_S + span.seconds
