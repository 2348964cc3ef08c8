"""Points for doing something on so many local days in a row."""

from dataclasses import dataclass
from datetime import date, timedelta

Days = tuple[str, int]  # The latest local day that counted, and how many in a row up to it.
NO_DAYS: Days = ("", 0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Streak:
    """`points` for each `days` local days in a row that have an `action`."""

    points: int
    action: str
    days: int

    def __post_init__(self) -> None:
        assert self.points > 0
        assert self.days > 1


def counted(so_far: Days, day: date, needed: int) -> tuple[Days, bool]:
    """The days in a row once `day` counts too, and whether that completes a streak.

    A day counts once, and a complete streak starts again at nothing.
    """
    latest, count = so_far
    if day.isoformat() <= latest:
        return so_far, False
    follows = latest == (day - timedelta(days=1)).isoformat()
    count = count + 1 if follows else 1
    return (day.isoformat(), count % needed), count == needed
