"""So many percent off: for everybody, by tier, or by what a meter shows before the basket.

By a meter that counts what was paid in a lifetime this is the cumulative discount card:
from 1,000.00 on 5 %, from 5,000.00 on 7 %.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Literal

from patron.core.money import rounded
from patron.core.program import Rounding

NOTHING = Fraction(0)
ALL = Fraction(100)


@dataclass(frozen=True, slots=True, kw_only=True)
class PercentOff:
    """Percent of what lines cost after special prices and the percentages before it."""

    percent: Fraction = NOTHING  # For everybody, or for the tiers that `by_tier` lacks.
    by_tier: Mapping[int, Fraction] = field(default_factory=dict)
    meter: str = ""  # "": `steps` are not asked.
    steps: tuple[tuple[int, Fraction], ...] = ()  # (from this reading on, percent), rising.
    by: Literal["line", "order"] = "line"
    rounding: Rounding = "half_up"  # Of what is taken off: once a line, or once an order.

    def __post_init__(self) -> None:
        percents = [self.percent, *self.by_tier.values(), *(percent for _, percent in self.steps)]
        assert all(NOTHING <= percent <= ALL for percent in percents)
        assert [start for start, _ in self.steps] == sorted({start for start, _ in self.steps})


def percent_of(price: PercentOff, *, place: int, reading: int) -> Fraction:
    """The percentage at a tier, and at what the meter shows."""
    if not price.meter:
        return price.by_tier.get(place, price.percent)

    reached = [percent for start, percent in price.steps if start <= reading]
    return reached[-1] if reached else NOTHING


def off(price: PercentOff, minor: int, percent: Fraction) -> int:
    """What is taken off an amount; never more than all of it."""
    share = minor * percent / ALL
    return rounded(share.numerator, share.denominator, price.rounding)
