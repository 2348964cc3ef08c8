"""Meters: everything that was counted, kept as it came, and added up whenever it is asked."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from patron.audit import calendar, expressions
from patron.audit.calendar import NEVER, Window
from patron.audit.facts import Event
from patron.audit.ladder import Ladder
from patron.audit.programs import Terms
from patron_schemas.program import Meter, Stretch

LONG_AGO = datetime.min.replace(tzinfo=NEVER.tzinfo)


def by_event(meter: Meter, event: Event) -> int:
    """What one event moves a meter by: one more, or one less of a level."""
    if meter.counts not in ("events", "level"):
        return 0
    if meter.when is not None and not expressions.holds(
        meter.when, expressions.of_event(event, "")
    ):
        return 0
    action = event.fields["action"]
    return int(action in (meter.actions or ())) - int(action in (meter.ended_by or ()))


@dataclass
class StreakDays:
    """The local days in a row that count towards a streak, none of them paid yet."""

    days: list[date] = field(default_factory=list)
    latest: date = date.min

    def completed_by(self, day: date, *, needed: int) -> bool:
        """Count one more day; whether it is the last of so many in a row."""
        if day <= self.latest:
            return False
        if self.latest != day - timedelta(days=1):
            self.days.clear()
        self.latest = day
        self.days.append(day)
        if len(self.days) < needed:
            return False
        self.days.clear()
        return True


@dataclass
class Meters:
    """All moves of one account's meters: which, in which window, when it happened, how much."""

    joined_at: datetime = LONG_AGO  # The time of the account's first entry.
    moves: list[tuple[str, str, datetime, int]] = field(default_factory=list)

    def move(self, terms: Terms, meter: str, more: int, *, of: datetime) -> None:
        """Count more or less, in the window of when it happened."""
        window = self.around(terms, meter, of)
        if window is not None:
            self.moves.append((meter, window.name, of, more))

    def around(self, terms: Terms, meter: str, at: datetime) -> Window | None:
        """The window of a meter around an instant; None outside a campaign."""
        setting = terms.document.meters[meter].window
        return calendar.around(setting, at, terms.zone, joined_at=self.joined_at)

    def shows(self, terms: Terms, meter: str, window: str, at: datetime) -> int:
        """What a meter shows for a window; a rolling one sums up what it holds at `at`."""
        setting = terms.document.meters[meter].window
        rolling = setting.rolling if isinstance(setting, Stretch) else None
        return sum(
            amount
            for name, its_window, of, amount in self.moves
            if (name, its_window) == (meter, window)
            and (
                rolling is None
                or (
                    calendar.has_begun(of, rolling, at, terms.zone)
                    and calendar.leaves(of, rolling, terms.zone) > at
                )
            )
        )

    def shows_now(self, terms: Terms, meter: str, now: datetime) -> int:
        """What a meter shows for its window around now."""
        window = self.around(terms, meter, now)
        return 0 if window is None else self.shows(terms, meter, window.name, now)

    def ends(self, terms: Terms, meter: str) -> Iterator[datetime]:
        """When what a meter has counted leaves its window."""
        setting = terms.document.meters[meter].window
        for name, _, of, _ in self.moves:
            if name != meter:
                continue
            if isinstance(setting, Stretch) and setting.rolling is not None:
                yield calendar.leaves(of, setting.rolling, terms.zone)
            elif (window := self.around(terms, meter, of)) is not None:
                yield window.ends

    def falls(self, terms: Terms, meter: str, threshold: int, now: datetime) -> datetime:
        """When a rolling meter shows less than that, if nothing more comes."""
        setting = terms.document.meters[meter].window
        assert isinstance(setting, Stretch)
        assert setting.rolling is not None
        ends = [calendar.leaves(of, setting.rolling, terms.zone) for _, _, of, _ in self.moves]
        for at in [now, *sorted(end for end in ends if end > now)]:
            if self.shows(terms, meter, "rolling", at) < threshold:
                return at
        return NEVER

    def ladder(self, terms: Terms, now: datetime) -> Ladder | None:
        """The program's tiers as they are to be read now."""
        tiers = terms.document.tiers
        if tiers is None:
            return None
        meter = tiers.meter
        return Ladder(
            terms, now,
            shows=lambda window, at: self.shows(terms, meter, window, at),
            falls=lambda threshold: self.falls(terms, meter, threshold, now),
            around=lambda at: self.around(terms, meter, at),
        )  # fmt: skip
