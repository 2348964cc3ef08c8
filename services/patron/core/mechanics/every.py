"""A reward for every N punches: the tenth coffee is free."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Every:
    """Each `count` living punches of `meter` unlock one `reward` and are used up."""

    meter: str
    count: int
    reward: str

    def __post_init__(self) -> None:
        assert self.count > 0
