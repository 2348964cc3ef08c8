"""When a member who was brought by another has stayed: see `core.referring`."""

from dataclasses import dataclass

from patron.core.spans import Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Referrals:
    """A meter of a lifetime that shows enough for so long, without a break."""

    meter: str
    threshold: int
    kept: Span
