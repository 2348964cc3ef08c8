"""Integers only: one rounding of an exact fraction, and shares that add up."""

from collections.abc import Sequence

from patron.core.program import Rounding


def rounded(numerator: int, denominator: int, rounding: Rounding) -> int:
    """`numerator / denominator` as an integer; the denominator is positive."""
    if rounding == "floor":
        return numerator // denominator
    if rounding == "ceil":
        return -(-numerator // denominator)

    whole, rest = divmod(numerator, denominator)
    twice = 2 * rest
    if twice > denominator or (twice == denominator and (rounding == "half_up" or whole % 2)):
        return whole + 1

    return whole


def spread(amount: int, weights: Sequence[int]) -> list[int]:
    """Split `amount` in proportion to `weights`, by largest remainder.

    The parts add up to `amount` exactly; of equal remainders the earlier place wins.
    With all weights zero nothing can be placed: every part is zero.
    """
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)

    parts = [amount * weight // total for weight in weights]
    missing = amount - sum(parts)
    # A stable sort keeps equal remainders in their order.
    places = sorted(range(len(weights)), key=lambda i: -(amount * weights[i] % total))
    for place in places[:missing]:
        parts[place] += 1
    return parts
