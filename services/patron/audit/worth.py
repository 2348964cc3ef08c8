"""What an order is worth now, from all of its events at once.

Nothing is kept between two events of an order: each time, the lines are taken from its
last completion, every refund is taken off, and every rule and meter is worked out anew.
Amounts are minor units. What the order was given before is not known here.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from math import ceil, floor
from typing import Any, NamedTuple

from patron.audit import expressions, together
from patron.audit.expressions import Told
from patron.audit.facts import Event
from patron.audit.programs import Terms, tier_matches
from patron_schemas.program import Basis, Match, Meter, Rule

Line = Mapping[str, Any]


class Level(NamedTuple):
    """An order as it stands: its last completion, and what is left of each line."""

    completed: Event
    lines: Sequence[Line]
    shipping_minor: int
    void: bool


def level(events: Sequence[Event]) -> Level:
    """Fold an order's events by their time; at equal times by their arrival."""
    completions = [event for event in events if event.kind == "completed"]
    last = max(completions, key=lambda event: (event.told_at, event.seq))
    cancellations = [event for event in events if event.kind == "cancelled"]
    # At one instant a completion comes before what takes it back, but arrival tells a
    # cancellation from the completion that brings the order back.
    void = any((c.told_at, c.seq) > (last.told_at, last.seq) for c in cancellations)

    back = come_back(events)
    left = [_less(line, *back.get(line["line"], (0, 0))) for line in last.fields["lines"]]
    for line, whole in zip(left, last.fields["lines"], strict=True):
        _in_proportion(line, whole)
    shipping = last.fields["shipping_minor"] - _shipping_back(events)
    return Level(last, left, max(0, shipping), void)


def _shipping_back(events: Sequence[Event]) -> int:
    """What came back of the shipping: refunds add up, totals to date say it all."""
    back: int = 0
    for event in events:
        if event.kind == "refunded":
            amount = event.fields.get("shipping_minor", 0)
            back = max(back, amount) if event.fields.get("cumulative") else back + amount
    return back


def come_back(events: Sequence[Event]) -> dict[str, tuple[int, int]]:
    """What came back of each line, money and thousandths of units, refund by refund.

    An amount is spread over what was left of the lines that the order had by then: which
    article came back does not change with a later edit.
    """
    back: dict[str, tuple[int, int]] = {}
    lines: Sequence[Line] = ()
    for event in events:
        if event.kind == "completed":
            lines = event.fields["lines"]
        elif event.kind == "refunded":
            _one_more(back, event, lines)
    return back


def _one_more(back: dict[str, tuple[int, int]], event: Event, lines: Sequence[Line]) -> None:
    """Add what one refund brings back."""
    total_to_date = event.fields.get("cumulative", False)
    if event.fields["lines"]:
        for name, amount_minor, quantity_milli, *_ in event.fields["lines"]:
            paid, quantity = back.get(name, (0, 0))
            if total_to_date:
                back[name] = (max(paid, amount_minor), max(quantity, quantity_milli))
            else:
                back[name] = (paid + amount_minor, quantity + quantity_milli)
        return
    amount = event.fields["amount_minor"]
    if total_to_date:
        amount = max(0, amount - sum(paid for paid, _ in back.values()))
    for name, amount_minor, _ in _spread_over(lines, back, amount):
        paid, quantity = back.get(name, (0, 0))
        back[name] = (paid + amount_minor, quantity)


def _spread_over(
    lines: Sequence[Line], back: Mapping[str, tuple[int, int]], amount_minor: int
) -> list[tuple[str, int, int]]:
    left = [_less(line, *back.get(line["line"], (0, 0))) for line in lines]
    shares = spread(amount_minor, [line["paid_minor"] for line in left])
    return [(line["line"], share, 0) for line, share in zip(left, shares, strict=True)]


def _less(line: Line, paid_minor: int, quantity_milli: int) -> dict[str, Any]:
    """A line less what came back of it; an edit may have left less than that."""
    return {
        **line,
        "paid_minor": max(0, line["paid_minor"] - paid_minor),
        "quantity_milli": max(0, line["quantity_milli"] - quantity_milli),
    }


