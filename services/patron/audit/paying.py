"""Points as payment: what an order holds of them, and what comes back as it comes back."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction
from math import ceil, floor
from typing import TYPE_CHECKING, NamedTuple

from patron.audit import calendar, ends, worth
from patron.audit.facts import Event
from patron.audit.programs import Terms
from patron.audit.worth import Level

if TYPE_CHECKING:
    from patron.audit.levels import Order
    from patron.audit.model import Model

PAID = "paid"


class Part(NamedTuple):
    """Points that pay, and the life that they had."""

    amount: int
    expires_at: datetime
    earned_at: datetime
    rule: str
    origin: int | None  # None: from no lot, they were owed.


def settle(model: Model, terms: Terms, order: Order, level: Level, event: Event) -> None:
    """Let an order hold as many points as pay for what is left of it."""
    paying = terms.document.paying
    if paying is None:
        return

    ahead = model.prepaid.pop(event.fields["order"], [])
    order.paid_points += sum(part.amount for part in ahead)
    order.paid += ahead
    if level.completed.fields["payments"]:
        order.paid_points = _stated(terms, level)
    due = 0 if level.void else worth.standing(level, order.paid_points)
    more = due - sum(part.amount for part in order.paid)
    if more > 0:
        order.paid += take_or_owe(model, terms, paying.asset, more, event)
    elif more < 0:
        _give_back(model, terms, order, -more, event)


def _stated(terms: Terms, level: Level) -> int:
    paying = terms.document.paying
    assert paying is not None
    fields = level.completed.fields
    minor = sum(amount for method, amount, *_ in fields["payments"] if method == "points")
    whole = sum(line["paid_minor"] + line["tax_minor"] for line in fields["lines"])
    minor = worth.exchanged(terms, level, min(minor, whole + fields["shipping_minor"]))
    return ceil(Fraction(minor * paying.block, terms.minor(paying.worth)))


def take_or_owe(model: Model, terms: Terms, asset: str, amount: int, event: Event) -> list[Part]:
    """Spend an amount; what is not there is owed."""
    parts = take(model, asset, min(amount, model.wallet.held(asset)))
    missing = amount - sum(part.amount for part in parts)
    if missing:
        model.wallet.debt[asset] = model.wallet.debt.get(asset, 0) + missing
        end = ends.end_of(terms, asset, event.at)
        parts.append(Part(missing, end, event.at, PAID, None))
    return parts


def take(model: Model, asset: str, amount: int) -> list[Part]:
    """Spend an amount that is there, and remember where it came from."""
    return [
        Part(part, lot.expires_at, lot.earned_at, lot.rule, lot.origin)
        for lot, part in model.wallet.spend(asset, amount)
    ]


def _give_back(model: Model, terms: Terms, order: Order, amount: int, event: Event) -> None:
    """The last that were taken come back first; a lot that has ended ends them again."""
    paying = terms.document.paying
    assert paying is not None
    while amount > 0:
        last = order.paid.pop()
        part = min(amount, last.amount)
        amount -= part
        if part < last.amount:
            order.paid.append(last._replace(amount=last.amount - part))
        end = last.expires_at
        if paying.grace is not None:
            end = max(end, calendar.plus(event.at, paying.grace, terms.zone))
        model.wallet.open(
            event.seq, asset=paying.asset, compartment="available", expires_at=end,
            earned_at=last.earned_at, amount=part, rule=last.rule,
            origin=event.seq if last.origin is None else last.origin,
        )  # fmt: skip
        if end <= event.at:
            model.wallet.lots[-1].remaining = 0


def redeem(model: Model, terms: Terms, event: Event) -> bool:
    """A request to pay for an order; False where it is none, or names another asset."""
    paying, fields = terms.document.paying, event.fields
    if paying is None or not fields["order"] or fields["asset"] != paying.asset:
        return False

    ahead = model.prepaid.get(fields["order"], [])
    if model.by_time:
        # What was granted stands, whether it is there or not.
        parts = take_or_owe(model, terms, paying.asset, event.told["amount"], event)
        model.prepaid[fields["order"]] = [*ahead, *parts]
        return True
    granted = fields["amount"]
    total_minor = fields.get("total_minor", 0)
    if total_minor:
        blocks = floor(total_minor * Fraction(paying.share_max) / terms.minor(paying.worth))
        granted = min(granted, blocks * paying.block - sum(part.amount for part in ahead))
    granted = max(0, granted) // paying.block * paying.block
    if 0 < granted <= model.wallet.held(paying.asset):
        model.prepaid[fields["order"]] = [*ahead, *take(model, paying.asset, granted)]
    return True
