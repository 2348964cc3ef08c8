"""Tiers: what qualifies, for how long, and what a member falls to."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from patron.audit import calendar
from patron.audit.calendar import NEVER, Window
from patron.audit.programs import Terms


@dataclass
class Qualification:
    """A tier that was reached in a window, and until when it stands."""

    tier: str
    window: str
    reached_at: datetime
    held_until: datetime


def tiers_of(terms: Terms) -> list[str]:
    """The ladder's names from the lowest up; nobody has to qualify for the first."""
    tiers = terms.document.tiers
    return [] if tiers is None else [rung.tier for rung in tiers.ladder]


def held_until(terms: Terms, window: Window, reached_at: datetime) -> datetime:
    """Until when a tier that was reached in this window is held."""
    tiers = terms.document.tiers
    assert tiers is not None
    kind = terms.document.meters[tiers.meter].window
    if tiers.held is None:
        until = "forever" if kind == "lifetime" else "end_of_next_window"
    elif tiers.held.for_ is not None:
        return calendar.plus(reached_at, tiers.held.for_, terms.zone)
    else:
        assert tiers.held.until is not None
        until = tiers.held.until
    match until:
        case "end_of_window":
            return window.ends
        case "end_of_next_window":
            return calendar.after(kind, window, terms.zone).ends
        case _:
            return NEVER


def revalued(
    terms: Terms,
    standing: list[Qualification],
    *,
    window: Window,
    before: int,
    value: int,
    at: datetime,
) -> list[Qualification]:
    """What stands after the tiers' meter went from one value to another in a window.

    After more was counted, every threshold that is met is a qualification of its own, but
    where one of this window stands already. One that the value no longer meets ends,
    unless the program keeps it. A refund qualifies nobody.
    """
    tiers = terms.document.tiers
    assert tiers is not None
    left = list(standing)
    for rung in tiers.ladder[1:]:
        threshold = terms.threshold(rung.from_)
        stands = any((q.tier, q.window) == (rung.tier, window.name) for q in left)
        if before < value and threshold <= value and not stands:
            until = held_until(terms, window, at)
            if until > at:
                left.append(Qualification(rung.tier, window.name, at, until))
        if value < threshold and tiers.on_refund == "revoke":
            left = [q for q in left if (q.tier, q.window) != (rung.tier, window.name)]
    return left


def falls(terms: Terms, *, before: int, value: int) -> bool:
    """Whether a window that fell takes a tier back: also one that has ended long since."""
    tiers = terms.document.tiers
    assert tiers is not None
    passed = any(value < terms.threshold(rung.from_) <= before for rung in tiers.ladder[1:])
    return passed and tiers.on_refund == "revoke"


def highest(
    terms: Terms,
    standing: list[Qualification],
    tier: str,
    *,
    because: Literal["time", "refund", "event"],
) -> str:
    """The tier to be in now, coming from `tier`. "" is where everybody starts.

    Time lowers it by the program's `downgrade`, and a refund that took a tier back
    to the highest that still stands. Nothing else lowers it: who is kept by `downgrade`
    above what stands does not fall by buying.
    """
    order = tiers_of(terms)
    tiers = terms.document.tiers
    if not order or tiers is None:
        return tier

    now = order.index(tier) if tier in order else 0
    best = max([0, *(order.index(q.tier) for q in standing if q.tier in order)])
    if best < now:
        if because == "event" or (because == "time" and tiers.downgrade == "never"):
            best = now
        elif because == "time" and tiers.downgrade == "one_step":
            best = now - 1
    return tier if best == now else order[best]
