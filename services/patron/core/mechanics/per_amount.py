"""Points in proportion to what was paid: "1.5 per 1.00"."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from patron.core.basis import Basket
from patron.core.matching import Part, Selection, Weighed, amount_parts, amounts, total
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


def parts(rule: PerAmount, basket: Basket, chosen: Selection) -> list[Part]:
    """What counts, line by line: minor units."""
    return amount_parts(basket, rule.basis, chosen)


def weight(rule: PerAmount, line: Weighed) -> Fraction:
    """What a line earns by itself, by line."""
    return Fraction(worth_of(rule, [line]))


def worth_of(rule: PerAmount, weighed: Sequence[Weighed]) -> int:
    """Points for minor units that are each multiplied by a factor of their own."""
    exact = [minor * times * rule.rate for minor, times in weighed]
    if rule.by == "order":
        exact = [sum(exact, Fraction())]
    return sum([rounded(*points.as_integer_ratio(), rule.rounding) for points in exact])
