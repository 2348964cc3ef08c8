"""What rounds a purchase up: 3.40 paid, 0.60 put aside to the next full dollar."""

from collections.abc import Sequence
from dataclasses import dataclass

from patron.core.basis import Basket
from patron.core.matching import Part, Selection, Weighed


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundUp:
    """As many points as minor units are missing from the amount charged to a full `to_minor`."""

    to_minor: int  # Of the order's own currency.

    def __post_init__(self) -> None:
        assert self.to_minor > 0


def worth(
    rule: RoundUp, basket: Basket, chosen: Selection, times: tuple[int, int]
) -> tuple[int, int]:
    """Points that the basket is worth, and what was charged for it; rounded down at the end."""
    missing_minor = basket.in_program_currency(-basket.charged_minor % rule.to_minor)
    return missing_minor * times[0] // times[1], basket.charged_minor


def parts(rule: RoundUp, basket: Basket, chosen: Selection) -> list[Part]:
    """What counts: the order as a whole, which is nobody's line."""
    return [(None, basket.in_program_currency(-basket.charged_minor % rule.to_minor))]


def worth_of(rule: RoundUp, weighed: Sequence[Weighed]) -> int:
    """Points for the round-up, multiplied."""
    return int(sum(minor * times for minor, times in weighed) // 1)
