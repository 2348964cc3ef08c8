"""Tiers: the highest whose qualification stands.

A qualification is a tier that was reached in a window, and is held until an instant
that the ladder's `held` sets; a grace may follow. Every threshold that a window passes
gives one, so that a refund ends just those which the window no longer deserves. No tier
reads a balance: spending points never demotes anybody.
"""

from datetime import datetime

from patron.core.account import NEVER, Qualification
from patron.core.draft import Draft
from patron.core.periods import local_day, plus, stamp
from patron.core.program import Ladder, Meter
from patron.core.windows import ROLLING, end_of, falls_below, part_of, reading, window_of

STEP = "-"  # The window of a tier that was left one step down; no meter stands behind it.


def requalify(draft: Draft, *, of: datetime, fall: str = "refund") -> None:
    """Re-evaluate after a meter moved; `of` is when that happened which moved it."""
    ladder = draft.program.ladder
    if ladder is None:
        return

    before = draft.qualifications
    standing = before
    if before and ladder.on_refund == "revoke":
        deserved = tuple(held for held in before if _deserved(draft, ladder, held))
        standing = before if len(deserved) == len(before) else deserved
    standing = _with_reached(draft, ladder, standing, of=of)
    if standing is not before:
        draft.qualifications = standing
        settle(draft, rise="reached", fall=fall)


def qualify_together(draft: Draft) -> None:
    """Of two accounts' qualifications the better ones stand, and their meters count together."""
    ladder = draft.program.ladder
    if ladder is None:
        return

    best: dict[tuple[str, str], Qualification] = {}
    for held in draft.qualifications:
        other = best.get((held.tier, held.window))
        if other is None or held.held_until > other.held_until:
            best[held.tier, held.window] = held
    draft.qualifications = _with_reached(draft, ladder, tuple(best.values()), of=draft.at)
    settle(draft, rise="reached", fall="window_ended")


def _with_reached(
    draft: Draft, ladder: Ladder, standing: tuple[Qualification, ...], *, of: datetime
) -> tuple[Qualification, ...]:
    """Add what the window around `of` has reached; a rolling hold moves on instead."""
    meter = draft.program.meters[ladder.meter]
    window = _window(draft, meter, of)
    value = _reading(draft, meter, window, draft.arrives_at)
    reached = [tier for tier in ladder.tiers[1:] if tier.threshold <= value]
    if not reached or not window:
        return standing

    if ladder.held == ROLLING:
        mine = {held.tier: held for held in standing if held.window == window}
    else:
        # One that lives by grace alone is reached anew.
        at = draft.arrives_at
        standing_now = {h.tier for h in standing if h.window == window and h.hold_ends_at > at}
        reached = [tier for tier in reached if tier.name not in standing_now]
        mine = {}
    for tier in reached:
        ends_at = _hold_end(draft, ladder, meter, threshold=tier.threshold, of=of)
        if ends_at <= draft.arrives_at:
            continue
        old = mine.get(tier.name)
        if old is not None and ladder.on_refund == "keep":
            ends_at = max(ends_at, old.hold_ends_at)
        new = _qualification(draft, ladder, tier.name, window, ends_at, old)
        if new != old:
            rest = [h for h in standing if (h.tier, h.window) != (tier.name, window)]
            standing = (*rest, new)
    return standing


def _window(draft: Draft, meter: Meter, at: datetime) -> str:
    """The name of the window around `at`; "" outside a campaign."""
    zone = draft.program.zone
    part = part_of(meter.window, at, local_day(at, zone), joined_at=draft.joined_at, zone=zone)
    return window_of(meter.window, part)


def _reading(draft: Draft, meter: Meter, window: str, at: datetime) -> int:
    parts = draft.meters.get(meter.name, {})
    return reading(parts, meter, window, at=at, zone=draft.program.zone)


def _qualification(
    draft: Draft,
    ladder: Ladder,
    tier: str,
    window: str,
    ends_at: datetime,
    old: Qualification | None = None,
) -> Qualification:
    reached_at = draft.arrives_at if old is None else old.reached_at
    if ladder.grace is None or ends_at == NEVER:
        return Qualification(tier, window, reached_at, ends_at)

    held_until = plus(ends_at, ladder.grace, draft.program.zone)
    return Qualification(tier, window, reached_at, held_until, ends_at)


def _hold_end(
    draft: Draft, ladder: Ladder, meter: Meter, *, threshold: int, of: datetime
) -> datetime:
    """Until when a tier that is reached now is held. Not after now: its time has passed.

    What is held for a span, or for ever, is reached only while its window lasts: an order
    of a window that has ended and is edited gives nothing any more.
    """
    zone, at = draft.program.zone, draft.arrives_at
    if ladder.held == ROLLING:
        parts = draft.meters.get(meter.name, {})
        ends_at = falls_below(parts, meter, threshold, at=at, zone=zone)
    else:
        windows = 2 if ladder.held == "next_window" else 1
        ends_at = end_of(meter.window, of, joined_at=draft.joined_at, zone=zone, windows=windows)
    if ends_at <= at:
        return ends_at
    # "Never" falls for a refund alone, whatever the window says.
    if ladder.downgrade == "never" or ladder.held == "forever":
        return NEVER
    if ladder.held == "for":
        assert ladder.held_for is not None
        return plus(at, ladder.held_for, zone)

    return ends_at


