"""An order as a level: what is left of it after all refunds to date.

Its events may come in any number; the state of an order is their fold. What it is
worth is always worked out anew on what is left, never by adding up differences.
"""

from collections.abc import Sequence

from patron.core.account import OrderState, Refunded
from patron.core.decision import Unfit
from patron.core.facts import Line, OrderCancelled, OrderCompleted, OrderRefunded, RefundedLine
from patron.core.money import spread


def lines_left(order: OrderState) -> tuple[Line, ...]:
    """The lines of an order less what came back of them; none of a cancelled one."""
    if order.completed is None or order.cancelled_at is not None:
        return ()
    if not order.refunded:
        return order.completed.lines

    back = {refunded.line: refunded for refunded in order.refunded}
    return tuple(
        _less(line, back[line.line]) if line.line in back else line
        for line in order.completed.lines
    )


def shipping_left_minor(order: OrderState) -> int:
    """What is left of an order's shipping; nothing of a cancelled one."""
    if order.completed is None or order.cancelled_at is not None:
        return 0

    return max(0, order.completed.shipping_minor - order.shipping_back_minor)


def is_void(order: OrderState) -> bool:
    """Whether all that was paid came back (of a free order, all articles), or it is cancelled."""
    assert order.completed is not None
    left = lines_left(order)
    if any(line.paid_minor for line in order.completed.lines):
        return not any(line.paid_minor for line in left)
    return not any(line.quantity_milli for line in left)


def _less(line: Line, back: Refunded) -> Line:
    paid_minor = line.paid_minor - back.amount_minor
    quantity_milli = line.quantity_milli - back.quantity_milli
    # Tax and list price leave with what was paid; of a free line, with its units.
    left, whole = (
        (paid_minor, line.paid_minor) if line.paid_minor else (quantity_milli, line.quantity_milli)
    )
    return line._replace(
        paid_minor=paid_minor,
        quantity_milli=quantity_milli,
        list_minor=line.list_minor * left // whole if whole else 0,
        tax_minor=line.tax_minor * left // whole if whole else 0,
    )


def completed(order: OrderState | None, fact: OrderCompleted) -> OrderState | Unfit:
    """The order with these lines; refunds to date stay, so they must still fit.

    The last completion by time gives the lines, whichever comes last; at one instant,
    of two completions and of a cancellation and a completion, the one that comes last.
    """
    if order is None:
        return OrderState(fact.order, fact)
    if order.completed is not None and fact.at < order.completed.at:
        return order

    void_since = order.cancelled_at
    if void_since is not None and fact.at >= void_since:
        void_since = None
    after = order._replace(completed=fact, cancelled_at=void_since)
    if order.shipping_back_minor > fact.shipping_minor:
        return Unfit("refund_exceeds_order", "more shipping was refunded than there is now")
    for refunded in order.refunded:
        unfit = _check(after, refunded, Refunded(refunded.line, 0, 0))
        if unfit:
            return unfit
    return after


def refunded(order: OrderState, fact: OrderRefunded) -> OrderState | Unfit:
    """The order after one more refund, or why it cannot be: more than is left, no such line."""
    assert order.completed is not None
    if fact.currency not in ("", order.completed.currency):
        return Unfit("other_currency", "the refund is in another currency than its order")
    if order.cancelled_at is not None:
        return Unfit("refund_exceeds_order", "the order is cancelled: nothing is left to refund")
    fact = _new_part(order, fact) if fact.cumulative else fact
    shipping_back_minor = order.shipping_back_minor + fact.shipping_minor
    if shipping_back_minor > order.completed.shipping_minor:
        return Unfit("refund_exceeds_order", "more shipping is refunded than is left to refund")
    if fact.lines:
        back = [Refunded(part.line, part.amount_minor, part.quantity_milli) for part in fact.lines]
    else:
        lines = lines_left(order)
        if fact.amount_minor > sum(line.paid_minor for line in lines):
            return Unfit("refund_exceeds_order", "more is refunded than is left to refund")
        parts = spread(fact.amount_minor, [line.paid_minor for line in lines])
        back = [Refunded(line.line, part, 0) for line, part in zip(lines, parts, strict=True)]
    after = _with(order, back)
    if isinstance(after, Unfit):
        return after

    return after._replace(shipping_back_minor=shipping_back_minor)


def _new_part(order: OrderState, fact: OrderRefunded) -> OrderRefunded:
    """What totals to date add to what came back before; an older total adds nothing."""
    known = {back.line: back for back in order.refunded}
    lines = []
    for part in fact.lines:
        before = known.get(part.line, Refunded(part.line, 0, 0))
        amount_minor = max(0, part.amount_minor - before.amount_minor)
        quantity_milli = max(0, part.quantity_milli - before.quantity_milli)
        lines.append(RefundedLine(part.line, amount_minor, quantity_milli))
        # A line that is named twice has the larger of its totals.
        known[part.line] = Refunded(
            part.line, before.amount_minor + amount_minor, before.quantity_milli + quantity_milli
        )
    total_minor = sum(back.amount_minor for back in order.refunded)
    return fact._replace(
        lines=tuple(lines),
        amount_minor=max(0, fact.amount_minor - total_minor),
        shipping_minor=max(0, fact.shipping_minor - order.shipping_back_minor),
    )


def cancelled(order: OrderState, fact: OrderCancelled) -> OrderState:
    """The order once it was cancelled, unless a later completion has brought it back."""
    assert order.completed is not None
    if fact.at < order.completed.at:
        return order

    return order._replace(cancelled_at=max(fact.at, order.cancelled_at or fact.at))


def _with(order: OrderState, back: Sequence[Refunded]) -> OrderState | Unfit:
    so_far = {refunded.line: refunded for refunded in order.refunded}
    for part in back:
        before = so_far.get(part.line, Refunded(part.line, 0, 0))
        unfit = _check(order, part, before)
        if unfit:
            return unfit
        so_far[part.line] = Refunded(
            part.line,
            before.amount_minor + part.amount_minor,
            before.quantity_milli + part.quantity_milli,
        )
    return order._replace(refunded=tuple(so_far.values()))


def _check(order: OrderState, part: Refunded, before: Refunded) -> Unfit | None:
    assert order.completed is not None
    line = next((line for line in order.completed.lines if line.line == part.line), None)
    if line is None:
        return Unfit("unknown_line", "the refund names a line that its order does not have")
    if (
        before.amount_minor + part.amount_minor > line.paid_minor
        or before.quantity_milli + part.quantity_milli > line.quantity_milli
    ):
        return Unfit("refund_exceeds_order", "more is refunded than is left to refund")

    return None
