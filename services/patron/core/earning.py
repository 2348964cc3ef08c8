"""What an order or an engagement is worth by a program's rules, and why.

Computed in this order: basis, points by line or order, multipliers, one rounding, the
rule's caps; then one rule of each group, and the caps on all rules together. An order is
worth what the rules give on what is left of it, at the tier it was bought at, on its own
day, and with the room that it found under the caps, whenever that is asked.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from patron.core.basis import Basket
from patron.core.caps import Room, capped
from patron.core.decision import Proof, Refusal
from patron.core.expressions import order_facts, rules_ask
from patron.core.facts import Engaged
from patron.core.matching import Selection, Weighed, selection, selects
from patron.core.mechanics import per_amount, per_event, per_step, per_unit, round_up, streak
from patron.core.program import Program, Rule
from patron.core.together import (
    Circumstances,
    Multiplier,
    is_conditional,
    multipliers,
    one_of_each_group,
    rule_fails,
    within_member_caps,
)
from patron.core.wallets import into_wallets, split_assets

Times = tuple[int, int]  # A multiplier as a fraction: numerator and denominator.
ONE: Times = (1, 1)

# A mechanic that pays for orders: its settings, and the module that knows their worth.
BY_ORDER: dict[type, Any] = {
    per_amount.PerAmount: per_amount,
    per_step.PerStep: per_step,
    per_unit.PerUnit: per_unit,
    round_up.RoundUp: round_up,
}
BY_EVENT = (per_event.PerEvent, streak.Streak)


class OrderRule(NamedTuple):
    """A rule that pays for orders, with what never changes of it worked out once."""

    rule: Rule
    mechanic: Any  # The module that knows what a basket is worth by its settings.
    chosen: Selection
    times: Mapping[int, Times]
    conditional: bool
    multipliers: tuple[Multiplier, ...]


@lru_cache(maxsize=256)
def order_rules(program: Program) -> tuple[OrderRule, ...]:
    """The rules of a program that pay for orders, in its order."""
    return tuple(
        OrderRule(
            rule,
            BY_ORDER[type(rule.mechanic)],
            selection(rule.match),
            _pairs(rule.by_tier),
            is_conditional(rule),
            multipliers(program).get(rule.name, ()),
        )
        for rule in program.rules
        if type(rule.mechanic) in BY_ORDER
    )


@lru_cache(maxsize=256)
def event_rules(program: Program) -> Mapping[str, tuple[Rule, ...]]:
    """The rules of a program that pay for engagement, by action."""
    rules: dict[str, tuple[Rule, ...]] = {}
    for rule in program.rules:
        if isinstance(rule.mechanic, BY_EVENT):
            rules[rule.mechanic.action] = (*rules.get(rule.mechanic.action, ()), rule)
    return rules


def order_worth(
    program: Program, basket: Basket, *, found: Circumstances, room: Room
) -> list[Proof]:
    """One proof for each rule that pays for orders, also where it pays nothing."""
    found = with_facts(program, basket, found)
    proofs = [_order_proof(rule, basket, found, room) for rule in order_rules(program)]
    proofs = settled_together(program, proofs, room)
    return into_wallets(program, proofs, found.attributes) if split_assets(program) else proofs


def with_facts(program: Program, basket: Basket, found: Circumstances) -> Circumstances:
    """What an order finds, with what expressions ask of its basket where a rule has one."""
    if not rules_ask(program):
        return found

    return found._replace(facts=order_facts(basket, program.tier_at(found.place)))


def settled_together(program: Program, proofs: list[Proof], room: Room) -> list[Proof]:
    """What the rules give once groups and the member's own caps have had their say."""
    if program.groups:
        proofs = one_of_each_group(program, proofs)
    if program.caps:
        proofs = within_member_caps(program, proofs, room)
    return proofs


def _order_proof(planned: OrderRule, basket: Basket, found: Circumstances, room: Room) -> Proof:
    rule = planned.rule
    if planned.conditional:
        failed = rule_fails(rule, found)
        if failed is not None:
            code, condition = failed
            return Proof(rule.name, rule.asset, 0, why_not=code, condition=condition)

    times = planned.times.get(found.place, ONE)
    shown = _shown(times)
    if planned.multipliers:
        uncapped, basis, shown = _multiplied(planned, basket, times, found)
    else:
        uncapped, basis = planned.mechanic.worth(rule.mechanic, basket, planned.chosen, times)
    amount, cut = capped(rule, uncapped, room) if rule.caps else (uncapped, "")
    why_not = ""
    if cut:
        why_not = Refusal.CAP_REACHED
    elif amount == 0:
        why_not, cut = Refusal.CONDITION, _why_nothing(planned, basis)
    return Proof(rule.name, rule.asset, amount, basis, shown, uncapped, why_not, cut)


def _why_nothing(planned: OrderRule, basis: int) -> str:
    """Which part of a rule left nothing: no line that counts, or too little of them."""
    if basis:
        return "too_little"

    return "basis" if planned.chosen == (None, None) else "match"


