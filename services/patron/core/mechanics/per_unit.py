"""Points for each unit that was bought: "5 for each coffee"."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from patron.core.basis import Basket
from patron.core.matching import Part, Selection, Weighed, unit_parts, units


@dataclass(frozen=True, slots=True, kw_only=True)
class PerUnit:
    """`points` for each whole unit of the lines that count."""

    points: int

    def __post_init__(self) -> None:
        assert self.points > 0


def worth(
    rule: PerUnit, basket: Basket, chosen: Selection, times: tuple[int, int]
) -> tuple[int, int]:
    """Points that the basket is worth, and the units that counted; rounded down at the end."""
    count = units(basket, chosen)
    return count * rule.points * times[0] // times[1], count


def parts(rule: PerUnit, basket: Basket, chosen: Selection) -> list[Part]:
    """What counts, line by line: whole units."""
    return unit_parts(basket, chosen)


def weight(rule: PerUnit, line: Weighed) -> Fraction:
    """In which proportion a line earns: its units, multiplied."""
    count, times = line
    return count * times


def worth_of(rule: PerUnit, weighed: Sequence[Weighed]) -> int:
    """Points for units that are each multiplied by a factor of their own."""
    return int(sum(count * times for count, times in weighed) * rule.points // 1)
