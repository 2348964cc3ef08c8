"""What of an order counts: minor units of the program's currency, line by line.

The basis is what was paid for the lines after their discounts, without tax, shipping
and gift cards, and without what was paid by points, gift card or promotion. Each of
these exclusions is a flag (`program.Basis`). Reward and discount lines never count.
"""

from patron.core.decision import Unfit
from patron.core.facts import Line, OrderCompleted
from patron.core.money import rounded, spread
from patron.core.program import Basis, Program

NEVER_COUNT = frozenset({"reward", "discount"})


class Basket:
    """An order's lines that are left, and their basis by each set of flags, worked out once.

    `exchange` is what an amount of the order is multiplied with to be one of the program's
    minor units, as (numerator, denominator); None where the currency is the program's own.
    """

    __slots__ = ("_bases", "_exchange", "_order", "lines")

    def __init__(
        self, order: OrderCompleted, lines: tuple[Line, ...], exchange: tuple[int, int] | None
    ) -> None:
        self._order = order
        self._exchange = exchange
        self._bases: dict[Basis, list[int]] = {}
        self.lines = lines

    def basis(self, flags: Basis) -> list[int]:
        """Minor units for each of `lines`, in their order; with shipping, one more at the end."""
        known = self._bases.get(flags)
        if known is None:
            known = _basis(self._order, self.lines, flags)
            if self._exchange is not None:
                numerator, denominator = self._exchange
                known = [rounded(minor * numerator, denominator, "half_even") for minor in known]
            self._bases[flags] = known
        return known


def exchange(program: Program, order: OrderCompleted) -> tuple[int, int] | Unfit | None:
    """How the order's amounts become the program's: the event's rate, half_even by line."""
    if order.currency == program.currency:
        return None
    if order.rate is None:
        return Unfit("no_rate", "the order is in another currency and brings no rate")

    units, of = order.rate
    return of * 10**program.currency_digits, units * 10**order.currency_digits


def _basis(order: OrderCompleted, lines: tuple[Line, ...], flags: Basis) -> list[int]:
    amounts = [_line_minor(line, flags) for line in lines]
    if order.payments:
        out = sum(part.amount_minor for part in order.payments if _is_out(part.method, flags))
        amounts = _without(amounts, out)
    if flags.shipping:
        amounts.append(order.shipping_minor if lines else 0)
    return amounts


def _line_minor(line: Line, flags: Basis) -> int:
    if line.kind in NEVER_COUNT or (line.kind == "gift_card" and not flags.gift_cards):
        return 0

    amount = line.list_minor if flags.before_discounts else line.paid_minor
    return amount + line.tax_minor if flags.tax else amount


def _is_out(method: str, flags: Basis) -> bool:
    return (
        (method == "points" and not flags.paid_by_points)
        or (method == "gift_card" and not flags.paid_by_gift_card)
        or (method == "promotion" and not flags.paid_by_promotion)
    )


def _without(amounts: list[int], out_minor: int) -> list[int]:
    """Each line bears its share of what was not paid in money; none falls below zero."""
    shares = spread(min(out_minor, sum(amounts)), amounts)
    return [amount - share for amount, share in zip(amounts, shares, strict=True)]
