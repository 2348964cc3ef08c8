"""Points in proportion to what was paid: "1.5 per 1.00"."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from patron.core.basis import Basket
from patron.core.matching import Selection, amounts, total
from patron.core.money import rounded
from patron.core.program import CAUTIOUS, Basis, Rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class PerAmount:
    """`rate` points for each minor unit of the basis, rounded once."""

    rate: Fraction
    rounding: Rounding = "floor"
    by: Literal["order", "line"] = "order"
    basis: Basis = CAUTIOUS

    def __post_init__(self) -> None:
        assert self.rate > 0


def worth(
    rule: PerAmount, basket: Basket, chosen: Selection, times: tuple[int, int]
) -> tuple[int, int]:
    """Points that the basket is worth, and the basis in minor units that counted."""
    numerator, denominator = rule.rate.numerator * times[0], rule.rate.denominator * times[1]
    basis = total(basket, rule.basis, chosen)
    if rule.by == "order":
        # Rounded once: ten small articles earn what one large one of their price does.
        return rounded(basis * numerator, denominator, rule.rounding), basis

    minor = amounts(basket, rule.basis, chosen)
    return sum([rounded(m * numerator, denominator, rule.rounding) for m in minor]), basis
