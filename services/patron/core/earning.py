"""What an order or an engagement is worth by a program's rules, and why.

Computed in this order: basis, points by line or order, the tier's multiplier, one
rounding, caps. Rules add up, and none sees what another has paid. An order is worth
what the rules give on what is left of it, at the tier it was bought at and with the
room that it found under the caps, whenever that is asked.
"""

from collections.abc import Mapping
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from patron.core.basis import Basket
from patron.core.decision import Proof, Refusal
from patron.core.facts import Engaged
from patron.core.matching import Selection, selection
from patron.core.mechanics import per_amount, per_event, per_step
from patron.core.periods import window_name
from patron.core.program import Cap, Program, Rule

Times = tuple[int, int]  # A multiplier as a fraction: numerator and denominator.
ONE: Times = (1, 1)

# A mechanic that pays for orders: its settings, and what a basket is worth by them.
BY_ORDER: dict[type, Any] = {
    per_amount.PerAmount: per_amount.worth,
    per_step.PerStep: per_step.worth,
}

Room = Mapping[str, int]  # Cap → the most that this order or event may have of it.
Used = Mapping[str, tuple[str, int]]  # Cap → (window, how much of it is used).


class OrderRule(NamedTuple):
    """A rule that pays for orders, with what never changes of it worked out once."""

    rule: Rule
    worth: Any
    chosen: Selection
    times: Mapping[int, Times]


@lru_cache(maxsize=256)
def order_rules(program: Program) -> tuple[OrderRule, ...]:
    """The rules of a program that pay for orders, in its order."""
    return tuple(
        OrderRule(rule, BY_ORDER[type(rule.mechanic)], selection(rule.match), _pairs(rule.by_tier))
        for rule in program.rules
        if type(rule.mechanic) in BY_ORDER
    )


@lru_cache(maxsize=256)
def event_rules(program: Program) -> Mapping[str, tuple[Rule, ...]]:
    """The rules of a program that pay for engagement, by action."""
    rules: dict[str, tuple[Rule, ...]] = {}
    for rule in program.rules:
        if isinstance(rule.mechanic, per_event.PerEvent):
            rules[rule.mechanic.action] = (*rules.get(rule.mechanic.action, ()), rule)
    return rules


def order_worth(program: Program, basket: Basket, *, tier: str, room: Room) -> list[Proof]:
    """One proof for each rule that pays for orders, also where it pays nothing."""
    place = program.place(tier)
    return [_order_proof(rule, basket, place, room) for rule in order_rules(program)]


def _order_proof(planned: OrderRule, basket: Basket, place: int, room: Room) -> Proof:
    rule = planned.rule
    if rule.match.tiers is not None and place not in rule.match.tiers:
        return Proof(rule.name, rule.asset, 0, why_not=Refusal.TIER)

    times = planned.times.get(place, ONE)
    uncapped, basis = planned.worth(rule.mechanic, basket, planned.chosen, times)
    amount = _capped(rule, uncapped, room) if rule.caps else uncapped
    why_not = ""
    if amount < uncapped:
        why_not = Refusal.CAP_REACHED
    elif amount == 0:
        why_not = Refusal.CONDITION
    return Proof(rule.name, rule.asset, amount, basis, _shown(times), uncapped, why_not)


def event_worth(rule: Rule, fact: Engaged, *, place: int, room: Room) -> Proof:
    """What one engagement is worth by one rule; once-keys are the caller's."""
    if rule.match.tiers is not None and place not in rule.match.tiers:
        return Proof(rule.name, rule.asset, 0, why_not=Refusal.TIER)
    if not rule.match.attributes_of(fact.attributes):
        return Proof(rule.name, rule.asset, 0, why_not=Refusal.CONDITION)

    times = _pairs(rule.by_tier).get(place, ONE)
    uncapped = per_event.worth(rule.mechanic, times)
    amount = _capped(rule, uncapped, room)
    why_not = Refusal.CAP_REACHED if amount < uncapped else ""
    return Proof(rule.name, rule.asset, amount, 1, _shown(times), uncapped, why_not)


def _pairs(by_tier: Mapping[int, Fraction]) -> dict[int, Times]:
    return {place: times.as_integer_ratio() for place, times in by_tier.items()}


def _shown(times: Times) -> str:
    if times is ONE:
        return ""

    numerator, denominator = times
    return str(numerator) if denominator == 1 else f"{numerator}/{denominator}"


def _capped(rule: Rule, amount: int, room: Room) -> int:
    for cap in rule.caps:
        allowed = cap.amount if cap.window == "order" else room[cap_name(rule, cap)]
        amount = min(amount, allowed)
    return amount


def cap_name(rule: Rule, cap: Cap) -> str:
    """Names one cap of a program, in an account and in an order."""
    return f"{rule.name}/{cap.window}"


@lru_cache(maxsize=256)
def windowed_caps(program: Program) -> tuple[tuple[Rule, Cap], ...]:
    """The caps that count over time, and so need to be remembered."""
    return tuple(
        (rule, cap) for rule in program.rules for cap in rule.caps if cap.window != "order"
    )


def room_left(program: Program, used: Used, day: date) -> dict[str, int]:
    """The room under every cap on a local day, before whatever is decided now."""
    room = {}
    for rule, cap in windowed_caps(program):
        name = cap_name(rule, cap)
        window, amount = used.get(name, ("", 0))
        taken = amount if window == window_name(cap.window, day) else 0
        room[name] = max(0, cap.amount - taken)
    return room


def use_caps(
    program: Program, used: dict[str, tuple[str, int]], day: date, by_rule: Mapping[str, int]
) -> None:
    """Count what each rule gave (or took back) towards its caps, in the window of `day`."""
    for rule, cap in windowed_caps(program):
        change = by_rule.get(rule.name, 0)
        if not change:
            continue
        name, window = cap_name(rule, cap), window_name(cap.window, day)
        known, amount = used.get(name, ("", 0))
        if known == window:
            used[name] = (window, max(0, amount + change))
        elif known < window:
            # A newer window starts; what an older one had no longer limits anybody.
            used[name] = (window, max(0, change))
