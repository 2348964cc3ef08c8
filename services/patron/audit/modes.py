"""What a refund takes by the modes `item` and `proportional`: a share of what was given."""

from collections.abc import Mapping
from datetime import datetime
from fractions import Fraction
from typing import NamedTuple

from patron.audit import expressions, together, worth
from patron.audit.programs import Terms
from patron.audit.worth import Level
from patron_schemas.program import Rule


def whole(level: Level) -> Level:
    """The order as if nothing of it had come back."""
    fields = level.completed.fields
    return Level(level.completed, fields["lines"], fields["shipping_minor"], level.void)


class Then(NamedTuple):
    """The tier and the instant at which an order was bought."""

    tier: str
    at: datetime


def left(
    terms: Terms, gives: Mapping[str, int], *, of: Level, level: Level, then: Then
) -> dict[str, int]:
    """What is left of what each rule gives for the whole order."""
    rules = {rule.rule: rule for rule in terms.document.rules}
    return {
        name: left_of(terms, rules[name], points, of=of, level=level, then=then) if points else 0
        for name, points in gives.items()
    }


def left_of(terms: Terms, rule: Rule, points: int, *, of: Level, level: Level, then: Then) -> int:
    """What is left of a rule's points for an order when it stands at `level`."""
    counted = measures(terms, rule, of, then.tier)
    before = [counts for _, counts in counted]
    now = [counts for _, counts in measures(terms, rule, level, then.tier)]
    how = rule.per_amount.rounding if rule.per_amount is not None else "floor"
    if terms.document.refunds == "proportional":
        if sum(before) == 0:
            return points
        share = Fraction(sum(before) - sum(now), sum(before))
        return points - worth.rounded(points * share, how)

    order = of.completed.fields["attributes"]
    told = worth.told(terms, of, then.tier) if expressions.any_rule(terms) else expressions.NOTHING
    weights = []
    for line, counts in counted:
        factor = together.factor(
            terms, rule, line, at=then.at, tier=then.tier, told=told, order=order
        )
        weights.append(line_weight(terms, rule, counts, factor))
    of_lines = worth.spread(points, weights)
    return points - sum(
        worth.rounded(mine * Fraction(counts - rest, counts), how)
        for mine, counts, rest in zip(of_lines, before, now, strict=True)
        if counts
    )


def measures(
    terms: Terms, rule: Rule, level: Level, tier: str
) -> list[tuple[together.Line | None, int]]:
    """What counts of each line, in the unit that the rule pays by; None is nobody's line."""
    if rule.round_up is not None:
        charged = sum(line["paid_minor"] + line["tax_minor"] for line in level.lines)
        return [(None, charged + level.shipping_minor)]
    if rule.per_unit is not None:
        return [
            (line, line["quantity_milli"] // 1000)
            for line in level.lines
            if line["kind"] not in ("reward", "discount") and together.line_fits(rule.match, line)
        ]
    lines = worth.basis_lines(terms, level, rule.basis)
    chosen = worth.matching(lines, rule.match, tier)
    return [(None if line["kind"] == "shipping" else line, amount) for line, amount in chosen]


def line_weight(terms: Terms, rule: Rule, counts: int, factor: Fraction) -> Fraction:
    """By what a line's share of a rule's points is measured: what it earned, or its basis."""
    if rule.per_amount is not None and rule.per_amount.by == "line":
        rate = Fraction(rule.per_amount.points) / terms.minor(rule.per_amount.per)
        return Fraction(worth.rounded(counts * rate * factor, rule.per_amount.rounding))
    if rule.per_step is not None and rule.per_step.by == "line":
        return counts // terms.minor(rule.per_step.step) * factor
    if rule.per_unit is not None:
        return counts * factor
    return Fraction(counts)
