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
OR_GIFT_CARDS = NEVER_COUNT | {"gift_card"}


class Basket:
    """An order's lines that are left, and their basis by each set of flags, worked out once.

    `exchange` is what an amount of the order is multiplied with to be one of the program's
    minor units, as (numerator, denominator); None where the currency is the program's own.
    """

    __slots__ = (
        "_bases",
        "_by_category",
        "_exchange",
        "_order",
        "_paid",
        "_shipping_minor",
        "_units",
        "lines",
    )

    def __init__(
        self,
        order: OrderCompleted,
        lines: tuple[Line, ...],
        exchange: tuple[int, int] | None,
        *,
        shipping_minor: int = 0,
    ) -> None:
        self._order = order
        self._shipping_minor = shipping_minor
        self._exchange = exchange
        self._bases: dict[Basis, list[int]] = {}
        self._by_category: dict[Basis, dict[str, int]] = {}
        self._units: dict[str, int] | None = None
        self._paid: frozenset[str] | None = None  # Lines that were not free.
        self.lines = lines

    def basis(self, flags: Basis) -> list[int]:
        """Minor units for each of `lines`, in their order; with shipping, one more at the end."""
        known = self._bases.get(flags)
        if known is None:
            known = self._basis(flags)
            if self._exchange is not None:
                known = [self.in_program_currency(minor) for minor in known]
            self._bases[flags] = known
        return known

    def in_program_currency(self, minor: int) -> int:
        """An amount of the order in the program's minor units."""
        if self._exchange is None:
            return minor

        numerator, denominator = self._exchange
        return rounded(minor * numerator, denominator, "half_even")

    @property
    def attributes(self) -> tuple[tuple[str, str], ...]:
        """The attributes of the order as a whole."""
        return self._order.attributes

    @property
    def currency(self) -> str:
        """The order's own currency."""
        return self._order.currency

    def is_left(self, line: Line) -> bool:
        """Whether any of a line is left: money, or of one that was free, articles."""
        if line.paid_minor:
            return True
        if self._paid is None:
            self._paid = frozenset(each.line for each in self._order.lines if each.paid_minor)
        return line.line not in self._paid and line.quantity_milli > 0

    @property
    def charged_minor(self) -> int:
        """What is charged for what is left, in the order's currency: tax and shipping too."""
        return charged_minor(self.lines, self._shipping_minor)

    def _basis(self, flags: Basis) -> list[int]:
        order, lines = self._order, self.lines
        amounts = _counting(lines, flags)
        if flags.shipping:
            amounts.append(self._shipping_minor)
        if order.payments:
            out = [part for part in order.payments if _is_out(part.method, flags)]
            unpaid_minor = sum([part.amount_minor for part in out])
            if unpaid_minor and lines is not order.lines:
                whole_minor = charged_minor(order.lines, order.shipping_minor)
                back_minor = whole_minor - self.charged_minor
                unpaid_minor = sum(
                    [_standing(p.amount_minor, back_minor, whole_minor) for p in out]
                )
            amounts = _without(amounts, unpaid_minor)
        return amounts

    @property
    def was_free(self) -> bool:
        """Whether nothing was paid for the order as it was completed."""
        return not any(line.paid_minor for line in self._order.lines)

    def by_category(self, flags: Basis) -> dict[str, int]:
        """Minor units by category of the lines."""
        sums = self._by_category.get(flags)
        if sums is None:
            sums = self._by_category[flags] = {}
            for line, minor in zip(self.lines, self.basis(flags), strict=False):
                sums[line.category] = sums.get(line.category, 0) + minor
        return sums

    def units_by_category(self) -> dict[str, int]:
        """Whole units by category, rounded down line by line."""
        if self._units is None:
            self._units = {}
            for line in self.lines:
                if line.kind in NEVER_COUNT:
                    continue
                count = line.quantity_milli // 1000
                self._units[line.category] = self._units.get(line.category, 0) + count
        return self._units


def exchange(program: Program, order: OrderCompleted) -> tuple[int, int] | Unfit | None:
    """How the order's amounts become the program's: the event's rate, half_even by line."""
    if order.currency == program.currency:
        return None
    if order.rate is None:
        return Unfit("no_rate", "the order is in another currency and brings no rate")

    units, of = order.rate
    return of * 10**program.currency_digits, units * 10**order.currency_digits


def charged_minor(lines: tuple[Line, ...], shipping_minor: int) -> int:
    """What is charged for these lines, in the order's currency: tax and shipping too."""
    return sum([line.paid_minor + line.tax_minor for line in lines]) + shipping_minor


def _counting(lines: tuple[Line, ...], flags: Basis) -> list[int]:
    """What was paid for each line, or its list price; 0 for lines of kinds that do not count."""
    out = NEVER_COUNT if flags.gift_cards else OR_GIFT_CARDS
    if flags.before_discounts:
        amounts = [0 if line.kind in out else line.list_minor for line in lines]
    else:
        amounts = [0 if line.kind in out else line.paid_minor for line in lines]
    if flags.tax:
        pairs = zip(lines, amounts, strict=True)
        amounts = [0 if line.kind in out else minor + line.tax_minor for line, minor in pairs]
    return amounts


def _standing(amount_minor: int, back_minor: int, whole_minor: int) -> int:
    """What of a payment still stands: each way of paying comes back in proportion."""
    return amount_minor - amount_minor * back_minor // whole_minor if whole_minor else amount_minor


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
