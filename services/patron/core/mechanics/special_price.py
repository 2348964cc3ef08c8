"""A special price for each unit: of any number, of every full set, or from some number on.

"Buy 3, and each costs 2.50": the units of a set may be of several lines. A unit that costs
less already counts towards the number and keeps its price. A special price comes before
every percentage.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import NamedTuple

from patron.core.program import Rounding

MILLI = 1000  # Thousandths in one unit.


@dataclass(frozen=True, slots=True, kw_only=True)
class SpecialPrice:
    """`each_minor` for a unit, instead of what it costs otherwise."""

    each_minor: int
    sets_of: int | None = None  # Only the units of every full set of so many.
    from_units: int | None = None  # Only where so many units are bought: then all of them.
    rounding: Rounding = "half_up"  # Of a line's total.

    def __post_init__(self) -> None:
        assert self.each_minor >= 0
        assert self.sets_of is None or self.from_units is None

    @property
    def is_by_group(self) -> bool:
        """Whether the number of units decides; then only whole ones count."""
        return self.sets_of is not None or self.from_units is not None


class Open(NamedTuple):
    """Units of a line that no special price has taken yet."""

    place: int  # The line's place in the basket.
    milli: int
    unit_minor: Fraction  # What one of them costs.


def taken(price: SpecialPrice, open_units: Sequence[Open]) -> dict[int, int]:
    """How many thousandths of a unit of each line the price takes, by the line's place.

    Of more units than fill sets the dearest are taken, so that the member pays least; of
    equally dear ones the earlier line's.
    """
    if not price.is_by_group:
        return {units.place: units.milli for units in open_units}

    left = _in_group(price, sum(units.milli // MILLI for units in open_units))
    takes = {}
    for units in sorted(open_units, key=lambda units: -units.unit_minor):
        part = min(left, units.milli // MILLI)
        left -= part
        if part:
            takes[units.place] = part * MILLI
    return takes


def _in_group(price: SpecialPrice, units: int) -> int:
    if price.sets_of is not None:
        return units // price.sets_of * price.sets_of

    assert price.from_units is not None
    return units if units >= price.from_units else 0