def end_qualifications(draft: Draft) -> None:
    """Time: renew or drop what is no longer held, and say which tier lives by grace now."""
    before = draft.qualifications
    standing = tuple(
        held if held.hold_ends_at != draft.at else _renewed(draft, held) for held in before
    )
    standing = tuple(held for held in standing if held.held_until > draft.at)
    ladder = draft.program.ladder
    if ladder is None or standing == before:
        draft.qualifications = standing
    else:
        draft.qualifications = (*standing, *_one_step_down(draft, ladder, standing))
        settle(draft, rise="reached", fall="window_ended")
    _warn(draft)


def _renewed(draft: Draft, held: Qualification) -> Qualification:
    """A tier that is held for a span, and whose window still meets it, is reached again."""
    ladder = draft.program.ladder
    if ladder is None or ladder.held != "for" or held.window == STEP:
        return held
    meter = draft.program.meters[ladder.meter]
    place = ladder.place(held.tier)
    if _window(draft, meter, draft.at) != held.window or not place:
        return held
    threshold = ladder.tiers[place].threshold
    if _reading(draft, meter, held.window, draft.at) < threshold:
        return held

    ends_at = _hold_end(draft, ladder, meter, threshold=threshold, of=draft.at)
    return _qualification(draft, ladder, held.tier, held.window, ends_at)


def _one_step_down(
    draft: Draft, ladder: Ladder, standing: tuple[Qualification, ...]
) -> list[Qualification]:
    below = ladder.place(draft.tier) - 1
    highest = max((ladder.place(held.tier) for held in standing), default=0)
    if ladder.downgrade != "one_step" or below <= 0 or highest >= below:
        return []

    meter = draft.program.meters[ladder.meter]
    tier = ladder.tiers[below]
    ends_at = _hold_end(draft, ladder, meter, threshold=tier.threshold, of=draft.at)
    return [_qualification(draft, ladder, tier.name, STEP, ends_at)]


def _warn(draft: Draft) -> None:
    """Say when a tier will end that lives by grace from now on."""
    ladder = draft.program.ladder
    mine = [held for held in draft.qualifications if held.tier == draft.tier]
    begins = any(held.grace_from == draft.at for held in mine)
    if ladder is None or not begins or any(held.hold_ends_at > draft.at for held in mine):
        return

    ends_at = max(held.held_until for held in mine)
    draft.notice("tier.expiring", {"tier": draft.tier, "ends_at": stamp(ends_at)})


def settle(draft: Draft, *, rise: str, fall: str) -> None:
    """Take the highest tier that stands; if it is another, say so once, with the reason."""
    ladder = draft.program.ladder
    assert ladder is not None
    tier, held_until = 0, NEVER
    for held in draft.qualifications:
        draft.due_no_later_than(held.held_until)
        if held.hold_ends_at > draft.arrives_at:
            draft.due_no_later_than(held.hold_ends_at)
        place = ladder.place(held.tier)
        if place > tier:
            tier, held_until = place, held.held_until
        elif place == tier:
            held_until = max(held_until, held.held_until)
    before = ladder.place(draft.tier)
    if tier == before:
        return

    draft.tier = ladder.tiers[tier].name
    reason = rise if tier > before else fall
    tell_change(draft, ladder, before, tier, reason=reason, held_until=held_until)


def tell_change(
    draft: Draft, ladder: Ladder, before: int, now: int, *, reason: str, held_until: datetime
) -> None:
    """Say that the tier is another, by their places in the ladder."""
    data = {
        "from_tier": ladder.tiers[before].name,
        "to_tier": ladder.tiers[now].name,
        "reason": reason,
    }
    if now and held_until != NEVER:
        data["held_until"] = stamp(held_until)
    draft.notice("tier.changed", data)


def _deserved(draft: Draft, ladder: Ladder, held: Qualification) -> bool:
    """Whether the window that reached a tier still meets it: refunds may have lowered it.

    A rolling window also falls by itself. So it is asked as it was when the tier was
    reached; or, where the tier is held just as long as it is met, as it is now.
    """
    if held.window == STEP:
        return True
    at = held.reached_at
    if ladder.held == ROLLING and ladder.downgrade != "never":
        if held.hold_ends_at <= draft.arrives_at:
            return True  # Time has ended it already; what is left is its grace.
        at = draft.arrives_at
    threshold = ladder.tiers[ladder.place(held.tier)].threshold
    meter = draft.program.meters[ladder.meter]
    return _reading(draft, meter, held.window, at) >= threshold