def _in_proportion(line: dict[str, Any], whole: Line) -> None:
    """List price and tax leave a line as what was paid for it does; a free one, as its units."""
    by = "paid_minor" if whole["paid_minor"] else "quantity_milli"
    for amount in ("list_minor", "tax_minor"):
        line[amount] = whole[amount] * line[by] // whole[by] if whole[by] else 0


def spread(amount: int, weights: Sequence[int | Fraction]) -> list[int]:
    """Whole shares of an amount in proportion to weights: the largest remainders round up."""
    total = sum(weights)
    if amount == 0 or total == 0:
        return [0] * len(weights)

    exact = [Fraction(amount * weight) / total for weight in weights]
    shares = [floor(share) for share in exact]
    by_remainder = sorted(range(len(exact)), key=lambda i: (shares[i] - exact[i], i))
    for i in by_remainder[: amount - sum(shares)]:
        shares[i] += 1
    return shares


def basis_lines(terms: Terms, order: Level, flags: Basis) -> list[tuple[Line, int]]:
    """The lines that count by these flags, and how much of each, in the program's money."""
    lines = [
        line
        for line in order.lines
        if line["kind"] not in ("reward", "discount")
        and (line["kind"] != "gift_card" or flags.gift_cards)
    ]
    amounts = [
        line["list_minor" if flags.before_discounts else "paid_minor"]
        + (line["tax_minor"] if flags.tax else 0)
        for line in lines
    ]
    if flags.shipping and order.shipping_minor:
        lines.append({"kind": "shipping", "category": "", "sku": "", "attributes": ()})
        amounts.append(order.shipping_minor)

    counted_methods = {
        "money": True,
        "points": flags.paid_by_points,
        "gift_card": flags.paid_by_gift_card,
        "promotion": flags.paid_by_promotion,
    }
    off = sum(
        standing(order, amount)
        for method, amount, *_ in order.completed.fields["payments"]
        if not counted_methods.get(method, True)
    )
    shares = spread(min(off, sum(amounts)), amounts)
    return [
        (line, exchanged(terms, order, amount - share))
        for line, amount, share in zip(lines, amounts, shares, strict=True)
    ]


def standing(order: Level, amount_minor: int) -> int:
    """What is left of a payment: it comes back as the order does, rounded down to date."""
    whole = sum(line["paid_minor"] + line["tax_minor"] for line in order.completed.fields["lines"])
    whole += order.completed.fields["shipping_minor"]
    left = sum(line["paid_minor"] + line["tax_minor"] for line in order.lines)
    left += order.shipping_minor
    if whole == 0:
        return amount_minor
    return amount_minor - floor(Fraction(amount_minor * (whole - left), whole))


def exchanged(terms: Terms, order: Level, amount_minor: int) -> int:
    """An amount of the order in the program's money."""
    rate = order.completed.fields["rate"]
    if order.completed.fields["currency"] == terms.document.currency or rate is None:
        return amount_minor

    digits = Fraction(10) ** (terms.digits - int(order.completed.fields["currency_digits"]))
    return round(amount_minor * digits / Fraction(*rate))  # Half to even.


def matching(lines: Sequence[tuple[Line, int]], match: Match, tier: str) -> list[tuple[Line, int]]:
    """Those lines for which all that is written in a match holds."""
    return [
        (line, amount)
        for line, amount in lines
        if together.line_fits(match, line) and tier_matches(match, tier)
    ]