def _multiplied(
    planned: OrderRule, basket: Basket, times: Times, found: Circumstances
) -> tuple[int, int, str]:
    """Points, basis and what multiplied: each line by all multipliers that select it."""
    rule, mechanic = planned.rule, planned.mechanic
    factor, of_lines, shown = _factors(planned, times, found)
    if not of_lines:
        pair = factor.as_integer_ratio()
        uncapped, basis = mechanic.worth(rule.mechanic, basket, planned.chosen, pair)
        return uncapped, basis, shown

    weighed = _weighed(planned, basket, factor, of_lines)
    worth = mechanic.worth_of(rule.mechanic, weighed)
    return worth, sum([counts for counts, _ in weighed]), shown


def _factors(
    planned: OrderRule, times: Times, found: Circumstances
) -> tuple[Fraction, list[Multiplier], str]:
    """What multiplies all that a rule gives, what multiplies some lines, and both in words."""
    factor, shown = Fraction(*times), [_shown(times)] if times is not ONE else []
    of_lines = []
    for multiplier in planned.multipliers:
        if rule_fails(multiplier.rule, found):
            continue
        if multiplier.chosen is None:
            factor *= multiplier.by
        else:
            of_lines.append(multiplier)
        shown.append(f"{multiplier.by} ({multiplier.rule.name})")
    return factor, of_lines, " x ".join(shown)


def _weighed(
    planned: OrderRule, basket: Basket, factor: Fraction, of_lines: Sequence[Multiplier]
) -> list[Weighed]:
    """What counts of each line, and all that multiplies it."""
    weighed: list[Weighed] = []
    for line, counts in planned.mechanic.parts(planned.rule.mechanic, basket, planned.chosen):
        own = factor
        for multiplier in of_lines:
            assert multiplier.chosen is not None
            if line is not None and selects(multiplier.chosen, line):
                own *= multiplier.by
        weighed.append((counts, own))
    return weighed


def line_weights(
    program: Program, planned: OrderRule, basket: Basket, found: Circumstances
) -> list[Fraction] | None:
    """In which proportion the lines that count earn; None of a rule that pays by order."""
    rule, mechanic = planned.rule.mechanic, planned.mechanic
    if not isinstance(rule, per_unit.PerUnit) and getattr(rule, "by", "order") == "order":
        return None

    found = with_facts(program, basket, found)
    factor, of_lines, _ = _factors(planned, planned.times.get(found.place, ONE), found)
    weighed = _weighed(planned, basket, factor, of_lines)
    return [mechanic.weight(rule, each) for each in weighed]


def event_worth(program: Program, rule: Rule, fact: Engaged, found: Circumstances) -> Proof:
    """What one engagement is worth by one rule before caps; once-keys are the caller's."""
    failed = rule_fails(rule, found)
    if failed is not None:
        code, condition = failed
        return Proof(rule.name, rule.asset, 0, why_not=code, condition=condition)
    if not rule.match.attributes_of(fact.attributes):
        condition = "match.attributes"
        return Proof(rule.name, rule.asset, 0, why_not=Refusal.CONDITION, condition=condition)

    return _flat_proof(program, rule, fact.attributes, found)


def award_worth(program: Program, rule: Rule, found: Circumstances) -> Proof:
    """What a rule awards at an instant that has come, before caps."""
    failed = rule_fails(rule, found)
    if failed is not None:
        code, condition = failed
        return Proof(rule.name, rule.asset, 0, why_not=code, condition=condition)

    return _flat_proof(program, rule, (), found)


def _flat_proof(
    program: Program, rule: Rule, attributes: tuple[tuple[str, Any], ...], found: Circumstances
) -> Proof:
    """The points of a rule that pays the same each time, times what multiplies them."""
    times = _pairs(rule.by_tier).get(found.place, ONE)
    factor, shown = Fraction(*times), [_shown(times)] if times is not ONE else []
    for multiplier in multipliers(program).get(rule.name, ()):
        is_matched = multiplier.rule.match.attributes_of(attributes)
        if is_matched and not rule_fails(multiplier.rule, found):
            factor *= multiplier.by
            shown.append(f"{multiplier.by} ({multiplier.rule.name})")
    points = rule.mechanic.points * factor.numerator // factor.denominator
    return Proof(rule.name, rule.asset, points, 1, " x ".join(shown), points)


def events_worth(
    program: Program, proofs: Sequence[Proof], rules: Mapping[str, Rule], room: Room
) -> list[Proof]:
    """What the rules give for one engagement, once all caps and groups have had their say."""
    cut = []
    for proof in proofs:
        amount, condition = capped(rules[proof.rule], proof.amount, room)
        if condition:
            proof = proof._replace(amount=amount, why_not=Refusal.CAP_REACHED, condition=condition)
        cut.append(proof)
    return settled_together(program, cut, room)


def _pairs(by_tier: Mapping[int, Fraction]) -> dict[int, Times]:
    return {place: times.as_integer_ratio() for place, times in by_tier.items()}


def _shown(times: Times) -> str:
    if times is ONE:
        return ""

    numerator, denominator = times
    return str(numerator) if denominator == 1 else f"{numerator}/{denominator}"
