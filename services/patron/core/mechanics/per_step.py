"""Points for every full step of what was paid: "10 per full 2.00"."""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

from patron.core.basis import Basket
from patron.core.matching import Part, Selection, Weighed, amount_parts, amounts, total
from patron.core.program import CAUTIOUS, Basis


@dataclass(frozen=True, slots=True, kw_only=True)
class PerStep:
    """`points` for every full `step_minor` of the basis."""

    points: int
    step_minor: int
    by: Literal["order", "line"] = "order"
    basis: Basis = CAUTIOUS

    def __post_init__(self) -> None:
        assert self.points > 0
        assert self.step_minor > 0


def worth(
    rule: PerStep, basket: Basket, chosen: Selection, times: tuple[int, int]
) -> tuple[int, int]:
    """Points that the basket is worth, and the basis in minor units that counted.

    Whole steps come first and the multiplier after them, rounded down at the end.
    """
    basis = total(basket, rule.basis, chosen)
    if rule.by == "order":
        steps = basis // rule.step_minor
    else:
        steps = sum([m // rule.step_minor for m in amounts(basket, rule.basis, chosen)])
    return steps * rule.points * times[0] // times[1], basis


def parts(rule: PerStep, basket: Basket, chosen: Selection) -> list[Part]:
    """What counts, line by line: minor units."""
    return amount_parts(basket, rule.basis, chosen)


def weight(rule: PerStep, line: Weighed) -> Fraction:
    """What a line earns by itself, by line, in steps, multiplied."""
    minor, times = line
    return minor // rule.step_minor * times


def worth_of(rule: PerStep, weighed: Sequence[Weighed]) -> int:
    """Points for the full steps of lines that are each multiplied by a factor of their own.

    The steps of a whole order belong to no line: programs that would multiply only some
    of its lines are refused.
    """
    if rule.by == "line":
        steps = sum([minor // rule.step_minor * times for minor, times in weighed])
    else:
        assert len({times for _, times in weighed}) <= 1
        basis = sum([minor for minor, _ in weighed])
        steps = sum([basis // rule.step_minor * times for _, times in weighed[:1]])
    return int(steps * rule.points // 1)
