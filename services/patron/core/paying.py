"""Paying with points: what an order takes, what its return gives back, and to which lots.

An order that says it was paid with points takes them at its time; what is not there is
owed. What was redeemed for it beforehand counts. As the order comes back, so do its
points, in proportion and rounded down on the total to date. No row is put back into a
lot: what comes back is a new one of the same origin, earned and end.
"""

from collections.abc import Mapping
from datetime import datetime

from patron.core.account import AVAILABLE, OrderState, Spent
from patron.core.basis import Basket, charged_minor
from patron.core.decision import Refusal
from patron.core.draft import Draft
from patron.core.ends import ends_at
from patron.core.facts import OrderCompleted, RedeemAsked
from patron.core.money import rounded
from patron.core.periods import plus
from patron.core.program import Paying, Program

PAID = "paid"  # Stands for a rule on lots of points that were owed when they paid, and came back.


def pays_with_points(program: Program, order: OrderCompleted) -> bool:
    """Whether an order takes points of the program's."""
    return program.paying is not None and any(p.method == "points" for p in order.payments)


def settle_payment(draft: Draft, order: OrderState, basket: Basket) -> OrderState:
    """Take the points that the order is paid with now, or give back what it is not."""
    paying, completed = draft.program.paying, order.completed
    if paying is None:
        return order

    assert completed is not None
    ahead = draft.prepaid.pop(order.order, ())
    spent = (*order.spent, *ahead)
    whole = order.paid_points + sum(part.amount for part in ahead)
    if completed.payments:
        whole = _stated_points(paying, completed, basket)
    due = 0 if order.cancelled_at is not None else _standing(whole, completed, basket)
    have = sum(part.amount for part in spent)
    if due > have:
        spent = (*spent, *_take(draft, paying.asset, due - have, order=order.order))
    elif due < have:
        spent = _give_back(draft, paying, spent, have - due)
    return order._replace(spent=spent, paid_points=whole)


def _stated_points(paying: Paying, completed: OrderCompleted, basket: Basket) -> int:
    minor = sum(part.amount_minor for part in completed.payments if part.method == "points")
    # Never more than there is to pay; what a shop took for a cent more is a point more.
    minor = min(minor, charged_minor(completed.lines, completed.shipping_minor))
    return rounded(basket.in_program_currency(minor) * paying.block, paying.worth_minor, "ceil")


def _standing(points: int, completed: OrderCompleted, basket: Basket) -> int:
    whole_minor = charged_minor(completed.lines, completed.shipping_minor)
    back_minor = whole_minor - basket.charged_minor
    return points - points * back_minor // whole_minor if whole_minor else points


def _take(draft: Draft, asset: str, amount: int, *, order: str) -> list[Spent]:
    """Spend, soonest ending first; what is not there becomes debt, and is said."""
    spent = spend(draft, asset, amount)
    taken = sum(part.amount for part in spent)
    if taken:
        draft.notice("points.redeemed", {"asset": asset, "amount": taken, "order": order})
    missing = amount - taken
    if missing:
        draft.pass_on(asset, "debt", missing, "redeemed")
        draft.notice("points.debt", {"asset": asset, "amount": missing, "order": order})
        end = ends_at(draft.program.assets[asset], draft.at, draft.program.zone)
        spent.append(Spent(asset, missing, end, draft.at, PAID))
    return spent


def spend(draft: Draft, asset: str, amount: int) -> list[Spent]:
    """Spend up to an amount, and say of what origin it was."""
    spent = []
    for lot in draft.open_lots(asset=asset):
        part = min(amount, lot.remaining)
        if not part:
            break
        draft.take(lot, part, "redeemed")
        spent.append(Spent(asset, part, lot.expires_at, lot.earned_at, lot.rule, lot.origin))
        amount -= part
    return spent


def _give_back(
    draft: Draft, paying: Paying, spent: tuple[Spent, ...], amount: int
) -> tuple[Spent, ...]:
    """Points come back, the last taken first; opening their lots pays debt. Returns what stays."""
    kept = list(spent)
    expired: dict[str, int] = {}
    while amount:
        last = kept.pop()
        part = min(amount, last.amount)
        amount -= part
        if last.amount > part:
            kept.append(last._replace(amount=last.amount - part))
        end = _end_of(draft, paying, last)
        origin = last.origin or None
        # They come from where they were spent to, and not from the issuer a second time.
        draft.pass_on(last.asset, "redeemed", part, AVAILABLE)
        lot = draft.open(last.asset, AVAILABLE, part, end, last.earned_at, last.rule, origin)
        left = draft.opened[lot.n - 1].remaining
        if end <= draft.at and left:
            draft.take(lot, left, "expired")
            expired[last.asset] = expired.get(last.asset, 0) + left
    for asset, ended in expired.items():
        draft.notice("points.expired", {"asset": asset, "amount": ended})
    return tuple(kept)


def _end_of(draft: Draft, paying: Paying, spent: Spent) -> datetime:
    if paying.grace is None:
        return spent.expires_at

    return max(spent.expires_at, plus(draft.at, paying.grace, draft.program.zone))


def pays_ahead(program: Program, fact: RedeemAsked) -> bool:
    """Whether a request pays for an order that may be still to come."""
    return program.paying is not None and bool(fact.order) and fact.asset == program.paying.asset


def prepay_again(draft: Draft, fact: RedeemAsked, granted: int) -> None:
    """Redeem for an order what was granted once; what is not there any more is owed."""
    ahead = draft.prepaid.get(fact.order, ())
    taken = _take(draft, fact.asset, granted, order=fact.order)
    draft.prepaid[fact.order] = (*ahead, *taken)


def prepay(draft: Draft, fact: RedeemAsked) -> Mapping[str, object] | Refusal:
    """Redeem for an order: whole blocks, at most the program's share of what is to pay."""
    paying = draft.program.paying
    assert paying is not None
    ahead = draft.prepaid.get(fact.order, ())
    granted = fact.amount
    if fact.total_minor:
        most = paying.most_points(fact.total_minor)
        granted = min(granted, max(0, most - sum(part.amount for part in ahead)))
    granted -= granted % paying.block
    if not granted:
        return Refusal.CAP_REACHED
    if draft.balance(fact.asset).available < granted:
        return Refusal.INSUFFICIENT_POINTS

    draft.prepaid[fact.order] = (*ahead, *spend(draft, fact.asset, granted))
    data = {"asset": fact.asset, "amount": granted}
    draft.notice("points.redeemed", data | {"request": fact.name.id, "order": fact.order})
    return data if granted == fact.amount else data | {"asked": fact.amount, "cut": "cap_reached"}
