"""Points for reaching so much within a window: 3,000 spent in the first three months."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """`points` once for each window of `meter` that shows `threshold` or more."""

    points: int
    meter: str
    threshold: int  # In the unit of the meter.

    def __post_init__(self) -> None:
        assert self.points > 0
        assert self.threshold > 0
