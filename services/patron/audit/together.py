"""Rules together: on which days each holds, what multiplies it, which one of a group pays."""

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from fractions import Fraction
from typing import Any

from patron.audit import expressions
from patron.audit.expressions import Told
from patron.audit.programs import Terms, attributes_match, tier_matches
from patron_schemas.program import During, Match, Rule

WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Line = Mapping[str, Any]
NO_LINE: Line = {"category": "", "sku": "", "kind": "", "attributes": []}


def pays_for_orders(rule: Rule) -> bool:
    """Whether the rule gives an asset, or entries in a draw, for what was bought."""
    kinds = (rule.per_amount, rule.per_step, rule.per_unit, rule.round_up)
    return rule.unlock is None and any(kind is not None for kind in kinds)


def holds(
    terms: Terms,
    rule: Rule,
    *,
    at: datetime,
    tier: str,
    told: Told,
    order: Iterable[Iterable[object]] = (),
) -> bool:
    """Whether a rule holds at that instant, for that tier and for an order of these attributes."""
    if not tier_matches(rule.match, tier) or not expressions.holds(rule.when, told):
        return False
    has = {str(name): str(value) for name, value in order}
    asked = rule.match.order_attributes or {}
    if any(has.get(name) not in values for name, values in asked.items()):
        return False
    day = at.astimezone(terms.zone).date()
    if rule.enter is not None:
        draw = terms.document.draws[rule.enter]
        if not date.fromisoformat(draw.from_) <= day < date.fromisoformat(draw.to):
            return False
    return on_day(rule.during, day)


def on_day(during: During | None, day: date) -> bool:
    """Whether a local day is among those of a rule or price."""
    if during is None:
        return True

    if during.from_ is not None and day < date.fromisoformat(during.from_):
        return False
    if during.to is not None and day >= date.fromisoformat(during.to):
        return False
    return during.weekdays is None or WEEKDAYS[day.weekday()] in during.weekdays


def factor(
    terms: Terms,
    rule: Rule,
    line: Line | None,
    *,
    at: datetime,
    tier: str,
    told: Told,
    order: Iterable[Iterable[object]] = (),
) -> Fraction:
    """All that multiplies what a rule gives for one line; `line` None is nobody's line."""
    product = Fraction(rule.by_tier.get(tier, "1"))
    for other in terms.document.rules:
        if other.multiply is None or rule.rule not in other.multiply.rules:
            continue
        applies = holds(terms, other, at=at, tier=tier, told=told, order=order)
        if applies and line_fits(other.match, line):
            product *= Fraction(other.multiply.by)
    return product


def line_fits(match: Match, line: Line | None) -> bool:
    """Whether a line is one that a match asks for."""
    if line is None:
        return not (match.category or match.sku or match.kind or match.attributes)

    return (
        (match.category is None or line["category"] in match.category)
        and (match.sku is None or line["sku"] in match.sku)
        and (match.kind is None or line["kind"] in match.kind)
        and attributes_match(match, line["attributes"])
    )


def given(
    terms: Terms, before_caps: Mapping[str, int], room: Mapping[tuple[str, str], int]
) -> dict[str, int]:
    """What each rule gives once its caps, its group and the member's caps had their say."""
    gives = {}
    for rule in terms.document.rules:
        if rule.rule in before_caps:
            rooms = [room[rule.rule, cap.window] for cap in rule.caps]
            gives[rule.rule] = min([before_caps[rule.rule], *rooms])
    return under_member_caps(terms, pick_of_groups(terms, gives, before_caps), room)


def pick_of_groups(
    terms: Terms, gives: dict[str, int], before_caps: Mapping[str, int]
) -> dict[str, int]:
    """Of each group only one rule gives something."""
    after = dict(gives)
    for group, pick in terms.document.groups.items():
        rules = [r for r in terms.document.rules if r.group == group and r.rule in gives]
        if not rules:
            continue
        winner = rules[0]
        for rule in rules[1:]:
            if pick == "best_for_member":
                better = gives[rule.rule] > gives[winner.rule]
            else:
                applies = before_caps[rule.rule] > 0
                other = before_caps[winner.rule] > 0
                higher = (rule.priority or 0) > (winner.priority or 0)
                better = applies and (not other or higher)
            if better:
                winner = rule
        for rule in rules:
            if rule is not winner:
                after[rule.rule] = 0
    return after


def under_member_caps(
    terms: Terms, gives: dict[str, int], room: Mapping[tuple[str, str], int]
) -> dict[str, int]:
    """What all rules give together under the member's caps, first come first served.

    `room` is by ("*" and the asset, window).
    """
    after: dict[str, int] = {}
    for rule in terms.document.rules:
        if rule.rule not in gives:
            continue
        amount = gives[rule.rule]
        for cap in terms.document.caps:
            if cap.asset == rule.earn:
                given = sum(
                    after[r.rule]
                    for r in terms.document.rules
                    if r.rule in after and r.earn == cap.asset
                )
                amount = min(amount, room[f"*{cap.asset}", cap.window] - given)
        after[rule.rule] = amount
    return after
