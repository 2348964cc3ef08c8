"""What articles that come back are worth, where a refund says how many and not how much.

A return is worth the price of what was bought less the price of what is kept. Of articles
that are priced each by itself that is their share of what was paid. Of a group that is
priced by quantity the rest may cost more: who keeps two of "3 at 2.50 each" pays their own
price for both. Always on all returns to date, less what came back before.
"""

from collections.abc import Mapping
from fractions import Fraction

from patron.core.account import OrderState, Refunded
from patron.core.facts import OrderCompleted, OrderRefunded, RefundedLine
from patron.core.money import rounded, spread
from patron.core.periods import local_day
from patron.core.prices import Buyer, special_costs
from patron.core.program import Program


def with_worth(program: Program, order: OrderState, fact: OrderRefunded) -> OrderRefunded:
    """The refund with an amount for each of its lines that says only how many units came back.

    What does not fit its order is left as it is: `orders.refunded` will say so.
    """
    if order.completed is None or not any(part.units_alone for part in fact.lines):
        return fact

    before = {back.line: back for back in order.refunded}
    after = _to_date(fact, before)
    lines = {line.line: line for line in order.completed.lines}
    if any(n not in lines or b.quantity_milli > lines[n].quantity_milli for n, b in after.items()):
        return fact

    due = _due_by_line(program, order, order.completed, fact, after)
    # Totals to date, where the refund says those, hold what came back before.
    so_far = {name: back.amount_minor for name, back in before.items()} if fact.cumulative else {}
    parts = []
    for part in fact.lines:
        if part.units_alone:
            amount_minor = so_far.get(part.line, 0) + due.pop(part.line, 0)
            part = part._replace(amount_minor=amount_minor, units_alone=False)
        parts.append(part)
    # What the refund itself states of a line is held in its total too.
    stated = {name: after[name].amount_minor for name in due} if fact.cumulative else {}
    owed = [RefundedLine(name, stated.get(name, 0) + minor) for name, minor in due.items() if minor]
    return fact._replace(lines=(*parts, *owed))


def _to_date(fact: OrderRefunded, before: Mapping[str, Refunded]) -> dict[str, Refunded]:
    """What has come back of each line with this refund, but for the amounts that it leaves out."""
    after = dict(before)
    for part in fact.lines:
        _, amount_minor, quantity_milli = after.get(part.line, Refunded(part.line, 0, 0))
        if fact.cumulative:
            amount_minor = max(amount_minor, part.amount_minor)
            quantity_milli = max(quantity_milli, part.quantity_milli)
        else:
            amount_minor += part.amount_minor
            quantity_milli += part.quantity_milli
        after[part.line] = Refunded(part.line, amount_minor, quantity_milli)
    return after


def _due_by_line(
    program: Program,
    order: OrderState,
    completed: OrderCompleted,
    fact: OrderRefunded,
    after: Mapping[str, Refunded],
) -> dict[str, int]:
    """What is still to come back for all units to date: for the lines that leave it out.

    What they can't hold, since no line gives more than was paid for it, is for lines that came
    back before: those gave less while what was kept cost more.
    """
    gone = {name: back.quantity_milli for name, back in after.items()}
    worth = _worth_by_line(program, order, completed, gone)
    came_back = sum(after[name].amount_minor for name, units in gone.items() if units)
    left = {
        line.line: max(0, line.paid_minor - after[line.line].amount_minor)
        for line in completed.lines
        if gone.get(line.line)
    }
    names = list({part.line: None for part in fact.lines if part.units_alone})
    own = [max(0, worth[name] - after[name].amount_minor) for name in names]
    due_minor = max(0, sum(worth.values()) - came_back)
    parts = spread(due_minor, own if any(own) else [left[name] for name in names])
    due = {name: min(part, left[name]) for name, part in zip(names, parts, strict=True)}
    others = [name for name in left if name not in due]
    rest_minor = min(due_minor - sum(due.values()), sum(left[name] for name in others))
    rest = spread(rest_minor, [left[name] for name in others])
    return due | dict(zip(others, rest, strict=True))


def _worth_by_line(
    program: Program, order: OrderState, completed: OrderCompleted, gone: Mapping[str, int]
) -> dict[str, int]:
    """What was paid for each line less what its rest costs; below zero where that costs more.

    A line that was paid less than its special price was so by percentages or by the shop: its
    rest is too, in the same proportion.
    """
    assert order.first_at is not None, "the order has been completed"
    lines, attributes = completed.lines, completed.attributes
    day, held = local_day(order.first_at, program.zone), frozenset(order.held)
    buyer = Buyer(program.place(order.tier), {}, day, held)
    whole = special_costs(program, lines, buyer, attributes, gone_milli={})
    rest = special_costs(program, lines, buyer, attributes, gone_milli=gone)
    worth = {}
    for line, cost, left in zip(lines, whole, rest, strict=True):
        kept: Fraction = left * line.paid_minor / cost if cost else left
        worth[line.line] = line.paid_minor - rounded(*kept.as_integer_ratio(), "half_up")
    return worth
