"""A pool while a batch is decided: what is taken of it, and the reservations that hold it."""

from datetime import datetime
from typing import NamedTuple

from patron.core.account import NEVER, Taken, Taking


class Hold(NamedTuple):
    """Names what one reservation holds of a pool: whose it is, and its request."""

    member: str
    request: str


class Held(NamedTuple):
    """How much a reservation holds, and until when."""

    amount: int
    until: datetime


AS_MANY_AS_ASKED = 2**31 - 1  # Codes, where there are no tables: a replay draws numbers alone.


class Pool:
    """Counted in the order of arrival; in the tables, under its own row's lock."""

    __slots__ = ("holds", "loaded", "used")

    def __init__(self, used: int = 0, loaded: int = AS_MANY_AS_ASKED) -> None:
        self.used = used
        self.loaded = loaded  # Of codes.
        self.holds: dict[Hold, Held] = {}

    def taken(self, *, at: datetime, hold: Hold) -> Taken:
        """What is taken for a fact that acts at `at`, but for what it holds itself.

        Reservations that have lapsed by then are taken back: their own accounts find
        that out later, and only return the points.
        """
        for name in [name for name, held in self.holds.items() if held.until <= at]:
            del self.holds[name]
        return self.seen(at=at, hold=hold)

    def seen(self, *, at: datetime, hold: Hold) -> Taken:
        """The same for a question, which takes nothing back."""
        others = (h for name, h in self.holds.items() if name != hold and h.until > at)
        return Taken(self.used, sum(held.amount for held in others), self.loaded)

    def inherit(self, member: str, heir: str) -> None:
        """What reservations of a member who was merged hold is the heir's."""
        for hold in [hold for hold in self.holds if hold.member == member]:
            self.holds[hold._replace(member=heir)] = self.holds.pop(hold)

    def take(self, taking: Taking, *, member: str) -> None:
        """What a decision takes, or gives back."""
        hold = Hold(member, taking.hold)
        self.holds.pop(hold, None)
        if taking.until == NEVER:
            self.used += taking.amount
        else:
            self.holds[hold] = Held(taking.amount, taking.until)
