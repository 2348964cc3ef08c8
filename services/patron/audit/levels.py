"""An order as the model keeps it: its events, and what it was given and counted for."""

from dataclasses import dataclass, field
from datetime import datetime

from patron.audit.facts import Event
from patron.audit.paying import Part


@dataclass
class Order:
    """An order's events so far, and what it was given and counted for."""

    tier: str
    version: int
    first_at: datetime
    events: list[Event] = field(default_factory=list)
    room: dict[tuple[str, str], int] = field(default_factory=dict)  # (rule, window) → points
    given: dict[str, int] = field(default_factory=dict)
    let_go: dict[str, int] = field(default_factory=dict)  # Of `given`: not to be had.
    counted: dict[str, int] = field(default_factory=dict)
    paid: list[Part] = field(default_factory=list)  # Points that pay for it now.
    paid_points: int = 0  # How many paid, before anything came back.
    held: set[str] = field(default_factory=set)  # What its member was in before it.
