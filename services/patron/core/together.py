"""Rules together: multipliers of other rules, groups of which one pays, caps on all of them.

Base rules add up. What multiplies them multiplies each other; of a group one rule pays;
at the end the member's own caps cut what all rules give, in the program's order.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from fractions import Fraction
from functools import lru_cache
from typing import Any, NamedTuple

from patron.core.caps import Room, member_cap_name
from patron.core.decision import Proof, Refusal
from patron.core.matching import Selection, selection
from patron.core.mechanics.multiply import Multiply
from patron.core.program import ALWAYS, Facts, Match, Price, Program, Rule


class Failed(NamedTuple):
    """Why a rule does not apply: a code, and the condition as a program names it."""

    code: Refusal
    condition: str


class Circumstances(NamedTuple):
    """What an order or event as a whole finds: it earns by what the member was before it."""

    place: int  # Of the tier, in the ladder.
    day: date
    held: frozenset[str] = frozenset()  # Segments and entitlements, of those that rules ask for.
    attributes: tuple[tuple[str, Any], ...] = ()  # Of the order.
    facts: Facts | None = None  # What expressions look at, where a rule has one.


@lru_cache(maxsize=256)
def belongings_asked(program: Program) -> frozenset[str]:
    """The segments and entitlements that some rule or price of this program asks for."""
    asked: set[str] = set()
    matches = [rule.match for rule in program.rules] + [price.match for price in program.prices]
    for match in matches:
        asked |= (match.segments or frozenset()) | (match.entitlements or frozenset())
    return frozenset(asked)


def excludes(match: Match, place: int, held: Iterable[str]) -> Failed | None:
    """The first condition on the member that does not hold."""
    if match.tiers is not None and place not in match.tiers:
        return Failed(Refusal.TIER, "match.tier")
    if match.segments is not None and match.segments.isdisjoint(held):
        return Failed(Refusal.SEGMENT, "match.segment")
    if match.entitlements is not None and match.entitlements.isdisjoint(held):
        return Failed(Refusal.CONDITION, "match.entitlement")

    return None


def fails(rule: Rule | Price, found: Circumstances) -> Failed | None:
    """The first condition of a rule or price that an order or event does not meet as a whole."""
    match, during, day = rule.match, rule.during, found.day
    excluded = excludes(match, found.place, found.held)
    if excluded is not None:
        return excluded
    if during is not ALWAYS:
        if during.from_day is not None and day < during.from_day:
            return Failed(Refusal.NOT_OPEN, "during.from")
        if during.to_day is not None and day >= during.to_day:
            return Failed(Refusal.CLOSED, "during.to")
        if during.weekdays is not None and day.weekday() not in during.weekdays:
            return Failed(Refusal.CONDITION, "during.weekdays")
    if match.order_attributes and not match.order_attributes_of(found.attributes):
        return Failed(Refusal.CONDITION, "match.order_attributes")

    return None


def rule_fails(rule: Rule, found: Circumstances) -> Failed | None:
    """The first condition of a rule that does not hold, its expression last."""
    failed, when, facts = fails(rule, found), rule.when, found.facts
    if failed is None and when is not None and (facts is None or not when.holds(facts)):
        return Failed(Refusal.CONDITION, f"when: {when.text}")
    return failed


def is_conditional(rule: Rule) -> bool:
    """Whether `rule_fails` can ever find something."""
    match = rule.match
    return (
        (match.tiers, match.segments, match.entitlements) != (None, None, None)
        or bool(match.order_attributes)
        or rule.during is not ALWAYS
        or rule.when is not None
    )


class Multiplier(NamedTuple):
    """A rule that multiplies others; without a selection it multiplies all that they give."""

    rule: Rule
    by: Fraction
    chosen: Selection | None


@lru_cache(maxsize=256)
def multipliers(program: Program) -> Mapping[str, tuple[Multiplier, ...]]:
    """The multipliers of each rule that has any, in the program's order."""
    of: dict[str, tuple[Multiplier, ...]] = {}
    for rule in program.rules:
        if not isinstance(rule.mechanic, Multiply):
            continue
        multiplier = multiplier_of(rule)
        for name in rule.mechanic.rules:
            of[name] = (*of.get(name, ()), multiplier)
    return of


def multiplier_of(rule: Rule) -> Multiplier:
    """A rule that multiplies, with what it selects."""
    chosen = selection(rule.match)
    everything = chosen.categories is None and chosen.test is None
    return Multiplier(rule, rule.mechanic.by, None if everything else chosen)


def one_of_each_group(program: Program, proofs: Sequence[Proof]) -> list[Proof]:
    """Leave one rule of each group paying: the best for the member, or the first by priority."""
    groups: dict[str, list[tuple[Rule, Proof]]] = {}
    rules = {rule.name: rule for rule in program.rules if rule.group}
    for proof in proofs:
        rule = rules.get(proof.rule)
        if rule is not None:
            groups.setdefault(rule.group, []).append((rule, proof))
    instead: dict[str, str] = {}
    for name, members in groups.items():
        # The first of equals is the first in the program.
        if program.groups[name] == "best_for_member":
            winner, _ = max(members, key=lambda each: each[1].amount)
        else:
            winner, _ = max(members, key=lambda each: (each[1].uncapped > 0, each[0].priority))
        instead.update({rule.name: winner.name for rule, _ in members if rule is not winner})
    return [
        proof._replace(
            amount=0, why_not=Refusal.CONDITION, condition="group", instead=instead[proof.rule]
        )
        if proof.rule in instead and proof.uncapped
        else proof
        for proof in proofs
    ]


def within_member_caps(program: Program, proofs: Sequence[Proof], room: Room) -> list[Proof]:
    """Cut what all rules give together, the later rules of a program first."""
    left = {
        member_cap_name(cap.asset, cap.window): cap.amount
        if cap.window == "order"
        else room[member_cap_name(cap.asset, cap.window)]
        for cap in program.caps
    }
    kept = []
    for proof in proofs:
        caps = [cap for cap in program.caps if cap.asset == proof.asset]
        for cap in caps:
            allowed = left[member_cap_name(cap.asset, cap.window)]
            if allowed < proof.amount:
                condition = f"the program's caps.{cap.window}"
                proof = proof._replace(
                    amount=allowed, why_not=Refusal.CAP_REACHED, condition=condition
                )
        for cap in caps:
            left[member_cap_name(cap.asset, cap.window)] -= proof.amount
        kept.append(proof)
    return kept
