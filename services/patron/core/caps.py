"""Caps: how much rules may still give, in the windows that a program names.

A cap holds one rule, or all rules of an asset together. What an order or event found
under its caps is its own room: a later refund frees it for others, and changes nothing
for those that had less.
"""

from collections.abc import Mapping
from datetime import date
from functools import lru_cache
from typing import NamedTuple

from patron.core.periods import window_name
from patron.core.program import Cap, CapWindow, Program, Rule

Room = Mapping[str, int]  # Cap → the most that this order or event may have of it.
Used = Mapping[str, tuple[str, int]]  # Cap → (window, how much of it is used).


class Ceiling(NamedTuple):
    """A cap that counts over time, and the rules that it holds."""

    name: str  # In an account and in an order.
    window: CapWindow
    amount: int
    rules: frozenset[str]
    campaign: str = ""  # The window's name, of "campaign".

    def window_of(self, day: date) -> str:
        """The name of the window that holds a local day; those of one cap sort by time."""
        return self.campaign or window_name(self.window, day)


def cap_name(rule: Rule, cap: Cap) -> str:
    """Names one cap of a rule, in an account and in an order."""
    return f"{rule.name}/{cap.window}"


def member_cap_name(asset: str, window: str) -> str:
    """Names a cap on all rules together. No rule has a name with such characters."""
    return f"*{asset}/{window}"


@lru_cache(maxsize=256)
def ceilings(program: Program) -> tuple[Ceiling, ...]:
    """The caps of a program that count over time, and so need to be remembered."""
    ours = [
        Ceiling(
            cap_name(rule, cap),
            cap.window,
            cap.amount,
            frozenset({rule.name}),
            _campaign(rule) if cap.window == "campaign" else "",
        )
        for rule in program.rules
        for cap in rule.caps
        if cap.window != "order"
    ]
    for cap in program.caps:
        if cap.window != "order":
            rules = frozenset(rule.name for rule in program.rules if rule.asset == cap.asset)
            name = member_cap_name(cap.asset, cap.window)
            ours.append(Ceiling(name, cap.window, cap.amount, rules))
    return tuple(ours)


def _campaign(rule: Rule) -> str:
    # A rule that is run again later is another campaign.
    return f"from {rule.during.from_day or date.min}"


def room_left(program: Program, used: Used, day: date) -> dict[str, int]:
    """The room under every cap on a local day, before whatever is decided now."""
    room = {}
    for ceiling in ceilings(program):
        window, amount = used.get(ceiling.name, ("", 0))
        taken = amount if window == ceiling.window_of(day) else 0
        room[ceiling.name] = max(0, ceiling.amount - taken)
    return room


def use_caps(
    program: Program, used: dict[str, tuple[str, int]], day: date, by_rule: Mapping[str, int]
) -> None:
    """Count what each rule gave (or took back) towards its caps, in the window of `day`."""
    for ceiling in ceilings(program):
        change = sum([by_rule.get(rule, 0) for rule in ceiling.rules])
        if not change:
            continue
        window = ceiling.window_of(day)
        known, amount = used.get(ceiling.name, ("", 0))
        if known == window:
            used[ceiling.name] = (window, max(0, amount + change))
        elif known < window:
            # A newer window starts; what an older one had no longer limits anybody.
            used[ceiling.name] = (window, max(0, change))


def capped(rule: Rule, amount: int, room: Room) -> tuple[int, str]:
    """What the rule's own caps let through, and the cap that cut it, as a program names it."""
    cut = ""
    for cap in rule.caps:
        allowed = cap.amount if cap.window == "order" else room[cap_name(rule, cap)]
        if allowed < amount:
            amount, cut = allowed, f"caps.{cap.window}"
    return amount, cut
