"""Multiplies what other rules give: double points on Saturdays, triple on what is new."""

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Multiply:
    """Times `by` for each of `rules`: for the lines that match, or for all that they give."""

    by: Fraction
    rules: frozenset[str]

    def __post_init__(self) -> None:
        assert self.by > 0
        assert self.rules
