"""Tiers: the highest whose qualification stands.

A qualification is a tier that was reached in a window, and is held until an instant
that the ladder's `held` sets. Every threshold that a window passes gives one, so that
a refund ends just those which the window no longer deserves. No tier reads a balance:
spending points never demotes anybody.
"""

from datetime import date, datetime

from patron.core.account import NEVER, Qualification
from patron.core.draft import Draft, stamp
from patron.core.meters import reading
from patron.core.periods import local_day, plus, window_end, window_name
from patron.core.program import Ladder, Program

STEP = "-"  # The window of a tier that was left one step down; no meter stands behind it.


def requalify(draft: Draft, *, day: date) -> None:
    """Re-evaluate after a meter moved; `day` is the local day whose window may now qualify."""
    ladder = draft.program.ladder
    if ladder is None:
        return

    kind = draft.program.meters[ladder.meter].window.kind
    window = window_name(kind, day)
    standing = draft.qualifications
    if standing and ladder.on_refund == "revoke":
        deserved = tuple(held for held in standing if _deserved(draft, ladder, held))
        standing = standing if len(deserved) == len(standing) else deserved
    value = reading(draft, ladder.meter, window)
    gained = [tier.name for tier in ladder.tiers[1:] if tier.threshold <= value]
    if gained and standing:
        have = {held.tier for held in standing if held.window == window}
        gained = [tier for tier in gained if tier not in have]
    if gained:
        until = _held_until(draft.program, ladder, draft.at, day)
        if until > draft.at:
            standing += tuple(Qualification(tier, window, draft.at, until) for tier in gained)
    if standing is not draft.qualifications:
        draft.qualifications = standing
        settle(draft, rise="reached", fall="refund")


def end_qualifications(draft: Draft) -> None:
    """Time: drop what is no longer held, and leave one step down where the ladder says so."""
    standing = tuple(held for held in draft.qualifications if held.held_until > draft.at)
    ladder = draft.program.ladder
    if ladder is None or standing == draft.qualifications:
        draft.qualifications = standing
        return

    below = ladder.place(draft.tier) - 1
    if (
        ladder.downgrade == "one_step"
        and below > 0
        and max((ladder.place(held.tier) for held in standing), default=0) < below
    ):
        day = local_day(draft.at, draft.program.zone)
        until = _held_until(draft.program, ladder, draft.at, day)
        standing = (*standing, Qualification(ladder.tiers[below].name, STEP, draft.at, until))
    draft.qualifications = standing
    settle(draft, rise="reached", fall="window_ended")


def settle(draft: Draft, *, rise: str, fall: str) -> None:
    """Take the highest tier that stands; if it is another, say so once, with the reason."""
    ladder = draft.program.ladder
    assert ladder is not None
    tier, held_until = 0, NEVER
    for held in draft.qualifications:
        draft.due_no_later_than(held.held_until)
        place = ladder.place(held.tier)
        if place > tier:
            tier, held_until = place, held.held_until
        elif place == tier:
            held_until = max(held_until, held.held_until)
    before = ladder.place(draft.tier)
    if tier == before:
        return

    draft.tier = ladder.tiers[tier].name
    data = {
        "from_tier": ladder.tiers[before].name,
        "to_tier": ladder.tiers[tier].name,
        "reason": rise if tier > before else fall,
    }
    if tier and held_until != NEVER:
        data["held_until"] = stamp(held_until)
    draft.notice("tier.changed", data)


def _deserved(draft: Draft, ladder: Ladder, held: Qualification) -> bool:
    if held.window == STEP:
        return True

    threshold = ladder.tiers[ladder.place(held.tier)].threshold
    return reading(draft, ladder.meter, held.window) >= threshold


def _held_until(program: Program, ladder: Ladder, reached_at: datetime, day: date) -> datetime:
    # "Never" falls for a refund alone, whatever the window says.
    if ladder.downgrade == "never" or ladder.held == "forever":
        return NEVER
    if ladder.held == "for":
        assert ladder.held_for is not None
        return plus(reached_at, ladder.held_for, program.zone)

    windows = 2 if ladder.held == "next_window" else 1
    kind = program.meters[ladder.meter].window.kind
    return window_end(kind, day, program.zone, windows=windows)