def earned(terms: Terms, rule: Rule, order: Level, tier: str, at: datetime) -> int:
    """What one rule gives for an order of that instant, before its caps."""
    attributes = order.completed.fields["attributes"]
    known = told(terms, order, tier) if expressions.any_rule(terms) else expressions.NOTHING
    if order.void or not together.holds(
        terms, rule, at=at, tier=tier, told=known, order=attributes
    ):
        return 0

    def factor(line: Line | None) -> Fraction:
        return together.factor(terms, rule, line, at=at, tier=tier, told=known, order=attributes)

    if rule.round_up is not None:
        charged = order.shipping_minor
        charged += sum(line["paid_minor"] + line["tax_minor"] for line in order.lines)
        missing = -charged % terms.minor(rule.round_up.to)
        return floor(exchanged(terms, order, missing) * factor(None))
    if rule.per_unit is not None:
        articles = [line for line in order.lines if line["kind"] not in ("reward", "discount")]
        chosen = [line for line, _ in matching([(line, 0) for line in articles], rule.match, tier)]
        units: Fraction = sum(
            (line["quantity_milli"] // 1000 * factor(line) for line in chosen), Fraction(0)
        )
        return floor(units * rule.per_unit.points)

    lines = matching(basis_lines(terms, order, rule.basis), rule.match, tier)
    weighed = [(amount, factor(None if line["kind"] == "shipping" else line))
               for line, amount in lines]  # fmt: skip
    if rule.per_step is not None:
        step = terms.minor(rule.per_step.step)
        # Steps are whole already, line by line or not; what is multiplied is rounded once.
        if rule.per_step.by == "line":
            steps = sum(amount // step * times for amount, times in weighed)
        else:
            steps = sum(amount for amount, _ in weighed) // step * factor(None)
        return floor(steps * rule.per_step.points)

    assert rule.per_amount is not None
    rate = Fraction(rule.per_amount.points) / terms.minor(rule.per_amount.per)
    exact = [amount * times * rate for amount, times in weighed]
    parts = exact if rule.per_amount.by == "line" else [sum(exact, Fraction(0))]
    return sum(rounded(part, rule.per_amount.rounding) for part in parts)


def told(terms: Terms, order: Level, tier: str) -> Told:
    """What expressions are told of an order as it stands."""
    paid = {line["line"]: minor for line, minor in basis_lines(terms, order, Basis())}
    listing = Basis(before_discounts=True)
    listed = {line["line"]: minor for line, minor in basis_lines(terms, order, listing)}
    lines = [
        {
            "sku": line["sku"],
            "category": line["category"],
            "kind": line["kind"],
            "units": line["quantity_milli"] // 1000,
            "paid_minor": paid.get(line["line"], 0),
            "list_minor": listed.get(line["line"], 0),
            "attributes": expressions.pairs(line["attributes"]),
        }
        for line, whole in zip(order.lines, order.completed.fields["lines"], strict=True)
        if line["kind"] not in ("reward", "discount")
        and (line["paid_minor"] if whole["paid_minor"] else line["quantity_milli"])
    ]
    return {
        "order.total_minor": sum(paid.values()),
        "order.units": sum(line["units"] for line in lines),
        "order.currency": order.completed.fields["currency"],
        "order.attributes": expressions.pairs(order.completed.fields["attributes"]),
        "order.lines": lines,
        "member.tier": tier,
    }


def rounded(exact: Fraction, how: str) -> int:
    """A whole number, by one of the four ways of rounding."""
    match how:
        case "floor":
            return floor(exact)
        case "ceil":
            return ceil(exact)
        case "half_up":
            return floor(exact + Fraction(1, 2))
        case _:
            return round(exact)


def counted(terms: Terms, meter: Meter, order: Level, tier: str) -> int:
    """What an order adds to a meter of basis, units or orders."""
    if order.void or meter.counts not in ("basis", "units", "orders"):
        return 0
    if meter.when is not None and not expressions.holds(meter.when, told(terms, order, tier)):
        return 0

    lines = matching(basis_lines(terms, order, meter.basis), meter.match, tier)
    basis: int = sum(amount for _, amount in lines)
    # What is left out of a basis by its flags is an article all the same.
    articles = [(line, 0) for line in order.lines if line["kind"] not in ("reward", "discount")]
    units: int = sum(
        line["quantity_milli"] // 1000 for line, _ in matching(articles, meter.match, tier)
    )
    match meter.counts:
        case "basis":
            return basis
        case "units":
            return units
        case _:
            # What was paid for counts while money of it is left; what was free, by its articles.
            was_free = not any(line["paid_minor"] for line in order.completed.fields["lines"])
            return 1 if basis > 0 or (was_free and units > 0) else 0
