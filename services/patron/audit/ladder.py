"""Tiers: what qualifies, for how long, and what a member falls to."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from patron.audit import calendar
from patron.audit.calendar import NEVER, Window
from patron.audit.programs import Terms
from patron_schemas.program import Stretch, Tiers

STEP = "a step down"


@dataclass
class Qualification:
    """A tier that was reached in a window: until when it is held, and stands with its grace."""

    tier: str
    window: str
    reached_at: datetime
    ends_at: datetime
    held_until: datetime


@dataclass
class Ladder:
    """The tiers of one program at one instant of one account.

    `shows(window, instant)` is what the tiers' meter shows, and `falls(threshold)` when a
    rolling one shows less, if nothing more comes. `around(instant)` is the meter's window.
    """

    terms: Terms
    now: datetime
    shows: Callable[[str, datetime], int]
    falls: Callable[[int], datetime]
    around: Callable[[datetime], Window | None]

    @property
    def tiers(self) -> Tiers:
        """The program's own words."""
        assert self.terms.document.tiers is not None
        return self.terms.document.tiers

    @property
    def held(self) -> str:
        """How long tiers are held: a word, or "for"."""
        if self.tiers.held is not None:
            return self.tiers.held.until or "for"
        window = self.terms.document.meters[self.tiers.meter].window
        if isinstance(window, Stretch):
            return "rolling" if window.rolling else "end_of_window"
        return "forever" if window == "lifetime" else "end_of_next_window"

    def threshold(self, tier: str) -> int:
        """Where a tier starts."""
        rung = next(rung for rung in self.tiers.ladder if rung.tier == tier)
        return self.terms.threshold(rung.from_)

    def _qualified(self, tier: str, window: str, around: Window) -> Qualification | None:
        """A tier that is reached now in that window; None where its time is over already."""
        ends_at = around.ends
        if self.held == "rolling":
            ends_at = self.falls(self.threshold(tier))
        elif self.held == "end_of_next_window" and ends_at != NEVER:
            following = self.around(ends_at)
            assert following is not None
            ends_at = following.ends
        if ends_at <= self.now:
            return None
        if self.tiers.downgrade == "never" or self.held == "forever":
            ends_at = NEVER
        elif self.held == "for":
            assert self.tiers.held is not None
            assert self.tiers.held.for_ is not None
            ends_at = calendar.plus(self.now, self.tiers.held.for_, self.terms.zone)
        held_until = ends_at
        if self.tiers.grace is not None and ends_at != NEVER:
            held_until = calendar.plus(ends_at, self.tiers.grace, self.terms.zone)
        return Qualification(tier, window, self.now, ends_at, held_until)

    def revalued(
        self, standing: list[Qualification], *, of: datetime, revokes: bool = True
    ) -> list[Qualification]:
        """What stands after something that happened at `of` was counted, more or less of it."""
        keeps = self.tiers.on_refund == "keep" or not revokes
        left = [q for q in standing if keeps or self._deserves(q)]
        window = self.around(of)
        for rung in self.tiers.ladder[1:] if window is not None else ():
            assert window is not None
            if self.shows(window.name, self.now) < self.threshold(rung.tier):
                continue
            same = [q for q in left if (q.tier, q.window) == (rung.tier, window.name)]
            if self.held != "rolling" and any(q.ends_at > self.now for q in same):
                continue
            new = self._qualified(rung.tier, window.name, window)
            if new is None:
                continue
            for old in same:
                if self.held == "rolling":
                    new.reached_at = old.reached_at
                    if self.tiers.on_refund == "keep" and old.ends_at > new.ends_at:
                        new = old
            left = [q for q in left if q not in same] + [new]
        return left

    def _deserves(self, q: Qualification) -> bool:
        if q.window == STEP:
            return True
        if self.held != "rolling" or self.tiers.downgrade == "never":
            return self.shows(q.window, q.reached_at) >= self.threshold(q.tier)
        return q.ends_at <= self.now or self.shows(q.window, self.now) >= self.threshold(q.tier)

    def passed(self, standing: list[Qualification], tier: str) -> list[Qualification]:
        """What stands after time has come to now: renewed, left by a step, or gone."""
        renewed = [self._renewed(q) for q in standing]
        left = [q for q in renewed if q.held_until > self.now]
        order = [rung.tier for rung in self.tiers.ladder]
        place = order.index(tier) if tier in order else 0
        best = max([0, *(order.index(q.tier) for q in left)])
        if len(left) < len(standing) and self.tiers.downgrade == "one_step":
            around = self.around(self.now)
            assert around is not None
            if best < place - 1:
                step = self._qualified(order[place - 1], STEP, around)
                left += [step] if step else []
        return left

    def _renewed(self, q: Qualification) -> Qualification:
        around = self.around(self.now)
        if self.held != "for" or q.ends_at != self.now or around is None:
            return q
        if q.window != around.name or self.shows(q.window, self.now) < self.threshold(q.tier):
            return q
        return self._qualified(q.tier, q.window, around) or q

    def highest(self, standing: list[Qualification]) -> str:
        """The highest tier that stands."""
        order = [rung.tier for rung in self.tiers.ladder]
        return order[max([0, *(order.index(q.tier) for q in standing if q.tier in order)])]


def tiers_of(terms: Terms) -> list[str]:
    """The ladder's names from the lowest up; nobody has to qualify for the first."""
    tiers = terms.document.tiers
    return [] if tiers is None else [rung.tier for rung in tiers.ladder]
