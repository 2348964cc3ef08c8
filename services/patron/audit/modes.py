"""What a refund takes by the modes `item` and `proportional`: a share of what was given."""

from collections.abc import Mapping
from fractions import Fraction
from math import floor

from patron.audit import together, worth
from patron.audit.programs import Terms
from patron.audit.worth import Level
from patron_schemas.program import Rule


def whole(level: Level) -> Level:
    """The order as if nothing of it had come back."""
    fields = level.completed.fields
    return Level(level.completed, fields["lines"], fields["shipping_minor"], level.void)


def left(
    terms: Terms, gives: Mapping[str, int], *, of: Level, level: Level, tier: str
) -> dict[str, int]:
    """What is left of what each rule gives for the whole order."""
    rules = {rule.rule: rule for rule in terms.document.rules}
    return {
        name: left_of(terms, rules[name], points, of=of, level=level, tier=tier) if points else 0
        for name, points in gives.items()
    }


def left_of(terms: Terms, rule: Rule, points: int, *, of: Level, level: Level, tier: str) -> int:
    """What is left of a rule's points for an order when it stands at `level`."""
    before, now = measures(terms, rule, of, tier), measures(terms, rule, level, tier)
    how = rule.per_amount.rounding if rule.per_amount is not None else "floor"
    if terms.document.refunds == "proportional":
        if sum(before) == 0:
            return points
        share = Fraction(sum(before) - sum(now), sum(before))
        return points - worth.rounded(points * share, how)

    weights = [line_points(terms, rule, counts) for counts in before]
    of_lines = worth.spread(points, weights)
    return points - sum(
        worth.rounded(mine * Fraction(counts - rest, counts), how)
        for mine, counts, rest in zip(of_lines, before, now, strict=True)
        if counts
    )


def measures(terms: Terms, rule: Rule, level: Level, tier: str) -> list[int]:
    """What counts of each line, in the unit that the rule pays by."""
    if rule.round_up is not None:
        charged = sum(line["paid_minor"] + line["tax_minor"] for line in level.lines)
        return [charged + level.shipping_minor]
    if rule.per_unit is not None:
        return [
            line["quantity_milli"] // 1000
            for line in level.lines
            if line["kind"] not in ("reward", "discount") and together.line_fits(rule.match, line)
        ]
    lines = worth.basis_lines(terms, level, rule.basis)
    return [amount for _, amount in worth.matching(lines, rule.match, tier)]


def line_points(terms: Terms, rule: Rule, counts: int) -> int:
    """By what a line's share of a rule's points is measured: its own points, or its basis."""
    if rule.per_amount is not None and rule.per_amount.by == "line":
        rate = Fraction(rule.per_amount.points) / terms.minor(rule.per_amount.per)
        return worth.rounded(counts * rate, rule.per_amount.rounding)
    if rule.per_step is not None and rule.per_step.by == "line":
        return floor(counts // terms.minor(rule.per_step.step) * rule.per_step.points)
    return counts
