"""Modes of a refund: what an order is worth by its rules once part of it has come back.

`restate` asks the rules anew for what is left. The others ask them once for the whole
order, and take from what each gave a share: by what each line earned, or by the share of
the basis that came back. Always on all refunds to date, so that ten small ones take what
one large one does.
"""

from fractions import Fraction
from math import lcm

from patron.core.account import OrderState
from patron.core.basis import Basket
from patron.core.caps import Room
from patron.core.decision import Proof
from patron.core.earning import OrderRule, line_weights, order_rules, order_worth
from patron.core.mechanics.round_up import RoundUp
from patron.core.money import rounded, spread
from patron.core.program import Program, Rounding
from patron.core.together import Circumstances


def worth_of_order(
    program: Program,
    order: OrderState,
    left: Basket,
    *,
    exchange: tuple[int, int] | None,
    found: Circumstances,
    room: Room,
) -> list[Proof]:
    """One proof for each rule that pays for orders, of what is left, by the program's mode."""
    completed = order.completed
    assert completed is not None
    is_whole = left.lines is completed.lines and not order.shipping_back_minor
    if program.refunds == "restate" or is_whole or order.cancelled_at is not None:
        return order_worth(program, left, found=found, room=room)

    whole = Basket(completed, completed.lines, exchange, shipping_minor=completed.shipping_minor)
    proofs = order_worth(program, whole, found=found, room=room)
    less = []
    for planned, proof in zip(order_rules(program), proofs, strict=True):
        if proof.amount:
            before, now = _measures(planned, whole), _measures(planned, left)
            if program.refunds == "item":
                weights = line_weights(program, planned, whole, found)
                earned = spread(proof.amount, before if weights is None else _whole(weights))
                taken = _by_line(planned, earned, before, now)
            else:
                taken = _in_proportion(planned, proof.amount, before, now)
            proof = proof._replace(amount=proof.amount - taken, basis=sum(now))
        less.append(proof)
    return less


def _measures(planned: OrderRule, basket: Basket) -> list[int]:
    """What counts of each line: minor units, or units; of a round-up all that is charged."""
    if isinstance(planned.rule.mechanic, RoundUp):
        return [basket.charged_minor]

    parts = planned.mechanic.parts(planned.rule.mechanic, basket, planned.chosen)
    return [counts for _, counts in parts]


def _in_proportion(planned: OrderRule, amount: int, before: list[int], now: list[int]) -> int:
    whole = sum(before)
    return rounded(amount * (whole - sum(now)), whole, _rounding(planned)) if whole else 0


def _by_line(planned: OrderRule, earned: list[int], before: list[int], now: list[int]) -> int:
    """Of what each line earned, the share of it that came back."""
    taken = 0
    for points, whole, left in zip(earned, before, now, strict=True):
        if whole:
            taken += rounded(points * (whole - left), whole, _rounding(planned))
    return taken


def _whole(weights: list[Fraction]) -> list[int]:
    """The same proportions in whole numbers."""
    times = lcm(*(weight.denominator for weight in weights))
    return [int(weight * times) for weight in weights]


def _rounding(planned: OrderRule) -> Rounding:
    rounding: Rounding = getattr(planned.rule.mechanic, "rounding", "floor")
    return rounding
